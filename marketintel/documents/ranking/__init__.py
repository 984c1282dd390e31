"""Ranking of the markets of an exporter, as several documents read it."""
