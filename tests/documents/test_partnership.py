"""The partnership's documents: built for every key market, gaps and examples called by name."""

import re
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from marketintel.cli import partnership as cli_partnership
from marketintel.documents import partnership_editions as edition
from marketintel.documents.clusters import pages as clusters
from marketintel.documents.document import open_document
from marketintel.documents.engine.blocks import Callout, Heading, Stack, Table, Text
from marketintel.documents.kpi_monitor import entry
from marketintel.documents.kpi_monitor.facts import load as load_monitor
from marketintel.documents.mission import pages as mission
from marketintel.documents.needs import pages as needs
from marketintel.documents.partnership import KEY_MARKETS, age, figure
from marketintel.documents.practice import pages as practice
from marketintel.documents.roadmap import pages as roadmap
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference import kpi_log
from marketintel.reference.countries import REFERENCE_DIR

DAY = "2026-11-22"
MEMBERS = REFERENCE_DIR / "cluster_members_template.csv"
RUNNER = CliRunner()


def app():
    made = typer.Typer()
    cli_partnership.register(made)
    return made


def blocks(*shown):
    return list(Stack(*shown).flat())


def prose(*shown):
    return "\n".join(b.markdown for b in blocks(*shown) if isinstance(b, Text | Callout))


def tables(*shown):
    return {b.name: b.frame for b in blocks(*shown) if isinstance(b, Table)}


@pytest.fixture
def data(root, tmp_path):
    """A data directory of one's own, with the shipped raw files and a log to write."""
    made = tmp_path / "data"
    (made / "local").mkdir(parents=True)
    for part in ("raw", "processed"):
        (made / part).symlink_to(root / "data" / part)
    return made


MISSION_PARTS = [
    mission.market_page, mission.pitches, mission.actors, mission.memoranda, mission.questions,
    mission.meetings, mission.gaps, mission.sources,
]  # fmt: skip
CLUSTER_PARTS = [
    clusters.summary, clusters.supply, clusters.value_chains, clusters.complements,
    clusters.cross_sector, clusters.readiness, clusters.directory, clusters.gaps, clusters.sources,
]  # fmt: skip


@pytest.mark.parametrize("iso3", KEY_MARKETS)
def test_a_dossier_of_every_key_market(iso3):
    dossier = mission.load(iso3, as_of=DAY)
    shown = [part(dossier) for part in MISSION_PARTS]
    text, found = prose(*shown), tables(*shown)
    assert (iso3 == "USA") == ("pitch" in found)
    assert ("No import figures" in text) == (iso3 != "USA")
    assert "Members are not known" in text and "EXAMPLE" not in text
    for name in ("actors", "memoranda"):
        if name in found:
            assert found[name]["source_url"].str.startswith("http").all()
    assert ("memoranda" in found) == (iso3 in ("USA", "CAN"))


@pytest.mark.parametrize("iso3", KEY_MARKETS)
def test_clusters_for_every_key_market(iso3):
    found = clusters.load(iso3, as_of=DAY)
    shown = [part(found) for part in CLUSTER_PARTS]
    text = prose(*shown)
    assert "No cluster has filled in its members yet" in text
    assert not {"coverage", "pairs", "readiness"} & set(tables(*shown))
    directory = tables(*shown)["directory"].set_index("cluster")
    assert "not proposed" in directory.loc["optitec", "status"]
    assert "optitec" not in found.active and len(found.active) == len(directory) - 1
    assert {"alpha_rlh", "triple_steelix", "produtech", "business_joensuu"} <= set(found.active)


def test_segments_to_pitch_are_those_of_the_study():
    dossier = mission.load("USA", as_of=DAY)
    study = dossier.market.study
    special = study.specialisation[study.specialisation["partner"] == "EU27"]
    special = special.set_index("segment")["rca_in_market"]
    assert (special[dossier.pitch["segment"]] > 1).all()
    assert dossier.pitch["demand_usd"].is_monotonic_decreasing
    skipped = set(special[special > 1].index) - set(dossier.pitch["segment"])
    assert all(dossier.found.demand[s] <= dossier.pitch["demand_usd"].min() for s in skipped)


