"""Every number has an origin, and the parts sum to it; what may not be published is refused."""

import json
from datetime import date
from io import StringIO

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from marketintel.cli.data import explain as explain_command
from marketintel.cli.tables import coverage_matrix
from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.warehouse.coverage import matrix, wide
from marketintel.warehouse.flows import flows
from marketintel.warehouse.provenance import explain
from marketintel.warehouse.terms import edition_objections, local_only, publishable
from tests.warehouse.conftest import small_imports
from tests.warehouse.test_several_sources import ECB, comtrade, keep


def test_us_lasers_are_taken_apart_to_the_file(starter):
    told = explain("USA", "lasers", 2025, data_dir=starter)
    assert told.value_usd == 1_029_392_405
    assert told.parts["value_usd"].sum() == told.value_usd
    assert told.parts["duties_usd"].sum() == 94_067_677
    assert told.weights[["cmd_code", "weight"]].to_numpy().tolist() == [["901320", 1.0]]
    (file,) = told.snapshots.to_dict("records")
    assert file["source"] == "us_census_imports"
    assert len(file["sha256"]) == 64
    said = "\n".join(told.describe())
    assert "United States, imports, Lasers (core), 2025: USD 1,029,392,405" in said
    assert "901320 (HS2022, core)" in said
    assert "imports for consumption" in said


@pytest.mark.parametrize("scope", ["core", "broad", "core+broad"])
@pytest.mark.parametrize("partner", [None, "DEU", "EU27"])
def test_the_parts_of_any_segment_sum_to_what_the_market_shows(starter, scope, partner):
    for segment in ("optics", "photovoltaics", "fibre_comms"):
        told = explain("USA", segment, "2024", partner=partner, scope=scope, data_dir=starter)
        rows = flows(reporter="USA", segments=segment, period="2024", partner=partner,
                           scope=scope, data_dir=starter)  # fmt: skip
        assert told.value_usd == rows["value_usd"].sum() == told.parts["value_usd"].sum()
        assert told.parts["rows"].sum() == len(rows)


def euros(tmp_path):
    keep(tmp_path, "ecb", ECB, licence="free", citation="ECB.")
    frame = comtrade(("DEU", "USA", "import", "2024", 0), ("DEU", "JPN", "import", "2024", 0))
    keep(tmp_path, "comext", frame.drop(columns="value_usd").assign(value_eur=[1000.0, 500.0]))
    return tmp_path


def test_a_conversion_names_rate_source_and_file(tmp_path):
    told = explain("DEU", "lasers", 2024, data_dir=euros(tmp_path))
    (part,) = told.parts.to_dict("records")
    assert (part["currency"], part["usd_per_unit"], part["rate_source"]) == (
        "EUR",
        1.08,
        "ecb test",
    )
    assert part["published_value"] == pytest.approx(1500)
    assert part["published_value"] * part["usd_per_unit"] == pytest.approx(told.value_usd)
    assert set(told.snapshots["source"]) == {"comext", "ecb"}
    assert "EUR 1,500 at 1.08 (ecb test)" in "\n".join(told.describe())


def test_a_mirror_says_so(tmp_path):
    keep(tmp_path, "comtrade", comtrade(("JPN", "VNM", "export", "2024", 40)))
    told = explain("VNM", "lasers", 2024, mirror=True, data_dir=tmp_path)
    assert told.value_usd == 40
    assert "as reported by partners" in "\n".join(told.describe())
    assert any("lower bound" in note for note in told.notes)


def test_open_data_may_be_published_and_comtrade_may_not():
    assert publishable(["us_census_imports", "baci", "comext", "statcan_cimt", "ecb"]) == []
    (refused,) = publishable(["baci", "comtrade"])
    assert refused.startswith("comtrade: ")
    assert "leave its figures out" in refused
    (unknown,) = publishable(["hearsay"])
    assert "declared in no module of sources/providers" in unknown


def test_an_edition_is_judged_by_what_it_was_made_from(tmp_path):
    with pytest.raises(UsageError, match=r"no run\.json"):
        edition_objections(tmp_path)
    record = tmp_path / "run.json"
    open_data = {"raw/us_census_imports/v/f.parquet": "00"}

    def objections(inputs, **more):
        record.write_text(json.dumps({"inputs": inputs, "audience": "public"} | more))
        return [text.partition(":")[-1] for text in edition_objections(tmp_path)]

    assert objections(open_data) == []
    assert "internal" in objections(open_data, audience="internal")[0]
    assert "before editions were marked" in objections(open_data, audience=None)[0]
    drawn = {"raw/gisco/v/nuts.parquet": "00"}  # in a picture, with its notice
    assert objections(open_data | drawn) == []
    assert len(objections(open_data | {"raw/comtrade/v/trade.parquet": "00"})) == 1
    assert edition_objections(tmp_path)[0].startswith("comtrade:")
    record.write_text("{")
    with pytest.raises(DamagedDataError, match="not readable"):
        edition_objections(tmp_path)


