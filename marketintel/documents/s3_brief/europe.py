"""Figures of regions: employment against Europe, relatedness, indicators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from marketintel.analysis.partnership import nuts
from marketintel.analysis.partnership import regions as an
from marketintel.reference.nuts import VERSIONS, load_divisions, version_of
from marketintel.warehouse import build, reads, store
from marketintel.warehouse import regions as wh


class Indicator(NamedTuple):
    """One line of the table of indicators.

    Attributes
    ----------
    last : str
        The newest year that is complete in what is shipped; of figures fetched from Eurostat
        itself later years are read too, unless the series has ended.
    weight : str
        What regions are weighted with where several are averaged.
    """

    id: str
    label: str
    last: str
    weight: str
    has_ended: bool = False


INDICATORS = (
    Indicator("epo_patents", "European patent applications, per million people", "2011", "population", True),
    Indicator("gerd", "Spending on research, % of output", "2016", "gdp"),
    Indicator("hightech_employment", "Jobs in high technology, % of all jobs", "2018", "population"),
    Indicator("hightech_manufacturing", "Jobs in high and medium-high technology industry, % of all jobs", "2018", "population"),
    Indicator("hrst", "People with a degree or a job in science and technology, %", "2018", "population"),
)  # fmt: skip

#: Years for what ranks regions by prosperity: that of the employment figures.
YEAR = "2015"


@dataclass(frozen=True)
class Europe:
    """All regions with figures in NUTS 2013, computed once.

    Attributes
    ----------
    employment, sections, most : DataFrame
        Persons employed, regions × divisions, × sections, and the most each cell can hold.
    total : Series
        Persons employed by region; NaN where it cannot be known.
    countries, country_sections, country_total
        The same of whole countries, which are the reference.
    reference : Series
        Share of each division in all employment.
    lq, m : DataFrame
        Location quotients and specialisations of regions.
    space : Space
        Relatedness and complexity.
    """

    employment: pd.DataFrame
    sections: pd.DataFrame
    most: pd.DataFrame
    total: pd.Series
    countries: pd.DataFrame
    country_sections: pd.DataFrame
    country_total: pd.Series
    reference: pd.Series
    lq: pd.DataFrame
    m: pd.DataFrame
    space: an.Space


def europe(data_dir: Path | None = None) -> Europe:
    """Return all regions; kept for as long as no file changes."""
    directory = data_dir or store.default_data_dir()
    made, record = _europe(directory, build.ensure(directory))
    reads.restore(record)
    return made


@lru_cache(maxsize=2)
def _europe(data_dir: Path, stamp: build.Stamp) -> tuple[Europe, tuple[list[str], list[str]]]:
    with reads.recorded() as record:
        return _compute(data_dir), record


def _compute(data_dir: Path) -> Europe:
    divisions = list(load_divisions())
    wide = {level: _wide(data_dir, level) for level in (0, 2)}
    sections = {level: _columns(frame, an.NEEDED + an.SPARED) for level, frame in wide.items()}
    employment = {level: _columns(frame, divisions) for level, frame in wide.items()}
    total = {level: an.totals(frame) for level, frame in sections.items()}
    reference = an.reference_shares(employment[0], total[0])
    live = total[2].notna()
    lq = an.location_quotients(employment[2], total[2], reference)
    most = an.most_possible(employment[2], sections[2])
    ends = [
        an.location_quotients(x, total[2], reference) for x in (employment[2].fillna(0.0), most)
    ]
    m = an.specialised(*ends)[live]
    gdp, people = (in_base(i, YEAR, data_dir) for i in ("gdp", "population"))
    return Europe(
        employment[2], sections[2], most, total[2], employment[0], sections[0], total[0],
        reference, lq[live], m, an.space(m, gdp / people),
    )  # fmt: skip


def _wide(data_dir: Path, level: int) -> pd.DataFrame:
    rows = wh.figures("persons_employed", level, data_dir)
    rows = rows[rows["period"] == YEAR]  # later years are other units in other regions
    rows = rows[~rows["nuts_id"].str.endswith("ZZ")]  # persons without a region
    return rows.set_index(["nuts_id", "activity"])["value"].unstack("activity")  # noqa: PD010 - one each


def _columns(frame: pd.DataFrame, columns: tuple[str, ...] | list[str]) -> pd.DataFrame:
    return frame.reindex(columns=list(columns))


def row_of(region: wh.Region, all_: Europe) -> pd.DataFrame:
    """Return one region by division.

    Returns
    -------
    DataFrame
        ``persons, least_persons, most_persons, lq, lq_least, lq_most, specialised,
        average_persons`` by division; ``attrs["total"]`` is all its persons employed.

    Raises
    ------
    MissingDataError
        No total of employment.
    """
    if region.is_country:
        here = all_.countries.reindex([region.id])
        persons, least = here.iloc[0], here.iloc[0].fillna(0.0)
        whole = float(all_.country_total.get(region.id, float("nan")))
        most = an.most_possible(here, all_.country_sections.reindex([region.id])).iloc[0]
    else:
        persons = nuts.add_up(all_.employment, region.members)
        least = nuts.add_up(all_.employment.fillna(0.0), region.members)
        most = nuts.add_up(all_.most, region.members)
        whole = float(nuts.add_up(all_.total.to_frame("all"), region.members)["all"])
    wh.require_figures(region, whole == whole)
    table = pd.DataFrame({"persons": persons, "least_persons": least, "most_persons": most})
    for name in ("", "least_", "most_"):
        table["lq" + f"_{name}"[:-1]] = table[f"{name}persons"] / whole / all_.reference
    sure = an.specialised(*[table[c].to_frame("region").T for c in ("lq_least", "lq_most")])
    table["specialised"] = sure.loc["region"]
    table["average_persons"] = all_.reference * whole
    table.attrs["total"] = whole
    return table


def in_base(indicator: str, year: str, data_dir: Path | None = None) -> pd.Series:
    """Return one indicator of a year by NUTS 2013 region, converted where it must be."""
    rows = wh.figures(indicator, 2, data_dir)
    rows = rows[(rows["period"] == year) & rows["value"].notna()]
    how = "sum" if rows["unit"].isin(["million EUR", "persons"]).all() else "mean"
    parts: list[pd.Series] = []
    for version, group in rows.groupby("nuts_version"):
        values = group.set_index("nuts_id")["value"]
        if version == wh.BASE:
            parts.insert(0, values)  # a figure in the base's own code comes first
            continue
        # An old region is made of new ones: all that lie in it count, and each must be there.
        walk = nuts.shares(wh.crosswalk(str(version), wh.BASE, data_dir))
        changed = walk[walk["from_code"].isin(values.index)]["to_code"]
        walk = walk[walk["to_code"].isin(changed)]
        parts.append(nuts.convert(values, walk, "sum" if how == "sum" else "mean").dropna())
    joined = pd.concat(parts) if parts else pd.Series(dtype="float64")
    return joined[~joined.index.duplicated()]


def indicators(region: wh.Region, data_dir: Path | None = None) -> pd.DataFrame:
    """Return the region's indicators with its rank among Europe's.

    Returns
    -------
    DataFrame
        ``indicator, label, year, value, rank, regions``; value and rank missing where there is no
        figure. A country is the average of its regions and has no rank.
    """
    rows = []
    for item in INDICATORS:
        told = wh.figures(item.id, 2, data_dir)
        regions = told.groupby("period")["value"].transform("count")
        # A rank among the few regions that are first with a new year would say nothing.
        fetched = (told["source"] == "eurostat_regional") & (regions >= regions.max() / 2)
        fetched &= not item.has_ended
        years = sorted(set(told["period"][fetched | (told["period"] <= item.last)]), reverse=True)
        found: Mapping[str, object] = {"year": None, "value": float("nan")}
        for year in years:
            every = in_base(item.id, year, data_dir)
            members = region.members or {
                c: 1.0 for c in every.index if str(c).startswith(region.id)
            }
            weights = in_base(item.weight, YEAR, data_dir)
            value = nuts.average(every, members, weights) if members else float("nan")
            if value == value:
                above = int((every.drop(list(members), errors="ignore") > value).sum())
                found = {"year": year, "value": value, "rank": above + 1, "regions": len(every)}
                if region.is_country:
                    found = {"year": year, "value": value}
                break
        rows.append({"indicator": item.id, "label": item.label, **found})
    frame = pd.DataFrame(rows, columns=["indicator", "label", "year", "value", "rank", "regions"])
    return frame.astype({"rank": "Int64", "regions": "Int64"})


def for_polygons(
    values: pd.Series, drawn: list[str], region: wh.Region, data_dir: Path | None = None
) -> tuple[pd.Series, list[str]]:
    """Carry a rate to the NUTS version of a map, and find the region on it.

    Parameters
    ----------
    values : Series
        By NUTS 2013 region; blanks stay blank.
    drawn : list of str
        Codes that have a polygon; the version that knows most of them is the map's.
    region : Region
        The region or country to outline.

    Returns
    -------
    values : Series
        By region of the map.
    own : list of str
        The region's codes on the map.
    """
    version = max(VERSIONS, key=lambda v: sum(version_of(c, (v,)) == v for c in drawn))
    walk = nuts.shares(wh.crosswalk(wh.BASE, version, data_dir))
    own = [c for c in drawn if c in region.codes]
    if region.is_country:
        own = [c for c in drawn if c.startswith(region.id)]
    elif not own:
        own = walk.loc[walk["from_code"].isin(region.members), "to_code"].tolist()
    return nuts.convert(values, walk, "mean"), own
