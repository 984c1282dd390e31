"""Commands of the documents, made from the declarations of their parameters."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import MISSING
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from marketintel.cli.options import (
    DataOption,
    EditionOption,
    OutOption,
    QuietOption,
    file_there,
    names,
    say,
)
from marketintel.documents.document import Document, document_class, write

_SHARED = {
    "out": (OutOption, Path("reports")),
    "edition": (EditionOption, None),
    "quiet": (QuietOption, False),
    "data": (DataOption, None),
}


def command(name: str, instead: Callable[..., bool] | None = None) -> Callable[..., None]:
    """Return the command that writes a document.

    Parameters
    ----------
    name : str
        Of the document.
    instead : callable, optional
        Called first, with the document's values and the data directory; further keyword-only
        arguments of it, annotated as options, are added to the command. If it returns True, no
        document is written.
    """
    document = document_class(name)
    more = [p for p in inspect.signature(instead, eval_str=True).parameters.values()
            if p.kind is p.KEYWORD_ONLY] if instead else []  # fmt: skip

    def run(**given: Any) -> None:
        values = _values(document, given)
        if instead and instead(values, given["data"], **{p.name: given[p.name] for p in more}):
            return
        done = write(
            name,
            reports_dir=given["out"],
            edition=given["edition"],
            data_dir=given["data"],
            progress=not given["quiet"],
            **values,
        )
        say(done, *(f for f in document.more_files))

    shared = [
        inspect.Parameter(
            key, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
        )
        for key, (annotation, default) in _SHARED.items()
    ]
    vars(run)["__signature__"] = inspect.Signature([*_options(document), *more, *shared])
    run.__doc__ = document.help
    run.__name__ = document.command
    return run


def check_form(
    values: dict[str, Any],
    data: Path | None,
    *,
    check: Annotated[
        Path | None,
        typer.Option(
            help="Only check a members file or a survey; write nothing.",
            parser=file_there,
            metavar="FILE",
        ),
    ] = None,
) -> bool:
    """Print the mistakes of a members file or survey, if one is given."""
    from marketintel.reference.partnership import check_form as checked

    if check is None:
        return False
    if problems := checked(check).problems:
        for problem in problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(5)
    typer.echo(f"{check}: no mistake found")
    return True


def _options(document: type[Document]) -> list[inspect.Parameter]:
    """Return the options and arguments of a document's parameters."""
    hints = get_type_hints(document.Parameters)
    made = []
    for field in dataclasses.fields(document.Parameters):
        about = field.metadata
        if about["internal"]:
            continue
        kind: Any = list[str] | None if about["many"] else hints[field.name]
        extra: dict[str, Any] = {"help": about["help"]}
        if about["file"]:
            kind, extra = str | None, {**extra, "parser": _path, "metavar": "FILE"}
        default = None if about["many"] or about["file"] else field.default
        if default == "" and not about["argument"]:
            kind, default = kind | None, None
        made.append(
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=typing_annotated(
                    kind,
                    (typer.Argument if about["argument"] else typer.Option),
                    about["flags"],
                    extra,
                ),
                default=inspect.Parameter.empty if default is MISSING else default,
            )
        )
    return made


def typing_annotated(kind: Any, form: Any, flags: tuple[str, ...], extra: dict[str, Any]) -> Any:
    """Return a type annotated as option or argument."""
    return Annotated[kind, form(*flags, **extra)]


def _path(text: str) -> str:
    return str(file_there(text))


def _values(document: type[Document], given: dict[str, Any]) -> dict[str, Any]:
    """Return the document's parameters that were given; lists split at commas."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(document.Parameters):
        if (value := given.get(field.name)) is not None:
            values[field.name] = names(value) if field.metadata["many"] else value
    return values
