"""JSON-stat 2.0 and 1.x, and the SDMX-CSV, SDMX-ML and TSV of the same services, as tidy frames.

The cube is sparse: a cell without a value is missing, never zero, and a flag may stand where no
value is (``c`` confidential, ``:`` not available).
"""

import io
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from marketintel.errors import SourceError
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

#: What every data set has; its other dimensions follow as ``str`` columns under their own names.
#: ``period`` as ``2025``, ``2025-Q1`` or ``2025-03``; ``value`` in ``unit``, NaN where there is a
#: gap; ``status`` the provider's flags; ``updated`` when Eurostat last changed the data set.
CONTRACT: Contract = {
    "dataset": "str", "geo": "str", "period": "str", "freq": "str", "unit": "str",
    "value": "float64", "status": "str", "updated": "str",
}  # fmt: skip

#: Largest cube the provider extracts; a bigger one in an answer is a damaged answer.
MAX_CELLS = 5_000_000
#: Seconds until an answer that the provider makes in the background is asked for again.
QUEUED_S = 30.0

#: Flags of a figure that exists and is not given: ``c`` of observations, and since January 2025 the
#: values C, N and P of CONF_STATUS (confidential, not for publication, primary confidentiality).
CONFIDENTIAL = frozenset({"c", "C", "N", "P"})
#: Flags of a cell in which no figure is expected: not available, missing, not applicable.
ABSENT = frozenset({":", "m", "z", "M", "Z", "F", "A", "nan", "None"})


def flags(status: object) -> set[str]:
    """Return the single flags of a status: ``p|C`` has p and C, ``bc`` has b and c."""
    if not isinstance(status, str):
        return set()
    observed, _, confidential = status.partition("|")
    words = [w for part in (observed, confidential) for w in re.split(r"[\s,;|]+", part) if w]
    return {f for word in words for f in (word if re.fullmatch(r"[a-z]+", word) else [word])}


def is_confidential(status: object) -> bool:
    """Return whether a status marks the figure as confidential."""
    return bool(flags(status) & CONFIDENTIAL)


def is_absent(status: object) -> bool:
    """Return whether a cell without a value is merely empty; with an unknown flag it is not."""
    return not flags(status) - ABSENT


