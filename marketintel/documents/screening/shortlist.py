"""The first pages: banner, shortlist, map, rank ranges, agreement, funnel."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from marketintel.analysis.markets.agreement import CONTESTED, INSUFFICIENT, ROBUST
from marketintel.documents import prose as w
from marketintel.documents.charts import maps
from marketintel.documents.engine.blocks import (
    Callout,
    Figure,
    KeyFigures,
    Stack,
    Table,
    Text,
    escape,
)
from marketintel.documents.ranking.load import LOAD_COMMAND
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.screening import pictures
from marketintel.documents.screening.whatif import assumptions
from marketintel.warehouse.context import countries_geometry

METHOD_NAMES = {"potential": "Export potential", "gravity": "Gravity", "score": "Score"}

#: Candidates drawn in the chart of ranks, beyond the shortlist.
DRAWN = 20


def banner(screen: Screen) -> Callout | None:
    """Say at the top what these data cannot answer, and what would."""
    if screen.complete:
        return None
    count = screen.goods["cmd_code"].nunique()
    return Callout(
        "warning",
        f"**Partial data.** World trade of photonic goods is not in this warehouse "
        f"({w.percent(screen.covered_pct, 0)} of the core codes asked for). The pages below screen "
        f"{count} **raw materials** that photonics depends on, over all economies: they show how "
        "the method works and who trades these materials, not where to sell lasers. No market is "
        f"called robust. The full screening runs as soon as bilateral trade is loaded: "
        f"`{LOAD_COMMAND}`.",
    )


def summary(screen: Screen) -> Stack:
    """Banner, four figures, and the answer in sentences."""
    table, name = screen.classified, screen.name(screen.exporter)
    counts = table["class"].value_counts()
    own = screen.now.indicators["own_sales_usd"].sum()
    unrealised = float(screen.opinions["potential"].sum())
    figures = [
        (
            "Markets looked at",
            f"{len(screen.now.markets)}",
            f"that buy any of these goods; {len(screen.funnel.stayed)} pass the filters",
        ),
        ("Robust", f"{counts.get(ROBUST, 0)}", "every method agrees, whatever the weights"),
        ("Contested", f"{counts.get(CONTESTED, 0)}", "at least one method is for, one against"),
        (
            "Unrealised potential",
            w.money(unrealised).replace("million", "m").replace("billion", "bn"),
            f"in these markets, a year; {name} sells {w.money(own)} abroad",
        ),
    ]
    return Stack(banner(screen), assumptions(screen), KeyFigures(figures), Text(_answer(screen)))


def _answer(screen: Screen) -> str:
    table, first = screen.classified, screen.rule.first
    names = [escape(screen.name(m)) for m in screen.shortlist[:3]]
    said = []
    if names:
        said.append(
            f"**Where next.** By mean rank over the three methods the first are {w.listing(names)}."
        )
    else:
        said.append("**Where next.** No market is among the first by any method.")
    together = int((table["votes"] == 3).sum())
    said.append(
        f"**How sure.** {w.count(together, 'market').capitalize()} of {len(table)} "
        f"{'is' if together == 1 else 'are'} among the first {first} by all three methods. "
        f"{_agreement_sentence(screen)}"
    )
    thin = table.index[table["class"] == INSUFFICIENT]
    if len(thin):
        listed = w.listing([escape(screen.name(m)) for m in thin[:6]])
        more = f" and {len(thin) - 6} more" if len(thin) > 6 else ""
        said.append(f"**Not enough data.** {listed}{more}: kept apart, not dropped.")
    best = screen.record_summary
    if len(best):
        said.append(f"**Record.** {record_sentence(screen)}")
    return "\n".join(f"- {sentence}" for sentence in said)


def record_sentence(screen: Screen) -> str:
    """Say which rule hit most in the past, method or naive."""
    table = screen.record_summary
    horizon = int(table["horizon"].max())
    n = 10 if "hit_10_pct" in table else int(screen.settings.first[0])
    rows = table[(table["horizon"] == horizon) & table[f"hit_{n}_pct"].notna()]
    if rows.empty:
        return "The years are too few to compare the methods with what happened."
    method = rows[~rows["is_naive"]].nlargest(1, f"hit_{n}_pct").iloc[0]
    naive = rows[rows["is_naive"]].nlargest(1, f"hit_{n}_pct").iloc[0]
    gap = method[f"hit_{n}_pct"] - naive[f"hit_{n}_pct"]
    verdict = (
        "The best method and the best naive rule did equally well"
        if abs(gap) < 0.5
        else "The methods beat the naive rules"
        if gap > 0
        else "A naive rule beat every method"
    )
    return (
        f"{verdict} at finding the {n} markets where sales rose most within {horizon} years: "
        f"{escape(method['rule'])} hit {w.percent(method[f'hit_{n}_pct'], 0)}, the rule "
        f"“{escape(naive['rule'])}” {w.percent(naive[f'hit_{n}_pct'], 0)}, chance "
        f"{w.percent(method[f'chance_{n}_pct'], 0)} ({int(method['n_years'])} years)."
    )


def _agreement_sentence(screen: Screen) -> str:
    known = screen.correlations.dropna(subset=["spearman"]).sort_values("spearman")
    if known.empty:
        return "Too few markets remain to say how far the methods agree."
    low = known.iloc[0]
    names = {k: v.lower() for k, v in METHOD_NAMES.items()}
    word = "against each other" if low["spearman"] < 0 else "apart"
    return (
        f"The methods furthest {word} are {names[low['method']]} and {names[low['other']]} (rank "
        f"correlation {low['spearman']:+.2f}".replace("-", "−")
        + ")."
    )


def shortlist(screen: Screen, studies: Collection[str] = ()) -> Stack:
    """The table of candidates with every method's rank, and where to read on.

    Parameters
    ----------
    screen : Screen
        The facts.
    studies : collection of str
        Market studies there are: ``edition/study``.
    """
    table = screen.classified.loc[screen.shortlist].copy()
    table.insert(0, "market", [screen.name(m) for m in table.index])
    table = table.join(screen.opinions["potential"].rename("unrealised_usd"))
    table = table.join(screen.ranges[["rank_lo", "rank_hi"]])
    table["range"] = [
        "–" if pd.isna(a) else f"{a:.0f} to {b:.0f}"
        for a, b in zip(table["rank_lo"], table["rank_hi"], strict=True)
    ]
    table["iso3"] = table.index
    columns = ["market", "class", "rank_potential", "rank_gravity", "rank_score", "range",
               "unrealised_usd", "why", "iso3"]  # fmt: skip
    return Stack(
        Table(
            table[columns],
            name="shortlist",
            caption=(
                f"Candidates for {screen.name(screen.exporter)}: {screen.what}, {screen.span}"
            ),
            formats={
                "rank_potential": "int",
                "rank_gravity": "int",
                "rank_score": "int",
                "unrealised_usd": "usd_m",
            },
            headers={
                "market": "Market",
                "class": "Class",
                "rank_potential": "Potential",
                "rank_gravity": "Gravity",
                "rank_score": "Score",
                "range": "Score, range",
                "unrealised_usd": "Unrealised",
                "why": "Why",
            },
            hide=["iso3"],
            note=f"Ranks among {len(screen.classified)} markets. Rule: {screen.rule.text}.",
            source=screen.source_line,
        ),
        Text(_links(screen, studies)),
        _map(screen),
    )


def _links(screen: Screen, studies: Collection[str]) -> str:
    items = []
    for market in screen.shortlist:
        found = [s for s in studies if f"/market-study-{market}-" in s]
        name = escape(screen.name(market))
        # A study has no shares: of a consortium, it is its largest share's country.
        seller = max(screen.shares, key=screen.shares.__getitem__)
        seller = seller if screen.is_consortium else screen.exporter
        command = f"`marketintel study {market} --exporter {seller}`"
        best = max(found, key=lambda study: (f"-{seller}-" in study, study), default="")
        link = f"[market study](../../{best}/report.html)" if best else command
        items.append(f"{name}: {link}")
    return "Read on: " + "; ".join(items) + "." if items else "There is no candidate to read on."


def _map(screen: Screen) -> Figure | None:
    values = screen.now.potential_by_market[["market", "unrealised_usd"]]
    if not (values["unrealised_usd"] > 0).any():
        return None
    top = values.nlargest(5, "unrealised_usd")
    listed = w.listing(
        [f"{screen.name(r.market)} ({w.money(r.unrealised_usd)})" for r in top.itertuples()]
    )
    return Figure(
        pictures.candidates_map(
            values,
            countries_geometry(data_dir=screen.data_dir),
            screen.members,
            {m: screen.name(m) for m in values["market"]},
        ),
        name="potential_map",
        caption=f"Unrealised export potential of {screen.name(screen.exporter)}, {screen.what}",
        alt=f"World map of unrealised potential. The largest: {listed}.",
        source=f"{screen.source_line} {maps.DISCLAIMER}",
    )


def ranks(screen: Screen) -> Stack:
    """Rank ranges and the agreement of the methods."""
    table = screen.classified.head(DRAWN).join(screen.ranges)
    table = table.assign(name=[screen.name(m) for m in table.index])
    drawn = table.dropna(subset=["rank_lo"])
    settings = screen.settings
    spread = screen.classified.dropna(subset=["rank_spread"]).nlargest(3, "rank_spread")
    apart = w.listing(
        [f"{escape(screen.name(m))} ({r:.0f} ranks)" for m, r in spread["rank_spread"].items()]
    )
    return Stack(
        Text(
            f"The grey bar is where {settings.range_pct:.0f} % of {settings.draws:,} drawn sets of "
            "weights put a market; the marks are the other two methods. Methods disagree most about "
            f"{apart}."
        )
        if len(spread)
        else None,
        Figure(
            pictures.rank_ranges(drawn, screen.rule.first, settings.range_pct),
            name="rank_ranges",
            caption=f"Ranks of the first {len(drawn)} markets by method, and under other weights",
            alt="Bars of rank ranges with marks for each method; the table of candidates has them.",
            source=screen.source_line,
        )
        if len(drawn)
        else None,
        Figure(
            pictures.agreement_matrix(screen.correlations, METHOD_NAMES),
            name="agreement",
            caption=f"Rank correlation of the methods over {len(screen.opinions)} markets (Spearman)",
            alt="; ".join(
                f"{METHOD_NAMES[str(a)]} and {METHOD_NAMES[str(b)]}: "
                + (f"{rho:+.2f}" if w.known(rho) else "not known")
                for a, b, rho in screen.correlations[["method", "other", "spearman"]].to_numpy()
            ),
        ),
        _agreement_table(screen),
    )


def _agreement_table(screen: Screen) -> Table:
    table = screen.classified.rename_axis("iso3").reset_index()
    table.insert(0, "market", table["iso3"].map(screen.name))
    columns = ["market", "rank_potential", "rank_gravity", "rank_score", "rank_spread", "class"]
    return Table(
        table[[*columns, "iso3", "mean_rank", "votes", "why"]],
        name="agreement_by_market",
        caption="Agreement by market: rank by each method, and how far they lie apart",
        formats={c: "int" for c in columns if c.startswith("rank_")},
        headers={
            "rank_potential": "Potential",
            "rank_gravity": "Gravity",
            "rank_score": "Score",
            "rank_spread": "Spread",
        },
        hide=["iso3", "mean_rank", "votes", "why"],
        printed_rows=DRAWN,
        missing="this method cannot rank it",
        source=screen.source_line,
    )


def funnel(screen: Screen) -> Stack:
    """Where and why markets left."""
    result = screen.funnel
    log = result.log.assign(name=result.log["market"].map(screen.name))
    first = screen.settings.filters[0]
    # The first filter takes many: what later ones took, and wishes, are read first.
    log = log.assign(late=log["filter"] != first.id).sort_values("late", ascending=False,
                                                                 kind="stable")  # fmt: skip
    dropped = int((log["filter"] == first.id).sum())
    unknown = int(result.steps["not_known"].sum())
    return Stack(
        Text(
            f"{w.count(dropped, 'market')} left at the first filter ({escape(first.reason)}); the "
            f"others that left stand first in the table. A market whose figure is missing "
            f"stays: that happened {w.count(unknown, 'time')}. "
            f"{w.count(len(screen.members), 'home market')} of the exporter and markets that buy "
            "none of these goods are not in the count."
        ),
        Figure(
            pictures.funnel(result.steps),
            name="funnel",
            caption="Markets that remain after each filter",
            alt="; ".join(f"{r.label}: {r.remain}" for r in result.steps.itertuples()),
        ),
        Table(
            log[["name", "label", "value", "rule", "reason", "market"]],
            name="funnel_log",
            caption="Where and why markets left",
            formats={"value": "ratio2"},
            headers={"name": "Market", "label": "Filter", "rule": "Limit"},
            hide=["market"],
            printed_rows=12,
            missing="no figure: left out on request",
        )
        if len(log)
        else None,
    )
