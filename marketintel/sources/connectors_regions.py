"""Regions and maps, as plans ask for them: Eurostat's regional statistics, and polygons.

These cover the whole of Europe, or the world, whatever the target markets are; so a plan has them
only where they are named, or where regions are asked for.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from marketintel.errors import SourceError
from marketintel.sources.connector import Book, Connector, noted
from marketintel.sources.flags import is_absent, is_confidential
from marketintel.sources.http.client import Client, Params, with_query
from marketintel.sources.providers import country_polygons, eurostat, gisco


class Table(NamedTuple):
    """One indicator as a data set of Eurostat has it.

    Attributes
    ----------
    indicator, unit : str
        Our name and unit, those of the figures shipped with the project.
    dataset : str
        Eurostat's code.
    filters : mapping
        Dimension to the one code wanted.
    first, last : int
        Years it covers; what lies outside is not asked for.
    """

    indicator: str
    unit: str
    dataset: str
    filters: Mapping[str, str]
    first: int
    last: int = 9999


#: Persons employed by activity: two data sets that follow each other.
EMPLOYMENT = (
    Table("persons_employed", "persons", "sbs_r_nuts06_r2", {"indic_sb": "V16110"}, 2008, 2020),
    Table("persons_employed", "persons", "sbs_r_nuts2021", {"indic_sbs": "EMP_LOC_NR"}, 2021),
)

_HIGH_TECH = {"unit": "PC_EMP", "sex": "T"}
_STAFF = {"prof_pos": "TOTAL", "sex": "T", "sectperf": "TOTAL", "unit": "FTE"}

#: Regional indicators without activities.
INDICATORS = (
    Table("gdp", "million EUR", "nama_10r_2gdp", {"unit": "MIO_EUR"}, 2000),
    Table("population", "persons", "demo_r_d2jan",
          {"unit": "NR", "sex": "T", "age": "TOTAL"}, 1990),
    Table("epo_patents", "per million inhabitants", "tgs00040", {}, 2001, 2012),
    Table("hightech_employment", "% of employment", "htec_emp_reg2",
          {"nace_r2": "HTC", **_HIGH_TECH}, 2008),
    Table("hightech_manufacturing", "% of employment", "htec_emp_reg2",
          {"nace_r2": "C_HTC_MH", **_HIGH_TECH}, 2008),
    Table("gerd", "% of GDP", "rd_e_gerdreg", {"sectperf": "TOTAL", "unit": "PC_GDP"}, 1981),
    Table("berd", "% of GDP", "rd_e_gerdreg", {"sectperf": "BES", "unit": "PC_GDP"}, 1981),
    Table("rd_personnel", "full-time equivalents", "rd_p_persreg", _STAFF, 1980),
    Table("hrst", "% of population", "hrst_st_rcat", {"category": "HRST", "unit": "PC_POP"}, 1999),
)  # fmt: skip


@dataclass(frozen=True)
class RegionsQuery:
    """Tables of Eurostat over years: one request a table and year, so that each is kept apart."""

    tables: tuple[Table, ...]
    periods: tuple[str, ...]

    def parts(self) -> Iterator[tuple[Table, eurostat.Query]]:
        """Yield each table with the query for one of its years."""
        for table in self.tables:
            for year in self.periods:
                if table.first <= int(year) <= table.last:
                    yield table, eurostat.Query(table.dataset, table.filters, year, year)

    def outside(self) -> list[str]:
        """Return a note on each indicator that no table has for some of the years."""
        names = dict.fromkeys(table.indicator for table in self.tables)
        covered = {(table.indicator, part.since) for table, part in self.parts()}
        gone = {n: [y for y in self.periods if (n, y) not in covered] for n in names}
        return [
            f"{n}: no figures of {', '.join(years)} at Eurostat"
            for n, years in gone.items()
            if years
        ]


def _regional_parts(query: RegionsQuery) -> list[RegionsQuery]:
    """Return one query a data set and year."""
    return [
        RegionsQuery((table,), (year,)) for table in query.tables for year in query.periods
        if table.first <= int(year) <= table.last
    ]  # fmt: skip


def _regional_questions(query: RegionsQuery, _: Client) -> Iterable[tuple[str, Params | None]]:
    return ((with_query(*eurostat.request(part)), None) for _, part in query.parts())


#: A country, or a region of NUTS 1 or 2; never EU27_2020, EA20 or "outside the regions".
_REGION = r"(?!EU|EA)[A-Z]{2}[0-9A-Z]{0,2}"
_ACTIVITY = r"[A-Z](\d{2,3})?"
_TOTALS = ("TOTAL", "T", "TOT")


def _cells(query: RegionsQuery, client: Client, notes: list[str]) -> pd.DataFrame:
    """Ask table by table and year by year; ``geo, activity, indicator, period, value, unit, flag``.

    A cell that is confidential is kept without a value. A cell that is merely absent is left out.
    """
    keys = ["geo", "nace_r2", "period"]
    parts = []
    for table, part in query.parts():
        try:
            raw = eurostat.fetch(part, client=client)
        except SourceError as error:
            if table.last == Table._field_defaults["last"] or "not found" not in str(error).lower():
                raise
            notes.append(f"{table.dataset} ended in {table.last} and is no longer there ({error})")
            continue
        secret = raw["status"].map(is_confidential).astype("bool")
        flagged = ~raw["status"].map(is_absent).astype("bool")
        kept = raw["value"].notna() | flagged
        raw = raw[raw["geo"].fillna("").str.fullmatch(_REGION) & kept]
        if raw.empty:
            notes.append(f"{table.dataset}: nothing published for {part.since}")
            continue
        secret = secret[raw.index]
        flags = raw["status"].mask(secret, "c")  # as in the figures that are shipped
        raw = _only_totals(raw.assign(value=raw["value"].mask(secret), status=flags), table)
        raw = raw.rename(columns={"status": "flag", "unit": "published_in"})
        if "nace_r2" not in raw:
            raw["nace_r2"] = None
        part_rows = raw[[*keys, "value", "flag"]]
        parts.append(part_rows.assign(indicator=table.indicator, unit=table.unit))
    columns = ["geo", "nace_r2", "indicator", "period", "value", "unit", "flag"]
    if not parts:
        return pd.DataFrame(columns=columns, dtype="str").astype({"value": "float64"})
    return pd.concat(parts, ignore_index=True)[columns]


def _only_totals(raw: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Of a dimension that nobody named, as by sex or size, keep the total.

    Raises
    ------
    SourceError
        It has several codes, and none of them is a total: the data set has changed.
    """
    known = {*eurostat.CONTRACT, *table.filters, "nace_r2"}
    for name in [str(column) for column in raw if column not in known]:
        codes = set(raw[name])
        if len(codes) > 1:
            total = next((code for code in _TOTALS if code in codes), None)
            if total is None:
                raise SourceError(
                    f"eurostat: {table.dataset} has a field {name!r} with {len(codes)} codes; "
                    "expected one, or a total: the data set changed"
                )
            raw = raw[raw[name] == total]
    return raw


