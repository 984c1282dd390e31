"""From a question to an edition on disk, with its model card."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from marketintel.documents import prose as w
from marketintel.documents.engine.cover import Cover
from marketintel.documents.engine.document import Document
from marketintel.documents.engine.naming import folder_name
from marketintel.documents.engine.run import Edition
from marketintel.documents.engine.workbench import run_on
from marketintel.documents.frames import each
from marketintel.documents.outlook import card
from marketintel.documents.outlook.asked import THRESHOLD_PCT, load
from marketintel.documents.outlook.facts import Outlook
from marketintel.documents.outlook.months import MONTHS
from marketintel.documents.outlook.wording import publisher
from marketintel.documents.outlook.years import YEARS
from marketintel.warehouse.basis import US_EXPORTS

NOTEBOOK = "segment_outlook.ipynb"
CARD = "model_card.md"

MOST_NAMED = 8
"""So many countries are named on the title page."""


def write_outlook(
    countries: Sequence[str] = (),
    *,
    segments: Sequence[str] = (),
    threshold_pct: float = THRESHOLD_PCT,
    scenarios: Sequence[str] | None = None,
    reports_dir: Path = Path("reports"),
    edition: str | None = None,
    data_dir: Path | None = None,
    progress: bool = True,
) -> Edition:
    """Write the segment outlook of some countries.

    The question is checked before anything is written. The model card that the
    report prints is also in the folder, as ``model_card.md``.

    Parameters
    ----------
    countries, segments, threshold_pct, scenarios, data_dir
        As in :func:`marketintel.documents.outlook.asked.load`.
    reports_dir, edition, progress
        As in :func:`marketintel.documents.market_study.edition.write_study`.
    """
    outlook = load(countries, segments, threshold_pct, scenarios, data_dir)
    parameters = {
        "countries": outlook.countries,
        "segments": outlook.chosen if segments else [],
        "threshold_pct": outlook.threshold_pct,
        "scenarios": outlook.scenario_texts,
    }
    return run_on(
        data_dir,
        NOTEBOOK,
        parameters,
        study=study_name(outlook, all_segments=not segments, own_scenarios=scenarios is not None),
        cover=cover(outlook),
        reports_dir=reports_dir,
        edition=edition,
        as_of=outlook.month,
        beside=_card,
        progress=progress,
    )


def _card(document: Document) -> dict[str, str]:
    """Return the card as a file; only the report's pages need its escapes."""
    (text,) = (text for text in document.texts if text.startswith(card.BEGIN))
    plain = re.sub(r"\\([^\w\s]|_)", r"\1", text)
    return {CARD: f"# Model card: segment outlook\n\n{plain}\n"}


def study_name(outlook: Outlook, *, all_segments: bool, own_scenarios: bool) -> str:
    """Return the folder within the edition; every parameter is in it."""
    texts = "\n".join(outlook.scenario_texts)
    over = f"over{outlook.threshold_pct}".removesuffix(".0")
    return folder_name(
        "segment-outlook",
        *outlook.countries,
        "" if all_segments else ".".join(outlook.chosen),
        "" if outlook.threshold_pct == THRESHOLD_PCT else over,
        f"scenario-{hashlib.sha256(texts.encode()).hexdigest()[:8]}" if own_scenarios else "",
    )


def cover(outlook: Outlook) -> Cover:
    """Return the title page."""
    places = [w.the(outlook.country_name(c)) for c in outlook.countries]
    shown = w.listing(places) if len(places) <= MOST_NAMED else f"{len(places)} countries"
    whats = {basis.kind for basis in outlook.kinds}
    trade = (
        "Imports of"
        if US_EXPORTS not in whats
        else "Trade with"
        if len(whats) > 1
        else "US exports to"
    )
    months = f"{MONTHS} months and " if len(outlook.months.fans) else ""
    sources = [basis.source for basis in outlook.kinds]
    used = outlook.used[outlook.used["source"].isin(sources)].drop_duplicates("source")
    read = [f"{_told(outlook, r.source)} (compiled {r.retrieved_at})" for r in each(used)]
    chosen = [outlook.names[s] for s in outlook.chosen]
    scope = w.goods_of(chosen, len(outlook.segments))
    mixed = sorted({basis.mixed for basis in outlook.kinds})
    codes = "core codes, and mixed codes where no core code has figures"
    if len(mixed) == 1:
        codes = "mixed codes, each by itself" if mixed[0] else "core codes"
    return Cover(
        title="Segment outlook",
        subtitle=f"{trade} {shown}: {months}{YEARS} years after {outlook.month}",
        vintage="; ".join(read),
        scope=f"{scope}; {codes}",
        exporter="United States" if whats == {US_EXPORTS} else "",
    )


def _told(outlook: Outlook, source: str) -> str:
    return next(publisher(basis) for basis in outlook.kinds if basis.source == source)
