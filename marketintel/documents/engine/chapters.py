"""A chapter whose data are not here: its gap is printed in its place, the document is made."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from marketintel.documents.engine.blocks import Callout, Stack, escape
from marketintel.errors import MissingDataError, UsageError

P = ParamSpec("P")
B = TypeVar("B")

GAP = "This cannot be made from the data here"


def chapter(make: Callable[P, B]) -> Callable[P, B | Stack]:
    """Decorate what makes a chapter: missing data become a note with reason and way out.

    The question was checked before the document was begun, so that what a chapter then cannot ask
    for is a gap of the data. Every other error is one of the program or of a file, and is raised.
    """

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> B | Stack:
        try:
            return make(*args, **kwargs)
        except (MissingDataError, UsageError) as error:
            return Stack(Callout("note", f"**{GAP}.** {gap(error)}"))

    return made


def gap(error: Exception) -> str:
    """Return an error's line as an escaped sentence."""
    said = escape(" ".join(str(error).split()))
    return f"{said[:1].upper()}{said[1:].rstrip('.')}."