def process(body: Body | Mapping[str, Any], source: str, *, gaps: bool = True) -> pd.DataFrame:
    """Turn an answer into a tidy frame: JSON-stat, or the sister service's SDMX-CSV or SDMX-ML.

    Parameters
    ----------
    body : bytes, str or mapping
        As delivered; a zip of one of these too.
    source : str
        Named in errors.
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
    return reading(source)(_process)(body, source, gaps)


def _process(body: Body | Mapping[str, Any], source: str, gaps: bool) -> pd.DataFrame:
    body = unpacked(body, source)
    if found := notice(body, source):
        if found.kind != "empty":
            raise refuse(found, source)
        return empty(CONTRACT, found.text)
    if isinstance(body, bytes | str) and not text_of(body, source).lstrip().startswith(("{", "[")):
        frame = _observations(body, source)
    else:
        name, cube = _cube(json_of(body, source), source)
        frame = _cells(cube, gaps, source)
        if len(frame.columns):
            frame = frame.assign(dataset=name, updated=cube.get("updated"))
    if not len(frame.columns):
        return empty(CONTRACT)
    frame = frame.rename(columns={"TIME_PERIOD": "time"})
    need(frame.columns, ["time"], source)
    frame["period"] = periods(frame.pop("time"))
    if "freq" not in frame:
        frame["freq"] = frequencies(frame["period"])
    for optional in ("geo", "unit", "status", "dataset", "updated"):
        if optional not in frame:
            frame[optional] = None
    return conform(frame, CONTRACT, source, others=True)


def _observations(body: Body, source: str) -> pd.DataFrame:
    """Read what the sister service sends, SDMX-CSV or SDMX-ML; cells without a row stay away."""
    text = "" if is_markup(body) else text_of(body, source)
    rows = _wide(text, source) if "\t" in text.partition("\n")[0] else sdmx.read(body, source)
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


def _wide(text: str, source: str) -> pd.DataFrame:
    """Read TSV: a row a series, its codes in one cell, a column a period, flags behind values."""
    table = pd.read_csv(io.StringIO(text), sep="\t", dtype="str", keep_default_na=False)
    key = str(table.columns[0])
    names, axis, _ = key.partition("\\")
    if not axis:
        raise SourceError(
            f"{source}: the first field is {snippet(key, 60)!r}; expected names as in "
            "freq,unit,geo\\TIME_PERIOD: the provider's format changed"
        )
    codes = table.pop(key).str.split(",", expand=True).set_axis(names.split(","), axis="columns")
    cells = codes.join(table).melt(list(codes), var_name=sdmx.PERIOD, value_name="cell")
    cells[sdmx.PERIOD] = cells[sdmx.PERIOD].str.strip()
    split = cells.pop("cell").str.strip().str.partition(" ")
    flag = split[2].str.strip()
    return cells.assign(**{sdmx.VALUE: split[0], "OBS_FLAG": flag.mask(flag == "")})


def _cube(message: Any, source: str) -> tuple[str | None, Mapping[str, Any]]:
    """Return the name and the cube, from version 2 (the message is it) or 1 (named inside)."""
    if not isinstance(message, Mapping):
        raise SourceError(f"{source}: got a JSON list; expected a JSON-stat data set")
    if "dimension" not in message and len(message) == 1:
        ((name, cube),) = message.items()
        if isinstance(cube, Mapping) and "dimension" in cube:
            return str(cube.get("code", name)), cube
    need(message, ["dimension", "value"], source)
    extension = message.get("extension")
    name = extension.get("id") if isinstance(extension, Mapping) else None
    return name and str(name).lower(), message


def _cells(cube: Mapping[str, Any], gaps: bool, source: str) -> pd.DataFrame:
    dimension = cube["dimension"]
    if not dimension and not cube.get("id"):
        return pd.DataFrame()  # a cube of nothing is how some filters without a match come back
    names = list(cube.get("id") or dimension.get("id") or [])
    sizes = [int(size) for size in cube.get("size") or dimension.get("size") or []]
    codes = [_codes(dimension, name, source) for name in names]
    if not names or sizes != [len(of_dimension) for of_dimension in codes]:
        raise SourceError(
            f"{source}: fields 'id' and 'size' give {dict(zip(names, sizes, strict=False))}; "
            "expected as many codes in each dimension: the answer is damaged"
        )
    count = int(np.prod(sizes))
    if count > MAX_CELLS:
        raise SourceError(
            f"{source}: field 'size' gives {count} cells; expected at most {MAX_CELLS}"
        )
    status = cube.get("status")
    if isinstance(status, Mapping) and isinstance(status.get("value"), list | Mapping):
        status = status["value"]  # version 1 puts the legend beside the flags
    values, flags = (_by_cell(v, count, source) for v in (cube["value"], status))
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


def _codes(dimension: Mapping[str, Any], name: str, source: str) -> list[str]:
    need(dimension, [name], source)
    category = dimension[name].get("category") or {}
    index = category.get("index")
    if isinstance(index, Mapping):
        return sorted(index, key=lambda code: int(index[code]))
    return [str(code) for code in as_list(index)] or list(category.get("label") or [])


def _by_cell(values: Any, count: int, source: str) -> dict[int, Any]:
    """Return cell number → value, from a list, a sparse mapping, or one value for all cells."""
    if isinstance(values, str):
        return dict.fromkeys(range(count), values)
    pairs = values.items() if isinstance(values, Mapping) else enumerate(as_list(values))
    found = {int(cell): value for cell, value in pairs if value is not None}
    if found and not 0 <= max(found) < count:
        raise SourceError(
            f"{source}: field 'value' has a cell number {max(found)}; expected less than {count}: "
            "the answer is damaged"
        )
    return found
