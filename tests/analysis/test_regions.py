"""Regions: quotients and relatedness against an implementation of their own, gaps as ranges."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketintel.analysis.partnership import nuts
from marketintel.analysis.partnership import regions as an
from marketintel.analysis.trade import complexity as cx
from marketintel.analysis.trade.indices import balassa

DIVISIONS = ["C25", "C26", "C27", "C28", "M72"]


@pytest.fixture(scope="module")
def published(root):
    """Persons employed as they are in the shipped file: (region, activity) to persons or None."""
    (file,) = (root / "data" / "raw" / "eurostat_sbs").rglob("*.parquet")
    frame = pd.read_parquet(file)
    frame = frame[~frame["nuts_id"].str.endswith("ZZ")]
    return {
        level: {
            (r, a): (None if math.isnan(v) else v)
            for r, a, v in zip(rows["nuts_id"], rows["activity"], rows["value"], strict=True)
        }
        for level, rows in frame.groupby("level")
    }


@pytest.fixture(scope="module")
def by_hand(published):
    """LQ, M, φ and density computed with loops over dictionaries and nothing of the package."""
    needed, spared = "CFGHIJLMN", "BDE"

    def total(level, r):
        parts = [published[level].get((r, s)) for s in needed]
        if None in parts:
            return None
        return sum(parts) + sum(published[level].get((r, s)) or 0 for s in spared)

    divisions = sorted({a for _, a in published[0] if len(a) == 3 and a[0] in needed + spared})
    share = {}
    for a in divisions:
        above = below = 0.0
        for c in sorted({r for r, _ in published[0]}):
            x, whole = published[0].get((c, a)), total(0, c)
            if x is not None and whole is not None:
                above, below = above + x, below + whole
        share[a] = above / below
    lq, m = {}, {}
    for r in sorted({r for r, _ in published[2]}):
        whole = total(2, r)
        if whole is None:
            continue
        for a in divisions:
            x, section = published[2].get((r, a)), published[2].get((r, a[0]))
            known = [published[2].get((r, b)) for b in divisions if b[0] == a[0]]
            rest = math.inf if section is None else section - sum(v for v in known if v is not None)
            lq[r, a] = None if x is None else x / whole / share[a]
            least, most = (x, x) if x is not None else (0.0, max(rest, 0.0))
            enough = share[a] * whole
            m[r, a] = 1.0 if least >= enough else 0.0 if most < enough else None
    regions = sorted({r for r, _ in m})
    for a in divisions:
        seen = [m[r, a] for r in regions if m[r, a] is not None]
        usual = sum(seen) / len(seen)
        for r in regions:
            m[r, a, "filled"] = usual if m[r, a] is None else m[r, a]
    k = {a: sum(m[r, a, "filled"] for r in regions) for a in divisions}
    phi = {
        (a, b): 0.0
        if a == b
        else sum(m[r, a, "filled"] * m[r, b, "filled"] for r in regions) / max(k[a], k[b])
        for a in divisions
        for b in divisions
    }
    density = {
        (r, b): 100
        * sum(m[r, a, "filled"] * phi[a, b] for a in divisions)
        / sum(phi[a, b] for a in divisions)
        for r in ["SE31", "FR61", "FI1D", "PT11", "DE21", "CZ06"]
        for b in divisions
    }
    return {"lq": lq, "m": m, "phi": phi, "density": density, "regions": regions, "a": divisions}


@pytest.fixture(scope="module")
def computed(published):
    """The same with the package's functions."""

    def wide(level, columns):
        series = pd.Series({k: np.nan if v is None else v for k, v in published[level].items()})
        return series.unstack().reindex(columns=columns)  # noqa: PD010

    divisions = sorted({a for _, a in published[0] if len(a) == 3 and a != "S95"})
    x = {level: wide(level, divisions) for level in (0, 2)}
    sections = {level: wide(level, list(an.NEEDED + an.SPARED)) for level in (0, 2)}
    total = {level: an.totals(sections[level]) for level in (0, 2)}
    reference = an.reference_shares(x[0], total[0])
    live = total[2].notna()
    most = an.most_possible(x[2], sections[2])
    lq = an.location_quotients(x[2], total[2], reference)[live]
    ends = [an.location_quotients(f, total[2], reference)[live] for f in (x[2].fillna(0), most)]
    return {"lq": lq, "m": an.specialised(*ends), "most": most, "reference": reference}