def _employment_rows(query: RegionsQuery, client: Client, _: Book) -> pd.DataFrame:
    """Persons employed by region and division, as in the snapshot of 2015."""
    notes: list[str] = []
    raw = _cells(query, client, notes)
    raw = raw[raw["nace_r2"].fillna("").str.fullmatch(_ACTIVITY)]
    frame = raw.rename(columns={"geo": "nuts_id", "nace_r2": "activity"}).astype({"nuts_id": "str"})
    frame = frame.assign(level=frame["nuts_id"].str.len().astype("int64") - 2)
    return noted(frame[["nuts_id", "level", "activity", "period", "value", "flag"]], notes)


def _indicator_rows(query: RegionsQuery, client: Client, _: Book) -> pd.DataFrame:
    """Indicators of countries and NUTS 2 regions, as in the snapshot of 2000 to 2019."""
    notes: list[str] = []
    raw = _cells(query, client, notes).rename(columns={"geo": "nuts_id"})
    kept = raw["nuts_id"].str.fullmatch(r"..|..(?!ZZ|XX)..")
    return noted(raw.loc[kept, ["nuts_id", "indicator", "period", "value", "unit", "flag"]], notes)


def _nuts_questions(query: gisco.Query, _: Client) -> Iterable[tuple[str, None]]:
    yield gisco.request(query), None


