"""Names of the folders in which editions are kept: one rule for all documents."""

import hashlib
import re
from collections.abc import Iterable
from datetime import date

from marketintel.errors import UsageError

#: Longer names of folders cannot be made everywhere.
LONGEST = 80
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check(*names: str) -> None:
    """Refuse what cannot be a folder's name.

    Raises
    ------
    UsageError
        Naming it.
    """
    for name in names:
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot be a folder name: letters, digits, . _ and - only")


def edition_month(days: Iterable[str], as_of: str = "") -> str:
    """Return the month of an edition: that of the latest day it rests on, never of the clock.

    The same inputs and parameters so make the same edition, whenever they are run.

    Parameters
    ----------
    days : iterable of str
        On which the snapshots read were retrieved.
    as_of : str
        The day that the document looks at, if it looks at one.
    """
    latest = max([*days, as_of])
    if not latest:
        raise UsageError("this document rests on nothing that has a date; name its edition")
    return latest[:7]


def day(text: str) -> str:
    """Return a day as ``YYYY-MM-DD``; today if none is given.

    Raises
    ------
    UsageError
        It is no day.
    """
    try:
        return date.fromisoformat(text).isoformat() if text else date.today().isoformat()
    except ValueError:
        raise UsageError(f"{text!r} is no day: write it as 2027-03-31") from None


def folder_name(*parts: object) -> str:
    """Return the folder of a study: all that changes a figure, in at most :data:`LONGEST` letters.

    Where letters do not fit or have no place in a folder's name, a digest of the whole stands
    for them, so that two questions never share a folder.
    """
    whole = "-".join(str(part) for part in parts if part not in (None, ""))
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", whole)
    if name == whole and len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{name[: LONGEST - len(digest) - 1].rstrip('-._')}-{digest}"