def test_examples_are_called_examples_wherever_they_go():
    found = clusters.load("USA", MEMBERS, DAY)
    shown = [part(found) for part in CLUSTER_PARTS]
    assert "**This is an example.**" in prose(*shown)
    for name in ("coverage", "readiness"):
        assert tables(*shown)[name]["cluster"].str.startswith("EXAMPLE").all()
    dossier = mission.load("USA", MEMBERS, DAY)
    assert dossier.is_example and "**EXAMPLE.**" in prose(mission.pitches(dossier))
    survey = needs.load(REFERENCE_DIR / "needs_template.csv")
    assert survey.is_example and "**This is an example.**" in prose(needs.summary(survey))


def test_the_monitor_never_calls_a_target_a_result(data):
    doc = open_document("kpi_monitor", data, as_of=DAY)
    table = doc.facts.table.set_index("kpi")
    ended = table[table["programme"].isin(["Photonics4Industry", "PIMAP+"])]
    assert len(ended) == 12 and (ended["status"] == "no measurement").all()
    assert ended["measured"].isna().all() and ended["target"].notna().sum() == 9
    assert (table.loc[table["programme"] == "Plan 2027-2029", "status"] == "not started").all()
    assert table.loc["p4i_exchanges", "status"] == "no measurement"
    assert table.loc["pimap_first_memoranda", ["measured", "status"]].tolist() == [2, "attained"]
    text = prose(doc.chapter("summary"), doc.chapter("context"))
    assert "**not results**" in text and "**Context, not effect.**" in text
    assert "No import figures of Canada" in text
    assert all(blocks(doc.chapter(name)) for name in doc.chapters)


def test_lines_of_the_log_reach_monitor_and_dossier(data):
    run = RUNNER.invoke(
        app(),
        ["kpi", "meet", "japan", "--kind", "c2c", "--with", "OITDA", "--evidence", "minutes",
         "--date", "2026-04-20", "--data", str(data)],
    )  # fmt: skip
    assert run.exit_code == 0 and "example_c2c 1 on 2026-04-20" in run.output
    for place in ("FIN", "FIN", "AUT"):
        run = RUNNER.invoke(
            app(),
            ["kpi", "add", "p4i_exchanges", "1", "--country", place, "--evidence", "report",
             "--date", "2023-05-16", "--data", str(data)],
        )  # fmt: skip
        assert run.exit_code == 0
    doc = open_document("kpi_monitor", data, as_of="2023-06-01")
    table = doc.facts.table.set_index("kpi")
    assert table.loc["p4i_exchanges", "measured"] == 3
    assert table.loc["p4i_exchanges", "status"] == "behind"
    assert table.loc["p4i_countries", "measured"] == 2
    by_country = doc.tables["by_country_p4i_exchanges"]
    assert by_country[["name", "value"]].to_numpy().tolist() == [["Finland", 2], ["Austria", 1]]
    met = tables(mission.meetings(mission.load("JPN", as_of="2026-05-01", data_dir=data)))[
        "meetings"
    ]
    assert met["counterpart"].tolist() == ["OITDA"]
    wrong = RUNNER.invoke(
        app(), ["kpi", "add", "p4i_exchange", "1", "--evidence", "x", "--data", str(data)]
    )
    assert isinstance(wrong.exception, UsageError) and "p4i_exchanges?" in str(wrong.exception)
    late = RUNNER.invoke(
        app(),
        ["kpi", "add", "p4i_exchanges", "1", "--evidence", "x", "--date", "2026-01-01",
         "--data", str(data)],
    )  # fmt: skip
    assert isinstance(late.exception, UsageError) and "outside the period" in str(late.exception)
    assert len(kpi_log.read(kpi_log.log_path(data))) == 4


