"""The list of editions in ``reports/``, rebuilt from their ``run.json`` files."""

import json
import os
from pathlib import Path
from typing import Any

from marketintel.errors import ReportError
from marketintel.report.pages import environment
from marketintel.report.theme import shipped_brand


def editions(reports_dir: Path) -> list[dict[str, Any]]:
    """Read what each complete edition says about itself, latest edition first.

    Raises
    ------
    ReportError
        If a ``run.json`` cannot be read, naming it.
    """
    found = []
    for file in sorted(reports_dir.glob("*/*/run.json")):
        if any(part.startswith((".", "_")) for part in file.relative_to(reports_dir).parts):
            continue
        try:
            run = json.loads(file.read_text(encoding="utf-8"))
            entry = {key: str(run[key]) for key in ("edition", "study", "title", "subtitle")}
        except (OSError, ValueError, KeyError) as error:
            raise ReportError(f"{file}: not a readable run.json; run that study again") from error
        folder = file.parent
        entry["folder"] = folder.relative_to(reports_dir).as_posix()
        found.append({**entry, "exporter": str(run.get("exporter", ""))})
    return sorted(found, key=lambda entry: (entry["edition"], entry["study"]), reverse=True)


def write_index(reports_dir: Path) -> Path:
    """Rebuild ``index.html`` in one step and return it."""
    brand = shipped_brand()
    css = environment().get_template("report.css.j2").render(brand=brand, font="Source Sans 3")
    template = environment().get_template("index.html.j2")
    html = template.render(editions=editions(reports_dir), brand=brand, css=css)
    index = reports_dir / "index.html"
    draft = reports_dir / f".index-{os.getpid()}.html"
    draft.write_text(str(html), encoding="utf-8", newline="\n")
    draft.replace(index)
    return index
