import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from marketintel.analysis.markets import world as worlds
from marketintel.analysis.markets.duty_rates import duty_block
from marketintel.analysis.markets.potential import export_potential
from marketintel.analysis.markets.world import World, pooled, world_of


def world(values, exporters=None, markets=None, codes=None):
    values = np.asarray(values, float)
    e, m, c = values.shape
    return World(
        values,
        pd.Index(exporters or [f"X{i}" for i in range(e)], dtype="str"),
        pd.Index(markets or [f"M{j}" for j in range(m)], dtype="str"),
        pd.Index(codes or [f"90000{k}" for k in range(c)], dtype="str"),
    )


@pytest.fixture
def fixture():
    """The reference figures of the method."""
    return world([[[60, 10], [40, 30]], [[20, 50], [80, 10]]])


GDP = pd.Series({"X0": 1.10, "X1": 1.05, "M0": 1.2, "M1": 1.1})
PEOPLE = pd.Series({"M0": 1.02, "M1": 1.0})


def test_reference_figures_to_the_printed_digits(fixture):
    result = export_potential(
        fixture, gdp_growth=GDP, population_growth=PEOPLE, income_elasticity=1.0, balance=False
    )
    assert np.round(result.usd[0], 3).tolist() == [[53.721, 32.383], [62.203, 16.665]]
    assert round(result.usd.sum(), 3) == 344.027
    assert round(result.unrealised.sum(), 3) == 85.526


@settings(max_examples=60, deadline=None)
@given(arrays(float, (4, 3, 5), elements=st.floats(0, 1e9, width=32)))
def test_neutral_factors_add_up_to_trade(values):
    values[values < 1] = 0
    result = export_potential(world(values), balance=False)
    np.testing.assert_allclose(result.usd.sum(axis=2), values.sum(axis=2), rtol=1e-9, atol=1e-6)


def test_cells_multiply_to_the_potential_and_none_is_left_out(fixture):
    distance = np.array([[1000.0, 4000.0], [np.nan, 900.0]])
    duties = np.full((2, 2, 2), 0.05)
    duties[0, 0] = 0.2
    result = export_potential(
        fixture, gdp_growth=GDP, population_growth=PEOPLE, distance_km=distance, duties=duties,
        sigma=1.5,
    )  # fmt: skip
    cells = result.cells("X0")
    product = cells[["supply", "demand_usd", "duty", "distance", "ease"]].prod(axis=1)
    np.testing.assert_allclose(product, cells["potential_usd"])
    parts = cells[["supply_share", "supply_balance", "supply_duty"]].prod(axis=1)
    np.testing.assert_allclose(parts, cells["supply"])
    assert len(cells) == 4 and cells.notna().all().all()


def loops(v, distance, duties, sigma, gdp, people, epsilon):
    """The formulas of the method once more, one cell at a time."""
    n_i, n_j, n_k = v.shape
    out = np.zeros(v.shape)
    for i in range(n_i):
        for j in range(n_j):
            ease = v[i, j].sum() / sum(
                v[i, :, k].sum() / v[:, :, k].sum() * v[:, j, k].sum() for k in range(n_k)
            )
            for k in range(n_k):
                x, m = v[i, :, k].sum(), v[:, i, k].sum()
                supply = x * gdp[i] / sum(v[a, :, k].sum() * gdp[a] for a in range(n_i))
                supply *= min(1, x / m) if m else 1
                tau_ik = (v[i, :, k] * duties[i, :, k]).sum() / x
                tau_k = (v[:, :, k] * duties[:, :, k]).sum() / v[:, :, k].sum()
                supply *= (1 + tau_ik) / (1 + tau_k)
                demand = v[:, j, k].sum() * (gdp[j] / people[j]) ** epsilon[k] * people[j]
                tau_jk = (v[:, j, k] * duties[:, j, k]).sum() / v[:, j, k].sum()
                demand *= ((1 + tau_jk) / (1 + duties[i, j, k])) ** sigma
                usual = sum(v[a, j, k] * np.log(distance[a, j]) for a in range(n_i) if a != j)
                usual /= v[:, j, k].sum()
                demand *= np.exp(-abs(usual - np.log(distance[i, j])))
                out[i, j, k] = supply * demand * ease if i != j else 0
    return out


