"""An explanation of series on which nothing can be tested."""

import pandas as pd

from marketintel.analysis.forecast.explanation import explain


def test_series_too_short_for_an_origin_have_weights_and_empty_errors():
    ends = pd.to_datetime([f"{year}-12-31" for year in range(2014, 2023)])
    panel = pd.DataFrame({"unique_id": "short", "ds": ends, "y": [float(y) for y in range(10, 19)]})
    told = explain(panel, horizon=5)
    assert len(told.weights)
    assert told.errors.empty and "unique_id" in told.errors
    assert told.accuracy.empty and "mase" in told.accuracy
