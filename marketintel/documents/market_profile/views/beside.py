"""Canada's months, links with the United States, materials, tariffs, actors, outlook, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.trade.frames import CORE
from marketintel.documents import partnership
from marketintel.documents import prose as w
from marketintel.documents.charts import headings as charts
from marketintel.documents.frames import each, one_scope
from marketintel.documents.market.headings import canada_segments
from marketintel.documents.market_profile.facts import ProfileFacts
from marketintel.reference.screening import load_materials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Shown = tuple[pd.DataFrame, dict[str, Any]]

#: Months of Statistics Canada's total, and part of a value whose claims must be known.
MONTHS, TOLD = 28, 0.9


def canada_sum(facts: ProfileFacts) -> dict[str, float]:
    """Return Canada's imports, exports and yearly average of imports in core codes, CAD."""
    sums = one_scope(facts.canada, CORE)[["imports_cad", "exports_cad"]].sum()
    return {"imports": sums["imports_cad"], "exports": sums["exports_cad"],
            "a_year": sums["imports_cad"] / MONTHS * 12}  # fmt: skip


def canada_largest(facts: ProfileFacts) -> list[str]:
    """Return the three segments that Canada imports most of, with the amounts."""
    rows = canada_segments(facts)
    rows = rows[~rows["segment_name"].str.endswith("(neighbour)")].head(3)
    return [f"{w.clause(r.segment_name)} ({w.money(r.imports_cad, 'CAD')})" for r in each(rows)]


def chapter_months(facts: ProfileFacts) -> Figure | None:
    """Draw Canada's trade of chapter 90 by month; None for others."""
    if facts.canada_months.empty:
        return None
    rows = facts.canada_months.sort_values("period")
    frame = pd.DataFrame({"period": rows["period"], "imports": rows["imports_cad"] / 1e9,
                          "exports": rows["exports_cad"] / 1e9})  # fmt: skip
    return charts.months(frame, "CAD billion")


def chapter_years(facts: ProfileFacts) -> pd.DataFrame:
    """Return Canada's trade of chapter 90 by year, and by the months that two years share."""
    rows = facts.canada_months.assign(year=facts.canada_months["period"].str[:4])
    last = rows["period"].max()
    part = rows[rows["period"].str[5:] <= last[5:]]
    sums = [(year, own) for year, own in rows.groupby("year") if len(own) == 12]
    sums += [(f"{year}, months 1 to {int(last[5:])}", own) for year, own in part.groupby("year")]
    table = [(name, own["imports_cad"].sum(), own["exports_cad"].sum()) for name, own in sums]
    frame = pd.DataFrame(table, columns=["period", "imports_cad", "exports_cad"])
    return frame.assign(balance_cad=frame["exports_cad"] - frame["imports_cad"])


