"""WTO Timeseries: tariffs and trade indicators; optional, because it needs a (free) key.

Service: ``api.wto.org/timeseries/v1/data``, key in the header ``Ocp-Apim-Subscription-Key`` from
the environment variable ``WTO_KEY``. Economies have codes of three digits (``000`` world). Nothing
found is an empty 204.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from marketintel.errors import MissingDataError, SourceError, UsageError
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.formats.tidy import (
    Body,
    Contract,
    as_list,
    conform,
    empty,
    json_of,
    reading,
    text_of,
)
from marketintel.sources.formats.zips import unpacked
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client, client_for
from marketintel.sources.http.provider import WTO_KEY, Provider
from marketintel.sources.scope import asked

SOURCE = "wto"
PROVIDER = Provider(
    SOURCE,
    "https://api.wto.org/timeseries/v1",
    key_env=WTO_KEY,
    key_header="Ocp-Apim-Subscription-Key",
    key_rule="required",
    sign_up="https://apiportal.wto.org",
)
#: Rows of one answer; an answer that long may be cut.
MAX_ROWS = 1_000_000

#: Codes are the WTO's own; ``value`` in ``unit``; ``text`` explains, for example the preference.
CONTRACT: Contract = {
    "indicator": "str",
    "reporter_code": "str",
    "partner_code": "str",
    "product_classification": "str",
    "cmd_code": "str",
    "period": "str",
    "freq": "str",
    "value": "float64",
    "unit": "str",
    "status": "str",
    "text": "str",
}

_FIELDS = {
    "IndicatorCode": "indicator", "ReportingEconomyCode": "reporter_code",
    "PartnerEconomyCode": "partner_code",
    "ProductOrSectorClassificationCode": "product_classification",
    "ProductOrSectorCode": "cmd_code", "FrequencyCode": "freq", "UnitCode": "unit",
    "ValueFlagCode": "status", "TextValue": "text", "Value": "value",
}  # fmt: skip


@dataclass(frozen=True)
class Query:
    """Figures to ask for.

    Attributes
    ----------
    indicator : str
        Such as ``HS_A_0010`` (MFN applied, HS6) or ``HS_P_0070`` (lowest preferential).
    reporters, partners : sequence of str
        WTO codes of three digits; none means all, and the default partners.
    products : sequence of str
        HS codes or sectors; none means the provider's default.
    since, until : int
        First and last year.
    """

    indicator: str
    since: int
    until: int
    reporters: Sequence[str] = ()
    partners: Sequence[str] = ()
    products: Sequence[str] = ()


def check(query: Query) -> None:
    """Raise UsageError for what the provider would refuse."""
    if not re.fullmatch(r"[A-Z0-9_]+", query.indicator):
        raise UsageError(f"wto: '{query.indicator}' is not an indicator code, such as HS_A_0010")
    if query.since > query.until:
        raise UsageError(f"wto: years {query.since}-{query.until} run backwards")


def request(query: Query) -> tuple[str, dict[str, str]]:
    """Return the path below the base URL, and its parameters (never the key)."""
    return "/data", {
        "i": query.indicator,
        "r": ",".join(query.reporters) or "all",
        "p": ",".join(query.partners) or "default",
        "ps": f"{query.since}-{query.until}",
        "pc": ",".join(query.products) or "default",
        "spc": "false",
        "fmt": "json",
        "mode": "full",
        "head": "H",
        "lang": "1",
        "meta": "false",
        "max": str(MAX_ROWS),
    }


def perform(query: Query, client: Client) -> Answer:
    """Ask once; an empty 204 is an answer."""
    path, params = request(query)
    return client.get(path, params, accept=(200, 204), check=partial(_acceptable, query=query))


def _acceptable(answer: Answer, query: Query) -> pd.DataFrame:
    return asked(
        process(answer.body), SOURCE, since=query.since, until=query.until,
        indicator=[query.indicator], reporter_code=query.reporters,
    )  # fmt: skip


def fetch(
    query: Query, *, client: Client | None = None, base_url: str | None = None
) -> pd.DataFrame:
    """Return the figures of a query under :data:`CONTRACT`.

    Raises
    ------
    MissingDataError
        There is no key in the environment.
    """
    check(query)
    if PROVIDER.key() is None:
        raise MissingDataError(
            "wto: no key; set the environment variable WTO_KEY "
            f"(a key is free at {PROVIDER.sign_up})"
        )
    with client_for(PROVIDER, client, base_url) as talk:
        frame: pd.DataFrame = perform(query, talk).content
    return frame


@reading(SOURCE)
def process(body: Body | Mapping[str, Any] | list[Any]) -> pd.DataFrame:
    """Turn an answer, JSON or (zipped) CSV, into :data:`CONTRACT`; no rows if nothing was found.

    Raises
    ------
    SourceError
        A notice, a missing field, or an answer as long as the limit, which may be cut.
    """
    body = unpacked(body, SOURCE)
    if isinstance(body, bytes | str):
        text = text_of(body, SOURCE).strip()
        if not text:
            return empty(CONTRACT)
        if "," in text.partition("\n")[0] and not text.startswith(("{", "[", "<")):
            return _tidy(_table(text))
    if found := notice(body, SOURCE):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return empty(CONTRACT, found.text)
    message = json_of(body, SOURCE)
    if isinstance(message, Mapping):
        if "Dataset" not in message:
            raise SourceError(
                f"{SOURCE}: the answer has no field 'Dataset'; expected it: the format changed"
            )
        message = message["Dataset"]
    return _tidy(pd.DataFrame(as_list(message)))


def _table(text: str) -> pd.DataFrame:
    """Read CSV, whose headings are JSON's names, or the same with blanks between their words."""
    rows = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False, na_values=[""])
    return rows.astype("str").rename(columns=lambda name: str(name).replace(" ", ""))


def _tidy(rows: pd.DataFrame) -> pd.DataFrame:
    if not len(rows):
        return empty(CONTRACT)
    if len(rows) >= MAX_ROWS:
        raise SourceError(f"{SOURCE}: {len(rows)} rows, the limit: ask for fewer years")
    period = rows["Year"].astype("str") if "Year" in rows else None
    if period is not None and "PeriodCode" in rows:
        within = rows["PeriodCode"].astype("str").str.extract(r"^([MQ])(\d\d?)$")
        part = within[1].str.zfill(2).where(within[0] == "M", "Q" + within[1].str.lstrip("0"))
        period = period.where(part.isna(), period + "-" + part)
    frame = rows.rename(columns=_FIELDS).assign(period=period)
    for optional in ("partner_code", "freq", "unit", "status", "text", "product_classification"):
        if optional not in frame:
            frame[optional] = None
    return conform(frame, CONTRACT, SOURCE)
