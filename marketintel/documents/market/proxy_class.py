"""Forecast of an end-use class that stands for a group of segments where its goods are mostly theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast.outlook import LEVELS, summarise
from marketintel.analysis.trade import size
from marketintel.documents.yearly_forecasts import HORIZON, MODELS, ORIGINS, TESTED
from marketintel.reference.countries import EU, group_members
from marketintel.reference.segments import load_segments
from marketintel.warehouse import build, context_trade, reads, store

CLASS, MARKET = "21600", "USA"
"""The class, by its code, and the only market whose imports by class are shipped."""

TESTED_AHEAD = 2
"""Years ahead of the back-test: fewer than thirteen years allow none of five."""

COVERED = "2024"
"""Year of the tariff lines that the cover is computed from."""

WORLD = "WLD"


@dataclass(frozen=True)
class Proxy:
    """Forecast of the class and how much of it belongs to segments.

    Attributes
    ----------
    name : str
        The class's own name.
    cover : Series
        Core codes of each segment as per cent of the class.
    table : DataFrame
        ``partner`` (``WLD``, ``EU27``), ``level_year, level_usd, year, median_usd, lo_80, hi_80, lo_95,
        hi_95, growth_pct`` (a year), ``probability_growth_pct, probability_above_pct, shown`` (the
        model), ``mase`` of what is shown, ``mase_naive`` and ``targets`` of the back-test.
    fitted : DataFrame
        Results of statsmodels, as :func:`marketintel.analysis.forecast.fitted_models`.
    years : int
        Length of the series.
    """

    name: str
    cover: pd.Series
    table: pd.DataFrame
    fitted: pd.DataFrame
    years: int

    @property
    def speaks(self) -> bool:
        """True if the segments' core codes are most of the class: the rule of proxies."""
        return float(self.cover.sum()) >= 100 * size.MIN_COVER


def class_cover(data_dir: Path | None = None) -> pd.Series:
    """Return core codes of segments as per cent of the class, by segment."""
    lines = context_trade.line_imports(trade_system="general", data_dir=data_dir)
    concordance = context_trade.line_concordance(data_dir=data_dir)
    classes = context_trade.enduse_imports(CLASS, WORLD, data_dir)
    whole = classes.set_index(["end_use", "period"])
    found = size.bridge(
        lines[lines["period"] == COVERED], concordance,
        load_segments().frame("HS2022"), "end_use", whole["value_usd"],
    )  # fmt: skip
    return found[found["end_use"] == CLASS].set_index("segment")["of_class_pct"]


def proxy(market: str, threshold_pct: float, data_dir: Path | None = None) -> Proxy | None:
    """Return the forecast of the class in a market, five years after its last year; None elsewhere.

    Parameters
    ----------
    market : str
        ISO3.
    threshold_pct : float
        Growth over the horizon that ``probability_above_pct`` is of.
    """
    if market != MARKET:
        return None
    directory = data_dir or store.default_data_dir()
    made, read = _made(directory, build.ensure(directory), threshold_pct)
    reads.restore(read)
    return made


@lru_cache(maxsize=2)
def _made(data_dir: Path, stamp: build.Stamp, threshold_pct: float) -> tuple[Proxy, Any]:
    with reads.recorded() as read:
        rows = context_trade.enduse_imports(CLASS, data_dir=data_dir)
        cover = class_cover(data_dir)
    panel = _panel(rows)
    made = fc.forecast(panel, HORIZON, LEVELS, MODELS, freq="A", statsmodels=True)
    tested = fc.backtest(panel, TESTED_AHEAD, ORIGINS, TESTED, MODELS, freq="A")
    errors = fc.accuracy(tested, panel, by=("model", "unique_id"))
    drawn = fc.shown(made, errors)
    last = panel.sort_values("ds").groupby("unique_id")["y"].last()
    passed = {str(k): float(v) * (1 + threshold_pct / 100) for k, v in last.items()}
    ends = summarise(drawn, panel, passed).set_index("unique_id")
    scores = errors[errors["level"] == TESTED[0]].set_index(["unique_id", "model"])
    table = pd.DataFrame({
        "level_year": ends["cutoff"].dt.year, "level_usd": ends["level_now"],
        "year": ends["ds"].dt.year, "median_usd": ends["level_then"],
        **{c: ends[c] for c in ("lo_80", "hi_80", "lo_95", "hi_95")},
        "growth_pct": 100 * ((ends["level_then"] / ends["level_now"]) ** (1 / HORIZON) - 1),
        "probability_growth_pct": 100 * ends["probability_growth"],
        "probability_above_pct": 100 * ends["probability_above_threshold"],
        "shown": pd.Series(drawn.attrs["shown"]),
    })  # fmt: skip
    of_shown = pd.MultiIndex.from_frame(table["shown"].reset_index())
    table["mase"] = scores["mase"].reindex(of_shown).to_numpy()
    table["mase_naive"] = scores["mase"].xs("naive", level="model")
    table["targets"] = scores["forecasts"].xs("naive", level="model")
    table = table.loc[[WORLD, EU]].rename_axis("partner").reset_index()
    fitted = fc.fitted_models(panel, MODELS, freq="A")
    name = str(rows["end_use_name"].iloc[0])
    return Proxy(name, cover, table, fitted, panel["ds"].nunique()), read


def _panel(rows: pd.DataFrame) -> pd.DataFrame:
    """Return imports from the world and from today's members of the EU, as a panel."""
    wide = rows.pivot_table(index="period", columns="partner", values="value_usd")
    members = [m for m in group_members(EU) if m in wide]
    sums = {WORLD: wide[WORLD], EU: wide[members].sum(axis=1)}
    ends = pd.to_datetime(wide.index + "-12-31")
    return pd.concat([
        pd.DataFrame({"unique_id": one, "ds": ends, "y": values.to_numpy()})
        for one, values in sums.items()
    ], ignore_index=True)  # fmt: skip
