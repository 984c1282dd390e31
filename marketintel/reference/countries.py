"""Countries: every code system to ISO3, names people type, groups and their members.

The facts are in ``reference/countries.csv`` and ``reference/groups.toml``, which people edit.
A cell may hold several codes joined by ``;``: the first is the current one, the others are
accepted too (Census counts Gaza and the West Bank apart; Sudan was 736 before 2012).
Reading a name or a group needs no pandas; it is imported only where a frame is asked for.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.errors import ReferenceFileError, UsageError
from marketintel.reference.files import (
    REFERENCE_DIR,
    Sheet,
    listed,
    raw_toml,
    read_cells,
    refuse,
    sound,
)

if TYPE_CHECKING:
    import pandas as pd

#: The group that every study compares with, whatever the exporter.
EU = "EU27"


COLUMNS = (
    "iso3",
    "iso_numeric",
    "m49_comtrade",
    "census",
    "eurostat",
    "statcan",
    "wits",
    "wto",
    "name",
    "groups",
    "iso3_old",
    "aliases",
)
# Digits a code has in systems of numbers: published files often lose leading zeros.
NUMERIC_WIDTH = {"iso_numeric": 3, "m49_comtrade": 3, "census": 4, "wits": 3, "wto": 3}
SYSTEMS = (
    "iso3", "iso_numeric", "m49_comtrade", "census", "eurostat", "statcan", "wits", "wto",
)  # fmt: skip


def country_rows(path: Path | None = None) -> list[dict[str, str]]:
    """Read ``countries.csv`` as plain dictionaries, every value a string ("" where none).

    Raises
    ------
    ReferenceFileError
        When the file cannot be read as rows of :data:`COLUMNS`.
    """
    path = path or REFERENCE_DIR / "countries.csv"
    return _rows(path, _changed(path))


@lru_cache(maxsize=8)
def _rows(path: Path, changed: int) -> list[dict[str, str]]:
    sheet = Sheet(path)
    read_cells(sheet, COLUMNS)
    refuse(sheet.problems)
    return [cells for _, cells in sheet.rows]


def _changed(path: Path) -> int:
    """Return a file's modification stamp, so that an edited file is read again."""
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise ReferenceFileError(
            f"{path}: the reference file cannot be read ({error.strerror}); restore it"
        ) from None


def load_countries(path: Path | None = None) -> pd.DataFrame:
    """Return ``countries.csv`` as a frame of strings.

    Returns
    -------
    DataFrame
        iso3, iso_numeric, m49_comtrade, census, eurostat, wits, name, groups, iso3_old,
        aliases; one row an economy, sorted as in the file; "" where a system has no code.
    """
    import pandas as pd

    return pd.DataFrame(country_rows(path), columns=list(COLUMNS), dtype="str")


