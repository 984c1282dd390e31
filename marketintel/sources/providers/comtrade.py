"""UN Comtrade: trade of any reporter by partner and HS code, yearly or monthly.

Without a key the preview answers 500 rows at a time, with one (``COMTRADE_KEY``) up to 250,000.
There are no pages: queries are cut small beforehand, an answer that reaches its limit is cut in two
and asked for again, and a cell that cannot be cut further stops the fetch, so that no row is lost
silently. The three "total" codes are always sent; without them each flow comes again by second
partner, transport and customs procedure. ``getDa`` lists the last release of each reporter and
period, so that only new or revised periods are asked for.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import product
from typing import Any

import pandas as pd

from marketintel.errors import SourceError, UsageError
from marketintel.reference.countries import code_of
from marketintel.sources.codes import economies
from marketintel.sources.cuts import halves
from marketintel.sources.formats.comtrade import (
    CONTRACT,
    FLOWS,
    TOTALS,
    counted,
    matching,
    process,
    releases,
)
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import COMTRADE_KEY, Provider
from marketintel.sources.source import (
    PARTNERS,
    WORLD,
    Feed,
    Question,
    Source,
    Wanted,
    chunks,
    noted,
    one_by_one,
)

SOURCE = "comtrade"
PROVIDER = Provider(
    SOURCE, "https://comtradeapi.un.org", min_interval_s=1.1,
    key_env=COMTRADE_KEY, key_header="Ocp-Apim-Subscription-Key",
    key_rule="optional", sign_up="https://comtradedeveloper.un.org",
)  # fmt: skip

#: Partners that are not economies: areas not elsewhere specified, bunkers, free zones, special
#: categories. Their trade is in a reporter's world total. 490 is not here: it stands for Taiwan.
UNSPECIFIED = (
    "129", "221", "290", "471", "472", "473", "492", "527", "536", "568", "577", "636", "637",
    "697", "837", "838", "839", "879", "899",
)  # fmt: skip
#: ISO numeric codes under which Comtrade keeps nothing, or only history.
_NOT_M49 = {"840": "842", "756": "757", "356": "699", "578": "579", "250": "251", "158": "490"}
_WORLD = "0"

PREVIEW_ROWS, KEYED_ROWS = 500, 250_000
_MAX_PERIODS = 12
_MAX_URL = 4000  # the provider says 4,096
#: Partners a photonics code has with a large reporter; only decides how small the first cut is.
_PARTNERS_EXPECTED = 120
#: A list of releases older than this is asked for again.
_FRESH_S = 12 * 3600.0

#: (reporter code without leading zeroes, period as 2024 or 2024-03) to the last release.
Released = Mapping[tuple[str, str], datetime]


@dataclass(frozen=True)
class Query:
    """Reporters and partners by Comtrade's M49 codes (no partners: all, World included).

    ``periods`` are all years ("2024") or all months ("2024-03"), ``codes`` HS codes of 2, 4 or 6
    digits or "TOTAL", ``flows`` of :data:`FLOWS`.
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
    """Return the rows of a query under :data:`CONTRACT`, values in US dollars as reported.

    A weight or quantity of 0 or null is missing. Kept answers hold until the next release.

    Raises
    ------
    UsageError
        Comtrade would misunderstand the query.
    SourceError
        Refusal, changed format, or an answer that is too long and cannot be cut further.
    """
    _check(query)
    rows: list[dict[str, Any]] = []
    for small in requests(query, client):
        rows += _ask(small, client, known or {})
    return process(rows)


