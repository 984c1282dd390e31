"""Eurostat statistics of regions: employment by activity, accounts, research, patents, high tech.

Service: dissemination API, ``statistics/1.0/data/{dataset}``, JSON-stat 2.0 (the version 1 of
before 2023 is read too). Greece is ``EL`` and the United Kingdom ``UK``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.reference.nuts import nuts2, version_of
from marketintel.sources.formats import jsonstat
from marketintel.sources.formats.jsonstat import is_absent, is_confidential
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.formats.tidy import as_list
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client, with_query
from marketintel.sources.http.provider import Provider
from marketintel.sources.http.retry import RetryLater
from marketintel.sources.source import Feed, Question, Source, Wanted, noted, within

SOURCE = "eurostat"
PROVIDER = Provider(SOURCE, "https://ec.europa.eu/eurostat/api/dissemination", min_interval_s=0.5)

#: ISO 3166 codes that Eurostat writes its own way.
OWN_CODES = {"GR": "EL", "GB": "UK"}


@dataclass(frozen=True)
class Query:
    """Codes of a data set (``sbs_r_nuts2021``) by dimension; first and last period."""

    dataset: str
    filters: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    since: str | None = None
    until: str | None = None


def check(query: Query) -> None:
    """Raise UsageError for what the provider would refuse."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_$-]*", query.dataset):
        raise UsageError(
            f"eurostat: '{query.dataset}' is not a data set code; expected letters, digits and _ "
            "as in 'nama_10r_2gdp'"
        )
    for name, codes in query.filters.items():
        if not codes or not re.fullmatch(r"\w+", name):
            raise UsageError(f"eurostat: filter '{name}' needs a dimension and at least one code")


def request(query: Query) -> tuple[str, list[tuple[str, str]]]:
    """Return the path below the base URL, and its parameters."""
    params = [("format", "JSON"), ("lang", "EN")]
    params += [
        (name, OWN_CODES.get(code, code) if name == "geo" else code)
        for name, codes in query.filters.items()
        for code in ([codes] if isinstance(codes, str) else codes)
    ]
    limits = (("sinceTimePeriod", query.since), ("untilTimePeriod", query.until))
    params += [(name, limit) for name, limit in limits if limit]
    return f"/statistics/1.0/data/{query.dataset}", params


def _acceptable(answer: Answer, query: Query) -> pd.DataFrame:
    """Return the rows of data and of "nothing found"; everything else is never kept."""
    found = notice(answer.body, SOURCE)
    if found and found.kind == "queued":
        raise RetryLater(found.text, after_s=jsonstat.QUEUED_S)  # there is no id to ask by
    if found and found.kind != "empty":
        raise refuse(found, SOURCE)
    if not found and answer.status != 200:
        raise SourceError(
            f"{SOURCE}: HTTP {answer.status} without a reason; check the data set and the filters"
        )
    frame = jsonstat.process(answer.body, SOURCE)
    wanted = {n: as_list(v) for n, v in query.filters.items() if n in frame and n != "geo"}
    return within(frame, SOURCE, since=query.since, until=query.until, **wanted)


def fetch(query: Query, client: Client) -> pd.DataFrame:
    """Return the figures of a query: ``jsonstat.CONTRACT`` and the other dimensions.

    Raises
    ------
    UsageError
        The query cannot be asked.
    SourceError
        The provider refuses it, changed its format, or cannot be reached.
    """
    check(query)
    frame: pd.DataFrame = client.get(
        with_query(*request(query)), accept=(200, 202, 400, 404, 413),
        check=partial(_acceptable, query=query),
    ).content  # fmt: skip
    return frame.assign(dataset=frame["dataset"].fillna(query.dataset))


