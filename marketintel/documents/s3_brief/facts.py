"""Facts of a smart-specialisation brief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from marketintel.analysis.partnership import regions as an
from marketintel.analysis.partnership.s3_options import Option, options
from marketintel.documents.engine.naming import edition_month
from marketintel.documents.s3_brief import europe
from marketintel.documents.s3_brief.demand import Market, market, world_forecasts
from marketintel.errors import UsageError
from marketintel.reference import nuts
from marketintel.reference.countries import country_name
from marketintel.reference.partnership import clusters_of
from marketintel.warehouse import inputs
from marketintel.warehouse import regions as wh

#: The regions of the partnership, each with its photonics cluster.
PARTNER_IDS = ("FRI", "SE31", "PT11", "FI1D")

#: Possible partner regions that are kept.
MOST_PARTNERS = 10


@dataclass(frozen=True)
class Brief:
    """The facts of one brief.

    Attributes
    ----------
    region : Region
        The region or country.
    markets : list of Market
        Target countries in the order asked for, also those without figures.
    """

    region: wh.Region
    markets: list[Market]
    data_dir: Path | None = None
    language: str = "en"

    @property
    def labels(self) -> dict[str, str]:
        """Words of column headers."""
        return {"money": "usd_bn", "exporter": self.seller}

    @property
    def seller(self) -> str:
        """The country itself, or the region's."""
        return self.region.name if self.region.is_country else country_name(self.region.country)

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """Forecasts of world exports; see :func:`demand.world_forecasts`."""
        known = [m for m in self.markets if m.known]
        segments = list(dict.fromkeys(s for m in known for s in m.segments["segment"]))
        month = edition_month(self.used["retrieved_at"])
        return world_forecasts(segments, month, self.data_dir)

    @property
    def clusters(self) -> list[dict[str, Any]]:
        """Active clusters whose territory holds the region or a part of it."""
        return clusters_of([self.region.id, *self.region.members])

    @cached_property
    def europe(self) -> europe.Europe:
        """All regions."""
        return europe.europe(self.data_dir)

    @cached_property
    def divisions(self) -> dict[str, nuts.Division]:
        """Every division of industry."""
        return nuts.load_divisions()

    @cached_property
    def photonic(self) -> list[str]:
        """The divisions that hold photonics."""
        return [code for code, division in self.divisions.items() if division.photonic]

    @cached_property
    def row(self) -> pd.DataFrame:
        """The region by division; see :func:`europe.row_of`."""
        return europe.row_of(self.region, self.europe)

    @property
    def jobs(self) -> float:
        """All persons employed in the business economy of the region."""
        return float(self.row.attrs["total"])

    @cached_property
    def table(self) -> pd.DataFrame:
        """The region by division with relatedness, complexity, ranks and the market's demand."""
        m = self.row["specialised"].to_frame(self.region.id).T
        near = an.relatedness(m, self.europe.space).iloc[0]
        group = pd.Series({a: "industry" if a[0] in "BCDEF" else "services" for a in near.index})
        table = self.row.join(an.quadrants(near, self.europe.space.complexity, group))
        table = table.join(an.relatedness_range(self.row["specialised"], self.europe.space))
        table["group"] = group
        table["n_divisions"] = len(table)
        others = self.europe.lq.drop(list(self.region.members), errors="ignore")
        table["lq_rank"] = (others.gt(table["lq"], axis=1).sum() + 1).where(table["lq"].notna())
        table["lq_ranked"] = others.notna().sum() + 1
        demand = self.first_market.by_division if self.first_market else {}
        table["demand_usd"] = pd.Series(demand, dtype=float).reindex(table.index)
        return table

    @property
    def first_market(self) -> Market | None:
        """The first target country with figures."""
        return next((m for m in self.markets if m.known), None)

    @cached_property
    def wanted(self) -> list[str]:
        """Divisions with photonics in which the region is not known to be strong; else all."""
        lacking = [a for a in self.photonic if self.row.loc[a, "specialised"] != 1]
        return lacking or self.photonic

    @cached_property
    def mates(self) -> dict[str, wh.Region]:
        """The regions of the partnership, without this one and what it is a part of."""
        own = set(self.region.members)
        found = [wh.find_region(i, self.data_dir) for i in PARTNER_IDS if i != self.region.id]
        return {r.id: r for r in found if not own & set(r.members) and not self._within(r.id)}

    @cached_property
    def possible(self) -> dict[str, pd.DataFrame]:
        """Specialisations of possible partners: ``partnership`` and ``others``."""
        mates = pd.DataFrame(
            {i: europe.row_of(r, self.europe)["specialised"] for i, r in self.mates.items()}
        ).T
        every, own = self.europe.m, set(self.region.members)
        outside = [i for i in every.index if i not in own and not self._within(str(i))]
        return {"partnership": mates, "others": every.loc[outside]}

    @cached_property
    def partners(self) -> pd.DataFrame:
        """Possible partner regions, best first: ``nuts_id, name, country, cluster, …``.

        Regions of the partnership come with ``group`` "partnership", whatever their rank; of all
        others those that have at least one of the divisions wanted.
        """
        row, space = self.row["specialised"], self.europe.space
        ranked = {
            group: an.partners(row, m, space, self.wanted).assign(group=group)
            for group, m in self.possible.items()
        }
        others = ranked["others"]
        table = pd.concat([ranked["partnership"], others[others["n_has"] > 0].head(MOST_PARTNERS)])
        table = table.reset_index(names="nuts_id")
        ids = table["nuts_id"].tolist()
        table["name"], table["country"] = zip(*[self._called(i) for i in ids], strict=True)
        table["cluster"] = [self.mates[i].cluster if i in self.mates else "" for i in ids]
        return table

    def partner_for(self, division: str, *, mates: bool = False) -> tuple[str, str] | None:
        """Return name and country of the region that adds most to one division.

        Parameters
        ----------
        division : str
            NACE code; only regions that are strong in it count.
        mates : bool
            Only regions of the partnership.
        """
        m = self.possible["partnership" if mates else "others"]
        strong = m[m[division] == 1]
        if strong.empty:
            return None
        ranked = an.partners(self.row["specialised"], strong, self.europe.space, [division])
        return self._called(str(ranked.index[0]))

    def _called(self, nuts_id: str) -> tuple[str, str]:
        if nuts_id in self.mates:
            return self.mates[nuts_id].name, country_name(self.mates[nuts_id].country)
        return nuts.region_name(nuts_id), nuts.region_name(nuts_id[:2])

    def _within(self, nuts_id: str) -> bool:
        """True if a region lies in this country."""
        return self.region.is_country and nuts_id.startswith(self.region.id)

    @cached_property
    def options(self) -> list[Option]:
        """Three options by the rules of :mod:`marketintel.analysis.partnership.s3_options`."""
        return options(self.table.loc[self.photonic])

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Patents, research and high technology; see :func:`europe.indicators`."""
        return europe.indicators(self.region, self.data_dir)

    @cached_property
    def priorities(self) -> pd.DataFrame:
        """Records of the declared strategy."""
        return wh.s3_priorities(self.region)

    @cached_property
    def blank(self) -> list[str]:
        """Divisions with photonics whose figure is blank."""
        persons = self.row["persons"]
        return [a for a in self.photonic if persons.isna()[a]]

    @property
    def used(self) -> pd.DataFrame:
        """The files that were read so far, in order."""
        return inputs.used(self.data_dir)


def load(
    region: str = "SE31",
    targets: Sequence[str] = ("USA",),
    data_dir: Path | None = None,
    language: str = "en",
) -> Brief:
    """Read the facts of a brief and check that it can be made.

    Parameters
    ----------
    region : str
        A NUTS 2 code of any version, a named region, or a country of Europe.
    targets : sequence of str
        Target countries, ISO3 or names. One without figures is reported as a gap.
    data_dir : path, optional
        Default: the user's or the project's data.
    language : str
        BCP 47 tag of the chapters.

    Raises
    ------
    UsageError
        Region or target is not known.
    MissingDataError
        There is no employment by industry for the region.
    """
    found = wh.find_region(region, data_dir)
    if not targets:
        raise UsageError("no target country; give one such as --target USA")
    brief = Brief(found, [], data_dir)
    brief.row  # noqa: B018 - refuses a region without figures before anything is written
    by_division = {
        code: (*division.segments, *division.codes)
        for code, division in brief.divisions.items()
        if division.segments
    }
    markets = [market(t, found.country, by_division, data_dir) for t in dict.fromkeys(targets)]
    return Brief(found, markets, data_dir, language)
