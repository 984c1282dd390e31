"""Series of comparable goods: segments after their last break, products that HS revisions join.

A segment is a list of codes in each HS revision. Where a revision changed what its core codes hold,
its series breaks, and nothing is forecast across the break:

* **monthly**: all core codes of a segment, from its last break on;
* **yearly**: the core codes that mean the same in every revision of the data; where they are too
  little of the segment, products joined across revisions by weights and families;
* **two years of a study**: products of one segment and one scope in both revisions, of which every
  code that a weight or a family draws on has figures.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from marketintel.reference.hs import HS_REVISIONS, LATEST
from marketintel.reference.scopes import BROAD, OWN
from marketintel.reference.segments import Segments, load_segments
from marketintel.warehouse import hs

if TYPE_CHECKING:
    import pandas as pd

#: Least share of a segment's core trade of the last year that comparable goods must have.
MIN_COVER_PCT = 60.0

UNCHANGED, JOINED = "unchanged codes", "codes joined across revisions"


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
        codes = known.frame(revisions[0] if revisions else LATEST)
        return Compared(rows, codes[_CODES], pd.DataFrame(columns=_LEFT))
    moved = hs.harmonised(rows) if revisions[-1] == LATEST else _converted(rows, revisions[-1])
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
    places_of: dict[str, list[set[tuple[str, str]]]] = {}
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
            places_of.setdefault(product, []).append(places)
    rows = [
        (product, *next(iter(places[0])), labels.get(product, product))
        for product, places in sorted(places_of.items())
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


def breaks(flows: "pd.DataFrame", segments: Segments) -> "pd.DataFrame":
    """Return the months in which series of whole segments break.

    Parameters
    ----------
    flows : DataFrame
        ``segment, partner, hs_revision, period``; core codes by month. Each partner's revisions
        begin when its reporter adopted them.

    Returns
    -------
    DataFrame
        ``unique_id, ds, reason``: the first month of a revision that changed what the segment's core
        codes hold, for every partner. A change of number without a change of content (a family of
        ``segments.toml`` whose codes are core in both revisions) is no break.
    """
    import pandas as pd

    rows = []
    for partner, own in flows.groupby("partner"):
        starts = own.groupby("hs_revision")["period"].min().sort_values()
        for before, after in zip(starts.index[:-1], starts.index[1:], strict=True):
            first = month_ends(pd.Series([starts[after]])).iloc[0]
            for segment in own["segment"].unique():
                reason = _reason(segments, segment, before, after)
                if reason:
                    rows.append((f"{partner} {segment}", first, f"{after}: {reason}"))
    columns = {"unique_id": "str", "ds": "datetime64[s]", "reason": "str"}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def unchanged(segments: Segments, revisions: Sequence[str]) -> "pd.DataFrame":
    """``segment, hs_revision, cmd_code``: own codes that mean the same in all these revisions."""
    import pandas as pd

    rows = []
    for segment in segments:
        core = {r: set(segment.cmd_codes(r, segment.own)) for r in revisions}
        changed = {c.cmd_code for c in segment.codes if set(c.breaks) & set(revisions[1:])}
        same = set.intersection(*core.values()) - changed
        found = {r: set(same) for r in revisions}
        for family in segments.families:
            codes = {r: set(family.codes.get(r, ())) for r in revisions}
            whole = all(codes[r] and codes[r] <= core[r] - changed for r in revisions)
            if whole and family.segments == [segment.id]:
                found = {r: found[r] | codes[r] for r in revisions}
        rows += [(segment.id, r, code) for r in revisions for code in sorted(found[r])]
    return pd.DataFrame(rows, columns=["segment", "hs_revision", "cmd_code"])


def monthly(flows: "pd.DataFrame") -> "pd.DataFrame":
    """``unique_id, ds, y, partner, segment``: core codes of each segment summed by month."""
    keys = ["partner", "segment", "period"]
    sums = flows.groupby(keys)["value_usd"].sum().reset_index()
    return sums.assign(unique_id=name(sums), ds=month_ends(sums["period"])).rename(
        columns={"value_usd": "y"}
    )[["unique_id", "ds", "y", "partner", "segment"]]


def complete_years(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Sum months to the calendar years whose twelve months the rows have; ``period`` is the year."""
    year = rows["period"].str[:4]
    months = rows.groupby(year)["period"].transform("nunique")
    whole = rows[months == 12].assign(period=year)
    keys = [c for c in whole.columns if c != "value_usd"]
    return whole.groupby(keys, dropna=False)["value_usd"].sum().reset_index()


