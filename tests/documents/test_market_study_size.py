"""Size and trend of a market study against published figures."""

import pytest

from marketintel.documents.market_study import views
from tests.documents.studies import blocks, open_study, tables, words


@pytest.fixture(scope="module")
def usa():
    return open_study("USA", segments=["lasers", "optics"])


def test_size_and_buyers_of_optical_instruments(usa) -> None:
    made = blocks(usa, "size")
    text, placed = words(made), tables(made)
    now = placed["market_size"].frame.set_index(["industry", "period"]).loc[("333314", "2017")]
    assert (now["consumption_usd"], now["domestic_use_usd"]) == (5_675e6, 8_723e6)
    assert "USD 8.72 billion" in text
    assert "This cannot be made" not in text
    sums = views.size_buyers(usa.facts)[0].groupby("industry")["share_pct"].sum()
    assert sums.to_dict() == pytest.approx(dict.fromkeys(sums.index, 100))
    buyers = placed["market_buyers"].frame.iloc[0]
    assert (buyers["buyer"], buyers["value_usd"]) == ("Investment in equipment", 5_797e6)
    bridge = placed["size_bridge"].frame.set_index(["row", "naics"])
    assert bridge.loc[("Lasers", "335999"), "speaks"] == "context only"
    assert bridge["class_cover_pct"].xs("333314", level="naics").iloc[0] == pytest.approx(
        98, abs=0.5
    )
    assert bridge.loc[("Optics", "332510"), "speaks"] == "context only"
    assert bridge.loc[("Optics", "333314"), "speaks"] == "size"
    about = usa.facts.estimate
    assert 0 < about["least_usd"] < about["middle_usd"] < about["largest_usd"]


def test_trend_of_headings_class_and_duties(usa) -> None:
    made = blocks(usa, "trend")
    said = words(made)
    assert "This cannot be made" not in said
    assert "consumer and sporting optics" in said and "sporting_optics" not in said
    placed = tables(made)
    table = placed["class_partners"].frame.set_index("partner")["year_2024"] / 1e6
    assert table.loc[["World", "Germany", "Japan", "China"]].round().tolist() == [
        8_530,
        1_721,
        835,
        939,
    ]
    assert views.class_covers(usa.facts) == pytest.approx((64, 47), abs=0.5)
    since = placed["heading_imports"].frame.set_index("heading")["since"]
    assert since.loc[["9002", "9013", "8541"]].tolist() == ["2017", "2023", "2022"]
    speaks = placed["heading_cover"].frame.set_index("heading")["speaks_for"]
    assert speaks["9002"].startswith("Optic") and speaks["9013"].startswith("none (")


def test_canada_has_trade_by_product_and_suppliers_by_heading() -> None:
    study = open_study("CAN", segments=["materials"])
    made = blocks(study, "size", "trend")
    assert "This cannot be made" not in words(made)
    placed = tables(made)
    segments = placed["canada_segments"].frame.set_index("segment_name")
    assert segments.loc["Lasers", "imports_cad"] / 1e6 == pytest.approx(320.2, abs=0.05)
    shares = study.facts.heading_shares
    now = shares[(shares["cmd_code"] == "9011") & (shares["period"] == "2024")]
    assert [round(s / 100, 1) for s in now["share_bp"].head(4)] == [37.8, 24.1, 11.9, 11.1]
    assert "class_partners" not in placed


def test_output_of_us_industries_since_1997(usa) -> None:
    table = tables(blocks(usa, "trend"))["industry_output"].frame.set_index("industry")
    clean = table.loc["333314"]
    published = ("year_1997", 3_331), ("year_2017", 4_912), ("year_2023", 7_102)
    assert [clean[year] / 1e6 for year, _ in published] == [value for _, value in published]
    growth = (1 + clean["volume_growth_pct"] / 100) * (1 + clean["price_growth_pct"] / 100)
    assert 100 * (growth - 1) == pytest.approx(clean["growth_pct"])


def test_headings_and_industries_are_named_beside_their_codes(usa) -> None:
    placed = tables(blocks(usa, "size", "trend"))
    for name in ("heading_imports", "heading_exports", "heading_suppliers"):
        assert placed[name].frame["goods"].str.len().gt(3).all()
    bridge = placed["size_bridge"]
    assert (bridge.frame["industry_name"].notna() == bridge.frame["industry"].notna()).all()
    assert placed["market_size"].printed_rows < len(placed["market_size"].frame)
