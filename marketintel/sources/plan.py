"""What a fetch would ask, of whom, and how long it would take: said before anything is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marketintel.errors import UsageError
from marketintel.sources import census, comtrade, worldbank
from marketintel.sources.answers import AnswerStore
from marketintel.sources.connectors import CONNECTORS, Book
from marketintel.sources.http import Client

#: Years that may still be revised, counted back from the current one, and how long an answer
#: about them holds. Answers about earlier years hold until a refresh is asked for.
OPEN_YEARS = 2
OPEN_DAYS = 7

#: Estimates only, from the recorded answers: seconds an answer takes, partners of a code.
_ANSWER_S = 1.0
_PARTNERS = 60


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
        pace = CONNECTORS[self.source].provider.configured().min_interval_s
        return (self.requests - self.kept) * max(pace, _ANSWER_S)


@dataclass(frozen=True)
class Plan:
    """Steps in the order in which they are done, and what has to be said about them."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]

    def describe(self) -> list[str]:
        """Return the plan as lines for a person."""
        lines = [
            f"{s.source}: {s.what}: {s.requests:,} requests"
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
    refresh: bool = False,
    this_year: int | None = None,
) -> Plan:
    """Choose sources for target markets and count what they would be asked.

    The United States are asked about at home, which knows duties; every other target, and also
    the United States as others report in the same terms, at Comtrade; GDP, population and
    prices at the World Bank.

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
        Only these; all that apply if empty.
    refresh : bool
        Ask again also what is answered.
    this_year : int, optional
        The current year, for deciding what may still be revised.

    Raises
    ------
    UsageError
        No target, code or year; an unknown source.
    """
    for name, given in (("targets", targets), ("codes", codes), ("years", years)):
        if not given:
            raise UsageError(f"fetch: no {name} given; name at least one")
    if unknown := set(sources) - set(CONNECTORS):
        raise UsageError(
            f"fetch: unknown source {min(unknown)!r}; choose from {', '.join(CONNECTORS)}"
        )
    now = this_year or datetime.now(UTC).year
    notes: list[str] = []
    steps = []
    for source, what, query, per_cell in _questions(targets, codes, years, book, now, notes):
        if sources and source not in sources:
            continue
        if isinstance(query, census.Query):
            book.revision_at("USA", query.periods[0])  # refused now, not after an hour
        age = _max_age(query, now, refresh)
        steps.append(_step(source, what, query, per_cell, store, age))
    if not steps:
        raise UsageError(f"fetch: {', '.join(sources)} has nothing about {', '.join(targets)}")
    return Plan(tuple(steps), tuple(notes))


def _questions(
    targets: Sequence[str],
    codes: Sequence[str],
    years: Sequence[int],
    book: Book,
    now: int,
    notes: list[str],
) -> Iterator[tuple[str, str, Any, int]]:
    """Yield source, words, query and rows an answered cell has; settled years apart from open."""
    wanted = tuple(sorted(set(codes)))
    for span in _spans(years, now):
        period = f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0])
        labels = tuple(map(str, span))
        if "USA" in targets:
            months = tuple(f"{y}-{m:02}" for y in span for m in range(1, 13))
            for flow, source in (("import", "us_census_imports"), ("export", "us_census_exports")):
                query = census.Query(flow, months, wanted)  # type: ignore[arg-type]
                yield (
                    source,
                    f"{flow}s of the USA, {len(wanted)} codes, {period}, monthly",
                    query,
                    (len(wanted) * len(months) * _PARTNERS),
                )
        for target in targets:
            if not (m49 := book.code_of(target, "m49_comtrade")):
                notes.append(f"comtrade: {target} does not report there; use mirror figures")
                continue
            trade = comtrade.Query((m49,), labels, wanted)
            what = f"trade of {target}, {len(wanted)} codes, {period}"
            yield "comtrade", what, trade, len(wanted) * len(labels) * 2 * _PARTNERS
        macro = worldbank.Query(tuple(worldbank.INDICATORS), span[0], span[-1])
        yield (
            "worldbank",
            f"{len(macro.indicators)} indicators, all economies, {period}",
            macro,
            (len(macro.indicators) * len(span) * 260),
        )


def _spans(years: Sequence[int], now: int) -> list[list[int]]:
    """Return settled years and years that may still be revised, each if there are any."""
    ordered = sorted(set(years))
    settled = [y for y in ordered if y <= now - OPEN_YEARS]
    return [span for span in (settled, [y for y in ordered if y not in settled]) if span]


def _max_age(query: Any, now: int, refresh: bool) -> float | None:
    if refresh:
        return 0.0
    last = query.last_year if isinstance(query, worldbank.Query) else int(query.periods[-1][:4])
    return OPEN_DAYS * 86_400.0 if last > now - OPEN_YEARS else None


def _step(
    source: str, what: str, query: Any, rows: int, store: Path, max_age_s: float | None
) -> Step:
    connector = CONNECTORS[source]
    with Client(connector.provider, AnswerStore(store / source, max_age_s)) as client:
        kept = [client.keeps(path, params) for path, params in connector.questions(query, client)]
        if source == "comtrade" and not client.has_key:
            what += ", without COMTRADE_KEY (500 rows a request)"
    return Step(source, what, query, len(kept), sum(kept), rows, max_age_s)


def _spell(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
