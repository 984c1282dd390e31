import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.analysis.trade import suppliers

from .conftest import SEGMENT_OF, few, frame, worlds

EU = {"EU": ["DEU", "FRA"]}


def test_shares_by_hand(small):
    before = small.copy()
    shares = suppliers.supplier_shares(small)
    pd.testing.assert_frame_equal(small, before)
    lasers = shares[(shares["segment"] == "lasers") & (shares["period"] == "2025")]
    assert lasers["partner"].tolist() == ["DEU", "FRA", "JPN"]  # FRA = JPN: the name decides
    assert lasers["rank"].tolist() == [1, 2, 3]
    assert lasers["share_pct"].tolist() == pytest.approx([60, 20, 20])
    assert lasers["share_change_pp"].tolist() == pytest.approx([0, 20, -20])
    assert lasers["change_usd"].tolist() == [30, 30, -10]
    assert lasers["change_pct"].tolist()[::2] == pytest.approx([50, -25])
    assert pd.isna(lasers["change_pct"].tolist()[1]), "growth from nothing"
    gone = shares[(shares["segment"] == "optics") & (shares["partner"] == "FRA")]
    assert gone["value_usd"].tolist() == [10, 0]
    assert pd.isna(gone["rank"].tolist()[1])
    assert gone["change_pct"].tolist()[1] == -100


def test_a_group_replaces_its_members(small):
    shares = suppliers.supplier_shares(small, by=(), groups=EU)
    now = shares[shares["period"] == "2025"].set_index("partner")
    assert now["value_usd"].to_dict() == {"EU": 120, "JPN": 30, "CHN": 25}
    assert now.loc["EU", "share_change_pp"] == pytest.approx(100 * (120 / 175 - 70 / 150))


def test_missing_stays_missing_beside_absent():
    rows = [
        ("s", "core", "DEU", "1", "2024", 8.0),
        ("s", "core", "FRA", "1", "2024", None),
        ("s", "core", "DEU", "1", "2025", 8.0),
    ]
    shares = suppliers.supplier_shares(frame(rows)).set_index(["partner", "period"])
    assert pd.isna(shares.loc[("FRA", "2024"), "value_usd"])
    assert shares.loc[("FRA", "2025"), "value_usd"] == 0
    assert shares.loc[("DEU", "2024"), "share_pct"] == 100


@few
@given(worlds(), st.sampled_from(["core", "core+broad"]), st.sampled_from([None, EU]))
def test_shares_sum_to_a_hundred_and_values_to_the_segment(flows, scope, groups):
    shares = suppliers.supplier_shares(flows, scope=scope, groups=groups)
    keys = ["segment", "period"]
    sums = shares.groupby(keys)[["value_usd", "share_pct"]].sum(min_count=1)
    inside = flows if scope == "core+broad" else flows[flows["scope"] == "core"]
    direct = inside.groupby(keys)["value_usd"].sum()
    np.testing.assert_allclose(sums["value_usd"], direct)
    np.testing.assert_allclose(sums.loc[direct > 0, "share_pct"], 100)
    assert sums.loc[direct == 0, "share_pct"].isna().all()
    assert not shares.duplicated([*keys, "partner"]).any()


@few
@given(worlds(), st.randoms(use_true_random=False), st.integers(2, 1000))
def test_neither_order_nor_unit_matters(flows, random, unit):
    order = list(range(len(flows)))
    random.shuffle(order)
    shares = suppliers.supplier_shares(flows)
    pd.testing.assert_frame_equal(suppliers.supplier_shares(flows.iloc[order]), shares)
    other = suppliers.supplier_shares(flows.assign(value_usd=flows["value_usd"] * unit))
    free = ["partner", "share_pct", "rank", "change_pct", "share_change_pp"]
    pd.testing.assert_frame_equal(other[free], shares[free])


