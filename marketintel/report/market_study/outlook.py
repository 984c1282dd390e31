"""Forecasts of world exports of the headings that may speak for a segment, and why others may not."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from marketintel.analysis import forecast as fc
from marketintel.errors import MissingDataError
from marketintel.report import fans
from marketintel.report.blocks import Callout, Figure, Stack, Table, Text, escape
from marketintel.report.market_study import words as w
from marketintel.report.market_study.facts import Study, each
from marketintel.warehouse import query
from marketintel.warehouse.reference import Heading, Headings, load_headings

HORIZON = 5
ORIGINS = 5
MODELS = ("combination", "naive", "drift")


@dataclass(frozen=True)
class Outlook:
    """The forecasts of one study.

    Attributes
    ----------
    panel, forecasts : DataFrame
        ``unique_id`` is the heading; see :mod:`marketintel.analysis.forecast`.
    errors : DataFrame
        Rolling-origin errors by heading and model, at the level of 95 %.
    refused : DataFrame
        ``unique_id, reason``.
    """

    panel: pd.DataFrame
    forecasts: pd.DataFrame
    errors: pd.DataFrame
    coverage: pd.DataFrame
    refused: pd.DataFrame


def outlook(study: Study) -> Stack:
    """Fans, back-test errors, and the reason of every segment that has no forecast."""
    headings = load_headings()
    speaking = {s: headings.speaking_for(s) for s in study.chosen}
    chosen = {h.heading: h for found in speaking.values() for h in found}
    series, gone = _series(study, list(chosen))
    missing = _without(study, headings, speaking)
    if series.empty:
        reason = gone or "no heading may speak for a segment of this study"
        return Stack(Callout("note", f"There is no forecast: {escape(reason)}."), missing)
    result = compute(series)
    return Stack(
        Text(_sentence(study, result, chosen, speaking)),
        Figure(
            fans.fan(
                result.panel,
                result.forecasts[result.forecasts["model"] == "combination"],
                benchmark=_one_level(result.forecasts, "drift"),
                titles={h: f"Heading {h}: {chosen[h].title}" for h in chosen},
            ),
            name="outlook",
            caption=f"World exports of single headings, forecast {HORIZON} years ahead, 80 and 95 % intervals",
            alt=_sentence(study, result, chosen, speaking).replace("**", ""),
            source=_source(series),
        ),
        _forecast_table(result, chosen, speaking, study, series),
        _error_table(result, series),
        missing,
    )


def _one_level(forecasts: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return one model's means, once a date."""
    return forecasts[(forecasts["model"] == model) & (forecasts["level"] == 80)]


def compute(series: pd.DataFrame) -> Outlook:
    """Forecast and back-test the headings' series.

    Parameters
    ----------
    series : DataFrame
        ``cmd_code, period, value_usd``, each series cut at its last break.
    """
    panel = pd.DataFrame(
        {
            "unique_id": series["cmd_code"],
            "ds": pd.to_datetime(series["period"] + "-12-31"),
            "y": series["value_usd"],
        }
    )
    models = [*MODELS, "naive2"]
    forecasts = fc.forecast(panel, HORIZON, (80, 95), MODELS)
    tested = fc.backtest(panel, HORIZON, ORIGINS, (80, 95), models)
    errors = fc.accuracy(tested, panel, by=("model", "unique_id"))
    coverage = fc.accuracy(tested, panel, by=("model",))
    reasons = pd.concat([fc.refused(forecasts), fc.refused(tested)], ignore_index=True)
    return Outlook(panel, forecasts, errors, coverage, reasons.drop_duplicates("unique_id"))


def _series(study: Study, headings: list[str]) -> tuple[pd.DataFrame, str]:
    """World series of the headings from the first usable year on; and why there are none."""
    usable = {h.heading: str(h.usable_from) for h in load_headings()}
    parts, gone = [], ""
    for heading in sorted(headings):
        try:
            rows = query.world_series(heading, data_dir=study.data_dir)
        except MissingDataError as error:
            gone = str(error)
            continue
        parts.append(rows[rows["period"] >= usable[heading]])
    empty = pd.DataFrame(columns=["cmd_code", "period", "value_usd", "source", "vintage"])
    return (pd.concat(parts, ignore_index=True) if parts else empty), gone


