"""Market size: the published readings of 2012 and 2017, and what a bridge carries."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.analysis.trade import size
from marketintel.reference.segments import load_segments

RAW = Path(__file__).resolve().parents[2] / "data" / "raw"


def raw(source):
    (file,) = (RAW / source).glob("*/*.parquet")
    return pd.read_parquet(file)


@pytest.fixture(scope="module")
def accounts():
    return raw("bea_supply_use").rename(columns={"value": "value_usd"})


@pytest.fixture(scope="module")
def lines():
    """General imports of 2024 by tariff line."""
    rows = raw("us_census_hts10").query("period == '2024'")
    sums = rows.groupby(["product", "period"], as_index=False)["general_value_usd"].sum()
    return sums.set_axis(["hts10", "period", "value_usd"], axis=1)


@pytest.fixture(scope="module")
def codes():
    return load_segments().frame("HS2022")


def test_optical_instruments_have_their_two_published_readings(accounts):
    found = size.apparent_consumption(accounts).set_index(["industry", "period"])
    assert len(found) == 66
    now = found.loc[("333314", "2017")]
    figures = ["output_usd", "imports_usd", "exports_usd", "consumption_usd", "domestic_use_usd"]
    assert (now[figures] / 1e6).tolist() == [4_553, 5_401, 4_279, 5_675, 8_723]
    assert now["import_share_pct"] == pytest.approx(100 * 5_401 / 9_954)
    assert found.loc[("333314", "2012"), "domestic_use_usd"] == 8_679e6
    assert (found["domestic_use_usd"] >= found["consumption_usd"] - 1e6).mean() > 0.9


def test_an_unbalanced_table_and_a_missing_item_are_refused(accounts):
    one = accounts[accounts["industry"] == "333314"]
    wrong = one.assign(value_usd=one["value_usd"].mask(one["item"] == "T019", 1.0))
    with pytest.raises(ValueError, match="T016 is not use T019 for 333314 in 2012"):
        size.apparent_consumption(wrong)
    with pytest.raises(ValueError, match="MCIF"):
        size.apparent_consumption(one[one["item"] != "MCIF"])


def test_an_estimate_of_2017_holds_what_was_measured():
    least, middle, largest = size.estimated_consumption(4_553e6, 5_401e6)
    assert least <= 5_675e6 <= largest
    assert (least, largest) == (5_401e6, 5_401e6 + 4_553e6 / 2)
    assert middle == (least + largest) / 2
    with pytest.raises(ValueError, match="must be known"):
        size.estimated_consumption(float("nan"), 1.0)
    with pytest.raises(ValueError, match="must be known"):
        size.estimated_consumption(1.0, 1.0, ())


def test_the_estimate_of_2023_rests_on_measured_figures(lines):
    """Output of 2023, imports of 2024 carried back by the class and the headings around it."""
    output = raw("bea_gross_output").query("industry == '333314'").set_index("period")
    classes = raw("us_census_enduse").query("partner == 'WLD' and product == '21600'")
    headings = raw("baci_headings").query("reporter == 'USA' and cmd_code in ['9002', '9011']")
    series = [
        classes.set_index("period")["value"],
        headings.groupby("period")["imports_usd"].sum(),
    ]
    naics = raw("us_census_concordance").set_index("hts10")["naics"]
    imports = lines.loc[lines["hts10"].map(naics) == "333314", "value_usd"].sum()
    ratios = [one["2023"] / one["2024"] for one in series]
    least, middle, largest = size.estimated_consumption(
        output.loc["2023", "gross_output_usd"], imports, ratios
    )
    assert 0.97 < min(ratios) < 1 < max(ratios) < 1.06
    assert 6.2e9 < least < middle < largest < 10.4e9


amounts = st.floats(0, 1e12)


@given(amounts, amounts, st.lists(st.floats(0.5, 2), min_size=1, max_size=4), st.floats(0.5, 1))
def test_an_estimate_holds_every_case_within_its_assumptions(output, imports, ratios, exported):
    least, middle, largest = size.estimated_consumption(output, imports, ratios)
    true = output - exported * output + imports * ratios[0]
    assert least * (1 - 1e-9) - 1 <= true <= largest * (1 + 1e-9) + 1
    assert least <= middle <= largest


def test_buyers_are_the_published_ones_and_sum_to_all(accounts):
    found = size.buyers(accounts).query("industry == '333314' and period == '2017'")
    assert found["item"].tolist()[:2] == ["F02E00", "333314"]
    assert found.iloc[0]["value_usd"] == 5_797e6 and found.iloc[0]["is_final"]
    by_item = found.set_index("item")["value_usd"] / 1e6
    assert by_item[["F06E00", "339113"]].tolist() == [558, 467]
    assert "F04000" not in by_item
    assert found["share_pct"].sum() == pytest.approx(100)
    assert not found[found["item"] == "339113"]["is_final"].item()
    every = size.buyers(accounts)
    largest = every[every.groupby(["industry", "period"]).cumcount() < 12]
    assert largest["item_name"].notna().all()
    assert set(largest.loc[largest["item"] == "621500", "item_name"]) == {
        "Medical and diagnostic laboratories"
    }


def test_optics_and_their_kin_are_nearly_all_of_optical_instruments(lines, codes):
    found = size.bridge(lines, raw("us_census_concordance"), codes)
    one = found[found["naics"] == "333314"]
    million = (one.set_index("segment")["value_usd"] / 1e6).round()
    assert sorted(million, reverse=True) == [3_855, 1_165, 710, 566]
    assert million["optics"] == 3_855 and million["metrology"] == 1_165
    assert one["class_cover_pct"].unique().round() == [98] and one["speaks"].all()
    lasers = found[(found["segment"] == "lasers") & (found["naics"] == "335999")]
    assert lasers["of_segment_pct"].item() == pytest.approx(100)
    assert lasers["of_class_pct"].item() < 5
    assert found.groupby("segment")["of_segment_pct"].sum().round(6).eq(100).all()
    counted = lines[lines["hts10"].str[:6].isin(codes[codes["scope"] == "core"]["cmd_code"])]
    assert found["value_usd"].sum() == counted["value_usd"].sum()


def test_laboratory_instruments_speak_for_a_group_only(lines, codes):
    classes = raw("us_census_enduse").query("partner == 'WLD'")
    totals = classes.set_index(["product", "period"])["value"]
    found = size.bridge(lines, raw("us_census_concordance"), codes, "end_use", totals)
    cover = found.groupby("end_use")["class_cover_pct"].first()
    assert cover[["21600", "21160", "21190", "21320"]].round().tolist() == [64, 9, 6, 22]
    one = found[found["end_use"] == "21600"].set_index("segment")
    assert one["speaks"].all()
    assert round(one.drop("displays")["of_class_pct"].sum()) == 47
    assert not found[found["end_use"] == "21190"]["speaks"].any()
