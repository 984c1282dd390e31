"""Complementarity of clusters."""