def _sentence(
    study: Study, result: Outlook, chosen: dict[str, Heading], speaking: dict[str, list[Heading]]
) -> str:
    ends = _last(result)
    said = []
    for heading, row in ends.iterrows():
        segments = [
            study.segment_names[s].lower()
            for s, hs in speaking.items()
            if chosen[str(heading)] in hs
        ]
        said.append(
            f"World exports of heading {heading} ({escape(chosen[str(heading)].title)}; for "
            f"{w.listing(segments)}) stood at {w.money(row['last_usd'])} in {int(row['last_year'])} and are "
            f"forecast at {w.money(row['mean'])} in {int(row['last_year']) + HORIZON}; with 80{w.NBSP}% "
            f"confidence between {w.money(row['lo_80'])} and {w.money(row['hi_80'])}."
        )
    return " ".join(said)


def _last(result: Outlook) -> pd.DataFrame:
    """The last observation and the forecast of the last year, one row a heading."""
    combined = result.forecasts[result.forecasts["model"] == "combination"]
    final = combined[combined["ds"] == combined.groupby("unique_id")["ds"].transform("max")]
    wide = final.pivot_table(index="unique_id", columns="level", values=["mean", "lo", "hi"])
    table = pd.DataFrame(
        {
            "mean": wide[("mean", 80)],
            **{
                f"{side}_{level}": wide[(side, level)]
                for level in (80, 95)
                for side in ("lo", "hi")
            },
        }
    )
    last = result.panel.sort_values("ds").groupby("unique_id").last()
    table["last_usd"] = last["y"]
    table["last_year"] = last["ds"].dt.year
    for name in ("naive", "drift"):
        rows = result.forecasts[
            (result.forecasts["model"] == name) & (result.forecasts["level"] == 80)
        ]
        table[name] = rows.sort_values("ds").groupby("unique_id")["mean"].last()
    table["growth_pct"] = 100 * ((table["mean"] / table["last_usd"]) ** (1 / HORIZON) - 1)
    return table


def _forecast_table(
    result: Outlook,
    chosen: dict[str, Heading],
    speaking: dict[str, list[Heading]],
    study: Study,
    series: pd.DataFrame,
) -> Table:
    table = _last(result).reset_index(names="heading")
    table.insert(1, "title", [chosen[h].title for h in table["heading"]])
    table["segments"] = [
        w.listing([study.segment_names[s] for s, hs in speaking.items() if chosen[h] in hs])
        for h in table["heading"]
    ]
    columns = [
        "heading",
        "title",
        "segments",
        "last_usd",
        "mean",
        "lo_80",
        "hi_80",
        "lo_95",
        "hi_95",
        "growth_pct",
    ]
    year = int(table["last_year"].max())
    return Table(
        table[[*columns, "naive", "drift"]],
        name="outlook",
        caption=f"World exports by heading: {year} and the forecast of {year + HORIZON}",
        formats={
            **dict.fromkeys(
                ["last_usd", "mean", "lo_80", "hi_80", "lo_95", "hi_95", "naive", "drift"], "usd_bn"
            ),
            "growth_pct": "pct_signed",
        },
        headers={
            "heading": "Heading",
            "title": "Goods",
            "segments": "Speaks for",
            "last_usd": str(year),
            "mean": str(year + HORIZON),
            "lo_80": "80 % from",
            "hi_80": "to",
            "lo_95": "95 % from",
            "hi_95": "to ",
            "growth_pct": "A year",
            "naive": "Naive",
            "drift": "Drift",
        },
        hide=["segments", "naive", "drift"],
        note="Current US dollars. The forecast speaks about world exports of the heading, not about this market.",
        source=_source(series),
    )