class Table(NamedTuple):
    """An indicator, in the unit of the snapshot, as one data set of Eurostat has it.

    ``filters`` give the one code of a dimension; ``first`` and ``last`` are the years covered.
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

    def cells(self) -> Iterator[tuple[Table, str]]:
        """Yield each table with each of its years."""
        for table in self.tables:
            for year in self.periods:
                if table.first <= int(year) <= table.last:
                    yield table, year


def _query(table: Table, year: str) -> Query:
    return Query(table.dataset, table.filters, year, year)


def _plan(
    wanted: Wanted, source: str, tables: tuple[Table, ...], what: str, rows: int
) -> Iterator[Question]:
    query = RegionsQuery(tables, wanted.labels)
    covered = {(table.indicator, year) for table, year in query.cells()}
    if not covered:
        wanted.notes.append(f"{source}: no figures of {wanted.span}")
        return
    for name in dict.fromkeys(table.indicator for table in tables):
        if gone := [year for year in query.periods if (name, year) not in covered]:
            wanted.notes.append(f"{name}: no figures of {', '.join(gone)} at Eurostat")
    rows *= len(list(query.cells()))
    yield Question(f"{what}, all regions of Europe, {wanted.span}", query, rows)


#: A country, or a region of NUTS 1 or 2; never EU27_2020, EA20 or "outside the regions".
_REGION = r"(?!EU|EA)[A-Z]{2}[0-9A-Z]{0,2}"
_ACTIVITY = r"[A-Z](\d{2,3})?"
_TOTALS = ("TOTAL", "T", "TOT")


def _cells(query: RegionsQuery, client: Client, notes: list[str]) -> pd.DataFrame:
    """Return geo, nace_r2, indicator, period, value, unit and flag, table by table and year by year.

    A cell that is confidential is kept without a value. A cell that is merely absent is left out.
    """
    columns = ["geo", "nace_r2", "indicator", "period", "value", "unit", "flag"]
    parts = []
    for table, year in query.cells():
        try:
            raw = fetch(_query(table, year), client)
        except SourceError as error:
            if table.last == Table._field_defaults["last"] or "not found" not in str(error).lower():
                raise
            notes.append(f"{table.dataset} ended in {table.last} and is no longer there ({error})")
            continue
        secret = raw["status"].map(is_confidential).astype("bool")
        flagged = ~raw["status"].map(is_absent).astype("bool")
        kept = raw["geo"].fillna("").str.fullmatch(_REGION) & (raw["value"].notna() | flagged)
        raw = raw.assign(value=raw["value"].mask(secret), status=raw["status"].mask(secret, "c"))
        if (raw := raw[kept]).empty:
            notes.append(f"{table.dataset}: nothing published for {year}")
            continue
        raw = _only_totals(raw, table).rename(columns={"status": "flag"})
        if "nace_r2" not in raw:
            raw["nace_r2"] = None
        parts.append(raw.assign(indicator=table.indicator, unit=table.unit)[columns])
    if not parts:
        return pd.DataFrame(columns=columns, dtype="str").astype({"value": "float64"})
    return pd.concat(parts, ignore_index=True)


def _only_totals(raw: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Keep the total of a dimension that is not filtered, as by sex or size.

    Raises
    ------
    SourceError
        It has several codes, and none of them is a total: the data set has changed.
    """
    known = {*jsonstat.CONTRACT, *table.filters, "nace_r2"}
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


def _employment(query: RegionsQuery, client: Client) -> pd.DataFrame:
    """Return persons employed by region and division, as in the snapshot of 2015."""
    notes: list[str] = []
    raw = _cells(query, client, notes)
    raw = raw[raw["nace_r2"].fillna("").str.fullmatch(_ACTIVITY)]
    frame = raw.rename(columns={"geo": "nuts_id", "nace_r2": "activity"}).astype({"nuts_id": "str"})
    frame = frame.assign(level=frame["nuts_id"].str.len().astype("int64") - 2)
    return noted(frame[["nuts_id", "level", "activity", "period", "value", "flag"]], notes)


def _indicators(query: RegionsQuery, client: Client) -> pd.DataFrame:
    """Return indicators of countries and NUTS 2 regions, as in the snapshot of 2000 to 2019."""
    notes: list[str] = []
    raw = _cells(query, client, notes).rename(columns={"geo": "nuts_id"})
    kept = raw["nuts_id"].str.fullmatch(r"..|..(?!ZZ|XX)..")
    return noted(raw.loc[kept, ["nuts_id", "indicator", "period", "value", "unit", "flag"]], notes)


#: Order in which NUTS versions are tried on a code; a code of several is the same region in all of
#: them. The shipped figures were published in those that come first.
_OF_EMPLOYMENT = ("2013", "2016", "2021", "2024", "2010")
_OF_INDICATORS = ("2013", "2016", "2010", "2021", "2024")


