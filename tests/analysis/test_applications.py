"""Applications: every pair has a row, a buyer is of one field, shares are those published."""

from dataclasses import dataclass

import pandas as pd
import pytest

from marketintel.analysis.partnership.applications import bought, matrix
from marketintel.reference.applications import applied, load_applications


@dataclass
class Field:
    themes: list[str]
    applications: list[str]
    buyers: list[str]


FIELDS = {
    "made": Field(["manufacturing"], ["cutting"], ["333", "336"]),
    "flown": Field([], ["radar"], ["3364"]),
}


def test_each_pair_has_a_row_with_its_words():
    table = matrix(FIELDS, {"lasers": ["cutting", "lidar"]}, {"lasers": ["manufacturing"]})
    assert table[["field", "applications", "theme"]].to_numpy().tolist() == [
        ["made", ("cutting",), True], ["flown", (), False],
    ]  # fmt: skip


def test_a_buyer_is_of_the_field_that_names_it_most_closely():
    buyers = pd.DataFrame(
        {"industry": "333314", "item": ["336411", "336390", "333000", "621500"],
         "share_pct": [10.0, 5.0, 20.0, 65.0]}
    )  # fmt: skip
    shares = bought(buyers, FIELDS).set_index("field")["bought_pct"]
    assert shares["flown"] == pytest.approx(10) and shares["made"] == pytest.approx(25)


def test_every_application_of_a_field_is_one_of_a_segment():
    words = {word for one in applied().values() for word in one}
    fields = load_applications()
    assert set(fields) == {"advanced_manufacturing", "aerospace", "health"}
    assert all(set(one.applications) <= words for one in fields.values())
    used = [word for one in fields.values() for word in one.applications]
    assert len(used) == len(set(used))
