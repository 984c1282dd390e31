"""A bilateral matrix known in part: properties on the shipped headings, and a small one by hand."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.markets import bilateral as b
from marketintel.analysis.markets.agreement import CONTESTED, ROBUST, classify
from marketintel.analysis.markets.potential import export_potential
from marketintel.analysis.markets.world import world_of
from marketintel.analysis.trade.headings import known_pairs
from marketintel.reference.countries import group_members
from marketintel.reference.screening import Rule
from marketintel.warehouse import context_trade as ct
from marketintel.warehouse import engine

YEAR, CODES = "2024", ["9002", "9011"]


@pytest.fixture(scope="module")
def shares():
    return ct.heading_shares()


@pytest.fixture(scope="module")
def totals():
    return ct.heading_trade()


@pytest.fixture(scope="module")
def matrix(shares, totals):
    ties = engine.ask(None, "SELECT origin, destination, distance_km, contiguous, common_language, "
                            "colony FROM pairs")  # fmt: skip
    lists, trade = (f[(f["period"] == YEAR) & f["cmd_code"].isin(CODES)] for f in (shares, totals))
    return b.filled(lists, trade, ties)


def test_pairs_seen_from_both_sides_agree_within_rounding(shares):
    own = shares["flow"] == "import"
    rows = shares.assign(
        exporter=shares["partner"].where(own, shares["reporter"]),
        importer=shares["reporter"].where(own, shares["partner"]),
    )
    keys = ["exporter", "importer", "cmd_code", "period"]
    both = rows[rows.duplicated(keys, keep=False)].sort_values("total_usd").groupby(keys)
    ends = both.agg(
        first=("value_usd", "first"), last=("value_usd", "last"), total=("total_usd", "sum")
    )
    assert len(ends) == 5_664
    assert ((ends["first"] - ends["last"]).abs() <= ends["total"] / 1e4).all()


def test_known_pairs_are_most_of_the_world_trade_of_every_heading(shares, totals):
    table = b.cover(known_pairs(shares), totals)
    assert len(table) == 96 and table["known_pct"].between(70, 89.5).all()
    world = table.set_index(["cmd_code", "period"])["world_usd"]
    assert world["9002", "2024"] == 15_942_755_192


def test_every_total_is_kept_and_every_bound(matrix, totals):
    rows = totals[(totals["period"] == YEAR) & totals["cmd_code"].isin(CODES)]
    for flow, end in (("exports_usd", "exporter"), ("imports_usd", "market")):
        whole = rows.set_index(["reporter", "cmd_code"])[flow]
        found = matrix.groupby([end, "cmd_code"])[["known_usd", "value_usd"]].sum()
        whole = whole.reindex(found.index)
        assert (found["known_usd"] <= whole * (1 + 1e-9) + 1e-6).all(), "never above 100 %"
        assert (found["value_usd"] - whole).abs().max() < 1e-3 * whole.max()
    assert (matrix["value_usd"] <= matrix["most_usd"] + 1e-6).all()
    unknown = matrix["known_usd"].isna()
    assert (matrix.loc[unknown, "value_usd"] > 0).mean() > 0.99, "unknown is not zero"
    known = matrix[~unknown]
    assert np.allclose(known["value_usd"], known["known_usd"])
    assert (matrix["exporter"] != matrix["market"]).all()


def test_the_union_sells_at_least_what_is_known_and_nothing_to_itself(matrix, totals):
    rows = totals.rename(columns={"reporter": "market"})
    imports = rows.set_index(["market", "cmd_code", "period"])["imports_usd"]
    union = group_members("EU27")
    table = b.sales(matrix, dict.fromkeys(union, 1.0), imports).set_index(["market", "cmd_code"])
    assert not set(table.index.get_level_values("market")) & set(union)
    assert (table["known_usd"] <= table["most_usd"] + 1e-6).all()
    bought = imports.xs(YEAR, level="period").reindex(table.index)
    assert (table["most_usd"] <= bought * (1 + 1e-9) + 1e-6).all()
    # Published: 52 % of US and 41 % of Canada's imports of microscopes are known to be the EU's.
    share = 100 * table["known_usd"] / bought
    assert share["USA", "9011"] == pytest.approx(52, abs=0.5)
    assert share["CAN", "9011"] == pytest.approx(41, abs=0.5)
    half = b.sales(matrix, {"DEU": 0.5}, imports).set_index(["market", "cmd_code"])
    whole = b.sales(matrix, {"DEU": 1.0}, imports).set_index(["market", "cmd_code"])
    assert half.loc[("USA", "9011"), "known_usd"] == whole.loc[("USA", "9011"), "known_usd"] / 2


def test_potential_of_a_small_matrix_by_hand():
    """Two exporters, two markets, one heading; A sells 60 and 40, B 20 and 80."""
    rows = [("A", "J", 60.0), ("A", "K", 40.0), ("B", "J", 20.0), ("B", "K", 80.0)]
    trade = pd.DataFrame(rows, columns=["exporter", "market", "value_usd"]).assign(cmd_code="9002")
    found = export_potential(world_of(trade), balance=False)
    # Supply of A is 100/200; J imports 80; ease is 60 ÷ (.5 · 80) = 1.5: .5 · 80 · 1.5 = 60.
    assert found.ease[0, 0] == pytest.approx(1.5) and found.usd[0, 0, 0] == pytest.approx(60)
    growth = pd.Series({"A": 1.2, "B": 1.0, "J": 1.0, "K": 1.0})
    grown = export_potential(world_of(trade), gdp_growth=growth, balance=False)
    assert grown.usd[0, 0, 0] == pytest.approx((120 / 220) * 80 * 1.5)


def test_a_spread_within_bounds_by_hand():
    """Row sums 6 and 4, column sums 5 and 5, one cell at most 2."""
    most = np.array([[2.0, 9.0], [9.0, 9.0]])
    value = b._spread(np.ones((2, 2)), np.array([6.0, 4.0]), np.array([5.0, 5.0]), most)
    assert value == pytest.approx(np.array([[2.0, 4.0], [3.0, 1.0]]), abs=1e-2)


def test_no_market_is_robust_where_sales_are_not_known():
    ranked = pd.DataFrame({"rank_a": [1.0, 2.0], "rank_b": [1.0, 2.0], "mean_rank": [1.0, 2.0]},
                          index=["JPN", "KOR"])  # fmt: skip
    high, known = pd.Series(1.0, ranked.index), pd.Series(100.0, ranked.index)
    table = classify(ranked, high, known, Rule(), pd.Series({"JPN": True, "KOR": False}))
    assert table["class"].to_dict() == {"JPN": ROBUST, "KOR": CONTESTED}
    nothing = classify(ranked, high, known, Rule(), pd.Series(dtype=bool))
    assert set(nothing["class"]) == {CONTESTED}
