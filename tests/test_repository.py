"""Promises about the repository itself: locked, portable, small, and clean notebooks."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
import conda_environment as conda

# Written in pieces so that this file does not name what it forbids.
REGISTRY_HOSTS = [
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry" + ".npmjs",
    "npmjs" + ".com",
    "conda" + ".anaconda",
]


def tracked(root: Path) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return [root / line for line in done.stdout.splitlines() if (root / line).is_file()]


def test_every_requirement_is_pinned_and_hashed(root: Path) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (root / "requirements.lock").read_text().strip())
    assert len(entries) > 100
    for entry in entries:
        assert re.match(r"[A-Za-z0-9_.\-]+==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_lock_satisfies_what_the_project_asks_for(root: Path) -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    versions = conda.locked_versions((root / "requirements.lock").read_text())
    for line in project["dependencies"] + project["optional-dependencies"]["dev"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(versions[conda.canonical(requirement.name)]), line


def test_conda_file_has_the_pins_of_the_lock(root: Path) -> None:
    expected = conda.environment_yml(
        (root / "pyproject.toml").read_text(), (root / "requirements.lock").read_text()
    )
    assert (root / "environment.yml").read_text() == expected, "run scripts/conda_environment.py"


def test_installed_versions_are_the_locked_ones(root: Path) -> None:
    from importlib.metadata import version

    versions = conda.locked_versions((root / "requirements.lock").read_text())
    for name in (
        "pandas",
        "statsmodels",
        "geopandas",
        "matplotlib",
        "papermill",
        "duckdb",
        "typst",
    ):
        assert version(name) == versions[name]


def test_no_registry_host_and_no_home_directory_in_any_file(root: Path) -> None:
    for path in tracked(root):
        if path.suffix in {".parquet", ".gpkg", ".png", ".pdf", ".ttf", ".otf"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for host in REGISTRY_HOSTS:
            assert host not in text, f"{path.relative_to(root)} names a registry host"
        assert not re.search(r"(?<![\w.])/(home|root|Users)/\w", text), (
            f"{path.relative_to(root)} names a home directory"
        )


def test_shipped_data_are_small(root: Path) -> None:
    total = sum(p.stat().st_size for p in tracked(root) if "data" in p.relative_to(root).parts[:1])
    assert total < 15e6, f"data/ holds {total / 1e6:.1f} MB; the limit is 15 MB"


def test_notebooks_are_clean_and_thin(root: Path) -> None:
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [c for c in cells if c["cell_type"] == "code"]
        assert sum("parameters" in c["metadata"].get("tags", []) for c in code) == 1, path.name
        for cell in code:
            source = "".join(cell["source"])
            assert cell["outputs"] == [] and cell["execution_count"] is None, (
                f"{path.name}: run nbstripout"
            )
            assert not re.search(
                r"^\s*(def|class|for|while)\b|now\(\)|pip install|requests\.", source, re.MULTILINE
            ), f"{path.name}: notebooks hold prose and calls; move this into the package:\n{source}"


def test_licences_are_those_of_the_sidecars(root: Path) -> None:
    """Every shipped source is listed with producer, licence, citation and origin of its sidecar."""
    text = (root / "DATA_LICENSES.md").read_text(encoding="utf-8")
    parts = dict(re.findall(r"^## `(\w+)`: (.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    sidecars = sorted((root / "data" / "raw").glob("*/**/*.meta.json"))
    assert {f.relative_to(root / "data" / "raw").parts[0] for f in sidecars} == set(parts)
    for file in sidecars:
        meta = json.loads(file.read_text(encoding="utf-8"))
        said = " ".join(parts[file.relative_to(root / "data" / "raw").parts[0]].split())
        for key in ("producer", "licence", "citation"):
            if key in meta:
                assert " ".join(str(meta[key]).split()) in said, (file.name, key)
