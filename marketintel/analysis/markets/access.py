"""Access to a market beside the calculated duty: last months, claims of a preference, rules.

The duty of months is an industry's average, not a product's rate; a rule on file may have changed.
"""

from collections.abc import Collection, Sequence

import pandas as pd

from marketintel.analysis.trade.frames import require

#: Months over which a last rate is taken.
LAST_MONTHS = 3


def last_rates(months: pd.DataFrame, number: int = LAST_MONTHS) -> pd.DataFrame:
    """Return the duty of the last months and of the same months a year before, by industry.

    Parameters
    ----------
    months : DataFrame
        ``partner, naics, naics_name, period`` (YYYY-MM), ``value_usd, duties_usd``.
    number : int
        Months, up to the newest.

    Returns
    -------
    DataFrame
        partner, naics, naics_name, first, last (months), rate_pct, year_before_pct: duties ÷ imports,
        an average of the whole industry; missing where a month of the span is.
    """
    require(months, ["partner", "naics", "period", "value_usd", "duties_usd"], "months")
    last = pd.Period(months["period"].max(), "M")
    rates = []
    for name, end in (("rate_pct", last), ("year_before_pct", last - 12)):
        span = [str(end - back) for back in range(number)]
        some = months[months["period"].isin(span) & months["duties_usd"].notna()]
        group = some.groupby(["partner", "naics"])
        sums = group[["value_usd", "duties_usd"]].sum()
        full = (group["period"].nunique() == number) & (sums["value_usd"] > 0)
        rates.append((100 * sums["duties_usd"] / sums["value_usd"]).where(full).rename(name))
    names = months.groupby(["partner", "naics"])["naics_name"].first()
    table = pd.concat([names, *rates], axis=1)
    table.insert(1, "first", str(last - (number - 1)))
    table.insert(2, "last", str(last))
    return table.reset_index()


def industries_of(values: pd.DataFrame, industries: pd.DataFrame) -> pd.DataFrame:
    """Return the industry that holds most of each segment.

    Parameters
    ----------
    values : DataFrame
        ``segment, hts10, value_usd``.
    industries : DataFrame
        ``hts10, naics`` (any number of digits; three are used).

    Returns
    -------
    DataFrame
        segment, naics, covered_pct: share of the segment's imports in the industry.
    """
    joined = values.merge(industries[["hts10", "naics"]], on="hts10", how="left")
    sums = joined.assign(naics=joined["naics"].str[:3]).groupby(["segment", "naics"])["value_usd"]
    table = sums.sum().reset_index(name="covered_pct")
    total = values.groupby("segment")["value_usd"].sum()
    table["covered_pct"] = 100 * table["covered_pct"] / table["segment"].map(total)
    table = table.sort_values("covered_pct", ascending=False).drop_duplicates("segment")
    return table.sort_values("segment", ignore_index=True)


def claimed(claims: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Return the share of a segment's imports that claim a preference, by partner and year.

    Parameters
    ----------
    claims : DataFrame
        ``partner, hts10, period, share_pct``.
    values : DataFrame
        ``segment, partner, hts10, period, value_usd``: the weights.

    Returns
    -------
    DataFrame
        segment, partner, period, share_pct, covered_pct (of the imports, the part in lines whose
        share is known).
    """
    keys = ["partner", "hts10", "period"]
    joined = values.merge(claims[[*keys, "share_pct"]], on=keys, how="left")
    known = joined["value_usd"].where(joined["share_pct"].notna())
    group = joined.assign(known=known, part=joined["share_pct"] * known).groupby(
        ["segment", "partner", "period"]
    )
    sums = group[["value_usd", "known", "part"]].sum()
    sums = sums[sums["known"] > 0]
    table = pd.DataFrame(
        {
            "share_pct": sums["part"] / sums["known"],
            "covered_pct": 100 * sums["known"] / sums["value_usd"],
        }
    )
    return table.reset_index()


def rules_of(
    rules: pd.DataFrame, market: str, exporter: Collection[str], segments: Sequence[str]
) -> pd.DataFrame:
    """Return the rules that an exporter meets in a market, one row a rule.

    Parameters
    ----------
    rules : DataFrame
        ``market`` (``*`` is everywhere), ``measure_by, kind, segments`` (joined by ``;``), ``fact``.
    market : str
        ISO3.
    exporter : collection of str
        The exporter, its members and groups: of export controls only theirs count.
    segments : sequence of str
        Segments asked about.

    Returns
    -------
    DataFrame
        Rows whose market is the one asked about, or everywhere and by the exporter's side, that
        are on a segment asked about; ``segments`` holds those alone.
    """
    own = {market, *exporter}
    here = (rules["market"] == market) | ((rules["market"] == "*") & rules["measure_by"].isin(own))
    kept = rules[here & rules["measure_by"].isin(own)]
    on = [[s for s in row.split(";") if s in segments] for row in kept["segments"]]
    kept = kept.assign(segments=[";".join(found) for found in on])
    return kept[kept["segments"] != ""].reset_index(drop=True)


def notes(
    segments: Sequence[str], rules: pd.DataFrame, lists: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return a short note on access for each segment.

    Parameters
    ----------
    segments : sequence of str
        Segments asked about; each has a row.
    rules : DataFrame
        Of :func:`rules_of`.
    lists : DataFrame, optional
        Of :func:`listed` and :func:`states`; those of the exporter's goods whose measure has not
        ended are named.

    Returns
    -------
    DataFrame
        segment, rules (their number), kinds, lists (names of the lists), note. No rule on file is
        not the same as no rule.
    """
    on = rules.assign(segment=[row.split(";") for row in rules["segments"]]).explode("segment")
    kinds = on.groupby("segment")["kind"].agg(lambda k: ", ".join(sorted(set(k))))
    table = pd.DataFrame({"segment": list(segments)})
    table["rules"] = table["segment"].map(on.groupby("segment").size()).fillna(0).astype("int64")
    table["kinds"] = table["segment"].map(kinds).fillna("").astype("str")
    table["lists"] = ""
    if lists is not None and len(lists):
        own = lists[lists["for_exporter"] & ~lists["ended"]]
        named = own.groupby("segment")["list"].agg(lambda n: ", ".join(sorted(set(n))))
        table["lists"] = table["segment"].map(named).fillna("").astype("str")
    rule = ("rules on file: " + table["kinds"]).mask(table["kinds"] == "", "no rule on file")
    table["note"] = rule + ("; listed in " + table["lists"]).mask(table["lists"] == "", "")
    return table
