"""Horizon of yearly forecasts that several documents print."""

#: Years ahead of yearly forecasts, and rolling origins at which they are tested.
HORIZON, ORIGINS = 5, 5
