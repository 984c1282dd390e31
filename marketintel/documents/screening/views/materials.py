"""Chapter of raw materials: suppliers of the world and of five buyers, and EU imports by CN8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.trade import materials as supply
from marketintel.documents.charts import screening as drawings
from marketintel.documents.screening.facts import Screening
from marketintel.documents.screening.facts.materials import BUYERS
from marketintel.documents.screening.views.frames import named, printed
from marketintel.documents.screening.views.ranks import Shown
from marketintel.reference.countries import group_members

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def dependences(screening: Screening) -> dict[str, Any]:
    """Return chokepoints by buyer, cases by change of concentration, and those with China first."""
    found = screening.dependence
    table, change = found.chokepoints, found.movement["hhi_change"].dropna()
    others = found.exposure[found.exposure["buyer"] != "CHN"]
    china = others["first_supplier"] == "CHN"
    now, then = others["period"] == found.end, others["period"] == found.base
    return {
        "buyers": [(b, list(table[table["buyer"] == b].itertuples())) for b in BUYERS],
        "strict": list(table[table["is_strict"]].itertuples()),
        "more": int((change >= 0.05).sum()),
        "less": int((change <= -0.05).sum()),
        "cases": len(change),
        "china": int((china & now).sum()),
        "of": int(now.sum()),
        "china_before": int((china & then).sum()),
    }


def world_supply(screening: Screening) -> Shown:
    """Return world exports of the materials in the last span against the first."""
    found = screening.dependence
    now, then = (
        found.world[found.world["period"] == span].set_index("cmd_code")
        for span in (found.end, found.base)
    )
    table = now.join(then[["hhi", "first_supplier", "first_share_pct"]].add_prefix("base_"))
    table = table.reindex([c for c in screening.materials if c in table.index]).reset_index()
    return printed(
        named(screening, _with_material(screening, table), "first_supplier", "base_first_supplier"),
        "material exports_usd n_suppliers base_hhi hhi base_first_supplier base_first_share_pct "
        "first_supplier first_share_pct",
        "cmd_code",
    )


def exposure(screening: Screening) -> Shown:
    """Return suppliers of the five buyers; rows of earlier spans are not printed."""
    found = screening.dependence
    table = _with_material(screening, found.exposure).assign(
        earlier=found.exposure["period"] != found.end,
        place=found.exposure["buyer"].map(BUYERS.index),
        buyer_name=found.exposure["buyer"].map(screening.name),
    )
    table = table.sort_values(["earlier", "place", "cmd_code", "period"])
    return printed(
        named(screening, table, "first_supplier", "second_supplier"),
        "buyer_name material imports_usd hhi first_supplier first_share_pct second_supplier "
        "chn_share_pct replaceable",
        "period second_share_pct n_suppliers suppliers_for_80_pct unit_value_usd_kg buyer cmd_code",
        group_col="buyer_name",
        printed_rows=int((~table["earlier"]).sum()),
    )


def dependence(screening: Screening) -> Figure:
    """Draw the first supplier's share by buyer, one panel a material."""
    names = {code: material.name for code, material in screening.materials.items()}
    return drawings.dependence(screening.dependence.exposure, names, BUYERS)


def movement(screening: Screening) -> Shown:
    """Return changes of concentration, the largest first."""
    table = screening.dependence.movement
    order = table["hhi_change"].abs().sort_values(ascending=False, na_position="last").index
    table = _with_material(screening, table.loc[order])
    return printed(
        named(screening, table, "buyer", "first_supplier", "base_first_supplier"),
        "buyer material base_first_supplier base_first_share_pct first_supplier first_share_pct "
        "hhi_change",
        "cmd_code base_hhi hhi direction",
        printed_rows=12,
    )


def chokepoints(screening: Screening) -> Shown | None:
    """Return what a buyer takes mostly from one supplier."""
    table = screening.dependence.chokepoints
    if table.empty:
        return None
    table = named(screening, _with_material(screening, table), "buyer", "first_supplier")
    table = table.assign(strict=table["is_strict"].map({True: "yes", False: "no"}))
    columns = "buyer material first_supplier first_share_pct replaceable strict"
    return printed(table, columns, "cmd_code")


def cn8_exposure(screening: Screening) -> pd.DataFrame:
    """Return EU imports of each material and year, with trade between members beside."""
    found = screening.critical_inputs
    union, keys = group_members("EU27"), ["cmd_code", "period"]
    table = supply.exposure(found.trade, {"EU27": union}, value="value_eur")
    inside = found.trade[found.trade["exporter"].isin(union)]
    table = table.join(inside.groupby(keys)["value_eur"].sum().rename("between_eur"), on=keys)
    table = table.assign(
        material=table["cmd_code"].map(found.names),
        label_read=table["cmd_code"].map(found.labels),
        order=table["cmd_code"].map(list(found.names).index),
    )
    return table.sort_values(["order", "period"], ignore_index=True)


def cn8_moves(screening: Screening) -> list[dict[str, Any]]:
    """Return first and last known year of each material."""
    table = cn8_exposure(screening)
    known = table[table["hhi"].notna()].groupby("order")
    return [{"old": rows.iloc[0], "new": rows.iloc[-1]} for _, rows in known]


def eu_inputs(screening: Screening) -> Shown:
    """Return EU imports from outside by CN8."""
    return printed(
        named(screening, cn8_exposure(screening), "first_supplier", "second_supplier"),
        "material period imports_eur hhi first_supplier first_share_pct second_supplier "
        "chn_share_pct between_eur",
        "cmd_code second_share_pct n_suppliers label_read",
        group_col="material",
    )


def _with_material(screening: Screening, frame: pd.DataFrame) -> pd.DataFrame:
    names = {code: material.name for code, material in screening.materials.items()}
    return frame.assign(material=frame["cmd_code"].map(names))
