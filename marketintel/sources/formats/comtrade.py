"""Rows of UN Comtrade: JSON messages with count, data and error."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from marketintel.errors import Refused, SourceError
from marketintel.reference.limits import MONEY
from marketintel.sources.formats import tidy
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.http.answers import Answer

SOURCE = "comtrade"

#: ``reporter_code``, ``partner_code``: Comtrade's M49 with its quirks ("842" USA, "0" world).
CONTRACT = {
    "reporter_code": "str", "partner_code": "str", "flow": "str", "hs_revision": "str",
    "cmd_code": "str", "period": "str", "freq": "str", "value_usd": "float64",
    "net_weight_kg": "float64", "quantity": "float64", "quantity_unit": "str",
    "valuation": "str", "trade_system": "str", "is_mirror": "bool",
}  # fmt: skip
_KEY = ["reporter_code", "partner_code", "flow", "hs_revision", "cmd_code", "period"]
FLOWS = {"import": "M", "export": "X", "re_import": "RM", "re_export": "RX"}
REVISIONS = {
    "H0": "HS1992", "H1": "HS1996", "H2": "HS2002", "H3": "HS2007", "H4": "HS2012",
    "H5": "HS2017", "H6": "HS2022",
}  # fmt: skip
FIELDS = (
    "reporterCode", "partnerCode", "flowCode", "classificationCode", "cmdCode", "period",
    "freqCode", "primaryValue",
)  # fmt: skip
TOTALS = {"partner2Code": "0", "motCode": "0", "customsCode": "C00"}


def rows_of(body: Any) -> list[dict[str, Any]]:
    """Return the rows of an answer; refuse an error text or a count of −1 under status 200."""
    if isinstance(body, Mapping) and "count" not in body and (said := notice(body, SOURCE)):
        raise refuse(said, SOURCE)
    if not isinstance(body, Mapping) or "count" not in body:
        raise SourceError(
            f"{SOURCE}: the answer has no field 'count'; expected count, data and error: the "
            "provider's format changed"
        )
    if body.get("error"):
        raise Refused(f"{SOURCE}: {tidy.snippet(str(body['error']))}; correct the question")
    if not isinstance(body["count"], int) or body["count"] < 0:
        raise SourceError(f"{SOURCE}: count {body['count']} in place of rows; ask for less at once")
    rows = body.get("data") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(
            f"{SOURCE}: field 'data' is not a list of rows; expected one: the format changed"
        )
    return rows


def releases(answer: Answer) -> dict[tuple[str, str], datetime]:
    """Return the last release by reporter and period (2024 or 2024-03) of a ``getDa`` answer."""
    body = answer.json()
    if isinstance(body, dict) and body.get("error"):
        raise SourceError(f"{SOURCE}: {tidy.snippet(str(body['error']))}; correct the question")
    if not isinstance(body, dict) or not isinstance(body.get("data"), list | None):
        raise SourceError(
            f"{SOURCE}: the list of what is available has no field 'data'; expected one: the "
            "provider's format changed"
        )
    days: dict[tuple[str, str], datetime] = {}
    for row in body["data"] or []:
        tidy.need(row, ("reporterCode", "period", "lastReleased"), SOURCE)
        if row["lastReleased"] is None:
            continue  # registered, not released
        text, stamp = str(row["period"]), str(row["lastReleased"])
        try:
            # Seven digits of a second, without a zone: the provider's clock is taken for UTC.
            day = datetime.fromisoformat(stamp.partition(".")[0]).replace(tzinfo=UTC)
        except ValueError:
            raise SourceError(
                f"{SOURCE}: field 'lastReleased' holds {tidy.snippet(stamp, 40)!r}; expected a "
                "time: the provider's format changed"
            ) from None
        key = (str(row["reporterCode"]), text if len(text) == 4 else f"{text[:4]}-{text[4:]}")
        days[key] = max(day, days.get(key, day))
    return days


def counted(answer: Answer) -> int:
    """Return the number of rows that there are."""
    body = answer.json()
    rows_of(body)
    return int(body["count"])


def matching(answer: Answer, params: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows; refuse an error, a count of −1, or rows that were not requested."""
    rows, count = rows_of(answer.json()), counted(answer)
    if count < len(rows):
        raise SourceError(
            f"{SOURCE}: field 'count' says {count} but there are {len(rows)} rows; "
            "expected them to agree: the provider's format changed"
        )
    periods, reporters, codes, partners = (
        set(params[name].split(",")) if name in params else set()
        for name in ("period", "reporterCode", "cmdCode", "partnerCode")
    )
    odd = False
    for row in rows:
        tidy.need(row, FIELDS, SOURCE)
        names = ("reporterCode", "partnerCode", "cmdCode", "period")
        reporter, partner, code, period = (str(row[name]) for name in names)
        strange = ""
        if period not in periods or reporter not in reporters:
            strange = f"reporter {tidy.snippet(reporter, 40)}, period {tidy.snippet(period, 40)}"
        elif code.strip() not in codes or (partners and partner not in partners):
            strange = f"code {tidy.snippet(code, 40)}, partner {tidy.snippet(partner, 40)}"
        if strange:
            raise SourceError(
                f"{SOURCE}: got {strange}, which were not asked for; the provider's parameters "
                "changed"
            )
        odd = odd or not _is_usual(row)
    if odd:
        process(rows)  # for its refusals; hundreds of usual answers are spared the time
    return rows


