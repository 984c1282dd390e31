"""The map: classes, small economies, and the difference between nothing and zero."""

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from shapely.geometry import box

from marketintel.documents.charts import maps


@pytest.fixture
def world():
    shapes = {
        "USA": box(-120, 30, -80, 50),
        "CHN": box(80, 20, 120, 45),
        "DEU": box(6, 47, 15, 55),
        "SGP": box(103.6, 1.2, 104.0, 1.5),
        "BRA": box(-70, -30, -40, 0),
        "TCD": box(14, 8, 24, 22),
        "ATA": box(-180, -90, 180, -65),
    }
    return gpd.GeoDataFrame({"iso3": list(shapes)}, geometry=list(shapes.values()), crs="EPSG:4326")


@pytest.fixture
def sales():
    values = {"CHN": 5e9, "DEU": 8e8, "SGP": 3e8, "BRA": 0.0, "GLP": 2e6, "TCD": float("nan")}
    return pd.DataFrame({"partner": list(values), "value_usd": list(values.values())})


def legend(figure):
    return [t.get_text() for t in figure.axes[0].get_legend().get_texts()]


def test_nothing_recorded_is_not_zero(sales, world):
    figure = maps.supplier_map(sales, world, reporter="USA", reporter_label="United States")
    labels = legend(figure)
    assert labels[-3:] == ["0", "none recorded", "United States"]
    assert labels[0].startswith("more than ")
    assert figure.axes[0].get_legend().get_title().get_text() == "Imports from, USD million"
    hatched = [c for c in figure.axes[0].collections if c.get_hatch()]
    assert len(hatched) == 1
    assert len(hatched[0].get_paths()) == 1  # Chad, whose figure is missing; not Brazil, which is 0


def test_small_economies_are_dots_and_the_unplaced_are_named(sales, world):
    figure = maps.supplier_map(sales, world, reporter="USA", names={"GLP": "Guadeloupe"})
    dots = [c for c in figure.axes[0].collections if type(c) is PathCollection]
    assert len(dots) == 1
    notes = [t.get_text() for t in figure.axes[0].texts]
    assert notes == ["Without a polygon of their own: Guadeloupe (USD 2.0 million together)."]


def test_every_figure_falls_into_the_class_that_the_legend_gives_it(sales):
    known = sales.set_index("partner")["value_usd"].dropna()
    limits = maps._limits(known[known > 0])
    assert limits == sorted(limits)
    assert limits[0] == 1e6
    for value in known[known > 0]:
        rank = maps._rank(value, limits)
        assert value <= limits[rank]
        assert rank == 0 or value > limits[rank - 1]
    assert maps._rank(0.0, limits) == -1


@pytest.mark.parametrize("size", [1, 2, 4, 5, 30, 200])
def test_classes_are_those_of_fisher_and_jenks(size):
    mapclassify = pytest.importorskip("mapclassify")
    values = np.random.default_rng(size).lognormal(1, 0.3, size)
    count = min(4, size)
    with warnings.catch_warnings(action="ignore"):  # that it is slow without numba
        theirs = mapclassify.FisherJenks(values, k=count).bins
    np.testing.assert_array_equal(maps._natural_breaks(values, count), theirs)


def test_a_market_of_one_supplier_can_be_drawn(world):
    one = pd.DataFrame({"partner": ["CHN"], "value_usd": [120.0]})
    assert len(legend(maps.supplier_map(one, world, reporter="USA"))) == 4


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s, w: (pd.concat([s, s]), w), "more than one row"),
        (lambda s, w: (s.assign(value_usd=0.0), w), "above zero"),
        (lambda s, w: (s, w.set_crs(None, allow_override=True)), "coordinate reference system"),
    ],
)
def test_what_cannot_be_mapped_is_refused(sales, world, change, reason):
    values, geometry = change(sales, world)
    with pytest.raises(ValueError, match=reason):
        maps.supplier_map(values, geometry, reporter="USA")


def test_the_disclaimer_says_what_it_must():
    assert "no opinion on the legal status" in maps.DISCLAIMER
    assert "Kosovo*" in maps.DISCLAIMER
    assert "1244/1999" in maps.DISCLAIMER
