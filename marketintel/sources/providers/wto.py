"""WTO Timeseries: tariffs and trade indicators; optional, because it needs a (free) key.

Service: ``api.wto.org/timeseries/v1/data``, key in the header ``Ocp-Apim-Subscription-Key`` from
the environment variable ``WTO_KEY``. Economies have codes of three digits (``000`` world). Nothing
found is an empty 204.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from marketintel.errors import SourceError, Unreachable, UsageError
from marketintel.reference.countries import code_of, group_members
from marketintel.reference.hs import hs_revision_at
from marketintel.sources.codes import economies
from marketintel.sources.formats import tidy
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.formats.zips import unpacked
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import WTO_KEY, Provider
from marketintel.sources.source import (
    RATES_ONLY,
    WORLD,
    Feed,
    Question,
    Source,
    Wanted,
    chunks,
    joined,
    noted,
    within,
)

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
CONTRACT: tidy.Contract = {
    "indicator": "str", "reporter_code": "str", "partner_code": "str",
    "product_classification": "str", "cmd_code": "str", "period": "str", "freq": "str",
    "value": "float64", "unit": "str", "status": "str", "text": "str",
}  # fmt: skip

_FIELDS = {
    "IndicatorCode": "indicator", "ReportingEconomyCode": "reporter_code",
    "PartnerEconomyCode": "partner_code",
    "ProductOrSectorClassificationCode": "product_classification",
    "ProductOrSectorCode": "cmd_code", "FrequencyCode": "freq", "UnitCode": "unit",
    "ValueFlagCode": "status", "TextValue": "text", "Value": "value",
}  # fmt: skip


@dataclass(frozen=True)
class Query:
    """Years of an indicator; reporters and partners by WTO code (none: all; the default).

    No ``products`` (HS codes or sectors) mean the provider's default.
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


def fetch(query: Query, client: Client) -> pd.DataFrame:
    """Return the figures of a query under :data:`CONTRACT`; none for an empty 204.

    Raises
    ------
    Unreachable
        There is no key in the environment.
    """
    check(query)
    if not client.has_key:
        raise Unreachable(
            f"wto: no key; set {PROVIDER.key_env} (a key is free at {PROVIDER.sign_up})"
        )
    path, params = request(query)
    frame: pd.DataFrame = client.get(
        path, params, accept=(200, 204), check=partial(_acceptable, query=query)
    ).content
    return frame


def _acceptable(answer: Answer, query: Query) -> pd.DataFrame:
    return within(
        process(answer.body), SOURCE, since=query.since, until=query.until,
        indicator=[query.indicator], reporter_code=query.reporters,
    )  # fmt: skip


@tidy.reading(SOURCE)
def process(body: tidy.Body | Mapping[str, Any] | list[Any]) -> pd.DataFrame:
    """Turn an answer, JSON or (zipped) CSV, into :data:`CONTRACT`; no rows if nothing was found.

    Raises
    ------
    SourceError
        A notice, a missing field, or an answer as long as the limit, which may be cut.
    """
    body = unpacked(body, SOURCE)
    if isinstance(body, bytes | str):
        text = tidy.text_of(body, SOURCE).strip()
        if not text:
            return tidy.empty(CONTRACT)
        if "," in text.partition("\n")[0] and not text.startswith(("{", "[", "<")):
            return _tidy(_table(text))
    if found := notice(body, SOURCE):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return tidy.empty(CONTRACT, found.text)
    message = tidy.json_of(body, SOURCE)
    if isinstance(message, Mapping):
        if "Dataset" not in message:
            raise SourceError(
                f"{SOURCE}: the answer has no field 'Dataset'; expected it: the format changed"
            )
        message = message["Dataset"]
    return _tidy(pd.DataFrame(tidy.as_list(message)))


def _table(text: str) -> pd.DataFrame:
    """Read CSV, whose headings are JSON's names, or the same with blanks between their words."""
    rows = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False, na_values=[""])
    return rows.astype("str").rename(columns=lambda name: str(name).replace(" ", ""))


def _tidy(rows: pd.DataFrame) -> pd.DataFrame:
    if not len(rows):
        return tidy.empty(CONTRACT)
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
    return tidy.conform(frame, CONTRACT, SOURCE)


#: HS codes in one request: keeps addresses below 1,000 characters.
_CODES = 60

#: WTO code of the members of the European Union.
EU = "918"