def test_location_quotients_of_the_reference_figures():
    values = pd.DataFrame(
        [[100, 0, 0, 0, 0], [0, 15, 5, 70, 10], [0, 20, 10, 20, 50], [0, 25, 30, 5, 40],
         [0, 40, 55, 5, 0]], dtype=float,
    )  # fmt: skip
    whole = values.sum(axis=1)
    lq = an.location_quotients(values, whole, an.reference_shares(values, whole))
    assert lq.loc[1].round(10).tolist() == [0, 0.75, 0.25, 3.5, 0.5]
    pd.testing.assert_frame_equal(lq, balassa(values))


def test_quotients_and_specialisations_agree_with_loops_on_every_published_cell(by_hand, computed):
    assert sorted(computed["lq"].index) == by_hand["regions"]
    assert list(computed["lq"].columns) == by_hand["a"]
    cells = blanks = 0
    for r in by_hand["regions"]:
        for a in by_hand["a"]:
            mine, other = computed["lq"].loc[r, a], by_hand["lq"][r, a]
            assert (math.isnan(mine) and other is None) or mine == pytest.approx(other, rel=1e-12)
            mine, other = computed["m"].loc[r, a], by_hand["m"][r, a]
            assert (math.isnan(mine) and other is None) or mine == other
            cells, blanks = cells + 1, blanks + (by_hand["lq"][r, a] is None)
    assert cells == 267 * 67
    assert 0.05 < blanks / cells < 0.2


def test_relatedness_agrees_with_loops(by_hand, computed):
    filled = computed["m"].fillna(computed["m"].mean())
    phi = cx.proximity(filled)
    for (a, b), value in by_hand["phi"].items():
        assert phi.loc[a, b] == pytest.approx(value, abs=1e-12)
    every = an.Space(computed["m"].mean(), phi, pd.Series(dtype=float), False, 0.0, 0.0)
    density = an.relatedness(computed["m"], every)
    for (r, a), value in by_hand["density"].items():
        assert density.loc[r, a] == pytest.approx(value, abs=1e-9)
    pd.testing.assert_frame_equal(density, 100 * cx.density(filled))


def test_known_cells_of_the_four_regions(computed):
    lq, m = computed["lq"], computed["m"]
    assert lq.loc["FI1D", "C26"] == pytest.approx(3.21, abs=0.005)
    assert lq.loc["SE31", "C28"] == pytest.approx(1.40, abs=0.005)
    for region, division in [("SE31", "C26"), ("SE31", "C27"), ("FR61", "C25"), ("FR61", "C27"),
                             ("FR61", "C30"), ("FI1D", "C27")]:  # fmt: skip
        assert math.isnan(lq.loc[region, division]), "a confidential cell is not a figure"
    assert computed["most"].loc["SE31", ["C26", "C27"]].tolist() == [5877.0, 5877.0]
    assert m.loc["SE31", ["C26", "C27"]].isna().all()


def test_a_blank_that_cannot_reach_the_average_is_no_strength():
    x = pd.DataFrame({"C26": [np.nan, np.nan], "C28": [90.0, 10.0]}, index=["small", "large"])
    sections = pd.DataFrame({"C": [91.0, 100.0]}, index=["small", "large"])
    most = an.most_possible(x, sections)
    assert most["C26"].tolist() == [1.0, 90.0]
    whole, reference = (
        pd.Series({"small": 100.0, "large": 100.0}),
        pd.Series({"C26": 0.1, "C28": 0.5}),
    )
    ends = [an.location_quotients(f, whole, reference) for f in (x.fillna(0), most)]
    m = an.specialised(*ends)
    assert m.loc["small", "C26"] == 0 and math.isnan(m.loc["large", "C26"])
    assert m["C28"].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("section", an.NEEDED)
def test_a_total_without_a_needed_section_is_not_known(section):
    whole = pd.DataFrame([dict.fromkeys((*an.NEEDED, *an.SPARED), 10.0)])
    assert an.totals(whole)[0] == 120
    assert math.isnan(an.totals(whole.assign(**{section: np.nan}))[0])
    assert an.totals(whole.assign(B=np.nan))[0] == 110


matrices = st.lists(
    st.lists(st.sampled_from([0.0, 1.0]), min_size=5, max_size=5), min_size=4, max_size=8
).map(lambda rows: pd.DataFrame([[1, 1, 1, 1, 1.0], *rows], columns=DIVISIONS))


def _space(m):
    return an.Space(m.mean(), cx.proximity(m), pd.Series(0.0, DIVISIONS), False, 0.0, 0.0)


