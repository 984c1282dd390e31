"""One pydantic model a file: its tables or rows, and every mistake as file, line, rule and advice.

:func:`toml_tables` and :func:`sheet_rows` hold a file against its model and put what pydantic finds
into plain words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from marketintel.reference.files import (
    Sheet,
    Tables,
    is_ref_date,
    is_url,
    raw_toml,
    read_cells,
    unknown,
)


class Table(BaseModel):
    """Base of the models of TOML tables."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Line(BaseModel):
    """Base of the models of CSV rows: every value arrives as text."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def mistake(rule: str, message: str) -> PydanticCustomError:
    """Error for a validator of a model to raise."""
    return PydanticCustomError("rule", "{message}", {"rule": rule, "message": message})


def known(kind: str, rule: str = "") -> AfterValidator:
    """Validator that a name is among ``context[kind]``; the rule broken is ``unknown-<field>``."""

    def check(value: str, info: ValidationInfo) -> str:
        names = (info.context or {})[kind]
        if value and value not in names:
            name = (info.field_name or kind).replace("_", "-")
            raise mistake(f"unknown-{rule or name}", unknown(value, names))
        return value

    return AfterValidator(check)


def _web_address(value: str, info: ValidationInfo) -> str:
    if value and not is_url(value):
        raise mistake("url", f"{info.field_name} is not a web address: it starts with https://")
    return value


def _fact_date(value: str) -> str:
    if value and not is_ref_date(value):
        written = "write 2027-01, 2024, 2024-06-27, c.2023, FY2023 or undated"
        raise mistake("ref-date", f"{value!r} is no date: {written}")
    return value


def _number(value: str, info: ValidationInfo) -> str:
    if value and not re.fullmatch(r"\d+(\.\d+)?([eE][+-]?\d+)?", value):
        message = f"{info.field_name} is {value!r}: write a plain number, or leave it empty"
        raise mistake("number", message)
    return value


Text = Annotated[str, StringConstraints(min_length=1)]
Url = Annotated[str, AfterValidator(_web_address)]
RefDate = Annotated[str, AfterValidator(_fact_date)]
Number = Annotated[str, AfterValidator(_number)]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class CitedLine(Line):
    """Row that states a fact, with its date, source and address."""

    ref_date: Annotated[Text, AfterValidator(_fact_date)]
    source_title: Text
    source_url: Annotated[Text, AfterValidator(_web_address)]


def toml_tables(
    path: Path,
    model: type[Table],
    context: Mapping[str, Any] | None = None,
    besides: Mapping[str, type[Table]] | None = None,
) -> Tables:
    """Hold every table of a TOML file against its model.

    Parameters
    ----------
    model : type of Table
        Of each top-level table.
    context : mapping, optional
        Names that :func:`known` looks up.
    besides : mapping, optional
        Models of tables with a name of their own; they must be there.
    """
    tables = raw_toml(path)
    if tables.problems:
        return tables
    special = besides or {}
    for name in set(special) - set(tables.raw):
        tables.add("missing-key", f"the table [{name}] is not there: add it")
    for name, table in tables.raw.items():
        own = special.get(name, model)
        if not isinstance(table, dict):
            tables.add("unknown-key", f"{name!r} stands outside every table: move it", name)
            continue
        try:
            tables.items[name] = own.model_validate(table, context=dict(context or {}))
        except ValidationError as errors:
            for error in errors.errors(include_url=False):
                where = (name, *map(str, error["loc"]))
                tables.add(*_rule_and_message(error, own, name), *where)
    return tables


def sheet_rows(
    path: Path,
    model: type[Line],
    context: Mapping[str, Any] | None = None,
    optional: Sequence[str] = (),
) -> Sheet:
    """Hold every row of a CSV file or workbook against its model.

    Parameters
    ----------
    model : type of Line
        Its fields are the columns.
    context : mapping, optional
        Names that :func:`known` looks up.
    optional : sequence of str
        Columns beyond the model's that may be there; an absent one reads as "".
    """
    sheet = Sheet(path)
    columns = list(model.model_fields)
    read_cells(sheet, columns, optional)
    for line, cells in sheet.rows:
        try:
            own = {column: cells[column] for column in columns}
            item = model.model_validate(own, context=dict(context or {}))
            sheet.items.append((line, item))
        except ValidationError as errors:
            for error in errors.errors(include_url=False):
                sheet.add(line, *_rule_and_message(error, model, ""))
    return sheet


def _rule_and_message(error: Any, model: type[BaseModel], table: str) -> tuple[str, str]:
    """Return the rule that an error of pydantic breaks, and what to do, in plain words."""
    kind, where = error["type"], [str(part) for part in error["loc"]]
    name = next((part for part in reversed(where) if part.isidentifier()), table)
    value = error.get("input")
    if kind == "rule":
        return error["ctx"]["rule"], error["ctx"]["message"]
    if kind == "missing" and not where[-1].isdigit():
        return "missing-key", f"{'.'.join([table, *where[:-1]])} has no {name}: add it"
    if kind == "extra_forbidden":
        return "unknown-key", unknown(name, model.model_fields, "key")
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        rule = f"unknown-{name.replace('_', '-')}"
        return rule, unknown(str(value), names)
    if kind in ("string_too_short", "too_short") and not value:
        return "missing-value", f"{name} is empty: fill it in"
    if kind == "missing" or kind.endswith(("_type", "_parsing", "_from_float", "is_instance_of")):
        return "wrong-type", f"{name} cannot be {value!r}: {error['msg'].lower()}"
    return name.replace("_", "-"), f"{name} is {value!r}: {error['msg'].lower()}"
