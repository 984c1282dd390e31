"""NUTS regions as people name them: codes, versions, names, and regions made of several.

The facts are in ``reference/nuts_regions.csv`` (every NUTS 2 code with its versions and name) and
``reference/regions.toml`` (regions with a name of their own). Nothing here needs pandas.
"""

from __future__ import annotations

import csv
import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from marketintel.errors import ReferenceFileError
from marketintel.reference.countries import country_name
from marketintel.reference.files import REFERENCE_DIR, Problem, Tables, raw_toml, refuse, table_in
from marketintel.reference.hs import LATEST, hs_codes

NUTS_FILE = REFERENCE_DIR / "nuts_regions.csv"
REGIONS_FILE = REFERENCE_DIR / "regions.toml"
VERSIONS = ("2010", "2013", "2016", "2021", "2024")


@dataclass(frozen=True)
class NamedRegion:
    """A region of ``regions.toml``: whole NUTS 2 regions in each version.

    Attributes
    ----------
    nuts : dict of str to list of str
        NUTS version to the NUTS 2 codes that make up the region.
    cluster : str
        The photonics partner that is at home there; "" if none.
    """

    id: str
    name: str
    aliases: tuple[str, ...]
    country: str
    cluster: str
    nuts: dict[str, list[str]]
    note: str


@dataclass(frozen=True)
class Division:
    """A division of NACE Rev. 2; ``holds`` is empty where it holds no photonics.

    Attributes
    ----------
    holds, breadth : str
        What in it is photonic, and what else stands in it.
    segments : tuple of str
        Trade segments whose goods its plants make.
    codes : tuple of str
        HS codes, of segments of other divisions, that are made here.
    """

    id: str
    name: str
    holds: str = ""
    breadth: str = ""
    segments: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def photonic(self) -> bool:
        """Whether photonics is made or studied in it."""
        return bool(self.holds)


@lru_cache(maxsize=4)
def nuts2(path: Path = NUTS_FILE) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return every NUTS 2 code with its versions and its name.

    Raises
    ------
    ReferenceFileError
        With file and line, where the header, a code or a version is not what it must be.
    """
    known: dict[str, tuple[tuple[str, ...], str]] = {}
    for line, row in read_csv(path, ("nuts_id", "versions", "name")):
        versions = tuple(row["versions"].split(";"))
        wrong = [v for v in versions if v not in VERSIONS]
        if wrong or len(row["nuts_id"]) != 4 or not row["name"]:
            what = f"version {wrong[0]!r}" if wrong else f"row {row['nuts_id']!r}"
            raise ReferenceFileError(
                f"{path}:{line}: {what} is not valid; give a NUTS 2 code of four signs, versions "
                f"out of {', '.join(VERSIONS)} joined by ';', and a name"
            )
        known[row["nuts_id"]] = (versions, row["name"])
    return known


def version_of(nuts_id: str, order: Sequence[str] = VERSIONS) -> str | None:
    """Return the first version in `order` that has a NUTS 2 code; None if none has it."""
    versions = nuts2().get(nuts_id, ((), ""))[0]
    return next((v for v in order if v in versions), None)


def region_name(nuts_id: str) -> str:
    """Return the name of a NUTS 2 code, or of a country's; the code itself if unknown."""
    if len(nuts_id) == 2:
        from marketintel.reference.countries import code_map

        iso3 = code_map("eurostat").get(nuts_id)
        return country_name(iso3) if iso3 else nuts_id
    return nuts2().get(nuts_id, ((), nuts_id))[1]


def load_regions(path: Path = REGIONS_FILE) -> dict[str, NamedRegion]:
    """Return the named regions by id.

    Raises
    ------
    ReferenceFileError
        When the file breaks a rule; see :func:`check_regions`.
    """
    refuse(check_regions(path))
    tables = raw_toml(path).raw
    return {
        name: NamedRegion(
            id=name, **{**entry, "aliases": tuple(entry["aliases"]), "nuts": dict(entry["nuts"])}
        )
        for name, entry in tables["regions"].items()
    }


