"""Segments by field of application, with the share of their goods that the field buys."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from marketintel.analysis.partnership.applications import bought, matrix
from marketintel.analysis.trade import size
from marketintel.errors import MissingDataError
from marketintel.reference.applications import applied, load_applications
from marketintel.reference.segments import load_segments
from marketintel.warehouse import context_trade

#: Last year of the US supply and use tables, and year of the imports that weigh the tariff lines.
MEASURED, WEIGHED = "2017", "2024"


def fields_of_use(data_dir: Path | None = None) -> pd.DataFrame:
    """Return segments × fields with applications and evidence.

    segment, segment_name, field, field_name, applications, theme, industry, industry_name,
    of_segment_pct (the segment's imports in the commodity), bought_pct (of the commodity's domestic
    use); the last four are missing where the US tables are not here.
    """
    fields = load_applications()
    themes = {one.id: list(one.themes) for one in load_segments()}
    table = matrix(fields, applied(), themes)
    try:
        held = _commodities(data_dir)
        use = context_trade.industry_use(list(held["industry"].unique()), "buyer", data_dir)
    except MissingDataError:
        held = pd.DataFrame(columns=["segment", "industry", "of_segment_pct"])
        use = pd.DataFrame(columns=["industry", "industry_name", "field", "bought_pct"])
    else:
        uses = size.buyers(use[use["period"] == MEASURED])
        names = uses.drop_duplicates("industry").set_index("industry")["industry_name"]
        use = bought(uses, fields)
        use["industry_name"] = use["industry"].map(names)
    table = table.merge(held, "left", on="segment").merge(use, "left", on=["industry", "field"])
    table.insert(1, "segment_name", table["segment"].map(load_segments().names()))
    table.insert(3, "field_name", table["field"].map({k: one.name for k, one in fields.items()}))
    return table


def _commodities(data_dir: Path | None) -> pd.DataFrame:
    """Return the US commodity that holds most of each segment."""
    lines = context_trade.line_imports(trade_system="general", data_dir=data_dir)
    concordance = context_trade.line_concordance(data_dir=data_dir)
    lines = lines[lines["period"] == WEIGHED]
    found = size.bridge(lines, concordance, load_segments().frame("HS2022"))
    listed = context_trade.industry_use(None, "buyer", data_dir)
    industries = sorted(listed["industry"].unique())
    known = {code: size.industry_of(code, industries) for code in found["naics"].dropna()}
    found["industry"] = found["naics"].map(known)
    sums = found.groupby(["segment", "industry"])["of_segment_pct"].sum().reset_index()
    most = sums.sort_values("of_segment_pct", ascending=False).drop_duplicates("segment")
    return most[["segment", "industry", "of_segment_pct"]].reset_index(drop=True)
