"""Imports of target countries by segment, from the market study's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.forecast import present
from marketintel.analysis.trade.frames import CORE
from marketintel.documents.market import load as study_facts
from marketintel.documents.market.priorities import market_priorities
from marketintel.documents.market.priority_views import names_by_class
from marketintel.documents.market.study import Study
from marketintel.documents.world_headings import world_headings
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.countries import EU, country, country_name, group_members
from marketintel.reference.drivers import MarketNote, market_note
from marketintel.reference.headings import load_headings
from marketintel.reference.segments import load_segments

LEVEL = 80
"""Per cent of the intervals that a brief prints."""


@dataclass(frozen=True)
class Market:
    """One target country.

    Attributes
    ----------
    code, name : str
        ISO3 and name.
    reason : str
        Why there are no figures; "" where there are.
    year, base : str
        The year of the figures and the one they are compared with.
    segments : DataFrame
        ``segment, segment_name, division, value_usd, change_pct, share_pct, rank, duty_pct`` of
        segments that a division with photonics makes; core codes; share, rank and calculated duty
        are those of the region's country. Largest first.
    total : Series
        The same of all segments together.
    by_division : dict of str to float
        US dollars of the core codes that each division makes.
    without : dict of str to str
        What is said beside each headline figure that one segment moves by more than half: keys
        ``change``, ``share``.
    left_out : mapping
        The same as figures: segment and the headline without it, by ``imports`` and ``share``.
    pushed : mapping or None
        Names of segments by class, seen from the EU27; None where there is no such list.
    note : MarketNote or None
        What makes the year unusual.
    """

    code: str
    name: str
    reason: str = ""
    year: str = ""
    base: str = ""
    segments: pd.DataFrame = field(default_factory=pd.DataFrame)
    total: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    by_division: Mapping[str, float] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    note: MarketNote | None = None
    pushed: Mapping[str, list[str]] | None = None
    sources: Sequence[str] = ()

    @property
    def known(self) -> bool:
        """True if there are figures."""
        return not self.reason


def market(
    target: str,
    exporter: str,
    divisions: Mapping[str, Sequence[str]],
    data_dir: Path | None = None,
) -> Market:
    """Return one target country's demand for the divisions' goods.

    Parameters
    ----------
    target : str
        ISO3 or name.
    exporter : str
        ISO3 of the region's country.
    divisions : mapping of str to sequence of str
        Division to the segments that it makes, and codes of other divisions' segments.

    Raises
    ------
    UsageError
        The target is not known, is a group, or is the region's own country.
    """
    code = country(target)
    try:
        study: Study = study_facts.load(code, exporter, data_dir=data_dir)
    except MissingDataError as error:
        return Market(code, country_name(code), str(error), pushed=_pushed(code, None, data_dir))
    maker = {made: d for d, goods in divisions.items() for made in goods}
    place, total = (_core(t) for t in (study.position, study.position_total))
    table = _core(study.demand)[["segment", "value_usd", "change_pct"]].merge(
        place[["segment", "share_pct", "rank"]], on="segment"
    )
    table["duty_pct"] = float("nan")
    if study.has_duties:
        paid = study.duty[
            (study.duty["partner"] == exporter) & (study.duty["period"] == study.year)
        ]
        table["duty_pct"] = table["segment"].map(paid.set_index("segment")["effective_duty_pct"])
    table.insert(1, "segment_name", table["segment"].map(study.segment_names))
    table.insert(2, "division", table["segment"].map(maker))
    table = table[table["division"].notna()].sort_values("value_usd", ascending=False)
    whole = _core(study.demand_total).iloc[0]
    own = total.iloc[0]
    codes = _core(study.code_demand)
    makers = codes["cmd_code"].map(maker).fillna(codes["segment"].map(maker))
    worth = codes["value_usd"].groupby(makers).sum()
    return Market(
        code=code,
        name=country_name(code),
        year=study.year,
        base=study.base,
        segments=table.reset_index(drop=True),
        total=pd.Series(
            {
                "value_usd": whole["value_usd"], "change_pct": whole["change_pct"],
                "exported_usd": own["value_usd"], "share_pct": own["share_pct"],
                "rank": own["rank"],
            }
        ),
        by_division={str(d): float(v) for d, v in worth.items()},
        without={
            "change": study.aside(study.growth_or_level),
            "share": study.aside("share_pct"),
        },
        left_out=_left_out(study.composition),
        note=market_note(code, study.year),
        pushed=_pushed(code, study, data_dir),
        sources=study.trade_sources,
    )  # fmt: skip


def _pushed(code: str, study: Study | None, data_dir: Path | None) -> dict[str, list[str]] | None:
    """Return names of segments by class for the EU27; None without figures or within it."""
    as_one = study and replace(study, exporter=EU, members=group_members(EU))
    try:
        return names_by_class(market_priorities(code, EU, (), data_dir, study=as_one))
    except (MissingDataError, UsageError):
        return None


def _left_out(composition: pd.DataFrame) -> dict[str, tuple[str, float]]:
    """Return headline figures that one segment moves by over half: the segment, and without it."""
    measures = {"imports": "change_pct", "share": "share_pct"}
    rows: dict[str, Any] = {name: composition.loc[measure] for name, measure in measures.items()}
    return {n: (str(r["segment"]), float(r["without"])) for n, r in rows.items() if r["moved"]}


def _core(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["scope"] == CORE]


def world_forecasts(
    segments: Sequence[str], month: str, data_dir: Path | None = None
) -> pd.DataFrame:
    """Return forecasts of world exports of the headings that may speak for a segment.

    Parameters
    ----------
    month : str
        The edition's: forecasts are of years after it.

    Returns
    -------
    DataFrame
        ``heading, title, segments, last_year, not_known, last_usd, year, mean_usd, lo_usd, hi_usd``
        (80 % interval; ``not_known`` are years that are over but not in the data), ``by`` (the
        model shown); empty where no heading may speak or the series are not here.
        ``attrs["refused"]`` says of what there is no forecast, and why.
    """
    names, known = load_segments().names(), load_headings()
    world = world_headings(segments, month, data_dir=data_dir)
    panel, made = world.made.panel, world.made.shown
    columns = ["heading", "title", "segments", "last_year", "not_known", "last_usd", "year", "mean_usd",
               "lo_usd", "hi_usd", "by"]  # fmt: skip
    if panel.empty:
        return pd.DataFrame(columns=columns)
    made = made[made["level"] == LEVEL]
    forecast = made[made["mean"].notna()]
    last = panel.sort_values("ds").groupby("unique_id").last()
    ends = forecast.sort_values("ds").groupby("unique_id").last().join(last, rsuffix="_last")
    table = pd.DataFrame(
        {
            "heading": ends.index,
            "title": [known[str(code)].title for code in ends.index],
            "segments": [
                "; ".join(names[s] for s in world.speaking[str(code)]) for code in ends.index
            ],
            "last_year": ends["ds_last"].dt.year,
            "not_known": [present.not_known(day, month) for day in ends["ds_last"]],
            "last_usd": ends["y"],
            "year": ends["ds"].dt.year,
            "mean_usd": ends["mean"],
            "lo_usd": ends["lo"],
            "hi_usd": ends["hi"],
            "by": ends.index.map(made.attrs["shown"]),
        }
    )
    table = table.reset_index(drop=True)
    table.attrs["refused"] = made.attrs["refused"]
    table.attrs["seen"] = [present.seen(ends["ds_last"], month)] if len(ends) else []
    return table
