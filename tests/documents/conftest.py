"""Every document that the README promises, in its order, most of them twice, in one folder."""

import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from marketintel.documents.engine.run import Edition

#: Of documents that look at a day; midnight may fall between the two runs.
DAY = "2026-11-22"

#: Ordinary and hostile surroundings of the first run; the second has none of them. No content may
#: depend on them, and the one real key may be nowhere.
KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
SURROUNDINGS = {
    "JUPYTER_TOKEN": "marketintel",
    "MY_API_KEY": "suppliers",
    "CENSUS_KEY": KEY,
    "COMTRADE_KEY": "application",
    "WTO_KEY": "semi_equipment",
    "PYTHONHASHSEED": "1",
}
#: Written a second time at once: the one with a map. The slow test repeats the others.
AGAIN = ("brief",)


@dataclass(frozen=True)
class Run:
    """One command of the README and what came of it."""

    command: str
    stderr: str
    edition: Edition


@dataclass(frozen=True)
class DocumentSet:
    """All documents after the first time, and those that were written again at once."""

    folder: Path
    first: list[Run]
    second: list[Run]

    @property
    def last(self) -> list[Run]:
        """What stands in the folder now, in the README's order."""
        again = {run.command: run for run in self.second}
        return [again.get(run.command, run) for run in self.first]

    def __getitem__(self, command: str) -> Edition:
        return next(run.edition for run in self.last if run.command.startswith(command))

    def again(self, root: Path, said: list[str]) -> list[Run]:
        """Write documents a second time, in surroundings of which there are none."""
        with ThreadPoolExecutor(2) as both:  # all editions are there: the order does not matter
            return list(
                both.map(
                    lambda command: go(root, self.folder.parent, command, {"PYTHONHASHSEED": "2"}),
                    said,
                )
            )


def go(root: Path, folder: Path, command: str, more: dict[str, str]) -> Run:
    """Run a command in `folder`, which must write an edition."""
    ran = subprocess.run(
        [sys.executable, "-m", "marketintel.cli.app", *shlex.split(command), "-q", "--out", "reports"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(root), **more},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, f"{command}: {ran.stderr}"
    page = folder / next(line for line in ran.stdout.split("\n") if line.endswith(".html"))
    record = json.loads((page.parent / "run.json").read_text(encoding="utf-8"))
    return Run(command, ran.stderr, Edition(page.parent, record))


def commands(readme: str) -> list[str]:
    """Return the commands that write a document, in the README's order."""
    section = readme.partition("## What you can ask")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.split("\n") if line.startswith("|"))
    named = [text.removeprefix("marketintel ") for text in re.findall(r"`([^`]+)`", table)]
    return [text for text in named if text.startswith(tuple(documents()))]


def documents() -> dict[str, bool]:
    """Return all commands that write an edition, and whether they look at a day."""
    from typer.main import get_command

    from marketintel.cli.app import app

    found = {}

    def walk(group, before):
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                walk(command, f"{before}{name} ")
            else:
                options = {text for option in command.params for text in option.opts}
                if {"--edition", "--out"} <= options:
                    found[before + name] = "--as-of" in options

    walk(get_command(app), "")
    return found


def survey(path: Path) -> Path:
    """Sixty answers that nobody gave."""
    rows = ["respondent,cluster,segment,needs,barriers,expectations,free_text"]
    for i in range(60):
        cluster = ("alpha_rlh", "produtech")[i % 2]
        need = ("skills", "finance", "none")[i % 3]
        rows.append(f"EXAMPLE {i},{cluster},lasers,{need},duties,missions,the cost")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def document_set(root, tmp_path_factory) -> DocumentSet:
    folder = tmp_path_factory.mktemp("set")
    reports = folder / "reports"
    file = survey(folder / "answers.csv")
    dated = tuple(name for name, looks_at_a_day in documents().items() if looks_at_a_day)
    said = [
        c.replace("FILE", file.name) + (f" --as-of {DAY}" if c.startswith(dated) else "")
        for c in commands((root / "README.md").read_text(encoding="utf-8"))
    ]

    first = [go(root, folder, command, SURROUNDINGS) for command in said]
    written = DocumentSet(reports, first, [])
    written.second.extend(written.again(root, [c for c in said if c.startswith(AGAIN)]))
    return written
