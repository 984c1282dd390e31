"""Canada's merchandise trade by HS6 and country: Statistics Canada's yearly archives (CIMT).

Service: ``www150.statcan.gc.ca/n1/pub/71-607-x/2021004/zip/CIMT-CICM_{Imp|Tot_Exp|Dom_Exp}_{year}
.zip``: months × HS × country × province × US state, in Canadian dollars, customs basis. Imports
are by country of origin and valued FOB at the place of direct shipment to Canada. The HS6 file is
read (ODPFN015, 019, 018); codes of the detailed file, if it is the only one, are cut to 6 digits.
No recorded archive was at hand: names and columns are as third parties describe them, country
codes those of the list in the archive of 2024 (``ODPF_6_CtyDesc.TXT``, edition 202412, as kept
in the public repository leilabautista/BCAgrifood). They are ISO 3166 with Kosovo as ``XK``, Ceuta
and Melilla as ``EA``, states of the past, and the high seas. Statistics Canada Open Licence.
"""

import re
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.files import scratch
from marketintel.reference.hs import hs_revision_at
from marketintel.sources.codes import economies
from marketintel.sources.formats import tidy
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.source import (
    PARTNERS,
    Feed,
    Question,
    Source,
    Wanted,
    noted,
    one_by_one,
    within,
)

SOURCE = "statcan_cimt"
PROVIDER = Provider(
    SOURCE,
    "https://www150.statcan.gc.ca/n1/pub/71-607-x/2021004/zip",
    max_bytes=2 << 30,
    body_s=1800.0,
    patience_s=3600.0,
)

#: One row a country, code and month, summed over provinces and states. Country codes have two
#: letters; ``value_cad`` in Canadian dollars.
CONTRACT: tidy.Contract = {
    "reporter_code": "str", "partner_code": "str", "flow": "str", "cmd_code": "str",
    "period": "str", "freq": "str", "value_cad": "float64", "currency": "str", "valuation": "str",
}  # fmt: skip

#: Flow → name of the archive, and of the files in it, the best first. ``export`` includes
#: re-exports; ``domestic_export`` does not.
FLOWS = {
    "import": ("CIMT-CICM_Imp", ("ODPFN015", "ODPFN014")),
    "export": ("CIMT-CICM_Tot_Exp", ("ODPFN019", "ODPFN017")),
    "domestic_export": ("CIMT-CICM_Dom_Exp", ("ODPFN018", "ODPFN016")),
}

#: Codes of the list that are no economy of today: high seas (``ZZ``; ``ZX`` is said to occur and is
#: not in the list), Pacific islands, East Germany, the Soviet Union, South Yemen, Yugoslavia.
#: ``CS`` is Czechoslovakia up to March 1993, Serbia and Montenegro from 2004 on.
NO_ECONOMY = ("ZZ", "ZX", "PC", "DD", "SU", "YD", "YU")

_COLUMNS = {"YearMonth": "month", "HS": "code", "Country": "partner", "Value": "value"}
_KEY = ["month", "code", "partner"]
_CHUNK_ROWS = 1_000_000


@dataclass(frozen=True)
class Query:
    """Years of flows (:data:`FLOWS`), and the HS6 codes to keep (none: all); an archive each.

    The archive of the current year grows month by month.
    """

    periods: tuple[str, ...]
    codes: tuple[str, ...] = ()
    flows: tuple[str, ...] = ("import", "export")

    def archives(self) -> list[tuple[str, str]]:
        """Return year and flow of each archive."""
        return [(year, flow) for year in self.periods for flow in self.flows]


def check(query: Query) -> None:
    """Raise UsageError for years or flows that do not exist."""
    for flow in query.flows:
        if flow not in FLOWS:
            raise UsageError(f"statcan_cimt: flow '{flow}' is not one of {', '.join(FLOWS)}")
    for year in query.periods:
        if int(year) < 1988:
            raise UsageError(f"statcan_cimt: no archive of {year}; Canada has used HS since 1988")
    for code in query.codes:
        if not re.fullmatch(r"\d{6}", code):
            raise UsageError(f"statcan_cimt: product '{code}' is not an HS code of 6 digits")


def _path(year: str, flow: str) -> str:
    return f"/{FLOWS[flow][0]}_{year}.zip"


def _file(year: str, flow: str, client: Client) -> Path | None:
    return client.store.directory / Path(_path(year, flow)).name if client.store else None


