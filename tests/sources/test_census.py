"""Census Bureau: no recording exists, so every answer here is synthetic, in its documented form;
the figures in some of them are real."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http.client import Client
from marketintel.sources.providers import census
from marketintel.sources.providers.census import PROVIDER, Query, annual, fetch
from tests.sources.providers import Months
from tests.sources.server import FakeClock, Reply, Server

KEY = "0123456789abcdef"
HEAD = ["CTY_CODE", "GEN_VAL_MO", "CON_VAL_MO", "DUT_VAL_MO", "CAL_DUT_MO",
        "COMM_LVL", "time", "I_COMMODITY"]  # fmt: skip
LASERS = Query("import", ("2025-03",), ("901320",))


def row(country: str = "4280", value: str = "100", code: str = "901320") -> list[str]:
    return [country, value, value, "50", "5", "HS6", "2025-03", code]


def answering(table: Any = None, query: Query = LASERS, **reply: Any) -> pd.DataFrame:
    with Server() as server, Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as c:
        server.route("/", lambda _: Reply(**({"json": table} if table is not None else {}) | reply))
        return fetch(query, c)


def test_text_becomes_figures_and_groups_of_countries_are_left_out() -> None:
    groups = [row("-", "999"), row("0003", "999"), row("1XXX", "999")]
    frame = answering([HEAD, row(), *groups, row("1220", "7")])
    assert list(frame.columns) == list(census.contract("import"))
    assert frame.to_dict("records") == [
        {"partner_code": country, "cmd_code": "901320", "period": "2025-03",
         "general_value_usd": value, "consumption_value_usd": value, "dutiable_value_usd": 50.0,
         "duties_usd": 5.0}
        for country, value in (("1220", 7.0), ("4280", 100.0))
    ]  # fmt: skip


def test_how_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CENSUS_KEY", KEY)
    seen = []
    with Server() as server, Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as c:
        server.route("/", lambda _: Reply(204))
        fetch(Query("export", ("2025-01", "2025-02"), ("9013", "900130"), "HS6"), c)
        c.on_answer = lambda answer: seen.append(answer.url)
        fetch(LASERS, c)
    first, second, third = server.requests
    assert first.path == "/data/timeseries/intltrade/exports/hs"
    assert first.query == {
        "get": "CTY_CODE,ALL_VAL_MO", "COMM_LVL": "HS6", "time": "2025-01",
        "E_COMMODITY": "9013*", "key": KEY,
    }  # fmt: skip
    assert second.query["time"] == "2025-02"
    assert third.path.endswith("/imports/hs")
    assert KEY not in seen[0]


def test_a_long_list_of_codes_is_asked_in_parts() -> None:
    query = replace(LASERS, codes=tuple(f"90{n:04}" for n in range(150)))
    paths = list(census.requests(query))
    assert len(paths) == 3
    assert max(map(len, paths)) < 2000
    assert sum(path.count("I_COMMODITY=") for path in paths) == 150


def test_a_filter_that_comes_back_twice_is_one_column() -> None:
    frame = answering([[*HEAD, "I_COMMODITY"], [*row(), "901320"]])
    assert list(frame["cmd_code"]) == ["901320"]


@pytest.mark.parametrize(
    "reply", [{"status": 204}, {"body": b"", "content_type": "application/json"}]
)
def test_no_content_is_no_data(reply: dict[str, Any]) -> None:
    frame = answering(**reply)
    assert frame.empty
    assert list(frame.columns) == list(census.contract("import"))
    assert frame.attrs["empty"] == ["2025-03"]


def test_an_invalid_key_is_a_page_with_status_200() -> None:
    page = (
        b"<html><head><title>Invalid Key</title></head><body><p>Your key is bad.</p></body></html>"
    )
    with pytest.raises(SourceError, match=r"Invalid Key.*set or renew CENSUS_KEY"):
        answering(body=page, content_type="text/html")


def test_a_refusal_in_plain_text() -> None:
    with pytest.raises(SourceError, match="HTTP 400: error: unknown variable 'X'"):
        answering(status=400, body=b"error: unknown variable 'X'")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"error": "x"}, "expected a list of rows"),
        (["CTY_CODE"], "expected a list of rows"),
        ([HEAD, row()[:-1]], "rows of different length"),
        ([HEAD[:1] + HEAD[2:], row()[:1] + row()[2:]], "no field 'GEN_VAL_MO'"),
        ([HEAD, row(value="many")], "field 'general_value_usd' holds 'many'"),
        ([HEAD, row(), row(value="101")], "two different rows for partner_code 4280"),
        ([HEAD, [*row()[:6], "2024-03", "901320"]], "got 2024-03, which was not asked for"),
    ],
)
def test_a_changed_format_stops(body: Any, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        answering(body)
    assert str(caught.value).startswith("census: ")


def test_truncated_json_is_asked_for_again() -> None:
    with Server() as server, Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as c:
        path = "/data/timeseries/intltrade/imports/hs"
        server.add(path, body=b'[["CTY_C', content_type="application/json").then(json=[HEAD, row()])
        assert len(fetch(LASERS, c)) == 1


def test_duplicates_are_dropped_and_counted() -> None:
    frame = answering([HEAD, row(), row()])
    assert len(frame) == 1
    assert frame.attrs["notes"] == ["1 duplicate rows dropped"]


def test_a_missing_value_stays_missing() -> None:
    cells = row()
    cells[4] = None  # type: ignore[call-overload]
    assert pd.isna(answering([HEAD, cells])["duties_usd"].iloc[0])


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (replace(LASERS, periods=("2025",)), "'2025' is not a month"),
        (replace(LASERS, periods=()), "no months given"),
        (replace(LASERS, codes=("90132",)), "'90132' is not a code"),
        (replace(LASERS, codes=("9013200000",)), "is not a code of HS6"),
    ],
)
def test_questions_that_cannot_be_put(query: Query, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        census.check(query)


def test_a_year_is_twelve_months_or_none() -> None:
    months = [f"{y}-{m:02}" for y in (2024, 2025) for m in range(1, 13)][:-1]
    monthly = pd.DataFrame(
        {"partner_code": "4280", "cmd_code": "901320", "period": months, "value_usd": 1.0}
    )
    yearly = annual(monthly)
    assert yearly.to_dict("records") == [
        {"partner_code": "4280", "cmd_code": "901320", "period": "2024", "value_usd": 12.0}
    ]
    assert yearly.attrs["notes"] == ["2025 has 11 months and is left out"]


@pytest.fixture(scope="session")
def lasers(shared: Path) -> pd.DataFrame:
    frame = pd.read_parquet(shared / "data/us_census_imports_hs6_2024_2025.parquet")
    return frame[frame["hs6"] == "901320"]


def test_real_laser_imports_through_http_add_up(lasers: pd.DataFrame) -> None:
    query = replace(
        LASERS, periods=tuple(f"{y}-{m:02}" for y in (2024, 2025) for m in range(1, 13))
    )
    with Server() as server, Client(replace(PROVIDER, base=server.url), clock=FakeClock()) as c:
        server.route("/", Months(lasers))
        yearly = annual(fetch(query, c))
    total = yearly.groupby("period")[["consumption_value_usd", "duties_usd"]].sum()
    assert total.loc["2024"].tolist() == [1_045_527_158, 6_384_785]
    assert total.loc["2025"].tolist() == [1_029_392_405, 94_067_677]
