"""What a fetch would ask, of whom, and how long it would take: said before anything is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marketintel.errors import MissingDataError, UsageError
from marketintel.sources import questions
from marketintel.sources.connectors import ALIASES, CONNECTORS, Book
from marketintel.sources.http.answers import AnswerStore
from marketintel.sources.http.client import Client

#: Years that may still be revised, counted back from the current one, and how long an answer
#: about them holds. Answers about earlier years hold until a refresh is asked for.
OPEN_YEARS = 2
OPEN_DAYS = 7


@dataclass(frozen=True)
class Step:
    """One question to one source.

    Attributes
    ----------
    what : str
        The question in words.
    requests : int
        Requests it takes; more if an answer has to be cut.
    kept : int
        Of these, answered already.
    rows : int
        Estimated rows.
    max_age_s : float or None
        How old a kept answer may be.
    """

    source: str
    what: str
    query: Any
    requests: int
    kept: int
    rows: int
    max_age_s: float | None

    @property
    def seconds(self) -> float:
        """Estimated time for what is not answered yet."""
        connector = CONNECTORS[self.source]
        pace = connector.provider.configured().min_interval_s
        return (self.requests - self.kept) * max(pace, connector.answer_s)


@dataclass(frozen=True)
class Plan:
    """Steps in the order in which they are done, notes, and sources named that lack their key."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    unasked: tuple[str, ...] = ()

    def describe(self) -> list[str]:
        """Return the plan as lines for a person."""
        lines = [
            f"{s.source}: {s.what}: "
            + (f"{s.requests:,} requests" if s.requests else "no further requests")
            + (f" ({s.kept:,} already answered)" if s.kept else "")
            + f", about {s.rows:,} rows"
            for s in self.steps
        ]
        left = sum(s.requests - s.kept for s in self.steps)
        seconds = sum(s.seconds for s in self.steps)
        lines.append(f"to ask: {left:,} requests, about {_spell(seconds)}")
        return [*lines, *self.notes]


def plan(
    targets: Sequence[str],
    codes: Sequence[str],
    years: Sequence[int],
    book: Book,
    store: Path,
    *,
    sources: Sequence[str] = (),
    regions: bool = False,
    refresh: bool = False,
    this_year: int | None = None,
) -> Plan:
    """Choose sources for target markets and count what they would be asked.

    Trade is asked for where it is best: the United States at home, which knows duties, Canada at
    Statistics Canada, members of the EU at Comext, everyone else at Comtrade. Where Comtrade is
    named in ``sources`` and the home source is not, it is asked about these as well. For all:
    tariffs at WITS (preferences for the last settled year), GDP, population and prices at the
    World Bank, projections at the IMF, distances at CEPII; euro rates where they are needed.

    Statistics and polygons of regions are about all of Europe, and polygons of countries come
    with the project: these are asked for where they are named, the former with ``regions`` too.

    Parameters
    ----------
    targets : sequence of str
        ISO3 of the markets.
    codes : sequence of str
        HS codes of six digits, of every revision the years need.
    years : sequence of int
        Years wanted.
    book : Book
        Country codes.
    store : Path
        Where answers are kept.
    sources : sequence of str
        Only these; all that apply if empty. ``eurostat`` stands for both of its sources.
    regions : bool
        Regional statistics and polygons as well.
    refresh : bool
        Ask again also what is answered.
    this_year : int, optional
        The current year, for deciding what may still be revised.

    Raises
    ------
    UsageError
        No target, code or year; an unknown source.
    """
    chosen = [name for source in sources for name in ALIASES.get(source, (source,))]
    if unknown := set(chosen) - set(CONNECTORS):
        raise UsageError(
            f"fetch: unknown source {min(unknown)!r}; choose from "
            f"{', '.join([*CONNECTORS, *ALIASES])}, or alone baci, gravity"
        )
    named = frozenset(chosen)
    wanted = questions.Wanted(tuple(targets), tuple(sorted(set(codes))), book, named, regions)
    for name, is_there in (
        ("targets", targets), ("codes", codes or not wanted.needs_codes), ("years", years)
    ):  # fmt: skip
        if not is_there:
            raise UsageError(f"fetch: no {name} given; name at least one")
    now = this_year or datetime.now(UTC).year
    apart = named | set(questions.REGIONAL if regions else ())
    notes: list[str] = []
    steps: list[Step] = []
    counted: set[tuple[str, str]] = set()

    def add(source: str, what: str, query: Any, rows: int, age: float | None) -> None:
        steps.append(_step(source, what, query, rows, store, age, counted))

    def applies(source: str) -> bool:
        return source in apart or not (named or source in questions.ON_REQUEST)

    for span in _spans(years, now):
        age = 0.0 if refresh else OPEN_DAYS * 86_400.0 if span[-1] > now - OPEN_YEARS else None
        for source, what, query, rows in questions.about(wanted, span, notes):
            if applies(source):
                add(source, what, query, rows, age)
    for source, what, query, rows in questions.projections(years, now):
        if applies(source):
            add(source, what, query, rows, 0.0 if refresh else OPEN_DAYS * 86_400.0)
    for source, what, query, rows in questions.standing():
        if applies(source):
            add(source, what, query, rows, 0.0 if refresh else None)
    steps, unasked = _without_key(steps)
    if unasked and not steps:
        raise MissingDataError(f"fetch: {'; '.join(unasked)}; then run the same command again")
    notes += unasked
    notes += _what_keys_add(steps, unasked, targets)
    if not steps:
        why = f" ({'; '.join(notes)})" if notes else ""
        raise UsageError(f"fetch: {', '.join(sources)} has nothing about {', '.join(targets)}{why}")
    if not apart and set(targets) & book.eu_members:
        notes.append("regional statistics and polygons are not asked for; --regions adds them")
    missing = tuple(name for name in chosen if name not in {s.source for s in steps} and unasked)
    return Plan(tuple(steps), tuple(dict.fromkeys(notes)), missing)


