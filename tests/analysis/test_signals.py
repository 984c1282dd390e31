import dataclasses
import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from marketintel.analysis.trade import facts, rules, signals, suppliers

from .conftest import COLUMNS, few, frame, worlds

QUIET = {
    "segment": "lasers",
    "scope": "core",
    "reporter": "USA",
    "exporter": "EU27",
    "period": "2030",
    "market_value_usd": 1e9,
    "market_change_pct": 0.0,
    "market_share_of_all_pct": 1.0,
    "exporter_value_usd": 2e8,
    "exporter_base_value_usd": 2e8,
    "exporter_base_share_pct": 20.0,
    "exporter_share_pct": 20.0,
    "share_change_pp": 0.0,
    "portfolio_share_pct": 20.0,
    "competitor": "CHN",
    "competitor_value_usd": 3e8,
    "competitor_share_pct": 30.0,
    **{
        f"{basket}_{name}": value
        for basket in ("competitor_basket", "exporter_basket", "exporter_others")
        for name, value in {
            "duty_pct": 5.0,
            "against_duty_pct": 5.0,
            "gap_pp": 0.0,
            "gap_usd": 0.0,
            "covered_pct": 90.0,
            "rise_pp": 0.0,
            "against_rise_pp": 0.0,
            "rise_gap_pp": 0.0,
            "rise_gap_usd": 0.0,
            "rise_covered_pct": 90.0,
        }.items()
    },
    "largest_code": "901320",
    "largest_code_share_pct": 50.0,
    "n_codes": 4,
    "rca_in_market": 0.5,
}

# One change of the quiet facts for each rule, and the dollars it then concerns.
CASES = {
    "share_up_in_growing_market": ({"market_change_pct": 5.0, "share_change_pp": 0.5}, 5e6),
    "below_own_average": ({"market_share_of_all_pct": 5.0, "portfolio_share_pct": 25.0}, 5e7),
    "duty_advantage": (
        {
            "competitor_basket_gap_pp": 2.0,
            "competitor_basket_gap_usd": 6e6,
            "exporter_basket_gap_pp": -1.0,
        },
        6e6,
    ),
    "diversification_opening": (
        {
            "competitor_share_pct": 40.0,
            "competitor_basket_rise_pp": 2.0,
            "competitor_basket_rise_gap_pp": 2.0,
            "competitor_basket_rise_gap_usd": 6e6,
        },
        6e6,
    ),
    "duty_rose_more": (
        {
            "exporter_others_rise_gap_pp": 2.0,
            "exporter_others_rise_pp": 2.0,
            "exporter_others_rise_gap_usd": 4e6,
        },
        4e6,
    ),
    "duty_disadvantage": (
        {"exporter_basket_gap_pp": 2.0, "exporter_basket_gap_usd": 4e6},
        4e6,
    ),
    "losing_share_in_growing_market": ({"market_change_pct": 5.0, "share_change_pp": -0.5}, 5e6),
    "specialisation_eroding": ({"rca_in_market": 1.0, "share_change_pp": -0.5}, 5e6),
    "one_code_dependence": ({"largest_code_share_pct": 80.0}, 0),
    "shrinking_demand": ({"market_change_pct": -5.0}, 1e7),
    "front_loaded_growth": ({"market_change_pct": 5.0, "period": "2025"}, 1e7),
}


def found(**changes):
    declared = rules.Thresholds(front_loaded=((QUIET["reporter"], "2025"),))
    return signals.signals(pd.DataFrame([QUIET | changes]), declared)


def test_a_year_is_front_loaded_only_where_someone_declares_it():
    rows = pd.DataFrame([QUIET | CASES["front_loaded_growth"][0]])
    assert "front_loaded_growth" not in signals.signals(rows)["rule"].tolist()


def test_quiet_facts_give_no_signal_but_the_whole_table():
    result = found()
    assert result.empty
    assert {"kind", "rank", "rule_text", "statement", "score_usd"} <= set(result.columns)


