"""One declaration of a document: notebook, command line, chapters and folder follow it."""

import dataclasses
import inspect
import json
import pickle
import re
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import marketintel
from marketintel.documents.columns import columns, kind_of
from marketintel.documents.document import NAMES, document_class, open_document
from marketintel.documents.engine.formats import KINDS
from marketintel.errors import UsageError
from marketintel.places import notebooks_dir

PACKAGE = Path(marketintel.__file__).parent


def _done(name):
    try:
        return document_class(name)
    except ModuleNotFoundError:
        pytest.skip("not yet declared")


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_has_the_parameters_and_chapters_of_its_document(name):
    document = _done(name)
    cells = json.loads((notebooks_dir() / document.notebook).read_text(encoding="utf-8"))["cells"]
    source = {c["id"]: "".join(c["source"]) for c in cells if c["cell_type"] == "code"}
    given: dict = {}
    exec(source["parameters"], given)  # noqa: S102 - our own notebook
    fields = {f.name: f for f in dataclasses.fields(document.Parameters)}
    assert set(given) - {"__builtins__", "__annotations__"} == set(fields)
    for key, field in fields.items():
        if field.default is not dataclasses.MISSING:
            assert given[key] == field.default, key
    assert not any("def " in s for s in source.values())
    chapters = PACKAGE / "documents" / name / "chapters"
    templates = {f.name.partition(".")[0] for f in chapters.glob("[!_]*.md.j2")}
    shared = {f.name.partition(".")[0] for f in chapters.parents[1].glob("chapters_shared/*.j2")}
    assert templates <= set(document.chapters) <= templates | shared and templates


@pytest.mark.parametrize("name", [n for n in NAMES if document_class(n).one_page_notebook])
def test_a_page_has_the_parameters_of_its_document(name):
    document = document_class(name)
    path = notebooks_dir() / document.one_page_notebook
    source = {c["id"]: "".join(c["source"]) for c in json.loads(path.read_text("utf-8"))["cells"]}
    given: dict = {}
    exec(source["parameters"], given)  # noqa: S102 - our own notebook
    fields = {f.name for f in dataclasses.fields(document.Parameters)}
    assert set(given) - {"__builtins__", "__annotations__"} == fields and given["one_page"]
    assert f'mi.facts("{name}"' in source["load"]


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_has_every_parameter(name):
    from marketintel.cli import app

    document = _done(name)
    text = (
        CliRunner()
        .invoke(
            app.app, [*document.command.split(), "--help"], env={"COLUMNS": "200", "TERM": "dumb"}
        )
        .output
    )
    for field in dataclasses.fields(document.Parameters):
        if not field.metadata["internal"]:
            assert field.metadata["help"].split("(")[0].split(":")[0][:30] in " ".join(text.split())


def test_every_column_has_a_header_and_a_known_format():
    for name, column in columns().items():
        assert column.header and kind_of(column.format) in KINDS, name


def test_facts_survive_the_way_to_the_kernel():
    document = open_document("kpi_monitor", as_of="2026-11-22")
    again = pickle.loads(pickle.dumps(document))  # noqa: S301 - our own
    assert again.tables["indicators"].equals(document.tables["indicators"])


def test_a_wrong_document_or_parameter_is_one_line():
    with pytest.raises(UsageError, match="there are market_study"):
        open_document("nonsense")
    with pytest.raises(UsageError, match="no parameter day; it has as_of"):
        open_document("kpi_monitor", day="2026-11-22")
    with pytest.raises(UsageError, match="is no day"):
        open_document("kpi_monitor", as_of="tomorrow")


@pytest.mark.parametrize("name", NAMES)
def test_every_view_is_used(name):
    """Templates call views by name, which no linter sees."""
    views = import_module(f"marketintel.documents.{name}.views")
    files = [*(PACKAGE / "documents" / name).rglob("*.*"),
             *(PACKAGE / "documents" / "chapters_shared").iterdir()]  # fmt: skip
    text = "\n".join(f.read_text("utf-8") for f in files if f.suffix in (".py", ".j2"))
    made = [n for n, o in vars(views).items()
            if inspect.isfunction(o) and o.__module__.startswith(views.__name__)]  # fmt: skip
    assert [n for n in made if len(re.findall(rf"\b{n}\b", text)) < 2] == []
