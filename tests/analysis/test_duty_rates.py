"""Rates of several regimes, years and members in one shape; duties imagined."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.markets.duty_rates import rates_of, scenario_block
from marketintel.analysis.markets.world import world_of

NAN = float("nan")
COLUMNS = ["reporter", "partner", "period", "regime", "rate_pct", "customs_value_usd", "duties_usd"]


@pytest.fixture
def rows():
    table = [
        ("USA", "DEU", "2023", "calculated", NAN, 100.0, 50.0),
        ("USA", "DEU", "2024", "calculated", NAN, 100.0, 10.0),
        ("USA", "FRA", "2024", "calculated", NAN, 300.0, 6.0),
        ("USA", "FRA", "2025", "calculated", NAN, 300.0, 90.0),
        ("USA", "JPN", "2024", "calculated", NAN, 0.0, 0.0),
        ("CAN", "WLD", "2019", "MFN", 8.0, NAN, NAN),
        ("CAN", "DEU", "2019", "preferential", 2.0, NAN, NAN),
        ("CAN", "FRA", "2019", "preferential", 2.0, NAN, NAN),
    ]
    return pd.DataFrame(table, columns=COLUMNS).assign(cmd_code="901320")


def test_the_last_year_up_to_the_one_asked_counts_market_by_market(rows):
    rates = rates_of(rows, 2024).set_index(["market", "exporter", "regime"])["rate_pct"]
    assert rates[("USA", "DEU", "calculated")] == 10 and rates[("USA", "FRA", "calculated")] == 2
    assert rates[("CAN", "WLD", "MFN")] == 8
    assert ("USA", "JPN", "calculated") not in rates.index, "no value, no rate"
    later = rates_of(rows, 2025).set_index(["market", "exporter", "regime"])["rate_pct"]
    assert later[("USA", "FRA", "calculated")] == 30


def test_a_pool_pays_its_duties_over_its_values(rows):
    rates = rates_of(rows, 2024, "CLUB", ["DEU", "FRA"])
    club = rates[rates["exporter"] == "CLUB"].set_index(["market", "regime"])["rate_pct"]
    assert club[("USA", "calculated")] == pytest.approx(100 * 16 / 400)
    assert club[("CAN", "preferential")] == 2


@pytest.fixture
def world():
    trade = [("AAA", "MMM", 60.0), ("BBB", "MMM", 40.0), ("AAA", "NNN", 1.0)]
    frame = pd.DataFrame(trade, columns=["exporter", "market", "value_usd"])
    axis = ["AAA", "BBB", "MMM", "NNN"]
    return world_of(frame.assign(cmd_code="901320"), axis, axis)


def test_only_the_exporter_pays_more_and_only_where_it_is_said(world):
    block = scenario_block(None, world, "AAA", {"MMM": 5})
    assert block[0, 2, 0] == 0.05 and block[1, 2, 0] == 0.0
    assert np.isnan(block[:, 3]).all(), "elsewhere nothing is assumed"


def test_an_unknown_rate_is_the_mean_of_the_others_and_none_falls_below_zero(world):
    duties = np.full(world.values.shape, np.nan)
    duties[1, 2, 0] = 0.1
    assert scenario_block(duties, world, "AAA", {"MMM": 5})[0, 2, 0] == pytest.approx(0.15)
    assert scenario_block(duties, world, "BBB", {"MMM": -30})[1, 2, 0] == 0
    assert duties[1, 2, 0] == 0.1, "what was given is not changed"


def test_a_market_outside_the_world_is_an_error(world):
    with pytest.raises(ValueError, match="not in the world"):
        scenario_block(None, world, "AAA", {"ZZZ": 5})
