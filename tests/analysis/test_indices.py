import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from marketintel.analysis.trade import indices

matrices = arrays(
    float, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(0, 10**6)
)
vectors = arrays(float, st.integers(1, 8), elements=st.integers(0, 10**6))
pairs = st.integers(1, 8).flatmap(
    lambda n: st.tuples(*[arrays(float, n, elements=st.integers(1, 10**6))] * 2)
)


def test_location_quotient_of_the_worked_example():
    jobs = np.array(
        [
            [100, 0, 0, 0, 0],
            [0, 15, 5, 70, 10],
            [0, 20, 10, 20, 50],
            [0, 25, 30, 5, 40],
            [0, 40, 55, 5, 0],
        ],
        dtype=float,
    )
    assert indices.balassa(jobs)[1] == pytest.approx([0, 0.75, 0.25, 3.5, 0.5])


def test_balassa_keeps_labels_and_leaves_the_input_alone():
    table = pd.DataFrame({"x": [1.0, 0.0], "y": [0.0, 0.0]}, index=["a", "b"])
    before = table.copy()
    rca = indices.balassa(table)
    pd.testing.assert_frame_equal(table, before)
    assert rca.loc["a", "x"] == 1
    assert rca.loc["b"].isna().all(), "an actor without trade has no structure"
    assert rca["y"].isna().all(), "a product without trade has no structure"


@pytest.mark.parametrize("bad", [[[1.0, np.nan]], [[1.0, -1.0]]])
def test_balassa_refuses_missing_and_negative(bad):
    with pytest.raises(ValueError, match="missing or negative"):
        indices.balassa(np.array(bad))
    with pytest.raises(ValueError, match="two dimensions"):
        indices.balassa(np.array(bad[0]))


@given(matrices)
def test_balassa_averages_to_one_whichever_margin_weighs(x):
    rca = indices.balassa(x)
    total = x.sum()
    rows, columns = x.sum(axis=1), x.sum(axis=0)
    if total == 0:
        assert np.isnan(rca).all()
        return
    live = np.ix_(rows > 0, columns > 0)
    np.testing.assert_allclose((rows[rows > 0] / total) @ rca[live], 1)
    np.testing.assert_allclose(rca[live] @ (columns[columns > 0] / total), 1)


@given(matrices, st.integers(1, 1000))
def test_balassa_ignores_units(x, unit):
    np.testing.assert_allclose(indices.balassa(x * unit), indices.balassa(x), rtol=1e-12)


def test_symmetric_form_by_hand():
    assert indices.symmetric(1.0) == 0
    assert indices.symmetric(0.0) == -1
    assert indices.symmetric(pd.Series([3.0])).tolist() == [0.5]


def test_concentration_by_hand():
    # (√0.38 − √⅓)/(1 − √⅓)
    assert indices.normalised_herfindahl(0.38, 3) == pytest.approx(0.09249, abs=5e-6)
    assert np.isnan(indices.normalised_herfindahl(1.0, 1))
    series = indices.normalised_herfindahl(
        pd.Series([0.38, 1.0], [4, 9]), pd.Series([3, 1], [4, 9])
    )
    assert series[4] == pytest.approx(indices.normalised_herfindahl(0.38, 3))
    assert np.isnan(series[9])


@given(vectors)
def test_normalised_concentration_lies_between_0_and_1(values):
    n = int((values > 0).sum())
    if n > 1:
        hhi = ((values / values.sum()) ** 2).sum()
        assert 0 <= indices.normalised_herfindahl(hhi, n) <= 1 + 1e-12


def test_complementarity_by_hand():
    # Shares .5 .3 .2 against .2 .3 .5: differences .3 0 .3.
    assert indices.complementarity([50, 30, 20], [2, 3, 5]) == pytest.approx(70)
    assert indices.complementarity([1, 0], [0, 1]) == 0
    assert indices.complementarity([1, 1], [10, 10]) == 100


def test_series_are_matched_by_label():
    a, b = pd.Series({"x": 1.0, "y": 1.0}), pd.Series({"y": 3.0, "z": 1.0})
    assert indices.complementarity(a, b) == pytest.approx(50)
    with pytest.raises(ValueError, match="2 values against 3"):
        indices.complementarity([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="missing or negative"):
        indices.complementarity([1, np.nan], [1, 2])


def test_intensity_by_hand():
    # i sends 20 % of its exports to a market with 5 % of world imports.
    assert indices.intensity(20, 100, 50, 1000) == pytest.approx(4)
    assert np.isnan(indices.intensity(0, 0, 50, 1000))
