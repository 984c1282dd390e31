"""The list of editions in ``reports/``, rebuilt from their ``run.json`` files."""

import json
import logging
from pathlib import Path
from typing import Any

from marketintel.files import visible, write_atomic
from marketintel.report.fonts import FAMILIES_CSS
from marketintel.report.pages import environment
from marketintel.report.theme import shipped_brand

log = logging.getLogger(__name__)

_LARGEST = 16 << 20  # a record has some kilobytes


def editions(reports_dir: Path) -> list[dict[str, Any]]:
    """Read what each complete edition says about itself, latest edition first.

    A ``run.json`` that is damaged or somebody else's is named in a warning and left out.
    """
    found = []
    for file in visible(reports_dir, "[!_]*/[!_]*/run.json"):
        try:
            if file.stat().st_size > _LARGEST or not file.is_file():
                raise ValueError("no record")
            run = json.loads(file.read_text(encoding="utf-8"))
            entry = {key: str(run[key]) for key in ("edition", "study", "title", "subtitle")}
            entry["exporter"] = str(run.get("exporter", ""))
        except FileNotFoundError:
            continue  # taken away since it was listed
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            log.warning("%s: not a readable run.json, so the index leaves it out; run that study "
                        "again or remove its folder", file)  # fmt: skip
            continue
        found.append({**entry, "folder": file.parent.relative_to(reports_dir).as_posix()})
    return sorted(found, key=lambda entry: (entry["edition"], entry["study"]), reverse=True)


def write_index(reports_dir: Path) -> Path:
    """Rebuild ``index.html`` in one step and return it; the caller holds the folder's lock."""
    brand = shipped_brand()
    css = environment().get_template("report.css.j2").render(brand=brand, families=FAMILIES_CSS)
    template = environment().get_template("index.html.j2")
    html = template.render(editions=editions(reports_dir), brand=brand, css=css)
    index = reports_dir / "index.html"
    write_atomic(index, str(html).encode())
    return index
