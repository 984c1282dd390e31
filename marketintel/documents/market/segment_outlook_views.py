"""Tables, chart and values of the answer to every segment (``facts.answers``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.forecast import reference_class, reference_test
from marketintel.analysis.trade.size import MIN_COVER
from marketintel.documents.charts import fans, lines
from marketintel.documents.frames import each
from marketintel.documents.market import proxy_class
from marketintel.documents.market.proxy_class import Proxy
from marketintel.documents.market.segment_outlook import HORIZONS, NONE, OWN_SERIES, record
from marketintel.reference.countries import EU, country_name
from marketintel.reference.segments import load_segments

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PRINTED = ["segment_name", "forecast_class", "level_usd", "median_usd",
            "lo_80", "hi_80", "growth_pct", "real_growth_pct", "probability_growth_pct",
            "probability_above_pct"]  # fmt: skip
_IN_FILE = [
    "market",
    "segment",
    "level_year",
    "year",
    "lo_95",
    "hi_95",
    "median_eur",
    "probability_real_growth_pct",
]

FANS = 6
"""Segments whose path is drawn."""

_SOURCES = ("baci_headings", "us_census_imports", "statcan_products", "comtrade")


def answered(facts: Any, market: str) -> pd.DataFrame:
    """Return the rows of a market, in the order of the segments."""
    table: pd.DataFrame = facts.answers.table
    return table[table["market"] == market]


def answer_table(facts: Any, market: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return level and forecast of each segment; no figure where there is none."""
    rows = answered(facts, market)
    whole = {"level_year": "Int64", "year": "Int64"}
    rows = rows.assign(level_year=rows["level_year"].where(rows["level_usd"].notna())).astype(whole)
    rows = rows.astype(dict.fromkeys(whole, "str"))
    rows = rows.assign(**{c: rows[c].where(rows[c] != "<NA>") for c in whole})
    return rows[[*_PRINTED, *_IN_FILE]], {"hide": _IN_FILE}


def answer_basis(facts: Any, market: str) -> pd.DataFrame:
    """Return what each level was read from, else why there is none."""
    rows = answered(facts, market)
    said = rows["basis"].where(rows["level_usd"].notna(), "no level in the shipped data")
    reason = rows["reason"].fillna("")
    said = said + reason.map(lambda text: f": {text}" if text else "")
    return rows.assign(level_basis=said)[
        ["segment_name", "level_basis", "weight_pct", "model_class"]
    ]


def answer_source(facts: Any) -> str:
    """Return the citations of levels and reference class."""
    used = facts.used
    return " ".join(used.loc[used["source"].isin(_SOURCES), "citation"].unique())


def answer_chart(facts: Any, market: str) -> Figure:
    """Draw level now and 80 % interval of every segment with a forecast."""
    rows = answered(facts, market)
    rows = rows[rows["median_usd"].notna()].sort_values("level_usd", ascending=False)
    return lines.level_intervals(rows)


