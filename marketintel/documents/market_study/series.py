"""The market's own past, where it is long enough: how suppliers moved, and forecasts of each row."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.trade import materials
from marketintel.documents import prose as w
from marketintel.documents.charts import fans
from marketintel.documents.engine.blocks import Callout, Figure, Stack, Table, Text, escape
from marketintel.documents.engine.naming import edition_month
from marketintel.documents.frames import each
from marketintel.documents.market.study import Study
from marketintel.documents.market_study.forecasts import (
    HORIZON,
    Outlook,
    compute,
    error_table,
    last,
    one_level,
)
from marketintel.warehouse.basis import fetch_command
from marketintel.warehouse.comparable import MIN_COVER_PCT, yearly

#: Years from which a series is shown and forecast on its own.
MIN_YEARS = 10

#: Years taken together at either end: single years of small flows jump.
WIDTH = 3

#: An 80 % interval that held less than this has failed.
LOW_COVERAGE_PCT = 60.0


def long_view(study: Study) -> Stack | None:
    """Set the first years of the series against the last: size, first supplier, concentration."""
    if study.history_years < max(MIN_YEARS, 2 * WIDTH):
        return None
    years = sorted(set(study.history["period"]))
    first, end = (f"{part[0]}–{part[-1][2:]}" for part in (years[:WIDTH], years[-WIDTH:]))
    flows = study.history.drop(columns="cmd_code")
    flows = flows.rename(
        columns={"partner": "exporter", "reporter": "market", "segment": "cmd_code"}
    )
    labels = {first: years[:WIDTH], end: years[-WIDTH:]}
    spans = materials.spans(flows, labels)
    table = materials.exposure(spans, {study.market: [study.market]})
    moved = materials.movement(table, first, end)
    size = table.pivot_table(index="cmd_code", columns="period", values="imports_usd") / WIDTH
    moved["base_year_usd"] = moved["cmd_code"].map(size.get(first, pd.Series(dtype=float)))
    moved["year_usd"] = moved["cmd_code"].map(size.get(end, pd.Series(dtype=float)))
    moved["row"] = moved["cmd_code"].map(study.segment_names)
    for column in ("first_supplier", "base_first_supplier"):
        moved[column] = moved[column].map(study.name, na_action="ignore")
    moved = moved[moved["row"].notna()].sort_values("year_usd", ascending=False)
    columns = ["row", "base_year_usd", "year_usd", "base_first_supplier", "base_first_share_pct",
               "first_supplier", "first_share_pct", "hhi_change"]  # fmt: skip
    up = int((moved["direction"] == "more concentrated").sum())
    down = int((moved["direction"] == "less concentrated").sum())
    changed = moved[moved["first_supplier"] != moved["base_first_supplier"]]
    changed = changed.dropna(subset=["first_supplier", "base_first_supplier"])
    said = [
        f"{w.clause(r.row)} (from {r.base_first_supplier} to {r.first_supplier})"
        for r in each(changed)
    ]
    return Stack(
        Text(
            f"From {first} to {end} imports became more concentrated in {study.terms.rows(up)} and "
            f"less in {down} of {len(moved)}."
            + (f" The first supplier changed in {escape(w.listing(said))}." if said else "")
        ),
        Table(
            moved[[*columns, "cmd_code", "base_hhi", "hhi", "direction"]],
            name="long_view",
            caption=(
                f"Imports of {w.the(study.name(study.market))} a year, and the first supplier: {first} "
                f"against {end}"
            ),
            formats={
                "base_year_usd": study.money,
                "year_usd": study.money,
                "base_first_share_pct": "pct",
                "first_share_pct": "pct",
                "hhi_change": "ratio2",
            },
            headers={
                "row": study.terms.unit.capitalize(),
                "base_year_usd": f"{first}, a year",
                "year_usd": f"{end}, a year",
                "base_first_supplier": f"First {first}",
                "base_first_share_pct": "Share",
                "first_supplier": f"First {end}",
                "first_share_pct": "Share ",
                "hhi_change": "Change of HHI",
            },
            hide=["cmd_code", "base_hhi", "hhi", "direction"],
            missing="no recorded imports in one of the spans",
            note=(
                f"Means of {WIDTH} years, current US dollars; suppliers are single economies. Areas of "
                "the past (Belgium-Luxembourg to 1998) stand as themselves."
            ),
            source=study.source_line,
        ),
    )


@dataclass(frozen=True)
class OwnSeries:
    """Yearly imports of this market that compare with themselves.

    Attributes
    ----------
    told : DataFrame
        ``cmd_code, period, value_usd``; ``cmd_code`` is the id of a row of the study.
    names : dict of str to str
        Ids to names of the rows told of.
    what : str
        What the series count, for a sentence.
    left_out : str
        The rows that have none and why, as a sentence; empty if all have.
    """

    told: pd.DataFrame
    names: dict[str, str]
    what: str
    left_out: str


def whole_rows(study: Study) -> OwnSeries:
    """Whole rows of the study, over the years since the last revision of the HS."""
    sums = study.history.groupby(["segment", "period"])["value_usd"].sum(min_count=1).reset_index()
    points = sums.groupby("segment")["period"].nunique()
    whole = points[points == study.history_years].index
    names = {k: n for k, n in study.segment_names.items() if k in whole}
    told = sums[sums["segment"].isin(names)].rename(columns={"segment": "cmd_code"})
    gone = [n for k, n in study.segment_names.items() if k not in names]
    why = "Not forecast, because years are without recorded imports"
    return OwnSeries(
        told,
        names,
        f"from {study.history_years} years of them",
        f"{why}: {escape(w.listing([w.clause(name) for name in gone]))}." if gone else "",
    )


def unchanged_codes(study: Study) -> OwnSeries:
    """Core codes that mean the same in every HS edition, where they are most of a segment."""
    rows = study.basis.history
    rows = rows[rows["scope"].isin(study.scopes) & (rows["period"] <= study.year)]
    same = yearly(rows.assign(partner=study.market), study.segments)
    year = same["ds"].dt.year
    points, first = (year.groupby(same["segment"]).agg(how) for how in ("nunique", "min"))
    long = (points >= MIN_YEARS) & (points == int(study.year) - first + 1)
    cover = same.groupby("segment")["cover_pct"].first()
    fit = long.index[long & (cover >= MIN_COVER_PCT)]
    names = {k: n for k, n in study.segment_names.items() if k in fit}
    told = same[same["segment"].isin(names)]
    told = pd.DataFrame(
        {
            "cmd_code": told["segment"],
            "period": told["ds"].dt.strftime("%Y"),
            "value_usd": told["y"],
        }
    )
    gone = [n for k, n in study.segment_names.items() if k not in names]
    why = (
        f"Not forecast, because less than {MIN_COVER_PCT:.0f}{w.NBSP}% of their trade is in such "
        f"codes, or in fewer than {MIN_YEARS} years without a gap up to {study.year}"
    )
    return OwnSeries(
        told,
        names,
        f"from {told['period'].nunique()} years of the core codes that mean the same in every "
        "edition of the HS",
        f"{why}: {escape(w.listing([w.clause(name) for name in gone]))}." if gone else "",
    )


def own_outlook(study: Study, own: OwnSeries) -> Stack:
    """Forecast the market's own imports, row by row, with the errors of the same method before."""
    told, names = own.told, own.names
    if told.empty:
        return Stack(Text("No series is without a gap, so that none is forecast."))
    month = edition_month(study.used["retrieved_at"])
    since = int(told["period"].max())
    fetch = fetch_command(study.trade_sources[0], study.market, since, month)
    result = compute(told, month, fetch)
    if result.forecasts.empty:
        gone = [f"{escape(w.clause(names[r.unique_id]))}: {r.reason}" for r in each(result.refused)]
        return Stack(Callout("note", f"There is no forecast of {'; '.join(gone)}."))
    ends = last(result)
    return Stack(
        Text(_sentence(own, ends, result.seen)),
        _table(study, result, ends, names),
        Figure(
            fans.fan(
                result.panel,
                result.shown,
                benchmark=one_level(result.forecasts, "drift"),
                titles=names,
                what="Imports",
                unit="USD million",
                scale=1e6,
            ),
            name="outlook",
            caption=(
                f"Imports of {w.the(study.name(study.market))}, forecasts of {HORIZON} years after {month}, 80 and "
                f"95 % intervals; {result.seen}"
            ),
            alt=_sentence(own, ends, result.seen).replace("**", ""),
            source=study.source_line,
        ),
        error_table(result, "product", study.terms.unit, study.source_line, names),
        _not_to_rely_on(result, names),
    )


