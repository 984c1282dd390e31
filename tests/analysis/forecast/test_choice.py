"""Which of several elasticities is the default."""

import dataclasses

from marketintel.analysis.forecast import choice
from marketintel.analysis.forecast.elasticities import Elasticity

BASE = Elasticity(
    "near", "duty", -1.0, 0.3, 5000, 80, "codes", "m", "s", "x", "w", "Near",
    placebo=(0.5, 0.3), trend=(0.5, 0.3),
)  # fmt: skip


def like(key: str, **changed) -> Elasticity:
    return dataclasses.replace(BASE, key=key, **changed)


def test_a_default_passes_every_test():
    assert choice.passes(BASE)
    assert not choice.passes(like("few", n_clusters=49))
    assert not choice.passes(like("led", placebo=(0.6, 0.3)))
    assert not choice.passes(like("drifting", trend=(-0.6, 0.3)))
    assert not choice.passes(like("untested", trend=None))


def test_the_nearest_that_passes_and_else_the_first():
    few, drifting, far = like("few", n_clusters=9), like("d", trend=(1.0, 0.1)), like("far")
    income = like("income", driver="gdp", placebo=None, trend=None)
    found = [few, income, drifting, BASE, far]
    assert choice.default(found, "duty") is BASE
    assert [e.key for e in choice.in_order(found, "duty")] == ["near", "few", "d", "far"]
    assert choice.default(found, "gdp") is income
    assert choice.default([few, drifting], "duty") is few
    assert choice.default(found, "exchange_rate") is None
    assert choice.in_order(found, "exchange_rate") == []


def test_how_far_from_zero_it_lies_plays_no_part():
    unsure = like("unsure", value=-0.1)
    assert choice.default([unsure, BASE], "duty") is unsure
    assert not unsure.is_significant and BASE.is_significant
