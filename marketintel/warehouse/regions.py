"""Regions of Europe: look-up by code or name, indicators, cross-walk, priorities, polygons.

Indicators are as published, in the NUTS version of their source; :func:`crosswalk` has the
intersections by which analysis converts them.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.reference.countries import code_map, country, country_name, fold
from marketintel.reference.files import listed
from marketintel.reference.nuts import (
    S3_FILE,
    VERSIONS,
    NamedRegion,
    load_priorities,
    load_regions,
    nuts2,
    region_name,
)
from marketintel.sources import snapshot
from marketintel.warehouse import engine, reads, selection, store

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

#: The NUTS version of the employment figures, in which regions are compared.
BASE = "2013"

S3_COLUMNS = (
    "nuts_ids", "entity", "country", "fact", "value", "unit", "ref_date", "source_title",
    "source_url",
)  # fmt: skip

#: The first version of the cross-walk, whose codes have no names here.
OLDEST = "2006"


@dataclass(frozen=True)
class Region:
    """One region, or a country.

    Attributes
    ----------
    id, name : str
        A NUTS code, the id of a named region, or a country's two-letter code.
    country : str
        ISO3.
    members : dict of str to float
        NUTS 2013 region to the share of its inhabitants that live in this region: 1 for a whole
        one. Empty for a country, whose figures are published as such.
    codes : list of str
        Every code the region has had or is made of, to match facts with.
    """

    id: str
    name: str
    country: str
    members: dict[str, float] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    cluster: str = ""
    note: str = ""

    @property
    def is_country(self) -> bool:
        """True if a whole country is meant."""
        return not self.members

    @property
    def is_whole(self) -> bool:
        """True if the region is made of whole NUTS 2013 regions, so that figures are exact."""
        return all(share > 0.995 for share in self.members.values())


def find_region(text: str, data_dir: Path | None = None) -> Region:
    """Return a region by its code or name.

    Parameters
    ----------
    text : str
        A NUTS 2 code of any version, a named region, its cluster or one of its other names, the name
        of a NUTS 2 region, or a country (name, ISO3, two letters).
    data_dir : Path, optional
        Where the cross-walk lies that a code of a version other than 2013 needs.

    Raises
    ------
    UsageError
        Not known, or of a level without figures; one line with the nearest that are.
    """
    key, code = fold(text), text.strip().upper()
    named = load_regions()
    for entry in named.values():
        if key in {fold(t) for t in (entry.id, entry.name, entry.cluster, *entry.aliases) if t}:
            return _named(entry)
    looks_like_code = re.fullmatch(r"[A-Z]{2}[0-9A-Z]{1,3}", code) is not None
    if code in nuts2():
        return _by_code(code, data_dir)
    if len(code) == 4 and looks_like_code and successors(code, OLDEST, BASE, data_dir):
        return _by_code(code, data_dir)
    by_name = {fold(name): c for c, (versions, name) in reversed(nuts2().items())}
    if key in by_name:
        return _by_code(by_name[key], data_dir)
    try:
        iso3 = country(text)
    except UsageError:
        if looks_like_code and any(c.startswith(code[:2]) for c in nuts2()):
            raise UsageError(_wrong_level(code, data_dir)) from None
        raise UsageError(_unknown(text, by_name, named)) from None
    two = {i: c for c, i in reversed(list(code_map("eurostat").items()))}.get(iso3)
    if two is None or not any(c.startswith(two) for c in nuts2()):
        raise UsageError(
            f"{country_name(iso3)} has no regional figures here; choose a NUTS 2 region or a "
            "country of Europe, such as SE31 or Sweden"
        )
    return Region(id=two, name=country_name(iso3), country=iso3, codes=(two,))


def _named(entry: NamedRegion) -> Region:
    codes = [entry.id, *(code for version in entry.nuts.values() for code in version)]
    return Region(
        id=entry.id,
        name=entry.name,
        country=entry.country,
        members=dict.fromkeys(entry.nuts[BASE], 1.0),
        codes=tuple(dict.fromkeys(codes)),
        cluster=entry.cluster,
        note=entry.note,
    )


def successors(
    code: str, version: str, to_version: str = VERSIONS[-1], data_dir: Path | None = None
) -> list[str]:
    """Return the regions of another NUTS version where a region's inhabitants live, most first."""
    parts = crosswalk(version, to_version, data_dir)
    own = parts[parts["from_code"] == code].sort_values("population_2011", ascending=False)
    share = own["population_2011"] / own["population_2011"].sum()
    return own.loc[share > 0.005, "to_code"].astype(str).tolist()


