"""Files that people edit for a screening: settings, raw materials, access that no duty shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from marketintel.reference.fields import (
    Names,
    RefDate,
    SegmentId,
    Text,
    Url,
    filled,
    joined,
    known,
    named_by,
    written,
)
from marketintel.reference.files import REFERENCE_DIR, Sheet, Tables, listed, sound
from marketintel.reference.hs import REVISIONS, hs_codes
from marketintel.reference.model import Broken, Line, Table, sheet_rows, toml_tables

if TYPE_CHECKING:
    import pandas as pd

SIDES = ("attractiveness", "access")
#: Columns of a candidate market (``marketintel.analysis.markets.candidates``): those that can be
#: scored, and those that only filter.
SCORED = (
    "demand_usd", "demand_growth_pct", "balance_usd", "balance_change_usd", "gdp_growth_pct",
    "duty_pct", "distance_km", "ties",
)  # fmt: skip
FILTERED = (*SCORED, "gdp_usd", "suppliers_hhi", "own_sales_usd")

Positive = Annotated[float, Field(gt=0, strict=False, allow_inf_nan=False)]
Percent = Annotated[float, Field(gt=0, le=100, strict=False)]
Whole = Annotated[int, Field(gt=0)]


class Weights(Table):
    """Table ``[weights]`` of ``screening.toml``."""

    attractiveness: Positive
    access: Positive
    concentration: Positive
    draws: Whole
    range_pct: Annotated[float, Field(gt=0, lt=100, strict=False)]


class Indicator(Table):
    """Column of the score: ``weight`` within its ``side``; ``better`` is high or low."""

    made: ClassVar = frozenset({"id"})

    id: Annotated[str, known("scored", "indicator")]
    label: Text
    side: Annotated[str, known("sides")]
    weight: Positive
    better: Literal["high", "low"] = "high"
    logarithm: bool = False


class Filter(Table):
    """Filter: a market stays if the column is at least ``minimum`` and at most ``maximum``."""

    made: ClassVar = frozenset({"id"})

    id: str
    label: Text
    column: Annotated[str, known("filtered", "column")]
    reason: Text
    minimum: Annotated[float | None, Field(strict=False)] = None
    maximum: Annotated[float | None, Field(strict=False)] = None

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if self.minimum is None and self.maximum is None:
            yield "limits", "has neither minimum nor maximum: give one"
        elif self.minimum is not None and self.maximum is not None and self.maximum < self.minimum:
            yield "limits", "maximum is below minimum: change one", "maximum"


class Rule(Table):
    """Rule by which a market is robust.

    Attributes
    ----------
    first : int
        A method votes for the markets that it ranks so high.
    range_factor : float
        The upper end of the rank range may be at most so many times `first`.
    min_known_weight_pct : float
        A market about whose indicators less is known has insufficient data.
    min_known_sales_pct : float
        On a matrix known in part, a market is robust only where the exporter's known sales are
        this much of the most they can be.
    """

    first: Whole = 10
    range_factor: Annotated[float, Field(ge=1, strict=False)] = 2.0
    min_known_weight_pct: Percent = 60.0
    min_known_sales_pct: Percent = 50.0

    @property
    def text(self) -> str:
        """The rule in words, for the page."""
        return (
            f"robust: among the first {self.first} by every method, and not below rank "
            f"{self.first * self.range_factor:.0f} in the range of its score; "
            f"contested: among the first {self.first} by at least one method, but not robust; "
            "insufficient data: a method cannot rank it, or less than "
            f"{self.min_known_weight_pct:.0f} % of the score's weight is known"
        )


class Record(Table):
    """Table ``[record]`` of ``screening.toml``: years ahead, numbers of markets chosen."""

    horizons: Annotated[list[Whole], Field(min_length=1)]
    first: Annotated[list[Whole], Field(min_length=1)]
    lookback: Whole
    smooth: Whole


@dataclass(frozen=True)
class Settings:
    """``screening.toml``: indicators, weights of the sides, filters, rule, draws, record."""

    indicators: list[Indicator]
    sides: dict[str, float]
    filters: list[Filter]
    rule: Rule
    draws: int
    concentration: float
    range_pct: float
    horizons: list[int]
    first: list[int]
    lookback: int
    smooth: int


class Material(Table):
    """Table of ``raw_materials.toml``."""

    made: ClassVar = frozenset({"code"})

    code: str
    name: Text
    elements: Text
    segments: Annotated[list[SegmentId], Field(min_length=1)]
    why: Text
    source: Text
    url: Annotated[Url, filled]

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if self.code not in hs_codes()[REVISIONS[0]]:
            message = f"{self.code} does not exist in {REVISIONS[0]}: write a code of it"
            yield "code-not-in-hs", message


class NonTariff(Line):
    """Row of ``nontariff.csv``: a cited fact on access that no duty shows."""

    market: Annotated[str, filled, known("markets", "country")]
    measure_by: Annotated[str, filled, known("places", "country")]
    kind: Text
    segments: Annotated[str, joined("segments", "segment")]
    cmd_codes: str
    fact: Text
    since: RefDate
    as_of: Annotated[
        str, filled, written(r"\d{4}-\d\d-\d\d", "date", "is no day: write it as 2026-11-22")
    ]
    source: Text
    url: Annotated[Url, filled]

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        for code in listed(self.cmd_codes):
            if not any(code in codes for codes in hs_codes().values()):
                yield "code-not-in-hs", f"{code} exists in no revision of the HS: correct it"


_INDICATORS = Annotated[dict[str, Indicator], named_by("id")]
_FILTERS = Annotated[dict[str, Filter], named_by("id")]
_MATERIALS = Annotated[dict[str, Material], named_by("code")]


def check_settings(path: Path) -> Tables:
    """Check a ``screening.toml``."""
    return toml_tables(
        path,
        None,
        Names(path.parent, sides=SIDES, scored=SCORED, filtered=FILTERED),
        besides={
            "weights": Weights,
            "indicator": _INDICATORS,
            "filter": _FILTERS,
            "classes": Rule,
            "record": Record,
        },
    )


def check_materials(path: Path) -> Tables:
    """Check a ``raw_materials.toml``."""
    return toml_tables(path, _MATERIALS, Names(path.parent))


def check_nontariff(path: Path) -> Sheet:
    """Check a ``nontariff.csv``."""
    names = Names(path.parent)
    names["markets"] = ["*", *(names["places"] or ())]
    return sheet_rows(path, NonTariff, names)


def load_settings(path: Path | None = None) -> Settings:
    """Read ``screening.toml``.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    tables = sound(check_settings(path or REFERENCE_DIR / "screening.toml"))
    items, weights, record = tables.items, tables.items["weights"], tables.items["record"]
    return Settings(
        list(items["indicator"].values()),
        {side: getattr(weights, side) for side in SIDES},
        list(items["filter"].values()),
        items["classes"],
        weights.draws,
        weights.concentration,
        weights.range_pct,
        **dict(record),
    )


def load_materials(path: Path | None = None) -> dict[str, Material]:
    """Read ``raw_materials.toml``: HS1992 code to material.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    tables = sound(check_materials(path or REFERENCE_DIR / "raw_materials.toml"))
    return tables.items


def load_nontariff(path: Path | None = None) -> pd.DataFrame:
    """Read ``nontariff.csv``: cited facts on access that no duty shows.

    Returns
    -------
    DataFrame
        ``market`` (ISO3, group, or ``*`` for everywhere), ``measure_by, kind, segments, cmd_codes``
        (joined by ``;``), ``fact, since, as_of, source, url``; all text.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    import pandas as pd

    sheet = sound(check_nontariff(path or REFERENCE_DIR / "nontariff.csv"))
    rows = [cells for _, cells in sheet.rows]
    return pd.DataFrame(rows, columns=list(NonTariff.model_fields), dtype="str")
