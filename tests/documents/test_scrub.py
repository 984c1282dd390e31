"""What is taken out of an edition, and that nothing else is."""

import json
from pathlib import Path

import nbformat
import pytest

from marketintel.documents.engine import scrub
from marketintel.documents.engine.blocks import MIME, Table
from marketintel.reference.segments import load_segments

KEY = "0a1b2c3d4e5f6071/+8293"


@pytest.mark.parametrize("variable", ["JUPYTER_TOKEN", "MY_SECRET_KEY", "CENSUS_KEY", "WTO_KEY"])
@pytest.mark.parametrize(
    "value",
    ["report", "table", "2025", "application", "marketintel", "suppliers", "key_figures",
     *(s.id for s in load_segments()), *(s.name for s in load_segments())],
)  # fmt: skip
def test_an_ordinary_word_in_the_environment_takes_nothing_away(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    text = f"the {value} of marketintel: {value}"
    assert scrub.scrub_text(text, Path("/nowhere")) == text


def test_a_key_is_taken_from_texts_in_every_form_and_names_and_numbers_stay(monkeypatch):
    monkeypatch.setenv("CENSUS_KEY", KEY)
    monkeypatch.setenv("COMTRADE_KEY", "12345678")
    found = scrub.scrub(
        {KEY: [f"a {KEY} b", 12345678, 1.5, None, True, "x?key=0a1b2c3d4e5f6071%2F%2B8293&y"]},
        Path("/nowhere"),
    )
    assert found == {KEY: ["a [removed] b", 12345678, 1.5, None, True, "x?key=[removed]&y"]}


def test_a_variable_that_this_package_does_not_read_is_not_looked_at(monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", KEY)
    assert scrub.scrub_text(KEY, Path("/nowhere")) == KEY


def test_places_go_and_addresses_that_end_like_them_stay(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/app")
    text = "https://example.org/data/x and https://example.org/app, then /data/x, /database, /app."
    assert scrub.scrub_text(text, Path("/data")) == (
        "https://example.org/data/x and https://example.org/app, then ./x, /database, ~."
    )


def test_a_notebook_keeps_its_form_and_its_blocks(monkeypatch):
    import pandas as pd

    monkeypatch.setenv("CENSUS_KEY", KEY)
    for variable, value in (("WTO_KEY", "execute_result"), ("COMTRADE_KEY", "text/plain")):
        monkeypatch.setenv(variable, value)
    table = Table(pd.DataFrame({"partner": ["DEU", KEY], "value_usd": [1, 2025]}), "suppliers", "x")
    cell = nbformat.v4.new_code_cell(f"key = {KEY!r}")
    cell.outputs = [nbformat.v4.new_output("execute_result", data=table._repr_mimebundle_())]
    kept = scrub.scrub_notebook(nbformat.v4.new_notebook(cells=[cell]), Path("/nowhere"))
    nbformat.validate(kept)
    assert KEY not in json.dumps(kept) and kept.cells[0].source == "key = '[removed]'"
    data = kept.cells[0].outputs[0].data
    assert set(data) == {"text/html", "text/plain", MIME}
    frame = data[MIME]["frame"]["columns"]
    assert frame[0]["data"] == ["DEU", "[removed]"] and frame[1]["data"] == [1, 2025]
