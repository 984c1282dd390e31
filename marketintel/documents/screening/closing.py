"""The last pages: what is missing, and where the figures come from."""

from __future__ import annotations

from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Stack, Table, Text, escape
from marketintel.documents.ranking.load import LOAD_COMMAND
from marketintel.documents.ranking.screen import Screen


def gaps(screen: Screen) -> Stack:
    """What this screening could not compute, and why; every economy that lacks a figure."""
    year = screen.now
    indicators = year.indicators
    items = []
    if not screen.complete:
        items.append(
            "**Devices.** World trade of photonic goods is not here; only raw materials are ranked. "
            f"Load it with `{LOAD_COMMAND}`."
        )
    rates = screen.inputs.duties
    if rates is None:
        items.append(
            "**Duties.** No duties are here for these goods in the revision of their codes, so the "
            "duty factor is 1 and the indicator is not known anywhere: its weight falls to "
            "distance and ties. Load them with `marketintel fetch wits`."
        )
    else:
        known = sorted(set(rates["market"]) & set(year.markets))
        items.append(
            f"**Duties.** Known for {w.count(len(known), 'market')} of {len(year.markets)}; "
            "elsewhere the factor is 1 and the indicator is not known. The record is made without "
            "duties, which are known for late years only."
        )
    items += [
        "**Outlook.** No projection of GDP is used: growth of the past five years stands in for it, "
        "and in years after the last GDP figure the latest there is.",
        "**Production.** Trade data know no domestic production; a market that makes its own goods "
        "looks small.",
        "**Re-exports.** A supplier is where goods were sent from; ports such as Hong Kong, the "
        "Netherlands and Belgium are suppliers and markets here.",
        "**Sanctions.** Embargoes and export licences are not in trade data: a market may rank high "
        "and be closed. Leave such markets out with `--exclude`.",
        "**Prices.** Values are in current dollars: a rise of sales may be a rise of prices.",
    ]
    for column, what in (
        ("gdp_growth_pct", "growth of GDP"),
        ("gdp_usd", "GDP"),
        ("distance_km", "distance"),
        ("demand_growth_pct", "growth of imports (none five years before)"),
    ):
        lacking = indicators.index[indicators[column].isna()]
        if len(lacking):
            names = w.listing([escape(screen.name(m)) for m in lacking[:10]])
            more = f" and {len(lacking) - 10} more" if len(lacking) > 10 else ""
            items.append(f"**Not known: {what}** of {names}{more}.")
    trade = screen.used[screen.used["source"] == screen.source]
    items += [
        f"**Traps in {escape(source)}.** {escape(' '.join(quirks))}"
        for source, quirks in trade[["source", "quirks"]].to_numpy()
    ]
    assumed = year.potential.assumed
    own = assumed[
        (assumed["economy"] == screen.exporter) | assumed["economy"].isin(year.markets)
    ].drop_duplicates()
    return Stack(
        Text("\n".join(f"- {item}" for item in items)),
        Table(
            own.astype("str"),
            name="assumed",
            caption="Every figure that had to be assumed",
            printed_rows=0,
        )
        if len(own)
        else None,
    )


def sources(screen: Screen) -> Stack:
    """Every source with vintage, day of compilation and licence."""
    here = screen.used
    return Stack(
        Table(
            here[["title", "vintage", "retrieved_at", "licence"]].astype("str"),
            name="sources",
            caption="Sources of this screening",
            headers={
                "title": "Data",
                "vintage": "Vintage",
                "retrieved_at": "Compiled",
                "licence": "Licence",
            },
            note="Each file's sidecar has the full citation, address, checksum and quirks.",
        ),
        Text("\n".join(f"- {escape(citation)}" for citation in here["citation"].unique())),
    )
