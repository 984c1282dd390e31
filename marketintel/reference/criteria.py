"""Declared choices of a screening: indicators, filters, and when a market is robust."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Indicator:
    """One column of the score: ``weight`` within its ``side``; ``better`` is high or low."""

    id: str
    label: str
    side: str
    weight: float
    better: str = "high"
    logarithm: bool = False


@dataclass(frozen=True)
class Filter:
    """A market stays if the column is at least ``minimum`` and at most ``maximum``."""

    id: str
    label: str
    column: str
    reason: str
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Rule:
    """When a market is robust.

    Attributes
    ----------
    first : int
        A method votes for the markets that it ranks so high.
    range_factor : float
        The upper end of the rank range may be at most so many times `first`.
    min_known_weight_pct : float
        A market about whose indicators less is known has insufficient data.
    """

    first: int = 10
    range_factor: float = 2.0
    min_known_weight_pct: float = 60.0

    @property
    def text(self) -> str:
        """The rule in words, for the page."""
        return (
            f"robust: among the first {self.first} by every method, and not below rank "
            f"{self.first * self.range_factor:.0f} in the range of its score; "
            f"contested: among the first {self.first} by at least one method, but not robust; "
            "insufficient data: a method cannot rank it, or less than "
            f"{self.min_known_weight_pct:.0f} % of the score's weight is known"
        )
