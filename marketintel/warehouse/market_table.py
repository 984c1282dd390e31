"""Imports of a market as one table, with shares, changes and duties."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from marketintel.errors import MissingDataError
from marketintel.reference.countries import country, group_members
from marketintel.warehouse.flows import MONEY, aggregate, flows

#: Dimensions of a market's imports in the order of printing.
_DIMENSIONS = (
    "reporter",
    "partner",
    "flow",
    "hs_revision",
    "segment",
    "scope",
    "cmd_code",
    "period",
)


def market_table(
    market: str,
    *,
    segments: Sequence[str] | None = None,
    codes: Sequence[str] | None = None,
    partner: str | None = None,
    by: Sequence[str] = (),
    years: Sequence[int] | None = None,
    data_dir: Path | None = None,
) -> pd.DataFrame:
    """Return imports for consumption of a market, summed to the dimensions requested.

    Parameters
    ----------
    market : str
        ISO3 code or name of the importing economy.
    segments, codes : sequence of str, optional
        Either; all segments if neither.
    partner : str, optional
        One supplier or a group; all by default.
    by : sequence of str
        Of ``partner``, ``segment``, ``code``: dimensions of a row. Rows of core and of broad codes are
        always apart, and so are years and HS revisions.
    years : sequence of int, optional
        All by default.

    Returns
    -------
    DataFrame
        ``reporter, [partner,] flow, hs_revision, [segment,] scope, [cmd_code,] period,
        value_usd, dutiable_value_usd, duties_usd, share_pct, change_pct, duty_pct``; largest value
        first within a period. ``share_pct`` is of the imports from everyone in the same row,
        ``change_pct`` on the year before, ``duty_pct`` calculated duties over value. A group of
        partners has a row of its own above its members.

    Raises
    ------
    MissingDataError
        No such imports are recorded from that partner.
    """
    import pandas as pd

    imports = partial(flows, reporter=market, segments=segments, codes=codes, data_dir=data_dir)
    period = [str(year) for year in years] if years else None
    rows = imports(partner=partner, period=period)
    if rows.empty:
        raise MissingDataError(
            f"no such imports of {country(market)} from {country(partner) if partner else 'anyone'}"
            " are recorded; choose other segments, codes or years, or see them with --by partner"
        )
    dimensions = {"reporter", "flow", "hs_revision", "scope", "period"}
    dimensions |= {"cmd_code" if name == "code" else name for name in by}
    if codes:
        dimensions |= {"cmd_code", "segment"}
    if partner is not None:
        dimensions.add("partner")
    columns = [column for column in _DIMENSIONS if column in dimensions]
    table = aggregate(rows, columns)
    everyone = imports()
    group = country(partner) if partner else ""
    if group and group_members(group) != [group]:
        rest = [c for c in columns if c != "partner"]
        table = pd.concat([aggregate(rows, rest).assign(partner=group), table])
    table = _compared(table[[*columns, *MONEY]], everyone, columns, group)
    order = ["period", "value_usd", *[c for c in columns if c != "period"]]
    return table.sort_values(order, ascending=[c != "value_usd" for c in order], ignore_index=True)


def _compared(
    table: pd.DataFrame, everyone: pd.DataFrame, columns: list[str], group: str
) -> pd.DataFrame:
    """Add shares of all imports, changes on the year before, and duties over value."""
    import pandas as pd

    keys = [c for c in columns if c != "partner"]
    whole = aggregate(everyone, keys)[[*keys, "value_usd"]]
    before = aggregate(everyone, columns)
    if group and "partner" in columns:
        members = everyone[everyone["partner"].isin(group_members(group))]
        before = pd.concat([before, aggregate(members, keys).assign(partner=group)])
        before = before.drop_duplicates(columns)
    before = before.assign(period=(before["period"].astype(int) + 1).astype("str"))
    base = before[[*columns, "value_usd"]]
    table = table.merge(whole, how="left", on=keys, suffixes=("", "_all"))
    table = table.merge(base, how="left", on=columns, suffixes=("", "_base"))
    value = table["value_usd"]
    return table.assign(
        share_pct=100 * value / table["value_usd_all"].where(table["value_usd_all"] > 0),
        change_pct=100 * (value / table["value_usd_base"].where(table["value_usd_base"] > 0) - 1),
        duty_pct=100 * table["duties_usd"] / value.where(value > 0),
    ).drop(columns=["value_usd_all", "value_usd_base"])
