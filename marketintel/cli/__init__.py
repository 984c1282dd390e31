"""Command line."""

from marketintel.cli.app import main

__all__ = ["main"]
