"""The sources a plan can choose from, by name."""

from marketintel.sources.connector import Book, Connector
from marketintel.sources.connectors_context import CONTEXT
from marketintel.sources.connectors_named import NAMED
from marketintel.sources.connectors_regions import REGIONS
from marketintel.sources.connectors_trade import TRADE

__all__ = ["ALIASES", "CONNECTORS", "Book", "Connector"]

CONNECTORS = {connector.source: connector for connector in (*TRADE, *CONTEXT, *REGIONS, *NAMED)}

#: Names that stand for several sources.
ALIASES = {"eurostat": ("eurostat_sbs", "eurostat_regional")}
