"""Canada and the EU at home, tariffs, projections, rates, distances: from HTTP to the warehouse.

Answers are synthetic, in the form of each provider; real figures come in where a recording or a
file of the reference data has them.
"""

import gzip
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from marketintel.sources import snapshot
from marketintel.sources.fetch import Outcome, answers_dir, execute
from marketintel.sources.plan import plan
from marketintel.warehouse import build, store
from marketintel.warehouse.context import macro
from marketintel.warehouse.flows import flows
from tests.sources.providers import Comtrade
from tests.sources.server import FakeClock, Reply, Request, Server

SOURCES = ("STATCAN_CIMT", "COMEXT", "COMTRADE", "WITS", "ECB", "IMF", "CEPII_GEODIST")
CODES = ["854140", "854141", "901320"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as running:
        for source in SOURCES:
            monkeypatch.setenv(f"MARKETINTEL_{source}_URL", running.url)
            monkeypatch.setenv(f"MARKETINTEL_{source}_INTERVAL_S", "0")
        monkeypatch.delenv("COMTRADE_KEY", raising=False)
        running.route("/data/EXR", rates)
        yield running


def fetch(
    data: Path,
    targets: str,
    sources: list[str],
    years: tuple[int, ...] = (2023, 2024),
    **options: bool,
) -> list[Outcome]:
    made = plan(targets.split(","), CODES, years, answers_dir(data),
                sources=sources, this_year=2026, **options)  # fmt: skip
    outcomes = execute(made, data, clock=FakeClock())
    assert [outcome.error for outcome in outcomes] == [None] * len(outcomes)
    return outcomes


def rates(request: Request) -> Reply:
    """One euro is 1.10 US dollars and 1.50 Canadian dollars, whenever."""
    freq, currencies = request.path.rpartition("/")[2].split(".")[:2]
    months = [f"-{m:02}" for m in range(1, 13)] if freq == "M" else [""]
    first, last = (int(request.query[name][:4]) for name in ("startPeriod", "endPeriod"))
    of = {"USD": 1.1, "CAD": 1.5}
    rows = [
        f"EXR.{freq}.{c}.EUR.SP00.A,{freq},{c},EUR,SP00,A,{year}{month},{of[c]},A"
        for c in currencies.split("+") if c in of
        for year in range(first, last + 1) for month in months
    ]  # fmt: skip
    head = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS"
    return Reply(body="\n".join([head, *rows, ""]).encode(), content_type="text/csv")


def cimt(request: Request) -> Reply:
    """Twelve months of 2023 and three of 2024; 2025 is not out yet."""
    name = request.path.removeprefix("/CIMT-CICM_").removesuffix(".zip")
    flow, _, year = name.rpartition("_")
    if year == "2025":
        return Reply(404, body=b"not found")
    months = range(1, 13) if year == "2023" else range(1, 4)
    rows = [
        f'"{year}{m:02}","{code}","{partner}","ON",,{value}'
        for m in months
        for code, partner, value in (
            ("901320", "DE", 150),
            ("901320", "US", 15),
            ("901320", "ZZ", 3),  # high seas
            ("010121", "DE", 9),
        )
    ]
    sink = io.BytesIO()
    member = "ODPFN015" if flow == "Imp" else "ODPFN019"
    with zipfile.ZipFile(sink, "w") as opened:
        head = "YearMonth/AnnéeMois,HS6,Country/Pays,Province,State/État,Value/Valeur"
        opened.writestr(f"{member}_{year}N.csv", "\n".join([head, *rows, ""]))
    return Reply(body=sink.getvalue(), content_type="application/zip")


def test_canada_at_home(server: Server, tmp_path: Path) -> None:
    server.route("/CIMT-CICM", cimt)
    done = fetch(tmp_path, "CAN", ["statcan_cimt", "ecb"], (2023, 2024, 2025))
    assert any("no archive of imports 2025 yet" in outcome.describe() for outcome in done)
    assert any("24 rows of no economy of today (CAD 72)" in o.describe() for o in done)
    archives = [r for r in server.requests if r.path.endswith(".zip")]
    assert len(archives) == 6
    again = fetch(tmp_path, "CAN", ["statcan_cimt", "ecb"], (2023, 2024, 2025))
    assert [o.vintage for o in again] == [None, None]
    asked = [r for r in server.requests if r.path.endswith(".zip")][6:]
    assert {r.path[-8:] for r in asked} == {"2025.zip"}, "only what was not there yet"
    build.build(tmp_path)
    lasers = flows(reporter="CAN", codes="901320", data_dir=tmp_path, with_origin=True)
    assert lasers["period"].unique().tolist() == ["2023"], "three months are not a year"
    value = lasers.set_index("partner")["value_usd"]
    assert value["DEU"] == pytest.approx(12 * 150 / 1.5 * 1.1)
    assert value["USA"] == pytest.approx(12 * 15 / 1.5 * 1.1)
    assert set(lasers["valuation"]) == {"FOB"}


def comext(request: Request) -> Reply:
    key = request.path.rpartition("/")[2].split(".")
    first, last = int(request.query["startPeriod"]), int(request.query["endPeriod"])
    rows = [
        f"ESTAT:DS-045409(1.0),15/09/26 11:00:00,A,{key[1]},{partner},{product},{flow},"
        f"VALUE_IN_EUROS,{year},{value}"
        for year in range(first, last + 1)
        for product in key[3].split("+")
        for flow in key[4].split("+")
        for partner, value in (
            ("US", 100),
            ("GB", 36),  # without Northern Ireland since 2021
            ("XI", 4),
            ("QV", 5),
            ("WORLD", 145),
            ("EXT_EU27_2020", 9),
        )
    ]
    head = ("DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,"
            "OBS_VALUE")  # fmt: skip
    media = "application/vnd.sdmx.data+csv"
    return Reply(body="\n".join([head, *rows, ""]).encode(), content_type=media)


def test_a_member_of_the_eu_at_home(server: Server, tmp_path: Path) -> None:
    server.route("/sdmx/2.1/data", comext)
    done = fetch(tmp_path, "GRC", ["comext", "ecb"])
    assert any("secret partners (EUR 60)" in outcome.describe() for outcome in done)
    (request,) = [r for r in server.requests if "DS-045409" in r.path]
    assert ".GR." in request.path
    assert [o.asked for o in fetch(tmp_path, "GRC", ["comext", "ecb"])] == [0, 0]
    build.build(tmp_path)
    lasers = flows(reporter="GRC", codes="901320", data_dir=tmp_path, with_origin=True)
    now = lasers[lasers["period"] == "2024"].set_index("partner")
    assert now["value_usd"].to_dict() == pytest.approx({"USA": 110, "GBR": 44})
    assert set(now["valuation"]) == {"CIF"}
    trade = store.read_parquet(store.table_path(tmp_path, "trade"))
    assert set(trade["partner"]) == {"USA", "GBR", "WLD"}
    assert set(trade["rate_source"]) == {f"ecb {done[1].vintage}"}


def wits(request: Request) -> Reply:
    """SDMX-JSON with one rate a product, in the order that WITS sends."""
    parts = request.path.strip("/").split("/")
    asked = dict(zip(parts[::2], parts[1::2], strict=True))
    if asked["year"] == "2024":
        return Reply(404, body=b"no data")
    products = asked["product"].split(";")
    partners = ["000"] if asked["partner"] == "000" else ["124", "EUN", "976"]
    tariff = ["MFN"] if asked["partner"] == "000" else ["PREF"]

    def values(*ids: str) -> list[dict[str, str]]:
        return [{"id": i, "name": i} for i in ids]

    series = {
        f"0:0:{j}:{i}:0": {"attributes": [], "observations": {"0": [2.5, 0, 0, 0]}}
        for i in range(len(products)) for j in range(len(partners))
    }  # fmt: skip
    names = ("FREQ", "REPORTER", "PARTNER", "PRODUCTCODE", "DATATYPE")
    dims = [values("A"), values(asked["reporter"]), values(*partners), values(*products),
            values("Reported")]  # fmt: skip
    body = {
        "header": {"id": "x"},
        "structure": {
            "dimensions": {
                "series": [{"id": n, "name": n, "values": v, "keyPosition": k}
                           for k, (n, v) in enumerate(zip(names, dims, strict=True))],
                "observation": [{"id": "TIME_PERIOD", "values": values(asked["year"])}],
            },
            "attributes": {
                "series": [],
                "observation": [{"id": "TARIFFTYPE", "values": values(*tariff)},
                                {"id": "NOMENCODE", "values": values("H6")},
                                {"id": "TOTALNOOFLINES", "values": values("4")}],
            },
        },
        "dataSets": [{"action": "Information", "series": series}],
    }  # fmt: skip
    return Reply(json=body)


def test_tariffs_become_rates_and_groups_are_left_out(server: Server, tmp_path: Path) -> None:
    server.route("/reporter", wits)
    (done,) = fetch(tmp_path, "DEU", ["wits"], (2023,))
    assert "rates for groups of countries left out" in done.describe()
    assert {r.path.split("/")[2] for r in server.requests} == {"918"}, "the EU files together"
    build.build(tmp_path)
    duties = store.read_parquet(store.table_path(tmp_path, "duties"))
    assert set(duties["reporter"]) == {"DEU"}
    cells = duties.groupby("regime")[["partner", "rate_pct"]].agg(lambda v: sorted(set(v)))
    assert cells["partner"].to_dict() == {"MFN": ["WLD"], "preferential": ["CAN"]}
    assert cells["rate_pct"].to_dict() == {"MFN": [2.5], "preferential": [2.5]}


def outlook(value: str) -> Reply:
    """Synthetic WEO 2023 to 2029, the last actual year being 2024; one value throughout."""
    years = [str(year) for year in range(2023, 2030)]
    names = {"COUNTRY": ["CAN", "G001", "KOS"], "INDICATOR": ["NGDPD", "NGDP_RPCH"],
             "FREQUENCY": ["A"]}  # fmt: skip
    series = {
        f"{i}:{j}:0": {"attributes": [0], "observations": {str(k): [value] for k in range(7)}}
        for i in range(3) for j in range(2)
    }  # fmt: skip

    def listed(name: str, values: list[str]) -> dict[str, object]:
        return {"id": name, "values": [{"id": value} for value in values]}

    structure = {
        "dimensions": {"series": [listed(*item) for item in names.items()],
                       "observation": [listed("TIME_PERIOD", years)]},
        "attributes": {"series": [listed("LATEST_ACTUAL_ANNUAL_DATA", ["2024"])],
                       "observation": []},
    }  # fmt: skip
    return Reply(
        json={"structure": structure, "dataSets": [{"action": "Replace", "series": series}]}
    )


def test_a_new_edition_of_projections_replaces_the_old_whole(
    server: Server, tmp_path: Path
) -> None:
    """Settled and open years are of one edition, which may be revised as a whole."""
    for value in ("7", "9"):
        server.route("/data/dataflow", lambda _, said=value: outlook(said))
        fetch(tmp_path, "CAN", ["imf"], tuple(range(2020, 2026)), refresh=True)
        held = pd.read_parquet(snapshot.find(tmp_path, "imf")[0].path)
        assert not held.duplicated(["economy", "indicator", "period"]).any()
        growth = held[held["indicator"] == "gdp_growth_pct"]
        assert set(growth["value"]) == {float(value)}
        assert len(growth) == 2 * 7


def test_projections_are_flagged_and_groups_left_out(server: Server, tmp_path: Path) -> None:
    server.route("/data/dataflow", lambda _: outlook("7"))
    fetch(tmp_path, "CAN", ["imf"])
    build.build(tmp_path)
    ahead = macro("gdp_growth_pct", projections=True, data_dir=tmp_path)
    assert set(ahead["economy"]) == {"CAN", "XKX"}
    flags = ahead[ahead["economy"] == "CAN"].set_index("period")["is_projection"]
    assert flags.to_dict() == {str(y): y > 2024 for y in range(2023, 2030)}
    facts = macro("gdp_current_usd", "CAN", data_dir=tmp_path)
    assert facts["period"].max() == "2024"


def test_real_distances_through_http_make_no_new_vintage(
    server: Server, tmp_path: Path, shared: Path, root: Path
) -> None:
    from shutil import copytree

    copytree(root / "data/raw/cepii_geodist", tmp_path / "raw/cepii_geodist")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as opened:
        opened.write(shared / "data/dist_cepii.dta", "dist_cepii.dta")
    server.add("/distance/dist_cepii.zip", body=packed.getvalue(), content_type="application/zip")
    (done,) = fetch(tmp_path, "CAN", ["cepii_geodist"])
    assert (done.vintage, done.rows) == (None, 224 * 224)


def released(day: str) -> Reply:
    return Reply(
        json={"data": [{"reporterCode": 392, "period": 2023, "classificationCode": "H6",
                        "lastReleased": f"{day}T11:26:10.1766667"}]}
    )  # fmt: skip


def test_with_a_key_only_new_or_revised_years_are_asked_for(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMTRADE_KEY", "0123456789abcdef")
    server.route("/data/v1/get/", Comtrade())
    server.route("/data/v1/getDa/", lambda _: released("2024-05-03"))
    (done,) = fetch(tmp_path, "JPN", ["comtrade"])
    assert "not published yet, not asked for: 2024" in done.describe()
    asked = [r for r in server.requests if "/get/" in r.path]
    assert {r.query["period"] for r in asked} == {"2023"}
    (again,) = fetch(tmp_path, "JPN", ["comtrade"])
    assert again.asked == 0
    # A release after the kept answers, told by a list that is asked for anew.
    for kept in (answers_dir(tmp_path) / "comtrade").glob("*/*.gz"):
        if b"getDa" in gzip.decompress(kept.read_bytes())[:200]:
            kept.unlink()
    tomorrow = datetime.fromtimestamp(datetime.now(UTC).timestamp() + 86_400, UTC).date()
    server.route("/data/v1/getDa/", lambda _: released(tomorrow.isoformat()))
    (revised,) = fetch(tmp_path, "JPN", ["comtrade"])
    assert revised.asked == 1 + len(asked)


def test_where_the_list_is_not_given_everything_is_asked_for(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMTRADE_KEY", "0123456789abcdef")
    server.route("/data/v1/get/", Comtrade())
    server.route("/data/v1/getDa/", lambda _: Reply(json={"data": [{"reporterCode": 392}]}))
    (done,) = fetch(tmp_path, "JPN", ["comtrade"])
    assert "what is new is not told (comtrade: the answer has no field 'period'" in done.describe()
    (held,) = snapshot.find(tmp_path, "comtrade")
    assert set(pd.read_parquet(held.path)["period"]) == {"2023", "2024"}


def test_comtrade_by_name_also_for_those_who_have_a_home(server: Server, tmp_path: Path) -> None:
    server.route("/public/v1/preview", Comtrade())
    fetch(tmp_path, "USA,CAN,DEU", ["comtrade"], (2023,))
    (held,) = snapshot.find(tmp_path, "comtrade")
    assert set(pd.read_parquet(held.path)["reporter"]) == {"USA", "CAN", "DEU"}
