"""Three methods on a synthetic world: the full path, and what small economies do to it."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.markets import ranking_backtest as record
from marketintel.analysis.markets.candidates import METHODS, NAIVE, Inputs, MethodScores, history
from marketintel.analysis.markets.screening import Indicator
from tests.analysis import synthetic

ECONOMIES = [f"E{n:02d}" for n in range(24)]
CODES = ["901320", "900190", "854140"]
YEARS = range(2004, 2016)
INDICATORS = [
    Indicator(id="demand_usd", label="Demand", side="attractiveness", weight=40, logarithm=True),
    Indicator(id="demand_growth_pct", label="Growth", side="attractiveness", weight=30),
    Indicator(id="gdp_growth_pct", label="GDP", side="attractiveness", weight=10),
    Indicator(id="distance_km", label="Distance", side="access", weight=50, better="low"),
    Indicator(id="ties", label="Ties", side="access", weight=20),
]
SIDES = {"attractiveness": 65.0, "access": 35.0}


@pytest.fixture(scope="module")
def trade():
    return synthetic.trade(ECONOMIES, CODES, YEARS)


@pytest.fixture(scope="module")
def world(trade):
    def inputs(exporter="E01", members=None):
        return Inputs(
            trade,
            synthetic.macro(ECONOMIES, YEARS),
            synthetic.macro(ECONOMIES, YEARS, seed=2, start=1e6),
            synthetic.pairs(ECONOMIES),
            exporter,
            members,
        )

    return inputs


def test_every_method_has_an_opinion_or_says_that_it_has_none(world):
    year = MethodScores(world(), 2014)
    table = year.by_method(INDICATORS, SIDES)
    assert tuple(table.columns) == METHODS
    assert "E01" not in table.index and synthetic.BUYS_NOTHING not in table.index
    assert len(table) == len(ECONOMIES) - 2
    assert np.isnan(table.loc[synthetic.NO_DISTANCE, "gravity"])
    others = table.drop(index=synthetic.NO_DISTANCE)
    assert others.notna().all().all()
    assert table.loc[synthetic.ONE_SUPPLIER, "potential"] >= 0
    own = year.indicators.loc[synthetic.ONE_SUPPLIER]
    assert own["suppliers_hhi"] == 1 and np.isnan(own["duty_pct"])
    assert np.isnan(year.indicators.loc[synthetic.NO_GDP, "gdp_growth_pct"])
    said = year.potential.assumed
    assert (said["economy"] == synthetic.NO_GDP).any()
    assert (said["other"] == synthetic.NO_DISTANCE).any()


def test_a_group_is_one_exporter_and_its_members_are_no_markets(world):
    year = MethodScores(world("CLUB", ["E00", "E01", "E02"]), 2014)
    assert not {"E00", "E01", "E02"} & set(year.markets)
    assert year.by_method(INDICATORS, SIDES)["potential"].notna().all()
    sold = year.world.exports()["CLUB"]
    assert sold == pytest.approx(year.indicators["own_sales_usd"].sum())


def test_a_consortium_has_the_potential_of_its_share(world):
    whole = MethodScores(world("ALL", {"E00": 1.0}), 2014)
    part = MethodScores(world("PART", {"E00": 0.25}), 2014)
    one = whole.potential_by_market.set_index("market")["potential_usd"]
    quarter = part.potential_by_market.set_index("market")["potential_usd"]
    assert (quarter < one).where(one > 0, True).all()


def test_nothing_after_the_year_is_looked_at(world, trade):
    before = MethodScores(world(), 2010).by_method(INDICATORS, SIDES)
    inputs = world()
    later = trade["period"].astype(int) > 2010
    changed = Inputs(
        trade.assign(value_usd=trade["value_usd"].where(~later, 7.0)),
        inputs.gdp[inputs.gdp["period"].astype(int) <= 2010],
        inputs.population[inputs.population["period"].astype(int) <= 2010],
        inputs.pairs,
        "E01",
    )
    after = MethodScores(changed, 2010).by_method(INDICATORS, SIDES)
    pd.testing.assert_frame_equal(before, after)


def test_indicators_by_hand(world, trade):
    year = MethodScores(world(), 2014)
    market = "E07"
    now = trade[trade["period"].isin(["2012", "2013", "2014"]) & (trade["market"] == market)]
    then = trade[trade["period"].isin(["2007", "2008", "2009"]) & (trade["market"] == market)]
    row = year.indicators.loc[market]
    assert row["demand_usd"] == pytest.approx(now["value_usd"].sum() / 3)
    growth = 100 * ((now["value_usd"].sum() / then["value_usd"].sum()) ** 0.2 - 1)
    assert row["demand_growth_pct"] == pytest.approx(growth)
    shares = now.groupby("exporter")["value_usd"].sum() / now["value_usd"].sum()
    assert row["suppliers_hhi"] == pytest.approx((shares**2).sum())
    assert row["own_sales_usd"] == pytest.approx(
        now.loc[now["exporter"] == "E01", "value_usd"].sum() / 3
    )


def test_gravity_intervals_come_with_every_market(world):
    table = MethodScores(world(), 2014).gravity.set_index("market")
    assert table.loc[synthetic.NO_DISTANCE, "verdict"] == "not predicted"
    known = table.drop(index=synthetic.NO_DISTANCE)
    assert (known["lo_usd"] <= known["hi_usd"]).all()
    assert set(known["verdict"]) <= {"below", "within", "above"}


def test_duties_reach_the_score_and_the_potential(world):
    inputs = world()
    rates = pd.DataFrame(
        [("E01", m, c, "MFN", 30.0 if m == "E08" else 0.0) for m in ECONOMIES for c in CODES]
        + [("WLD", m, c, "MFN", 0.0) for m in ECONOMIES for c in CODES],
        columns=["exporter", "market", "cmd_code", "regime", "rate_pct"],
    )
    free = MethodScores(inputs, 2014)
    dutied = MethodScores(Inputs(**{**inputs.__dict__, "duties": rates}), 2014)
    assert dutied.indicators.loc["E08", "duty_pct"] == pytest.approx(30)
    before = free.potential_by_market.set_index("market")["potential_usd"]
    after = dutied.potential_by_market.set_index("market")["potential_usd"]
    assert after["E08"] < before["E08"]


def test_an_exporter_that_sells_nothing_is_refused(world):
    with pytest.raises(ValueError, match="exports none"):
        MethodScores(world("XXX"), 2014)


def test_history_and_record_run_over_every_year(world, trade):
    said = history(world(), range(2009, 2013), INDICATORS, SIDES)
    assert set(said["rule"]) == {*METHODS, *NAIVE, "mean of methods"}
    own = trade[trade["exporter"] == "E01"].groupby(["market", "period"])["value_usd"].sum()
    table = record.record(said, record.outcomes(own.reset_index(), (3,)))
    assert set(table["period"]) == {"2009", "2010", "2011", "2012"}
    assert table["hit_5_pct"].between(0, 100).all()
    summed = record.summary(table, NAIVE)
    assert len(summed) == 7 and (summed["n_years"] == 4).all()


def test_one_product_takes_its_ease_from_the_basket(world, trade):
    inputs = world()
    one = trade[trade["cmd_code"] == "900190"]
    alone = MethodScores(Inputs(**{**inputs.__dict__, "trade": one}), 2014)
    within = MethodScores(Inputs(**{**inputs.__dict__, "trade": one, "basket": trade}), 2014)
    whole = MethodScores(inputs, 2014)
    cells = whole.potential.cells("E01")
    cells = cells[cells["cmd_code"] == "900190"].set_index("market")["potential_usd"]
    got = within.potential_by_market.set_index("market")["potential_usd"]
    pd.testing.assert_series_equal(got, cells.reindex(got.index))
    assert not np.allclose(alone.potential_by_market["potential_usd"], got)
