"""Forecasts that documents print are statsmodels'; the kernels that back-test them agree."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.forecast import chosen, fits, models, rolling, smoothing
from marketintel.analysis.forecast.combination import NAME
from marketintel.analysis.forecast.members import MODELS
from marketintel.analysis.forecast.panel import screen
from marketintel.analysis.forecast.seasonal import adjust
from marketintel.documents.document import open_document
from marketintel.documents.engine.blocks import Table
from marketintel.documents.market import proxy_class
from marketintel.documents.outlook import views
from marketintel.documents.yearly_forecasts import compute, panel_of
from marketintel.reference.headings import load_headings

AHEAD = {"A": 8, "M": 24}


@pytest.fixture(scope="module")
def outlook():
    return open_document("outlook").facts


@pytest.fixture(scope="module")
def narrow():
    """Months, years and the world of two countries."""
    return open_document(
        "outlook", countries=["CHE", "CHN"], segments=["lasers", "materials"]
    ).facts


@pytest.fixture(scope="module")
def study():
    return open_document("market_study", country="USA", exporter="EU27", segments=[], year=None)


@pytest.fixture(scope="module")
def shipped(outlook, study):
    """Batches of the series of the default outlook and of the study, years and months."""
    yearly = [outlook.years._speaking, outlook.world.panel, study.facts.forecasts.panel]
    yearly = [rows.assign(unique_id=f"{i} " + rows["unique_id"]) for i, rows in enumerate(yearly)]
    columns = ["unique_id", "ds", "y"]
    years, months = pd.concat(yearly)[columns], outlook.months.cut[columns]
    return {f: screen(p, freq=f).batches[0] for f, p in (("A", years), ("M", months))}


def mean_change(batch) -> np.ndarray:
    return np.array(
        [np.abs(np.diff(y[:n])).mean() for y, n in zip(batch.y, batch.length, strict=True)]
    )


def gap(batch, names) -> dict[str, np.ndarray]:
    """Largest difference over the horizon, in mean absolute changes of the series."""
    kernels = models.fit_models(batch, AHEAD[batch.freq], names)
    found = models.fit_models(batch, AHEAD[batch.freq], names, MODELS)
    return {n: np.abs(kernels[n].mean - found[n].mean).max(1) / mean_change(batch) for n in names}


def test_years_agree(shipped):
    """The kernel's local level knows 44 variance ratios, statsmodels' is continuous: no more."""
    gaps = gap(shipped["A"], ["naive", "drift", "theta", "shrunk_drift", NAME])
    assert max(gaps["naive"].max(), gaps["drift"].max()) < 1e-8
    assert gaps["theta"].max() < 0.02
    assert gaps["shrunk_drift"].max() < 0.1
    assert gaps[NAME].max() < 0.08


def test_months_agree_or_statsmodels_found_a_better_optimum(shipped):
    batch = shipped["M"]
    gaps = gap(batch, ["naive", "drift", "log_theta", "damped", "ets", NAME])
    assert max(gaps["naive"].max(), gaps["drift"].max()) < 1e-8
    assert gaps["log_theta"].max() < 0.05
    seen = adjust(batch).batch
    better = np.zeros(len(batch), bool)
    for kind, family in fits.FAMILIES.items():
        found, own = fits.results(seen, kind), smoothing.fit(seen.y, seen.length, family)
        n = seen.length
        likelihood = -n / 2 * (np.log(2 * np.pi * own.sse / n) + 1) + n * np.log(
            [f.unit for f in found]
        )
        gain = np.array([f.log_likelihood for f in found]) - likelihood
        assert gain.min() > -0.01, kind
        better |= gain > 0.001
    for name in ("damped", "ets", NAME):
        assert gaps[name][~better].max() < 0.05, name
        assert np.quantile(gaps[name], 0.9) < 0.05, name


def test_documents_forecast_without_the_kernels(narrow, study, monkeypatch):
    """At the last origin every kernel but dynamic theta raises; what is before it calibrates."""
    ends: dict[object, int] = {}
    roll = rolling.roll

    def noting(batch, cuts, plan):
        ends.update(zip(batch.ids, batch.last, strict=True))
        return roll(batch, cuts, plan)

    def stub(kernel, name):
        def run(problem, horizon):
            batch = problem.batch
            last = [ends.get(u) == end for u, end in zip(batch.ids, batch.last, strict=True)]
            assert not any(last), f"kernel {name} forecast the last origin"
            return kernel(problem, horizon)

        return run

    for pool in (models.RAW, models.ADJUSTED):
        for name in set(pool) - {"dynamic_theta"}:
            monkeypatch.setitem(pool, name, stub(pool[name], name))
    monkeypatch.setattr("marketintel.analysis.forecast.engine.roll", noting)
    fits._kept.clear()
    panel = study.facts.forecasts.panel
    series = pd.DataFrame({"cmd_code": panel["unique_id"], "value_usd": panel["y"],
                           "period": panel["ds"].dt.strftime("%Y")})  # fmt: skip
    assert len(compute(panel_of(series), study.facts.forecasts.month).ends)
    proxy_class._made.cache_clear()
    assert proxy_class.proxy("USA", 25.0).table["median_usd"].notna().all()
    assert len(narrow.months.fans)
    assert len(narrow.world.potential)
    assert len(narrow.years.base)
    assert len(narrow.years.weights)


def test_every_printed_forecast_of_a_study_names_class_and_parameters(study):
    """By an independent call of statsmodels: the drift of 9002 is its mean yearly change."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    placed = {b.name: b.frame for b in study.chapter("outlook").flat() if isinstance(b, Table)}
    table, printed = placed["outlook_models"], set(placed["outlook"]["heading"].astype(str))
    assert {name.split()[0] for name in table["series_name"]} == printed
    assert (table["parameters"] != "").all() and table["class_name"].str.len().gt(0).all()
    panel = study.facts.forecasts.panel
    y = panel[panel["unique_id"] == "9002"].sort_values("ds")["y"].to_numpy()
    z = (y - y[0]) / np.abs(np.diff(y)).mean()
    found = UnobservedComponents(z, "rwdrift", use_exact_diffuse=True).fit(disp=False)
    drift = float(found.filtered_state[1, -1])
    own = table[table["series_name"].str.startswith("9002")].set_index("class_name")
    assert (
        f"drift {drift:.3f}"
        in own.loc["UnobservedComponents(random walk with drift)", "parameters"]
    )


