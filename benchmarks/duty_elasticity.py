"""Response of US exports to China to China's duties of 2018 and 2019.

    python benchmarks/duty_elasticity.py

Prints, for the core and neighbouring codes, for chapters 84, 85 and 90 and for all goods, the
estimate and the lines that could undo it (see ``marketintel/analysis/forecast/duty_response.py``),
a comparison with statsmodels on the narrowest, and what goes into
``marketintel/reference/elasticities.toml``.
Needs the data folder named by MARKETINTEL_SHARED (default: shared) under data/: US exports to China
by HS6 and month, and China's duties on US goods by HS6 and day, whose compilers allow figures to be
cited but not the file to be passed on.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from marketintel.analysis.forecast import duty_response
from marketintel.analysis.markets.gravity import gravity
from marketintel.reference.segments import load_segments
from marketintel.sources import snapshot
from marketintel.warehouse import store

BESIDE = Path(__file__).resolve().parents[2] / "shared"
DATA = Path(os.environ.get("MARKETINTEL_SHARED", BESIDE)) / "data"
REVISION = "HS2017"
CHAPTERS = ("84", "85", "90")


def exports() -> pd.DataFrame:
    """US exports to China by code and month."""
    rows = pd.read_parquet(DATA / "us_census_exports_to_china_hs6_monthly_2013_2021.parquet")
    rows = rows[rows["hs6"] != ""]
    return rows.rename(columns={"hs6": "cmd_code", "time": "period"})


def duties() -> pd.DataFrame:
    """China's duties on US goods by code and month, to the end of 2020."""
    steps = pd.read_csv(DATA / "china_tariff_on_us_hs6_2018_2019.csv", dtype={"hs6": str})
    steps = steps.dropna().rename(
        columns={"hs6": "cmd_code", "time_of_tariff": "since", "tariff": "rate_pct"}
    )
    return duty_response.monthly_rates(steps, "2017-01", "2020-12")


def goods(flows: pd.DataFrame) -> dict[str, pd.Series]:
    """Which rows belong to each set of goods, narrowest first."""
    core = {c for s in load_segments() for c in s.cmd_codes(REVISION, s.own)}
    return {
        "core and neighbouring codes": flows["cmd_code"].isin(core),
        "chapters 84, 85 and 90": flows["cmd_code"].str[:2].isin(CHAPTERS),
        "all goods": pd.Series(True, index=flows.index),
    }


def against_other_destinations(rates: pd.DataFrame, chosen: set[str]) -> pd.DataFrame:
    """The same codes sold elsewhere as control: what moved a code everywhere is out.

    From the shipped exports to China, Ireland, Switzerland, Turkey and Viet Nam; effects of code
    and destination, code and month, destination and month.
    """
    shipped = snapshot.find(store.default_data_dir(), "us_census_exports")[0]
    rows = store.read_parquet(shipped.path)
    months = list(rates.columns[:36])
    rows = rows[rows["period"].isin(months) & rows["cmd_code"].isin(rates.index)]
    elsewhere = set(rows.loc[rows["partner"] != "CHN", "cmd_code"])
    rows = rows[rows["cmd_code"].isin(elsewhere & chosen)]
    keys = ["cmd_code", "partner", "period"]
    cells = rows[keys[:2]].drop_duplicates().merge(pd.DataFrame({"period": months}), how="cross")
    whole = cells.merge(rows[[*keys, "value_usd"]], "left", on=keys).fillna({"value_usd": 0.0})
    duty = rates.reset_index().melt("cmd_code", var_name="period", value_name="rate")
    whole = whole.merge(duty, on=["cmd_code", "period"])
    table = pd.DataFrame(
        {
            "exporter": whole["cmd_code"],
            "market": whole["partner"],
            "period": whole["period"],
            "value_usd": whole["value_usd"],
            "heading": whole["cmd_code"].str[:4],
            "ln_duty": np.log1p(whole["rate"]).where(whole["partner"] == "CHN", 0.0),
        }
    )
    effects = ("pair", "exporter", "market")
    fits = [gravity(table, ["ln_duty"], effects, cluster=by) for by in ("exporter", "heading")]
    first = fits[0].coefficients.iloc[0]
    error = max(fit.coefficients["std_error"].iloc[0] for fit in fits)
    return pd.DataFrame(
        {"value": [first["estimate"]], "std_error": error, "n_codes": fits[0].n_clusters}
    )


def by_statsmodels(rows: pd.DataFrame) -> tuple[float, float]:
    """The main line by a generalised linear model with a dummy for every effect."""
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    season = rows["exporter"] + rows["market"]
    rows = rows[rows.groupby(season)["value_usd"].transform("sum") > 0]
    named = rows.assign(
        season=rows["exporter"] + rows["market"],
        # The months of the first year are what the seasons are measured from.
        month=(rows["period"] + rows["market"]).where(rows["period"] > "2017", "2017"),
        y=rows["value_usd"] / rows["value_usd"].mean(),
    )
    fitted = smf.glm("y ~ ln_duty + C(season) + C(month)", named, family=sm.families.Poisson())
    result = fitted.fit(
        tol=1e-10,
        cov_type="cluster",
        cov_kwds={"groups": pd.factorize(named["exporter"])[0], "use_correction": False},
    )
    n = named["exporter"].nunique()
    return float(result.params["ln_duty"]), float(result.bse["ln_duty"] * np.sqrt(n / (n - 1)))


def main() -> None:
    """Print the tables."""
    flows, rates = exports(), duties()
    for name, chosen in goods(flows).items():
        rows = flows[chosen]
        known = rows["cmd_code"].isin(rates.index)
        span = rows["period"].between("2017-01", "2019-12")
        share = rows.loc[span & known, "value_usd"].sum() / rows.loc[span, "value_usd"].sum()
        print(f"\n{name}: {100 * share:.1f} % of the trade of 2017 to 2019 has a known duty")
        table = duty_response.robustness(rows, rates, by_chapter=name != "all goods")
        print(table.to_string(index=False, float_format=lambda v: f"{v:.3f}"))
        if name != "all goods":  # only photonics' headings were compiled for the others
            control = against_other_destinations(rates, set(rows["cmd_code"]))
            print("other destinations as control:")
            print(control.to_string(index=False, float_format=lambda v: f"{v:.3f}"))
        if name.startswith("core"):
            own = duty_response.panel(rows, rates, "2017-01", "2019-12")
            value, error = by_statsmodels(own)
            first = duty_response.estimate(own).iloc[0]
            print(f"main, all digits: {first['value']:.6f} ({first['by_code']:.6f} by code)")
            print(f"by statsmodels:   {value:.6f} ({error:.6f} by code)")


if __name__ == "__main__":
    main()
