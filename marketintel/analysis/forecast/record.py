"""Choice of the forecast shown: the default, or naive where the series' own record is better."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.forecast import combination

RIVAL, SHOWN = "naive", "shown"

FEWEST_TESTS = 8
"""Scored targets that a series' record needs before it decides."""

WIDE = 4.0
"""An interval wider than this many times the level is not to be relied on."""


def better_naive(errors: pd.DataFrame) -> set[str]:
    """Series whose rolling origins were hit better by naive than by the default.

    Parameters
    ----------
    errors : DataFrame
        ``unique_id, model, forecasts, mase`` as from ``accuracy(tested, panel, by=["model",
        "unique_id"])``, both models in it. Fewer than :data:`FEWEST_TESTS` scored targets, or no
        MASE (a history that never moved), decide nothing.
    """
    if errors.empty:
        return set()
    table = errors.pivot_table(index="unique_id", columns="model", values=["mase", "forecasts"])
    if not {("mase", combination.NAME), ("mase", RIVAL)} <= set(table.columns):
        return set()
    lower = table["mase", RIVAL] < table["mase", combination.NAME]
    return set(table.index[lower & (table["forecasts", RIVAL] >= FEWEST_TESTS)])


def shown(made: pd.DataFrame, errors: pd.DataFrame, beside: str = "") -> pd.DataFrame:
    """Rows of the default, or of naive where its record is better, as model ``shown``.

    Parameters
    ----------
    made : DataFrame
        From ``forecast`` with the default and ``naive``.
    errors : DataFrame
        As in :func:`better_naive`, from origins before the forecasts; also a `made` itself.
    beside : str, optional
        A model whose rows are kept under its own name.

    Returns
    -------
    DataFrame
        The long frame of one model, :data:`SHOWN`; ``attrs["shown"]`` names the model of each
        series.
    """
    naive = made["unique_id"].isin(better_naive(errors))
    kept = made[made["model"].eq(combination.NAME).where(~naive, made["model"].eq(RIVAL))]
    names = dict(zip(kept["unique_id"], kept["model"], strict=True))
    whole = pd.concat([kept.assign(model=SHOWN), made[made["model"] == beside]])
    whole.attrs = made.attrs | {"shown": names}
    return whole


def unreliable(made: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, reason`` of series with an interval wider than :data:`WIDE` times their level.

    Parameters
    ----------
    made : DataFrame
        Long frame, or some levels of it.
    panel : DataFrame
        ``unique_id, ds, y``; the level is the mean of the last three values.
    """
    known = panel.dropna(subset="y").sort_values("ds")
    level = known.groupby("unique_id")["y"].apply(lambda y: y.tail(3).abs().mean())
    width = (made["hi"] - made["lo"]) / made["unique_id"].map(level).where(lambda v: v > 0, 1e-300)
    wide = made.assign(width=width)[width > WIDE].sort_values("width")
    wide = wide.groupby("unique_id", as_index=False).tail(1)
    reasons = [
        f"{level} % interval {f'{times:.1f}' if times < 100 else 'over 100'} times the level"
        for level, times in zip(wide["level"], wide["width"], strict=True)
    ]
    return pd.DataFrame({"unique_id": wide["unique_id"].to_numpy(), "reason": reasons})
