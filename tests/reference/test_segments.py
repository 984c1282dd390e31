"""The segment file: what it promises to everybody who adds up codes."""

import importlib.util
import re
import subprocess
import sys

import pandas as pd
import pytest

from marketintel.errors import ReferenceFileError, UsageError
from marketintel.reference.hs import REVISIONS
from marketintel.reference.segments import Segments, load_segments

IDS = [
    "lasers", "optics", "fibre_comms", "opto_semis", "photovoltaics", "imaging", "sporting_optics",
    "metrology", "medical", "lighting", "displays", "semi_equipment", "microwave", "laser_machines",
    "materials",
]  # fmt: skip
# Codes that would carry a headline they have no right to (methods, "catch-alls").
NEVER_CORE = [
    "851762", "901890", "848620", "848640", "854233", "902519", "381800", "940511", "851580",
    "852589", "854140", "940541", "940542",
]  # fmt: skip


@pytest.fixture(scope="module")
def segments() -> Segments:
    return load_segments()


@pytest.fixture(scope="module")
def us_2024(shared) -> pd.Series:
    """US imports for consumption in 2024 by HS6, USD."""
    table = pd.read_parquet(shared / "data" / "us_census_imports_hs6_2024_2025.parquet")
    return table[table["year"] == 2024].groupby("hs6")["con_imports_usd"].sum()


def test_the_fifteen_segments(segments):
    assert list(segments.names()) == IDS


@pytest.mark.parametrize("revision", REVISIONS)
def test_no_code_twice_in_a_revision(segments, revision):
    frame = segments.frame(revision)
    assert not frame["cmd_code"].duplicated().any()
    assert frame["cmd_code"].str.fullmatch(r"\d{6}").all()
    assert set(frame["scope"]) == {"core", "broad", "neighbour"}
    assert (frame["share"] == frame["scope"].ne("broad").astype(float)).all()


def test_neighbours_are_whole_segments(segments):
    """Microwave, radar, coaxial cable and machines for semiconductors are in no photonics sum."""
    near = {segment.id for segment in segments if segment.own == "neighbour"}
    assert near == {"microwave", "semi_equipment"}
    for revision in REVISIONS:
        frame = segments.frame(revision)
        assert set(frame.loc[frame["scope"] == "neighbour", "segment"]) <= near
        assert not set(frame.loc[frame["scope"] == "core", "segment"]) & near


def test_catch_alls_are_never_core(segments):
    for revision in REVISIONS:
        frame = segments.frame(revision).set_index("cmd_code")["scope"]
        assert set(frame.reindex(NEVER_CORE).dropna()) <= {"broad"}
    assert "901210" not in segments.frame()["cmd_code"].tolist()  # electron microscopes


def test_numbers_that_changed_meaning_keep_to_their_revision(segments):
    """852491 was recorded media and 848510 ships' propellers before HS2022."""
    for revision in REVISIONS[:-1]:
        codes = set(segments.frame(revision)["cmd_code"])
        assert not codes & {"852491", "852499", "848510", "848590"}


def test_optical_devices_are_broad_while_they_held_liquid_crystal_panels(segments):
    for revision in REVISIONS:
        scope = segments.frame(revision).set_index("cmd_code")["scope"]
        assert scope["901380"] == ("core" if revision == "HS2022" else "broad")


def test_leds_and_photovoltaics_are_one_family_before_2022(segments):
    family = next(f for f in segments.families if f.id == "photosensitive_semis")
    assert family.codes["HS2017"] == ["854140"]
    assert family.segments == ["opto_semis", "photovoltaics"]
    assert segments["photovoltaics"].cmd_codes("HS2017") == []
    assert segments["opto_semis"].cmd_codes("HS2017", "broad")[0] == "854140"


def test_every_segment_says_what_it_is(segments):
    for segment in segments:
        assert segment.note and segment.themes and segment.applications
        assert segment.cmd_codes(scope=segment.own), segment.id


def test_asking_by_name_and_the_nearest_id(segments):
    assert segments["Photonic materials"].id == "materials"
    with pytest.raises(UsageError, match="did you mean lasers"):
        segments.resolve("lazer")
    with pytest.raises(UsageError, match="HS2023"):
        segments.frame("HS2023")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("leds", "opto_semis"),
        ("LED", "opto_semis"),
        ("laser diode", "opto_semis"),
        ("Laser", "lasers"),
        ("fiber", "fibre_comms"),
        ("photonic material", "materials"),
        ("Laser-machines", "laser_machines"),
    ],
)
def test_a_segment_is_found_in_any_case_and_number(segments, asked, meant):
    assert segments.resolve(asked) == meant


@pytest.mark.parametrize("asked", ["semiconductor", "semi", "", "s", "photonic"])
def test_what_may_mean_two_segments_is_not_guessed(segments, asked):
    with pytest.raises(UsageError):
        segments.resolve(asked)


def test_breaks_name_code_revision_and_reason(segments):
    breaks = {c.cmd_code: c.breaks for segment in segments for c in segment.codes if c.breaks}
    assert "8524" in breaks["901380"]["HS2022"]