def test_what_must_stay_local_is_found_when_it_could_be_committed(tmp_path):
    keep(tmp_path, "comtrade", comtrade(("JPN", "VNM", "export", "2024", 40)))
    (found,) = local_only(tmp_path)
    assert "lacks its .gitignore" in found
    (tmp_path / "raw/comtrade/.gitignore").write_text("*\n")
    assert local_only(tmp_path) == []


def test_the_matrix_says_what_is_here_and_what_is_stale(tmp_path):
    keep(tmp_path, "us_census_imports", small_imports(), retrieved_at=date(2026, 1, 1))
    old = comtrade(("CAN", "DEU", "import", "2019", 5))
    keep(tmp_path, "comtrade", old, retrieved_at=date(2020, 1, 1))
    cells = matrix(data_dir=tmp_path, today=date(2026, 11, 22)).set_index(["target", "segment"])
    lasers = cells.loc[("USA", "lasers")]
    assert lasers[["year", "codes", "partners", "source"]].to_list() == [
        "2025", 1, 2, "us_census_imports"]  # fmt: skip
    assert bool(lasers["is_stale"])
    assert not cells.loc[("CAN", "lasers"), "is_stale"], "2019 is settled"
    fresh = matrix("USA", data_dir=tmp_path, today=date(2026, 2, 1))
    assert not fresh["is_stale"].any()
    assert set(fresh["target"]) == {"USA"}
    table = coverage_matrix(data_dir=tmp_path).set_index(["target", "segment"])
    assert table.loc[("CAN", "lasers")].to_dict() == {"2019": "1", "2025": ""}
    with pytest.raises(MissingDataError, match="no exports"):
        wide(matrix(data_dir=tmp_path), "export")


def test_the_matrix_of_the_starter_data_counts_every_core_code(starter):
    cells = matrix("USA", data_dir=starter, today=date(2026, 11, 22))
    year = cells[(cells["flow"] == "import") & (cells["year"] == "2025")].set_index("segment")
    assert year.loc["lasers", ["codes", "partners"]].to_list() == [1, 51]
    assert set(year["source"]) == {"us_census_imports"}


def test_the_matrix_counts_what_studies_use(starter):
    cells = matrix("CAN", data_dir=starter, today=date(2026, 11, 22))
    year = cells[(cells["year"] == "2024") & (cells["flow"] == "import")]
    (row,) = year.to_dict("records")
    assert (row["kind"], row["source"], row["codes"]) == ("reconciled", "baci", 0)
    assert (row["segment"], row["broad_codes"]) == ("materials", 6)
    table = coverage_matrix("CAN", data_dir=starter).set_index(["target", "segment"])
    assert table.loc[("CAN", "materials"), "2024"] == "6 other BACI"


def test_the_command(starter):
    app = typer.Typer()
    app.command()(explain_command)
    run = CliRunner().invoke(app, ["USA", "lasers", "2025", "--data", str(starter)])
    assert run.exit_code == 0, run.output
    assert "USD 1,029,392,405" in run.output
    run = CliRunner().invoke(app, ["USA", "optics", "2025", "-f", "csv", "--data", str(starter)])
    parts = pd.read_csv(StringIO(run.output), dtype={"cmd_code": "str"})
    assert parts["value_usd"].sum() == explain("USA", "optics", 2025, data_dir=starter).value_usd


def test_figures_that_partners_tell_are_found_by_the_options_named(starter):
    with pytest.raises(MissingDataError, match=r"add --mirror --scope core\+broad$"):
        explain("CAN", "materials", 2024, data_dir=starter)
    with pytest.raises(MissingDataError, match=r"add --scope core\+broad$"):
        explain("CAN", "materials", 2024, mirror=True, data_dir=starter)
    told = explain("CAN", "materials", 2024, mirror=True, scope="core+broad", data_dir=starter)
    assert told.value_usd == pytest.approx(told.parts["value_usd"].sum())
    assert told.parts["is_mirror"].all()
    assert any("BACI reconciled" in note for note in told.notes)
    with pytest.raises(MissingDataError, match=r"--for CAN`$"):
        explain("CAN", "lasers", 2024, data_dir=starter)
