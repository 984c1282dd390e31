"""Plan of a series: which documents about which countries, exporters, segments, regions, languages."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from marketintel.documents.document import NAMES, document_class
from marketintel.documents.engine.naming import day
from marketintel.errors import UsageError
from marketintel.reference.countries import country
from marketintel.reference.files import raw_toml, sound, unknown
from marketintel.reference.model import Table, hold

#: Name in a plan to the parameters that take one value, or the whole list.
AXES = {
    "countries": ("country", "countries", "targets"),
    "exporters": ("exporter",),
    "segments": ("segments",),
    "regions": ("region",),
    "languages": ("language",),
}


class Fetching(Table):
    """Arguments of ``marketintel fetch``, run before documents are rebuilt."""

    countries: list[str]
    sources: list[str] = []
    segments: list[str] = []
    years: str | None = None
    max_age_days: Annotated[int, Field(ge=0)] = 30


class Series(Table):
    """A table of a plan: documents by every combination of its lists."""

    documents: Annotated[list[str], Field(min_length=1)]
    countries: list[str] = []
    exporters: list[str] = []
    segments: list[str] = []
    regions: list[str] = []
    languages: list[str] = []
    parameters: dict[str, Any] = {}


class Settings(Table):
    """Table ``[refresh]``: limits of one document, and the day that documents look at."""

    as_of: str = "data"
    timeout_s: Annotated[int, Field(ge=1)] = 1800
    memory_mb: Annotated[int, Field(ge=256)] = 8192


class _File(Table):
    refresh: Settings = Settings()
    fetch: Fetching | None = None
    series: Annotated[dict[str, Series], Field(min_length=1)]


@dataclass(frozen=True)
class Task:
    """A document with its parameters."""

    document: str
    values: dict[str, Any]

    @cached_property
    def key(self) -> str:
        """The document and its parameters as one text, the same on every machine."""
        return f"{self.document} {json.dumps(self.values, sort_keys=True, ensure_ascii=False)}"

    @property
    def label(self) -> str:
        """Name for people, such as ``market_study USA EU27``."""
        values = (
            ",".join(map(str, v)) if isinstance(v, list) else str(v) for v in self.values.values()
        )
        return " ".join([self.document, *filter(None, values)])


@dataclass(frozen=True)
class Plan:
    """A plan read from its file: settings, what to fetch, and a task for each document."""

    settings: Settings
    fetch: Fetching | None
    tasks: tuple[Task, ...]

    def chosen(self, only: list[str]) -> tuple[Task, ...]:
        """Return the tasks whose label holds every word of one of the given texts.

        Raises
        ------
        UsageError
            A text that no task has.
        """
        if not only:
            return self.tasks
        words = {text: set(text.casefold().replace(",", " ").split()) for text in only}
        labels = {t.key: set(t.label.casefold().replace(",", " ").split()) for t in self.tasks}
        for text, asked in words.items():
            if not any(asked <= label for label in labels.values()):
                known = dict.fromkeys(part for t in self.tasks for part in t.label.split())
                raise UsageError(
                    f"--only: {unknown(text, known)}; see `marketintel refresh --dry-run`"
                )
        return tuple(t for t in self.tasks if any(w <= labels[t.key] for w in words.values()))


def load_plan(path: Path, data_day: str) -> Plan:
    """Read a plan and check every name in it.

    Parameters
    ----------
    path : Path
        A TOML file.
    data_day : str
        Day of the newest snapshot; documents look at it unless ``as_of`` names a day or ``today``.

    Raises
    ------
    UsageError
        No such file, or an unknown name in it.
    ReferenceFileError
        The file breaks a rule; the message has file, line and rule.
    """
    if not path.is_file():
        raise UsageError(
            f"{path} is no file: write a plan there; `marketintel refresh --example` prints one"
        )
    tables = raw_toml(path)
    if not tables.problems:
        hold(tables, _File, tables.raw, None)
    held = sound(tables).items["file"]
    as_of = {"data": data_day, "today": ""}.get(held.refresh.as_of, held.refresh.as_of)
    tasks = {}
    for name, series in held.series.items():
        try:
            for task in _tasks(series, day(as_of)):
                tasks[task.key] = task
        except (UsageError, TypeError) as error:
            raise UsageError(
                f"{path}:{tables.line('series', name)}: [series.{name}]: {error}"
            ) from error
    return Plan(held.refresh, held.fetch, tuple(tasks.values()))


def _tasks(series: Series, as_of: str) -> Iterator[Task]:
    commands = {document_class(name).command: name for name in NAMES}
    taken: set[str] = set()
    for asked in series.documents:
        name = commands.get(asked, asked)
        if name not in NAMES:
            raise UsageError(unknown(asked, [*NAMES, *commands], "document"))
        axes = _axes(series, name)
        taken |= {axis for axis, *_ in axes}
        fields = {f.name: f for f in dataclasses.fields(document_class(name).Parameters)}
        if wrong := set(series.parameters) - set(fields):
            raise UsageError(f"{name}: {unknown(min(wrong), fields, 'parameter')}")
        days = {"as_of": as_of} if "as_of" in fields else {}
        for values in itertools.product(*(choices for *_, choices in axes)):
            given = days | series.parameters
            given |= {field: v for (_, field, _), v in zip(axes, values, strict=True)}
            document_class(name).Parameters(**given)  # checks the values
            yield Task(
                name, dict(sorted(given.items(), key=lambda item: list(fields).index(item[0])))
            )
    for axis in AXES:
        if getattr(series, axis) and axis not in taken:
            raise UsageError(f"none of {', '.join(series.documents)} has {axis}: remove the line")


def _axes(series: Series, name: str) -> list[tuple[str, str, list[Any]]]:
    """Return axis, parameter and choices of a document."""
    fields = {f.name: f for f in dataclasses.fields(document_class(name).Parameters)}
    found: list[tuple[str, str, list[Any]]] = []
    for axis, names in AXES.items():
        field = next((n for n in names if n in fields), None)
        if field is None or not (given := getattr(series, axis)):
            continue
        checked = [_checked(axis, text) for text in given]
        if axis == "segments":
            found.append((axis, field, checked))
        else:
            found.append((axis, field, [checked] if fields[field].metadata["many"] else checked))
    return found


def _checked(axis: str, text: str) -> Any:
    """Return a name as documents use it; the segments of one document are separated by commas."""
    if axis == "countries":
        return country(text)
    if axis == "segments":
        from marketintel.reference.segments import load_segments

        known = load_segments()
        return [] if text == "all" else [known.resolve(part.strip()) for part in text.split(",")]
    if axis == "regions":
        from marketintel.reference.nuts import nuts2

        codes = [code for code in nuts2() if len(code) == 4]
        if text.isupper() and len(text) == 4 and text not in codes:
            near = difflib.get_close_matches(text, codes, n=3)
            raise UsageError(f"region {text!r} is not known: did you mean {' or '.join(near)}?")
    return text