def us_links(facts: ProfileFacts) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return US imports from this market by segment, with USMCA claims where known; None without."""
    if facts.us_imports.empty:
        return None, {}
    rows = facts.us_imports
    last = rows["period"].max()
    wide = rows.pivot_table(index="segment", columns="period", values="value_usd", aggfunc="sum")
    now = rows[rows["period"] == last].set_index("segment")
    table = pd.DataFrame({f"year_{year}": wide[year] for year in wide})
    table["change_pct"], table["share_pct"] = now["change_pct"], now["share_pct"]
    table["duty_pct"] = now["duty_pct"]
    claimed = _claimed(facts)
    for year in claimed:
        table[f"claimed_{year}_pct"] = claimed[year]
    names = facts.segments.names()
    table = table.sort_values(f"year_{last}", ascending=False).rename_axis("segment").reset_index()
    table.insert(0, "segment_name", table.pop("segment").map(names))
    headers = {f"year_{y}": str(y) for y in wide} | {
        f"claimed_{y}_pct": f"Claim USMCA {y}" for y in claimed
    }
    return table, {
        "headers": headers,
        "formats": {c: "pct" if c.startswith("claimed") else "usd_m" for c in headers},
    }


def _claimed(facts: ProfileFacts) -> pd.DataFrame:
    """Return the share of US imports that claims USMCA, by segment and year, of lines known."""
    rows = facts.claims
    if rows.empty:
        return pd.DataFrame()
    known = rows[rows["share_pct"].notna()]
    known = known.assign(claimed_usd=known["value_usd"] * known["share_pct"] / 100)
    sums = known.groupby(["segment", "period"])[["claimed_usd", "value_usd"]].sum()
    whole = rows.groupby(["segment", "period"])["value_usd"].sum()
    share = 100 * sums["claimed_usd"] / sums["value_usd"].where(sums["value_usd"] > 0)
    # Lines without a share are not zero: below nine tenths of the value nothing is said.
    said = share.where(sums["value_usd"] >= TOLD * whole.reindex(sums.index)).rename("share_pct")
    return said.reset_index().pivot_table("share_pct", "segment", "period", dropna=False)


def us_total(facts: ProfileFacts) -> dict[str, Any]:
    """Return US imports from this market in core codes: last year, amount, change, claims."""
    rows = facts.us_imports.groupby("period")["value_usd"].sum()
    year, before = str(rows.index.max()), str(int(rows.index.max()) - 1)
    found = {"year": year, "value_usd": rows[year], "before_usd": rows.get(before, float("nan"))}
    claims = facts.claims if len(facts.claims) else pd.DataFrame(columns=["period"])
    found["claimed"] = {}
    for period, own in claims.groupby("period"):
        told = own[own["share_pct"].notna()]
        claimed = (told["value_usd"] * told["share_pct"] / 100).sum()
        if told["value_usd"].sum() >= TOLD * own["value_usd"].sum():
            found["claimed"][str(period)] = 100 * claimed / told["value_usd"].sum()
    return found


def around(facts: ProfileFacts) -> bool:
    """Return whether anything beside trade in headings is known of the market."""
    return any(len(frame) for frame in (facts.us_imports, facts.materials, facts.actors))


def raw_materials(facts: ProfileFacts) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return dependence on suppliers of raw materials in two spans of years; None without any."""
    rows = facts.materials
    if rows.empty:
        return None, {}
    spans = sorted(rows["period"].unique())
    now = rows[(rows["period"] == spans[-1]) & (rows["n_suppliers"] > 0)].set_index("cmd_code")
    then = rows[rows["period"] == spans[0]].set_index("cmd_code")
    names = load_materials()
    table = pd.DataFrame(
        {
            "material": [names[code].name for code in now.index],
            "cmd_code": now.index,
            "value_usd": now["imports_usd"].to_numpy() / 3,
            "first_supplier": [facts.name(code) for code in now["first_supplier"]],
            "first_share_pct": now["first_share_pct"].to_numpy(),
            "chn_share_pct": now["chn_share_pct"].to_numpy(),
            "base_chn_share_pct": then["chn_share_pct"].reindex(now.index).to_numpy()
            if len(spans) > 1
            else float("nan"),
        }
    )
    table = table.sort_values("value_usd", ascending=False, ignore_index=True)
    return table, {
        "headers": {"value_usd": "Imports a year", "first_supplier": "First supplier",
                    "first_share_pct": "Its share", "chn_share_pct": "China",
                    "base_chn_share_pct": f"China {spans[0]}", "cmd_code": "HS 1992"},
        "formats": {"value_usd": "usd_m"},
    }  # fmt: skip


def spans(facts: ProfileFacts) -> tuple[str, str]:
    """Return the first and the last span of years of raw materials."""
    found = sorted(facts.materials["period"].unique())
    return str(found[0]), str(found[-1])


def dependent_on(facts: ProfileFacts) -> list[tuple[str, str, float]]:
    """Return materials of which one supplier has two thirds or more, with it and its share."""
    frame, _ = raw_materials(facts)
    if frame is None:
        return []
    rows = frame[frame["first_share_pct"] >= 65]
    return list(rows[["material", "first_supplier", "first_share_pct"]].itertuples(index=False, name=None))  # fmt: skip


def tariffs(facts: ProfileFacts) -> pd.DataFrame | None:
    """Return MFN and preferential rates by segment; None where none were fetched."""
    if facts.tariffs.empty:
        return None
    segment = facts.core_codes.drop_duplicates("cmd_code").set_index("cmd_code")["segment"]
    rows = facts.tariffs[facts.tariffs["partner"].isin(["WLD", *facts.members])]
    rows = rows.assign(segment=rows["cmd_code"].map(segment).map(facts.segments.names()))
    best = rows.pivot_table("rate_pct", ["segment", "cmd_code"], "regime", aggfunc="min")
    best = best.reindex(columns=["MFN", "preferential"]).groupby("segment").mean().reset_index()
    return best.set_axis(["segment_name", "mfn_pct", "preferential_pct"], axis=1)


def actors(facts: ProfileFacts) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return cited facts on actors of the market; None without one."""
    if facts.actors.empty:
        return None, {}
    return partnership.cited(facts.actors, "actor", facts.as_of)


def fetch_command(facts: ProfileFacts) -> str:
    """Return the command that asks for imports by code and supplier."""
    last = int(facts.year)
    return f"marketintel fetch --for {facts.market} --years {last - 1}-{last}"


def explain_command(facts: ProfileFacts) -> str:
    """Return the command that takes a figure of these pages apart."""
    code = facts.codes[0] if facts.codes else facts.core_codes["cmd_code"].iloc[0]
    return f"marketintel explain {facts.market} {code} {facts.year}"


def sources(facts: ProfileFacts) -> pd.DataFrame:
    """Return the files that were read, with vintage, day and licence."""
    return facts.used[["title", "vintage", "retrieved_at", "licence"]].astype("str")
