"""Tables, charts and values of the survey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from marketintel.analysis.partnership.needs import ALL
from marketintel.documents import practice
from marketintel.documents.charts import partnership as drawings
from marketintel.documents.needs.facts import THEMES, Survey
from marketintel.reference.partnership import QUESTIONS, load_clusters
from marketintel.reference.segments import load_segments

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ["label", "respondents", "count", "share_pct", "lo_pct", "hi_pct"]


def all_respondents(survey: Survey, question: str) -> pd.DataFrame:
    """Return the answers of all respondents, those that may be shown first."""
    rows = _labelled(survey, question)
    rows = rows[rows["kind"] == ALL]
    return rows.sort_values("share_pct", ascending=False, na_position="last", kind="stable")


def answers(survey: Survey, question: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the answers of all respondents as a table that is not printed."""
    return all_respondents(survey, question)[COLUMNS], {"printed_rows": 0}


def shown_count(survey: Survey, question: str) -> int:
    """Return the number of answers of all respondents that may be shown."""
    return int(all_respondents(survey, question)["count"].notna().sum())


def intervals(survey: Survey, question: str) -> Figure | None:
    """Draw shares of all respondents; None if none may be shown."""
    if not shown_count(survey, question):
        return None
    return drawings.intervals(all_respondents(survey, question))


def groups(survey: Survey, question: str) -> list[dict[str, Any]]:
    """Return kinds of groups with their numbers of cells and of hidden ones."""
    rows = survey.shares[question]
    return [
        {"kind": kind, "cells": len(part), "hidden": int(part["count"].isna().sum())}
        for kind, part in rows[rows["kind"] != ALL].groupby("kind", sort=False)
    ]


def by_group(
    survey: Survey, question: str, kind: str
) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return the answers of clusters or segments that may be shown; None without one.

    A row for every hidden cell would bury the others.
    """
    rows = _labelled(survey, question)
    rows = rows[(rows["kind"] == kind) & rows["count"].notna()]
    clusters = {k: str(one["name"]) for k, one in load_clusters().items()}
    rows = rows.assign(group=rows["group"].map({**load_segments().names(), **clusters}))
    rows = rows.sort_values("group", kind="stable")[["group", *COLUMNS]]
    return rows if len(rows) else None, {"group_col": "group"}


def _labelled(survey: Survey, question: str) -> pd.DataFrame:
    words = survey.words[question]
    labels = {name: name.capitalize() for name in words} if question == THEMES else words
    rows = survey.shares[question]
    return rows.assign(label=rows["answer"].map(labels))


def most_named(survey: Survey) -> dict[str, dict[Any, Any]]:
    """Return the answer named most often to each question, of those that may be shown."""
    tops = {}
    for question in QUESTIONS:
        rows = all_respondents(survey, question)
        if len(rows := rows[rows["count"].notna()]):
            tops[question] = rows.iloc[0].to_dict()
    return tops


def themes(survey: Survey) -> pd.DataFrame:
    """Return the themes of free texts with the beginnings of their words."""
    rows = [(n, ", ".join(f"{x}…" for x in starts)) for n, starts in survey.words[THEMES].items()]
    return pd.DataFrame(rows, columns=["theme", "words"])


def top_need(survey: Survey) -> str | None:
    """Return the id of the need named most often; None if none may be shown."""
    top = most_named(survey).get("needs") if survey.is_held else None
    return top["answer"] if top else None


def answered(survey: Survey) -> bool:
    """Return whether the catalogue answers the need named most often."""
    return not practice.catalogue(top_need(survey)).empty


def good_practice(survey: Survey, need: str | None) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the catalogue, or its entries for a need."""
    frame = practice.with_sources(practice.catalogue(need), survey.as_of)
    hidden = ["source_url", "needs", "source_title", "ref_date", "action"]
    return frame, {"hide": hidden}
