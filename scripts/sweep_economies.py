"""Take every economy of the warehouse through its documents, and say which fail.

Each economy goes through three things, chapter by chapter as the notebooks call them, but without
kernel, notebook and PDF, which are the same for all: the table of ``marketintel forecast --table``,
the outlook of ``marketintel forecast`` and the study of ``marketintel study``. A line each says
``ok``, ``stated`` (one line of the command says what is missing) or ``FAILED`` (a traceback).

    python scripts/sweep_economies.py                     # all, raw materials, two processes
    python scripts/sweep_economies.py NZL LUX KIR         # some
    python scripts/sweep_economies.py --segments lasers --done lasers.jsonl
    python scripts/sweep_economies.py --steps table,study # without the outlook, half the time

About ten seconds of one core for each economy. Finished lines are kept in ``--done``: a second
run goes on where the first was stopped. Delete the file to begin anew. Exit code 1 if anything
failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from marketintel.documents.chapters import GAP
from marketintel.errors import MarketIntelError
from marketintel.reference.countries import country_rows
from marketintel.warehouse import engine

THERE = "SELECT reporter AS economy FROM trade UNION SELECT partner FROM trade ORDER BY economy"


def economies(data_dir: Path | None = None) -> list[str]:
    """Return every economy that reports trade or is a partner in it, ISO3, the world left out."""
    known = {row["iso3"] for row in country_rows()}
    there = engine.ask_once(data_dir, THERE)["economy"]
    return [economy for economy in there if economy in known]


def table(economy: str, segments: list[str]) -> str:
    """Levels in five years."""
    from marketintel.documents.document import open_document
    from marketintel.documents.engine.tables import as_csv
    from marketintel.documents.outlook.views.listing import listing, printed

    frame = listing(open_document("outlook", countries=[economy], segments=segments).facts)
    printed(frame)
    as_csv(frame)
    return f"{len(frame)} rows"


def outlook(economy: str, segments: list[str]) -> str:
    """Every chapter of the segment outlook and the model card."""
    from marketintel.documents.document import open_document

    document = open_document("outlook", countries=[economy], segments=segments)
    document.cover()
    document.files()
    return _told(document.chapter(name).html() for name in document.chapters)


def study(economy: str, segments: list[str]) -> str:
    """Every chapter of the market study."""
    from marketintel.documents.document import open_document
    from marketintel.reference.countries import group_members

    exporter = "USA" if economy in group_members("EU27") else "EU27"
    document = open_document("market_study", country=economy, exporter=exporter, segments=segments)
    document.cover()
    shown = (document.chapter(name).html() for name in document.chapters)
    return f"{document.facts.year}, {_told(shown)}"


def _told(shown: Iterator[str]) -> str:
    """Count chapters, and those of them that are gaps."""
    pages = list(shown)
    return f"{len(pages)} chapters, {sum(GAP in page for page in pages)} gaps"


STEPS: dict[str, Callable[[str, list[str]], str]] = {
    "table": table,
    "outlook": outlook,
    "study": study,
}


def sweep(economy: str, segments: list[str], steps: Sequence[str] = tuple(STEPS)) -> dict[str, str]:
    """Take one economy through the steps.

    Returns
    -------
    dict of str to str
        ``economy``, and by step ``ok …``, ``stated: …`` or ``FAILED: …`` with the place.
    """
    found = {"economy": economy}
    for step in steps:
        try:
            found[step] = f"ok {STEPS[step](economy, segments)}"
        except MarketIntelError as error:
            found[step] = f"stated: {error}"
        except Exception as error:  # every kind is what is looked for
            at = traceback.extract_tb(error.__traceback__)[-1]
            own = [
                f for f in traceback.extract_tb(error.__traceback__) if "marketintel" in f.filename
            ]
            at = own[-1] if own else at
            found[step] = f"FAILED: {error!r} at {Path(at.filename).name}:{at.lineno}"
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Sweep the economies that are not done yet, print their lines and the sums."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("economies", nargs="*", help="ISO3 codes; all of the warehouse if none")
    parser.add_argument("--segments", default="materials", help="comma-separated")
    parser.add_argument("--steps", default=",".join(STEPS), help="some of table, outlook, study")
    parser.add_argument("--done", type=Path, default=Path("sweep.jsonl"), help="lines kept here")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    asked = parser.parse_args(arguments)
    lines = asked.done.read_text(encoding="utf-8").splitlines() if asked.done.exists() else []
    done = {row["economy"]: row for row in map(json.loads, lines)}
    wanted = asked.economies or economies()
    left = [economy for economy in wanted if economy not in done]
    steps = asked.steps.split(",")
    work = partial(sweep, segments=asked.segments.split(","), steps=steps)
    with ProcessPoolExecutor(asked.jobs) as pool, asked.done.open("a", encoding="utf-8") as keep:
        for row in pool.map(work, left):
            done[row["economy"]] = row
            keep.write(json.dumps(row, ensure_ascii=False) + "\n")
            keep.flush()
            print("; ".join([row["economy"], *(f"{s} {row[s]}" for s in steps)]), flush=True)
    told = [done[economy][step] for economy in wanted for step in steps]
    sums = {how: sum(line.startswith(how) for line in told) for how in ("ok", "stated", "FAILED")}
    print(f"{len(wanted)} economies: " + ", ".join(f"{n} {how}" for how, n in sums.items()))
    return 1 if sums["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
