import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from marketintel.analysis.trade import duties

from .conftest import COLUMNS, few, frame, worlds

DUTY_COLUMNS = [*COLUMNS, "dutiable_value_usd", "duties_usd"]


@pytest.fixture
def dutied():
    """Three suppliers of two codes; Germany's basket is 3:1, Japan's 1:3, China sells one code."""
    rows = [
        ("s", "core", "DEU", "1", "2024", 75.0, 0.0, 0.0),
        ("s", "core", "DEU", "2", "2024", 25.0, 25.0, 5.0),
        ("s", "core", "DEU", "1", "2025", 75.0, 50.0, 7.5),
        ("s", "core", "DEU", "2", "2025", 25.0, 25.0, 7.5),
        ("s", "core", "JPN", "1", "2025", 25.0, 25.0, 1.0),
        ("s", "core", "JPN", "2", "2025", 75.0, 75.0, 30.0),
        ("s", "core", "CHN", "1", "2025", 200.0, 200.0, 60.0),
        ("s", "core", "CHE", "3", "2025", 10.0, 0.0, 0.0),
    ]
    return frame(rows, DUTY_COLUMNS)


def row(result, **keys):
    for key, value in keys.items():
        result = result[result[key] == value]
    assert len(result) == 1
    return result.iloc[0]


def test_effective_duty_by_hand(dutied):
    before = dutied.copy()
    duty = duties.effective_duty(dutied)
    pd.testing.assert_frame_equal(dutied, before)
    germany = row(duty, partner="DEU", period="2025")
    assert germany.effective_duty_pct == 15
    assert germany.duty_on_dutiable_pct == 20
    assert germany.dutiable_share_pct == 75
    assert germany.effective_duty_change_pp == 10
    assert germany.covered_pct == 100
    swiss = row(duty, partner="CHE", period="2025")
    assert swiss.effective_duty_pct == 0, "duty-free is a rate of zero"
    assert pd.isna(swiss.duty_on_dutiable_pct), "but there is no rate on nothing"
    market = row(duties.effective_duty(dutied, by="segment"), period="2025")
    assert market.effective_duty_pct == pytest.approx(100 * 106 / 410)
    pooled = duties.effective_duty(dutied, groups={"EFTA+": ["CHE", "DEU"]})
    assert row(pooled, partner="EFTA+", period="2025").effective_duty_pct == pytest.approx(
        1500 / 110
    )


def test_without_value_or_duties_there_is_no_rate():
    rows = [
        ("s", "core", "DEU", "1", "2025", 0.0, 0.0, 0.0),
        ("s", "core", "FRA", "1", "2025", None, 5.0, 1.0),
        ("s", "core", "JPN", "1", "2025", 50.0, None, None),
        ("s", "core", "JPN", "2", "2025", 50.0, 50.0, 5.0),
    ]
    duty = duties.effective_duty(frame(rows, DUTY_COLUMNS)).set_index("partner")
    assert duty.loc[["DEU", "FRA"], "effective_duty_pct"].isna().all()
    assert duty.loc["JPN", "effective_duty_pct"] == 10, "the row without duties is in neither sum"
    assert duty.loc["JPN", "customs_value_usd"] == 50
    assert duty.loc["JPN", "covered_pct"] == 50


def test_duty_columns_are_required(small):
    with pytest.raises(ValueError, match="dutiable_value_usd, duties_usd"):
        duties.effective_duty(small)


def test_gap_raw_and_like_for_like_by_hand(dutied):
    gap = duties.duty_gap(dutied[dutied["period"] == "2025"], "DEU")
    assert gap["partner"].tolist() == ["CHN", "JPN", "CHE"]
    japan = row(gap, partner="JPN")
    assert japan.effective_duty_pct == pytest.approx(31)
    assert japan.reference_duty_pct == pytest.approx(15)
    assert japan.gap_pp == pytest.approx(16)
    # Japan's 4 % and 40 % on Germany's basket of 3:1.
    assert japan.like_for_like_duty_pct == pytest.approx(0.75 * 4 + 0.25 * 40)
    assert japan.like_for_like_gap_pp == pytest.approx(13 - 15)
    assert japan.reference_covered_pct == 100
    china = row(gap, partner="CHN")
    assert china.like_for_like_duty_pct == pytest.approx(30)
    assert china.reference_like_for_like_pct == pytest.approx(10), "Germany's rate on that code"
    assert china.reference_covered_pct == 75
    swiss = row(gap, partner="CHE")
    assert swiss.gap_pp == pytest.approx(-15)
    assert pd.isna(swiss.like_for_like_gap_pp)
    assert swiss.reference_covered_pct == 0


def test_gap_needs_a_reference_that_sells(dutied):
    with pytest.raises(ValueError, match="BRA has no duties"):
        duties.duty_gap(dutied, "BRA")
    with pytest.raises(ValueError, match="by must not name partner"):
        duties.duty_gap(dutied, "DEU", by=("segment", "partner"))


@few
@given(worlds(with_duties=True))
def test_rates_are_weighted_means_of_their_parts(flows):
    parts = duties.effective_duty(flows, scope="core+broad")
    whole = duties.effective_duty(flows, by=(), scope="core+broad").set_index("period")
    weighed = (parts["effective_duty_pct"] * parts["customs_value_usd"]).groupby(parts["period"])
    mean = weighed.sum(min_count=1) / whole["customs_value_usd"]
    np.testing.assert_allclose(mean, whole["effective_duty_pct"].loc[mean.index], rtol=1e-9)
    assert parts["effective_duty_pct"].dropna().between(0, 100 + 1e-6).all()


