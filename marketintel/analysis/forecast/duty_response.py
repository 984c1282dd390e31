"""Response of exports to duties that rose code by code and month by month.

A country raises duties on some codes and not, or later, on others: trade of a code before and
after, against codes whose duty did not move in that month, gives an elasticity that rests on
statutory rates rather than on what was imported. The model for code ``k`` in month ``t`` is

    E[value_kt] = exp(β ln(1 + duty_kt) + a_{k, month of the year} + b_t)

estimated by Poisson pseudo maximum likelihood (Santos Silva & Tenreyro 2006): codes without trade
in a month count as zero, each code has its own season, and whatever moved all codes of a month is
out. Errors are clustered by code and by heading, because duties come in lists; the larger counts.

:func:`robustness` holds the estimate beside the questions that could undo it: the age of duties,
months of bringing forward, sectors with their own fate, few large codes, and above all codes that
were already going their own way before anybody taxed them (:func:`placebo`, ``trend``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from marketintel.analysis.markets.gravity import gravity
from marketintel.analysis.trade.frames import require

EFFECTS = ("pair", "market")
"""Of :func:`~marketintel.analysis.markets.gravity.gravity`, for codes × months of the year × years:
``pair`` is a code's month of the year, ``market`` the month itself."""

NOTICE = 3
"""Months before a rise in which goods are brought forward."""

LARGEST = 10
"""Codes that are left out together."""


