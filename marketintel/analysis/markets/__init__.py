"""Ranking of markets: potential, gravity, screening."""
