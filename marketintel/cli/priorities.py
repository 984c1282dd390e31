"""Command that prints which segments to push in a market."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from marketintel.cli.options import DataOption, Format, FormatOption, file_there, names

#: Columns printed for people; CSV and JSON hold all.
_PRINTED = ["segment_name", "class", "rank", "rank_lo", "rank_hi", "size_usd", "exporter_share_pct",
            "rca", "growth_pct", "reachable_usd", "reason"]  # fmt: skip


def priorities(
    country: Annotated[str, typer.Argument(help="Target market: ISO3 code or name, e.g. USA.")],
    exporter: Annotated[
        str, typer.Option(help="Whose view: EU27, or any supplier (FRA, SWE, JPN, …).")
    ] = "EU27",
    segments: Annotated[
        list[str] | None,
        typer.Option("--segments", "--segment", "-s", help="Print these only (repeatable, or a,b)."),
    ] = None,
    members: Annotated[
        Path | None,
        typer.Option("--members", "-m", help="Members file of the clusters: supply counts then.",
                     parser=file_there, metavar="FILE"),
    ] = None,
    criteria: Annotated[
        bool, typer.Option("--criteria", help="Print every criterion with value, rank and basis.")
    ] = False,
    last: Annotated[
        Path | None,
        typer.Option("--last", help="Score an earlier list (its CSV) against what came.",
                     parser=file_there, metavar="FILE"),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Print how the list of 2019 did until 2024, by heading.")
    ] = False,
    fmt: FormatOption = Format.table,
    data: DataOption = None,
) -> None:  # fmt: skip
    """Print which segments to push, develop or hold in a market, with the reason."""
    from marketintel.cli.tables import print_frame
    from marketintel.documents.market.priorities import market_priorities, past_record, score_last
    from marketintel.reference.partnership import load_members

    if record:
        table = past_record(exporter, data)
        shown = table.round({"rank_corr": 2}).astype({"rank_corr": "str"})
        print_frame(shown if fmt is Format.table else table, fmt)
        return
    found = market_priorities(
        country,
        exporter,
        names(segments),
        data,
        members=load_members(members) if members else None,
    )
    if last:
        table = score_last(last, found)
    elif criteria:
        table = found.criteria
    else:
        table = (
            found.columns
            if fmt is not Format.table
            else found.columns[_PRINTED].round({"rca": 1}).astype({"rca": "str"})
        )
    print_frame(table, fmt)
