"""Command that prints what changed between two editions of a document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from marketintel.cli.options import Format, FormatOption
from marketintel.errors import MissingDataError, UsageError


def diff(
    about: Annotated[
        list[str], typer.Argument(help="Words of the document: USA, or 'market_study USA FRA'.")
    ],
    since: Annotated[str, typer.Option("--from", help="Earlier edition, e.g. 2026-10.")],
    until: Annotated[str, typer.Option("--to", help="Later edition, e.g. 2026-11.")],
    reports: Annotated[
        Path, typer.Option("--out", help="Where editions are kept.", metavar="PATH")
    ] = Path("reports"),
    page: Annotated[
        Path | None, typer.Option(help="Also write a web page.", metavar="FILE")
    ] = None,
    fmt: FormatOption = Format.table,
) -> None:
    """Print what changed between two editions: methods, classes, ranks, revisions, new periods."""
    from marketintel.cli.tables import print_frame
    from marketintel.documents.engine import changes

    words = {word for text in about for word in text.casefold().replace(",", " ").split()}
    found = [(folder, run) for folder, run in changes.records(reports) if words <= _words(run)]
    if not found:
        raise MissingDataError(
            f"no edition in {reports} has the words {' '.join(about)}; see its index.html"
        )
    old, new = _edition(found, since), _edition(found, until)
    pairs = [(a, b) for a in old for b in new if changes.series(a[1]) == changes.series(b[1])]
    if not pairs:
        raise MissingDataError(
            f"the editions {since} and {until} have no document in common about {' '.join(about)}"
        )
    if len({changes.series(one[1]) for one, _ in pairs}) > 1:
        names = dict.fromkeys(f"{run['notebook']} {_values(run)}".strip() for (_, run), _ in pairs)
        raise UsageError(
            f"{' '.join(about)} are several documents: add a word of one of {'; '.join(names)}"
        )
    (before, was), (after, now) = pairs[-1]
    frame = changes.compare(
        changes.tables_of(before), changes.tables_of(after), before=was, after=now
    )
    frame = frame[frame["table"] != "changes"].reset_index(drop=True)
    if page:
        _write_page(page, frame, was, now)
    print_frame(frame, fmt)


def _edition(
    found: list[tuple[Path, dict[str, Any]]], name: str
) -> list[tuple[Path, dict[str, Any]]]:
    if chosen := [pair for pair in found if pair[1]["edition"] == name]:
        return chosen
    known = sorted({run["edition"] for _, run in found})
    raise MissingDataError(f"no edition {name} of it; there are {', '.join(known)}")


def _values(run: dict[str, Any]) -> str:
    values = run.get("parameters", {}).values()
    return " ".join(" ".join(map(str, v)) if isinstance(v, list) else str(v) for v in values)


def _words(run: dict[str, Any]) -> set[str]:
    text = f"{run.get('notebook', '')} {_values(run)} {run.get('title', '')} {run.get('study', '')}"
    return set(text.casefold().replace(",", " ").split())


def _write_page(page: Path, frame: Any, was: dict[str, Any], now: dict[str, Any]) -> None:
    from marketintel.documents.engine.changes import opening
    from marketintel.documents.engine.cover import Cover
    from marketintel.documents.engine.document import assemble
    from marketintel.documents.engine.html import to_html
    from marketintel.files import write_atomic
    from marketintel.reference.brand import shipped_brand

    cover = Cover(str(now.get("title", "")), str(now.get("subtitle", "")), f"{was['edition']} – {now['edition']}",
                  str(now.get("vintage", "")), str(now.get("scope", "")))  # fmt: skip
    html = to_html(assemble(opening(frame, was["edition"]), []), cover, shipped_brand())
    write_atomic(page, html.encode())
