"""The market study from question to edition, on the shipped figures."""

import re
import shutil

import pandas as pd
import pytest

from marketintel.documents import prose as words
from marketintel.documents.engine.blocks import Table, Text
from marketintel.documents.market_study import pages as market_study
from marketintel.documents.market_study import sentences
from marketintel.errors import MissingDataError, UsageError


@pytest.fixture(scope="module")
def study() -> market_study.Study:
    return market_study.load("USA")


def tables(stack) -> dict[str, Table]:
    return {b.name: b for b in stack.flat() if isinstance(b, Table)}


def test_suppliers_of_every_segment_sum_to_the_segment(study) -> None:
    core = study.demand[study.demand["scope"].isin(["core", "neighbour"])]
    core = core.set_index("segment")["value_usd"]
    for segment, rows in study.shares.groupby("segment"):
        assert rows["value_usd"].sum() == core[segment]
        assert rows["share_pct"].sum() == pytest.approx(100)


def test_no_code_is_counted_twice_and_core_and_broad_add_up(study) -> None:
    assert not study.codes["cmd_code"].duplicated().any()
    rows = study.flows[study.flows["period"] == study.year]
    demand = study.demand_total.set_index("scope")["value_usd"]
    assert demand["core"] == rows.loc[rows["scope"] == "core", "value_usd"].sum()
    near = rows["segment"].isin(["microwave", "semi_equipment"])
    assert demand["core+broad"] == rows.loc[~near, "value_usd"].sum()
    assert demand["core"] < demand["core+broad"]


def test_neighbours_are_beside_the_sum(study) -> None:
    """Microwave has its row and page; total, shares and findings do not hold it."""
    table = tables(market_study.glance(study))["segments_at_a_glance"].frame.set_index("segment")
    assert table["scope"].loc[["lasers", "total", "microwave"]].tolist() == [
        "core", "core", "neighbour",
    ]  # fmt: skip
    places = list(table.index)
    assert places.index("microwave") > places.index("total")
    inside = table[(table["scope"] == "core") & (table.index != "total")]
    for column in ("value_usd", "base_value_usd", "with_broad_usd"):
        assert inside[column].sum() == pytest.approx(table.loc["total", column])
    assert not set(study.findings["segment"]) & study.neighbours
    assert "suppliers_microwave" in tables(market_study.segment_pages(study))
    assert study.shares_total["value_usd"].sum() == table.loc["total", "value_usd"]


def test_neighbours_alone_are_studied_without_being_called_photonic() -> None:
    study = market_study.load("USA", "EU27", ["microwave"])
    said = " ".join(sentences.summary_sentences(study))
    assert "photonic goods" not in said and "neighbour of photonics" in said
    assert study.demand_total["value_usd"].iloc[0] == study.shares_total["value_usd"].sum()


def test_headlines_that_one_segment_makes_say_so_beside_themselves(study) -> None:
    """EU27 +3.8 points is +1.2 without photovoltaics; imports −18.8 % are +0.8 %."""
    panel = market_study.summary(study).blocks[0]
    imports, share = (figure[2] for figure in panel.figures[:2])
    for said in (imports, sentences.demand(study)):
        assert f"imports +0.8{words.NBSP}% without photovoltaics" in said
    for said in (share, sentences.exporter(study)):
        assert f"share +1.2{words.NBSP}points without photovoltaics" in said
    assert not study.composition.loc["duty_pct", "moved"]
    assert "without" not in panel.figures[2][2]


def test_headline_holds_core_codes_only(study) -> None:
    panel = market_study.summary(study).blocks[0]
    core = study.demand_total.set_index("scope").loc["core", "value_usd"]
    everything = study.demand_total.set_index("scope").loc["core+broad", "value_usd"]
    said = " ".join(" ".join(figure) for figure in panel.figures)
    assert words.money(core) in said
    assert words.money(everything) not in said


def test_lasers_carry_the_published_figures(study) -> None:
    table = tables(market_study.glance(study))["segments_at_a_glance"].frame
    lasers = table.set_index("segment").loc["lasers"]
    assert lasers["value_usd"] == 1_029_392_405
    assert lasers["base_value_usd"] == 1_045_527_158
    assert lasers["first_supplier"] == "Germany"


def test_duty_gap_of_german_lasers_is_against_customs_value(study) -> None:
    rows = study.duty[(study.duty["segment"] == "lasers") & (study.duty["period"] == "2025")]
    eu = rows.set_index("partner").loc["EU27"]
    assert eu["effective_duty_pct"] == pytest.approx(
        100 * eu["duties_usd"] / eu["customs_value_usd"]
    )
    assert eu["effective_duty_pct"] < eu["duty_on_dutiable_pct"]


def test_sentences_state_figures_of_the_tables(study) -> None:
    said = sentences.demand(study)
    core = study.demand_total.set_index("scope").loc["core"]
    assert words.money(core["value_usd"]) in said
    assert words.moved(core["change_pct"]) in said
    assert words.points(study.position_total.set_index("scope").loc["core", "share_change_pp"]) in (
        sentences.exporter(study)
    )