def _nuts_rows(query: gisco.Query, client: Client, _: Book) -> pd.DataFrame:
    layer = gisco.fetch(query, client=client)
    layer = layer.assign(nuts_version=str(query.year))
    return noted(layer.sort_values("nuts_id"), [])


def _country_rows(query: gisco.Query, client: Client, book: Book) -> pd.DataFrame:
    layer = gisco.fetch(query, client=client)
    return noted(country_polygons.tidy(layer, book), [])


#: Of 2021, the last version that has the United Kingdom, whose regions are in the figures; at the
#: scale of a map of Europe on a page.
NUTS = gisco.Query("nuts", 2, 2021, "20M")
#: As shipped: 1:50 million.
COUNTRIES = gisco.Query("countries", scale="50m")

_EUROSTAT = {
    "producer": "Eurostat",
    "licence": "Reuse with attribution (Commission Decision 2011/833/EU)",
    "licence_url": "https://ec.europa.eu/eurostat/help/copyright-notice",
}
_VERSION = (
    "The answers do not name their NUTS version: it is decided code by code with the JRC "
    "cross-walk, and codes that Eurostat has given up keep the figures of earlier vintages."
)

REGIONS = (
    Connector(
        "eurostat_sbs", eurostat.PROVIDER, "sbs_persons_employed.parquet",
        ("nuts_id", "activity", "period"), _regional_questions, _employment_rows, True,
        _EUROSTAT | {
            "title": "Persons employed by NUTS 2 region and NACE Rev. 2 activity",
            "citation": "Eurostat, structural business statistics by NUTS 2 regions and NACE Rev. "
            "2, persons employed: sbs_r_nuts06_r2 (V16110) up to 2020, sbs_r_nuts2021 "
            "(EMP_LOC_NR) from 2021.",
            "quirks": [
                "A cell that is confidential is a row without a figure, flagged c; never zero.",
                "From 2021 on the units are local units under another regulation, and more "
                "activities are covered: years before and after do not compare.",
                _VERSION,
            ],
        },
        answer_s=10.0,
        parts=_regional_parts,
    ),
    Connector(
        "eurostat_regional", eurostat.PROVIDER, "regional_indicators.parquet",
        ("indicator", "nuts_id", "period"), _regional_questions, _indicator_rows, True,
        _EUROSTAT | {
            "title": "GDP, population, patents, research and high technology by NUTS 2 region",
            "citation": "Eurostat, regional statistics: "
            + ", ".join(dict.fromkeys(table.dataset for table in INDICATORS)) + ".",
            "quirks": [
                _VERSION,
                "Patent applications end in 2012, which is incomplete at the source: use 2011.",
                "Patents count all fields of technology, and high technology whole divisions of "
                "NACE: photonics is a part of both that is not known.",
            ],
        },
        answer_s=3.0,
        parts=_regional_parts,
    ),
    Connector(
        "gisco", gisco.PROVIDER, "nuts.parquet", ("nuts_id",), _nuts_questions, _nuts_rows, False,
        {
            "producer": "European Commission, Eurostat (GISCO)",
            "title": "NUTS 2 regions, polygons, version 2021, 1:20 million",
            "citation": "© EuroGeographics for the administrative boundaries; European "
            "Commission, Eurostat (GISCO), NUTS 2021.",
            "licence": "GISCO terms: non-commercial use with the notice © EuroGeographics for the "
            "administrative boundaries",
            "licence_url": "https://ec.europa.eu/eurostat/web/gisco/geodata/"
            "administrative-units",
            "quirks": [
                "Maps may be shown with the notice; the polygons themselves are not passed on.",
                "Version 2021 is the last with the United Kingdom.",
            ],
        },
        answer_s=5.0,
        polygons=True,
    ),
    Connector(
        "natural_earth", gisco.NATURAL_EARTH, "countries_50m.parquet", ("iso3",),
        _nuts_questions, _country_rows, True,
        {
            "producer": "Natural Earth",
            "title": "Country polygons, 1:50m cultural vectors",
            "citation": "Made with Natural Earth (1:50m); Crimea drawn with Ukraine.",
            "licence": "Public domain",
            "licence_url": "https://www.naturalearthdata.com/about/terms-of-use/",
            "quirks": country_polygons.QUIRKS,
        },
        answer_s=5.0,
        polygons=True,
    ),
)  # fmt: skip
