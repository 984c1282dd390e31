"""Formats that several providers answer in."""
