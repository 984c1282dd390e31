"""Regression on a driver with steps at breaks: against statsmodels' own fit, and without look-ahead."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.forecast import chosen, drivers
from marketintel.errors import MissingDataError, UsageError


def series(years, values, one="a"):
    ends = pd.to_datetime([f"{y}-12-31" for y in years])
    return pd.DataFrame({"unique_id": one, "ds": ends, "y": values})


@pytest.fixture(scope="module")
def made():
    """Synthetic: elasticity 1.5 to a driver, a step of .4 in 2010."""
    draw, years = np.random.default_rng(7), np.arange(1995, 2021)
    driver = pd.Series(100 * np.exp(np.cumsum(draw.normal(0.04, 0.05, len(years)))), index=years)
    log_y = (
        1.5 * np.log(driver) + 0.4 * (years >= 2010) + np.cumsum(draw.normal(0, 0.02, len(years)))
    )
    breaks = pd.DataFrame({"unique_id": ["a"], "ds": [pd.Timestamp("2010-12-31")]})
    return series(years, np.exp(log_y)), breaks, driver


def test_least_squares_on_changes_is_the_maximum_that_sarimax_finds(made):
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    panel, breaks, driver = made
    found = drivers.forecast(panel, breaks, driver, 3).attrs["results"]["a"][0]
    steps = (driver.index.to_numpy() >= 2010).astype(float)
    terms = np.column_stack([np.log(driver), steps])
    own = SARIMAX(
        np.log(panel["y"].to_numpy()), exog=terms, order=(0, 1, 0), use_exact_diffuse=True
    )
    best = own.fit(found.params * 1.2, disp=False, maxiter=500)
    assert found.llf == pytest.approx(best.llf, abs=1e-4) and found.llf > best.llf - 1e-8
    assert found.params == pytest.approx(best.params, abs=2e-3)
    assert found.params[:2] == pytest.approx([1.5, 0.4], abs=0.15)


def test_last_origin_and_back_test_are_one_rule(made):
    panel, breaks, driver = made
    tested = drivers.forecast(panel, breaks, driver, 3, origins=1)
    short = panel.iloc[:-3]
    ahead = drivers.forecast(short, breaks, driver, 3)
    pd.testing.assert_frame_equal(tested, ahead, check_exact=False, rtol=1e-9)


def test_nothing_after_an_origin_is_known_at_it(made):
    panel, breaks, driver = made
    other = panel.assign(y=panel["y"].where(panel["ds"].dt.year < 2018, 1.0))
    later = driver.where(driver.index < 2018, 1e6)
    of = [
        drivers.forecast(p, breaks, d, 3, origins=1) for p, d in ((panel, driver), (other, later))
    ]
    pd.testing.assert_frame_equal(*of)


def test_no_target_lies_behind_a_break_that_follows_its_origin(made):
    panel, _, driver = made
    late = pd.DataFrame({"unique_id": ["a"], "ds": [pd.Timestamp("2019-12-31")]})
    tested = drivers.forecast(panel, late, driver, 3, origins=3)
    crossed = (tested["cutoff"].dt.year < 2019) & (tested["ds"].dt.year >= 2019)
    assert len(tested) and not crossed.any()


def test_intervals_nest_widen_and_hold_the_mean(made):
    rows = drivers.forecast(*made, 5).pivot_table(
        index="ds", columns="level", values=["mean", "lo", "hi"]
    )
    assert (rows["lo"][95] < rows["lo"][80]).all() and (rows["hi"][80] < rows["hi"][95]).all()
    width = np.log(rows["hi"][80] / rows["lo"][80])
    assert width.is_monotonic_increasing
    assert ((rows["lo"][80] < rows["mean"][80]) & (rows["mean"][80] < rows["hi"][80])).all()


@pytest.mark.parametrize("fault", ["zero", "gap", "short", "no driver"])
def test_what_cannot_be_regressed_has_no_row(made, fault):
    panel, breaks, driver = made
    given = {
        "zero": (panel.assign(y=panel["y"].where(panel["ds"].dt.year != 2000, 0.0)), driver),
        "gap": (panel[panel["ds"].dt.year != 2000], driver),
        "short": (panel.iloc[-8:], driver),
        "no driver": (panel, driver.loc[:2019]),
    }[fault]
    assert drivers.forecast(given[0], breaks, given[1], 3).empty


def test_nonsense_is_refused_by_name(made):
    panel, breaks, driver = made
    with pytest.raises(UsageError, match="horizon is 11"):
        drivers.forecast(panel, breaks, driver, 11)
    with pytest.raises(UsageError, match="not positive"):
        drivers.forecast(panel, breaks, driver * 0, 3)


def test_a_driver_sums_economies_that_have_every_year():
    rows = pd.DataFrame({
        "economy": ["A", "A", "B", "B", "C"], "period": ["2000", "2001", "2000", "2001", "2001"],
        "value": [1.0, 2.0, 3.0, 4.0, 50.0],
    })  # fmt: skip
    assert drivers.driver_of(rows, 2000, 2001).tolist() == [4.0, 6.0]
    with pytest.raises(MissingDataError, match="1999"):
        drivers.driver_of(rows, 1999, 2001)


@pytest.mark.parametrize(
    ("mase", "tests", "best"),
    [
        ({"combination": 1.0, "naive": 1.2, "drivers": 0.9}, 8, "drivers"),
        ({"combination": 1.0, "naive": 1.2, "drivers": 0.9}, 7, None),
        ({"combination": 1.0, "naive": 1.2, "drivers": 1.1}, 8, None),
        ({"combination": 1.0, "naive": 0.8, "drivers": 0.9}, 8, "naive"),
        ({"naive": 1.2, "drivers": 0.9}, 8, "drivers"),
        ({"naive": 0.8, "drivers": 0.9}, 8, None),
        ({"drivers": 0.9}, 8, None),
    ],
)
def test_the_rule_as_it_was_written_before_the_scores(mase, tests, best):
    errors = pd.DataFrame({"model": list(mase), "mase": list(mase.values())})
    errors = errors.assign(unique_id="a", forecasts=tests)
    assert chosen(errors).get("a") == best
