"""The market study from question to edition, on the shipped figures."""

import pickle
import re
import shutil
from pathlib import Path

import pytest

from marketintel.documents.engine.blocks import KeyFigures
from marketintel.documents.prose import money, moved, points
from marketintel.documents.yearly_forecasts import compute
from marketintel.errors import MissingDataError, UsageError
from tests.documents.studies import blocks, open_study, tables, words

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture(scope="module")
def usa():
    return open_study("USA")


@pytest.fixture(scope="module")
def facts(usa):
    return usa.facts


@pytest.fixture(scope="module")
def summary(usa):
    return blocks(usa, "summary")


def test_suppliers_of_every_segment_sum_to_the_segment(facts) -> None:
    core = facts.demand[facts.demand["scope"].isin(["core", "neighbour"])]
    core = core.set_index("segment")["value_usd"]
    for segment, rows in facts.shares.groupby("segment"):
        assert rows["value_usd"].sum() == core[segment]
        assert rows["share_pct"].sum() == pytest.approx(100)


def test_no_code_is_counted_twice_and_core_and_broad_add_up(facts) -> None:
    assert not facts.codes["cmd_code"].duplicated().any()
    rows = facts.flows[facts.flows["period"] == facts.year]
    demand = facts.demand_total.set_index("scope")["value_usd"]
    assert demand["core"] == rows.loc[rows["scope"] == "core", "value_usd"].sum()
    near = rows["segment"].isin(["microwave", "semi_equipment"])
    assert demand["core+broad"] == rows.loc[~near, "value_usd"].sum()
    assert demand["core"] < demand["core+broad"]


def test_neighbours_are_beside_the_sum(usa, facts) -> None:
    """Microwave has its row and page; total, shares and findings do not hold it."""
    table = tables(blocks(usa, "glance"))["segments_at_a_glance"].frame.set_index("segment")
    assert table["scope"].loc[["lasers", "total", "microwave"]].tolist() == [
        "core", "core", "neighbour",
    ]  # fmt: skip
    places = list(table.index)
    assert places.index("microwave") > places.index("total")
    inside = table[(table["scope"] == "core") & (table.index != "total")]
    for column in ("value_usd", "base_value_usd", "with_broad_usd"):
        assert inside[column].sum() == pytest.approx(table.loc["total", column])
    assert not set(facts.findings["segment"]) & facts.neighbours
    assert facts.shares_total["value_usd"].sum() == table.loc["total", "value_usd"]
    lasers = table.loc["lasers"]
    assert (lasers["value_usd"], lasers["base_value_usd"]) == (1_029_392_405, 1_045_527_158)
    assert lasers["first_supplier"] == "Germany"


def test_neighbours_alone_are_studied_without_being_called_photonic() -> None:
    study = open_study("USA", segments=["microwave"])
    text = words(blocks(study, "summary"))
    assert "photonic goods" not in text
    assert "neighbour of photonics" in text
    facts = study.facts
    assert facts.demand_total["value_usd"].iloc[0] == facts.shares_total["value_usd"].sum()


def test_headlines_that_one_segment_makes_say_so_beside_themselves(facts, summary) -> None:
    """EU27 +3.8 points is +1.2 without photovoltaics; imports −18.8 % are +0.8 %."""
    (panel,) = [b for b in summary if isinstance(b, KeyFigures)]
    imports, share, duty = (figure[2].replace("\u00a0", " ") for figure in panel.figures[:3])
    for text in (imports, words(summary)):
        assert "imports +0.8 % without photovoltaics" in text
    for text in (share, words(summary)):
        assert "share +1.2 points without photovoltaics" in text
    assert not facts.composition.loc["duty_pct", "moved"]
    assert "without" not in duty


def test_headline_holds_core_codes_only(facts, summary) -> None:
    (panel,) = [b for b in summary if isinstance(b, KeyFigures)]
    shown = " ".join(" ".join(figure) for figure in panel.figures)
    assert money(facts.total["value_usd"]) in shown
    assert money(facts.total_with_broad_usd) not in shown


def test_duty_gap_of_german_lasers_is_against_customs_value(facts) -> None:
    rows = facts.duty[(facts.duty["segment"] == "lasers") & (facts.duty["period"] == "2025")]
    eu = rows.set_index("partner").loc["EU27"]
    assert eu["effective_duty_pct"] == pytest.approx(
        100 * eu["duties_usd"] / eu["customs_value_usd"]
    )
    assert eu["effective_duty_pct"] < eu["duty_on_dutiable_pct"]


def test_sentences_state_figures_of_the_tables(facts, summary) -> None:
    text = words(summary)
    for figure in (
        money(facts.total["value_usd"]),
        moved(facts.total["change_pct"]),
        points(facts.place["share_change_pp"]),
    ):
        assert figure.replace("\u00a0", " ") in text


