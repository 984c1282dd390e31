"""European Central Bank: exchange rates, as foreign currency units per euro.

Service: ``data-api.ecb.europa.eu/service/data/EXR/{freq}.{currencies}.EUR.SP00.A`` in CSV; also
read are its SDMX-ML and SDMX-JSON, and the reference-rate tables ``eurofxref.csv`` and
``eurofxref-hist.zip``. USD 1.16 means that one euro costs 1.16 dollars: an amount in euros is
*multiplied* by it to get dollars. Holidays have no rate. Free use with attribution to the ECB.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.sources.formats import sdmx, tidy
from marketintel.sources.formats.notices import notice, refuse
from marketintel.sources.formats.zips import unpacked
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider
from marketintel.sources.source import Feed, Question, Source, Wanted, noted, within

SOURCE = "ecb"
PROVIDER = Provider(SOURCE, "https://data-api.ecb.europa.eu/service", min_interval_s=0.5)

#: ``units_per_eur``: units of ``currency`` for one euro; average over the period except for days.
CONTRACT: tidy.Contract = {
    "currency": "str", "period": "str", "freq": "str", "units_per_eur": "float64",
    "status": "str",
}  # fmt: skip

_MEDIA = ("text/csv", "application/vnd.sdmx.data+csv", "text/plain", "application/octet-stream")


@dataclass(frozen=True)
class Query:
    """Currencies (ISO 4217; none: all), frequency A, Q, M or D, first and last period."""

    currencies: Sequence[str] = ("USD",)
    freq: str = "A"
    since: str | None = None
    until: str | None = None


def check(query: Query) -> None:
    """Raise UsageError for what the provider would refuse."""
    for currency in query.currencies:
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise UsageError(f"ecb: '{currency}' is not an ISO 4217 currency code, such as USD")
    if query.freq not in ("A", "Q", "M", "D"):
        raise UsageError(f"ecb: frequency '{query.freq}' is not one of A, Q, M, D")


def request(query: Query) -> tuple[str, dict[str, str]]:
    """Return the path below the base URL, and its parameters."""
    params = {"format": "csvdata"}
    if query.since:
        params["startPeriod"] = query.since
    if query.until:
        params["endPeriod"] = query.until
    return f"/data/EXR/{query.freq}.{'+'.join(query.currencies)}.EUR.SP00.A", params


def fetch(query: Query, client: Client) -> pd.DataFrame:
    """Return the rates of a query under :data:`CONTRACT`; no rows if there are none (404)."""
    check(query)
    path, params = request(query)
    frame: pd.DataFrame = client.get(
        path, params, accept=(200, 404), expect=_MEDIA, check=partial(_acceptable, query=query)
    ).content
    return frame


def _acceptable(answer: Answer, query: Query) -> pd.DataFrame:
    found = notice(answer.body, SOURCE) if answer.body.strip() else None
    if found and found.kind != "empty":
        raise refuse(found, SOURCE)
    return within(
        process(answer.body if answer.status == 200 else b""), SOURCE, since=query.since,
        until=query.until, currency=query.currencies, freq=query.freq,
    )  # fmt: skip


@tidy.reading(SOURCE)
def process(body: tidy.Body | Mapping[str, Any]) -> pd.DataFrame:
    """Turn any of the ECB's formats into :data:`CONTRACT`, one row a currency and period.

    Raises
    ------
    SourceError
        A field is missing, a rate is not against the euro, or not above zero.
    """
    body = unpacked(body, SOURCE)
    if isinstance(body, bytes | str):
        body = tidy.text_of(body, SOURCE)
        if not body.strip():
            return tidy.empty(CONTRACT)
        if body.lstrip().lower().startswith("date,"):
            return _checked(_table(body))
    if found := notice(body, SOURCE):
        if found.kind != "empty":
            raise refuse(found, SOURCE)
        return tidy.empty(CONTRACT, found.text)
    rows = sdmx.read(body, SOURCE)
    if not len(rows):
        return tidy.empty(CONTRACT)
    tidy.need(rows.columns, ["CURRENCY", "CURRENCY_DENOM", sdmx.PERIOD], SOURCE)
    other = sorted(set(rows["CURRENCY_DENOM"].dropna()) - {"EUR"})
    if other:
        raise SourceError(
            f"{SOURCE}: field 'CURRENCY_DENOM' holds {other[0]!r}; expected EUR: only rates "
            "against the euro are read"
        )
    frame = pd.DataFrame(
        {
            "currency": rows["CURRENCY"],
            "period": tidy.periods(rows[sdmx.PERIOD]),
            "units_per_eur": tidy.numbers(rows[sdmx.VALUE], SOURCE, sdmx.VALUE),
            "status": rows.get("OBS_STATUS"),
        }
    )
    frame["freq"] = rows["FREQ"] if "FREQ" in rows else tidy.frequencies(frame["period"])
    return _checked(frame)


def _table(text: str) -> pd.DataFrame:
    """Read a reference-rate table: a row a day, a column a currency, ``N/A`` for none."""
    wide = pd.read_csv(
        io.StringIO(text), dtype="str", keep_default_na=False, skipinitialspace=True
    ).rename(columns=str.strip)
    days = pd.to_datetime(wide["Date"].str.strip(), format="mixed", errors="coerce")
    if days.isna().any():
        raise SourceError(
            f"{SOURCE}: field 'Date' holds {wide['Date'][days.isna()].iloc[0]!r}; expected a day"
        )
    currencies = [name for name in wide.columns if re.fullmatch(r"[A-Z]{3}", name)]
    long = wide[currencies].assign(period=days.dt.strftime("%Y-%m-%d"))
    long = long.melt(id_vars="period", var_name="currency", value_name="units_per_eur")
    long["units_per_eur"] = tidy.numbers(long["units_per_eur"], SOURCE, "rate")
    long = long.dropna(subset="units_per_eur")  # currencies that had ceased, or not begun
    return long.sort_values(["currency", "period"]).assign(freq="D", status=None)


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    if (frame["units_per_eur"] <= 0).any():
        raise SourceError(f"{SOURCE}: field 'units_per_eur' is not above zero; expected a rate")
    return tidy.conform(frame, CONTRACT, SOURCE)


#: Currencies that the ECB quotes, and the economy whose currency it is; the euro is the unit.
CURRENCY_OF = {
    "USD": "USA", "CAD": "CAN", "JPY": "JPN", "CNY": "CHN", "GBP": "GBR", "CHF": "CHE",
    "KRW": "KOR", "AUD": "AUS", "BRL": "BRA", "CZK": "CZE", "DKK": "DNK", "HKD": "HKG",
    "HUF": "HUN", "IDR": "IDN", "ILS": "ISR", "INR": "IND", "ISK": "ISL", "MXN": "MEX",
    "MYR": "MYS", "NOK": "NOR", "NZD": "NZL", "PHP": "PHL", "PLN": "POL", "RON": "ROU",
    "SEK": "SWE", "SGD": "SGP", "THB": "THA", "TRY": "TUR", "ZAR": "ZAF",
}  # fmt: skip
CURRENCIES = tuple(CURRENCY_OF)


@dataclass(frozen=True)
class RatesQuery:
    """Averages over years and months of these currencies against the euro."""

    currencies: tuple[str, ...]
    periods: tuple[str, ...]

    def by_frequency(self) -> list[Query]:
        """Return the query for years and the one for months."""
        first, last = min(self.periods), max(self.periods)
        return [
            Query(self.currencies, "A", first, last),
            Query(self.currencies, "M", f"{first}-01", f"{last}-12"),
        ]


def _plan(wanted: Wanted) -> Iterator[Question]:
    what = f"{len(CURRENCIES)} currencies per euro, {wanted.span}, years and months"
    query = RatesQuery(CURRENCIES, wanted.labels)
    yield Question(what, query, len(CURRENCIES) * 13 * len(wanted.years))


def _snapshot(query: RatesQuery, client: Client) -> pd.DataFrame:
    frame = pd.concat([fetch(part, client) for part in query.by_frequency()])
    return noted(frame[frame["units_per_eur"].notna()])


def _macro(raw: pd.DataFrame) -> pd.DataFrame:
    """Return exchange rates by the economy whose currency it is."""
    known = raw[raw["currency"].isin(CURRENCY_OF)].reset_index(drop=True)
    return known.assign(
        economy=known["currency"].map(CURRENCY_OF), indicator="exchange_rate_per_eur",
        value=known["units_per_eur"], unit=known["currency"] + " per EUR", is_projection=False,
    )  # fmt: skip


SOURCES = (
    Source(
        "ecb", 150, redistributable=True,
        producer="European Central Bank",
        title="Euro exchange rates, averages by year and month",
        citation="European Central Bank, exchange rates (EXR), period averages.",
        licence="Free use with attribution to the ECB",
        licence_url="https://www.ecb.europa.eu/services/using-our-site/disclaimer/html/"
        "index.en.html",
        quirks=("Units of a currency for one euro, averaged over the period.",),
        feeds=(Feed("macro", _macro),),
        provider=PROVIDER, file="rates.parquet", groups=("currency", "period"),
        plan=_plan, fetch=_snapshot, by_code=False,
        questions=lambda query, _: (request(part) for part in query.by_frequency()),
    ),
)  # fmt: skip
