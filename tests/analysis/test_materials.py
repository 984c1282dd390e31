import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.trade import complexity, indices, materials

COLUMNS = ["exporter", "market", "cmd_code", "period", "value_usd", "net_weight_kg"]


@pytest.fixture
def small():
    """One material, two buyers of a club of two, figures to work by hand."""
    rows = [
        ("CHN", "DEU", "280490", "2022", 60.0, 6.0),
        ("CHN", "FRA", "280490", "2023", 20.0, np.nan),
        ("JPN", "DEU", "280490", "2022", 20.0, 4.0),
        ("DEU", "FRA", "280490", "2022", 500.0, 50.0),
        ("JPN", "USA", "280490", "2022", 30.0, 3.0),
        ("DEU", "USA", "280490", "2022", 10.0, 1.0),
        ("JPN", "USA", "280490", "2019", 40.0, 3.0),
        ("JPN", "DEU", "280490", "2019", 1.0, 3.0),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


BUYERS = {"CLUB": ["DEU", "FRA"], "USA": ["USA"], "CAN": ["CAN"]}


@pytest.fixture
def table(small):
    spans = materials.spans(small, {"2018–19": ["2018", "2019"], "2022–23": ["2022", "2023"]})
    return materials.exposure(spans, BUYERS)


def test_exposure_by_hand(table):
    row = table.set_index(["buyer", "period"]).loc[("CLUB", "2022–23")]
    assert row["imports_usd"] == 100, "what members sell to each other is no import"
    assert (row["first_supplier"], row["first_share_pct"]) == ("CHN", 80)
    assert (row["second_supplier"], row["second_share_pct"]) == ("JPN", 20)
    assert row["hhi"] == pytest.approx(0.68)
    assert row["chn_share_pct"] == 80 and row["suppliers_for_80_pct"] == 1
    # All others sell 30 to third markets (Japan's 20 to the club is not free): 30 for China's 80.
    assert row["replaceable"] == pytest.approx(30 / 80)
    # Only 80 of the 100 have a weight: 80 dollars for 10 kilograms.
    assert row["unit_value_usd_kg"] == pytest.approx(8)


def test_a_buyer_without_imports_is_there_and_says_so(table):
    row = table.set_index(["buyer", "period"]).loc[("CAN", "2022–23")]
    assert row["n_suppliers"] == 0
    assert row[["imports_usd", "hhi", "first_supplier", "replaceable"]].isna().all()
    assert len(table) == 6


def test_one_supplier_is_fully_concentrated(table):
    row = table.set_index(["buyer", "period"]).loc[("USA", "2018–19")]
    assert (row["hhi"], row["first_share_pct"], row["n_suppliers"]) == (1, 100, 1)
    assert row["second_supplier"] is None or pd.isna(row["second_supplier"])


def test_movement_and_chokepoints(table):
    moved = materials.movement(table, "2018–19", "2022–23").set_index("buyer")
    assert moved.loc["USA", "hhi_change"] == pytest.approx(0.625 - 1)
    assert moved.loc["USA", "direction"] == "less concentrated"
    assert moved.loc["CAN", "direction"] == "not comparable"
    assert moved.loc["CLUB", ["base_first_supplier", "first_supplier"]].tolist() == ["JPN", "CHN"]
    found = materials.chokepoints(table[table["period"] == "2022–23"], 65)
    assert found["buyer"].tolist() == ["CLUB", "USA"]
    assert found["is_strict"].tolist() == [True, False]
    assert materials.chokepoints(table[table["period"] == "2022–23"], 90).empty


def test_world_supply_counts_a_group_once(small):
    apart = materials.world_supply(small[small["period"] == "2022"], {}).iloc[0]
    assert apart["exports_usd"] == 620 and apart["first_supplier"] == "DEU"
    club = materials.world_supply(small[small["period"] == "2022"], {"CLUB": ["DEU", "FRA"]})
    row = club.iloc[0]
    assert row["exports_usd"] == 120 and row["first_supplier"] == "CHN"
    assert row["hhi"] == pytest.approx((60**2 + 50**2 + 10**2) / 120**2)


def test_another_currency_keeps_its_name(small):
    table = materials.exposure(
        small.rename(columns={"value_usd": "value_eur"}), BUYERS, value="value_eur"
    )
    assert "imports_eur" in table and "imports_usd" not in table


# The real rows: agreement with other implementations, cell by cell ------------------------------


@pytest.fixture(scope="module")
def baci(shared):
    path = shared / "data" / "baci_hs92_materials_1995_2024.parquet"
    if not path.is_file():
        pytest.skip(f"{path.name} not present")
    raw = pd.read_parquet(path)
    rows = raw[raw["t"].astype(int) == 2022]
    return pd.DataFrame(
        {
            "exporter": rows["i"].astype(str),
            "market": rows["j"].astype(str),
            "cmd_code": rows["k"].astype(str).str.zfill(6),
            "period": "2022",
            "value_usd": rows["v"].astype(float) * 1000,
        }
    )


@pytest.fixture(scope="module")
def matrix(baci):
    """Exporters × 74 codes, exporters above USD 10 million: a numerical test, not a finding."""
    wide = baci.pivot_table(
        index="exporter", columns="cmd_code", values="value_usd", aggfunc="sum", fill_value=0.0
    )
    wide = wide[wide.sum(axis=1) > 1e7]
    return wide.loc[:, wide.sum() > 0]


def test_rca_on_baci_cell_by_cell(matrix):
    ours = indices.balassa(matrix)
    world = sum(float(matrix[c].sum()) for c in matrix)
    for exporter in matrix.index[::17]:
        own = float(matrix.loc[exporter].sum())
        for code in matrix.columns[::7]:
            share, everyone = matrix.loc[exporter, code] / own, matrix[code].sum() / world
            assert ours.loc[exporter, code] == pytest.approx(share / everyone, rel=1e-12)


def test_hhi_on_baci_against_plain_sums(baci):
    table = materials.exposure(baci, {"DEU": ["276"], "USA": ["842"], "JPN": ["392"]})
    values: dict[tuple[str, str], dict[str, float]] = {}
    for exporter, market, code, _, value in baci.itertuples(index=False):
        if exporter != market:
            values.setdefault((market, code), {})[exporter] = value
    numbers = {"DEU": "276", "USA": "842", "JPN": "392"}
    checked = 0
    for row in table[table["n_suppliers"] > 0].itertuples():
        sold = values[(numbers[row.buyer], row.cmd_code)]
        whole = sum(sold.values())
        assert row.hhi == pytest.approx(sum((v / whole) ** 2 for v in sold.values()), rel=1e-12)
        assert row.first_share_pct == pytest.approx(100 * max(sold.values()) / whole, rel=1e-12)
        checked += 1
    assert checked > 150


def test_density_and_eci_on_baci_from_their_definitions(matrix):
    """φ in full, and the eigenvector of the unsymmetric matrix: the text-book way."""
    m = complexity.presence(matrix)
    x = m.to_numpy()
    together = x.T @ x
    ubiquity = np.diag(together)
    phi = np.minimum(together / ubiquity[:, None], together / ubiquity[None, :])
    np.fill_diagonal(phi, 0)
    expected = x @ phi / phi.sum(axis=0)
    np.testing.assert_allclose(complexity.density(m).to_numpy(), expected, atol=1e-12)

    diversity = x.sum(axis=1)
    steps = (x / diversity[:, None]) @ (x / ubiquity).T
    size, vectors = np.linalg.eig(steps)
    second = vectors[:, np.argsort(-size.real)[1]].real
    second *= np.sign(np.corrcoef(second, diversity)[0, 1])
    eci = (second - second.mean()) / second.std(ddof=1)
    np.testing.assert_allclose(complexity.complexity(m).eci, eci, atol=1e-9)


def test_without_other_markets_nothing_is_said_to_be_irreplaceable(small):
    own = small[small["market"].isin(BUYERS["CLUB"])]
    row = materials.exposure(own, {"CLUB": BUYERS["CLUB"]}).iloc[0]
    assert pd.isna(row["replaceable"]) and row["n_suppliers"] > 0