def _is_current(file: Path | None, client: Client) -> bool:
    limit = client.store.max_age_s if client.store else None
    if file is None or not file.exists():
        return False
    age = time.time() - file.stat().st_mtime
    return age >= -60 and (limit is None or age <= limit)  # never one of tomorrow


def _archive(year: str, flow: str, query: Query, client: Client) -> pd.DataFrame | None:
    """Return an archive's rows; None where there is none. One that cannot be read is not kept."""

    def read(file: Path) -> pd.DataFrame:
        frame = process(file, flow=flow, products=query.codes)
        return within(frame, SOURCE, since=year, until=year)

    kept = _file(year, flow, client)
    if kept and _is_current(kept, client):
        try:
            rows = read(kept)
            client.reused += 1
            client.used.append(kept)
            return rows
        except SourceError:
            kept.unlink()
    with scratch() as folder:
        file = kept or folder / "archive.zip"
        file.parent.mkdir(parents=True, exist_ok=True)
        path = _path(year, flow)
        if client.get(path, expect="zip", accept=(200, 404), to_file=file).status == 404:
            file.unlink(missing_ok=True)
            return None
        if kept:
            client.used.append(kept)
        try:
            return read(file)
        except SourceError:
            file.unlink()
            raise


def fetch(query: Query, client: Client) -> pd.DataFrame:
    """Return the flows of a query under :data:`CONTRACT`; a year not out yet is noted."""
    check(query)
    parts, notes = [], []
    for year, flow in query.archives():
        rows = _archive(year, flow, query, client)
        if rows is None:
            notes.append(f"no archive of {flow}s {year} yet")
        else:
            parts.append(rows)
    raw = pd.concat(parts, ignore_index=True) if parts else tidy.empty(CONTRACT)
    return noted(raw, notes)


@tidy.reading(SOURCE)
def process(archive: Path, *, flow: str, products: tuple[str, ...] = ()) -> pd.DataFrame:
    """Turn an archive into :data:`CONTRACT`, reading a bounded number of rows at a time.

    Raises
    ------
    SourceError
        Not a zip, or without the file or the columns expected.
    """
    sums: list[pd.DataFrame] = []
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(_member(opened, flow)) as stream:
            for rows in _chunks(stream):
                rows["code"] = rows["code"].str.zfill(6).str[:6]
                if products:
                    rows = rows[rows["code"].isin(set(products))]
                rows["value"] = tidy.numbers(rows["value"], SOURCE, "Value")
                sums.append(_summed(rows))
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, OSError) as error:
        raise SourceError(f"{SOURCE}: the archive is damaged ({error}); fetch it again") from error
    whole = _summed(pd.concat(sums))
    frame = pd.DataFrame(
        {
            "reporter_code": "CA",
            "partner_code": whole["partner"],
            "flow": flow,
            "cmd_code": whole["code"],
            "period": whole["month"].str.replace(r"^(\d{4})-?(\d\d)$", r"\1-\2", regex=True),
            "freq": "M",
            "value_cad": whole["value"],
            "currency": "CAD",
            "valuation": "FOB",
        }
    )
    return tidy.conform(frame, CONTRACT, SOURCE)


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(_KEY)["value"].sum(min_count=1).reset_index()


def _member(opened: zipfile.ZipFile, flow: str) -> str:
    names = [name for name in opened.namelist() if name.lower().endswith(".csv")]
    for prefix in FLOWS[flow][1]:
        found = [name for name in names if prefix.lower() in name.lower()]
        if found:  # a yearly archive may hold several months' states of it: the newest is whole
            return max(found, key=_month)
    raise SourceError(
        f"{SOURCE}: the archive has no {FLOWS[flow][1][0]} file (has {tidy.snippet(', '.join(names))}); "
        "the provider's format changed"
    )


def _month(name: str) -> str:
    """Return the month in a file's name, as in ``ODPFN015_202602N.csv``."""
    return max(re.findall(r"(?<!\d)(?:19|20)\d{4}(?!\d)", Path(name).name), default="")


