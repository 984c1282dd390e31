"""Every recipe of docs/architecture.md works as it stands there, in a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^### (Add [^\n(]*?) \([^\n]*\n(.*?)(?=^##|\Z)", GUIDE, re.M | re.S))
BLOCK = re.compile(r"^```(\w+)(?: (\w+)=(\S+))?(?: after=(\w+))?\n(.*?)^```", re.M | re.S)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The package and the notebooks, and what is needed beside them."""
    made = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__")
    for part in ("marketintel", "notebooks"):
        shutil.copytree(ROOT / part, made / part, ignore=ignored)
    (made / "data").mkdir()
    for part in ("raw", "processed"):
        (made / "data" / part).symlink_to(ROOT / "data" / part)
    (made / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    return made


def cell(kind, source, **metadata):
    made = {"cell_type": kind, "metadata": metadata, "source": source.strip().splitlines(True)}
    name = metadata.pop("id", f"c{abs(hash(source)) % 10**8}")
    return made | {"id": name, "execution_count": None, "outputs": []}


def apply(copy: Path, how: str, name: str, after: str, text: str) -> None:
    """Change one file as a block of the guide says."""
    file = copy / name
    if how == "append":
        file.write_text(file.read_text("utf-8") + text, "utf-8")
    elif how == "create":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    elif how == "replace":
        old, new = text.split("\n---\n")
        before = file.read_text("utf-8")
        assert before.count(old) == 1, f"{name} has not once: {old}"
        file.write_text(before.replace(old, new.rstrip("\n")), "utf-8")
    elif how == "cell":
        notebook = json.loads(file.read_text("utf-8"))
        place = [c["id"] for c in notebook["cells"]].index(after)
        notebook["cells"].insert(place + 1, cell("code", text))
        file.write_text(json.dumps(notebook), "utf-8")
    elif how == "notebook":
        like = json.loads((copy / "notebooks" / "kpi_monitor.ipynb").read_text("utf-8"))
        first, *rest = text.split("\n---\n")
        cells = [cell("code", first, tags=["parameters"]), *(cell("code", part) for part in rest)]
        file.write_text(json.dumps({**like, "cells": cells}), "utf-8")
    else:
        raise AssertionError(f"unknown block {how}")


def test_the_guide_has_a_recipe_for_everything():
    for thing in ("segment", "column", "source", "chapter", "document", "language"):
        assert any(f"Add a {thing}" == name for name in RECIPES), thing


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works_in_a_copy(copy, name):
    blocks = BLOCK.findall(RECIPES[name])
    files = {file for _, how, file, _, _ in blocks if how}
    if stated := re.search(rf"### {name} \((\d) files?", GUIDE):
        allowed = int(stated[1]) + 2 * ("document" in name) + ("column" in name)
        assert len(files) <= allowed
    commands = ""
    for language, how, file, after, text in blocks:
        if language == "sh":
            commands = text
        else:
            apply(copy, how, file, after, text)
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONWARNINGS": "ignore"}
    environment.pop("MARKETINTEL_DATA", None)
    for line in commands.strip().splitlines():
        program = f'{sys.executable} -c "from marketintel.cli import main; main()"'
        line = re.sub(r"^marketintel\b", program, line)
        line = re.sub(r"^python\b", sys.executable, line)
        done = subprocess.run(  # noqa: S602 - our own guide
            line, shell=True, cwd=copy, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.strip()
