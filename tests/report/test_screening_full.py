"""The full path on a synthetic world with the shape of BACI; nothing in its trade is real.

Economies, distances, GDP and population are those of the starter data; every trade figure is drawn.
"""

import json
import re
import shutil
from datetime import date

import pytest
import typer
from typer.testing import CliRunner

from marketintel.analysis.agreement import CONTESTED, ROBUST
from marketintel.cli_screen import screen as command
from marketintel.report import screening
from marketintel.report.screening import facts
from marketintel.sources import snapshot
from marketintel.warehouse import selection, store
from tests.analysis import synthetic

ECONOMIES = ["DEU", "FRA", "SWE", "PRT", "FIN", "USA", "CAN", "JPN", "CHN", "KOR", "IND", "BRA",
             "MEX", "AUS", "CHE", "NOR", "TUR", "ZAF", "SGP", "THA", "VNM", "CHL", "ISR", "GBR",
             "MYS", "IDN", "ARG", "EGY", "MAR", "TWN"]  # fmt: skip
YEARS = range(2008, 2020)
SEGMENTS = ["lasers", "optics"]


@pytest.fixture(scope="module")
def world(root, tmp_path_factory):
    """A data directory in which BACI has the core codes of two segments, synthetic figures."""
    data = tmp_path_factory.mktemp("synthetic") / "data"
    for source in ("worldbank", "cepii_geodist", "natural_earth"):
        if not (root / "data" / "raw" / source).is_dir():
            pytest.skip("starter data not present")
        shutil.copytree(root / "data" / "raw" / source, data / "raw" / source)
    wanted = selection.wanted(None, None, root / "data")
    core = wanted[(wanted["hs_revision"] == "HS2007") & (wanted["scope"] == "core")]
    codes = sorted(core.loc[core["segment"].isin(SEGMENTS), "cmd_code"])
    rows = synthetic.trade(ECONOMIES, codes, YEARS, seed=4)
    rows = rows.rename(columns={"exporter": "reporter", "market": "partner"})
    rows = rows.assign(hs_revision="HS2007", net_weight_kg=rows["value_usd"] / 50)
    order = ["reporter", "partner", "hs_revision", "cmd_code", "period", "value_usd",
             "net_weight_kg"]  # fmt: skip
    citation = snapshot.Citation(
        source="baci", vintage="synthetic", producer="test", title="Synthetic world",
        citation="Synthetic world with the shape of BACI; for tests only.", licence="test",
        licence_url=None, url="https://example.org", parameters={}, retrieved_at=date(2024, 1, 1),
        quirks=["Every figure is drawn."],
    )  # fmt: skip
    payload = store.parquet_bytes(rows[order].sort_values(order[:5], ignore_index=True))
    snapshot.save(data, citation, "synthetic.parquet", payload, rows=len(rows))
    return data


@pytest.fixture
def enough(monkeypatch):
    monkeypatch.setattr(facts, "ENOUGH_EXPORTERS", 20)


def test_devices_are_screened_as_soon_as_their_world_trade_is_there(world, enough):
    screen = screening.load("FRA", SEGMENTS, top=10, data_dir=world)
    assert screen.complete and screen.covered_pct == 100
    assert set(screen.goods["group"]) == set(SEGMENTS)
    assert "raw" not in screening.summary(screen).html()
    classes = set(screen.classified["class"])
    assert CONTESTED in classes and ROBUST in classes
    robust = screen.classified[screen.classified["class"] == ROBUST]
    assert (robust[["rank_potential", "rank_gravity", "rank_score"]] <= 10).all().all()
    assert (screen.ranges.loc[robust.index, "rank_hi"] <= 20).all()
    assert screen.shortlist[: len(robust)] == list(robust.index)
    for page in (screening.potential, screening.gravity, screening.by_group, screening.record,
                 screening.access, screening.supply_side, screening.materials, screening.gaps,
                 screening.ranks, screening.funnel, screening.shortlist):  # fmt: skip
        html = page(screen).html()
        assert not re.search(r"\b(nan|NaN|None|inf)\b", html), page.__name__


def test_other_segments_asked_for_make_the_data_partial(world, enough):
    with pytest.raises(facts.MissingDataError, match="marketintel fetch baci"):
        screening.load("FRA", ["medical"], data_dir=world)


def test_too_few_exporters_are_no_world(world):
    with pytest.raises(facts.MissingDataError, match="marketintel fetch baci"):
        screening.load("FRA", SEGMENTS, data_dir=world)


def test_the_command_writes_nothing_for_a_question_without_data(world, tmp_path, monkeypatch):
    app = typer.Typer()
    app.command()(command)
    monkeypatch.setenv("MARKETINTEL_DATA", str(world))
    arguments = ["--exporter", "PIMAP", "--segments", "lasers,optics", "--out", str(tmp_path),
                 "--quiet"]  # fmt: skip
    done = CliRunner().invoke(app, arguments)
    assert isinstance(done.exception, facts.MissingDataError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_notebook_runs_on_the_starter_data(root, tmp_path):
    if not (root / "data" / "raw" / "baci").is_dir():
        pytest.skip("starter data not present")
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(
        app, ["--top", "5", "--year", "2006", "--out", str(tmp_path), "--quiet"]
    )
    assert done.exit_code == 0, done.output
    folder = next(tmp_path.glob("*/screening-EU27-2006-top5"))
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert run["warnings"] == [] and run["parameters"]["top"] == 5
    names = {path.stem for path in (folder / "tables").glob("*.csv")}
    assert {"shortlist", "funnel_log", "record", "exposure", "potential_cells"} <= names
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Partial data" in page and ">robust<" not in page