@few
@given(worlds(with_duties=True, holding=[("DEU", "100001", "2025")]))
def test_like_for_like_against_oneself_is_no_gap(flows):
    """A competitor with the reference's own rates and any basket has no like-for-like gap."""
    own = flows[(flows["partner"] == "DEU") & (flows["value_usd"] > 0)]
    scale = pd.Series(range(1, len(own) + 1), index=own.index, dtype=float)
    money = ["value_usd", "dutiable_value_usd", "duties_usd"]
    twin = own.assign(partner="TWN", **{name: own[name] * scale for name in money})
    gap = duties.duty_gap(pd.concat([own, twin], ignore_index=True), "DEU", scope="core+broad")
    np.testing.assert_allclose(gap["like_for_like_gap_pp"], 0, atol=1e-9)
    np.testing.assert_allclose(gap["reference_covered_pct"], 100)


def test_german_lasers_paid_9_3_per_cent_in_2025(census):
    lasers = census[census["cmd_code"] == "901320"].assign(segment="lasers", scope="core")
    duty = duties.effective_duty(lasers)
    germany = row(duty, partner="4280", period="2025")
    assert round(germany.effective_duty_pct, 1) == 9.3
    assert round(germany.duty_on_dutiable_pct, 1) == 12.6
    canada = row(duty, partner="1220", period="2025")
    assert round(canada.effective_duty_pct, 1) == 2.3
    assert round(canada.duty_on_dutiable_pct, 1) == 29.6
    market = duties.effective_duty(lasers, by="segment").set_index("period")
    assert market["duties_usd"].tolist() == [6_384_785, 94_067_677]
    assert market.loc["2025", "effective_duty_pct"] == pytest.approx(
        100 * 94_067_677 / 1_029_392_405
    )


def test_a_wedge_stands_on_one_basket(dutied):
    """Japan's own basket 1:3 of codes 1 (4 %) and 2 (40 %), at Germany's 10 % and 30 %."""
    found = duties.duty_wedge(dutied, ["JPN"], ["DEU"], "2024", "2025").iloc[0]
    assert found["duty_pct"] == pytest.approx(31)
    assert found["against_duty_pct"] == pytest.approx(0.25 * 10 + 0.75 * 30)
    assert found["gap_usd"] == pytest.approx(31 - 25)
    assert (found["covered_pct"], found["rise_covered_pct"]) == (100, 0)
    assert pd.isna(found["rise_gap_usd"]), "Japan has no rates of 2024"
    other = duties.duty_wedge(dutied, ["DEU"], ["JPN"], "2024", "2025").iloc[0]
    assert other["gap_usd"] == pytest.approx(75 * (0.1 - 0.04) + 25 * (0.3 - 0.4))
    none = duties.duty_wedge(dutied, ["CHE"], ["DEU"], "2024", "2025").iloc[0]
    assert none["covered_pct"] == 0 and pd.isna(none["gap_usd"])


@few
@given(worlds(with_duties=True, holding=[("CHN", "100001", "2024"), ("CHN", "100001", "2025")]))
def test_a_wedge_is_the_duty_less_the_same_sales_at_the_other_rates(flows):
    found = duties.duty_wedge(flows, ["CHN"], ["DEU", "FRA"], "2024", "2025")
    gap = {}
    for (segment, _), rows in flows[
        (flows["period"] == "2025") & (flows["scope"] == "core")
    ].groupby(["segment", "cmd_code"]):
        own = rows[rows["partner"] == "CHN"][["value_usd", "duties_usd"]].sum()
        eu = rows[rows["partner"].isin(["DEU", "FRA"])][["value_usd", "duties_usd"]].sum()
        if own["value_usd"] > 0 and eu["value_usd"] > 0:
            worth = own["duties_usd"] - own["value_usd"] * eu["duties_usd"] / eu["value_usd"]
            gap[segment] = gap.get(segment, 0.0) + worth
    told = found.set_index("segment")["gap_usd"].dropna()
    assert told.to_dict() == pytest.approx(gap, abs=1e-3)
    same = duties.duty_wedge(flows, ["CHN"], ["CHN"], "2024", "2025")
    assert same["gap_usd"].dropna().abs().max() < 1e-3 or same["gap_usd"].isna().all()


def test_lighting_of_china_against_the_eu_is_363_9_million_not_641_2(census):
    """All LED codes of lighting, 2025: China's own codes, against a gap on the EU's basket."""
    codes = ["853941", "853949", "853951", "853952", "940541", "940542", "940561"]
    eu = [
        "4330", "4231", "4870", "4910", "4351", "4280", "4099", "4700", "4470", "4050", "4279",
        "4840", "4791", "4370", "4190", "4759", "4510", "4239", "4490", "4730", "4210", "4550",
        "4710", "4850", "4359", "4792", "4010",
    ]  # fmt: skip
    flows = census[census["cmd_code"].isin(codes)].assign(segment="lighting", scope="core")
    wedge = duties.duty_wedge(flows, ["5700"], eu, "2024", "2025").iloc[0]
    assert wedge["gap_usd"] / 1e6 == pytest.approx(363.9, abs=0.05)
    now = flows[flows["period"] == "2025"]
    gaps = duties.duty_gap(now, "EU27", groups={"EU27": eu}).set_index("partner")
    mixed = gaps.loc["5700", "like_for_like_gap_pp"] / 100
    sold = now.loc[now["partner"] == "5700", "value_usd"].sum()
    assert mixed * sold / 1e6 == pytest.approx(641.2, abs=0.05)