def _by_code(code: str, data_dir: Path | None) -> Region:
    versions, name = nuts2().get(code, ((OLDEST,), ""))
    version = next(v for v in (OLDEST, *VERSIONS) if v in versions)
    note = ""
    if VERSIONS[-1] not in versions:
        now = successors(code, version, data_dir=data_dir)
        if now and now != [code]:
            name = name or " and ".join(region_name(c) for c in now)
            said = "its successor is" if len(now) == 1 else "its successors are"
            note = (
                f"{code} is a code of NUTS {versions[-1]}; in NUTS {VERSIONS[-1]} {said} "
                f"{' and '.join(_label(c) for c in now)}."
            )
    if BASE in versions:
        iso3 = code_map("eurostat")[code[:2]]
        return Region(code, name, iso3, {code: 1.0}, (code,), note=note)
    parts = crosswalk(BASE, version, data_dir)
    parts = parts.assign(
        share=parts["population_2011"]
        / parts.groupby("from_code")["population_2011"].transform("sum")
    )
    here = parts[(parts["to_code"] == code) & (parts["share"] > 0.005)]
    members = {
        str(c): 1.0 if share > 0.995 else float(share)
        for c, share in zip(here["from_code"], here["share"], strict=True)
    }
    if not members:
        raise UsageError(
            f"{code} ({name}) has no counterpart in NUTS {BASE}, in which the figures are; "
            "choose a region such as SE31"
        )
    iso3 = code_map("eurostat")[next(iter(members))[:2]]
    if version == OLDEST and set(members.values()) == {1.0} and len(members) == 1:
        (successor,) = members  # the same land under its code of today
        return replace(_by_code(successor, data_dir), codes=(successor, code), note=note)
    return Region(code, name, iso3, members, (code, *members), note=note)


def _wrong_level(code: str, data_dir: Path | None) -> str:
    if len(code) > 4 and (code[:4] in nuts2() or successors(code[:4], OLDEST, BASE, data_dir)):
        return f"{code} is smaller than NUTS 2; figures by industry begin with {code[:4]}: try that"
    within = [c for c, (versions, _) in nuts2().items() if c.startswith(code) and BASE in versions]
    if not within:
        old = crosswalk(OLDEST, BASE, data_dir)
        old = old[old["from_code"].str.startswith(code) & (old["population_2011"] > 0)]
        within = sorted(set(old["to_code"]))
    if within:
        return f"{code} is larger than NUTS 2; choose one of {', '.join(within[:6])}"
    near = difflib.get_close_matches(code, nuts2(), n=3, cutoff=0.5)
    return f"unknown region '{code}': did you mean {', '.join(_label(c) for c in near)}?"


def _unknown(text: str, by_name: dict[str, str], named: dict[str, NamedRegion]) -> str:
    known = {
        **by_name,
        **{fold(n): r.id for r in named.values() for n in (r.name, *r.aliases)},
    }
    near = difflib.get_close_matches(fold(text), known, n=3, cutoff=0.6)
    codes = list(dict.fromkeys(known[n] for n in near))
    if codes:
        return f"unknown region {text!r}: did you mean {', '.join(_label(c) for c in codes)}?"
    return f"unknown region {text!r}: use a NUTS 2 code such as SE31, a region's name or a country"


def _label(code: str) -> str:
    named = load_regions()
    return f"{code} ({named[code].name if code in named else region_name(code)})"


