"""The chapters of a screening on the starter data: what they say, and what they must never say."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.markets.agreement import ROBUST
from marketintel.analysis.trade.headings import known_pairs
from marketintel.documents.document import open_document
from marketintel.documents.engine.blocks import Callout, Table
from marketintel.documents.ranking.load import LOAD_COMMAND
from marketintel.documents.screening.document import MarketScreening
from marketintel.documents.screening.facts import supply
from marketintel.errors import MissingDataError, ReferenceFileError, UsageError
from marketintel.reference import screening as settings
from marketintel.reference.segments import load_segments

GOLDEN = Path(__file__).parent / "golden"
#: ``groups`` is slow on all materials: the full path and the notebook, on less, run it.
CHAPTERS = [chapter for chapter in MarketScreening.chapters if chapter != "groups"]
NEVER = re.compile(r"\b(nan|NaN|None|NaT|inf)\b")


@pytest.fixture(scope="module")
def data(root):
    folder = root / "data"
    if not any((folder / "raw" / "baci").glob("*/*.parquet")):
        pytest.skip("starter data not present")
    return folder


def screening(data, exporter="EU27", **values):
    return open_document("screening", data, exporter=exporter, **values)


@pytest.fixture(scope="module")
def eu(data):
    return screening(data)


@pytest.fixture(scope="module")
def small(data):
    """A small exporter with few markets."""
    return screening(data, "BTN")


def blocks(document, chapter):
    return list(document.chapter(chapter).flat())


SMALL = ["materials_summary", "shortlist", "ranks", "gravity", "record", "gaps"]


@pytest.mark.parametrize(
    ("who", "chapter"), [("eu", name) for name in CHAPTERS] + [("small", name) for name in SMALL]
)
def test_no_chapter_shows_a_missing_figure_as_a_number(request, who, chapter):
    block = request.getfixturevalue(who).chapter(chapter)
    assert not NEVER.search(block.html()), NEVER.search(block.html())
    assert block.payload(), "every block can be kept in the notebook"
    assert "cannot be made" not in block.html()


@pytest.mark.parametrize("chapter", ["summary", "materials_summary"])
def test_the_summaries_read_as_they_did(eu, chapter):
    """Their words, kept so that a change of them is seen in review."""
    shown = [
        getattr(b, "markdown", "") or "\n".join(map(" | ".join, b.figures))
        for b in blocks(eu, chapter) if b.kind != "table"
    ]  # fmt: skip
    golden = (GOLDEN / f"screening_{chapter}.md").read_text(encoding="utf-8")
    assert "\n\n".join(shown) + "\n" == golden


def test_partial_data_stand_under_a_banner_that_names_the_command(eu):
    first = blocks(eu, "materials_summary")[0]
    assert isinstance(first, Callout) and first.style == "warning"
    assert LOAD_COMMAND in first.markdown and "raw materials" in first.markdown


def test_partial_data_never_give_a_robust_market(eu):
    assert not eu.facts.complete and ROBUST not in set(eu.facts.classified["class"])
    assert not eu.facts.classified["why"].eq("").any()


def test_every_market_is_in_the_table_or_in_the_log(eu):
    left = set(eu.facts.funnel.log["market"])
    assert left.isdisjoint(eu.facts.classified.index)
    assert left | set(eu.facts.classified.index) == set(eu.facts.now.markets)
    assert not set(eu.facts.members) & set(eu.facts.now.markets)


def test_a_market_left_out_on_request_is_logged(data):
    document = screening(data, exclude=["United States", "USMCA"], top=5)
    log = document.facts.funnel.log.set_index("market")
    assert {"USA", "CAN", "MEX"} <= set(log.index)
    assert log.loc["USA", "reason"] == "left out on request"
    assert len(document.facts.shortlist) == 5 and "USA" not in document.facts.shortlist
    assert document.folder() == f"screening-EU27-{document.facts.year}-top5-without-CAN.MEX.USA"


def test_links_only_to_studies_that_are_there(eu, tmp_path):
    first, second = eu.facts.shortlist[:2]
    folder = tmp_path / "2026-11" / f"market-study-{first}-EU27-2025"
    for parent in (folder, tmp_path / "_staging" / folder.name):
        parent.mkdir(parents=True)
        (parent / "report.html").touch()
    found = MarketScreening.beside(tmp_path)
    facts = dataclasses.replace(eu.facts, **found)
    vars(facts).update({k: v for k, v in vars(eu.facts).items() if k != "studies"})
    document = object.__new__(MarketScreening)
    vars(document).update(parameters=eu.parameters, facts=facts, memo={})
    text = blocks(document, "shortlist")[1].markdown
    assert f"](../../2026-11/market-study-{first}-EU27-2025/report.html)" in text
    assert f"`marketintel study {second} --exporter EU27`" in text


def test_all_means_every_segment_and_has_the_folder_of_none(eu, data):
    document = screening(data, segments=["all"])
    assert document.resolved() == eu.resolved() and document.folder() == eu.folder()
    assert eu.folder() == f"screening-EU27-{eu.facts.year}-top10"


def test_devices_say_what_they_cannot_show(eu):
    warning, table = blocks(eu, "supply")
    assert "cannot show" in warning.markdown and LOAD_COMMAND in warning.markdown
    assert isinstance(table, Table) and len(table.frame) == len(load_segments().names())
    assert table.frame["relatedness_pct"].between(0, 100).all()


def test_the_market_itself_sees_nothing_of_its_own_supply(data):
    assert "its own imports" in blocks(screening(data, "USA"), "supply")[0].markdown


def test_duties_of_the_exporter_against_the_others(eu):
    table = next(b for b in blocks(eu, "access") if b.kind == "table")
    rows = table.frame.set_index("partner")
    assert "DEU" not in rows.index and rows.loc["EU27", "customs_value_usd"] == 4_989_683_321
    assert rows["effective_duty_pct"].between(0, 100).all()


def test_access_of_a_group_inside_the_union(data):
    table = next(b for b in blocks(screening(data, "PIMAP"), "access") if b.kind == "table")
    assert {"PIMAP", "DEU"} <= set(table.frame["partner"])


def test_without_duties_the_chapter_is_a_gap_and_says_what_is_missing(eu, monkeypatch):
    def absent(*_, **__):
        raise MissingDataError("no imports of USA in the warehouse")

    monkeypatch.setattr(supply, "flows", absent)
    document = object.__new__(MarketScreening)
    facts = dataclasses.replace(eu.facts)
    vars(document).update(parameters=eu.parameters, facts=facts, memo={})
    (said,) = blocks(document, "access")
    assert "cannot be made" in said.markdown and "No imports of USA" in said.markdown


def test_the_record_names_the_best_naive_rule_even_if_it_wins(eu):
    record = eu.facts.record_summary
    naive = record[record["is_naive"] & (record["horizon"] == 5)]
    assert naive.nlargest(1, "hit_10_pct")["rule"].iloc[0] in blocks(eu, "record")[1].markdown
    assert record["n_years"].min() >= 20


def test_dependence_covers_five_buyers_and_thirty_years(eu):
    tables = {b.name: b.frame for b in blocks(eu, "materials") if b.kind == "table"}
    exposure = tables["exposure"]
    assert set(exposure["buyer"]) == {"EU27", "USA", "CAN", "JPN", "CHN"}
    assert {"1995–97", "2022–24"} <= set(exposure["period"])
    # Selenium of Japan, 2022-24, from the rows themselves: 95.8 % from the Philippines.
    row = exposure[(exposure["buyer"] == "JPN") & (exposure["cmd_code"] == "280490")]
    row = row[row["period"] == "2022–24"].iloc[0]
    assert row["first_supplier"] == "Philippines"
    assert row["first_share_pct"] == pytest.approx(95.76, abs=0.01)
    assert (tables["chokepoints"]["first_share_pct"] >= 65).all()


def test_gallium_and_germanium_are_the_eus_only_and_say_how_sure_their_labels_are(eu):
    *_, table, caveat = blocks(eu, "eu_inputs")
    rows = table.frame.set_index(["cmd_code", "period"])
    assert rows.loc[("81129289", "2022"), "first_share_pct"] == pytest.approx(97.36, abs=0.01)
    assert "replaceable" not in table.frame and "usd" not in " ".join(table.frame)
    assert "Three years" in caveat.markdown and "not read in the nomenclature" in caveat.markdown
    assert any("comext" in str(file) for file in eu.facts.used["file"])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"exporter": "Atlantis"}, UsageError, "Atlantis"),
        ({"segments": ["lazers"]}, UsageError, "lazers"),
        ({"exclude": ["Narnia"]}, UsageError, "Narnia"),
        ({"top": 0}, UsageError, "1 to 50"),
        ({"exporter": "FRA=2"}, UsageError, "up to 1"),
        ({"exporter": "FRA=0.1,SWE"}, UsageError, "FRA=0.1,SWE=0.05"),
        ({"exporter": "FRA=0.1,France=0.2"}, UsageError, "FRA twice"),
        ({"exporter": "EU27=0.5"}, UsageError, "group"),
        ({"scenario": ["USA"]}, UsageError, "USA:.5"),
        ({"scenario": ["USA:five"]}, UsageError, "points"),
        ({"scenario": ["DEU:+5"]}, UsageError, "at home"),
        ({"scenario": ["USA:+5", "United States:+6"]}, UsageError, "USA twice"),
        ({"year": 1900}, MissingDataError, "1900"),
        ({"exporter": "ATA"}, MissingDataError, "exports none"),
    ],
)
def test_mistakes_are_named_in_one_line(data, arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        screening(data, **arguments)
    assert "\n" not in str(caught.value)


# Devices ------------------------------------------------------------------------------------------


def test_devices_are_the_first_part_and_the_union_is_no_third_country(eu):
    devices = eu.facts.devices
    assert devices.codes == ["8456", "8539", "9002", "9005", "9011", "9013"]
    assert set(devices.headings) - set(devices.codes) == {"8541"}
    assert not set(devices.classified.index) & set(devices.members)
    rows = devices.totals.query("period == '2024' and cmd_code in @devices.codes")
    bought = rows.groupby("reporter")["imports_usd"].sum()
    demand = devices.now.indicators["demand_usd"]
    assert np.allclose(demand, bought.reindex(demand.index), rtol=1e-6), "each heading counts once"
    first = devices.by_heading.query("cmd_code == '8541'")
    assert (first["n_methods"] == 3).all(), "ranked by itself, by all three methods"
    supply = devices.supply.set_index(["cmd_code", "economy"])["share_pct"]
    members = supply["9002"].drop("EU27")
    assert supply["9002", "EU27"] == pytest.approx(members.sum())


def test_a_robust_market_for_devices_is_one_where_sales_are_known(eu):
    devices = eu.facts.devices
    robust = devices.classified.query("`class` == @ROBUST").index
    assert (devices.sales.loc[robust, "known_pct"] >= devices.rule.min_known_sales_pct).all()
    assert len(robust), "without one the rule is not tried"
    bounds = devices.potential_range.dropna()
    assert (bounds["lo_usd"] <= bounds["potential_usd"] * (1 + 1e-9)).all()
    assert (bounds["potential_usd"] <= bounds["hi_usd"] * (1 + 1e-6) + 1).all()


def test_the_record_of_devices_prints_losses_and_leaves_out_headings_that_broke(eu):
    facts = eu.facts.devices
    assert facts.record_codes == ["8456", "9002", "9005"]
    assert set(facts.record["outcome"]) == {"imports_usd", "imports_pct", "sales_usd"}
    assert set(facts.record["rule"]) >= {"potential", "gravity", "score", "largest market"}
    rows = facts.record.query("outcome == 'imports_usd'").set_index("rule")
    totals = facts.totals[facts.totals["cmd_code"].isin(facts.record_codes)]
    wide = totals.pivot_table(
        index="reporter", columns="period", values="imports_usd", aggfunc="sum"
    )
    # The rule "largest market" again, from the totals alone.
    past = facts.at(2019, facts.record_codes)
    part = wide.loc[past.funnel.stayed].fillna(0.0)
    part = part[part["2019"] > 0]
    first = set(part["2019"].nlargest(10).index) & set(
        (part["2024"] - part["2019"]).nlargest(10).index
    )
    assert rows.loc["largest market", "hit_10_pct"] == 10 * len(first)


def test_some_segments_of_one_member(data):
    document = screening(data, "FRA", segments=["lasers", "optics"])
    devices = document.facts.devices
    assert devices.codes == ["9002", "9013"] and devices.covers["9013"].keys() == {
        "lasers",
        "optics",
    }
    assert devices.excluded["DEU"] == "in the European Union: no third country"
    assert "DEU" not in devices.classified.index and "FRA" not in devices.now.markets
    own = document.facts.devices.sales.loc["USA"]
    pairs = known_pairs(devices.lists).query(
        "exporter == 'FRA' and importer == 'USA' and period == '2024' and cmd_code in @devices.codes"
    )
    listed = pairs["value_usd"].sum()
    assert 0 < listed * 0.999 <= own["known_usd"] <= own["most_usd"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"segments": ["displays"]}, "no heading on file stands for displays"),
        ({"year": 2010}, "2017 to 2024"),
    ],
)
def test_devices_that_cannot_be_screened_are_a_stated_gap(data, arguments, words):
    document = screening(data, **arguments)
    assert words in document.facts.devices_gap
    assert words.lower() in document.chapter("devices").html().lower()


# The files that people edit ----------------------------------------------------------------------


def test_shipped_files_are_complete():
    known = load_segments().names()
    for material in settings.load_materials().values():
        assert set(material.segments) <= set(known), material.code
        assert material.url.startswith("http") and material.source
    for row in settings.load_nontariff().itertuples():
        assert set(filter(None, row.segments.split(";"))) <= set(known), row.fact
        assert row.url.startswith("http") and re.fullmatch(r"\d{4}-\d\d-\d\d", row.as_of)
    shipped = settings.load_settings()
    assert sum(i.weight for i in shipped.indicators if i.side == "attractiveness") == 100
    assert sum(i.weight for i in shipped.indicators if i.side == "access") == 100


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("attractiveness = 65", ""), "weights has no attractiveness: add it"),
        (("[weights]", "[weights"), "TOML"),
    ],
)
def test_a_mistake_in_the_settings_is_named(root, tmp_path, change, words):
    text = (root / "marketintel" / "reference" / "screening.toml").read_text(encoding="utf-8")
    assert change[0] in text
    file = tmp_path / "screening.toml"
    file.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(ReferenceFileError, match=words):
        settings.load_settings(file)


def test_relatedness_is_missing_for_a_supplier_too_small_to_compare():
    rows = [("AAA", "900190", 5e9), ("BBB", "900190", 3e9), ("BBB", "900211", 2e9),
            ("CCC", "900211", 1)]  # fmt: skip
    matrix = pd.DataFrame(rows, columns=["partner", "cmd_code", "value_usd"])
    codes = pd.DataFrame({"segment": ["optics"], "cmd_code": ["900190"], "scope": ["core"]})
    assert supply.relatedness(matrix, codes, {}, "CCC").empty
    assert len(supply.relatedness(matrix, codes, {}, "BBB")) == 1


def test_a_group_of_goods_that_cannot_be_screened_says_why(eu):
    goods = eu.facts.goods[["group", "group_name", "cmd_code"]].iloc[:1]
    goods = goods.assign(group="none", group_name="Nothing", cmd_code="000000")
    document = object.__new__(MarketScreening)
    facts = dataclasses.replace(eu.facts, goods=goods)
    vars(document).update(parameters=eu.parameters, facts=facts, memo={})
    assert "not screened" in document.chapter("groups").html()
