"""Facts of the survey: vocabulary, and shares of answers that may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.partnership import needs
from marketintel.analysis.partnership.disclosure import MINIMUM
from marketintel.errors import UsageError
from marketintel.reference.files import unknown
from marketintel.reference.partnership import (
    NONE,
    QUESTIONS,
    load_clusters,
    load_needs,
    load_survey,
)

THEMES = "themes"
#: Below this a hidden cell is a person or two.
LEAST = 3


@dataclass(frozen=True)
class Survey:
    """Results of the survey; the answers themselves are in no field.

    Attributes
    ----------
    as_of : str
        Day looked at, ``YYYY-MM-DD``.
    words : dict
        ``needs.toml``: texts of needs, barriers and expectations, and words of themes.
    shares : dict of str to DataFrame
        Question or ``themes`` to :func:`marketintel.analysis.partnership.needs.proportions`;
        empty if no survey was held.
    respondents : str
        Their number, if it may be named.
    is_example : bool
        Whether any answer is an example.
    minimum : int
        Cells with fewer answers are not shown.
    internal : str
        Name of the cluster whose own answers these are, none of them hidden; "" otherwise.
    """

    as_of: str
    words: dict[str, dict[str, Any]]
    shares: Mapping[str, pd.DataFrame]
    respondents: str
    is_example: bool
    minimum: int = MINIMUM
    internal: str = ""

    @property
    def is_held(self) -> bool:
        """True if there are answers."""
        return bool(self.shares)


def load(survey: str, as_of: str, minimum: int = MINIMUM, internal: str = "") -> Survey:
    """Read the vocabulary and, where there is one, the file of answers.

    Parameters
    ----------
    survey : str
        Path of the file of answers; empty for none.
    minimum : int
        Cells with fewer answers are not shown.
    internal : str
        Id of a cluster: its own answers alone, all shown, for itself.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule; the message has file, line and rule.
    UsageError
        The minimum is too small to protect anyone, or the cluster has no answer.
    """
    if minimum < LEAST:
        raise UsageError(f"minimum {minimum} protects nobody: give {LEAST} or more")
    words = load_needs()
    if not survey:
        return Survey(as_of, words, {}, "no", False, minimum)
    answers = load_survey(Path(survey))
    name = ""
    if internal:
        there = sorted(set(answers["cluster"]))
        if internal not in there:
            raise UsageError(f"cluster {unknown(internal, there)}, since only these have answers")
        answers = answers[answers["cluster"] == internal].reset_index(drop=True)
        minimum, name = 0, str(load_clusters()[internal]["name"])
    # The count of "none" would tie those of all answers together: who said it said nothing else.
    given = {
        question: needs.chosen(answers[question], [a for a in words[question] if a != NONE])
        for question in QUESTIONS
    }
    given[THEMES] = needs.themes(answers["free_text"], words[THEMES])
    shares = {q: needs.proportions(answers, one, minimum=minimum) for q, one in given.items()}
    count = str(len(answers)) if len(answers) >= minimum else f"fewer than {minimum}"
    return Survey(as_of, words, shares, count, bool(answers["is_example"].any()), minimum, name)
