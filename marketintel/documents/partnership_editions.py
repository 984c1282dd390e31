"""From a question about the partnership to an edition on disk.

What a document needs is loaded, and so checked, before anything is written. Every document is
dated by ``as_of``, which is a parameter of its notebook and never the clock of the machine it
runs on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marketintel.documents.clusters import pages as clusters
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.naming import folder_name
from marketintel.documents.engine.run import Edition
from marketintel.documents.engine.workbench import run_on
from marketintel.documents.mission import pages as mission
from marketintel.documents.needs import pages as needs
from marketintel.documents.partnership import KEY_MARKETS
from marketintel.documents.roadmap import pages as roadmap
from marketintel.errors import UsageError
from marketintel.reference.countries import country, country_name
from marketintel.reference.files import Problem
from marketintel.reference.partnership import check_members, check_survey

#: Said on the cover of everything that was made from rows that call themselves examples.
EXAMPLE = "EXAMPLE – not data"


def write_clusters(
    target: str = "USA", *, as_of: str, members: Path | None = None,
    reports_dir: Path = Path("reports"), edition: str | None = None,
    data_dir: Path | None = None, progress: bool = True,
) -> Edition:  # fmt: skip
    """Write which clusters complete each other for a target country."""
    iso3 = country(target)
    found = clusters.load(iso3, members or "", as_of, data_dir=data_dir)
    cover = Cover(
        title=f"Clusters and value chains: {country_name(iso3)}",
        subtitle="Who covers what, who completes whom, and what nobody covers",
        vintage=f"Facts as dated in each row; seen on {as_of}",
        scope=EXAMPLE if found.is_example else _members_line(found),
    )
    parameters = {"country": iso3, "members": _path(members), "as_of": as_of}
    return _write("cluster_complementarity", parameters, ["clusters", iso3, _tag(members)], cover,
                  reports_dir, edition, data_dir, progress)  # fmt: skip


def write_mission(
    target: str, *, as_of: str, members: Path | None = None,
    reports_dir: Path = Path("reports"), edition: str | None = None,
    data_dir: Path | None = None, progress: bool = True,
) -> Edition:  # fmt: skip
    """Write the dossier of a mission to a country."""
    iso3 = country(target)
    dossier = mission.load(iso3, members or "", as_of, data_dir=data_dir)
    trade = dossier.market.study
    cover = Cover(
        title=f"Mission dossier: {country_name(iso3)}",
        subtitle="The market, what to pitch, whom to meet, what to ask",
        vintage=f"Trade of {trade.year}" if trade else "No trade figures in the data directory",
        scope=EXAMPLE if dossier.is_example else f"Seen on {as_of}",
        exporter="EU27",
        layout="brief",
    )
    parameters = {"country": iso3, "members": _path(members), "as_of": as_of}
    return _write("mission_dossier", parameters, ["mission", iso3, _tag(members)], cover,
                  reports_dir, edition, data_dir, progress)  # fmt: skip


def write_roadmap(
    *, as_of: str, countries: Sequence[str] = KEY_MARKETS, reports_dir: Path = Path("reports"),
    edition: str | None = None, data_dir: Path | None = None, progress: bool = True,
) -> Edition:  # fmt: skip
    """Write the plan: time line, critical path, missions and next targets."""
    chosen = [country(name) for name in countries]
    plan = roadmap.load(as_of, chosen, data_dir=data_dir)
    cover = Cover(
        title="Roadmap of the partnership",
        subtitle=f"{plan.first:%B %Y} to {plan.last:%B %Y}",
        vintage=f"Seen on {as_of}",
        scope=f"{plan.proposed} of {len(plan.table)} actions are proposals that nobody has adopted",
    )
    parameters = {"as_of": as_of, "countries": chosen}
    others = [] if chosen == list(KEY_MARKETS) else chosen
    return _write("roadmap", parameters, ["roadmap", *others], cover, reports_dir, edition,
                  data_dir, progress)  # fmt: skip


def write_needs(
    survey: Path | None = None, *, as_of: str, reports_dir: Path = Path("reports"),
    edition: str | None = None, data_dir: Path | None = None, progress: bool = True,
) -> Edition:  # fmt: skip
    """Write what members say they need; without a file, the questionnaire and the gap."""
    found = needs.load(survey or "")
    cover = Cover(
        title="Needs of the members",
        subtitle="Needs, barriers and expectations by cluster and segment",
        vintage=f"Seen on {as_of}",
        scope=EXAMPLE if found.is_example else found.scope,
    )
    parameters = {"survey": _path(survey), "as_of": as_of}
    return _write("needs_survey", parameters, ["needs", _tag(survey)], cover, reports_dir, edition,
                  data_dir, progress)  # fmt: skip


def check_file(path: Path) -> list[Problem]:
    """Return the mistakes of a members file or a survey; the header says which of them it is."""
    try:
        with path.open(encoding="utf-8-sig") as handle:
            header = handle.readline()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); give a CSV file") from error
    if "respondent" in header:
        return check_survey(path).problems
    return check_members(path).problems


def _write(
    notebook: str, parameters: Mapping[str, Any], name: Sequence[str], cover: Cover,
    reports_dir: Path, edition: str | None, data_dir: Path | None, progress: bool,
) -> Edition:  # fmt: skip
    as_of = parameters["as_of"]
    return run_on(
        data_dir,
        f"{notebook}.ipynb",
        parameters,
        study=folder_name(*name, as_of),
        cover=cover,
        reports_dir=reports_dir,
        edition=edition,
        as_of=as_of,
        progress=progress,
    )


def _members_line(found: clusters.Found) -> str:
    if found.members is None:
        return "No cluster has filled in its members yet: directory and national trade only"
    return f"{found.members['member'].nunique()} members, as the clusters declare them"


def _path(path: Path | None) -> str:
    """The kernel runs where the command was given, so the path need not name the machine."""
    return os.path.relpath(path) if path else ""


def _tag(path: Path | None) -> str:
    """A study made from a file is not the study made without one."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path else ""
