"""Which headings may speak for a segment: figures from data, verdicts from the rule."""

import importlib.util
import os
import shutil

import pandas as pd
import pytest

from marketintel.reference.files import REFERENCE_DIR
from marketintel.reference.headings import Heading, Rule, load_headings
from marketintel.reference.priorities import load_priorities
from marketintel.reference.segments import load_segments

RULE = Rule(
    min_cover=0.60,
    min_years=8,
    first_year=1995,
    last_year=2023,
    cover_source="us_census_imports",
    series_source="atlas_world_exports",
)


def heading(cover: float, breaks: dict[int, str], **more: str) -> Heading:
    shares = {"cover_2024": {"x": cover}, "cover_2025": {"x": cover}, "weight_2024": {"x": 1.0}}
    since = {str(year): reason for year, reason in breaks.items()}
    return Heading(heading="9999", title="t", rule=RULE, breaks=since, **shares, **more)


def test_the_rule_at_its_edges():
    assert heading(0.60, {}).speaks_for("x")
    assert not heading(0.599, {}).speaks_for("x")
    assert heading(1.0, {2016: "a"}).speaks_for("x")  # 2016 … 2023 are eight years
    assert not heading(1.0, {2017: "a"}).speaks_for("x")
    assert not heading(1.0, {}, unusable="something else").speaks_for("x")
    assert not heading(1.0, {}).speaks_for("y")


def test_the_last_break_counts_and_the_verdict_says_why():
    late = heading(0.3, {2007: "early", 2022: "late"})
    assert late.usable_from == 2022 and late.years == 2
    assert "30% of the heading" in late.verdict("x") and "late" in late.verdict("x")
    assert late.name == "world exports of heading 9999"


def test_verdicts_of_the_shipped_file():
    headings = load_headings()
    speaking = {s: [h.heading for h in headings.speaking_for(s)] for s in load_segments().names()}
    assert {s: found for s, found in speaking.items() if found} == {
        "optics": ["9002"],
        "sporting_optics": ["9005"],
        "materials": ["7014"],
    }
    broken = ["8524", "8525", "8517", "8486", "9013", "8456", "9011"]
    assert not any(headings[b].speaks_for(s) for b in broken for s in headings[b].cover)


def test_a_file_is_read_once_until_it_changes(tmp_path):
    assert load_headings() is load_headings() and load_priorities() is load_priorities()
    for name in ("headings.toml", "segments.toml"):
        shutil.copy(REFERENCE_DIR / name, tmp_path / name)
    file = tmp_path / "headings.toml"
    before = load_headings(file).rule.min_cover
    file.write_text(file.read_text().replace("min_cover = 0.6", "min_cover = 0.7"))
    os.utime(file, ns=(1, 1))
    assert before == 0.6 and load_headings(file).rule.min_cover == 0.7


def test_every_heading_with_core_codes_is_a_candidate():
    core = load_segments().frame().query("scope != 'broad'")
    pairs = set(zip(core["segment"], core["cmd_code"].str[:4], strict=True))
    headings = list(load_headings())
    assert {(segment, h.heading) for h in headings for segment in h.cover} == pairs
    for segment in core["segment"].unique():
        assert sum(h.weight.get(segment, 0) for h in headings) == pytest.approx(1, abs=0.01)


def test_the_figures_are_those_of_the_imports(root, shared):
    spec = importlib.util.spec_from_file_location("cover", root / "scripts" / "headings_cover.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    imports = pd.read_parquet(shared / "data" / "us_census_imports_hs6_2024_2025.parquet")
    fresh = script.figures(imports)
    text = script.TARGET.read_text(encoding="utf-8")
    assert script.missing(text, fresh) == []
    assert script.rewrite(text, fresh) == text
    # One by hand: lasers in heading 9013.
    year = imports[imports["year"] == 2024]
    part = year.loc[year["hs6"] == "901320", "con_imports_usd"].sum()
    whole = year.loc[year["hs6"].str.startswith("9013"), "con_imports_usd"].sum()
    assert fresh["9013", "cover_2024"]["lasers"] == pytest.approx(part / whole, abs=6e-4)


def test_a_heading_that_speaks_has_no_undeclared_jump(shared):
    """Its share of world exports moves by no more than 30 % a year on the basis used."""
    world = pd.read_parquet(shared / "data" / "atlas_hs92_world_hs4_1995_2023.parquet")
    world["value"] = pd.to_numeric(world["world_export_value"])
    world["year"] = world["year"].astype(int)
    share = world.pivot_table(index="product_code", columns="year", values="value")
    share = share.div(share.sum(), axis=1)
    shocks = {2009, 2020}
    for h in load_headings():
        if any(h.speaks_for(segment) for segment in h.cover):
            change = share.loc[h.heading].pct_change().abs()
            later = change[(change.index > h.usable_from) & ~change.index.isin(shocks)]
            assert later.max() <= 0.30, (h.heading, later.idxmax(), later.max())
