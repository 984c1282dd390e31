"""Elasticities found again in data made with them; scenarios worked by hand."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.forecast import elasticities, scenarios
from marketintel.errors import MissingDataError, UsageError


def _elasticity(driver: str = "duty", value: float = -2.0, error: float = 0.5):
    return elasticities.Elasticity(
        "mine", driver, value, error, 10, 5, "years", "by hand", "none", "a source", "all"
    )


@pytest.fixture(scope="module")
def flows() -> pd.DataFrame:
    """Imports that answer to duties with -3, partner and code effects on top."""
    rng = np.random.default_rng(6)
    rows = []
    for p in range(30):
        for c in range(20):
            level = np.exp(rng.normal(10, 1))
            for year in ("2024", "2025"):
                new = year == "2025"
                rate = 0.02 + new * (0.01 * (p % 10) + 0.1 * rng.random())
                shift = new * (0.05 * p - 0.03 * c)
                noise = rng.normal(0, 0.1)
                value = level * (1 + rate) ** -3 * np.exp(shift + noise)
                rows.append((f"P{p}", f"{c:06}", year, value, value * rate))
    return pd.DataFrame(rows, columns=["partner", "cmd_code", "period", "value_usd", "duties_usd"])


def test_duty_elasticity_is_found_again(flows):
    first, across = elasticities.duty(flows, "made", "nobody")
    assert first.key == "duty"
    assert first.n_obs == len(flows)
    assert first.n_clusters == 30
    assert abs(first.value + 3) < 3 * first.std_error
    assert first.std_error < 0.4
    # partner shocks that go with the duty: only the first specification takes them out
    confounded = flows.assign(bias=flows["partner"].str[1:].astype(int) % 10)
    push = np.where(flows["period"] == "2025", np.exp(0.1 * confounded["bias"]), 1.0)
    moved = flows.assign(value_usd=flows["value_usd"] * push, duties_usd=flows["duties_usd"] * push)
    again, wrong = elasticities.duty(moved, "made", "nobody")
    assert again.value == pytest.approx(first.value, abs=0.15)
    assert wrong.value > across.value + 1


def test_a_pair_without_a_rate_in_both_years_does_not_count(flows):
    holed = flows.copy()
    holed.loc[0, "duties_usd"] = np.nan
    holed.loc[3, "value_usd"] = 0.0
    assert elasticities.duty(holed, "made", "nobody")[0].n_obs == len(flows) - 4
    with pytest.raises(MissingDataError, match="two years"):
        elasticities.duty(flows[flows["period"] == "2025"], "made", "nobody")


def test_the_last_two_years_are_taken_of_more(flows):
    early = flows[flows["period"] == "2024"].assign(period="2019")
    found = elasticities.duty(pd.concat([early, flows]), "made", "nobody")
    assert found[0].value == elasticities.duty(flows, "made", "nobody")[0].value
    assert found[0].label == "Duty, US 2024–25"


def test_duties_that_do_not_vary_give_no_elasticity(flows):
    same = flows.assign(duties_usd=0.0)
    with pytest.raises(MissingDataError, match="varies beyond the effects"):
        elasticities.duty(same, "made", "nobody")
    with pytest.raises(MissingDataError, match="too little to estimate from in made"):
        elasticities.duty(flows[(flows["partner"] == "P1") & (flows["cmd_code"] == "000001")],
                          "made", "nobody")  # fmt: skip


def test_income_elasticities_are_found_again():
    rng = np.random.default_rng(2)
    years = pd.to_datetime([f"{y}-12-31" for y in range(1996, 2024)])
    gdp = rng.normal(0.05, 0.05, len(years))
    growth = pd.concat(
        pd.DataFrame(
            {
                "unique_id": f"h{i}",
                "ds": years,
                "ln_gdp_change": gdp,
                "ln_y_change": 0.01 * i + 1.5 * gdp + rng.normal(0, 0.05, len(years)),
            }
        )
        for i in range(10)
    )
    world = elasticities.gdp_world(growth, "made", "nobody")
    assert abs(world.value - 1.5) < 3 * world.std_error
    assert (world.n_obs, world.n_clusters) == (280, 28)
    with pytest.raises(MissingDataError, match="ten years"):
        elasticities.gdp_world(growth[growth["ds"].dt.year > 2015], "made", "nobody")
    rows = [
        (s, d, y, np.exp(s_i + d_i + 0.8 * g + rng.normal(0, 0.02)), np.exp(g))
        for d_i, d in enumerate("ABCDE")
        for y, g in zip(range(2013, 2024), np.cumsum(rng.normal(0.03, 0.1, 11)), strict=True)
        for s_i, s in enumerate(("x", "y", "z"))
    ]
    frame = pd.DataFrame(rows, columns=["segment", "partner", "period", "value_usd", "gdp_usd"])
    place = elasticities.gdp_destination(frame, "made", "nobody")
    assert abs(place.value - 0.8) < 0.05
    assert place.n_clusters == 15
    assert list(elasticities.table([world, place])["key"]) == ["gdp_world", "gdp_destination"]


def test_exchange_rate_elasticity_is_found_again_beside_income():
    rng = np.random.default_rng(9)
    rows = []
    for d in "ABCDEF":
        gdp, rate = np.cumsum(rng.normal(0.03, 0.05, 12)), np.cumsum(rng.normal(0, 0.1, 12))
        for t in range(12):
            for s, level in (("x", 3.0), ("y", 5.0)):
                ln = level + 0.9 * gdp[t] + 0.6 * rate[t] + rng.normal(0, 0.02)
                # GDP in dollars holds the rate; the estimate takes it out again
                rows.append((s, d, 2010 + t, np.exp(ln), np.exp(gdp[t] + rate[t]), np.exp(rate[t])))
    columns = ["segment", "partner", "period", "value_usd", "gdp_usd", "usd_per_local"]
    frame = pd.DataFrame(rows, columns=columns)
    found = elasticities.exchange_rate(frame, "made", "nobody")
    assert abs(found.value - 0.6) < 0.05
    assert found.driver == "exchange_rate"
    few = frame.assign(usd_per_local=frame["usd_per_local"].where(frame["partner"].isin(["A"])))
    with pytest.raises(MissingDataError, match="rates of 1 of"):
        elasticities.exchange_rate(few, "made", "nobody")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "US duty on EU lasers +5 points from 2026",
            ("duty", 5.0, 2026, "US", "EU", "lasers"),
        ),
        ("GDP of Viet Nam −1.5 points a year from 2027", ("gdp", -1.5, 2027, "Viet Nam", "", "")),
        ("currency of CHE -10 % from 2026", ("exchange_rate", -10.0, 2026, "CHE", "", "")),
    ],
)
def test_a_sentence_is_read(text, expected):
    found = scenarios.parse(text)
    assert (
        found.driver, found.change, found.year, found.importer, found.exporter, found.segment
    ) == expected  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "more lasers", "US duty on EU lasers from 2026", "GDP of CHE +0 points from 2026",
     "currency of CHE -100 % from 2026", "US duty on EU lasers +5 points from 26"],
)  # fmt: skip
def test_what_is_no_scenario_is_refused(text):
    with pytest.raises(UsageError, match="scenario"):
        scenarios.parse(text)


def test_a_duty_by_hand():
    baseline = pd.DataFrame(
        {"unique_id": "a", "ds": pd.to_datetime(["2025-12-31", "2026-12-31"]), "mean": [100.0, 110]}
    )
    what = scenarios.parse("US duty on EU lasers +5 points from 2026")
    rows = scenarios.apply(baseline, what, _elasticity(), rate=0.10)
    assert list(rows["scenario"]) == pytest.approx([100, 110 * (1.15 / 1.10) ** -2])
    assert list(rows["lo_95"]) == pytest.approx([100, 110 * (1.15 / 1.10) ** -2.98])
    assert list(rows["hi_95"]) == pytest.approx([100, 110 * (1.15 / 1.10) ** -1.02])
    assert rows["change_pct"].iloc[1] == pytest.approx(100 * ((1.15 / 1.10) ** -2 - 1))
    assert set(rows["std_error"]) == {0.5}
    assert set(rows["source"]) == {"a source"}
    assert set(rows["assumption"]) == {what.text}


def test_growth_adds_up_over_years_and_a_currency_does_not():
    ds = pd.to_datetime(["2025-12-31", "2026-12-31", "2028-12-31"])
    baseline = pd.DataFrame({"unique_id": "a", "ds": ds, "mean": 100.0})
    gdp = scenarios.apply(
        baseline, scenarios.parse("GDP of CHE +1 point from 2026"), _elasticity("gdp", 1.5, 0.2)
    )
    assert list(gdp["scenario"]) == pytest.approx([100, 100 * 1.01**1.5, 100 * 1.01**4.5])
    money = scenarios.parse("currency of CHE -10 % from 2026")
    fx = scenarios.apply(baseline, money, _elasticity("exchange_rate", -1.0, 0.0))
    assert list(fx["scenario"]) == pytest.approx([100, 100 / 0.9, 100 / 0.9])


def test_an_elasticity_of_another_driver_is_refused():
    baseline = pd.DataFrame({"unique_id": "a", "ds": pd.to_datetime(["2026-12-31"]), "mean": 1.0})
    with pytest.raises(UsageError, match="needs an elasticity to gdp"):
        scenarios.apply(baseline, scenarios.parse("GDP of CHE +1 point from 2026"), _elasticity())
    with pytest.raises(UsageError, match="minus 100"):
        scenarios.apply(
            baseline, scenarios.parse("US duty on EU lasers -200 points from 2026"), _elasticity()
        )
