"""Models of reference files: tables or rows, and every mistake as file, line, rule and advice.

:func:`toml_tables` and :func:`sheet_rows` hold a file against its model and put what pydantic finds
into plain words. A rule over several fields of a table or row stands in its method ``_rules``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from marketintel.reference.fields import Names, RefDate, Text, Url, filled
from marketintel.reference.files import Sheet, Tables, raw_toml, read_cells, unknown

#: Advice on a value of the wrong type or size, by pydantic's name of the error.
_ADVICE = {
    "string_type": "write a text in quotes",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "bool_type": "write true or false",
    "list_type": 'write a list: ["one", "two"]',
    "tuple_type": "write a list of as many values as the head of the file says",
    "dict_type": "write a table",
    "model_type": "write a table",
    "date_type": "write a date without quotes: 2027-01-31",
    "missing": "write as many values as the head of the file says",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "too_short": "needs at least {min_length} values",
}

Broken = tuple[str, ...]
"""Rule, message, and keys below the table at whose line it is reported."""


class _Model(BaseModel):
    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        """Yield the rules over several fields that are broken; names are the reader's context."""
        yield from ()

    @model_validator(mode="after")
    def _keep_rules(self, info: ValidationInfo) -> Any:
        if broken := list(self._rules({} if info.context is None else info.context)):
            raise PydanticCustomError("rules", "{broken}", {"broken": broken})
        return self


class Table(_Model):
    """Base of the models of TOML tables."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    #: Fields that the reader fills: a file may not hold them.
    made: ClassVar[frozenset[str]] = frozenset()


class Line(_Model):
    """Base of the models of CSV rows: every value arrives as text."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class CitedLine(Line):
    """Row that states a fact, with its date, source and address."""

    ref_date: Annotated[RefDate, filled]
    source_title: Text
    source_url: Annotated[Url, filled]


def toml_tables(
    path: Path,
    tables_type: Any,
    names: Names | None = None,
    besides: Mapping[str, Any] | None = None,
    optional: Collection[str] = (),
) -> Tables:
    """Hold every table of a TOML file against its model.

    Parameters
    ----------
    tables_type : type
        Of the file as a mapping, such as ``dict[str, Cluster]``; None if there are no tables but
        those of `besides`.
    names : Names, optional
        Names that :func:`known` and the rules of the models look up.
    besides : mapping, optional
        Types of tables with a name of their own.
    optional : collection of str
        Those of `besides` that need not be there.
    """
    tables = raw_toml(path)
    if tables.problems:
        return tables
    special = dict(besides or {})
    for name in special:
        if name not in tables.raw and name not in optional:
            tables.add("missing-table", f"the table [{name}] is not there: add it")
    for name, table in tables.raw.items():
        if name not in special and tables_type is None:
            tables.add("unknown-key", unknown(name, special, "table"), name)
            continue
        if not isinstance(table, dict):
            message = f"{name!r} is not known outside a table: move it into one"
            tables.add("unknown-key", message, name)
            continue
        file_type: Any = tables_type
        if name in special:
            file_type = dict.__class_getitem__((str, special[name]))
        hold(tables, file_type, {name: table}, names)
    return tables


def toml_file(path: Path, model: type[Table], names: Names | None = None) -> Tables:
    """Hold a TOML file without tables against its model; ``items["file"]`` is what it holds."""
    tables = raw_toml(path)
    if not tables.problems:
        hold(tables, model, tables.raw, names)
    return tables


def json_file(path: Path, model: type[Table]) -> Tables:
    """Hold a JSON file against its model; a mistake is at the line of its nearest key."""
    tables = Tables(path)
    try:
        text = path.read_text(encoding="utf-8")
        tables.raw = json.loads(text)
    except OSError as error:
        tables.add("unreadable", f"cannot be read: {error.strerror}; restore the file")
        return tables
    except ValueError as error:
        tables.lines[("file",)] = getattr(error, "lineno", 1)
        tables.add("json-syntax", f"not JSON: {error}; run the script that makes it", "file")
        return tables
    place: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if key := re.match(r'( +)"([^"]*)":', line):
            place = [*place[: len(key[1]) - 1], key[2]]
            tables.lines.setdefault(tuple(place), number)
    hold(tables, model, tables.raw, None)
    return tables


