"""Earliest and latest dates of a plan's actions, their slack, and the critical path.

The critical path method (Kelley and Walker 1959) in whole days: an action begins on the day after
the last one it waits for has ended, and not before its own earliest day. Actions with fixed dates
(a fair) do not move; what they wait for must be ready before them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from graphlib import TopologicalSorter

import pandas as pd

COLUMNS = [
    "action",
    "early_start",
    "early_end",
    "late_start",
    "late_end",
    "days",
    "float_days",
    "fixed",
    "critical",
    "conflict",
]


def schedule(actions: pd.DataFrame) -> pd.DataFrame:
    """Return the earliest and latest dates of every action.

    Parameters
    ----------
    actions : DataFrame
        action (id), start (date: the earliest day, or None), end (date, for fixed dates, or
        None), weeks (of an action without fixed dates; NaN else), after (list of ids). Ids are
        unique and the plan has no circle.

    Returns
    -------
    DataFrame
        In the order of `actions`: early_start, early_end, late_start, late_end (dates, the end
        is the last day), days, float_days (how far the action may slip before the plan ends
        later or a fixed date cannot be kept; negative where it cannot be kept as it is), fixed,
        critical (on the chain that sets the end of the plan), conflict (ids that end only after
        this fixed action has begun, joined by ", "; else "").
    """
    rows = {row["action"]: row for row in actions.to_dict("records")}
    after = {name: list(row["after"]) for name, row in rows.items()}
    order = list(TopologicalSorter(after).static_order())
    fixed = {name: _is_date(row["end"]) for name, row in rows.items()}
    first = min(r["start"] for r in rows.values() if _is_date(r["start"])).toordinal()
    begin: dict[str, int] = {}
    finish: dict[str, int] = {}
    for name in order:
        row = rows[name]
        own = row["start"].toordinal() if _is_date(row["start"]) else first
        if fixed[name]:
            begin[name], finish[name] = own, row["end"].toordinal()
            continue
        begin[name] = max([own, *(finish[before] + 1 for before in after[name])])
        finish[name] = begin[name] + round(7 * float(row["weeks"])) - 1
    latest = _latest(order, after, begin, finish, fixed)
    path = critical_path(after, begin, finish)
    found = []
    for name in rows:
        days = finish[name] - begin[name] + 1
        end = finish[name] if fixed[name] else latest[name]
        late = [before for before in after[name] if finish[before] >= begin[name]]
        found.append(
            {
                "action": name,
                "early_start": date.fromordinal(begin[name]),
                "early_end": date.fromordinal(finish[name]),
                "late_start": date.fromordinal(end - days + 1),
                "late_end": date.fromordinal(end),
                "days": days,
                "float_days": end - finish[name],
                "fixed": fixed[name],
                "critical": name in path,
                "conflict": ", ".join(late),
            }
        )
    return pd.DataFrame(found, columns=COLUMNS)


def critical_path(
    after: Mapping[str, Sequence[str]], begin: Mapping[str, int], finish: Mapping[str, int]
) -> list[str]:
    """Return the chain of actions that sets the end of the plan, in order of time.

    It is followed back from the action that ends last: each step is an action that ended on the
    day before. It stops where an action began on its own earliest or fixed day.
    """
    here = max(finish, key=lambda name: (finish[name], name))
    path = [here]
    while binding := [b for b in after[here] if finish[b] + 1 == begin[here]]:
        here = min(binding)
        path.append(here)
    return path[::-1]


def _latest(
    order: list[str],
    after: Mapping[str, Sequence[str]],
    begin: Mapping[str, int],
    finish: Mapping[str, int],
    fixed: Mapping[str, bool],
) -> dict[str, int]:
    """Return the last day on which each action may end."""
    horizon = max(finish.values())
    latest = dict.fromkeys(order, horizon)
    for name in reversed(order):
        days = finish[name] - begin[name] + 1
        start = begin[name] if fixed[name] else latest[name] - days + 1
        for before in after[name]:
            latest[before] = min(latest[before], start - 1)
    return latest


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not pd.isna(value)
