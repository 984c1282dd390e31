"""Segment outlook: forecasts of trade with target countries, their errors, and scenarios."""
