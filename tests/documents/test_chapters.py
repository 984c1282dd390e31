"""Texts of our own in chapters: names are escaped, commands can be copied."""

import re
from pathlib import Path

import pytest

from marketintel import documents
from marketintel.documents.chapters import gap
from marketintel.documents.engine.blocks import Text
from marketintel.documents.engine.formats import escape_line
from marketintel.errors import MissingDataError


@pytest.mark.parametrize(
    "line",
    [
        "no *figures*; `marketintel fetch imf --for CHN` brings them",
        "`marketintel fetch --for CAN` first",
        "one ` alone, <b>bold</b> and $x$",
        "`a` `b`",
    ],
)
def test_a_line_shows_as_the_text_it_is_and_its_commands_as_code(line):
    shown = Text(escape_line(line)).html()
    for command in line.split("`")[1::2] if line.count("`") > 1 else []:
        assert f"<code>{command}</code>" in shown
    assert "<em>" not in shown and "<b>" not in shown
    plain = line.replace("`", "") if line.count("`") > 1 else line
    text = shown.replace("<code>", "").replace("</code>", "")
    assert text == f"<p>{plain}</p>".replace("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;")


def test_a_gap_keeps_its_command():
    error = MissingDataError("no figures of A*B; `marketintel fetch --for CAN` gets them.")
    assert gap(error) == "No figures of A\\*B\\; `marketintel fetch --for CAN` gets them\\."


def test_templates_that_others_take_in_cannot_be_the_name_of_a_chapter():
    """A chapter of the same name would take in itself, or hide the shared one."""
    taken = re.compile(r"{% *(?:include|import|from) +[\"']([^\"']+)")
    own = {"materials_summary.md.j2"}  # takes in nothing of its name, and stands in its document
    found = {
        name: file
        for file in Path(documents.__file__).parent.rglob("*.md.j2")
        for name in taken.findall(file.read_text(encoding="utf-8"))
    }
    assert len(found) > 5
    assert not {
        name: file for name, file in found.items() if not name.startswith("_") and name not in own
    }
