"""The sources a plan can choose from, by name."""

from marketintel.sources.connector import Book, Connector
from marketintel.sources.connectors_context import CONTEXT
from marketintel.sources.connectors_trade import TRADE

__all__ = ["CONNECTORS", "Book", "Connector"]

CONNECTORS = {connector.source: connector for connector in (*TRADE, *CONTEXT)}
