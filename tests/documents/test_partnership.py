"""The partnership's documents: built for every key market, gaps and examples called by name."""

import functools
import os
import pickle
import re
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from marketintel.cli.app import app
from marketintel.documents import indicators, practice
from marketintel.documents.document import open_document, write
from marketintel.documents.engine.blocks import Callout, KeyFigures, Table, Text
from marketintel.documents.engine.cover import EXAMPLE
from marketintel.documents.kpi_monitor import entry
from marketintel.documents.partnership import age, figure
from marketintel.documents.roadmap.document import KEY_MARKETS
from marketintel.documents.roadmap.facts import Plan
from marketintel.errors import MissingDataError, ReferenceFileError, UsageError
from marketintel.reference import kpi_log
from marketintel.reference.countries import REFERENCE_DIR
from tests.documents.studies import words

DAY = "2026-11-22"
MEMBERS = str(REFERENCE_DIR / "cluster_members_template.csv")
GOLDEN = Path(__file__).parent / "golden"
RUNNER = CliRunner()


@functools.cache
def document(name, **parameters):
    return open_document(name, as_of=DAY, **parameters)


def blocks(doc, *chapters):
    return [b for name in chapters or doc.chapters for b in doc.chapter(name).flat()]


def prose(doc, *chapters):
    shown = blocks(doc, *chapters)
    return "\n".join(b.markdown for b in shown if isinstance(b, Text | Callout))


def tables(doc, *chapters):
    return {b.name: b.frame for b in blocks(doc, *chapters) if isinstance(b, Table)}


@pytest.fixture
def data(root, tmp_path):
    """A data directory of one's own, with the shipped raw files and a log to write."""
    made = tmp_path / "data"
    (made / "local").mkdir(parents=True)
    for part in ("raw", "processed"):
        (made / part).symlink_to(root / "data" / part)
    return made


MARKETS = [
    one if one in ("USA", "CHN") else pytest.param(one, marks=pytest.mark.slow)
    for one in KEY_MARKETS
]


@pytest.mark.parametrize("iso3", MARKETS)
def test_a_dossier_of_every_key_market(iso3):
    doc = document("mission", country=iso3)
    text, found = prose(doc), tables(doc)
    assert (iso3 == "USA") == ("suppliers" in found)
    assert "priorities" in found and found["priorities"]["reason"].notna().all()
    assert ("No import figures" in text) == (iso3 != "USA")
    assert "Members are not known" in text and "EXAMPLE" not in text
    for name in ("actors", "memoranda"):
        if name in found:
            assert found[name]["source_url"].str.startswith("http").all()
    assert ("memoranda" in found) == (iso3 in ("USA", "CAN"))


@pytest.mark.parametrize("iso3", MARKETS)
def test_clusters_for_every_key_market(iso3):
    doc = document("clusters", country=iso3)
    found = tables(doc)
    assert "No cluster has filled in its members yet" in prose(doc)
    assert not {"coverage", "pairs", "readiness"} & set(found)
    assert (iso3 == "USA") == ("supply_and_demand" in found)
    directory, active = found["directory"].set_index("cluster"), doc.facts.active
    assert "not proposed" in directory.loc["optitec", "status"]
    assert "optitec" not in active and len(active) == len(directory) - 1
    assert {"alpha_rlh", "triple_steelix", "produtech", "business_joensuu"} <= set(active)


def test_segments_to_pitch_are_those_to_push_then_those_to_develop():
    dossier = document("mission", country="USA").facts
    pitch, table = dossier.pitch, dossier.priorities.table
    chosen = table[table["class"].isin(["push", "develop"])]
    assert pitch["segment"].tolist() == chosen["segment"].tolist()[: len(pitch)]
    assert "laser_machines" in set(pitch["segment"]) and pitch["class"].iloc[0] == "push"