def test_every_rule_has_a_case():
    assert set(CASES) == {rule.id for rule in rules.RULES}
    assert len({rule.id for rule in rules.RULES}) == len(rules.RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_speaks_at_its_threshold_alone(rule):
    changes, amount = CASES[rule]
    result = found(**changes)
    assert result["rule"].tolist() == [rule]
    assert result["score_usd"].tolist() == pytest.approx([amount])
    assert result["rank"].tolist() == [1]
    assert "{" not in result["statement"][0] + result["rule_text"][0]


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_silent_just_short_of_its_threshold(rule):
    """Move the first changed fact back by a hair."""
    changes = dict(CASES[rule][0])
    name = next(iter(changes))
    changes[name] -= 1e-6 * np.sign(changes[name])
    assert rule not in found(**changes)["rule"].tolist()


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_without_its_facts_is_silent_and_listed(rule):
    changes = CASES[rule][0]
    inputs = next(r.inputs for r in rules.RULES if r.id == rule)
    for name in inputs:
        holed = pd.DataFrame([QUIET | changes | {name: np.nan}])
        assert rule not in signals.signals(holed)["rule"].tolist()
        gaps = signals.not_evaluated(holed)
        assert name in gaps.loc[gaps["rule"] == rule, "missing"].iloc[0]
    assert signals.not_evaluated(pd.DataFrame([QUIET | changes])).empty


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.id)
def test_sentences_use_known_names_only(rule):
    words = {name for _, name, _, _ in string.Formatter().parse(rule.statement) if name}
    assert words <= set(rule.inputs) | {"exporter", "competitor", "period", "lost_pp", "fell_pct"}
    limits = {name for _, name, _, _ in string.Formatter().parse(rule.text) if name}
    assert limits <= {field.name for field in dataclasses.fields(rules.Thresholds)}


@pytest.mark.parametrize("rule", CASES)
def test_small_markets_give_no_signal(rule):
    assert found(**CASES[rule][0], market_value_usd=49e6).empty


def test_thresholds_can_be_set_and_show_in_the_text():
    strict = rules.Thresholds(growth_pct=10)
    quiet = pd.DataFrame([QUIET | CASES["share_up_in_growing_market"][0]])
    assert signals.signals(quiet, strict).empty
    texts = signals.rule_texts(strict).set_index("rule")["rule_text"]
    assert "grew by 10 %" in texts["share_up_in_growing_market"]


def test_dependence_on_one_code_is_weighed_by_the_sales_above_the_threshold():
    assert found(largest_code_share_pct=85.0)["score_usd"].tolist() == pytest.approx([1e7])
    assert found(largest_code_share_pct=100.0, n_codes=1).empty, "no other code to sell"


def test_small_exporters_are_measured_against_themselves():
    """From 1.0 to 1.1 % is less than half a point, but a tenth of the exporter's share."""
    result = found(
        market_change_pct=5.0,
        exporter_base_share_pct=1.0,
        exporter_share_pct=1.1,
        share_change_pp=0.1001,
        portfolio_share_pct=1.0,
        exporter_value_usd=1.1e7,
    )
    assert result["rule"].tolist() == ["share_up_in_growing_market"]


def test_unlike_amounts_share_no_ranking():
    """A duty difference, a missing share and a share gained are each ranked among their like."""
    rows = [
        QUIET | CASES[rule][0] | {"segment": rule}
        for rule in ("share_up_in_growing_market", "below_own_average", "duty_advantage")
    ]
    result = signals.signals(pd.DataFrame([*rows, rows[2] | {"segment": "z"}]))
    assert result["measure"].nunique() == 3
    assert result.groupby("measure")["rank"].max().to_dict() == {
        "duty difference": 2, "missing share": 1, "share gained": 1,
    }  # fmt: skip


def test_a_rise_is_not_both_opportunity_and_risk():
    """Growth that was brought forward is a risk; the share gained in it is no opportunity."""
    both = CASES["share_up_in_growing_market"][0] | {"period": "2025"}
    assert found(**both)["kind"].tolist() == ["risk"]


def test_an_advantage_on_one_basket_and_a_disadvantage_on_the_other_is_no_opportunity():
    changes = CASES["duty_advantage"][0] | CASES["duty_disadvantage"][0]
    assert found(**changes)["rule"].tolist() == ["duty_disadvantage"]


