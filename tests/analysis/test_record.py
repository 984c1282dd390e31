import numpy as np
import pandas as pd
import pytest
from scipy import stats

from marketintel.analysis.markets import ranking_backtest as record

MARKETS = [f"M{n:02d}" for n in range(12)]


@pytest.fixture
def sales():
    """Sales to twelve markets: the rise from 2000 to 2003 is in the order of their numbers."""
    rows = [(m, "2000", 100.0) for m in MARKETS] + [
        (m, year, 100.0 + 10 * n)
        for n, m in enumerate(MARKETS)
        for year in ("2001", "2002", "2003")
    ]
    return pd.DataFrame(rows, columns=["market", "period", "value_usd"])


def rankings(score, rule="method", period="2000"):
    return pd.DataFrame({"period": period, "rule": rule, "market": MARKETS, "score": score})


def test_outcomes_by_hand(sales):
    happened = record.outcomes(sales, horizons=(1, 3, 9))
    assert set(zip(happened["period"], happened["horizon"], strict=True)) == {
        ("2000", 1), ("2001", 1), ("2002", 1), ("2000", 3),
    }  # fmt: skip
    rise = happened[(happened["period"] == "2000") & (happened["horizon"] == 3)]
    assert rise["change_usd"].tolist() == [10.0 * n for n in range(12)]


def test_a_market_without_a_row_bought_nothing(sales):
    gone = sales[~((sales["market"] == "M05") & (sales["period"] == "2003"))]
    happened = record.outcomes(gone, horizons=(3,)).set_index("market")
    assert happened.loc["M05", "change_usd"] == -100


def test_hits_and_correlation_of_the_best_and_the_worst_ranking(sales):
    happened = record.outcomes(sales, horizons=(3,))
    both = pd.concat([rankings(range(12)), rankings(range(12, 0, -1), "worst")])
    table = record.record(both, happened).set_index("rule")
    assert table.loc["method", ["hit_5_pct", "hit_10_pct", "rank_corr"]].tolist() == [100, 100, 1]
    assert table.loc["worst", ["hit_5_pct", "hit_10_pct"]].tolist() == [0, 80]
    assert table.loc["worst", "rank_corr"] == pytest.approx(-1)
    assert table["chance_5_pct"].tolist() == pytest.approx([100 * 5 / 12] * 2)
    assert table["hit_20_pct"].isna().all() and table["chance_20_pct"].isna().all()


def test_a_market_that_a_rule_cannot_rank_can_still_be_what_happened(sales):
    score = [float(n) for n in range(11)] + [np.nan]
    table = record.record(rankings(score), record.outcomes(sales, (3,)))
    assert table["n_ranked"].iloc[0] == 11 and table["n_markets"].iloc[0] == 12
    assert table["hit_5_pct"].iloc[0] == 80, "the largest rise was in the market not ranked"


def test_correlation_against_scipy(sales):
    score = np.random.default_rng(0).random(12)
    table = record.record(rankings(score), record.outcomes(sales, (3,)))
    expected = stats.spearmanr(score, np.arange(12)).statistic
    assert table["rank_corr"].iloc[0] == pytest.approx(expected)


def test_chance_is_what_random_rankings_hit(sales):
    draw = np.random.default_rng(1)
    happened = record.outcomes(sales, (3,))
    hits = [
        record.record(rankings(draw.random(12)), happened)["hit_5_pct"].iloc[0] for _ in range(300)
    ]
    assert np.mean(hits) == pytest.approx(100 * 5 / 12, abs=3)


def test_summary_counts_the_years_ahead_of_every_naive_rule(sales):
    happened = record.outcomes(sales, (1,))
    parts = [
        rankings(range(12), "method", "2000"),
        rankings(range(12, 0, -1), "size", "2000"),
        rankings(np.tile([0, 1], 6), "habit", "2000"),
    ]
    table = record.summary(record.record(pd.concat(parts), happened), ["size", "habit"])
    by_rule = table.set_index("rule")
    assert by_rule.loc["method", "years_ahead_of_naive"] == 1
    assert by_rule.loc[["size", "habit"], "years_ahead_of_naive"].isna().all()
    assert table["rule"].iloc[0] == "method" and by_rule.loc["method", "n_years"] == 1