def _error_table(result: Outlook, series: pd.DataFrame) -> Stack:
    at95 = result.errors[result.errors["level"] == 95]
    wide = at95[at95["model"].isin(MODELS)].pivot_table(
        index="unique_id", columns="model", values=["smape", "mase"]
    )
    cover = result.errors[result.errors["model"] == "combination"].pivot_table(
        index="unique_id", columns="level", values="coverage_pct"
    )
    points = result.panel.groupby("unique_id").size()
    tested = at95[at95["model"] == "combination"].set_index("unique_id")["forecasts"]
    table = pd.DataFrame(
        {
            "heading": wide.index,
            "points": points.reindex(wide.index).to_numpy(),
            "forecasts": tested.reindex(wide.index).astype(int).to_numpy(),
            **{f"{m}_{n}": wide[(m, n)].to_numpy() for m in ("mase", "smape") for n in MODELS},
            "coverage_80_pct": cover[80].to_numpy(),
            "coverage_95_pct": cover[95].to_numpy(),
        }
    )
    overall = result.coverage[result.coverage["level"] == 95].set_index("model")["mase"]
    better = int(
        (table["mase_combination"] < table[["mase_naive", "mase_drift"]].min(axis=1)).sum()
    )
    refused = [
        f"Heading {row.unique_id} could not be back-tested: {row.reason}."
        for row in each(result.refused)
    ]
    return Stack(
        Table(
            table,
            name="outlook_errors",
            caption="How wrong the same forecasts have been: rolling origins",
            formats={
                "points": "int",
                "forecasts": "int",
                **{f"mase_{n}": "ratio2" for n in MODELS},
                **{f"smape_{n}": "pct" for n in MODELS},
                "coverage_80_pct": "pct",
                "coverage_95_pct": "pct",
            },
            headers={
                "heading": "Heading",
                "points": "Years",
                "forecasts": "Tests",
                "mase_combination": "MASE",
                "mase_naive": "naive",
                "mase_drift": "drift",
                "smape_combination": "sMAPE",
                "smape_naive": "naive ",
                "smape_drift": "drift ",
                "coverage_80_pct": "In 80 %",
                "coverage_95_pct": "In 95 %",
            },
            hide=["points", "smape_naive", "smape_drift"],
            note=(
                f"Up to {ORIGINS} origins, each scored on the {HORIZON} years after it. MASE: mean error in units "
                "of the usual year-on-year change. In 80 %, in 95 %: how often the outcome lay in the interval."
            ),
            source=_source(series),
        ),
        Text(
            f"Over all headings the mean MASE is {overall['combination']:.2f}, against {overall['naive']:.2f} of the "
            f"naive and {overall['drift']:.2f} of the drift forecast; the combination is the best of the three for "
            f"{w.count(better, 'heading')} of {len(table)}. {' '.join(refused)}"
        ),
    )


def _without(study: Study, headings: Headings, speaking: dict[str, list[Heading]]) -> Table | None:
    """Every segment without a forecast and the reason."""
    rows = []
    for segment, found in speaking.items():
        if found:
            continue
        reasons = [h.verdict(segment) for h in headings.candidates(segment)[:2]]
        reason = (
            ". ".join(r[0].upper() + r[1:] for r in reasons) or "No heading holds its core codes"
        )
        rows.append((study.segment_names[segment], f"{reason}."))
    if not rows:
        return None
    return Table(
        pd.DataFrame(rows, columns=["segment", "reason"]),
        name="no_outlook",
        caption="Segments without a forecast, and why",
        headers={"segment": "Segment", "reason": "Why no heading speaks for it"},
        note="The rule, the cover of each heading and its breaks are in a reference file (headings.toml).",
    )


def _source(series: pd.DataFrame) -> str:
    if series.empty:
        return ""
    return f"Growth Lab, Atlas of Economic Complexity (via a public copy), vintage {series['vintage'].iloc[0]}."
