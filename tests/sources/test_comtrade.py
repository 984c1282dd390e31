"""Comtrade: its recorded answers, and its limits kept by a server that has real rows."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http.answers import AnswerStore
from marketintel.sources.http.client import Client
from marketintel.sources.providers import comtrade
from marketintel.sources.providers.comtrade import PROVIDER, Query, fetch, process
from tests.sources.server import FakeClock, Reply, Request, Server

KEY = "0123456789abcdef"
CHINA = Query(("156",), ("2010",), ("TOTAL",), partners=("32", "276"))

#: Synthetic, in the provider's format: only what a row must have.
ROW = {
    "reporterCode": 842, "partnerCode": 276, "flowCode": "M", "classificationCode": "H6",
    "cmdCode": "901320", "period": "2024", "freqCode": "A", "primaryValue": 10.0,
}  # fmt: skip
LASERS = Query(("842",), ("2024",), ("901320",), ("import",))


def client(server: Server, store: AnswerStore | None = None) -> Client:
    return Client(replace(PROVIDER, base=server.url, hosts=()), store, FakeClock())


def answering(body: Any, query: Query = LASERS, **reply: Any) -> pd.DataFrame:
    with Server() as server, client(server) as c:
        server.route("/", lambda _: Reply(**({"json": body} | reply)))
        return fetch(query, c)


def whole(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"elapsedTime": "0.1 secs", "count": len(rows), "data": list(rows), "error": ""}


@pytest.fixture(scope="session")
def recorded(shared: Path) -> Callable[[str], Any]:
    return lambda name: json.loads((shared / "specimens/comtrade" / name).read_bytes())


@pytest.mark.parametrize(
    "name", ["get_C_A_HS_TOTAL_CHN_2010.json", "comtradr_get_C_A_HS_TOTAL_CHN_2010.body.json"]
)
def test_recorded_china_2010(recorded: Callable[[str], Any], name: str) -> None:
    frame = answering(recorded(name), CHINA)
    assert list(frame.columns) == list(comtrade.CONTRACT)
    argentina = frame[frame["partner_code"] == "32"].set_index("flow")
    assert argentina.loc["import", "value_usd"] == 6804128143.0
    assert dict(argentina["valuation"]) == {"import": "CIF", "export": "FOB"}
    assert set(frame["hs_revision"]) == {"HS2007"}
    assert set(frame["period"]) == {"2010"}
    assert frame["net_weight_kg"].isna().all()
    assert frame["quantity_unit"].isna().all()
    assert frame.attrs["notes"] == []


def test_recorded_india_2022_zero_weight_is_missing(recorded: Callable[[str], Any]) -> None:
    query = Query(("699",), ("2022",), ("TOTAL",), ("export",), ("0",))
    frame = answering(recorded("preview_IND_TOTAL_2022_X_wrapped.json"), query)
    row = frame.iloc[0]
    assert (row["value_usd"], row["partner_code"], row["valuation"]) == (
        452684213646.747, "0", "FOB")  # fmt: skip
    assert pd.isna(row["net_weight_kg"])
    assert pd.isna(row["quantity"])


@pytest.mark.parametrize("name", ["comtradr_get_S_A_EB_empty.body.json", "bulk_get_empty.json"])
def test_recorded_empty_is_no_error(recorded: Callable[[str], Any], name: str) -> None:
    frame = answering(recorded(name))
    assert frame.empty
    assert list(frame.columns) == list(comtrade.CONTRACT)
    assert frame.dtypes["value_usd"] == "float64"


@pytest.mark.parametrize(
    ("name", "status", "says"),
    [
        ("error_401_missing_key.json", 401, "missing subscription key.*set or renew COMTRADE_KEY"),
        ("error_401_invalid_key.json", 401, "invalid subscription key.*set or renew COMTRADE_KEY"),
        ("error_404.json", 404, "HTTP 404: Resource not found"),
    ],
)
def test_recorded_refusals(
    recorded: Callable[[str], Any], name: str, status: int, says: str
) -> None:
    with pytest.raises(SourceError, match=f"^comtrade: .*{says}"):
        answering(recorded(name), status=status)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}])
def test_recorded_rate_limit_is_waited_for(
    recorded: Callable[[str], Any], headers: dict[str, str]
) -> None:
    clock = FakeClock()
    with Server() as server:
        server.add(
            "/public/v1/preview/C/A/HS", status=429, json=recorded("error_429_rate.json"),
            headers=headers,
        ).then(json=whole(ROW))  # fmt: skip
        with Client(replace(PROVIDER, base=server.url), clock=clock) as c:
            assert len(fetch(LASERS, c)) == 1
    assert clock.slept[0] == 1


def test_quota_with_a_wait_beyond_patience_stops_and_says_so() -> None:
    body = {"statusCode": 403, "message": "Out of call volume quota."}  # synthetic
    with pytest.raises(SourceError, match=r"Out of call volume quota.*set or renew COMTRADE_KEY"):
        answering(body, status=403)
    with pytest.raises(SourceError, match=r"7200 s would go beyond .*what is done is kept"):
        answering(body, status=403, headers={"Retry-After": "7200"})


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (whole() | {"error": "Invalid cmdCode"}, "Invalid cmdCode"),
        (whole() | {"count": -1}, "count -1 in place of rows"),
        ({"data": []}, "no field 'count'"),
        ([1, 2], "no field 'count'"),
        (whole() | {"count": 1, "data": "x"}, "'data' is not a list of rows"),
        (whole(ROW) | {"count": 0}, "'count' says 0 but there are 1 rows"),
        (whole({k: v for k, v in ROW.items() if k != "primaryValue"}), "no field 'primaryValue'"),
        (whole(ROW | {"primaryValue": "lots"}), "field 'primaryValue' holds 'lots'"),
        (whole(ROW | {"classificationCode": "H9"}), "'classificationCode' holds 'H9'"),
        (whole(ROW | {"period": "2023"}), "period 2023, which were not asked for"),
        (whole(ROW | {"reporterCode": 124}), "got reporter 124"),
        (whole(ROW, ROW | {"primaryValue": 11.0}), "two different rows for reporter_code 842"),
    ],
)
def test_an_error_or_a_changed_format_behind_status_200_stops(body: Any, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        answering(body)
    assert str(caught.value).startswith("comtrade: ")


def test_duplicates_and_parts_of_totals_are_left_out_and_counted() -> None:
    totals = {"partner2Code": 0, "motCode": 0, "customsCode": "C00"}
    by_air = ROW | totals | {"motCode": 1000, "primaryValue": 4.0}
    via_china = ROW | totals | {"partner2Code": 156, "primaryValue": 3.0}
    other_flow = ROW | totals | {"flowCode": "MIP", "primaryValue": 1.0}
    empty = ROW | totals | {"partnerCode": 36, "primaryValue": None}
    frame = process([ROW | totals, ROW | totals, by_air, via_china, other_flow, empty])
    assert list(frame["value_usd"]) == [10.0]
    assert frame.attrs["notes"] == [
        "2 rows by second partner, transport or procedure left out",
        "1 rows of other flows than import, export, re_import, re_export left out",
        "1 rows without a value left out",
        "1 duplicate rows dropped",
    ]


def test_months_units_and_values_free_on_board() -> None:
    row = ROW | {
        "period": 202403, "freqCode": "M", "fobvalue": 10.0, "cifvalue": 11.0, "netWgt": 2.5,
        "qty": 3.0, "qtyUnitAbbr": "u",
    }  # fmt: skip
    found = process([row]).iloc[0]
    assert (found["period"], found["freq"], found["valuation"]) == ("2024-03", "M", "FOB")
    assert (found["net_weight_kg"], found["quantity"], found["quantity_unit"]) == (2.5, 3.0, "u")


def test_the_three_totals_are_always_sent_and_the_key_only_in_the_header(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMTRADE_KEY", KEY)
    with Server() as server, client(server) as c:
        server.add("/data/v1/get/C/M/HS", json=whole())
        fetch(replace(LASERS, periods=("2024-01", "2024-12")), c)
    sent = server.requests[0]
    assert sent.headers["Ocp-Apim-Subscription-Key"] == KEY
    assert KEY not in str(sent.query)
    assert sent.query | {"partner2Code": "0", "motCode": "0", "customsCode": "C00"} == sent.query
    assert sent.query["period"] == "202401,202412"
    assert sent.query["maxRecords"] == "250000"
    assert "isReported" not in str(sent.query)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (replace(LASERS, reporters=("840",)), "840 is 842 there"),
        (replace(LASERS, partners=("757", "356")), "356 is 699 there"),
        (replace(LASERS, flows=("imports",)), "unknown flow 'imports'"),
        (replace(LASERS, periods=("2024", "2024-01")), "ask twice"),
        (replace(LASERS, codes=()), "no codes given"),
    ],
)
def test_questions_that_would_be_misunderstood(query: Query, says: str) -> None:
    with Server() as server, client(server) as c, pytest.raises(UsageError, match=says):
        fetch(query, c)
    assert server.requests == []


def test_codes_with_leading_zeroes_are_written_comtrades_way() -> None:
    australia = replace(LASERS, reporters=("036",), partners=("0", "040"))
    frame = answering(whole(ROW | {"reporterCode": 36, "partnerCode": 40}), australia)
    assert frame[["reporter_code", "partner_code"]].to_numpy().tolist() == [["36", "40"]]
    with Server() as server, client(server) as c:
        server.route("/", lambda _: Reply(json=whole()))
        fetch(australia, c)
    assert server.requests[0].query["reporterCode"] == "36"
    assert server.requests[0].query["partnerCode"] == "0,40"


# --- limits: a server that has real rows and keeps Comtrade's limits -------------------------

CAMEL = {
    "reporter_code": "reporterCode", "partner_code": "partnerCode", "flow_code": "flowCode",
    "classification_code": "classificationCode", "cmd_code": "cmdCode", "period": "period",
    "freq_code": "freqCode", "primary_value": "primaryValue", "partner2code": "partner2Code",
    "mot_code": "motCode", "customs_code": "customsCode", "net_wgt": "netWgt", "qty": "qty",
    "qty_unit_abbr": "qtyUnitAbbr", "cifvalue": "cifvalue", "fobvalue": "fobvalue",
}  # fmt: skip
NUMERIC = {"primaryValue", "netWgt", "qty", "cifvalue", "fobvalue"}


@pytest.fixture(scope="session")
def european(shared: Path) -> list[dict[str, Any]]:
    """5,004 recorded rows: imports of 27 EU members from the world, 39 headings, 2018–2022."""
    packed = shared / "specimens/comtrade/comtradr_vignette5_EU_imports_world_HS4_2018on.csv.gz"
    text = gzip.decompress(packed.read_bytes()).decode()
    rows = [
        {CAMEL[k]: v for k, v in row.items() if k in CAMEL}
        for row in csv.DictReader(io.StringIO(text))
    ]
    return [
        {k: (float(v) if v else None) if k in NUMERIC else v for k, v in r.items()} for r in rows
    ]


class Provider:
    """Answers from rows, at most ``limit`` of them, like Comtrade without a word about it."""

    def __init__(self, rows: list[dict[str, Any]], limit: int) -> None:
        self.rows, self.limit, self.longest = rows, limit, 0

    def __call__(self, request: Request) -> Reply:
        asked = {k: set(v.split(",")) for k, v in request.query.items()}
        assert len(asked["period"]) <= 12
        self.longest = max(self.longest, sum(len(k) + len(v) + 2 for k, v in request.query.items()))
        found = [
            row
            for row in self.rows
            if all(row[k] in asked[k] for k in ("reporterCode", "period", "cmdCode", "flowCode"))
        ]
        if request.query.get("countOnly") == "true":
            return Reply(json={"count": len(found), "data": [], "error": ""})
        return Reply(json=whole(*found[: self.limit]))


def everything(rows: list[dict[str, Any]]) -> Query:
    def distinct(field: str) -> tuple[str, ...]:
        return tuple(sorted({row[field] for row in rows}))

    return Query(
        distinct("reporterCode"), distinct("period"), distinct("cmdCode"), ("import",), ("0",)
    )


def test_nothing_is_lost_to_the_500_rows_of_the_preview(european: list[dict[str, Any]]) -> None:
    with Server() as server, client(server) as c:
        server.route("/public/v1/preview/C/A/HS", Provider(european, 500))
        frame = fetch(everything(european), c)
    assert len(frame) == 5004
    assert frame["value_usd"].sum() == pytest.approx(sum(r["primaryValue"] for r in european))
    assert len(server.requests) == 27


def test_an_answer_cut_at_500_is_cut_in_two_until_it_fits(european: list[dict[str, Any]]) -> None:
    """All partners left open, so that the first cut guesses too many rows in one answer."""
    many = [row | {"partnerCode": str(n)} for row in european[:78] for n in range(1, 131)]
    query = replace(everything(many), partners=())
    with Server() as server, client(server) as c:
        server.route("/public/v1/preview/C/A/HS", Provider(many, 500))
        frame = fetch(query, c)
        assert len(frame) == len(many) == 10_140
        first_cut = len(list(comtrade.requests(query, c)))
    assert len(server.requests) > first_cut, "some answers had to be cut in two"


def test_a_cell_that_cannot_be_cut_stops(european: list[dict[str, Any]]) -> None:
    many = [european[0] | {"partnerCode": str(n)} for n in range(1, 700)]
    with Server() as server, client(server) as c:
        server.route("/", Provider(many, 500))
        with pytest.raises(SourceError, match=r"more than 500 rows and cannot be cut further.*KEY"):
            fetch(replace(everything(many), partners=()), c)


@pytest.mark.parametrize(("rows", "asked"), [(2000, 2), (2600, 2), (999, 1)])
def test_with_a_key_a_round_number_is_counted(
    european: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, rows: int, asked: int
) -> None:
    """The documented limits contradict each other, so this server has one of its own: 2,000."""
    monkeypatch.setenv("COMTRADE_KEY", KEY)
    row = european[0]
    many = [row | {"partnerCode": str(n)} for n in range(rows)]
    with Server() as server, client(server) as c:
        server.route("/data/v1/get/C/A/HS", Provider(many, 2000))
        query = replace(everything(many), partners=())
        if rows > 2000:
            with pytest.raises(SourceError, match="more than 2,000 rows"):
                fetch(query, c)
        else:
            assert len(fetch(query, c)) == rows
    assert len(server.requests) == asked


def test_addresses_stay_below_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMTRADE_KEY", KEY)
    codes = tuple(f"{n:06}" for n in range(900000, 900700))
    provider = Provider([], 100_000)
    with Server() as server, client(server) as c:
        server.route("/", provider)
        assert fetch(Query(("842",), ("2024",), codes, ("import",)), c).empty
    assert provider.longest + len(server.url) < 4096
    asked = [code for r in server.requests for code in r.query["cmdCode"].split(",")]
    assert sorted(asked) == list(codes)
