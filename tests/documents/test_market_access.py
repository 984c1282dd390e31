"""Access of an exporter to a market, on the shipped data."""

import pytest

from marketintel.analysis.markets import statute
from marketintel.documents.market.access import Access
from marketintel.reference.segments import load_segments


def test_the_shipped_statute_of_the_european_union():
    found = Access("USA", "EU27", list(load_segments().names()))
    duties = found.duties
    assert (duties["names"] == "European Union").sum() == 15
    assert duties["names"].isin([statute.ANY, statute.COLUMN_2]).sum() == 16
    assert not (duties["measure_name"] == "Section 301, China").any()
    ieepa = duties[duties["measure_name"] == "IEEPA duties"]
    assert ieepa["ended"].all() and len(ieepa) == 15
    lists = found.lists.set_index(["segment", "list"])
    assert not lists.loc["lasers", "for_exporter"].any()  # Section 301 alone: China
    assert lists.loc[("optics", "Section 122 exempt"), "lines_listed"].tolist() == [10]
    months = found.months.set_index("segment")
    assert months.loc["lasers", "naics"] == "335" and months.loc["lasers", "last"] == "2025-11"
    assert months.loc["lasers", "rate_pct"] == pytest.approx(15.43, abs=0.01)
    assert set(found.notes["segment"]) == set(load_segments().names())


def test_other_markets_have_rules_but_no_lists():
    canada = Access("CAN", "FRA", ["lasers"])
    assert canada.duties.empty and canada.lists.empty and canada.months.empty
    assert canada.claims.empty and len(canada.notes) == 1
    portugal = Access("USA", "PRT", ["lasers"])
    assert set(portugal.months["of"]) == {"EU27"}
