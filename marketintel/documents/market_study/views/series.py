"""Long series of the market, and forecasts of its imports or of world exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.analysis.forecast.drivers import NAME as DRIVEN
from marketintel.analysis.forecast.panel import MIN_POINTS
from marketintel.analysis.trade import materials
from marketintel.documents import prose as w
from marketintel.documents import yearly_forecasts
from marketintel.documents.charts import fans
from marketintel.documents.engine.formats import escape
from marketintel.documents.fitted import results_table
from marketintel.documents.frames import each
from marketintel.documents.market_study.facts import MIN_YEARS, StudyFacts
from marketintel.documents.yearly_forecasts import MODELS, Forecasts
from marketintel.reference.headings import load_headings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Years taken together at either end: single years of small flows jump.
WIDTH = 3

#: Years ahead, origins of the back-test, the years that it needs, and tests from which naive may win.
HORIZON, ORIGINS = yearly_forecasts.HORIZON, yearly_forecasts.ORIGINS
NEEDED, FEWEST_TESTS = MIN_POINTS + HORIZON, fc.FEWEST_TESTS

#: An 80 % interval that held less than this has failed.
LOW_COVERAGE_PCT = 60.0

AMOUNTS = ["last_usd", "mean", "lo_80", "hi_80", "lo_95", "hi_95"]


def spans(facts: StudyFacts) -> tuple[str, str] | None:
    """Return the first and last years of the series; None where it is too short."""
    if facts.history_years < max(MIN_YEARS, 2 * WIDTH):
        return None
    years = sorted(set(facts.history["period"]))
    return tuple(f"{part[0]}–{part[-1][2:]}" for part in (years[:WIDTH], years[-WIDTH:]))  # type: ignore[return-value]


def long_view(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return size, first supplier and concentration in the first and last years of the series."""
    first, end = spans(facts) or ("", "")
    years = sorted(set(facts.history["period"]))
    flows = facts.history.drop(columns="cmd_code").rename(
        columns={"partner": "exporter", "reporter": "market", "segment": "cmd_code"}
    )
    labels = {first: years[:WIDTH], end: years[-WIDTH:]}
    table = materials.exposure(materials.spans(flows, labels), {facts.market: [facts.market]})
    moved = materials.movement(table, first, end)
    size = table.pivot_table(index="cmd_code", columns="period", values="imports_usd") / WIDTH
    missing = pd.Series(dtype=float)
    moved["base_year_usd"] = moved["cmd_code"].map(size.get(first, missing))
    moved["year_usd"] = moved["cmd_code"].map(size.get(end, missing))
    moved["row"] = moved["cmd_code"].map(facts.segment_names)
    for column in ("first_supplier", "base_first_supplier"):
        moved[column] = moved[column].map(facts.name, na_action="ignore")
    columns = ["row", "base_year_usd", "year_usd", "base_first_supplier", "base_first_share_pct",
               "first_supplier", "first_share_pct", "hhi_change"]  # fmt: skip
    hidden = ["cmd_code", "base_hhi", "hhi", "direction"]
    moved = moved[moved["row"].notna()].sort_values("year_usd", ascending=False)
    return moved[[*columns, *hidden]], {"hide": hidden}


def movement(facts: StudyFacts) -> dict[str, Any]:
    """Return how many rows became more and less concentrated, and changes of the first supplier."""
    rows, _ = long_view(facts)
    changed = rows[rows["first_supplier"] != rows["base_first_supplier"]]
    changed = changed.dropna(subset=["first_supplier", "base_first_supplier"])
    return {
        "rows": len(rows),
        "more": int((rows["direction"] == "more concentrated").sum()),
        "less": int((rows["direction"] == "less concentrated").sum()),
        "changed": list(each(changed)),
    }


def ends(facts: StudyFacts) -> list[Any]:
    """Return last observations and forecasts of the last year, in the order of the series."""
    return list(each(_made(facts).ends))


