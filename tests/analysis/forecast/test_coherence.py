"""Sums of forecasts: means that add up, bounds from joint draws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from marketintel.analysis.forecast import accuracy, backtest, forecast, reconcile
from marketintel.analysis.forecast.coherence import _mint_weights, compare, errors_of
from marketintel.analysis.forecast.joint import dependence
from marketintel.analysis.forecast.outlook import LEVELS, probability_above, summarise
from marketintel.errors import UsageError

CUTOFF, TARGET = pd.Timestamp("2024-12-31"), pd.Timestamp("2029-12-31")
TINY = 1e-9


@pytest.fixture
def grid(walk):
    """Two segments in two countries, with countries, segments and total as sums."""
    parts = walk(4, length=24, seed=5)
    cells = ["DEU lasers", "DEU optics", "FRA lasers", "FRA optics"]
    parts["unique_id"] = parts["unique_id"].map(dict(zip(["s0", "s1", "s2", "s3"], cells)))  # noqa: B905
    rows = []
    for cell in cells:
        country, segment = cell.split()
        rows += [("total", cell), (country, cell), (segment, cell)]
    structure = pd.DataFrame(rows, columns=["aggregate", "part"])
    sums = structure.merge(parts, left_on="part", right_on="unique_id")
    sums = sums.groupby(["aggregate", "ds"], as_index=False)["y"].sum()
    sums = sums.rename(columns={"aggregate": "unique_id"})
    return pd.concat([parts, sums], ignore_index=True), structure


@pytest.mark.parametrize("method", ["bottom_up", "mint"])
def test_reconciled_means_add_up(grid, method):
    panel, structure = grid
    made = forecast(panel, 3, model="combination")
    errors = errors_of(backtest(panel, 3, origins=5), panel)
    coherent = reconcile(made, structure, method, errors)
    assert list(coherent.columns) == list(made.columns)
    assert (coherent["lo"] <= coherent["mean"]).all()
    means = coherent.query("level == 95").set_index(["unique_id", "ds"])["mean"]
    for total, rows in structure.groupby("aggregate"):
        added = sum(means[part] for part in rows["part"])
        np.testing.assert_allclose(means[total], added, rtol=1e-12)
    if method == "bottom_up":
        base = made.query("level == 95").set_index(["unique_id", "ds"])["mean"]
        np.testing.assert_allclose(means["FRA optics"], base["FRA optics"])


def test_mint_is_the_weighted_least_squares_projection():
    """One sum of two parts, uncorrelated errors: the gap is shared in proportion to variances."""
    summing = np.array([[1.0, 1.0], [1, 0], [0, 1]])
    errors = np.array([[1, 1, 1], [1, -1, 1], [1, 1, -1], [1, -1, -1]]) * [2.0, 1.0, 3.0]
    errors = np.concatenate([errors, -errors])  # exactly uncorrelated, variances 4, 1, 9
    weights = _mint_weights(errors, summing)
    base = np.array([110.0, 40.0, 60.0])  # the parts add to 100: a gap of 10
    np.testing.assert_allclose(weights @ base, [40 + 10 * 1 / 14, 60 + 10 * 9 / 14])


def test_methods_are_compared_without_looking_ahead(grid):
    panel, structure = grid
    tested = backtest(panel, 3, origins=6)
    table = compare(tested, panel, structure)
    assert set(table["method"]) == {"base", "bottom_up", "mint"}
    later = panel["ds"] > tested["cutoff"].max()
    tampered = panel.assign(y=panel["y"].where(~later, panel["y"] * 7))
    before = errors_of(tested, tampered)
    assert compare(tested, panel, structure)["mase"].notna().all()
    known = before[before["ds"] <= tested["cutoff"].max()]
    honest = errors_of(tested, panel)
    honest = honest[honest["ds"] <= tested["cutoff"].max()]
    pd.testing.assert_frame_equal(known, honest)


def test_incoherent_requests_are_refused(grid):
    panel, structure = grid
    made = forecast(panel, 2)
    with pytest.raises(UsageError, match="unknown method"):
        reconcile(made, structure, "ols")
    with pytest.raises(UsageError, match="errors"):
        reconcile(made, structure, "mint")
    with pytest.raises(UsageError, match="every series"):
        reconcile(made[made["unique_id"] != "FRA optics"], structure)
    errors = errors_of(backtest(panel, 2, origins=5), panel)
    with pytest.raises(UsageError, match="every series"):
        reconcile(made[made["unique_id"] != "total"], structure, "mint", errors)
    nested = pd.concat([structure, pd.DataFrame({"aggregate": ["all"], "part": ["total"]})])
    with pytest.raises(UsageError, match="itself a sum"):
        reconcile(made, nested)
    with pytest.raises(UsageError, match="one model"):
        reconcile(forecast(panel, 2, model=["naive", "drift"]), structure)
    assert len(accuracy(backtest(panel, 2, 1), panel)) == 2


def frame_of(means, widths, levels=LEVELS, names=None):
    """Forecasts with normal errors of given deviations, lower bounds cut at zero."""
    rows = []
    for i, (mean, width) in enumerate(zip(means, widths, strict=True)):
        half = norm.ppf(0.5 + np.array(levels) / 200) * width
        rows.append(
            pd.DataFrame(
                {
                    "unique_id": names[i] if names else f"p{i}",
                    "ds": TARGET,
                    "cutoff": CUTOFF,
                    "model": "m",
                    "level": levels,
                    "mean": float(mean),
                    "lo": np.maximum(mean - half, 0.0),
                    "hi": mean + half,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def errors_like(names, matrix):
    days = pd.to_datetime([f"{2001 + i}-12-31" for i in range(len(matrix))])
    return pd.concat(
        pd.DataFrame({"unique_id": n, "cutoff": CUTOFF, "ds": days, "error": matrix[:, i]})
        for i, n in enumerate(names)
    )


@st.composite
def hierarchies(draw):
    """Parts in countries and segments, two levels of sums or three, that overlap."""
    countries, segments = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    cells = [(c, s) for c in range(countries) for s in range(segments) if draw(st.booleans())]
    cells = cells or [(0, 0)]
    size = st.floats(0, 1e9).map(lambda v: round(v, 3))
    means = [draw(size) for _ in cells]
    widths = [draw(st.floats(1e-3, 3)) * max(mean, 1.0) for mean in means]
    names = [f"c{c} s{s}" for c, s in cells]
    rows = [(f"c{c}", n) for (c, _), n in zip(cells, names, strict=True)]
    if draw(st.booleans()):
        rows += [(f"* s{s}", n) for (_, s), n in zip(cells, names, strict=True)]
        rows += [("*", n) for n in names]
    structure = pd.DataFrame(rows, columns=["aggregate", "part"])
    frame = frame_of(means, widths, (1, 25, 50, 80, 90, 95, 99), names)
    errors = None
    if draw(st.booleans()):
        random = np.random.default_rng(draw(st.integers(0, 99)))
        count = draw(st.integers(1, 8))
        errors = errors_like(names, random.normal(size=(count, len(names))) * widths)
    return frame, structure, errors, draw(st.sampled_from([0.5, 1.0, 1.25]))


@settings(max_examples=30, deadline=None)
@given(hierarchies())
def test_sums_of_any_hierarchy_are_in_line_with_their_parts(case):
    frame, structure, errors, times = case
    whole = reconcile(frame, structure, errors=errors)
    by = {u: rows.sort_values("level") for u, rows in whole.groupby("unique_id")}
    held = structure.groupby("aggregate")["part"].agg(set)
    for unique_id, rows in by.items():
        lo, hi = rows["lo"].to_numpy(), rows["hi"].to_numpy()
        mean = rows["mean"].iloc[0]
        assert ((np.diff(lo) < 0) | ((lo[1:] == 0) & (lo[:-1] == 0))).all()
        assert (np.diff(hi) > 0).all()
        assert (lo <= mean).all()
        assert (mean <= hi).all()
        threshold = times * mean
        chance = probability_above(rows, threshold)
        for level in (50, 80, 95):
            at = rows[rows["level"] == level].iloc[0]
            tail = (1 + level / 100) / 2
            assert at["lo"] <= threshold or chance >= tail - TINY
            assert at["hi"] > threshold or chance <= 1 - tail + TINY
        if unique_id not in held:
            continue
        below = [*held[unique_id], *(o for o in held.index if held[o] < held[unique_id])]
        for other in below:
            assert (hi >= by[other]["hi"].to_numpy()).all()
            assert (lo >= by[other]["lo"].to_numpy()).all()
        assert mean == pytest.approx(sum(by[p]["mean"].iloc[0] for p in held[unique_id]))


def test_bounds_of_a_sum_follow_from_how_its_parts_depend_on_each_other():
    """Normal parts far from zero: the closed form of the sum, independent, tied and opposed."""
    frame = frame_of([1000.0, 2000.0], [30.0, 40.0], (80, 95))
    structure = pd.DataFrame({"aggregate": "T", "part": ["p0", "p1"]})
    shocks = np.random.default_rng(1).normal(size=400)
    for tie, deviation in ((None, 50.0), (1.0, 70.0), (-1.0, 10.0)):
        errors = None
        if tie:
            errors = errors_like(["p0", "p1"], np.outer(shocks, [30.0, 40.0 * tie]))
        rows = reconcile(frame, structure, errors=errors).query("unique_id == 'T'")
        wide = norm.ppf(0.5 + rows["level"] / 200) * deviation
        np.testing.assert_allclose(rows["hi"], 3000 + wide, rtol=2e-3)
        np.testing.assert_allclose(rows["lo"], 3000 - wide, rtol=2e-3)


def test_a_sum_is_the_same_in_any_company_and_order():
    frame = frame_of([10.0, 20, 30, 40], [8.0, 30, 5, 60], names=["a x", "a y", "b x", "b y"])
    alone = pd.DataFrame({"aggregate": "a", "part": ["a x", "a y"]})
    rows = [(n[0], n) for n in ("b y", "b x", "a y", "a x")]
    rows += [(f"* {n[2]}", n) for _, n in rows] + [("*", n) for _, n in rows]
    all_of = pd.DataFrame(rows, columns=["aggregate", "part"])
    errors = errors_like(["a x", "a y", "b x", "b y"], np.random.default_rng(3).normal(size=(9, 4)))
    both = frame_of([45.0], [35.0], names=["a"]), errors_like(["a"], np.arange(-4.0, 5)[:, None])
    base, known = pd.concat([frame, both[0]]), pd.concat([errors, both[1]])
    tied = [
        reconcile(base[::way], alone[::way], "mint", known[::way]).sort_values(
            ["unique_id", "level"], ignore_index=True
        )
        for way in (1, -1)
    ]
    pd.testing.assert_frame_equal(*tied, check_exact=True)
    one = reconcile(frame, alone, errors=errors).query("unique_id == 'a'")
    many = reconcile(frame[::-1], all_of, errors=errors[::-1]).query("unique_id == 'a'")
    pd.testing.assert_frame_equal(
        one.reset_index(drop=True), many.reset_index(drop=True), check_exact=True
    )


def test_parts_are_independent_where_too_few_errors_are_known():
    names = ["p0", "p1"]
    matrix = np.outer([1.0, -2.0], [1.0, 1.0])
    for errors in (None, errors_like(names, matrix), errors_like(["p0"], matrix)):
        np.testing.assert_array_equal(dependence(names, errors), np.eye(2))
    tied = dependence(names, errors_like(names, np.outer(np.arange(-9.0, 10), [1.0, 2.0])))
    assert 0.9 < tied[0, 1] <= 1.0


def test_bounds_cut_at_zero_are_moved_before_they_are_cut():
    """Part b, 20 ± z 30, is moved up by 80.12: 80 and 95 % bounds are 20 + 80.12 - z 30."""
    frame = frame_of([100.0, 20, 180], [10.0, 30, 20], (80, 95), ["a", "b", "T"])
    structure = pd.DataFrame({"aggregate": ["T", "T"], "part": ["a", "b"]})
    x = np.array([1.0, -1.0, 0.5, -0.5, 1.2, -0.8])
    errors = errors_like(["a", "b", "T"], np.outer(x, [10.0, 30, 20]))
    rows = reconcile(frame, structure, "mint", errors).set_index(["unique_id", "level"])
    moved = rows.loc[("b", 80), "mean"] - 20
    assert moved == pytest.approx(80.12, abs=0.01)
    for level in (80, 95):
        wide = norm.ppf(0.5 + level / 200) * 30
        assert rows.loc[("b", level), "lo"] == pytest.approx(20 + moved - wide)
        assert rows.loc[("T", level), "hi"] >= rows.loc[("b", level), "hi"]
    assert rows.loc[("T", 95), "lo"] < rows.loc[("T", 80), "lo"]


def test_bottom_up_leaves_parts_untouched_and_needs_no_forecast_of_sums():
    frame = frame_of([5.0, 50.0], [20.0, 1.0])
    whole = reconcile(frame, pd.DataFrame({"aggregate": "T", "part": ["p0", "p1"]}))
    kept = whole[whole["unique_id"] != "T"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, frame, check_exact=True)
    assert (whole["unique_id"] == "T").sum() == len(LEVELS)


def test_wide_parts_that_stand_still_do_not_make_their_sum_grow():
    """Cutting parts at zero lifts the draws of a sum; its mean stays in the middle."""
    frame = frame_of([1.0] * 12, [50.0] * 12)
    whole = reconcile(frame, pd.DataFrame({"aggregate": "T", "part": [f"p{i}" for i in range(12)]}))
    panel = pd.DataFrame({"unique_id": ["T"], "ds": [CUTOFF], "y": [12.0]})
    row = summarise(whole[whole["unique_id"] == "T"], panel).iloc[0]
    assert row["probability_growth"] == pytest.approx(0.5)
    assert row["lo_80"] < 12 < row["hi_80"]
