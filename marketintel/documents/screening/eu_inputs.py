"""Gallium, germanium and what else HS6 hides: imports of the EU by CN8, three years."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.trade import materials
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Callout, Stack, Table, Text, escape
from marketintel.documents.ranking.screen import Screen
from marketintel.reference.countries import group_members
from marketintel.warehouse.context import CriticalInputs, critical_inputs

EU = "EU27"


def eu_inputs(screen: Screen) -> Stack:
    """Who supplies the EU with materials that only CN8 tells apart, and how that moved."""
    found = critical_inputs(screen.data_dir)
    if found is None:
        return Stack(
            Callout("note", "Gallium and germanium are not in HS6, and EU imports by CN8 are not in "
                            "this edition: nothing is said about them.")
        )  # fmt: skip
    union = group_members(EU)
    table = materials.exposure(found.trade, {EU: union}, value="value_eur")
    inside = found.trade[found.trade["exporter"].isin(union)]
    keys = ["cmd_code", "period"]
    table = table.join(inside.groupby(keys)["value_eur"].sum().rename("between_eur"), on=keys)
    table["material"] = table["cmd_code"].map(found.names)
    table = table.sort_values(
        keys, key=lambda column: column.map(_order(found)) if column.name == "cmd_code" else column
    ).reset_index(drop=True)
    return Stack(
        Text(_sentences(screen, found, table)),
        _table(screen, found, table),
        Callout("note", _caveat(found)),
    )


def _order(found: CriticalInputs) -> dict[str, int]:
    return {code: place for place, code in enumerate(found.names)}


def _sentences(screen: Screen, found: CriticalInputs, table: pd.DataFrame) -> str:
    """One sentence a material: first supplier at either end."""
    said = []
    for code, name in found.names.items():
        rows = table[(table["cmd_code"] == code) & table["hhi"].notna()]
        if rows.empty:
            continue
        old, new = rows.iloc[0], rows.iloc[-1]
        first = screen.name(new["first_supplier"])
        then = (
            w.percent(old["first_share_pct"], 0)
            if old["first_supplier"] == new["first_supplier"]
            else f"{escape(screen.name(old['first_supplier']))} "
            f"{w.percent(old['first_share_pct'], 0)}"
        )
        said.append(
            f"**{escape(name)}**: {escape(first)} {w.percent(new['first_share_pct'], 0)} of "
            f"extra-EU imports in {new['period']}, after {then} in {old['period']}"
            + (
                "."
                if new["first_supplier"] == old["first_supplier"] == "CHN"
                else f"; China {w.percent(new['chn_share_pct'], 0)}, "
                f"after {w.percent(old['chn_share_pct'], 0)}."
            )
        )
    return "\n".join(f"- {sentence}" for sentence in said)


def _table(screen: Screen, found: CriticalInputs, table: pd.DataFrame) -> Table:
    shown = table.copy()
    for column in ("first_supplier", "second_supplier"):
        shown[column] = shown[column].map(screen.name, na_action="ignore")
    shown["label_read"] = shown["cmd_code"].map(found.labels)
    columns = ["material", "period", "imports_eur", "hhi", "first_supplier", "first_share_pct",
               "second_supplier", "chn_share_pct", "between_eur"]  # fmt: skip
    rest = ["cmd_code", "second_share_pct", "n_suppliers", "label_read"]
    years = f"{table['period'].min()} to {table['period'].max()}"
    return Table(
        shown[[*columns, *rest]],
        name="eu_inputs",
        caption=f"Imports of the EU from outside, by CN8, {years}",
        formats={
            "imports_eur": "usd_m",
            "between_eur": "usd_m",
            "hhi": "ratio2",
            "first_share_pct": "pct",
            "chn_share_pct": "pct",
        },
        headers={
            "period": "Year",
            "imports_eur": "Imports",
            "hhi": "HHI",
            "first_supplier": "First",
            "first_share_pct": "Share",
            "second_supplier": "Second",
            "chn_share_pct": "China",
            "between_eur": "Between members",
        },
        units={"imports_eur": "EUR m", "between_eur": "EUR m"},
        group_col="material",
        hide=rest,
        note="Euros, unlike the tables above. Shares and HHI are of imports from outside the Union; "
        "trade between members stands apart and may count a good twice.",
        missing="no recorded imports",
        source=found.citation,
    )


def _caveat(found: CriticalInputs) -> str:
    codes = "; ".join(
        f"{escape(name)} ({code}): {escape(found.labels[code])}"
        for code, name in found.names.items()
    )
    return (
        "**What these rows cannot carry.** Three years, so two changes: no trend, and one buyer, so "
        "no chokepoint in the strict sense. Values without weights: a fall of value may be a fall "
        f"of price. Metal and powders only. How sure each label is: {codes}."
    )
