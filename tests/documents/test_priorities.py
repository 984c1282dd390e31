"""The list of segments to push: one answer, on stated bases."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import marketintel as mi
from marketintel.analysis.markets import priorities as an
from marketintel.analysis.trade.duties import duty_wedge
from marketintel.cli.app import app
from marketintel.documents.document import open_document
from marketintel.documents.market.heading_values import read_for, weight_of
from marketintel.documents.market.priorities import COLUMNS, market_priorities, past_record
from marketintel.documents.market.priority_views import names_by_class
from marketintel.documents.market.segment_levels import segment_levels
from marketintel.documents.mission.facts import PITCHED
from marketintel.documents.prose import clause
from marketintel.documents.screening.views.devices import device_push
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.countries import country_name, group_members
from marketintel.reference.priorities import load_priorities
from marketintel.warehouse.imports import imports


@pytest.fixture(scope="module")
def usa():
    return market_priorities("USA")


def test_every_segment_of_the_united_states_has_class_and_reason(usa):
    table = usa.table.set_index("segment")
    assert {"laser_machines", "lasers", "metrology", "medical", "optics"} <= set(table.index)
    assert table["class"].isin([an.PUSH, an.DEVELOP, an.HOLD]).all() and len(table) == 13
    machines = table.loc["laser_machines"]
    assert machines["class"] == an.PUSH
    assert machines["exporter_share_pct"] == pytest.approx(50.1, abs=0.1)
    assert machines["rca"] == pytest.approx(2.7, abs=0.05)
    assert "share 50 %" in machines["reason"] and "specialisation 2.7" in machines["reason"]
    assert table["reason"].str.fullmatch(r"[A-Z].*[^.]\.").all()
    assert {"lasers", "metrology", "medical", "optics"} <= set(usa.push)
    assert "probability of 69 %" in machines["reason"]
    lost = table.loc["sporting_optics"]
    assert lost["class"] != an.PUSH and "share lost" in lost["reason"]


def test_every_criterion_has_value_rank_and_basis(usa):
    rows = usa.criteria
    assert len(rows) == 13 * len(usa.settings.criteria)
    assert (rows["rank"].isna() == rows["value"].isna()).all() and rows["basis"].notna().all()
    shares = rows[rows["criterion"] == "exporter_share_pct"].sort_values("rank")
    assert shares["value"].is_monotonic_decreasing and shares["rank"].iloc[0] == 1
    assert usa.table["rank_lo"].le(usa.table["rank"]).all()
    assert usa.table["rank_hi"].ge(usa.table["rank"]).all()


def test_an_amount_and_its_gap_are_on_one_basket(usa):
    codes = {"853941", "853949", "853951", "853952", "940541", "940542", "940561"}
    flows = imports("USA", ["lighting"], 2025).flows
    seven = flows[flows["cmd_code"].isin(codes)].assign(scope="core")
    wedge = duty_wedge(seven, ["CHN"], group_members("EU27"), "2024", "2025", "segment")
    assert wedge["gap_usd"].iloc[0] / 1e6 == pytest.approx(363.9, abs=0.05)
    row = usa.table.set_index("segment").loc["lighting"]
    sold = row["duty_gap_usd"] / (row["duty_gap_pp"] / 100)
    assert sold == pytest.approx(row["rival_share_pct"] / 100 * row["size_usd"], rel=1e-6)


@pytest.mark.parametrize(
    ("market", "push"),
    [
        ("CAN", ["laser_machines", "sporting_optics"]),
        ("JPN", ["laser_machines", "lasers"]),
        ("CHN", []),
        ("KOR", ["lasers", "sporting_optics"]),
    ],
)
def test_markets_without_codes_are_read_from_headings_with_their_basis(market, push):
    found = market_priorities(market)
    table = found.table.set_index("segment")
    assert found.level == "headings" and found.year == "2024" and len(table) == 13
    assert found.push == push
    gaps = table[table["class"] == an.NO_DATA]
    assert gaps["reason"].str.startswith("Not enough data: ").all()
    why = "basis" if market == "CAN" else "reason"  # Canada's size is known by product
    assert "9011 holds only 10%" in table.loc["metrology", why]
    assert "shared with lasers" in table.loc["optics", "basis"]
    known = table.drop(gaps.index)
    assert known["basis"].str.contains("heading").all() and known["size_usd"].gt(0).all()


@pytest.mark.parametrize("market", ["CAN", "KOR"])
def test_a_size_is_the_level_that_the_answers_print(market):
    found = market_priorities(market)
    table = found.table.set_index("segment")
    levels = segment_levels(market, list(table.index)).set_index("segment").loc[table.index]
    known = table["size_usd"].notna()
    pd.testing.assert_series_equal(
        table["size_usd"][known], levels["level_usd"][known], check_names=False
    )
    assert found.by_product == (market == "CAN") == known.all()
    assert found.bases.loc["optics", "size_usd"].startswith("six-digit") == (market == "CAN")


def test_dossier_and_directory_read_the_list_of_the_study():
    canada = market_priorities("CAN")
    dossier = open_document("mission", country="CAN", as_of="2026-11-22").facts
    pd.testing.assert_frame_equal(dossier.priorities.columns, canada.columns)
    assert dossier.pitch["segment"].tolist()[: len(canada.push)] == canada.push
    assert dossier.directory.market.pushed == names_by_class(canada)


@pytest.mark.slow
def test_every_document_has_the_same_list(usa):
    def columns(frame):
        return frame[list(COLUMNS)].reset_index(drop=True)

    study = open_document("market_study", country="USA")
    dossier = open_document("mission", country="USA", as_of="2026-11-22")
    for doc in (study, dossier):
        pd.testing.assert_frame_equal(columns(doc.tables["priorities"]), columns(usa.table))
    assert dossier.facts.pitch["segment"].tolist()[: len(usa.push)] == usa.push[:PITCHED]
    names = names_by_class(usa)
    clusters = open_document("clusters", country="USA", as_of="2026-11-22")
    brief = open_document("s3_brief", region="SE31", targets=["USA", "CAN"])
    plan = open_document("roadmap", as_of="2026-11-22")
    canada = names_by_class(market_priorities("CAN"))
    assert clusters.facts.market.pushed == names
    assert [m.pushed for m in brief.facts.markets] == [names, canada]
    assert [m.pushed for m in plan.facts.markets if m.iso3 in ("USA", "CAN")] == [names, canada]
    missions = plan.tables["missions"].set_index("country")["push"]
    assert missions["United States"] == "; ".join(names["push"])
    screen = open_document("screening", top=6).facts
    shown = device_push(screen).set_index("country")
    for market in screen.devices.shortlist[:5]:
        named = names_by_class(market_priorities(market))
        assert shown.loc[country_name(market), "push"] == "; ".join(named["push"])
    profile = open_document("market_profile", country="CAN")
    assert names_by_class(profile.facts.priorities) == canada
    for doc, chapter in ((study, "summary"), (dossier, "pitch"), (clusters, "summary"),
                         (brief, "demand")):  # fmt: skip
        text = " ".join(b.markdown for b in doc.chapter(chapter).flat() if hasattr(b, "markdown"))
        assert "Push: " in text and all(
            clause(n) in text.replace("\\", "") for n in names["push"][:2]
        )


def test_a_heading_is_read_only_where_it_is_photonic_and_holds_enough():
    rule = load_priorities().headings
    there = ["8456", "8541", "9001", "9002", "9011", "9013", "9027", "9405"]
    assert read_for("lasers", rule, there) == {"9013": 0.339}
    assert read_for("opto_semis", rule, there) == {} and read_for("lighting", rule, there) == {}
    assert weight_of("metrology", ["9011"]) < rule.min_weight


def test_a_part_of_the_list_has_the_ranks_of_the_whole():
    part, whole = mi.priorities("KOR", segments=["Lasers", "optics"]), mi.priorities("KOR")
    whole = whole[whole["segment"].isin(["lasers", "optics"])]
    pd.testing.assert_frame_equal(part, whole.reset_index(drop=True))


def test_members_count_as_supply_only_with_their_file(usa):
    members = pd.DataFrame({"cluster": "c", "member": ["a", "b"], "segment": "displays"})
    table = market_priorities("CAN", members=members).table.set_index("segment")
    assert table.loc["displays", "supply_fit"] == 2 and table.loc["lasers", "supply_fit"] == 0
    assert usa.table["supply_fit"].isna().all()


def test_the_record_is_printed_with_its_losses():
    table = past_record()
    ours = table[table["rule"] == "priorities"].set_index("outcome")
    largest = table[table["rule"] == "largest market"].set_index("outcome")
    assert ours["n_rows"].tolist() == [340, 340, 209]
    dollars = "imports, growth in USD"
    assert ours.loc[dollars, "hit_20_pct"] == 25 < largest.loc[dollars, "hit_20_pct"]


def test_an_earlier_edition_is_scored_and_nonsense_refused(tmp_path):
    run = CliRunner().invoke
    first = run(app, ["priorities", "CAN", "--format", "csv"])
    file = tmp_path / "priorities.csv"
    file.write_text(first.output, encoding="utf-8")
    again = run(app, ["priorities", "CAN", "--last", str(file), "--format", "csv"])
    assert again.exit_code == 0 and "came_pct" in again.output and ",0.0" in again.output
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    refused = run(app, ["priorities", "CAN", "--last", str(file)])
    assert isinstance(refused.exception, UsageError) and "no list of priorities" in str(
        refused.exception
    )
    with pytest.raises(UsageError, match="includes the market"):
        market_priorities("DEU")
    with pytest.raises(MissingDataError, match="by heading either"):
        market_priorities("ATA")
