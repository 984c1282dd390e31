"""Devices as seen through US imports: who could supply what, and what suppliers pay at entry.

The only complete supplier × product matrix of the starter data is what one market imports. It says
something about suppliers and nothing about other markets; the page says which is which.
"""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.trade import complexity, duties, suppliers
from marketintel.analysis.trade.frames import CORE, NEIGHBOUR, OWN
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Callout, Stack, Table, Text, escape
from marketintel.documents.ranking.load import LOAD_COMMAND
from marketintel.documents.ranking.screen import Screen
from marketintel.errors import MissingDataError
from marketintel.reference.countries import group_members
from marketintel.reference.segments import load_segments
from marketintel.warehouse.flows import flows
from marketintel.warehouse.totals import supplier_matrix

MARKET = "USA"
#: A supplier that sells less than this to the market has no structure to compare.
SMALLEST_USD = 1e9


def supply_side(screen: Screen) -> Stack:
    """Specialisation and relatedness of the exporter by segment, through one market's imports."""
    if MARKET in screen.members:
        return Stack(
            Callout("note", f"{screen.name(MARKET)} is the exporter: its own imports say nothing "
                            "about what it sells.")
        )  # fmt: skip
    try:
        matrix = supplier_matrix(MARKET, data_dir=screen.data_dir)
    except MissingDataError as error:
        return Stack(Callout("warning", f"No imports by supplier are here: {escape(error)}."))
    year = matrix["period"].max()
    matrix = matrix[matrix["period"] == year]
    segments = load_segments()
    codes = segments.frame()
    groups = {screen.exporter: screen.members} if screen.members != [screen.exporter] else None
    table = suppliers.specialisation(matrix, codes, OWN, groups)
    own = table[table["partner"] == screen.exporter].set_index("segment")
    if own.empty:
        name = escape(screen.name(screen.exporter))
        return Stack(Callout("note", f"{name} sells nothing to {screen.name(MARKET)}."))
    best = table[table["rca_in_market"].notna()].sort_values("value_usd", ascending=False)
    leader = best[best["partner"] != screen.exporter].groupby("segment")["partner"].first()
    near = _relatedness(matrix, codes, groups, screen.exporter)
    rows = own[["value_usd", "segment_share_of_supplier_pct", "rca_in_market"]].join(near)
    rows["leader"] = leader.reindex(rows.index).map(screen.name, na_action="ignore")
    rows.insert(0, "name", rows.index.map(segments.names()))
    rows = rows.sort_values("value_usd", ascending=False).rename_axis("segment").reset_index()
    lacks = screen.name(MARKET)
    return Stack(
        _whole(screen),
        Callout(
            "warning",
            f"**What this page cannot show.** It sees {escape(screen.name(screen.exporter))} only "
            f"through what {lacks} imported in {year}: distance, duties and supply chains between the "
            "two are in every figure, other markets are not. No country is ranked for devices here. "
            f"World trade of devices comes with `{LOAD_COMMAND}`.",
        ),
        Table(
            rows[["name", "value_usd", "segment_share_of_supplier_pct", "rca_in_market",
                  "relatedness_pct", "leader", "segment", "n_codes", "n_present"]],
            name="supply_side",
            caption=(
                f"{screen.name(screen.exporter)} by segment as seen through imports of {lacks}, "
                f"core codes, {year}"
            ),
            formats={
                "value_usd": "usd_m",
                "segment_share_of_supplier_pct": "pct",
                "rca_in_market": "ratio2",
                "relatedness_pct": "pct",
            },
            headers={
                "name": "Segment",
                "value_usd": "Sales",
                "segment_share_of_supplier_pct": "Share of its sales",
                "rca_in_market": "Specialisation",
                "relatedness_pct": "Relatedness",
                "leader": "Largest other supplier",
            },
            hide=["segment", "n_codes", "n_present"],
            note=(
                "Specialisation: above 1, the segment weighs more in what the exporter sells here than "
                "in all imports. Relatedness: how much of what is usually sold together with the "
                "segment's products the exporter sells already, mean over its codes; suppliers above "
                "USD 1 billion, all HS6 products."
            ),
            missing="no core code in these imports",
            source=_source(screen),
        ),
    )  # fmt: skip


def access(screen: Screen) -> Stack:
    """Duties by competitor and their change in the market with known duties; facts beyond duties."""
    return Stack(_whole(screen), _duties(screen), _nontariff(screen))


def _whole(screen: Screen) -> Callout | None:
    """Of a consortium these pages know the economies only."""
    if not screen.is_consortium:
        return None
    return Callout(
        "note", "Figures here are of the whole economies, not of the consortium's shares."
    )