def answer_path(facts: Any, market: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the forecast of every year and segment, for the file."""
    rows = _path(facts, market).drop(columns=["market", "segment"])
    return rows.astype({"year": "int"}).astype({"year": "str"}), {"printed_rows": 0}


def answer_fans(facts: Any, market: str) -> Figure:
    """Draw the path of the largest segments from their level, year by year."""
    rows = answered(facts, market).dropna(subset="median_usd")
    largest = rows.nlargest(FANS, "level_usd")
    path = _path(facts, market)
    path = path[path["segment"].isin(largest["segment"])]
    parts = [
        pd.DataFrame({"unique_id": path["segment"], "ds": path["year"].astype(int).astype(str),
                      "level": level, "mean": path["median_usd"],
                      "lo": path[f"lo_{level}"], "hi": path[f"hi_{level}"]})
        for level in (80, 95)
    ]  # fmt: skip
    order = list(largest["segment"])
    drawn = pd.concat(parts).sort_values("unique_id", key=lambda ids: ids.map(order.index))
    now = pd.DataFrame({"unique_id": largest["segment"], "y": largest["level_usd"],
                        "ds": largest["level_year"].astype(int).astype(str)})  # fmt: skip
    titles = dict(zip(largest["segment"], largest["segment_name"], strict=True))
    return fans.fan(now, drawn, titles=titles, what="Imports", unit="USD million", scale=1e6)


def _path(facts: Any, market: str) -> pd.DataFrame:
    table: pd.DataFrame = facts.answers.path
    return table[table["market"] == market].sort_values(["segment", "year"], kind="stable")


def answer_words(facts: Any, market: str) -> dict[str, Any]:
    """Return counts and extremes of a market's answers for sentences."""
    rows = answered(facts, market)
    made = rows[rows["median_usd"].notna()].sort_values("probability_growth_pct")
    with_level = rows["level_usd"].notna()
    return {
        "market": country_name(market),
        "segments": len(rows),
        "own": int((rows["forecast_class"] == OWN_SERIES).sum()),
        "reference": int((~rows["forecast_class"].isin([OWN_SERIES, NONE])).sum()),
        "no_level": list(rows.loc[~with_level, "segment_name"]),
        "small": list(rows.loc[with_level & rows["median_usd"].isna(), "segment_name"]),
        "ranked": list(each(made.dropna(subset="probability_growth_pct"))),
        "only_nominal": list(made.loc[(made["growth_pct"] > 0) & (made["real_growth_pct"] < 0),
                                      "segment_name"]),
        "largest": list(each(made.sort_values("level_usd", ascending=False).head(3))),
    }  # fmt: skip


def proxy(facts: Any, market: str) -> Proxy | None:
    """Return the class that stands for a group of segments in a market, if there is one."""
    made = proxy_class.proxy(market, facts.answers.threshold_pct, facts.data_dir)
    return made if made is not None and made.speaks else None


def proxy_words(facts: Any, market: str) -> dict[str, Any]:
    """Return name, segments and cover of the class for sentences."""
    made = proxy_class.proxy(market, facts.answers.threshold_pct, facts.data_dir)
    if made is None:
        return {}
    names = load_segments().names()
    rows = made.table.set_index("partner")
    return {
        "name": made.name, "code": proxy_class.CLASS, "cover": float(made.cover.sum()),
        "segments": [names[str(s)] for s, part in made.cover.items() if part >= 1],
        "world": rows.loc[proxy_class.WORLD], "eu": rows.loc[EU],
        "years": made.years, "ahead": proxy_class.TESTED_AHEAD, "least": 100 * MIN_COVER, "year": proxy_class.COVERED,
    }  # fmt: skip


def proxy_table(facts: Any, market: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return level and forecast of the class, from the world and from the EU27."""
    made = proxy_class.proxy(market, facts.answers.threshold_pct, facts.data_dir)
    rows = made.table if made is not None else pd.DataFrame()
    hidden = ["level_year", "year", "lo_95", "hi_95", "targets"]
    rows = rows.assign(partner=rows["partner"].replace({proxy_class.WORLD: "World"}))
    return rows.astype(dict.fromkeys(("level_year", "year"), "str")), {"hide": hidden}


def reference_record(facts: Any) -> pd.DataFrame:
    """Return the back-test of the reference class and its rivals."""
    rows = pd.DataFrame(record()["scores"])
    wide = rows.pivot_table(index=["test", "model", "windows"], columns="level",
                            values="coverage_pct").add_prefix("coverage_").add_suffix("_pct").reset_index()  # fmt: skip
    at_80 = rows.loc[rows["level"] == 80, ["test", "model", "interval_score", "abs_error"]]
    table = wide.merge(at_80, on=["test", "model"])
    order = [*reference_test.RIVALS, reference_test.REFERENCE]
    return table.assign(place=table["model"].map(order.index)).sort_values(
        ["test", "place"]
    ).drop(columns="place")  # fmt: skip


def reference_horizons(facts: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the back-test at 80 % of what is shown one to four years ahead, with its best rival."""
    found = []
    for years in HORIZONS[:-1]:
        rows = pd.DataFrame(record(years)["scores"]).query("level == 80")
        for test, of_test in rows.groupby("test"):
            scores = of_test.set_index("model")
            rivals = scores.drop(index=record(years)["shown"])
            best = rivals["interval_score"].idxmin()
            own = scores.loc[record(years)["shown"]]
            found.append((str(years), test, record(years)["shown"], own["windows"],
                          own["coverage_pct"], own["interval_score"], own["abs_error"],
                          best, *rivals.loc[best, ["interval_score", "abs_error"]]))  # fmt: skip
    columns = ["years_ahead", "test", "model", "windows", "coverage_80_pct", "interval_score",
               "abs_error", "rival", "rival_interval_score", "rival_abs_error"]  # fmt: skip
    table = pd.DataFrame(found, columns=columns).astype({"windows": "int"})
    return table, {"hide": ["windows"]}  # so that it stands upright


def reference_parameters(facts: Any) -> pd.DataFrame:
    """Return the parameters of the statsmodels results of the reference class."""
    table: pd.DataFrame = facts.answers.parameters
    return table


def reference_words(facts: Any) -> dict[str, Any]:
    """Return the record in figures for sentences."""
    rows = pd.DataFrame(record()["scores"])
    rows = rows[rows["level"] == 80]
    own = rows[rows["model"] == reference_test.REFERENCE].set_index("test")
    rivals = rows[rows["model"] != reference_test.REFERENCE]
    best = rivals.loc[rivals.groupby("test")["interval_score"].idxmin()].set_index("test")
    return {
        "shown": record()["shown"],
        "origin": record()["origin"], "out_of_time_year": record()["origin"] + HORIZONS[-1],
        "covered": {t: float(own.loc[t, "coverage_pct"]) for t in own.index},
        "score": {t: float(own.loc[t, "interval_score"]) for t in own.index},
        "rival": {t: best.loc[t, "model"] for t in best.index},
        "rival_score": {t: float(best.loc[t, "interval_score"]) for t in best.index},
        "error": {t: float(own.loc[t, "abs_error"]) for t in own.index},
        "rival_error": {t: float(best.loc[t, "abs_error"]) for t in best.index},
        "least": reference_class.MIN_LEVEL_USD,
        "low": reference_test.COVERAGE_80[0], "high": reference_test.COVERAGE_80[1],
    }  # fmt: skip
