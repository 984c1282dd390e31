"""The tariff of a market whose calculated duties are not known: MFN, and the exporter's preference."""

from __future__ import annotations

import pandas as pd

from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Heading, Stack, Table, Text, escape
from marketintel.documents.market.study import Study


def tariff_rates(study: Study) -> Stack:
    """Show the tariff on the codes studied; a chapter only where it is here, else a gap."""
    market = escape(w.the(study.name(study.market)))
    if study.tariffs.empty:
        return Stack()
    table = _by_code(study)
    known = table["mfn_pct"].dropna()
    free = int((known == 0).sum())
    preferred = table.dropna(subset=["preferential_pct"])
    name = w.the(study.name(study.exporter))
    preference = (
        f"For {escape(name)} {w.count(len(preferred), 'code')} {'has' if len(preferred) == 1 else 'have'} "
        "a preferential rate."
        if len(preferred)
        else f"No preferential rate for {escape(name)} is in the data; that none was asked for is not "
        "told apart from there being none."
    )
    years = w.listing(sorted(set(study.tariffs["period"])))
    return Stack(
        Heading(2, "What suppliers pay at the border"),
        Text(
            f"No calculated duties of {market} are known, so that what goods paid is not; this is its "
            f"tariff of {years}. {free} of {w.count(len(known), 'code')} {'is' if free == 1 else 'are'} "
            f"free for every member of the World Trade Organization. {preference}"
        ),
        Table(
            table,
            name="tariff_rates",
            caption=f"Tariff of {w.the(study.name(study.market))} on the codes studied",
            formats={
                "mfn_pct": "pct",
                "preferential_pct": "pct",
                "highest_preferential_pct": "pct",
                "members_with_preference": "int",
            },
            headers={
                "cmd_code": "HS",
                "label": "Goods",
                "year": "Year",
                "mfn_pct": "MFN",
                "preferential_pct": f"{study.name(study.exporter)} from",
                "highest_preferential_pct": "to",
            },
            hide=["hs_revision", "members_with_preference", "highest_preferential_pct"]
            if not study.is_group
            else ["hs_revision", "members_with_preference"],
            missing="no rate in the data",
            note=(
                "Simple averages over national tariff lines, per cent of the customs value; codes as in "
                "the tariff's own edition of the HS. Additional duties are not in it, and a "
                "preference must be claimed and the rule of origin met."
            ),
            source=" ".join(
                study.coverage.loc[study.coverage["source"] == "wits", "citation"].unique()
            ),
        ),
    )


def fetch_wits(study: Study) -> str:
    """Return the command that asks for the market's tariff."""
    named = (
        "" if len(study.asked) == len(study.segments) else f" --segments {','.join(study.asked)}"
    )
    return f"marketintel fetch wits --for {study.market}{named} --years {study.base}"


def _by_code(study: Study) -> pd.DataFrame:
    """One row a code: MFN, and the exporter's preference over its members."""
    rates = study.tariffs
    mfn = rates[(rates["regime"] == "MFN") & (rates["partner"] == "WLD")].set_index("cmd_code")
    own = rates[(rates["regime"] == "preferential") & rates["partner"].isin(study.members)]
    of_code = own.groupby("cmd_code")["rate_pct"]
    codes = study.codes.set_index("cmd_code").loc[
        lambda frame: frame.index.isin(set(rates["cmd_code"]))
    ]
    table = pd.DataFrame(
        {
            "label": codes["label"],
            "year": mfn["period"].reindex(codes.index),
            "mfn_pct": mfn["rate_pct"].reindex(codes.index),
            "preferential_pct": of_code.min().reindex(codes.index),
            "highest_preferential_pct": of_code.max().reindex(codes.index),
            "members_with_preference": of_code.size().reindex(codes.index).astype("Int64"),
            "hs_revision": mfn["hs_revision"].reindex(codes.index),
        }
    )
    return table.reset_index()
