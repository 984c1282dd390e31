"""Tables on access to a market; facts have ``access``, and each function becomes a view."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd

from marketintel.analysis.markets.statute import COLUMN_2, by_measure
from marketintel.documents.market.access import Access
from marketintel.documents.prose import sentence, the
from marketintel.reference.countries import EU, country_name
from marketintel.reference.segments import load_segments
from marketintel.sources.catalogue import sources

#: More names than these of one exporter are counted, not listed.
NAMES_SHOWN = 3
Shown = tuple[pd.DataFrame, dict[str, Any]]


class HasAccess(Protocol):
    """Facts of a document that speaks of access."""

    @property
    def access(self) -> Access:
        """Access of the exporter to the market."""


def access_measures(facts: HasAccess) -> pd.DataFrame | None:
    """Return measures of chapter 99 whose lines name the exporter or any country."""
    duties = facts.access.duties
    if duties.empty:
        return None
    return by_measure(duties)[["measure_name", "state", "lines", "named", "effects"]]


def access_lines(facts: HasAccess) -> Shown | None:
    """Return those lines one by one, with their text."""
    duties = facts.access.duties
    if duties.empty:
        return None
    many = duties["names"].str.count(", ") + 1
    names = duties["names"].mask(many > NAMES_SHOWN, many.astype("str") + " members")
    columns = ["heading", "measure_name", "named_as", "effect", "state", "description"]
    return duties.assign(named_as=names)[columns], {}


def measure_counts(facts: HasAccess) -> dict[str, Any]:
    """Return numbers of lines: all, by name, ended; and the last revision that was checked."""
    access = facts.access
    duties = access.duties
    return {
        "lines": len(duties),
        "ended": int(duties["ended"].sum()),
        "column_2": int((duties["names"] == COLUMN_2).sum()),
        "statute": str(duties["statute"].iloc[0]),
        "checked_to": str(access.revisions["since"].max()),
    }


def access_lists(facts: HasAccess) -> Shown | None:
    """Return lists that name lines of the segments: on the exporter's goods first."""
    lists = facts.access.lists
    if lists.empty:
        return None
    whose = lists["origin"].map(lambda one: country_name(one) if one else "every origin")
    table = lists.assign(
        segment_name=lists["segment"].map(load_segments().names()),
        on_list=lists["list"] + (" (" + lists["part"] + ")").mask(lists["part"] == "", ""),
        origin_name=whose,
        since=lists["since"].replace("", None),
    )
    order = ["for_exporter", "ended", "segment_name", "on_list"]
    table = table.sort_values(order, ascending=[False, True, True, True])
    columns = ["segment_name", "on_list", "origin_name", "lines_listed", "lines", "since", "state"]
    return table[[*columns, "heading", "hs8"]], {
        "hide": ["heading", "hs8"],
        "printed_rows": int((table["for_exporter"] & ~table["ended"]).sum()),
    }


def access_months(facts: HasAccess) -> Shown | None:
    """Return the duty of the last months by industry, with the segments mostly in it."""
    months = facts.access.months
    if months.empty:
        return None
    names = load_segments().names()
    keys = ["naics", "naics_name", "first", "last", "rate_pct", "year_before_pct", "all_rate_pct"]
    table = months.groupby(keys, dropna=False)["segment"].agg(
        lambda ids: ", ".join(names[one] for one in ids)
    )
    frame = table.reset_index(name="segment_names")
    return frame[["naics_name", "segment_names", *keys[4:], "naics", *keys[2:4]]], {
        "hide": ["naics", "first", "last"]
    }


def last_months(facts: HasAccess) -> dict[str, str] | None:
    """Return first and last of the last months, and whose goods they are of."""
    months = facts.access.months
    if months.empty:
        return None
    row = months.iloc[0]
    of = f"the {country_name(EU)}" if row["of"] == EU else the(country_name(row["of"]))
    return {"first": row["first"], "last": row["last"], "of": of}


def access_claims(facts: HasAccess) -> pd.DataFrame | None:
    """Return the newest shares of imports that claim USMCA, by segment and supplier."""
    claims = facts.access.claims
    if claims.empty:
        return None
    now = claims[claims["period"] == claims["period"].max()]
    table = now.pivot_table(index="segment", columns="partner", values="share_pct").reset_index()
    table = table.rename(columns={"CAN": "claimed_can_pct", "MEX": "claimed_mex_pct"})
    table.insert(0, "segment_name", table["segment"].map(load_segments().names()))
    named = table.drop(columns="segment").sort_values("segment_name", ignore_index=True)
    return pd.DataFrame(named)


def access_rules(facts: HasAccess) -> Shown | None:
    """Return cited rules by kind."""
    rules = facts.access.rules
    if rules.empty:
        return None
    names, asked = load_segments().names(), set(facts.access.segments)
    rows = [row.split(";") for row in rules["segments"]]
    table = rules.assign(
        kind=rules["kind"].map(sentence),
        by=rules["measure_by"].map(country_name),
        since=rules["since"].replace("", None),
        segment_names=[
            "all" if set(row) == asked else ", ".join(names[one] for one in row) for row in rows
        ],
    ).sort_values("kind", kind="stable")
    columns = ["kind", "fact", "by", "segment_names", "since", "as_of", "source"]
    return table[[*columns, "url"]], {"group_col": "kind", "hide": ["url"]}


def cited_sources(facts: HasAccess, *names: str) -> str:
    """Return the citations of sources."""
    return " ".join(sources()[name].citation for name in names)