def _without_key(steps: list[Step]) -> tuple[list[Step], list[str]]:
    """Return the steps that can be asked, those that need no key first, and what the rest lacks."""
    rank = {"none": 0, "optional": 1, "required": 2}
    ordered = sorted(steps, key=lambda s: rank[CONNECTORS[s.source].provider.key_rule])
    asked, unasked = [], {}
    for step in ordered:
        provider = CONNECTORS[step.source].provider
        if provider.key_rule == "required" and (wanted := provider.key_wanted()):
            unasked[step.source] = f"{step.source}: not asked, it needs a key; {wanted}"
        else:
            asked.append(step)
    return asked, list(unasked.values())


def _what_keys_add(steps: list[Step], unasked: list[str], targets: Sequence[str]) -> list[str]:
    """Return notes on what a key would add to a plan."""
    notes = []
    sources = {step.source for step in steps}
    if "comtrade" in sources and (wanted := CONNECTORS["comtrade"].provider.key_wanted()):
        notes.append(f"comtrade: {wanted} for whole answers in place of 500 rows a request")
        notes.append(
            "baci: trade of every country needs no key; `marketintel fetch baci --edition "
            "HS92_V202601` gets the file"
        )
        census = CONNECTORS["us_census_imports"].provider
        if "USA" in targets and not unasked and (wanted := census.key_wanted()):
            notes.append(
                f"us_census_imports, us_census_exports: not asked, they need a key; {wanted} "
                "for imports with duties and exports by month; Comtrade is asked in their place"
            )
    return notes


def _spans(years: Sequence[int], now: int) -> list[list[int]]:
    """Return settled years and years that may still be revised, each if there are any."""
    ordered = sorted(set(years))
    settled = [y for y in ordered if y <= now - OPEN_YEARS]
    return [span for span in (settled, [y for y in ordered if y not in settled]) if span]


def _step(
    source: str,
    what: str,
    query: Any,
    rows: int,
    store: Path,
    max_age_s: float | None,
    counted: set[tuple[str, str]],
) -> Step:
    """Count what a question takes; a request that an earlier step makes is not counted again."""
    connector = CONNECTORS[source]
    with Client(connector.provider, AnswerStore(store / source, max_age_s)) as client:
        asked = [
            (path, params)
            for path, params in connector.questions(query, client)
            if (source, f"{path} {params}") not in counted
        ]
        counted |= {(source, f"{path} {params}") for path, params in asked}
        kept = (
            connector.kept(query, client)
            if connector.kept
            else sum(client.is_stored(path, params) for path, params in asked)
        )
        if source == "comtrade" and not client.has_key:
            what += ", without COMTRADE_KEY (500 rows a request)"
    return Step(source, what, query, len(asked), kept, rows, max_age_s)


def _spell(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
