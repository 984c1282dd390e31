"""Segments of photonics by the fields in which they are applied, with who buys as evidence."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import pandas as pd


class FieldOfUse(Protocol):
    """Field of application: its words, and beginnings of the codes of its industries."""

    themes: list[str]
    applications: list[str]
    buyers: list[str]


def matrix(
    fields: Mapping[str, FieldOfUse],
    applications: Mapping[str, Sequence[str]],
    themes: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Return which applications of each segment are of each field.

    Parameters
    ----------
    fields : mapping
        Id to field.
    applications, themes : mapping
        Segment to its applications and themes.

    Returns
    -------
    DataFrame
        segment, field, applications (tuple, in the segment's order), theme (whether a theme of the
        segment is of the field): one row for each pair, also for those without either.
    """
    rows = [
        (
            segment,
            name,
            tuple(word for word in words if word in field.applications),
            bool(set(themes[segment]) & set(field.themes)),
        )
        for segment, words in applications.items()
        for name, field in fields.items()
    ]
    return pd.DataFrame(rows, columns=["segment", "field", "applications", "theme"])


def bought(buyers: pd.DataFrame, fields: Mapping[str, FieldOfUse]) -> pd.DataFrame:
    """Return the share of each commodity's domestic use that each field buys.

    Parameters
    ----------
    buyers : DataFrame
        ``industry`` (commodity), ``item`` (code of the buyer), ``share_pct``.
    fields : mapping
        Id to field; a buyer is of the field with the longest beginning of its code.

    Returns
    -------
    DataFrame
        industry, field, bought_pct; zero where no buyer of the field is listed.
    """
    starts = {start: name for name, field in fields.items() for start in field.buyers}
    order = sorted(starts, key=len, reverse=True)
    of = {
        item: next((starts[start] for start in order if item.startswith(start)), None)
        for item in buyers["item"].unique()
    }
    keys = ["industry", "field"]
    sums = buyers.assign(field=buyers["item"].map(of)).groupby(keys)["share_pct"].sum()
    every = pd.MultiIndex.from_product([buyers["industry"].unique(), list(fields)], names=keys)
    return sums.reindex(every, fill_value=0.0).rename("bought_pct").reset_index()