def test_every_factor_against_the_formulas_cell_by_cell():
    draw = np.random.default_rng(3)
    v = draw.lognormal(5, 1, (4, 4, 3))
    v[np.arange(4), np.arange(4)] = 0
    distance, duties = draw.uniform(200, 9000, (4, 4)), draw.uniform(0, 0.3, (4, 4, 3))
    names = list("ABCD")
    here = world(v, names, names)
    gdp, people = (
        pd.Series(draw.uniform(0.8, 1.4, 4), names),
        pd.Series([1.0, 1.1, 0.9, 1.2], names),
    )
    epsilon = pd.Series([0.8, 1.0, 1.3], here.codes)
    result = export_potential(
        here, gdp_growth=gdp, population_growth=people, income_elasticity=epsilon,
        distance_km=distance, duties=duties, sigma=2.5,
    )  # fmt: skip
    expected = loops(
        v, distance, duties, 2.5, gdp.to_numpy(), people.to_numpy(), epsilon.to_numpy()
    )
    np.testing.assert_allclose(result.usd, expected, rtol=1e-12)
    assert (result.usd[np.arange(4), np.arange(4)] == 0).all(), "nobody is its own market"


def test_supply_is_a_share_of_the_product_whatever_else_is_asked_for(fixture):
    alone = export_potential(fixture.of(["900000"]), basket=fixture, balance=False)
    both = export_potential(fixture, balance=False)
    assert alone.supply_share[:, 0] == pytest.approx([100 / 200, 100 / 200])
    np.testing.assert_allclose(alone.usd[:, :, 0], both.usd[:, :, 0])


def test_ease_from_a_wider_basket_keeps_its_axes(fixture):
    other = world(fixture.values, ["X0", "Y"])
    with pytest.raises(ValueError, match="other exporters"):
        export_potential(fixture, basket=other)


def test_a_duty_scenario_moves_the_margin_and_not_the_supply(fixture):
    duties = np.full((2, 2, 2), 0.10)
    free = duties.copy()
    free[0] = 0.0
    before = export_potential(fixture, duties=duties, balance=False)
    after = export_potential(fixture, duties=duties, scenario=free, balance=False)
    assert (before.duty == 1).all(), "equal duties are no margin, at any exponent"
    assert (after.usd[0] > before.usd[0]).all()
    assert (after.usd[1] < before.usd[1]).all()
    np.testing.assert_array_equal(before.supply_duty, after.supply_duty)
    # M0, first product: suppliers pay (60·0 + 20·10 %)/80 = 2.5 % on average, X0 nothing.
    assert after.duty[0, 0, 0] == pytest.approx(1.025)


def test_eu_as_one_exporter_sells_nothing_to_itself():
    names = ["AUT", "DEU", "USA"]
    v = np.zeros((3, 3, 1))
    v[0, 1], v[1, 0], v[0, 2], v[1, 2], v[2, 0] = 50, 40, 10, 20, 5
    one = pooled(world(v, names, names), "EU27", ["AUT", "DEU"])
    assert list(one.exporters) == ["USA", "EU27"]
    assert one.values[1, :, 0].tolist() == [0, 0, 30]
    result = export_potential(one)
    rows = result.markets("EU27").set_index("market")
    assert rows["is_home"].tolist() == [True, True, False]
    assert rows.loc["USA", "actual_usd"] == 30
    # The group imports 5 from outside and exports 30: no correction of its supply.
    assert result.supply_balance[1, 0] == 1
    assert result.supply_balance[0, 0] == pytest.approx(5 / 30)


def test_a_consortium_takes_its_share_of_supply_and_leaves_the_rest():
    names = ["FRA", "SWE", "USA"]
    v = np.zeros((3, 3, 1))
    v[0, 2], v[0, 1], v[1, 2] = 100, 30, 50
    regions = pooled(world(v, names, names), "REGIONS", {"FRA": 0.1, "SWE": 0.5})
    at = list(regions.exporters).index
    assert regions.values[at("REGIONS"), :, 0].tolist() == [0, 3, 35]
    assert regions.values[at("FRA"), :, 0].tolist() == [0, 27, 90]
    assert regions.values.sum() == v.sum()
    rows = export_potential(regions).markets("REGIONS").set_index("market")
    assert rows["is_home"].to_dict() == {"FRA": True, "SWE": True, "USA": False}


def test_segments_weigh_codes_and_sum_unrealised_over_cells(fixture):
    result = export_potential(fixture, gdp_growth=GDP, population_growth=PEOPLE, balance=False)
    codes = pd.DataFrame(
        {"segment": ["a", "a"], "cmd_code": ["900000", "900001"], "weight": [1.0, 0.5]}
    )
    rows = result.markets("X0", codes).set_index("market")
    assert rows.loc["M0", "potential_usd"] == pytest.approx(53.721 + 32.383 / 2, abs=1e-3)
    assert rows.loc["M0", "unrealised_usd"] == pytest.approx((32.383 - 10) / 2, abs=1e-3)
    assert rows.loc["M0", "realised_pct"] == pytest.approx(
        100 * (53.721 + 5) / (53.721 + 32.383 / 2), abs=1e-2
    )


