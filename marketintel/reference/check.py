"""Every mistake in every reference file, with file, line, rule and advice.

The loaders refuse a file with its first mistake; ``marketintel check`` shows all of them. Here are
also the models of the files whose loaders need none: those that scripts write, and countries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from marketintel.reference import drivers, nuts, priorities, screening
from marketintel.reference.applications import check_applications
from marketintel.reference.brand import check_brand
from marketintel.reference.countries import NUMERIC_WIDTH
from marketintel.reference.fields import (
    Hs6,
    Month,
    Names,
    Text,
    Url,
    filled,
    joined,
    one_of,
    written,
)
from marketintel.reference.files import REFERENCE_DIR, Problem, Sheet, Tables, listed
from marketintel.reference.headings import check_headings
from marketintel.reference.hs import REVISIONS, hs_codes
from marketintel.reference.measures import check_measures
from marketintel.reference.model import Broken, Line, Table, json_file, sheet_rows, toml_tables
from marketintel.reference.partnership import SHEETS, TABLES
from marketintel.reference.segments import check_segments

Revision = Annotated[str, one_of(REVISIONS, "revision")]


def _code(form: str, example: str) -> Any:
    """Return the type of a cell of ``;``-joined codes of one form."""
    return written(rf"({form})(;({form}))*", "code-length", f"is no code: write {example}")


class CountryRow(Line):
    """Row of ``countries.csv``: the codes of one economy in every system."""

    iso3: Annotated[str, filled, _code("[A-Z][A-Z0-9]{2}", "DEU")]
    iso_numeric: Annotated[str, _code(r"\d{3}", "276")]
    m49_comtrade: Annotated[str, _code(r"\d{3}", "276")]
    census: Annotated[str, _code(r"\d{4}", "4280")]
    eurostat: Annotated[str, _code("[A-Z]{2}", "DE")]
    statcan: Annotated[str, _code("[A-Z]{2}", "DE")]
    wits: Annotated[str, _code(r"\d{3}", "276")]
    wto: Annotated[str, _code(r"\d{3}", "276")]
    name: Text
    groups: Annotated[str, joined("groups", "group")]
    iso3_old: Annotated[str, _code("[A-Z]{3}", "ROM")]
    aliases: str


class Group(Table):
    """Table of ``groups.toml``."""

    name: Text
    members: Annotated[int, Field(gt=0)]
    as_of: date
    see: Annotated[Url, filled]
    note: str = ""
    aliases: list[Text] = []


class HsCode(Line):
    """Row of ``hs_codes.csv``: a span of revisions in which a code exists."""

    cmd_code: Annotated[Hs6, filled]
    since: Revision
    until: Revision

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if REVISIONS.index(self.since) > REVISIONS.index(self.until):
            yield "revision-order", f"until {self.until} is before since: change one"


class HsWeight(Line):
    """Row of ``hs_weights.csv``: share of a code that becomes another in the next revision."""

    from_revision: Revision
    to_revision: Revision
    from_code: Annotated[Hs6, filled]
    to_code: Annotated[Hs6, filled]
    weight: Annotated[float, Field(gt=0, le=1)]

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if abs(REVISIONS.index(self.from_revision) - REVISIONS.index(self.to_revision)) != 1:
            message = f"{self.from_revision} and {self.to_revision} are no neighbours: correct one"
            yield "revision-order", message


class HsFamily(Line):
    """Row of ``hs_families.csv``: a code of a closed group of codes that exchanged goods."""

    family: Text
    hs_revision: Revision
    cmd_code: Annotated[Hs6, filled]

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if self.cmd_code not in hs_codes()[self.hs_revision]:
            message = f"{self.cmd_code} does not exist in {self.hs_revision}: correct one"
            yield "code-not-in-hs", message


class PoolInput(Table):
    """File from which the pool of forecast errors was made."""

    file: Text
    sha256: Annotated[str, filled, written("[0-9a-f]{64}", "sha256", "is no SHA-256: make it anew")]


class PoolErrors(Table):
    """Errors of one model at one frequency."""

    growth: list[float]
    typical: Annotated[float, Field(gt=0)]
    quantiles: list[float]
    errors: Annotated[int, Field(gt=0)]


class ForecastPool(Table):
    """Content of ``forecast_pool.json``."""

    vintage: Annotated[Month, filled]
    script: Text
    inputs: Annotated[dict[str, PoolInput], Field(min_length=1)]
    probabilities: list[Annotated[float, Field(ge=0, lt=1)]]
    pool: Annotated[dict[Literal["A", "Q", "M"], dict[str, PoolErrors]], Field(min_length=1)]

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        for frequency, models in self.pool.items():
            for name, errors in models.items():
                if len(errors.quantiles) != len(self.probabilities):
                    message = f"{name} has not {len(self.probabilities)} quantiles: make it anew"
                    yield "quantiles", message, "pool", frequency, name, "quantiles"


def check_countries(path: Path) -> Sheet:
    """Check a ``countries.csv``: forms of codes, and that no code stands twice."""
    sheet = sheet_rows(path, CountryRow, Names(path.parent))
    seen: dict[tuple[str, str], int] = {}
    for line, row in sheet.rows:
        for column in ("iso3", *NUMERIC_WIDTH, "eurostat", "statcan", "iso3_old", "name"):
            # An older ISO3 must not be somebody's current one either.
            kind = "iso3" if column == "iso3_old" else column
            for code in [row["name"]] if column == "name" else listed(row[column]):
                if (kind, code) in seen:
                    message = f"{column} {code} is already in line {seen[kind, code]}: remove one"
                    sheet.add(line, "duplicate-code", message)
                seen.setdefault((kind, code), line)
    return sheet


def check_groups(path: Path) -> Tables:
    """Check a ``groups.toml``; members are counted in the ``countries.csv`` beside it."""
    groups = toml_tables(path, dict[str, Group])
    countries = sheet_rows(Names(path.parent).path("countries.csv"), CountryRow)
    members = [group for _, row in countries.rows for group in listed(row["groups"])]
    for name, group in groups.items.items() if members else ():
        if members.count(name) != group.members:
            message = f"{name} has {members.count(name)} members in countries.csv, not "
            groups.add("group-size", f"{message}{group.members}: correct one", name, "members")
    return groups


#: File of a directory laid out like ``marketintel/reference`` → its check.
FILES: dict[str, Callable[[Path], Tables | Sheet]] = {
    **TABLES,
    **SHEETS,
    "applications.toml": check_applications,
    "brand.toml": check_brand,
    "countries.csv": check_countries,
    "elasticities.toml": drivers.check_elasticities,
    "forecast_pool.json": partial(json_file, model=ForecastPool),
    "groups.toml": check_groups,
    "headings.toml": check_headings,
    "hs_codes.csv": partial(
        sheet_rows, model=HsCode, unique=lambda row: (row["cmd_code"], row["since"])
    ),
    "hs_families.csv": partial(
        sheet_rows, model=HsFamily, unique=lambda row: (row["hs_revision"], row["cmd_code"])
    ),
    "hs_weights.csv": partial(sheet_rows, model=HsWeight, unique=lambda row: tuple(row.values())),
    "market_notes.toml": drivers.check_market_notes,
    "measures.toml": check_measures,
    "nace_divisions.csv": nuts.check_divisions,
    "nontariff.csv": screening.check_nontariff,
    "nuts_regions.csv": nuts.check_nuts,
    "priorities.toml": priorities.check_priorities,
    "raw_materials.toml": screening.check_materials,
    "regions.toml": nuts.check_regions,
    "s3_priorities.csv": nuts.check_priorities,
    "screening.toml": screening.check_settings,
    "segments.toml": check_segments,
    "shocks.toml": drivers.check_shocks,
}


def check_reference(path: Path | None = None) -> list[Problem]:
    """Return every mistake in a directory of reference files, in file and line order.

    Parameters
    ----------
    path : Path, optional
        A directory laid out like ``marketintel/reference`` (the default).
    """
    home = Path(path or REFERENCE_DIR)
    problems = [problem for name, check in FILES.items() for problem in check(home / name).problems]
    return sorted(problems, key=lambda p: (p.file, p.line))
