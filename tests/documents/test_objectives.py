"""Objectives: every one has a command, and every command named is one that runs."""

import re

import pytest
from typer.testing import CliRunner

from marketintel.cli.app import app
from marketintel.documents.document import NAMES, open_document

RUNNER = CliRunner()


def named(root):
    text = (root / "docs" / "objectives.md").read_text(encoding="utf-8")
    return text, list(dict.fromkeys(re.findall(r"`marketintel ([^`]+)`", text)))


def test_every_objective_has_commands_and_a_limit(root):
    text, commands = named(root)
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row[0].strip().startswith(("objective", "result"))]
    assert len([row for row in rows if re.match(r" \d+ ", row[0])]) == 12 + 3
    assert all(len(row) == 4 and "`marketintel " in row[2] and row[3].strip() for row in rows)
    assert len(commands) > 15


@pytest.mark.parametrize(
    "command",
    ["segments", "practice", "practice --need skills", "kpi show", "kpi meet --help", "data",
     "check", "check --help", "explain USA lasers 2025", "priorities CAN"],
)  # fmt: skip
def test_a_command_that_prints_runs(root, command):
    assert command in named(root)[1]
    ran = RUNNER.invoke(app, command.split())
    assert ran.exit_code == 0 and ran.output.strip(), ran.output


def test_every_document_named_takes_its_argument(root):
    """Parameters are checked as the command does; the documents themselves have their own tests."""
    printed = {"segments", "practice", "kpi", "data", "check", "explain", "priorities"}
    kinds = {"study": "market_study", "brief": "s3_brief", "screen": "screening"}
    for command in named(root)[1]:
        name, *arguments = command.split()
        if name in printed:
            continue
        assert kinds.get(name, name) in NAMES, command
        ran = RUNNER.invoke(app, [name, *arguments, "--help"])
        assert ran.exit_code == 0, command
    assert open_document("clusters", country="USA", as_of="2026-11-22").chapter("applications")
