"""Rule, fixed before it is applied, for the one elasticity that is used by default.

Tables show every estimate and scenarios are computed under each. One of them is the *default*: it
stands first, and its 95 % interval gives a scenario's low and high.

1. Of the estimates that were tested for what should be zero, only those qualify that pass: at
   least :data:`FEWEST_CLUSTERS` clusters (with fewer, clustered errors are too small), a *placebo*
   whose interval contains zero (duties of two years later do not move trade), and a *trend* whose
   interval contains zero (goods that were taxed later had not been drifting already).
2. Of those, the one nearest to photonics: estimates come nearest first.
3. Where none qualifies or none was tested, the first as listed: for income, world exports of
   photonics' own headings; for the exchange rate, the panel with enough destinations to cluster
   its errors by.

Whether the estimate itself is far from zero plays no part: choosing by that would favour chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from marketintel.analysis.forecast.elasticities import Z_95, Elasticity

FEWEST_CLUSTERS = 50


def passes(elasticity: Elasticity) -> bool:
    """True if an estimate was tested and passed."""
    tests = (elasticity.placebo, elasticity.trend)
    return elasticity.n_clusters >= FEWEST_CLUSTERS and all(
        test is not None and abs(test[0]) <= Z_95 * test[1] for test in tests
    )


def default(found: Sequence[Elasticity], driver: str) -> Elasticity | None:
    """Return the default estimate of a driver; none where there is no estimate."""
    own = [e for e in found if e.driver == driver]
    return next((e for e in own if passes(e)), own[0] if own else None)


def in_order(found: Sequence[Elasticity], driver: str) -> list[Elasticity]:
    """Return the estimates of a driver, the default first."""
    first = default(found, driver)
    own = [e for e in found if e.driver == driver]
    return sorted(own, key=lambda e: e is not first)
