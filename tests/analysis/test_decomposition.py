import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.analysis.trade import decomposition
from marketintel.analysis.trade.decomposition import TERMS

from .conftest import few, frame, worlds

MEMBERS = ["DEU", "FRA"]


@pytest.fixture
def table():
    """Worked by hand in the tests: X = DEU + FRA, M = X + JPN.

    ====  ====  ====  ====  ====
    code  X0    M0    X1    M1
    ====  ====  ====  ====  ====
    1     50    100   90    150
    2     20    100   10    50
    3     –     –     6     24     new on the market
    4     10    50    –     –      gone from the market
    ====  ====  ====  ====  ====
    """
    rows = [
        ("s", "core", "DEU", "1", "2024", 30.0),
        ("s", "core", "FRA", "1", "2024", 20.0),
        ("s", "core", "JPN", "1", "2024", 50.0),
        ("s", "core", "DEU", "2", "2024", 20.0),
        ("s", "core", "JPN", "2", "2024", 80.0),
        ("s", "core", "FRA", "4", "2024", 10.0),
        ("s", "core", "JPN", "4", "2024", 40.0),
        ("s", "core", "DEU", "1", "2025", 90.0),
        ("s", "core", "JPN", "1", "2025", 60.0),
        ("s", "core", "DEU", "2", "2025", 10.0),
        ("s", "core", "JPN", "2", "2025", 40.0),
        ("s", "core", "FRA", "3", "2025", 6.0),
        ("s", "core", "JPN", "3", "2025", 18.0),
    ]
    return frame(rows)


def run(flows, **options):
    result = decomposition.constant_market_share(flows, MEMBERS, "2024", "2025", **options)
    return result.set_index("weights")


def test_base_year_weights_by_hand(table):
    before = table.copy()
    base = run(table, scope="core").loc["base_year"]
    pd.testing.assert_frame_equal(table, before)
    assert (base.base_value_usd, base.value_usd, base.change_usd) == (80, 106, 26)
    g = 224 / 250 - 1
    assert base.market_growth_usd == pytest.approx(g * 80)
    # g_p: +50 %, −50 %, new code brings its 6, gone code −100 %.
    assert base.product_mix_usd == pytest.approx(
        (0.5 - g) * 50 + (-0.5 - g) * 20 + 6 + (-1 - g) * 10
    )
    assert base.competitiveness_usd == pytest.approx((0.6 - 0.5) * 100 + 0)
    assert base.interaction_usd == pytest.approx((0.6 - 0.5) * 50 + 0)
    assert base.new_or_gone_usd == pytest.approx(6 + (-1 - g) * 10)
    assert base.n_codes == 4


def test_end_year_weights_by_hand(table):
    end = run(table, scope="core").loc["end_year"]
    h = (224 - 250) / 224
    assert end.market_growth_usd == pytest.approx(h * 106)
    assert end.product_mix_usd == pytest.approx(
        (50 / 150 - h) * 90 + (-50 / 50 - h) * 10 + (1 - h) * 6 - 10
    )
    assert end.competitiveness_usd == pytest.approx(0.1 * 150)
    assert end.interaction_usd == pytest.approx(-0.1 * 50)
    assert end.change_usd == 26


def test_drivers_name_the_codes_largest_first(table):
    codes = decomposition.drivers(table, MEMBERS, "2024", "2025", scope="core")
    base = codes[codes["weights"] == "base_year"]
    assert base["cmd_code"].tolist() == ["1", "2", "4", "3"]  # 40, −10 and −10 (by code), 6
    assert base["rank"].tolist() == [1, 2, 3, 4]
    assert base["change_usd"].tolist() == [40, -10, -10, 6]
    assert base["share_pct"].tolist()[:2] == pytest.approx([60, 20])
    assert base["base_share_pct"].isna().tolist() == [False, False, False, True]


