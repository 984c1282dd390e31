"""Why the exporter's sales changed, by segment, and the codes behind it."""

from __future__ import annotations

import pandas as pd

from marketintel.documents.charts import charts
from marketintel.documents.engine.blocks import Figure, Stack, Table, Text
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.frames import one_scope
from marketintel.documents.market.study import Study
from marketintel.documents.market_study import sentences as say


@chapter
def change(study: Study) -> Stack:
    """Why the exporter's sales changed, by segment, and the codes behind it."""
    terms = one_scope(study.decomposition, study.scope)
    terms.insert(0, "segment_name", terms["segment"].map(study.segment_names))
    base = terms[terms["weights"] == "base_year"].sort_values("change_usd")
    total = study.decomposition_total.assign(segment_name=study.terms.every)
    # Printed are the segments and the total under base-year weights, and the other total.
    table = pd.concat([base, total, terms[terms["weights"] == "end_year"]], ignore_index=True)
    table["weights"] = table["weights"].map(
        {"base_year": f"Weights of {study.base}", "end_year": f"Weights of {study.year}"}
    )
    labels = study.codes.set_index("cmd_code")
    codes = study.drivers[
        (study.drivers["weights"] == "base_year") & study.drivers["rank"].le(12)
    ].copy()
    codes["label"] = codes["cmd_code"].map(labels["label"])
    codes["segment_name"] = codes["cmd_code"].map(labels["segment"]).map(study.segment_names)
    name = study.name(study.exporter)
    money = [
        "change_usd",
        "market_growth_usd",
        "product_mix_usd",
        "competitiveness_usd",
        "interaction_usd",
    ]
    heads = {
        "segment_name": study.terms.unit.capitalize(),
        "change_usd": "Change",
        "market_growth_usd": "Market growth",
        "product_mix_usd": "Product mix",
        "competitiveness_usd": "Competitiveness",
        "interaction_usd": "Interaction",
    }
    return Stack(
        Text(say.why(study)),
        Figure(
            charts.decomposition_bars(base),
            name="decomposition",
            caption=f"Change of {name}'s sales {study.base} to {study.year} by cause, base-year weights",
            alt=f"Stacked bars by {study.terms.unit}. {say.why(study)}".replace("**", ""),
            source=study.source_line,
        ),
        Table(
            table[["weights", "segment_name", *money]],
            name="decomposition",
            caption=f"Change of {name}'s sales, {study.terms.codes}, by cause",
            formats=dict.fromkeys(money, f"{study.money}_signed"),
            headers=heads,
            group_col="weights",
            printed_rows=len(base) + len(total),
            highlight=(table["segment_name"] == study.terms.every).tolist(),
            note=(
                "Constant-market-share analysis, each term computed directly. "
                f"“{study.terms.every}” is one portfolio, so that demand moving between "
                f"{study.terms.unit}s is product mix too; it is therefore not the sum of the rows "
                "above it."
            ),
            source=study.source_line,
        ),
        Table(
            codes[
                [
                    "cmd_code",
                    "label",
                    "segment_name",
                    *money[:1],
                    "base_share_pct",
                    "share_pct",
                    "market_change_usd",
                ]
            ],
            name="decomposition_codes",
            caption="The codes that drive the change",
            formats={
                "change_usd": f"{study.money}_signed",
                "base_share_pct": "pct",
                "share_pct": "pct",
                "market_change_usd": f"{study.money}_signed",
            },
            headers={
                "cmd_code": "Code",
                "label": "Goods",
                "segment_name": study.terms.unit.capitalize(),
                "change_usd": f"{study.name(study.exporter)} sales",
                "base_share_pct": f"Share {study.base}",
                "share_pct": f"Share {study.year}",
                "market_change_usd": "Market",
            },
            printed_rows=0 if study.is_mixed else None,  # each code is a row of the table above
            source=study.source_line,
        ),
    )