def test_concentration_by_hand(small):
    result = suppliers.concentration(small).set_index(["segment", "period"])
    lasers = result.loc[("lasers", "2025")]
    assert lasers.hhi == pytest.approx(0.36 + 0.04 + 0.04)
    assert (lasers.first_supplier, lasers.n_suppliers) == ("DEU", 3)
    assert lasers.first_supplier_share_pct == pytest.approx(60)
    assert lasers.suppliers_for_80_pct == 2  # 60 + 20 is exactly 80
    assert lasers.suppliers_counted == "each apart"
    one = result.loc[("optics", "2025")]
    assert (one.hhi, one.n_suppliers, one.suppliers_for_80_pct) == (1, 1, 1)
    assert pd.isna(one.hhi_normalised)
    pooled = suppliers.concentration(small, groups=EU).set_index(["segment", "period"])
    assert pooled.loc[("lasers", "2025"), "hhi"] == pytest.approx(0.64 + 0.04)
    assert pooled["suppliers_counted"].unique().tolist() == ["EU as one"]


@few
@given(worlds())
def test_concentration_bounds_and_pooling(flows):
    keys = ["segment", "period"]
    apart = suppliers.concentration(flows).set_index(keys)
    pooled = suppliers.concentration(flows, groups=EU).set_index(keys)
    assert (apart["hhi"] >= 1 / apart["n_suppliers"] - 1e-12).all()
    assert (apart["hhi"] <= 1 + 1e-12).all()
    assert (pooled["hhi"] >= apart["hhi"] - 1e-12).all()
    several = apart[apart["n_suppliers"] > 1]
    assert several["hhi_normalised"].between(0, 1 + 1e-12).all()
    assert (apart["suppliers_for_80_pct"] <= apart["n_suppliers"]).all()
    for (segment, period), row in apart.iterrows():
        inside = flows[(flows["scope"] == "core") & (flows["segment"] == segment)]
        sold = inside[inside["period"] == period].groupby("partner")["value_usd"].sum()
        assert row.hhi == pytest.approx(((sold / sold.sum()) ** 2).sum())


def test_position_of_a_group_a_member_and_a_stranger(small):
    exporters = {"EU": ["DEU", "FRA"], "FRA": ["FRA"], "CHE": ["CHE"]}
    place = suppliers.position(small, exporters, scope="core")
    now = place[place["period"] == "2025"].set_index(["segment", "exporter"])
    eu = now.loc[("lasers", "EU")]
    assert (eu.value_usd, eu.share_pct, eu["rank"], eu.n_suppliers) == (120, 80, 1, 2)
    assert eu.share_change_pp == pytest.approx(20)
    assert eu.change_pct == pytest.approx(100)
    assert eu.market_change_pct == pytest.approx(50)
    assert eu.growth_gap_pp == pytest.approx(50)
    france = now.loc[("lasers", "FRA")]
    assert (france.value_usd, france["rank"], france.n_suppliers) == (30, 2, 3)
    stranger = now.loc[("lasers", "CHE")]
    assert (stranger.value_usd, stranger.share_pct, stranger.share_change_pp) == (0, 0, 0)
    assert pd.isna(stranger["rank"])
    assert pd.isna(stranger.change_pct)
    assert place["exporter"].tolist()[:3] == list(exporters), "in the order asked for"


def test_position_takes_plain_codes_and_refuses_none(small):
    place = suppliers.position(small, ["DEU"])
    assert set(place["exporter"]) == {"DEU"}
    assert set(place["scope"]) == {"core", "core+broad"}
    with pytest.raises(ValueError, match="exporters is empty"):
        suppliers.position(small, {})


@few
@given(worlds())
def test_members_positions_sum_to_the_group(flows):
    place = suppliers.position(flows, EU | {"DEU": ["DEU"], "FRA": ["FRA"]})
    at = {name: rows[["value_usd", "share_pct"]] for name, rows in place.groupby("exporter")}
    together = at["DEU"].to_numpy() + at["FRA"].to_numpy()
    np.testing.assert_allclose(together, at["EU"].to_numpy(), atol=1e-9)


