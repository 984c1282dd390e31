"""Published figures of one code of a shipped list: heading, class, industry, tariff line, product."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError
from marketintel.reference.contracts import WORLD
from marketintel.reference.countries import country_name
from marketintel.warehouse import engine
from marketintel.warehouse.coverage import coverage

if TYPE_CHECKING:
    import pandas as pd

#: Figures of each table: reporter, code, period, partner, flow, figure, amount, unit.
_FIGURES = {
    "heading_trade": """
        SELECT reporter, cmd_code AS code, period, 'WLD' AS partner, 'export' AS flow,
               'exports' AS figure, exports_usd AS amount, 'USD' AS unit, source, vintage
        FROM heading_trade
        UNION ALL
        SELECT reporter, cmd_code, period, 'WLD', 'import', 'imports', imports_usd, 'USD',
               source, vintage
        FROM heading_trade""",
    "heading_shares": """
        SELECT reporter, cmd_code AS code, period, partner, flow,
               'share of ' || flow || 's, rank ' || rank AS figure, share_bp AS amount,
               'basis points' AS unit, source, vintage
        FROM heading_shares""",
    "national_trade": """
        SELECT reporter, product AS code, period, partner, flow,
               concat_ws(' ', classification, trade_system, flow || 's') AS figure,
               value AS amount, currency AS unit, source, vintage
        FROM national_trade
        UNION ALL
        SELECT reporter, product, period, partner, flow,
               concat_ws(' ', classification, 'calculated duty'), duty_value, currency, source,
               vintage
        FROM national_trade WHERE duty_value IS NOT NULL""",
    "industry_accounts": """
        SELECT economy AS reporter, industry AS code, period, 'WLD' AS partner, $flow AS flow,
               concat_ws(' ', account, item, item_name) AS figure, value AS amount, unit, source, vintage
        FROM industry_accounts""",
    "state_trade": """
        SELECT reporter, naics AS code, period, 'WLD' AS partner, flow,
               state || ', ' || flow || 's' AS figure, value_usd AS amount, 'USD' AS unit, source,
               vintage
        FROM state_trade""",
    "preference_claims": """
        SELECT reporter, hts10 AS code, period, partner, 'import' AS flow,
               'share of imports that claims ' || preference AS figure, share_pct AS amount,
               '%' AS unit, source, vintage
        FROM preference_claims""",
}

# A period is a year, a month, or a first and a last month.
_OF_ONE = """
SELECT * FROM ({figures})
WHERE reporter = $reporter AND code = $code AND partner = $partner AND flow = $flow
  AND $year BETWEEN left(period, 4) AND left(right(period, 7), 4)
ORDER BY period, figure
"""


@dataclass(frozen=True)
class PublishedFigures:
    """The published figures of one code in a year.

    Attributes
    ----------
    what : str
        Economy, code, year and partner.
    figures : pandas.DataFrame
        reporter, code, period, partner, flow, figure, amount, unit, source, vintage: nothing
        converted, nothing added up.
    snapshots : pandas.DataFrame
        As :func:`marketintel.warehouse.coverage.coverage`, the files of these rows.
    """

    what: str
    figures: "pd.DataFrame"
    snapshots: "pd.DataFrame"

    def describe(self) -> list[str]:
        """Return figures, snapshots and their traps as lines of text."""
        lines = [f"{self.what}:"]
        lines += [
            f"  {row['period']} {row['figure']}: {row['unit']} {row['amount']:,.15g} "
            f"({row['source']} {row['vintage']})"
            for row in self.figures.to_dict("records")
        ]
        lines.append("snapshots:")
        for file in self.snapshots.to_dict("records"):
            lines.append(
                f"  {file['file']} (SHA-256 {file['sha256'][:12]}…, retrieved "
                f"{file['retrieved_at']}): {file['citation']} Licence: {file['licence']}."
            )
            lines += [f"    {quirk}" for quirk in file["quirks"]]
        return lines


def published(
    reporter: str,
    code: str,
    year: str | int,
    *,
    flow: str = "import",
    partner: str | None = None,
    data_dir: Path | None = None,
) -> PublishedFigures:
    """Return the figures of a code as published, and the snapshots that hold them.

    Parameters
    ----------
    reporter : str
        ISO3 or name of the economy.
    code : str
        HS heading, end-use class, NAICS3 or BEA industry, chapter, HS6 or tariff line, whole.
    year : str or int
        The year; months and spans of months that touch it are given.
    flow : {"import", "export"}
        Of trade; industries have none.
    partner : str, optional
        ISO3 or name; the world if not given.
    data_dir : Path, optional
        The data directory.

    Raises
    ------
    UsageError
        No such economy.
    MissingDataError
        No table has a figure of it.
    """
    import pandas as pd

    asked = {
        "reporter": engine.one_economy(reporter), "code": code, "year": str(year), "flow": flow,
        "partner": engine.one_economy(partner) if partner else WORLD,
    }  # fmt: skip
    parts = []
    for table in _FIGURES:
        with suppress(MissingDataError):  # a source may have been taken away
            parts.append(engine.ask(data_dir, _OF_ONE.format(figures=_FIGURES[table]), asked))
    found = [part for part in parts if len(part)]
    place = country_name(asked["reporter"])
    what = f"{place}, {code}, {year}" + (f", partner {partner}" if partner else "")
    if not found:
        raise MissingDataError(
            f"no figure of {what} ({flow}s) in the shipped lists; give a heading, end-use class, "
            "NAICS or BEA industry or tariff line that is there, or a segment"
        )
    figures = pd.concat(found, ignore_index=True)
    files = coverage(data_dir, newest=True)
    return PublishedFigures(what, figures, files[files["source"].isin(set(figures["source"]))])
