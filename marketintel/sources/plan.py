"""Request plan of a fetch: source, query, number of requests, expected rows and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.countries import group_members
from marketintel.sources.catalogue import fetched, named_sources
from marketintel.sources.http.answers import AnswerStore
from marketintel.sources.http.client import Client
from marketintel.sources.source import Question, Source, Wanted

#: Years that may still be revised, counted back from the current one, and how long an answer
#: about them holds. Answers about earlier years hold until a refresh is asked for.
OPEN_YEARS = 2
OPEN_DAYS = 7
_WEEK_S = OPEN_DAYS * 86_400.0


@dataclass(frozen=True)
class Step:
    """A query of one source.

    Attributes
    ----------
    what : str
        The query in words.
    requests : int
        Requests it takes; more if an answer has to be cut.
    kept : int
        Of these, answered already.
    rows : int
        Estimated rows.
    max_age_s : float or None
        Largest age of a kept answer.
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
        source = fetched()[self.source]
        pace = source.service.configured().min_interval_s
        return (self.requests - self.kept) * max(pace, source.answer_s)


@dataclass(frozen=True)
class Plan:
    """Steps in order, notes, and sources named that lack their key."""

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
        lines.append(
            f"to ask: {left:,} requests, about {_spell(sum(s.seconds for s in self.steps))}"
        )
        return [*lines, *self.notes]


def plan(
    targets: Sequence[str],
    codes: Sequence[str],
    years: Sequence[int],
    store: Path,
    *,
    sources: Sequence[str] = (),
    regions: bool = False,
    refresh: bool = False,
    this_year: int | None = None,
) -> Plan:
    """Choose sources for target markets and count the requests.

    A target's trade is asked for at the first source that is its home (``Source.home``): the
    Census Bureau for the United States if its key is there, Statistics Canada, Comext for members
    of the EU, else Comtrade; at Comtrade too where it is named and the home source is not.
    Statistics and polygons of regions are about all of Europe, and some sources are slow or need a
    key: these are asked only where they are named, the former with ``regions`` too.

    Parameters
    ----------
    targets : sequence of str
        ISO3 of the markets.
    codes : sequence of str
        HS codes of six digits, of every revision the years need.
    years : sequence of int
        Years wanted.
    store : Path
        Folder of kept answers.
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
    MissingDataError
        Only sources without their key.
    """
    named = frozenset(named_sources(list(sources), "fetch", ", or alone baci, gravity"))
    known = fetched()
    by_code = not named or any(known[name].by_code for name in named)
    for name, given in (("targets", targets), ("codes", codes or not by_code), ("years", years)):
        if not given:
            raise UsageError(f"fetch: no {name} given; name at least one")
    now = this_year or datetime.now(UTC).year
    apart = named | {name for name, source in known.items() if regions and source.regional}
    notes: list[str] = []
    steps: list[Step] = []

    def wanted(span: Sequence[int]) -> Wanted:
        return Wanted(tuple(targets), tuple(sorted(set(codes))), tuple(span), named,
                      _homes(targets, named), now, notes)  # fmt: skip

    for name, source in known.items():
        if not (name in apart or not (named or source.on_request)):
            continue
        counted: set[str] = set()
        for span, limit in _spans(source, sorted(set(years)), now):
            age = 0.0 if refresh else limit
            questions = source.plan(wanted(span))
            steps += [_step(source, question, store, age, counted) for question in questions]
    steps, unasked = _without_key(steps)
    if unasked and not steps:
        raise MissingDataError(f"fetch: {'; '.join(unasked)}; then run the same command again")
    if not steps:
        why = f" ({'; '.join(notes)})" if notes else ""
        raise UsageError(f"fetch: {', '.join(sources)} has nothing about {', '.join(targets)}{why}")
    if not apart and set(targets) & set(group_members("EU27")):
        notes.append("regional statistics and polygons are not asked for; --regions adds them")
    planned = {step.source for step in steps}
    missing = tuple(name for name in known if name in named - planned and unasked)
    return Plan(tuple(steps), tuple(dict.fromkeys([*unasked, *notes])), missing)


def _homes(targets: Sequence[str], named: frozenset[str]) -> dict[str, str]:
    """Return the source of each target's trade."""
    candidates = [source for source in fetched().values() if source.home]
    fallback = candidates[-1]
    homes = {}
    for target in targets:
        home = next(s for s in candidates if s.home and s.home(target, named))
        same = {s.name for s in fetched().values() if s.provider is home.provider}
        homes[target] = fallback.name if fallback.name in named and not same & named else home.name
    return homes


def _spans(source: Source, years: list[int], now: int) -> list[tuple[list[int], float | None]]:
    """Return the years that a source is planned for together, with the age of kept answers."""
    if source.years == "none":
        return [(years, None)]
    if source.years == "all":
        return [(years, _WEEK_S)]
    settled = [year for year in years if year <= now - OPEN_YEARS]
    still_open = [year for year in years if year not in settled]
    return [(span, age) for span, age in ((settled, None), (still_open, _WEEK_S)) if span]


def _step(
    source: Source, question: Question, store: Path, max_age_s: float | None, counted: set[str]
) -> Step:
    """Count the requests of a query; one that an earlier step makes is not counted again."""
    with Client(source.service, AnswerStore(store / source.name, max_age_s)) as client:
        asked = [
            (path, params)
            for path, params in source.questions(question.query, client)
            if f"{path} {params}" not in counted
        ]
        counted |= {f"{path} {params}" for path, params in asked}
        kept = (
            source.kept(question.query, client)
            if source.kept
            else sum(client.is_stored(path, params) for path, params in asked)
        )
    return Step(source.name, question.what, question.query, len(asked), kept, question.rows,
                max_age_s)  # fmt: skip


def _without_key(steps: list[Step]) -> tuple[list[Step], list[str]]:
    """Return the steps that can be requested, those without a key first, and notes on the others."""
    rank = {"none": 0, "optional": 1, "required": 2}
    asked, unasked = [], {}
    for step in sorted(steps, key=lambda s: rank[fetched()[s.source].service.key_rule]):
        provider = fetched()[step.source].service
        if provider.key_rule == "required" and (wanted := provider.key_wanted()):
            unasked[step.source] = f"{step.source}: not asked, it needs a key; {wanted}"
        else:
            asked.append(step)
    return asked, list(unasked.values())


def _spell(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
