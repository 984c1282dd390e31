import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from marketintel.analysis.trade import complexity as cx
from marketintel.analysis.trade.indices import balassa

from .conftest import few

TOY = pd.DataFrame(
    [[1, 1, 1, 1], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]],
    index=list("ABCD"),
    columns=["p1", "p2", "p3", "p4"],
    dtype=float,
)


@st.composite
def networks(draw, kind=None):
    """M of a few actors and products; binary or continuous, empty rows and columns included."""
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 9)))
    binary = draw(st.booleans()) if kind is None else kind == "binary"
    elements = st.sampled_from([0.0, 1.0]) if binary else st.floats(0, 0.75, width=16)
    x = draw(arrays(float, shape, elements=elements))
    return pd.DataFrame(x, [f"c{i}" for i in range(shape[0])], [f"p{i}" for i in range(shape[1])])


def plain_proximity(x):
    """The definition, pair by pair."""
    k = x.sum(axis=0)
    phi = np.zeros((len(k), len(k)))
    for a in range(len(k)):
        for b in range(len(k)):
            if a != b and max(k[a], k[b]) > 0:
                phi[a, b] = (x[:, a] * x[:, b]).sum() / max(k[a], k[b])
    return phi


def plain_density(x):
    phi = plain_proximity(x)
    with np.errstate(invalid="ignore"):
        return np.where(phi.sum(axis=0) > 0, (x @ phi) / phi.sum(axis=0), np.nan)


def plain_eci(x):
    """Second eigenvector of the row-stochastic matrix, by the general solver."""
    d, k = x.sum(axis=1), x.sum(axis=0)
    values, vectors = np.linalg.eig((x / d[:, None]) @ (x / k).T)
    second = np.real(vectors[:, np.argsort(np.real(values))[-2]])
    second = second * np.sign(np.corrcoef(second, d)[0, 1])
    return (second - second.mean()) / second.std(ddof=1)