def test_every_threshold_is_printed():
    odd = {f.name: 3.1 + i for i, f in enumerate(dataclasses.fields(rules.Thresholds))}
    odd |= {"min_market_usd": 71e6, "min_exporter_usd": 72e6, "front_loaded": (("XYZ", "2031"),)}
    limits = rules.Thresholds(**odd)
    printed = " ".join([*signals.rule_texts(limits)["rule_text"], signals.floors_text(limits)])
    for name, value in odd.items():
        said = {"front_loaded": "XYZ 2031"}.get(name) or f"{value / (1e6 if value > 1e6 else 1):g}"
        assert said in printed, name


def test_rank_is_by_dollars_then_name_within_kind_scope_and_measure():
    base = QUIET | CASES["duty_advantage"][0]
    table = pd.DataFrame(
        [
            base | {"segment": "b", "competitor_basket_gap_usd": 1e8},
            base | {"segment": "a", "competitor_basket_gap_usd": 1e8},
            base | {"segment": "c", "competitor_basket_gap_usd": 5e8},
            base | {"segment": "c", "scope": "core+broad"},
            QUIET | CASES["duty_disadvantage"][0] | {"segment": "d"},
        ]
    )
    result = signals.signals(table, names={"CHN": "China", "EU27": "The EU"})
    assert result["segment"].tolist() == ["c", "a", "b", "c", "d"]
    assert result["rank"].tolist() == [1, 2, 3, 1, 1]
    assert result["kind"].tolist() == ["opportunity"] * 4 + ["risk"]
    assert "China" in result["statement"][0]
    assert result["exporter"].unique().tolist() == ["EU27"]
    pd.testing.assert_frame_equal(
        result, signals.signals(table.iloc[::-1], names={"CHN": "China", "EU27": "The EU"})
    )


def test_missing_fact_columns_are_named():
    with pytest.raises(ValueError, match=r"facts lacks the column.s. market_value_usd"):
        signals.signals(pd.DataFrame([QUIET]).drop(columns="market_value_usd"))


DUTY_COLUMNS = [*COLUMNS, "dutiable_value_usd", "duties_usd"]


@pytest.fixture
def market():
    rows = [
        ("lasers", "core", "DEU", "1", "2024", 60.0, 60.0, 0.0),
        ("lasers", "core", "FRA", "2", "2024", 20.0, 20.0, 0.0),
        ("lasers", "core", "JPN", "1", "2024", 120.0, 120.0, 0.0),
        ("lasers", "core", "DEU", "1", "2025", 120.0, 120.0, 12.0),
        ("lasers", "core", "FRA", "2", "2025", 30.0, 30.0, 6.0),
        ("lasers", "core", "JPN", "1", "2025", 130.0, 130.0, 26.0),
        ("lasers", "core", "CHN", "2", "2025", 20.0, 20.0, 10.0),
        ("optics", "core", "CHN", "3", "2024", 100.0, 0.0, 0.0),
        ("optics", "core", "CHN", "3", "2025", 100.0, 0.0, 0.0),
    ]
    return frame(rows, DUTY_COLUMNS)


