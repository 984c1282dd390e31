"""Needs survey."""
