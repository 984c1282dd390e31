"""Who supplies the raw materials: concentration, chokepoints, exposure of five buyers, change."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.trade import materials as study
from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Callout, Figure, Stack, Table, Text, escape
from marketintel.documents.ranking.screen import Screen
from marketintel.documents.screening import pictures
from marketintel.documents.screening.eu_inputs import eu_inputs
from marketintel.reference.countries import group_members
from marketintel.warehouse import engine

BUYERS = ("EU27", "USA", "CAN", "JPN", "CHN")
#: Three years at either end and between: single years of small flows jump.
STEP, WIDTH = 7, 3
LIMIT_PCT = 65.0

_ROWS = """
SELECT reporter AS exporter, partner AS market, cmd_code, period, value_usd, net_weight_kg
FROM trade
WHERE flow = 'export' AND freq = 'A' AND NOT is_mirror AND reporter <> partner
  AND source = $source AND hs_revision = 'HS1992'
  AND cmd_code IN (SELECT unnest($codes::VARCHAR[]))
"""


class Dependence:
    """Figures of the raw materials, whatever else is screened."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.materials = screen.materials
        parameters = {"source": screen.source, "codes": list(self.materials)}
        rows = engine.ask(screen.data_dir, _ROWS, parameters)
        self.there = not rows.empty
        if not self.there:
            return
        last = int(rows["period"].max())
        first = int(rows["period"].min())
        ends = range(last, first + WIDTH - 2, -STEP)
        self.labels = {
            f"{end - WIDTH + 1}–{str(end)[2:]}": [str(y) for y in range(end - WIDTH + 1, end + 1)]
            for end in sorted(ends)
        }
        # The oldest years there are, so that the whole span is compared.
        oldest = f"{first}–{str(first + WIDTH - 1)[2:]}"
        years = [str(y) for y in range(first, first + WIDTH)]
        taken = {year for span in self.labels.values() for year in span}
        if not taken & set(years):
            self.labels = {oldest: years, **self.labels}
        spans = study.spans(rows, self.labels)
        self.base, self.end = min(self.labels), max(self.labels)
        buyers = {name: group_members(name) for name in BUYERS}
        self.exposure = study.exposure(spans, buyers)
        self.now = self.exposure[self.exposure["period"] == self.end]
        self.movement = study.movement(self.exposure, self.base, self.end)
        self.chokepoints = study.chokepoints(self.now, LIMIT_PCT)
        self.world = study.world_supply(spans, {"EU27": buyers["EU27"]})

    def name(self, code: object) -> str:
        """Return the name of a material."""
        return self.materials[str(code)].name


def materials(screen: Screen) -> Stack:
    """The study of raw materials: who supplies whom, how concentrated, and how it moved."""
    facts = Dependence(screen)
    if not facts.there:
        absent = "Raw materials are not in the bilateral trade data of this edition."
        return Stack(Callout("warning", absent), eu_inputs(screen))
    return Stack(
        Text(_sentences(facts)),
        _world(facts),
        _exposure(facts),
        Figure(
            pictures.dependence(
                facts.exposure, {c: m.name for c, m in facts.materials.items()}, BUYERS
            ),
            name="dependence",
            caption=f"Share of the first supplier, {facts.base} to {facts.end}; dashed: 65 %",
            alt="Small panels, one a material, with the first supplier's share by buyer; the table "
            "of exposure has the figures.",
            source=screen.source_line,
        ),
        _movement(facts),
        _chokepoints(facts),
        Text(
            "Shares are of imports, not of use: what a buyer digs, refines or recycles itself is "
            "not in trade data, and a supplier is where goods were sent from. Codes mix elements "
            "and uses. EU27 means its members of today in every year. "
            + " ".join(f"{m.name} ({c}): {escape(m.why)}" for c, m in
                                    facts.materials.items())
        ),
        eu_inputs(screen),
    )  # fmt: skip


