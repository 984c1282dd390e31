"""The wheel alone: built, installed without network, and used from an empty folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest


@pytest.fixture
def installed(root, tmp_path):
    """A function that runs an installed command in an empty folder, away from the checkout."""
    place = tmp_path
    run = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(run, cwd=root, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    venv.create(place / "venv", with_pip=False)
    python = place / "venv" / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = place / "venv" / "lib" / version / "site-packages"
    # What the wheel depends on is that of this environment; its own package comes first.
    (packages / "tested.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-index", "--disable-pip-version-check", str(wheel)], check=True)
    home, empty = place / "home", place / "empty"
    home.mkdir()
    empty.mkdir()
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "MARKETINTEL", "XDG_", "VIRTUAL_ENV"))
    } | {"HOME": str(home)}

    def command(*words, **options):
        return subprocess.run(
            [python.with_name("marketintel"), *words],
            cwd=empty, env=clean | options, capture_output=True, text=True, check=False,
        )  # fmt: skip

    command.python, command.packages, command.empty, command.home = python, packages, empty, home
    command.environment = clean
    return command


def snapshot_of(folder: Path) -> dict[str, int]:
    return {
        str(p.relative_to(folder)): p.stat().st_mtime_ns
        for p in folder.rglob("*")
        if p.is_file() and p.suffix != ".pyc"
    }


def test_a_wheel_is_all_that_is_needed(installed, tmp_path):
    def python(code):
        return subprocess.run(
            [installed.python, "-c", code], cwd=installed.empty, env=installed.environment,
            capture_output=True, text=True, check=True,
        )  # fmt: skip

    done = python("import marketintel; print(marketintel.__file__)")
    assert done.stdout.strip() == str(installed.packages / "marketintel" / "__init__.py")
    starter = installed.packages / "marketintel" / "_starter"
    assert (starter / "us_census_imports").is_dir()
    assert not (starter / "atlas_world_exports").exists(), "its terms are not verified"

    before = snapshot_of(installed.packages)
    commands = [
        (("data",), 0),
        (("study", "USA", "--segment", "lasers", "-q"), 2),
    ]
    for words, documents in commands:
        done = installed(*words)
        assert (done.returncode, done.stderr) == (0, ""), words
        made = [installed.empty / line for line in done.stdout.splitlines()]
        assert made
        if documents:
            assert len(made) == documents and all(file.is_file() for file in made)
    done = python(
        "import marketintel as mi; print(*mi.imports('USA', segments=['lasers']).columns)"
    )
    assert {"duty_pct", "value_usd"} <= set(done.stdout.split())
    assert snapshot_of(installed.packages) == before, "nothing is written beside the package"
    assert not (installed.empty / "data").exists()

    raw = installed.home / ".local" / "share" / "marketintel" / "raw"
    shutil.rmtree(raw / "usitc_hts")
    assert "usitc_hts" not in installed("data", "-f", "csv").stdout, "taken away stays away"

    (tmp_path / "none").mkdir()
    done = installed("data", MARKETINTEL_DATA=str(tmp_path / "none"))
    assert done.returncode == 3 and "_starter" in done.stderr and done.stderr.count("\n") == 1
    (tmp_path / "file").touch()
    done = installed("data", HOME=str(tmp_path / "file"))
    [said] = [line for line in done.stderr.splitlines() if line.startswith("marketintel: ")]
    assert done.returncode == 8 and "not a folder" in said and "MARKETINTEL_DATA" in said
    assert "Traceback" not in done.stderr
