"""The house keeps its shape: imports only to the left, and nothing heavy before it is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOMS = ["reference", "sources", "warehouse", "analysis", "documents", "cli"]
HEAVY = ["pandas", "geopandas", "statsmodels", "matplotlib", "numpy", "duckdb", "pyarrow"]
PACKAGE = Path(__file__).resolve().parent.parent / "marketintel"


def room_of(module: str) -> str | None:
    """Return the room that a dotted module name lies in."""
    parts = module.split(".")
    if parts[0] != "marketintel" or len(parts) < 2:
        return None
    name = "cli" if parts[1].startswith("cli") else parts[1]
    return name if name in ROOMS else None


def imported_modules(path: Path) -> list[str]:
    """Return what a module imports, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_only_to_the_left(path: Path) -> None:
    here = room_of(".".join(["marketintel", *path.relative_to(PACKAGE).with_suffix("").parts]))
    if here is None:
        return
    wrong = {
        m
        for m in imported_modules(path)
        if (r := room_of(m)) and ROOMS.index(r) > ROOMS.index(here)
    }
    assert not wrong, f"{here} must not import from a room to its right: {sorted(wrong)}"


def test_analysis_does_no_input_or_output() -> None:
    forbidden = {"requests", "pathlib", "os", "duckdb", "matplotlib", "urllib", "sqlite3", "shutil"}
    for path in sorted((PACKAGE / "analysis").rglob("*.py")):
        roots = {m.split(".")[0] for m in imported_modules(path)}
        rooms = {room_of(m) for m in imported_modules(path)}
        assert not roots & forbidden, f"{path.name}: {sorted(roots & forbidden)}"
        assert not rooms & {"sources", "warehouse"}, (
            f"{path.name} reaches for data; it must be handed a frame"
        )


@pytest.mark.parametrize("what", ["import marketintel", "import marketintel.cli.app"])
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
        "from marketintel.cli.app import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "arketintel" in done.stdout
    assert done.stderr.split() == ["LOADED"]
