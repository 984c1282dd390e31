"""Studies of any economy from headings: published figures, totals, bounds, chapters, gaps."""

import pickle
from functools import cache
from pathlib import Path

import pytest

from marketintel.documents.chapters import GAP
from marketintel.documents.document import open_document, write
from marketintel.documents.market_profile import views
from marketintel.errors import MissingDataError, UsageError
from tests.documents.studies import blocks, open_study, tables, words

GOLDEN = Path(__file__).with_name("golden")


@cache
def opened(*question):
    """Return a study that one question has made once for all tests here."""
    return open_study(*question)


def profile(country, exporter="EU27", segments=(), year=None):
    """Return the study of a question."""
    return opened(country, exporter, tuple(segments), year)


#: Exporter of the markets that are not seen from the European Union.
SEEN_FROM = {"DEU": "USA", "KIR": "FRA"}


@cache
def made(country):
    """Return the blocks of every chapter, drawn, of Canada; of others those that differ."""
    study = profile(country, SEEN_FROM.get(country, "EU27"))
    if country == "CAN":
        return blocks(study)
    return of(study, *{"DEU": ("position",), "KIR": ("summary", "suppliers", "gaps")}.get(
        country, ("summary", "suppliers", "position", "gaps")
    ))  # fmt: skip


def of(study, *chapters):
    """Return the blocks of chapters, not drawn."""
    return [block for name in chapters for block in study.chapter(name).flat()]


def summary(country):
    panel, *rest = profile(country).chapter("summary").flat()
    cards = "\n".join(" | ".join(card) for card in panel.figures).replace("\u00a0", " ")
    return f"{cards}\n\n{words(rest)}\n"


@pytest.mark.parametrize("country", ["CAN", "KOR"])
def test_the_summary_is_the_golden_text(country):
    golden = GOLDEN / f"market_profile_summary_{country.lower()}.md"
    assert summary(country) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("country", ["CAN", "RWA", "DEU", "KIR"])
def test_every_chapter_has_content_or_is_not_there(country):
    found = made(country)
    text = words(found)
    assert GAP not in text and "nan" not in text.lower().split() and "None" not in text
    for name, table in tables(found).items():
        assert len(table.frame), name
        for column in table.frame.columns[table.frame.columns.str.endswith("share_pct")]:
            values = table.frame[column].dropna().astype(float)
            assert values.between(0, 100 + 1e-6).all(), (name, column)


def test_canada_has_the_published_figures():
    placed = tables(made("CAN"))
    shares = placed["all_suppliers"].frame.set_index(["heading", "supplier"])["share_pct"].round(1)
    assert shares["9002"][["Japan", "China", "United States"]].tolist() == [28.5, 22.2, 17.0]
    assert shares["9011"][["United States", "China", "Japan"]].tolist() == [24.1, 11.9, 11.1]
    members = placed["member_positions"].frame.query("member == 'Germany'")
    assert members.set_index("heading")["share_pct"].round(1)["9011"] == 37.8
    lasers = placed["canada_segments"].frame.set_index("segment_name").loc["Lasers"]
    assert lasers["imports_cad"] / 1e6 == pytest.approx(320.2, abs=0.05)
    years = placed["chapter_years"].frame.set_index("period")["imports_cad"]
    assert (years[["2024", "2025"]] / 1e9).round(2).tolist() == [21.66, 22.65]
    claimed = placed["us_links"].frame.set_index("segment_name")
    assert claimed.loc["Lasers", ["claimed_2024_pct", "claimed_2025_pct"]].round(1).tolist() == [0, 53.2]  # fmt: skip
    assert claimed["claimed_2024_pct"].isna()["Displays"]  # most of its lines have no share


def test_known_shares_of_the_union_in_microscopes():
    for country, known in (("CAN", 41), ("JPN", 35), ("KOR", 44)):
        table = views.position(profile(country).facts)[0].set_index("heading")
        assert table.loc["9011", "share_pct"] == pytest.approx(known, abs=0.5)


def test_sums_are_those_of_their_parts():
    facts = profile("CAN").facts
    own = facts.standing.set_index("cmd_code").loc[facts.photonic]
    assert facts.total["imports_usd"] == own["imports_usd"].sum()
    position = views.position(facts)[0].set_index("heading")
    members = facts.member_sales.query("period == '2024'").groupby("cmd_code")["value_usd"].sum()
    for code in facts.codes:
        assert position.loc[code, "value_usd"] == pytest.approx(members[code])
    parts = facts.canada.query("scope == 'core'")["imports_cad"].sum()
    assert views.canada_sum(facts)["imports"] == parts
    assert facts.positions.query("period == '2024'")["imports_usd"].sum() == pytest.approx(
        facts.standing["imports_usd"].sum()
    )