def _sentences(facts: Dependence) -> str:
    name = facts.screen.name
    said = []
    hard = facts.chokepoints
    for buyer in BUYERS:
        rows = hard[hard["buyer"] == buyer]
        if rows.empty:
            said.append(
                f"**{escape(name(buyer))}** takes no material to {LIMIT_PCT:.0f} % or more "
                "from one supplier."
            )
            continue
        listed = w.listing(
            [
                f"{facts.name(r.cmd_code).lower()} ({escape(name(r.first_supplier))}, "
                f"{w.percent(r.first_share_pct, 0)})"
                for r in rows.itertuples()
            ]
        )
        said.append(
            f"**{escape(name(buyer))}** takes {LIMIT_PCT:.0f} % or more from one supplier in "
            f"{listed}."
        )
    strict = hard[hard["is_strict"]]
    if len(strict):
        listed = w.listing(
            [
                f"{facts.name(r.cmd_code).lower()} of {escape(name(r.buyer))}"
                for r in strict.itertuples()
            ]
        )
        said.append(
            f"**Not replaceable.** All other suppliers together sell less to third markets than the "
            f"first sells here: {listed}."
        )
    moved = facts.movement.dropna(subset=["hhi_change"])
    up, down = (moved["hhi_change"] >= 0.05).sum(), (moved["hhi_change"] <= -0.05).sum()
    said.append(
        f"**Thirty years.** From {facts.base} to {facts.end} imports became more concentrated in "
        f"{up} and less in {down} of {len(moved)} cases (buyer by material)."
    )
    china = facts.now[facts.now["buyer"] != "CHN"]
    first = (china["first_supplier"] == "CHN").sum()
    before = facts.exposure[
        (facts.exposure["period"] == facts.base) & (facts.exposure["buyer"] != "CHN")
    ]
    said.append(
        f"**China** is the first supplier in {first} of {len(china)} cases of the other four buyers, "
        f"after {(before['first_supplier'] == 'CHN').sum()} in {facts.base}."
    )
    return "\n".join(f"- {sentence}" for sentence in said)


def _world(facts: Dependence) -> Table:
    now = facts.world[facts.world["period"] == facts.end].set_index("cmd_code")
    then = facts.world[facts.world["period"] == facts.base].set_index("cmd_code")
    table = now.join(then[["hhi", "first_supplier", "first_share_pct"]].add_prefix("base_"))
    table = table.reindex([c for c in facts.materials if c in table.index]).reset_index()
    table.insert(0, "material", table["cmd_code"].map(facts.name))
    for column in ("first_supplier", "base_first_supplier"):
        table[column] = table[column].map(facts.screen.name, na_action="ignore")
    columns = ["material", "exports_usd", "n_suppliers", "base_hhi", "hhi", "base_first_supplier",
               "base_first_share_pct", "first_supplier", "first_share_pct", "cmd_code"]  # fmt: skip
    return Table(
        table[columns],
        name="world_supply",
        caption=f"World exports of the materials, {facts.end} against {facts.base}",
        formats={
            "exports_usd": "usd_m",
            "n_suppliers": "int",
            "base_hhi": "ratio2",
            "hhi": "ratio2",
            "base_first_share_pct": "pct",
            "first_share_pct": "pct",
        },
        headers={
            "exports_usd": "Exports",
            "n_suppliers": "Suppliers",
            "base_hhi": f"HHI {facts.base}",
            "hhi": f"HHI {facts.end}",
            "base_first_supplier": f"First {facts.base}",
            "base_first_share_pct": "Share",
            "first_supplier": f"First {facts.end}",
            "first_share_pct": "Share",
        },
        hide=["cmd_code"],
        units={"exports_usd": "USD m"},
        note="EU27 as one supplier, trade among its members left out. HHI from 0 to 1. Values are "
        "sums of three years.",
        source=facts.screen.source_line,
    )