def test_examples_are_called_examples_wherever_they_go():
    clusters = document("clusters", members=MEMBERS)
    assert "**This is an example.**" in prose(clusters, "summary")
    found = tables(clusters)
    for name in ("coverage", "readiness"):
        assert found[name]["cluster"].str.startswith("EXAMPLE").all()
    assert {"coverage", "gaps", "pairs", "readiness"} <= set(found)
    mission = document("mission", country="JPN", members=MEMBERS)
    assert "**EXAMPLE.**" in prose(mission, "pitch") and "members_to_bring" in tables(mission)
    survey = document("needs", survey=str(REFERENCE_DIR / "needs_template.csv"))
    assert "**This is an example.**" in prose(survey, "summary")
    for doc in (clusters, mission, survey):
        assert doc.cover().scope == EXAMPLE


def test_a_file_is_part_of_the_name_and_its_path_names_no_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "members.csv"
    path.write_text(Path(MEMBERS).read_text(encoding="utf-8"), encoding="utf-8")
    doc = open_document("clusters", country="japan", members=str(path), as_of=DAY)
    assert doc.resolved() == {
        "country": "JPN",
        "members": "members.csv",
        "exporter": "",
        "as_of": DAY,
    }
    folder = doc.folder()
    assert re.fullmatch(rf"clusters-JPN-[0-9a-f]{{8}}-{DAY}", folder)
    assert document("clusters", country="JPN").folder() == f"clusters-JPN-{DAY}"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert doc.folder() != folder


def test_a_wrong_members_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text("cluster,member\nnobody,x\n", encoding="utf-8")
    for name in ("clusters", "mission"):
        with pytest.raises(ReferenceFileError, match=r"members\.csv"):
            open_document(name, country="JPN", members=str(path))


