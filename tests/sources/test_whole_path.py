"""From HTTP to the pages: a study of fetched figures is the study of the shipped ones.

Fixtures: synthetic answers made of real figures.
"""

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import copytree
from typing import Any

import nbformat
import pandas as pd
import pytest

from marketintel.documents.engine import blocks
from marketintel.documents.engine import document as documents
from marketintel.documents.engine.blocks import Table
from marketintel.documents.engine.workbench import data_in_kernel
from marketintel.parquet import parquet_bytes
from marketintel.places import notebook_path
from marketintel.reference.segments import load_segments
from marketintel.sources import snapshot
from marketintel.sources.fetch import answers_dir, execute
from marketintel.sources.plan import plan
from marketintel.warehouse import build
from tests.sources.providers import Months
from tests.sources.server import FakeClock, Reply, Server

#: Tables that say what files there are: fetched files have other names, days and checksums.
ABOUT_FILES = ("source", "provenance", "data_used")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as running:
        monkeypatch.setenv("MARKETINTEL_CENSUS_URL", running.url)
        monkeypatch.setenv("MARKETINTEL_CENSUS_INTERVAL_S", "0")
        monkeypatch.setenv("CENSUS_KEY", "k" * 40)
        running.route("/data/timeseries", lambda _: Reply(204))
        yield running


def tables(data: Path) -> dict[str, pd.DataFrame]:
    """Run the study's notebook on ``data`` here, without kernel, drawings and pages."""
    notebook = nbformat.read(notebook_path("market_study.ipynb"), as_version=4)
    names: dict[str, Any] = {}
    with data_in_kernel(data):
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            *before, last = ast.parse(cell.source).body
            if not isinstance(last, ast.Expr):
                exec(cell.source, names)  # noqa: S102 - our own notebook
            else:
                exec(compile(ast.Module(before, []), "cell", "exec"), names)  # noqa: S102
                shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
                bundle = shown._repr_mimebundle_()
                cell.outputs = [nbformat.v4.new_output("display_data", data=bundle)]
            if "parameters" in cell.metadata.get("tags", []):
                names |= {"country": "USA", "segments": ["lasers"]}
    shown_tables = [b for b in documents.read(notebook).blocks if isinstance(b, Table)]
    return {table.name: table.frame for table in shown_tables}


@pytest.mark.slow
def test_a_study_of_the_united_states_through_http_has_the_tables_of_the_starter_data(
    server: Server, tmp_path: Path, shared: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is photonic is taken out of the shipped imports, and comes back by the month."""
    yearly = pd.read_parquet(shared / "data/us_census_imports_hs6_2024_2025.parquet")
    server.route("/data/timeseries/intltrade/imports", Months(yearly))
    data = tmp_path / "data"
    for shipped in sorted((root / "data/raw").iterdir()):
        if shipped.name != "us_census_imports":
            copytree(shipped, data / "raw" / shipped.name)
    codes = sorted(set(load_segments().frame("HS2022")["cmd_code"]))
    (whole,) = snapshot.find(root / "data", "us_census_imports")
    rows = pd.read_parquet(whole.path)
    rest = rows[~rows["cmd_code"].isin(codes)]
    told = whole.meta.model_dump(exclude={"file", "sha256", "bytes", "rows"})
    citation = snapshot.Citation(**told | {"vintage": "rest", "retrieved_at": date(2020, 1, 1)})
    snapshot.save(data, citation, whole.meta.file, parquet_bytes(rest), rows=len(rest))
    made = plan(["USA"], codes, [2024, 2025], answers_dir(data),
                sources=["us_census_imports"], this_year=2026)  # fmt: skip
    (outcome,) = execute(made, data, clock=FakeClock())
    assert outcome.error is None
    assert outcome.rows == len(rows) - len(rest) > 5_000
    build.build(data)
    monkeypatch.setattr(blocks, "svg_of", lambda *_, **__: "<svg/>")
    ours, theirs = tables(data), tables(root / "data")
    assert list(ours) == list(theirs)
    compared = [name for name in ours if not any(word in name for word in ABOUT_FILES)]
    assert len(compared) >= len(ours) - 2
    assert len(compared) > 5
    for name in compared:
        pd.testing.assert_frame_equal(ours[name], theirs[name], obj=name)
    about = set(ours) - set(compared)
    assert any(not ours[name].equals(theirs[name]) for name in about), "two data sets were read"
