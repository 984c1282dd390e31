"""Editions: plan, refresh, comparison and schedule of a series of documents."""
