"""Comext's trade flows: SDMX-CSV and SDMX-ML with three indicators, and JSON-stat."""

from collections.abc import Iterable

import pandas as pd

from marketintel.errors import SourceError
from marketintel.sources.formats import jsonstat, sdmx, tidy
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.formats.zips import unpacked

SOURCE = "comext"

#: ``reporter_code`` and ``partner_code`` as Comext writes them; ``value_eur`` in euros (imports
#: CIF, exports FOB); ``net_weight_kg``; NaN where Comext has no figure. One row a flow.
CONTRACT: tidy.Contract = {
    "reporter_code": "str", "partner_code": "str", "flow": "str", "cmd_code": "str",
    "period": "str", "freq": "str", "value_eur": "float64", "net_weight_kg": "float64",
    "supplementary_quantity": "float64", "currency": "str", "valuation": "str", "status": "str",
}  # fmt: skip

FLOWS = {"import": "1", "export": "2"}
_VALUATION = {"import": "CIF", "export": "FOB"}
_KEY = ["reporter", "partner", "product", "flow", "TIME_PERIOD"]
INDICATORS = {
    "VALUE_IN_EUROS": "value_eur",
    "QUANTITY_IN_100KG": "net_weight_kg",
    "SUPPLEMENTARY_QUANTITY": "supplementary_quantity",
}


@tidy.reading(SOURCE)
def process(body: tidy.Body) -> pd.DataFrame:
    """Turn an SDMX answer (CSV or ML) into one row a flow.

    Raises
    ------
    SourceError
        A notice other than "nothing found", a missing field, an unknown flow or indicator, or
        one figure given twice with different values.
    """
    body = unpacked(body, SOURCE)
    if found := notice(body, SOURCE):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return tidy.empty(CONTRACT, found.text)
    frame = _read(body)
    if not len(frame):
        return tidy.empty(CONTRACT)
    tidy.need(frame.columns, [*_KEY, "indicators"], SOURCE)
    _only(frame, "indicators", INDICATORS)
    frame["flow"] = frame["flow"].str.lower().replace({code: flow for flow, code in FLOWS.items()})
    _only(frame, "flow", FLOWS)
    frame["figure"] = tidy.numbers(frame[sdmx.VALUE], SOURCE, sdmx.VALUE)
    frame = frame.drop_duplicates([*_KEY, "indicators", "figure"])
    twice = frame[frame.duplicated([*_KEY, "indicators"])]
    if len(twice):
        raise SourceError(
            f"{SOURCE}: two different figures for {' '.join(map(str, twice.iloc[0][_KEY]))}; "
            "expected one: fetch again"
        )
    wide = frame.set_index([*_KEY, "indicators"])["figure"].unstack()  # noqa: PD010 - no sums
    wide = wide.reindex(columns=list(INDICATORS)).rename(columns=INDICATORS)
    wide["net_weight_kg"] *= 100  # published in 100 kg
    wide["status"] = _flags(frame)
    wide = wide.reset_index().rename(
        columns={"reporter": "reporter_code", "partner": "partner_code", "product": "cmd_code"}
    )
    wide["period"] = tidy.periods(wide["TIME_PERIOD"])
    wide["freq"] = tidy.frequencies(wide["period"])
    wide["currency"] = "EUR"
    wide["valuation"] = wide["flow"].map(_VALUATION)
    return tidy.conform(wide, CONTRACT, SOURCE)


def _read(body: tidy.Body) -> pd.DataFrame:
    """Read what this service sends (CSV, ML), or the JSON-stat of its sister service."""
    if not tidy.text_of(body, SOURCE).lstrip().startswith("{"):
        return sdmx.read(body, SOURCE)
    cube = jsonstat.process(body, SOURCE, gaps=False)
    return cube.rename(
        columns={"period": sdmx.PERIOD, "value": sdmx.VALUE, "status": "OBS_FLAG"}
    ).astype({sdmx.VALUE: "str"})


def _only(frame: pd.DataFrame, field: str, allowed: Iterable[str]) -> None:
    unknown = sorted(set(frame[field].dropna()) - set(allowed))
    if unknown:
        raise SourceError(
            f"{SOURCE}: field '{field}' holds {unknown[0]!r}; expected {', '.join(allowed)}: the "
            "provider's format changed"
        )


def _flags(frame: pd.DataFrame) -> pd.Series:
    """Return the flags of each flow's figures, joined; flows without flags are left out."""
    flags = frame.reindex(columns=["OBS_FLAG", "OBS_STATUS", "CONF_STATUS"]).astype("str")
    flagged = pd.concat([frame[_KEY].assign(status=flags[name]) for name in flags])
    flagged = flagged.dropna(subset="status").drop_duplicates()
    return flagged.groupby(_KEY)["status"].agg(",".join)