def _exposure(facts: Dependence) -> Table:
    table = facts.exposure.copy()
    table["now"] = table["period"] == facts.end
    table["material"] = table["cmd_code"].map(facts.name)
    order = {b: i for i, b in enumerate(BUYERS)}
    table["place"] = table["buyer"].map(order)
    table = table.sort_values(["now", "place", "cmd_code", "period"],
                              ascending=[False, True, True, True])  # fmt: skip
    table["buyer_name"] = table["buyer"].map(facts.screen.name)
    for column in ("first_supplier", "second_supplier"):
        table[column] = table[column].map(facts.screen.name, na_action="ignore")
    columns = ["buyer_name", "material", "imports_usd", "hhi", "first_supplier", "first_share_pct",
               "second_supplier", "chn_share_pct", "replaceable"]  # fmt: skip
    rest = [
        "period",
        "second_share_pct",
        "n_suppliers",
        "suppliers_for_80_pct",
        "unit_value_usd_kg",
        "buyer",
        "cmd_code",
    ]
    return Table(
        table[[*columns, *rest]],
        name="exposure",
        caption=f"Who supplies the five buyers, {facts.end}",
        formats={
            "imports_usd": "usd_m",
            "hhi": "ratio2",
            "first_share_pct": "pct",
            "chn_share_pct": "pct",
            "replaceable": "ratio2",
        },
        headers={
            "imports_usd": "Imports",
            "hhi": "HHI",
            "first_supplier": "First",
            "first_share_pct": "Share",
            "second_supplier": "Second",
            "chn_share_pct": "China",
        },
        units={"imports_usd": "USD m", "replaceable": "times"},
        group_col="buyer_name",
        hide=rest,
        printed_rows=int(table["now"].sum()),
        note="Replaceable: what all other suppliers sell to third markets, as a multiple of what the "
        "first sells to this buyer. Rows of earlier spans are in the tables of this edition.",
        missing="no recorded imports, or only one supplier",
        source=facts.screen.source_line,
    )


def _movement(facts: Dependence) -> Table:
    table = facts.movement.copy()
    table["size"] = table["hhi_change"].abs()
    table = table.sort_values("size", ascending=False, na_position="last")
    table["material"] = table["cmd_code"].map(facts.name)
    for column in ("buyer", "first_supplier", "base_first_supplier"):
        table[column] = table[column].map(facts.screen.name, na_action="ignore")
    columns = ["buyer", "material", "base_first_supplier", "base_first_share_pct",
               "first_supplier", "first_share_pct", "hhi_change"]  # fmt: skip
    rest = ["cmd_code", "base_hhi", "hhi", "direction"]
    return Table(
        table[[*columns, *rest]],
        name="movement",
        caption=f"Largest changes of concentration, {facts.base} to {facts.end}",
        formats={
            "base_first_share_pct": "pct",
            "first_share_pct": "pct",
            "hhi_change": "ratio2",
        },
        headers={
            "base_first_supplier": f"First {facts.base}",
            "base_first_share_pct": "Share",
            "first_supplier": f"First {facts.end}",
            "first_share_pct": "Share",
            "hhi_change": "Change of HHI",
        },
        hide=rest,
        printed_rows=12,
        missing="no recorded imports in one of the spans",
        source=facts.screen.source_line,
    )


def _chokepoints(facts: Dependence) -> Table | None:
    table = facts.chokepoints.copy()
    if table.empty:
        return None
    table["material"] = table["cmd_code"].map(facts.name)
    table["strict"] = table["is_strict"].map({True: "yes", False: "no"})
    for column in ("buyer", "first_supplier"):
        table[column] = table[column].map(facts.screen.name)
    columns = ["buyer", "material", "first_supplier", "first_share_pct", "replaceable", "strict"]
    return Table(
        pd.DataFrame(table[[*columns, "cmd_code"]]),
        name="chokepoints",
        caption=f"{LIMIT_PCT:.0f} % or more from one supplier, {facts.end}",
        formats={"first_share_pct": "pct", "replaceable": "ratio2"},
        headers={
            "first_supplier": "Supplier",
            "first_share_pct": "Share of imports",
            "strict": "Not replaceable",
        },
        units={"replaceable": "times"},
        hide=["cmd_code"],
        note="65 % is the benchmark of Regulation (EU) 2024/1252 for the Union's consumption of a "
        "strategic raw material by 2030; here it is held against imports of every buyer.",
        source=facts.screen.source_line,
    )