@pytest.mark.parametrize("name", ["clusters", "mission", "roadmap", "needs", "kpi_monitor"])
def test_the_summary_is_the_golden_text(name):
    """``REGOLD=1`` writes the texts anew, for a review of what changed."""
    country = {"country": "USA"} if name in ("clusters", "mission") else {}
    path = GOLDEN / f"{name}_summary.md"
    text = golden_text(document(name, **country), "summary")
    if os.environ.get("REGOLD"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def golden_text(doc, chapter):
    lines = []
    for block in blocks(doc, chapter):
        if isinstance(block, Text | Callout):
            lines.append(block.markdown)
        elif isinstance(block, KeyFigures):
            lines += [" | ".join(card) for card in block.figures]
        else:
            lines.append(f"[{block.name}] {block.caption}")
    return "\n\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ["clusters", "mission", "roadmap", "needs"])
def test_facts_survive_the_way_to_the_kernel(name):
    country = {"country": "USA"} if name in ("clusters", "mission") else {}
    doc = document(name, **country)
    again = pickle.loads(pickle.dumps(doc))  # noqa: S301 - our own
    chapters = ("gaps", "questions") if name == "mission" else ("summary", "gaps")
    assert prose(again, *chapters) == prose(doc, *chapters)


def test_the_monitor_never_calls_a_target_a_result(data):
    doc = open_document("kpi_monitor", data, as_of=DAY)
    table = doc.facts.table.set_index("kpi")
    ended = table[table["programme"].isin(["Photonics4Industry", "PIMAP+"])]
    assert len(ended) == 12 and (ended["status"] == "no measurement").all()
    assert ended["measured"].isna().all() and ended["target"].notna().sum() == 9
    assert (table.loc[table["programme"] == "Plan 2027-2029", "status"] == "not started").all()
    assert table.loc["p4i_exchanges", "status"] == "no measurement"
    assert table.loc["pimap_first_memoranda", ["measured", "status"]].tolist() == [2, "attained"]
    text = prose(doc, "summary", "context")
    assert "**not results**" in text and "**Context, not effect.**" in text
    assert "No import figures of Canada" in text
    assert all(blocks(doc, name) for name in doc.chapters)


def test_lines_of_the_log_reach_monitor_and_dossier(data):
    run = RUNNER.invoke(
        app,
        ["kpi", "meet", "japan", "--kind", "c2c", "--with", "OITDA", "--evidence", "minutes",
         "--date", "2026-04-20", "--data", str(data)],
    )  # fmt: skip
    assert run.exit_code == 0 and "example_c2c 1 on 2026-04-20" in run.output
    for place in ("FIN", "FIN", "AUT"):
        run = RUNNER.invoke(
            app,
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
    mission = open_document("mission", data, country="JPN", as_of="2026-05-01")
    met = tables(mission, "meetings")["meetings"]
    assert met["counterpart"].tolist() == ["OITDA"]
    wrong = RUNNER.invoke(
        app, ["kpi", "add", "p4i_exchange", "1", "--evidence", "x", "--data", str(data)]
    )
    assert isinstance(wrong.exception, UsageError) and "p4i_exchanges?" in str(wrong.exception)
    late = RUNNER.invoke(
        app,
        ["kpi", "add", "p4i_exchanges", "1", "--evidence", "x", "--date", "2026-01-01",
         "--data", str(data)],
    )  # fmt: skip
    assert isinstance(late.exception, UsageError) and "outside the period" in str(late.exception)
    assert len(kpi_log.read(kpi_log.log_path(data))) == 4


def test_every_printed_command_of_the_log_runs(data, tmp_path, monkeypatch):
    """Those of the documentation, and those that documents print on the day they are made."""
    today = date.today().isoformat()
    doc = open_document("kpi_monitor", data, as_of=today)
    mission = open_document("mission", data, country="USA", as_of=today)
    shown = prose(doc, "exchanges") + prose(mission, "meetings")
    printed = re.findall(r"`marketintel (kpi [^`]*)`", shown)
    assert len(printed) == 2
    guide = (Path(__file__).parents[2] / "docs" / "partnership.md").read_text(encoding="utf-8")
    printed += [
        line.split("#")[0] for line in re.findall(r"^marketintel (kpi .*)$", guide, re.MULTILINE)
    ]
    assert len(printed) == 9
    monkeypatch.chdir(tmp_path)
    rows = "indicator,value,date,evidence\nexample_exchanges,1,2026-10-01,report 7\n"
    (tmp_path / "lines.csv").write_text(rows)
    entered = ""
    for command in printed:
        words = shlex.split(command.replace("--corrects ID", f"--corrects {entered}"))
        run = RUNNER.invoke(app, [*words, "--data", str(data)])
        assert run.exit_code == 0, (command, run.output, run.exception)
        if words[1] == "add":
            entered = run.output.split(":")[0]


def test_examples_stay_out_of_the_monitor_until_they_are_used(data):
    before = set(indicators.load(DAY, data).kpis)
    assert not any(name.startswith("example") for name in before)
    entry.enter("example_exchanges", "2026-02-01", "1", "report", data)
    assert set(indicators.load(DAY, data).kpis) == before | {"example_exchanges"}


@pytest.mark.slow
def test_the_plan_can_be_kept_and_says_what_is_a_proposal():
    doc = document("roadmap")
    plan = doc.facts
    assert (plan.table["conflict"] == "").all() and (plan.table["float_days"] >= 0).all()
    text = prose(doc, "summary")
    assert f"**{plan.proposed} of {len(plan.table)} actions are proposals**" in text
    shown = tables(doc, "missions")["missions"]
    assert shown["country"].tolist() == ["United States", "Canada", "Japan", "China"]
    assert all(blocks(doc, name) for name in doc.chapters)


def test_a_date_that_cannot_be_kept_is_said():
    doc = pickle.loads(pickle.dumps(document("roadmap")))  # noqa: S301 - our own
    table = doc.facts.table
    table.loc[0, "conflict"] = ", ".join(table["action"][1:3])
    table.loc[1, "float_days"] = -3
    text = prose(doc, "summary")
    one, other, third = table["name"][:3]
    assert f"**{one}** cannot be kept: {other} and {third} would end after" in text
    assert f"**{other}** cannot be kept: it comes too late" in text


def test_next_targets_are_those_of_the_screening_with_their_class():
    doc = document("roadmap")
    screen, table = doc.facts.screen, tables(doc, "next_targets")["next_targets"]
    assert table["iso3"].tolist() == screen.shortlist
    assert table["class"].tolist() == screen.classified.loc[screen.shortlist, "class"].tolist()
    warned = "not proposals for missions" in prose(doc, "next_targets")
    assert warned == (not screen.complete)
    assert set(table.loc[table["here"] == "yes", "iso3"]) <= set(KEY_MARKETS)


def test_without_a_screening_the_gap_is_stated(monkeypatch):
    def absent(_):
        raise MissingDataError("no trade between all economies in the warehouse")

    monkeypatch.setattr(Plan, "screen", property(absent))
    doc = pickle.loads(pickle.dumps(document("roadmap")))  # noqa: S301 - our own
    assert "No trade between all economies" in prose(doc, "next_targets")
    assert not tables(doc, "next_targets")


def test_other_countries_of_a_plan_are_in_its_name():
    doc = document("roadmap")
    assert doc.folder() == f"roadmap-{DAY}"
    some = open_document("roadmap", as_of=DAY, countries=["japan"])
    assert some.folder() == f"roadmap-JPN-{DAY}" and len(tables(some, "missions")["missions"]) == 1


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
    reports = tmp_path / "reports"
    done = write("needs", survey=str(path), as_of=DAY, reports_dir=reports, progress=False)
    assert done.run["scope"] == EXAMPLE and done.run["audience"] == "internal"
    given = {"survey": "survey.csv", "minimum": 5, "internal": "", "as_of": DAY}
    assert done.run["parameters"] == given
    assert "survey.csv" in done.run["inputs"]
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
    doc = document("needs")
    assert "**No survey has been held yet.**" in prose(doc)
    assert set(tables(doc)) == {"themes", "good_practice"}


def test_the_facts_of_a_survey_hold_no_answer(tmp_path):
    doc = document("needs", survey=str(survey_file(tmp_path / "survey.csv")))
    content = pickle.dumps(doc)
    assert b"SECRET" not in content and b"EXAMPLE 1" not in content
    assert "good_practice_skills" in tables(doc, "practice")


def test_practice_is_filtered_by_need_and_tells_what_nobody_knows():
    everything, some = practice.catalogue(), practice.catalogue("technology")
    assert 0 < len(some) < len(everything)
    assert some["needs"].str.contains("technology").all()
    assert (everything["cost"] == "not found").any()
    assert everything["result"].str.contains("self-declared|planned|not found|measured").all()
    with pytest.raises(UsageError, match="did you mean partner_search"):
        practice.catalogue("partner-search")
    printed = RUNNER.invoke(app, ["practice", "--need", "skills", "--csv"])
    assert printed.exit_code == 0 and printed.output.startswith("practice,action,cost")


def test_a_file_is_checked_without_writing_anything(tmp_path):
    run = RUNNER.invoke(app, ["clusters", "--check", MEMBERS])
    assert run.exit_code == 5 and "cluster_members_template.csv:2: example-row" in run.output
    good = tmp_path / "members.csv"
    good.write_text(
        Path(MEMBERS).read_text(encoding="utf-8").replace("EXAMPLE ", ""), encoding="utf-8"
    )
    run = RUNNER.invoke(app, ["clusters", "--check", str(good)])
    assert run.exit_code == 0 and "no mistake" in run.output
    assert [p.name for p in tmp_path.iterdir()] == ["members.csv"]


def test_the_check_finds_out_which_form_it_is_however_it_was_saved(tmp_path):
    survey = (REFERENCE_DIR / "needs_template.csv").read_text(encoding="utf-8")
    path = tmp_path / "answers.csv"
    for text, encoding in ((survey.replace(",", "\t"), "utf-16"), (survey, "utf-8-sig")):
        path.write_text(text.replace("EXAMPLE ", ""), encoding=encoding)
        run = RUNNER.invoke(app, ["clusters", "--check", str(path)])
        assert run.exit_code == 0, run.output
    path.write_text(survey.replace("respondent", "who").replace("EXAMPLE ", ""), encoding="utf-8")
    run = RUNNER.invoke(app, ["clusters", "--check", str(path)])
    assert run.exit_code == 5 and "column respondent is not there" in run.output


def test_the_commands_load_nothing_heavy_before_they_are_given():
    code = "import sys, marketintel.cli.app; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    for arguments in (["--help"], ["kpi", "--help"], ["mission", "--help"], ["needs", "--help"]):
        run = RUNNER.invoke(app, arguments)
        assert run.exit_code == 0 and "Usage" in run.output


def test_old_is_five_years_and_undated_is_neither():
    assert age("2021", DAY) == "old" and age("2022", DAY) == ""
    assert age("undated", DAY) == "undated" and age("c.2016", DAY) == "old"
    assert figure("24000", "persons") == "24,000 persons" and figure("2019-06", "date") == "2019-06"
    assert figure(">1", "bn EUR") == ">1 bn EUR" and figure("6089.6", "bn JPY") == "6,089.6 bn JPY"


def test_the_chains_of_the_segments_to_push_name_members_gaps_and_who_could_fill_them():
    form = str(REFERENCE_DIR / "cluster_members_template.csv")
    document = open_document("clusters", country="USA", members=form, as_of="2026-11-22")
    tables = {b.name: b.frame for b in document.chapter("chains").flat() if isinstance(b, Table)}
    chains = tables["push_chains"]
    pushed = list(document.facts.priorities.of("push")["segment_name"])
    assert list(dict.fromkeys(chains["segment"])) == pushed and len(chains) == 6 * len(pushed)
    lasers = chains[chains["segment"] == "Lasers"]
    assert lasers["filled_by"].notna().all() and "EXAMPLE" in lasers["filled_by"].iloc[0]
    assert chains.loc[chains["filled_by"].notna(), "could_fill"].isna().all()
    assert "Lasers" in set(tables["push_pairs"]["segment"])
    text = words(document.chapter("summary").flat())
    assert "whole from materials to services: lasers" in text


def test_clusters_of_an_exporter_read_its_list():
    document = open_document("clusters", country="CAN", exporter="FRA", as_of="2026-11-22")
    assert document.facts.priorities.exporter == "FRA"
    assert "FRA" in document.folder()


def test_whom_to_meet_is_one_row_an_actor_and_old_ones_are_not_printed():
    document = open_document("mission", country="USA", as_of="2026-11-22")
    (table,) = [b for b in document.chapter("actors").flat()
                if isinstance(b, Table) and b.name == "who_is_there"]  # fmt: skip
    rows = table.frame.set_index("actor")
    assert rows.index.is_unique and {"SPIE", "Luminate NY (Rochester)"} <= set(rows.index)
    assert rows.loc["Luminate NY (Rochester)", "place"] == "Rochester"
    assert rows["asked_for"].notna().all() and rows["next_date"].isna().all()
    printed = rows.head(table.printed_rows)
    assert not printed["ref_date"].str.contains("old").any()
    assert rows["ref_date"].iloc[table.printed_rows :].str.contains("old").all()
    early = open_document("mission", country="JPN", as_of="2024-01-02")
    (table,) = [b for b in early.chapter("actors").flat()
                if isinstance(b, Table) and b.name == "who_is_there"]  # fmt: skip
    opie = table.frame.set_index("actor").loc["OPIE (Yokohama)"]
    assert opie["next_date"] == "2024-04-24/26"
