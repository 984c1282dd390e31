"""Form of a ``flows`` frame that every analysis function assumes, checked in one place.

A ``flows`` frame has one figure a row: ``segment, scope, reporter, partner, flow, hs_revision,
cmd_code, period, value_usd`` and, where known, ``dutiable_value_usd, duties_usd``. It holds one
reporter, one flow and one frequency; its partners are economies, never aggregates.

Two habits hold throughout the room:

- *Scope.* Each code is ``core``, ``broad`` (mixed goods) or ``neighbour`` (the own goods of a
  segment that is a neighbour of photonics). Results are for ``core``, ``core+broad`` or
  ``neighbour``, and carry a ``scope`` column that says which. ``broad`` alone is never a total.
- *Absent and missing.* A supplier without a row in a period that the frame covers sold nothing
  that was recorded: 0. A row whose figure is NaN is missing, and stays out of every sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import pandas as pd

from marketintel.reference.scopes import BROAD as BROAD
from marketintel.reference.scopes import CORE as CORE
from marketintel.reference.scopes import CORE_AND_BROAD as CORE_AND_BROAD
from marketintel.reference.scopes import NEIGHBOUR as NEIGHBOUR
from marketintel.reference.scopes import NEIGHBOUR_AND_BROAD as NEIGHBOUR_AND_BROAD
from marketintel.reference.scopes import OWN as OWN

By: TypeAlias = str | Sequence[str]
Groups: TypeAlias = Mapping[str, Sequence[str]]

SCOPES = (CORE, CORE_AND_BROAD)
#: Scopes under which every code appears once.
EVERY = (CORE_AND_BROAD, NEIGHBOUR)

_ONE_VALUE_EACH = ("reporter", "flow", "freq")
_AGGREGATES = {"WLD", "W00", "World"}


def require(frame: pd.DataFrame, columns: Iterable[str], name: str) -> None:
    """Raise ``ValueError`` naming the columns that `frame` lacks."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"{name} lacks the column(s) {', '.join(missing)}")


def as_keys(by: By) -> list[str]:
    """Return `by` as a list; ``scope`` and ``period`` are keys of every result anyway."""
    keys = [by] if isinstance(by, str) else list(by)
    always = [key for key in keys if key in ("scope", "period")]
    if always:
        raise ValueError(f"by must not name {', '.join(always)}: every result is keyed by it")
    return keys


def check_flows(flows: pd.DataFrame, columns: Iterable[str] = ()) -> None:
    """Check that `flows` can be summed without counting anything twice.

    Raises
    ------
    ValueError
        A column is missing; there is more than one reporter, flow or frequency; a partner is an
        aggregate; a scope is unknown; or a code is twice in a partner's period.
    """
    base = ("scope", "partner", "cmd_code", "period", "value_usd")
    require(flows, dict.fromkeys((*base, *columns)), "flows")
    for column in _ONE_VALUE_EACH:
        if column in flows and flows[column].dropna().unique().size > 1:
            raise ValueError(f"flows holds more than one {column}: filter it first")
    if flows["period"].astype("str").str.len().unique().size > 1:
        raise ValueError("flows mixes annual and monthly periods: filter it first")
    aggregates = sorted(_AGGREGATES.intersection(flows["partner"].unique()))
    if aggregates:
        raise ValueError(f"flows holds the aggregate partner(s) {', '.join(aggregates)}")
    unknown = sorted(set(flows["scope"].unique()) - {CORE, BROAD, NEIGHBOUR})
    if unknown:
        raise ValueError(f"flows holds the unknown scope(s) {', '.join(map(str, unknown))}")
    key = ["partner", "cmd_code", "period"]
    twice = flows.duplicated(key)
    if twice.any():
        partner, code, period = flows.loc[twice, key].iloc[0]
        raise ValueError(f"flows holds code {code} of {partner} twice in {period}")