def _is_usual(row: dict[str, Any]) -> bool:
    """Return whether a row's figures are plain numbers in their limits."""
    amounts = (row["primaryValue"], *(row.get(name) or 0 for name in ("netWgt", "qty")))
    return row["classificationCode"] in REVISIONS and all(
        isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v <= MONEY for v in amounts
    )


@tidy.reading(SOURCE)
def process(body: tidy.Body | Mapping[str, Any] | Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return an answer, or the rows of several, under :data:`CONTRACT`; see ``comtrade.fetch``."""
    message = tidy.json_of(body, SOURCE) if isinstance(body, bytes | str) else body
    rows = message if isinstance(message, list) else rows_of(message)
    if not rows:
        return _noted(tidy.empty(CONTRACT), [])
    raw = pd.DataFrame.from_records(list(rows))
    tidy.need(raw.columns, FIELDS, SOURCE)
    notes: list[str] = []
    raw = _only_totals(raw, notes)
    flow = raw["flowCode"].astype("str").str.strip().map({v: k for k, v in FLOWS.items()})
    if flow.isna().any():
        notes.append(
            f"{int(flow.isna().sum())} rows of other flows than {', '.join(FLOWS)} left out"
        )
        raw, flow = raw[flow.notna()], flow[flow.notna()]
    absent = pd.Series(None, index=raw.index, dtype="str")
    unit = raw["qtyUnitAbbr"].astype("str").str.strip() if "qtyUnitAbbr" in raw else absent
    unit = unit.mask(unit.isin(["N/A", "", "None", "nan"]))
    quantity = _number(raw, "qty")
    frame = pd.DataFrame(
        {
            "reporter_code": raw["reporterCode"].astype("str"),
            "partner_code": raw["partnerCode"].astype("str"),
            "flow": flow,
            "hs_revision": _revision(raw["classificationCode"]),
            "cmd_code": raw["cmdCode"].astype("str").str.strip(),
            "period": _period(raw["period"]),
            "freq": raw["freqCode"].astype("str"),
            "value_usd": tidy.numbers(raw["primaryValue"], SOURCE, "primaryValue"),
            "net_weight_kg": _number(raw, "netWgt"),
            "quantity": quantity.where(unit.notna()),
            "quantity_unit": unit.where(quantity.notna()),
            "valuation": _valuation(raw, flow),
            "trade_system": absent,
            "is_mirror": False,
        }
    )
    if (without := int(frame["value_usd"].isna().sum())) > 0:
        notes.append(f"{without} rows without a value left out")
        frame = frame[frame["value_usd"].notna()]
    return _noted(_once(tidy.conform(frame, CONTRACT, SOURCE), notes), notes)


def _only_totals(raw: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Keep rows over all second partners, transport modes and procedures, where told apart."""
    keep = pd.Series(True, index=raw.index)
    for field, total in TOTALS.items():
        if field in raw:
            code = raw[field].astype("str").str.strip().str.removesuffix(".0")
            keep &= code.isin({total}) | raw[field].isna()
    if not keep.all():
        notes.append(
            f"{int((~keep).sum())} rows by second partner, transport or procedure left out"
        )
    return raw[keep]


def _once(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Drop rows that came twice; refuse two values of one cell."""
    single = frame.drop_duplicates()
    if len(single) < len(frame):
        notes.append(f"{len(frame) - len(single)} duplicate rows dropped")
    clash = single[single.duplicated(_KEY, keep=False)]
    if len(clash):
        first = clash.iloc[0]
        raise SourceError(
            f"{SOURCE}: two different rows for "
            f"{', '.join(f'{name} {first[name]}' for name in _KEY)}; expected one: ask again later"
        )
    return single.sort_values(["cmd_code", *_KEY[:4], "period"], ignore_index=True)


def _number(raw: pd.DataFrame, field: str) -> pd.Series:
    """Return an optional quantity; Comtrade writes 0 where it has none."""
    if field not in raw:
        return pd.Series(float("nan"), index=raw.index)
    values = tidy.numbers(raw[field], SOURCE, field)
    return values.where(values > 0)


def _revision(codes: pd.Series) -> pd.Series:
    named = codes.astype("str").map(REVISIONS)
    if named.isna().any():
        raise SourceError(
            f"{SOURCE}: field 'classificationCode' holds {codes[named.isna()].iloc[0]!r}; expected "
            f"one of {', '.join(REVISIONS)}: a new HS revision must be added to the connector"
        )
    return named


def _period(values: pd.Series) -> pd.Series:
    text = values.astype("str").str.strip()
    wrong = text[~text.str.fullmatch(r"\d{4}(\d\d)?")]
    if len(wrong):
        raise SourceError(
            f"{SOURCE}: field 'period' holds {wrong.iloc[0]!r}; expected YYYY or YYYYMM: the "
            "format changed"
        )
    return text.str.slice(0, 4) + text.str.slice(4).map(lambda month: f"-{month}" if month else "")


def _valuation(raw: pd.DataFrame, flow: pd.Series) -> pd.Series:
    """Return CIF or FOB: of the two values the one that is primary; else the usual one."""
    primary = raw["primaryValue"]
    usual = flow.map(lambda name: "CIF" if name in ("import", "re_import") else "FOB")
    for field, other, name in (("fobvalue", "cifvalue", "FOB"), ("cifvalue", "fobvalue", "CIF")):
        if field in raw:
            same = (raw[field] == primary) & (raw[other] != primary if other in raw else True)
            usual = usual.mask(same, name)
    return usual


def _noted(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    frame.attrs["notes"] = notes
    return frame
