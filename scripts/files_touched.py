"""Count the modules that a figure passes through, from snapshot to sentence.

The summary of a market study of US lasers from Germany is made in a fresh process with a profile
of calls; every module of the package in which a function ran is listed with its first function.
All modules are imported before, so that declarations (constants, classes, decorators) do not count.

    python scripts/files_touched.py [--list]
"""

import argparse
import subprocess
import sys
from pathlib import Path

import marketintel

HOME = Path(marketintel.__file__).parent
CODE = """
import importlib, pkgutil, sys
import marketintel as mi
for found in pkgutil.walk_packages(mi.__path__, "marketintel."):
    importlib.import_module(found.name)
seen = {{}}
def note(frame, event, _):
    code = frame.f_code
    is_function = code.co_flags & 1 and not code.co_name.startswith("<")
    if event == "call" and is_function and code.co_filename.startswith({home!r}):
        seen.setdefault(code.co_filename, code.co_name)
sys.setprofile(note)
study = mi.facts("market_study", country="USA", exporter="DEU", segments=["lasers"], year=2025)
study.chapter("summary")
sys.setprofile(None)
for file, function in seen.items():
    print(file, function)
"""


def touched() -> dict[str, str]:
    """Return module path within the package → first function that ran."""
    code = CODE.format(home=str(HOME))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows = (line.rsplit(" ", 1) for line in done.stdout.splitlines())
    return {str(Path(file).relative_to(HOME)): function for file, function in rows}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="also print the modules")
    arguments = parser.parse_args()
    found = touched()
    if arguments.list:
        print("\n".join(f"{file}  {function}" for file, function in sorted(found.items())))
    print(f"{len(found)} modules")
