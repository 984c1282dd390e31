"""Tidy frames for people who explore: series, forecasts and sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.documents.document import open_document
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.countries import country
from marketintel.reference.scopes import OWN
from marketintel.reference.segments import load_segments
from marketintel.warehouse import comparable
from marketintel.warehouse.basis import candidates
from marketintel.warehouse.coverage import coverage

FREQUENCIES = {"A": "years", "M": "months"}


def series(
    market: str, segments: Sequence[str] = (), freq: str = "A", data_dir: Path | None = None
) -> pd.DataFrame:
    """Return series of a market's imports of core goods; see :func:`marketintel.series`."""
    _check(freq)
    iso3, known = country(market), load_segments()
    chosen = [known.resolve(s) for s in segments] or list(known.names())
    found = []
    for place, one in enumerate(candidates(iso3, chosen, data_dir)):
        rows = one.years if freq == "A" else one.months
        rows = rows[rows["scope"].isin(OWN)] if len(rows) else rows
        if rows.empty:
            continue
        made = comparable.yearly(rows, known) if freq == "A" else comparable.monthly(rows)
        period = made["ds"].dt.strftime("%Y" if freq == "A" else "%Y-%m")
        found.append(
            pd.DataFrame(
                {
                    "market": iso3,
                    "segment": made["segment"],
                    "basis": one.basis.kind,
                    "source": one.basis.source,
                    "valuation": one.basis.valuation,
                    "period": period,
                    "value_usd": made["y"],
                    "cover_pct": made.get("cover_pct", pd.Series(100.0, index=made.index)),
                    "preference": place + 1,
                }
            )
        )
    if not found:
        raise MissingDataError(
            f"no series of {iso3} by {FREQUENCIES[freq]} in core codes of {', '.join(chosen)}; "
            f"`marketintel fetch --for {iso3}` asks for more"
        )
    order = ["segment", "preference", "period"]
    return pd.concat(found).sort_values(order, kind="stable", ignore_index=True)


def forecast(
    markets: str | Sequence[str],
    segments: Sequence[str] = (),
    freq: str = "A",
    data_dir: Path | None = None,
) -> pd.DataFrame:
    """Return forecasts of an outlook; see :func:`marketintel.forecast`."""
    _check(freq)
    countries = [markets] if isinstance(markets, str) else list(markets)
    outlook = open_document(
        "outlook", data_dir, countries=countries, segments=list(segments), scenarios=[]
    ).facts
    part = getattr(outlook, FREQUENCIES[freq])
    fans = part.fans[part.fans["model"] == "shown"]
    if fans.empty:
        raise MissingDataError(
            f"no series of {', '.join(outlook.countries)} by {FREQUENCIES[freq]} can be forecast; "
            'mi.facts("outlook", …).chapter("omitted") has the reasons'
        )
    wide = fans.pivot_table(index=["unique_id", "ds", "mean"], columns="level", values=["lo", "hi"])
    wide.columns = [f"{end}_{int(level)}_usd" for end, level in wide.columns]
    table = wide.reset_index().rename(columns={"mean": "mean_usd"})
    bases = table["unique_id"].map(_bases(part))
    return pd.DataFrame(
        {
            "series": table["unique_id"],
            "basis": [basis.kind for basis in bases],
            "source": [basis.source for basis in bases],
            "valuation": [basis.valuation for basis in bases],
            "period": table["ds"].dt.strftime("%Y" if freq == "A" else "%Y-%m"),
            **{
                c: table[c]
                for c in ("mean_usd", "lo_80_usd", "hi_80_usd", "lo_95_usd", "hi_95_usd")
            },
        }
    )


def _bases(part: Any) -> dict[str, Any]:
    if hasattr(part, "nodes"):
        return dict(zip(part.nodes["unique_id"], part.nodes["kind"], strict=True))
    return dict(part.bases)


def sources(data_dir: Path | None = None) -> pd.DataFrame:
    """Return the data that are here, one row a raw file; see :func:`marketintel.sources`."""
    columns = ["source", "title", "vintage", "rows", "retrieved_at", "licence", "citation", "url"]
    return coverage(data_dir)[columns]


def _check(freq: str) -> None:
    if freq not in FREQUENCIES:
        raise UsageError(f"frequency {freq!r}: A for years or M for months")
