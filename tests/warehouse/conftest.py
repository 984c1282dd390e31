"""The shipped starter data, built once per session, and small data to break."""

import shutil
from datetime import date

import pandas as pd
import pytest

from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot
from marketintel.warehouse import build


@pytest.fixture(scope="session")
def starter(root, tmp_path_factory):
    """A data directory with the shipped snapshots, built; tables already current are reused."""
    data = tmp_path_factory.mktemp("starter") / "data"
    for part in ("raw", "processed"):
        shutil.copytree(root / "data" / part, data / part)
    build.build(data)
    return data


def small_citation(source="us_census_imports", vintage="test", **changes):
    fields = {
        "source": source,
        "vintage": vintage,
        "producer": "test",
        "title": "test",
        "citation": "test",
        "licence": "test",
        "licence_url": None,
        "url": "https://example.org",
        "parameters": {},
        "retrieved_at": date(2024, 1, 1),
        "quirks": [],
    }
    return snapshot.Citation(**fields | changes)


def small_imports(**changes):
    """Two partners, two codes, one year: a valid raw table of US imports."""
    frame = pd.DataFrame(
        {
            "reporter": "USA",
            "partner": ["DEU", "JPN", "DEU", "JPN"],
            "hs_revision": "HS2022",
            "cmd_code": ["901320", "901320", "900190", "900190"],
            "period": "2025",
            "general_value_usd": [100, 50, 20, 0],
            "consumption_value_usd": [90, 55, 20, 5],
            "dutiable_value_usd": [80, 5, 0, 5],
            "duties_usd": [8, 1, 0, 1],
        }
    )
    return frame.assign(**changes)


@pytest.fixture
def small(tmp_path):
    """A function that writes a small raw table and returns the data directory."""

    def write(frame=None, vintage="test", **changes):
        frame = small_imports() if frame is None else frame
        snapshot.save(
            tmp_path,
            small_citation(vintage=vintage, **changes),
            "us_imports_hs6.parquet",
            parquet_bytes(frame),
            rows=len(frame),
        )
        return tmp_path

    return write
