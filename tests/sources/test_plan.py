"""From a plan to snapshots to tables: what is asked, what is kept, what is replaced.

Fixtures: synthetic, in the form of each provider.
"""

import gzip
import importlib.util
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from marketintel.cli.fetch import fetch, parse_years
from marketintel.errors import SourceError, UsageError
from marketintel.sources import snapshot
from marketintel.sources.catalogue import sources
from marketintel.sources.fetch import answers_dir, execute
from marketintel.sources.merging import merge
from marketintel.sources.plan import Plan, plan
from tests.sources.providers import Comtrade, Months
from tests.sources.server import FakeClock, Reply, Request, Server

KEY = "0123456789abcdef+/Z"
CODES = ["900110", "901320"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as running:
        for source in ("COMTRADE", "CENSUS", "WORLDBANK", "BACI"):
            monkeypatch.setenv(f"MARKETINTEL_{source}_URL", running.url)
            monkeypatch.setenv(f"MARKETINTEL_{source}_INTERVAL_S", "0")
        monkeypatch.setenv("CENSUS_KEY", "k" * 40)
        running.route("/public/v1/preview", Comtrade())
        running.route("/public/v1/getDa", lambda _: Reply(json={"count": 0, "data": []}))
        running.route("/country", lambda _: Reply(json=[{"pages": 0}, None]))
        running.route("/data/timeseries", lambda _: Reply(204))
        yield running


def make(
    data: Path, targets: str = "CAN", years: range = range(2023, 2025), **options: object
) -> Plan:
    sources = options.pop("sources", ["comtrade"])
    return plan(
        targets.split(","), CODES, list(years), answers_dir(data),
        sources=sources, this_year=2026, **options,  # type: ignore[arg-type]
    )  # fmt: skip


def run(made: Plan, data: Path) -> str:
    (outcome,) = execute(made, data, clock=FakeClock())
    assert outcome.error is None
    return outcome.vintage or "nothing new"


def test_the_plan_says_what_it_would_ask_before_it_asks(server: Server, tmp_path: Path) -> None:
    made = make(tmp_path, "USA,CAN,DEU,JPN,XKX", range(2022, 2026), sources=[])
    said = "\n".join(made.describe())
    assert [s.source for s in made.steps] == [
        *["statcan_cimt"] * 2, *["comext"] * 6, *["worldbank"] * 2, *["wits"] * 8, "imf",
        *["ecb"] * 2, "cepii_geodist", *["comtrade"] * 2, *["us_census_imports"] * 2,
        *["us_census_exports"] * 2,
    ], "by rank, those without a key first"  # fmt: skip
    assert "exports of the EU's members to USA, CAN, JPN, XKX, 2 codes, 2022–2024, yearly" in said
    assert "us_census_imports: imports of the USA, 2 codes, 2022–2024, monthly: 36 requests" in said
    assert "statcan_cimt: imports and exports of CAN, 2 codes, 2022–2024, monthly" in said
    assert "comext: trade of DEU, 2 codes, 2022–2024: 1 requests" in said
    assert "comtrade: trade of JPN, 2 codes, 2022–2024" in said
    assert "without COMTRADE_KEY (500 rows a request)" in said
    assert f"to ask: {sum(s.requests for s in made.steps)} requests, about" in said
    assert said.count("comtrade: XKX does not report there") == 1
    ages = {s.source: s.max_age_s for s in made.steps}
    assert [s.max_age_s for s in made.steps if s.source == "ecb"] == [None, 7 * 86_400]
    assert ages["imf"] == 7 * 86_400, "2025 and projections may still be revised"
    assert ages["cepii_geodist"] is None, "distances may not"
    assert server.requests == []
    assert not (tmp_path / "raw").exists()


def test_counts_are_what_is_then_asked(server: Server, tmp_path: Path) -> None:
    made = make(tmp_path, "CAN,JPN")
    run(made, tmp_path)
    assert len(server.requests) == sum(step.requests for step in made.steps) == 6


def test_a_request_that_several_targets_share_is_counted_once(
    server: Server, tmp_path: Path
) -> None:
    """The members of the EU have one tariff."""
    made = make(tmp_path, "DEU,FRA,SWE", sources=["wits"])
    mfn = [step for step in made.steps if step.what.startswith("MFN")]
    assert [step.requests for step in mfn] == [2, 0, 0]
    said = made.describe()
    assert "MFN tariffs of SWE, 2 codes, 2023–2024: no further requests" in "\n".join(said)
    assert f"to ask: {sum(step.requests for step in made.steps)} requests" in "\n".join(said)


def test_a_second_run_asks_nothing_and_makes_no_vintage(server: Server, tmp_path: Path) -> None:
    first = run(make(tmp_path), tmp_path)
    asked = len(server.requests)
    again = make(tmp_path)
    assert "3 requests (3 already answered)" in again.describe()[0]
    assert run(again, tmp_path) == "nothing new"
    assert len(server.requests) == asked
    assert run(make(tmp_path, refresh=True), tmp_path) == "nothing new", "same answers, same bytes"
    assert len(server.requests) == 2 * asked - 1, "the list of releases holds for twelve hours"
    assert [s.meta.vintage for s in snapshot.list_snapshots(tmp_path)] == [first]


def test_a_wider_run_asks_only_for_what_is_new_and_keeps_the_rest(
    server: Server, tmp_path: Path
) -> None:
    first = run(make(tmp_path), tmp_path)
    asked = len(server.requests)
    second = run(make(tmp_path, "JPN"), tmp_path)
    assert len(server.requests) == asked + 3
    assert second == f"{first}.02"
    (held,) = snapshot.find(tmp_path, "comtrade")
    assert held.meta.vintage == second
    frame = pd.read_parquet(held.path)
    assert set(frame["reporter"]) == {"CAN", "JPN"}
    assert set(frame["partner"]) == {"WLD", "CHN", "DEU", "JPN"}


def test_what_cannot_be_a_partner_is_said_and_stays_in_the_total(
    server: Server, tmp_path: Path
) -> None:
    (outcome,) = execute(make(tmp_path), tmp_path, clock=FakeClock())
    assert "8 rows with unspecified partners" in outcome.describe()


def test_comtrade_stays_local_and_cites_its_terms(server: Server, tmp_path: Path) -> None:
    run(make(tmp_path), tmp_path)
    (held,) = snapshot.find(tmp_path, "comtrade")
    assert "may not be passed on" in held.meta.licence
    assert held.meta.parameters["codes"] == CODES
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    done = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain", "-uall"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "", "neither answers nor snapshot can be committed by accident"


def test_silence_deletes_nothing() -> None:
    def rows(*cells: tuple[str, str, float]) -> pd.DataFrame:
        return pd.DataFrame(cells, columns=["period", "cmd_code", "value_usd"])

    before = rows(("2023", "901320", 1), ("2024", "901320", 2), ("2024", "900110", 3))
    new = rows(("2024", "901320", 20))
    whole = merge(before, new, ("period",), {"901320"})
    assert whole.to_dict("split")["data"] == [
        ["2024", "900110", 3], ["2023", "901320", 1], ["2024", "901320", 20]]  # fmt: skip


def test_a_source_that_fails_does_not_stop_the_others(server: Server, tmp_path: Path) -> None:
    server.route("/public/v1/preview", lambda _: Reply(400, json={"message": "no"}))
    server.route(
        "/country/all/indicator/SP.POP",
        lambda _: Reply(json=[{"pages": 1}, [macro("CAN"), macro("WLD")]]),
    )
    made = make(tmp_path, sources=["comtrade", "worldbank"])
    good, bad = execute(made, tmp_path, clock=FakeClock())
    assert isinstance(bad.error, SourceError)
    assert "HTTP 400: no" in bad.describe()
    assert (good.error, good.rows) == (None, 1)


def macro(iso3: str) -> dict[str, object]:
    return {"indicator": {"id": "SP.POP.TOTL"}, "country": {"id": iso3}, "countryiso3code": iso3,
            "date": "2023", "value": 5.0, "unit": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "years"),
    [("2024", [2024]), ("2015-2017", [2015, 2016, 2017]), ("2022,2024", [2022, 2024])],
)
def test_years(text: str, years: list[int]) -> None:
    assert parse_years(text) == years


