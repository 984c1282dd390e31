"""Readers of SDMX-JSON (1.0 and 2.0), SDMX-CSV (1.0 and 2.0) and SDMX-ML (2.1, 3.0).

Every reader returns one row an observation and one text column for each dimension, measure and
attribute, under the provider's own identifiers, with gaps as NaN. ``sdmx1`` reads the XML; its JSON
reader supports neither version 2.0 nor keys whose positions contradict the structure, so JSON is
read here.
"""

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from marketintel.errors import SourceError
from marketintel.sources.formats.tidy import (
    Body,
    as_list,
    is_markup,
    json_of,
    need,
    snippet,
    text_of,
    xml_of,
)

VALUE = "OBS_VALUE"
PERIOD = "TIME_PERIOD"

#: Actions of a data set whose rows are withdrawn, not published.
_WITHDRAWN = {"delete", "d"}


def read(body: Body | Mapping[str, Any], source: str) -> pd.DataFrame:
    """Read a data message in any of the three formats."""
    if isinstance(body, Mapping):
        return read_json(body, source)
    if is_markup(body):
        return read_xml(body, source)
    text = text_of(body, source)
    return read_json(text, source) if text.lstrip().startswith("{") else read_csv(text, source)


def read_csv(body: Body, source: str) -> pd.DataFrame:
    """Read SDMX-CSV.

    ``ID: label`` headings and ``CODE: label`` cells lose their labels, as do version 2.0's
    columns of labels, which stand behind the codes' own; rows that version 2.0 marks as deleted
    are left out.
    """
    text = text_of(body, source)
    if not text.strip():
        return pd.DataFrame()
    try:
        frame = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False, na_values=[""])
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SourceError(
            f"{source}: the CSV answer is broken ({snippet(str(error))}); fetch it again"
        ) from error
    frame = _without_labels(frame).astype("str")  # a column of gaps would be numbers
    labelled = {column: column.split(": ", 1)[0] for column in frame.columns if ": " in column}
    for column in labelled:
        code = frame[column].str.partition(": ")[0]
        frame[column] = code.mask(code == "")
    frame = frame.rename(columns=labelled)
    if "ACTION" in frame:
        frame = frame[~frame["ACTION"].str.lower().isin(_WITHDRAWN)]
    need(frame.columns, [VALUE], source)
    return frame.reset_index(drop=True)