def _chunks(stream: IO[bytes]) -> Iterator[pd.DataFrame]:
    """Yield the four columns needed; their names are bilingual, as in ``Value/Valeur``."""
    reader = pd.read_csv(
        stream,
        dtype="str",
        keep_default_na=False,
        encoding="utf-8-sig",
        encoding_errors="replace",  # only in the French halves of the headings
        chunksize=_CHUNK_ROWS,
    )
    for rows in reader:
        found = {
            column: ours
            for column in rows.columns
            for start, ours in _COLUMNS.items()
            if column.startswith(start)
        }
        if missing := set(_COLUMNS.values()) - set(found.values()):
            raise SourceError(
                f"{SOURCE}: no field for {sorted(missing)[0]}; expected columns beginning with "
                f"{', '.join(_COLUMNS)}: the provider's format changed"
            )
        yield rows[list(found)].rename(columns=found)


def _plan(wanted: Wanted) -> Iterator[Question]:
    if wanted.homes.get("CAN") == SOURCE:
        hs_revision_at("CAN", wanted.labels[0])
        what = f"imports and exports of CAN, {wanted.about}, monthly, whole archives"
        rows = len(wanted.codes) * len(wanted.years) * 2 * PARTNERS * 12
        yield Question(what, Query(wanted.labels, wanted.codes), rows)


def _snapshot(query: Query, client: Client) -> pd.DataFrame:
    """Return months in Canadian dollars; archives are kept as files, each with every code."""
    raw = fetch(query, client)
    notes = raw.attrs["notes"]
    absent = raw["value_cad"].isna()
    if absent.any():
        notes.append(f"{int(absent.sum())} rows without a value left out")
        raw = raw[~absent]
    nobody = raw["partner_code"].isin(NO_ECONOMY)
    if nobody.any():
        value = raw.loc[nobody, "value_cad"].sum()
        notes.append(f"{int(nobody.sum())} rows of no economy of today (CAD {value:,.0f}) left out")
        raw = raw[~nobody]
    partner = economies(raw["partner_code"], "statcan", SOURCE, notes, amounts=raw["value_cad"],
                        unit="CAD")  # fmt: skip
    revisions = {period: hs_revision_at("CAN", period) for period in raw["period"].unique()}
    frame = raw.assign(
        reporter="CAN", partner=partner, hs_revision=raw["period"].map(revisions).astype("str")
    ).dropna(subset="partner")
    return noted(frame.groupby(_KEYS, as_index=False)[["value_cad"]].sum(min_count=1), notes)


_KEYS = ["reporter", "partner", "flow", "hs_revision", "cmd_code", "period", "valuation"]


def _trade(raw: pd.DataFrame) -> pd.DataFrame:
    """Return months as published, and the years of which all twelve months are there.

    A year's Canadian dollars are converted at the year's rate, so that a year can be checked
    against the figure of Statistics Canada; the months at theirs.
    """
    year = raw["period"].str[:4]
    months = raw.groupby([year, raw["flow"]])["period"].transform("nunique")
    whole = raw[months == 12].assign(period=year)
    years = whole.groupby(_KEYS, as_index=False)[["value_cad"]].sum(min_count=1)
    both: pd.DataFrame = pd.concat([raw.assign(freq="M"), years.assign(freq="A")])
    return both.reset_index(drop=True)


SOURCES = (
    Source(
        "statcan_cimt", 30, redistributable=True,
        producer="Statistics Canada",
        title="Canadian International Merchandise Trade by HS6, country and month",
        citation="Statistics Canada, Canadian International Merchandise Trade (CIMT), yearly "
        "archives by HS6 and country.",
        licence="Statistics Canada Open Licence",
        licence_url="https://www.statcan.gc.ca/en/reference/licence",
        quirks=(
            "Canadian dollars; converted to US dollars only when the warehouse is built.",
            "Imports are by country of origin and valued f.o.b. at the place of direct shipment "
            "to Canada; exports include re-exports.",
        ),
        feeds=(Feed("trade", _trade, {"trade_system": None}, "value_cad", "CAD"),),
        provider=PROVIDER, file="canada_trade_hs6_monthly.parquet", groups=("flow", "period"),
        plan=_plan, fetch=_snapshot, parts=one_by_one("periods"), answer_s=120.0,
        questions=lambda query, _: ((_path(*one), None) for one in query.archives()),
        kept=lambda query, client: sum(
            _is_current(_file(year, flow, client), client) for year, flow in query.archives()
        ),
        home=lambda target, _: target == "CAN",
        trial=("CAN", 2002),  # the oldest archive is the smallest
    ),
)  # fmt: skip
