"""Connectors, by provider."""