def _check(query: Query) -> None:
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
    """Cut a query into pieces expected to fit the limits on rows, periods and address."""
    per_cell = (len(query.partners) or _PARTNERS_EXPECTED) * len(query.flows)
    cells = max(1, _row_limit(client) // per_cell)
    years = min(_MAX_PERIODS, len(query.periods), cells)
    per_request = max(1, cells // years)
    periods = chunks(tuple(sorted(query.periods)), years)
    for reporter, some in product(query.reporters, periods):
        for codes in chunks(tuple(sorted(set(query.codes))), per_request):
            yield from _within_url(
                replace(query, reporters=(reporter,), periods=some, codes=codes), client
            )


def _within_url(query: Query, client: Client) -> Iterator[Query]:
    values = sum(len(value) + 20 for value in _params(query).values())
    if len(client.provider.base) + 100 + values <= _MAX_URL:
        yield query
    else:
        for half in _halves(query):
            yield from _within_url(half, client)


def _halves(query: Query) -> list[Query]:
    return halves(query, ("periods", "codes", "reporters", "flows", "partners"))


def _ask(query: Query, client: Client, known: Released) -> list[dict[str, Any]]:
    """Ask; where the answer reached its limit, cut the query in two and ask again."""
    path, params = _address(query, client)
    age = _age_limit(query, client, known)
    rows: list[dict[str, Any]] = client.get(
        path, params, check=partial(matching, params=params), max_age_s=age
    ).content
    # Limits change and are documented in contradiction: any round number is suspicious.
    step = 1000 if client.has_key else PREVIEW_ROWS
    if not rows or (len(rows) < _row_limit(client) and len(rows) % step):
        return rows
    if client.has_key:
        count = params | {"countOnly": "true"}
        if client.get(path, count, check=counted, max_age_s=age).content == len(rows):
            return rows
    parts = _halves(query)
    if not parts:
        raise SourceError(
            f"{SOURCE}: {query.reporters[0]} {query.periods[0]} {query.codes[0]} has more than "
            f"{len(rows):,} rows and cannot be cut further; name partners, or set "
            f"{PROVIDER.key_env}"
        )
    return [row for half in parts for row in _ask(half, client, known)]


def _age_limit(query: Query, client: Client, known: Released) -> float | None:
    """Return how old an answer of the last release may be; None leaves it to the store."""
    if client.store and client.store.max_age_s == 0:  # a refresh
        return None
    pairs = product(map(_plain, query.reporters), query.periods)
    days = [known[pair] for pair in pairs if pair in known]
    return (datetime.now(UTC) - max(days)).total_seconds() if days else None


def _row_limit(client: Client) -> int:
    return KEYED_ROWS if client.has_key else PREVIEW_ROWS


def _address(query: Query, client: Client) -> tuple[str, dict[str, str]]:
    how = "/data/v1/get" if client.has_key else "/public/v1/preview"
    limit = {"maxRecords": str(KEYED_ROWS)} if client.has_key else {}
    return f"{how}/C/{query.freq}/HS", _params(query) | limit


def _params(query: Query) -> dict[str, str]:
    params = _of_release(query.reporters, query.periods) | {
        "cmdCode": ",".join(query.codes),
        "flowCode": ",".join(FLOWS[flow] for flow in query.flows),
    }
    if query.partners:
        params["partnerCode"] = ",".join(map(_plain, query.partners))
    return params | TOTALS | {"includeDesc": "true"}


def _of_release(reporters: Iterable[str], periods: Iterable[str]) -> dict[str, str]:
    return {
        "reporterCode": ",".join(map(_plain, reporters)),
        "period": ",".join(period.replace("-", "") for period in periods),
    }


def _plain(code: str) -> str:
    """Return a code as Comtrade writes it: a number, without the zeroes of our tables."""
    return code.lstrip("0") or "0"


def _availability(query: Query, client: Client) -> tuple[str, dict[str, str]]:
    how = "/data/v1" if client.has_key else "/public/v1"
    return f"{how}/getDa/C/{query.freq}/HS", _of_release(query.reporters, query.periods)


def released(query: Query, client: Client) -> dict[tuple[str, str], datetime]:
    """Return the last release by reporter and period; what is not published has none."""
    path, params = _availability(query, client)
    days: dict[tuple[str, str], datetime]
    days = client.get(path, params, check=releases, max_age_s=_FRESH_S).content
    return days


def _plan(wanted: Wanted) -> Iterator[Question]:
    keyless = PROVIDER.key_wanted()
    what = ", without COMTRADE_KEY (500 rows a request)" if keyless else ""
    asked = False
    for target in wanted.targets:
        if wanted.homes[target] != SOURCE:
            continue
        if m49 := code_of(target, "m49_comtrade"):
            query = Query((m49,), wanted.labels, wanted.codes)
            rows = len(wanted.codes) * len(wanted.years) * 2 * PARTNERS
            yield Question(f"trade of {target}, {wanted.about}{what}", query, rows)
            asked = True
        else:
            wanted.notes.append(f"comtrade: {target} does not report there; use mirror figures")
    if asked and keyless:
        wanted.notes.extend(
            (
                f"comtrade: {keyless} for whole answers in place of 500 rows a request",
                "baci: trade of every country needs no key; `marketintel fetch baci --edition "
                "HS92_V202601` gets the file",
            )
        )


def _questions(query: Query, client: Client) -> Iterator[tuple[str, dict[str, str]]]:
    for part in one_by_one("reporters")(query):
        yield _availability(part, client)
    for part in requests(query, client):
        yield _address(part, client)


def _snapshot(query: Query, client: Client) -> pd.DataFrame:
    """Return trade under the warehouse's columns, and the provider's codes after them."""
    notes: list[str] = []
    known: Released = {}
    try:
        known = released(query, client)
    except SourceError as error:
        notes.append(f"all periods asked for, since what is new is not told ({error})")
    published = {period for _, period in known}
    if known and (absent := [p for p in query.periods if p not in published]):
        notes.append(f"not published yet, not asked for: {', '.join(absent)}")
        query = replace(query, periods=tuple(p for p in query.periods if p in published))
    raw = fetch(query, client, known)
    notes += raw.attrs["notes"]
    raw = raw[raw["cmd_code"].str.fullmatch(r"\d{6}")]
    unknown = raw["partner_code"].isin(UNSPECIFIED)
    if unknown.any():
        value = raw.loc[unknown, "value_usd"].sum()
        notes.append(
            f"{int(unknown.sum())} rows with unspecified partners (USD {value:,.0f}) are in the "
            "world total and in no partner"
        )
    system = "m49_comtrade"
    partner = economies(raw["partner_code"], system, SOURCE, notes, amounts=raw["value_usd"],
                        unit="USD", ignore=[_WORLD, *UNSPECIFIED])  # fmt: skip
    reporter = economies(raw["reporter_code"], system, SOURCE, notes)
    world = raw["partner_code"] == _WORLD
    frame = raw.assign(reporter=reporter, partner=partner.mask(world, WORLD))
    frame = frame[frame["reporter"].notna() & frame["partner"].notna()]
    codes = ["reporter_code", "partner_code"]
    columns = ["reporter", "partner", *(c for c in CONTRACT if c not in codes), *codes]
    return noted(frame[columns], notes)


SOURCES = (
    Source(
        "comtrade", 50,
        producer="United Nations Statistics Division", short="UN Comtrade",
        title="UN Comtrade: trade by reporter, partner and HS6",
        citation="United Nations, UN Comtrade database, comtradeplus.un.org.",
        licence="UN Comtrade terms: figures may be used with citation; the data may not be passed "
        "on without permission (redistributable: no)",
        licence_url="https://comtradeplus.un.org",
        redistributable=False,
        quirks=(
            "Imports are CIF and exports FOB unless the reporter says otherwise; the column "
            "valuation says which.",
            "A weight or quantity of zero or null is missing.",
            "Partner WLD is the reporter's own total; Other Asia, nes stands for Taiwan.",
        ),
        feeds=(Feed("trade"),),
        provider=PROVIDER, file="trade.parquet", groups=("reporter", "flow", "period"),
        plan=_plan, questions=_questions, fetch=_snapshot, parts=one_by_one("reporters"),
        home=lambda *_: True,
    ),
)  # fmt: skip
