"""The rules by which three options are chosen."""

import numpy as np
import pandas as pd
import pytest

from marketintel.analysis.partnership.s3_options import benefit, cost, options


def candidates(**changes):
    table = pd.DataFrame(
        {
            "specialised": [1.0, np.nan, 1.0, 0.0, 0.0],
            "density": [30.0, 31.0, 35.0, 36.0, 20.0],
            "density_rank": [40, 35, 25, 10, 60],
            "n_divisions": 66,
            "complexity_rank": [12, 34, 30, 20, 8],
            "group_size": [36, 36, 36, 36, 30],
            "demand_usd": [2e9, 5e8, 1e8, 3e8, np.nan],
        },
        index=["C26", "C27", "C28", "C32", "M72"],
    )
    return table.assign(**changes)


def chosen(table):
    return [(o.kind, o.division) for o in options(table)]


def test_build_on_the_most_complex_strength_branch_out_to_the_nearest_team_up_where_demand_is():
    assert chosen(candidates()) == [
        ("build on", "C26"), ("branch out", "C32"), ("team up", "C27"),
    ]  # fmt: skip


def test_without_a_strength_the_nearest_is_built_on():
    found = chosen(candidates(specialised=0.0))
    assert found == [("build on", "C32"), ("branch out", "C28"), ("team up", "C26")]


def test_strong_in_all_goes_by_complexity():
    found = chosen(candidates(specialised=1.0))
    assert found[0] == ("build on", "M72") and found[1] == ("branch out", "C26")


def test_without_demand_the_third_goes_by_complexity():
    found = chosen(candidates(demand_usd=np.nan))
    assert found[2] == ("team up", "M72")


def test_cost_and_benefit_by_thirds():
    table = candidates()
    assert [cost(row) for _, row in table.iterrows()] == [
        "medium",
        "medium",
        "medium",
        "low",
        "high",
    ]
    assert [benefit(row) for _, row in table.iterrows()] == ["high", "low", "low", "medium", "high"]


def test_no_division_twice_and_too_few_refused():
    assert len({o.division for o in options(candidates())}) == 3
    with pytest.raises(ValueError, match="three candidates"):
        options(candidates().head(2))