#: Indicators with their regime and partners; "all" where it matters.
REGIMES = {"HS_A_0010": ("MFN", "default"), "HS_P_0070": ("preferential", "all")}


@dataclass(frozen=True)
class TariffQuery:
    """Tariffs of an economy (ISO3 and WTO code), MFN and lowest preferential."""

    economy: str
    reporter: str
    periods: tuple[str, ...]
    codes: tuple[str, ...]

    def requests(self) -> Iterator[Query]:
        """Yield the queries of single requests."""
        first, last = int(self.periods[0]), int(self.periods[-1])
        for indicator, (_, partner) in REGIMES.items():
            for some in chunks(self.codes, _CODES):
                yield Query(indicator, first, last, (self.reporter,), (partner,), some)


def _plan(wanted: Wanted) -> Iterator[Question]:
    for target in wanted.targets:
        if not (code := code_of(target, "wits")):
            continue
        try:
            for label in wanted.labels:
                hs_revision_at(target, label)
        except UsageError:
            wanted.notes.append(
                f"wto: does not say the HS revision of {target}; WITS does, ask there"
            )
            continue
        reporter = EU if target in group_members("EU27") else code
        query = TariffQuery(target, reporter, wanted.labels, wanted.codes)
        rows = len(wanted.codes) * len(wanted.years)
        yield Question(f"tariffs of {target}, {wanted.about}", query, rows)


def _snapshot(query: TariffQuery, client: Client) -> pd.DataFrame:
    """Return rates by partner, in the HS revision of the economy's year."""
    raw = joined(fetch(part, client) for part in query.requests())
    percent = raw["unit"].isin(["PCT", "%"]) & raw["value"].notna()
    code = raw["cmd_code"].fillna("").str.fullmatch(r"\d{6}")
    partner = raw["partner_code"].fillna("000")
    group = (partner != "000") & ~partner.str.fullmatch(r"[0-8]\d\d")
    notes = []
    for rows, what in (
        (group & percent & code, "rates for groups of countries"),
        (~percent | ~code, "figures that are no percentage of a product"),
    ):
        if rows.any():
            notes.append(f"{query.economy}: {int(rows.sum())} {what} left out")
    keep = percent & code & ~group
    raw, partner = raw[keep], partner[keep]
    revisions = {p: hs_revision_at(query.economy, p) for p in raw["period"].unique()}
    named = economies(partner, "wto", SOURCE, notes, ignore=["000"])
    frame = raw.assign(
        reporter=query.economy,
        partner=named.mask(partner == "000", WORLD),
        hs_revision=raw["period"].map(revisions).astype("str"),
        regime=raw["indicator"].map({name: regime for name, (regime, _) in REGIMES.items()}),
        rate_pct=raw["value"],
    ).dropna(subset="partner")
    keys = ["reporter", "partner", "hs_revision", "cmd_code", "period", "regime"]
    # Of several schemes for one partner the lowest rate is what a trader may claim.
    return noted(frame.groupby(keys, as_index=False)[["rate_pct"]].min(), notes)


SOURCES = (
    Source(
        "wto", 120, redistributable=False,
        producer="World Trade Organization",
        title="Applied MFN and lowest preferential tariffs by HS6, simple averages",
        citation="World Trade Organization, WTO Timeseries: HS_A_0010 and HS_P_0070, simple "
        "average ad valorem tariff at HS 6-digit.",
        licence="WTO terms: reuse with attribution; terms for passing whole tables on not "
        "verified",
        licence_url="https://www.wto.org/english/tratop_e/tariffs_e/tariff_data_e.htm",
        quirks=(
            "The answers do not say the HS revision: it is the one that the economy used in the "
            "year, and economies whose revision is not known are not asked about.",
            "Members of the EU have the EU's tariff; partner WLD is most-favoured-nation.",
            "Additional duties are not in them.",
        ),
        feeds=(Feed("duties", same=RATES_ONLY),),
        provider=PROVIDER, file="tariffs.parquet", groups=("reporter", "period", "regime"),
        plan=_plan, fetch=_snapshot, on_request=True, answer_s=5.0, trial=("CAN", 2022),
        questions=lambda query, _: (request(part) for part in query.requests()),
        parts=lambda query: [replace(query, codes=some) for some in chunks(query.codes, _CODES)],
    ),
)  # fmt: skip
