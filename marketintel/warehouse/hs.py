"""Conversion of HS codes between revisions, by weights or by families of codes.

From HS1992 to HS2017 the Growth Lab's weights divide a code's trade among its targets
(``reference/hs_weights.csv``: every code from which a segment's codes can be reached). Between
HS2017 and HS2022 there are no weights. There a code is compared

1. with itself, where ``segments.toml`` gives it one meaning in both, without a break;
2. as a family of ``segments.toml``;
3. as a closed group of the UN's correlation table (``reference/hs_families.csv``);

and otherwise not at all. The nearest code is never guessed: the UN's own single-valued tables send
flat panels and photovoltaic modules to telephones.
"""

import csv
import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from marketintel.errors import UsageError
from marketintel.reference.files import REFERENCE_DIR
from marketintel.reference.hs import LATEST
from marketintel.reference.hs import REVISIONS as ALL_REVISIONS
from marketintel.reference.segments import load_segments

if TYPE_CHECKING:
    import pandas as pd

#: Revisions joined by weights, oldest first; families join the last of them to the latest.
REVISIONS = ALL_REVISIONS[:-1]
AMOUNTS = ("value_usd", "dutiable_value_usd", "duties_usd", "net_weight_kg", "quantity")


def convert(rows: "pd.DataFrame", to: str) -> "pd.DataFrame":
    """Return rows in another revision up to HS2017, amounts divided by the weights.

    Parameters
    ----------
    rows : pandas.DataFrame
        Has hs_revision, cmd_code and some of ``AMOUNTS``; other columns are kept.
    to : str
        One of ``REVISIONS``.

    Returns
    -------
    pandas.DataFrame
        Segments' codes of ``to`` only, since only these are complete, a row for each row and
        target; ``hs_revision`` is ``to``; new columns from_revision, from_code, weight (the
        part of the row's amounts that this row has). ``attrs["notes"]`` says what was left out.

    Raises
    ------
    UsageError
        No weights lead there.
    """
    import pandas as pd

    _known(to)
    for revision in rows["hs_revision"].unique():
        _known(revision)
    wanted = set(load_segments().frame(to)["cmd_code"])
    parts = []
    for revision, part in rows.groupby("hs_revision", sort=False):
        found = _mapping(str(revision), to, list(part["cmd_code"].unique()))
        moved = part.merge(found, how="inner", left_on="cmd_code", right_on="from_code")
        parts.append(moved[moved["to_code"].isin(wanted)])
    empty = rows.iloc[:0].assign(from_code="", to_code="", weight=0.0)
    whole = pd.concat(parts or [empty], ignore_index=True)
    amounts = [column for column in AMOUNTS if column in whole]
    whole[amounts] = whole[amounts].mul(whole["weight"], axis=0)
    left = sorted(set(rows["cmd_code"]) - set(whole["from_code"]))
    made = whole.assign(
        from_revision=whole["hs_revision"], hs_revision=to, cmd_code=whole["to_code"]
    ).drop(columns="to_code")
    columns = [*rows.columns, "from_revision", "from_code", "weight"]
    made = made[columns]
    made.attrs = {"notes": [f"no part of a segment's code: {', '.join(left)}"] if left else []}
    return made


def _known(revision: str) -> None:
    if revision not in REVISIONS:
        raise UsageError(
            f"there are no weights between {revision} and other revisions; compare families "
            "across HS2017 and HS2022 (hs.with_products)"
        )


def _mapping(before: str, to: str, codes: list[str]) -> "pd.DataFrame":
    """Return from_code, to_code, weight over all steps between two revisions."""
    import pandas as pd

    start, end = REVISIONS.index(before), REVISIONS.index(to)
    path = REVISIONS[start : end + 1] if start <= end else REVISIONS[end : start + 1][::-1]
    shares = {code: {code: 1.0} for code in codes}
    for step in itertools.pairwise(path):
        known = _weights().get(step, {})
        for code, now in shares.items():
            later: dict[str, float] = {}
            for at, share in now.items():
                for target, weight in known.get(at, {}).items():
                    later[target] = later.get(target, 0.0) + share * weight
            shares[code] = later
    rows = [(a, b, w) for a, targets in shares.items() for b, w in targets.items()]
    frame = pd.DataFrame(rows, columns=["from_code", "to_code", "weight"])
    return frame.astype({"from_code": "str", "to_code": "str", "weight": "float64"})


@cache
def _weights() -> Mapping[tuple[str, str], Mapping[str, Mapping[str, float]]]:
    table: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for row in _read("hs_weights.csv"):
        step = table.setdefault((row["from_revision"], row["to_revision"]), {})
        step.setdefault(row["from_code"], {})[row["to_code"]] = float(row["weight"])
    return table


