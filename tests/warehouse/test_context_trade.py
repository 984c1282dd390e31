"""Headings, industries, classes and national products: the published figures, whole."""

import pytest
from typer.testing import CliRunner

from marketintel.cli.app import app
from marketintel.errors import MissingDataError
from marketintel.warehouse import context_trade as ct
from marketintel.warehouse.published import published
from marketintel.warehouse.states import state_trade


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
    with pytest.raises(MissingDataError, match=r"codes 9999.*starter/baci_headings\.py"):
        ct.heading_trade("9999", data_dir=starter)
    with pytest.raises(MissingDataError, match=r"MARKETINTEL_DATA|marketintel"):
        ct.heading_trade(data_dir=tmp_path)


def of_2017(rows, industry="333314"):
    return rows.query("industry == @industry and period == '2017'").set_index("item")["value_usd"]


def test_optical_instruments_are_the_published_accounts(starter):
    million = of_2017(ct.industry_use("333314", data_dir=starter).query("account != 'buyer'")) / 1e6
    assert million[["T007", "MCIF", "F04000"]].tolist() == [4_553, 5_401, 4_279]
    assert million["T016"] - million["F04000"] == 8_723
    output = ct.industry_output("333314", data_dir=starter).set_index("period")
    published = output.loc[["1997", "2017", "2023"], "gross_output_usd"]
    assert (published / 1e6).tolist() == [3_331, 4_912, 7_102]
    assert output.loc["2017", "price_index"] == 100 and len(output) == 27


def test_supply_is_use_and_the_use_table_adds_up(starter):
    rows = ct.industry_use(data_dir=starter)
    totals = rows.pivot_table(index=["industry", "period"], columns="item", values="value_usd")
    assert len(totals) == 66
    assert (totals["T016"] == totals["T019"]).all()
    bought = rows.query("account == 'buyer'").groupby(["industry", "period"])["value_usd"].sum()
    # Cells and totals are rounded to whole millions.
    assert ((bought - totals["T019"]).abs() <= 60e6).all()
    million = of_2017(ct.industry_use("333314", "buyer", starter)) / 1e6
    assert million[["F02E00", "F06E00", "339113"]].tolist() == [5_797, 558, 467]


def test_laboratory_instruments_are_the_published_class(starter):
    rows = ct.enduse_imports("21600", ["WLD", "DEU", "JPN", "CHN"], starter)
    million = rows.query("period == '2024'").set_index("partner")["value_usd"] / 1e6
    assert million.round().to_dict() == {"WLD": 8_530, "DEU": 1_721, "JPN": 835, "CHN": 939}
    every = ct.enduse_imports(partners="WLD", data_dir=starter)
    world = every.groupby("period")["value_usd"].sum() / 1e9
    assert world.round(1)[["2024", "2025"]].tolist() == [3266.4, 3415.7]
    assert len(world) == 12 and every["end_use"].nunique() == 142


def test_monthly_duties_are_rates_of_their_imports(starter):
    rows = ct.naics_months(["333", "334"], ["WLD", "EU27", "China"], starter)
    assert set(rows["partner"]) == {"WLD", "EU27", "CHN"} and rows["period"].nunique() == 155
    china = rows.query("partner == 'CHN' and naics == '333'").set_index("period")["rate_pct"]
    assert china["2018-06"] < 2 < 10 < china["2019-12"]
    whole = ct.naics_months(data_dir=starter)
    assert whole["partner"].nunique() == 33 and whole["rate_pct"].isna().sum() == 9


def test_tariff_lines_sum_to_their_hs6(starter):
    from marketintel.warehouse.flows import flows

    lines = ct.line_imports("901320", data_dir=starter)
    whole = flows(reporter="USA", codes="901320", data_dir=starter)
    for amount in ("value_usd", "duties_usd"):
        sums = lines.groupby(["partner", "period"])[amount].sum()
        assert sums[sums > 0].to_dict() == {
            key: value
            for key, value in whole.groupby(["partner", "period"])[amount].sum().items()
            if value > 0
        }
    general = ct.line_imports("901320", "Germany", trade_system="general", data_dir=starter)
    assert general["duties_usd"].isna().all() and (general["value_usd"] > 0).any()


def test_lasers_speak_for_one_class_and_lie_in_one_industry(starter):
    lines = ct.line_concordance(["901320"], starter)
    assert set(lines["end_use"]) == {"21600"} and set(lines["naics"].str[:4]) == {"3359"}
    coffee = ct.line_concordance(["0901"], starter)
    assert set(coffee["end_use"].str.len()) == {5} and "00000" in set(coffee["end_use"])


def test_products_of_canada_sum_to_chapters_and_partners(starter):
    lasers = ct.canada_trade("HS6", "901320", data_dir=starter)
    assert lasers["period"].tolist() == ["2024-01/2026-04"]
    assert round(lasers["imports_cad"].item() / 1e6, 1) == 320.2
    assert round(lasers["exports_cad"].item() / 1e6, 1) == 274.5
    products = ct.canada_trade("HS6", data_dir=starter)
    chapters = ct.canada_trade("HS2", data_dir=starter)
    partners = ct.canada_trade("TOTAL", data_dir=starter)
    assert len(products) == 5_604 and partners["partner"].nunique() == 224
    for amount in ("imports_cad", "exports_cad"):
        by_chapter = products.groupby(products["product"].str[:2])[amount].sum()
        assert by_chapter.to_dict() == chapters.groupby("product")[amount].sum().to_dict()
        assert partners[amount].sum() == products[amount].sum()
    optics = chapters[chapters["product"] == "90"]
    years = optics.groupby(optics["period"].str[:4])["imports_cad"].sum() / 1e9
    assert years.round(2)[["2024", "2025"]].tolist() == [21.66, 22.65]


@pytest.mark.parametrize(
    ("place", "code", "year", "options", "lines"),
    [
        (
            "USA",
            "21600",
            2024,
            {"partner": "Japan"},
            ["2024 END_USE general imports: USD 834,929,285"],
        ),
        (
            "USA",
            "333314",
            2017,
            {},
            ["supply T007: USD 4,553,000,000", "use F04000 Exports: USD 4,279,"],
        ),
        ("USA", "333", 2025, {}, ["2025-11 NAICS3 imports", "2025-01 NAICS3 calculated duty"]),
        ("CAN", "9011", 2024, {"partner": "DEU"}, ["share of imports, rank 1: basis points 3,78"]),
        ("CAN", "901320", 2025, {}, ["2024-01/2026-04 HS6 imports: CAD 320,185,857"]),
        ("JPN", "9002", 2024, {"flow": "export"}, ["2024 exports: USD"]),
    ],
)
def test_a_figure_is_followed_down_to_its_file(starter, place, code, year, options, lines):
    command = ["explain", place, code, str(year), "--data", str(starter)]
    command += [part for name, value in options.items() for part in (f"--{name}", value)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    for line in [*lines, "SHA-256", "Licence:"]:
        assert line in done.output


def test_a_code_without_a_figure_is_missing(starter):
    with pytest.raises(MissingDataError, match="no figure of Japan, 21600, 2024"):
        published("JPN", "21600", 2024, data_dir=starter)


def test_states_are_those_published_and_sum_to_the_total(starter):
    rows = state_trade("3345", "import", starter).set_index("state")["value_usd"]
    first = rows.drop("All States").nlargest(3) / 1e9
    assert first.round(2).to_dict() == {"California": 6.28, "Texas": 5.20, "New York": 2.75}
    assert rows.drop("All States").sum() == rows["All States"]
    with pytest.raises(MissingDataError, match="9999"):
        state_trade("9999", None, starter)
