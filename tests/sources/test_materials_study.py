"""From CEPII's zip through HTTP to the pages: materials of Canada, Japan and China, as shipped."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from marketintel.cli.app import app
from marketintel.documents.document import write
from marketintel.documents.engine.blocks import Table
from marketintel.sources import snapshot
from marketintel.warehouse import build
from tests.documents.studies import open_study
from tests.sources.server import Server

MARKETS = ("CAN", "JPN", "CHN")
EDITION = "HS92_V202601"
#: The segment's codes in BACI's rows, germanium among them; iron ore is served besides.
CODES = ("280450", "280480", "280490", "280530", "284610", "284690", "811230")
#: Pages without pictures, and figures of the others; the edition of Canada has every table.
PAGES = ("position", "signals", "segments")
FIGURES = ("demand", "demand_total", "shares_total", "concentration", "decomposition", "drivers")
#: Tables that say what files there are: fetched files have other names, days and checksums.
ABOUT_FILES = ("sources",)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Path]:
    """A data directory that holds a BACI that came through HTTP, and nothing else."""
    folder = tmp_path_factory.mktemp("fetched")
    rows = pd.read_parquet(shared / "data/baci_hs92_materials_1995_2024.parquet")
    rows = rows[rows["k"].isin([*CODES, "260111"])]
    packed = folder / "served.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for year, part in rows.groupby("t"):
            text = part.to_csv(index=False, na_rep="NA")
            archive.writestr(f"BACI_HS92_Y{year}_V202601.csv", text)
    data = folder / "data"
    with Server() as server, pytest.MonkeyPatch.context() as patch:
        server.add(f"/DATA_DOWNLOAD/baci/data/BACI_{EDITION}.zip", body=packed.read_bytes(),
                   content_type="application/zip")  # fmt: skip
        patch.setenv("MARKETINTEL_BACI_URL", server.url)
        command = ["fetch", "baci", "--edition", EDITION, "--segments", "materials", "--data",
                   str(data)]  # fmt: skip
        done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    # Horizons follow the day of retrieval: both have that of the starter data.
    for sidecar in (data / "raw").rglob("*.json"):
        text = re.sub(r'("retrieved_at": )"[\d-]+"', r'\1"2026-11-22"', sidecar.read_text("utf-8"))
        sidecar.write_text(text, "utf-8")
    build.build(data)
    yield data


def told(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reset_index(drop=True)


@pytest.mark.parametrize(
    "market", [MARKETS[0], *(pytest.param(m, marks=pytest.mark.slow) for m in MARKETS[1:])]
)
def test_a_materials_study_through_http_has_the_tables_of_the_starter_data(
    fetched: Path, root: Path, market: str
) -> None:
    (held,) = snapshot.find(fetched, "baci")
    assert held.meta.vintage == EDITION
    ours, theirs = (
        open_study(market, segments=["materials"], data_dir=data)
        for data in (fetched, root / "data")
    )
    # Germanium ended in 2016 and is not shipped; it has no figure in the years studied.
    assert ours.facts.chosen == theirs.facts.chosen
    assert len(theirs.facts.chosen) == 6
    for page in PAGES:
        a, b = (
            {t.name: t.frame for t in study.chapter(page).flat()
             if isinstance(t, Table)}
            for study in (ours, theirs)
        )  # fmt: skip
        assert list(a) == list(b), page
        for name in a:
            pd.testing.assert_frame_equal(told(a[name]), told(b[name]), obj=name)
    for name in FIGURES:
        pd.testing.assert_frame_equal(
            getattr(ours.facts, name), getattr(theirs.facts, name), obj=name
        )
    kept = [
        s.facts.history[s.facts.history["segment"].isin(theirs.facts.chosen)]
        for s in (ours, theirs)
    ]
    columns = [c for c in kept[0].columns if c != "vintage"]
    pd.testing.assert_frame_equal(*(told(h[columns]) for h in kept))
    assert ours.facts.history_years == 30


@pytest.mark.slow
def test_the_edition_of_canada_has_the_same_tables_forecasts_included(
    fetched: Path, root: Path, tmp_path: Path
) -> None:
    ours, theirs = (
        write("market_study", country="CAN", segments=["materials"], edition=name,
              reports_dir=tmp_path, data_dir=data, progress=False)
        for name, data in (("fetched", fetched), ("starter", root / "data"))
    )  # fmt: skip
    tables = [
        {p.name: p.read_bytes() for p in (e.folder / "tables").glob("*.csv")
         if p.stem not in ABOUT_FILES}
        for e in (ours, theirs)
    ]  # fmt: skip
    assert tables[0] == tables[1]
    assert {"outlook.csv", "outlook_errors.csv", "long_view.csv"} <= set(tables[0])


@pytest.mark.parametrize("market", MARKETS)
def test_the_origin_of_the_figures_can_be_asked_for(fetched: Path, market: str) -> None:
    """The command that the page prints sums to the figure of the page, and names the zip's file."""
    study = open_study(market, segments=["materials"], data_dir=fetched)
    page = " ".join(b.markdown for b in study.chapter("method").flat())
    command = f"explain {market} materials 2024 --scope broad --mirror"
    assert f"`marketintel {command}`" in page
    asked = CliRunner().invoke(app, [*command.split(), "--data", str(fetched)])
    assert asked.exit_code == 0, asked.output
    total = study.facts.demand_total.set_index("scope")["value_usd"]["core+broad"]
    assert f"USD {total:,.0f}" in asked.output
    assert EDITION in asked.output
    assert "BACI reconciled from both sides" in asked.output
