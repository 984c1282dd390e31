"""Positions by heading against published shares, and as properties of a matrix known in part."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.trade import headings as h
from marketintel.reference.countries import group_members
from marketintel.reference.headings import load_headings
from marketintel.warehouse import context_trade as ct

EU = {"EU27": group_members("EU27")}


@pytest.fixture(scope="module")
def shares():
    return ct.heading_shares()


@pytest.fixture(scope="module")
def trade():
    return ct.heading_trade()


def test_suppliers_of_canada_are_the_published_ones(shares, trade):
    rows = h.suppliers(shares, trade, "CAN").query("period == '2024'")
    table = rows.set_index(["cmd_code", "partner"])["share_pct"].round(1)
    assert table["9011"].head(4).to_dict() == {"DEU": 37.8, "USA": 24.1, "CHN": 11.9, "JPN": 11.1}
    assert table["9002"].head(3).to_dict() == {"JPN": 28.5, "CHN": 22.2, "USA": 17.0}


@pytest.mark.parametrize(("market", "known"), [("USA", 52), ("CHN", 51), ("KOR", 44), ("CAN", 41), ("JPN", 35)])  # fmt: skip
def test_known_share_of_the_union_in_microscopes(shares, trade, market, known):
    rows = h.positions(shares, trade, market, EU).set_index(["cmd_code", "period"])
    assert rows.loc[("9011", "2024"), "share_pct"] == pytest.approx(known, abs=0.5)


@pytest.mark.parametrize("market", ["CAN", "KOR", "RUS", "BLR", "TCD", "DEU", "RWA"])
def test_shares_stay_within_the_total_and_bounds_around_what_is_known(shares, trade, market):
    sellers = {**EU, "CHN": ["CHN"], "USA": ["USA"]}
    found = h.suppliers(shares, trade, market)
    whole = found.groupby(["cmd_code", "period"])["share_pct"].sum()
    assert whole.max() <= 100 + 1e-9 and (found["value_usd"] > 0).all()
    rows = h.positions(shares, trade, market, sellers)
    assert rows["most_share_pct"].max() <= 100 + 1e-9
    named = rows.dropna(subset=["value_usd"])
    assert (named["value_usd"] <= named["most_usd"] + 1e-6).all()
    assert (rows["value_usd"].isna() == (rows["known_members"] == 0)).all()
    single = rows[rows["seller"].isin(["CHN", "USA"])].dropna(subset=["value_usd"])
    assert np.allclose(single["value_usd"], single["most_usd"])
    years = trade.query("reporter == @market and imports_usd > 0")
    assert len(rows) == len(sellers) * len(years)


def test_a_pair_that_both_list_is_valued_from_the_smaller_total(shares, trade):
    pairs = h.known_pairs(shares)
    keys = ["exporter", "importer", "cmd_code", "period"]
    assert not pairs.duplicated(keys).any() and len(shares) - len(pairs) == 5_664
    both = shares.assign(size=shares["total_usd"])
    both = both.query("cmd_code == '9011' and period == '2024'")
    usa = both.query("reporter == 'DEU' and partner == 'USA' or reporter == 'USA' and partner == 'DEU'")  # fmt: skip
    assert len(usa) == 2
    value = pairs.set_index(keys)["value_usd"][("DEU", "USA", "9011", "2024")]
    assert value == usa.nsmallest(1, "total_usd")["value_usd"].iloc[0]


def test_what_no_list_names_is_bounded_by_the_last_place():
    lists = [("BUY", "import", f"S{n:02}", "9002", "2024", n, 1000 - n, 1e9) for n in range(1, 11)]
    lists += [("XYZ", "export", "USA", "9002", "2024", 1, 9000, 5e7)]
    columns = ["reporter", "flow", "partner", "cmd_code", "period", "rank", "share_bp", "total_usd"]
    shares = pd.DataFrame(lists, columns=columns)
    shares["value_usd"] = shares["share_bp"] / 1e4 * shares["total_usd"]
    trade = pd.DataFrame([("BUY", 1e9, 0.0), ("XYZ", 0.0, 5e7), ("BIG", 0.0, 9e9), ("NIL", 1.0, 0.0)],
                         columns=["reporter", "imports_usd", "exports_usd"])  # fmt: skip
    trade = trade.assign(cmd_code="9002", period="2024")
    sellers = {name: [name] for name in ("XYZ", "BIG", "NIL", "S01")}
    sellers["BOTH"] = ["S01", "BIG"]
    rows = h.positions(shares, trade, "BUY", sellers).set_index("seller")
    rest = 1e9 - shares[shares["reporter"] == "BUY"]["value_usd"].sum()
    assert rows.loc["XYZ", "most_usd"] == pytest.approx(5e6)  # its exports less what it lists
    assert rows.loc["BIG", "most_usd"] == pytest.approx(min(rest, 0.099e9))
    assert rows.loc["NIL", "most_usd"] == 0 and np.isnan(rows.loc["NIL", "value_usd"])
    assert rows.loc["BOTH", "value_usd"] == rows.loc["S01", "value_usd"] == pytest.approx(0.0999e9)
    other = h.largest_unlisted(shares, trade, "BUY")[("9002", "2024")]
    assert other == pytest.approx(100 * min(rest, 0.099e9) / 1e9)
    assert rows.loc["BOTH", "most_usd"] == pytest.approx(0.0999e9 + min(rest, 0.099e9))


def test_standing_against_world_totals_and_the_declared_breaks(trade):
    since = {code: load_headings()[code].compared_from(2017, 2024) for code in set(trade["cmd_code"])}  # fmt: skip
    assert (since["9013"], since["8541"], since["9002"]) == (2023, 2022, 2017)
    assert load_headings()["9013"].compared_from(2017, 2022) == 2022  # a year between two bases
    rows = h.standing(trade, "CAN", "2024", since).set_index("cmd_code")
    assert rows.loc["9002", "world_usd"] == 15_942_755_192
    assert np.isnan(rows.loc["9013", "volatility_pct"])
    own = trade.query("reporter == 'CAN' and cmd_code == '9002'").set_index("period")["imports_usd"]
    growth = 100 * ((own["2024"] / own["2017"]) ** (1 / 7) - 1)
    assert rows.loc["9002", "growth_pct"] == pytest.approx(growth)
    every = pd.concat(h.standing(trade, m, "2024", since) for m in trade["reporter"].unique()[:4])
    assert every["world_rank"].min() >= 1 and every["world_share_pct"].max() < 100
    nowhere = h.standing(trade, "BLX", "2024", since)
    assert nowhere["imports_usd"].isna().all() and nowhere["growth_pct"].isna().all()


@pytest.mark.parametrize(("first", "last", "growth"), [("2020", "2024", 18.92), ("2024", "2024", None), ("2019", "2024", None)])  # fmt: skip
def test_growth_needs_a_level_before(first, last, growth):
    values = pd.Series({"2019": 0.0, "2020": 100.0, "2024": 200.0})
    found = h.yearly_growth(values, first, last)
    assert np.isnan(found) if growth is None else found == pytest.approx(growth, abs=0.01)