def test_every_printed_command_of_the_log_runs(data):
    """Those of the documentation, and those that documents print on the day they are made."""
    today = date.today().isoformat()
    doc = open_document("kpi_monitor", data, as_of=today)
    dossier = mission.load("USA", as_of=today, data_dir=data)
    shown = prose(doc.chapter("exchanges"), mission.meetings(dossier))
    printed = re.findall(r"`marketintel (kpi [^`]*)`", shown)
    assert len(printed) == 2
    guide = (Path(__file__).parents[2] / "docs" / "partnership.md").read_text(encoding="utf-8")
    printed += [
        line.split("#")[0] for line in re.findall(r"^marketintel (kpi .*)$", guide, re.MULTILINE)
    ]
    assert len(printed) == 7
    entered = ""
    for command in printed:
        words = shlex.split(command.replace("--corrects ID", f"--corrects {entered}"))
        run = RUNNER.invoke(app(), [*words, "--data", str(data)])
        assert run.exit_code == 0, (command, run.output, run.exception)
        if words[1] == "add":
            entered = run.output.split(":")[0]


def test_examples_stay_out_of_the_monitor_until_they_are_used(data):
    before = set(load_monitor(DAY, data).kpis)
    assert not any(name.startswith("example") for name in before)
    entry.enter("example_exchanges", "2026-02-01", "1", "report", data)
    assert set(load_monitor(DAY, data).kpis) == before | {"example_exchanges"}


def test_the_plan_can_be_kept_and_says_what_is_a_proposal():
    plan = roadmap.load(DAY)
    assert (plan.table["conflict"] == "").all() and (plan.table["float_days"] >= 0).all()
    text = prose(roadmap.summary(plan))
    assert f"**{plan.proposed} of {len(plan.table)} actions are proposals**" in text
    shown = tables(roadmap.missions(plan))["missions"]
    assert shown["country"].tolist() == ["United States", "Canada", "Japan", "China"]
    for part in (roadmap.timeline, roadmap.actions, roadmap.indicators, roadmap.gaps):
        assert blocks(part(plan))


def test_next_targets_are_those_of_the_screening_with_their_class():
    from marketintel.documents.ranking import load as ranking

    plan, screen = roadmap.load(DAY), ranking.load()
    shown = roadmap.next_targets(plan)
    table = tables(shown)["next_targets"]
    assert table["iso3"].tolist() == screen.shortlist
    assert table["class"].tolist() == screen.classified.loc[screen.shortlist, "class"].tolist()
    assert ("not proposals for missions" in prose(shown)) == (not screen.complete)
    assert set(table.loc[table["here"] == "yes", "iso3"]) <= set(KEY_MARKETS)


def test_without_a_screening_the_gap_is_stated(monkeypatch):
    def absent(**_):
        raise MissingDataError("no trade between all economies in the warehouse")

    monkeypatch.setattr(roadmap.ranking, "load", absent)
    shown = roadmap.next_targets(roadmap.load(DAY))
    assert "**Not known.**" in prose(shown) and not tables(shown)


