"""Roadmap."""