def test_no_growth_is_computed_over_a_break():
    growth = tables(made("CAN"))["heading_growth"].frame.set_index("heading")
    assert growth["since"][["9002", "9013", "8541"]].tolist() == ["2017", "2023", "2022"]
    early = profile("CAN", year=2020).facts
    assert early.since["9013"] == 2017 and early.world["period"].max() == "2020"
    assert "2024" not in words(profile("CAN", year=2020).chapter("gaps").flat())
    between = profile("CAN", year=2022).facts.standing.set_index("cmd_code")
    assert between["growth_pct"].isna()[["9013", "8541"]].all()


def test_what_no_list_names_is_said_and_never_zero():
    text = words(made("RWA"))
    assert "is not one of the 73 economies" in text and "not known, which is not zero" in text
    position = tables(made("RWA"))["position"].frame.set_index("heading")
    assert position["share_pct"].isna()["9011"] and position.loc["9011", "most_share_pct"] > 0
    alone = words(made("KIR"))
    assert "No list names a partner of Kiribati" in alone
    assert "suppliers_by_heading" not in tables(made("KIR"))
    assert "In 9013 suppliers of less than half" in words(made("CAN"))


def test_a_shared_heading_keeps_its_name_and_names_its_segments():
    covers = tables(made("CAN"))["covers"].frame.set_index("heading")
    assert covers.loc["9013", "stands_for"] == "several together"
    assert covers.loc["9013", "holds"].startswith("optics 56")
    assert covers.loc["9002", "stands_for"] == "one segment"


def test_segments_without_a_level_are_the_same_in_summary_gaps_and_answers():
    facts = profile("KOR").facts
    without = views.without_level(facts)
    assert "LEDs, laser diodes and detectors" in without, "a small part of heading 9013"
    assert not {"Optics", "Lasers"} & set(without)
    assert without == views.answer_words(facts, "KOR")["no_level"]


def test_the_first_supplier_is_named_only_where_no_other_can_be_larger():
    facts = profile("CAN").facts
    first = facts.first_for_certain["partner"]
    assert "9013" not in first and first["9002"] == "JPN" and first["9011"] == "EU27"
    assert facts.unlisted["9013"] > 50 > facts.unlisted["9002"]
    glance = tables(made("CAN"))["glance"].frame.set_index("heading")["first_known"]
    assert glance.isna()["9013"] and glance["9002"] == "Japan 28 %"


def test_segments_limit_the_headings():
    assert profile("KOR", segments=("lasers",)).facts.codes == ["9013"]
    assert not views.mostly(profile("KOR", segments=("fibre_comms",)).facts)


def test_canada_is_answered_by_product_where_no_heading_holds_a_segment():
    study = profile("CAN", segments=("displays", "microwave"))
    found = of(study, "summary", "market", "products", "suppliers", "position", "trend", "gaps")
    assert GAP not in words(found) and study.facts.codes == []
    segments = tables(found)["canada_segments"].frame
    assert segments["segment_name"].str.contains("Displays").any()
    assert "None of the headings here holds these segments" in words(found)


@pytest.mark.parametrize(
    ("question", "error", "says"),
    [
        ({"country": "Atlantis"}, UsageError, "Atlantis"),
        ({"country": "EU27"}, UsageError, "is a group"),
        ({"country": "DEU"}, UsageError, "--exporter USA"),
        ({"country": "CAN", "exporter": "CAN"}, UsageError, "choose a supplier from abroad"),
        ({"country": "CAN", "segments": ["lazers"]}, UsageError, "did you mean lasers"),
        ({"country": "CAN", "year": 2030}, MissingDataError, "from 2017 to 2024"),
        ({"country": "BLX"}, MissingDataError, "no trade of BLX in headings"),
        ({"country": "JPN", "segments": ["displays"]}, MissingDataError, "--segments displays"),
    ],
)  # fmt: skip
def test_refusals_are_one_line(question, error, says):
    with pytest.raises(error, match=says) as refused:
        open_document("market_profile", **question)
    assert "\n" not in str(refused.value)


def test_a_study_asked_for_by_another_name_says_so():
    study = profile("CAN")
    assert study.stands_for == "market_study"
    assert study.resolved() == {"country": "CAN", "exporter": "EU27", "segments": [], "year": 2024,
                                "figures": "", "one_page": False}  # fmt: skip
    assert "market_profile.ipynb" in words(blocks(study, "glance"))
    assert open_document("market_profile", country="CAN").stands_for == ""
    again = pickle.loads(pickle.dumps(study))  # noqa: S301 - our own
    assert again.tables["covers"].equals(study.tables["covers"])


@pytest.mark.slow
def test_the_edition_has_every_table(tmp_path):
    edition = write("market_study", country="KOR", reports_dir=tmp_path, progress=False)
    assert edition.folder.name == "market-profile-KOR-EU27-2024"
    names = {f.stem for f in (edition.folder / "tables").glob("*.csv")}
    assert {"position", "all_suppliers", "member_positions", "heading_growth"} <= names
