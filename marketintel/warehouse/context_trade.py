"""Trade and output beside HS6 flows: headings, industries, end-use classes, national products."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.errors import MissingDataError
from marketintel.warehouse import engine

if TYPE_CHECKING:
    import pandas as pd

Names = str | Iterable[str] | None

_HEADINGS = """
SELECT * FROM heading_trade
WHERE ($codes IS NULL OR cmd_code IN (SELECT unnest($codes::VARCHAR[])))
  AND ($reporters IS NULL OR reporter IN (SELECT unnest($reporters::VARCHAR[])))
ORDER BY cmd_code, reporter, period
"""

# Shares of imports are of imports_usd, of exports of exports_usd.
_SHARES = """
WITH valued AS (
    SELECT s.reporter, s.flow, s.partner, s.hs_revision, s.cmd_code, s.period, s.rank, s.share_bp,
           CASE s.flow WHEN 'import' THEN t.imports_usd ELSE t.exports_usd END AS total_usd,
           s.share_bp / 1e4 * total_usd AS value_usd, s.source, s.vintage
    FROM heading_shares AS s
    JOIN heading_trade AS t USING (reporter, hs_revision, cmd_code, period)
)
SELECT * FROM valued
WHERE ($codes IS NULL OR cmd_code IN (SELECT unnest($codes::VARCHAR[])))
  AND ($reporters IS NULL OR reporter IN (SELECT unnest($reporters::VARCHAR[])))
  AND ($flow IS NULL OR flow = $flow)
ORDER BY cmd_code, reporter, period, rank
"""


def heading_trade(
    codes: Names = None, reporters: Names = None, data_dir: Path | None = None
) -> "pd.DataFrame":
    """Trade of economies with the world by heading and year (BACI, f.o.b.).

    Parameters
    ----------
    codes : str or iterable of str, optional
        HS headings of four digits; all that are there if not given.
    reporters : str or iterable of str, optional
        ISO3, names or groups (their members); every economy if not given.
    data_dir : Path, optional
        The data directory.

    Returns
    -------
    pandas.DataFrame
        reporter, hs_revision, cmd_code, period, exports_usd, imports_usd, source, vintage. No row
        is no recorded trade.

    Raises
    ------
    MissingDataError
        Nothing of it is in the warehouse.
    """
    asked = {"codes": engine.as_list(codes), "reporters": engine.economies(reporters)}
    return _asked(data_dir, _HEADINGS, asked, "baci_headings.py")


def heading_shares(
    codes: Names = None,
    reporters: Names = None,
    flow: str | None = None,
    data_dir: Path | None = None,
) -> "pd.DataFrame":
    """Ten largest partners of an economy in a heading and year (BACI).

    An economy lists suppliers (``import``) in the years in which it is a net importer of the
    heading, destinations (``export``) in the others. A pair without a row is unknown, not zero; it
    is at most the share of rank 10.

    Parameters
    ----------
    codes, reporters, data_dir
        As :func:`heading_trade`.
    flow : {"import", "export"}, optional
        Suppliers or destinations only.

    Returns
    -------
    pandas.DataFrame
        reporter, flow, partner, hs_revision, cmd_code, period, rank, share_bp (basis points of the
        reporter's total), total_usd, value_usd (share × total), source, vintage.

    Raises
    ------
    MissingDataError
        Nothing of it is in the warehouse.
    """
    asked = {"codes": engine.as_list(codes), "reporters": engine.economies(reporters), "flow": flow}
    return _asked(data_dir, _SHARES, asked, "baci_heading_partners.py")


def _asked(data_dir: Path | None, sql: str, asked: dict[str, Any], script: str) -> "pd.DataFrame":
    """Answer a question; an empty answer is an error that names what was asked for."""
    found = engine.ask(data_dir, sql, asked)
    if found.empty:
        wanted = "; ".join(
            f"{name} {engine.few([value] if isinstance(value, str) else value)}"
            for name, value in asked.items()
            if value is not None
        )
        raise MissingDataError(
            f"no figures of {wanted or 'any kind'} from scripts/starter/{script} in the warehouse; "
            "choose others, or rebuild the snapshot with that script"
        )
    return found
