"""The full path on a synthetic world with the shape of BACI; nothing in its trade is real.

Economies, distances, GDP and population are those of the starter data; every trade figure is drawn.
"""

import json
import re
import shutil
from datetime import date

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from marketintel.analysis.markets.agreement import CONTESTED, ROBUST
from marketintel.analysis.trade import complexity
from marketintel.cli.documents import command as command_of
from marketintel.documents.document import open_document
from marketintel.documents.ranking import load as ranking
from marketintel.documents.screening.document import MarketScreening
from marketintel.documents.screening.facts import baskets
from marketintel.errors import MissingDataError
from marketintel.parquet import parquet_bytes
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
    payload = parquet_bytes(rows[order].sort_values(order[:5], ignore_index=True))
    snapshot.save(data, citation, "synthetic.parquet", payload, rows=len(rows))
    tariffs = pd.DataFrame(
        [("JPN", who, code, year, regime, rate)
         for code in codes
         for who, year, regime, rate in [("WLD", "2018", "MFN", 10.0), ("SWE", "2018",
                                         "preferential", 0.0), ("WLD", "2030", "MFN", 50.0)]],
        columns=["reporter", "partner", "cmd_code", "period", "regime", "rate_pct"],
    ).assign(hs_revision="HS2007")  # fmt: skip
    payload = parquet_bytes(tariffs)
    made = citation.model_copy(update={"source": "wits", "title": "Synthetic tariffs"})
    snapshot.save(data, made, "synthetic.parquet", payload, rows=len(tariffs))
    return data


@pytest.fixture
def enough(monkeypatch):
    monkeypatch.setattr(ranking, "ENOUGH_EXPORTERS", 20)


def screening(world, exporter="FRA", segments=SEGMENTS, **values):
    return open_document("screening", world, exporter=exporter, segments=segments, **values)


def test_devices_are_screened_as_soon_as_their_world_trade_is_there(world, enough):
    document = screening(world)
    facts = document.facts
    assert facts.complete and facts.covered_pct == 100
    assert set(facts.goods["group"]) == set(SEGMENTS)
    assert "raw materials" not in document.chapter("materials_summary").html()
    classes = set(facts.classified["class"])
    assert CONTESTED in classes and ROBUST in classes
    robust = facts.classified[facts.classified["class"] == ROBUST]
    assert (robust[["rank_potential", "rank_gravity", "rank_score"]] <= 10).all().all()
    assert (facts.ranges.loc[robust.index, "rank_hi"] <= 20).all()
    assert facts.shortlist[: len(robust)] == list(robust.index)
    for chapter in MarketScreening.chapters:
        html = document.chapter(chapter).html()
        assert not re.search(r"\b(nan|NaN|None|inf)\b", html), chapter


def test_duties_of_other_markets_are_read_in_their_revision_and_year(world, enough):
    document = screening(world)
    rates = document.facts.inputs.duties
    assert set(rates["market"]) == {"JPN"}
    assert set(rates["rate_pct"]) == {0.0, 10.0}, "a schedule of a later year is not looked at"
    duty = document.facts.now.indicators["duty_pct"]
    assert duty["JPN"] == pytest.approx(10) and duty.drop("JPN").isna().all()
    cells = document.facts.now.potential.cells("FRA")
    japan = cells[(cells["market"] == "JPN") & (cells["potential_usd"] > 0)]
    assert (japan["duty"] < 1).all(), "Sweden enters free, France does not"
    assert "Known for one market of" in document.chapter("gaps").html()


def test_complexity_is_refused_over_a_handful_of_codes(world, enough):
    document = screening(world)
    (said,) = document.chapter("structure").flat()
    count = document.facts.goods["cmd_code"].nunique()
    assert said.style == "warning" and f"here are {count}" in said.markdown


@pytest.mark.parametrize("exporter", ["FRA", "EU27", "FRA=0.5,DEU=0.2"])
def test_complexity_of_a_whole_matrix(world, enough, monkeypatch, exporter):
    """The synthetic matrix stands for a whole one; its figures are those of the analysis."""
    monkeypatch.setattr(baskets, "ENOUGH_PRODUCTS", 5)
    monkeypatch.setattr(baskets, "SMALLEST_USD", 1e3)
    document = screening(world, exporter)
    facts = document.facts
    text, table = document.chapter("structure").flat()
    wide = baskets.exports(facts)
    assert facts.exporter in wide.index
    whole = {m: s for m, s in facts.shares.items() if s < 1 or exporter == "EU27"}
    assert not set(wide.index) & {m for m, s in whole.items() if s == 1}
    kept, _ = complexity.without_tiny(wide, 1e3, baskets.population(facts), 1e6)
    m = complexity.presence(kept)
    found = complexity.complexity(m)
    gain = complexity.outlook(m, found.pci)
    assert f"{found.eci[facts.exporter]:.2f}".replace("-", "−") in text.markdown
    assert {"COG, net", "COG, gross"} <= set(table.headers.values())
    row = table.frame.iloc[0]
    assert row["cog_net"] == pytest.approx(gain.cog_net.loc[facts.exporter, row["cmd_code"]])
    assert row["cog_gross"] == pytest.approx(gain.cog_gross.loc[facts.exporter, row["cmd_code"]])
    assert table.frame["cog_net"].is_monotonic_decreasing


