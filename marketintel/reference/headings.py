"""World export series of HS4 headings that may stand for a segment, and why others may not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from marketintel.reference.fields import Names, SegmentId, Text, written
from marketintel.reference.files import REFERENCE_DIR, Tables, refuse
from marketintel.reference.model import Broken, Table, toml_tables

if TYPE_CHECKING:
    import pandas as pd

FRAME_COLUMNS = (
    "segment",
    "heading",
    "name",
    "title",
    "cover",
    "cover_next_year",
    "weight",
    "usable_from",
    "last_year",
    "years",
    "speaks",
    "verdict",
)


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


class HeadingTable(Table):
    """Table of ``headings.toml``."""

    title: Text
    cover_2024: Shares
    cover_2025: Shares
    weight_2024: Shares
    breaks: dict[Year, Text] = {}
    unusable: str = ""
    note: str = ""


@dataclass(frozen=True)
class Heading:
    """One four-digit heading, with what the segments' core codes cover of it.

    Attributes
    ----------
    cover, cover_next_year : mapping of segment id to float
        Core codes of the segment ÷ all codes of the heading, US imports for consumption,
        2024 and 2025.
    weight : mapping of segment id to float
        The same core codes ÷ all core codes of the segment, 2024: how much of the segment
        the heading is.
    breaks : mapping of int to str
        First year on a new basis → what changed.
    """

    heading: str
    title: str
    rule: Rule
    cover: Mapping[str, float]
    cover_next_year: Mapping[str, float]
    weight: Mapping[str, float]
    breaks: Mapping[int, str] = field(default_factory=dict)
    unusable: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """What its series is called; never the name of a segment."""
        return f"world exports of heading {self.heading}"

    @property
    def usable_from(self) -> int:
        """First year after the last break."""
        return max((self.rule.first_year, *self.breaks))

    @property
    def years(self) -> int:
        """Years of the series from :attr:`usable_from` to its end."""
        return self.rule.last_year - self.usable_from + 1

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
                f"({self.breaks[self.usable_from]}), fewer than {self.rule.min_years}"
            )
        return found

    def speaks_for(self, segment: str) -> bool:
        """Whether cover and years allow a forecast in the segment's place."""
        return not self.objections(segment)

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

    def frame(self) -> pd.DataFrame:
        """Return one row a segment and candidate heading.

        Returns
        -------
        DataFrame
            segment, heading, name, title, cover, cover_next_year, weight (shares 0 to 1),
            usable_from, last_year, years, speaks (bool), verdict.
        """
        import pandas as pd

        rows = [
            (
                segment, h.heading, h.name, h.title, cover, h.cover_next_year.get(segment),
                h.weight.get(segment), h.usable_from, h.rule.last_year, h.years,
                h.speaks_for(segment), h.verdict(segment),
            )
            for h in self
            for segment, cover in h.cover.items()
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(FRAME_COLUMNS))


def check_headings(path: Path) -> Tables:
    """Check a ``headings.toml``; segments are read from the file beside it."""
    tables_type = dict[Heading4, HeadingTable]
    tables = toml_tables(path, tables_type, Names(path.parent), besides={"rule": Rule})
    rule: Any = tables.items.get("rule")
    for heading, table in tables.items.items():
        for year in table.breaks if rule and heading != "rule" else ():
            if not rule.first_year <= int(year) <= rule.last_year:
                message = (
                    f"{year!r} is not a year of the series: write one from {rule.first_year} "
                    f"to {rule.last_year}"
                )
                tables.add("break-year", message, heading, "breaks")
    return tables


def load_headings(path: Path | None = None) -> Headings:
    """Read ``headings.toml``; verdicts follow from its figures, they are not written in it.

    Raises
    ------
    ReferenceFileError
        When the file breaks a rule.
    """
    tables = check_headings(Path(path or REFERENCE_DIR / "headings.toml"))
    refuse(tables.problems)
    rule = tables.items.pop("rule")
    headings = [
        Heading(
            heading=heading,
            title=table.title,
            rule=rule,
            cover=table.cover_2024,
            cover_next_year=table.cover_2025,
            weight=table.weight_2024,
            breaks={int(year): reason for year, reason in table.breaks.items()},
            unusable=table.unusable,
            note=table.note,
        )
        for heading, table in tables.items.items()
    ]
    return Headings(headings, rule)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 or share == 0 else "under 1%"
