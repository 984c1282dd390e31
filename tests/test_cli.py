"""The command line as its users meet it: figures, one-line errors, exit codes."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from marketintel.cli import app as cli
from marketintel.errors import UsageError


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    """Run the command line in this process; return exit code, output and errors."""
    monkeypatch.setattr(sys, "argv", ["marketintel", *words])
    code = 0
    try:
        cli.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def marketintel(monkeypatch, capsys):
    return lambda *words: run(monkeypatch, capsys, *words)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_market_prints_the_published_figures_of_lasers(marketintel) -> None:
    code, out, _ = marketintel("market", "USA", "--code", "901320", "--format", "csv")
    assert code == 0
    found = {row["period"]: (row["value_usd"], row["duties_usd"]) for row in rows(out)}
    assert found == {"2024": ("1045527158", "6384785"), "2025": ("1029392405", "94067677")}


def test_market_by_partner_ranks_germany_first_in_2025(marketintel) -> None:
    code, out, _ = marketintel(
        "market", "USA", "--code", "901320", "--by", "partner", "--year", "2025", "-f", "csv"
    )
    assert code == 0
    found = rows(out)
    assert found[0]["partner"] == "DEU"
    assert round(int(found[0]["value_usd"]) / 1e6, 2) == 433.46
    assert round(int(found[0]["duties_usd"]) / 1e6, 2) == 40.51
    assert sum(int(row["value_usd"]) for row in found) == 1_029_392_405


def test_suppliers_of_a_segment_sum_to_the_segment_core_and_broad_apart(marketintel) -> None:
    _, total, _ = marketintel("market", "USA", "-s", "imaging", "-y", "2025", "-f", "csv")
    _, apart, _ = marketintel(
        "market", "USA", "-s", "imaging", "-y", "2025", "-b", "partner", "-f", "csv"
    )
    for row in rows(total):
        parts = [int(r["value_usd"]) for r in rows(apart) if r["scope"] == row["scope"]]
        assert sum(parts) == int(row["value_usd"])
    assert {row["scope"] for row in rows(total)} == {"core", "broad"}


def test_json_and_csv_say_the_same(marketintel) -> None:
    _, as_json, _ = marketintel("market", "USA", "-s", "lasers", "-b", "partner", "-f", "json")
    _, as_csv, _ = marketintel("market", "USA", "-s", "lasers", "-b", "partner", "-f", "csv")
    assert [(r["partner"], r["value_usd"]) for r in json.loads(as_json)] == [
        (r["partner"], int(r["value_usd"])) for r in rows(as_csv)
    ]


@pytest.mark.parametrize("group", ["EU27", "EU", "Europe", "EU27_2020"])
def test_a_group_of_partners_has_its_total_share_change_and_duty_rate(marketintel, group) -> None:
    _, text, _ = marketintel("market", "USA", "-s", "lasers", "-p", group, "-f", "csv")
    _, every, _ = marketintel("market", "USA", "-s", "lasers", "-f", "csv")
    found = [row for row in rows(text) if row["period"] == "2025"]
    whole, members = found[0], found[1:]
    assert whole["partner"] == "EU27"
    value = sum(int(row["value_usd"]) for row in members)
    assert int(whole["value_usd"]) == value
    market = {row["period"]: int(row["value_usd"]) for row in rows(every)}
    assert float(whole["share_pct"]) == pytest.approx(100 * value / market["2025"])
    before = next(int(r["value_usd"]) for r in rows(text) if r["period"] == "2024")
    assert float(whole["change_pct"]) == pytest.approx(100 * (value / before - 1))
    assert float(whole["duty_pct"]) == pytest.approx(100 * int(whole["duties_usd"]) / value)
    assert sum(float(row["share_pct"]) for row in members) == pytest.approx(
        float(whole["share_pct"])
    )


def test_any_code_of_the_market_can_be_asked_for(marketintel) -> None:
    code, out, _ = marketintel("market", "USA", "--code", "220421", "-f", "csv")
    assert code == 0
    assert {row["segment"] for row in rows(out)} == {""}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("study", "JPN", "-s", "displays"), 3, "marketintel fetch --for JPN"),
        (("study", "Atlantis"), 2, "unknown country"),
        (("study", "EU27"), 2, "is a group"),
        (("study", "USA", "--segment", "lazers"), 2, "did you mean lasers"),
        (("study", "USA", "--year", "1999"), 3, "1999"),
        (("study", "USA", "--year", "2024"), 3, "2023"),
        (
            ("study", "USA", "--exporter", "USA"),
            2,
            "market USA itself; choose a supplier from abroad, for instance --exporter EU27",
        ),
        (("study", "DEU", "--exporter", "Europe"), 2, "--exporter USA"),
        (("study", "USA", "--exporter", "nowhere"), 2, "unknown country"),
        (("market", "CAN"), 3, "marketintel fetch --for CAN"),
        (("market", "USA", "--code", "9013"), 2, "not six digits"),
        (("market", "USA", "--code", "901320", "--segment", "lasers"), 2, "choose one"),
        (("market", "USA", "--year", "2031"), 3, "2024, 2025"),
        (("market", "USA", "-s", "lasers", "-p", "CIV"), 3, "imports of USA from CIV"),
        (("market", "USA", "--partner", "USA"), 3, "imports of USA from USA"),
        (("segments", "lazers"), 2, "did you mean lasers"),
        (("segments", ""), 2, "unknown segment"),
        (("forecast", ""), 2, "an empty name"),
        (("forecast", "CHE", "-s", ","), 2, "an empty name"),
    ],
)
def test_a_mistake_gives_one_line_and_its_exit_code(
    marketintel, tmp_path, monkeypatch, words, code, said
) -> None:
    monkeypatch.chdir(tmp_path)
    found, out, err = marketintel(*words)
    assert (found, out) == (code, "")
    assert said in err
    assert err.startswith("marketintel: ") and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [], "a mistake leaves nothing behind"


def test_damaged_snapshot_is_named(marketintel, root, tmp_path) -> None:
    raw = Path("raw/us_census_imports")
    shutil.copytree(root / "data" / raw, tmp_path / raw)
    (file,) = (tmp_path / raw).rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:-100])
    code, out, err = marketintel("market", "USA", "--data", str(tmp_path))
    assert (code, out) == (4, "")
    assert file.name in err and err.count("\n") == 1


def test_missing_data_directory_is_named(marketintel, tmp_path) -> None:
    code, _, err = marketintel("market", "USA", "--data", str(tmp_path / "nothing"))
    assert code == 3 and "nothing" in err and err.count("\n") == 1


def test_check_finds_no_mistake_in_the_shipped_files(marketintel) -> None:
    code, out, err = marketintel("check")
    assert (code, err) == (0, "")
    assert "no mistake" in out


def test_check_names_file_line_and_rule(marketintel, root, tmp_path) -> None:
    reference = tmp_path / "reference"
    shutil.copytree(root / "marketintel" / "reference", reference)
    segments = reference / "segments.toml"
    text = segments.read_text(encoding="utf-8")
    line = text[: text.index('scope = "core"')].count("\n") + 1
    segments.write_text(text.replace('scope = "core"', 'scope = "cores"', 1), encoding="utf-8")
    code, _, err = marketintel("check", str(reference))
    assert code == 5
    assert f"segments.toml:{line}:" in err and "cores" in err


def test_lists_are_printed(marketintel) -> None:
    _, segments, _ = marketintel("segments", "--format", "csv")
    assert len(rows(segments)) == 15
    _, codes, _ = marketintel("segments", "Lasers", "--format", "csv")
    assert rows(codes) == [
        {"cmd_code": "901320", "scope": "core", "label": "Lasers other than laser diodes"}
    ]
    _, data, _ = marketintel("data", "--format", "csv")
    assert all(row["licence"] and row["vintage"] and int(row["rows"]) > 0 for row in rows(data))


def test_editions_with_local_figures_are_refused_for_publication(marketintel, tmp_path) -> None:
    inputs = {
        "raw/comtrade/2026-11-22/trade.parquet": "0",
        "raw/us_census_imports/x/y.parquet": "0",
    }
    (tmp_path / "run.json").write_text(
        json.dumps({"inputs": inputs, "audience": "public"}), encoding="utf-8"
    )
    code, out, err = marketintel("check", "--publish", str(tmp_path))
    assert (code, out) == (5, "")
    assert "comtrade" in err and "us_census" not in err
    run = {"inputs": {"raw/us_census_imports/x/y.parquet": "0"}}
    for audience, expected in (("public", 0), ("internal", 5), (None, 5)):
        (tmp_path / "run.json").write_text(
            json.dumps({**run, "audience": audience} if audience else run), encoding="utf-8"
        )
        assert marketintel("check", "--publish", str(tmp_path))[0] == expected
    code, _, err = marketintel("check", "--publish", str(tmp_path / "nowhere"))
    assert code == 2 and err.count("\n") == 1


@pytest.mark.parametrize("words", [("segments",), ("segments", "lasers")])
def test_a_list_of_names_loads_nothing_heavy(root, words) -> None:
    code = (
        "import sys\nfrom marketintel import cli\n"
        f"sys.argv = ['marketintel', *{words!r}]\ncli.main()\n"
    )
    code = code.replace("cli.main()", "try: cli.main()\nexcept SystemExit: pass")
    code += "print(sorted({'pandas', 'numpy', 'matplotlib', 'requests'} & set(sys.modules)))\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_a_terminal_obeys_no_control_that_data_hold(capsys) -> None:
    from marketintel.cli.tables import print_table

    print_table([{"title": "A\x1b[31m\x07\u202eevil"}])
    assert "A‹U+001B›[31m‹U+0007›‹U+202E›evil" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["mission", "USA", "-m", ""], "an empty name"),
        (["clusters", "USA", "-m", "/nowhere/members.csv"], "is no file"),
        (["needs", "/nowhere/answers.csv"], "is no file"),
        (["clusters", "--check", "."], "is no file"),
        (["study", "USA", "-s", ","], "an empty name"),
        (["market", "USA", "-s", " , "], "an empty name"),
    ],
)
def test_a_file_or_name_that_is_none_is_said_before_the_work(words, told):
    run = CliRunner().invoke(cli.app, words)
    assert isinstance(run.exception, UsageError) and told in str(run.exception)


def test_names_are_known_without_hyphens_and_accents():
    from marketintel.reference.countries import country
    from marketintel.warehouse.regions import find_region

    assert [country(name) for name in ("guinea bissau", "timor leste")] == ["GNB", "TLS"]
    assert find_region("ile de france").id == find_region("Île-de-France").id


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["study", "usa", "--year", "abc"], "'--year'"),
        (["study"], "Missing argument"),
        (["stdy", "USA"], "Did you mean 'study'"),
        (["study", "USA", "--exprter", "FRA"], "--exporter"),
        (["market", "USA", "-b", "nope"], "'partner', 'segment', 'code'"),
    ],
)
def test_a_command_written_wrongly_is_one_line(words, told):
    run = subprocess.run(
        [sys.executable, "-m", "marketintel.cli.app", *words], capture_output=True, text=True
    )
    assert run.returncode == 2 and run.stdout == ""
    (line,) = run.stderr.splitlines()
    assert line.startswith("marketintel: ") and told in line and "--help`" in line