@pytest.mark.parametrize("exporter", ["FRA", "Sweden", "PRT", "FIN", "JPN"])
def test_any_supplier_can_be_the_exporter(exporter) -> None:
    study = market_study.load("USA", exporter, ["lasers"])
    assert study.members == [study.exporter]
    for page in ("summary", "glance", "exporter_position", "duty_pages", "change", "segment_pages"):
        getattr(market_study, page)(study)._repr_mimebundle_()


def test_supplier_without_sales_is_said_not_dropped() -> None:
    study = market_study.load("USA", "Tuvalu", ["lasers"])
    said = sentences.exporter(study)
    assert "No sales of Tuvalu were recorded" in said
    market_study.segment_pages(study)._repr_mimebundle_()
    market_study.duty_pages(study)._repr_mimebundle_()


def test_unknown_names_and_years_are_refused() -> None:
    with pytest.raises(UsageError, match="market"):
        market_study.load("EU27")
    with pytest.raises(MissingDataError, match="2023"):
        market_study.load("USA", year=2024)
    with pytest.raises(MissingDataError, match="fetch --for CAN"):
        market_study.load("CAN", segments=["lasers"])


def test_study_says_what_it_cannot_tell(study) -> None:
    text = " ".join(b.markdown for b in market_study.gaps(study).flat() if isinstance(b, Text))
    for gap in ("Market size", "Trend", "Front-loading", "Unit values", "refunds"):
        assert gap in text
    missing = tables(market_study.outlook(study))["no_outlook"].frame
    assert "Lasers" in set(missing["segment"])
    assert missing["reason"].str.len().min() > 20


def test_outlook_is_a_stated_gap_without_the_removable_file(root, tmp_path) -> None:
    shutil.copytree(
        root / "data" / "raw", tmp_path / "raw", ignore=shutil.ignore_patterns("atlas*")
    )
    study = market_study.load("USA", segments=["optics"], data_dir=tmp_path)
    said = " ".join(
        b.markdown for b in market_study.outlook(study).flat() if hasattr(b, "markdown")
    )
    assert "There is no forecast" in said


def test_forecasts_are_of_years_after_the_edition(study, monkeypatch) -> None:
    stack = market_study.outlook(study)
    shown = tables(stack)["outlook"]
    assert "data end in 2023; 2024 to 2025 are not known here" in shown.caption
    assert shown.headers["mean"] == "2030"
    where = "marketintel.documents.market_study.outlook.edition_month"
    monkeypatch.setattr(where, lambda used: "2031-01")
    late = market_study.outlook(study)
    assert "outlook" not in tables(late)
    said = " ".join(b.markdown for b in late.flat() if hasattr(b, "markdown"))
    assert "9002: data end in 2023: 5 years after 2031-01 are 12 on" in said


def test_a_series_of_a_market_that_ends_too_early_names_the_command(monkeypatch) -> None:
    study = market_study.load("CAN", segments=["materials"])
    where = "marketintel.documents.market_study.series.edition_month"
    monkeypatch.setattr(where, lambda used: "2035-01")
    said = " ".join(
        b.markdown for b in market_study.outlook(study).flat() if hasattr(b, "markdown")
    )
    assert "`marketintel fetch baci --edition" in said
    assert "forecast of 20" not in said


def test_a_partner_called_script_shows_as_text(study, monkeypatch) -> None:
    monkeypatch.setattr(
        "marketintel.documents.market.scope.country_name",
        lambda code: "<script>alert(1)</script>" if code == "DEU" else code,
    )
    fresh = market_study.load("USA", "FRA", ["lasers"])
    html = market_study.segment_pages(fresh).html() + market_study.glance(fresh).html()
    assert "<script" not in html.lower()
    assert "&lt;script&gt;" in html


def test_sources_name_licence_and_vintage(study) -> None:
    table = tables(market_study.sources(study))["sources"].frame
    assert isinstance(table, pd.DataFrame)
    assert (table[["title", "vintage", "retrieved_at", "licence"]] != "").all().all()
    assert "USITC" in " ".join(study.used["citation"]) or "Tariff" in " ".join(table["title"])


def test_an_exporter_is_called_by_its_name_and_a_country_is_no_group():
    french = market_study.load("USA", "FRA")
    for stack in (market_study.summary(french), market_study.glance(french),
                  market_study.suppliers(french), market_study.duty_pages(french)):  # fmt: skip
        shown = stack.html()
        assert not re.search(r"\bFRA\b(?!,)", re.sub(r"<[^>]*>", " ", shown).replace("FRA-", ""))
        assert "as one supplier" not in shown
    assert (
        "Shares count EU27 as one supplier" in market_study.glance(market_study.load("USA")).html()
    )
