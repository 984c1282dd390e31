"""Tariff rates of a market: MFN and preferential, as applied in the newest year that is here."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.warehouse import engine, selection

if TYPE_CHECKING:
    import pandas as pd

# The years of a code's MFN and preferential rates may differ; each is the newest of its kind, and
# of several sources the first of sources.toml.
_RATES = """
SELECT cmd_code, hs_revision, period, partner, regime, rate_pct, source, vintage
FROM duties JOIN preference AS p USING (source)
WHERE reporter = $reporter AND regime <> 'calculated'
  AND cmd_code IN (SELECT unnest($codes::VARCHAR[]))
QUALIFY period = max(period) OVER (PARTITION BY cmd_code, regime)
    AND p.rank = min(p.rank) OVER (PARTITION BY cmd_code, regime, period)
ORDER BY cmd_code, regime, partner
"""


def tariff_rates(
    reporter: str, codes: Sequence[str], *, data_dir: Path | None = None
) -> "pd.DataFrame":
    """Return a market's tariff on codes.

    Codes are those of the tariff's own HS revision; a segment's code that is in force in several
    revisions has one meaning in all of them (``segments.toml``).

    Parameters
    ----------
    reporter : str
        ISO3 or name of the market.
    codes : sequence of str
        HS codes of six digits.
    data_dir : Path, optional
        The data directory.

    Returns
    -------
    pandas.DataFrame
        cmd_code, hs_revision, period, partner, regime, rate_pct, source, vintage; partner is WLD
        for MFN, rates are per cent of the customs value, simple averages over national lines.
    """
    asked = {"reporter": engine.one_economy(reporter), "codes": list(codes)}
    return engine.ask(data_dir, _RATES, asked, {"preference": selection.ranks("duties")})