def test_facts_by_hand(market):
    before = market.copy()
    table = facts.segment_facts(market, "EU", ["DEU", "FRA"], "2024", "2025")
    pd.testing.assert_frame_equal(market, before)
    assert table["segment"].tolist() == ["lasers", "optics"]
    lasers, optics = table.iloc[0], table.iloc[1]
    assert (lasers.reporter, lasers.exporter, lasers.base_period) == ("AAA", "EU", "2024")
    assert (lasers.market_value_usd, lasers.market_change_pct) == (300, 50)
    assert lasers.market_share_of_all_pct == 75
    assert (lasers.exporter_value_usd, lasers.exporter_share_pct, lasers.exporter_rank) == (
        150,
        50,
        1,
    )
    assert (lasers.exporter_base_share_pct, lasers.share_change_pp) == pytest.approx((40, 10))
    assert lasers.portfolio_share_pct == pytest.approx(37.5)
    assert (lasers.competitor, lasers.competitor_value_usd) == ("JPN", 130)
    assert (lasers.largest_code, lasers.largest_code_share_pct, lasers.n_codes) == ("1", 80, 2)
    assert lasers.exporter_duty_pct == pytest.approx(12)
    assert lasers.exporter_duty_change_pp == pytest.approx(12)
    assert lasers.others_duty_change_pp == pytest.approx(24)
    assert lasers.competitor_duty_change_pp == pytest.approx(20)
    # Code 1: Japan pays 20 % on 130, the EU 10 % on 120 of its 150.
    assert lasers.competitor_basket_gap_pp == pytest.approx(20 - 10)
    assert lasers.competitor_basket_gap_usd == pytest.approx(0.1 * 130)
    assert lasers.competitor_basket_covered_pct == pytest.approx(100)
    assert lasers.exporter_basket_gap_pp == pytest.approx(10 - 20)
    assert lasers.exporter_basket_covered_pct == pytest.approx(80)
    # Others sell code 1 (rate 0 to 20 %) and, new in 2025, code 2: no rise of its rate is known.
    assert lasers.exporter_others_rise_pp == pytest.approx(10)
    assert lasers.exporter_others_against_rise_pp == pytest.approx(20)
    assert lasers.exporter_others_rise_covered_pct == pytest.approx(80)
    assert pd.isna(lasers.rca_in_market)
    assert (optics.exporter_value_usd, optics.exporter_share_pct) == (0, 0)
    assert pd.isna(optics.largest_code)
    assert pd.isna(optics.exporter_duty_pct)


def test_facts_take_the_specialisation_of_the_period(market):
    matrix = market[["partner", "cmd_code", "period", "value_usd"]]
    segments = market[["segment", "scope", "cmd_code"]].drop_duplicates()
    special = suppliers.specialisation(matrix, segments, groups={"EU": ["DEU", "FRA"]})
    table = facts.segment_facts(
        market, "EU", ["DEU", "FRA"], "2024", "2025", specialisation=special
    ).set_index("segment")
    assert table.loc["lasers", "rca_in_market"] == pytest.approx(1 / (300 / 400))
    assert table.loc["optics", "rca_in_market"] == 0


def test_facts_without_duties_leave_the_duty_rules_unasked(market):
    table = facts.segment_facts(
        market.drop(columns=["duties_usd", "dutiable_value_usd"]), "DEU", ["DEU"], "2024", "2025"
    )
    assert table["exporter_duty_pct"].isna().all()
    gaps = signals.not_evaluated(table)
    assert {"duty_advantage", "duty_rose_more", "duty_disadvantage"} <= set(gaps["rule"])
    low = rules.Thresholds(min_market_usd=0, min_exporter_usd=0)
    spoken = signals.signals(table, low)["rule"].tolist()
    assert spoken == ["share_up_in_growing_market", "one_code_dependence"]


@few
@given(worlds(with_duties=True))
def test_signals_run_on_any_market(flows):
    if not {"2024", "2025"} <= set(flows["period"]):
        return
    scopes = ("core", "core+broad")
    table = facts.segment_facts(flows, "EU", ["DEU", "FRA"], "2024", "2025", scopes)
    assert not table.duplicated(["segment", "scope"]).any()
    low = rules.Thresholds(min_market_usd=0, min_exporter_usd=0)
    result = signals.signals(table, low)
    assert (result["score_usd"] >= 0).all()
    assert not result.duplicated(["segment", "scope", "rule"]).any()


def test_real_lasers_2025(census):
    """Germany in the US laser market: share up while demand fell, duties below China's."""
    flows = census[census["cmd_code"] == "901320"].assign(segment="lasers", scope="core")
    table = facts.segment_facts(flows, "4280", ["4280"], "2024", "2025").iloc[0]
    assert table.exporter_rank == 1
    assert table.reporter == "USA"
    raw = flows[flows["partner"] == "4280"].set_index("period")
    rate = 100 * raw["duties_usd"] / raw["value_usd"]
    assert table.exporter_duty_change_pp == pytest.approx(rate["2025"] - rate["2024"])
    rest = flows[flows["partner"] != "4280"].groupby("period")[["duties_usd", "value_usd"]].sum()
    others = 100 * rest["duties_usd"] / rest["value_usd"]
    assert table.others_duty_change_pp == pytest.approx(others["2025"] - others["2024"])
