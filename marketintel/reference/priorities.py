"""Weights of criteria, rules of classes and assumptions: ``priorities.toml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from marketintel.reference.fields import Names, Text, known, named_by
from marketintel.reference.files import REFERENCE_DIR, Tables, sound
from marketintel.reference.model import Broken, Table, toml_tables

#: Columns that a criterion may be.
CRITERIA = (
    "size_usd", "world_share_pct", "growth_pct", "growth_probability_pct", "exporter_share_pct",
    "share_change_pp", "rca", "duty_gap_pp", "suppliers_hhi", "supply_fit",
)  # fmt: skip

Positive = Annotated[float, Field(gt=0, strict=False, allow_inf_nan=False)]
Percent = Annotated[float, Field(ge=0, le=100, strict=False)]
Points = Annotated[float, Field(ge=0, le=1000, strict=False)]
Share = Annotated[float, Field(ge=0, le=1, strict=False)]
Whole = Annotated[int, Field(gt=0)]


class Draws(Table):
    """Table ``[draws]``: how weights are drawn, and the share of ranks that a range holds."""

    draws: Whole
    concentration: Positive
    range_pct: Annotated[float, Field(gt=0, lt=100, strict=False)]
    seed: Annotated[int, Field(ge=0)]


class Criterion(Table):
    """Criterion: a column, its weight, which way is better, and the reason."""

    made: ClassVar = frozenset({"id"})

    id: Annotated[str, known("criteria", "criterion")]
    label: Text
    weight: Positive
    better: Literal["high", "low"]
    reason: Text


class Classes(Table):
    """Table ``[classes]``: limits of the classes, each with its reason."""

    min_known_weight_pct: Percent
    min_size_usd: Positive
    strong_rca: Positive
    strong_share_pct: Percent
    lost_share_pp: Points
    growth_probability_pct: Percent
    growth_pct: Annotated[float, Field(strict=False, allow_inf_nan=False)]
    min_growth_years: Whole
    closed_duty_pp: Points
    captive_share_pct: Percent
    reasons: dict[str, Text]

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        limits = set(type(self).model_fields) - {"reasons"}
        for name in sorted(limits ^ set(self.reasons)):
            lacks = "has no reason: write one" if name in limits else "is no limit: remove it"
            yield "reasons", f"{name} {lacks}", "reasons"


class FromHeadings(Table):
    """Table ``[headings]``: when headings may be read in a segment's place."""

    min_cover: Share
    min_segment_cover: Share
    min_weight: Share


class Reachable(Table):
    """Table ``[reachable]``: what part of a market is captive or closed, by assumption.

    Attributes
    ----------
    captive_from_pct, captive_part_pct : float
        From which share of imports one other supplier's sales count as captive, and the part of
        them that does.
    closed_from_pp, closed_part_pct : float
        From which duty handicap a part of the rest counts as closed, and that part.
    """

    captive_from_pct: Percent
    captive_part_pct: Percent
    closed_from_pp: Points
    closed_part_pct: Percent
    captive_reason: Text
    closed_reason: Text


@dataclass(frozen=True)
class Settings:
    """``priorities.toml``: draws, criteria, classes, rule of headings, reachable market."""

    draws: Draws
    criteria: list[Criterion]
    classes: Classes
    headings: FromHeadings
    reachable: Reachable


_CRITERIA = Annotated[dict[str, Criterion], named_by("id")]


def check_priorities(path: Path) -> Tables:
    """Check a ``priorities.toml``."""
    tables = {"draws": Draws, "criterion": _CRITERIA, "classes": Classes,
              "headings": FromHeadings, "reachable": Reachable}  # fmt: skip
    return toml_tables(path, None, Names(path.parent, criteria=CRITERIA), besides=tables)


def load_priorities(path: Path | None = None) -> Settings:
    """Read ``priorities.toml``.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    path = Path(path or REFERENCE_DIR / "priorities.toml")
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=8)
def _load(path: Path, changed: int) -> Settings:
    items = sound(check_priorities(path)).items
    return Settings(items["draws"], list(items["criterion"].values()), items["classes"],
                    items["headings"], items["reachable"])  # fmt: skip
