"""Trend beside HS6 imports: headings, an end-use class by partner, and monthly duty rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.documents.charts import lines
from marketintel.documents.frames import each
from marketintel.documents.market_study.facts import StudyFacts
from marketintel.documents.market_study.size_facts import CLEAN
from marketintel.reference.countries import EU, country_name, group_members
from marketintel.reference.headings import load_headings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Years of the class that are printed; the tables of the edition hold all.
PRINTED_YEARS = ("2014", "2017", "2019", "2021", "2023", "2024", "2025")

#: Years of output that are printed; the tables of the edition hold all.
PRINTED_OUTPUT = ("1997", "2007", "2017", "2023")

#: Industries in the picture of output: optics, chips and LEDs, instruments, light sources.
DRAWN_OUTPUT = (CLEAN, "334413", "334516", "335110")

#: Partners in tables and picture of duties.
DUTY_PARTNERS = ("WLD", EU, "CHN", "JPN", "USMCA", "CHE")

#: Rise within a month from which a change of duty is dated, in percentage points.
RISE_PP = 1.0


def heading_suppliers(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return first partners and the exporter's listed share by heading, last and first year."""
    rows = facts.heading_shares
    first, last = str(rows["period"].min()), str(rows["period"].max())
    table = []
    for heading, own in rows.groupby("cmd_code"):
        since = load_headings()[str(heading)].compared_from(int(first), int(last))
        years = (str(since), last)
        then, now = (own[own["period"] == year].sort_values("rank") for year in years)
        flow = str(now["flow"].iloc[0]) if len(now) else ""
        top = [f"{country_name(r.partner)} {r.share_bp / 100:.1f}" for r in each(now.head(4))]
        table.append(
            {
                "heading": heading,
                "goods": load_headings()[str(heading)].short,
                "partners_are": {"import": "suppliers", "export": "destinations"}.get(flow, ""),
                "first_partners": ", ".join(top),
                "listed_pct": now["share_bp"].sum() / 100,
                "since": str(since),
                "base_listed_share_pct": _listed(facts, then, flow),
                "listed_share_pct": _listed(facts, now, flow),
            }
        )
    return pd.DataFrame(table), {
        "headers": {"base_listed_share_pct": f"{facts.exporter} then",
                    "listed_share_pct": f"{facts.exporter} {last}"}
    }  # fmt: skip


def _listed(facts: StudyFacts, rows: pd.DataFrame, flow: str) -> float:
    """Return the share of the exporter's listed members; missing if none is listed."""
    own = rows[rows["partner"].isin(facts.members) & (rows["flow"] == "import")]
    return own["share_bp"].sum() / 100 if flow == "import" and len(own) else float("nan")


