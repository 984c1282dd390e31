"""Selection of rows: codes of segments, sources in order of preference, existing periods."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.hs import HS_REVISIONS
from marketintel.reference.segments import Segments, load_segments
from marketintel.sources.catalogue import feeding
from marketintel.warehouse import engine

if TYPE_CHECKING:
    import pandas as pd

_TRADED = "SELECT DISTINCT cmd_code FROM trade WHERE length(cmd_code) = 6"

_THERE_ARE = """
SELECT DISTINCT reporter, period, trade_system FROM trade
WHERE flow = $flow AND freq = $freq AND reporter <> 'WLD'
"""


def wanted(
    segments: str | Iterable[str] | None,
    codes: str | Iterable[str] | None,
    data_dir: Path | None,
) -> "pd.DataFrame":
    """Return which codes to look for, by revision.

    Returns
    -------
    pandas.DataFrame
        hs_revision, cmd_code, segment, scope; the last two missing for a code outside every
        segment.
    """
    import pandas as pd

    if segments is not None and codes is not None:
        raise UsageError("segments and codes both given: choose one, or ask twice")
    known = load_segments()
    table = _codes_of(known)
    asked_codes = engine.as_list(codes)
    if asked_codes is None:
        asked = engine.as_list(segments)
        if asked is None:
            return table
        return table[table["segment"].isin([known.resolve(name) for name in asked])]
    for code in asked_codes:
        if not re.fullmatch(r"\d{6}", code):
            raise UsageError(f"HS code '{code}' is not six digits; give a code such as 901320")
    traded = engine.ask_once(data_dir, _TRADED)
    asked_codes = engine.choose("HS code", asked_codes, {*traded["cmd_code"], *table["cmd_code"]})
    grid = pd.MultiIndex.from_product(
        [list(HS_REVISIONS), asked_codes], names=["hs_revision", "cmd_code"]
    ).to_frame(index=False)
    return grid.merge(table, how="left", on=["hs_revision", "cmd_code"])


@lru_cache(maxsize=2)
def _codes_of(known: Segments) -> "pd.DataFrame":
    """Return hs_revision, cmd_code, segment, scope of every segment in every revision."""
    import pandas as pd

    frames = [known.frame(revision).assign(hs_revision=revision) for revision in HS_REVISIONS]
    columns = ["hs_revision", "cmd_code", "segment", "scope"]
    return pd.concat(frames, ignore_index=True)[columns]


def preference(source: str | None, data_dir: Path | None = None) -> "pd.DataFrame":
    """Return source, rank: the order in which sources of the same trade are preferred.

    Raises
    ------
    UsageError
        ``source`` is given and has no row here.
    """
    order = ranks("trade")
    if source is None:
        return order
    there = engine.ask_once(data_dir, "SELECT DISTINCT source FROM trade")["source"]
    return order[order["source"].isin(engine.choose("source", [source], there))]


def ranks(table: str) -> "pd.DataFrame":
    """Return source and rank of the sources of a table, in the order of their preference."""
    import pandas as pd

    order = list(feeding(table))
    return pd.DataFrame({"source": order, "rank": range(len(order))})


def own_periods(
    reporter: str, flow: str, freq: str, trade_system: str | None, data_dir: Path | None
) -> set[str]:
    """Return the periods that a country itself reports, whatever the source."""
    there = engine.ask_once(data_dir, _THERE_ARE, flow=flow, freq=freq)
    there = there[there["reporter"] == reporter]
    if trade_system is not None:
        there = there[(there["trade_system"] == trade_system) | there["trade_system"].isna()]
    return set(there["period"])


def periods(
    reporter: str,
    flow: str,
    freq: str,
    trade_system: str | None,
    asked: str | Iterable[str] | None,
    data_dir: Path | None,
) -> list[str] | None:
    """Return the periods to read (None for all), after making sure that they are there."""
    there = engine.ask_once(data_dir, _THERE_ARE, flow=flow, freq=freq)
    kind = f"{'monthly ' if freq == 'M' else ''}{flow.replace('_', '-')}s"
    reporters = set(there["reporter"])
    if reporter not in reporters:
        raise MissingDataError(
            f"no {kind} of {reporter} in the warehouse (have: {engine.few(reporters) or 'none'}); "
            f"fetch them with `marketintel fetch --for {reporter}`"
        )
    available = own_periods(reporter, flow, freq, trade_system, data_dir)
    wanted = engine.as_list(asked)
    if wanted is None:
        return None
    chosen: list[str] = []
    for item in wanted:
        found = [p for p in sorted(available) if p == item or (freq == "M" and p[:4] == item)]
        if not found:
            raise MissingDataError(
                f"no {item} {kind} of {reporter} in the warehouse "
                f"(have: {engine.few({p[:4] for p in available}, 40)}); choose one of these"
            )
        chosen += found
    return chosen
