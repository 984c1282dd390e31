"""Types of the fields of reference files: texts, dates, codes and names that are looked up."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from marketintel.errors import ReferenceFileError
from marketintel.reference.countries import country_rows, load_groups
from marketintel.reference.files import (
    REFERENCE_DIR,
    is_copy,
    is_ref_date,
    is_url,
    listed,
    raw_toml,
    unknown,
)


class Names(dict[str, Any]):
    """Names that models look up, read from the files of a directory when first needed.

    A file that is not in the directory is read from ``marketintel/reference``; a kind of names
    that cannot be read is None, since its own file is then reported.
    """

    def __init__(self, home: Path, **more: Any) -> None:
        super().__init__(more)
        self._home = home

    def __missing__(self, kind: str) -> Any:
        try:
            self[kind] = self._read(kind)
        except ReferenceFileError:
            self[kind] = None
        return self[kind]

    def _read(self, kind: str) -> list[str] | None:
        if kind in ("countries", "groups", "places"):
            groups = [] if kind == "countries" else [*load_groups(self.path("groups.toml"))]
            if kind == "groups":
                return groups
            return [*sorted(r["iso3"] for r in country_rows(self.path("countries.csv"))), *groups]
        tables = raw_toml(self.path(f"{kind}.toml"))
        return None if tables.problems else [name for name in tables.raw if name != "families"]

    def path(self, name: str) -> Path:
        """Return a file of the directory; of ``marketintel/reference`` if it is not there."""
        return self._home / name if (self._home / name).exists() else REFERENCE_DIR / name


def mistake(rule: str, message: str) -> PydanticCustomError:
    """Return an error for the validator of a field to raise."""
    return PydanticCustomError("rules", "{broken}", {"broken": [(rule, message)]})


def named_by(field: str) -> BeforeValidator:
    """Return a validator of a mapping that gives each table its name as one of its fields."""

    def fill(tables: Any) -> Any:
        if not isinstance(tables, dict):
            return tables
        for name, table in tables.items():
            if isinstance(table, dict) and field in table:
                message = f"{field!r} is not known: it is the name of the table; remove it"
                broken = [("unknown-key", message, name, field)]
                raise PydanticCustomError("rules", "{broken}", {"broken": broken})
        return {
            name: {**table, field: name} if isinstance(table, dict) else table
            for name, table in tables.items()
        }

    return BeforeValidator(fill)


def one_of(names: Collection[str], rule: str) -> AfterValidator:
    """Return a validator that a value is one of some names; the rule is ``unknown-<rule>``."""

    def check(value: str) -> str:
        if value not in names:
            raise mistake(f"unknown-{rule}", unknown(value, names))
        return value

    return AfterValidator(check)


def known(kind: str, rule: str = "") -> AfterValidator:
    """Return a validator that a name is among ``context[kind]``, if there is a context.

    The rule broken is ``unknown-<rule>``, by default with the name of the field.
    """

    def check(value: str, info: ValidationInfo) -> str:
        names = None if info.context is None else info.context[kind]
        if value.strip() and names is not None and value not in names:
            name = rule or (info.field_name or kind).replace("_", "-")
            raise mistake(f"unknown-{name}", unknown(value, names))
        return value

    return AfterValidator(check)


def written(pattern: str, rule: str, advice: str) -> AfterValidator:
    """Return a validator that a text, unless it is empty, has a form."""

    def check(value: str, info: ValidationInfo) -> str:
        if value.strip() and not re.fullmatch(pattern, value):
            name = f"{info.field_name}: " if info.field_name else ""
            raise mistake(rule, f"{name}{value!r} {advice}")
        return value

    return AfterValidator(check)


def joined(kind: str, rule: str) -> AfterValidator:
    """Return a validator that every part of a ``;``-joined cell is among ``context[kind]``."""

    def check(value: str, info: ValidationInfo) -> str:
        names = None if info.context is None else info.context[kind]
        for part in listed(value):
            if names is not None and part not in names:
                raise mistake(f"unknown-{rule}", unknown(part, names))
        return value

    return AfterValidator(check)


def _filled(value: str, info: ValidationInfo) -> str:
    if not value.strip():
        raise mistake("missing-value", f"{info.field_name or 'text'} is empty: fill it in")
    return value


def _web_address(value: str, info: ValidationInfo) -> str:
    if value.strip() and not is_url(value):
        raise mistake("url", f"{info.field_name} is not a web address: it starts with https://")
    if is_copy(value):
        message = "is a mirror or a placeholder: give the address of who published it"
        raise mistake("mirror", f"{value!r} {message}")
    return value


def _fact_date(value: str) -> str:
    if value.strip() and not is_ref_date(value):
        forms = "write 2027-01, 2024, 2024-06-27, c.2023, FY2023, before 2022 or undated"
        raise mistake("ref-date", f"{value!r} is no date: {forms}")
    return value


filled = AfterValidator(_filled)
Text = Annotated[str, filled]
Url = Annotated[str, AfterValidator(_web_address)]
RefDate = Annotated[str, AfterValidator(_fact_date)]
Number = Annotated[
    str,
    written(r"\d+(\.\d+)?([eE][+-]?\d+)?", "number", "is no plain number: write one like 1200.5"),
]
Month = Annotated[
    str, written(r"\d{4}-(0[1-9]|1[0-2])", "month", "is no month: write it as 2027-01")
]
Hs6 = Annotated[str, written(r"\d{6}", "malformed-code", "is not six digits: write an HS6 code")]
Country = Annotated[str, known("countries", "country")]
Place = Annotated[str, known("places", "country")]
SegmentId = Annotated[str, known("segments", "segment")]
