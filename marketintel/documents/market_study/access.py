"""What suppliers pay at the border: calculated duties, or the tariff where there are none."""

from __future__ import annotations

import pandas as pd

from marketintel.documents.charts import charts
from marketintel.documents.engine.blocks import Figure, Heading, Stack, Table, Text
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.market.study import Study
from marketintel.documents.market_study import sentences as say
from marketintel.documents.market_study.tariffs import tariff_rates

#: Suppliers printed by name; the tables in the edition's folder hold all of them.
TOP = 12


@chapter
def duty_pages(study: Study) -> Stack:
    """Effective calculated duties: the exporter against its competitors."""
    if not study.has_duties:
        return tariff_rates(study)
    rates = study.duty_total.pivot_table(
        index="partner", columns="period", values=["effective_duty_pct", "duty_on_dutiable_pct"]
    )
    gap = study.duty_gap.set_index("partner")
    top = study.shares_total[study.shares_total["value_usd"] > 0]["partner"].head(TOP).tolist()
    top = list(dict.fromkeys([*top, study.exporter]))
    table = pd.DataFrame(
        {
            "supplier": [study.name(p) for p in top],
            "base_duty_pct": rates[("effective_duty_pct", study.base)].reindex(top).to_numpy(),
            "duty_pct": rates[("effective_duty_pct", study.year)].reindex(top).to_numpy(),
            "duty_on_dutiable_pct": rates[("duty_on_dutiable_pct", study.year)]
            .reindex(top)
            .to_numpy(),
            "gap_pp": gap["gap_pp"].reindex(top).to_numpy(),
            "like_for_like_gap_pp": gap["like_for_like_gap_pp"].reindex(top).to_numpy(),
            "covered_pct": gap["reference_covered_pct"].reindex(top).to_numpy(),
        }
    )
    name = study.name(study.exporter)
    chart = study.duty_total[study.duty_total["partner"].isin(top)]
    return Stack(
        Heading(2, "What suppliers pay at the border"),
        Text(say.duty(study)),
        Figure(
            charts.duty_dumbbell(
                chart.assign(supplier=chart["partner"].map(study.name)),
                order=[study.name(p) for p in top],
                highlight=name,
            ),
            name="duties",
            caption=f"Calculated duty as per cent of customs value, {study.base} and {study.year}",
            alt=f"Duty by supplier in {study.base} and {study.year}. {say.duty(study)}".replace(
                "**", ""
            ),
            source=study.source_line,
        ),
        Table(
            table,
            name="duties_by_supplier",
            caption=f"What goods of {name} paid at entry against goods of its competitors, core codes",
            formats={
                "base_duty_pct": "pct",
                "duty_pct": "pct",
                "duty_on_dutiable_pct": "pct",
                "gap_pp": "points",
                "like_for_like_gap_pp": "points",
                "covered_pct": "pct",
            },
            headers={
                "supplier": "Supplier",
                "base_duty_pct": f"Duty {study.base}",
                "duty_pct": f"Duty {study.year}",
                "duty_on_dutiable_pct": f"On dutiable value {study.year}",
                "gap_pp": f"More than {study.name(study.exporter)}",
                "like_for_like_gap_pp": "Same basket",
                "covered_pct": "Basket covered",
            },
            highlight=[p == study.exporter for p in top],
            missing="not applicable, or no common code",
            note=(
                "Duty: calculated duties ÷ customs value. The raw difference also compares two baskets of "
                f"goods; “same basket” gives each competitor the basket of {study.name(study.exporter)}, over the codes "
                "both sell. An estimate at entry before refunds and drawback."
            ),
            source=study.source_line,
        ),
    )
