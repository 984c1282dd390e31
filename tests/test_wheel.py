"""The wheel alone: built, installed without network, and used from an empty folder."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory):
    """A function that runs an installed command in an empty folder, away from the checkout."""
    place = tmp_path_factory.mktemp("wheel")
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


def test_it_is_the_wheel_that_runs(installed):
    code = "import marketintel; print(marketintel.__file__)"
    done = subprocess.run(
        [installed.python, "-c", code], cwd=installed.empty, env=installed.environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(installed.packages / "marketintel" / "__init__.py")


@pytest.mark.parametrize(
    ("words", "documents"),
    [
        (("data",), 0),
        (("screen", "-q"), 2),
        (("study", "USA", "-q"), 2),
        (("brief", "SE31", "-q"), 2),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_the_commands_work_in_an_empty_folder(installed, words, documents):
    before = snapshot_of(installed.packages)
    done = installed(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    if documents:
        made = [installed.empty / line for line in done.stdout.splitlines()]
        assert len(made) == documents and all(file.is_file() for file in made)
    assert snapshot_of(installed.packages) == before, "nothing is written beside the package"
    assert not (installed.empty / "data").exists()
    assert (installed.home / ".local" / "share" / "marketintel" / "raw").is_dir()


def test_data_that_were_taken_away_stay_away(installed):
    assert installed("data", "-f", "csv").returncode == 0
    raw = installed.home / ".local" / "share" / "marketintel" / "raw"
    (folder,) = (raw / "usitc_hts").iterdir()
    for file in folder.iterdir():
        file.unlink()
    assert "usitc_hts" not in installed("data", "-f", "csv").stdout


def test_data_that_may_not_be_passed_on_are_not_in_the_wheel(installed):
    starter = installed.packages / "marketintel" / "_starter"
    assert (starter / "us_census_imports").is_dir()
    assert not (starter / "atlas_world_exports").exists()


def test_a_folder_without_data_and_a_home_without_room_are_one_line(installed, tmp_path):
    done = installed("data", MARKETINTEL_DATA=str(tmp_path))
    assert done.returncode == 3 and "_starter" in done.stderr and done.stderr.count("\n") == 1
    (tmp_path / "file").touch()
    done = installed("data", HOME=str(tmp_path / "file"))
    [said] = [line for line in done.stderr.splitlines() if line.startswith("marketintel: ")]
    assert done.returncode == 8 and "not a folder" in said and "MARKETINTEL_DATA" in said
    assert "Traceback" not in done.stderr
