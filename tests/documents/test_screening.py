"""The pages of a screening on the starter data: what they say, and what they must never say."""

import dataclasses
import re

import pandas as pd
import pytest

from marketintel.analysis.markets.agreement import ROBUST
from marketintel.documents import screening
from marketintel.documents.engine.blocks import Callout, Stack, Table
from marketintel.documents.ranking.load import LOAD_COMMAND
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.screening import devices
from marketintel.errors import MissingDataError, ReferenceFileError, UsageError
from marketintel.reference import screening as settings
from marketintel.reference.segments import load_segments

#: ``by_group`` is slow on all materials: the full path and the notebook, on less, run it.
PAGES = ["summary", "shortlist", "ranks", "funnel", "indicator_table", "potential", "gravity",
         "record", "access", "supply_side", "structure", "materials", "gaps",
         "sources"]  # fmt: skip
NEVER = re.compile(r"\b(nan|NaN|None|NaT|inf)\b")


@pytest.fixture(scope="module")
def data(root):
    folder = root / "data"
    if not any((folder / "raw" / "baci").glob("*/*.parquet")):
        pytest.skip("starter data not present")
    return folder


@pytest.fixture(scope="module")
def eu(data):
    return screening.load("EU27", data_dir=data)


@pytest.fixture(scope="module")
def small(data):
    """A small exporter with few markets."""
    return screening.load("BTN", data_dir=data)


def blocks(block):
    return list(block.flat()) if isinstance(block, Stack) else [block]


SMALL_PAGES = ["summary", "shortlist", "ranks", "gravity", "record", "gaps"]


@pytest.mark.parametrize(
    ("who", "page"), [("eu", page) for page in PAGES] + [("small", page) for page in SMALL_PAGES]
)
def test_no_page_shows_a_missing_figure_as_a_number(request, who, page):
    block = getattr(screening, page)(request.getfixturevalue(who))
    assert not NEVER.search(block.html()), NEVER.search(block.html())
    assert block.payload(), "every block can be kept in the notebook"


def test_partial_data_stand_under_a_banner_that_names_the_command(eu):
    first = blocks(screening.summary(eu))[0]
    assert isinstance(first, Callout) and first.style == "warning"
    assert LOAD_COMMAND in first.markdown and "raw materials" in first.markdown


def test_partial_data_never_give_a_robust_market(eu):
    assert not eu.complete and ROBUST not in set(eu.classified["class"])
    assert not eu.classified["why"].eq("").any()


def test_every_market_is_in_the_table_or_in_the_log(eu):
    left = set(eu.funnel.log["market"])
    assert left.isdisjoint(eu.classified.index)
    assert left | set(eu.classified.index) == set(eu.now.markets)
    assert not set(eu.members) & set(eu.now.markets)


def test_a_market_left_out_on_request_is_logged(data):
    screen = screening.load("EU27", exclude=["United States", "USMCA"], top=5, data_dir=data)
    log = screen.funnel.log.set_index("market")
    assert {"USA", "CAN", "MEX"} <= set(log.index)
    assert log.loc["USA", "reason"] == "left out on request"
    assert len(screen.shortlist) == 5 and "USA" not in screen.shortlist


def test_links_only_to_studies_that_are_there(eu):
    first = eu.shortlist[0]
    text = blocks(screening.shortlist(eu, [f"2026-11/market-study-{first}-EU27-2025"]))[1].markdown
    assert f"](../../2026-11/market-study-{first}-EU27-2025/report.html)" in text
    assert f"`marketintel study {eu.shortlist[1]} --exporter EU27`" in text


def test_devices_say_what_they_cannot_show(eu):
    warning, table = blocks(screening.supply_side(eu))
    assert "cannot show" in warning.markdown and LOAD_COMMAND in warning.markdown
    assert isinstance(table, Table) and len(table.frame) == len(load_segments().names())
    assert table.frame["relatedness_pct"].between(0, 100).all()


def test_the_market_itself_sees_nothing_of_its_own_supply(data):
    screen = screening.load("USA", data_dir=data)
    assert "its own imports" in blocks(screening.supply_side(screen))[0].markdown


def test_duties_of_the_exporter_against_the_others(eu):
    table = next(b for b in blocks(screening.access(eu)) if b.kind == "table")
    rows = table.frame.set_index("partner")
    assert "DEU" not in rows.index and rows.loc["EU27", "customs_value_usd"] == 4_989_683_321
    assert rows["effective_duty_pct"].between(0, 100).all()


def test_access_of_a_group_inside_the_union(data):
    screen = screening.load("PIMAP", data_dir=data)
    table = next(b for b in blocks(screening.access(screen)) if b.kind == "table")
    assert {"PIMAP", "DEU"} <= set(table.frame["partner"])


def test_the_record_names_the_best_naive_rule_even_if_it_wins(eu):
    said = blocks(screening.record(eu))[1].markdown
    naive = eu.record_summary[eu.record_summary["is_naive"]]
    best = naive[naive["horizon"] == 5].nlargest(1, "hit_10_pct")["rule"].iloc[0]
    assert best in said
    assert eu.record_summary["n_years"].min() >= 20


def test_dependence_covers_five_buyers_and_thirty_years(eu):
    tables = {b.name: b.frame for b in blocks(screening.materials(eu)) if b.kind == "table"}
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
    table = next(
        b for b in blocks(screening.materials(eu)) if getattr(b, "name", "") == "eu_inputs"
    )
    rows = table.frame.set_index(["cmd_code", "period"])
    assert rows.loc[("81129289", "2022"), "first_share_pct"] == pytest.approx(97.36, abs=0.01)
    assert "replaceable" not in table.frame and "usd" not in " ".join(table.frame)
    caveat = blocks(screening.materials(eu))[-1]
    assert "Three years" in caveat.markdown and "not read in the nomenclature" in caveat.markdown
    assert any("comext" in str(file) for file in eu.used["file"])


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
        screening.load(**{"data_dir": data, **arguments})
    assert "\n" not in str(caught.value)


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
    matrix = pd.DataFrame(
        [
            ("AAA", "900190", 5e9),
            ("BBB", "900190", 3e9),
            ("BBB", "900211", 2e9),
            ("CCC", "900211", 1),
        ],
        columns=["partner", "cmd_code", "value_usd"],
    )
    codes = pd.DataFrame({"segment": ["optics"], "cmd_code": ["900190"], "scope": ["core"]})
    assert devices._relatedness(matrix, codes, None, "CCC").empty
    assert len(devices._relatedness(matrix, codes, None, "BBB")) == 1


def test_a_group_of_goods_that_cannot_be_screened_says_why(eu):
    goods = eu.goods[["group", "group_name", "cmd_code"]].iloc[:1]
    goods = goods.assign(group="none", group_name="Nothing", cmd_code="000000")
    fields = {field.name: getattr(eu, field.name) for field in dataclasses.fields(eu)}
    screen = Screen(**{**fields, "goods": goods})
    assert "not screened" in screening.by_group(screen).html()
