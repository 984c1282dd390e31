"""Market size by industry: apparent consumption, buyers, and the bridge from HS to industries.

A size is measured where supply and use are (2012 and 2017), estimated with a range for one year
after, and otherwise not known. An industry is not a segment: :func:`bridge` has the share that a
segment has in an industry or class, and the share of the segment that lies there.
"""

from collections.abc import Sequence

import pandas as pd

from marketintel.analysis.trade.frames import CORE, require

#: Items of BEA's supply and use tables: supply at basic prices, at purchasers' prices, total use.
OUTPUT, IMPORTS, EXPORTS = "T007", "MCIF", "F04000"
SUPPLY, USE = "T016", "T019"

#: Least share of an industry that segments must have for its size to be theirs; below: context.
MIN_COVER = 0.60

#: Least and largest exports of an industry, as shares of its output, in an estimate.
EXPORTED = (0.5, 1.0)

_KEYS = ["industry", "industry_name", "period"]


def apparent_consumption(accounts: pd.DataFrame) -> pd.DataFrame:
    """Apparent consumption of commodities in its two readings, and import penetration.

    Parameters
    ----------
    accounts : DataFrame
        ``industry, industry_name, account, item, period, value_usd``: accounts ``supply`` and
        ``use`` of the supply and use tables; other accounts are not read.

    Returns
    -------
    DataFrame
        industry, industry_name, period, output_usd (T007, basic prices), imports_usd (MCIF),
        exports_usd (F04000, purchasers' prices), consumption_usd (output + imports − exports, a
        lower bound since exports hold margins), domestic_use_usd (T016 − exports, purchasers'
        prices: margins, duties and taxes included), import_share_pct (imports ÷ output + imports).

    Raises
    ------
    ValueError
        A column or item is missing, or supply T016 is not use T019.
    """
    require(accounts, [*_KEYS, "account", "item", "value_usd"], "accounts")
    rows = accounts[accounts["account"].isin(["supply", "use"])]
    items = rows.pivot_table(index=_KEYS, columns="item", values="value_usd", aggfunc="sum")
    require(items, [OUTPUT, IMPORTS, EXPORTS, SUPPLY, USE], "accounts")
    unequal = items[items[SUPPLY] != items[USE]]
    if len(unequal):
        industry, _, period = unequal.index[0]
        raise ValueError(f"supply {SUPPLY} is not use {USE} for {industry} in {period}")
    supplied = items[OUTPUT] + items[IMPORTS]
    return pd.DataFrame(
        {
            "output_usd": items[OUTPUT],
            "imports_usd": items[IMPORTS],
            "exports_usd": items[EXPORTS],
            "consumption_usd": supplied - items[EXPORTS],
            "domestic_use_usd": items[SUPPLY] - items[EXPORTS],
            "import_share_pct": 100 * items[IMPORTS] / supplied.where(supplied > 0),
        }
    ).reset_index()


def estimated_consumption(
    output_usd: float,
    imports_usd: float,
    carried: Sequence[float] = (1.0,),
    exported: tuple[float, float] = EXPORTED,
) -> tuple[float, float, float]:
    """Output + imports − exports where exports are not measured: least, middle and largest.

    Parameters
    ----------
    output_usd : float
        Output of the year.
    imports_usd : float
        Imports of a later year.
    carried : sequence of float
        Imports of the year ÷ imports of the later year, in each of the proxy series; 1 where
        imports are of the year itself.
    exported : tuple of float
        Least and largest exports as shares of output.

    Returns
    -------
    tuple of float
        Least (imports at the lowest ratio, all of the output's ``exported[1]`` leaves), mean of the
        two ends, largest. The ends are bounds under these assumptions, not quantiles.

    Raises
    ------
    ValueError
        A figure is negative or missing, or no ratio is given.
    """
    figures = [output_usd, imports_usd, *carried, *exported]
    if not carried or not all(figure >= 0 for figure in figures):
        raise ValueError("output, imports, ratios and shares must be known and not negative")
    least = output_usd * (1 - max(exported)) + imports_usd * min(carried)
    largest = output_usd * (1 - min(exported)) + imports_usd * max(carried)
    return least, (least + largest) / 2, largest