def test_series_are_named_by_goods_and_trade(narrow):
    table, _ = views.fitted_series(narrow)
    names = set(table["series_name"])
    assert "Lasers, US exports to Switzerland, by month" in names
    assert "All comparable segments, US exports to Switzerland, by year" in names
    assert not table["series_name"].str.contains("CHE|CHN|#|\\*").any()
    named = views.method(narrow)
    assert all(" of " in name or " to " in name for name in [*named["naive"], *named["wide"]])
    assert views.world(narrow)[0]["goods"].str.len().gt(3).all()


def test_the_card_counts_models_tests_and_refusals(narrow):
    """After the forecasts nothing but what was fitted for them is fitted."""
    table = views.fitted(narrow).set_index("class_name")
    months = narrow.months.fans["unique_id"].nunique()
    assert table.loc["own (dynamic optimised theta)", "fitted_series"] == months
    series = narrow.years.panel["unique_id"].nunique() + narrow.world.fans["unique_id"].nunique()
    assert table.loc["UnobservedComponents(local level)", "fitted_series"] == series
    failed = table.filter(like="_failed").drop(index="own (dynamic optimised theta)")
    assert (failed.max(axis=1) <= table.loc[failed.index, "fitted_series"]).all()
    assert failed.to_numpy().sum() > 0
    assert table["refused_series"].sum() == 0
    assert "damping trend" in table.loc["ETSModel(A,Ad,N)", "parameter_range"]


def test_breaks_are_forecast_by_sarimax_where_its_record_is_better(study):
    """Optical microscopes only: of the other broken headings the last value was hit better."""
    world = study.facts.world
    assert chosen(world.made.errors)["9011"] == "drivers"
    assert world.headings_of("metrology") == ["9011"]
    assert set(world.lost) == {"8456", "8539", "8541"}
    lasers = next(h for h in load_headings() if h.heading == "8456")
    assert "mean scaled error" in world.verdict(lasers, "laser_machines")
    rows = world.made.fitted[world.made.fitted["unique_id"] == "9011"]
    assert rows["class_name"].tolist() == ["SARIMAX(0,1,0)"]
    assert {"step 2017", "step 2018"} <= set(rows["parameters"].iloc[0])
    assert world.made.shown["unique_id"].isin(["9011"]).any()
