"""Format of figures: one function from a value and its kind to a short text.

Values arrive unrounded in base units (whole dollars, per cent from 0 to 100); only the print is
scaled. A figure that is not zero is never printed as plain zero: "< 0.1", or "+0.0" with its sign.
"""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from marketintel.documents.engine.language import number

MISSING = "–"
# Digits enough for the largest float.
_HALF_UP = Context(prec=400, rounding=ROUND_HALF_UP)
# Growth from next to nothing: the exact multiple would only look like information.
_BEYOND_PCT = 1000


@dataclass(frozen=True)
class Kind:
    """Format of one kind of figure.

    Attributes
    ----------
    unit : str
        Printed small under the column's header.
    scale : float
        Divides the value before printing.
    decimals : int
        Fixed number of decimals.
    signed : bool
        A plus sign above zero: for changes.
    grouped : bool
        A comma between thousands.
    text : bool
        Not a number: printed as it is, set flush left.
    """

    unit: str = ""
    scale: float = 1
    decimals: int = 0
    signed: bool = False
    grouped: bool = True
    text: bool = False


KINDS = {
    "usd": Kind("USD"),
    "usd_k": Kind("USD thousand", scale=1e3, decimals=0),
    "usd_k_signed": Kind("USD thousand", scale=1e3, decimals=0, signed=True),
    "usd_m": Kind("USD million", scale=1e6, decimals=1),
    "usd_m_signed": Kind("USD million", scale=1e6, decimals=1, signed=True),
    "usd_bn": Kind("USD billion", scale=1e9, decimals=2),
    "usd_bn_signed": Kind("USD billion", scale=1e9, decimals=2, signed=True),
    "pct": Kind("%", decimals=1),
    "pct_signed": Kind("%", decimals=1, signed=True),
    "points": Kind("points", decimals=1, signed=True),
    "int": Kind(),
    "ratio2": Kind(decimals=2),
    "ratio3": Kind(decimals=3),
    "year": Kind(grouped=False),
    "share_bar": Kind("%", decimals=1),
    "text": Kind(text=True),
}


def is_missing(value: Any) -> bool:
    """None, NaN, NaT or ``pandas.NA``."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and math.isnan(value)


def fixed(value: float, decimals: int, spec: str = ",") -> str:
    """Return a figure with fixed decimals, halves away from zero: 5.675 is 5.68.

    The figure is read as it is written; as a binary number 5.675 lies below its half.

    Parameters
    ----------
    value : float
        A finite number.
    decimals : int
        Digits after the point.
    spec : str
        Options of Python's format specification that stand before the precision.

    Examples
    --------
    >>> fixed(5.675, 2), fixed(-0.25, 1), fixed(1234.5, 0), fixed(0.05, 1, "+")
    ('5.68', '-0.3', '1,235', '+0.1')
    """
    # Fifteen digits are what a float holds for sure; more are traces of the arithmetic before.
    written = Decimal(f"{float(value):.15g}")
    step = Decimal(1).scaleb(-decimals)
    return f"{written.quantize(step, context=_HALF_UP):{spec}.{decimals}f}"


def show(value: Any, kind: str) -> str:
    """Print one value; an en dash if it is missing.

    Parameters
    ----------
    value : object
        Number or text in base units: ``show(1_045_527_158, "usd_m")`` is ``"1,045.5"``.
    kind : str
        A key of :data:`KINDS`.

    Raises
    ------
    ValueError
        For an unknown kind, or for a number kind whose value is not a finite number.
    """
    rule = KINDS.get(kind)
    if rule is None:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    if is_missing(value):
        return MISSING
    if rule.text:
        return str(value)
    if kind == "year":
        return str(value)
    if isinstance(value, str) or not math.isfinite(value):
        raise ValueError(f"{value!r} cannot be printed as {kind}: not a finite number")
    scaled = float(value) / rule.scale
    smallest = 10.0**-rule.decimals
    if 0 < abs(scaled) < smallest / 2 and not rule.signed:
        sign = "−" if scaled < 0 else ""
        return f"{'>' if scaled < 0 else '<'} {sign}{number(f'{smallest:.{rule.decimals}f}')}"
    if kind == "pct_signed" and scaled > _BEYOND_PCT:
        return f"> {number(f'{_BEYOND_PCT:,}')}"
    comma = "," if rule.grouped else ""
    printed = number(fixed(abs(scaled), rule.decimals, comma))
    if scaled < 0:
        return f"−{printed}"
    return f"+{printed}" if rule.signed and scaled > 0 else printed


def escape(text: object) -> str:
    """Make a name from data safe inside markdown: it shows as the text it is.

    Every ASCII punctuation mark gets a backslash, line ends become spaces.
    """
    marks = r"""\`*_{}[]()<>#+-.!|~^$"'&%/:;=?@,"""
    return "".join(f"\\{char}" if char in marks else char for char in " ".join(str(text).split()))


def escape_line(text: object) -> str:
    """Make a line of our own safe inside markdown as :func:`escape` does; commands stay commands.

    What stands between two backticks is code, in which markdown obeys nothing.
    """
    parts = re.split(r"(`[^`]+`)", " ".join(str(text).split()))
    return "".join(part if at % 2 else _kept_blanks(part) for at, part in enumerate(parts))


def _kept_blanks(part: str) -> str:
    lead, trail = (" " if part[:1] == " " else ""), (" " if part[1:] and part[-1] == " " else "")
    return f"{lead}{escape(part)}{trail}"
