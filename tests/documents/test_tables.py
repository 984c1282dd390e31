"""CSV and XLSX: exact, inert, and the same bytes every time."""

import csv
import io
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.documents.engine.tables import as_csv, as_written, save_tables


@pytest.fixture
def tables():
    frame = pd.DataFrame(
        {
            "partner": ["DEU", "=1+1", "http://x.org", None],
            "value_usd": [1_045_527_158.0, 2.5e17, 0.1 + 0.2, np.nan],
            "rank": pd.array([1, 2, None, 4], dtype="Int64"),
            "share_pct": [1e-7, 12.5, np.nan, 0.0],
            "known": [True, False, True, True],
        }
    )
    long = "a_name_that_is_longer_than_a_sheet_may_be"
    return {"suppliers": frame, f"{long}_one": frame[:1], f"{long}_two": frame[:0]}


def test_csv_is_exact_and_plain(tmp_path, tables):
    save_tables(tables, tmp_path, "T", "2026-01")
    assert (tmp_path / "tables/suppliers.csv").read_bytes().decode() == (
        "\ufeffpartner,value_usd,rank,share_pct,known\n"
        "DEU,1045527158,1,0.0000001,True\n"
        "'=1+1,250000000000000000,2,12.5,False\n"
        "http://x.org,0.30000000000000004,,,True\n"
        ",,4,0,True\n"
    )


def test_the_bytes_are_the_same_every_time(tmp_path, tables):
    sets = [save_tables(tables, tmp_path / str(i), "T", "2026-01") for i in range(2)]
    for first, second in zip(*sets, strict=True):
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()


def test_the_workbook_holds_text_as_text(tmp_path, tables):
    *_, workbook = save_tables(tables, tmp_path, "T", "2026-01", {"suppliers": "Who sells"})
    with zipfile.ZipFile(workbook) as parts:
        content = {name: parts.read(name).decode() for name in parts.namelist()}
    sheets = "".join(text for name, text in content.items() if "worksheets/" in name)
    assert "<f>" not in sheets
    assert "hyperlink" not in sheets
    strings = content["xl/sharedStrings.xml"]
    assert "<t>=1+1</t>" in strings
    assert "<t>Who sells</t>" in strings
    assert "<v>1045527158</v>" in sheets
    assert '<pane ySplit="1"' in sheets
    names = re.findall(r'<sheet name="([^"]+)"', content["xl/workbook.xml"])
    assert len(names) == len(set(names)) == 4
    assert max(map(len, names)) <= 31
    assert "1980-01-01" in content["docProps/core.xml"]


RUN = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "'=1",
]
PLAIN = ["-5", "+49", "-12.5", "-", "a=b", "'quoted'", "Côte d'Ivoire", "–", "−5", "", "Türkiye"]


@given(st.one_of(st.text(), st.sampled_from([*RUN, *PLAIN])))
def test_no_text_is_run_by_a_spreadsheet_and_each_comes_back(text):
    [[head], [cell]] = csv.reader(io.StringIO(as_csv(pd.DataFrame({text: ["x", text]})[1:])))
    assert head == cell
    assert as_written(cell) == text


def test_texts_are_made_inert_and_numbers_stay(tmp_path):
    frame = pd.DataFrame({"name": RUN, "value_usd": [-1.5] * len(RUN)})
    save_tables({"t": frame, "p": pd.DataFrame({"x": PLAIN})}, tmp_path, "T", "2026-01")
    read = pd.read_csv(tmp_path / "tables/t.csv", encoding="utf-8-sig")
    assert read["name"].to_list() == [f"'{text}" for text in RUN]
    assert read["value_usd"].to_list() == [-1.5] * len(RUN)
    plain = pd.read_csv(tmp_path / "tables/p.csv", dtype=str, keep_default_na=False)
    assert plain["x"].to_list() == PLAIN


def test_pandas_reads_the_workbook(tmp_path, tables):
    *_, workbook = save_tables(tables, tmp_path, "T", "2026-01")
    read = pd.read_excel(workbook, sheet_name="suppliers")
    assert read["partner"].to_list()[:3] == ["DEU", "=1+1", "http://x.org"]
    assert read["value_usd"].iloc[0] == 1_045_527_158
