"""Market figures that a cluster has of its own or has bought: a CSV file, never added to ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from marketintel.reference.fields import Country, Names, Number, SegmentId, Text, written
from marketintel.reference.files import REFERENCE_DIR, Sheet, sound
from marketintel.reference.model import Line, sheet_rows

if TYPE_CHECKING:
    import pandas as pd

Year = Annotated[str, written(r"(19|20)\d\d", "year", "is no year: write it as 2024")]


class OwnFigure(Line):
    """Row of a file of own figures.

    Attributes
    ----------
    segment, market : str
        Segment id, and ISO3 of the market.
    year, value, currency : str
        Value in whole units of the currency, not in millions.
    source, definition : str
        Who says so, and what it measures: sales, imports, production; which goods.
    confidential : {"yes", "no"}
        Said beside the figure. An edition that reads such a file is internal either way.
    """

    segment: SegmentId
    market: Country
    year: Year
    value: Number
    currency: Literal["USD", "EUR"]
    source: Text
    definition: Text
    confidential: Literal["yes", "no"]


def check_own_figures(path: Path, home: Path | None = None) -> Sheet:
    """Check a file of own figures: its columns, names, numbers, and that no row is there twice."""
    key = ("segment", "market", "year", "source", "definition")
    return sheet_rows(
        path, OwnFigure, Names(Path(home or REFERENCE_DIR)),
        unique=lambda cells: tuple(cells[c] for c in key),
    )  # fmt: skip


def load_own_figures(path: Path, home: Path | None = None) -> pd.DataFrame:
    """Return own figures, one row each: the columns of :class:`OwnFigure`; ``value`` a number.

    Raises
    ------
    ReferenceFileError
        A line breaks a rule; the message has file, line and rule.
    """
    import pandas as pd

    sheet = sound(check_own_figures(path, home))
    frame = pd.DataFrame([cells for _, cells in sheet.rows], columns=list(OwnFigure.model_fields))
    return frame.assign(value=pd.to_numeric(frame["value"]).astype("float64"))
