"""Write environment.yml for conda users from pyproject.toml and requirements.lock.

The direct dependencies keep the exact versions of the lock; conda resolves the rest.
``--check`` writes nothing and exits 1 when the file is out of date.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Names that differ on conda-forge, and packages that it does not carry in the form used here.
CONDA_NAMES = {"duckdb": "python-duckdb", "matplotlib": "matplotlib-base"}
PIP_ONLY = {"font-source-sans-pro", "noto-cjk-sans-jp-regular", "pypandoc-binary", "typst"}

HEADER = """\
# For conda users: conda env create -f environment.yml && conda activate marketintel
# Written by scripts/conda_environment.py: the direct dependencies with the pins of
# requirements.lock. The conda solve itself has not been run by the project's CI, which
# installs requirements.lock with pip; please report a pin that conda-forge does not carry.
"""


def canonical(name: str) -> str:
    """Return a distribution name in its normalised form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked_versions(lock: str) -> dict[str, str]:
    """Return {name: version} of a pip requirements file with hashes."""
    pins = re.findall(r"^([A-Za-z0-9_.\-]+)==([^\s;\\]+)", lock, flags=re.MULTILINE)
    return {canonical(name): version for name, version in pins}


def direct_dependencies(pyproject: str) -> list[str]:
    """Return the names that pyproject.toml asks for, those for development included."""
    project = tomllib.loads(pyproject)["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    return sorted({canonical(re.split(r"[<>=!~;\[ ]", line)[0]) for line in wanted})


def environment_yml(pyproject: str, lock: str) -> str:
    """Return the text of environment.yml."""
    versions = locked_versions(lock)
    names = direct_dependencies(pyproject)
    conda = [f"  - {CONDA_NAMES.get(n, n)}={versions[n]}" for n in names if n not in PIP_ONLY]
    pip = [f"      - {n}=={versions[n]}" for n in names if n in PIP_ONLY]
    lines = ["name: marketintel", "channels:", "  - conda-forge", "dependencies:"]
    lines += ["  - python=3.11", *conda, "  - pip", "  - pip:", *pip, "      - -e ."]
    return HEADER + "\n".join(lines) + "\n"


def main() -> int:
    """Write the file, or compare it with ``--check``."""
    target = ROOT / "environment.yml"
    text = environment_yml(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
        (ROOT / "requirements.lock").read_text(encoding="utf-8"),
    )
    if "--check" in sys.argv[1:]:
        return int(not target.exists() or target.read_text(encoding="utf-8") != text)
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
