"""Results of statsmodels behind forecasts at the last origin, as rows."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from marketintel.analysis.forecast import combination
from marketintel.analysis.forecast.fits import STEPS, TESTS, UNKNOWN, Fitted
from marketintel.analysis.forecast.members import MODELS, OWN, results_of
from marketintel.analysis.forecast.models import RAW
from marketintel.analysis.forecast.panel import screen
from marketintel.analysis.forecast.rolling import own_factors
from marketintel.analysis.forecast.seasonal import adjust

FIELDS = ["class_name", "parameters", "standard_errors", "log_likelihood", "aic", "aicc", "bic",
          "converged", "refusal", "unit", "errors"]  # fmt: skip
COLUMNS = ["unique_id", "freq", "model", "weight_pct", "interval_factor", *FIELDS, *TESTS]


def fitted_models(
    panel: pd.DataFrame, names: Iterable[str] = (combination.NAME,), freq: str | None = None
) -> pd.DataFrame:
    """Results behind the forecasts of a panel at its last origin.

    Parameters
    ----------
    panel : DataFrame
        ``unique_id, ds, y``, as given to ``forecast_ahead``.
    names : iterable of str
        Models; the combination stands for its members.
    freq
        As of ``forecast``.

    Returns
    -------
    DataFrame
        One row per series, member and statsmodels result: ``unique_id, freq, model`` (the member),
        ``class_name`` and the fields of :class:`Fitted`; ``weight_pct`` is the member's weight in
        a weighted mean, missing in a median; ``interval_factor`` is what the calibrated intervals
        of its forecast are widened by
        (:func:`~marketintel.analysis.forecast.rolling.own_factors`). Dynamic theta is named as own, without a result.
    """
    rows = []
    asked = list(names)
    for batch in screen(panel, freq=freq).batches:
        members = combination.MEMBERS[batch.freq]
        factors = own_factors(batch, asked)
        wanted: dict[str, str] = {}
        for name in asked:
            for member in members if name == combination.NAME else (name,):
                wanted.setdefault(member, name)
        for name, of in wanted.items():
            seen = batch if name in RAW else adjust(batch).batch
            if name in MODELS:
                found = results_of(seen, name, STEPS)
            else:
                found = [(Fitted(OWN, {}, {}),)] * len(batch)
            weight = combination.WEIGHTS.get(name) if batch.freq == "A" else None
            shared = {"freq": batch.freq, "model": name, "weight_pct": 100 * (weight or UNKNOWN)}
            rows += [
                {
                    "unique_id": unique_id,
                    **shared,
                    "interval_factor": factor,
                    **{f: getattr(part, f) for f in FIELDS},
                    **part.tests,
                }
                for unique_id, parts, factor in zip(batch.ids, found, factors[of], strict=True)
                for part in parts
            ]
    return pd.DataFrame(rows, columns=COLUMNS)