def test_same_share_everywhere_is_growth_and_mix_only(table):
    constant = table.copy()
    constant.loc[constant["partner"] != "JPN", "value_usd"] = np.nan
    rows = constant.dropna()
    own = rows.assign(partner="DEU", value_usd=rows["value_usd"] / 4)
    result = run(pd.concat([rows, own], ignore_index=True), scope="core")
    assert result["competitiveness_usd"].abs().max() < 1e-9
    assert result["interaction_usd"].abs().max() < 1e-9


def test_even_growth_is_market_growth_only(table):
    before = table[table["period"] == "2024"]
    after = before.assign(period="2025", value_usd=before["value_usd"] * 1.5)
    result = run(pd.concat([before, after], ignore_index=True), scope="core")
    assert result["market_growth_usd"].tolist() == pytest.approx([40, 40])
    assert result[TERMS[1:]].abs().max(axis=None) < 1e-9


def test_a_code_with_a_missing_figure_is_left_out_and_counted(table):
    holed = table.copy()
    holed.loc[(holed["cmd_code"] == "2") & (holed["partner"] == "JPN"), "value_usd"] = None
    result = run(holed, scope="core").loc["base_year"]
    assert (result.n_codes, result.n_codes_missing) == (3, 1)
    assert result.change_usd == 36
    codes = decomposition.drivers(holed, MEMBERS, "2024", "2025", scope="core")
    assert codes.loc[codes["cmd_code"] == "2", ["rank", *TERMS]].isna().all(axis=None)


def test_a_market_without_base_has_no_base_year_terms(table):
    late = table[(table["cmd_code"] == "3") | (table["cmd_code"] == "1")]
    late = late.assign(segment=late["cmd_code"].map({"1": "s", "3": "t"}))
    result = decomposition.constant_market_share(late, MEMBERS, "2024", "2025", scope="core")
    new = result[result["segment"] == "t"].set_index("weights")
    assert pd.isna(new.loc["base_year", "market_growth_usd"])
    assert new.loc["end_year", "market_growth_usd"] == pytest.approx(6)


def test_periods_must_differ_and_exist(table):
    with pytest.raises(ValueError, match="both 2024"):
        decomposition.drivers(table, MEMBERS, "2024", "2024")
    with pytest.raises(ValueError, match="no rows for 2019"):
        decomposition.drivers(table, MEMBERS, "2019", "2025")


@few
@given(worlds(), st.sampled_from(["segment", ()]))
def test_terms_sum_to_the_change_under_both_weightings(flows, by):
    if not {"2024", "2025"} <= set(flows["period"]):
        return
    result = decomposition.constant_market_share(flows, MEMBERS, "2024", "2025", by=by)
    known = result.dropna(subset=TERMS)
    np.testing.assert_allclose(known[TERMS].sum(axis=1), known["change_usd"], atol=1e-3)
    # Where a term is undefined, it is because the market gave no weights.
    unknown = result[result[TERMS].isna().any(axis=1)]
    assert unknown[TERMS[:2]].isna().all(axis=None)
    codes = decomposition.drivers(flows, MEMBERS, "2024", "2025", by=by)
    live = codes.dropna(subset=TERMS)
    np.testing.assert_allclose(live[TERMS].sum(axis=1), live["change_usd"], atol=1e-3)


@few
@given(worlds())
def test_the_two_weightings_mirror_each_other(flows):
    """Run backwards in time, base-year terms become end-year terms with the sign turned."""
    if not {"2024", "2025"} <= set(flows["period"]):
        return
    forth = decomposition.constant_market_share(flows, MEMBERS, "2024", "2025")
    back = decomposition.constant_market_share(flows, MEMBERS, "2025", "2024")
    keys = ["segment", "scope"]
    base = forth[forth["weights"] == "base_year"].set_index(keys)[TERMS]
    end = back[back["weights"] == "end_year"].set_index(keys)[TERMS]
    np.testing.assert_allclose(base, -end.loc[base.index], atol=1e-3)


