"""From a question to an edition on disk, with its model card."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from marketintel.report.market_study import words as w
from marketintel.report.market_study.facts import each
from marketintel.report.outlook import card
from marketintel.report.outlook.asked import load
from marketintel.report.outlook.facts import Outlook
from marketintel.report.outlook.kinds import MIRROR
from marketintel.report.outlook.months import MONTHS
from marketintel.report.outlook.years import YEARS
from marketintel.report.render import Cover
from marketintel.report.run import Edition
from marketintel.report.workbench import edition_name, run_on

NOTEBOOK = "segment_outlook.ipynb"
CARD = "model_card.md"

LONGEST_NAME = 120
"""Folders with longer names cannot be made everywhere."""

MOST_NAMED = 8
"""So many countries are named on the title page."""


def write_outlook(
    countries: Sequence[str] = (),
    *,
    segments: Sequence[str] = (),
    threshold_pct: float = 25.0,
    scenarios: Sequence[str] | None = None,
    reports_dir: Path = Path("reports"),
    edition: str | None = None,
    data_dir: Path | None = None,
    progress: bool = True,
) -> Edition:
    """Write the segment outlook of some countries.

    The question is checked before anything is written. The model card is computed before the
    notebook runs, from the same facts, and added to the edition as ``model_card.md``.

    Parameters
    ----------
    countries, segments, threshold_pct, scenarios, data_dir
        As in :func:`marketintel.report.outlook.asked.load`.
    reports_dir, edition, progress
        As in :func:`marketintel.report.market_study.edition.write_study`.
    """
    outlook = load(countries, segments, threshold_pct, scenarios, data_dir)
    name = edition_name(outlook.used, edition)
    text = f"# Model card: segment outlook\n\n{_plain(card.markdown(outlook))}\n"
    parameters = {
        "countries": outlook.countries,
        "segments": outlook.chosen if segments else [],
        "threshold_pct": outlook.threshold_pct,
        "scenarios": outlook.scenario_texts,
    }
    done = run_on(
        outlook.used,
        NOTEBOOK,
        parameters,
        study=study_name(outlook, all_segments=not segments),
        cover=cover(outlook, name),
        reports_dir=reports_dir,
        data_dir=data_dir,
        progress=progress,
    )
    return _with_card(done, text)


def _with_card(done: Edition, text: str) -> Edition:
    """Put the card into the edition's folder and into its list of files."""
    file = done.folder / CARD
    file.write_text(text, encoding="utf-8", newline="\n")
    files = {**done.run["files"], CARD: hashlib.sha256(file.read_bytes()).hexdigest()}
    run = {**done.run, "files": dict(sorted(files.items()))}
    record = done.folder / "run.json"
    draft = record.with_suffix(".json.new")
    draft.write_text(json.dumps(run, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(record)
    return Edition(done.folder, run)


def _plain(markdown: str) -> str:
    """Take back the escapes that only the report's pages need: the card is read as a file."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", markdown)


def study_name(outlook: Outlook, *, all_segments: bool) -> str:
    """Return the folder within the edition: countries and segments, or their number if many."""
    parts = ["segment-outlook", *outlook.countries]
    whole = "-".join(parts if all_segments else [*parts, ".".join(outlook.chosen)])
    if len(whole) <= LONGEST_NAME:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"segment-outlook-{len(outlook.countries)}-countries-{digest}"


def cover(outlook: Outlook, edition: str) -> Cover:
    """Return the title page."""
    places = [w.the(outlook.country_name(c)) for c in outlook.countries]
    shown = w.listing(places) if len(places) <= MOST_NAMED else f"{len(places)} countries"
    whats = {kind.what for kind in outlook.kinds}
    trade = (
        "Imports of" if MIRROR not in whats else "Trade with" if len(whats) > 1 else "US exports to"
    )
    months = f"{MONTHS} months and " if len(outlook.months.fans) else ""
    sources = [kind.source for kind in outlook.kinds]
    used = outlook.used[outlook.used["source"].isin(sources)].drop_duplicates("source")
    read = [f"{_told(outlook, r.source)} (compiled {r.retrieved_at})" for r in each(used)]
    chosen = [outlook.names[s] for s in outlook.chosen]
    scope = "all photonics segments" if len(chosen) > 3 else ", ".join(chosen)
    mixed = sorted({kind.mixed for kind in outlook.kinds})
    codes = "core codes, and mixed codes where no core code has figures"
    if len(mixed) == 1:
        codes = "mixed codes, each by itself" if mixed[0] else "core codes"
    return Cover(
        title="Segment outlook",
        subtitle=f"{trade} {shown}: {months}{YEARS} years after {outlook.month}",
        edition=edition,
        vintage="; ".join(read),
        scope=f"{scope}; {codes}",
        exporter="United States" if whats == {MIRROR} else "",
    )


def _told(outlook: Outlook, source: str) -> str:
    return next(kind.told_by for kind in outlook.kinds if kind.source == source)
