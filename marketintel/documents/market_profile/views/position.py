"""Position of the exporter and of its members by heading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.documents import prose as w
from marketintel.documents.charts import headings as charts
from marketintel.documents.frames import each
from marketintel.documents.market_profile.facts import ProfileFacts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Shown = tuple[pd.DataFrame, dict[str, Any]]

#: Rows of members that are printed; the tables of the edition hold all.
MEMBERS = 12


def position(facts: ProfileFacts) -> Shown:
    """Return the exporter's sales by heading: known and at most, and its known share before."""
    rows = facts.positions
    since = rows["cmd_code"].map(facts.since).astype("str")
    now = rows[rows["period"] == facts.year].set_index("cmd_code")
    now = now.reindex([code for code in facts.codes if code in now.index])
    base = rows[(rows["period"] == since) & (since < facts.year)].set_index("cmd_code")
    then = base.reindex(now.index)
    ranks = facts.suppliers_now[facts.suppliers_now["partner"] == facts.exporter]
    frame = now[["value_usd", "share_pct", "most_share_pct"]].assign(
        rank=ranks.set_index("cmd_code")["rank"].astype("Int64"),
        since=[str(facts.since[code]) for code in now.index],
        base_share_pct=then["share_pct"],
        share_change_pp=now["share_pct"] - then["share_pct"],
        direction="open",
    )
    frame.loc[now["share_pct"] > then["most_share_pct"], "direction"] = "rose"
    frame.loc[now["most_share_pct"] < then["share_pct"], "direction"] = "fell"
    return frame.rename_axis("heading").reset_index(), {}


def position_total(facts: ProfileFacts) -> dict[str, float]:
    """Return the exporter's share of imports in photonic headings together: known, at most."""
    rows = facts.positions
    rows = rows[(rows["period"] == facts.year) & rows["cmd_code"].isin(facts.photonic)]
    imports = rows["imports_usd"].sum()
    least = float("nan") if rows["value_usd"].isna().all() else rows["value_usd"].sum()
    return {"value_usd": least, "share_pct": 100 * least / imports,
            "most_share_pct": 100 * rows["most_usd"].sum() / imports,
            "headings": int(rows["value_usd"].notna().sum()), "of": len(rows)}  # fmt: skip


def moved_in(facts: ProfileFacts, direction: str) -> list[str]:
    """Return photonic headings in which the exporter's share moved for sure, the largest moves."""
    rows = position(facts)[0]
    rows = rows[(rows["direction"] == direction) & rows["heading"].isin(facts.photonic)]
    least = rows["share_pct"].fillna(rows["most_share_pct"]) - rows["base_share_pct"]
    rows = rows.loc[least.abs().sort_values(ascending=False).index].head(3)
    return [
        f"{r.heading} (from {w.percent(r.base_share_pct)} in {r.since} to "
        + ("" if w.known(r.share_pct) else "at most ")
        + w.percent(r.share_pct if w.known(r.share_pct) else r.most_share_pct)
        + ")"
        for r in each(rows)
    ]


def known_shares(facts: ProfileFacts) -> Figure:
    """Draw what is known of the exporter's share by heading."""
    frame = position(facts)[0]
    frame = frame.assign(label=[facts.label(code) for code in frame["heading"]])
    return charts.known_shares(frame, "known share before")


def members(facts: ProfileFacts) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return members' known sales in photonic headings; None for one exporter or without any."""
    rows = facts.member_sales
    rows = rows[rows["cmd_code"].isin(facts.photonic)]
    now = rows[rows["period"] == facts.year]
    if not facts.is_group or now.empty:
        return None, {}
    sums = now.groupby("seller")["value_usd"].agg(["sum", "size"])
    best = now.sort_values("share_pct").drop_duplicates("seller", keep="last").set_index("seller")
    since = best["cmd_code"].map(facts.since).astype("str")
    before = rows.set_index(["seller", "cmd_code", "period"])["share_pct"]
    at = zip(best.index, best["cmd_code"], since, strict=True)
    then = [before.get(key, float("nan")) if key[2] < facts.year else float("nan") for key in at]
    frame = pd.DataFrame(
        {
            "member": [facts.name(str(code)) for code in best.index],
            "value_usd": sums["sum"].reindex(best.index),
            "headings_known": sums["size"].reindex(best.index),
            "strongest": [facts.label(code) for code in best["cmd_code"]],
            "share_pct": best["share_pct"],
            "since": since,
            "share_change_pp": best["share_pct"] - then,
        }
    )
    frame = frame.sort_values(["value_usd", "member"], ascending=[False, True])
    return frame.reset_index(drop=True), {"printed_rows": MEMBERS}


def member_positions(facts: ProfileFacts) -> Shown:
    """Return known sales of each member by heading with the share before; the largest first."""
    rows = facts.member_sales.assign(since=facts.member_sales["cmd_code"].map(facts.since))
    keys = ["seller", "cmd_code"]
    now = rows[rows["period"] == facts.year].assign(since=lambda t: t["since"].astype("str"))
    base = rows[(rows["period"] == rows["since"].astype("str")) & (rows["period"] < facts.year)]
    both = now.merge(base[[*keys, "share_pct"]], "left", keys, suffixes=("", "_base"))
    both = both.sort_values(["value_usd", *keys], ascending=[False, True, True])
    frame = pd.DataFrame(
        {
            "member": both["seller"].map(facts.name),
            "heading": both["cmd_code"],
            "goods": [facts.goods(code) for code in both["cmd_code"]],
            "value_usd": both["value_usd"],
            "share_pct": both["share_pct"],
            "since": both["since"],
            "base_share_pct": both["share_pct_base"],
            "share_change_pp": both["share_pct"] - both["share_pct_base"],
        }
    )
    return frame.reset_index(drop=True), {"printed_rows": MEMBERS}


def members_listed(facts: ProfileFacts) -> list[str]:
    """Return names of the members with the largest known sales, with them."""
    frame, _ = members(facts)
    if frame is None:
        return []
    return [f"{w.the(r.member)} ({w.money(r.value_usd)})" for r in each(frame.head(3))]