def pool(flows: pd.DataFrame, groups: Groups | None) -> pd.DataFrame:
    """Rename the members of each group in ``partner`` to the group, so that it is one supplier.

    Parameters
    ----------
    flows : DataFrame
        Any frame with a ``partner`` column.
    groups : mapping of str to sequence of str, optional
        For example ``{"EU27": ["AUT", …]}``; None or empty leaves every supplier apart.

    Raises
    ------
    ValueError
        Two groups share a member, or a group's name is already a partner beside its members.
    """
    if not groups:
        return flows
    owner: dict[str, str] = {}
    for group, members in groups.items():
        for member in members:
            if owner.setdefault(member, group) != group:
                raise ValueError(f"{member} is in both {owner[member]} and {group}")
    clash = sorted((set(groups) - set(owner)).intersection(flows["partner"].unique()))
    if clash:
        raise ValueError(f"{', '.join(clash)} is a partner in flows already: cannot pool into it")
    return flows.assign(partner=flows["partner"].map(owner).fillna(flows["partner"]))


def in_scope(flows: pd.DataFrame, scope: By) -> pd.DataFrame:
    """Return the rows of each scope, stacked; ``scope`` names the total they belong to.

    Parameters
    ----------
    flows : DataFrame
        Codes marked ``core``, ``broad`` or ``neighbour`` in the column ``scope``.
    scope : str or sequence of str
        ``"core"``, ``"core+broad"``, ``"neighbour"``, or several; a core row then appears once
        under each that holds it.
    """
    asked = [scope] if isinstance(scope, str) else list(scope)
    known = (*SCOPES, NEIGHBOUR, NEIGHBOUR_AND_BROAD)
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise ValueError(f"scope must be of {' or '.join(known)}, not {unknown or 'empty'}")
    parts = [flows[flows["scope"].isin(name.split("+"))] for name in asked]
    return pd.concat(
        [part.assign(scope=name) for part, name in zip(parts, asked, strict=True)],
        ignore_index=True,
    )


def total(frame: pd.DataFrame, keys: Sequence[str], columns: By = "value_usd") -> pd.DataFrame:
    """Sum `columns` by `keys`; a sum over nothing but missing figures is missing, not zero."""
    wanted = as_keys(columns)
    sums = frame.groupby(list(keys), observed=True, dropna=False)[wanted].sum(min_count=1)
    return sums.reset_index()


def with_base(
    frame: pd.DataFrame, keys: Sequence[str], columns: Sequence[str], lag: int = 1
) -> pd.DataFrame:
    """Set beside each row what its group had `lag` periods before.

    Periods are those of the whole frame, so that a group with a gap is never compared with a
    period further back than its neighbours are.

    Returns
    -------
    DataFrame
        `frame` with ``base_period`` and ``base_<column>`` for each of `columns`; NaN without base.
    """
    if lag < 1:
        raise ValueError("lag must be 1 or more")
    periods = sorted(frame["period"].unique())
    base_of = dict(zip(periods[lag:], periods, strict=False))
    earlier = frame[[*keys, "period", *columns]].rename(
        columns={"period": "base_period"} | {column: f"base_{column}" for column in columns}
    )
    later = frame.assign(base_period=frame["period"].map(base_of).astype("str"))
    later["base_period"] = later["base_period"].where(later["period"].isin(base_of))
    return later.merge(earlier, on=[*keys, "base_period"], how="left", validate="m:1")


def percent_change(new: pd.Series, old: pd.Series) -> pd.Series:
    """Return ``100·(new/old − 1)``; NaN from a base that is zero, negative or missing."""
    return 100 * (new / old.where(old > 0) - 1)


def percent_of(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Return ``100·part/whole``; NaN where the whole is zero, negative or missing."""
    return 100 * part / whole.where(whole > 0)


def years(period: pd.Series) -> pd.Series:
    """Return ``"2025"`` as 2025.0 and ``"2025-07"`` as 2025.5."""
    text = period.astype("str")
    month = pd.to_numeric(text.str[5:7].replace("", "1"))
    return pd.to_numeric(text.str[:4]) + (month - 1) / 12
