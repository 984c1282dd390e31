"""Schedules, read back by other parsers."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from marketintel.documents.editions.schedule import schedule
from marketintel.errors import UsageError

ODD = Path('/srv/a b/50% off/$HOME\'s "x"')


def files(day=None, at="03:05", folder=Path("/srv/reports")):
    return schedule(
        folder / "studies.toml", folder / "out", Path("/opt/bin/marketintel"), at, day, 2, folder
    )


@pytest.mark.parametrize("folder", [Path("/srv/reports"), ODD])
def test_cron_runs_the_command_in_its_folder(folder, tmp_path):
    line = files(folder=folder)["crontab"]
    *when, command = line.strip().split(" ", 5)
    assert when == ["5", "3", "*", "*", "*"]
    assert not re.search(r"(?<!\\)%", command)  # cron would end the command there
    home, rest = command.replace(r"\%", "%").split(" && ")
    assert shlex.split(home) == ["cd", str(folder)]
    assert shlex.split(rest) == ["/opt/bin/marketintel", "refresh", str(folder / "studies.toml"),
                                 "--out", str(folder / "out"), "--jobs", "2"]  # fmt: skip


def test_units_are_those_of_systemd(tmp_path):
    made = files(day=2)
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(made["marketintel-refresh.timer"])
    assert parser["Timer"]["OnCalendar"] == "*-*-02 03:05:00"
    parser.read_string(files(folder=ODD)["marketintel-refresh.service"])
    assert '50%% off/$$HOME\'s \\"x\\"/studies.toml' in parser["Service"]["ExecStart"]
    if shutil.which("systemd-analyze"):
        for name in ("marketintel-refresh.timer", "marketintel-refresh.service"):
            (tmp_path / name).write_text(made[name].replace("/opt/bin/marketintel", "/bin/true"))
        subprocess.run(["systemd-analyze", "verify", *map(str, tmp_path.iterdir())], check=True)


def test_workflow_and_container_are_well_formed():
    made = files(day=2)
    workflow = yaml.safe_load(made["refresh.yml"])
    assert workflow[True]["schedule"] == [{"cron": "5 3 2 * *"}]  # YAML 1.1 reads "on" as true
    commands = [step["run"] for step in workflow["jobs"]["refresh"]["steps"] if "run" in step]
    assert commands[-1] == ".venv/bin/marketintel refresh studies.toml --jobs 2"
    last = made["Containerfile"].splitlines()[-1].removeprefix("ENTRYPOINT ")
    assert yaml.safe_load(last)[-2:] == ["--jobs", "2"]


@pytest.mark.parametrize("at", ["24:00", "3", "03:60", "3:5", "", "aa:bb"])
def test_a_wrong_time_is_refused(at):
    with pytest.raises(UsageError, match="write it as 03:30"):
        files(at=at)