def _not_to_rely_on(result: Outlook, names: dict[str, str]) -> Callout | None:
    """Name the series whose intervals have held far fewer outcomes than they promise."""
    rows = fc.shown(result.errors, result.errors)
    rows = rows[(rows["level"] == 80) & (rows["coverage_pct"] < LOW_COVERAGE_PCT)]
    said = [
        f"{escape(w.clause(names[str(r.unique_id)]))} ({w.percent(r.coverage_pct, 0)})"
        for r in each(rows)
    ]
    if not said:
        return None
    return Callout(
        "warning",
        f"The 80{w.NBSP}% intervals of earlier origins held fewer outcomes than they promise for "
        f"{w.listing(said)}: the past of these series did not foretell what came, and their forecast is "
        "not to be relied on.",
    )


def _sentence(own: OwnSeries, ends: pd.DataFrame, seen: str) -> str:
    largest = ends.sort_values("last_usd", ascending=False).head(3)
    said = [
        f"{escape(w.clause(own.names[str(key)]))} at {w.money(row['mean'])} in {row['year']} after "
        f"{w.money(row['last_usd'])} in {row['last_year']} (80{w.NBSP}%: {w.money(row['lo_80'])} to "
        f"{w.money(row['hi_80'])})"
        for key, row in largest.iterrows()
    ]
    return (
        f"These are forecasts of this market's imports {own.what}, in current US dollars ({seen}). The "
        f"largest: {'; '.join(said)}. Wide intervals are the finding: prices and single shipments "
        f"move small flows more than any trend. {own.left_out}"
    ).rstrip()


def _table(study: Study, result: Outlook, ends: pd.DataFrame, names: dict[str, str]) -> Table:
    table = ends.reset_index(names="product")
    table.insert(1, "title", table["product"].map(names))
    table = table.sort_values("last_usd", ascending=False)
    year, then = int(table["last_year"].max()), int(table["year"].max())
    money = ["last_usd", "mean", "lo_80", "hi_80", "lo_95", "hi_95", "naive", "drift"]
    return Table(
        table[["product", "title", *money[:6], "growth_pct", *money[6:]]],
        name="outlook",
        caption=f"Imports by {study.terms.unit}: {year} and the forecast of {then}; {result.seen}",
        formats={**dict.fromkeys(money, study.money), "growth_pct": "pct_signed"},
        headers={
            "product": study.hs if study.is_mixed else "Id",
            "title": "Goods",
            "last_usd": str(year),
            "mean": str(then),
            "lo_80": "80 % from",
            "hi_80": "to",
            "lo_95": "95 % from",
            "hi_95": "to ",
            "growth_pct": "A year",
        },
        hide=["naive", "drift", *([] if study.is_mixed else ["product"])],
        note="Current US dollars. Intervals are calibrated on the method's own errors at earlier origins.",
        source=study.source_line,
    )
