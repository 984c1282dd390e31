"""NUTS regions as people name them: codes, versions, names, regions made of several, priorities.

The facts are in ``reference/nuts_regions.csv`` (every NUTS 2 code with its versions and name),
``reference/regions.toml`` (regions with a name of their own) and ``reference/s3_priorities.csv``.
Nothing here needs pandas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from marketintel.reference.countries import code_map, country_name
from marketintel.reference.fields import (
    Country,
    Hs6,
    Names,
    SegmentId,
    Text,
    filled,
    joined,
    known,
    named_by,
    one_of,
    written,
)
from marketintel.reference.files import REFERENCE_DIR, Sheet, Tables, listed, sound, unknown
from marketintel.reference.hs import LATEST, hs_codes
from marketintel.reference.model import Broken, CitedLine, Line, Table, sheet_rows, toml_tables

NUTS_FILE = REFERENCE_DIR / "nuts_regions.csv"
REGIONS_FILE = REFERENCE_DIR / "regions.toml"
NACE_FILE = REFERENCE_DIR / "nace_divisions.csv"
S3_FILE = REFERENCE_DIR / "s3_priorities.csv"
VERSIONS = ("2010", "2013", "2016", "2021", "2024")


class NutsRegion(Line):
    """Row of ``nuts_regions.csv``."""

    nuts_id: Annotated[
        str, filled, written(r"[A-Z]{2}[A-Z0-9]{2}", "nuts-id", "is no NUTS 2 code: write ITC1")
    ]
    versions: Annotated[str, filled, joined("versions", "version")]
    name: Text


class NaceDivision(Line):
    """Row of ``nace_divisions.csv``."""

    division: Annotated[
        str, filled, written(r"[A-Z]\d\d", "division", "is no division of NACE: write C26")
    ]
    name: Text


class Priority(CitedLine):
    """Row of ``s3_priorities.csv``: one fact about a strategy of smart specialisation."""

    nuts_ids: Text
    entity: Text
    country: Annotated[str, filled, known("eurostat", "country")]
    fact: Text
    value: Text
    unit: str

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        for code in listed(self.nuts_ids):
            if code[:4] not in nuts2():
                yield "unknown-nuts", unknown(code, nuts2())


class NamedRegion(Table):
    """Region of ``regions.toml``: whole NUTS 2 regions in each version.

    Attributes
    ----------
    nuts : dict of str to list of str
        NUTS version to the NUTS 2 codes that make up the region.
    cluster : str
        The photonics partner that is at home there; "" if none.
    """

    made: ClassVar = frozenset({"id"})

    id: str
    name: Text
    aliases: list[Text]
    country: Annotated[Country, filled]
    cluster: str
    note: str
    nuts: dict[Annotated[str, one_of(VERSIONS, "version")], list[Text]]

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        for version, codes in self.nuts.items():
            existing = [code for code, (versions, _) in nuts2().items() if version in versions]
            for code in codes:
                if code not in existing:
                    message = f"NUTS 2 code of {version} {unknown(code, existing)}"
                    yield "unknown-nuts", message, "nuts", version
        if "2013" not in self.nuts:
            message = "nuts.2013 is not there: add it, since figures are in NUTS 2013"
            yield "missing-version", message, "nuts"


class PhotonicDivision(Table):
    """Division of ``regions.toml``: an industry that holds photonics."""

    holds: Text
    breadth: Text
    segments: list[SegmentId]  # may be empty: research makes no goods
    codes: list[Hs6] = []

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        for code in self.codes:
            if code not in hs_codes()[LATEST]:
                yield "code-not-in-hs", f"{code} does not exist in {LATEST}: correct it", "codes"


@dataclass(frozen=True)
class Division:
    """Division of NACE Rev. 2; ``holds`` is empty where it holds no photonics.

    Attributes
    ----------
    holds, breadth : str
        The photonics in it, and the other goods in it.
    segments : sequence of str
        Trade segments whose goods its plants make.
    codes : sequence of str
        HS codes, of segments of other divisions, that are made here.
    """

    id: str
    name: str
    holds: str = ""
    breadth: str = ""
    segments: Sequence[str] = ()
    codes: Sequence[str] = ()

    @property
    def photonic(self) -> bool:
        """True if photonics is made or studied in it."""
        return bool(self.holds)


_REGIONS = Annotated[dict[str, NamedRegion], named_by("id"), Field(min_length=1)]
_DIVISIONS = Annotated[
    dict[Annotated[str, known("divisions", "division")], PhotonicDivision], Field(min_length=1)
]


def check_nuts(path: Path) -> Sheet:
    """Check a ``nuts_regions.csv``."""
    names = Names(path.parent, versions=VERSIONS)
    return sheet_rows(path, NutsRegion, names, unique=lambda row: row["nuts_id"])


def check_divisions(path: Path) -> Sheet:
    """Check a ``nace_divisions.csv``."""
    return sheet_rows(path, NaceDivision, unique=lambda row: row["division"])


def check_priorities(path: Path) -> Sheet:
    """Check an ``s3_priorities.csv``."""
    return sheet_rows(path, Priority, Names(path.parent, eurostat=code_map("eurostat")))


def check_regions(path: Path) -> Tables:
    """Check a ``regions.toml``."""
    names = Names(path.parent)
    divisions = check_divisions(names.path("nace_divisions.csv"))
    names["divisions"] = [row["division"] for _, row in divisions.rows]
    return toml_tables(path, None, names, besides={"regions": _REGIONS, "divisions": _DIVISIONS})


@lru_cache(maxsize=4)
def nuts2(path: Path = NUTS_FILE) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return every NUTS 2 code with its versions and its name.

    Raises
    ------
    ReferenceFileError
        With file, line and rule.
    """
    sheet = sound(check_nuts(path))
    return {row.nuts_id: (tuple(listed(row.versions)), row.name) for _, row in sheet.items}


def version_of(nuts_id: str, order: Sequence[str] = VERSIONS) -> str | None:
    """Return the first version in `order` that has a NUTS 2 code; None if none has it."""
    versions = nuts2().get(nuts_id, ((), ""))[0]
    return next((v for v in order if v in versions), None)


def region_name(nuts_id: str) -> str:
    """Return the name of a NUTS 2 code, or of a country's; the code itself if unknown."""
    if len(nuts_id) == 2:
        iso3 = code_map("eurostat").get(nuts_id)
        return country_name(iso3) if iso3 else nuts_id
    return nuts2().get(nuts_id, ((), nuts_id))[1]


def load_regions(path: Path = REGIONS_FILE) -> dict[str, NamedRegion]:
    """Return the named regions by id.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    tables = sound(check_regions(path))
    return dict(tables.items["regions"])


def load_divisions(path: Path = REGIONS_FILE) -> dict[str, Division]:
    """Return every division of NACE by code, with what is photonic about it.

    Raises
    ------
    ReferenceFileError
        When ``regions.toml`` or ``nace_divisions.csv`` breaks a rule.
    """
    tables, names = sound(check_regions(path)), sound(check_divisions(NACE_FILE))
    photonic = tables.items["divisions"]
    return {
        code: Division(code, row["name"], **dict(photonic[code]) if code in photonic else {})
        for _, row in names.rows
        for code in [row["division"]]
    }


def load_priorities(path: Path = S3_FILE) -> list[Priority]:
    """Return all facts about strategies of smart specialisation, in the order of the file.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    sheet = sound(check_priorities(path))
    return [row for _, row in sheet.items]