def test_presence_of_both_kinds():
    values = pd.DataFrame([[3.0, 1.0, 0.0], [1.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
    assert cx.presence(values).to_numpy().tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    soft = cx.presence(values, "continuous").to_numpy()
    assert soft[0] == pytest.approx([1.5 / 2.5, 0.5 / 1.5, 0])
    assert cx.presence(values, threshold=0.5).to_numpy()[0].tolist() == [1, 1, 0]
    with pytest.raises(ValueError, match="binary or continuous, not fuzzy"):
        cx.presence(values, "fuzzy")


def test_toy_network():
    result = cx.complexity(TOY, ddof=0)
    assert result.eci.to_numpy() == pytest.approx([-0.0754, -1.6029, 0.7478, 0.9305], abs=5e-5)
    # p1 is sold by A alone, p2 by A and B, p3 by A and C, p4 by A, C and D.
    a, b, c, d = result.eci
    assert result.pci.to_numpy() == pytest.approx([a, (a + b) / 2, (a + c) / 2, (a + c + d) / 3])
    phi = cx.proximity(TOY)
    assert phi.loc["p1"].tolist() == pytest.approx([0, 1 / 2, 1 / 2, 1 / 3])
    assert phi.loc["p3", "p4"] == pytest.approx(2 / 3)
    near = cx.density(TOY)
    assert near.loc["A"].tolist() == pytest.approx([1, 1, 1, 1])
    assert near.loc["D", "p3"] == pytest.approx((2 / 3) / (1 / 2 + 1 / 2 + 2 / 3))
    assert near.loc["D", "p4"] == 0, "what an actor has does not bring it nearer to itself"


def test_reference_of_226_economies_and_785_products(shared):
    path = shared / "data" / "world_trade_avg_1998_2000_sitc4.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} not present")
    rows = pd.read_csv(path, dtype={"country": str, "product": str}, keep_default_na=False)
    world = rows.pivot_table(
        index="country", columns="product", values="value", aggfunc="sum", fill_value=0
    )
    assert world.shape == (226, 785)
    assert balassa(world.astype(float)).loc["afg", "0011"] == pytest.approx(0.2312238, abs=5e-8)
    m = cx.presence(world)
    assert cx.proximity(m).loc["0011", "0012"] == pytest.approx(0.3658537, abs=5e-8)
    result = cx.complexity(m)
    expected = {"afg": -0.5764283, "ago": -1.7770752, "aia": 1.4090414, "alb": -0.1732606}
    assert result.eci[list(expected)].to_dict() == pytest.approx(expected, abs=5e-8)
    own_scale = (result.pci - result.pci.mean()) / result.pci.std()
    assert own_scale["0011"] == pytest.approx(-0.6665761, abs=5e-8)
    np.testing.assert_allclose(result.eci, plain_eci(m.to_numpy()), atol=1e-9)
    np.testing.assert_allclose(cx.density(m), plain_density(m.to_numpy()), atol=1e-12)


def test_bilateral_materials_against_the_definitions(shared):
    """World exports of 74 raw materials (CEPII BACI), a numerical test and no finding."""
    path = shared / "data" / "baci_hs92_materials_1995_2024.parquet"
    if not path.is_file():
        pytest.skip(f"{path.name} not present")
    rows = pd.read_parquet(path, filters=[("t", "==", 2022)])
    world = rows.pivot_table(index="i", columns="k", values="v", aggfunc="sum", fill_value=0.0)
    kept, left_out = cx.without_tiny(world, min_value=1e5)  # thousand USD
    assert len(kept) + len(left_out) == len(world)
    x = kept.to_numpy()
    rca = (x / x.sum(axis=1)[:, None]) / (x.sum(axis=0) / x.sum())
    np.testing.assert_allclose(balassa(kept), rca, rtol=1e-12)
    m = cx.presence(kept)
    np.testing.assert_array_equal(m, rca >= 1)
    np.testing.assert_allclose(cx.density(m), plain_density(m.to_numpy()), atol=1e-12)
    np.testing.assert_allclose(cx.complexity(m).eci, plain_eci(m.to_numpy()), atol=1e-9)
    soft = cx.presence(kept, "continuous")
    np.testing.assert_allclose(cx.density(soft), plain_density(soft.to_numpy()), atol=1e-12)
    np.testing.assert_allclose(cx.complexity(soft).eci, plain_eci(soft.to_numpy()), atol=1e-9)


@few
@given(networks(), st.integers(1, 4))
def test_sums_over_the_product_space_are_exact_in_blocks_of_any_size(m, size):
    before = m.copy()
    block, cx._BLOCK = cx._BLOCK, size
    try:
        near = cx.density(m)
    finally:
        cx._BLOCK = block
    pd.testing.assert_frame_equal(m, before)
    np.testing.assert_allclose(near, plain_density(m.to_numpy()), atol=1e-12)
    np.testing.assert_allclose(near, cx.density(m), atol=1e-12)
    assert ((near >= -1e-12) & (near <= 1 + 1e-12) | near.isna()).all(axis=None)
    np.testing.assert_allclose(cx.proximity(m).fillna(0), plain_proximity(m.to_numpy()))


def test_density_over_several_full_blocks():
    rng = np.random.default_rng(7)
    m = pd.DataFrame((rng.random((20, 3 * cx._BLOCK + 5)) < 0.3).astype(float))
    np.testing.assert_allclose(cx.density(m), plain_density(m.to_numpy()), atol=1e-12)


@pytest.mark.parametrize("kind", ["binary", "continuous"])
def test_eci_does_not_depend_on_order_or_currency(kind):
    rng = np.random.default_rng(3)
    values = pd.DataFrame(rng.lognormal(0, 2, (12, 40)) * (rng.random((12, 40)) < 0.6))
    result = cx.complexity(cx.presence(values, kind))
    assert result.eci.mean() == pytest.approx(0, abs=1e-12)
    assert result.eci.std() == pytest.approx(1)
    mixed = values.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2) * 1e6
    again = cx.complexity(cx.presence(mixed, kind))
    pd.testing.assert_series_equal(again.eci.sort_index(), result.eci)
    pd.testing.assert_series_equal(again.pci.sort_index(), result.pci)


def test_the_absent_have_no_complexity():
    m = TOY.assign(p5=0.0)
    m.loc["E"] = 0.0
    result = cx.complexity(m, ddof=0)
    assert result.eci[list("ABCD")].to_numpy() == pytest.approx(cx.complexity(TOY, ddof=0).eci)
    assert np.isnan(result.eci["E"])
    assert np.isnan(result.pci["p5"])
    assert cx.density(m)["p5"].isna().all()
    assert cx.proximity(m)["p5"].isna().all()
    view = cx.outlook(m, result.pci)
    assert view.cog_net["p5"].isna().all()
    assert view.coi["A"] == 0
    assert view.coi["E"] == 0, "nothing is near to who has nothing"


def test_what_the_index_cannot_compare_is_refused():
    islands = pd.DataFrame(np.kron(np.eye(2), np.ones((3, 2))), index=list("ABCDEF"))
    islands.loc["G"] = [1, 1, 0, 0]
    with pytest.raises(ValueError, match=r"3 actor.s. share no product with the others: D, E, F"):
        cx.complexity(islands)
    with pytest.raises(ValueError, match="at least three actors"):
        cx.complexity(TOY.head(2))
    with pytest.raises(ValueError, match="second eigenvalue is double"):
        cx.complexity(pd.DataFrame(np.ones((4, 4))))
    with pytest.raises(ValueError, match="from 0 to 1"):
        cx.complexity(TOY * 2)
    with pytest.raises(ValueError, match="from 0 to 1"):
        cx.density(TOY.replace(0, np.nan))


def plain_coi(x, phi, pci):
    """COI by its definition, for a given product space."""
    near = (x @ phi) / phi.sum(axis=0)
    return (near * (1 - x) * pci).sum(axis=1)


@few
@given(networks("binary"), st.data())
def test_net_gain_is_the_change_of_the_outlook_on_entry(m, data):
    # An actor with every product relates each to the others; one with none can enter them all.
    m = m.assign(twin=0.0)
    m.loc["all"], m.loc["none"] = 1.0, 0.0
    x = m.to_numpy()
    phi = plain_proximity(x)
    pci = pd.Series(
        data.draw(arrays(float, len(m.columns), elements=st.floats(-3, 3, width=16))), m.columns
    )
    view = cx.outlook(m, pci)
    np.testing.assert_allclose(view.coi, plain_coi(x, phi, pci.to_numpy()), atol=1e-9)
    for c, k in np.argwhere(x == 0):
        entered = x.copy()
        entered[c, k] = 1
        change = (plain_coi(entered, phi, pci.to_numpy()) - view.coi.to_numpy())[c]
        assert view.cog_net.iloc[c, k] == pytest.approx(change, abs=1e-9)
        opens = (phi[k] / phi.sum(axis=0) * (1 - x[c]) * pci.to_numpy()).sum()
        assert view.cog_gross.iloc[c, k] == pytest.approx(opens, abs=1e-9)
    assert view.cog_net.isna().equals(m == 1)
    assert view.cog_gross.isna().equals(m == 1)


def test_net_gain_of_a_partial_presence_is_per_unit_of_m():
    rng = np.random.default_rng(5)
    m = pd.DataFrame(rng.uniform(0, 0.9, (5, 8)))
    x, phi, pci = m.to_numpy(), plain_proximity(m.to_numpy()), rng.normal(size=8)
    view = cx.outlook(m, pd.Series(pci), cx.density(m))
    full = x.copy()
    full[2, 3] = 1
    change = (plain_coi(full, phi, pci) - plain_coi(x, phi, pci))[2]
    assert view.cog_net.iloc[2, 3] * (1 - x[2, 3]) == pytest.approx(change)


def test_gross_and_net_can_rank_differently():
    """The reason why both are given."""
    view = cx.outlook(TOY, pd.Series([3.0, 5.0, 3.0, 0.0], TOY.columns))
    gross, net = view.cog_gross.loc["D"], view.cog_net.loc["D"]
    assert (gross.idxmax(), net.idxmax()) == ("p3", "p1")
    assert (gross - net)["p2"] == pytest.approx(5 * cx.density(TOY).loc["D", "p2"])


def test_tiny_economies_are_left_out_with_a_reason():
    values = pd.DataFrame(
        {"x": [6e9, 2e9, 5e8, 3e9, 0.0], "y": [0.0, 0.0, 0.0, 0.0, 8e8]},
        index=["DEU", "MCO", "FJI", "TWN", "TLS"],
    )
    people = pd.Series({"DEU": 8e7, "MCO": 4e4, "FJI": 9e5, "TLS": 1.4e6})
    kept, left_out = cx.without_tiny(values, population=people)
    assert kept.index.tolist() == ["DEU"]
    assert kept.columns.tolist() == ["x"], "a product that only the small ones sell goes too"
    assert left_out["actor"].tolist() == ["TWN", "MCO", "TLS", "FJI"]
    assert left_out["reason"].tolist() == [
        "population not known",
        "fewer than 1,000,000 persons",
        "trade below 1,000,000,000",
        "trade below 1,000,000,000",
    ]
    by_value, _ = cx.without_tiny(values)
    assert by_value.index.tolist() == ["DEU", "MCO", "TWN"]