def outlook(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return last observations and forecasts of the last year with their intervals."""
    made = _made(facts)
    if facts.series is None:
        table = made.ends.reset_index(names="heading")
        table["title"] = table["heading"].map(facts.heading_titles)
        table["segments"] = [w.listing(facts.segments_of(h)) for h in table["heading"]]
        columns = ["heading", "title", "segments", *AMOUNTS, "growth_pct", "naive", "drift"]
        return table[columns], {
            "hide": ["segments", "naive", "drift"],
            "formats": dict.fromkeys([*AMOUNTS, "naive", "drift"], "usd_bn"),
        }
    table = made.ends.reset_index(names="product")
    table["title"] = table["product"].map(facts.series.names)
    table = table.sort_values("last_usd", ascending=False)
    hidden = ["naive", "drift", *([] if facts.is_mixed else ["product"])]
    return table[["product", "title", *AMOUNTS, "growth_pct", "naive", "drift"]], {"hide": hidden}


def fan(facts: StudyFacts) -> Figure:
    """Draw series with their forecasts."""
    made = _made(facts)
    if facts.series is None:
        titles = {h: f"Heading {h}: {title}" for h, title in facts.heading_titles.items()}
        breaks = [(h, f"{year}-12-31") for h in titles for year in load_headings()[h].breaks]
        inside = pd.DataFrame(breaks, columns=["unique_id", "ds"]).astype({"ds": "datetime64[s]"})
        first = made.panel.groupby("unique_id")["ds"].min()
        inside = inside[inside["ds"] > inside["unique_id"].map(first)]
        drift = made.at_80("drift")
        return fans.fan(made.panel, made.shown, benchmark=drift, titles=titles, breaks=inside)
    return fans.fan(
        made.panel,
        made.shown,
        benchmark=made.at_80("drift"),
        titles=facts.series.names,
        what="Imports",
        unit="USD million",
        scale=1e6,
    )


def series_name(facts: StudyFacts, unique_id: str) -> str:
    """Return the name of a series; a heading is named by its number."""
    return facts.series.names[unique_id] if facts.series else unique_id


def refused(facts: StudyFacts) -> list[dict[str, Any]]:
    """Return series without forecast or without test, with the reason."""
    made = _made(facts)
    with_forecast = set(made.forecasts["unique_id"])
    return [
        {
            "id": row.unique_id,
            "name": series_name(facts, row.unique_id),
            "reason": row.reason,
            "is_forecast": row.unique_id in with_forecast,
        }
        for row in each(made.refused)
    ]


def outlook_errors(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return MASE, sMAPE and coverage of the same forecasts at earlier origins, by series."""
    made = _made(facts)
    at95 = made.errors[made.errors["level"] == 95]
    wide = at95[at95["model"].isin(MODELS)].pivot_table(
        index="unique_id", columns="model", values=["smape", "mase"], dropna=False
    )
    cover = fc.shown(made.errors, made.errors).pivot_table(
        index="unique_id", columns="level", values="coverage_pct"
    )
    best = fc.chosen(made.errors)
    points = made.panel.groupby("unique_id").size()
    tested = at95.groupby("unique_id")["forecasts"].max()
    driven = at95[at95["model"] == DRIVEN].set_index("unique_id")["mase"]
    table = pd.DataFrame(
        {
            "product" if facts.series else "heading": [
                series_name(facts, unique_id) for unique_id in wide.index
            ],
            "points": points.reindex(wide.index).to_numpy(),
            "forecasts": tested.reindex(wide.index).astype(int).to_numpy(),
            **{f"{m}_{n}": wide[(m, n)].to_numpy() for m in ("mase", "smape") for n in MODELS},
            "mase_drivers": driven.reindex(wide.index).to_numpy(),
            "coverage_80_pct": cover[80].to_numpy(),
            "coverage_95_pct": cover[95].to_numpy(),
            "shown": [best.get(u, "combination") for u in wide.index],
        }
    )
    hidden = ["points", "smape_naive", "smape_drift", *([] if len(driven) else ["mase_drivers"])]
    if not facts.series:
        table.insert(1, "goods", [load_headings()[heading].short for heading in table["heading"]])
        hidden.append("smape_combination")  # so that the table stands upright beside its text
    return table, {"hide": hidden}


def outlook_models(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the results of statsmodels behind each printed forecast."""
    made = _made(facts)
    titles = {h: f"{h} {title}" for h, title in facts.heading_titles.items()}
    names = facts.series.names if facts.series else titles
    model, best = made.fitted["model"], made.fitted["unique_id"].map(fc.chosen(made.errors))
    kept = (model == best) | (best.isna() & ~model.isin(["naive", "drift", DRIVEN]))
    return results_table(made.fitted[kept], names), {
        "group_col": "series_name",
        "hide": [] if (made.fitted.loc[kept, "refusal"] != "").any() else ["refusal"],
    }


def scores(facts: StudyFacts) -> dict[str, Any] | None:
    """Return mean MASE by model and how often the combination is best; None without a scale."""
    made = _made(facts)
    mase = made.coverage[made.coverage["level"] == 95].set_index("model")["mase"]
    if mase[list(MODELS)].isna().any():
        return None
    table, _ = outlook_errors(facts)
    others = table[["mase_naive", "mase_drift"]].min(axis=1)
    table = table.dropna(subset="mase_combination")
    best = int((table["mase_combination"] < others.loc[table.index]).sum())
    return {**{model: mase[model] for model in MODELS}, "best": best, "series": len(table)}


def wide_intervals(facts: StudyFacts) -> list[str]:
    """Return series whose intervals hold nearly every outcome, with the reason."""
    made = _made(facts)
    return [f"{escape(w.clause(series_name(facts, row.unique_id)))} ({row.reason})"
            for row in each(fc.unreliable(made.shown, made.panel))]  # fmt: skip


def failed_intervals(facts: StudyFacts) -> list[str]:
    """Return series whose 80 % intervals held far fewer outcomes than they promise."""
    made = _made(facts)
    if facts.series is None or made.errors.empty:
        return []
    rows = fc.shown(made.errors, made.errors)
    rows = rows[(rows["level"] == 80) & (rows["coverage_pct"] < LOW_COVERAGE_PCT)]
    return [f"{escape(w.clause(series_name(facts, r.unique_id)))} ({w.percent(r.coverage_pct, 0)})"
            for r in each(rows)]  # fmt: skip


def no_outlook(facts: StudyFacts) -> pd.DataFrame | None:
    """Return segments without a forecast and the reason; None if all have one."""
    headings = load_headings()
    rows = []
    for segment in (s for s, found in facts.headings.items() if not found):
        verdicts = [facts.world.verdict(h, segment) for h in headings.candidates(segment)[:2]]
        reasons = ". ".join(map(w.sentence, verdicts)) or "No heading holds its core codes"
        rows.append((facts.segment_names[segment], f"{reasons}."))
    return pd.DataFrame(rows, columns=["segment", "reason"]) if rows else None


def world_vintage(facts: StudyFacts) -> str:
    """Return the vintage of the world series."""
    return facts.world.vintage


def _made(facts: StudyFacts) -> Forecasts:
    return cast("Forecasts", facts.forecasts)