def load_divisions(path: Path = REGIONS_FILE) -> dict[str, Division]:
    """Return every division of NACE by code, with what is photonic about it.

    Raises
    ------
    ReferenceFileError
        When ``regions.toml`` or ``nace_divisions.csv`` breaks a rule.
    """
    refuse(check_regions(path))
    photonic = raw_toml(path).raw["divisions"]
    names = {
        row["division"]: row["name"]
        for _, row in read_csv(REFERENCE_DIR / "nace_divisions.csv", ("division", "name"))
    }
    found = {}
    for code, name in names.items():
        entry = dict(photonic.get(code, {}))
        entry |= {key: tuple(entry.get(key, ())) for key in ("segments", "codes")}
        found[code] = Division(code, name, **entry)
    return found


def check_regions(path: Path = REGIONS_FILE) -> list[Problem]:
    """Return the mistakes in ``regions.toml``, each with line, rule and a suggestion."""
    report = raw_toml(path)
    if report.problems:
        return report.problems
    tables = report.raw
    for name in sorted(set(tables) - {"regions", "divisions"}):
        first = next(iter(table_in(tables, name)), "")
        report.add("unknown-table", f"{name!r} is not regions or divisions", name, first)
    for name, entry in table_in(tables, "regions").items():
        _check_region(report, name, entry)
    divisions = [
        row["division"]
        for _, row in read_csv(REFERENCE_DIR / "nace_divisions.csv", ("division", "name"))
    ]
    for name, entry in table_in(tables, "divisions").items():
        at = ("divisions", name)
        report.keys(entry, {"holds": str, "breadth": str, "segments": list}, {"codes": list}, *at)
        for cmd_code in set(entry.get("codes", ())) - hs_codes()[LATEST]:
            report.add("code-not-in-hs", f"{cmd_code} does not exist in {LATEST}", *at, "codes")
        if name not in divisions:
            report.add("unknown-division", f"{name!r} {_did_you_mean(name, divisions)}", *at)
    for kind in ("regions", "divisions"):
        if not table_in(tables, kind):
            report.add("missing-table", f"there is no table [{kind}.…]")
    # An empty list of segments is an answer: research makes no goods.
    return [p for p in report.problems if "segments is empty" not in p.message
            and "note is empty" not in p.message]  # fmt: skip


def _check_region(report: Tables, name: str, entry: dict[str, Any]) -> None:
    at = ("regions", name)
    text = dict.fromkeys(("name", "country", "cluster", "note"), str)
    if not report.keys(entry, {**text, "aliases": list, "nuts": dict}, {}, *at):
        return
    for version, codes in entry["nuts"].items():
        if version not in VERSIONS:
            near = _did_you_mean(version, VERSIONS)
            report.add("unknown-version", f"NUTS {version!r} {near}", *at, "nuts", version)
            continue
        there = [code for code, (versions, _) in nuts2().items() if version in versions]
        for code in codes:
            if code not in there:
                message = (
                    f"{code!r} is not a NUTS 2 code of {version}; {_did_you_mean(code, there)}"
                )
                report.add("unknown-nuts", message, *at, "nuts", version)
    if "2013" not in entry["nuts"]:
        report.add("missing-version", "nuts.2013 is needed: figures are in NUTS 2013", *at)


def fold(text: str) -> str:
    """Return a name without case, accents and hyphens, as people type it."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("’", "'")
    return " ".join(re.split(r"[\s–-]+", plain))


def _did_you_mean(text: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(text, known, n=3, cutoff=0.4)
    return f"did you mean {', '.join(near)}?" if near else f"use one of {', '.join(known[:6])} …"


def read_csv(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a reference CSV, each with its line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            if tuple(reader.fieldnames or ()) != columns:
                raise ReferenceFileError(
                    f"{path}:1: the header must be {','.join(columns)}; restore the column names"
                )
            rows = []
            for row in reader:
                if None in row or None in row.values():
                    raise ReferenceFileError(
                        f"{path}:{reader.line_num}: the row has not {len(columns)} cells; put a "
                        "cell that holds a comma between double quotes"
                    )
                rows.append((reader.line_num, row))
            return rows
    except (OSError, UnicodeDecodeError) as error:
        raise ReferenceFileError(
            f"{path}: the reference file cannot be read ({error}); restore it"
        ) from None