@pytest.mark.parametrize("case", [("USA", "EU27", ()), ("CAN", "EU27", ("materials",))])
def test_the_summary_is_worded_as_it_was(case, usa) -> None:
    """A change of wording is seen in review: `golden/` holds the text."""
    study = usa if case[0] == "USA" else open_study(*case)
    text = words(blocks(study, "summary")) + "\n"
    path = GOLDEN / f"market_study_summary_{case[0].lower()}.md"
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("exporter", ["FRA", pytest.param("JPN", marks=pytest.mark.slow)])
def test_any_supplier_can_be_the_exporter(exporter) -> None:
    study = open_study("USA", exporter, ["lasers"])
    assert study.facts.members == [study.facts.exporter]
    blocks(study, "summary", "glance", "position", "duties", "change", "segments")


def test_supplier_without_sales_is_said_not_dropped() -> None:
    text = words(blocks(open_study("USA", "Tuvalu", ["lasers"]), "summary", "segments", "duties"))
    assert text.count("No sales of Tuvalu were recorded") == 2


def test_unknown_names_and_years_are_refused() -> None:
    with pytest.raises(UsageError, match="market"):
        open_study("EU27")
    with pytest.raises(MissingDataError, match="2023"):
        open_study("USA", year=2024)
    with pytest.raises(MissingDataError, match="fetch --for JPN"):
        open_study("JPN", segments=["displays"])


def test_study_says_what_it_cannot_tell(usa) -> None:
    text = words(blocks(usa, "gaps"))
    for gap in ("Market size", "Trend", "Front-loading", "Unit values", "refunds"):
        assert gap in text


def test_outlook_is_a_stated_gap_without_the_removable_file(root, tmp_path) -> None:
    shutil.copytree(
        root / "data" / "raw", tmp_path / "raw", ignore=shutil.ignore_patterns("atlas*")
    )
    study = open_study("USA", segments=["optics"], data_dir=tmp_path)
    assert "There is no forecast" in words(blocks(study, "outlook"))


def test_forecasts_are_of_years_after_the_edition(usa, monkeypatch) -> None:
    shown = tables(blocks(usa, "outlook"))
    assert "data end in 2023; 2024 to 2025 are not known here" in shown["outlook"].caption
    assert shown["outlook"].headers["mean"] == "2030"
    missing = shown["no_outlook"].frame
    assert "Lasers" in set(missing["segment"])
    assert missing["reason"].str.len().min() > 20
    late = compute(usa.facts.world.made.panel, "2031-01")
    monkeypatch.setitem(usa.facts.__dict__, "forecasts", late)
    usa.memo.clear()
    made = blocks(usa, "outlook")
    assert "outlook" not in tables(made)
    assert "9002: data end in 2023: 5 years after 2031-01 are 12 on" in words(made)


def test_a_series_of_a_market_that_ends_too_early_names_the_command(monkeypatch) -> None:
    where = "marketintel.documents.market_study.facts.edition_month"
    monkeypatch.setattr(where, lambda used: "2035-01")
    text = words(blocks(open_study("CAN", segments=["materials"]), "outlook"))
    assert "`marketintel fetch baci --edition" in text
    assert "forecast of 20" not in text


def test_a_partner_called_script_shows_as_text(monkeypatch) -> None:
    monkeypatch.setattr(
        "marketintel.documents.market.scope.country_name",
        lambda code: "<script>alert(1)</script>" if code == "DEU" else code,
    )
    study = open_study("USA", "FRA", ["lasers"])
    html = study.chapter("segments").html() + study.chapter("glance").html()
    assert "<script" not in html.lower()
    assert "&lt;script&gt;" in html


def test_sources_name_licence_and_vintage(usa) -> None:
    made = blocks(usa, "tariff", "sources")
    table = tables(made)["sources"].frame
    assert (table[["title", "vintage", "retrieved_at", "licence"]] != "").all().all()
    assert "International Trade Commission" in words(made)


@pytest.mark.slow
def test_an_exporter_is_called_by_its_name_and_a_country_is_no_group(usa) -> None:
    french = open_study("USA", "FRA")
    for chapter in ("summary", "glance", "suppliers", "duties"):
        shown = french.chapter(chapter).html()
        assert not re.search(r"\bFRA\b(?!,)", re.sub(r"<[^>]*>", " ", shown).replace("FRA-", ""))
        assert "as one supplier" not in shown
    assert "Shares count EU27 as one supplier" in usa.chapter("glance").html()


def test_resolved_parameters_and_folder_hold_every_name() -> None:
    study = open_study("United States", "France", ["microwave", "lasers"])
    assert study.resolved() == {
        "country": "USA", "exporter": "FRA", "segments": ["lasers", "microwave"], "year": 2025,
        "figures": "", "one_page": False,
    }  # fmt: skip
    assert study.folder() == "market-study-USA-FRA-2025-lasers.microwave"
    again = pickle.loads(pickle.dumps(study))  # noqa: S301 - our own
    assert again.facts.demand.equals(study.facts.demand)
