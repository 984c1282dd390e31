"""The real services, asked little. Off by default; ``pytest -m live`` needs a network.

They say whether a provider still answers in the form that is read here, which no recording can.
"""

from pathlib import Path

import pandas as pd
import pytest

from marketintel.sources import snapshot
from marketintel.sources.catalogue import fetched
from marketintel.sources.fetch import answers_dir, execute
from marketintel.sources.plan import plan
from marketintel.sources.selftest import selftest

pytestmark = pytest.mark.live


@pytest.mark.parametrize("source", fetched())
def test_a_source_answers_in_the_form_that_is_read(source: str, tmp_path: Path) -> None:
    (found,) = selftest([source], tmp_path)
    if found.result == "no key":
        pytest.skip(found.detail)
    assert found.result == "ok", found.detail
    assert found.rows > 0


def test_us_imports_of_lasers_are_the_published_ones(tmp_path: Path) -> None:
    """Consumption imports of HS 901320 in 2024, US Census Bureau; revisions stay below 1 %."""
    if wanted := fetched()["us_census_imports"].service.key_wanted():
        pytest.skip(wanted)
    made = plan(["USA"], ["901320"], [2024], answers_dir(tmp_path),
                sources=["us_census_imports"])  # fmt: skip
    (outcome,) = execute(made, tmp_path)
    assert outcome.error is None, outcome.describe()
    rows = pd.read_parquet(snapshot.find(tmp_path, "us_census_imports")[0].path)
    assert rows["consumption_value_usd"].sum() == pytest.approx(1_045_527_158, rel=0.01)
    assert rows["duties_usd"].sum() == pytest.approx(6_384_785, rel=0.01)