def _without_labels(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out version 2.0's columns of labels (``SECTOR,Sector,MEASURE,Measure``, or no name).

    Their names may be those of other codes in lower case; but with labels nothing follows a
    period's column but its label.
    """
    names = [str(name) for name in frame.columns]
    if PERIOD not in names or "STRUCTURE_NAME" not in names:
        return frame
    if names[names.index(PERIOD) + 1 :][:1] in ([], [VALUE]):
        return frame
    first = 1 + max(names.index(n) for n in ("STRUCTURE_NAME", "ACTION") if n in names)
    return frame.iloc[:, [*range(first), *range(first, len(names), 2)]]


def read_xml(body: Body, source: str) -> pd.DataFrame:
    """Read SDMX-ML 2.1, generic or structure-specific, or 3.0.

    The body is checked first: a document type declaration, and so any entity, is refused.

    Raises
    ------
    SourceError
        Not well-formed, unsafe, or not a data message.
    """
    data = text_of(body, source).encode()
    root = xml_of(data, source)
    if not root.tag.endswith(("GenericData", "StructureSpecificData", "TimeSeriesData")):
        raise SourceError(
            f"{source}: the answer is a '{root.tag.rpartition('}')[2]}' document; expected SDMX "
            "data: the provider's format changed"
        )
    import sdmx
    import sdmx.reader.xml.v30  # now: after some messages of 2.1 it can no longer be imported

    # Without a structure message sdmx1 takes every series attribute for a dimension, which is all
    # that is needed here, and logs it at each call.
    logging.getLogger("sdmx.reader.xml").setLevel(logging.ERROR)
    try:
        message: Any = sdmx.read_sdmx(io.BytesIO(data))
    except Exception as error:  # the reader raises many kinds on unexpected content
        raise SourceError(
            f"{source}: the SDMX-ML answer cannot be read ({type(error).__name__}: {error}); "
            "the provider's format changed"
        ) from error
    rows = [
        {name: str(key.value) for name, key in observation.key.values.items()}
        | {name: str(attribute.value) for name, attribute in observation.attrib.items()}
        | ({} if observation.value is None else {VALUE: str(observation.value)})
        for dataset in message.data
        if str(getattr(dataset.action, "name", "")).lower() not in _WITHDRAWN
        for observation in dataset.obs
    ]
    return _frame(rows)


def read_json(
    body: Body | Mapping[str, Any], source: str, *, swappable: tuple[str, str] | None = None
) -> pd.DataFrame:
    """Read SDMX-JSON 1.0 or 2.0, as time series or flat.

    Parameters
    ----------
    body : bytes, str or mapping
        The message.
    source : str
        Named in errors.
    swappable : pair of str, optional
        Two series dimensions that this provider may exchange in the series key. The order under
        which the keys use every declared value is taken.
    """
    message = json_of(body, source)
    if not isinstance(message, Mapping):
        raise SourceError(f"{source}: got a JSON list; expected an SDMX-JSON message")
    content = message.get("data") or message
    is_message = {"dataSets", "structure", "structures"} & set(content)
    if not is_message and (content is not message or "data" not in message):
        raise SourceError(
            f"{source}: the answer has no field 'dataSets' ({snippet(str(dict(message)))}); "
            "expected an SDMX-JSON message: the provider's format changed, or this is an error"
        )
    structures = as_list(content.get("structures") or content.get("structure"))
    datasets = as_list(content.get("dataSets"))
    if datasets and not structures:
        raise SourceError(
            f"{source}: the answer has no field 'structure'; expected the dimensions beside the "
            "data: the provider's format changed"
        )
    rows: list[dict[str, str]] = []
    for dataset in datasets:
        if str(dataset.get("action", "")).lower() not in _WITHDRAWN:
            index = dataset.get("structure", 0)
            structure = structures[index if isinstance(index, int) else 0]
            rows.extend(_rows(dataset, structure, source, swappable))
    return _frame(rows)


def _frame(rows: list[dict[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows).astype("str")
    if len(frame) and VALUE not in frame:
        frame[VALUE] = pd.Series(pd.NA, index=frame.index, dtype="str")
    return frame


def _rows(
    dataset: Mapping[str, Any],
    structure: Mapping[str, Any],
    source: str,
    swappable: tuple[str, str] | None,
) -> Iterator[dict[str, str]]:
    dimensions = structure.get("dimensions") or {}
    attributes = structure.get("attributes") or {}
    fixed = {
        d["id"]: code
        for d in as_list(dimensions.get("dataSet") or dimensions.get("dataset"))
        if (code := _value(d, 0)) is not None
    } | _attributes(
        attributes.get("dataSet") or attributes.get("dataset"), dataset.get("attributes")
    )
    on_observation = as_list(dimensions.get("observation"))
    measures = [m["id"] for m in as_list((structure.get("measures") or {}).get("observation"))]
    measures = measures or [VALUE]

    series = dataset.get("series")
    if series is None:  # flat: the key of an observation holds every dimension
        if not dataset.get("observations"):
            return  # no match: such an answer may still have attributes of groups
        series = {"": {"observations": dataset["observations"]}}
    keys = [tuple(int(i) for i in key.split(":") if i) for key in series]
    if swappable and keys:
        need([d["id"] for part in dimensions.values() for d in as_list(part)], swappable, source)
    on_series = _in_key_order(as_list(dimensions.get("series")), keys, source, swappable)
    groups = _groups(dataset.get("dimensionGroupAttributes") or {}, attributes)

    for key, one in zip(keys, series.values(), strict=True):
        common = fixed | _codes(on_series, key, source)
        common |= _attributes(attributes.get("series"), one.get("attributes"))
        for places, of_group in groups.items():
            if all(place < len(key) for place in places):
                common |= of_group.get(tuple(key[place] for place in places), {})
        for obs_key, observation in (one.get("observations") or {}).items():
            cells = as_list(observation)
            row = common | _codes(on_observation, [int(i) for i in obs_key.split(":")], source)
            row |= {
                name: str(cell)
                for name, cell in zip(measures, cells, strict=False)
                if cell is not None
            }
            yield row | _attributes(attributes.get("observation"), cells[len(measures) :])


def _groups(
    values: Mapping[str, Any], attributes: Mapping[str, Any]
) -> dict[tuple[int, ...], dict[tuple[int, ...], dict[str, str]]]:
    """Return attributes of groups of series (keys like ``0:3::``) by places and their indices."""
    declared = attributes.get("dimensionGroup") or attributes.get("dimensionGroups")
    groups: dict[tuple[int, ...], dict[tuple[int, ...], dict[str, str]]] = {}
    for key, cells in values.items():
        parts = key.split(":")
        places = tuple(place for place, part in enumerate(parts) if part)
        indices = tuple(int(parts[place]) for place in places)
        groups.setdefault(places, {})[indices] = _attributes(declared, cells)
    return groups


def _in_key_order(
    dimensions: list[Any],
    keys: list[tuple[int, ...]],
    source: str,
    swappable: tuple[str, str] | None,
) -> list[Any]:
    """Return the dimensions in the order of the series keys."""
    names = [d["id"] for d in dimensions]
    if not swappable or not keys or not set(swappable) <= set(names):
        return dimensions
    a, b = (names.index(name) for name in swappable)
    exchanged = list(dimensions)
    exchanged[a], exchanged[b] = exchanged[b], exchanged[a]
    used = [set(indices) for indices in zip(*keys, strict=True)]

    def fits(order: list[Any], complete: bool) -> bool:
        """Return whether the keys point to declared values only, and if ``complete`` to all."""
        sizes = [len(d.get("values") or []) for d in order]
        return all(
            max(indices) < size and (not complete or len(indices) == size)
            for indices, size in zip(used, sizes, strict=True)
        )

    for complete in (True, False):
        possible = [order for order in (dimensions, exchanged) if fits(order, complete)]
        if len(possible) == 1:
            return possible[0]
        if possible:
            if {len(dimensions[a]["values"]), len(dimensions[b]["values"])} == {1}:
                return dimensions
            raise SourceError(
                f"{source}: the keys do not tell {swappable[0]} from {swappable[1]}; ask for one "
                f"{swappable[0]} or one {swappable[1]} at a time"
            )
    raise SourceError(
        f"{source}: series keys point outside the declared dimensions {', '.join(names)}; the "
        "provider's format changed"
    )


def _codes(dimensions: list[Any], key: Sequence[int], source: str) -> dict[str, str]:
    if len(key) != len(dimensions):
        raise SourceError(
            f"{source}: a key has {len(key)} places; expected one for each of "
            f"{', '.join(d['id'] for d in dimensions) or 'no dimension'}: the format changed"
        )
    codes = {}
    for dimension, index in zip(dimensions, key, strict=True):
        code = _value(dimension, index)
        if code is None:
            raise SourceError(
                f"{source}: field '{dimension['id']}' has no value number {index}; expected it "
                "among the declared ones: the answer is damaged"
            )
        codes[dimension["id"]] = code
    return codes


def _attributes(declared: Any, cells: Any) -> dict[str, str]:
    """Return attributes from their cells: an index into the declared values, or the value."""
    declared, cells = as_list(declared), as_list(cells)
    if len(cells) < len(declared):  # the old OECD service skips attributes without values
        declared = [attribute for attribute in declared if attribute.get("values")] or declared
    attributes = {}
    for attribute, cell in zip(declared, cells, strict=False):
        value = next(iter(as_list(cell)), None)
        if isinstance(value, int) and not isinstance(value, bool) and attribute.get("values"):
            value = _value(attribute, value)
        if value is not None:
            attributes[attribute["id"]] = str(value)
    return attributes


def _value(component: Mapping[str, Any], index: int) -> str | None:
    """Return the code of a declared value."""
    values = as_list(component.get("values"))
    if not 0 <= index < len(values):
        return None
    value = values[index]
    if not isinstance(value, Mapping):
        return str(value)
    code = next((value[k] for k in ("id", "value", "name") if value.get(k) is not None), None)
    return None if code is None else str(code)
