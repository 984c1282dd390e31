"""HS4 headings whose world exports may stand for a segment, by a stated criterion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from marketintel.reference.fields import Names, SegmentId, Text, named_by, written
from marketintel.reference.files import REFERENCE_DIR, Tables, sound
from marketintel.reference.model import Broken, Table, toml_tables

Share = Annotated[float, Field(ge=0, le=1, strict=False)]
Shares = dict[SegmentId, Share]
Year = Annotated[str, written(r"(19|20)\d\d", "break-year", "is no year: write it as 2022")]
Heading4 = Annotated[
    str, written(r"\d{4}", "malformed-code", "is no four-digit heading: write 9002")
]


class Rule(Table):
    """Criterion of a heading: cover of its own trade, and years since its last break."""

    min_cover: Share
    min_years: Annotated[int, Field(gt=0)]
    first_year: Annotated[int, Field(gt=1900, lt=2100)]
    last_year: Annotated[int, Field(gt=1900, lt=2100)]
    cover_source: Text
    series_source: Text

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if self.last_year < self.first_year:
            yield "year-order", "last_year is before first_year: change one", "last_year"


class Heading(Table):
    """Four-digit heading of ``headings.toml``, and the part of it that segments' core codes are.

    Attributes
    ----------
    short : str
        Title for charts.
    cover, cover_next_year : dict of segment id to float
        Core codes of the segment ÷ all codes of the heading, US imports for consumption,
        2024 and 2025.
    weight : dict of segment id to float
        The same core codes ÷ all core codes of the segment, 2024: the part of the segment that
        the heading is.
    breaks : dict of str to str
        First year on a new basis → the change.
    settled : dict of str to str
        Break → first year in which every economy has taken it up, where that is later.
    rule : Rule
        Criterion of all headings, filled in by the reader.
    """

    made: ClassVar = frozenset({"heading", "rule"})

    heading: Heading4
    title: Text
    short: str = ""
    cover: Shares = Field(alias="cover_2024")
    cover_next_year: Shares = Field(alias="cover_2025")
    weight: Shares = Field(alias="weight_2024")
    breaks: dict[Year, Text] = {}
    settled: dict[Year, Year] = {}
    unusable: str = ""
    note: str = ""
    rule: Annotated[Any, Field(exclude=True)] = None

    @property
    def name(self) -> str:
        """Name of its series; never the name of a segment."""
        return f"world exports of heading {self.heading}"

    @property
    def usable_from(self) -> int:
        """First year after the last break."""
        return max(int(year) for year in (self.rule.first_year, *self.breaks))

    @property
    def years(self) -> int:
        """Years of the series from :attr:`usable_from` to its end."""
        return int(self.rule.last_year) - self.usable_from + 1

    def compared_from(self, first: int, last: int) -> int:
        """Return the first of the years from `first` on that compares with `last`."""
        since = [int(self.settled.get(year, year)) for year in self.breaks if int(year) <= last]
        return min(last, max([first, *since]))

    def objections(self, segment: str) -> list[str]:
        """Return why the heading may not speak for a segment; nothing when it may."""
        found = []
        if self.unusable:
            found.append(self.unusable)
        cover = self.cover.get(segment, 0.0)
        if cover < self.rule.min_cover:
            found.append(
                f"the segment's core codes are {_percent(cover)} of the heading, "
                f"less than {self.rule.min_cover:.0%}"
            )
        if not self.unusable and self.years < self.rule.min_years:
            found.append(
                f"{self.years} years follow its break of {self.usable_from} "
                f"({self.breaks[str(self.usable_from)]}), fewer than {self.rule.min_years}"
            )
        return found

    def speaks_for(self, segment: str) -> bool:
        """True if cover and years allow a forecast in the segment's place."""
        return not self.objections(segment)

    def is_bridged(self, segment: str) -> bool:
        """True if nothing but its last break keeps the heading from speaking for a segment.

        A regression with a step at every break may then forecast it
        (:mod:`marketintel.analysis.forecast.drivers`), where its record is better than naive's.
        """
        if self.unusable or self.cover.get(segment, 0.0) < self.rule.min_cover:
            return False
        return bool(self.objections(segment))

    def verdict(self, segment: str) -> str:
        """Return one sentence: that it may speak, or why not."""
        objections = self.objections(segment)
        if objections:
            return f"heading {self.heading}: " + "; ".join(objections)
        since = f"from {self.usable_from}" if self.breaks else "no break"
        return (
            f"heading {self.heading}: the segment's core codes are "
            f"{_percent(self.cover[segment])} of it, {since}, {self.years} years"
        )


class Headings:
    """All candidate headings."""

    def __init__(self, headings: list[Heading], rule: Rule) -> None:
        self._headings = {heading.heading: heading for heading in headings}
        self.rule = rule

    def __iter__(self) -> Iterator[Heading]:
        return iter(self._headings.values())

    def __getitem__(self, heading: str) -> Heading:
        return self._headings[heading]

    def candidates(self, segment: str) -> list[Heading]:
        """Return the headings that hold core codes of a segment, best covered first."""
        found = [heading for heading in self if segment in heading.cover]
        return sorted(found, key=lambda h: h.cover[segment], reverse=True)

    def speaking_for(self, segment: str) -> list[Heading]:
        """Return the headings that may speak for a segment, best covered first."""
        return [heading for heading in self.candidates(segment) if heading.speaks_for(segment)]


_HEADINGS = Annotated[dict[str, Heading], named_by("heading")]


def check_headings(path: Path) -> Tables:
    """Check a ``headings.toml``; segments are read from the file beside it."""
    tables = toml_tables(path, _HEADINGS, Names(path.parent), besides={"rule": Rule})
    rule: Any = tables.items.get("rule")
    for heading, table in tables.items.items():
        for year in table.breaks if rule and heading != "rule" else ():
            if not rule.first_year <= int(year) <= rule.last_year:
                message = (
                    f"{year!r} is not a year of the series: write one from {rule.first_year} "
                    f"to {rule.last_year}"
                )
                tables.add("break-year", message, heading, "breaks")
        for year in set(table.settled) - set(table.breaks) if heading != "rule" else ():
            message = f"{year!r} is no break of the heading: write one of its breaks"
            tables.add("break-year", message, heading, "settled")
    return tables


def load_headings(path: Path | None = None) -> Headings:
    """Read ``headings.toml``; verdicts follow from its figures, they are not written in it.

    Raises
    ------
    ReferenceFileError
        When the file breaks a rule.
    """
    path = Path(path or REFERENCE_DIR / "headings.toml")
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=8)
def _load(path: Path, changed: int) -> Headings:
    tables = sound(check_headings(path))
    rule = tables.items.pop("rule")
    headings = [one.model_copy(update={"rule": rule}) for one in tables.items.values()]
    return Headings(headings, rule)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 or share == 0 else "under 1%"
