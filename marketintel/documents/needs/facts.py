"""Facts of the survey: vocabulary, and shares of answers that may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from marketintel.analysis.partnership import needs
from marketintel.analysis.partnership.disclosure import MINIMUM
from marketintel.reference.partnership import NONE, QUESTIONS, load_needs, load_survey

THEMES = "themes"


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
    """

    as_of: str
    words: dict[str, dict[str, Any]]
    shares: Mapping[str, pd.DataFrame]
    respondents: str
    is_example: bool
    minimum: ClassVar[int] = MINIMUM

    @property
    def is_held(self) -> bool:
        """Whether there are answers."""
        return bool(self.shares)


def load(survey: str, as_of: str) -> Survey:
    """Read the vocabulary and, where there is one, the file of answers.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule; the message has file, line and rule.
    """
    words = load_needs()
    if not survey:
        return Survey(as_of, words, {}, "no", False)
    answers = load_survey(Path(survey))
    # The count of "none" would tie those of all answers together: who said it said nothing else.
    given = {
        question: needs.chosen(answers[question], [a for a in words[question] if a != NONE])
        for question in QUESTIONS
    }
    given[THEMES] = needs.themes(answers["free_text"], words[THEMES])
    shares = {question: needs.proportions(answers, one) for question, one in given.items()}
    count = str(len(answers)) if len(answers) >= MINIMUM else f"fewer than {MINIMUM}"
    return Survey(as_of, words, shares, count, bool(answers["is_example"].any()))