def test_what_is_not_known_is_stated_and_gives_no_nan():
    names = ["AAA", "BBB", "NEW"]
    v = np.zeros((3, 3, 2))
    v[0, 1], v[1, 0], v[2, 1] = [5, 0], [0, 0], [0, 7]
    distance = np.full((3, 3), 1000.0)
    distance[2, 1] = np.nan
    duties = np.full((3, 3, 2), np.nan)
    duties[0, 1, 0] = 0.1
    result = export_potential(
        world(v, names, names),
        gdp_growth=pd.Series({"AAA": 1.0, "BBB": 1.4}),
        population_growth=pd.Series({"AAA": 1.0, "BBB": 1.1}),
        distance_km=distance,
        duties=duties,
    )
    for exporter in names:
        cells = result.cells(exporter)
        assert cells.notna().all().all() and np.isfinite(cells.select_dtypes("number")).all().all()
        assert len(cells) == 6
        assert result.markets(exporter)["potential_usd"].notna().all()
    said = result.assumed
    assert set(said.loc[said["economy"] == "NEW", "factor"]) >= {
        "GDP growth of exporter", "GDP growth of market", "distance", "duty",
    }  # fmt: skip
    assert (
        said.loc[said["factor"] == "GDP growth of market", "assumption"].str.contains("1.200").all()
    )
    # One supplier of the product: it has all of world supply, and BBB is its only market.
    assert result.supply_share[0, 0] == 1 and result.usd[0, 1, 0] > 0
    # BBB exports nothing: no potential, and realised is missing rather than a number.
    assert result.markets("BBB")["realised_pct"].isna().all()


def test_duty_regimes_in_the_order_asked_for(fixture):
    rates = pd.DataFrame(
        [
            ("WLD", "M0", "900000", "MFN", 8.0),
            ("X0", "M0", "900000", "preferential", 0.0),
            ("X0", "M0", "900000", "calculated", 2.5),
            ("X1", "M1", "900001", "MFN", 4.0),
            ("Z9", "M0", "900000", "MFN", 9.0),
        ],
        columns=["exporter", "market", "cmd_code", "regime", "rate_pct"],
    )
    block = duty_block(rates, fixture)
    assert block[0, 0, 0] == 0.025 and block[1, 0, 0] == 0.08
    assert np.isnan(block[0, 1, 0]) and block[1, 1, 1] == 0.04
    assert duty_block(rates, fixture, ("preferential", "MFN"))[0, 0, 0] == 0
    assert duty_block(rates, fixture, ("MFN",))[0, 0, 0] == 0.08
    with pytest.raises(ValueError, match="twice"):
        duty_block(pd.concat([rates, rates]), fixture)


def test_a_world_refuses_what_cannot_be_trade():
    rows = pd.DataFrame(
        [("A", "B", "900000", 1.0), ("A", "B", "900000", 2.0)],
        columns=["exporter", "market", "cmd_code", "value_usd"],
    )
    with pytest.raises(ValueError, match="twice"):
        world_of(rows)
    with pytest.raises(ValueError, match="missing"):
        world_of(rows.iloc[:1].assign(value_usd=np.nan))
    with pytest.raises(ValueError, match="not on its axis"):
        world_of(rows.iloc[:1], exporters=["C"])
    assert world_of(rows.iloc[:1]).imports().to_dict() == {"B": 1.0}


def test_pooling_refuses_shares_that_are_none(fixture):
    with pytest.raises(ValueError, match="share"):
        pooled(fixture, "P", {"X0": 1.5})
    with pytest.raises(ValueError, match="already"):
        pooled(fixture, "X1", ["X0"])
    with pytest.raises(ValueError, match="no member"):
        pooled(fixture, "P", ["Q"])


def test_distance_of_a_pool_is_the_geometric_mean_of_its_members():
    pairs = pd.DataFrame(
        [("A", "U", 100.0, True), ("B", "U", 400.0, False), ("A", "V", 50.0, False)],
        columns=["origin", "destination", "distance_km", "contiguous"],
    )
    new = worlds.pooled_pairs(pairs, "P", {"A": 1.0, "B": 1.0, "C": 5.0})
    new = new[new["origin"] == "P"].set_index("destination")
    assert new.loc["U", "distance_km"] == pytest.approx(200)
    assert new.loc["U", "contiguous"] == 0.5
    assert new.loc["V", "distance_km"] == pytest.approx(50)


def test_growth_of_a_pool_is_growth_of_its_sum():
    series = pd.DataFrame(
        [("A", "2018", 100.0), ("A", "2023", 150.0), ("B", "2018", 300.0), ("B", "2023", 330.0),
         ("C", "2023", 5.0)],
        columns=["economy", "period", "value"],
    )  # fmt: skip
    growth = worlds.growth_ratio(series, "2018", "2023", {"P": ["A", "B", "C"]})
    assert growth.to_dict() == pytest.approx({"A": 1.5, "B": 1.1, "P": 480 / 400})
