"""Changes between two editions of a document, computed from the tables in their folders."""

import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.documents.engine.blocks import Block, Heading, Table, Text, escape
from marketintel.documents.engine.language import word
from marketintel.documents.engine.tables import as_csv
from marketintel.files import visible

if TYPE_CHECKING:
    import pandas as pd

#: Parameters that move with the data: two editions that differ in them are of one series.
_MOVING = ("as_of", "year", "studies")
_PERIOD = re.compile(r"(?:.*_)?(?:year|month|period|quarter|date)")
_CLASS = re.compile(r"(?:.*_)?(?:class|verdict|status|list)")
_RANK = re.compile(r"(?:.*_)?rank(?:_.*)?")
COLUMNS = ["kind", "table", "row", "column", "before", "after", "change_pct"]
#: Kinds of changes, in the order in which they are told.
KINDS = (
    "method",
    "class",
    "rank",
    "revision",
    "new period",
    "figure",
    "text",
    "new row",
    "gone row",
)


def series(run: Mapping[str, Any]) -> str:
    """Return what the editions of one series have in common, from a ``run.json``.

    A parameter without a value counts as not given: the editions before it was invented have none.
    """
    given = {k: v for k, v in run.get("parameters", {}).items() if k not in _MOVING and v}
    return json.dumps([run.get("notebook", ""), run.get("audience", ""), given], sort_keys=True)


