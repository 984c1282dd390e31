"""Phrases for the basis of a series: its publisher, its label and its trade."""

from marketintel.documents import prose as w
from marketintel.reference.scopes import BROAD, NEIGHBOUR
from marketintel.reference.sources import load_sources
from marketintel.warehouse.basis import RECONCILED, REPORTED, US_EXPORTS, Basis

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


_LABELS = {
    REPORTED: "imports as the country reports them",
    RECONCILED: "imports, reports of both sides reconciled",
    US_EXPORTS: "US exports, a mirror",
}
_GOODS = {BROAD: ", mixed codes", NEIGHBOUR: ", neighbours of photonics"}


def publisher(basis: Basis) -> str:
    """Return who publishes it and how it is valued: ``UN Comtrade, c.i.f.``."""
    name = _SHORT.get(basis.source) or load_sources()[basis.source].producer
    return f"{name}, {_VALUED.get(basis.valuation, basis.valuation)}"


def label(basis: Basis) -> str:
    """Return the name of a basis, for tables and headings."""
    return f"{_LABELS[basis.kind]} ({publisher(basis)}{_GOODS.get(basis.scope, '')})"


def trade_of(basis: Basis, place: str) -> str:
    """Return the trade of a country: ``imports of Japan``, ``US exports to Japan``."""
    return trade_of_all(basis, w.the(place))


def trade_of_all(basis: Basis, places: str) -> str:
    """Return the trade of countries named in a listing."""
    return f"US exports to {places}" if basis.kind == US_EXPORTS else f"imports of {places}"
