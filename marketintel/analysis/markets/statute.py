"""Additional duties as a statute prints them, and the lists that name products.

Nothing here is a rate in force: a schedule prints lines that have ended, and a list names products
without saying whether its measure still stands.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Protocol

import pandas as pd

from marketintel.analysis.trade.frames import require

#: What a line of chapter 99 says of goods of everyone.
ANY = "any country"
COLUMN_2 = "every country of general note 3 (b)"
_OWN_NOTE = re.compile(
    r"ompiler[’']s note:[^\]]*?\b(terminated|suspended|expired)\b", re.IGNORECASE
)
_ADDED = re.compile(r"(?:\+|plus)\s*(?:a duty of\s*)?(\d+(?:\.\d+)?)\s*%", re.IGNORECASE)
_ALONE = re.compile(r"(\d+(?:\.\d+)?)\s*%")


class Measure(Protocol):
    """Measure behind lines of additional duties."""

    name: str
    headings: list[str]
    ended_by: str
    until: date | None
    lists: list[str]


def naming(
    lines: pd.DataFrame, names: Mapping[str, str], others: Collection[str] = ()
) -> pd.DataFrame:
    """Return the lines that name an exporter or any country.

    Parameters
    ----------
    lines : DataFrame
        ``heading, description, general`` of additional duties.
    names : mapping
        Name to look for to the name shown: several names may be of one exporter.
    others : collection of str
        Names of other places; those that hold one of ``names`` (Equatorial Guinea) do not count.

    Returns
    -------
    DataFrame
        The lines, with ``names`` (shown names joined by ``, ``) and ``effect`` of :func:`effect`.
        A line that only excludes the exporter names it too: read it. :data:`COLUMN_2` is any
        country without normal trade relations, not any country.
    """
    require(lines, ["heading", "description", "general"], "lines of additional duties")
    text = lines["description"].str.replace(f"{ANY} identified in general note 3(b)", COLUMN_2)
    for longer in sorted(others, key=len, reverse=True):
        if any(name in longer for name in names) and longer not in names:
            text = text.str.replace(longer, "", regex=False)
    shown = pd.Series("", lines.index)
    for name, label in {**names, ANY: ANY, COLUMN_2: COLUMN_2}.items():
        found = text.str.contains(rf"(?<!\w){re.escape(name)}(?!\w)", regex=True)
        new = found & ~shown.str.split(", ").map(set).map({label}.issubset)
        shown = shown.mask(new, shown.where(shown == "", shown + ", ") + label)
    table = lines.assign(names=shown.astype("str"))[shown != ""]
    return table.assign(effect=table["general"].map(effect)).reset_index(drop=True)


def effect(general: str | None) -> str:
    """Return what the general column of a line of additional duties does to the ordinary duty."""
    text = "" if pd.isna(general) else str(general).strip()
    if added := _ADDED.search(text):
        return f"adds {float(added[1]):g} %"
    if alone := _ALONE.fullmatch(text):
        return f"sets {float(alone[1]):g} %"
    if text.lower() == "free":
        return "free"
    if text.lower().startswith(("the duty provided in", "no change")) and "%" not in text:
        return "adds nothing"
    return text or "not stated"


def states(
    lines: pd.DataFrame, measures: Mapping[str, Measure], revisions: pd.DataFrame
) -> pd.DataFrame:
    """Add the measure of each line or list and its state, as far as the data say.

    Parameters
    ----------
    lines : DataFrame
        ``heading`` (may be missing), and ``description`` or ``list``.
    measures : mapping
        Id to measure.
    revisions : DataFrame
        ``revision, since, event``.

    Returns
    -------
    DataFrame
        ``lines`` with ``measure_name, state`` and ``ended`` (True: by the line's own note or by an
        event of the revisions, although it is still printed).
    """
    require(revisions, ["revision", "since", "event"], "revisions of the schedule")
    last = str(revisions["since"].max()) if len(revisions) else ""
    unknown = f"printed; not checked after {last}" if last else "printed"
    known = {key: _state(measure, revisions, unknown) for key, measure in measures.items()}
    rows = []
    for line in lines.to_dict("records"):
        key = _measure_of(str(line["heading"] or ""), line.get("list", ""), measures)
        name = measures[key].name if key else "Other"
        state, over = known[key] if key else (unknown, False)
        if own := _OWN_NOTE.search(line.get("description", "")):
            state, over = f"printed with the note “{own[1].lower()}”", True
        rows.append((name, state, over))
    return lines.join(
        pd.DataFrame(rows, columns=["measure_name", "state", "ended"], index=lines.index)
    )


def _measure_of(heading: str, name: str, measures: Mapping[str, Measure]) -> str | None:
    by_heading = [k for k, m in measures.items() if heading.startswith(tuple(m.headings))]
    return next(iter(by_heading or [k for k, m in measures.items() if name in m.lists]), None)


def _state(measure: Measure, revisions: pd.DataFrame, unknown: str) -> tuple[str, bool]:
    event = revisions["event"].fillna("")
    if measure.ended_by and len(when := revisions.loc[event.str.startswith(measure.ended_by)]):
        return f"still printed, invalidated on {when['since'].iloc[-1]}", True
    if measure.until:
        return f"temporary: term to {measure.until.isoformat()} unless extended", False
    return unknown, False


def by_measure(lines: pd.DataFrame) -> pd.DataFrame:
    """Count the lines of each measure by what they do and whether they have ended.

    Parameters
    ----------
    lines : DataFrame
        ``measure_name, state, ended, names, effect`` of :func:`naming` and :func:`states`.

    Returns
    -------
    DataFrame
        measure_name, state, lines, named (of them by the exporter's name), effects, ended; those that
        have not ended first. Lines that name :data:`COLUMN_2` alone are left out.
    """
    lines = lines[lines["names"] != COLUMN_2]
    keys = ["ended", "measure_name", "state"]
    table = lines.assign(named=lines["names"] != ANY).groupby(keys, sort=False)
    frame = table.agg(
        lines=("heading", "size"),
        named=("named", "sum"),
        effects=("effect", lambda e: ", ".join(sorted(set(e), key=_strength))),
    ).reset_index()
    return frame.sort_values(["ended", "lines"], ascending=[True, False], ignore_index=True)


def _strength(said: str) -> tuple[int, float, str]:
    number = re.search(r"\d+(\.\d+)?", said)
    return (0, -float(number[0]), said) if number else (1, 0.0, said)


def listed(lists: pd.DataFrame, lines: pd.DataFrame, origins: Collection[str]) -> pd.DataFrame:
    """Return the lists that name tariff lines of segments.

    Parameters
    ----------
    lists : DataFrame
        ``list, part, product, heading, origin, since``; a product is a tariff line or its beginning,
        or a part of one (ten digits).
    lines : DataFrame
        ``segment, hs8``: tariff lines of eight digits, each once a segment.
    origins : collection of str
        The exporter, its members and groups: lists of another origin are of competitors.

    Returns
    -------
    DataFrame
        segment, list, part, heading, origin, since, for_exporter (False: of another origin),
        lines_listed, lines (of the segment), whole (every listed line is listed whole), hs8
        (listed lines joined by ``;``).
    """
    require(lists, ["list", "part", "product", "heading", "origin", "since"], "lists")
    require(lines, ["segment", "hs8"], "tariff lines")
    pairs = []
    for digits in sorted(lists["product"].str.len().unique()):
        some = lists[lists["product"].str.len() == digits]
        short = min(digits, 8)
        left = some.assign(begin=some["product"].str[:short], whole=digits <= 8)
        right = lines.assign(begin=lines["hs8"].str[:short])
        pairs.append(left.merge(right, on="begin"))
    found = pd.concat(pairs, ignore_index=True) if pairs else lists.iloc[:0]
    texts = ["part", "heading", "origin", "since"]
    found = found.assign(**{c: found[c].fillna("") for c in texts})
    keys = ["segment", "list", *texts]
    found = found.groupby([*keys, "hs8"])["whole"].any().reset_index()
    table = found.groupby(keys).agg(
        lines_listed=("hs8", "size"), whole=("whole", "all"), hs8=("hs8", ";".join)
    ).reset_index()  # fmt: skip
    table["lines"] = table["segment"].map(lines.groupby("segment")["hs8"].nunique())
    table["for_exporter"] = table["origin"].isin(["", *origins])
    columns = [*keys, "for_exporter", "lines_listed", "lines", "whole", "hs8"]
    return table[columns]
