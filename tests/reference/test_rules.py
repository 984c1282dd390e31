"""One planted mistake of every rule in every reference file: file, line, rule and advice.

Completeness is by construction: every field of every model is broken in every way that its type
allows, every file of the directory has a check, and a trace of the hand-written plants shows that
each statement which reports a rule has been reached.
"""

import ast
import contextlib
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from marketintel.reference import (
    applications,
    brand,
    check,
    drivers,
    fields,
    headings,
    kpi_log,
    measures,
    model,
    nuts,
    own_figures,
    partnership,
    priorities,
    screening,
    segments,
)
from marketintel.reference.check import FILES, check_reference
from marketintel.reference.files import REFERENCE_DIR
from marketintel.reference.partnership import models


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A copy of the reference files, to be broken."""
    return shutil.copytree(REFERENCE_DIR, tmp_path_factory.mktemp("rules") / "reference")


@contextlib.contextmanager
def replaced(path, content):
    """Put other content in a file, and the old one back."""
    before = path.read_bytes()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        yield
    finally:
        path.write_bytes(before)


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def broken(home, file, content):
    with replaced(home / file, content):
        return FILES[file](home / file).problems


def test_examples_are_refused_where_members_are_asked_for(home):
    for file, check_form in (
        ("cluster_members_template.csv", partnership.check_members),
        ("needs_template.csv", partnership.check_survey),
    ):
        assert {p.rule for p in check_form(home / file, home).problems} == {"example-row"}


def test_every_file_has_a_check_and_no_mistake():
    files = {p.name for p in REFERENCE_DIR.iterdir() if p.suffix in (".csv", ".toml", ".json")}
    # Figures that a benchmark writes and no hand edits; a test computes them again.
    assert files - {"reference_class.json"} == set(FILES)
    assert check_reference() == []


# Rules that a model or a check states --------------------------------------------------------------

ADD = "add it"
#: file, text that is there, text that is put there, rule, advice, text at whose line it is named
#: (default: where the texts begin to differ).
PLANTS = [
    ("segments.toml", 'Lasers other than laser diodes"\nscope = "core"',
     'Lasers other than laser diodes"\nscope = "cor"', "unknown-scope", "mean core"),
    ("segments.toml", '"health", "comm', '"healt", "comm', "unknown-theme", "mean health"),
    ("segments.toml", '[lasers.901320]', '[lasers.9013]', "malformed-code", "write an HS6 code"),
    ("segments.toml", '[lasers.901320]', '[lasers.901321]', "code-not-in-hs", "change since or until"),
    ("segments.toml", 'from = ["854140"]', 'from = ["854141"]', "code-not-in-hs", "correct the codes"),
    ("segments.toml", '[optics.900120]', '[optics.901320]', "code-twice", "remove one"),
    ("segments.toml", 'reason = "Optical, but bought', '# reason = "Optical, but bought',
     "broad-needs-reason", "give the reason", "[optics.900130]"),
    ("segments.toml", 'from = ["854140"]', 'share = 0\nfrom = ["854140"]', "share", "leave it out"),
    ("segments.toml", 'from = ["854140"]', 'share = 0.5\nfrom = ["854140"]', "share", "script"),
    ("segments.toml", 'from = ["854140"]', 'share = 1.5\nfrom = ["854140"]', "range", "at most 1"),
    ("segments.toml", 'until = "HS2017"', 'until = "HS1988"', "unknown-revision", "mean HS19"),
    ("segments.toml", 'since = "HS2022"\nfrom', 'since = "HS2022"\nuntil = "HS1992"\nfrom',
     "revision-order", "change one"),
    ("segments.toml", 'breaks = { HS2022 = "split from 854140" }', 'breaks = { HS1996 = "split" }',
     "revision-order", "change one", "breaks = { HS1996"),
    ("segments.toml", 'breaks = { HS2022 = "split from 854140" }', 'breaks = { HS1988 = "split" }',
     "unknown-revision", "mean HS19", "breaks = { HS1988"),
    ("segments.toml", "[optics.900120]", '[empty]\nname = "E"\nthemes = ["energy"]\n'
     'applications = ["x"]\nnote = "n"\n\n[optics.900120]', "empty-segment", "add a table", "[empty]"),
    ("segments.toml", 'scope_until = { HS2017 = "broad" }', 'scope_until = { HS2017 = "neighbour" }',
     "core-and-neighbour", "make all own codes", None),
    ("segments.toml", 'HS2017 = ["852580"]', 'HS2017 = ["901320"]', "family-code", "remove it"),
    ("segments.toml", '[families.cameras]\n', '[families.one]\nname = "o"\nsegments = ["lasers"]\n'
     'reason = "r"\nHS2022 = ["901320"]\n[families.cameras]\n', "family-code", "add the codes",
     "[families.one]"),
    ("segments.toml", "[lasers]\n", 'stray = "x"\n[lasers]\n', "unknown-key", "move it into one"),
    ("headings.toml", "first_year = 1995", "first_year = 2024", "year-order", "change one",
     "last_year"),
    ("headings.toml", "min_cover = 0.60", "min_cover = 1.60", "range", "at most 1"),
    ("headings.toml", "2010 =", "20x0 =", "break-year", "write it as 2022"),
    ("headings.toml", "2010 =", "1990 =", "break-year", "from 1995 to 2023"),
    ("headings.toml", "settled = { 2022", "settled = { 2019", "break-year", "no break of the heading"),
    ("headings.toml", "[7014]", "[70140]", "malformed-code", "write 9002"),
    ("headings.toml", "cover_2024 = { materials", "cover_2024 = { material", "unknown-segment",
     "mean materials"),
    ("headings.toml", "[rule]", "[rules]", "missing-table", ADD, "# World"),
    ("shocks.toml", 'first = "2008-10"', 'first = "2008-13"', "month", "write it as 2027-01"),
    ("shocks.toml", 'last = "2009-12"', 'last = "2007-12"', "month-order", "change first or last"),
    ("shocks.toml", '"USA-CHN", ', '"USA-CHX", ', "flow", "write USA-CHN"),
    ("shocks.toml", 'flows = "all"', 'flows = "al"', "unknown-flows", "mean all"),
    ("elasticities.toml", 'driver = "duty"', 'driver = "dutty"', "unknown-driver", "mean duty"),
    ("elasticities.toml", "std_error = ", "std_error = -", "range", "above 0"),
    ("elasticities.toml", "n_clusters = ", "n_clusters = 99999999", "n-clusters", "correct one"),
    ("elasticities.toml", 'made_by = "python ', 'made_by = "py ', "made-by", "write python"),
    ("market_notes.toml", "[USA.2025]", "[USB.2025]", "unknown-country", "mean USA", "[USB"),
    ("market_notes.toml", "[USA.2025]", "[USA.soon]", "market-year", "write [USA.2025]", "[USA.s"),
    ("screening.toml", "[indicator.demand_usd]", "[indicator.demand_us]", "unknown-indicator",
     "mean demand_usd"),
    ("screening.toml", 'side = "access"', 'side = "acces"', "unknown-side", "mean access"),
    ("screening.toml", 'better = "low"', 'better = "lo"', "unknown-better", "mean low"),
    ("screening.toml", "weight = 40", "weight = 0", "range", "above 0"),
    ("screening.toml", 'column = "gdp_usd"', 'column = "gdp"', "unknown-column", "mean gdp_usd"),
    ("screening.toml", "minimum = 500_000\n", "", "limits", "give one", "[filter.demand]"),
    ("screening.toml", "minimum = 500_000\n", "minimum = 500_000\nmaximum = 1\n", "limits",
     "change one", "maximum = 1"),
    ("screening.toml", "[record]", "[records]", "unknown-key", "mean record"),
    ("priorities.toml", "[criterion.size_usd]", "[criterion.size]", "unknown-criterion",
     "mean size_usd"),
    ("priorities.toml", 'better = "low"', 'better = "lower"', "unknown-better", "mean low"),
    ("priorities.toml", "weight = 20", "weight = 0", "range", "above 0"),
    ("priorities.toml", 'strong_rca = "The', 'strong = "The', "reasons", "remove it",
     "[classes.reasons]"),
    ("priorities.toml", 'min_size_usd = "Ten', '# min_size_usd = "Ten', "reasons", "write one",
     "[classes.reasons]"),
    ("priorities.toml", "min_cover = 0.60", "min_cover = 60", "range", "at most 1"),
    ("priorities.toml", "captive_part_pct = 75", "captive_part_pct = 175", "range", "at most 100"),
    ("priorities.toml", "[reachable]", "[reach]", "unknown-key", "mean reachable"),
    ("raw_materials.toml", "[280530]", "[280539]", "code-not-in-hs", "write a code of it"),
    ("raw_materials.toml", 'segments = ["lasers"', 'segments = ["laser"', "unknown-segment",
     "mean lasers"),
    ("nontariff.csv", "USA,USA,laser safety", "USB,USA,laser safety", "unknown-country", "mean USA"),
    ("nontariff.csv", "USA,USA,laser safety", "USA,USB,laser safety", "unknown-country", "mean USA"),
    ("nontariff.csv", ",lasers;laser_machines", ",laser;laser_machines", "unknown-segment",
     "mean lasers"),
    ("applications.toml", '"lidar"', '"lidr"', "unknown-application", "mean lidar",
     "applications = ["),
    ("nontariff.csv", "http://www.fdaus.net", "https://docs.paperzz.com", "mirror",
     "who published it"),
    ("nontariff.csv", ",901320,", ",901329,", "code-not-in-hs", "correct it"),
    ("nontariff.csv", ",2018-08-29,", ",in 2018,", "ref-date", "write 2027-01"),
    ("nontariff.csv", ",,2026-11-22,", ",,22.11.2026,", "date", "write it as 2026-11-22"),
    ("nuts_regions.csv", "AT11,", "AT111,", "nuts-id", "write ITC1"),
    ("nuts_regions.csv", "2010;2013", "2011;2013", "unknown-version", "did you mean"),
    ("nuts_regions.csv", "AT12,", "AT11,", "twice", "remove one"),
    ("nace_divisions.csv", "B05,", "B5,", "division", "write C26"),
    ("nace_divisions.csv", "B06,", "B05,", "twice", "remove one"),
    ("s3_priorities.csv", "SE312,", "XX312,", "unknown-nuts", "is not known"),
    ("s3_priorities.csv", ",SE,", ",ZZ,", "unknown-country", "is not known"),
    ("s3_priorities.csv", ",before 2022,", ",earlier,", "ref-date", "write 2027-01"),
    ("regions.toml", 'country = "FRA"', 'country = "FR"', "unknown-country", "mean FRA"),
    ("regions.toml", '2013 = ["FR53"', '2013 = ["FR59"', "unknown-nuts", "did you mean"),
    ("regions.toml", '2013 = ["FR53"', '2012 = ["FR53"', "unknown-version", "did you mean"),
    ("regions.toml", '2013 = ["SE31"]\n', "", "missing-version", ADD, "[regions.SE31.nuts]"),
    ("regions.toml", "[divisions.C26]", "[divisions.C99]", "unknown-division", "did you mean"),
    ("regions.toml", 'codes = ["901820"]', 'codes = ["901829"]', "code-not-in-hs", "correct it"),
    ("brand.toml", 'primary = "#0b3954"', 'primary = "blue"', "colour", "write it as #0b3954"),
    ("brand.toml", 'accent = "#b3470b"', 'accent = "#ffaa00"', "contrast", "darker"),
    ("brand.toml", 'tint = "#eef3f6"', 'tint = "#303030"', "contrast", "paler"),
    ("brand.toml", 'logo = "logo.svg"', 'logo = "nowhere.svg"', "logo", "put an SVG"),
    ("brand.toml", 'logo = "logo.svg"', 'logo_svg = "<svg/>"', "unknown-key", "logo"),
    ("countries.csv", "DEU,276", "DEU,76", "code-length", "write 276"),
    ("countries.csv", "DEU,276", "de,276", "code-length", "write DEU"),
    ("countries.csv", ",AT,AT,", ",AUT,AT,", "code-length", "write DE"),
    ("countries.csv", "DEU,276,276,4280,", "DEU,276,276,428,", "code-length", "write 4280"),
    ("countries.csv", "DEU,276,276,4280,", "DEU,276,276,4330,", "duplicate-code", "remove one"),
    ("countries.csv", ",EU27", ",EU28", "unknown-group", "mean EU27"),
    ("countries.csv", ",ROM,", ",RO,", "code-length", "write ROM"),
    ("groups.toml", "members = 27", "members = 28", "group-size", "correct one"),
    ("groups.toml", "members = 27", "members = 0", "range", "above 0"),
    ("hs_codes.csv", "010110,HS2002,HS2007", "010110,HS2007,HS2002", "revision-order", "change one"),
    ("hs_codes.csv", "010110,HS2002", "010110,HS2003", "unknown-revision", "mean HS200"),
    ("hs_codes.csv", "010110,HS2002", "10110,HS2002", "malformed-code", "write an HS6"),
    ("hs_codes.csv", "010110,HS2002", "010111,HS1992", "twice", "remove one", "010111,HS1992,HS1996"),
    ("hs_weights.csv", "HS1992,HS1996,280450,280450,1.0", "HS1992,HS2002,280450,280450,1.0",
     "revision-order", "correct one"),
    ("hs_weights.csv", "280450,280450,1.0", "280450,280450,1.5", "range", "at most 1"),
    ("hs_weights.csv", "280450,280450,1.0", "280450,280450,one", "wrong-type", "write a number"),
    ("hs_families.csv", "HS2017,280450", "HS2017,280459", "code-not-in-hs", "correct one"),
    ("forecast_pool.json", '"vintage": "2026-11"', '"vintage": "2026"', "month", "write it as"),
    ("forecast_pool.json", '"sha256": "7', '"sha256": "', "sha256", "make it anew"),
    ("forecast_pool.json", '"script": "scripts/forecast_pool.py"', '"script": ""', "missing-value",
     "fill it in"),
    ("forecast_pool.json", '"script": "scripts', '"scrip": "scripts', "unknown-key", "mean script"),
    ("forecast_pool.json", '  0.05,\n', "", "quantiles", "make it anew", '"quantiles"'),
    ("forecast_pool.json", '  0.05,\n', "  1.05,\n", "range", "below 1", '"probabilities"'),
    ("forecast_pool.json", '  "A": {', '  "B": {', "unknown-pool", "use one of A, Q, M", None),
    ("forecast_pool.json", '"typical": ', '"typical": -', "range", "above 0"),
    ("forecast_pool.json", '"typical": ', '"typical" ', "json-syntax", "run the script"),
    ("clusters.toml", 'country = "FRA"', 'country = "FRAN"', "unknown-country", "mean FRA"),
    ("clusters.toml", 'focus = ["lasers"', 'focus = ["laser"', "unknown-segment", "mean lasers"),
    ("clusters.toml", 'kind = "photonics"', 'kind = "Photonics"', "unknown-kind", "mean photonics"),
    ("clusters.toml", 'focus_source = "PressLib, Alpha-RLH"\n', "", "missing-source", ADD,
     'focus = ["lasers"'),
    ("clusters.toml", 'industry = "steel and metalworking"\n', "", "missing-source", ADD, None),
    ("clusters.toml", 'status = "ended"', 'status = "active"', "ended", "write status = 'ended'"),
    ("clusters.toml", 'focus_date = "2021"', 'focus_date = "soon"', "ref-date", "write 2027-01"),
    ("cluster_facts.csv", "alpha_rlh,", "alpha-rlh,", "unknown-cluster", "mean alpha_rlh"),
    ("cluster_facts.csv", ",2017,no,", ",2017,maybe,", "unknown-self-declared", "yes, no"),
    ("actors.csv", "USA,SPIE,", "US,SPIE,", "unknown-country", "mean USA"),
    ("actors.csv", "https://www.spie", "www.spie", "url", "starts with https"),
    ("actors.csv", ",association,", ",asociation,", "unknown-kind", "mean association"),
    ("good_practice.csv", "partner_search;", "partner_serch;", "unknown-need",
     "mean partner_search"),
    ("good_practice.csv", ",2700,", ",about 2700,", "number", "write one like"),
    ("good_practice.csv", ",planned,", ",not found,", "result-kind", "it is 'not found'"),
    ("good_practice.csv", ",SMEs in third-market activities (more than),", ",,", "missing-unit",
     "fill in result_unit"),
    ("good_practice.csv", "escp4i_b2b,", "escp4i_sme,", "twice", "remove one"),
    ("industry_links.csv", "CZE,CAN,", "CZE,CANADA,", "unknown-country", "mean CAN"),
    ("needs.toml", "\n[expectations]", "\n[expectation]", "unknown-key", "mean expectations", None),
    ("needs.toml", 'none = "None of these"', "", "missing-none", ADD, "[needs]"),
    ("needs.toml", 'skills = "Skills and trained people"', 'skills = ["x"]', "wrong-type",
     "write a text in quotes"),
    ("readiness.toml", '"never", ', "", "levels", "give four"),
    ("readiness.toml", "ready = 70", "ready = 30", "limits", "change one"),
    ("readiness.toml", "weight = 2", "weight = 0", "range", "above 0"),
    ("readiness.toml", "min_answers = 5", "min_answers = 9", "min-answers", "between 1 and 8"),
    ("kpis.toml", "deadline = 2024-01-31", "deadline = 2022-01-31", "date-order", "change one"),
    ("kpis.toml", "date = 2019-06-24", "date = 2029-06-24", "date-order", "correct the date",
     "results = ["),
    ("kpis.toml", "{ date = 2019-06-24, ", "{ dat = 2019-06-24, ", "unknown-key", "mean date",
     "results = ["),
    ("kpis.toml", 'measure = "events"', 'measure = "event"', "unknown-measure", "mean events"),
    ("kpis.toml", 'unit = "exchanges"', 'unit = "exchange"', "unknown-unit", "mean exchanges"),
    ("kpis.toml", '\ntarget_kind = "published"', '\ntarget_kind = "public"', "target-kind",
     "mean published"),
    ("kpis.toml", 'ref_date = "2022"\nyard', "yard", "target-source", "cite it", "target = 100"),
    ("kpis.toml", "target = 100\n", "target = 0\n", "target", "correct it"),
    ("kpis.toml", "target = 100\n", "", "target", "remove the kind", 'target_kind = "published"'),
    ("kpis.toml", 'yardstick_source = "', 'evidence_source = "', "unknown-key", "is not known"),
    ("kpis.toml", 'yardstick_date = "2021"\n', "", "yardstick-source", "cite it", "yardstick = "),
    ("kpis.toml", 'of = "p4i_exchanges"', 'of = "p4i_exchange"', "counted-of",
     "mean p4i_exchanges"),
    ("kpis.toml", 'meeting = "c2c"', 'meeting = "b2b"', "meeting-twice", "remove one", None),
    ("kpis.toml", 'meeting = "c2c"', 'meeting = "c2"', "unknown-meeting", "mean c2c"),
    ("kpis.toml", '"EFTA", "GBR"', '"EFTO", "GBR"', "unknown-country", "mean EFTA"),
    ("kpis.toml", 'type = "count"', 'type = "counts"', "unknown-type", "mean count"),
    ("kpis.toml", "most = 200\n", "most = 0\n", "range", "above 0"),
    ("roadmap.toml", 'after = ["members"', 'after = ["member"', "unknown-after", "mean members"),
    ("roadmap.toml", 'kpis = ["plan_m', 'kpis = ["pln_m', "unknown-kpis", "mean plan_m"),
    ("roadmap.toml", "end = 2027-06-30", "end = 2027-05-30", "date-order", "change one"),
    ("roadmap.toml", "end = 2027-06-30", "end = 2027-06-30\nweeks = 2", "end-or-weeks", "give one",
     "end = 2027-06-30"),
    ("roadmap.toml", "start = 2027-01-11\nweeks = 8", "weeks = 8", "missing-start", "give one",
     "[members]"),
    ("roadmap.toml", 'reason = "Without members no value chain can be seen"\n', "",
     "missing-reason", "give the reason", 'status = "proposed"'),
    ("roadmap.toml", 'after = ["needs"]', 'after = ["final_report"]', "circle", "take one of them",
     None),
    ("roadmap.toml", 'status = "proposed"', 'status = "propose"', "unknown-status", "mean proposed"),
    ("cluster_members_template.csv", "EXAMPLE alpha_rlh", "EXAMPLE alpha_rhl", "unknown-cluster",
     "mean alpha_rlh"),
    ("cluster_members_template.csv", "EXAMPLE alpha_rlh", "EXAMPLE optitec", "ended-cluster",
     "now SCS): name another"),
    ("cluster_members_template.csv", ",lasers,modules", ",laser,modules", "unknown-segment",
     "mean lasers"),
    ("cluster_members_template.csv", ",modules,", ",module,", "unknown-stage", "mean modules"),
    ("cluster_members_template.csv", ",2027-01,2,2", ",January,2,2", "ref-date", "write 2027-01"),
    ("cluster_members_template.csv", ",2027-01,2,2", ",2027-01,4,2", "answer", "0, 1, 2 or 3"),
    ("cluster_members_template.csv", ",2027-01,2,2", ",2027-01,1,2", "answers-differ",
     "make them the same", "member 1,lasers,systems"),
    ("cluster_members_template.csv", "EXAMPLE alpha_rlh,EXAMPLE", "alpha_rlh,EXAMPLE",
     "example-row", "change one"),
    ("needs_template.csv", "EXAMPLE 2", "EXAMPLE 1", "twice", "remove one"),
    ("needs_template.csv", "certification,", "certificaton,", "unknown-answer",
     "mean certification"),
    ("needs_template.csv", ",none,none,", ",,none,", "missing-answer", "write none"),
    ("needs_template.csv", ",none,none,", ",none;skills,none,", "none-and-more", "keep one"),
]  # fmt: skip


def planted(home, file, old, new, rule, advice, *at):
    text = (home / file).read_text(encoding="utf-8")
    assert old in text, f"{file} holds no {old!r}"
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(new))
    changed = text.replace(old, new, 1)
    line = changed.count("\n", 0, text.index(old) + same) + 1
    if at and at[0]:  # the nearest one
        starts = [m.start() for m in re.finditer(re.escape(at[0]), changed)]
        start = min(starts, key=lambda start: abs(start - text.index(old)))
        line = changed.count("\n", 0, start) + 1
    problems = broken(home, file, changed)
    return [
        p for p in problems
        if p.rule == rule and advice in p.message and (at == (None,) or p.line == line)
    ], problems, line  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS, ids=[f"{p[0]}-{p[3]}-{i}" for i, p in enumerate(PLANTS)])
def test_a_planted_mistake_is_named(home, plant):
    hits, problems, line = planted(home, *plant)
    assert hits, f"expected {plant[0]}:{line}: {plant[3]}: …{plant[4]}…; found {problems}"
    assert hits[0].file == str(home / plant[0]) and "\n" not in str(hits[0])


def statements():
    """Lines of every statement in the reference room that reports a rule, by file."""
    found = {}
    for path in sorted(REFERENCE_DIR.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                reports = isinstance(node.value.elts[0], ast.Constant)
            elif isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                reports = name == "mistake" or (name == "add" and len(node.args) > 1)
            else:
                reports = False
            if reports:
                found.setdefault(str(path), set()).add(node.lineno)
    return found


def test_every_statement_that_reports_a_rule_is_reached_by_a_plant(home, tmp_path):
    wanted = {(path, number) for path, lines in statements().items() for number in lines}
    missed, pending = set(wanted), {}  # pending: identity of a code → its lines not yet reached

    def line(frame, event, _):
        if event == "line":
            missed.discard((frame.f_code.co_filename, frame.f_lineno))
            pending[id(frame.f_code)].discard(frame.f_lineno)
        return line if pending[id(frame.f_code)] else None

    def call(frame, *_):
        code = frame.f_code
        if id(code) not in pending:
            lines = {number for _, _, number in code.co_lines()}
            pending[id(code)] = {n for n in lines if (code.co_filename, n) in wanted}
        return line if pending[id(code)] else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        for file, content, *_ in UNREADABLE:
            broken(home, file, content)
        for plant in PLANTS:
            planted(home, *plant)
        for file in ("actors.csv", "roadmap.toml", "forecast_pool.json"):
            FILES[file](tmp_path / file)
        partnership.check_members(home / "cluster_members_template.csv", home)
        for change in LOG_PLANTS:
            inspect_log(tmp_path / "log.jsonl", change[0])
    finally:
        sys.settrace(before)
    assert not missed


# The log of measurements ---------------------------------------------------------------------------

LINE = {"id": "a", "kpi": "smes", "date": "2027-03-01", "value": 1, "evidence": "report"}
#: change of a line, rule, advice
LOG_PLANTS = [
    ("[1]", "json", "one JSON object"),
    ('{"id":', "json", "one JSON object"),
    ({"kpis": "x"}, "unknown-key", "mean kpi"),
    ({"value": None}, "missing-key", "add it"),
    ({"value": True}, "wrong-type", "write a number"),
    ({"value": -1}, "range", "at least 0"),
    ({"date": "2027-02-30"}, "date", "write it as 2027-03-31"),
    ({"date": "20270331"}, "date", "write it as 2027-03-31"),
    ({"kpi": "sme"}, "unknown-kpi", "mean smes"),
    ({"evidence": " "}, "missing-value", "fill it in"),
    ({"meeting": "b3b"}, "unknown-meeting", "mean b2b"),
    ({"country": 3}, "wrong-type", "write a text"),
]


def inspect_log(path, change):
    line = change
    if isinstance(change, dict):
        line = json.dumps({k: v for k, v in (LINE | change).items() if v is not None})
    path.write_text(json.dumps(LINE) + "\n" + line + "\n", encoding="utf-8")
    return kpi_log.inspect(path, ["smes"])[1]


@pytest.mark.parametrize(("change", "rule", "advice"), LOG_PLANTS)
def test_a_mistake_in_the_log_is_named(tmp_path, change, rule, advice):
    (problem,) = inspect_log(tmp_path / "log.jsonl", change)
    assert (problem.rule, problem.line) == (rule, 2) and advice in problem.message


# Files that cannot be read as rows or tables -------------------------------------------------------

#: file, content, rule, advice, line
UNREADABLE = [
    ("clusters.toml", "[a]\nseat : 1\n", "toml-syntax", "not TOML", 2),
    ("clusters.toml", b"[a]\nname = '\xe9'\n", "toml-syntax", "save it as UTF-8", 1),
    ("nace_divisions.csv", 'division,name\nB05,"Coal\n', "csv-syntax", "quotation mark", 1),
    ("actors.csv", "iso3,actr\nUSA,SPIE\n", "header", "did you mean actor", 1),
    ("nace_divisions.csv", "division,name,name\n", "header", "stands twice: remove one", 1),
    ("nace_divisions.csv", "name\n", "header", "division is not there: add it", 1),
    ("nace_divisions.csv", "division,name\nB05,Coal, hard\n", "field-count", "in quotes", 2),
    ("actors.csv", b"PK\x03\x04 no workbook", "unreadable", "save it as", 1),
    ("actors.csv", b"\xff\xfe\x00", "unreadable", "save it as", 1),
    ("forecast_pool.json", "{\n", "json-syntax", "run the script", 2),
]


@pytest.mark.parametrize(("file", "content", "rule", "advice", "line"), UNREADABLE)
def test_what_cannot_be_read_is_one_mistake(home, file, content, rule, advice, line):
    (problem,) = broken(home, file, content)
    assert (problem.rule, problem.line) == (rule, line) and advice in problem.message


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_a_mistake_not_a_crash(tmp_path, file):
    (problem,) = FILES[file](tmp_path / file).problems
    assert (problem.rule, problem.line) == ("unreadable", 1) and "restore" in problem.message


# Every field of every model ------------------------------------------------------------------------

#: Model → file and header of one of its tables ("" where the file is the table, None for a line).
PLACES = {
    segments.Segment: ("segments.toml", "[lasers]"),
    segments.Code: ("segments.toml", "[lasers.901320]"),
    segments.Family: ("segments.toml", "[families.cameras]"),
    headings.Rule: ("headings.toml", "[rule]"),
    headings.Heading: ("headings.toml", "[7014]"),
    drivers.Shock: ("shocks.toml", "[pandemic]"),
    drivers.StoredElasticity: ("elasticities.toml", "[duty_retaliation_core]"),
    drivers.MarketNote: ("market_notes.toml", "[USA.2025]"),
    applications.FieldOfUse: ("applications.toml", "[health]"),
    measures.Measure: ("measures.toml", "[ieepa]"),
    screening.Weights: ("screening.toml", "[weights]"),
    screening.Indicator: ("screening.toml", "[indicator.distance_km]"),
    screening.Filter: ("screening.toml", "[filter.demand]"),
    screening.Rule: ("screening.toml", "[classes]"),
    screening.Record: ("screening.toml", "[record]"),
    priorities.Draws: ("priorities.toml", "[draws]"),
    priorities.Criterion: ("priorities.toml", "[criterion.rca]"),
    priorities.Classes: ("priorities.toml", "[classes]"),
    priorities.FromHeadings: ("priorities.toml", "[headings]"),
    priorities.Reachable: ("priorities.toml", "[reachable]"),
    screening.Material: ("raw_materials.toml", "[280530]"),
    nuts.NamedRegion: ("regions.toml", "[regions.FRI]"),
    nuts.PhotonicDivision: ("regions.toml", "[divisions.C26]"),
    brand.Brand: ("brand.toml", ""),
    check.Group: ("groups.toml", "[EU27]"),
    models.Cluster: ("clusters.toml", "[alpha_rlh]"),
    models.ReadinessRule: ("readiness.toml", "[rule]"),
    models.Question: ("readiness.toml", "[product]"),
    models.Unit: ("kpis.toml", "[units.exchanges]"),
    models.Indicator: ("kpis.toml", "[p4i_exchanges]"),
    models.Action: ("roadmap.toml", "[members]"),
    screening.NonTariff: ("nontariff.csv", None),
    nuts.NutsRegion: ("nuts_regions.csv", None),
    nuts.NaceDivision: ("nace_divisions.csv", None),
    nuts.Priority: ("s3_priorities.csv", None),
    check.CountryRow: ("countries.csv", None),
    check.HsCode: ("hs_codes.csv", None),
    check.HsWeight: ("hs_weights.csv", None),
    check.HsFamily: ("hs_families.csv", None),
    models.ClusterFact: ("cluster_facts.csv", None),
    models.Actor: ("actors.csv", None),
    models.Practice: ("good_practice.csv", None),
    models.Link: ("industry_links.csv", None),
    models.Member: ("cluster_members_template.csv", None),
    models.Answer: ("needs_template.csv", None),
}
#: Parts of a value or of a JSON file, and the log: planted by hand.
BY_HAND = {models.Result, check.PoolInput, check.PoolErrors, check.ForecastPool, kpi_log.Entry,
           model.CitedLine, own_figures.OwnFigure}  # fmt: skip


def below(base):
    return {m for c in base.__subclasses__() for m in (c, *below(c))}


def test_every_model_has_a_place():
    ours = {m for m in below(model.Table) | below(model.Line) if m.__module__ in sys.modules}
    ours = {m for m in ours if m.__module__.startswith("marketintel.reference.")}
    assert ours == set(PLACES) | BY_HAND


def fields_of(models_):
    for one in models_:
        for name, field in one.model_fields.items():
            if name not in getattr(one, "made", ()):
                yield pytest.param(one, field.alias or name, field, id=f"{one.__name__}.{name}")


def cut(text, header, key):
    """Text before and after the value of a key, which may span lines, and the value."""
    start = text.index(f"{header}\n") if header else 0
    end = text.find("\n[", start + 1)
    table = text[start : end if end > 0 else len(text)]
    found = re.search(rf"^{key} = ((?:\[\n.*?^\]|.*?))(?= +#|$)", table, re.MULTILINE | re.DOTALL)
    if found is None:
        return None
    return text[: start + found.start()], found[1], text[start + found.end() :]


TABLES = [m for m, (_, header) in PLACES.items() if header is not None]
LINES = [m for m, (_, header) in PLACES.items() if header is None]


@pytest.mark.parametrize(("one", "key", "field"), fields_of(TABLES))
def test_every_key_of_every_table(home, one, key, field):
    file, header = PLACES[one]
    text = (home / file).read_text(encoding="utf-8")
    parts = cut(text, header, key)
    if parts is None:  # an optional key that this table does not have
        if field.default is PydanticUndefined:  # a table of its own
            below = f"{header[:-1]}.{key}]"
            renamed = broken(home, file, text.replace(below, f"{below[:-1]}x]", 1))
            assert {p.rule for p in renamed} == {"missing-key", "unknown-key"}
            return
        head, _, tail = text.partition(f"{header}\n") if header else ("", "", text)
        parts = (head + (f"{header}\n" if header else ""), "", f"\n{tail}")
    before, value, after = parts
    line = before.count("\n") + 1

    def rules(content):
        return {(p.rule, p.line): p.message for p in broken(home, file, content)}

    wrong = rules(f"{before}{key} = 07:32:00{after}")
    assert ("wrong-type", line) in wrong or any(r.startswith("unknown-") for r, _ in wrong), wrong
    if value:
        near = rules(f"{before}{key}x = {value}{after}")
        assert near[("unknown-key", line)].endswith(f"did you mean {key}?"), near
    if field.default is PydanticUndefined:
        above = rules(before + after)
        assert any(r == "missing-key" and f"no {key}: add it" in m for (r, _), m in above.items())
        table = line_of(text, f"{header}\n")
        assert ("missing-key", table) in above
    if fields.filled in field.metadata:
        assert rules(f'{before}{key} = " "{after}')[("missing-value", line)].endswith("fill it in")


@pytest.mark.parametrize(("one", "key", "field"), fields_of(LINES))
def test_every_column_of_every_sheet(home, one, key, field):
    import csv
    import io

    file = PLACES[one][0]
    rows = list(csv.reader(io.StringIO((home / file).read_text(encoding="utf-8"))))

    def problems(column, row, value):
        changed = [list(cells) for cells in rows]
        changed[row][column] = value
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(changed)
        return {(p.rule, p.line): p.message for p in broken(home, file, out.getvalue())}

    column = rows[0].index(key)
    renamed = problems(column, 0, f"{key}x")[("header", 1)]
    assert f"did you mean {key}?" in renamed and f"{key} is not there: add it" in renamed
    empty = problems(column, 1, "")
    if fields.filled in field.metadata:
        assert empty[("missing-value", 2)] == f"{key} is empty: fill it in"
    elif not any(line == 2 for _, line in empty):  # it may be left empty: then anything goes
        assert field.annotation is str
