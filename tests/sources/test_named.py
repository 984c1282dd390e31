"""The WTO and the OECD, asked only where named. Answers are synthetic, in the form recorded."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from marketintel.errors import MissingDataError, SourceError, UsageError
from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot
from marketintel.sources.fetch import Outcome, answers_dir, execute
from marketintel.sources.plan import Plan, plan
from marketintel.warehouse import build, store
from marketintel.warehouse.terms import local_only, publishable
from tests.sources.server import FakeClock, Reply, Request, Server

KEY = "fedcba9876543210fedcba"
CODES = ["900110", "901320"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as running:
        for source in ("WTO", "OECD"):
            monkeypatch.setenv(f"MARKETINTEL_{source}_URL", running.url)
            monkeypatch.setenv(f"MARKETINTEL_{source}_INTERVAL_S", "0")
        monkeypatch.setenv("WTO_KEY", KEY)
        running.route("/data", wto)
        running.route("/data/OECD", oecd)
        yield running


def make(data: Path, source: str, targets: str = "CAN,DEU") -> Plan:
    return plan(targets.split(","), CODES, [2022, 2023], answers_dir(data),
                sources=[source], this_year=2026)  # fmt: skip


def fetch(data: Path, source: str, targets: str = "CAN,DEU") -> Outcome:
    (done,) = execute(make(data, source, targets), data, clock=FakeClock())
    return done


def wto(request: Request) -> Reply:
    """MFN of every code; of the preferences two for Japan, one for a group, one specific duty."""
    if request.headers.get("Ocp-Apim-Subscription-Key") != KEY:
        return Reply(401, json={"statusCode": 401, "message": "Access denied"})
    indicator = request.query["i"]
    preferred = indicator == "HS_P_0070"
    partners = [("392", 1.5), ("392", 0.5), ("976", 0.0)] if preferred else [(None, 5.0)]
    rows = [
        {"IndicatorCode": indicator, "ReportingEconomyCode": request.query["r"],
         "PartnerEconomyCode": partner, "ProductOrSectorClassificationCode": "HS",
         "ProductOrSectorCode": code, "PeriodCode": "A", "FrequencyCode": "A", "UnitCode": "PCT",
         "Year": 2022, "ValueFlagCode": None, "TextValue": None, "Value": value}
        for code in request.query["pc"].split(",")
        for partner, value in partners
    ]  # fmt: skip
    return Reply(
        json={"Dataset": [*rows, {**rows[0], "UnitCode": "USD", "PartnerEconomyCode": "392"}]}
    )


def oecd(request: Request) -> Reply:
    _, area, flows, use, products, _, unit = request.path.rpartition("/")[2].split(".")
    rows = [
        f"DATAFLOW,OECD.STI.PIE:DSD_BTIGE@DF_BTIGE(1.0),I,A,{area},{flow},{use},{product},"
        f"{partner},{unit},{year},{value},A,6,2"
        for flow in flows.split("+") for product in products.split("+")
        for year in (2022, 2023)
        for partner, value in (("JPN", 1.5), ("W", 9.25), ("OECD", 4), ("DEU", ""))
    ]  # fmt: skip
    head = ("STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,TRADE_FLOW,END_USE,PRODUCT,"
            "COUNTERPART_AREA,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT,"
            "DECIMALS")  # fmt: skip
    return Reply(body="\n".join([head, *rows, ""]).encode(),
                 content_type="application/vnd.sdmx.data+csv")  # fmt: skip


def test_they_are_planned_only_where_named(server: Server, tmp_path: Path) -> None:
    whole = plan(["CAN", "DEU"], CODES, [2023], answers_dir(tmp_path),
                 regions=True, this_year=2026)  # fmt: skip
    assert not {"wto", "oecd"} & {step.source for step in whole.steps}
    said = make(tmp_path, "oecd").describe()
    assert "oecd: trade of CAN by industry, 2022–2023: 1 requests" in said[0]
    assert server.requests == []


def test_tariffs_of_the_wto_stand_behind_those_of_wits(server: Server, tmp_path: Path) -> None:
    done = fetch(tmp_path, "wto")
    assert done.error is None
    assert len(server.requests) == sum(s.requests for s in make(tmp_path, "wto").steps) == 4
    assert {r.query["r"] for r in server.requests} == {"124", "918"}, "the EU files together"
    assert "rates for groups of countries left out" in done.describe()
    assert "figures that are no percentage of a product left out" in done.describe()
    build.build(tmp_path)
    duties = store.read_parquet(store.table_path(tmp_path, "duties"))
    canada = duties[duties["reporter"] == "CAN"]
    cells = canada.groupby(["regime", "partner"])["rate_pct"].agg(["min", "max", "size"])
    assert cells.to_dict("index") == {
        ("MFN", "WLD"): {"min": 5.0, "max": 5.0, "size": 2},
        ("preferential", "JPN"): {"min": 0.5, "max": 0.5, "size": 2},
    }
    assert set(canada["hs_revision"]) == {"HS2022"}
    assert publishable(["wto"]) and local_only(tmp_path) == []
    assert "nothing new" in fetch(tmp_path, "wto").describe()
    assert len(server.requests) == 4
    texts = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    assert not any(KEY.encode() in text for text in texts)


def test_of_two_sources_of_a_tariff_the_first_is_read(server: Server, tmp_path: Path) -> None:
    from marketintel.warehouse.context import tariff_rates

    fetch(tmp_path, "wto", "CAN")
    (held,) = snapshot.find(tmp_path, "wto")
    rows = pd.read_parquet(held.path)
    rows = rows[rows["cmd_code"] == "901320"].assign(rate_pct=7.0)
    told = held.meta.model_dump(exclude={"file", "sha256", "bytes", "rows"})
    citation = snapshot.Citation(**told | {"source": "wits"})
    snapshot.save(tmp_path, citation, "t.parquet", parquet_bytes(rows), rows=len(rows))
    found = tariff_rates("CAN", CODES, data_dir=tmp_path).set_index(["cmd_code", "regime"])
    assert found.index.is_unique
    assert found.loc[("901320", "MFN"), ["rate_pct", "source"]].tolist() == [7.0, "wits"]
    assert found.loc[("900110", "MFN"), ["rate_pct", "source"]].tolist() == [5.0, "wto"]


def test_without_a_key_or_a_revision_it_is_said_before_and_after(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="does not say the HS revision of JPN; WITS does"):
        make(tmp_path, "wto", "JPN")
    monkeypatch.delenv("WTO_KEY")
    with pytest.raises(MissingDataError, match=r"needs a key; set WTO_KEY .*apiportal\.wto\.org"):
        make(tmp_path, "wto", "CAN")
    assert server.requests == []


def test_trade_by_industry_is_kept_as_a_snapshot(server: Server, tmp_path: Path) -> None:
    done = fetch(tmp_path, "oecd", "CAN")
    assert "groups of partners left out (OECD)" in done.describe()
    (request,) = server.requests
    assert ".M+X.TOTAL.CPA_2_1_C26+CPA_2_1_C27+CPA_2_1_C28..USD" in request.path
    (held,) = snapshot.find(tmp_path, "oecd")
    rows = pd.read_parquet(held.path)
    assert len(rows) == 2 * 3 * 2 * 2, "flows, industries, years, partners; a blank is no row"
    value = rows.groupby("partner")["value_usd"].unique().map(list)
    assert value.to_dict() == {"JPN": [1.5e6], "WLD": [9.25e6]}
    assert set(rows["industry"]) == {"C26", "C27", "C28"}
    assert build.build(tmp_path) == [], "a snapshot only: no table is made of it"
    assert "nothing new" in fetch(tmp_path, "oecd", "CAN").describe()


def test_another_unit_or_field_stops(server: Server, tmp_path: Path) -> None:
    good = oecd(Request("GET", "/A.CAN.M.TOTAL.CPA_2_1_C26..USD", {}, {}, b"")).body.decode()
    for text, says in (
        (good.replace(",USD,", ",EUR,"), "not in US dollars"),
        (good.replace(",A,6,2", ",A,,2"), "not in US dollars of a stated power of ten"),
        (good.replace("COUNTERPART_AREA", "PARTNER"), "no field 'COUNTERPART_AREA'"),
    ):

        def answer(_: Request, text: str = text) -> Reply:
            return Reply(body=text.encode(), content_type="application/vnd.sdmx.data+csv")

        server.route("/data/OECD", answer)
        data = tmp_path / str(abs(hash(says)))
        done = fetch(data, "oecd", "CAN")
        assert isinstance(done.error, SourceError)
        assert says in str(done.error)
