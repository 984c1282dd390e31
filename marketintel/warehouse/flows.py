"""Trade flows by segment or code, reporter, partner and period, each figure once.

Every reader of the warehouse goes through here, so that core and broad
codes, sources and years are kept apart in one place only.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import UsageError
from marketintel.warehouse import engine, selection
from marketintel.warehouse import mirror as mirrors

if TYPE_CHECKING:
    import pandas as pd

FLOW_COLUMNS = (
    "segment", "scope", "reporter", "partner", "flow", "hs_revision", "cmd_code", "period",
    "value_usd", "dutiable_value_usd", "duties_usd",
)  # fmt: skip
#: Origin of a figure.
ORIGIN_COLUMNS = (
    "is_mirror", "valuation", "source", "vintage", "currency", "usd_per_unit", "rate_source",
)  # fmt: skip
MONEY = ("value_usd", "dutiable_value_usd", "duties_usd")
SCOPES = ("core", "broad", "neighbour", "core+broad", "neighbour+broad")

# The world is a sum over partners, a mirror is the same trade reported by the other side: neither
# may stand beside the rows themselves. Of several sources that have any of the codes in a period,
# one is read, whoever the partner: a partner the preferred source lacks had no trade.
_FLOWS = """
WITH picked AS (
    SELECT t.*, w.segment, w.scope
    FROM trade AS t
    JOIN wanted AS w USING (hs_revision, cmd_code)
    JOIN preference AS p ON p.source = t.source
    WHERE t.cmd_code BETWEEN $first AND $last  -- lets whole row groups be skipped
      AND t.reporter = $reporter AND t.flow = $flow AND t.freq = $freq
      AND t.partner <> 'WLD' AND NOT t.is_mirror
      AND ($trade_system IS NULL OR t.trade_system IS NULL OR t.trade_system = $trade_system)
      AND ($periods IS NULL OR t.period IN (SELECT unnest($periods::VARCHAR[])))
    QUALIFY p.rank = min(p.rank) OVER (PARTITION BY t.period)
)
SELECT p.segment, p.scope, p.reporter, p.partner, p.flow, p.hs_revision, p.cmd_code, p.period,
       p.value_usd, d.dutiable_value_usd, d.duties_usd, p.net_weight_kg,
       p.is_mirror, p.valuation, p.source, p.vintage, p.currency, p.usd_per_unit, p.rate_source
FROM picked AS p
LEFT JOIN duties AS d
  ON p.trade_system = 'consumption' AND p.flow = 'import' AND d.regime = 'calculated'
 AND d.reporter = p.reporter AND d.partner = p.partner AND d.hs_revision = p.hs_revision
 AND d.cmd_code = p.cmd_code AND d.period = p.period AND d.source = p.source
 AND d.cmd_code BETWEEN $first AND $last
