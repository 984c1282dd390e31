"""Whose figures a study stands on, said where they are read; and what would fill its gaps."""

from __future__ import annotations

from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Block, Callout, escape
from marketintel.documents.frames import each, one
from marketintel.documents.market.study import Study
from marketintel.documents.market.terms import basis_sentence
from marketintel.warehouse.basis import EU_EXPORTS, MIRROR, RECONCILED, REPORTED
from marketintel.warehouse.imports import ENOUGH, LARGE, newest_year

#: From so many years behind the source's newest on, a market's figures are old.
STALE_YEARS = 2

#: Below these imports of all goods studied, shares are those of single shipments.
TINY_MARKET_USD = 1e6


def warnings(study: Study) -> list[Block]:
    """What a reader must know before the first figure: whose figures, and of which codes."""
    found: list[Block] = []
    if study.basis.kind != REPORTED:
        found.append(Callout("warning", _standing_in(study)))
    if study.is_mixed or study.without_figures:
        found.append(Callout("warning", _covered(study)))
    thin = [*_stale(study), *_tiny(study)]
    if thin:
        found.append(Callout("warning", f"**Not to be acted on alone.** {' '.join(thin)}"))
    return found


def _stale(study: Study) -> list[str]:
    """Say that the year studied is not the newest: of this market or, where it has gaps, of others."""
    years = {int(period) for period in study.basis.history["period"]}
    year = int(study.year)
    if any(later > year and later - 1 in years for later in years):
        return [f"The year studied is {year}; figures of this market up to {max(years)} are here."]
    newest = int(newest_year(study.trade_sources, study.data_dir))
    if newest - year < STALE_YEARS:
        return []
    single = f" ({max(years)} is here without its year before)" if max(years) > year else ""
    return [
        f"The newest figures of this market that compare are of {study.base} and {year}{single}, while "
        f"the source goes to {newest}: this was the market then, not now."
    ]


def _tiny(study: Study) -> list[str]:
    total = float(one(study.demand_total, "scope", study.scope)["value_usd"])
    if total >= TINY_MARKET_USD:
        return []
    return [
        f"All imports studied are {w.money(total)} in {study.year}, less than "
        f"{w.money(TINY_MARKET_USD)}: single shipments decide every share, rank and change."
    ]


def _standing_in(study: Study) -> str:
    market = escape(w.the(study.name(study.market)))
    said = f"**These are not the statistics of {market}.** {basis_sentence(study.basis)}"
    if study.basis.kind == RECONCILED:
        return (
            f"{said} Without freight they are lower than imports as customs count them, and where "
            "reports of the two sides differ they are an estimate; single years of small flows jump."
        )
    if study.basis.kind == EU_EXPORTS:
        return (
            f"{said} Every total is what these members sold, not the size of the market, every share "
            "is a share among them, and a change is one of their sales."
        )
    return (
        f"{said} What other countries sold is not in it, so that shares are shares of what these "
        f"partners sold: {escape(w.listing([study.name(p) for p in study.basis.partners]))}."
    )


def _covered(study: Study) -> str:
    parts = []
    if study.is_mixed:
        parts.append(f"**What is counted.** {mixed_codes(study)}")
    if study.without_figures:
        names = [w.clause(study.segments.names()[s]) for s in study.without_figures]
        comparable = " that compare between the two years" if len(study.basis.left_out) else ""
        parts.append(
            f"**Not in this study.** {w.sentence(w.count(len(names), 'segment'))} of "
            f"{len(study.asked)} "
            f"{'has' if len(names) == 1 else 'have'} no figures here{comparable}: {w.listing(names)}. "
            f"`{command(study, study.without_figures)}` asks for them."
        )
    return " ".join(parts)