def test_terms_on_real_imports_recomputed_with_plain_arrays(census):
    """German sales to the US in headings 9001, 9002 and 9013, 2024 to 2025."""
    optics = census[census["cmd_code"].str[:4].isin(["9001", "9002", "9013"])]
    flows = optics.assign(segment="optics", scope="core")
    result = decomposition.constant_market_share(flows, ["4280"], "2024", "2025", scope="core")
    wide = optics.pivot_table(
        index="cmd_code", columns="period", values="value_usd", aggfunc="sum", fill_value=0
    )
    own = optics[optics["partner"] == "4280"].pivot_table(
        index="cmd_code", columns="period", values="value_usd", aggfunc="sum", fill_value=0
    )
    x = own.reindex(wide.index, fill_value=0).to_numpy(float)
    m = wide.to_numpy(float)
    s, d = x / m, m[:, 1] - m[:, 0]
    growth = d.sum() / m[:, 0].sum() * x[:, 0].sum()
    expected = [
        growth,
        (d / m[:, 0] * x[:, 0]).sum() - growth,
        ((s[:, 1] - s[:, 0]) * m[:, 0]).sum(),
        ((s[:, 1] - s[:, 0]) * d).sum(),
    ]
    base = result[result["weights"] == "base_year"].iloc[0]
    np.testing.assert_allclose(base[TERMS].astype(float), expected)
    assert sum(expected) == pytest.approx(base["change_usd"])


def test_headlines_without_the_segment_that_moves_them_most():
    """Segment a falls from 600 to 100, b rises from 400 to 500; sales of the EU rise in b only."""
    rows = [
        ("a", "core", "JPN", "1", "2024", 590.0), ("a", "core", "JPN", "1", "2025", 90.0),
        ("a", "core", "DEU", "1", "2024", 10.0), ("a", "core", "DEU", "1", "2025", 10.0),
        ("b", "core", "DEU", "2", "2024", 100.0), ("b", "core", "DEU", "2", "2025", 150.0),
        ("b", "core", "JPN", "2", "2024", 300.0), ("b", "core", "JPN", "2", "2025", 350.0),
        ("n", "neighbour", "DEU", "3", "2024", 1.0), ("n", "neighbour", "DEU", "3", "2025", 9e9),
        ("b", "broad", "DEU", "4", "2024", 1.0), ("b", "broad", "DEU", "4", "2025", 9e9),
    ]  # fmt: skip
    found = decomposition.leave_one_out(frame(rows), MEMBERS, "2024", "2025")
    growth = found.loc["change_pct"]
    assert (growth["value"], growth["without"]) == pytest.approx((-40, 25))
    assert growth["segment_change_pct"] == pytest.approx(-500 / 6)
    share = found.loc["share_change_pp"]
    assert (share["value"], share["without"]) == pytest.approx((100 * 160 / 600 - 11, 5))
    assert found.loc[["change_pct", "share_change_pp"], "segment"].tolist() == ["a", "a"]
    assert found.loc[["change_usd", "change_pct", "share_change_pp"], "moved"].all()
    assert found.loc["share_pct", ["segment", "without"]].tolist() == ["b", pytest.approx(10)]
    assert not found.loc["duty_pct", "moved"], "no duties are known"
    assert found.loc["sold_change_usd", ["segment", "without"]].tolist() == ["b", 0.0]


@few
@given(worlds(with_duties=True))
def test_what_is_left_out_is_the_headline_of_the_rest(flows):
    if not {"2024", "2025"} <= set(flows["period"]):
        return
    found = decomposition.leave_one_out(flows, MEMBERS, "2024", "2025")
    for measure, row in found[found["segment"].notna()].iterrows():
        rest = flows[flows["segment"] != row["segment"]]
        alone = decomposition.leave_one_out(rest, MEMBERS, "2024", "2025")["value"]
        assert row["without"] == pytest.approx(alone[measure], nan_ok=True)
        assert row["moved"] == (abs(row["without"] - row["value"]) > abs(row["value"]) / 2)


def test_one_segment_alone_is_compared_with_nothing(table):
    found = decomposition.leave_one_out(table, MEMBERS, "2024", "2025")
    assert found["without"].isna().all() and not found["moved"].any()
