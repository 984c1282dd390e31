"""The brief: four printed pages, plain words, every figure explained, gaps stated."""

import re
import shutil
import tomllib
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from marketintel.documents.document import document_class, open_document, write
from marketintel.documents.engine import document
from marketintel.documents.engine.blocks import MIME, Callout, Figure, Table, Text
from marketintel.documents.engine.render import read_document, render
from marketintel.documents.s3_brief import europe
from marketintel.errors import MissingDataError, UsageError
from marketintel.places import notebook_path
from marketintel.reference import nuts as nuts2
from tests.documents.reading import HARDEST_GRADE, reading_grade

FOUR = ["FRI", "SE31", "PT11", "FI1D"]
#: Regions beyond the partnership's: one by default, the others in the long run.
OTHERS = ["DE21", *(pytest.param(code, marks=pytest.mark.slow) for code in ("HU11", "SE"))]
PRINTED = [*FOUR[:2], *(pytest.param(code, marks=pytest.mark.slow) for code in (*FOUR[2:], "SE"))]


def executed(region, targets, data_dir=None):
    """Run the notebook's own cells in this process: what they show, as a notebook."""
    opened = open_document("s3_brief", data_dir, region=region, targets=targets)
    notebook = nbformat.read(notebook_path(opened.notebook), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("doc."):
            shown = eval(cell.source, {"doc": opened})  # noqa: S307 - the project's own notebook
            data = shown._repr_mimebundle_()
            assert MIME in data
            cell.outputs = [nbformat.v4.new_output("display_data", data)]
    return notebook, opened


@pytest.fixture(scope="module")
def made(root):
    """Region to its notebook, its facts and its document; each made once."""
    held = {}

    def make(region, targets=("USA",)):
        key = (region, *targets)
        if key not in held:
            notebook, opened = executed(region, list(targets))
            held[key] = notebook, opened.facts, document.read(notebook), opened
        return held[key][:3]

    make.opened = lambda region: (make(region), held[region, "USA"][3])[1]
    return make


def prose(doc):
    """Return the text of a document and the texts of its tables' and callouts' cells."""
    text = re.sub(rf"{doc.token}\d+x\w+", "", doc.markdown)
    cells = [
        str(value)
        for block in doc.blocks
        if isinstance(block, Table) and block.name == "options"
        for value in block.frame.to_numpy().ravel()
    ]
    return "\n".join([text, *cells])


def printed_pages(notebook, opened, folder):
    """Print the PDF, check that its pages are upright, and count them."""
    pypdf = pytest.importorskip("pypdf")
    nbformat.write(notebook, folder / "report.ipynb")
    done = render(read_document(folder / "report.ipynb"), folder, opened.cover())
    pages = pypdf.PdfReader(done.pdf).pages
    assert all(page.mediabox.height > page.mediabox.width for page in pages)
    text = " ".join(page.extract_text() for page in pages)
    assert opened.facts.region.name.split()[0] in text and "Three options" in text
    assert done.warnings == []
    return len(pages)


@pytest.mark.parametrize("region", PRINTED)
def test_at_most_four_printed_pages(made, region, tmp_path):
    notebook, _, _ = made(region)
    assert printed_pages(notebook, made.opened(region), tmp_path) <= 4


@pytest.mark.parametrize("region", [*FOUR, *OTHERS])
def test_plain_enough_to_read(made, region):
    _, _, doc = made(region)
    assert reading_grade(prose(doc)) <= HARDEST_GRADE


def test_reading_grade_of_texts_counted_by_hand():
    # 6 words, 1 sentence, 6 syllables; 8 words, 2 sentences, 14 syllables.
    assert reading_grade("The cat sat on the mat.") == pytest.approx(
        0.39 * 6 + 11.8 * 6 / 6 - 15.59
    )
    assert reading_grade("Region and industry. Cluster meetings in Europe help.") == (
        pytest.approx(0.39 * 4 + 11.8 * 14 / 8 - 15.59)
    )
    hard = "Notwithstanding heterogeneous complementarities, internationalisation necessitates it."
    assert reading_grade(hard) > HARDEST_GRADE
    assert reading_grade("One; two: three.") == reading_grade("One two three.")
    with pytest.raises(ValueError, match="without words"):
        reading_grade("12 %")


#: Short forms that the text spells out at their side, and codes of regions and branches.
SPELT = {
    "LEDs": "light-emitting diodes (LEDs)",
    "NACE": "European list of activities (NACE)",
    "NUTS": "European Union’s map of 2013 (NUTS 2013)",
    "PIMAP": "PIMAP (Photonics for International Markets and Applications)",
    "USD": "US dollars (USD)",
}


@pytest.mark.parametrize("region", [*FOUR, *OTHERS])
def test_no_short_form_that_is_not_spelt_out(made, region):
    _, brief, doc = made(region)
    text = prose(doc).replace("\\", "")
    for title in [*brief.priorities["source_title"], *brief.used["citation"]]:
        text = text.replace(title, "")  # proper names of pages and sources
    found = set(re.findall(r"\b[A-Z][A-Z&/0-9]+s?\b", text))
    codes = {*brief.region.codes, *brief.region.members, *brief.divisions, "FI1D3"}
    # The United States, named in the same sentence, and a producer with its release.
    for short in found - codes - {"US", "CEPII", "V202601"}:
        assert short in SPELT and SPELT[short] in text, short


@pytest.mark.parametrize("region", [*FOUR, *OTHERS])
def test_no_chart_without_a_sentence_that_says_what_to_see(made, region):
    _, _, doc = made(region)
    figures = [b for b in doc.blocks if isinstance(b, Figure)]
    assert [f.name for f in figures] == ["strength", "nearness"]
    for figure in figures:
        token = f"{doc.token}{doc.blocks.index(figure)}xwhole"
        before = doc.markdown.split(token)[0].rstrip().rsplit("\n\n", 1)[-1]
        assert len(before) > 80 and before.endswith("."), before
        assert re.search(r"mark|right|dot", before)
        assert figure.alt.startswith(before.replace("\\", "")[:40])


@pytest.mark.parametrize("region", FOUR)
def test_three_options_each_with_cost_benefit_evidence_and_measure(made, region):
    _, brief, doc = made(region)
    (table,) = [b for b in doc.blocks if isinstance(b, Table) and b.name == "options"]
    assert table.frame["part"].tolist() == [
        "Branch", "Cost of entry", "Benefit", "Evidence", "Measure of success",
    ]  # fmt: skip
    assert table.frame.notna().all(axis=None) and (table.frame != "").all(axis=None)
    branches = table.frame.iloc[0, 1:].tolist()
    assert len(set(branches)) == 3
    assert all(re.search(r"\((C26|C27|C28|C32|M72)\)$", b) for b in branches)
    for column, option in zip(["1", "2", "3"], brief.options, strict=True):
        cost, benefit, evidence, measure = table.frame[column][1:]
        assert cost.split(":")[0].lower() in {"low", "medium", "high"}
        assert benefit.split(":")[0].lower() in {"low", "medium", "high"}
        assert "2015" in evidence and re.search(r"\d", evidence)
        assert option.kind == "team up" or re.search(r"\d", measure)


def test_the_measure_adds_up_to_the_european_share(made):
    _, brief, _ = made("SE31")
    row = brief.row.loc["C32"]
    assert row["persons"] == 342
    assert (row["average_persons"] / row["persons"]) == pytest.approx(1 / row["lq"])
    assert round(row["average_persons"] - row["persons"]) == 942
    options = made.opened("SE31").tables["options"]
    assert options.loc[4, "2"].startswith("942 more jobs")


@pytest.mark.parametrize(
    ("region", "blank"),
    [("SE31", ["C26", "C27"]), ("FRI", ["C27"]), ("FI1D", ["C27"]), ("PT11", [])],
)
def test_confidential_cells_are_stated_and_never_a_figure(made, region, blank):
    _, brief, doc = made(region)
    assert brief.blank == blank
    (box,) = [b for b in doc.blocks if isinstance(b, Callout)]
    cells = re.search(r"\*\*Blank cells\.\*\*(.*)", box.markdown)[1]
    assert all(code in cells for code in blank)
    assert ("most often to protect single firms" in cells) == bool(
        blank or brief.row["persons"].isna().any()
    )
    table = brief.table
    assert (table["low"] <= table["density"] + 1e-9).all()
    assert (table["density"] <= table["high"] + 1e-9).all()
    for code in blank:
        assert pd.isna(table.loc[code, "lq"]) and table.loc[code, "specialised"] != 1


@pytest.mark.parametrize("region", FOUR)
def test_the_box_says_age_breadth_level_and_costs(made, region):
    _, _, doc = made(region)
    (box,) = [b for b in doc.blocks if isinstance(b, Callout)]
    for word in (
        "Age",
        "Breadth",
        "Blank cells",
        "Level",
        "Complexity",
        "Demand",
        "Strategy",
        "Costs",
    ):
        assert f"**{word}.**" in box.markdown
    assert "far more than optics" in box.markdown and "2015" in box.markdown
    if region == "FRI":
        assert "sum of" in box.markdown and "FR61" in box.markdown
    if region == "FI1D":
        assert "FI1D3" in box.markdown


def test_nouvelle_aquitaine_is_the_sum_of_its_three_parts(made):
    _, brief, _ = made("FRI")
    assert brief.row.loc["C26", "persons"] == 6661 + 696 + 301
    assert pd.isna(brief.row.loc["C27", "persons"])
    assert brief.row.loc["C27", "least_persons"] == 4398
    value = brief.indicators.set_index("indicator").loc["gerd"]
    assert value["year"] == "2013" and 0.93 < value["value"] < 1.6


def test_declared_priorities_are_dated_and_sourced(made):
    _, _, doc = made("FI1D")
    assert "North Karelia (2021-2027)" in doc.markdown.replace("\\", "")
    assert "2021" in doc.markdown.replace("\\", "")
    assert "Photonics is named" in made("FRI")[2].markdown
    assert "not named" in made("SE31")[2].markdown
    _, _, doc = made("DE21")
    assert "Nothing is on file" in doc.markdown.replace("\\", "")


def test_partners_are_strong_where_the_region_is_not(made):
    for region in FOUR:
        _, brief, _ = made(region)
        for row in brief.partners.to_dict("records"):
            for code in filter(None, row["has"].split(";")):
                assert brief.row.loc[code, "specialised"] != 1
                if row["nuts_id"] in brief.europe.m.index:
                    assert brief.europe.m.loc[row["nuts_id"], code] == 1
        assert not set(brief.partners["nuts_id"]) & {brief.region.id, *brief.region.members}
        mates = brief.partners[brief.partners["group"] == "partnership"]
        assert set(mates["nuts_id"]) == set(FOUR) - {region}


@pytest.mark.parametrize("region", [*FOUR, *OTHERS[::2]])
def test_teaming_up_is_with_a_region_that_is_strong_there(made, region):
    _, brief, _ = made(region)
    division = brief.options[2].division
    name, country = brief.partner_for(division)
    strong = brief.possible["others"][division] == 1
    names = {(nuts2.region_name(i), nuts2.region_name(i[:2])) for i in strong[strong].index}
    assert (name, country) in names
    assert f"{name} ({country})" in made.opened(region).tables["options"].loc[3, "3"]
    mate = brief.partner_for(division, mates=True)
    assert (mate is None) == (not (brief.possible["partnership"][division] == 1).any())


def test_a_region_cut_out_of_another_is_called_an_estimate(made):
    _, brief, doc = made("HU11")
    whole = made("HU10")[1]
    assert brief.row["lq"].equals(whole.row["lq"]) or (
        (brief.row["lq"] - whole.row["lq"]).abs().max() < 1e-12
    )
    assert brief.jobs < whole.jobs
    assert made.opened("HU11").tables["options"].loc[3, "1"].startswith("About ")
    (box,) = [b for b in doc.blocks if isinstance(b, Callout)]
    assert "did not exist then" in box.markdown and "HU10" in box.markdown


def test_demand_is_the_market_study_s(made):
    from marketintel.documents.market import load as study_facts

    _, brief, doc = made("SE31")
    study = study_facts.load("USA", "SWE")
    market = brief.first_market
    core = study.demand[study.demand["scope"] == "core"].set_index("segment")["value_usd"]
    for row in market.segments.to_dict("records"):
        assert row["value_usd"] == core[row["segment"]]
    assert sum(market.by_division.values()) == market.segments["value_usd"].sum()
    (box,) = [b for b in doc.blocks if isinstance(b, Callout)]
    assert "front-loaded" in box.markdown and "not the size of a market" in box.markdown


def test_forecasts_only_of_headings_that_may_speak(made):
    from marketintel.reference.headings import load_headings

    _, brief, doc = made("SE31")
    (table,) = [b for b in doc.blocks if isinstance(b, Table) and b.name == "world_forecasts"]
    segments = brief.first_market.segments["segment"]
    allowed = {h.heading for s in segments for h in load_headings().speaking_for(s)}
    allowed.add("9011")  # optical microscopes: across its breaks, by the regression
    assert set(table.frame["heading"]) == allowed
    assert (table.frame["lo_usd"] < table.frame["mean_usd"]).all()
    assert (table.frame["mean_usd"] < table.frame["hi_usd"]).all()
    assert "there is no forecast" in doc.markdown
    assert "in 2023 (2024 to 2025 not known here) to" in doc.markdown
    assert set(table.frame["year"]) == {2030}
    assert "data end in 2023; 2024 to 2025 are not known here" in table.caption


@pytest.mark.slow
def test_a_target_without_figures_is_a_stated_gap(made):
    _, brief, doc = made("SE31", ("CAN", "JPN", "CHN", "USA"))
    assert [m.known for m in brief.markets] == [False, False, False, True]
    (box,) = [b for b in doc.blocks if isinstance(b, Callout)]
    for name in ("Canada", "Japan", "China"):
        assert f"For {name} there are no import figures here" in box.markdown
    _, brief, doc = made("SE31", ("CAN",))
    assert brief.first_market is None
    assert "no import figures for Canada" in doc.markdown
    assert len(brief.options) == 3


@pytest.mark.parametrize(
    ("region", "targets", "kind", "said"),
    [
        ("SE39", ["USA"], UsageError, "did you mean"),
        ("USA", ["USA"], UsageError, "no regional figures"),
        ("SE31", ["Atlantis"], UsageError, "unknown country"),
        ("SE31", ["SWE"], UsageError, "SWE"),
        ("SE31", [], UsageError, "no target country"),
        ("IE", ["USA"], MissingDataError, "no employment by industry for Ireland"),
        ("CH01", ["USA"], MissingDataError, "no employment by industry"),
    ],
)
def test_a_mistake_gives_one_line(region, targets, kind, said):
    with pytest.raises(kind, match=said) as error:
        open_document("s3_brief", region=region, targets=targets)
    assert "\n" not in str(error.value)


def test_a_map_is_drawn_where_polygons_have_been_fetched(root, shared, tmp_path):
    import gzip

    from marketintel.sources import snapshot
    from marketintel.sources.providers import gisco
    from tests.warehouse.conftest import small_citation

    for part in ("raw", "processed"):
        shutil.copytree(root / "data" / part, tmp_path / part)
    layer = shared / "data" / "NUTS_RG_03M_2021_4326_LEVEL_2.geojson.gz"
    layer = layer.with_name(layer.name.replace("LEVEL", "LEVL"))
    polygons = gisco.process(gzip.decompress(layer.read_bytes()))
    file = tmp_path / "polygons.parquet"
    polygons.to_parquet(file)
    snapshot.save(
        tmp_path, small_citation("gisco"), "nuts.parquet", file.read_bytes(), len(polygons)
    )
    notebook, opened = executed("FRI", ["USA"], tmp_path)
    brief, doc = opened.facts, document.read(notebook)
    drawn = next(b for b in doc.blocks if isinstance(b, Figure) and b.name == "strength_map")
    assert "EuroGeographics" in drawn.source and "The map shows" in doc.markdown
    assert drawn.svg.count("<path") > 100
    assert not any(isinstance(b, Figure) and b.name == "strength" for b in doc.blocks)
    # The polygons are of NUTS 2021: values and outline are carried there.
    codes = [c for c in polygons["nuts_id"] if len(c) == 4]
    values, own = europe.for_polygons(brief.europe.lq["C26"], codes, brief.region, tmp_path)
    assert sorted(own) == ["FRI1", "FRI2", "FRI3"]
    assert values["FRI1"] == pytest.approx(brief.europe.lq.loc["FR61", "C26"])
    assert values["HU11"] == values["HU12"] == pytest.approx(brief.europe.lq.loc["HU10", "C26"])
    assert printed_pages(notebook, opened, tmp_path) <= 4
    assert "gisco" in set(brief.used["source"]), "an input of the edition"


def test_a_mistake_writes_nothing(tmp_path):
    out = tmp_path / "reports"
    with pytest.raises(UsageError):
        write("s3_brief", region="SE39", reports_dir=out)
    assert not out.exists()


def test_text_blocks_hold_no_machine_words(made):
    for region in FOUR:
        _, _, doc = made(region)
        text = (
            " ".join(b.markdown for b in doc.blocks if isinstance(b, Text | Callout)) + doc.markdown
        )
        assert not re.search(r"\bnan\b|\bNone\b|inf\b|<NA>", text)


CHAPTERS = Path(document_class("s3_brief").__module__.replace(".", "/")).parent / "chapters"


def test_the_french_chapters_place_the_same_blocks_and_texts(root):
    folder = root / CHAPTERS
    english = sorted(f for f in folder.glob("*.md.j2") if ".fr." not in f.name)
    assert len(english) == 10
    placed = re.compile(r'(?:table|figure)\("(\w+)"|key_figures\(|call callout|macro (\w+)')
    for file in english:
        french = file.with_name(file.name.replace(".md.j2", ".fr.md.j2")).read_text("utf-8")
        found = [set(placed.findall(text)) for text in (file.read_text("utf-8"), french)]
        assert found[0] <= found[1], file.name
    keys = [
        set(tomllib.loads((folder / f).read_text("utf-8"))) for f in ("texts.toml", "texts.fr.toml")
    ]
    assert keys[0] <= keys[1]


def test_the_brief_in_french_has_the_same_figures_and_no_english_sentence(made, tmp_path):
    opened = open_document("s3_brief", region="FRI", targets=["USA"], language="fr")
    english = made.opened("FRI")
    for name in ("branches", "world_forecasts", "partners"):
        figures = [d.tables[name].select_dtypes("number") for d in (opened, english)]
        pd.testing.assert_frame_equal(*figures)
    shown = [b for chapter in opened.chapters for b in opened.chapter(chapter).flat()]
    text = " ".join(b.markdown for b in shown if isinstance(b, Text | Callout))
    assert "32,1\u00a0milliards USD" in text and "## En bref" in text and "Finlande" in text
    left = re.search(r"\b(the|with|which|are|was|jobs|between|no figure)\b", text)
    assert left is None, text[left.start() - 40 : left.end() + 40]
    assert opened.cover().language == "fr" and opened.folder().endswith("-fr")
    with pytest.raises(UsageError, match="no brief in 'de'; there are en, fr"):
        open_document("s3_brief", region="FRI", language="de")
