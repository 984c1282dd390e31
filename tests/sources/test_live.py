"""The real services, asked little. Off by default; ``pytest -m live`` needs a network.

They say whether a provider still answers in the form that is read here, which no recording can.
"""

from pathlib import Path

import pandas as pd
import pytest

from marketintel.cli_fetch import reference_book
from marketintel.sources import snapshot
from marketintel.sources.fetch import answers_dir, execute
from marketintel.sources.plan import plan

pytestmark = pytest.mark.live

#: Source and the market asked about: one product, one settled year.
ASKED = [
    ("us_census_imports", "USA"),
    ("us_census_exports", "USA"),
    ("comext", "FIN"),
    ("comtrade", "JPN"),
    ("wits", "JPN"),
    ("worldbank", "JPN"),
    ("imf", "JPN"),
    ("ecb", "JPN"),
    ("cepii_geodist", "JPN"),
    ("eurostat_regional", "FIN"),
    ("gisco", "FIN"),
    ("natural_earth", "FIN"),
    ("oecd", "JPN"),
]


def fetched(source: str, market: str, year: int, data: Path) -> pd.DataFrame:
    book = reference_book()
    made = plan([market], ["901320"], [year], book, answers_dir(data), sources=[source])
    (outcome,) = execute(made, data, book)
    assert outcome.error is None, outcome.describe()
    (kept,) = snapshot.find(data, source)
    snapshot.verify(kept)
    return pd.read_parquet(kept.path)


@pytest.mark.parametrize(("source", "market"), ASKED)
def test_a_source_answers_in_the_form_that_is_read(
    source: str, market: str, tmp_path: Path
) -> None:
    rows = fetched(source, market, 2022, tmp_path)
    assert len(rows) > 0
    assert not rows.columns.str.endswith("_code").all()


def test_us_imports_of_lasers_are_the_published_ones(tmp_path: Path) -> None:
    """Consumption imports of HS 901320 in 2024, US Census Bureau; revisions stay below 1 %."""
    rows = fetched("us_census_imports", "USA", 2024, tmp_path)
    assert rows["consumption_value_usd"].sum() == pytest.approx(1_045_527_158, rel=0.01)
    assert rows["duties_usd"].sum() == pytest.approx(6_384_785, rel=0.01)
