"""Status, pace and projection of an indicator.

The projection takes what happens as a Poisson process with a constant unknown rate. With the
Jeffreys prior Gamma(1/2, 0) the rate's posterior after a count n in time t is Gamma(n + 1/2, t),
and the count K still to come in time r is negative binomial with size n + 1/2 and probability
t / (t + r) (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6-2.8). Where one line of the log
brings several at once (a fair with 30 enterprises), single units are not independent; the count
is then taken in bundles of phi = sum(x^2) / sum(x), the index of dispersion of a compound Poisson
process, which widens the interval. With lines of one unit each, phi is 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import nbinom

#: Probability that the projected interval covers the end, and the limits of the verdicts.
COVERAGE = 0.80
ON_COURSE = 0.80
BEHIND = 0.20

STATUS_COLUMNS = [
    "kpi",
    "measured",
    "lines",
    "last_date",
    "elapsed_pct",
    "attained_pct",
    "projected",
    "projected_lo",
    "projected_hi",
    "p_attain_pct",
    "status",
]
#: What each verdict means; printed beside the table.
STATUSES = {
    "attained": "the target is reached",
    "missed": "the deadline has passed and no measurement reached the target",
    "fell back": "the target was reached, and the last measurement is below it",
    "on course": f"the target is reached with a probability of at least {ON_COURSE:.0%}",
    "open": f"that probability is between {BEHIND:.0%} and {ON_COURSE:.0%}, or cannot be given",
    "behind": f"that probability is below {BEHIND:.0%}",
    "no measurement": "nothing has been measured; that is not zero",
    "no target": "measured, but without a target there is no pace",
    "not started": "the period has not begun",
}


def status(kpis: pd.DataFrame, lines: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Return status, pace and projection of every indicator on a day.

    Parameters
    ----------
    kpis : DataFrame
        kpi, measure ("events" or "level"), start and deadline (ISO dates), target (NaN where
        there is none), counts_countries_of (id of another indicator, or ""), places (ISO3 codes
        of the countries that count, empty for all).
    lines : DataFrame
        kpi, date (ISO), value, country (ISO3 or ""); corrections already applied.
    as_of : str
        ISO date; later lines are not looked at.

    Returns
    -------
    DataFrame
        One row an indicator, in the order of `kpis`: measured (NaN where nothing was), lines,
        last_date, elapsed_pct (of the period), attained_pct (of the target), projected with
        projected_lo and projected_hi (the central 80 % at the deadline), p_attain_pct, status.
    """
    known = lines[lines["date"] <= as_of]
    rows = [_status(kpi, known, as_of) for kpi in kpis.to_dict("records")]
    return pd.DataFrame(rows, columns=STATUS_COLUMNS)


def by_country(lines: pd.DataFrame, kpi: str, as_of: str) -> pd.DataFrame:
    """Return the sum of an indicator's lines by country: country (ISO3), value, lines.

    Lines without a country are left out; the caller says how many.
    """
    own = lines[(lines["kpi"] == kpi) & (lines["date"] <= as_of) & (lines["country"] != "")]
    table = own.groupby("country").agg(value=("value", "sum"), lines=("value", "size"))
    return table.sort_values(["value"], ascending=False, kind="stable").reset_index()


def projection(
    jumps: np.ndarray, elapsed_days: float, remaining_days: float, target: float | None = None
) -> dict[str, float]:
    """Return the expected total at the deadline.

    Parameters
    ----------
    jumps : array
        What each event added, all above zero; may be empty (nothing happened, and that is known).
    elapsed_days, remaining_days : float
        Above zero, and at least zero.
    target : float, optional
        For ``p_attain_pct``.

    Returns
    -------
    dict
        projected (mean), projected_lo, projected_hi, p_attain_pct (NaN without a target).
    """
    total = float(jumps.sum())
    bundle = float((jumps**2).sum() / total) if total > 0 else 1.0
    to_come = nbinom(total / bundle + 0.5, elapsed_days / (elapsed_days + remaining_days))
    tail = (1 - COVERAGE) / 2
    p_attain = math.nan
    if target is not None and not math.isnan(target):
        missing = math.ceil((target - total) / bundle - 1e-9)
        p_attain = 100 * float(to_come.sf(missing - 1))
    return {
        "projected": total + bundle * float(to_come.mean()),
        "projected_lo": total + bundle * float(to_come.ppf(tail)),
        "projected_hi": total + bundle * float(to_come.ppf(1 - tail)),
        "p_attain_pct": p_attain,
    }


def _status(kpi: Mapping[Any, Any], lines: pd.DataFrame, as_of: str) -> dict[str, Any]:
    start, deadline, now = (pd.Timestamp(d) for d in (kpi["start"], kpi["deadline"], as_of))
    length = (deadline - start).days
    elapsed = min(max((now - start).days, 0), length)
    of = kpi["counts_countries_of"]
    own = lines[lines["kpi"] == (of or kpi["kpi"])].sort_values("date", kind="stable")
    own = own[(own["date"] >= str(kpi["start"])) & (own["date"] <= str(kpi["deadline"]))]
    found: dict[str, Any] = {
        "kpi": kpi["kpi"],
        "measured": math.nan,
        "lines": len(own),
        "last_date": own["date"].iloc[-1] if len(own) else None,
        "elapsed_pct": 100 * elapsed / length,
        "attained_pct": math.nan,
        "projected": math.nan,
        "projected_lo": math.nan,
        "projected_hi": math.nan,
        "p_attain_pct": math.nan,
    }
    target = float(kpi["target"])
    if len(own):
        if of and len(kpi["places"]):
            own = own[own["country"].isin(kpi["places"])]
        found["measured"] = _measured(own, kpi["measure"], bool(of))
        found["attained_pct"] = 100 * found["measured"] / target
        jumps = None if of else _jumps(own, kpi["measure"])
        if jumps is not None and 0 < elapsed < length:
            found |= projection(jumps, elapsed, length - elapsed, target)
    found["status"] = _verdict(found, target, now < start, now >= deadline)
    if kpi["measure"] == "level" and found["measured"] < target <= own["value"].max():
        found["status"] = "fell back"
    return found


def _measured(own: pd.DataFrame, measure: str, countries: bool) -> float:
    if countries:
        return float(own.loc[(own["country"] != "") & (own["value"] > 0), "country"].nunique())
    return float(own["value"].iloc[-1] if measure == "level" else own["value"].sum())


def _jumps(own: pd.DataFrame, measure: str) -> np.ndarray | None:
    """Return the addition of each line; None where a level fell, which no count does."""
    values = own["value"].to_numpy(dtype=float)
    added = np.diff(values, prepend=0.0) if measure == "level" else values
    return None if (added < 0).any() else added[added > 0]


def _verdict(found: dict[str, Any], target: float, early: bool, over: bool) -> str:
    if math.isnan(found["measured"]):
        return "not started" if early else "no measurement"
    if math.isnan(target):
        return "no target"
    if found["measured"] >= target:
        return "attained"
    if over:
        return "missed"
    chance = found["p_attain_pct"]
    if math.isnan(chance) or 100 * BEHIND <= chance < 100 * ON_COURSE:
        return "open"
    return "on course" if chance >= 100 * ON_COURSE else "behind"