def _employment_table(raw: pd.DataFrame) -> pd.DataFrame:
    """Return persons employed; a confidential cell is a row without a value."""
    return _versioned(raw.assign(indicator="persons_employed", unit="persons"), _OF_EMPLOYMENT)


def indicator_table(raw: pd.DataFrame) -> pd.DataFrame:
    """Return indicators without activities under the columns of table ``regions``."""
    activity = pd.Series(None, index=raw.index, dtype="str")
    frame = raw.assign(level=raw["nuts_id"].str.len() - 2, activity=activity)
    return _versioned(frame, _OF_INDICATORS)


def _versioned(rows: pd.DataFrame, order: tuple[str, ...]) -> pd.DataFrame:
    """Add the first NUTS version that has the code.

    A code of none of them, of a candidate country or an older NUTS, has no place in a conversion
    and is left out.
    """
    version = rows["nuts_id"].map({c: _version(c, order) for c in rows["nuts_id"].unique()})
    kept = rows.assign(nuts_version=version)[version.notna()]
    return kept.astype({"nuts_version": "str"}).reset_index(drop=True)


def _version(code: str, order: tuple[str, ...]) -> str | None:
    """Return the NUTS version of a code of level 0, 1 or 2."""
    if len(code) == 2 or code.endswith("Z"):  # a country, or what lies outside its regions
        return order[0]
    if len(code) == 4:
        return version_of(code, order)
    inside = [version_of(c, order) for c in nuts2() if c.startswith(code)]
    return next((version for version in order if version in inside), None)


_VERSION = (
    "The answers do not name their NUTS version: it is decided code by code with the JRC "
    "cross-walk, and codes that Eurostat has given up keep the figures of earlier vintages."
)
_COMMON: dict[str, Any] = {
    "producer": "Eurostat",
    "licence": "Reuse with attribution (Commission Decision 2011/833/EU)",
    "licence_url": "https://ec.europa.eu/eurostat/help/copyright-notice",
    "provider": PROVIDER,
    "questions": lambda query, _: (
        (with_query(*request(_query(*cell))), None) for cell in query.cells()
    ),
    "parts": lambda query: [RegionsQuery((table,), (year,)) for table, year in query.cells()],
    "on_request": True, "regional": True, "by_code": False, "alias": "eurostat",
    "trial": ("FIN", 2022),
}  # fmt: skip

SOURCES = (
    Source(
        "eurostat_sbs", 200, redistributable=True,
        title="Persons employed by NUTS 2 region and NACE Rev. 2 activity",
        citation="Eurostat, structural business statistics by NUTS 2 regions and NACE Rev. 2, "
        "persons employed: sbs_r_nuts06_r2 (V16110) up to 2020, sbs_r_nuts2021 (EMP_LOC_NR) from "
        "2021.",
        quirks=(
            "A cell that is confidential is a row without a figure, flagged c; never zero.",
            "From 2021 on the units are local units under another regulation, and more activities "
            "are covered: years before and after do not compare.",
            _VERSION,
        ),
        feeds=(Feed("regions", _employment_table),),
        file="sbs_persons_employed.parquet", groups=("nuts_id", "activity", "period"),
        plan=partial(_plan, source="eurostat_sbs", tables=EMPLOYMENT,
                     what="persons employed by activity", rows=40_000),
        fetch=_employment, answer_s=10.0, **_COMMON,
    ),
    Source(
        "eurostat_regional", 210, redistributable=True,
        title="GDP, population, patents, research and high technology by NUTS 2 region",
        citation="Eurostat, regional statistics: "
        + ", ".join(dict.fromkeys(table.dataset for table in INDICATORS)) + ".",
        quirks=(
            _VERSION,
            "Patent applications end in 2012, which is incomplete at the source: use 2011.",
            "Patents count all fields of technology, and high technology whole divisions of NACE: "
            "photonics is a part of both that is not known.",
        ),
        feeds=(Feed("regions", indicator_table),),
        file="regional_indicators.parquet", groups=("indicator", "nuts_id", "period"),
        plan=partial(_plan, source="eurostat_regional", tables=INDICATORS,
                     what=f"{len(INDICATORS)} indicators", rows=350),
        fetch=_indicators, answer_s=3.0, **_COMMON,
    ),
)  # fmt: skip
