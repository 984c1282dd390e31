"""Tables beside trade flows: tariffs, economies, distances, polygons, world series, EU inputs."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.sources import snapshot
from marketintel.warehouse import engine, reads, selection, store

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

# The years of a code's MFN and preferential rates may differ; each is the newest of its kind, and
# of several sources the one of the first rank.
_RATES = """
SELECT cmd_code, hs_revision, period, partner, regime, rate_pct, source, vintage
FROM duties JOIN preference AS p USING (source)
WHERE reporter = $reporter AND regime <> 'calculated'
  AND cmd_code IN (SELECT unnest($codes::VARCHAR[]))
QUALIFY period = max(period) OVER (PARTITION BY cmd_code, regime)
    AND p.rank = min(p.rank) OVER (PARTITION BY cmd_code, regime, period)
ORDER BY cmd_code, regime, partner
"""


def tariff_lines(
    codes: str | Iterable[str], reporter: str = "USA", data_dir: Path | None = None
) -> "pd.DataFrame":
    """Return the statutory tariff lines under HS6 codes.

    A statute as it reads in its year; it holds none of the additional duties of chapter 99 and
    is never to be subtracted from duties calculated for other years.

    Returns
    -------
    pandas.DataFrame
        reporter, hs8, hs_revision, cmd_code, description, general, special, other, footnotes,
        statute, source, vintage; sorted by hs8. A code without lines has no row.
    """
    return engine.ask(
        data_dir,
        """SELECT * FROM tariff_lines WHERE reporter = $reporter
           AND cmd_code IN (SELECT unnest($codes::VARCHAR[])) ORDER BY hs8""",
        {"reporter": engine.one_economy(reporter), "codes": engine.as_list(codes)},
    )


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


def preference_claims(
    codes: str | Iterable[str] | None, partner: str, *, data_dir: Path | None = None
) -> "pd.DataFrame":
    """Share of US imports that claim a preference, by tariff line and year.

    Parameters
    ----------
    codes : str or iterable of str, optional
        Tariff lines or their beginnings (heading, HS6); all if None.
    partner : str
        ISO3 or name of the supplier: Canada or Mexico in the shipped data.
    data_dir : Path, optional
        The data directory.

    Returns
    -------
    pandas.DataFrame
        reporter, partner, hts10, period, preference, share_pct (of the line's imports), source,
        vintage. A line without a row is not known; it is not 0.
    """
    asked = {"partner": engine.one_economy(partner), "codes": engine.as_list(codes)}
    return engine.ask(
        data_dir,
        """SELECT * FROM preference_claims WHERE partner = $partner
           AND ($codes IS NULL OR EXISTS (
               SELECT 1 FROM unnest($codes::VARCHAR[]) AS p(begin) WHERE starts_with(hts10, p.begin)))
           ORDER BY hts10, period""",
        asked,
    )


def macro(
    indicator: str,
    economies: str | Iterable[str] | None = None,
    *,
    projections: bool = False,
    data_dir: Path | None = None,
) -> "pd.DataFrame":
    """Return one indicator over the years: one figure an economy and period.

    Parameters
    ----------
    indicator : str
        ``gdp_current_usd``, ``population``, ``cpi_inflation_pct`` or another that is there.
    economies : str or iterable of str, optional
        ISO3, names or groups (their members); all if not given.
    projections : bool
        Include figures that are projections; ``is_projection`` says which they are.
    data_dir : Path, optional
        The data directory.

    Returns
    -------
    pandas.DataFrame
        economy, indicator, period, value, unit, is_projection, source, vintage. A year without
        a figure has no row. Of several sources the one of the first rank is
        read, and a figure before a projection.
    """
    known = engine.ask_once(data_dir, "SELECT DISTINCT indicator FROM macro")["indicator"]
    engine.choose("indicator", [indicator], known)
    return engine.ask(
        data_dir,
        """SELECT m.* FROM macro AS m LEFT JOIN preference AS p ON p.source = m.source
           WHERE indicator = $indicator AND ($projections OR NOT is_projection)
             AND ($economies IS NULL OR economy IN (SELECT unnest($economies::VARCHAR[])))
           QUALIFY row_number() OVER (
               PARTITION BY economy, period ORDER BY is_projection, p.rank NULLS LAST) = 1
           ORDER BY economy, period""",
        {
            "indicator": indicator,
            "economies": engine.economies(economies),
            "projections": projections,
        },
        {"preference": selection.ranks("macro")},
    )


def pairs(origin: str, data_dir: Path | None = None) -> "pd.DataFrame":
    """Return distance and ties from one country to every other.

    Returns
    -------
    pandas.DataFrame
        origin, destination, distance_km, contiguous, common_language, colony,
        distance_weighted_km, source, vintage.
    """
    iso3 = engine.one_economy(origin)
    found = engine.ask(
        data_dir,
        "SELECT * FROM pairs WHERE origin = $origin ORDER BY destination",
        {"origin": iso3},
    )
    if found.empty:
        raise MissingDataError(
            f"no distances from {iso3} in the warehouse; GeoDist does not cover every country"
        )
    return found


def pairs_yearly(
    origin: str | Iterable[str], year: str | int | None = None, data_dir: Path | None = None
) -> "pd.DataFrame":
    """Return the ties of countries in a year, if CEPII Gravity has been fetched.

    Parameters
    ----------
    origin : str or iterable of str
        ISO3, names or groups (their members).
    year : str or int, optional
        The newest there is not after it; the newest of all if not given.
    data_dir : Path, optional
        The data directory.

    Returns
    -------
    pandas.DataFrame
        origin, destination, period, distance_km, contiguous, common_language, colony,
        trade_agreement, origin_in_wto, destination_in_wto, origin_in_eu, destination_in_eu,
        gdp_origin_usd, gdp_destination_usd, source, vintage. Ties are true, false or missing.

    Raises
    ------
    MissingDataError
        It has not been fetched, or begins later.
    """
    found = engine.ask(
        data_dir,
        """SELECT * FROM pairs_yearly WHERE origin IN (SELECT unnest($origins::VARCHAR[]))
             AND period = (SELECT max(period) FROM pairs_yearly WHERE period <= $until)
           ORDER BY origin, destination""",
        {"origins": engine.economies(origin), "until": str(year or 9999)},
    )
    if found.empty:
        raise MissingDataError(
            "no ties of countries by year here; load them with `marketintel fetch gravity --zip "
            "FILE`, the zip of CSV that CEPII publishes"
        )
    return found


def world_series(heading: str, data_dir: Path | None = None) -> "pd.DataFrame":
    """Return world exports of one HS4 heading by year.

    The heading is counted on HS1992 basis and is not a segment: call it by its own name.

    Returns
    -------
    pandas.DataFrame
        cmd_code, hs_revision, period, value_usd, source, vintage.

    Raises
    ------
    UsageError
        Not four digits.
    MissingDataError
        No such series here, or the file has been removed.
    """
    if len(heading) != 4 or not heading.isdigit():
        raise UsageError(f"heading '{heading}' is not four digits; give one such as 9002")
    found = engine.ask(
        data_dir,
        """SELECT cmd_code, hs_revision, period, value_usd, source, vintage FROM trade
           WHERE reporter = 'WLD' AND cmd_code = $heading ORDER BY period""",
        {"heading": heading},
    )
    if found.empty:
        there = engine.ask_once(
            data_dir, "SELECT DISTINCT cmd_code FROM trade WHERE reporter = 'WLD'"
        )["cmd_code"]
        raise MissingDataError(
            f"no world exports of heading {heading} here (have: {engine.few(there) or 'none'}); "
            "rebuild with scripts/starter/atlas_world_exports.py"
        )
    return found


def countries_geometry(data_dir: Path | None = None) -> "gpd.GeoDataFrame":
    """Return country polygons in EPSG:4326.

    Returns
    -------
    geopandas.GeoDataFrame
        iso3 (missing for land that no country of ``countries.csv`` is drawn with), name,
        geometry; sorted by iso3.
    """
    import geopandas as gpd

    data_dir = data_dir or store.default_data_dir()
    (file,) = snapshot.find(data_dir, "natural_earth")
    snapshot.verify(file)
    reads.note("natural_earth")
    try:
        return gpd.read_parquet(file.path)
    except (ValueError, OSError) as error:
        raise DamagedDataError(
            f"{file.path}: not readable as GeoParquet ({str(error).splitlines()[0]}); restore it "
            "from version control"
        ) from error


EU_INPUTS = "eurostat_comext_inputs"


class CriticalInputs(NamedTuple):
    """Imports by CN8, with facts on the codes.

    Attributes
    ----------
    trade : DataFrame
        ``exporter, market`` (ISO3; a member of the EU), ``cmd_code`` (CN8), ``period``,
        ``value_eur``; trade between members included.
    names, labels : dict of str to str
        CN8 to material, and to where that was read.
    citation : str
        For under a table.
    """

    trade: "pd.DataFrame"
    names: dict[str, str]
    labels: dict[str, str]
    citation: str


def critical_inputs(data_dir: Path | None = None) -> CriticalInputs | None:
    """Return the newest snapshot; None where there is none.

    Raises
    ------
    DamagedDataError
        The file differs from its checksum.
    """
    data_dir = data_dir or store.default_data_dir()
    if not snapshot.list_snapshots(data_dir, EU_INPUTS):
        return None
    file = snapshot.find(data_dir, EU_INPUTS)[0]
    snapshot.verify(file)
    reads.note(EU_INPUTS)
    rows = store.read_parquet(file.path)
    trade = rows.rename(columns={"partner": "exporter", "reporter": "market", "cn8": "cmd_code"})
    known = file.meta.parameters
    return CriticalInputs(trade, known["codes"], known["labels"], file.meta.citation)
