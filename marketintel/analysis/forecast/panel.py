"""From a long panel to equal-shaped arrays, one refusal at a time.

A panel is a long frame ``unique_id, ds, y``: one series per ``unique_id``, ``ds`` the *last day*
of the period the value belongs to (31 December for a year, 31 March for a fiscal year that ends
in March, the month's last day for a month). Values are money or another quantity that cannot be
negative.

Every series is looked at alone. What cannot be forecast honestly is *refused* with a reason; what
can be repaired is repaired and *noted*; the rest of the panel goes on either way. Inside the
engine time is an integer, the month ordinal ``12 * year + month - 1`` of the period's last month,
so a year, a quarter and a month differ only in their step (12, 3, 1).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from marketintel.errors import UsageError

log = logging.getLogger(__name__)

MIN_POINTS = 8
"""Fewest observations a series needs: below this no rolling origin leaves anything to fit on."""

STEP_MONTHS = {"A": 12, "Q": 3, "M": 1}
SEASON_LENGTH = {"A": 1, "Q": 4, "M": 12}

MAX_GAP_SHARE = 0.2
"""Interior missing periods above this share of the series are refused, below it interpolated."""

SPIKE_RATIO = 100.0
"""A single value this many times its neighbours (or this small a part) is a slip of the unit."""

REFUSED_COLUMNS = ["unique_id", "reason"]


@dataclass(frozen=True)
class Batch:
    """Series of one frequency as left-aligned arrays.

    Attributes
    ----------
    ids : (n,) object
    y : (n, T) float
        Observation ``t`` of series ``i`` in ``y[i, t]``; zeros from ``length[i]`` on.
    length : (n,) int
    last : (n,) int
        Month ordinal of the last observation, the *cutoff*.
    freq : {"A", "Q", "M"}
    season : int
        Periods in a season, 1 if there is none.
    """

    ids: np.ndarray
    y: np.ndarray
    length: np.ndarray
    last: np.ndarray
    freq: str
    season: int

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def valid(self) -> np.ndarray:
        """(n, T) bool: where an observation stands."""
        return np.arange(self.y.shape[1])[None, :] < self.length[:, None]

    def with_y(self, y: np.ndarray) -> Batch:
        """Give the same series with other values (a transformation), padding kept at zero."""
        return replace(self, y=np.where(self.valid, y, 0.0))

    def take(self, rows: np.ndarray) -> Batch:
        """Give the chosen rows, padding trimmed to the longest of them."""
        longest = int(self.length[rows].max(initial=1))
        return replace(
            self,
            ids=self.ids[rows],
            y=self.y[rows, :longest],
            length=self.length[rows],
            last=self.last[rows],
        )

    def cut_last(self, points: np.ndarray | int) -> Batch:
        """Move each cutoff ``points`` periods back: what was known at an earlier origin."""
        points = np.broadcast_to(points, self.length.shape)
        cut = replace(
            self,
            length=self.length - points,
            last=self.last - points * STEP_MONTHS[self.freq],
        )
        return cut.with_y(self.y)


@dataclass(frozen=True)
class Screened:
    """Result of :func:`screen`: batches to forecast, refusals, repairs.

    Attributes
    ----------
    batches : list of Batch
        One per frequency and season length present.
    refused : DataFrame
        ``unique_id, reason``; a reason says what is wrong and what would help.
    notes : DataFrame
        ``unique_id, note``; repairs made before forecasting.
    """

    batches: list[Batch]
    refused: pd.DataFrame
    notes: pd.DataFrame


class _Refused(Exception):
    """One series cannot be forecast; the message is the reason shown to readers."""


@dataclass
class _Cleaner:
    """The rules one series passes through, in order; collects the notes of what it repaired."""

    freq: str | None
    nonnegative: bool
    min_points: int
    notes: list[str] = field(default_factory=list)

    def clean(self, ds: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, int, str]:
        """Give values without gaps, the month ordinal of the last one, and the frequency."""
        months, y = self._dated(ds, y)
        freq = self.freq or _infer_freq(months)
        positions = self._positions(months, STEP_MONTHS[freq])
        y, positions = self._trimmed(y, positions)
        values = self._regular(y, positions)
        values = self._without_spikes(values)
        if len(values) < self.min_points:
            raise _Refused(f"{len(values)} points, at least {self.min_points} are needed")
        last = int(months[0]) + int(positions[-1]) * STEP_MONTHS[freq]
        return values, last, freq

    def _dated(self, ds: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if np.isnat(ds).any():
            raise _Refused("a row has no date")
        if np.isinf(y).any():
            raise _Refused("an infinite value")
        known = ~np.isnan(y)
        if not known.any():
            raise _Refused("no value at all")
        if self.nonnegative and (y[known] < 0).any():
            raise _Refused("a negative value; pass nonnegative=False if that is meant")
        months = ds.astype("datetime64[M]")
        if (ds.astype("datetime64[D]") != _month_end(months)).any():
            raise _Refused("ds must be the last day of the period")
        order = np.argsort(months, kind="stable")
        months, y = months[order].astype(int) + 1970 * 12, y[order]
        if (np.diff(months) == 0).any():
            raise _Refused("two values for one period")
        return months, y

    def _positions(self, months: np.ndarray, step: int) -> np.ndarray:
        offsets = months - months[0]
        if (offsets % step).any():
            raise _Refused("dates do not follow one frequency (year, quarter or month ends)")
        positions: np.ndarray = offsets // step
        return positions

    def _trimmed(self, y: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        known = ~np.isnan(y)
        if not known[-1]:
            self.notes.append("missing values at the end dropped: the cutoff is the last known one")
        y, positions = y[known], positions[known]
        nonzero = np.flatnonzero(y)
        if nonzero.size == 0:
            raise _Refused("zero in every period")
        if nonzero[0] > 0:
            self.notes.append(f"{nonzero[0]} leading zeros dropped: trade had not begun")
        return y[nonzero[0] :], positions[nonzero[0] :]

    def _regular(self, y: np.ndarray, positions: np.ndarray) -> np.ndarray:
        grid = np.arange(positions[0], positions[-1] + 1)
        gaps = len(grid) - len(positions)
        if gaps > MAX_GAP_SHARE * len(grid):
            raise _Refused(f"{gaps} of {len(grid)} periods are missing")
        if gaps:
            self.notes.append(f"{gaps} missing periods interpolated")
        filled: np.ndarray = np.interp(grid, positions, y)
        return filled

    def _without_spikes(self, y: np.ndarray) -> np.ndarray:
        """Interpolate lone values 100 times off: not demand but a slip of the unit."""
        if len(y) < 5 or (y <= 0).any():
            return y
        level = np.log(y)
        padded = np.pad(level, 2, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 5)
        off = np.abs(level - np.median(windows, axis=1)) > np.log(SPIKE_RATIO)
        if not off.any():
            return y
        if off[-1]:
            raise _Refused(f"the last value is over {SPIKE_RATIO:.0f} times off the level before")
        self.notes.append(f"{int(off.sum())} values over {SPIKE_RATIO:.0f} times off interpolated")
        at = np.arange(len(y))
        repaired: np.ndarray = np.interp(at, at[~off], y[~off])
        return repaired


def screen(
    panel: pd.DataFrame,
    *,
    freq: str | None = None,
    season_length: int | None = None,
    nonnegative: bool = True,
    min_points: int = MIN_POINTS,
) -> Screened:
    """Clean every series, refuse what cannot be forecast, and give arrays by frequency.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y``; rows in any order, other columns ignored. ``ds`` are period ends.
    freq : {"A", "Q", "M"}, optional
        Frequency of every series; inferred for each from its shortest step if not given.
    season_length : int, optional
        Periods in a season; 1, 4, 12 for annual, quarterly, monthly if not given.
    nonnegative : bool
        Whether a negative value is a mistake (money) or meant.
    min_points : int
        Series with fewer points are refused.

    Raises
    ------
    UsageError
        The frame itself is unusable: a column is missing, or ``ds``, ``y`` are of the wrong type.
    """
    _check_columns(panel, freq)
    batches: dict[str, list[tuple[object, np.ndarray, int]]] = {}
    refused: list[tuple[object, str]] = []
    notes: list[tuple[object, str]] = []
    for unique_id, ds, y in _series_of(panel):
        cleaner = _Cleaner(freq, nonnegative, min_points)
        try:
            values, last, found = cleaner.clean(ds, y)
        except _Refused as reason:
            refused.append((unique_id, str(reason)))
            continue
        batches.setdefault(found, []).append((unique_id, values, last))
        notes += [(unique_id, note) for note in cleaner.notes]
    if refused:
        log.info("%d series refused, first: %s: %s", len(refused), *refused[0])
    return Screened(
        [_stack(rows, key, season_length or SEASON_LENGTH[key]) for key, rows in batches.items()],
        pd.DataFrame(refused, columns=REFUSED_COLUMNS),
        pd.DataFrame(notes, columns=["unique_id", "note"]),
    )


def total(values: np.ndarray) -> np.ndarray:
    """Sum over the last axis from first to last: no bit depends on padding or on other rows."""
    summed: np.ndarray = np.cumsum(values, axis=-1)[..., -1]
    return summed


def period_ends(month_ordinals: np.ndarray) -> np.ndarray:
    """Last days of the months with these ordinals, as ``datetime64[s]`` of any shape."""
    months = (np.asarray(month_ordinals) - 1970 * 12).astype("datetime64[M]")
    return _month_end(months).astype("datetime64[s]")


def _check_columns(panel: pd.DataFrame, freq: str | None) -> None:
    missing = {"unique_id", "ds", "y"} - set(panel.columns)
    if missing:
        raise UsageError(f"panel lacks {sorted(missing)}; it needs unique_id, ds, y")
    if not pd.api.types.is_datetime64_any_dtype(panel["ds"]):
        raise UsageError("panel column ds must hold timestamps (period ends)")
    if not pd.api.types.is_numeric_dtype(panel["y"]):
        raise UsageError("panel column y must be numeric")
    if freq is not None and freq not in STEP_MONTHS:
        raise UsageError(f"freq {freq!r} is not one of {', '.join(STEP_MONTHS)}")


def _series_of(panel: pd.DataFrame) -> Iterator[tuple[object, np.ndarray, np.ndarray]]:
    """Series in order of first appearance; plain arrays, because groupby is slow on many groups."""
    codes, ids = pd.factorize(panel["unique_id"])
    ds = panel["ds"].to_numpy("datetime64[s]")
    y = panel["y"].to_numpy(float, na_value=np.nan)
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]  # a row without an id has code -1
    bounds = np.searchsorted(codes[order], np.arange(len(ids) + 1))
    for i, unique_id in enumerate(ids):
        rows = order[bounds[i] : bounds[i + 1]]
        yield unique_id, ds[rows], y[rows]


def _infer_freq(months: np.ndarray) -> str:
    """Give the coarsest frequency whose step divides the shortest distance between dates."""
    if len(months) < 2:
        raise _Refused("one point, at least two are needed to see the frequency")
    shortest = int(np.diff(months).min())
    return next(freq for freq, step in STEP_MONTHS.items() if shortest % step == 0)


def _month_end(months: np.ndarray) -> np.ndarray:
    return (months + 1).astype("datetime64[D]") - 1


def _stack(rows: list[tuple[object, np.ndarray, int]], freq: str, season: int) -> Batch:
    ids = np.empty(len(rows), dtype=object)
    ids[:] = [unique_id for unique_id, _, _ in rows]
    length = np.array([len(values) for _, values, _ in rows])
    y = np.zeros((len(rows), int(length.max())))
    for i, (_, values, _) in enumerate(rows):
        y[i, : len(values)] = values
    return Batch(ids, y, length, np.array([last for _, _, last in rows]), freq, season)
