"""Schedules of a refresh: cron, systemd, a workflow of continuous integration, a container."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from marketintel.errors import UsageError

_CRON = "{minute} {hour} {day} * * cd {folder} && {command}\n"

_SERVICE = """\
[Unit]
Description=Refresh of the reports of a series
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}
Nice=10
"""

_TIMER = """\
[Unit]
Description=Time of the refresh of the reports of a series

[Timer]
OnCalendar={calendar}
Persistent=true

[Install]
WantedBy=timers.target
"""

_WORKFLOW = """\
name: refresh
on:
  schedule:
    - cron: "{minute} {hour} {day} * *"
  workflow_dispatch:
permissions:
  contents: read
concurrency:
  group: refresh
  cancel-in-progress: false
jobs:
  refresh:
    runs-on: ubuntu-latest
    timeout-minutes: 350
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - run: make env
      - run: {command}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: reports
          path: reports
"""

_CONTAINER = """\
FROM docker.io/library/python:3.11-slim
WORKDIR /app
COPY . .
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock \\
 && python -m pip install --no-cache-dir --no-deps --no-build-isolation .
ENV MARKETINTEL_DATA=/data
VOLUME ["/data", "/reports"]
USER 1000
ENTRYPOINT ["marketintel", "refresh", "/data/studies.toml", "--out", "/reports", "--jobs", "{jobs}"]
"""


def schedule(
    plan: Path, out: Path, program: Path, at: str, day: int | None, jobs: int, folder: Path
) -> dict[str, str]:
    """Return the files of a schedule by name.

    Parameters
    ----------
    plan, out : Path
        Plan and folder of editions, as from `folder`.
    program : Path
        The command ``marketintel``.
    at : str
        Time of day, ``HH:MM``, in the clock of the machine that runs it; 24 hours.
    day : int or None
        Day of the month, 1 to 28; every day if None.
    jobs : int
        Documents made side by side.
    folder : Path
        Where the command runs.

    Raises
    ------
    UsageError
        `at` is no time of day, or a path has a line break.
    """
    if not (time := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", at)):
        raise UsageError(f"--at {at!r} is no time of day: write it as 03:30")
    if any(mark in f"{plan}{out}{program}{folder}" for mark in "\n\r"):
        raise UsageError("a path with a line break cannot be scheduled: rename it")
    words = [str(program), "refresh", str(plan), "--out", str(out), "--jobs", str(jobs)]
    hour, minute, on = int(time[1]), int(time[2]), str(day or "*")
    # cron makes line breaks of percent signs, systemd fills them and dollar signs in.
    cron = {"folder": shlex.quote(str(folder)), "command": shlex.join(words)}
    cron = {name: text.replace("%", r"\%") for name, text in cron.items()}
    quoted = [
        re.sub(r'(["\\])', r"\\\1", word).replace("%", "%%").replace("$", "$$") for word in words
    ]
    calendar = f"*-*-{f'{day:02d}' if day else '*'} {hour:02d}:{minute:02d}:00"
    when = {"minute": minute, "hour": hour, "day": on}
    relative = plan.name if plan.is_absolute() else plan.as_posix()
    run = shlex.join([".venv/bin/marketintel", "refresh", relative, "--jobs", str(jobs)])
    return {
        "crontab": _CRON.format(**when, **cron),
        "marketintel-refresh.service": _SERVICE.format(
            folder=str(folder).replace("%", "%%"), command=" ".join(f'"{word}"' for word in quoted)
        ),
        "marketintel-refresh.timer": _TIMER.format(calendar=calendar),
        "refresh.yml": _WORKFLOW.format(**when, command=json.dumps(run)),
        "Containerfile": _CONTAINER.format(jobs=jobs),
    }  # fmt: skip