def records(reports_dir: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield folder and ``run.json`` of each edition that can be read."""
    for file in visible(reports_dir, "[!_]*/[!_]*/run.json"):
        try:
            run = json.loads(file.read_text(encoding="utf-8"))
            yield file.parent, dict(run) | {"edition": str(run["edition"])}
        except (OSError, ValueError, LookupError, TypeError):
            continue  # the index names it


def edition_before(reports_dir: Path, run: Mapping[str, Any]) -> tuple[Path, dict[str, Any]] | None:
    """Return the latest earlier edition of the same series; None if there is none."""
    earlier = [
        (folder, one) for folder, one in records(reports_dir)
        if series(one) == series(run) and one["edition"] < run["edition"]
    ]  # fmt: skip
    return max(earlier, key=lambda pair: (pair[1]["edition"], pair[0].name), default=None)


def tables_of(folder: Path) -> dict[str, "pd.DataFrame"]:
    """Read the tables of an edition as texts."""
    return {f.stem: _read(f.read_text(encoding="utf-8")) for f in visible(folder, "tables/*.csv")}


def _read(text: str) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)


def compare(
    old: Mapping[str, "pd.DataFrame"], new: Mapping[str, "pd.DataFrame"], *,
    before: Mapping[str, Any], after: Mapping[str, Any],
) -> "pd.DataFrame":  # fmt: skip
    """Return every change from one edition to another.

    Rows are matched by the columns on the left that name them, with period columns. A figure of
    the same period that differs is a revision; where a table does not say its period, it is that of the
    document (its parameter ``year``), and a figure of another year is of a new period.

    Parameters
    ----------
    old, new : mapping of str to DataFrame
        Tables by name, all cells texts, as of :func:`tables_of`.
    before, after : mapping
        Content of the editions' ``run.json``.

    Returns
    -------
    pandas.DataFrame
        kind (of :data:`KINDS`), table, row, column, before, after (texts), change_pct.
    """
    import pandas as pd

    rows = list(_methods(before, after))
    years = [run.get("parameters", {}).get("year") for run in (before, after)]
    figure = (
        "revision" if years[0] == years[1] and years[0] else "new period" if years[0] else "figure"
    )
    for name in [*new, *(set(old) - set(new))]:
        if name not in old or name not in new:
            rows.append(
                (
                    "method",
                    name,
                    "",
                    "",
                    "" if name in new else "there",
                    "new" if name in new else "gone",
                )
            )
        else:
            rows += [(kind, name, *rest) for kind, *rest in _rows(old[name], new[name], figure)]
    found = pd.DataFrame(rows, columns=COLUMNS[:-1], dtype="str")
    pairs = zip(found["before"], found["after"], strict=True)
    found["change_pct"] = pd.Series([_percent(a, b) for a, b in pairs], dtype="float64")
    order = found["kind"].map({kind: place for place, kind in enumerate(KINDS)})
    size = found["change_pct"].abs().fillna(0.0)
    found = found.assign(order=order, size=size).sort_values(
        ["order", "size"], ascending=[True, False], kind="stable"
    )
    return found[COLUMNS].reset_index(drop=True)


def _methods(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield changes of program, scope and reference files."""
    for key in ("scope", "exporter"):
        if before.get(key) != after.get(key):
            yield "method", "", "", key, str(before.get(key, "")), str(after.get(key, ""))
    versions = before.get("versions", {}), after.get("versions", {})
    for name in ("marketintel", "statsmodels"):
        if versions[0].get(name) != versions[1].get(name):
            yield (
                "method",
                "",
                "",
                name,
                str(versions[0].get(name, "")),
                str(versions[1].get(name, "")),
            )
    inputs = before.get("inputs", {}), after.get("inputs", {})
    for name in sorted(n for n in {*inputs[0], *inputs[1]} if n.startswith("reference/")):
        if inputs[0].get(name) != inputs[1].get(name):
            yield "method", "", "", name, inputs[0].get(name, "")[:8], inputs[1].get(name, "")[:8]


def _rows(old: "pd.DataFrame", new: "pd.DataFrame", figure: str) -> Iterator[tuple[str, ...]]:
    for column in [c for c in new if c not in old] + [c for c in old if c not in new]:
        yield (
            "method",
            "",
            str(column),
            "" if column in new else "column",
            "column" if column in new else "",
        )
    shared = [str(column) for column in new if column in old]
    key = _key(old, new, shared)
    periods = [column for column in key if _PERIOD.fullmatch(column)]
    last = {column: max(old[column], default="") for column in periods}
    held, now = _by_key(old, key), _by_key(new, key)
    for name, row in now.items():
        label = " · ".join(filter(None, name[:-1]))
        if name not in held:
            is_later = any(row[column] > last[column] for column in periods)
            yield "new period" if is_later else "new row", label, "", "", ""
            continue
        for column in shared:
            a, b = held[name][column], row[column]
            if column not in key and a != b and not _is_same(a, b):
                yield _kind(column, a, b, "revision" if periods else figure), label, column, a, b
    for name in held:
        if name not in now:
            yield "gone row", " · ".join(filter(None, name[:-1])), "", "", ""


def _kind(column: str, a: str, b: str, figure: str) -> str:
    if _CLASS.fullmatch(column):
        return "class"
    if _RANK.fullmatch(column):
        return "rank"
    return figure if _number(a) is not None or _number(b) is not None else "text"


def _key(old: "pd.DataFrame", new: "pd.DataFrame", shared: list[str]) -> list[str]:
    """Return the columns that name a row: the fewest texts and periods from the left."""
    names = [c for c in shared if _PERIOD.fullmatch(c)]
    texts = [c for c in shared if c not in names and not _CLASS.fullmatch(c) and not _RANK.fullmatch(c)
             and ("code" in c or any(_number(cell) is None for cell in filter(None, old[c])))]  # fmt: skip
    for number in range(1, len(texts) + 1):
        key = [*texts[:number], *names]
        if not old.duplicated(key).any() and not new.duplicated(key).any():
            return key
    return [*texts[:1], *names]


def _by_key(frame: "pd.DataFrame", key: list[str]) -> dict[tuple[str, ...], dict[str, str]]:
    """Return rows by their names; rows of the same name are counted."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in frame.to_dict("records"):
        name, number = tuple(row[column] for column in key), 0
        while (*name, str(number)) in found:
            number += 1
        found[(*name, str(number))] = {str(k): str(v) for k, v in row.items()}
    return found


def _number(text: str) -> float | None:
    try:
        return value if math.isfinite(value := float(text)) else None
    except ValueError:
        return None


def _is_same(a: str, b: str) -> bool:
    x, y = _number(a), _number(b)
    return x is not None and y is not None and math.isclose(x, y, rel_tol=1e-9)


def _percent(a: str, b: str) -> float:
    x, y = _number(a), _number(b)
    return math.nan if x is None or y is None or x == 0 else 100 * (y - x) / abs(x)


def opening(found: "pd.DataFrame", since: str) -> list[Block]:
    """Return the blocks with which an edition opens: what changed since the last one."""
    blocks: list[Block] = [Heading(2, word("changes", since=since))]
    if found.empty:
        return [*blocks, Text(word("no_change", since=since))]
    counts = found["kind"].value_counts()
    told = ", ".join(
        f"{word(kind.replace(' ', '_'))}: {counts[kind]}" for kind in KINDS if kind in counts
    )
    blocks.append(Text(f"{escape(told)}. {escape(word('changes_about'))}"))
    shown = found.assign(kind=[word(kind.replace(" ", "_")) for kind in found["kind"]])
    headers = {column: word(f"changes_{column}") for column in COLUMNS}
    blocks.append(Table(shown, "changes", word("changes", since=since), {"change_pct": "pct_signed"},
                        headers, group_col="kind", printed_rows=25))  # fmt: skip
    return blocks


def list_score(
    old: Mapping[str, "pd.DataFrame"], new: Mapping[str, "pd.DataFrame"]
) -> "pd.DataFrame | None":
    """Return what the last edition's ranked list said, and what came; None without newer figures.

    A ranked list is a table with ``class``, ``rank`` and ``size_usd``; its first column names a row.

    Returns
    -------
    DataFrame
        ``row, said`` (class then), ``before, after`` (size in US dollars), ``change_pct, class``
        (now; missing if the row is gone), in the order of the list of then.
    """
    import pandas as pd

    wanted = {"class", "rank", "size_usd"}
    shared = [n for n in old if n in new and wanted <= {*old[n].columns} & {*new[n].columns}]
    for name in shared:
        then, now = (t.set_index(t.columns[0]) for t in (old[name], new[name]))
        if not then.index.is_unique or not now.index.is_unique:
            continue
        now = now.reindex(then.index)
        sizes = pd.DataFrame({"before": then["size_usd"], "after": now["size_usd"]})
        sizes = sizes.map(lambda text: _number(text) if isinstance(text, str) else None)
        sizes = sizes.astype("float64")
        if not (sizes["before"] - sizes["after"]).abs().gt(0).any():
            continue
        change = 100 * (sizes["after"] / sizes["before"].where(sizes["before"] > 0) - 1)
        table = sizes.assign(said=then["class"], change_pct=change, **{"class": now["class"]})
        return table.rename_axis("row").reset_index()[
            ["row", "said", "before", "after", "change_pct", "class"]
        ]
    return None


def _score_blocks(score: "pd.DataFrame", since: str) -> list[Block]:
    """Return the list of the last edition with what came, and a sentence by class."""
    known = score.dropna(subset="change_pct")
    means = known.groupby("said", sort=False)["change_pct"].median()
    told = "; ".join(f"{kind}: {value:+.0f} %" for kind, value in means.items())
    headers = {
        "row": word("changes_row"), "said": word("list_said"), "class": word("list_now"),
        "before": word("changes_before"), "after": word("changes_after"),
        "change_pct": word("changes_change_pct"),
    }  # fmt: skip
    formats = {"before": "usd_m", "after": "usd_m", "change_pct": "pct_signed"}
    return [
        Text(f"{escape(word('list_medians', since=since))} {escape(told)}."),
        Table(score, "list_score", word("list_score", since=since), formats, headers),
    ]


def since_last(
    tables: Mapping[str, "pd.DataFrame"], run: Mapping[str, Any], reports_dir: Path
) -> list[Block]:
    """Return the opening of a new edition; empty if it is the first of its series."""
    if (last := edition_before(reports_dir, run)) is None:
        return []
    folder, before = last
    new = {name: _read(as_csv(frame)) for name, frame in tables.items()}
    old = {
        name: frame
        for name, frame in tables_of(folder).items()
        if name not in ("changes", "list_score")
    }
    blocks = opening(compare(old, new, before=before, after=run), before["edition"])
    score = list_score(old, new)
    return blocks if score is None else [*blocks, *_score_blocks(score, before["edition"])]