def test_light_enough_for_help():
    code = (
        "import sys, time; from marketintel.reference.segments import load_segments;"
        "load_segments().names(); assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_broken_file_is_refused_with_its_first_mistake(tmp_path):
    path = tmp_path / "segments.toml"
    path.write_text("[lasers]\nname = 3\n", encoding="utf-8")
    with pytest.raises(ReferenceFileError, match=r"segments\.toml:1: .*mistakes in all"):
        load_segments(path)


def test_every_code_is_in_the_un_list(segments, shared):
    """The UNSD correlation tables, which did not feed hs_codes.csv, know every code."""
    table = pd.read_parquet(shared / "data" / "hs_correlations_unsd.parquet")
    after = table["code.after"].astype(str).str.zfill(6)
    before = table["code.before"].astype(str).str.zfill(6)
    step = table["adjustment"].str.extract(r"(\d{4}) to (\d{4})")
    for revision in REVISIONS:
        known = set(after[step[0] == revision[2:]]) | set(before[step[1] == revision[2:]])
        missing = set(segments.frame(revision)["cmd_code"]) - known
        assert not missing, (revision, missing)


def test_origins_follow_the_un_correlation(segments, shared):
    """Each `from` code is one that UNSD correlates with the code at its first revision."""
    table = pd.read_parquet(shared / "data" / "hs_correlations_unsd.parquet")
    pairs = set(
        zip(
            table["adjustment"].str[:4],
            table["code.after"].astype(str).str.zfill(6),
            table["code.before"].astype(str).str.zfill(6),
            strict=True,
        )
    )
    for segment in segments:
        for code in segment.codes:
            for origin in code.came_from:
                assert (code.since[2:], code.cmd_code, origin) in pairs, (code.cmd_code, origin)


def test_figures_quoted_as_reasons_are_those_of_the_data(segments, us_2024):
    """ "… of 1,368.7 million USD" and "one line: 548.3 million USD" are the code's imports."""
    checked = 0
    for segment in segments:
        for code in segment.codes:
            if code.until != "HS2022" or "in all" in code.reason:
                continue
            quoted = re.findall(r"(?:\bof|:|;|line,|,) ([\d,]+\.\d) million USD", code.reason)
            value = f"{us_2024.get(code.cmd_code, 0) / 1e6:,.1f}"
            if quoted:
                assert value in quoted, (code.cmd_code, value, quoted)
                checked += 1
    assert checked > 30


@pytest.fixture(scope="module")
def evidence(root, shared) -> tuple[dict[str, pd.DataFrame], str]:
    """What scripts/segment_evidence.py prints, and the documentation that cites it."""
    spec = importlib.util.spec_from_file_location("e", root / "scripts" / "segment_evidence.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    frames = [
        pd.read_parquet(shared / "data" / f"us_census_{name}.parquet")
        for name in (
            "imports_hts10_photonics_2024_2025", "hts10_concordance_2022",
            "imports_hs6_2024_2025",
        )
    ]  # fmt: skip
    tables = dict(script.tables(*frames))
    text = (root / "docs" / "segments.md").read_text(encoding="utf-8")
    for title in ("What it adds up to", "The opto-electronics flag, by segment",
                  "Flagged, in no segment"):  # fmt: skip
        assert "\n".join(script.markdown(tables[title])) in text, title
    return tables, text


def test_the_totals_in_the_documentation_are_those_of_the_data(segments, shared, evidence):
    table = pd.read_parquet(shared / "data" / "us_census_imports_hs6_2024_2025.parquet")
    usd = table.groupby(["year", "hs6"])["con_imports_usd"].sum() / 1e6
    totals = dict.fromkeys((2024, 2025), 0.0)
    for segment in segments:
        row = re.search(rf"^\| {segment.id} \| (.*) \|$", evidence[1], flags=re.MULTILINE)
        written = [float(cell.replace(",", "")) for cell in row.group(1).split(" | ")]
        computed = [
            usd[year].reindex(segment.cmd_codes(scope=scope)).sum()
            for scope in (segment.own, "broad")
            for year in (2024, 2025)
        ]
        assert written == pytest.approx(computed, abs=0.06), segment.id
        if segment.own == "core":
            totals = {y: totals[y] + v for y, v in zip(totals, computed, strict=False)}
    assert totals[2024] == pytest.approx(39_573.6, abs=0.1)
    assert totals[2025] == pytest.approx(32_145.4, abs=0.1)


def test_flag_and_scope_add_up_to_each_segment(segments, evidence):
    """Flagged and unflagged own codes are the segment's sum; the flag leaves out LEDs and chips."""
    flag = evidence[0]["The opto-electronics flag, by segment"].set_index("segment")
    sums = evidence[0]["What it adds up to"].set_index("segment")["own 2024"]
    both = flag["own and flagged"] + flag["own, not flagged"]
    assert both.to_dict() == pytest.approx(sums.reindex(both.index).to_dict(), abs=0.11)
    assert "854141" in flag.loc["opto_semis", "of these"]
    listed = flag["of these"].str.findall(r" ([\d,.]+\d)(?:,|$)")
    assert all(
        sum(float(v.replace(",", "")) for v in values) == pytest.approx(left, abs=0.5)
        for values, left in zip(listed, flag["own, not flagged"], strict=True)
    )


def test_shares_by_line_quoted_in_the_segments_file(segments, evidence):
    """940542: 45 % base metal, 34 % other, 19 % sets; 8541.49.10: 232.0 of 236.5 from Italy."""
    lines = evidence[0]["Lines"].set_index("line")["% 2024"]
    assert lines[["9405426000", "9405428440", "9405428410"]].round().tolist() == [45, 34, 19]
    italy = evidence[0]["Imports from Italy in 854149"].set_index("line")["2025"]
    assert (italy["85414910"], italy.sum()) == (232.0, pytest.approx(236.5))
    sport = evidence[0]["Imaging and sporting optics"].groupby("segment")["2025"].sum()
    assert 100 * sport["sporting_optics"] / sport.sum() == pytest.approx(77, abs=0.5)
