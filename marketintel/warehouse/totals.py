"""Everything a reporter trades, by partner: totals and specialisation beyond photonics."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.warehouse import engine, selection

if TYPE_CHECKING:
    import pandas as pd

_MONEY = ["value_usd", "dutiable_value_usd", "duties_usd"]

_MATRIX = """
WITH picked AS (
    SELECT t.*
    FROM trade AS t JOIN preference AS p ON p.source = t.source
    WHERE t.reporter = $reporter AND t.flow = $flow AND t.freq = 'A'
      AND t.partner <> 'WLD' AND NOT t.is_mirror
      AND ($trade_system IS NULL OR t.trade_system IS NULL OR t.trade_system = $trade_system)
      AND ($periods IS NULL OR t.period IN (SELECT unnest($periods::VARCHAR[])))
    QUALIFY p.rank = min(p.rank) OVER (PARTITION BY t.period)
)
SELECT p.reporter, p.partner, p.period, p.hs_revision, p.cmd_code, p.source,
       p.value_usd, d.dutiable_value_usd, d.duties_usd
FROM picked AS p
LEFT JOIN duties AS d
  ON p.trade_system = 'consumption' AND p.flow = 'import' AND d.regime = 'calculated'
 AND d.reporter = p.reporter AND d.partner = p.partner AND d.hs_revision = p.hs_revision
 AND d.cmd_code = p.cmd_code AND d.period = p.period AND d.source = p.source
ORDER BY p.period, p.cmd_code, p.partner
"""


def supplier_matrix(
    reporter: str,
    period: str | Iterable[str] | None = None,
    trade_system: str = "consumption",
    flow: str = "import",
    data_dir: Path | None = None,
) -> "pd.DataFrame":
    """Return every partner and HS6 code: specialisation *as seen through this reporter*.

    Parameters
    ----------
    reporter : str
        ISO3 or name of one country.
    period : str or iterable of str, optional
        Years; all there are if not given.
    trade_system : str
        ``consumption`` or ``general``, for imports.
    flow : str
        ``import`` or ``export``.
    data_dir : Path, optional
        The data directory.

    Returns
    -------
    pandas.DataFrame
        reporter, partner, period, hs_revision, cmd_code, value_usd, dutiable_value_usd,
        duties_usd; every HS6 code there is, sorted by period, code and partner. Duties belong
        to imports for consumption and are missing otherwise.

    Raises
    ------
    UsageError, MissingDataError
        As ``flows``.
    """
    reporter = engine.one_economy(reporter)
    engine.choose("flow", [flow], ("import", "export"))
    engine.choose("trade system", [trade_system], ("consumption", "general"))
    system = trade_system if flow == "import" else None
    periods = selection.periods(reporter, flow, "A", system, period, data_dir)
    parameters = {"reporter": reporter, "flow": flow, "trade_system": system, "periods": periods}
    answer = engine.ask(data_dir, _MATRIX, parameters, {"preference": selection.preference(None)})
    return answer.drop(columns="source").astype(dict.fromkeys(_MONEY, "float64"))


def partner_totals(
    reporter: str,
    period: str | Iterable[str] | None = None,
    trade_system: str = "consumption",
    flow: str = "import",
    data_dir: Path | None = None,
) -> "pd.DataFrame":
    """Return each partner's total over every HS6 code there is, not only photonics.

    Parameters
    ----------
    reporter, period, trade_system, flow, data_dir
        As in :func:`supplier_matrix`.

    Returns
    -------
    pandas.DataFrame
        reporter, partner, period, value_usd, dutiable_value_usd, duties_usd; sorted by period
        and partner.
    """
    matrix = supplier_matrix(reporter, period, trade_system, flow, data_dir)
    keys = ["reporter", "partner", "period"]
    totals = matrix.groupby(keys)[_MONEY].sum(min_count=1).reset_index()
    return totals.sort_values(["period", "partner"], ignore_index=True)