def monthly_rates(steps: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    """Duty of each code and month, weighted by the days that each rate held.

    Parameters
    ----------
    steps : DataFrame
        ``cmd_code, since`` (day from which the rate holds), ``rate_pct``. Before a code's first
        step its first rate holds.
    first, last : str
        Months, "YYYY-MM".

    Returns
    -------
    DataFrame
        Rows ``cmd_code``, columns months as "YYYY-MM": the rate, 0 to 1.
    """
    require(steps, ["cmd_code", "since", "rate_pct"], "steps")
    wide = steps.pivot_table(index="cmd_code", columns="since", values="rate_pct").ffill(axis=1)
    wide = wide.bfill(axis=1) / 100
    starts = pd.DatetimeIndex(pd.to_datetime(wide.columns))
    months = pd.period_range(first, last, freq="M")
    columns = {}
    for month in months:
        days = pd.date_range(month.start_time, periods=month.days_in_month)
        step = np.clip(starts.searchsorted(days, side="right") - 1, 0, None)
        columns[str(month)] = wide.to_numpy()[:, step].mean(axis=1)
    return pd.DataFrame(columns, index=wide.index)


def panel(
    flows: pd.DataFrame, rates: pd.DataFrame, first: str, last: str, moved: int = 0
) -> pd.DataFrame:
    """Every code and month of a span, as :func:`~marketintel.analysis.markets.gravity.gravity` takes them.

    Parameters
    ----------
    flows : DataFrame
        ``cmd_code, period`` ("YYYY-MM"), ``value_usd``; a month without a row had no trade.
    rates : DataFrame
        From :func:`monthly_rates`; codes without a rate are left out. Months outside it have the
        rate of its first or last month.
    first, last : str
        Span of trade.
    moved : int
        Months by which trade is set against the duties of a later time: 24 holds trade of 2016
        against duties of 2018.

    Returns
    -------
    DataFrame
        ``exporter`` (the code), ``market`` (month of the year), ``period`` (year), ``value_usd``,
        ``heading``, ``ln_duty``; ``ahead`` (rise within :data:`NOTICE` months), ``behind`` (rise
        within as many months before); ``new``, ``young``, ``old``: the part of ``ln_duty`` that is
        less than 6, 6 to 11, and 12 or more months old; ``trend``: the whole later rise times
        years passed.
    """
    require(flows, ["cmd_code", "period", "value_usd"], "flows")
    months = [str(month) for month in pd.period_range(first, last, freq="M")]
    held = flows[flows["period"].isin(months) & flows["cmd_code"].isin(rates.index)]
    wide = held.pivot_table(
        index="cmd_code", columns="period", values="value_usd", aggfunc="sum", fill_value=0
    ).reindex(columns=months, fill_value=0)
    duty = rates.loc[wide.index].map(np.log1p)
    n_codes, n_months = wide.shape
    place = {month: n for n, month in enumerate(duty.columns)}
    at = np.array([place[month] for month in _shifted(months, moved, duty)])

    def ago(k: int) -> np.ndarray:
        """``ln_duty`` `k` months before."""
        return duty.to_numpy()[:, np.clip(at - k, 0, duty.shape[1] - 1)].ravel()

    now = ago(0)
    whole = (duty.iloc[:, -1] - duty.iloc[:, 0]).to_numpy()
    return pd.DataFrame(
        {
            "exporter": np.repeat(wide.index.to_numpy(), n_months),
            "market": np.tile([m[5:] for m in months], n_codes),
            "period": np.tile([m[:4] for m in months], n_codes),
            "value_usd": wide.to_numpy(float).ravel(),
            "heading": np.repeat(wide.index.str[:4].to_numpy(), n_months),
            "ln_duty": now,
            "ahead": ago(-NOTICE) - now,
            "behind": now - ago(NOTICE),
            "new": now - ago(6),
            "young": ago(6) - ago(12),
            "old": ago(12),
            "trend": np.repeat(whole, n_months) * np.tile(np.arange(n_months) / 12, n_codes),
        }
    )


def estimate(
    rows: pd.DataFrame, terms: Sequence[str] = ("ln_duty",), method: str = "ppml"
) -> pd.DataFrame:
    """Fit one specification.

    Returns
    -------
    DataFrame
        A row a term: ``term, value, std_error`` (the larger of the two that follow),
        ``by_code, by_heading, n_obs, n_codes, n_headings``.
    """
    fits = {
        by: gravity(rows, list(terms), EFFECTS, method, cluster=by)  # type: ignore[arg-type]
        for by in ("exporter", "heading")
    }
    code, heading = (fits[by].coefficients for by in ("exporter", "heading"))
    return pd.DataFrame(
        {
            "term": code["term"],
            "value": code["estimate"],
            "std_error": np.maximum(code["std_error"], heading["std_error"]),
            "by_code": code["std_error"],
            "by_heading": heading["std_error"],
            "n_obs": fits["exporter"].n_obs,
            "n_codes": fits["exporter"].n_clusters,
            "n_headings": fits["heading"].n_clusters,
        }
    )


def robustness(flows: pd.DataFrame, rates: pd.DataFrame, *, by_chapter: bool) -> pd.DataFrame:
    """Estimate under other specifications and placebos.

    Trade and duties of 2017 to 2019; 2020 is in one line only, because exemptions from March 2020
    on are not in the rates. The first two lines that matter for a choice are ``placebo`` (trade of
    2015–2017 against duties of 2017–2019: nothing should be found) and ``trend`` (2015–2019; a term
    for codes that were drifting in proportion to duties yet to come).

    Parameters
    ----------
    flows, rates
        As for :func:`panel`, of the goods in question.
    by_chapter : bool
        Estimate also with effects of chapter and month (for few chapters: they take memory).

    Returns
    -------
    DataFrame
        Columns of :func:`estimate` after ``line``.
    """
    main = panel(flows, rates, "2017-01", "2019-12")
    calm, before = main["behind"].abs() < 1e-12, main["ahead"].abs() < 1e-12
    sizes = main.groupby("exporter")["value_usd"].sum()
    small = ~main["exporter"].isin(sizes.nlargest(LARGEST).index)
    longer = panel(flows, rates, "2015-01", "2019-12")
    lines: list[tuple[str, pd.DataFrame, tuple[str, ...], str]] = [
        ("main", main, ("ln_duty",), "ppml"),
        ("by age of the duty", main, ("new", "young", "old"), "ppml"),
        ("with rises to come", main, ("ln_duty", "ahead"), "ppml"),
        ("without 3 months before a rise", main[before], ("ln_duty",), "ppml"),
        ("without 3 months before and after", main[before & calm], ("ln_duty",), "ppml"),
        ("without 2018", main[main["period"] != "2018"], ("ln_duty",), "ppml"),
        (f"without the {LARGEST} largest codes", main[small], ("ln_duty",), "ppml"),
        ("least squares of logarithms", main, ("ln_duty",), "ols"),
        ("2017 to 2020", panel(flows, rates, "2017-01", "2020-12"), ("ln_duty",), "ppml"),
        ("placebo", panel(flows, rates, "2015-01", "2017-12", 24), ("ln_duty",), "ppml"),
        ("earlier placebo", panel(flows, rates, "2013-01", "2015-12", 48), ("ln_duty",), "ppml"),
        ("trend", longer, ("ln_duty", "trend"), "ppml"),
    ]
    if by_chapter:
        chapters = main.assign(market=main["exporter"].str[:2] + "-" + main["market"])
        lines.insert(1, ("with effects of chapter and month", chapters, ("ln_duty",), "ppml"))
    return pd.concat(
        [estimate(rows, terms, method).assign(line=line) for line, rows, terms, method in lines],
        ignore_index=True,
    )[["line", "term", "value", "std_error", "by_code", "by_heading",
       "n_obs", "n_codes", "n_headings"]]  # fmt: skip


def _shifted(months: Sequence[str], moved: int, duty: pd.DataFrame) -> list[str]:
    """Shift months of duties, kept within those that are known."""
    later = [str(pd.Period(month, freq="M") + moved) for month in months]
    return [min(max(month, duty.columns[0]), duty.columns[-1]) for month in later]
