"""The survey of needs: shares that may be shown, themes of free texts, and what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.partnership import needs as survey_of
from marketintel.analysis.partnership.disclosure import MINIMUM
from marketintel.documents import prose as w
from marketintel.documents.charts import partnership as drawings
from marketintel.documents.engine.blocks import (
    Callout,
    Figure,
    KeyFigures,
    Stack,
    Table,
    Text,
    escape,
)
from marketintel.documents.practice import pages as practice
from marketintel.reference.partnership import (
    NONE,
    QUESTIONS,
    load_clusters,
    load_needs,
    load_survey,
)
from marketintel.reference.segments import load_segments

TITLES = {"needs": "Needs", "barriers": "Barriers", "expectations": "Expectations"}
HIDDEN = f"not shown: fewer than {MINIMUM} answers, or they could be worked out"


@dataclass(frozen=True)
class Found:
    """Answers of the survey; they never leave this object but as counts that may be shown."""

    words: dict[str, dict[str, Any]]
    survey: pd.DataFrame | None

    @property
    def is_example(self) -> bool:
        """Whether any row calls itself an example."""
        return self.survey is not None and bool(self.survey["is_example"].any())

    @property
    def scope(self) -> str:
        """One line for the cover."""
        if self.survey is None:
            return "No survey has been held yet: questionnaire and published barriers only"
        return f"{_respondents(self)} respondents; cells under {MINIMUM} answers are not shown"

    def answers(self, question: str) -> list[str]:
        """The answers whose counts may be looked at.

        How many said "none" is left out altogether: nobody who did can have said anything else,
        so it would tie the counts of all answers together.
        """
        return [answer for answer in self.words[question] if answer != NONE]

    @cached_property
    def shares(self) -> dict[str, pd.DataFrame]:
        """Question to the shares that may be shown."""
        if self.survey is None:
            return {}
        found = {
            question: survey_of.proportions(
                self.survey, survey_of.chosen(self.survey[question], self.answers(question))
            )
            for question in QUESTIONS
        }
        texts = survey_of.themes(self.survey["free_text"], self.words["themes"])
        return found | {"themes": survey_of.proportions(self.survey, texts)}


def _respondents(found: Found) -> str:
    """How many answered, if that many may be named."""
    count = 0 if found.survey is None else len(found.survey)
    return str(count) if count >= MINIMUM else f"fewer than {MINIMUM}"


def load(survey: Path | str = "") -> Found:
    """Read the vocabulary and, where there is one, the file of answers.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule; the message has file, line and rule.
    """
    return Found(load_needs(), load_survey(Path(survey)) if str(survey) else None)


def summary(found: Found) -> Stack:
    """How many answered, and what most of them say."""
    if found.survey is None:
        return Stack(
            Callout(
                "warning",
                "**No survey has been held yet.** Nothing is known of these members' needs, and "
                "nothing is made up. Below are the questions and what the European Commission's "
                "cluster policy names as barriers. `reference/needs_template.csv` is the form; "
                "`marketintel needs FILE` writes this document from the answers.",
            )
        )
    blocks: list[Any] = []
    if found.is_example:
        blocks.append(
            Callout(
                "warning",
                "**This is an example.** Its answers are made up to show the form; nothing can be "
                "learned from them. It is not for publication.",
            )
        )
    tops = []
    for question in QUESTIONS:
        rows = found.shares[question]
        rows = rows[(rows["kind"] == survey_of.ALL) & rows["count"].notna()]
        rows = rows.sort_values("share_pct", ascending=False)
        if len(rows):
            first = rows.iloc[0]
            said = found.words[question][first["answer"]]
            tops.append(
                f"**{TITLES[question]}.** Named most often, of what may be shown: “{escape(said)}”, by "
                f"{w.percent(first['share_pct'], 0)} ({w.percent(first['lo_pct'], 0)} to "
                f"{w.percent(first['hi_pct'], 0)})."
            )
    return Stack(
        *blocks,
        KeyFigures([("Respondents", _respondents(found), "one a member")]),
        Callout(
            "note",
            f"Cells with fewer than {MINIMUM} answers are not shown, nor are others from which they "
            "could be worked out by subtraction. “Said it” and “did not say it” both count as cells. "
            "Those who answered are not a random sample: intervals speak for chance only.",
        ),
        Text("\n".join(f"- {line}" for line in tops)) if tops else None,
    )


def question(found: Found, name: str) -> Stack:
    """One question: all respondents, then clusters and segments."""
    if found.survey is None:
        return _questionnaire(found.words[name], name)
    return _shares(found, name, found.words[name], TITLES[name])


def free_texts(found: Found) -> Stack:
    """Themes of the free texts; a text is never printed."""
    lists = pd.DataFrame(
        [(name, ", ".join(f"{x}…" for x in starts)) for name, starts in
         found.words["themes"].items()],
        columns=["theme", "words"],
    )  # fmt: skip
    rules = Table(
        lists,
        name="themes",
        caption="The words that put a free text under a theme",
        headers={"words": "Words that begin with"},
        note="A list anybody can read and change (needs.toml). It knows nothing of irony or negation.",
    )
    if found.survey is None:
        return Stack(rules)
    labels = {name: name.capitalize() for name in found.words["themes"]}
    return Stack(_shares(found, "themes", labels, "Themes of free texts"), rules)


def _shares(found: Found, name: str, labels: Mapping[str, str], title: str) -> Stack:
    table = found.shares[name].assign(label=lambda t: t["answer"].map(labels))
    all_rows = table[table["kind"] == survey_of.ALL].sort_values(
        "share_pct", ascending=False, na_position="last", kind="stable"
    )
    known = int(all_rows["count"].notna().sum())
    blocks: list[Any] = []
    if known:
        blocks.append(
            Figure(
                drawings.intervals(all_rows),
                name=name,
                caption=f"{title}: share of all respondents",
                alt=(
                    f"Shares with 95 % intervals for {known} of {len(all_rows)} answers; the others may "
                    "not be shown."
                ),
            )
        )
    else:
        blocks.append(Text(f"**{title}.** No answer has enough respondents to be shown."))
    blocks.append(
        Table(
            all_rows[["label", "respondents", "count", "share_pct", "lo_pct", "hi_pct"]],
            name=f"{name}_all",
            caption=f"{title}: all respondents",
            missing=HIDDEN,
            printed_rows=0,
        )
    )
    groups = table[table["kind"] != survey_of.ALL].assign(group=lambda t: _names(t))
    columns = ["group", "label", "respondents", "count", "share_pct", "lo_pct", "hi_pct"]
    for kind, part in groups.groupby("kind", sort=False):
        # A line for every hidden cell would bury the others; the sentence below counts them.
        open_rows = part[part["count"].notna()].sort_values("group", kind="stable")
        hidden = len(part) - len(open_rows)
        if len(open_rows):
            blocks.append(
                Table(
                    open_rows[columns],
                    name=f"{name}_by_{kind}",
                    caption=f"{title} by {kind}",
                    formats={"respondents": "int", "count": "int", "share_pct": "pct",
                             "lo_pct": "pct", "hi_pct": "pct"},
                    headers={"label": "Answer", "count": "Said it", "share_pct": "Share",
                             "lo_pct": "From", "hi_pct": "To"},
                    group_col="group",
                    missing=HIDDEN,
                    note="From, to: Wilson 95 % interval.",
                )
            )  # fmt: skip
        blocks.append(Text(f"By {kind}, {hidden} of {len(part)} cells are {HIDDEN}."))
    return Stack(*blocks)


def _names(table: pd.DataFrame) -> pd.Series:
    clusters = {k: str(one["name"]) for k, one in load_clusters().items()}
    return table["group"].map({**load_segments().names(), **clusters})


def _questionnaire(answers: Mapping[str, str], name: str) -> Stack:
    return Stack(
        Text(f"**Asked: {TITLES[name].lower()}** (several answers possible):"),
        Text("\n".join(f"- {escape(text)}" for text in answers.values())),
    )


def published() -> Text:
    """Barriers that somebody has named for European SMEs."""
    return Text(
        "The European Commission's cluster unit named three barriers to internationalisation in "
        "2018: the initial cost; access to markets and the search for partners; administrative and "
        "legal complexity. Source: Interreg Europe news, 2018 (old), "
        "<https://www.interregeurope.eu/policylearning/news/4746/eu-instruments-contributing-to-the-"
        "internationalisation-of-european-businesses/>. It is a statement, not a survey."
    )


def answers(found: Found, as_of: str) -> Stack:
    """Good practice for the need named most often; all of it where no survey was held."""
    if found.survey is None:
        return Stack(practice.table(as_of))
    rows = found.shares["needs"]
    rows = rows[(rows["kind"] == survey_of.ALL) & rows["count"].notna()]
    if rows.empty:
        return Stack(practice.table(as_of))
    top = rows.sort_values("share_pct", ascending=False).iloc[0]["answer"]
    if practice.catalogue(top).empty:
        asked = found.words["needs"][top]
        return Stack(
            Text(
                f"**A gap.** Nothing in the catalogue answers “{escape(asked)}”; all of it follows."
            ),
            practice.table(as_of),
        )
    return Stack(practice.table(as_of, top))


def gaps(found: Found) -> Text:
    """What the survey cannot tell."""
    return Text(
        "- **Who did not answer.** Members who are busy exporting, or have given up, may be missing.\n"
        "- **Small groups.** Clusters with few answers disappear; that is the price of keeping "
        "answers secret.\n"
        "- **Weight.** An answer of a company with five people counts as much as one with five "
        "hundred."
    )