def test_a_consortium_pools_shares_and_has_no_market_at_home(world, enough):
    document = screening(world, "SWE=0.5,FRA=0.1")
    facts = document.facts
    assert facts.exporter == "FRA=0.1,SWE=0.5" and facts.is_consortium
    assert not {"FRA", "SWE"} & set(facts.now.markets)
    last = facts.trade[facts.trade["period"].astype(int) > facts.year - facts.settings.smooth]
    sold = last[~last["market"].isin(["FRA", "SWE"])].groupby("exporter")["value_usd"].sum()
    expected = (0.1 * sold["FRA"] + 0.5 * sold["SWE"]) / facts.settings.smooth
    assert facts.now.indicators["own_sales_usd"].sum() == pytest.approx(expected)
    page = document.chapter("summary").html()
    assert "10.0\N{NO-BREAK SPACE}% of France" in page and "not measured" in page
    assert "study JPN --exporter SWE" in document.chapter("shortlist").html() or (
        "JPN" not in facts.shortlist
    )


def test_a_scenario_moves_potential_where_it_says_and_nothing_else(world, enough):
    document = screening(world, scenario=["JPN:+10", "USA:+5"])
    facts = document.facts
    was = facts.in_force.potential_by_market.set_index("market")["potential_usd"]
    now = facts.now.potential_by_market.set_index("market")["potential_usd"]
    assert set(was.index[~((was - now).abs() <= 1e-9 * was)]) == {"JPN", "USA"}
    # The mean duty rises a little with one's own, so the fall is a little less than 1.10/1.20.
    assert 1.10 / 1.20 <= now["JPN"] / was["JPN"] < 1.10 / 1.20 + 0.03
    assert 1 / 1.05 <= now["USA"] / was["USA"] < 1 / 1.05 + 0.03
    assert facts.now.gravity_gap.equals(facts.in_force.gravity_gap)
    page = document.chapter("summary").html().replace("\N{NO-BREAK SPACE}", " ")
    assert "+5.0 points in United States" in page
    assert list(document.tables["scenario"]["market"]) == ["JPN", "USA"]


def test_other_segments_asked_for_make_the_data_partial(world, enough):
    with pytest.raises(MissingDataError, match="marketintel fetch baci"):
        screening(world, segments=["medical"])


def test_too_few_exporters_are_no_world(world):
    with pytest.raises(MissingDataError, match="marketintel fetch baci"):
        screening(world)


def test_the_command_writes_nothing_for_a_question_without_data(world, tmp_path, monkeypatch):
    app = typer.Typer()
    app.command()(command_of("screening"))
    monkeypatch.setenv("MARKETINTEL_DATA", str(world))
    arguments = ["--exporter", "PIMAP", "--segments", "lasers,optics", "--out", str(tmp_path),
                 "--quiet"]  # fmt: skip
    done = CliRunner().invoke(app, arguments)
    assert isinstance(done.exception, MissingDataError)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def few(root, tmp_path):
    """The starter data with fewer economies and years: real figures, every page."""
    raw, data = root / "data" / "raw", tmp_path / "data"
    if not (raw / "baci").is_dir():
        pytest.skip("starter data not present")
    for source in ("worldbank", "cepii_geodist", "natural_earth", "us_census_imports",
                   "eurostat_comext_inputs"):  # fmt: skip
        shutil.copytree(raw / source, data / "raw" / source)
    (whole,) = snapshot.find(root / "data", "baci")
    rows = store.read_parquet(whole.path)
    kept = ECONOMIES[:24]
    rows = rows[
        rows["reporter"].isin(kept) & rows["partner"].isin(kept) & (rows["period"] > "2008")
    ]
    citation = snapshot.Citation(
        **whole.meta.model_dump(exclude={"file", "sha256", "bytes", "rows"})
    )
    payload = parquet_bytes(rows.reset_index(drop=True))
    snapshot.save(data, citation, whole.path.name, payload, rows=len(rows))
    return data


@pytest.mark.slow
def test_the_notebook_runs_on_raw_materials(few, tmp_path):
    app = typer.Typer()
    app.command()(command_of("screening"))
    arguments = ["--top", "5", "--scenario", "USA:+5", "--data", str(few), "--quiet"]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    folder = next((tmp_path / "out").glob("*/screening-EU27-2024-top5-scenario-USAplus5"))
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert run["warnings"] == [] and run["parameters"]["top"] == 5
    assert run["parameters"]["scenario"] == ["USA:+5"]
    names = {path.stem for path in (folder / "tables").glob("*.csv")}
    assert {"shortlist", "funnel_log", "record", "exposure", "potential_cells", "scenario",
            "eu_inputs"} <= names  # fmt: skip
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Partial data" in page and ">robust<" not in page
    assert "No complexity indices" in page and "A scenario of duties" in page


def test_the_title_page_names_the_trade_of_devices_first() -> None:
    cover = open_document("screening", segments=["lasers", "materials"]).cover()
    assert cover.vintage.startswith("World trade of twelve headings")
    assert "raw materials" in cover.vintage and cover.scope.startswith("All economies; devices: ")