def with_products(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return rows of HS2017 and HS2022 with the product by which both revisions compare.

    Parameters
    ----------
    rows : pandas.DataFrame
        Has hs_revision (HS2017 or HS2022) and cmd_code.

    Returns
    -------
    pandas.DataFrame
        ``rows`` with ``product``: a code, or the name of a family; missing where nothing compares.
        ``attrs["not_comparable"]`` maps (hs_revision, cmd_code) of these to the reason.

    Raises
    ------
    UsageError
        Another revision: convert to HS2017 first.
    """
    import pandas as pd

    other = sorted(set(rows["hs_revision"]) - {REVISIONS[-1], LATEST})
    if other:
        raise UsageError(f"rows of {other[0]}: convert them to {REVISIONS[-1]} first")
    keys = list(zip(rows["hs_revision"], rows["cmd_code"], strict=True))
    products = {key: _product(*key) for key in set(keys)}
    named = pd.Series([products[key] for key in keys], index=rows.index, dtype="str")
    found = rows.assign(product=named)
    found.attrs = {
        "not_comparable": {key: _reason(*key) for key, p in sorted(products.items()) if p is None}
    }
    return found


def harmonised(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return rows of any revisions with ``product``, by which all of them compare.

    Rows before HS2022 are converted to HS2017 by weights; then see :func:`with_products`.

    Returns
    -------
    pandas.DataFrame
        As :func:`convert`, with ``product``; rows of HS2022 have weight 1.
    """
    import pandas as pd

    latest = rows["hs_revision"] == LATEST
    older = convert(rows[~latest], REVISIONS[-1])
    newer = rows[latest].assign(
        from_revision=LATEST, from_code=rows.loc[latest, "cmd_code"], weight=1.0
    )
    both = [part for part in (older, newer) if len(part)]
    found = with_products(pd.concat(both, ignore_index=True) if both else older)
    found.attrs["notes"] = older.attrs["notes"]
    return found


def products_of(revision: str, code: str, last: str) -> set[str]:
    """Return the products that a code's trade goes to, ``last`` being the newest revision.

    Up to HS2017 these are codes of ``last``; where that is HS2022, what :func:`harmonised` names.
    """
    to = REVISIONS[-1] if last == LATEST else last
    targets = {code} if revision == LATEST else set(_targets(revision, to).get(code, ()))
    if last != LATEST:
        return targets
    at = LATEST if revision == LATEST else REVISIONS[-1]
    return {product for t in targets if (product := _product(at, t)) is not None}


def drawn_from(revision: str, product: str, last: str) -> set[str]:
    """Return every code of a revision of which a part belongs to a product."""
    if revision == LATEST:
        members = {c for (r, c), name in _families().items() if name == product and r == LATEST}
        return members or {product}
    to = REVISIONS[-1] if last == LATEST else last
    at_end = {c for (r, c), name in _families().items() if name == product and r == to}
    ends = (at_end or {product}) if last == LATEST else {product}
    return {code for code, targets in _targets(revision, to).items() if ends & set(targets)}


@cache
def _targets(before: str, to: str) -> Mapping[str, tuple[str, ...]]:
    """Return every known code of a revision with the codes of a later one that it goes to."""
    if before == to:
        held = {c.cmd_code for s in load_segments() for c in s.codes if c.scope_in(to)}
        return {code: (code,) for code in held}
    step = (before, REVISIONS[REVISIONS.index(before) + 1])
    found = _mapping(before, to, sorted(_weights().get(step, {})))
    found = found[found["weight"] > 0]
    return {str(c): tuple(rows["to_code"]) for c, rows in found.groupby("from_code")}


def reason(revision: str, code: str, revisions: Sequence[str]) -> str:
    """Return the reason for which a code has no product over these revisions."""
    if LATEST in revisions and revision in (REVISIONS[-1], LATEST) and not _product(revision, code):
        return _reason(revision, code)
    return (
        "its trade is of other codes too in another revision, of more than one segment, or core "
        "in one and broad in another"
    )


def _product(revision: str, code: str) -> str | None:
    family = _families().get((revision, code))
    if family:
        return family
    held = [c for segment in load_segments() for c in segment.codes if c.cmd_code == code]
    for one in held:
        spans = one.scope_in(REVISIONS[-1]) and one.scope_in(LATEST)
        if spans and LATEST not in one.breaks:
            return code
    return None


def _reason(revision: str, code: str) -> str:
    held = [c for segment in load_segments() for c in segment.codes if c.cmd_code == code]
    for one in held:
        if LATEST in one.breaks:
            return one.breaks[LATEST]
    if held:
        other = LATEST if revision == REVISIONS[-1] else REVISIONS[-1]
        return f"not a code of a segment in {other}, and in no family"
    return "in no segment and no family"


@cache
def _families() -> Mapping[tuple[str, str], str]:
    """Return the family of each code: of ``segments.toml``, else of the UN's table."""
    found: dict[tuple[str, str], str] = {}
    for family in load_segments().families:
        if {REVISIONS[-1], LATEST} <= set(family.codes):
            for revision in (REVISIONS[-1], LATEST):
                found |= {(revision, code): family.id for code in family.codes[revision]}
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in _read("hs_families.csv"):
        groups.setdefault(row["family"], []).append((row["hs_revision"], row["cmd_code"]))
    for name, members in groups.items():
        if len(members) == 2 and members[0][1] == members[1][1]:
            found.setdefault(members[0], members[0][1])
            found.setdefault(members[1], members[1][1])
        elif not any(member in found for member in members):
            found |= dict.fromkeys(members, name)
    return found


def _read(name: str) -> list[dict[str, str]]:
    with (REFERENCE_DIR / name).open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))
