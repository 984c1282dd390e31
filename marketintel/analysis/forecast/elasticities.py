"""Elasticities of trade to duties and to income, estimated over panels, with standard errors.

Each of one specification fixed here before it was used, none of them the last word. What each
cannot know is part of the estimate (``weaknesses``), because scenarios print it beside every
number; which one is the default is a rule (:mod:`marketintel.analysis.forecast.choice`):

* **duty**, from one importer's imports by partner and code in two years: PPML of customs value on
  ``ln(1 + duty rate)`` with pair effects, and either code-year *and* partner-year effects
  (``duty``), or code-year effects alone (``duty_across_partners``).
* **income of the world**, from world exports of headings: least squares of growth on the growth of
  world GDP with an effect for each heading (``gdp_world``), clustered by year.
* **income of a destination**, from exports to several: PPML with destination-segment and
  segment-year effects (``gdp_destination``), clustered by destination where there are enough of
  them, else by destination-segment.
* **exchange rate of a destination** (``exchange_rate``): the same with the dollars that its
  currency buys beside its GDP, where such rates are in the data.
* **duty, from duties that rose code by code**: :mod:`marketintel.analysis.forecast.duty_response`.

PPML as in :mod:`marketintel.analysis.markets.gravity` (Santos Silva & Tenreyro 2006). All values are
nominal US dollars.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from marketintel.analysis.markets.gravity import gravity
from marketintel.analysis.trade.frames import require
from marketintel.errors import MissingDataError

Z_95 = 1.96

FEWEST_CURRENCIES = 3
"""Destinations with a currency's rate that an elasticity to it needs."""

FEWEST_CLUSTERS = 20
"""Destinations from which on errors are clustered by them."""


