"""Screening of markets: three methods, their agreement, their record and their limits."""
