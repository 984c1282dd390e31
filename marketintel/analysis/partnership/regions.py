"""Specialisation of regions, relatedness of activities, and partner regions.

Regions are rows, activities (divisions of NACE) columns, persons employed the values. A blank cell
is not a zero: it stays unknown, and what can be said about it is said as a range.

- location quotient   LQ_ra = (x_ra/x_r)/(X_a/X): Balassa's index on employment;
- specialised         LQ ≥ 1; unknown where a blank cell could hold enough persons, or not;
- relatedness         φ from how often regions are specialised in both (see ``complexity``);
                      density in per cent (Balland et al. 2019);
- complexity          second eigenvector, its sign by what prosperous regions do (:func:`space`);
- partners            the density that a partner's specialisations would add (Balland and Boschma
                      2021, complementary interregional linkages).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from marketintel.analysis.trade import complexity as cx

#: Sections of NACE without which a region's total cannot stand.
NEEDED = ("C", "F", "G", "H", "I", "J", "L", "M", "N")
#: Small sections whose figure is often confidential: the total then goes without them.
SPARED = ("B", "D", "E")


def totals(sections: pd.DataFrame) -> pd.Series:
    """Return the persons employed in all sections; NaN where a needed section is blank.

    Parameters
    ----------
    sections : DataFrame
        Regions × sections (letters). Of :data:`SPARED` a blank counts as none, which makes the
        total a little too small.
    """
    needed = sections[list(NEEDED)].sum(axis=1, skipna=False)
    return needed + sections.reindex(columns=list(SPARED)).sum(axis=1)


def reference_shares(employment: pd.DataFrame, whole: pd.Series) -> pd.Series:
    """Return each activity's share of all employment, over those rows that have its figure.

    Parameters
    ----------
    employment : DataFrame
        Rows × activities. National figures are best: fewer of them are confidential.
    whole : Series
        Total of each row.
    """
    known = employment.notna().mul(whole.notna(), axis=0)
    base = known.mul(whole.fillna(0.0), axis=0).sum()
    return employment.where(known).sum() / base.where(base > 0)


def location_quotients(
    employment: pd.DataFrame, whole: pd.Series, reference: pd.Series
) -> pd.DataFrame:
    """Return LQ: above 1, a larger share of jobs than in the reference. NaN where x is blank.

    Parameters
    ----------
    employment : DataFrame
        Regions × activities.
    whole : Series
        Total of each region.
    reference : Series
        Share of each activity in all employment, from :func:`reference_shares`.
    """
    return employment.div(whole, axis=0) / reference


def most_possible(employment: pd.DataFrame, sections: pd.DataFrame) -> pd.DataFrame:
    """Return how many persons each cell can hold at most.

    A blank cell holds no more than its section's total less the divisions that are known; a cell
    with a figure holds that. Infinite where the section's total is blank as well.
    """
    most = employment.copy()
    for section in sections.columns:
        columns = [c for c in employment.columns if c[0] == section]
        rest = (sections[section] - employment[columns].sum(axis=1)).clip(lower=0)
        rest = rest.fillna(np.inf)
        for column in columns:
            most[column] = most[column].fillna(rest)
    return most


def specialised(lq_least: pd.DataFrame, lq_most: pd.DataFrame) -> pd.DataFrame:
    """Return M: 1 where LQ is 1 or more for certain, 0 where it cannot be, NaN where not known.

    Parameters
    ----------
    lq_least : DataFrame
        :func:`location_quotients` of employment with blank cells as 0.
    lq_most : DataFrame
        The same of :func:`most_possible`.
    """
    m = pd.DataFrame(np.nan, index=lq_least.index, columns=lq_least.columns)
    return m.mask(lq_least >= 1, 1.0).mask(lq_most < 1, 0.0)


@dataclass(frozen=True)
class Space:
    """Relatedness and complexity of activities.

    Attributes
    ----------
    usual : Series
        Share of regions that are specialised in each activity, of those where it is known.
    phi : DataFrame
        Proximity of activities, 0 to 1, diagonal 0.
    complexity : Series
        By activity, on the scale of the regions' index (mean 0, standard deviation 1).
    turned : bool
        Whether the sign is opposite to the one that goes with diversity.
    with_prosperity, with_diversity : float
        Correlation of the regions' index with GDP per head, and with the number of
        specialisations.
    """

    usual: pd.Series
    phi: pd.DataFrame
    complexity: pd.Series
    turned: bool
    with_prosperity: float
    with_diversity: float


def space(m: pd.DataFrame, prosperity: pd.Series) -> Space:
    """Return relatedness and complexity from the regions' specialisations.

    An unknown cell enters with the share of regions that are specialised in the activity, so it
    speaks for neither side.

    Parameters
    ----------
    m : DataFrame
        Result of :func:`specialised`, regions × activities.
    prosperity : Series
        GDP per head by region, which decides the sign of the complexity index. The usual rule
        (the sign that goes with diversity) fails for employment: regions with many small
        industrial specialisations are not the most advanced ones.
    """
    usual = m.mean()
    filled = m.fillna(usual)
    result = cx.complexity(filled)
    rich = result.eci.corr(prosperity.reindex(result.eci.index))
    many = result.eci.corr(filled.sum(axis=1))
    sign = -1.0 if rich < 0 else 1.0
    return Space(usual, cx.proximity(filled), sign * result.pci, sign < 0, sign * rich, sign * many)


def relatedness(m: pd.DataFrame, space_: Space) -> pd.DataFrame:
    """Return relatedness density of each row and activity, in per cent (0–100).

    How much of what goes with an activity is there already. Unknown cells count as usual.
    """
    return _density(m.fillna(space_.usual), space_.phi)


def relatedness_range(row: pd.Series, space_: Space) -> pd.DataFrame:
    """Return ``low, high``: density if every unknown cell were 0, and if it were 1."""
    ends = pd.DataFrame({"low": row.fillna(0.0), "high": row.fillna(1.0)}).T
    return _density(ends, space_.phi).T


def _density(m: pd.DataFrame, phi: pd.DataFrame) -> pd.DataFrame:
    weight = phi.to_numpy()
    result = 100 * (m[phi.index].to_numpy(float) @ weight) / weight.sum(axis=0)
    return pd.DataFrame(result, index=m.index, columns=phi.columns)


def quadrants(density: pd.Series, complexity: pd.Series, group: pd.Series) -> pd.DataFrame:
    """Class each activity as near or far, and complex or simple.

    Parameters
    ----------
    density : Series
        Relatedness density of one region by activity; near is above the region's own median.
    complexity : Series
        By activity; complex is above the median of its group.
    group : Series
        Group of each activity. Services of large cities come first in any such index, so
        industry is compared with industry.

    Returns
    -------
    DataFrame
        ``density, near, density_rank, complexity, complex, complexity_rank, group_size,
        quadrant`` by activity; ranks from 1 (highest), complexity's within the group.
    """
    table = pd.DataFrame({"density": density, "complexity": complexity, "group": group})
    within = table.groupby("group")["complexity"]
    table["near"] = table["density"] > table["density"].median()
    table["density_rank"] = table["density"].rank(ascending=False, method="min").astype(int)
    table["complex"] = table["complexity"] > within.transform("median")
    table["complexity_rank"] = within.rank(ascending=False, method="min").astype(int)
    table["group_size"] = within.transform("size").astype(int)
    names = {
        (True, True): "near and complex",
        (True, False): "near, less complex",
        (False, True): "far but complex",
        (False, False): "far, less complex",
    }
    table["quadrant"] = [names[p] for p in zip(table["near"], table["complex"], strict=True)]
    return table.drop(columns="group")


def partners(
    row: pd.Series, others: pd.DataFrame, space_: Space, wanted: list[str]
) -> pd.DataFrame:
    """Rank regions by what their strengths would add to the activities wanted.

    Added density of activity b: Σ_a M_partner,a (1 − M_region,a) φ_ab / Σ_a φ_ab (Balland and
    Boschma 2021). Only what is known counts: an unknown cell of either region adds nothing.

    Parameters
    ----------
    row : Series
        M of the region.
    others : DataFrame
        M of possible partners.
    wanted : list of str
        Activities; the score is their mean.

    Returns
    -------
    DataFrame
        ``added_density`` (percentage points, mean over `wanted`), ``has`` (activities wanted in
        which the partner is specialised and the region is not known to be, joined by ``;``) and
        ``n_has``, by region; highest first.
    """
    lacks = (1 - row.fillna(1.0)).to_numpy(float)
    brings = others.fillna(0.0).mul(lacks, axis=1)
    added = _density(brings, space_.phi)[wanted].mean(axis=1)
    open_ = [a for a in wanted if not row[a] >= 1]
    has = others[open_] >= 1
    names = [";".join(a for a in open_ if has.loc[i, a]) for i in others.index]
    table = pd.DataFrame({"added_density": added, "n_has": has.sum(axis=1), "has": names})
    order = table.rename_axis("nuts_id").reset_index()
    order = order.sort_values(["added_density", "nuts_id"], ascending=[False, True])
    return order.set_index("nuts_id")
