"""UN Comtrade: trade of any reporter by partner and HS code, yearly or monthly.

Without a key the preview answers 500 rows at a time, with one (``COMTRADE_KEY``) up to 250,000.
There are no pages, so questions are cut small beforehand, an answer that reaches its limit is
cut in two and asked again, and a cell that cannot be cut further stops the fetch: rows are never
lost in silence. The three "total" codes are always sent, without them each flow comes again by
second partner, transport and customs procedure.

Terms: figures may be used and cited, the data themselves not passed on without permission of the
United Nations; snapshots are marked so and stay local.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import product
from typing import Any

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.reference.limits import MONEY
from marketintel.sources.formats import tidy
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import COMTRADE_KEY, Provider
from marketintel.sources.providers.comtrade_availability import Released, age_limit
from marketintel.sources.providers.comtrade_rows import (
    CONTRACT,
    FIELDS,
    FLOWS,
    REVISIONS,
    SOURCE,
    TOTALS,
    process,
    rows_of,
)

__all__ = ["CONTRACT", "PROVIDER", "SOURCE", "Query", "check", "fetch", "process", "reference"]

PROVIDER = Provider(
    SOURCE, "https://comtradeapi.un.org", min_interval_s=1.1,
    key_env=COMTRADE_KEY, key_header="Ocp-Apim-Subscription-Key",
    key_rule="optional", sign_up="https://comtradedeveloper.un.org",
)  # fmt: skip

WORLD = "0"

#: ISO numeric codes under which Comtrade keeps nothing, or only history.
_NOT_M49 = {"840": "842", "756": "757", "356": "699", "578": "579", "250": "251", "158": "490"}

PREVIEW_ROWS, KEYED_ROWS = 500, 250_000
_MAX_PERIODS = 12
_MAX_URL = 4000  # the provider says 4,096
#: Partners a photonics code has with a large reporter; only decides how small the first cut is.
_PARTNERS_EXPECTED = 120


@dataclass(frozen=True)
class Query:
    """A question to Comtrade.

    Attributes
    ----------
    reporters, partners : tuple of str
        Comtrade's M49 codes; no partners means all, World included.
    periods : tuple of str
        All years ("2024") or all months ("2024-03").
    codes : tuple of str
        HS codes of 2, 4 or 6 digits, or "TOTAL".
    flows : tuple of str
        Of import, export, re_import, re_export.
    """

    reporters: tuple[str, ...]
    periods: tuple[str, ...]
    codes: tuple[str, ...]
    flows: tuple[str, ...] = ("import", "export")
    partners: tuple[str, ...] = ()

    @property
    def freq(self) -> str:
        """A for years, M for months."""
        return "M" if "-" in self.periods[0] else "A"


def fetch(query: Query, client: Client, known: Released | None = None) -> pd.DataFrame:
    """Return the rows of a question.

    Parameters
    ----------
    query : Query
        What to ask.
    client : Client
        Brings key and store.
    known : mapping, optional
        From ``comtrade_availability.released``: kept answers hold until the next release.

    Returns
    -------
    DataFrame
        Columns of :data:`CONTRACT`, values in US dollars as reported; a weight or quantity of 0
        or null is missing. No rows where the provider has none. ``attrs["notes"]`` says what was
        left out and why.

    Raises
    ------
    UsageError
        The question cannot be put.
    SourceError
        Refusal, changed format, or an answer that is too long and cannot be cut further.
    """
    check(query)
    rows: list[dict[str, Any]] = []
    for small in requests(query, client):
        rows += _ask(small, client, known or {})
    return process(rows)


def check(query: Query) -> None:
    """Raise ``UsageError`` for a question Comtrade would misunderstand."""
    for name in ("reporters", "periods", "codes", "flows"):
        if not getattr(query, name):
            raise UsageError(f"{SOURCE}: no {name} given; name at least one")
    for code in (*query.reporters, *query.partners):
        if code in _NOT_M49:
            raise UsageError(
                f"{SOURCE}: {code} is {_NOT_M49[code]} there; take the codes from column "
                "m49_comtrade of countries.csv"
            )
    if unknown := set(query.flows) - set(FLOWS):
        raise UsageError(f"{SOURCE}: unknown flow {min(unknown)!r}; use one of {', '.join(FLOWS)}")
    if len({len(period) for period in query.periods}) > 1:
        raise UsageError(f"{SOURCE}: years and months in one question; ask twice")


def requests(query: Query, client: Client) -> Iterator[Query]:
    """Cut a question into pieces expected to fit the limits on rows, periods and address."""
    cells = max(1, _row_limit(client) // (_PARTNERS_EXPECTED * len(query.flows)))
    if query.partners:
        cells = max(1, _row_limit(client) // (len(query.partners) * len(query.flows)))
    years = min(_MAX_PERIODS, len(query.periods), cells)
    per_request = max(1, cells // years)
    for reporter, periods in product(query.reporters, _chunks(sorted(query.periods), years)):
        for codes in _chunks(sorted(set(query.codes)), per_request):
            yield from _within_url(
                replace(query, reporters=(reporter,), periods=periods, codes=codes), client
            )


def _within_url(query: Query, client: Client) -> Iterator[Query]:
    length = (
        len(client.provider.base) + 100 + sum(len(str(v)) + 20 for v in _params(query).values())
    )
    if length <= _MAX_URL:
        yield query
    else:
        for half in _halves(query):
            yield from _within_url(half, client)


def _ask(query: Query, client: Client, known: Released) -> list[dict[str, Any]]:
    """Ask; where the answer reached its limit, cut the question in two and ask again."""
    path, params = address(query, client)
    check_answer = partial(_accept, query=query)
    age = _age(query, client, known)
    rows: list[dict[str, Any]] = client.get(path, params, check=check_answer, max_age_s=age).content
    if not _may_be_cut(len(rows), client):
        return rows
    if client.has_key:
        count = params | {"countOnly": "true"}
        if client.get(path, count, check=_counted, max_age_s=age).content == len(rows):
            return rows
    halves = _halves(query)
    if not halves:
        raise SourceError(
            f"{SOURCE}: {query.reporters[0]} {query.periods[0]} {query.codes[0]} has more than "
            f"{len(rows):,} rows and cannot be cut further; name partners, or set "
            f"{PROVIDER.key_env}"
        )
    return [row for half in halves for row in _ask(half, client, known)]


def _age(query: Query, client: Client, known: Released) -> float | None:
    """Return how old a kept answer may be; None leaves it to the store, as does a refresh."""
    if client.store and client.store.max_age_s == 0:
        return None
    return age_limit(known, query.reporters, query.periods, datetime.now(UTC))


def _may_be_cut(rows: int, client: Client) -> bool:
    """Limits change and are documented in contradiction: any round number is suspicious."""
    step = 1000 if client.has_key else PREVIEW_ROWS
    return rows > 0 and (rows >= _row_limit(client) or rows % step == 0)


def _row_limit(client: Client) -> int:
    return KEYED_ROWS if client.has_key else PREVIEW_ROWS


def address(query: Query, client: Client) -> tuple[str, dict[str, str]]:
    """Return path and parameters of one request."""
    how = "/data/v1/get" if client.has_key else "/public/v1/preview"
    limit = {"maxRecords": str(KEYED_ROWS)} if client.has_key else {}
    return f"{how}/C/{query.freq}/HS", _params(query) | limit


def _params(query: Query) -> dict[str, str]:
    params = {
        "reporterCode": ",".join(map(_plain, query.reporters)),
        "period": ",".join(period.replace("-", "") for period in query.periods),
        "cmdCode": ",".join(query.codes),
        "flowCode": ",".join(FLOWS[flow] for flow in query.flows),
    }
    if query.partners:
        params["partnerCode"] = ",".join(map(_plain, query.partners))
    return params | TOTALS | {"includeDesc": "true"}


def _plain(code: str) -> str:
    """Return a code as Comtrade writes it: a number, without the zeroes of our tables."""
    return code.lstrip("0") or "0"


def _halves(query: Query) -> tuple[Query, ...]:
    """Return the question in two parts that together ask the same, or nothing."""
    for name in ("periods", "codes", "reporters", "flows", "partners"):
        values: tuple[str, ...] = getattr(query, name)
        if len(values) > 1:
            middle = len(values) // 2
            return tuple(replace(query, **{name: v}) for v in (values[:middle], values[middle:]))
    return ()


def _chunks(values: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(values[i : i + size]) for i in range(0, len(values), size)]


def _counted(answer: Answer) -> int:
    """Return the number of rows there are."""
    body = answer.json()
    rows_of(body)
    return int(body["count"])


def _accept(answer: Answer, query: Query) -> list[dict[str, Any]]:
    """Return the rows; refuse what status 200 hides: an error, count −1, rows not asked for."""
    rows, count = rows_of(answer.json()), _counted(answer)
    if count < len(rows):
        raise SourceError(
            f"{SOURCE}: field 'count' says {count} but there are {len(rows)} rows; "
            "expected them to agree: the provider's format changed"
        )
    periods = {period.replace("-", "") for period in query.periods}
    reporters = set(map(_plain, query.reporters))
    codes, partners = set(query.codes), set(map(_plain, query.partners))
    odd = False
    for row in rows:
        tidy.need(row, FIELDS, SOURCE)
        reporter, partner, code = (
            str(row[name]) for name in ("reporterCode", "partnerCode", "cmdCode")
        )
        if str(row["period"]) not in periods or reporter not in reporters:
            raise SourceError(
                f"{SOURCE}: got reporter {tidy.snippet(reporter, 40)}, period "
                f"{tidy.snippet(str(row['period']), 40)}, which were not asked for; the provider's "
                "parameters changed"
            )
        if code.strip() not in codes or (partners and partner not in partners):
            raise SourceError(
                f"{SOURCE}: got code {tidy.snippet(code, 40)}, partner "
                f"{tidy.snippet(partner, 40)}, which were not asked for; the provider's parameters "
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


def reference(name: str, client: Client) -> pd.DataFrame:
    """Return a reference list as text columns: Reporters, partnerAreas, HS, ModeOfTransportCodes.

    Raises
    ------
    SourceError
        No such list, or it has another form.
    """

    def has_results(answer: Answer) -> None:
        body = answer.json()
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise SourceError(
                f"{SOURCE}: reference list {name} has no field 'results'; expected a list"
            )

    path = f"/files/v1/app/reference/{name}.json"
    media = ("application/json", "text/json", "application/octet-stream", "text/plain")
    answer = client.get(path, keyed=False, expect=media, check=has_results)
    return pd.DataFrame.from_records(answer.json()["results"]).astype("str")
