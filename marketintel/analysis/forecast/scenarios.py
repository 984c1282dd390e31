"""Scenarios of a duty, an income or an exchange rate: assumption times elasticity.

A scenario multiplies a baseline by ``exp(elasticity * x)``:

* duty, ``d`` points more on top of a rate ``r``: ``x = ln((1 + r + d) / (1 + r))`` in every period
  from the scenario's year on;
* GDP growth, ``g`` points a year: ``x = n ln(1 + g)`` in the ``n``-th year;
* exchange rate, ``c`` percent: ``x = ln(1 + c)`` from the scenario's year on.

The interval is that of the elasticity alone, 95 %: ``exp((elasticity ± 1.96 standard errors) x)``.
It says how well the elasticity is known, not how well the future is; the baseline has an interval
of its own. Everything else is held equal: no other supplier steps in, nobody retaliates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from marketintel.analysis.forecast.elasticities import Elasticity
from marketintel.errors import UsageError

GRAMMAR = (
    "'US duty on EU lasers +5 points from 2026', 'GDP of IRL +1 point a year from 2026' or "
    "'currency of CHE -10 % from 2026'"
)

_NUMBER = r"(?P<change>[+\-−]?\d+(?:\.\d+)?)"
_DUTY = re.compile(
    rf"(?P<importer>.+?) duty on (?P<exporter>\S+) (?P<segment>.+?) {_NUMBER} points? "
    r"from (?P<year>\d{4})",
    re.IGNORECASE,
)
_GDP = re.compile(
    rf"gdp of (?P<importer>.+?) {_NUMBER} points?(?: a year)? from (?P<year>\d{{4}})",
    re.IGNORECASE,
)
_CURRENCY = re.compile(
    rf"currency of (?P<importer>.+?) {_NUMBER} ?(?:%|percent) from (?P<year>\d{{4}})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Scenario:
    """One assumption.

    Attributes
    ----------
    text : str
        As its author wrote it.
    driver : {"duty", "gdp", "exchange_rate"}
    change : float
        Points of duty, points of growth a year, or percent.
    year : int
        First year in which it holds.
    importer : str
        Whose duty, GDP or currency, as written.
    exporter, segment : str
        For a duty; empty otherwise. ``segment`` may be ``all``.
    """

    text: str
    driver: str
    change: float
    year: int
    importer: str
    exporter: str = ""
    segment: str = ""


def parse(text: str) -> Scenario:
    """Read a scenario from a sentence.

    Raises
    ------
    UsageError
        The sentence is none of the three kinds, or its change is zero.
    """
    said = " ".join(text.split())
    for driver, pattern in (("duty", _DUTY), ("gdp", _GDP), ("exchange_rate", _CURRENCY)):
        found = pattern.fullmatch(said)
        if not found:
            continue
        parts = found.groupdict()
        change = float(parts.pop("change").replace("−", "-"))
        if change == 0:
            raise UsageError(f"scenario {text!r} changes nothing; give a change other than 0")
        if driver != "duty" and change <= -100:
            raise UsageError(f"scenario {text!r}: a fall of 100 % or more leaves nothing")
        return Scenario(said, driver, change, int(parts.pop("year")), **parts)
    raise UsageError(f"scenario {text!r} cannot be read; write it like {GRAMMAR}")


def dose(scenario: Scenario, years: np.ndarray, rate: float = 0.0) -> np.ndarray:
    """Change of the driver in logarithms, for each year.

    Parameters
    ----------
    scenario : Scenario
    years : array of int
    rate : float
        The duty rate that a duty comes on top of, 0 to 1.
    """
    holds = years >= scenario.year
    share = scenario.change / 100
    if scenario.driver == "duty":
        if 1 + rate + share <= 0:
            raise UsageError(f"scenario {scenario.text!r}: a duty cannot fall below minus 100 %")
        return np.where(holds, np.log((1 + rate + share) / (1 + rate)), 0.0)
    if scenario.driver == "gdp":
        return np.where(holds, (years - scenario.year + 1) * np.log1p(share), 0.0)
    return np.where(holds, np.log1p(share), 0.0)


def apply(
    baseline: pd.DataFrame, scenario: Scenario, elasticity: Elasticity, rate: float = 0.0
) -> pd.DataFrame:
    """Put a scenario on a baseline.

    Parameters
    ----------
    baseline : DataFrame
        ``unique_id, ds, mean``.
    scenario, elasticity
        Of the same driver.
    rate : float
        As in :func:`dose`.

    Returns
    -------
    DataFrame
        ``unique_id, ds, baseline, scenario`` (value), ``lo_95, hi_95`` (from the elasticity's
        standard error), ``change_pct``, ``assumption, elasticity, std_error, estimate`` (which),
        ``source``.
    """
    if scenario.driver != elasticity.driver:
        raise UsageError(
            f"scenario {scenario.text!r} needs an elasticity to {scenario.driver}, "
            f"not to {elasticity.driver}"
        )
    x = dose(scenario, baseline["ds"].dt.year.to_numpy(), rate)
    value = baseline["mean"].to_numpy(float)
    ends = np.stack([value * np.exp(bound * x) for bound in elasticity.interval])
    middle = np.exp(elasticity.value * x)
    return pd.DataFrame(
        {
            "unique_id": baseline["unique_id"].to_numpy(),
            "ds": baseline["ds"].to_numpy(),
            "baseline": value,
            "scenario": value * middle,
            "lo_95": ends.min(axis=0),
            "hi_95": ends.max(axis=0),
            "change_pct": 100 * (middle - 1),
            "assumption": scenario.text,
            "elasticity": elasticity.value,
            "std_error": elasticity.std_error,
            "estimate": elasticity.key,
            "source": elasticity.source,
        }
    )
