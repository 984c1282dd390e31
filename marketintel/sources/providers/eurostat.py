"""Eurostat statistics: regional accounts, structural business statistics, patents, high-tech jobs.

Service: dissemination API, ``statistics/1.0/data/{dataset}``, JSON-stat 2.0 (the version 1 of
before 2023 is read too). The cube is sparse: a cell without a value is missing, never zero, and a
flag may stand where no value is (``c`` confidential, ``:`` not available). Greece is ``EL`` and
the United Kingdom ``UK``. Reuse with attribution to Eurostat.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.sources.flags import is_confidential
from marketintel.sources.formats import sdmx
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.formats.tidy import (
    Body,
    Contract,
    as_list,
    conform,
    empty,
    frequencies,
    is_markup,
    json_of,
    need,
    periods,
    reading,
    snippet,
    text_of,
)
from marketintel.sources.formats.zips import unpacked
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client, client_for, with_query
from marketintel.sources.http.provider import Provider
from marketintel.sources.http.retry import RetryLater
from marketintel.sources.scope import asked

SOURCE = "eurostat"
PROVIDER = Provider(SOURCE, "https://ec.europa.eu/eurostat/api/dissemination", min_interval_s=0.5)

#: What every data set has; its other dimensions follow as ``str`` columns under their own names.
#: ``period`` as ``2025``, ``2025-Q1`` or ``2025-03``; ``value`` in ``unit``, NaN where there is a
#: gap; ``status`` the provider's flags; ``updated`` when Eurostat last changed the data set.
CONTRACT: Contract = {
    "dataset": "str",
    "geo": "str",
    "period": "str",
    "freq": "str",
    "unit": "str",
    "value": "float64",
    "status": "str",
    "updated": "str",
}

#: Data sets that the studies use, by what they hold.
DATASETS = {
    "regional_gdp": "nama_10r_2gdp",
    "business_structure": "sbs_r_nuts2021",
    "business_structure_2008_2020": "sbs_r_nuts06_r2",
    "patents": "tgs00040",
    "high_tech_employment": "htec_emp_reg2",
}

#: ISO 3166 codes that Eurostat writes its own way.
OWN_CODES = {"GR": "EL", "GB": "UK"}

#: Largest cube the provider extracts; a bigger one in an answer is a damaged answer.
MAX_CELLS = 5_000_000


#: Seconds until an answer that the provider makes in the background is asked for again.
QUEUED_S = 30.0


@dataclass(frozen=True)
class Query:
    """A cut through one data set.

    Attributes
    ----------
    dataset : str
        Code such as ``sbs_r_nuts2021``, or a name of :data:`DATASETS`.
    filters : mapping of str to str or sequence of str
        Dimension → codes, for example ``{"geo": ["SE31", "FRI"], "nace_r2": "C26"}``.
    since, until : str, optional
        First and last period.
    """

    dataset: str
    filters: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    since: str | None = None
    until: str | None = None


def check(query: Query) -> None:
    """Raise UsageError for what the provider would refuse."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_$-]*", query.dataset):
        raise UsageError(
            f"eurostat: '{query.dataset}' is not a data set code; expected letters, digits and _ "
            f"as in 'nama_10r_2gdp', or one of {', '.join(DATASETS)}"
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
    params += [
        (name, limit)
        for name, limit in (("sinceTimePeriod", query.since), ("untilTimePeriod", query.until))
        if limit
    ]
    return f"/statistics/1.0/data/{DATASETS.get(query.dataset, query.dataset)}", params


def perform(query: Query, client: Client) -> Answer:
    """Ask once; "nothing found" is an answer whatever its status. ``content`` is its rows."""
    check_answer = partial(_acceptable, query=query)
    return client.get(
        with_query(*request(query)), accept=(200, 202, 400, 404, 413), check=check_answer
    )


def _acceptable(answer: Answer, query: Query) -> pd.DataFrame:
    """Return the rows of data and of "nothing found"; everything else is never kept."""
    found = notice(answer.body, SOURCE)
    if found and found.kind == "queued":
        raise RetryLater(found.text, after_s=QUEUED_S)  # made meanwhile; there is no id to ask by
    if found and found.kind != "empty":
        raise refuse(found, SOURCE)
    if not found and answer.status != 200:
        raise SourceError(
            f"{SOURCE}: HTTP {answer.status} without a reason; check the data set and the filters"
        )
    frame = process(answer.body)
    wanted = {n: as_list(v) for n, v in query.filters.items() if n in frame and n != "geo"}
    return asked(frame, SOURCE, since=query.since, until=query.until, **wanted)


def fetch(
    query: Query, *, client: Client | None = None, base_url: str | None = None
) -> pd.DataFrame:
    """Return the figures of a query: :data:`CONTRACT` and the data set's other dimensions.

    Raises
    ------
    UsageError
        The query cannot be asked.
    SourceError
        The provider refuses it, changed its format, or cannot be reached.
    """
    check(query)
    with client_for(PROVIDER, client, base_url) as talk:
        frame: pd.DataFrame = perform(query, talk).content
    if "dataset" in frame:
        frame["dataset"] = frame["dataset"].fillna(DATASETS.get(query.dataset, query.dataset))
    return frame


@reading(SOURCE)
def process(body: Body | Mapping[str, Any], *, gaps: bool = True) -> pd.DataFrame:
    """Turn an answer into a tidy frame: JSON-stat, or the sister service's SDMX-CSV or SDMX-ML.

    Parameters
    ----------
    body : bytes, str or mapping
        As delivered; a zip of one of these too.
    gaps : bool
        Keep a row with a NaN value for each cell of a cube without one; otherwise keep only
        cells that have a value or a flag.

    Returns
    -------
    DataFrame
        :data:`CONTRACT`, then the other dimensions; no rows if the provider found nothing.

    Raises
    ------
    SourceError
        The provider reports an error, or the answer is none of these.
    """
    body = unpacked(body, SOURCE)
    if found := notice(body, SOURCE):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return empty(CONTRACT, found.text)
    if isinstance(body, bytes | str) and not text_of(body, SOURCE).lstrip().startswith(("{", "[")):
        frame = _observations(body)
    else:
        name, cube = _cube(json_of(body, SOURCE))
        frame = _cells(cube, gaps)
        if len(frame.columns):
            frame = frame.assign(dataset=name, updated=cube.get("updated"))
    if not len(frame.columns):
        return empty(CONTRACT)
    frame = frame.rename(columns={"TIME_PERIOD": "time"})
    need(frame.columns, ["time"], SOURCE)
    frame["period"] = periods(frame.pop("time"))
    if "freq" not in frame:
        frame["freq"] = frequencies(frame["period"])
    for optional in ("geo", "unit", "status", "dataset", "updated"):
        if optional not in frame:
            frame[optional] = None
    return conform(frame, CONTRACT, SOURCE, others=True)


def _observations(body: Body) -> pd.DataFrame:
    """Read what the sister service sends, SDMX-CSV or SDMX-ML; cells without a row stay away."""
    text = "" if is_markup(body) else text_of(body, SOURCE)
    rows = _wide(text) if "\t" in text.partition("\n")[0] else sdmx.read(body, SOURCE)
    rows = rows.drop(columns=["STRUCTURE", "STRUCTURE_NAME"], errors="ignore")
    if "CONF_STATUS" in rows:  # beside the flag, as JSON-stat writes both: p|C
        flag = next((name for name in ("OBS_FLAG", "OBS_STATUS") if name in rows), None)
        secret = rows.pop("CONF_STATUS").replace({"F": None, "": None})
        plain = rows[flag] if flag else pd.Series(None, index=rows.index, dtype="str")
        both = plain.fillna("") + "|" + secret
        added = secret.notna() & ~plain.map(is_confidential).astype("bool")
        rows[flag or "OBS_FLAG"] = both.where(added, plain)
    names = {sdmx.VALUE: "value", "OBS_FLAG": "status", "OBS_STATUS": "status",
             "LAST UPDATE": "updated", sdmx.PERIOD: "time", "STRUCTURE_ID": "dataflow"}  # fmt: skip
    rows = rows.rename(columns=names).rename(columns=str.lower)
    rows = rows.loc[:, ~rows.columns.duplicated()]
    if "dataflow" in rows:  # such as ESTAT:NAMA_10_GDP(1.0), with labels and what it is called
        code = rows.pop("dataflow").str.extract(r"^(?:[^():]*:)?([^():]+)", expand=False)
        rows["dataset"] = code.str.lower()
    return rows


def _wide(text: str) -> pd.DataFrame:
    """Read TSV: a row a series, its codes in one cell, a column a period, flags behind values."""
    table = pd.read_csv(io.StringIO(text), sep="\t", dtype="str", keep_default_na=False)
    key = str(table.columns[0])
    names, axis, _ = key.partition("\\")
    if not axis:
        raise SourceError(
            f"{SOURCE}: the first field is {snippet(key, 60)!r}; expected names as in "
            "freq,unit,geo\\TIME_PERIOD: the provider's format changed"
        )
    codes = table.pop(key).str.split(",", expand=True).set_axis(names.split(","), axis="columns")
    cells = codes.join(table).melt(list(codes), var_name=sdmx.PERIOD, value_name="cell")
    cells[sdmx.PERIOD] = cells[sdmx.PERIOD].str.strip()
    split = cells.pop("cell").str.strip().str.partition(" ")
    flag = split[2].str.strip()
    return cells.assign(**{sdmx.VALUE: split[0], "OBS_FLAG": flag.mask(flag == "")})


def _cube(message: Any) -> tuple[str | None, Mapping[str, Any]]:
    """Return the name and the cube, from version 2 (the message is it) or 1 (named inside)."""
    if not isinstance(message, Mapping):
        raise SourceError(f"{SOURCE}: got a JSON list; expected a JSON-stat data set")
    if "dimension" not in message and len(message) == 1:
        ((name, cube),) = message.items()
        if isinstance(cube, Mapping) and "dimension" in cube:
            return str(cube.get("code", name)), cube
    need(message, ["dimension", "value"], SOURCE)
    extension = message.get("extension")
    name = extension.get("id") if isinstance(extension, Mapping) else None
    return name and str(name).lower(), message


def _cells(cube: Mapping[str, Any], gaps: bool) -> pd.DataFrame:
    dimension = cube["dimension"]
    if not dimension and not cube.get("id"):
        return pd.DataFrame()  # a cube of nothing is how some filters without a match come back
    names = list(cube.get("id") or dimension.get("id") or [])
    sizes = [int(size) for size in cube.get("size") or dimension.get("size") or []]
    codes = [_codes(dimension, name) for name in names]
    if not names or sizes != [len(of_dimension) for of_dimension in codes]:
        raise SourceError(
            f"{SOURCE}: fields 'id' and 'size' give {dict(zip(names, sizes, strict=False))}; "
            "expected as many codes in each dimension: the answer is damaged"
        )
    count = int(np.prod(sizes))
    if count > MAX_CELLS:
        raise SourceError(
            f"{SOURCE}: field 'size' gives {count} cells; expected at most {MAX_CELLS}"
        )
    status = cube.get("status")
    if isinstance(status, Mapping) and isinstance(status.get("value"), list | Mapping):
        status = status["value"]  # version 1 puts the legend beside the flags
    values, flags = _by_cell(cube["value"], count), _by_cell(status, count)
    wanted = range(count) if gaps else sorted(values.keys() | flags.keys())
    cells = np.fromiter(wanted, dtype=np.int64)
    places = np.unravel_index(cells, sizes) if count else [cells] * len(names)
    frame = pd.DataFrame(
        {
            name: np.asarray(of_dimension, dtype=object)[place]
            for name, of_dimension, place in zip(names, codes, places, strict=True)
        }
    )
    frame["value"] = [values.get(cell) for cell in cells.tolist()]
    frame["status"] = [flags.get(cell) for cell in cells.tolist()]
    return frame


def _codes(dimension: Mapping[str, Any], name: str) -> list[str]:
    need(dimension, [name], SOURCE)
    category = dimension[name].get("category") or {}
    index = category.get("index")
    if isinstance(index, Mapping):
        return sorted(index, key=lambda code: int(index[code]))
    return [str(code) for code in as_list(index)] or list(category.get("label") or [])


def _by_cell(values: Any, count: int) -> dict[int, Any]:
    """Return cell number → value, from a list, a sparse mapping, or one value for all cells."""
    if isinstance(values, str):
        return dict.fromkeys(range(count), values)
    pairs = values.items() if isinstance(values, Mapping) else enumerate(as_list(values))
    found = {int(cell): value for cell, value in pairs if value is not None}
    if found and not 0 <= max(found) < count:
        raise SourceError(
            f"{SOURCE}: field 'value' has a cell number {max(found)}; expected less than {count}: "
            "the answer is damaged"
        )
    return found
