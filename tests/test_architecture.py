"""The shape of the code: rooms, sizes, nothing heavy before it is needed, nothing unused."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from marketintel.documents.document import NAMES

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "marketintel"
HEAVY = ["pandas", "geopandas", "statsmodels", "matplotlib", "numpy", "duckdb", "pyarrow"]
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 350, 60
# Called by frameworks, or by the recipes of the architecture guide.
BY_NAME = {
    "transport", "connection_file", "kernel_spec", "drop_tables", "flavor", "handle_starttag",
    "pool_classes_by_scheme", "msg", "exc_text", "Ledger",
}  # fmt: skip


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_imports_keep_to_the_rooms():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def imported_modules(path: Path) -> set[str]:
    """Return what a module imports, inside functions too."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_analysis_does_no_input_or_output() -> None:
    forbidden = {"requests", "pathlib", "os", "duckdb", "matplotlib", "urllib", "sqlite3", "shutil"}
    for path in sorted((PACKAGE / "analysis").rglob("*.py")):
        roots = {module.split(".")[0] for module in imported_modules(path)}
        assert not roots & forbidden, f"{path.name}: {sorted(roots & forbidden)}"


def test_modules_and_functions_are_short() -> None:
    long = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > LONGEST_MODULE:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                start = node.body[1] if ast.get_docstring(node) and node.body[1:] else node.body[0]
                lines = (
                    (node.end_lineno or 0) - start.lineno + 1 + node.body[0].lineno - node.lineno
                )
                if lines > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}: {node.name} {lines} lines")
    assert not long, "\n".join(long)


def test_nothing_is_unused() -> None:
    """What vulture finds, but for names that templates, notebooks or frameworks use."""
    used = BY_NAME | {"Document", "Parameters"}
    for kind in ("marketintel/**/*.j2", "marketintel/**/*.typ", "notebooks/*.ipynb", "docs/*.md"):
        for file in ROOT.glob(kind):
            used |= set(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    lines = run("vulture").stdout.splitlines()
    found = [(line, m[1]) for line in lines if (m := re.search(r"unused \w+ '(\w+)'", line))]
    assert len(found) > 20, "vulture did not run"
    left = [
        line
        for line, name in found
        if name not in used
        and line.startswith("marketintel/")
        and "unused import" not in line  # ruff finds those; imports for types are used in quotes
        and not re.search(
            r"documents/\w+/document.py.*unused class|__class__|unused variable", line
        )
        and not name.startswith(("_", "check_", "validate", "kpi_"))
    ]
    assert not left, "\n".join(left)


def test_dependencies_are_those_that_are_imported() -> None:
    done = run("deptry", "marketintel", "--config", "pyproject.toml", "--no-ansi")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", ["import marketintel", "import marketintel.cli"])
def test_nothing_heavy_is_loaded(what: str) -> None:
    code = f"import sys; {what}; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    "arguments", [["--help"], ["study", "--help"], ["market", "--help"], ["--version"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys, atexit\n"
        f"loaded = lambda: [m for m in {HEAVY} if m in sys.modules]\n"
        "atexit.register(lambda: print('LOADED', *loaded(), file=sys.stderr))\n"
        f"sys.argv = ['marketintel', *{arguments}]\n"
        "from marketintel.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "arketintel" in done.stdout
    assert done.stderr.split() == ["LOADED"]


def test_every_document_is_in_the_contracts() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in NAMES:
        assert text.count(f'"marketintel.documents.{name}"') >= 2, name
