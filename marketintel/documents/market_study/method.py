"""How the figures of a study were made, in the order of its chapters."""

from __future__ import annotations

from marketintel.documents import prose as w
from marketintel.documents.engine.blocks import Stack, Text
from marketintel.documents.engine.chapters import chapter
from marketintel.documents.market.study import Study
from marketintel.documents.market.terms import basis_sentence
from marketintel.documents.market_study import origin
from marketintel.documents.market_study.series import MIN_YEARS
from marketintel.warehouse.basis import REPORTED


@chapter
def method(study: Study) -> Stack:
    """Explain what is counted and how, leaving out what this study does not have."""
    paragraphs = [
        _imports(study),
        _codes(study),
        "**Share, rank, HHI.** A supplier's share is its part of "
        f"{study.terms.imports}. The Herfindahl–Hirschman index (HHI) is the sum of squared shares, from "
        "near 0 (many small suppliers) to 1 (one supplier). Tables say whether the EU counts as one "
        "supplier or as 27.",
    ]
    if study.has_matrix:
        paragraphs.append(
            "**RCA in this market** is Balassa's index of revealed comparative advantage, computed over "
            "the imports of this one market: a supplier's weight of a segment against the weight of the "
            "segment in all imports."
        )
    if study.has_duties:
        paragraphs.append(
            "**Calculated duty** is what the customs authority calculates at entry. The headline divides "
            "it by customs value, the second figure by dutiable value. It is an average over measures "
            "that changed within the year and comes before refunds and drawback. “Same basket” re-weights "
            "a competitor's rates, code by code, with what the exporter sells."
        )
    paragraphs += [
        "**Causes of change** follow constant-market-share analysis (Tyszynski 1951; Richardson 1971): "
        "growth of the whole market, growth of the products that the exporter sells against that of the "
        "market, and changes of its share in each product. Each term is computed directly and under two "
        "weightings; the interaction is shown, not spread over the others.",
        _forecasts(study),
        "**Origin of a figure.** Each can be taken apart into files, codes and rates: "
        f"`{origin.explained(study, study.chosen[0])}`."
        + (
            " It counts every code of the year as published, these pages only what compares between two "
            "editions of the HS."
            if len(study.basis.revisions) > 1
            else ""
        ),
    ]
    return Stack(Text("\n\n".join(paragraphs)))


def _imports(study: Study) -> str:
    if study.basis.kind != REPORTED:
        return (
            f"**Imports** are here what others tell of them. {basis_sentence(study.basis)} They are demand for "
            "foreign goods, not the size of the market. A study stands on the market's own figures where "
            "they are here, else on reconciled flows, else on what enough partners report; it never "
            "adds these, which are valued differently."
        )
    if study.terms.imported.endswith("for consumption"):
        return (
            "**Imports for consumption** are goods that entered the market's own economy in the year, at "
            "customs value: without freight and insurance. They are demand for foreign goods, not the "
            "size of the market."
        )
    valued = {"CIF": "with freight and insurance (c.i.f.)", "customs_value": "at customs value"}
    how = w.listing(
        [valued.get(v, "without freight and insurance (f.o.b.)") for v in study.basis.valuations]
    )
    return (
        f"**Imports** are those that the market itself reports, {how}. They are demand for foreign "
        "goods, not the size of the market."
    )


def _codes(study: Study) -> str:
    lists = (
        "**Segments** are lists of six-digit codes of the Harmonized System "
        f"({study.hs}), kept in a file that anyone can read and change. A code is *core* if what it holds "
        "is photonic as such, and *broad* if it mixes photonic with other goods. No code is in two "
        "segments."
    )
    if not study.is_mixed:
        return lists
    return (
        f"{lists} Where there are figures of broad codes only, each code is a row of its own; codes are "
        "added only to show who sells, never as the size of a segment."
    )


def _forecasts(study: Study) -> str:
    pooled = "rows" if study.history_years >= MIN_YEARS else "headings"
    return (
        "**Forecasts** are the median of several exponential-smoothing, Theta and, for yearly series, "
        "local-trend models (Hyndman et al. 2008; Assimakopoulos and Nikolopoulos 2000; Fiorucci et al. "
        "2016). Intervals are calibrated on the errors that the same method made at earlier origins, "
        f"pooled over the {pooled} shown, with a stated prior because there are few. Errors at rolling "
        "origins are printed beside the forecast, together with those of a naive and a drift forecast."
    )
