"""Trade and output beside HS6 flows: headings, industries, end-use classes, national products.

Every function takes ``data_dir``, the data directory (the default one if not given), returns a
frame with ``source`` and ``vintage``, and raises MissingDataError where nothing is found: the
message names the script that rebuilds the snapshot.
"""

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

_OUTPUT = """
SELECT economy, industry, industry_name, period,
       max(value) FILTER (item = 'gross_output') AS gross_output_usd,
       max(value) FILTER (item = 'price_index') AS price_index, source, vintage
FROM industry_accounts
WHERE account = 'output'
  AND ($industries IS NULL OR industry IN (SELECT unnest($industries::VARCHAR[])))
GROUP BY ALL ORDER BY industry, period
"""

_USE = """
SELECT economy, industry, industry_name, account, item, item_name, period, value AS value_usd,
       source, vintage
FROM industry_accounts
WHERE account = coalesce($account, account) AND account <> 'output'
  AND ($industries IS NULL OR industry IN (SELECT unnest($industries::VARCHAR[])))
ORDER BY industry, period, account, item
"""

_PRODUCTS = """
FROM national_trade
WHERE reporter = $reporter AND classification = $classification
  AND ($partners IS NULL OR partner IN (SELECT unnest($partners::VARCHAR[])))
  AND ($products IS NULL OR EXISTS (
      SELECT 1 FROM unnest($products::VARCHAR[]) AS p(begin) WHERE starts_with(product, p.begin)))
"""
_CLASSES = f"""
SELECT reporter, partner, product AS end_use, product_name AS end_use_name, period,
       value AS value_usd, source, vintage
{_PRODUCTS} ORDER BY product, partner, period
"""
_MONTHS = f"""
SELECT reporter, partner, product AS naics, product_name AS naics_name, period,
       value AS value_usd, duty_value AS duties_usd,
       CASE WHEN value > 0 THEN 100 * duty_value / value END AS rate_pct, source, vintage
{_PRODUCTS} ORDER BY product, partner, period
"""
_LINES = f"""
SELECT reporter, partner, product AS hts10, period, trade_system, value AS value_usd,
       dutiable_value AS dutiable_value_usd, duty_value AS duties_usd, source, vintage
{_PRODUCTS} AND trade_system = $trade_system ORDER BY product, partner, period
"""
_CANADA = f"""
SELECT reporter, partner, classification, product, product_name, period,
       sum(value) FILTER (flow = 'import') AS imports_cad,
       sum(value) FILTER (flow = 'export') AS exports_cad, source, vintage
{_PRODUCTS} GROUP BY ALL ORDER BY product, partner, period
"""

_CONCORDANCE = """
SELECT * FROM line_concordance
WHERE reporter = 'USA' AND ($codes IS NULL OR EXISTS (
    SELECT 1 FROM unnest($codes::VARCHAR[]) AS p(begin) WHERE starts_with(hts10, p.begin)))
ORDER BY hts10
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
    return _asked(data_dir, _HEADINGS, asked, "baci_headings")


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
    codes, reporters
        As :func:`heading_trade`.
    flow : {"import", "export"}, optional
        Suppliers or destinations only.

    Returns
    -------
    pandas.DataFrame
        reporter, flow, partner, hs_revision, cmd_code, period, rank, share_bp (basis points of the
        reporter's total), total_usd, value_usd (share × total), source, vintage.
    """
    asked = {"codes": engine.as_list(codes), "reporters": engine.economies(reporters), "flow": flow}
    return _asked(data_dir, _SHARES, asked, "baci_heading_partners")


def industry_output(industries: Names = None, data_dir: Path | None = None) -> "pd.DataFrame":
    """Gross output and its price index of US industries by year, 1997 on (BEA).

    Parameters
    ----------
    industries : str or iterable of str, optional
        BEA codes of the detail level, such as ``333314``; every industry if not given.

    Returns
    -------
    pandas.DataFrame
        economy, industry, industry_name (missing away from photonics), period, gross_output_usd
        (current prices, secondary products included), price_index (2017 = 100), source, vintage.
    """
    return _asked(data_dir, _OUTPUT, {"industries": engine.as_list(industries)}, "bea_gross_output")


def industry_use(
    industries: Names = None, account: str | None = None, data_dir: Path | None = None
) -> "pd.DataFrame":
    """Supply, use and buyers of US commodities in 2012 and 2017 (BEA supply-use tables).

    Parameters
    ----------
    industries : str or iterable of str, optional
        BEA codes of the commodities; all that are there if not given.
    account : {"supply", "use", "buyer"}, optional
        ``supply``: output T007, imports MCIF, ..., T016 at purchasers' prices. ``use``: totals by
        kind, with exports F04000 and total use T019. ``buyer``: the row of the use table by
        buying industry or final use.

    Returns
    -------
    pandas.DataFrame
        economy, industry, industry_name, account, item (BEA's code), item_name (missing for small
        buyers), period, value_usd, source, vintage. A buyer without a row buys nothing, or less than half a million US dollars.
    """
    asked = {"industries": engine.as_list(industries), "account": account}
    return _asked(data_dir, _USE, asked, "bea_supply_use")


