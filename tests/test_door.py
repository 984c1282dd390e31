"""The analyst's door: examples run, frames are tidy and explained, mistakes are one line."""

import doctest
import json
import subprocess
import sys

import pytest

import marketintel as mi
from marketintel.documents.columns import columns
from marketintel.errors import MissingDataError, UsageError
from marketintel.places import notebooks_dir


def test_the_examples_of_the_door_run(root):
    failed, run = doctest.testmod(mi)
    assert failed == 0 and run >= 10


@pytest.mark.parametrize(
    "made",
    [
        lambda: mi.imports("USA", segments=["lasers"], by=["partner", "code"]),
        lambda: mi.series("CHN", segments=["lasers"], freq="M"),
        lambda: mi.forecast("CAN", segments=["materials"]),
        lambda: mi.sources(),
    ],
    ids=["imports", "series", "forecast", "sources"],
)
def test_every_column_of_a_frame_is_explained(root, made):
    frame = made()
    assert len(frame) and frame.index.equals(type(frame.index)(range(len(frame))))
    assert not set(frame.columns) - set(columns())


def test_series_are_those_that_documents_forecast(root):
    outlook = mi.facts("outlook", countries=["CHN"], segments=["lasers"], scenarios=[]).facts
    series = mi.series("CHN", segments=["lasers"]).query("preference == preference.min()")
    assert series["value_usd"].tolist() == outlook.found.years["y"].tolist()
    with pytest.raises(MissingDataError, match="has the reasons"):  # they end in 2021
        mi.forecast("CHN", segments=["lasers"])


@pytest.mark.parametrize(
    ("made", "kind", "words"),
    [
        (lambda: mi.imports("Atlantis"), UsageError, "unknown country"),
        (lambda: mi.imports("USA", segments=["lazer"]), UsageError, "lasers"),
        (
            lambda: mi.imports("USA", segments=["lasers"], codes=["901320"]),
            UsageError,
            "choose one",
        ),
        (lambda: mi.series("USA", freq="Q"), UsageError, "A for years"),
        (lambda: mi.series("CAN", segments=["lasers"]), MissingDataError, "fetch --for CAN"),
        (lambda: mi.facts("study", country="USA"), UsageError, "market_study"),
        (lambda: mi.facts("kpi_monitor").tables["x"], UsageError, "no table 'x'"),
    ],
)
def test_a_mistake_is_one_line_with_the_way_out(root, made, kind, words):
    with pytest.raises(kind, match=words) as error:
        made()
    assert "\n" not in str(error.value)


def test_sources_can_be_called_after_the_room_was_imported():
    code = "import marketintel.sources.snapshot as s, marketintel as mi; print(len(mi.sources()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10


def test_the_exploring_notebook_needs_five_calls(root):
    text = (notebooks_dir() / "explore_a_country.ipynb").read_text(encoding="utf-8")
    cells = [c for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    given, *calls = ["".join(c["source"]) for c in cells]
    assert len(calls) == 5 and not any("def " in c for c in calls)
    names: dict = {}
    for source in (given, *calls):
        *first, last = source.splitlines()
        exec("\n".join(first if source != given else source.splitlines()), names)  # noqa: S102
        assert source == given or eval(last, names) is not None  # noqa: S307 - our own notebook