def class_partners(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return imports of the class by partner and year: world, EU27, and the largest partners."""
    wide = facts.class_imports.pivot_table(index="partner", columns="period", values="value_usd")
    wide = wide.rename(columns=lambda year: f"year_{year}")
    last, first = wide.columns[-1], wide.columns[0]
    largest = wide.drop(index="WLD").nlargest(8, last).index
    union = wide.reindex(group_members(EU)).sum()
    table = pd.concat([wide.loc[["WLD"]], union.to_frame(EU).T, wide.loc[largest]])
    table.insert(0, "partner", ["World", EU, *map(country_name, largest)])
    table["change_pct"] = 100 * (table[last] / table[first] - 1)
    years = {c: c.removeprefix("year_") for c in wide.columns}
    return table.reset_index(drop=True), {
        "headers": years,
        "formats": dict.fromkeys(years, "usd_m"),
        "hide": [c for c, year in years.items() if year not in PRINTED_YEARS],
        "highlight": [True, True, *[False] * len(largest)],
    }


def class_years(facts: StudyFacts) -> tuple[str, str]:
    """Return first and last year of the class."""
    years = facts.class_imports["period"]
    return str(years.min()), str(years.max())


def first_month(facts: StudyFacts) -> str:
    """Return the first year of the months of duty."""
    return str(facts.duty_months["period"].min())[:4]


def industry_output(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return gross output by industry and year, with its growth a year as paid and in volume."""
    rows = facts.output
    wide = rows.pivot_table(index="industry", columns="period", values="gross_output_usd")
    prices = rows.pivot_table(index="industry", columns="period", values="price_index")
    first, last = wide.columns[0], wide.columns[-1]
    years, volume = int(last) - int(first), wide / prices
    names = facts.industry_names
    table = wide.rename(columns=lambda year: f"year_{year}").reset_index()
    table.insert(1, "industry_name", table["industry"].map(names))
    for name, levels in (
        ("growth_pct", wide),
        ("volume_growth_pct", volume),
        ("price_growth_pct", prices),
    ):
        yearly = 100 * ((levels[last] / levels[first]) ** (1 / years) - 1)
        table[name] = yearly.to_numpy()
    printed = {f"year_{year}": year for year in wide.columns}
    return table, {
        "headers": printed,
        "formats": dict.fromkeys(printed, "usd_m"),
        "hide": [c for c, year in printed.items() if year not in PRINTED_OUTPUT],
        "highlight": list(table["industry"] == CLEAN),
    }


def output_of_clean(facts: StudyFacts) -> dict[str, Any]:
    """Return first and last year and yearly growth of the clean industry's output."""
    table, options = industry_output(facts)
    years = list(options["headers"].values())
    row: Any = table.set_index("industry").loc[CLEAN]
    kinds = ("growth_pct", "volume_growth_pct", "price_growth_pct")
    return {"first": years[0], "last": years[-1], **{kind: float(row[kind]) for kind in kinds}}


def output_lines(facts: StudyFacts) -> Figure:
    """Draw output since 1997 of a few industries, as paid and at the prices of 2017."""
    rows = facts.output[facts.output["industry"].isin(DRAWN_OUTPUT)]
    rows = rows.assign(panel=rows["industry"] + " " + rows["industry"].map(facts.industry_names))
    paid = rows.assign(line="Current prices", level=rows["gross_output_usd"] / 1e9)
    real = rows.assign(line="Prices of 2017", level=paid["level"] * 100 / rows["price_index"])
    return lines.panels(pd.concat([paid, real]), ["Current prices", "Prices of 2017"], "level",
                        "USD billion", shared=False)  # fmt: skip


def duty_rates(facts: StudyFacts) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return duty rates by industry and partner: years, last three months, month of the last rise."""
    rows = facts.duty_months
    last = str(rows["period"].max())
    table = []
    for (naics, name), industry in rows.groupby(["naics", "naics_name"]):
        for partner in DUTY_PARTNERS:
            own = industry[industry["partner"] == partner].set_index("period").sort_index()
            rises = own["rate_pct"].diff()
            rises = rises[rises >= RISE_PP]
            years = {
                y: own[own.index.str.startswith(y)] for y in ("2017", "2019", "2024", last[:4])
            }
            table.append(
                {"industry_name": f"{naics} {name}", "partner": _partner(partner)}
                | {f"rate_{y}_pct": _rate(part) for y, part in years.items()}
                | {"rate_last_months_pct": _rate(own.tail(3)),
                   "first_rise": rises.index[0] if len(rises) else None,
                   "largest_rise": rises.idxmax() if len(rises) else None}
            )  # fmt: skip
    frame = pd.DataFrame(table)
    rates = [c for c in map(str, frame) if c.startswith("rate_2")]
    return frame, {
        "group_col": "industry_name",
        "headers": {c: c[5:9] for c in rates}
        | {f"rate_{last[:4]}_pct": f"{last[:4]} to {last[5:]}"},
        "formats": dict.fromkeys(rates, "pct"),
    }


def last_month(facts: StudyFacts) -> str:
    """Return the last month with duties."""
    return str(facts.duty_months["period"].max())


def duty_lines(facts: StudyFacts) -> Figure:
    """Draw monthly duty rates by partner, one panel an industry."""
    rows = facts.duty_months[facts.duty_months["partner"].isin(DUTY_PARTNERS[:5])]
    rows = rows.assign(
        panel=rows["naics"] + " " + rows["naics_name"], line=rows["partner"].map(_partner)
    )
    return lines.panels(rows, [_partner(p) for p in DUTY_PARTNERS[:5]], "rate_pct", "duty, %")


def _rate(rows: pd.DataFrame) -> float:
    """Return duties ÷ imports; missing without imports."""
    value = rows["value_usd"].sum()
    return float(100 * rows["duties_usd"].sum() / value) if value > 0 else float("nan")


def _partner(code: str) -> str:
    return {"WLD": "World", "USMCA": "USMCA", EU: EU}.get(code) or country_name(code)


def class_segments(facts: StudyFacts) -> list[str]:
    """Return names of the segments with core codes in the class."""
    names = facts.segments.names()
    return [names[str(segment)] for segment in facts.class_cover.index]


def class_covers(facts: StudyFacts) -> tuple[float, float]:
    """Return the share of the class that its core codes are, with displays and without."""
    cover = facts.class_cover
    return float(cover.sum()), float(cover.drop("displays").sum())