WHERE $partners IS NULL OR p.partner IN (SELECT unnest($partners::VARCHAR[]))
ORDER BY p.segment NULLS LAST, p.scope NULLS LAST, p.cmd_code, p.period, p.partner, p.hs_revision
"""

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


def flows(
    *,
    reporter: str,
    flow: str = "import",
    segments: str | Iterable[str] | None = None,
    codes: str | Iterable[str] | None = None,
    partner: str | Iterable[str] | None = None,
    period: str | Iterable[str] | None = None,
    freq: str = "A",
    trade_system: str = "consumption",
    scope: str | None = None,
    source: str | None = None,
    with_weights: bool = False,
    with_origin: bool = False,
    mirror: bool = False,
    data_dir: Path | None = None,
) -> "pd.DataFrame":
    """Return trade in the codes of segments, or in given codes; one figure a row.

    Parameters
    ----------
    reporter : str
        Country that reports the trade: ISO3 or name.
    flow : str
        ``import`` or ``export``.
    segments : str or iterable of str, optional
        Segment identifiers; every segment if neither these nor ``codes`` are given.
    codes : str or iterable of str, optional
        Six-digit HS codes instead of segments. ``segment`` and ``scope`` are missing for a
        code that no segment claims.
    partner : str or iterable of str, optional
        ISO3, names, or groups (``EU27`` gives the rows of its members).
    period : str or iterable of str, optional
        ``"2025"`` or ``"2025-03"``; with ``freq="M"`` a year means its months.
    freq : str
        ``A`` (years) or ``M`` (months).
    trade_system : str
        ``consumption`` or ``general``, for imports; exports know no such choice.
    scope : str, optional
        ``core``, ``broad``, ``neighbour``, ``core+broad`` or ``neighbour+broad``: keep those
        codes only. None keeps every row.
    source : str, optional
        Read this source only; otherwise the first in rank that has the period.
    with_weights : bool
        Add ``net_weight_kg`` as last column.
    with_origin : bool
        Add ``ORIGIN_COLUMNS`` as last columns.
    mirror : bool
        Fill periods that the reporter does not report with its partners' reports of the trade
        (see :mod:`marketintel.warehouse.mirror`); implies ``with_origin``.
    data_dir : Path, optional
        The data directory.

    Returns
    -------
    pandas.DataFrame
        Columns ``FLOW_COLUMNS``. ``value_usd`` is customs value for US imports. Duty columns
        are missing (never zero) where the source has no duties: other flows, general imports.
        A partner without a row had no recorded trade.

    Raises
    ------
    UsageError
        A country, segment, code or option that is not known; the nearest known is named.
    MissingDataError
        No data of that reporter, or not for that period; what there is is listed.
    """
    import pandas as pd

    reporter = engine.one_economy(reporter)
    engine.choose("flow", [flow], ("import", "export", "re_export", "re_import"))
    engine.choose("frequency", [freq], ("A", "M"))
    engine.choose("trade system", [trade_system], ("consumption", "general"))
    if scope is not None:
        engine.choose("scope", [scope], SCOPES)
    system = trade_system if flow == "import" else None
    wanted = selection.wanted(segments, codes, data_dir)
    if scope is not None:
        wanted = wanted[wanted["scope"].isin(scope.split("+"))]
    partners = engine.economies(partner)
    parameters = {
        "reporter": reporter, "flow": flow, "freq": freq, "partners": partners,
        "first": min(wanted["cmd_code"], default=""),
        "last": max(wanted["cmd_code"], default=""),
    }  # fmt: skip
    frames = {"wanted": wanted, "preference": selection.preference(source, data_dir)}
    if mirror:
        answer = mirrors.with_mirrors(_FLOWS, parameters, system, period, frames, data_dir)
    else:
        periods = selection.periods(reporter, flow, freq, system, period, data_dir)
        own = parameters | {"trade_system": system, "periods": periods}
        answer = engine.ask(data_dir, _FLOWS, own, frames)
    texts = [c for c in FLOW_COLUMNS if c not in MONEY]
    answer = answer.astype({**dict.fromkeys(texts, "str"), **dict.fromkeys(MONEY, "float64")})
    chosen = [*FLOW_COLUMNS]
    chosen += ["net_weight_kg"] if with_weights else []
    chosen += ORIGIN_COLUMNS if with_origin or mirror else []
    return pd.DataFrame(answer[chosen])


def aggregate(flows: "pd.DataFrame", by: Sequence[str], scope: str | None = None) -> "pd.DataFrame":
    """Sum flows by some of their columns.

    Parameters
    ----------
    flows : pandas.DataFrame
        As returned by :func:`flows`.
    by : sequence of str
        Columns that stay.
    scope : str, optional
        Needed where ``scope`` is not in ``by`` and the flows hold more than one:
        one of those of :func:`flows`: keeps those rows and says that they may be summed.

    Returns
    -------
    pandas.DataFrame
        ``by``, ``value_usd``, ``dutiable_value_usd``, ``duties_usd``, sorted by ``by``. A sum
        over nothing but missing values is missing.

    Raises
    ------
    UsageError
        Codes of several scopes, reported and mirrored figures, or several valuations would be mixed
        silently, or a column is not known.
    """
    labels = [c for c in (*FLOW_COLUMNS, *ORIGIN_COLUMNS) if c in flows and c not in MONEY]
    columns = engine.choose("column to group by", list(by), labels)
    if scope is not None:
        engine.choose("scope", [scope], SCOPES)
        flows = flows[flows["scope"].isin(scope.split("+"))]
    elif "scope" not in columns and len(flows["scope"].unique()) > 1:
        there = [name for name in SCOPES if (flows["scope"] == name).any()]
        raise UsageError(
            f"these rows hold {' and '.join(there)} codes: group by 'scope' as well, "
            "or say scope='core' or scope='core+broad'"
        )
    for column in set(ORIGIN_COLUMNS[:2]) & set(flows.columns) - set(columns):
        mixed = flows.groupby([c for c in columns if c != column], dropna=False)[column].nunique()
        if (mixed > 1).any():
            raise UsageError(f"sums over several kinds of '{column}': group by it as well")
    money = list(MONEY)
    return flows.groupby(columns, dropna=False, sort=True)[money].sum(min_count=1).reset_index()


def monthly(
    *,
    reporter: str,
    partner: str,
    segments: str | Iterable[str] | None = None,
    codes: str | Iterable[str] | None = None,
    period: str | Iterable[str] | None = None,
    flow: str = "export",
    scope: str | None = None,
    fill_absent: bool = False,
    data_dir: Path | None = None,
) -> "pd.DataFrame":
    """Return monthly flows to one partner.

    Parameters
    ----------
    reporter, partner, segments, codes, period, flow, scope, data_dir
        As in :func:`flows`; ``partner`` is one country.
    fill_absent : bool
        Write the zero that an absent month stands for. In the US export statistics shipped
        here, a code's first row in a calendar year is never zero and rows then run to December:
        a month without a row is one before the year's first export. Only codes that this
        partner has at least one row of in the same HS revision are filled, and only over months
        in which that revision and partner have data.

    Returns
    -------
    pandas.DataFrame
        As :func:`flows`.
    """
    found = flows(
        reporter=reporter, flow=flow, segments=segments, codes=codes, freq="M",
        partner=engine.one_economy(partner), period=period, scope=scope, data_dir=data_dir,
    )  # fmt: skip
    return _with_zero_months(found, period, data_dir) if fill_absent and len(found) else found


def _with_zero_months(
    found: "pd.DataFrame", period: str | Iterable[str] | None, data_dir: Path | None
) -> "pd.DataFrame":
    """Complete each code's months with the zeros that the source leaves out."""
    first = found.iloc[0]
    months = engine.ask(
        data_dir,
        """SELECT DISTINCT hs_revision, period FROM trade
           WHERE reporter = $reporter AND partner = $partner AND flow = $flow AND freq = 'M'""",
        {k: first[k] for k in ("reporter", "partner", "flow")},
        figures=False,
    )
    if (asked := engine.as_list(period)) is not None:
        months = months[months["period"].str.startswith(tuple(asked))]
    labels = [c for c in FLOW_COLUMNS if c not in MONEY and c != "period"]
    grid = found[labels].drop_duplicates().merge(months, on="hs_revision")
    full = grid.merge(found, how="left", on=[*labels, "period"])
    full["value_usd"] = full["value_usd"].fillna(0.0)
    return full.sort_values(["segment", "scope", "cmd_code", "period"], ignore_index=True)[
        list(FLOW_COLUMNS)
    ]


def supplier_matrix(
    reporter: str,
    period: str | Iterable[str] | None = None,
    trade_system: str = "consumption",
    flow: str = "import",
    data_dir: Path | None = None,
) -> "pd.DataFrame":
    """Return annual trade in every HS6 code, photonic or not, by partner.

    Parameters
    ----------
    reporter : str
        ISO3 or name of one country.
    period : str or iterable of str, optional
        Years; all if not given.
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
        duties_usd; sorted by period, code and partner. Duties belong
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
    return answer.drop(columns="source").astype(dict.fromkeys(MONEY, "float64"))