def test_specialisation_by_hand():
    matrix = pd.DataFrame(
        [("DEU", "100001", 40.0), ("DEU", "999999", 60.0), ("FRA", "999999", 300.0)],
        columns=["partner", "cmd_code", "value_usd"],
    )
    segments = pd.DataFrame([("a", "100001", "core")], columns=["segment", "cmd_code", "scope"])
    result = suppliers.specialisation(matrix, segments).set_index("partner")
    # Germany: 40 % of its sales against 10 % of all imports.
    assert result.loc["DEU", "rca_in_market"] == pytest.approx(4)
    assert result.loc["DEU", "rsca_in_market"] == pytest.approx(0.6)
    assert result.loc["DEU", "segment_share_of_supplier_pct"] == pytest.approx(40)
    assert result.loc["FRA", "rca_in_market"] == 0
    pooled = suppliers.specialisation(matrix, segments, groups=EU)
    assert pooled["rca_in_market"].tolist() == [1]
    yearly = pd.concat([matrix.assign(period="2024"), matrix.head(2).assign(period="2025")])
    by_year = suppliers.specialisation(yearly, segments).set_index(["period", "partner"])
    assert by_year.loc[("2024", "DEU"), "rca_in_market"] == pytest.approx(4)
    assert by_year.loc[("2025", "DEU"), "rca_in_market"] == 1
    with pytest.raises(ValueError, match="a code twice"):
        suppliers.specialisation(matrix, pd.concat([segments, segments]))


@few
@given(worlds())
def test_specialisation_averages_to_one(flows):
    matrix = flows[flows["period"] == flows["period"].iloc[0]]
    segments = pd.DataFrame(
        [(segment, code, scope) for code, (segment, scope) in SEGMENT_OF.items()],
        columns=["segment", "cmd_code", "scope"],
    )
    if not matrix["value_usd"].sum() > 0:
        return
    result = suppliers.specialisation(matrix, segments, scope=("core", "core+broad"))
    total = matrix["value_usd"].sum()
    result["weighed"] = result["rca_in_market"] * result["supplier_total_usd"] / total
    sold = result.groupby(["segment", "scope"])["value_usd"].transform("sum") > 0
    mean = result[sold].groupby(["segment", "scope"])["weighed"].sum()
    np.testing.assert_allclose(mean, 1)
    assert result.loc[~sold, "rca_in_market"].isna().all()


def test_shares_on_real_imports_against_plain_sums(census):
    lasers = census[census["cmd_code"] == "901320"].assign(segment="lasers", scope="core")
    shares = suppliers.supplier_shares(lasers)
    now = shares[shares["period"] == "2025"]
    assert now.iloc[0]["partner"] == "4280", "Germany sells most lasers"
    assert now.iloc[0]["value_usd"] == pytest.approx(433.46e6, abs=5e3)
    raw = lasers[lasers["period"] == "2025"].set_index("partner")["value_usd"]
    np.testing.assert_array_equal(
        now.loc[now["value_usd"] > 0, "partner"].sort_values(), raw.index[raw > 0].sort_values()
    )
    assert now.iloc[0]["share_pct"] == pytest.approx(100 * raw["4280"] / raw.sum())
    hhi = suppliers.concentration(lasers).set_index("period").loc["2025", "hhi"]
    assert hhi == pytest.approx(((raw / raw.sum()) ** 2).sum())


def test_specialisation_on_real_imports_against_the_definition(census):
    matrix = census[census["period"] == "2025"]
    segments = pd.DataFrame(
        [("lasers", "901320", "core")], columns=["segment", "cmd_code", "scope"]
    )
    result = suppliers.specialisation(matrix, segments).set_index("partner")
    own = matrix[matrix["partner"] == "4280"]
    lasers = matrix[matrix["cmd_code"] == "901320"]
    share_of_supplier = (
        own.loc[own["cmd_code"] == "901320", "value_usd"].sum() / own["value_usd"].sum()
    )
    share_of_all = lasers["value_usd"].sum() / matrix["value_usd"].sum()
    assert result.loc["4280", "rca_in_market"] == pytest.approx(share_of_supplier / share_of_all)


def test_a_market_without_any_row_gives_empty_tables(small):
    nothing = small.head(0)
    assert suppliers.supplier_shares(nothing).empty
    assert suppliers.concentration(nothing).empty
    assert suppliers.position(nothing, ["DEU"]).empty
