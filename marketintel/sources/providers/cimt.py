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
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.files import scratch
from marketintel.sources.formats.tidy import Contract, conform, empty, numbers, reading, snippet
from marketintel.sources.http.client import Client, client_for
from marketintel.sources.http.provider import Provider
from marketintel.sources.scope import asked

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
CONTRACT: Contract = {
    "reporter_code": "str",
    "partner_code": "str",
    "flow": "str",
    "cmd_code": "str",
    "period": "str",
    "freq": "str",
    "value_cad": "float64",
    "currency": "str",
    "valuation": "str",
}

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
    """One archive, and the codes to keep of it.

    Attributes
    ----------
    year : int
        Calendar year; the current one grows month by month.
    flow : str
        One of :data:`FLOWS`.
    products : collection of str
        HS6 codes; none means all.
    """

    year: int
    flow: str = "import"
    products: Collection[str] = ()


def check(query: Query) -> None:
    """Raise UsageError for what is not there."""
    if query.flow not in FLOWS:
        raise UsageError(f"statcan_cimt: flow '{query.flow}' is not one of {', '.join(FLOWS)}")
    if query.year < 1988:
        raise UsageError(f"statcan_cimt: no archive of {query.year}; Canada has used HS since 1988")
    for product in query.products:
        if not re.fullmatch(r"\d{6}", product):
            raise UsageError(f"statcan_cimt: product '{product}' is not an HS code of 6 digits")


def request(query: Query) -> str:
    """Return the path below the base URL."""
    return f"/{FLOWS[query.flow][0]}_{query.year}.zip"


def perform(query: Query, client: Client, target: Path) -> int:
    """Download the archive to ``target``; return the HTTP status, 404 for a year not out yet."""
    return client.get(request(query), expect="zip", accept=(200, 404), to_file=target).status


def fetch(
    query: Query, *, client: Client | None = None, base_url: str | None = None
) -> pd.DataFrame:
    """Return one year of one flow under :data:`CONTRACT`; no rows for a year not out yet."""
    check(query)
    with scratch() as folder:
        target = folder / "archive.zip"
        with client_for(PROVIDER, client, base_url) as talk:
            status = perform(query, talk, target)
        if status == 404:
            return empty(CONTRACT, f"HTTP 404: no archive of {query.year}")
        return read(target, query)


def read(archive: Path, query: Query) -> pd.DataFrame:
    """Return the rows of an archive, which are of the year and the codes asked for."""
    frame = process(archive, flow=query.flow, products=query.products)
    return asked(frame, SOURCE, since=query.year, until=query.year)


@reading(SOURCE)
def process(archive: Path, *, flow: str, products: Collection[str] = ()) -> pd.DataFrame:
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
                rows["value"] = numbers(rows["value"], SOURCE, "Value")
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
    return conform(frame, CONTRACT, SOURCE)


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(_KEY)["value"].sum(min_count=1).reset_index()


def _member(opened: zipfile.ZipFile, flow: str) -> str:
    names = [name for name in opened.namelist() if name.lower().endswith(".csv")]
    for prefix in FLOWS[flow][1]:
        found = [name for name in names if prefix.lower() in name.lower()]
        if found:  # a yearly archive may hold several months' states of it: the newest is whole
            return max(found, key=_month)
    raise SourceError(
        f"{SOURCE}: the archive has no {FLOWS[flow][1][0]} file (has {snippet(', '.join(names))}); "
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
