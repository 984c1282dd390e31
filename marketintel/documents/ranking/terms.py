"""Exporter and scenario of duties, as the command line writes them."""

from __future__ import annotations

from collections.abc import Sequence

from marketintel.errors import UsageError
from marketintel.reference.countries import country, group_members

_SHARE = "give economies with shares of their supply above 0 and up to 1, such as FRA=0.1,SWE=0.05"
_POINTS = "give market and percentage points, such as USA:+5"


def exporter_of(text: str) -> tuple[str, dict[str, float], bool]:
    """Read an exporter: an economy, a group, or a consortium ``FRA=0.1,SWE=0.05``.

    Returns
    -------
    code : str
        ISO3, group, or the consortium in one spelling.
    shares : dict of str to float
        Member to share of its supply; 1 unless it is a consortium.
    is_consortium : bool
        Whether shares were given.

    Raises
    ------
    UsageError
        An economy is unknown or named twice, or a share is not above 0 and up to 1.
    """
    if "=" not in text:
        code = country(text)
        return code, dict.fromkeys(group_members(code), 1.0), False
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        try:
            share = float(number)
        except ValueError as error:
            raise UsageError(f"exporter {part.strip()!r}: {_SHARE}") from error
        code = country(name.strip())
        if group_members(code) != [code]:
            raise UsageError(f"exporter {part.strip()!r}: a group has no one share; {_SHARE}")
        if code in shares:
            raise UsageError(f"exporter {text!r} names {code} twice")
        if not 0 < share <= 1:
            raise UsageError(f"exporter {part.strip()!r}: {_SHARE}")
        shares[code] = share
    spelled = ",".join(f"{code}={share:g}" for code, share in sorted(shares.items()))
    return spelled, dict(sorted(shares.items())), True


def scenario_of(changes: Sequence[str], home: Sequence[str]) -> dict[str, float]:
    """Read changes of duty: ``["USA:+5", "CAN:-2"]`` to market and percentage points.

    Raises
    ------
    UsageError
        Not a market and a number, a market at home, or named twice.
    """
    points: dict[str, float] = {}
    for text in changes:
        name, colon, number = text.rpartition(":")
        try:
            change = float(number)
        except ValueError as error:
            raise UsageError(f"scenario {text!r}: {_POINTS}") from error
        if not colon or not -100 <= change <= 1000:
            raise UsageError(f"scenario {text!r}: {_POINTS}")
        for market in group_members(country(name.strip())):
            if market in points:
                raise UsageError(f"scenario names {market} twice")
            if market in home:
                raise UsageError(f"scenario {text!r}: {market} is at home, and no duty is paid")
            points[market] = change
    return points


def spelled(points: dict[str, float]) -> list[str]:
    """Return a scenario as it is written: the inverse of :func:`scenario_of`."""
    return [f"{market}:{change:+g}" for market, change in sorted(points.items())]