def load_groups(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return ``groups.toml``: id → name, members (how many), as_of, note, aliases, see."""
    path = path or REFERENCE_DIR / "groups.toml"
    return _groups(path, _changed(path))


@lru_cache(maxsize=8)
def _groups(path: Path, changed: int) -> dict[str, dict[str, Any]]:
    tables = sound(raw_toml(path))
    return tables.raw


def group_members(group: str, path: Path | None = None) -> list[str]:
    """Return the ISO3 of a group's members, sorted; a single country is its own only member.

    Raises
    ------
    UsageError
        When neither a group nor a country has that name.
    """
    path = path or REFERENCE_DIR / "countries.csv"
    wanted = country(group, path)
    return list(_members(path, _changed(path)).get(wanted, [wanted]))


@lru_cache(maxsize=8)
def _members(path: Path, changed: int) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for iso3, group in ((r["iso3"], g) for r in _rows(path, changed) for g in listed(r["groups"])):
        members.setdefault(group, []).append(iso3)
    return {group: sorted(found) for group, found in members.items()}


def country_name(iso3: str, path: Path | None = None) -> str:
    """Return the plain English name of an ISO3 code or group id; the code itself if unknown."""
    path = path or REFERENCE_DIR / "countries.csv"
    if name := _names(path, _changed(path)).get(iso3):
        return name
    group = load_groups().get(iso3)
    return str(group["name"]) if group else iso3


@lru_cache(maxsize=8)
def _names(path: Path, changed: int) -> dict[str, str]:
    return {row["iso3"]: row["name"] for row in reversed(_rows(path, changed))}


def country(text: str, path: Path | None = None) -> str:
    """Return the ISO3 (or group id) that a person means by ``text``.

    Accepts ISO3, an older ISO3, the two-letter code, the name, an alias, or a group id;
    case and accents do not matter ("turkiye", "cote d'ivoire", "eu27").

    Raises
    ------
    UsageError
        When nothing matches; the message has the nearest names.
    """
    index = _index(path)
    key = fold(text)
    for form in (key, key.removeprefix("the "), _ORDERED.sub(r"\2 \1", key), _bare(key)):
        if form in index:
            return index[form]
    near = difflib.get_close_matches(key, index, n=6, cutoff=0.6)
    meant = list(dict.fromkeys(f"{country_name(index[k], path)} ({index[k]})" for k in near))[:3]
    hint = f"did you mean {', '.join(meant)}?" if meant else "use an ISO3 code such as USA or DEU"
    raise UsageError(f"unknown country or group {text!r}: {hint}")


def _index(path: Path | None) -> Mapping[str, str]:
    """Map every folded name and letter code to an ISO3 or group id; exact ISO3 wins."""
    path = path or REFERENCE_DIR / "countries.csv"
    return _index_of(path, _changed(path))


@lru_cache(maxsize=8)
def _index_of(path: Path, changed: int) -> Mapping[str, str]:
    rows = _rows(path, changed)
    index: dict[str, str] = {}
    for row in rows:
        names = [row["name"], *listed(row["aliases"])]
        letters = [*listed(row["iso3_old"]), *listed(row["eurostat"])]
        for text in (*names, *letters):
            index.setdefault(fold(text), row["iso3"])
    groups = load_groups(path.parent / "groups.toml")
    for group in dict.fromkeys(group for row in rows for group in listed(row["groups"])):
        table = groups.get(group, {})
        for text in (table.get("name", group), *table.get("aliases", ())):
            index.setdefault(fold(str(text)), group)
        index[fold(group)] = group
    for key, meant in list(index.items()):
        index.setdefault(_bare(key), meant)
    return index | {fold(row["iso3"]): row["iso3"] for row in rows}


# "Korea, Republic of" is found as "Republic of Korea".
_ORDERED = re.compile(r"^(.+?),\s*(.+)$")


def _bare(key: str) -> str:
    """Letters and digits of a folded name: "u.s.a.", "eu-27" and "eu 27" are "usa" and "eu27"."""
    return "".join(c for c in key if c.isalnum())


def fold(text: str) -> str:
    """Return a name without case, accents and hyphens, as people type it."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("’", "'")
    return " ".join(re.split(r"[\s–-]+", plain))


def code_map(system: str, path: Path | None = None) -> Mapping[str, str]:
    """Return code → ISO3 for one code system, as strings with their leading zeros.

    Parameters
    ----------
    system : str
        One of :data:`SYSTEMS`; ``"iso3"`` also knows older codes (ROM, ZAR, TMP, ...).
    """
    if system not in SYSTEMS:
        raise UsageError(f"unknown code system {system!r}: use one of {', '.join(SYSTEMS)}")
    columns = ["iso3_old", "iso3"] if system == "iso3" else [system]
    return {c: r["iso3"] for col in columns for r in country_rows(path) for c in listed(r[col])}


def is_code(code: str, system: str) -> bool:
    """Return whether an economy has this code."""
    return code.strip().zfill(NUMERIC_WIDTH.get(system, 0)) in code_map(system)


def code_of(iso3: str, system: str) -> str:
    """Return an economy's first code in a system; "" where it has none."""
    codes = next((listed(row[system]) for row in country_rows() if row["iso3"] == iso3), [])
    return next(iter(codes), "")


def to_iso3(
    codes: pd.Series,
    system: str = "census",
    *,
    ignore: Collection[str] = (),
    path: Path | None = None,
) -> pd.Series:
    """Map a column of country codes to ISO3.

    Parameters
    ----------
    codes : Series
        Codes as strings or whole numbers; lost leading zeros are put back.
    system : str
        ``census``, ``m49_comtrade`` (also BACI), ``iso_numeric`` (also Natural Earth),
        ``eurostat``, ``wits`` or ``iso3`` (World Bank, GeoDist).
    ignore : collection of str
        Codes known not to be countries (world totals, regions): they become missing.

    Returns
    -------
    Series
        ISO3 strings on the same index and name.

    Raises
    ------
    ReferenceFileError
        Naming the unmapped codes and the file to edit.
    """
    known = code_map(system, path)
    width = NUMERIC_WIDTH.get(system, 0)
    distinct = {value: str(value).strip().zfill(width) for value in codes.unique()}
    skipped = {str(code).strip().zfill(width) for code in ignore}
    missing = sorted({c for c in distinct.values() if c not in known and c not in skipped})
    if missing:
        raise ReferenceFileError(
            f"{path or REFERENCE_DIR / 'countries.csv'}: no row has the {system} code"
            f"{'s' if len(missing) > 1 else ''} {', '.join(missing[:5])}"
            f"{' …' if len(missing) > 5 else ''}: add it to the column {system} of its country"
        )
    return codes.map({value: known.get(code) for value, code in distinct.items()}).astype("str")
