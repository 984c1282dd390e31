"""Every segment of a market has an answer: level, forecast, or a stated gap."""

import shutil
from functools import cache

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.forecast import reference_class
from marketintel.analysis.forecast import reference_test as rt
from marketintel.documents.document import open_document
from marketintel.documents.market import reference_panel
from marketintel.documents.market.priorities import market_priorities
from marketintel.documents.market.proxy_class import proxy
from marketintel.documents.market.segment_levels import segment_levels
from marketintel.documents.market.segment_outlook import (
    HORIZONS,
    NONE,
    OWN_SERIES,
    REFERENCE,
    record,
    segment_outlook,
)
from marketintel.reference.segments import load_segments
from marketintel.warehouse import reads
from marketintel.warehouse.context import macro
from marketintel.warehouse.context_trade import canada_trade, heading_trade
from tests.documents.studies import open_study, words
from tests.documents.test_outlook_best import comtrade, keep, synthetic


@cache
def answers():
    return segment_outlook(["USA", "CAN", "JPN", "CHN", "KOR"])


def of(market):
    return answers().table.query("market == @market").set_index("segment")


def test_every_segment_of_every_market_has_one_row():
    table = answers().table
    ids = [s.id for s in load_segments()]
    for _, rows in table.groupby("market"):
        assert rows["segment"].tolist() == ids
    made = table[table["forecast_class"] != NONE]
    assert made[["level_usd", "median_usd", "lo_80", "hi_95", "median_eur"]].notna().all(axis=None)
    assert (made["lo_95"] < made["lo_80"]).all() and (made["hi_80"] < made["hi_95"]).all()
    assert (made["year"] - made["level_year"] == 5).all()
    assert set(made["model_class"]) == {"MixedLM"}
    gaps = table[table["forecast_class"] == NONE]
    assert gaps["median_usd"].isna().all() and gaps["reason"].str.len().gt(20).all()
    without = gaps[gaps["level_usd"].isna()]
    assert without["reason"].str.contains("`marketintel fetch --for ").all()


def test_levels_are_published_figures():
    usa, canada, japan = of("USA"), of("CAN"), of("JPN")
    assert (usa["level_year"] == 2025).all() and usa["level_usd"].notna().all()
    cad = canada_trade("HS6", "901320")["imports_cad"].item()
    assert cad == pytest.approx(320.2e6, abs=0.05e6)
    rates = macro("exchange_rate_per_eur", ["USA", "CAN"]).query("'2024-01' <= period <= '2026-04'")
    by = {e: r.set_index("period")["value"] for e, r in rates[rates["period"].str.len() == 7]
          .groupby("economy")}  # fmt: skip
    usd_per_cad = (by["USA"] / by["CAN"]).mean()
    assert len(by["USA"]) == 28
    assert canada.loc["lasers", "level_usd"] == pytest.approx(cad / 28 * 12 * usd_per_cad)
    assert "28 months" in canada.loc["lasers", "basis"]
    trade = heading_trade(["9005"], "JPN").query("period == '2024'")["imports_usd"].item()
    assert japan.loc["sporting_optics", "level_usd"] == pytest.approx(trade)
    for segment in ("displays", "medical", "microwave", "semi_equipment"):
        assert np.isnan(japan.loc[segment, "level_usd"])