@pytest.mark.parametrize("text", ["2025-2015", "lately", "24", "2024-", ""])
def test_years_that_are_not_understood(text: str) -> None:
    with pytest.raises(UsageError, match="is not understood"):
        parse_years(text)


def test_unknown_sources_and_empty_plans(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown source 'comtrad'"):
        make(tmp_path, sources=["comtrad"])
    with pytest.raises(UsageError, match="has nothing about CAN"):
        make(tmp_path, sources=["us_census_imports"])


def test_years_whose_hs_revision_is_unknown_are_refused_before_asking(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no data before 2010"):
        make(tmp_path, "USA", range(1994, 1997), sources=["us_census_imports"])
    assert server.requests == []


def test_every_source_states_its_terms_in_a_form_that_the_wheel_can_read(root: Path) -> None:
    """``hatch_build.py`` reads the declarations without importing them."""
    spec = importlib.util.spec_from_file_location("hatch_build", root / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    known = sources()
    read = module.redistributable(root / "marketintel/sources/providers")
    assert read == {name for name, source in known.items() if source.redistributable}
    assert not known["atlas_world_exports"].redistributable
    assert len({source.rank for source in known.values()}) == len(known)
    for source in known.values():
        assert source.producer and source.title and source.licence
        assert source.citation.endswith((".", ")")) and source.licence_url.startswith("https://")
        assert all(quirk.endswith(".") for quirk in source.quirks)
        if source.provider:
            assert source.file and source.groups


# --- the command -----------------------------------------------------------------------------

app = typer.Typer()
app.command()(fetch)


def command(data: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words, "--data", str(data)])
    return done.exit_code, done.output + str(done.exception or "")


def test_dry_run_stops_before_the_first_request(server: Server, tmp_path: Path) -> None:
    code, said = command(tmp_path, "comtrade", "--for", "Canada", "--segments", "lasers",
                         "--years", "2023", "--dry-run")  # fmt: skip
    assert code == 0
    assert "comtrade: trade of CAN" in said
    assert server.requests == []
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_in_no_output_and_no_file(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMTRADE_KEY", KEY)
    seen = 0

    def echo(request: Request) -> Reply:
        nonlocal seen
        seen += 1
        key = request.headers["Ocp-Apim-Subscription-Key"]
        good = Comtrade()(request).json
        if seen != 2:
            return Reply(json=good | {"validation": f"your key {key}"})
        return Reply(403, json={"message": f"Quota of key {key} is used up."})

    server.route("/data/v1/get/", echo)
    words = ("comtrade", "--for", "CAN,JPN", "--segments", "lasers", "--years", "2023")
    code, said = command(tmp_path, *words)
    assert code == 1
    assert "Quota of key *** is used up" in said
    assert "run the same command again to go on" in said
    code, later = command(tmp_path, *words)
    assert code == 0, "an echo of the key beside good rows does not stop a fetch"
    said += later
    assert snapshot.list_snapshots(tmp_path), "and a sidecar is written"
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert any(p.suffix == ".gz" for p in files), "the first answer was kept"
    texts = [
        gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in files
    ]
    assert not any(KEY.encode() in text for text in texts)
    assert KEY not in said


def test_real_us_figures_through_http_are_those_of_the_starter_data(
    server: Server, tmp_path: Path, shared: Path, root: Path
) -> None:
    """fetch → snapshot → build → query gives what the shipped snapshot gives."""
    from marketintel.warehouse.build import build
    from marketintel.warehouse.flows import flows

    yearly = pd.read_parquet(shared / "data/us_census_imports_hs6_2024_2025.parquet")
    server.route("/data/timeseries/intltrade/imports", Months(yearly))
    words = (
        "us_census_imports",
        "--for",
        "USA",
        "--segments",
        "lasers,optics",
        "--years",
        "2024-2025",
    )
    code, said = command(tmp_path, *words)
    assert code == 0, said
    build(tmp_path)
    keys = ["segment", "scope", "partner", "cmd_code", "period"]

    def answer(data: Path) -> pd.DataFrame:
        frame = flows(reporter="USA", segments=["lasers", "optics"], data_dir=data)
        return frame.sort_values(keys, ignore_index=True)

    found, starter = answer(tmp_path), answer(root / "data")
    pd.testing.assert_frame_equal(found, starter[starter["period"].isin(["2024", "2025"])])
    lasers = found[found["cmd_code"] == "901320"].groupby("period")["duties_usd"].sum()
    assert lasers.to_dict() == {"2024": 6_384_785, "2025": 94_067_677}


def test_a_fetch_on_top_of_the_starter_data_replaces_only_what_was_asked(
    server: Server, tmp_path: Path, shared: Path, root: Path
) -> None:
    from shutil import copytree

    copytree(root / "data/raw/us_census_imports", tmp_path / "raw/us_census_imports")
    (before,) = snapshot.find(tmp_path, "us_census_imports")
    yearly = pd.read_parquet(shared / "data/us_census_imports_hs6_2024_2025.parquet")
    doubled = yearly.assign(duties_usd=yearly["duties_usd"] * 2)  # a revision, so to speak
    server.route("/data/timeseries/intltrade/imports", Months(doubled))
    made = make(tmp_path, "USA", range(2025, 2026), sources=["us_census_imports"])
    vintage = run(made, tmp_path)
    (after,) = snapshot.find(tmp_path, "us_census_imports", vintage)
    assert after.meta.parameters["built_on"] == before.meta.vintage
    old, new = pd.read_parquet(before.path), pd.read_parquet(after.path)
    assert len(old) == len(new)
    asked = new["cmd_code"].isin(CODES) & (new["period"] == "2025")
    ratio = new["duties_usd"].sum() - old["duties_usd"].sum()
    assert ratio == new.loc[asked, "duties_usd"].sum() / 2 > 0


def test_real_baci_rows_through_http_are_those_of_the_starter_data(
    server: Server, tmp_path: Path, shared: Path, root: Path
) -> None:
    """download → load → select → snapshot → build gives the shipped rows again."""
    from marketintel.warehouse.build import build
    from marketintel.warehouse.flows import flows

    rows = pd.read_parquet(shared / "data/baci_hs92_materials_1995_2024.parquet")
    packed = tmp_path / "served.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for year, part in rows[rows["t"] >= 2020].groupby("t"):
            text = part.to_csv(index=False, na_rep="NA")
            archive.writestr(f"BACI_HS92_Y{year}_V202601.csv", text)
    server.add("/DATA_DOWNLOAD/baci/data/BACI_HS92_V202601.zip", body=packed.read_bytes(),
               content_type="application/zip")  # fmt: skip
    shipped = next((root / "data/raw/baci").glob("*/*.parquet"))
    starter = pd.read_parquet(shipped)
    starter = starter[starter["period"] >= "2020"].reset_index(drop=True)

    materials = ("--segments", "materials")
    code, said = command(tmp_path, "baci", "--edition", "HS92_V202601", *materials)
    assert code == 0, said
    (held,) = snapshot.find(tmp_path, "baci")
    assert held.meta.vintage == "HS92_V202601"
    found = pd.read_parquet(held.path)
    codes = starter["cmd_code"].unique()
    of_starter = found[found["cmd_code"].isin(codes)].reset_index(drop=True)
    asked = starter[starter["cmd_code"].isin(found["cmd_code"])].reset_index(drop=True)
    assert len(asked) > 10_000
    pd.testing.assert_frame_equal(of_starter, asked[list(of_starter.columns)])
    assert [table.name for table in build(tmp_path)] == ["trade"]
    for market in ("CAN", "JPN", "CHN"):
        for side in ({"flow": "export"}, {"flow": "import", "mirror": True}):
            answers = [
                flows(reporter=market, segments="materials", source="baci", with_weights=True,
                      period=[str(year) for year in range(2020, 2025)], data_dir=data, **side)
                for data in (tmp_path, root / "data")
            ]  # fmt: skip
            of_codes = [a[a["cmd_code"].isin(set(asked["cmd_code"]))] for a in answers]
            assert len(of_codes[0]) > 50
            columns = [c for c in of_codes[0] if c != "vintage"]
            pd.testing.assert_frame_equal(
                *(frame[columns].reset_index(drop=True) for frame in of_codes)
            )
    requests = len(server.requests)
    again, said = command(tmp_path, "baci", "--edition", "HS92_V202601", *materials)
    assert len(server.requests) == requests, "a zip that is there is not fetched again"
    assert again == 0, said
    assert len(snapshot.list_snapshots(tmp_path)) == 1, "nothing new, no new vintage"


def test_baci_needs_its_zip(server: Server, tmp_path: Path) -> None:
    code, said = command(tmp_path, "baci")
    assert code == 1
    assert "--zip FILE" in said


def test_fetched_snapshots_keep_the_contracts_of_the_warehouse(
    server: Server, tmp_path: Path
) -> None:
    """The hand-over: a snapshot has every column of its table, and the rows keep its rules."""
    from marketintel.sources.feeds import table_rows

    server.route(
        "/country/all/indicator/SP.POP",
        lambda _: Reply(json=[{"pages": 1}, [macro("CAN"), macro("WLD")]]),
    )
    made = make(tmp_path, "CAN,AUS", sources=["comtrade", "worldbank"])
    execute(made, tmp_path, clock=FakeClock())
    for source, table, rows in (("comtrade", "trade", 64), ("worldbank", "macro", 1)):
        (held,) = snapshot.find(tmp_path, source)
        (feed,) = (feed for feed in sources()[source].feeds if feed.table == table)
        raw = pd.read_parquet(held.path)
        assert len(table_rows(feed, raw, held.meta, source, lambda frame, *_: frame)) == rows