def _duties(screen: Screen) -> Stack | Callout:
    if MARKET in screen.members:
        return Callout("note", "Duties are known for the exporter's own market only: not shown.")
    known = load_segments()
    near = all(known[segment].own == NEIGHBOUR for segment in screen.segments_asked)
    scope = NEIGHBOUR if near else CORE
    try:
        rows = flows(reporter=MARKET, segments=screen.segments_asked, scope=scope,
                     data_dir=screen.data_dir)  # fmt: skip
    except MissingDataError as error:
        return Callout("warning", f"No duties are known: {escape(error)}.")
    alone = screen.members == [screen.exporter]
    groups = {} if alone else {screen.exporter: screen.members}
    union = group_members("EU27")
    if not set(union) & set(screen.members):
        groups["EU27"] = union
    rates = duties.effective_duty(rows, "partner", scope, groups)
    year = rates["period"].max()
    now = rates[rates["period"] == year]
    if not (now["partner"] == screen.exporter).any():
        return Callout("note", f"{escape(screen.name(screen.exporter))} pays no duties here.")
    gap = duties.duty_gap(rows[rows["period"] == year], screen.exporter, (), scope, groups)
    table = now.merge(gap[["partner", "like_for_like_gap_pp"]], "left", on="partner")
    table = table.sort_values("customs_value_usd", ascending=False, ignore_index=True)
    table.insert(0, "name", table["partner"].map(screen.name))
    own = table[table["partner"] == screen.exporter].iloc[0]
    others = table[table["partner"] != screen.exporter]
    mean = 100 * others["duties_usd"].sum() / others["customs_value_usd"].sum()
    margin = mean - own["effective_duty_pct"]
    base = own["base_period"]
    said = (
        f"Goods of {w.the(escape(screen.name(screen.exporter)))} paid "
        f"{w.percent(own['effective_duty_pct'])} of customs value when they entered "
        f"{w.the(screen.name(MARKET))} in {year} ({w.points(own['effective_duty_change_pp'])} on "
        f"{base}); all others together paid {w.percent(mean)}. The margin is {w.points(margin)}, of "
        "two different baskets: like for like stands in the table."
    )
    return Stack(
        Text(said),
        Table(
            table[["name", "customs_value_usd", "effective_duty_pct", "effective_duty_change_pp",
                   "like_for_like_gap_pp", "partner", "duties_usd", "covered_pct"]],
            name="access_duties",
            caption=f"Effective calculated duty by supplier, {screen.name(MARKET)}, core codes, {year}",
            formats={
                "customs_value_usd": "usd_m",
                "effective_duty_pct": "pct",
                "effective_duty_change_pp": "points",
                "like_for_like_gap_pp": "points",
            },
            headers={
                "name": "Supplier",
                "customs_value_usd": "Customs value",
                "effective_duty_pct": "Duty",
                "effective_duty_change_pp": f"Change on {base}",
                "like_for_like_gap_pp": "Like for like",
            },
            hide=["partner", "duties_usd", "covered_pct"],
            highlight=(table["partner"] == screen.exporter).tolist(),
            printed_rows=12,
            note=(
                "Calculated duty ÷ customs value: an average over a year in which measures changed, "
                "not a rate in force. Like for like: what the supplier pays on the exporter's basket, "
                "less what the exporter pays; above zero is the exporter's advantage."
            ),
            missing="no earlier figure, or no product in common",
            source=_source(screen),
        ),
    )  # fmt: skip


def _nontariff(screen: Screen) -> Table:
    facts = screen.nontariff
    wanted = {*screen.shortlist, screen.exporter, MARKET, "*"}
    rows = facts[facts["market"].isin(wanted)].copy()
    rows["where"] = ["everywhere" if m == "*" else screen.name(m) for m in rows["market"]]
    rows["by"] = rows["measure_by"].map(screen.name)
    rows["since"] = rows["since"].replace("", None)
    columns = ["where", "by", "kind", "fact", "since", "source"]
    return Table(
        pd.DataFrame(rows[[*columns, "as_of", "url", "segments", "cmd_codes", "market"]]),
        name="nontariff",
        caption="What no duty shows: cited facts, not a complete list",
        headers={"where": "Market", "by": "Measure of", "since": "Since", "source": "Read in"},
        hide=["as_of", "url", "segments", "cmd_codes", "market"],
        note="From reference/nontariff.csv; addresses and dates of reading are in the tables of this "
        "edition. Check before acting: measures change.",
        missing="date not given in the source",
    )


def _relatedness(
    matrix: pd.DataFrame, codes: pd.DataFrame, groups: dict[str, list[str]] | None, exporter: str
) -> pd.DataFrame:
    """Mean density of the exporter around each segment's core codes; index segment."""
    owner = {m: name for name, members in (groups or {}).items() for m in members}
    rows = matrix.assign(partner=matrix["partner"].map(owner).fillna(matrix["partner"]))
    wide = rows.pivot_table(index="partner", columns="cmd_code", values="value_usd", aggfunc="sum",
                            fill_value=0.0)  # fmt: skip
    kept, _ = complexity.without_tiny(wide, SMALLEST_USD)
    empty = pd.DataFrame(columns=["relatedness_pct", "n_codes", "n_present"])
    if exporter not in kept.index:
        return empty
    m = complexity.presence(kept)
    own = complexity.density(m).T[exporter]
    core = codes[codes["scope"].isin(OWN) & codes["cmd_code"].isin(kept.columns)]
    present = m.T[exporter]
    core = core.assign(d=core["cmd_code"].map(own), m=core["cmd_code"].map(present))
    grouped = core.groupby("segment")
    return pd.DataFrame(
        {
            "relatedness_pct": 100 * grouped["d"].mean(),
            "n_codes": grouped["d"].count(),
            "n_present": grouped["m"].sum().astype(int),
        }
    )


def _source(screen: Screen) -> str:
    rows = screen.coverage[screen.coverage["source"] == "us_census_imports"]
    return " ".join(str(citation) for citation in rows["citation"].unique())
