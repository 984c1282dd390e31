"""Choice of the forecast shown: the default, or what the series' own record says is better."""

from __future__ import annotations

import pandas as pd

from marketintel.analysis.forecast import combination, drivers

RIVAL, SHOWN = "naive", "shown"

FEWEST_TESTS = 8
"""Scored targets that a series' record needs before it decides."""

WIDE = 4.0
"""An interval wider than this many times the level is not to be relied on."""


def chosen(errors: pd.DataFrame) -> dict[str, str]:
    """Model of each series that its record puts in the place of the default.

    Parameters
    ----------
    errors : DataFrame
        ``unique_id, model, forecasts, mase`` as from ``accuracy(tested, panel, by=["model",
        "unique_id"])``. Fewer than :data:`FEWEST_TESTS` scored targets, or no MASE (a history that
        never moved), decide nothing.

    Returns
    -------
    dict of str to str
        ``unique_id`` to ``naive``, where its MASE is below the default's, or to ``drivers``, where
        its MASE is below that of naive and, if that was tested, of the default.
    """
    if errors.empty:
        return {}
    names = [combination.NAME, RIVAL, drivers.NAME]
    mase, tests = (
        errors.pivot_table(index="unique_id", columns="model", values=value).reindex(columns=names)
        for value in ("mase", "forecasts")
    )
    tests = tests.reindex(mase.index)
    enough = tests >= FEWEST_TESTS
    naive = enough[RIVAL] & (mase[RIVAL] < mase[combination.NAME])
    others = mase[[combination.NAME, RIVAL]].min(axis=1).where(mase[RIVAL].notna())
    driven = enough[drivers.NAME] & (mase[drivers.NAME] < others)
    found = dict.fromkeys(map(str, mase.index[naive]), RIVAL)
    return found | dict.fromkeys(map(str, mase.index[driven]), drivers.NAME)


def better_naive(errors: pd.DataFrame) -> set[str]:
    """Series whose rolling origins were hit best by naive: see :func:`chosen`."""
    return {one for one, model in chosen(errors).items() if model == RIVAL}


def shown(made: pd.DataFrame, errors: pd.DataFrame, beside: str = "") -> pd.DataFrame:
    """Rows of the default, or of what its record puts in its place, as model ``shown``.

    Parameters
    ----------
    made : DataFrame
        From ``forecast`` with the default and ``naive``, and rows of ``drivers`` if there are any.
    errors : DataFrame
        As in :func:`chosen`, from origins before the forecasts; also a `made` itself.
    beside : str, optional
        A model whose rows are kept under its own name.

    Returns
    -------
    DataFrame
        The long frame of one model, :data:`SHOWN`; ``attrs["shown"]`` names the model of each
        series.
    """
    wanted = made["unique_id"].map(chosen(errors)).fillna(combination.NAME)
    kept = made[made["model"] == wanted]
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
