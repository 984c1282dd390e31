"""World exports of headings that may speak for segments: the forecasts that documents share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast import drivers, present
from marketintel.documents.yearly_forecasts import (
    HORIZON,
    ORIGINS,
    TESTED,
    Forecasts,
    compute,
)
from marketintel.errors import MissingDataError
from marketintel.reference.headings import Heading, Headings, load_headings
from marketintel.warehouse.context import macro, world_series

DRIVER = "gdp_current_usd"
"""Indicator that drives the regression: the world's GDP."""

_TYPES = {"unique_id": "str", "ds": "datetime64[s]", "y": "float64"}


@dataclass(frozen=True)
class WorldHeadings:
    """Forecasts of world exports by heading.

    Attributes
    ----------
    speaking : dict of str to list of str
        Heading to the segments asked that it may speak for; those whose last break leaves too few
        years are in it only where the regression on drivers forecasts them.
    made : Forecasts
    lost : dict of str to str
        Heading to why the regression does not forecast it in spite of its breaks.
    missing : str
        Why there are no series; else empty.
    vintage : str
        Of the series; empty without any.
    """

    speaking: dict[str, list[str]]
    made: Forecasts
    lost: dict[str, str]
    missing: str
    vintage: str

    def headings_of(self, segment: str) -> list[str]:
        """Return the headings that speak for a segment."""
        return [h for h, segments in self.speaking.items() if segment in segments]

    def verdict(self, heading: Heading, segment: str) -> str:
        """Return that a heading may speak for a segment, or why not, as a sentence."""
        lost = self.lost.get(heading.heading)
        return heading.verdict(segment) + (
            f"; {lost}" if lost and heading.is_bridged(segment) else ""
        )


def world_headings(
    segments: Iterable[str],
    month: str,
    levels: Sequence[int] = TESTED,
    *,
    headings: Headings | None = None,
    data_dir: Path | None = None,
) -> WorldHeadings:
    """Forecast the headings that may speak for segments.

    Parameters
    ----------
    segments : iterable of str
    month : str
        The edition's: forecasts are of years after it.
    levels : sequence of int
        Levels of the forecasts.
    headings : Headings, optional
        ``headings.toml`` of the package if not given.
    data_dir : Path, optional
    """
    known = headings or load_headings()
    speaking: dict[str, list[str]] = {}
    for segment in segments:
        for heading in known.candidates(segment):
            if heading.speaks_for(segment) or heading.is_bridged(segment):
                speaking.setdefault(heading.heading, []).append(segment)
    whole, missing, vintage = series(speaking, data_dir)
    since = whole["unique_id"].map({h: known[h].usable_from for h in speaking}).astype(float)
    cut = whole[whole["ds"].dt.year >= since].reset_index(drop=True)
    bridged = {h for h, of in speaking.items() if not known[h].speaks_for(of[0])}
    made = compute(cut[~cut["unique_id"].isin(bridged)], month, levels)
    made, lost = _driven(made, whole, known, bridged, levels, data_dir)
    kept = {h: of for h, of in sorted(speaking.items()) if h not in bridged or h not in lost}
    return WorldHeadings(kept, made, lost, missing, vintage)


def series(headings: Iterable[str], data_dir: Path | None = None) -> tuple[pd.DataFrame, str, str]:
    """Return whole series of headings, why one is missing, and the vintage.

    Returns
    -------
    tuple of DataFrame, str and str
        ``unique_id, ds, y`` (US dollars, ends of years), without the headings that have no series.
    """
    parts, reason, vintage = [], "no heading may speak for these segments", ""
    for heading in sorted(headings):
        try:
            rows = world_series(heading, data_dir=data_dir)
        except MissingDataError as error:
            reason = str(error)
            continue
        vintage = str(rows["vintage"].iloc[0])
        ends = pd.to_datetime(rows["period"] + "-12-31").astype("datetime64[s]")
        parts.append(pd.DataFrame({"unique_id": heading, "ds": ends, "y": rows["value_usd"]}))
    if not parts:
        return pd.DataFrame(columns=list(_TYPES)).astype(_TYPES), reason, vintage
    return pd.concat(parts, ignore_index=True), "", vintage