def buyers(accounts: pd.DataFrame) -> pd.DataFrame:
    """Uses of a commodity by buying industry and final use, the largest first.

    Parameters
    ----------
    accounts : DataFrame
        As for :func:`apparent_consumption`, with ``item_name``; account ``buyer`` is read.

    Returns
    -------
    DataFrame
        industry, industry_name, period, item (BEA code of the buyer), item_name, value_usd,
        share_pct (of domestic use: all uses less exports), is_final (final use, not an industry). Exports are
        left out; stocks (F03000) may be negative.
    """
    require(accounts, [*_KEYS, "account", "item", "item_name", "value_usd"], "accounts")
    rows = accounts[(accounts["account"] == "buyer") & (accounts["item"] != EXPORTS)]
    total = rows.groupby(["industry", "period"])["value_usd"].transform("sum")
    found = rows[[*_KEYS, "item", "item_name", "value_usd"]].assign(
        share_pct=100 * rows["value_usd"] / total.where(total > 0),
        is_final=rows["item"].str.fullmatch(r"F\d{2}[0-9A-Z]\d{2}"),
    )
    order = ["industry", "period", "value_usd"]
    return found.sort_values(order, ascending=[True, True, False], ignore_index=True)


def bridge(
    lines: pd.DataFrame,
    concordance: pd.DataFrame,
    codes: pd.DataFrame,
    by: str = "naics",
    totals: pd.Series | None = None,
) -> pd.DataFrame:
    """Segments in the industries or classes that their tariff lines belong to.

    Parameters
    ----------
    lines : DataFrame
        ``hts10, period, value_usd``: imports by tariff line, of one trade system.
    concordance : DataFrame
        ``hts10`` and the column *by*.
    codes : DataFrame
        ``segment, cmd_code, scope``: HS6 codes of the segments, of which core ones are counted.
    by : {"naics", "end_use"}
        The list that lines are bridged to.
    totals : Series, optional
        Imports of each class by (class, period), where they are known; else the sum of *lines*,
        which may hold only some of a class.

    Returns
    -------
    DataFrame
        *by* (missing for lines that the concordance lacks), period, segment, value_usd,
        of_class_pct (segment ÷ class), of_segment_pct (this class ÷ the segment in all *lines*),
        class_cover_pct (all segments ÷ class), speaks (class_cover_pct is at least
        ``MIN_COVER``: below, the class is context). The largest first within a class.
    """
    require(lines, ["hts10", "period", "value_usd"], "lines")
    classes = concordance.set_index("hts10")[by]
    core = codes[codes["scope"] == CORE].set_index("cmd_code")["segment"]
    rows = lines.assign(
        **{by: lines["hts10"].map(classes), "segment": lines["hts10"].str[:6].map(core)}
    )
    keys = [by, "period"]
    sums = rows.groupby([*keys, "segment"], dropna=False)["value_usd"].sum().reset_index()
    whole = rows.groupby(keys)["value_usd"].sum() if totals is None else totals
    found = sums[sums["segment"].notna()].reset_index(drop=True)
    index = pd.MultiIndex.from_frame(found[keys])
    of_class = whole.reindex(index).to_numpy()
    of_segment = found.groupby(["segment", "period"])["value_usd"].transform("sum")
    covered = found.groupby(keys, dropna=False)["value_usd"].transform("sum")
    cover = 100 * covered / pd.Series(of_class, found.index)
    result = found.assign(
        of_class_pct=100 * found["value_usd"] / of_class,
        of_segment_pct=100 * found["value_usd"] / of_segment.where(of_segment > 0),
        class_cover_pct=cover,
        speaks=cover >= 100 * MIN_COVER,
    )
    order = [by, "period", "value_usd"]
    return result.sort_values(order, ascending=[True, True, False], ignore_index=True)


def industry_of(naics: str, industries: Sequence[str]) -> str | None:
    """Return the industry of BEA that holds a NAICS code: its own, else the longest stem."""
    stems = {one: one if one == naics else one[:-1].rstrip("0") for one in industries}
    held = [one for one, stem in stems.items() if naics.startswith(stem)]
    return max(held, key=lambda one: len(stems[one]), default=None)
