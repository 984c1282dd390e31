"""Residuals of fitted models against what a normal distribution would give."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from marketintel.documents.charts import drawing
from marketintel.reference.brand import shipped_brand

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Standardised errors beyond this are drawn at the edge.
EDGE = 5.0


@drawing.styled
def normal_quantiles(errors: Mapping[str, "np.ndarray"]) -> "Figure":
    """Quantiles of standardised one-step errors against normal ones, one panel a class.

    Parameters
    ----------
    errors : mapping of str to ndarray
        Errors of all series of a class, each series divided by its own standard deviation.
    """
    from scipy.stats import norm

    brand = shipped_brand()
    columns = min(4, len(errors))
    rows = -(-len(errors) // columns)
    figure = drawing.wide(0.4 + 1.8 * rows)
    grid = figure.subplots(rows, columns, sharey=True, sharex=True, squeeze=False)
    for unused in grid.flat[len(errors) :]:
        unused.set_visible(False)
    for place, (name, values) in zip(grid.flat, errors.items(), strict=False):
        ranks = (np.arange(len(values)) + 0.5) / len(values)
        found = np.clip(np.sort(values), -EDGE, EDGE)
        place.plot([-EDGE, EDGE], [-EDGE, EDGE], color=drawing.FAINT, linewidth=1)
        place.plot(norm.ppf(ranks), found, ".", markersize=2.5, color=brand.palette[0])
        place.set_title(name.replace("(", "\n(", 1), fontsize=7)
        place.tick_params(labelsize=7)
        place.set_xlim(-3.5, 3.5)
    figure.supylabel("error, standard deviations", fontsize=8)
    figure.supxlabel("normal quantile", fontsize=8)
    return figure
