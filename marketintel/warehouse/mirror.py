"""Mirror flows: partners' reports of a country's trade, flagged and with their own valuation.

A mirror of imports is the exports that partners report to the country (FOB, not CIF), a mirror of
exports the imports they report from it (CIF or customs value). It is used for periods in which no
source read has the country's own rows of the codes, and is a lower bound: not every partner
reports. BACI's flows, which reconcile both sides, count as the exporter's; in a period that has
them no other partner's report is read.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.errors import MissingDataError
from marketintel.warehouse import engine

if TYPE_CHECKING:
    import pandas as pd

OPPOSITE = {"import": "export", "export": "import"}

#: The source of reconciled flows.
BACI = "baci"

# A period is of the reconciled source alone, or else of partners, each read from one source; the
# sources of two partners may differ.
_MIRROR = """
WITH seen AS (
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
FROM seen
ORDER BY segment NULLS LAST, scope NULLS LAST, cmd_code, period, partner, hs_revision
"""
_PARTNERS = """
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
    opposite: dict[str, Any] = {"opposite": OPPOSITE[flow]}
    keys: dict[str, Any] = {"reporter": reporter, "freq": freq}

    def periods(sql: str, more: dict[str, Any]) -> set[str]:
        return set(engine.ask(data_dir, sql, keys | more, frames, figures=False)["period"])

    own = periods(_OWN, {"flow": flow, "trade_system": trade_system})
    mirrored = periods(_PARTNERS, opposite) - own
    wanted = engine.as_list(asked)
    if wanted is not None:
        absent = [w for w in wanted if not any(p.startswith(w) for p in own | mirrored)]
        if absent:
            raise MissingDataError(
                f"neither {reporter} nor its partners report {flow}s of these codes in {absent[0]} "
                f"here (have: {engine.few({p[:4] for p in own | mirrored}, 40) or 'none'}); fetch "
                f"them with `marketintel fetch --for {reporter} --years {absent[0][:4]}`"
            )
        own = {p for p in own if p.startswith(tuple(wanted))}
        mirrored = {p for p in mirrored if p.startswith(tuple(wanted))}
    answers = []
    if own:
        options: dict[str, Any] = {"periods": sorted(own), "trade_system": trade_system}
        answers.append(engine.ask(data_dir, own_sql, {**parameters, **options}, frames))
    if mirrored or not own:
        options = opposite | {"periods": sorted(mirrored), "reconciled": BACI}
        answers.append(engine.ask(data_dir, _MIRROR, {**parameters, **options}, frames))
    return pd.concat(answers, ignore_index=True) if len(answers) > 1 else answers[0]
