"""From the question to the facts of an outlook: what may be asked is checked here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from marketintel.analysis.forecast.scenarios import parse
from marketintel.documents.outlook import chosen_series
from marketintel.documents.outlook.facts import Outlook
from marketintel.errors import UsageError
from marketintel.reference.countries import country, group_members
from marketintel.reference.headings import load_headings
from marketintel.reference.segments import load_segments

COUNTRIES = ("IRL", "CHE", "TUR", "VNM", "CHN")
"""Asked where none is named: the destinations of the shipped monthly figures."""

THRESHOLD_PCT = 25.0
"""The second probability is that of exceeding the present level by so much, unless asked."""

CURRENCIES = ("CHE", "CAN", "JPN", "CHN", "GBR", "KOR")
"""Of these the first that is asked about gets the example of a currency scenario."""


def load(
    countries: Sequence[str] = (),
    segments: Sequence[str] = (),
    threshold_pct: float = THRESHOLD_PCT,
    scenarios: Sequence[str] | None = None,
    data_dir: Path | str | None = None,
) -> Outlook:
    """Read what an outlook needs and check that it can be made.

    Parameters
    ----------
    countries : sequence of str
        Target countries, ISO3 or name; :data:`COUNTRIES` if empty.
    segments : sequence of str
        Segment ids or names; all if empty.
    threshold_pct : float
        The second probability asked of every market: that it exceeds its present level by so much.
    scenarios : sequence of str, optional
        Sentences; :func:`examples` unless given.
    data_dir : path, optional
        Where the data lie.

    Raises
    ------
    UsageError
        A country, segment, threshold or scenario that cannot be read.
    MissingDataError
        Nothing that can be forecast is here of some country in these segments.
    """
    directory = Path(data_dir) if data_dir else None
    known = load_segments()
    chosen = list(dict.fromkeys(known.resolve(s) for s in segments)) or [s.id for s in known]
    places = list(dict.fromkeys(country(c) for c in countries or COUNTRIES))
    for place in places:
        if group_members(place) != [place]:
            raise UsageError(f"{place!r} is a group; name single countries, such as CHE")
    if not -100 < threshold_pct < float("inf"):
        raise UsageError(
            f"threshold {threshold_pct} %: a number above -100, such as 25 (a level cannot fall "
            "below zero)"
        )
    for text in scenarios or ():
        parse(text)
    found = chosen_series.choose(places, chosen, known, directory)
    texts = list(examples(found, chosen) if scenarios is None else scenarios)
    return Outlook(places, chosen, found, known, load_headings(), threshold_pct, texts, directory)


def examples(found: chosen_series.Chosen, segments: Sequence[str]) -> list[str]:
    """Scenarios that show what can be asked: a duty, and income and currency of one country."""
    texts = ["US duty on EU lasers +5 points from 2026"] if "lasers" in segments else []
    years = found.years
    there = set(years["partner"]) if len(years) else set()
    place = next((c for c in CURRENCIES if c in there), min(there, default=""))
    if place:
        texts.append(f"GDP of {place} +1 point a year from 2026")
        texts.append(f"currency of {place} -10 % from 2026")
    return texts
