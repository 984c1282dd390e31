"""Everything in ``marketintel/reference/``: the files that people edit, read and checked."""

from dataclasses import dataclass
from pathlib import Path

from marketintel.warehouse.check import check_reference, check_sources
from marketintel.warehouse.check_segments import LATEST, REVISIONS
from marketintel.warehouse.countries import (
    REFERENCE_DIR,
    code_map,
    country,
    country_name,
    group_members,
    load_countries,
    load_groups,
    to_iso3,
)
from marketintel.warehouse.headings import Heading, Headings, load_headings
from marketintel.warehouse.problems import Problem, refuse
from marketintel.warehouse.segments import Code, Family, Segment, Segments, load_segments
from marketintel.warehouse.tomlfile import parse

__all__ = [
    "LATEST",
    "REFERENCE_DIR",
    "REVISIONS",
    "Code",
    "Family",
    "Heading",
    "Headings",
    "Problem",
    "Segment",
    "Segments",
    "Source",
    "check_reference",
    "code_map",
    "country",
    "country_name",
    "group_members",
    "load_countries",
    "load_groups",
    "load_headings",
    "load_segments",
    "load_sources",
    "to_iso3",
]


@dataclass(frozen=True)
class Source:
    """Where figures come from and on which terms."""

    id: str
    title: str
    producer: str
    citation: str
    licence: str
    licence_url: str
    redistributable: bool
    url: str
    note: str = ""


def load_sources(path: Path | None = None) -> dict[str, Source]:
    """Return the sources by id; where two report the same trade, the earlier one is preferred.

    Raises
    ------
    ReferenceFileError
        When ``sources.toml`` breaks a rule.
    """
    path = Path(path or REFERENCE_DIR / "sources.toml")
    refuse(check_sources(path))
    tables = parse(path.read_text(encoding="utf-8"))
    return {name: Source(id=name, **table) for name, table in tables.items()}
