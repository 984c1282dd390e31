"""Access: what a statute's lines say, which lists name a code, the duty of the last months."""

from datetime import date

import pandas as pd
import pytest

from marketintel.analysis.markets import access, statute
from marketintel.reference.measures import Measure, load_measures

LINES = pd.DataFrame(
    [
        ("9903.01.25", "Articles the product of any country, by note 2", "The duty + 10%"),
        ("9903.02.20", "Articles the product of the European Union", "15%"),
        ("9903.01.29", "Articles the product of any country identified in general note 3(b)", None),
        ("9903.01.43", "the product of Equatorial Guinea [Compiler's note: provision terminated.]",
         "The duty provided in the applicable subheading + 13%"),
        ("9903.88.01", "Articles the product of China", "The duty + 25%"),
        ("9903.03.05", "Civil aircraft of any country", "The duty provided in the heading"),
        ("9903.08.09", "Articles of Germany, France or Spain: > Paper", "Free"),
    ],
    columns=["heading", "description", "general"],
)  # fmt: skip
REVISIONS = pd.DataFrame(
    [("r1", "2025-04-02", "IEEPA begins"), ("r4", "2026-02-24", "IEEPA invalidated (court)"),
     ("r7", "2026-04-29", None)],
    columns=["revision", "since", "event"],
)  # fmt: skip


def test_a_line_counts_if_it_names_the_exporter_or_any_country():
    names = {"European Union": "European Union", "Germany": "Germany", "France": "France"}
    found = statute.naming(LINES, names).set_index("heading")
    assert found["names"].to_dict() == {
        "9903.01.25": statute.ANY, "9903.02.20": "European Union", "9903.01.29": statute.COLUMN_2,
        "9903.03.05": statute.ANY, "9903.08.09": "Germany, France",
    }  # fmt: skip
    assert found["effect"].to_dict() == {
        "9903.01.25": "adds 10 %", "9903.02.20": "sets 15 %", "9903.01.29": "not stated",
        "9903.03.05": "adds nothing", "9903.08.09": "free",
    }  # fmt: skip


def test_a_name_within_a_longer_name_is_another_country():
    others = ["Guinea", "Equatorial Guinea"]
    assert "9903.01.43" not in set(statute.naming(LINES, {"Guinea": "Guinea"}, others)["heading"])
    names = {"Equatorial Guinea": "Equatorial Guinea"}
    assert "9903.01.43" in set(statute.naming(LINES, names, others)["heading"])


@pytest.mark.parametrize(
    ("general", "said"),
    [("The duty provided in the applicable subheading + 7.5%", "adds 7.5 %"),
     ("The duty provided inthe applicable subheading+ 25%", "adds 25 %"),
     ("The duty provided in the applicable subheading plus 15%", "adds 15 %"),
     ("The duty + a duty of 25% upon the value of the non-U.S. content", "adds 25 %"),
     ("No change", "adds nothing"), ("no change", "adds nothing"), ("Free", "free"),
     ("100%", "sets 100 %"), (None, "not stated"), ("", "not stated")],
)  # fmt: skip
def test_effect_of_the_general_column(general, said):
    assert statute.effect(general) == said


def test_printed_lines_that_ended_are_called_ended():
    found = statute.states(LINES, load_measures(), REVISIONS).set_index("heading")
    assert found.loc["9903.02.20", "state"] == "still printed, invalidated on 2026-02-24"
    assert found.loc["9903.01.43", "state"] == "printed with the note “terminated”"
    assert found.loc["9903.03.05", "state"] == "temporary: term to 2026-07-24 unless extended"
    assert found.loc["9903.88.01", "state"] == "printed; not checked after 2026-04-29"
    assert found["ended"].to_dict()["9903.88.01"] is False
    assert found.loc["9903.08.09", "measure_name"] == "Other"
    before = statute.states(LINES, load_measures(), REVISIONS.head(1)).set_index("heading")
    assert not before.loc["9903.02.20", "ended"]


def test_a_list_names_a_line_by_its_beginning_or_in_part():
    lists = pd.DataFrame(
        [("A", None, "9013", None, None, "2026-04-06"), ("B", "x", "9013200050", None, "CHN", None),
         ("C", None, "901380", None, None, None), ("D", None, "90132000", "9903.02.77", "EU27", None)],
        columns=["list", "part", "product", "heading", "origin", "since"],
    )  # fmt: skip
    lines = pd.DataFrame({"segment": "lasers", "hs8": ["90132000", "90139050"]})
    found = statute.listed(lists, lines, {"EU27"}).set_index("list")
    assert list(found.index) == ["A", "B", "D"]
    assert found["lines_listed"].tolist() == [2, 1, 1] and (found["lines"] == 2).all()
    assert found["whole"].tolist() == [True, False, True]
    assert found["for_exporter"].tolist() == [True, False, True]


def test_last_months_against_the_year_before():
    periods = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 12)]
    months = pd.DataFrame(
        {"partner": "EU27", "naics": "334", "naics_name": "x", "period": periods,
         "value_usd": 100.0, "duties_usd": [1.0] * 11 + [*range(1, 12)]}
    )  # fmt: skip
    row = access.last_rates(months).iloc[0]
    assert (row["first"], row["last"]) == ("2025-09", "2025-11")
    assert row["rate_pct"] == pytest.approx(10) and row["year_before_pct"] == pytest.approx(1)
    gap = months[months["period"] != "2025-10"]
    assert pd.isna(access.last_rates(gap).iloc[0]["rate_pct"])


def test_claims_are_weighted_by_imports_and_say_what_they_cover():
    values = pd.DataFrame(
        {"segment": "optics", "partner": "CAN", "hts10": ["a", "b", "c"], "period": "2025",
         "value_usd": [30.0, 10.0, 60.0]}
    )  # fmt: skip
    claims = pd.DataFrame(
        {"partner": "CAN", "hts10": ["a", "b"], "period": "2025", "share_pct": [100.0, 0.0]}
    )
    row = access.claimed(claims, values).iloc[0]
    assert row["share_pct"] == 75 and row["covered_pct"] == 40


def test_measures_hold_real_addresses_and_days():
    for measure in load_measures().values():
        assert isinstance(measure, Measure) and measure.url.startswith("https://")
        assert date(2026, 1, 1) < measure.as_of