@dataclass(frozen=True)
class Elasticity:
    """One estimate: percent change of trade for one percent of the driver.

    Attributes
    ----------
    key, driver : str
        Name of the estimate; ``duty``, ``gdp`` or ``exchange_rate``.
    value, std_error : float
    n_obs, n_clusters : int
    clusters : str
        What the errors are clustered by.
    method, sample, source : str
        Estimator and effects; which trade and years; whose figures.
    weaknesses : str
        What the estimate cannot know.
    label : str
        How tables call it; the key if empty.
    placebo, trend : tuple of float, optional
        Value and standard error of what should be zero (see
        :func:`marketintel.analysis.forecast.duty_response.robustness`), where it was tested.
    """

    key: str
    driver: str
    value: float
    std_error: float
    n_obs: int
    n_clusters: int
    clusters: str
    method: str
    sample: str
    source: str
    weaknesses: str
    label: str = ""
    placebo: tuple[float, float] | None = None
    trend: tuple[float, float] | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval."""
        return self.value - Z_95 * self.std_error, self.value + Z_95 * self.std_error

    @property
    def is_significant(self) -> bool:
        """True if the interval lies on one side of zero."""
        low, high = self.interval
        return low > 0 or high < 0


def duty(flows: pd.DataFrame, sample: str, source: str) -> list[Elasticity]:
    """Elasticity of imports to ``1 + duty rate``, with and without partner-year effects.

    Parameters
    ----------
    flows : DataFrame
        ``partner, cmd_code, period, value_usd, duties_usd`` of one importer; the last two years
        of it are taken. Only partner-code pairs with imports and known duties in both count:
        without imports there is no rate.
    sample, source : str
        For the estimate's description.

    Returns
    -------
    list of Elasticity
        ``duty``, then ``duty_across_partners``; clustered by partner, who a duty is set for.

    Raises
    ------
    MissingDataError
        Fewer than two years, or no pair with duties in both.
    """
    require(flows, ["partner", "cmd_code", "period", "value_usd", "duties_usd"], "flows")
    known = flows[(flows["value_usd"] > 0) & flows["duties_usd"].notna()]
    rows = pd.DataFrame(
        {
            "exporter": known["partner"],
            "market": known["cmd_code"],
            "period": known["period"],
            "value_usd": known["value_usd"],
            "ln_duty": np.log1p(known["duties_usd"] / known["value_usd"]),
        }
    )
    years = sorted(rows["period"].unique())[-2:]
    rows = rows[rows["period"].isin(years)]
    both = rows.groupby(["exporter", "market"])["period"].transform("nunique") == len(years)
    rows = rows[both]
    if len(years) < 2 or rows.empty:
        raise MissingDataError("a duty elasticity needs the same imports with duties in two years")
    common = (
        f"Only {' and '.join(years)}: one change. Imports were brought forward before duties rose, "
        "and calculated duties are averages over a year in which measures changed, weighted by "
        "what was imported: the rate itself depends on imports. "
    )
    return [
        _estimate(
            rows,
            "ln_duty",
            ("exporter", "market", "pair"),
            "exporter",
            key="duty",
            driver="duty",
            clusters="partners",
            method="PPML, effects of partner-code, partner-year and code-year",
            sample=sample,
            source=source,
            label=f"Duty, US {_span(years)}",
            weaknesses=common
            + "Partner-year effects take out what a country's duty does to all its "
            "goods alike; what is left are differences among its codes, mostly exemptions.",
        ),
        _estimate(
            rows,
            "ln_duty",
            ("market", "pair"),
            "exporter",
            key="duty_across_partners",
            driver="duty",
            clusters="partners",
            method="PPML, effects of partner-code and code-year",
            sample=sample,
            source=source,
            label=f"Duty, US {_span(years)}, across partners",
            weaknesses=common
            + "Whatever else moved a partner's exports in that year, its exchange "
            "rate among it, is counted as an effect of its duty.",
        ),
    ]


def gdp_world(growth: pd.DataFrame, sample: str, source: str) -> Elasticity:
    """Elasticity of world exports to world GDP, from yearly growth.

    Parameters
    ----------
    growth : DataFrame
        ``unique_id, ds, ln_y_change, ln_gdp_change``, no change that crosses a break.
    """
    import statsmodels.formula.api as smf

    rows = growth.dropna(subset=["ln_y_change", "ln_gdp_change"])
    years = rows["ds"].dt.year.to_numpy()
    if len(np.unique(years)) < 10:
        raise MissingDataError("an income elasticity over time needs at least ten years of growth")
    fitted = smf.ols("ln_y_change ~ ln_gdp_change + C(unique_id)", rows).fit(
        cov_type="cluster", cov_kwds={"groups": years}
    )
    return Elasticity(
        "gdp_world",
        "gdp",
        float(fitted.params["ln_gdp_change"]),
        float(fitted.bse["ln_gdp_change"]),
        len(rows),
        len(np.unique(years)),
        "years",
        "least squares on yearly changes of logarithms, an effect for each heading",
        sample,
        source,
        "World demand for headings, not one country's for a segment. Both sides are in nominal "
        "dollars, so a rise of the dollar lowers both. Growth of the same year only.",
        "GDP, world",
    )


def gdp_destination(rows: pd.DataFrame, sample: str, source: str) -> Elasticity:
    """Elasticity of exports to the destination's GDP.

    Parameters
    ----------
    rows : DataFrame
        ``segment, partner, period, value_usd, gdp_usd``; a cell without exports has value 0.
    """
    require(rows, ["segment", "partner", "period", "value_usd", "gdp_usd"], "rows")
    table = pd.DataFrame(
        {
            "exporter": rows["segment"],
            "market": rows["partner"],
            "period": rows["period"],
            "value_usd": rows["value_usd"],
            "ln_gdp": np.log(rows["gdp_usd"]),
        }
    )
    cluster, clusters, few = _clusters(table["market"].nunique(), "GDP varies")
    irish = " Ireland's GDP moves with assets of multinational firms."
    irish = irish if "IRL" in set(table["market"]) else ""
    return _estimate(
        table,
        "ln_gdp",
        ("exporter", "pair"),
        cluster,
        key="gdp_destination",
        driver="gdp",
        clusters=clusters,
        method="PPML, effects of destination-segment and segment-year",
        sample=sample,
        source=source,
        label="GDP, destinations",
        weaknesses=few
        + "Exports of one supplier: its share may change with the destination's income."
        + irish,
    )


def exchange_rate(rows: pd.DataFrame, sample: str, source: str) -> Elasticity:
    """Elasticity of exports to the dollars that a unit of the destination's currency buys.

    Parameters
    ----------
    rows : DataFrame
        As for :func:`gdp_destination`, with ``usd_per_local``; rows without a rate do not count.

    Raises
    ------
    MissingDataError
        Fewer than :data:`FEWEST_CURRENCIES` destinations have rates.
    """
    require(rows, ["segment", "partner", "period", "value_usd", "gdp_usd", "usd_per_local"], "rows")
    known = rows.dropna(subset=["usd_per_local", "gdp_usd"])
    places = known["partner"].nunique()
    if places < FEWEST_CURRENCIES:
        raise MissingDataError(
            f"rates of {places} of the destinations' currencies are in the data, at least "
            f"{FEWEST_CURRENCIES} are needed to tell a currency from its country"
        )
    table = pd.DataFrame(
        {
            "exporter": known["segment"],
            "market": known["partner"],
            "period": known["period"],
            "value_usd": known["value_usd"],
            "ln_rate": np.log(known["usd_per_local"]),
            "ln_gdp": np.log(known["gdp_usd"] / known["usd_per_local"]),  # in its own currency
        }
    )
    cluster, clusters, few = _clusters(places, "Rates vary")
    return _estimate(
        table,
        "ln_rate",
        ("exporter", "pair"),
        cluster,
        also=("ln_gdp",),
        key="exchange_rate",
        driver="exchange_rate",
        clusters=clusters,
        method="PPML beside GDP in local currency, effects of destination-segment and segment-year",
        sample=sample,
        source=source,
        label="Exchange rate, destinations",
        weaknesses=few + "Rates of the same year; invoices are often in dollars whatever the rate.",
    )


def table(found: list[Elasticity]) -> pd.DataFrame:
    """One row an estimate: its fields, and ``lo_95, hi_95``."""
    rows = [{**vars(e), "lo_95": e.interval[0], "hi_95": e.interval[1]} for e in found]
    return pd.DataFrame(rows)


def _span(years: list[str]) -> str:
    return f"{years[0]}–{years[-1][2:]}"


def _clusters(places: int, what: str) -> tuple[str, str, str]:
    """Return the cluster of errors, its name, and its weakness."""
    if places >= FEWEST_CLUSTERS:
        return "market", "destinations", ""
    small = f"{what} over {places} destinations only, so the standard error is too small. "
    return "pair", "destination-segments", small


def _estimate(
    rows: pd.DataFrame,
    term: str,
    effects: tuple[str, ...],
    cluster: str,
    also: tuple[str, ...] = (),
    **fields: Any,
) -> Elasticity:
    try:
        fitted = gravity(rows, [term, *also], effects=effects, cluster=cluster)
    except (ValueError, ArithmeticError) as error:
        raise MissingDataError(
            f"too little to estimate from in {fields['sample']}: {error}"
        ) from None
    row = fitted.coefficients.iloc[0]
    if not np.isfinite(row["estimate"]):
        raise MissingDataError(f"{term} does not vary beyond the effects in {fields['sample']}")
    return Elasticity(
        value=float(row["estimate"]),
        std_error=float(row["std_error"]),
        n_obs=fitted.n_obs,
        n_clusters=fitted.n_clusters,
        **fields,
    )