def figures(indicator: str, level: int | None = None, data_dir: Path | None = None) -> pd.DataFrame:
    """Return one regional indicator as published.

    Parameters
    ----------
    indicator : str
        ``persons_employed``, ``gdp``, ``population``, ``epo_patents``, ``gerd``, ``berd``,
        ``rd_personnel``, ``hrst``, ``hightech_employment``, ``hightech_manufacturing`` or
        ``knowledge_services``.
    level : int, optional
        0 for countries, 2 for NUTS 2; all if not given.

    Returns
    -------
    DataFrame
        nuts_id, level, indicator, activity, period, value, unit, nuts_version, source, vintage.
        A blank cell of the source is a row without a value. Of several sources the one that
        has the first rank is read.
    """
    known = engine.ask_once(data_dir, "SELECT DISTINCT indicator FROM regions")["indicator"]
    engine.choose("regional indicator", [indicator], known)
    return engine.ask(
        data_dir,
        """SELECT r.* FROM regions AS r LEFT JOIN preference AS p ON p.source = r.source
           WHERE indicator = $indicator AND ($level IS NULL OR level = $level)
           QUALIFY row_number() OVER (
               PARTITION BY nuts_id, activity, period ORDER BY p.rank NULLS LAST) = 1
           ORDER BY nuts_id, activity, period""",
        {"indicator": indicator, "level": level},
        {"preference": selection.ranks("regions")},
    )


def crosswalk(from_version: str, to_version: str, data_dir: Path | None = None) -> pd.DataFrame:
    """Return the intersections of NUTS 2 regions of two versions.

    Returns
    -------
    DataFrame
        from_code, to_code, area_km2, population_2011, population_2021 of each intersection.

    Raises
    ------
    UsageError
        A version that is not there.
    MissingDataError
        The cross-walk has been removed.
    """
    data_dir = data_dir or store.default_data_dir()
    (file,) = snapshot.find(data_dir, "jrc_nuts_crosswalk")
    reads.note("jrc_nuts_crosswalk")
    table = store.read_parquet(file.path)
    engine.choose("NUTS version", [from_version, to_version], table["from_version"].astype("str"))
    rows = (table["from_version"] == int(from_version)) & (table["to_version"] == int(to_version))
    return table[rows].drop(columns=["from_version", "to_version"]).reset_index(drop=True)


def s3_priorities(region: Region, path: Path = S3_FILE) -> pd.DataFrame:
    """Return the facts on file about a region's smart-specialisation strategy.

    Returns
    -------
    DataFrame
        nuts_ids, entity, country, fact, value, unit, ref_date, source_title, source_url; empty
        where nothing is on file. A part of the region counts (SE312 for SE31).

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    import pandas as pd

    rows = [
        row.model_dump()
        for row in load_priorities(path)
        if any(part.startswith(code) for part in listed(row.nuts_ids) for code in region.codes)
    ]
    return pd.DataFrame(rows, columns=list(S3_COLUMNS), dtype="str")


def require_figures(region: Region, found: bool) -> None:
    """Refuse a region for which no figure by industry is there.

    Raises
    ------
    MissingDataError
        One line that names the region and the way out.
    """
    if not found:
        raise MissingDataError(
            f"no employment by industry for {region.name} ({region.id}) in the data of 2015; "
            "choose another region, or its country"
        )


def nuts_polygons(data_dir: Path | None = None) -> gpd.GeoDataFrame:
    """Return polygons of NUTS 2 regions of whichever version has been fetched.

    GISCO's terms keep them out of what is shipped: © EuroGeographics for the boundaries.

    Raises
    ------
    MissingDataError
        They have not been fetched.
    DamagedDataError
        The file is not GeoParquet with ``nuts_id``, ``level`` and ``geometry``.
    """
    import geopandas as gpd

    data_dir = data_dir or store.default_data_dir()
    file = snapshot.find(data_dir, "gisco")[0]
    reads.note("gisco")
    try:
        polygons = gpd.read_parquet(file.path)
        return polygons[polygons["level"] == 2][["nuts_id", "geometry"]].reset_index(drop=True)
    except (ValueError, OSError, KeyError) as error:
        raise DamagedDataError(
            f"{file.path}: not NUTS polygons as GeoParquet ({str(error).splitlines()[0]}); delete "
            "the folder and fetch it again"
        ) from error
