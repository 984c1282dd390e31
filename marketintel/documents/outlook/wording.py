"""Phrases for the basis of a series: its publisher, its label and its trade."""

from marketintel.documents import prose as w
from marketintel.reference.scopes import BROAD, NEIGHBOUR
from marketintel.sources.catalogue import sources
from marketintel.warehouse.basis import RECONCILED, REPORTED, US_EXPORTS, Basis

_VALUED = {
    "CIF": "c.i.f.",
    "FOB": "f.o.b.",
    "FAS": "f.a.s.",
    "customs_value": "customs value",
}


_LABELS = {
    REPORTED: "imports as the country reports them",
    RECONCILED: "imports, reports of both sides reconciled",
    US_EXPORTS: "US exports, a mirror",
}
_GOODS = {BROAD: ", mixed codes", NEIGHBOUR: ", neighbours of photonics"}


def publisher(basis: Basis) -> str:
    """Return publisher and valuation: ``UN Comtrade, c.i.f.``."""
    return f"{sources()[basis.source].publisher}, {_VALUED.get(basis.valuation, basis.valuation)}"


def label(basis: Basis) -> str:
    """Return the name of a basis, for tables and headings."""
    return f"{_LABELS[basis.kind]} ({publisher(basis)}{_GOODS.get(basis.scope, '')})"


def trade_of(basis: Basis, place: str) -> str:
    """Return the trade of a country: ``imports of Japan``, ``US exports to Japan``."""
    return trade_of_all(basis, w.the(place))


def trade_of_all(basis: Basis, places: str) -> str:
    """Return the trade of countries named in a listing."""
    return f"US exports to {places}" if basis.kind == US_EXPORTS else f"imports of {places}"
