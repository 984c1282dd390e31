"""Terms of sources: tables, editions and snapshots that may be passed on."""

import json
from collections.abc import Iterable
from pathlib import Path

from marketintel.errors import DamagedDataError, UsageError
from marketintel.places import default_data_dir
from marketintel.sources.catalogue import fetched, sources


def publishable(names: Iterable[str]) -> list[str]:
    """Return why tables made from these sources may not be published; empty if they may.

    Parameters
    ----------
    names : iterable of str
        Of sources.
    """
    known = sources()
    objections = []
    for name in sorted(set(names)):
        if name not in known:
            objections.append(
                f"{name}: declared in no module of sources/providers, so its terms are not known; "
                "declare it there first"
            )
        elif not known[name].redistributable:
            objections.append(
                f"{name}: {known[name].licence}; leave its figures out of published tables, or "
                "cite single figures"
            )
    return objections


def edition_objections(edition: Path) -> list[str]:
    """Return why an edition may not be published; empty if it may.

    Parameters
    ----------
    edition : Path
        Folder with ``run.json``, whose inputs name the snapshots used, and whose ``audience`` is
        ``internal`` where members, readiness or answers that were handed in are in it.

    Raises
    ------
    UsageError
        There is no ``run.json``.
    DamagedDataError
        It cannot be read.
    """
    record = edition / "run.json"
    if not record.is_file():
        raise UsageError(f"{edition}: no run.json; give the folder of an edition's study")
    try:
        run = json.loads(record.read_text(encoding="utf-8"))
        inputs, audience = run["inputs"], run.get("audience")
        used = {Path(name).parts[1] for name in inputs if name.startswith("raw/")}
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DamagedDataError(
            f"{record}: not readable ({error}); write the edition anew"
        ) from None
    # Polygons are in an edition only as a picture, which their terms allow with the notice.
    objections = publishable(used - {s.name for s in sources().values() if s.polygons})
    if audience == "internal":
        objections.append(f"{edition}: internal, made from what members or respondents handed in; "
                          "write the document without that file")  # fmt: skip
    elif audience != "public":
        objections.append(f"{edition}: from before editions were marked; write it anew")
    return objections


def local_only(data_dir: Path | None = None) -> list[str]:
    """Return the snapshots here that version control could publish against their terms."""
    root = data_dir or default_data_dir()
    bare = [f.name for f in (root / "raw").glob("*/") if not (f / ".gitignore").exists()]
    refused = [name for name in sorted(bare) if publishable([name])]
    if not refused:
        return []
    return [
        f"{root / 'raw' / name}: lacks its .gitignore; {objection}"
        for name in refused
        if name in fetched()
        for objection in publishable([name])
    ]
