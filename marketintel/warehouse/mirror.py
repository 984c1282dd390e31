"""What partners report about a country that is silent: flagged, and with its own valuation.

A mirror of imports is what partners say they exported to the country (FOB, not CIF), a mirror of
exports what they say they imported (CIF or customs value). It is used only for periods in which
the country itself has no row of the codes asked in any source read, and only from partners that
report: the sum is a lower bound. BACI's flows, which reconcile both sides and have every partner,
count as told by the exporter; in a period that has them no other partner's report is read.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.errors import MissingDataError
from marketintel.warehouse import engine

if TYPE_CHECKING:
    import pandas as pd

OPPOSITE = {"import": "export", "export": "import"}

#: The source that has made one figure of both sides' reports.
BACI = "baci"

# A period is told by the reconciled source alone, or else by partners, each read from one source;
# the sources of two partners may differ.
_MIRROR = """
WITH told AS (
    SELECT t.*, w.segment, w.scope
    FROM trade AS t
    JOIN wanted AS w USING (hs_revision, cmd_code)
    JOIN preference AS p ON p.source = t.source
    WHERE t.cmd_code BETWEEN $first AND $last
      AND t.partner = $reporter AND t.flow = $opposite AND t.freq = $freq
      AND t.reporter NOT IN ('WLD', $reporter) AND NOT t.is_mirror
      AND (t.trade_system IS NULL OR t.trade_system = 'general')
      AND t.period IN (SELECT unnest($periods::VARCHAR[]))
      AND ($partners IS NULL OR t.reporter IN (SELECT unnest($partners::VARCHAR[])))
    QUALIFY CASE WHEN bool_or(t.source = $reconciled) OVER (PARTITION BY t.period)
                 THEN t.source = $reconciled
                 ELSE p.rank = min(p.rank) OVER (PARTITION BY t.period, t.reporter) END
)
SELECT segment, scope, partner AS reporter, reporter AS partner, $flow AS flow, hs_revision,
       cmd_code, period, value_usd, NULL AS dutiable_value_usd, NULL AS duties_usd,
       net_weight_kg, true AS is_mirror, valuation, source, vintage, currency, usd_per_unit,
       rate_source
FROM told
ORDER BY segment NULLS LAST, scope NULLS LAST, cmd_code, period, partner, hs_revision
"""
_TOLD = """
SELECT DISTINCT t.period
FROM trade AS t JOIN wanted AS w USING (hs_revision, cmd_code)
JOIN preference AS p ON p.source = t.source
WHERE t.partner = $reporter AND t.flow = $opposite AND t.freq = $freq AND t.reporter <> 'WLD'
"""
_OWN = """
SELECT DISTINCT t.period
FROM trade AS t JOIN wanted AS w USING (hs_revision, cmd_code)
JOIN preference AS p ON p.source = t.source
WHERE t.reporter = $reporter AND t.flow = $flow AND t.freq = $freq AND NOT t.is_mirror
  AND ($trade_system IS NULL OR t.trade_system IS NULL OR t.trade_system = $trade_system)
"""


def with_mirrors(
    own_sql: str,
    parameters: Mapping[str, Any],
    trade_system: str | None,
    asked: str | Iterable[str] | None,
    frames: "Mapping[str, pd.DataFrame]",
    data_dir: Path | None,
) -> "pd.DataFrame":
    """Return the reporter's own rows, and mirrors for the periods in which it has none.

    Raises
    ------
    MissingDataError
        Neither the reporter nor any partner has the period.
    """
    import pandas as pd

    reporter, flow, freq = (parameters[name] for name in ("reporter", "flow", "freq"))
    engine.choose("flow to be mirrored", [flow], OPPOSITE)
    mirrored = {"opposite": OPPOSITE[flow]}
    known = {"reporter": reporter, "freq": freq}
    reported_here = known | {"flow": flow, "trade_system": trade_system}
    own = set(engine.ask(data_dir, _OWN, reported_here, frames, figures=False)["period"])
    told = set(engine.ask(data_dir, _TOLD, known | mirrored, frames, figures=False)["period"]) - own
    wanted = engine.as_list(asked)
    if wanted is not None:
        absent = [w for w in wanted if not any(p.startswith(w) for p in own | told)]
        if absent:
            raise MissingDataError(
                f"neither {reporter} nor its partners report {flow}s of these codes in {absent[0]} "
                "here "
                f"(have: {engine.few({p[:4] for p in own | told}, 40) or 'none'}); fetch them "
                f"with `marketintel fetch --for {reporter} --years {absent[0][:4]}`"
            )
        own = {p for p in own if p.startswith(tuple(wanted))}
        told = {p for p in told if p.startswith(tuple(wanted))}
    answers = []
    if own:
        reported = {"periods": sorted(own), "trade_system": trade_system}
        answers.append(engine.ask(data_dir, own_sql, {**parameters, **reported}, frames))
    if told or not own:
        seen = mirrored | {"periods": sorted(told), "reconciled": BACI}
        answers.append(engine.ask(data_dir, _MIRROR, {**parameters, **seen}, frames))
    return pd.concat(answers, ignore_index=True) if len(answers) > 1 else answers[0]