def test_own_series_have_probabilities_and_a_path_beside_reference_classes(tmp_path, root):
    """Synthetic imports of 17 years; levels of the rest from the shipped headings."""
    for source in ("baci_headings", "baci_heading_partners", "ecb", "worldbank", "bea_gross_output",
                   "us_census_imports"):  # fmt: skip
        shutil.copytree(root / "data" / "raw" / source, tmp_path / "raw" / source)
    keep(tmp_path, "comtrade", comtrade(synthetic(["KOR"])))
    made = open_study("KOR", segments=["lasers", "metrology"], data_dir=tmp_path).facts.answers
    rows, path = made.table.set_index("segment"), made.path
    assert rows["forecast_class"].to_dict() == {"lasers": OWN_SERIES, "metrology": REFERENCE}
    for column in ("probability_growth_pct", "probability_above_pct", "growth_pct", "median_eur"):
        assert rows[column].between(0, 1e12).all() and rows[column].notna().all(), column
    assert (
        rows.loc["lasers", "probability_growth_pct"] > rows.loc["lasers", "probability_above_pct"]
    )
    assert (path.groupby("segment").size() == 5).all()
    ends = path.groupby("segment").tail(1).set_index("segment")
    assert ends["year"].astype(int).to_dict() == rows["year"].astype(int).to_dict()
    assert ends["median_usd"].to_dict() == pytest.approx(rows["median_usd"].to_dict())


def test_only_imports_for_consumption_are_called_so(tmp_path):
    keep(tmp_path, "comtrade", comtrade(synthetic(["KOR"], codes=("901320",))))
    row = segment_levels("KOR", ["lasers"], tmp_path).iloc[0]
    assert row["basis"] == f"six-digit codes, imports, {row['level_year']}"
    assert "imports for consumption" in of("USA").loc["lasers", "basis"]


def test_answers_do_not_depend_on_company():
    alone = segment_outlook("KOR", ["optics"]).table.iloc[0]
    together = of("KOR").loc["optics"]
    for column in ("level_usd", "median_usd", "lo_80", "hi_95", "probability_growth_pct"):
        assert alone[column] == pytest.approx(together[column], rel=1e-12)


def test_the_class_is_estimated_once_and_its_sources_count_each_time(monkeypatch):
    segment_outlook("KOR", ["optics"])
    monkeypatch.setattr(reference_class, "estimate", None)
    with reads.recorded() as read:
        segment_outlook("JPN", ["optics"])
    assert "baci_headings" in read[0]
    priorities = market_priorities("KOR").table.set_index("segment")["growth_probability_pct"]
    assert priorities["optics"] == of("KOR").loc["optics", "probability_growth_pct"]


def test_own_series_come_first():
    own = pd.DataFrame([{"market": "KOR", "segment": "optics", "level_usd": 1e9, "level_year": 2024,
                         "year": 2029, "median_usd": 2e9, "model_class": "ETSModel"}])  # fmt: skip
    table = segment_outlook("KOR", ["lasers", "optics"], own=own).table
    assert table["segment"].tolist() == ["lasers", "optics"]
    assert table["forecast_class"].tolist() == [REFERENCE, OWN_SERIES]
    assert table["growth_pct"].iloc[1] == pytest.approx(100 * (2**0.2 - 1))


@pytest.mark.parametrize("years", HORIZONS)
def test_the_record_holds_what_is_promised_and_its_rule_chooses_what_is_shown(years):
    scores = pd.DataFrame(record(years)["scores"])
    assert rt.choose(scores) == record(years)["shown"] == rt.REFERENCE
    assert record(years)["origin"] + years == 2025
    at_80 = scores[scores["level"] == 80].pivot_table(index="model", columns="test",
                                                      values=["coverage_pct", "interval_score"])  # fmt: skip
    own = at_80.loc[rt.REFERENCE]
    assert own["coverage_pct"].between(72, 88).all()
    for rival in rt.RIVALS:
        assert (own["interval_score"] <= at_80.loc[rival, "interval_score"]).all()
    if years == 5:
        assert own["coverage_pct"].round(1).to_dict() == {"across": 82.0, "out of time": 73.2}
        assert own["interval_score"].round(2).to_dict() == {"across": 2.48, "out of time": 4.0}


def test_a_path_ends_where_the_answer_does_and_its_intervals_nest():
    path, table = answers().path, answers().table
    assert (path.groupby(["market", "segment"])["year"].diff().dropna() == 1).all()
    ends = path.groupby(["market", "segment"]).tail(1).set_index(["market", "segment"])
    made = table[table["forecast_class"] != NONE].set_index(["market", "segment"])
    same = ["year", "median_usd", "lo_80", "hi_95"]
    pd.testing.assert_frame_equal(ends.loc[made.index, same], made[same], check_dtype=False)
    assert (path["lo_95"] < path["lo_80"]).all() and (path["hi_80"] < path["hi_95"]).all()


