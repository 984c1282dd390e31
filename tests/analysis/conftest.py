"""Small worlds for the analysis tests: one by hand, one drawn, one real."""

import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st

# Frames are slow to make, and a shared runner is slower than any deadline.
few = settings(max_examples=15, deadline=None)

COLUMNS = ["segment", "scope", "partner", "cmd_code", "period", "value_usd"]


def frame(rows, columns=COLUMNS):
    """Rows as a ``flows`` frame of one reporter."""
    flows = pd.DataFrame(rows, columns=columns)
    return flows.assign(reporter="AAA", flow="import", hs_revision="HS2022")


@pytest.fixture
def small():
    """Two segments, three suppliers, two years; figures small enough to work by hand."""
    rows = [
        ("lasers", "core", "DEU", "901320", "2024", 60.0),
        ("lasers", "core", "JPN", "901320", "2024", 40.0),
        ("lasers", "broad", "CHN", "845611", "2024", 100.0),
        ("lasers", "core", "DEU", "901320", "2025", 90.0),
        ("lasers", "core", "JPN", "901320", "2025", 30.0),
        ("lasers", "core", "FRA", "901320", "2025", 30.0),
        ("lasers", "broad", "CHN", "845611", "2025", 50.0),
        ("optics", "core", "FRA", "900190", "2024", 10.0),
        ("optics", "core", "CHN", "900190", "2024", 30.0),
        ("optics", "core", "CHN", "900211", "2024", 10.0),
        ("optics", "core", "CHN", "900190", "2025", 25.0),
    ]
    return frame(rows)


SEGMENT_OF = {"100001": ("a", "core"), "100002": ("a", "core"), "100003": ("a", "broad")} | {
    "200001": ("b", "core"),
    "200002": ("b", "broad"),
}


@st.composite
def worlds(draw, with_duties=False, holding=()):
    """A flows frame with some cells absent and some zero, figures whole dollars.

    `holding` are cells (partner, code, period) that are there and above zero.
    """
    cells = draw(
        st.dictionaries(
            st.tuples(
                st.sampled_from(["DEU", "FRA", "JPN", "CHN", "CHE"]),
                st.sampled_from(sorted(SEGMENT_OF)),
                st.sampled_from(["2023", "2024", "2025"]),
            ),
            st.tuples(st.integers(0, 10**9), st.floats(0, 1, width=32), st.floats(0, 1, width=32)),
            min_size=0 if holding else 1,
            max_size=45,
        )
    )
    cells |= {cell: (draw(st.integers(1, 10**9)), 0.5, 0.125) for cell in holding}
    rows = [
        (*SEGMENT_OF[code], partner, code, period, float(value))
        for (partner, code, period), (value, _, _) in cells.items()
    ]
    flows = frame(rows)
    if with_duties:
        parts = pd.DataFrame(list(cells.values()), columns=["value", "dutiable", "rate"])
        flows["dutiable_value_usd"] = parts["value"] * parts["dutiable"]
        flows["duties_usd"] = flows["dutiable_value_usd"] * parts["rate"]
    return flows


@pytest.fixture(scope="session")
def census(shared):
    """US imports for consumption of every HS6, by partner, 2024 and 2025 (US Census Bureau).

    Partners are Census codes; German lasers are partner "4280".
    """
    path = shared / "data" / "us_census_imports_hs6_2024_2025.parquet"
    if not path.is_file():
        pytest.skip(f"{path.name} not present")
    data = pd.read_parquet(path).rename(
        columns={
            "year": "period",
            "cty": "partner",
            "hs6": "cmd_code",
            "con_imports_usd": "value_usd",
            "dutiable_usd": "dutiable_value_usd",
        }
    )
    return data.astype({"period": str}).drop(columns="gen_imports_usd").assign(reporter="USA")
