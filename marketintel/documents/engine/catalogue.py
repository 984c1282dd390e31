"""The list of editions in ``reports/``, rebuilt from their ``run.json`` files."""

import base64
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from marketintel.documents.engine.fonts import FAMILIES_CSS, printable
from marketintel.documents.engine.html import settle_links
from marketintel.documents.engine.pages import TEMPLATES, environment
from marketintel.files import visible, write_atomic
from marketintel.reference.brand import shipped_brand

log = logging.getLogger(__name__)

_LARGEST = 16 << 20  # a record has some kilobytes


def editions(reports_dir: Path) -> list[dict[str, Any]]:
    """Read the ``run.json`` of each complete edition, latest edition first.

    A ``run.json`` that is damaged or somebody else's is named in a warning and left out.
    """
    found = []
    for file in visible(reports_dir, "[!_]*/[!_]*/run.json"):
        try:
            if file.stat().st_size > _LARGEST or not file.is_file():
                raise ValueError("no record")
            run = json.loads(file.read_text(encoding="utf-8"))
            entry: dict[str, Any] = {
                key: str(run[key]) for key in ("edition", "study", "title", "subtitle")
            }
            entry |= {key: str(run.get(key, "")) for key in ("exporter", "audience")}
            entry["links"] = list(run.get("links", []))
            entry["folder"] = file.parent.relative_to(reports_dir).as_posix()
            entry["folder"].encode()  # a name of another system, of letters that no page can hold
        except FileNotFoundError:
            continue  # taken away since it was listed
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            log.warning("%s: not a readable run.json, so the index leaves it out; run that study "
                        "again or remove its folder", printable(str(file)))  # fmt: skip
            continue
        found.append(entry)
    return sorted(found, key=lambda entry: (entry["edition"], entry["study"]), reverse=True)


def _settle(folder: Path) -> None:
    page, record = folder / "report.html", folder / "run.json"
    try:
        old = page.read_text(encoding="utf-8")
        new = settle_links(old, lambda target: (folder / target).is_file())
        run = json.loads(record.read_text(encoding="utf-8"))
        run["files"]["report.html"] = hashlib.sha256(new.encode()).hexdigest()
    except (OSError, ValueError, LookupError, TypeError) as error:
        log.warning("%s: its links to other editions stay as they are (%s)", page, error)
        return
    if new == old:
        return
    write_atomic(page, new.encode())
    write_atomic(record, (json.dumps(run, ensure_ascii=False, indent=1) + "\n").encode())


def write_index(reports_dir: Path) -> Path:
    """Rebuild ``index.html`` in one step and return it; the caller holds the folder's lock.

    Internal editions stand in ``internal.html`` alone, which no page links to, so that the index
    can be published. Links from one edition to another are printed as long as the other is there.
    """
    found = editions(reports_dir)
    for entry in found:
        if entry["links"]:
            _settle(reports_dir / entry["folder"])
    index, internal = reports_dir / "index.html", reports_dir / "internal.html"
    inside = [entry for entry in found if entry["audience"] == "internal"]
    write_atomic(index, _page([e for e in found if e not in inside], "Reports"))
    if inside:
        write_atomic(internal, _page(inside, "Internal reports"))
    else:
        internal.unlink(missing_ok=True)
    return index


def _page(found: list[dict[str, Any]], title: str) -> bytes:
    """Return the page that lists these editions."""
    brand = shipped_brand()
    css = environment().get_template("report.css.j2").render(brand=brand, families=FAMILIES_CSS)
    script = (TEMPLATES / "index.js").read_text(encoding="utf-8")
    # The page runs this one script and no other, wherever a name in it comes from.
    script_hash = f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
    page = (
        environment()
        .get_template("index.html.j2")
        .render(
            editions=found,
            title=title,
            brand=brand,
            css=css,
            script=script,
            script_hash=script_hash,
        )
    )
    return str(page).encode()
