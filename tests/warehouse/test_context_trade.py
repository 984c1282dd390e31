"""Headings, industries, classes and national products: the published figures, whole."""

import pytest

from marketintel.errors import MissingDataError
from marketintel.warehouse import context_trade as ct


def test_world_exports_equal_world_imports_in_every_heading_and_year(starter):
    rows = ct.heading_trade(data_dir=starter)
    world = rows.groupby(["cmd_code", "period"])[["exports_usd", "imports_usd"]].sum()
    assert len(world) == 96 and rows["reporter"].nunique() == 226
    assert (world["exports_usd"] == world["imports_usd"]).all()
    assert world.loc[("9002", "2024"), "exports_usd"] == 15_942_755_192


@pytest.mark.parametrize(
    ("heading", "suppliers"),
    [
        ("9011", {"DEU": 37.8, "USA": 24.1, "CHN": 11.9, "JPN": 11.1}),
        ("9002", {"JPN": 28.5, "CHN": 22.2, "USA": 17.0}),
    ],
)
def test_suppliers_of_canada_are_the_published_ones(starter, heading, suppliers):
    rows = ct.heading_shares(heading, "CAN", "import", starter).query("period == '2024'")
    shares = rows.set_index("partner")["share_bp"]
    assert (shares[list(suppliers)] / 100).round(1).to_dict() == suppliers
    assert shares.idxmax() == next(iter(suppliers))
    total = ct.heading_trade(heading, "CAN", starter).query("period == '2024'")["imports_usd"]
    assert set(rows["total_usd"]) == set(total)


def test_pairs_seen_from_both_sides_agree_and_no_total_is_passed(starter):
    rows = ct.heading_shares(data_dir=starter)
    pairs = rows.assign(
        exporter=rows["partner"].where(rows["flow"] == "import", rows["reporter"]),
        importer=rows["reporter"].where(rows["flow"] == "import", rows["partner"]),
        unit_usd=rows["total_usd"] / 1e4,
    )
    keys = ["cmd_code", "period", "exporter", "importer"]
    sides = pairs.pivot(index=keys, columns="flow", values=["value_usd", "unit_usd"]).dropna()
    assert len(sides) == 5_664
    gap = (sides["value_usd", "import"] - sides["value_usd", "export"]).abs()
    assert (gap <= sides["unit_usd"].sum(axis=1)).all()
    known = pairs.sort_values("unit_usd").drop_duplicates(keys)  # finer rounding
    world = ct.heading_trade(data_dir=starter).groupby(keys[:2])["exports_usd"].sum()
    part = known.groupby(keys[:2])["value_usd"].sum() / world
    assert part.min() >= 0.70 and part.max() <= 0.90
    for side, amount in (("exporter", "exports_usd"), ("importer", "imports_usd")):
        total = ct.heading_trade(data_dir=starter).set_index([*keys[:2], "reporter"])[amount]
        listed = known.groupby([*keys[:2], side])[["value_usd", "unit_usd"]].sum()
        assert (listed["value_usd"] <= total.reindex(listed.index) + listed["unit_usd"]).all()


def test_what_is_not_there_is_a_gap_with_a_way_out(starter, tmp_path):
    with pytest.raises(MissingDataError, match=r"codes 9999.*baci_headings\.py"):
        ct.heading_trade("9999", data_dir=starter)
    with pytest.raises(MissingDataError, match=r"MARKETINTEL_DATA|marketintel"):
        ct.heading_trade(data_dir=tmp_path)