def survey_file(path, size=60):
    """Answers with some small cells, drawn once."""
    import numpy as np

    rng = np.random.default_rng(5)
    rows = ["respondent,cluster,segment,needs,barriers,expectations,free_text"]
    for i in range(size):
        cluster = rng.choice(["alpha_rlh", "produtech", "triple_steelix"], p=[0.6, 0.33, 0.07])
        segment = rng.choice(["lasers", "optics"], p=[0.8, 0.2])
        need = rng.choice(["skills", "finance", "none"], p=[0.6, 0.3, 0.1])
        text = rng.choice(["the SECRET of our cost", "no partner", ""])
        rows.append(f"EXAMPLE {i},{cluster},{segment},{need},duties,missions,{text}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_no_small_cell_and_no_text_leaves_the_survey(root, tmp_path, monkeypatch):
    """Everything an edition contains, also its notebook and its exports, is searched."""
    monkeypatch.setenv("PYTHONPATH", str(root))  # also where the package is not installed
    monkeypatch.chdir(tmp_path)
    path = survey_file(tmp_path / "survey.csv")
    done = edition.write_needs(path, as_of=DAY, reports_dir=tmp_path / "reports", progress=False)
    assert done.run["scope"] == edition.EXAMPLE and done.run["audience"] == "internal"
    raw = pd.read_csv(path)
    small = raw[raw["cluster"] == "triple_steelix"]
    assert 0 < len(small) < 5
    for file in done.folder.rglob("*"):
        if file.suffix in (".html", ".csv", ".ipynb", ".json"):
            text = file.read_text(encoding="utf-8")
            assert "SECRET" not in text and str(tmp_path) not in text, file.name
            assert not re.search(r"EXAMPLE \d", text), file.name
    for file in done.folder.glob("tables/needs*.csv"):
        frame = pd.read_csv(file)
        if "group" in frame:
            assert "Triple Steelix" not in set(frame["group"])
        for column in ("count", "respondents"):
            if column in frame:
                assert (frame[column].dropna() >= 5).all()


def test_without_a_survey_nothing_is_made_up():
    found = needs.load()
    shown = [needs.summary(found), *(needs.question(found, q) for q in ("needs", "barriers")),
             needs.free_texts(found), needs.answers(found, DAY), needs.published(),
             needs.gaps(found)]  # fmt: skip
    assert "**No survey has been held yet.**" in prose(*shown)
    assert set(tables(*shown)) == {"themes", "good_practice"}


def test_practice_is_filtered_by_need_and_tells_what_nobody_knows():
    everything, some = practice.catalogue(), practice.catalogue("technology")
    assert 0 < len(some) < len(everything)
    assert some["needs"].str.contains("technology").all()
    assert (everything["cost"] == "not found").any()
    assert everything["result"].str.contains("self-declared|planned|not found|measured").all()
    with pytest.raises(UsageError, match="did you mean partner_search"):
        practice.catalogue("partner-search")
    printed = RUNNER.invoke(app(), ["practice", "--need", "skills", "--csv"])
    assert printed.exit_code == 0 and printed.output.startswith("practice,action,cost")


def test_a_file_is_checked_without_writing_anything(tmp_path):
    run = RUNNER.invoke(app(), ["clusters", "--check", str(MEMBERS)])
    assert run.exit_code == 5 and "cluster_members_template.csv:2: example-row" in run.output
    good = tmp_path / "members.csv"
    good.write_text(MEMBERS.read_text(encoding="utf-8").replace("EXAMPLE ", ""), encoding="utf-8")
    run = RUNNER.invoke(app(), ["clusters", "--check", str(good)])
    assert run.exit_code == 0 and "no mistake" in run.output
    assert [p.name for p in tmp_path.iterdir()] == ["members.csv"]


def test_the_commands_load_nothing_heavy_before_they_are_given():
    code = "import sys, marketintel.cli.partnership; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    for arguments in (["--help"], ["kpi", "--help"], ["mission", "--help"], ["needs", "--help"]):
        run = RUNNER.invoke(app(), arguments)
        assert run.exit_code == 0 and "Usage" in run.output


def test_old_is_five_years_and_undated_is_neither():
    assert age("2021", DAY) == "old" and age("2022", DAY) == ""
    assert age("undated", DAY) == "undated" and age("c.2016", DAY) == "old"
    assert figure("24000", "persons") == "24,000 persons" and figure("2019-06", "date") == "2019-06"
    assert figure(">1", "bn EUR") == ">1 bn EUR" and figure("6089.6", "bn JPY") == "6,089.6 bn JPY"
    assert not any(isinstance(b, Heading) for b in blocks(practice.table(DAY)))


def test_a_neighbour_among_the_pitches_is_called_one():
    dossier = mission.load("USA", as_of=DAY)
    near = dossier.pitch["segment"].isin(dossier.market.study.neighbours)
    assert near.any() and dossier.pitch["segment_name"].str.endswith(" (neighbour)").eq(near).all()
    said = prose(mission.pitches(dossier))
    assert "LEDs" in said and "in none of the sums" in said