def mixed_codes(study: Study) -> str:
    """Say that codes stand where a segment has no core code with figures, and which are absent."""
    absent = study.basis.absent
    absent = absent[~absent["segment"].isin(study.without_figures)]
    core = absent[absent["scope"] == "core"]
    named = [f"{r.label}, {r.cmd_code}" for r in each(core)]
    lacking = f" ({escape(w.listing(named))})" if 0 < len(named) < 4 else ""
    kind = (
        "raw or intermediate goods on which photonics depends"
        if set(study.basis.flows["segment"]) == {"materials"}
        else "goods of which photonic ones are a part"
    )
    others = absent[absent["scope"] == "broad"]
    also = (
        f" {w.sentence(w.count(len(others), 'other mixed code'))} of "
        f"{escape(study.terms.goods)} {'is' if len(others) == 1 else 'are'} not in the source: "
        f"{w.listing(others['cmd_code'].tolist())}."
        if len(others)
        else ""
    )
    return (
        f"No figure of a core code{lacking} is here, so each row is one *mixed* code: {kind} and of "
        "which other industries use most. "
        f"Nothing on these pages is the size of anything photonic.{also}"
    )


def command(study: Study, segments: list[str] | None = None) -> str:
    """Return the command that asks the market's own statistics for segments, all asked by default."""
    wanted = segments or study.asked
    all_of_them = len(wanted) == len(study.segments)
    named = "" if all_of_them else f" --segments {','.join(wanted)}"
    return f"marketintel fetch --for {study.market}{named} --years {study.base}-{study.year}"


def no_specialisation(study: Study) -> str:
    """Say why there is no revealed comparative advantage."""
    return (
        "Specialisation (RCA) compares a supplier's sales of these goods with its sales of all goods "
        f"to {escape(w.the(study.name(study.market)))}. All goods are not in the data, and "
        "`marketintel fetch` asks for photonic codes only; they are here for the United States."
    )


def explained(study: Study, row: str) -> str:
    """Return the command that takes the figure of a row apart."""
    segment, scope = row, ""
    if study.is_mixed:
        rows = study.basis.flows
        segment = str(rows.loc[rows["cmd_code"] == row, "segment"].iloc[0])
        scope = " --scope broad"
    mirror = "" if study.basis.kind == REPORTED else " --mirror"
    return f"marketintel explain {study.market} {segment} {study.year}{scope}{mirror}"


def gap_items(study: Study) -> list[str]:
    """What is missing because of whose figures these are, each with what would fill it."""
    items = []
    if study.basis.kind != REPORTED:
        items.append(
            f"**Own statistics.** {basis_sentence(study.basis)} `{command(study)}` asks for what "
            f"{escape(w.the(study.name(study.market)))} itself reports, and a study then stands on it."
        )
    if study.basis.kind == MIRROR:
        items.append(
            f"**Partners.** A mirror is used from {ENOUGH} partners on, with {', '.join(LARGE)} among "
            "them; the partners differ from year to year, so that no longer series is shown."
        )
    if study.basis.kind == EU_EXPORTS:
        items.append(
            "**Competitors.** Nothing is known of what others sell to this market. Its own statistics, "
            "or BACI (`marketintel fetch baci --edition HS92_V202601`, without a key), have them."
        )
    if not study.has_matrix:
        items.append(f"**Specialisation.** {no_specialisation(study)}")
    absent = study.basis.absent
    absent = absent[~absent["segment"].isin(study.without_figures)]
    if len(absent):
        codes = [f"{r.cmd_code} ({r.label[:1].lower() + r.label[1:]})" for r in each(absent)]
        items.append(
            f"**Codes that the source does not have:** {escape(w.listing(codes))}. Nothing is known "
            "of them; this is not zero trade. A BACI zip has every code: "
            f"`marketintel fetch baci --zip FILE --segments {','.join(dict.fromkeys(absent['segment']))}`."
        )
    if len(study.basis.left_out):
        left = [
            f"{r.cmd_code} of {r.hs_revision} ({w.money(r.value_usd)}; {r.reason})"
            for r in study.basis.left_out.itertuples()
        ]
        items.append(
            f"**Two HS editions.** {study.base} and {study.year} were reported in "
            f"{w.listing(study.basis.revisions)}. Only products that mean the same in both are "
            f"counted, converted by weights or as families. Left out: {escape('; '.join(left))}."
        )
    return items
