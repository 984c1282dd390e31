"""Parameters of documents, each declared once: for command line, notebook, record and folder."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from typing import Any

from marketintel.documents.engine.naming import day
from marketintel.reference.countries import country


def parameter(
    help: str,
    *flags: str,
    default: Any = MISSING,
    many: bool = False,
    argument: bool = False,
    file: bool = False,
    internal: bool = False,
    convert: Callable[[Any], Any] | None = None,
) -> Any:
    """Declare a parameter once, for command line, notebook, ``run.json`` and folder name.

    Parameters
    ----------
    help : str
        As the command line prints it.
    flags : str
        Names on the command line; default: the field's.
    default : object
        Required if left out; a list for `many`.
    many : bool
        A list of names: repeatable, or separated by commas.
    argument : bool
        Positional on the command line.
    file : bool
        A path, which must exist; kept relative to the current folder, where the notebook runs.
    internal : bool
        Not on the command line; changes no figure.
    convert : callable, optional
        Checks a value and returns it as facts use it.
    """
    about = {"help": help, "flags": flags, "many": many, "argument": argument, "file": file,
             "internal": internal, "convert": convert}  # fmt: skip
    if many:
        return dataclasses.field(
            default_factory=lambda: list(() if default is MISSING else default), metadata=about
        )
    return dataclasses.field(default=default, metadata=about)


@dataclass(frozen=True)
class Parameters:
    """Base of the parameters of a document."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if convert := field.metadata.get("convert"):
                object.__setattr__(self, field.name, convert(value))
            if field.metadata.get("file") and value:
                object.__setattr__(self, field.name, os.path.relpath(value))


def as_of_parameter() -> Any:
    """Return the parameter of a document that looks at a day."""
    return parameter("Day looked at, YYYY-MM-DD (default: today).", default="", convert=day)


def target_parameter(default: Any = MISSING) -> Any:
    """Return the parameter of a document about one target country."""
    about = "Target country: ISO3 code or name."
    return parameter(about, default=default, argument=True, convert=country)


def members_parameter() -> Any:
    """Return the parameter of a document that reads the members of clusters."""
    about = "Members file filled in by the clusters."
    return parameter(about, "--members", "-m", default="", file=True)


def one_page_parameter() -> Any:
    """Return the parameter of a document that has a form on one printed page."""
    about = "One printed page: three figures, a picture, the list, whom to call, sources."
    return parameter(about, "--one-page", default=False)
