"""Status and projection against formulas, simulation and cases worked by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.analysis.partnership import kpi


def indicators(**changes):
    row = {
        "kpi": "k", "measure": "events", "start": "2027-01-01", "deadline": "2027-12-31",
        "target": 10.0, "counts_countries_of": "", "places": [],
    }  # fmt: skip
    return pd.DataFrame([row | changes])


def lines(*rows):
    return pd.DataFrame(rows, columns=["kpi", "date", "value", "country"])


def one(table):
    return table.iloc[0]


def test_nothing_measured_is_not_zero():
    found = one(kpi.status(indicators(), lines(), "2027-06-30"))
    assert math.isnan(found["measured"]) and found["status"] == "no measurement"
    assert math.isnan(found["projected"])
    zero = one(kpi.status(indicators(), lines(("k", "2027-03-01", 0, "")), "2027-06-30"))
    assert zero["measured"] == 0 and zero["status"] == "behind"


def test_half_the_time_and_half_the_target():
    log = lines(*[("k", f"2027-0{m}-15", 1, "USA") for m in (1, 2, 3, 4, 5)])
    found = one(kpi.status(indicators(), log, "2027-07-02"))
    assert found["measured"] == 5 and found["attained_pct"] == 50
    assert found["elapsed_pct"] == pytest.approx(50)
    # Negative binomial with size 5.5 and p = 1/2: mean 5.5, so 10.5 in all.
    assert found["projected"] == pytest.approx(10.5)
    assert found["status"] == "open"


def test_chance_of_the_target_is_the_integral_over_rates():
    rng = np.random.default_rng(1)
    rates = rng.gamma(7 + 0.5, 1 / 200, size=400_000)
    ends = 7 + rng.poisson(rates * 165)
    found = kpi.projection(np.ones(7), 200, 165, target=14)
    assert found["p_attain_pct"] == pytest.approx(100 * (ends >= 14).mean(), abs=0.4)
    assert found["projected"] == pytest.approx(ends.mean(), rel=0.01)
    assert found["projected_lo"] == np.quantile(ends, 0.1)
    assert found["projected_hi"] == np.quantile(ends, 0.9)


@pytest.mark.parametrize("sizes", [(1,), (1, 5, 30)])
def test_intervals_cover_what_happens(sizes):
    """80 % intervals hold at least about 80 % of ends, also where events come in bundles."""
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(600):
        first = rng.choice(sizes, size=rng.poisson(20))
        rest = rng.choice(sizes, size=rng.poisson(20))
        found = kpi.projection(first.astype(float), 180, 180)
        held += found["projected_lo"] <= first.sum() + rest.sum() <= found["projected_hi"]
    assert 0.74 <= held / 600 <= 0.92


def test_bundles_widen_the_interval():
    single = kpi.projection(np.ones(60), 100, 100)
    bundled = kpi.projection(np.full(2, 30.0), 100, 100)
    assert bundled["projected_hi"] > single["projected_hi"] + 20


def test_level_takes_the_last_line_and_refuses_a_count_that_falls():
    rising = lines(("k", "2027-02-01", 3, ""), ("k", "2027-04-01", 7, ""))
    found = one(kpi.status(indicators(measure="level"), rising, "2027-07-01"))
    assert found["measured"] == 7 and found["projected"] > 7
    falling = lines(("k", "2027-02-01", 7, ""), ("k", "2027-04-01", 3, ""))
    found = one(kpi.status(indicators(measure="level"), falling, "2027-07-01"))
    assert found["measured"] == 3 and math.isnan(found["projected"])
    assert found["status"] == "open"


def test_after_the_deadline():
    log = lines(("k", "2027-02-01", 9, ""))
    assert one(kpi.status(indicators(), log, "2028-01-01"))["status"] == "missed"
    log = lines(("k", "2027-02-01", 9, ""), ("k", "2027-12-31", 1, ""))
    assert one(kpi.status(indicators(), log, "2028-01-01"))["status"] == "attained"
    late = lines(("k", "2027-02-01", 9, ""), ("k", "2028-01-01", 1, ""))
    assert one(kpi.status(indicators(), late, "2028-02-01"))["measured"] == 9


def test_lines_after_the_day_are_not_looked_at():
    log = lines(("k", "2027-02-01", 2, ""), ("k", "2027-09-01", 5, ""))
    assert one(kpi.status(indicators(), log, "2027-08-31"))["measured"] == 2


def test_countries_are_counted_once_and_not_projected():
    log = lines(*[("x", "2027-02-01", 1, c) for c in ("USA", "USA", "CAN", "")])
    table = indicators(counts_countries_of="x", target=2.0)
    found = one(kpi.status(table, log, "2027-07-01"))
    assert found["measured"] == 2 and found["status"] == "attained"
    assert math.isnan(found["projected"])
    assert kpi.by_country(log, "x", "2027-07-01").to_dict("list") == {
        "country": ["USA", "CAN"], "value": [2, 1], "lines": [2, 1],
    }  # fmt: skip


def test_without_a_target_there_is_no_pace():
    log = lines(("k", "2027-02-01", 3, ""))
    found = one(kpi.status(indicators(target=math.nan), log, "2027-07-01"))
    assert found["status"] == "no target" and math.isnan(found["attained_pct"])
    assert one(kpi.status(indicators(), lines(), "2026-12-31"))["status"] == "not started"


@given(
    st.lists(st.integers(1, 50), max_size=20), st.integers(1, 700), st.integers(1, 700),
    st.integers(1, 500),
)  # fmt: skip
def test_projection_never_contradicts_itself(jumps, elapsed, remaining, target):
    found = kpi.projection(np.array(jumps, dtype=float), elapsed, remaining, target)
    total = sum(jumps)
    assert total <= found["projected_lo"] <= found["projected_hi"]
    assert found["projected"] >= total
    assert 0 <= found["p_attain_pct"] <= 100
    if total >= target:
        assert found["p_attain_pct"] == 100
    assert set(kpi.STATUSES) >= {"attained", "missed", "on course", "open", "behind"}


def test_a_level_that_was_reached_and_fell_is_not_missed():
    log = lines(("k", "2027-03-01", 260, ""), ("k", "2027-09-01", 240, ""))
    kpis = indicators(measure="level", target=250.0)
    assert one(kpi.status(kpis, log, "2028-06-30"))["status"] == "fell back"
    assert one(kpi.status(kpis, log.iloc[1:], "2028-06-30"))["status"] == "missed"


def test_only_countries_of_the_group_are_counted():
    log = lines(*[("e", "2027-03-01", 1, place) for place in ("FIN", "USA", "DEU", "")],
                ("e", "2027-04-01", 0, "FRA"))  # fmt: skip
    kpis = indicators(counts_countries_of="e", places=["FIN", "DEU", "FRA"])
    assert one(kpi.status(kpis, log, "2027-06-30"))["measured"] == 2
