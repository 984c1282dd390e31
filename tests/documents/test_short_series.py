"""Series that are short, late, over, full of holes or nought: a gap is said, no document lost."""

import copy
import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from marketintel.documents.chapters import GAP
from marketintel.documents.document import open_document
from marketintel.documents.engine import blocks
from marketintel.documents.engine.blocks import Table
from marketintel.documents.market_study.facts import Series
from marketintel.documents.outlook.document import OutlookParameters, SegmentOutlook
from marketintel.documents.outlook.facts import Outlook, drivers
from marketintel.documents.outlook.facts.chosen import NO_MONTHS, Chosen
from marketintel.documents.outlook.views.listing import listing
from marketintel.documents.yearly_forecasts import compute, panel_of
from marketintel.errors import DamagedDataError, MissingDataError
from marketintel.reference.headings import load_headings
from marketintel.reference.scopes import BROAD
from marketintel.reference.segments import load_segments
from marketintel.warehouse.basis import RECONCILED, Basis
from tests.documents.studies import open_study

SAMPLE = ("NZL", "LUX", "KIR", "ABW", "AFG", "AGO", "CHE", "JPN", "PRK", "SSD", "TUV", "USA")
"""Economies that CI takes through: those that failed, small and large, with and without figures."""


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are made, not set: what is tested here is whether they can be."""
    monkeypatch.setattr(blocks, "svg_of", lambda figure, name: "<svg/>")


@pytest.fixture
def undriven(monkeypatch):
    """Elasticities are estimated from shipped figures, whatever the series: left out here."""
    for name in ("duty_elasticities", "gdp_elasticities"):
        monkeypatch.setattr(drivers, name, lambda *_: [])


@pytest.fixture(scope="module")
def canada():
    return open_study("CAN", segments=["materials"])


def words(block) -> str:
    return " ".join(b.markdown for b in block.flat() if hasattr(b, "markdown"))


def values(points, seed=1):
    return 1e6 * np.random.default_rng(seed).uniform(0.7, 1.3, points)


def chapter_of(study, rows):
    """Return the outlook of a study whose one series is `rows`."""
    facts = replace(study.facts)
    vars(facts)["series"] = Series(rows, {"280450": "boron"}, [])
    vars(facts)["forecasts"] = compute(panel_of(rows), "2025-01")
    return outlook_chapter(study, facts)


def outlook_chapter(study, facts):
    again = copy.copy(study)
    again.facts, again.memo = facts, {}
    return again.chapter("outlook")


@pytest.mark.parametrize("points", [1, 2, 5, 7, 8, 9, 11, 12, 13, 14, 20, 40])
def test_a_study_forecasts_series_of_every_length_or_says_why_not(canada, undrawn, points):
    years = [str(2025 - points + i) for i in range(points)]
    rows = pd.DataFrame({"cmd_code": "280450", "period": years, "value_usd": values(points)})
    shown = chapter_of(canada, rows)
    names = {b.name for b in shown.flat() if isinstance(b, Table)}
    assert ("outlook" in names) == (points >= 8)
    assert ("outlook_errors" in names) == (points >= 13)
    if points < 13:
        assert ("There is no forecast of" if points < 8 else "13 years are needed") in words(shown)
        assert f"{points} point" in words(shown) or "one point" in words(shown)


@pytest.mark.parametrize("value", [0.0, 5e6])
def test_what_never_changes_has_no_scale_and_no_forecast_if_nought(canada, undrawn, value):
    years = [str(year) for year in range(2005, 2025)]
    rows = pd.DataFrame({"cmd_code": "280450", "period": years, "value_usd": value})
    text = words(chapter_of(canada, rows))
    assert ("no scale" in text) == (value > 0)
    assert ("There is no forecast of" in text) == (value == 0)
    assert "nan" not in text


@pytest.mark.parametrize("years", [1, 7, 9, 10, 11, 12, 13])
def test_a_market_of_any_length_gets_its_outlook(canada, undrawn, years):
    facts = canada.facts
    history = facts.basis.history
    kept = history[history["period"] > str(int(facts.year) - years)]
    shown = outlook_chapter(canada, replace(facts, basis=replace(facts.basis, history=kept)))
    names = {b.name for b in shown.flat() if isinstance(b, Table)}
    assert ("outlook" in names) == (years >= 10)
    assert ("outlook_errors" in names) == (years >= 13)
    assert ("Not back-tested" in words(shown)) == (10 <= years < 13)
    assert GAP not in words(shown)


def outlook_of(series):
    """An outlook on two mixed codes of one country and one of another, synthetic, to 2024."""
    parts = []
    ids = (("CAN", "280450"), ("CAN", "280490"), ("JPN", "280450"))
    for (place, code), y in zip(ids, series, strict=False):
        days = pd.to_datetime([f"{2025 - len(y) + i}-12-31" for i in range(len(y))])
        frame = pd.DataFrame({"ds": days.astype("datetime64[s]"), "y": y})
        frame["unique_id"] = f"{place} {code}"
        frame["kind"] = [Basis(RECONCILED, "baci", "FOB", BROAD)] * len(frame)
        parts.append(frame.assign(partner=place, segment="materials", cover_pct=np.nan, basis="x"))
    found = Chosen(NO_MONTHS, pd.concat(parts, ignore_index=True).dropna(subset="y"))
    places = list(dict.fromkeys(found.years["partner"]))
    return Outlook(places, ["materials"], found, load_segments(), load_headings(), 25.0, [])


def drawn(outlook):
    """Every chapter that the series themselves make."""
    document = SegmentOutlook.__new__(SegmentOutlook)
    vars(document).update(parameters=OutlookParameters(), data_dir=None, facts=outlook, memo={})
    shown = ["summary", "together", "countries", "shocks", "omitted", "card"]
    return " ".join(words(document.chapter(name)) for name in shown)


NAN = [np.nan] * 4
CASES = {
    "one point": [[5e6]],
    "seven years": [values(7)],
    "eight years": [values(8)],
    "nought for ever": [np.zeros(20), values(20)],
    "begins late": [np.r_[np.zeros(12), values(8)], values(20)],
    "ends early": [np.r_[values(16), NAN], values(20)],
    "only early": [np.r_[values(16), NAN]],
    "a hole": [np.r_[values(9), NAN[:1], values(10)], values(9)],
    "mostly holes": [np.r_[1e6, NAN, NAN, values(3)], values(20)],
    "constant": [np.full(20, 5e6)] * 3,
    "two countries": [values(9), np.r_[values(16), NAN], values(12, 2)],
}


@pytest.mark.parametrize("case", CASES)
def test_an_outlook_of_any_series_is_made(case, undrawn, undriven):
    outlook = outlook_of(CASES[case])
    assert GAP not in drawn(outlook)  # what follows looks at the facts behind it
    ids = set(outlook.years.found["unique_id"])
    there = set(outlook.years.potential["unique_id"]) | set(outlook.omitted["unique_id"])
    assert ids <= there, "a level or a reason, no series without either"


def levels(place):
    return listing(open_document("outlook", countries=[place], segments=["materials"]).facts)


def test_what_ends_early_is_listed_and_in_no_total():
    for place in ("NZL", "LUX"):
        table = levels(place)
        early = table[table["group"] == -1]
        assert len(early) == 1
        assert early["year"].iloc[0] < table["year"].max()
        is_sum = table["segment"].str.startswith("all of ")
        cells = table[(table["group"] == 0) & ~is_sum]
        whole = table.loc[is_sum, "forecast_usd"].iloc[0]
        assert set(cells["segment"]) == set(
            table.loc[is_sum, "segment"].iloc[0].partition(": ")[2].split(", ")
        )
        assert whole == pytest.approx(cells["forecast_usd"].sum(), rel=1e-9)
    with pytest.raises(MissingDataError, match=r"KIR 280450: .*KIR 280490: "):
        levels("KIR")


def test_a_chapter_without_its_data_is_a_stated_gap_and_other_errors_stay(canada, monkeypatch):
    def chapter_with(error):
        def quirks(_):
            raise error

        monkeypatch.setattr("marketintel.documents.market_study.views.quirks", quirks)
        canada.memo.clear()
        return words(canada.chapter("gaps"))

    text = chapter_with(MissingDataError("no duties of CHE; `marketintel fetch wits`"))
    assert f"**{GAP}.** No duties of CHE" in text
    assert "marketintel fetch wits" in text
    for error in (KeyError("x"), DamagedDataError("x")):
        with pytest.raises(type(error)):
            chapter_with(error)


def test_a_market_of_long_ago_and_of_small_change_is_said_on_the_first_page(canada):
    text = words(open_study("KIR", segments=["materials"]).chapter("summary"))
    text = text.replace("\u00a0", " ")
    assert "of 2015 and 2016" in text
    assert "the source goes to 2024" in text
    assert "USD 83 in 2016, less than" in text
    assert "acted on" not in words(canada.chapter("summary"))
    older = open_study("CAN", segments=["materials"], year=2020)
    assert "up to 2024 are here" in words(older.chapter("summary"))


@pytest.mark.parametrize("economy", SAMPLE)
def test_no_economy_fails(economy, monkeypatch, undrawn):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "scripts"))
    sweep = importlib.import_module("sweep_economies")
    steps = ["table", "study"] if economy in SAMPLE[:2] else ["table"]
    found = sweep.sweep(economy, ["materials"], steps)
    assert not [line for line in found.values() if line.startswith("FAILED")]
    assert set(found) == {"economy", *steps}