@settings(max_examples=60, deadline=None)
@given(matrices)
def test_a_partner_adds_what_both_together_have_more(m):
    space = _space(m)
    first, second = m.iloc[-1], m.iloc[[-2]]
    both = pd.DataFrame([np.maximum(first, second.iloc[0])], columns=DIVISIONS)
    gain = an.relatedness(both, space).iloc[0] - an.relatedness(first.to_frame().T, space).iloc[0]
    added = an.partners(first, second, space, DIVISIONS)["added_density"].iloc[0]
    assert added == pytest.approx(gain.mean(), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(matrices, st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=5, max_size=5))
def test_relatedness_lies_within_its_range(m, row):
    space, row = _space(m), pd.Series(row, DIVISIONS)
    middle = an.relatedness(row.to_frame().T, space).iloc[0]
    ends = an.relatedness_range(row, space)
    assert (ends["low"] <= middle + 1e-9).all() and (middle <= ends["high"] + 1e-9).all()
    if row.notna().all():
        np.testing.assert_allclose(ends["low"], ends["high"])


def test_the_sign_of_complexity_goes_with_prosperity():
    rng = np.random.default_rng(1)
    m = pd.DataFrame((rng.random((40, 8)) < 0.5).astype(float), columns=list("abcdefgh"))
    first = an.space(m, pd.Series(rng.random(40)))
    gdp = pd.Series(cx.complexity(m).eci)
    up, down = an.space(m, gdp), an.space(m, -gdp)
    pd.testing.assert_series_equal(up.complexity, -down.complexity)
    assert up.with_prosperity == pytest.approx(1) and down.with_prosperity == pytest.approx(1)
    assert first.with_prosperity >= 0


def test_quadrants_compare_industry_with_industry():
    density = pd.Series({"C1": 10.0, "C2": 20.0, "J1": 30.0, "J2": 40.0})
    complexity = pd.Series({"C1": -2.0, "C2": -1.0, "J1": 1.0, "J2": 2.0})
    group = pd.Series({"C1": "industry", "C2": "industry", "J1": "services", "J2": "services"})
    table = an.quadrants(density, complexity, group)
    assert table["quadrant"].to_dict() == {
        "C1": "far, less complex", "C2": "far but complex",
        "J1": "near, less complex", "J2": "near and complex",
    }  # fmt: skip
    assert table["density_rank"].tolist() == [4, 3, 2, 1]
    assert table["complexity_rank"].tolist() == [2, 1, 2, 1]
    assert set(table["group_size"]) == {2}


WALK = pd.DataFrame(
    {
        "from_code": ["A", "B", "B", "C", "C"],
        "to_code": ["X", "X", "Y", "Y", "X"],
        "population_2011": [100.0, 30.0, 70.0, 1000.0, 1.0],
    }
)


def test_slivers_are_dropped_and_shares_add_up():
    parts = nuts.shares(WALK)
    assert list(zip(parts["from_code"], parts["to_code"], strict=True)) == [
        ("A", "X"), ("B", "X"), ("B", "Y"), ("C", "Y"),
    ]  # fmt: skip
    assert parts["share"].tolist() == [1.0, 0.3, 0.7, 1.0]


def test_counts_are_divided_and_rates_averaged():
    parts, values = nuts.shares(WALK), pd.Series({"A": 10.0, "B": 20.0, "C": 30.0})
    counts = nuts.convert(values, parts, "sum")
    assert counts.to_dict() == {"X": 16.0, "Y": 44.0} and counts.sum() == values.sum()
    rates = nuts.convert(values, parts, "mean")
    assert rates["X"] == pytest.approx((10 * 100 + 20 * 30) / 130)
    assert rates["Y"] == pytest.approx((20 * 70 + 30 * 1000) / 1070)


def test_a_gap_stays_a_gap():
    values = pd.Series({"A": 10.0, "B": np.nan, "C": 30.0})
    assert nuts.convert(values, nuts.shares(WALK), "sum").isna().all()
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": [2.0, 3.0]}, index=["A", "B"])
    assert nuts.add_up(frame, {"A": 1.0, "B": 0.5}).isna().tolist() == [True, False]
    assert nuts.add_up(frame, {"A": 1.0, "B": 0.5})["b"] == 3.5
    people = pd.Series({"A": 1.0, "B": 3.0})
    assert nuts.average(frame["b"], {"A": 1.0, "B": 1.0}, people) == pytest.approx(2.75)
    assert math.isnan(nuts.average(frame["a"], {"A": 1.0, "B": 1.0}, people))
    with pytest.raises(ValueError, match="sum or mean"):
        nuts.convert(values, nuts.shares(WALK), "median")
