"""What a series counts, said the same everywhere; two series add up only if theirs is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from marketintel.documents import prose as w
from marketintel.documents.yearly_forecasts import newer
from marketintel.reference.sources import load_sources

if TYPE_CHECKING:
    import pandas as pd

REPORTED, RECONCILED, MIRROR = "reported", "reconciled", "mirror"

_SHORT = {
    "us_census_imports": "US Census Bureau",
    "us_census_exports": "US Census Bureau",
    "statcan_cimt": "Statistics Canada",
    "comext": "Eurostat Comext",
    "comtrade": "UN Comtrade",
    "baci": "CEPII BACI",
}
_VALUED = {
    "CIF": "c.i.f.",
    "FOB": "f.o.b.",
    "FAS": "f.a.s.",
    "customs_value": "customs value",
}


@dataclass(frozen=True, order=True)
class Kind:
    """Flow, source, valuation and code scope of a series.

    Attributes
    ----------
    what : str
        ``reported`` (a country's own imports from everywhere), ``reconciled`` (BACI: what exporters
        and the importer said, made one) or ``mirror`` (exports of the United States to it).
    source, valuation : str
        As in the warehouse.
    mixed : bool
        Whether the series are broad codes, shown one by one because no core code has figures.
    neighbour : bool
        Whether the goods are those of a neighbour of photonics, which is in no sum of photonics.
    """

    what: str
    source: str
    valuation: str
    mixed: bool = False
    neighbour: bool = False

    @property
    def told_by(self) -> str:
        """Who publishes it and how it is valued: ``UN Comtrade, c.i.f.``."""
        publisher = _SHORT.get(self.source) or load_sources()[self.source].producer
        return f"{publisher}, {_VALUED.get(self.valuation, self.valuation)}"

    @property
    def label(self) -> str:
        """Name of the kind, for tables and headings."""
        what = {
            REPORTED: "imports as the country reports them",
            RECONCILED: "imports, reports of both sides reconciled",
            MIRROR: "US exports, a mirror",
        }[self.what]
        goods = ", mixed codes" if self.mixed else ""
        goods += ", neighbours of photonics" if self.neighbour else ""
        return f"{what} ({self.told_by}{goods})"

    def of(self, place: str) -> str:
        """Say the trade of a country: ``imports of Japan``, ``US exports to Japan``."""
        if self.what == MIRROR:
            return f"US exports to {w.the(place)}"
        return f"imports of {w.the(place)}"

    def all_of(self, places: str) -> str:
        """Say the trade of several countries named in a listing."""
        return f"US exports to {places}" if self.what == MIRROR else f"imports of {places}"

    def newer(self, iso3: str, since: int, month: str) -> str:
        """Return the command that brings figures after a year, up to an edition's month."""
        return newer(self.source, "USA" if self.what == MIRROR else iso3, since, month)

    def limits(self) -> str:
        """What a reader must know of it before any figure."""
        said = {
            REPORTED: "They are what a country itself says it bought from everywhere.",
            RECONCILED: (
                "What exporters and the importer reported is made one figure, without freight. The goods are "
                "counted in codes of one HS revision throughout, into which later years were converted."
            ),
            MIRROR: (
                "They mirror what these countries import *from the United States* only: not their imports from "
                "Europe or Asia, and not their markets. A supplier that loses to others shows falling exports in "
                "a growing market. Re-exports are included."
            ),
        }[self.what]
        if self.mixed:
            said += (
                " No core code of the segment has figures here: **mixed codes** stand one by one. They hold other "
                "goods as well, and no share of them is known to be photonic."
            )
        return said


def marked(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Rows with ``kind`` in a column of that name."""
    import pandas as pd

    return rows.assign(kind=pd.Series([kind] * len(rows), index=rows.index, dtype="object"))


def in_order(kinds: Iterable[Kind]) -> list[Kind]:
    """Each kind once, the best first: a country's own imports, BACI's, US exports; core before neighbours and mixed."""
    order = [REPORTED, RECONCILED, MIRROR]
    return sorted(
        set(kinds), key=lambda kind: (kind.mixed, kind.neighbour, order.index(kind.what), kind)
    )


def by_kind(rows: pd.DataFrame) -> Iterator[tuple[Kind, pd.DataFrame]]:
    """Split rows by their column ``kind``, in order."""
    for kind in in_order(rows["kind"]):
        yield kind, rows[rows["kind"] == kind]
