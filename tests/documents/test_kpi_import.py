"""Measurements from a file: all rows or none, from CSV as from XLSX, and by partner."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from marketintel.cli.app import app
from marketintel.documents.indicators import contributions, load
from marketintel.documents.kpi_monitor.entry import enter_file
from marketintel.errors import UsageError
from marketintel.reference import kpi_log
from marketintel.reference.partnership import load_kpis

ROWS = pd.DataFrame(
    {"indicator": "example_exchanges", "value": ["2", "1", "4"],
     "date": ["2026-10-01", "2026-10-02", "2026-10-03"], "evidence": ["a 1", "a 2", "a 3"],
     "country": ["FIN", "SWE", "FIN"], "partner": ["alpha_rlh", "produtech", "alpha_rlh"]}
)  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_row_is_entered_with_its_partner(tmp_path, kind):
    file = tmp_path / f"lines.{kind}"
    (ROWS.to_csv if kind == "csv" else ROWS.to_excel)(file, index=False)
    ran = CliRunner().invoke(app, ["kpi", "import", str(file), "--data", str(tmp_path)])
    assert ran.exit_code == 0 and "3 lines entered" in ran.output
    table = contributions(load("2026-11-22", tmp_path).lines).set_index(["cluster", "kpi"])
    assert table.loc[("alpha_rlh", "example_exchanges"), ["lines", "value"]].tolist() == [2, 6]
    assert table.loc[("produtech", "example_exchanges"), "value"] == 1


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("value", "2.5", "line 4.*whole number"), ("partner", "nobody", "line 4.*partner"),
     ("date", "3.10.2026", "line 4"), ("indicator", "nothing", "line 4"), ("evidence", "", "line 4")],
)  # fmt: skip
def test_one_mistake_enters_nothing(tmp_path, column, value, said):
    rows = ROWS.copy()
    rows.loc[2, column] = value
    rows.to_csv(tmp_path / "lines.csv", index=False)
    with pytest.raises(UsageError, match=said) as caught:
        enter_file(tmp_path / "lines.csv", tmp_path)
    assert "nothing was entered" in str(caught.value) and "\n" not in str(caught.value)
    assert kpi_log.read(kpi_log.log_path(tmp_path)) == []


def test_a_file_without_a_column_names_the_columns(tmp_path):
    (tmp_path / "lines.csv").write_text("indicator,value\nexample_exchanges,1\n")
    with pytest.raises(UsageError, match="no column 'date'"):
        enter_file(tmp_path / "lines.csv", tmp_path)
    (tmp_path / "lines.xlsx").write_bytes(b"no sheet")
    with pytest.raises(UsageError, match="not readable"):
        enter_file(tmp_path / "lines.xlsx", tmp_path)


def test_the_plan_has_the_indicators_that_partnerships_report():
    assert {"plan_missions", "plan_agreements", "plan_services", "plan_members"} <= set(load_kpis())