def _driven(
    made: Forecasts,
    whole: pd.DataFrame,
    known: Headings,
    bridged: set[str],
    levels: Sequence[int],
    data_dir: Path | None,
) -> tuple[Forecasts, dict[str, str]]:
    """Add the regression on drivers where it may be shown, and say where it is not."""
    unbroken = {h for h in set(made.forecasts["unique_id"]) if not known[h].breaks}
    rows = whole[whole["unique_id"].isin(unbroken | bridged)]
    if rows.empty:
        return made, {}
    try:
        gdp = macro(DRIVER, data_dir=data_dir)
    except MissingDataError:
        return made, dict.fromkeys(bridged, "world GDP is not in the data")
    year = rows["ds"].dt.year
    driver = drivers.driver_of(gdp, int(year.min()), int(year.max()))
    breaks = pd.DataFrame(
        [(h, pd.Timestamp(int(b), 12, 31)) for h in unbroken | bridged for b in known[h].breaks],
        columns=["unique_id", "ds"],
    )
    errors = _errors(rows, breaks, driver, bridged)
    both = pd.concat([made.errors, errors], ignore_index=True)
    best = {h for h, model in fc.chosen(both).items() if model == drivers.NAME}
    ahead = _ahead(rows, breaks, driver, made.month, levels)
    best &= set(ahead["unique_id"])
    lost = {h: _reason(errors, h) for h in sorted(bridged - best)}
    shown = both[~both["unique_id"].isin(lost)]
    results = {h: ahead.attrs["results"][h] for h in sorted(best)}
    return replace(
        made,
        panel=pd.concat([made.panel, rows[rows["unique_id"].isin(best & bridged)]]),
        forecasts=_with(made.forecasts, ahead[ahead["unique_id"].isin(best)]),
        errors=shown.reset_index(drop=True),
        fitted=pd.concat([made.fitted, drivers.fitted_models(results)], ignore_index=True)
        if results
        else made.fitted,
    ), lost


def _with(forecasts: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([forecasts, rows], ignore_index=True) if len(rows) else forecasts
    both.attrs = forecasts.attrs
    return both


def _errors(
    rows: pd.DataFrame, breaks: pd.DataFrame, driver: pd.Series, bridged: set[str]
) -> pd.DataFrame:
    """Score the regression, and naive on the same targets of series that others can't forecast."""
    tested = drivers.forecast(rows, breaks, driver, HORIZON, TESTED, origins=ORIGINS)
    keys = ["unique_id", "ds", "cutoff", "level"]
    of_bridged = rows[rows["unique_id"].isin(bridged)]
    naive = fc.backtest(of_bridged, HORIZON, ORIGINS, TESTED, ["naive"])
    same = naive.merge(tested[keys], on=keys)
    together = pd.concat([part for part in (tested, same) if len(part)], ignore_index=True)
    return fc.accuracy(together, rows, by=("model", "unique_id"))


def _ahead(
    rows: pd.DataFrame,
    breaks: pd.DataFrame,
    driver: pd.Series,
    month: str,
    levels: Sequence[int],
) -> pd.DataFrame:
    """Forecast the years after an edition's month from the last origin."""
    where = present.standing(rows, HORIZON, month, "A")
    where = where[where["reason"] == ""]
    parts = [
        drivers.forecast(rows[rows["unique_id"].isin(of)], breaks, driver, int(str(years)), levels)
        for years, of in where.groupby("horizon")["unique_id"]
    ]
    if not parts:
        return drivers.forecast(rows.iloc[:0], breaks, driver, HORIZON, levels)
    made = pd.concat([part.copy() for part in parts if len(part)], ignore_index=True)
    made = made[present.is_ahead(made["ds"], month)].reset_index(drop=True)
    made.attrs = {"results": {k: v for part in parts for k, v in part.attrs["results"].items()}}
    return made


def _reason(errors: pd.DataFrame, heading: str) -> str:
    """Return why a regression with steps at the breaks does not forecast a heading."""
    rows = errors[(errors["unique_id"] == heading) & (errors["level"] == TESTED[0])]
    mase = rows.set_index("model")[["mase", "forecasts"]]
    if drivers.NAME not in mase.index or mase["mase"].isna().any():
        return "a regression with steps at its breaks has too few years"
    own, tests = mase.loc[drivers.NAME]
    naive = float(mase["mase"]["naive"])
    return (
        f"a regression with steps at its breaks is not shown: mean scaled error {own:.2f} over "
        f"{tests:.0f} targets, the last value's {naive:.2f}"
    )
