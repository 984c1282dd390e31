"""Trade made with a known answer to duties; the real estimates once more where the data are."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.forecast import duty_response
from marketintel.reference.drivers import load_elasticities

MONTHS = [str(m) for m in pd.period_range("2013-01", "2020-12", freq="M")]


def steps(codes: int = 120) -> pd.DataFrame:
    """Synthetic duties: a third rise in July 2018, a third again in 2019, a third never."""
    rows = []
    for n in range(codes):
        code = f"{84 + n % 2}{n:04d}"
        rows.append((code, "2018-01-01", 5.0))
        rows.append((code, "2018-07-16", 5.0 + 25.0 * (n % 3 > 0)))
        rows.append((code, "2019-06-01", 5.0 + 25.0 * (n % 3 > 0) + 10.0 * (n % 3 == 2)))
    return pd.DataFrame(rows, columns=["cmd_code", "since", "rate_pct"])


def trade(rates: pd.DataFrame, elasticity: float, drift: float = 0.0) -> pd.DataFrame:
    """Synthetic exports with seasons, common months and noise; `drift` a year where taxed later."""
    rng = np.random.default_rng(7)
    rows = []
    for code, own in rates.iterrows():
        size, season = rng.normal(12, 1), rng.normal(0, 0.3, 12)
        taxed = np.log1p(own.iloc[-1]) - np.log1p(own.iloc[0])
        for n, month in enumerate(MONTHS):
            duty = own[month] if month in own.index else own.iloc[0]
            mean = size + season[n % 12] + 0.2 * np.sin(n) + elasticity * np.log1p(duty)
            mean += drift * taxed * (n - 60) / 12
            rows.append((code, month, float(np.exp(mean) * rng.gamma(20, 1 / 20))))
    return pd.DataFrame(rows, columns=["cmd_code", "period", "value_usd"])


@pytest.fixture(scope="module")
def rates():
    return duty_response.monthly_rates(steps(), "2017-01", "2020-12")


def test_rates_hold_for_the_days_they_hold(rates):
    own = rates.loc["850001"]
    assert own["2017-03"] == pytest.approx(0.05)  # before the first step: its rate
    assert own["2018-07"] == pytest.approx((15 * 0.05 + 16 * 0.30) / 31)
    assert own["2018-08"] == own["2020-12"] == pytest.approx(0.30)
    assert rates.loc["840002", "2019-06"] == pytest.approx(0.40)


def test_the_answer_is_found_again_and_zeros_are_trade(rates):
    flows = trade(rates, -2.0)
    gone = (flows["cmd_code"] == "850001") & (flows["period"] == "2019-03")
    rows = duty_response.panel(flows[~gone], rates, "2017-01", "2019-12")
    assert len(rows) == 120 * 36
    assert (rows["value_usd"] == 0).sum() == 1
    found = duty_response.estimate(rows).iloc[0]
    assert abs(found["value"] + 2.0) < 2 * found["std_error"] < 0.5
    assert found["std_error"] == max(found["by_code"], found["by_heading"])
    assert (found["n_codes"], found["n_headings"]) == (120, 4)


def test_ages_and_rises_to_come_are_parts_of_the_duty(rates):
    rows = duty_response.panel(trade(rates, -2.0), rates, "2017-01", "2019-12")
    np.testing.assert_allclose(rows["new"] + rows["young"] + rows["old"], rows["ln_duty"])
    own = rows[(rows["exporter"] == "850001") & (rows["period"] == "2018")].set_index("market")
    rise = np.log(1.30 / 1.05)
    assert own.loc["05", "ahead"] == pytest.approx(rise)  # August less May
    assert own.loc["03", "ahead"] == pytest.approx(0)
    assert own.loc["12", "new"] == pytest.approx(rise)  # June less December
    assert own.loc["10", "behind"] == pytest.approx(
        rise - (own.loc["07", "ln_duty"] - np.log(1.05))
    )


def test_a_drift_of_the_taxed_is_seen_by_placebo_and_trend(rates):
    calm = duty_response.robustness(trade(rates, -2.0), rates, by_chapter=True).set_index("line")
    drifting = trade(rates, 0.0, drift=-1.0)
    moved = duty_response.robustness(drifting, rates, by_chapter=False).set_index("line")

    def z(table, line, term):
        row = table.loc[[line]].set_index("term").loc[term]
        return abs(row["value"] / row["std_error"])

    assert z(calm, "placebo", "ln_duty") < 2 and z(calm, "trend", "trend") < 2
    assert z(moved, "placebo", "ln_duty") > 2 and z(moved, "trend", "trend") > 2
    assert z(moved, "main", "ln_duty") > 2  # what the tests are for: nothing there but the drift
    assert z(moved, "trend", "ln_duty") < 2
    assert "with effects of chapter and month" in calm.index
    assert "with effects of chapter and month" not in moved.index


def test_stored_estimates_are_those_of_the_data(shared, root, monkeypatch):
    monkeypatch.setenv("MARKETINTEL_SHARED", str(shared))
    place = root / "benchmarks" / "duty_elasticity.py"
    spec = importlib.util.spec_from_file_location("duty_elasticity", place)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    flows, rates = script.exports(), script.duties()
    stored = {e.key: e for e in load_elasticities()}
    for key, name in (
        ("duty_retaliation_core", "core and neighbouring codes"),
        ("duty_retaliation_machines", "chapters 84, 85 and 90"),
        ("duty_retaliation_all", "all goods"),
    ):
        rows = flows[script.goods(flows)[name]]
        found = duty_response.estimate(duty_response.panel(rows, rates, "2017-01", "2019-12"))
        kept, (_, row) = stored[key], next(found.iterrows())
        assert kept.value == round(row["value"], 3)
        assert kept.std_error == round(row["std_error"], 3)
        assert kept.n_obs == row["n_obs"]
        longer = duty_response.panel(rows, rates, "2015-01", "2019-12")
        drift = duty_response.estimate(longer, ("ln_duty", "trend")).iloc[1]
        assert kept.trend == (round(drift["value"], 3), round(drift["std_error"], 3))
        placebo = duty_response.panel(rows, rates, "2015-01", "2017-12", 24)
        nothing = duty_response.estimate(placebo).iloc[0]
        assert kept.placebo == (round(nothing["value"], 3), round(nothing["std_error"], 3))
