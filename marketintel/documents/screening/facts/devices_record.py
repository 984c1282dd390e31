"""Record and first markets of devices: rankings of 2019 against 2024, and heading by heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from marketintel.analysis.markets import agreement, bilateral
from marketintel.analysis.markets import ranking_backtest as backtest
from marketintel.analysis.markets import screening as scoring
from marketintel.analysis.markets.candidates import Inputs, opinions
from marketintel.errors import MissingDataError
from marketintel.reference.headings import load_headings

#: Years of the record: ranked with data up to the second, compared with the third.
RECORD = (2017, 2019, 2024)
#: Outcomes of the record.
OUTCOMES = ("imports_usd", "imports_pct", "sales_usd")


def compared_of(codes: Sequence[str], first: int, year: int) -> tuple[list[str], int]:
    """Return the headings of which growth is taken, and the year since which they compare."""
    every = load_headings()
    since = {code: every[code].compared_from(first, year) for code in codes}
    start = min(since.values())
    return [code for code, since_year in since.items() if since_year == start], start


def first_markets(devices: Any, inputs: Inputs) -> pd.DataFrame:
    """Return the first three markets of every heading; see ``Devices.by_heading``."""
    rows = devices.sales_by_heading[devices.sales_by_heading["period"] == str(devices.year)]
    parts = []
    every = replace(inputs, basket=devices.trade[devices.trade["cmd_code"].isin(devices.codes)])
    cells = devices.scored(every).potential.cells(devices.exporter)
    gravity = devices.gravity_known.predicted
    gravity = gravity[gravity["exporter"].isin(devices.members)]
    gap = gravity["predicted_usd"] - gravity["actual_usd"]
    for code in devices.headings:
        _, since = compared_of([code], devices.first, devices.year)
        of_heading = bilateral.demand(devices.totals, [code], since, devices.year)
        figures = devices.now.indicators.drop(columns=of_heading.columns).join(of_heading)
        figures = figures[figures["demand_usd"] > 0]
        index = scoring.indices(figures, devices.settings.indicators)
        own = gravity["period"] == code
        values = pd.DataFrame(
            {
                "potential": cells[cells["cmd_code"] == code].set_index("market")["unrealised_usd"],
                "gravity": gap[own].groupby(gravity.loc[own, "market"]).sum(min_count=1),
                "score": scoring.scores(index, devices.settings.indicators, devices.settings.sides)[
                    "score"
                ],
            }
        ).reindex([m for m in devices.funnel.stayed if m in figures.index])
        order = agreement.ranks(values).sort_values(
            ["n_methods", "mean_rank"], ascending=[False, True], kind="stable"
        )
        sold = rows[rows["cmd_code"] == code].set_index("market")
        table = order.head(3).join(sold[["known_usd", "most_usd", "known_pct"]])
        table["imports_usd"] = figures["demand_usd"]
        table["unrealised_usd"] = values["potential"]
        table = table.rename_axis("market").reset_index()
        parts.append(table.assign(cmd_code=code, place=range(1, len(table) + 1)))
    return pd.concat(parts, ignore_index=True)


def record_of(devices: Any) -> pd.DataFrame:
    """Return rankings of 2019 against what came by 2024; see ``Devices.record``."""
    first, base, last = RECORD
    codes = devices.record_codes
    if not codes:
        raise MissingDataError(
            f"no record: the goods of {', '.join(devices.codes)} changed between {first} and {last}, "
            "and a level before does not compare with one after"
        )
    past = devices.at(base, codes)
    s = devices.settings
    rankings = opinions(past.now, s.indicators, s.sides)
    stayed = set(past.funnel.stayed)
    rankings = rankings[rankings["market"].isin(stayed)]
    parts = []
    for outcome, happened in _outcomes(past, devices).items():
        known = happened[happened["market"].isin(stayed)]
        of_known = rankings[rankings["market"].isin(set(known["market"]))]
        if len(known):
            parts.append(backtest.record(of_known, known, s.first).assign(outcome=outcome))
    return pd.concat(parts, ignore_index=True)


def _outcomes(past: Any, now: Any) -> dict[str, pd.DataFrame]:
    """Return what came by outcome: ``period, horizon, market, change_usd``."""
    _, base, last = RECORD
    rows = past.totals[past.totals["cmd_code"].isin(past.codes)]
    bought = rows.pivot_table(
        index="reporter", columns="period", values="imports_usd", aggfunc="sum"
    )
    before, after = bought[str(base)], bought[str(last)]
    later = now if now.year == last else now.at(last, past.codes)
    then, there = (_sales(one, past.codes) for one in (past, later))
    both = then["known_usd"][then["sure"] & there["sure"].reindex(then.index, fill_value=False)]
    changes = (
        after - before,
        100 * (after / before.where(before > 0) - 1),
        there["known_usd"].reindex(both.index) - both,
    )
    return {
        outcome: change.dropna().rename("change_usd").rename_axis("market").reset_index()
        .assign(period=str(base), horizon=last - base)
        for outcome, change in zip(OUTCOMES, changes, strict=True)
    }  # fmt: skip


def _sales(devices: Any, codes: Sequence[str]) -> pd.DataFrame:
    """Return known sales by market in headings, and whether they are known well enough."""
    rows = devices.sales_by_heading[devices.sales_by_heading["cmd_code"].isin(list(codes))]
    sums = rows.groupby("market")[["known_usd", "most_usd"]].sum()
    enough = devices.rule.min_known_sales_pct / 100 * sums["most_usd"]
    known: pd.DataFrame = sums.assign(sure=(sums["known_usd"] > 0) & (sums["known_usd"] >= enough))
    return known