def test_an_economy_without_gdp_on_file_counts_as_an_average_one():
    """Taiwan is not in the World Bank's figures; its growth of GDP counted as nought."""
    table = segment_outlook("TWN", ["lasers", "optics"]).table
    assert table["reason"].str.contains("GDP growth is not in the shipped data").all()
    made = reference_class.estimate(reference_panel.heading_panel(), 5)
    rows = pd.DataFrame({"group": "", "region": "other", "log10_level": 8.0,
                         "gdp_growth": [np.nan, made.centre["gdp_growth"], 0.0]})  # fmt: skip
    missing, average, still = made.means(rows)
    assert missing == average != still


def test_class_21600_stands_for_a_group_under_its_own_name():
    made = proxy("USA", 25.0)
    assert proxy("CAN", 25.0) is None
    assert made.name == "Laboratory testing instruments" and made.speaks
    assert made.cover.sum() == pytest.approx(64, abs=0.5)
    rows = made.table.set_index("partner")
    assert rows.loc["WLD", "level_usd"] == pytest.approx(7.83e9, rel=0.001)
    assert {"UnobservedComponents(local level)", "ThetaModel"} <= set(made.fitted["class_name"])
    nested = rows[["lo_95", "lo_80", "median_usd", "hi_80", "hi_95"]].to_numpy()
    assert (np.diff(nested, axis=1) > 0).all()


def test_breaks_of_headings_are_in_no_window():
    first = reference_panel.heading_panel().groupby("group")["year"].min()
    assert first[["9013", "8541", "9002"]].to_dict() == {"9013": 2023, "8541": 2022, "9002": 2017}


def test_an_outlook_of_a_country_without_series_answers_its_segments():
    outlook = open_document("outlook", None, countries=["JPN"], segments=["lasers", "displays"])
    assert "answered by reference class" in words(outlook.chapter("summary").flat())
    made = outlook.chapter("answers").flat()
    assert "1 is forecast by reference class and 1 has no level" in words(made)
    assert {"answers_jpn", "answers_basis_jpn", "reference_record"} <= set(outlook.tables)


def test_a_scenario_reaches_segments_that_are_forecast_by_reference_class():
    text = "GDP of KOR +1 point a year from 2026"
    outlook = open_document("outlook", None, countries=["KOR"], segments=["optics"],
                            scenarios=[text])  # fmt: skip
    rows = outlook.facts.drivers.scenarios
    row = rows[rows["baseline_what"].str.contains("added up")].iloc[0]
    path = outlook.facts.answers.path
    assert row["baseline"] == pytest.approx(path["median_usd"].iloc[-1])
    years = int(path["year"].iloc[-1]) - 2025
    assert row["scenario"] / row["baseline"] == pytest.approx(1.01 ** (years * row["elasticity"]))
    photonic = rows[rows["baseline_what"].str.contains("added up")]
    assert not photonic["estimate"].str.endswith("_materials").any()


@pytest.mark.slow
@pytest.mark.parametrize("years", HORIZONS)
def test_the_record_is_what_the_benchmark_computes(years):
    origin = record(years)["origin"]
    made = pd.concat([
        rt.across(reference_panel.heading_panel(), years),
        rt.out_of_time(reference_panel.enduse_panel(), years, origin),
    ])  # fmt: skip
    kept = pd.DataFrame(record(years)["scores"])
    keys = ["test", "model", "level"]
    made, kept = (t.sort_values(keys).reset_index(drop=True)[kept.columns] for t in (made, kept))
    pd.testing.assert_frame_equal(made, kept, rtol=1e-3, atol=1e-3, check_dtype=False)
