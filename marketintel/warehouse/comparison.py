"""Two years of different HS revisions, cut down to what compares: codes or families, never a guess.

Where both years are of one revision everything compares and nothing changes. Otherwise rows are
converted (see :mod:`marketintel.warehouse.hs_conversion`), and what is kept is a product

- of one segment and one scope in both revisions, and
- complete: every code that a weight or a family draws on is one whose figures are here. A
  segment's rows are all there is of it, so a product that also draws on codes outside of the
  segments would be a part in one year and a whole in the other.
"""

from typing import TYPE_CHECKING, NamedTuple

from marketintel.reference.hs import HS_REVISIONS
from marketintel.reference.segments import load_segments
from marketintel.warehouse import hs_conversion as hs

if TYPE_CHECKING:
    import pandas as pd


class Compared(NamedTuple):
    """Rows that compare between all their periods.

    Attributes
    ----------
    rows : DataFrame
        As given, ``cmd_code`` being the product, amounts divided by weights.
    codes : DataFrame
        segment, cmd_code, scope, label of every product that there may be.
    left_out : DataFrame
        hs_revision, cmd_code, segment, scope, value_usd, reason: what was dropped.
    """

    rows: "pd.DataFrame"
    codes: "pd.DataFrame"
    left_out: "pd.DataFrame"


_LEFT = ["hs_revision", "cmd_code", "segment", "scope", "value_usd", "reason"]
_CODES = ["segment", "cmd_code", "scope", "label"]
_AMOUNTS = ("value_usd", "dutiable_value_usd", "duties_usd", "net_weight_kg")


def like_for_like(rows: "pd.DataFrame") -> Compared:
    """Return rows in products that mean the same in every period.

    Parameters
    ----------
    rows : DataFrame
        As of :func:`marketintel.warehouse.flows.flows`, codes of segments.

    Returns
    -------
    Compared
        Rows unchanged where they are of one revision.
    """
    import pandas as pd

    known = load_segments()
    revisions = sorted(set(rows["hs_revision"]))
    if len(revisions) < 2:
        codes = known.frame(revisions[0] if revisions else hs.LATEST)
        return Compared(rows, codes[_CODES], pd.DataFrame(columns=_LEFT))
    moved = hs.harmonised(rows) if revisions[-1] == hs.LATEST else _converted(rows, revisions[-1])
    products = _products(revisions)
    kept = moved.merge(products, on="product", how="inner", suffixes=("_then", ""))
    left = _left_out(rows, kept, revisions)
    made = kept.assign(cmd_code=kept["product"])
    amounts = [a for a in _AMOUNTS if a in made]
    keys = [c for c in rows.columns if c not in (*amounts, "hs_revision")]
    summed = made.groupby([*keys, "hs_revision"], dropna=False, sort=True)[amounts]
    result = summed.sum(min_count=1).reset_index()[list(rows.columns)]
    return Compared(result, products.rename(columns={"product": "cmd_code"})[_CODES], left)


def _converted(rows: "pd.DataFrame", to: str) -> "pd.DataFrame":
    """Convert rows of revisions that weights join, the product being the code of the last."""
    moved = hs.convert(rows, to)
    return moved.assign(product=moved["cmd_code"])


def _products(revisions: list[str]) -> "pd.DataFrame":
    """Return product, segment, scope, label of the products that are whole in every revision."""
    import pandas as pd

    known = load_segments()
    order = [r for r in HS_REVISIONS if r in revisions]
    told: dict[str, list[set[tuple[str, str]]]] = {}
    labels: dict[str, str] = {family.id: family.name for family in known.families}
    for revision in order:
        frame = known.frame(revision)
        labels |= dict(zip(frame["cmd_code"], frame["label"], strict=True))
        held = set(frame["cmd_code"])
        found: dict[str, set[tuple[str, str]]] = {}
        for code, segment, scope in frame[["cmd_code", "segment", "scope"]].itertuples(index=False):
            for product in hs.products_of(revision, code, order[-1]):
                if hs.drawn_from(revision, product, order[-1]) <= held:
                    found.setdefault(product, set()).add((segment, scope))
        for product, places in found.items():
            told.setdefault(product, []).append(places)
    rows = [
        (product, *next(iter(places[0])), labels.get(product, product))
        for product, places in sorted(told.items())
        if len(places) == len(order) and len(set.union(*places)) == 1
    ]
    return pd.DataFrame(rows, columns=["product", "segment", "scope", "label"]).astype("str")


def _left_out(rows: "pd.DataFrame", kept: "pd.DataFrame", revisions: list[str]) -> "pd.DataFrame":
    """Return the codes of which nothing was kept, with what they would have added."""
    used = set(zip(kept["from_revision"], kept["from_code"], strict=True))
    keys = ["hs_revision", "cmd_code", "segment", "scope"]
    sums = rows.groupby(keys, sort=True)["value_usd"].sum(min_count=1).reset_index()
    gone = [(r, c) not in used for r, c in zip(sums["hs_revision"], sums["cmd_code"], strict=True)]
    left = sums[gone].reset_index(drop=True)
    reasons = [
        hs.reason(r, c, revisions)
        for r, c in zip(left["hs_revision"], left["cmd_code"], strict=True)
    ]
    return left.assign(reason=reasons)[_LEFT]
