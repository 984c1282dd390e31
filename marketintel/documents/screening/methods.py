"""The pages behind the ranks: factors of the potential, gravity, segments, and the record."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.markets.candidates import NAIVE, REGRESSORS
from marketintel.analysis.markets.gravity import gravity as fit_gravity
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Callout, Figure, Stack, Table, Text, escape
from marketintel.documents.engine.formats import show
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.screening import pictures
from marketintel.documents.screening.shortlist import record_sentence
from marketintel.documents.screening.whatif import scenario as imagined
from marketintel.errors import MissingDataError
from marketintel.warehouse.context import pairs_yearly

TERMS = {
    "ln_distance": "Distance (logarithm)",
    "contiguous": "Common border",
    "common_language": "Common official language",
    "colony": "Colonial tie",
}


def potential(screen: Screen) -> Stack:
    """The largest cells with every factor, and what had to be assumed."""
    cells = screen.now.potential.cells(screen.exporter)
    cells = cells[~cells["is_home"] & (cells["potential_usd"] > 0)]
    names = dict(zip(screen.goods["cmd_code"], screen.goods["group_name"], strict=True))
    cells = cells.sort_values("unrealised_usd", ascending=False, ignore_index=True)
    cells.insert(0, "name", cells["market"].map(screen.name))
    cells.insert(1, "goods", cells["cmd_code"].map(names))
    cells["supply_pct"] = 100 * cells["supply"]
    columns = ["name", "goods", "supply_pct", "demand_usd", "distance", "ease", "potential_usd",
               "unrealised_usd"]  # fmt: skip
    rest = [c for c in map(str, cells) if c not in columns]
    return Stack(
        Text(
            "Potential is supply × demand × distance × duty × ease. Each factor of every product "
            "and market is in the tables of this edition; the largest cells are printed. Ease is "
            "what two economies trade already, against what their shares of world trade would give: "
            "where nothing is traded yet, ease and potential are zero, and this method is blind."
        ),
        Table(
            cells[[*columns, *rest]].head(1000),
            name="potential_cells",
            caption=f"Where potential is unrealised: product by market, {screen.span}",
            formats={
                "supply_pct": "pct",
                "demand_usd": "usd_m",
                "distance": "ratio2",
                "ease": "ratio2",
                "potential_usd": "usd_m",
                "unrealised_usd": "usd_m",
            },
            headers={
                "name": "Market",
                "supply_pct": "Supply",
                "demand_usd": "Demand",
                "potential_usd": "Potential",
                "unrealised_usd": "Unrealised",
            },
            units=dict.fromkeys(("demand_usd", "potential_usd", "unrealised_usd"), "USD m"),
            hide=rest,
            printed_rows=12,
            note=(
                "Supply: share of world exports if GDP grows as before, lowered where the exporter "
                "imports more than it sells. Distance: 1 is neutral. No duties are known for "
                "these goods: that factor is 1, but for a scenario."
                if screen.inputs.duties is None
                else "Distance: 1 is neutral; the factor of duty is in the tables."
            ),
            source=screen.source_line,
        ),
        imagined(screen),
        Text(_assumed(screen)),
    )


def _assumed(screen: Screen) -> str:
    """Sentences on figures that were not known: counted here, listed in the gaps."""
    said = screen.now.potential.assumed
    own = said[(said["economy"] == screen.exporter) & said["other"].isin(screen.now.markets)]
    markets = said[
        said["factor"].str.endswith("of market") & said["economy"].isin(screen.now.markets)
    ]
    parts = []
    for factor, rows in markets.groupby("factor"):
        some = w.listing([escape(screen.name(m)) for m in rows["economy"].head(6)])
        more = f" and {len(rows) - 6} more" if len(rows) > 6 else ""
        parts.append(
            f"{w.sentence(str(factor))} is not known for {some}{more}: the median of the others stands in its place."
        )
    far = own[own["factor"] == "distance"]["other"]
    if len(far):
        some = w.listing([escape(screen.name(m)) for m in far.head(6)])
        more = f" and {len(far) - 6} more" if len(far) > 6 else ""
        parts.append(f"The distance to {some}{more} is not known: its factor is 1.")
    return "**What was assumed.** " + (" ".join(parts) or "Nothing: all figures are known.")


def gravity(screen: Screen) -> Stack:
    """Coefficients, and predicted against actual trade with intervals."""
    model = fit_gravity(screen.now.gravity_rows, REGRESSORS)
    terms = model.coefficients.assign(label=model.coefficients["term"].map(TERMS))
    table = screen.now.gravity.sort_values("gap_usd", ascending=False, ignore_index=True)
    table.insert(0, "name", table["market"].map(screen.name))
    agreements = _agreements(screen)
    table = table.merge(agreements, "left", on="market")
    known = list(agreements.columns.drop("market"))
    table[known] = table[known].fillna("not stated")
    lost = w.listing([f"{n:,} because {reason}" for reason, n in
                      model.dropped.itertuples(index=False)])  # fmt: skip
    verdicts = table["verdict"].value_counts()
    return Stack(
        Text(
            f"Poisson pseudo-maximum likelihood over {model.n_obs:,} pairs of economies, of which "
            f"{model.n_zeros:,} without trade, with an effect for every exporter and every market; "
            f"errors clustered by pair. Of {model.n_rows:,} pairs {lost or 'none'} did not count. "
            "Each pair is then predicted by a model that has not seen it, and the interval is where "
            "80 % of such predictions ended. **This is a potential, not a forecast**: what trade "
            "would be if the pair were like others at this distance. Most intervals reach down to "
            f"zero, as many pairs do not trade: {verdicts.get('below', 0)} of {len(table)} markets "
            "lie below theirs."
        ),
        Table(
            terms[["label", "estimate", "std_error", "lo", "hi", "p_value", "term"]],
            name="gravity_terms",
            caption=f"Gravity of {screen.what}, {screen.span}",
            formats=dict.fromkeys(("estimate", "std_error", "lo", "hi", "p_value"), "ratio3"),
            headers={
                "label": "Term",
                "std_error": "Standard error",
                "lo": "95 % from",
                "hi": "to",
                "p_value": "p",
            },
            hide=["term"],
            missing="held by the effects: no estimate",
            source=screen.source_line,
        ),
        Table(
            table[["name", "actual_usd", "predicted_usd", "lo_usd", "hi_usd", "gap_usd", "verdict",
                   *known, "market"]],
            name="gravity_markets",
            caption=f"What {screen.name(screen.exporter)} sells and what gravity predicts",
            formats={
                "actual_usd": "usd_m",
                "predicted_usd": "usd_m",
                "lo_usd": "usd_m",
                "hi_usd": "usd_m",
                "gap_usd": "usd_m_signed",
            },
            headers={
                "name": "Market",
                "actual_usd": "Actual",
                "predicted_usd": "Predicted",
                "lo_usd": "80 % from",
                "hi_usd": "to",
                "gap_usd": "Predicted − actual",
            },
            units=dict.fromkeys(
                ("actual_usd", "predicted_usd", "lo_usd", "hi_usd", "gap_usd"), "USD m"
            ),
            hide=["market"],
            printed_rows=12,
            missing="not predicted: distance not known, or a member that trades nothing",
            source=_cited(screen, bool(known)),
        ),
    )  # fmt: skip


def _agreements(screen: Screen) -> pd.DataFrame:
    """Return ``market, trade agreement`` where ties by year have been fetched; else no column."""
    try:
        ties = pairs_yearly(screen.members, screen.year, screen.data_dir)
    except MissingDataError:
        return pd.DataFrame({"market": pd.Series(dtype="str")})
    stated = ties.dropna(subset=["trade_agreement"])
    share = stated.astype({"trade_agreement": "float64"}).groupby("destination")["trade_agreement"]
    said = share.mean().map(lambda x: {1.0: "yes", 0.0: "no"}.get(x, "some members"))
    column = f"trade agreement {ties['period'].iloc[0]}"
    return said.rename(column).rename_axis("market").reset_index()


def _cited(screen: Screen, with_agreements: bool) -> str:
    rows = screen.coverage[screen.coverage["source"] == "cepii_gravity"]
    more = [str(text) for text in rows["citation"].unique()] if with_agreements else []
    return " ".join([screen.source_line, *more])


def by_group(screen: Screen) -> Stack:
    """First markets of each segment or material, with the interval of gravity."""
    table = screen.by_group.copy()
    for column in ("market", "rank_potential", "rank_gravity", "rank_score", "unrealised_usd",
                   "actual_usd", "predicted_usd", "lo_usd", "hi_usd", "verdict"):  # fmt: skip
        if column not in table:
            table[column] = None if column in ("market", "verdict") else float("nan")
    table["name"] = [
        screen.name(m) if isinstance(m, str) else f"not screened: {note}"
        for m, note in zip(table["market"], table["note"], strict=True)
    ]
    table["interval"] = [
        f"{show(lo, 'usd_m')} to {show(hi, 'usd_m')}" if w.known(hi) else None
        for lo, hi in zip(table["lo_usd"], table["hi_usd"], strict=True)
    ]
    table["ranks"] = [
        " / ".join("–" if pd.isna(rank) else f"{rank:.0f}" for rank in three)
        for three in table[["rank_potential", "rank_gravity", "rank_score"]].to_numpy(float)
    ]
    columns = ["group_name", "name", "ranks", "unrealised_usd", "actual_usd", "predicted_usd",
               "interval", "verdict"]  # fmt: skip
    rest = ["group", "market", "rank_potential", "rank_gravity", "rank_score", "lo_usd", "hi_usd"]
    money = ["unrealised_usd", "actual_usd", "predicted_usd"]
    thing = "segment" if screen.complete else "material"
    return Stack(
        Table(
            table[[*columns, *rest]],
            name="by_group",
            caption=f"The first three markets of each {thing}, by mean rank, {screen.span}",
            formats=dict.fromkeys(money, "usd_m"),
            headers={
                "name": "Market",
                "unrealised_usd": "Unrealised",
                "actual_usd": "Actual",
                "predicted_usd": "Gravity",
                "interval": "80 % interval",
                "verdict": "Actual lies",
            },
            units=dict.fromkeys([*money, "interval"], "USD m"),
            group_col="group_name",
            hide=rest,
            note=(
                "Ranks by potential / gravity / score. "
                f"Only markets that passed the filters. Ease is read from all goods together: one "
                f"{thing} alone would only repeat actual trade."
            ),
            missing="not known",
            source=screen.source_line,
        )
    )


def record(screen: Screen) -> Stack:
    """What the methods would have said in earlier years, against what happened."""
    table = screen.record_summary
    if table.empty:
        return Stack(Callout("warning", "The years are too few for a record."))
    first = [n for n in screen.settings.first if f"hit_{n}_pct" in table]
    shown = table.copy()
    shown["rule"] = [
        f"{rule} (naive)" if naive else rule
        for rule, naive in zip(shown["rule"], shown["is_naive"], strict=True)
    ]
    shown["horizon_name"] = shown["horizon"].map(lambda h: f"{h} years ahead")
    hits = [f"hit_{n}_pct" for n in first]
    chances = {n: float(table[f"chance_{n}_pct"].mean()) for n in first}
    chance = ", ".join(f"{c:.0f} % of the first {n}" for n, c in chances.items() if w.known(c))
    rules = {"gravity": "gravity", "potential": "export potential", "score": "score"} | {
        rule: f"{rule} (naive)" for rule in NAIVE[:1] + NAIVE[2:]
    }
    horizon = int(table["horizon"].max())
    return Stack(
        Text(
            f"For every year from {table['first_year'].min()} the markets were ranked with data up to "
            "that year only, before any filter, and compared with where the exporter's sales rose most "
            "in current dollars. Beside the methods stand rules that need none: sell where the market "
            "is largest, where it grew fastest, where we sell most already."
        ),
        Callout("key", record_sentence(screen)),
        Table(
            shown[["horizon_name", "rule", *hits, "rank_corr", "years_ahead_of_naive", "n_years",
                   "first_year", "last_year", "horizon"]],
            name="record",
            caption=f"Hit rates and rank correlation of {screen.name(screen.exporter)}'s rankings",
            formats=dict.fromkeys(hits, "pct")
            | {"rank_corr": "ratio2", "years_ahead_of_naive": "int", "n_years": "int"},
            headers={f"hit_{n}_pct": f"Hits in {n}" for n in first}
            | {
                "rank_corr": "Rank correlation",
                "years_ahead_of_naive": "Years ahead of naive",
                "n_years": "Years",
            },
            group_col="horizon_name",
            hide=["first_year", "last_year", "horizon"],
            note=(
                f"Hits: share of the first n by the ranking that were among the first n by rise of "
                f"sales; chance alone gives {chance or 'nothing, as there are too few markets'}. Years ahead: in how many its rank correlation "
                "was above that of every naive rule."
            ),
            missing="not asked of a naive rule",
            source=screen.source_line,
        ),
        Figure(
            pictures.record_lines(screen.record, rules, horizon),
            name="record_lines",
            caption=f"Rank correlation with what happened within {horizon} years, year by year",
            alt="Lines of yearly rank correlations by rule; the table of yearly figures has them.",
            source=screen.source_line,
        ),
        Table(
            screen.record,
            name="record_by_year",
            caption="The record year by year",
            formats={c: "pct" for c in map(str, screen.record) if c.endswith("_pct")}
            | {"rank_corr": "ratio2"},
            printed_rows=0,
        ),
    )  # fmt: skip


def indicator_table(screen: Screen) -> Table:
    """Figures and indices behind the score, every market that stayed."""
    values = screen.now.indicators.loc[screen.funnel.stayed]
    table = values.join(screen.scores).join(screen.index.add_suffix("_index"))
    table.insert(0, "name", [screen.name(m) for m in table.index])
    table = table.sort_values("rank").rename_axis("market").reset_index()
    shown = ["name", "demand_usd", "demand_growth_pct", "gdp_growth_pct", "distance_km",
             "attractiveness", "access", "score"]  # fmt: skip
    rest = [c for c in map(str, table) if c not in shown]
    weights = "; ".join(f"{i.label} {i.weight:g}" for i in screen.settings.indicators)
    return Table(
        pd.DataFrame(table[[*shown, *rest]]),
        name="score",
        caption=f"Figures behind the score, {screen.span}",
        formats={
            "demand_usd": "usd_m",
            "demand_growth_pct": "pct_signed",
            "gdp_growth_pct": "pct_signed",
            "distance_km": "int",
            "attractiveness": "int",
            "access": "int",
            "score": "int",
        },
        headers={
            "name": "Market",
            "demand_usd": "Imports",
            "demand_growth_pct": "Growth a year",
            "gdp_growth_pct": "GDP a year",
            "distance_km": "Distance",
        },
        units={"distance_km": "km", "demand_usd": "USD m"},
        hide=rest,
        printed_rows=15,
        note=f"Weights within the sides: {weights}. Attractiveness "
        f"{screen.settings.sides['attractiveness']:g}, access {screen.settings.sides['access']:g}.",
        source=screen.source_line,
    )
