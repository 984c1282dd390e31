"""From a question to an edition on disk, with its model card."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from marketintel.report.outlook import card
from marketintel.report.outlook.facts import MONTHS, TRADE, YEARS, Outlook, load
from marketintel.report.render import Cover
from marketintel.report.run import Edition, run_study
from marketintel.report.workbench import data_in_kernel, notebook_path

NOTEBOOK = "segment_outlook.ipynb"
CARD = "model_card.md"


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
        As in :func:`marketintel.report.outlook.facts.load`.
    reports_dir, edition, progress
        As in :func:`marketintel.report.market_study.edition.write_study`.
    """
    outlook = load(countries, segments, threshold_pct, scenarios, data_dir)
    name = edition or str(outlook.used["retrieved_at"].max())[:7]
    text = f"# Model card: segment outlook\n\n{_plain(card.markdown(outlook))}\n"
    parameters = {
        "countries": outlook.countries,
        "segments": outlook.chosen if segments else [],
        "threshold_pct": outlook.threshold_pct,
        "scenarios": outlook.scenario_texts,
    }
    with data_in_kernel(data_dir):
        done = run_study(
            notebook_path(NOTEBOOK),
            parameters,
            reports_dir=reports_dir,
            edition=name,
            study=study_name(outlook, all_segments=not segments),
            cover=cover(outlook, name),
            inputs=dict(zip(outlook.used["file"], outlook.used["sha256"], strict=True)),
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
    """Return the folder within the edition; countries and segments are in it."""
    parts = ["segment-outlook", *outlook.countries]
    return "-".join(parts if all_segments else [*parts, ".".join(outlook.chosen)])


def cover(outlook: Outlook, edition: str) -> Cover:
    """Return the title page."""
    names = [outlook.country_name(c) for c in outlook.countries]
    trade = outlook.used[outlook.used["source"] == TRADE]
    compiled = ", ".join(sorted({str(day) for day in trade["retrieved_at"]}))
    chosen = list(outlook.segment_names.values())
    return Cover(
        title="Segment outlook",
        subtitle=f"US exports of photonics to {', '.join(names)}: {MONTHS} months and {YEARS} years ahead",
        edition=edition,
        vintage=f"US Census Bureau, monthly exports (compiled {compiled})",
        scope="all photonics segments, core codes" if len(chosen) > 3 else ", ".join(chosen),
        exporter="United States",
    )