def enduse_imports(
    classes: Names = None, partners: Names = None, data_dir: Path | None = None
) -> "pd.DataFrame":
    """US general imports by end-use class, partner and year, 2014 on (Census, customs value).

    Parameters
    ----------
    classes : str or iterable of str, optional
        Codes of five digits or their beginnings, such as ``21600``; all if not given.
    partners : str or iterable of str, optional
        ISO3, names, groups (their members) or ``WLD``, the published total; all of these if not
        given.

    Returns
    -------
    pandas.DataFrame
        reporter, partner, end_use, end_use_name, period, value_usd, source, vintage.
    """
    asked = _of("USA", "END_USE", classes, _places(partners, "WLD"))
    return _asked(data_dir, _CLASSES, asked, "us_enduse_imports")


def naics_months(
    industries: Names = None, partners: Names = None, data_dir: Path | None = None
) -> "pd.DataFrame":
    """US imports and calculated duty by NAICS3 industry, partner and month, 2013 on (Census).

    Parameters
    ----------
    industries : str or iterable of str, optional
        NAICS codes of three digits: 325, 327, 333, 334, 335, 339.
    partners : str or iterable of str, optional
        ISO3 or names of the thirty partners; ``WLD`` for the total, ``EU27`` and ``USMCA`` for
        these groups as published: never to be added to their members.

    Returns
    -------
    pandas.DataFrame
        reporter, partner, naics, naics_name, period (YYYY-MM), value_usd, duties_usd, rate_pct
        (duties ÷ imports; missing without imports), source, vintage.
    """
    asked = _of("USA", "NAICS3", industries, _places(partners, "WLD", "EU27", "USMCA"))
    return _asked(data_dir, _MONTHS, asked, "us_naics_months")


def line_imports(
    codes: Names = None,
    partners: Names = None,
    *,
    trade_system: str = "consumption",
    data_dir: Path | None = None,
) -> "pd.DataFrame":
    """US imports by ten-digit tariff line, partner and year in 58 headings (Census).

    Parameters
    ----------
    codes : str or iterable of str, optional
        Tariff lines or their beginnings (heading, HS6); all if not given.
    partners : str or iterable of str, optional
        ISO3, names or groups (their members).
    trade_system : {"consumption", "general"}
        Duties are known of imports for consumption only.

    Returns
    -------
    pandas.DataFrame
        reporter, partner, hts10, period, trade_system, value_usd, dutiable_value_usd, duties_usd,
        source, vintage.
    """
    asked = _of("USA", "HTS10", codes, _places(partners)) | {"trade_system": trade_system}
    return _asked(data_dir, _LINES, asked, "us_hts10_imports")


def line_concordance(codes: Names = None, data_dir: Path | None = None) -> "pd.DataFrame":
    """US tariff lines of 2022 with their end-use class, NAICS, SITC and technology (Census).

    Parameters
    ----------
    codes : str or iterable of str, optional
        Tariff lines or their beginnings; all if not given.

    Returns
    -------
    pandas.DataFrame
        reporter, hts10, hs_revision, cmd_code, description, sitc, end_use, naics, hitech (03 is
        opto-electronics, 00 none), source, vintage.
    """
    return _asked(data_dir, _CONCORDANCE, {"codes": engine.as_list(codes)}, "us_hts10_concordance")


def canada_trade(
    classification: str,
    products: Names = None,
    partners: Names = None,
    data_dir: Path | None = None,
) -> "pd.DataFrame":
    """Canada's imports and exports in Canadian dollars, 2024-01 to 2026-04 (Statistics Canada).

    Parameters
    ----------
    classification : {"HS6", "HS2", "TOTAL"}
        By HS6 with the world, one total over 28 months; by chapter and month with the world; of
        all goods by partner and month.
    products : str or iterable of str, optional
        Codes or their beginnings; all if not given.
    partners : str or iterable of str, optional
        ISO3, names or groups (their members), where partners are there.

    Returns
    -------
    pandas.DataFrame
        reporter, partner, classification, product, product_name, period (YYYY-MM, or first and last
        month with a slash), imports_cad, exports_cad, source, vintage.
    """
    asked = _of("CAN", classification, products, _places(partners, "WLD"))
    return _asked(data_dir, _CANADA, asked, "canada_products")


def _of(
    reporter: str, classification: str, products: Names, partners: list[str] | None
) -> dict[str, Any]:
    return {"reporter": reporter, "classification": classification,
            "products": engine.as_list(products), "partners": partners}  # fmt: skip


def _places(asked: Names, *published: str) -> list[str] | None:
    """Return partners, of groups the members unless the group is a published partner."""
    names = engine.as_list(asked)
    if names is None:
        return None
    return list(dict.fromkeys(
        iso3 for n in names for iso3 in ([n] if n in published else engine.economies(n) or [])
    ))  # fmt: skip


def _asked(data_dir: Path | None, sql: str, asked: dict[str, Any], script: str) -> "pd.DataFrame":
    """Answer a question; an empty answer is an error that names the question."""
    found = engine.ask(data_dir, sql, asked)
    if found.empty:
        wanted = "; ".join(
            f"{name} {engine.few([value] if isinstance(value, str) else value)}"
            for name, value in asked.items()
            if value is not None
        )
        raise MissingDataError(
            f"no figures of {wanted or 'any kind'} from scripts/starter/{script}.py in the warehouse; "
            "choose others, or rebuild the snapshot with that script"
        )
    return found
