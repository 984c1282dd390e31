"""Priorities of an exporter in a market: the one list that every document reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from marketintel.analysis.markets import priorities as an
from marketintel.analysis.markets import priorities_record as an_record
from marketintel.analysis.trade.frames import require
from marketintel.documents.market import heading_values
from marketintel.documents.market.access import Access
from marketintel.documents.market.load import load
from marketintel.documents.market.segment_levels import segment_levels
from marketintel.documents.market.segment_outlook import segment_outlook
from marketintel.documents.market.study import Study
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.countries import EU, country, group_members
from marketintel.reference.headings import load_headings
from marketintel.reference.priorities import Settings, load_priorities
from marketintel.reference.segments import load_segments
from marketintel.warehouse.basis import REPORTED
from marketintel.warehouse.context_trade import heading_shares, heading_trade

#: First year of the data, year of the list, and year that came, of the back-test on headings.
RECORD_FIRST, RECORD_YEAR, RECORD_END = "2017", "2019", "2024"

#: Columns of the printed list; every criterion with value and rank is in :attr:`Priorities.criteria`.
COLUMNS = (
    "segment", "segment_name", "market", "exporter", "class", "reason", "rank", "rank_lo", "rank_hi",
    "score", "size_usd", "reachable_usd", "exporter_share_pct", "rca", "growth_pct",
    "growth_probability_pct", "duty_gap_pp", "duty_gap_usd", "known_weight_pct", "access_notes",
    "basis",
)  # fmt: skip


@dataclass(frozen=True)
class Priorities:
    """Segments of a market, ranked and classed.

    Attributes
    ----------
    table : DataFrame
        One row a segment, *push* first: columns of
        :func:`marketintel.analysis.markets.priorities.priorities`, and ``segment_name,
        duty_gap_usd`` (what the gap is worth on the competitor's sales), ``competitor,
        access_notes, basis``.
    bases : DataFrame
        By segment, what each criterion was read from.
    sources : list of str
        Names of the sources of its figures of trade.
    level : str
        ``codes`` (core codes of six digits, reported by the market) or ``headings``.
    """

    market: str
    exporter: str
    year: str
    level: str
    table: pd.DataFrame
    bases: pd.DataFrame
    settings: Settings
    sources: list[str]

    @property
    def columns(self) -> pd.DataFrame:
        """The list as it is printed and kept: :data:`COLUMNS`."""
        return self.table[list(COLUMNS)]

    @cached_property
    def criteria(self) -> pd.DataFrame:
        """Every criterion with ``value, rank, weight_pct, basis``."""
        table = an.criteria_table(self.table, self.settings.criteria)
        basis = self.bases.rename_axis("segment").reset_index()
        basis = basis.melt("segment", var_name="criterion", value_name="basis")
        joined: pd.DataFrame = table.merge(basis, "left", on=["segment", "criterion"])
        return joined

    @property
    def exporter_name(self) -> str:
        """Plain name of the exporter; a group keeps its short name (EU27)."""
        return Study.name(self.exporter)

    def of(self, kind: str) -> pd.DataFrame:
        """Return the rows of one class, in order."""
        return self.table[self.table["class"] == kind]

    @property
    def by_product(self) -> bool:
        """True if sizes are of six-digit products where the rest is of headings."""
        return "statcan_products" in self.sources

    @property
    def push(self) -> list[str]:
        """Segments to push, in order."""
        return list(self.of(an.PUSH)["segment"])


def market_priorities(
    market: str = "USA",
    exporter: str = EU,
    segments: Sequence[str] = (),
    data_dir: Path | None = None,
    *,
    study: Study | None = None,
    members: pd.DataFrame | None = None,
) -> Priorities:
    """Rank and class the segments of a market for an exporter.

    Parameters
    ----------
    market, exporter : str
        ISO3 codes or names; the exporter may be a group.
    segments : sequence of str
        Segments listed; ranks and classes are always those among all of them.
    study : Study, optional
        Facts of this market and exporter that are there already.
    members : DataFrame, optional
        ``cluster, member, segment, …``: members by segment are then a criterion.

    Raises
    ------
    UsageError
        Market, exporter or segment is unknown, or the exporter is or includes the market.
    MissingDataError
        There are no imports of the market, neither by code nor by heading.
    """
    wanted = {load_segments().resolve(s) for s in segments}
    try:
        if study is None or study.basis.kind != REPORTED or len(study.asked) < len(study.segments):
            year = None if study is None else int(study.year)
            study = load(market, exporter, (), year, data_dir)
        values, bases, level, year_ = *_from_codes(study), "codes", study.year
        sources = list(study.trade_sources)
    except MissingDataError as error:
        values, bases, year_ = heading_values.values(market, exporter, data_dir, str(error))
        level, sources = "headings", ["baci_headings", "baci_heading_partners"]
        if _take_products(values, bases, data_dir):
            sources.append("statcan_products")
    code, seller = str(values["market"].iloc[0]), str(values["exporter"].iloc[0])
    values["supply_fit"] = float("nan")
    bases["supply_fit"] = "no members file"
    if members is not None:
        counts = members.groupby("segment")["member"].nunique()
        values["supply_fit"] = values["segment"].map(counts).fillna(0).astype("float64")
        bases["supply_fit"] = "members file"
    chance = _growth_chance(code, data_dir)
    values["growth_probability_pct"] = values["segment"].map(chance["growth_probability_pct"])
    bases["growth_probability_pct"] = chance["basis"].reindex(bases.index).fillna("no forecast")
    notes = Access(code, seller, list(values["segment"]), data_dir).notes.set_index("segment")
    values["access_notes"] = values["segment"].map(notes["note"])
    values.insert(1, "segment_name", values["segment"].map(load_segments().names()))
    settings = load_priorities()
    table = an.priorities(values, settings)
    if wanted:
        table = table[table["segment"].isin(wanted)].reset_index(drop=True)
    if table.empty:
        raise MissingDataError(
            "neighbours of photonics are not ranked: name a segment of photonics"
        )
    return Priorities(code, seller, year_, level, table, bases, settings, sources)


def _take_products(values: pd.DataFrame, bases: pd.DataFrame, data_dir: Path | None) -> bool:
    """Put sizes by six-digit product in the place of headings' parts; return whether there are any.

    They are the levels that the answers of every document print.
    """
    market = str(values["market"].iloc[0])
    levels = segment_levels(market, list(values["segment"]), data_dir).set_index("segment")
    levels = levels[levels["level_usd"].notna() & ~levels["basis"].str.startswith("heading")]
    sizes = values["segment"].map(levels["level_usd"])
    values["size_usd"] = sizes.fillna(values["size_usd"])
    bases.loc[levels.index, "size_usd"] = levels["basis"]
    return not levels.empty


def _growth_chance(market: str, data_dir: Path | None) -> pd.DataFrame:
    """Return ``growth_probability_pct`` and its basis by segment; empty without a forecast."""
    try:
        rows = segment_outlook(market, data_dir=data_dir).table.set_index("segment")
    except MissingDataError:
        return pd.DataFrame(columns=["growth_probability_pct", "basis"], dtype="object")
    rows = rows[rows["probability_growth_pct"].notna()]
    years = rows["year"].astype("float64").map("{:.0f}".format).astype("str")
    return pd.DataFrame({
        "growth_probability_pct": rows["probability_growth_pct"].astype("float64"),
        "basis": rows["forecast_class"].astype("str") + ", until " + years,
    })  # fmt: skip


def _from_codes(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return criteria of core codes as the market reports them, and their bases."""
    facts = study.segment_facts.set_index("segment")
    covered = study.thresholds.covered_pct
    own = facts["exporter_basket_covered_pct"] >= covered
    theirs = facts["competitor_basket_covered_pct"] >= covered
    hhi = study.concentration[study.concentration["scope"] == study.scope].set_index("segment")
    table = pd.DataFrame({
        "market": study.market, "exporter": study.exporter,
        "size_usd": facts["market_value_usd"],
        "growth_pct": facts["market_change_pct"], "growth_years": 1.0,
        "exporter_share_pct": facts["exporter_share_pct"],
        "share_change_pp": facts["share_change_pp"], "rca": facts["rca_in_market"],
        "duty_gap_pp": facts["competitor_basket_gap_pp"].where(theirs),
        "duty_gap_usd": facts["competitor_basket_gap_usd"].where(theirs),
        "handicap_pp": facts["exporter_basket_gap_pp"].where(own),
        "suppliers_hhi": hhi["hhi"], "rival_share_pct": facts["competitor_share_pct"],
        "competitor": facts["competitor"], "basis": "",
    })  # fmt: skip
    imports = f"core codes, {study.year}"
    change = f"core codes, {study.base} to {study.year}"
    bases = pd.DataFrame(index=table.index, data={
        "size_usd": imports, "exporter_share_pct": imports, "suppliers_hhi": imports,
        "growth_pct": change, "share_change_pp": change,
        "rca": f"core codes against all goods, {study.year}",
        "duty_gap_pp": f"calculated duties of {study.year}, code by code",
    })  # fmt: skip
    table["basis"] = imports
    table["world_share_pct"] = float("nan")
    bases["world_share_pct"] = "no heading speaks for it"
    try:
        world = heading_values.context(study.market, list(table.index), study.data_dir)
    except MissingDataError:
        return table.rename_axis("segment").reset_index(), bases
    for column in ("world_share_pct", "growth_pct", "growth_years"):
        found = world[column].notna()
        if column != "world_share_pct":
            found &= world["growth_years"] >= load_priorities().classes.min_growth_years
        table[column] = world[column].where(found, table[column])
        if column in bases:
            bases[column] = world[f"{column}_basis"].where(found, bases[column])
    return table.rename_axis("segment").reset_index(), bases


def score_last(file: Path, now: Priorities) -> pd.DataFrame:
    """Score the list of an earlier edition, a CSV, against this one.

    Returns
    -------
    DataFrame
        As of :func:`marketintel.analysis.markets.priorities.scored`.

    Raises
    ------
    UsageError
        The file is no such list, or of another market, exporter or basis.
    """
    try:
        last = pd.read_csv(file, dtype={"segment": "str", "market": "str", "exporter": "str"})
        require(last, COLUMNS, "the list")
    except (ValueError, pd.errors.ParserError) as error:
        raise UsageError(
            f"{file} is no list of priorities: {error}; give the priorities.csv of an edition"
        ) from error
    whose = {(now.market, now.exporter)}
    if set(zip(last["market"], last["exporter"], strict=True)) != whose:
        raise UsageError(
            f"{file} is not a list for {now.exporter} in {now.market}: give one of these"
        )
    if last["basis"].str.startswith("heading").any() != (now.level == "headings"):
        raise UsageError(
            f"{file} was read from other figures ({now.level} now): they do not compare"
        )
    return an.scored(last, now.table)


def past_record(exporter: str = EU, data_dir: Path | None = None) -> pd.DataFrame:
    """Return the back-test of the list of 2019 on headings whose goods did not change until 2024."""
    years = (RECORD_FIRST, RECORD_YEAR, RECORD_END)
    codes = [h.heading for h in load_headings()
             if h.compared_from(int(RECORD_FIRST), int(RECORD_END)) == int(RECORD_FIRST)]  # fmt: skip
    trade = heading_trade(data_dir=data_dir)
    trade = trade[trade["cmd_code"].isin(codes) & trade["period"].isin(years)]
    shares = heading_shares(data_dir=data_dir)
    shares = shares[shares["cmd_code"].isin(codes)]
    members = group_members(country(exporter))
    made = an_record.values_of(trade, shares, members, RECORD_FIRST, RECORD_YEAR)
    came = an_record.values_of(trade, shares, members, RECORD_YEAR, RECORD_END)
    return an_record.backtest(made, came, (RECORD_YEAR, RECORD_END), load_priorities())
