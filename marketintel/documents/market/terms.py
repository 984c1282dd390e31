"""Names of goods, rows and figures in the sentences of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marketintel.analysis.trade.frames import CORE, NEIGHBOUR
from marketintel.documents import prose as w
from marketintel.warehouse.basis import EU_EXPORTS, RECONCILED, REPORTED
from marketintel.warehouse.imports import Imports


@dataclass(frozen=True)
class Terms:
    """Words of one study.

    Attributes
    ----------
    goods : str
        "photonic goods", or the segments studied by mixed codes or as neighbours.
    codes : str
        "core codes", "mixed codes" or "own codes" (of neighbours): scope of unmarked figures.
    imports, imported : str
        "core imports", "these imports" or "imports"; "imported … of photonic goods for consumption".
    unit : str
        Kind of a row: "segment" or "product" (a single code).
    every : str
        Name of the row of all together.
    """

    goods: str
    codes: str
    imports: str
    imported: str
    unit: str
    every: str

    def rows(self, number: int) -> str:
        """Return a number of rows: ``3 segments``."""
        return w.count(number, self.unit)

    def of_rows(self, text: str) -> str:
        """Return a sentence about segments with the rows' kind instead."""
        if self.unit == "segment":
            return text
        return text.replace("segment", self.unit).replace("Segment", self.unit.capitalize())


def terms(basis: Imports, names: Sequence[str], codes: int, scope: str, known: int) -> Terms:
    """Return the words of a study.

    Parameters
    ----------
    names : sequence of str
        Of the segments that have figures.
    codes : int
        Number of codes studied.
    scope : str
        Scope of every sum.
    known : int
        Largest number of segments in such a sum.
    """
    consumption = basis.sources == ["us_census_imports"]
    every = "All segments" if len(names) == known else f"Sum of {w.count(len(names), 'segment')}"
    use = " for consumption" if consumption else ""
    if scope == NEIGHBOUR:
        near = w.listing([w.clause(name) for name in names])
        goods = (
            f"goods of {near}, {'a neighbour' if len(names) == 1 else 'neighbours'} of photonics"
        )
        return Terms(goods, "own codes", "these imports", goods + use, "segment", every)
    if scope == CORE:
        what = f"photonic goods{use}"
        return Terms("photonic goods", "core codes", "core imports", what, "segment", every)
    goods = w.listing([w.clause(name) for name in names]) if len(names) < 4 else "photonic goods"
    mixed = f"goods in {w.count(codes, 'mixed code')} of {goods}"
    return Terms(goods, "mixed codes", "these imports", mixed, "product", "All products")


def basis_line(basis: Imports) -> str:
    """Return the basis of the figures for a source line; empty for a market's own."""
    valued = "/".join(
        v.lower() if v == "customs_value" else ".".join(v.lower()) + "." for v in basis.valuations
    )
    if basis.kind == REPORTED:
        return ""
    if basis.kind == RECONCILED:
        return f"Reconciled flows, {valued}, not the market's own imports."
    if basis.kind == EU_EXPORTS:
        return f"Exports of {len(basis.partners)} members of the EU (Comext), {valued}: no competitors."
    return f"Mirror of {len(basis.partners)} partners' exports, {valued}, a lower bound."
