"""What was imagined: shares of a consortium, duties of a scenario, and what the latter moves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Callout, Stack, Table, escape
from marketintel.documents.ranking.screen import Screen


def assumptions(screen: Screen) -> Callout | None:
    """Say at the top that the exporter or the duties are imagined."""
    said = []
    if screen.is_consortium:
        shares = w.listing(
            [
                f"{w.percent(100 * share, 1)} of {escape(screen.name(member))}"
                for member, share in screen.shares.items()
            ]
        )
        said.append(
            f"**A consortium.** Its supply is {shares}, the same share of every product and "
            "market: shares were given, not measured. The rest of each economy's supply competes "
            "with it; its own countries are never candidates."
        )
    if screen.scenario:
        changes = w.listing(
            [
                f"{w.points(change)} in {escape(screen.name(market))}"
                for market, change in screen.scenario.items()
            ]
        )
        said.append(
            f"**A scenario of duties.** Goods of {escape(screen.name(screen.exporter))} pay "
            f"{changes} on top of duties in force; all others pay what they pay. It moves "
            "export potential, and through it the shortlist; gravity, score and record know "
            "nothing of it. Where no duty is known, all are taken to pay none; none falls below "
            "zero, so a cut of a duty that is not known shows nothing."
        )
    return Callout("warning", " ".join(said)) if said else None


def scenario(screen: Screen) -> Stack | None:
    """Potential in the markets of the scenario, with and without it."""
    if not screen.scenario:
        return None
    keys = ["potential_usd", "unrealised_usd"]
    without = screen.in_force.potential_by_market.set_index("market")[keys]
    imagined = screen.now.potential_by_market.set_index("market")[keys]
    table = without.add_prefix("was_").join(imagined)
    for column in ("was_unrealised_usd", "unrealised_usd"):
        table[column.replace("unrealised_usd", "rank")] = table[column].rank(
            ascending=False, method="min"
        )
    table = table[table.index.isin(list(screen.scenario))].copy()
    if table.empty:
        return Stack(Callout("note", "No market of the scenario buys any of these goods."))
    before = table["was_potential_usd"]
    table["change_pct"] = 100 * (table["potential_usd"] / before.where(before > 0) - 1)
    table["points"] = table.index.map(screen.scenario)
    table.insert(0, "name", [screen.name(m) for m in table.index])
    table = table.rename_axis("market").reset_index()
    columns = ["name", "points", "was_potential_usd", "potential_usd", "change_pct", "was_rank",
               "rank"]  # fmt: skip
    return Stack(
        Table(
            pd.DataFrame(
                table[[*columns, "was_unrealised_usd", "unrealised_usd", "market"]]
            ).replace({np.inf: np.nan}),
            name="scenario",
            caption="Export potential in the markets of the scenario, with and without it",
            formats={
                "points": "points",
                "was_potential_usd": "usd_m",
                "potential_usd": "usd_m",
                "change_pct": "pct_signed",
                "was_rank": "int",
                "rank": "int",
            },
            headers={
                "name": "Market",
                "points": "Duty",
                "was_potential_usd": "Potential now",
                "potential_usd": "In the scenario",
                "change_pct": "Change",
                "was_rank": "Rank now",
                "rank": "In the scenario",
            },
            units={"was_potential_usd": "USD m", "potential_usd": "USD m"},
            hide=["was_unrealised_usd", "unrealised_usd", "market"],
            note="Potential falls by the ratio of duties: (1 + mean duty) ÷ (1 + own duty), exponent "
            "1. Supply and demand stay. Ranks are by unrealised potential among all markets."
            + _absent(screen, table["market"]),
            missing="no potential",
            source=screen.source_line,
        )
    )


def _absent(screen: Screen, shown: pd.Series) -> str:
    gone = [screen.name(m) for m in screen.scenario if m not in set(shown)]
    return f" Not here, as they buy none of these goods: {w.listing(gone)}." if gone else ""
