"""Largest plausible figure by unit: one above it is a damaged answer, not trade.

Money: the world's GDP was about 1.14e14 US dollars in 2025 (IMF, World Economic Outlook, April
2025), and no flow of one product passes it, in euros or Canadian dollars either. Weight: about
1.07e14 kg of materials were extracted in 2024 (UNEP, Global Resources Outlook 2024). Distance:
half the equator is 20,038 km. The others are round numbers far above anything published.
"""

MONEY = 2e14
PERSONS = 2e10
PERCENT = 1e12
#: Of a column, by its name or how it ends.
LIMITS = {
    "_usd": MONEY, "_eur": MONEY, "_cad": MONEY, "net_weight_kg": 2e14, "quantity": 1e15,
    "rate_pct": 1e5, "_km": 20_100.0, "units_per_eur": 1e8, "value": 1e15,
}  # fmt: skip
#: Of ``value`` in a table of many units, by unit.
OF_UNIT = {"USD": MONEY, "persons": PERSONS, "%": PERCENT}


def limit_of(column: str) -> float | None:
    """Return the largest figure a column may hold; None where nothing is known of it."""
    return next((most for end, most in LIMITS.items() if column.endswith(end)), None)


def is_amount(column: str) -> bool:
    """Return whether a column's figures cannot be negative: all but plain values."""
    return limit_of(column) is not None and column != "value"