def hold(tables: Tables, file_type: Any, raw: dict[str, Any], names: Names | None) -> None:
    """Hold parsed content against a type; add its items, or its mistakes, to the tables."""
    try:
        items = _adapter(file_type).validate_python(raw, context=names)
        tables.items |= items if isinstance(items, dict) else {"file": items}
    except ValidationError as errors:
        for error in errors.errors(include_url=False):
            for rule, message, *where in broken_rules(error, file_type):
                tables.add(rule, message, *where)


@cache
def _adapter(file_type: Any) -> TypeAdapter[Any]:
    return TypeAdapter(file_type)


def sheet_rows(
    path: Path,
    model: type[Line],
    names: Names | None = None,
    optional: Sequence[str] = (),
    unique: Callable[[dict[str, str]], Any] | None = None,
) -> Sheet:
    """Hold every row of a CSV file or workbook against its model.

    Parameters
    ----------
    model : type of Line
        Its fields are the columns.
    names : Names, optional
        Names that :func:`known` and the rules of the model look up.
    optional : sequence of str
        Columns beyond the model's that may be there; an absent one reads as "".
    unique : callable, optional
        Key of a row; no two rows may share it.
    """
    sheet = Sheet(path)
    columns = list(model.model_fields)
    read_cells(sheet, columns, optional)
    first: dict[Any, int] = {}
    for line, cells in sheet.rows:
        try:
            row = {column: cells[column] for column in columns}
            sheet.items.append((line, model.model_validate(row, context=names)))
        except ValidationError as errors:
            for error in errors.errors(include_url=False):
                for rule, message, *_ in broken_rules(error, model):
                    sheet.add(line, rule, message)
        key = unique(cells) if unique else line
        if key in first:
            shown = " ".join(key) if isinstance(key, tuple) else key
            sheet.add(line, "twice", f"{shown} is already in line {first[key]}: remove one")
        first.setdefault(key, line)
    return sheet


def broken_rules(error: Any, file_type: Any) -> Iterator[Broken]:
    """Yield rule, message and place of what an error of pydantic says, in plain words."""
    kind, where = error["type"], [str(part) for part in error["loc"]]
    context, value = error.get("ctx", {}), error.get("input")
    if kind == "rules":
        for rule, message, *below in context["broken"]:
            yield (rule, message, *where, *below)
        return
    keys = [part for part in where if not part.isdigit() and "[" not in part]
    if where[-1:] == ["[key]"]:
        keys = keys[:-1]
    name = keys[-1] if keys else "value"
    rule = "wrong-type"
    message = f"{name} cannot be {value!r}: {error['msg'].lower()}"
    if kind in _ADVICE:
        message = f"{name} cannot be {value!r}: {_ADVICE[kind].format(**context)}"
        if kind.startswith(("greater", "less", "finite", "too")):
            rule = "range"
    if kind == "missing" and not where[-1].isdigit():
        rule, message = "missing-key", f"{'.'.join(where[:-1]) or 'the file'} has no {name}: add it"
        where = where[:-1]
    elif kind == "extra_forbidden":
        rule, message = "unknown-key", unknown(where[-1], _keys(file_type, where[:-1]), "key")
    elif kind == "literal_error":
        allowed = filter(None, re.findall(r"'([^']*)'", context["expected"]))
        rule, message = f"unknown-{name.replace('_', '-')}", unknown(str(value), allowed)
    yield (rule, message, *where)


def _keys(annotation: Any, where: Sequence[str]) -> list[str]:
    """Return the keys that a table may hold, given the type of the file and the table's place."""
    models = list(_models(annotation))
    for part in where:
        fields = [m.model_fields[part] for m in models if part in m.model_fields]
        if inner := [m for f in fields for m in _models(f.annotation)]:
            models = inner
    return [
        field.alias or name
        for model in models
        for name, field in model.model_fields.items()
        if name not in getattr(model, "made", ())
    ]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