def yearly(rows: "pd.DataFrame", segments: Segments) -> "pd.DataFrame":
    """One country's comparable goods by year.

    Parameters
    ----------
    rows : DataFrame
        ``partner, segment, scope, hs_revision, cmd_code, period, value_usd``: one country, one
        source, whole years, core and broad codes (a family may need both).

    Returns
    -------
    DataFrame
        ``unique_id, ds, y, partner, segment, cover_pct, basis``: the share of these goods in the
        segment's core trade of the last year, and what they are: :data:`UNCHANGED` where these are
        :data:`MIN_COVER_PCT` or more of it, else :data:`JOINED` where these are, else the former.
    """
    import pandas as pd

    core = rows[rows["scope"].isin(OWN)]
    revisions = sorted(core["hs_revision"].unique())
    keys = ["segment", "hs_revision", "cmd_code"]
    found = _covered(core.merge(unchanged(segments, revisions), on=keys), core, UNCHANGED)
    short = found.loc[found["cover_pct"] >= MIN_COVER_PCT, "segment"]
    if len(revisions) < 2 or set(core["segment"]) <= set(short):
        return found
    joined = like_for_like(rows).rows
    other = _covered(joined[joined["scope"].isin(OWN)], core, JOINED)
    better = other[(other["cover_pct"] >= MIN_COVER_PCT) & ~other["segment"].isin(short)]
    kept = found[~found["segment"].isin(better["segment"])]
    return pd.concat([kept, better], ignore_index=True)


def by_code(rows: "pd.DataFrame") -> "pd.DataFrame":
    """One country's mixed codes by year, each a series of its own; columns as :func:`yearly`.

    Only codes that are there in one revision throughout: a mixed code that a revision touched has
    no rule by which it compares.
    """
    broad = rows[rows["scope"] == BROAD]
    latest = broad["hs_revision"].max()
    keys = ["partner", "segment", "cmd_code", "period"]
    sums = broad[broad["hs_revision"] == latest].groupby(keys)["value_usd"].sum().reset_index()
    named = sums["partner"] + " " + sums["cmd_code"]
    return _shaped(sums.assign(cover_pct=float("nan"), basis=UNCHANGED), named)


def name(rows: "pd.DataFrame") -> "pd.Series":
    """Name of a cell: partner and segment."""
    return rows["partner"] + " " + rows["segment"]


def _covered(kept: "pd.DataFrame", core: "pd.DataFrame", basis: str) -> "pd.DataFrame":
    """Sum kept rows by year, with their share of the segment's last year."""
    keys = ["partner", "segment", "period"]
    sums = kept.groupby(keys)["value_usd"].sum().reset_index()
    last = core[core["period"] == core["period"].max()]
    whole = last.groupby("segment")["value_usd"].sum()
    now = sums[sums["period"] == core["period"].max()].set_index("segment")["value_usd"]
    cover = 100 * now / whole.where(whole > 0)
    return _shaped(sums.assign(cover_pct=sums["segment"].map(cover), basis=basis), name(sums))


def _shaped(sums: "pd.DataFrame", named: "pd.Series") -> "pd.DataFrame":
    import pandas as pd

    ends = pd.to_datetime(sums["period"] + "-12-31").astype("datetime64[s]")
    return sums.assign(unique_id=named.astype("str"), ds=ends).rename(columns={"value_usd": "y"})[
        ["unique_id", "ds", "y", "partner", "segment", "cover_pct", "basis"]
    ]


def month_ends(periods: "pd.Series") -> "pd.Series":
    """Last days of months given as "YYYY-MM"."""
    import pandas as pd

    ends = pd.PeriodIndex(periods, freq="M").to_timestamp(how="end").normalize().as_unit("s")
    return pd.Series(ends, index=periods.index)


def _reason(segments: Segments, segment: str, before: str, after: str) -> str:
    """Name the changes of a segment's core codes between two revisions; empty without any."""
    found = segments[segment]
    old, new = (set(found.cmd_codes(r, found.own)) for r in (before, after))
    reasons = {c.cmd_code: c.breaks[after] for c in found.codes if after in c.breaks}
    changed = {code: why for code, why in reasons.items() if code in new}
    moved = old ^ new
    for family in segments.families:
        codes = [set(family.codes.get(revision, ())) for revision in (before, after)]
        if codes[0] and codes[1] and codes[0] <= old and codes[1] <= new:
            moved -= codes[0] | codes[1]
            changed = {code: why for code, why in changed.items() if code not in codes[1]}
    moved -= set(changed)
    said = [f"{code} {why}" for code, why in sorted(changed.items())[:2]]
    if len(changed) > 2:
        said.append(f"{len(changed) - 2} more codes changed")
    if moved and not said:
        said.append(f"core codes {', '.join(sorted(moved))} came or left")
    return "; ".join(said)
