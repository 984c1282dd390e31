"""Which series an outlook takes, and that its tables add up; shipped and synthetic figures."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from marketintel.cli.documents import command
from marketintel.cli.forecast import print_levels
from marketintel.documents.document import open_document
from marketintel.documents.engine.blocks import Table
from marketintel.documents.outlook.facts import load, totals
from marketintel.errors import MissingDataError
from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot
from marketintel.warehouse.basis import RECONCILED, REPORTED, US_EXPORTS
from tests.warehouse.conftest import small_citation

YEARS = range(2008, 2025)
REVISIONS = {
    "HS2007": range(2007, 2012),
    "HS2012": range(2012, 2017),
    "HS2017": range(2017, 2022),
    "HS2022": range(2022, 2027),
}


@pytest.fixture(scope="module")
def of_materials():
    return open_document("outlook", countries=["JPN", "CAN", "CHN"], segments=["materials"])


@pytest.fixture(scope="module")
def materials(of_materials):
    return of_materials.facts


@pytest.fixture(scope="module")
def of_mixed():
    segments = ["lasers", "metrology", "materials"]
    return open_document("outlook", countries=["CHE", "TUR", "CHN"], segments=segments)


@pytest.fixture(scope="module")
def mixed(of_mixed):
    return of_mixed.facts


def synthetic(places, years=YEARS, codes=("901320", "900110"), seed=1, **columns):
    """Imports of some countries from two partners: growth and noise; synthetic."""
    rng = np.random.default_rng(seed)
    rows = [
        (place, partner, code, str(year), revision, 1.05 ** (year - 2008) * rng.uniform(8e5, 1.2e6))
        for place in places
        for partner in ("DEU", "KOR")
        for code in codes
        for year in years
        for revision, valid in REVISIONS.items()
        if year in valid
    ]
    names = ["reporter", "partner", "cmd_code", "period", "hs_revision", "value_usd"]
    return pd.DataFrame(rows, columns=names).assign(**columns)


def keep(data, source, frame):
    citation = small_citation(source=source)
    snapshot.save(data, citation, f"{source}.parquet", parquet_bytes(frame), rows=len(frame))


def comtrade(rows, **changes):
    text = pd.Series(None, index=rows.index, dtype="str")
    return rows.assign(
        flow="import", freq="A", net_weight_kg=np.nan, quantity=np.nan, quantity_unit=text,
        valuation="CIF", trade_system=text, is_mirror=False,
    ).assign(**changes)  # fmt: skip


def baci(places, years=range(1995, 2025), codes=("901320",)):
    """BACI-like flows to some countries in HS1992; synthetic."""
    rng = np.random.default_rng(5)
    rows = [
        (seller, place, code, str(year), 2e6 * rng.uniform(0.8, 1.2))
        for place in places
        for seller in ("DEU", "USA")
        for code in codes
        for year in years
    ]
    frame = pd.DataFrame(rows, columns=["reporter", "partner", "cmd_code", "period", "value_usd"])
    return frame.assign(hs_revision="HS1992", net_weight_kg=np.nan)


def tables(stack) -> dict[str, Table]:
    return {b.name: b for b in stack.flat() if isinstance(b, Table)}


def words(stack) -> str:
    return " ".join(b.markdown for b in stack.flat() if hasattr(b, "markdown")).replace("\\", "")


def adds_up(frames: dict[str, pd.DataFrame], group: int) -> None:
    """Cells add up to margins and margins to the grand total, in the tables as they are written."""
    grid, sums = frames[f"coherent_{group}"], frames[f"totals_{group}"]
    places = [c for c in grid.columns if c.endswith("_usd") and c != "total_usd"]
    bottom, cells = grid.iloc[0], grid.iloc[1:]
    close = {"rtol": 1e-9}
    np.testing.assert_allclose(cells[places].sum(axis=1).astype(float), cells["total_usd"], **close)
    np.testing.assert_allclose(
        cells[places].sum().astype(float), bottom[places].astype(float), **close
    )
    np.testing.assert_allclose(float(bottom[places].sum()), bottom["total_usd"], **close)
    roles = dict(list(sums.groupby("role")))
    for column in ("level_now_usd", "level_then_usd"):
        whole = roles["grand"][column].iloc[0]
        np.testing.assert_allclose(roles["country"][column].sum(), whole, **close)
        np.testing.assert_allclose(roles["segment"][column].sum(), whole, **close)
    assert roles["grand"]["level_then_usd"].iloc[0] == pytest.approx(bottom["total_usd"], rel=1e-9)
    by_item = roles["segment"].set_index(roles["segment"]["item"].astype(str))["level_then_usd"]
    margins = cells.set_index(cells["item"].astype(str))["total_usd"]
    np.testing.assert_allclose(by_item.reindex(margins.index), margins, **close)


@pytest.mark.slow
def test_thirty_years_of_reconciled_imports_stand_code_by_code(of_materials, materials):
    years = materials.years
    assert {basis.kind for basis in years.nodes["kind"]} == {RECONCILED}
    assert all(basis.mixed for basis in years.nodes["kind"])
    spans = years.cells.groupby("unique_id")["ds"].agg(["min", "max", "count"])
    assert len(spans) == 18
    assert (spans["count"] == 30).all()
    assert set(spans["max"]) == {pd.Timestamp("2024-12-31")}
    assert {"JPN 284690", "CAN 280450", "CHN 280530"} <= set(spans.index)
    said = words(of_materials.chapter("summary"))
    assert "Imports of Japan, Canada and China" in said
    assert "CEPII BACI, f.o.b" in said
    assert "mixed codes" in said
    assert "US exports" not in said.partition("**Together.**")[2]
    assert words(of_materials.chapter("countries")).count("US exports") == 1  # the rule alone


def test_the_summary_is_worded_as_it_was(of_materials):
    """A change of wording is seen in review: `golden/` holds the text."""
    text = words(of_materials.chapter("summary")).replace("\u00a0", " ") + "\n"
    golden = Path(__file__).with_name("golden") / "outlook_summary.md"
    assert text == golden.read_text(encoding="utf-8")


def test_tables_add_up_to_their_margins_and_grand_totals(of_mixed, of_materials):
    shown = {name: table.frame for name, table in tables(of_mixed.chapter("together")).items()}
    groups = sorted(int(name.removeprefix("coherent_")) for name in shown if "coherent_" in name)
    assert groups == [0, 1]
    for group in groups:
        adds_up(shown, group)
        assert len(set(shown[f"coherent_{group}"]["kind"])) == 1
    left = shown["left_out_0"]
    # China's US exports end in 2020, too long before the edition of 2026.
    assert "no yearly forecast" in set(left.loc[left["country"] == "China", "reason"])
    assert left["reason"].eq("another kind of trade").sum() == 3
    adds_up({n: t.frame for n, t in tables(of_materials.chapter("together")).items()}, 0)


def test_bases_are_never_added_to_each_other(of_mixed, mixed):
    nodes = mixed.years.nodes.set_index("unique_id")
    for row in mixed.years.structure.itertuples():
        assert nodes.loc[row.part, "kind"] == nodes.loc[row.aggregate, "kind"]
        assert nodes.loc[row.part, "group"] == nodes.loc[row.aggregate, "group"] == row.group
    ends = mixed.years.panel.groupby("unique_id")["ds"].max()
    for _, rows in mixed.years.structure.groupby("group"):
        assert len(set(ends[[*rows["part"], *rows["aggregate"]]])) == 1
    for block in tables(of_mixed.chapter("countries")).values():
        assert len(set(block.frame["kind"])) == 1
        assert block.source.startswith(("US exports, a mirror", "Imports, reports of both sides"))


def test_levels_of_every_forecast_nest_and_totals_lie_above_their_cells(mixed):
    rows = mixed.years.potential.set_index("unique_id")
    nested = rows["lo_95"] < rows["lo_80"]
    assert (nested | (rows["lo_80"] == 0)).all()
    assert (rows["hi_95"] > rows["hi_80"]).all()
    for pair in mixed.years.structure.itertuples():
        for bound in ("lo_80", "hi_80", "lo_95", "hi_95"):
            assert rows.loc[pair.aggregate, bound] >= rows.loc[pair.part, bound]
    assert set(mixed.years.compared(0)) == {"base", "bottom_up", "mint"}


def test_imports_that_end_too_early_give_way_to_newer_ones(tmp_path):
    rows = comtrade(synthetic(["JPN", "KOR"]))
    keep(tmp_path, "comtrade", rows[(rows["reporter"] == "KOR") | (rows["period"] < "2017")])
    keep(tmp_path, "baci", baci(["JPN"]))
    outlook = load(["JPN", "KOR"], ["lasers"], scenarios=(), data_dir=tmp_path)
    kinds = {u: k.kind for u, k in zip(*(outlook.years.nodes[c] for c in ("unique_id", "kind")))}  # noqa: B905
    assert kinds["JPN lasers"] == RECONCILED
    assert kinds["KOR lasers"] == REPORTED


def test_own_imports_come_before_baci_and_us_exports(tmp_path):
    keep(tmp_path, "comtrade", comtrade(synthetic(["JPN", "KOR"])))
    keep(tmp_path, "baci", baci(["JPN", "VNM"]))
    countries = ["JPN", "KOR", "VNM"]
    document = open_document("outlook", tmp_path, countries=countries, segments=["lasers"])
    outlook = document.facts
    kinds = {u: k.kind for u, k in zip(*(outlook.years.nodes[c] for c in ("unique_id", "kind")))}  # noqa: B905
    assert kinds["JPN lasers"] == kinds["KOR lasers"] == REPORTED
    assert kinds["VNM lasers"] == RECONCILED
    rows = comtrade(synthetic(["JPN", "KOR"]))
    japan = rows[(rows["reporter"] == "JPN") & (rows["cmd_code"] == "901320")]
    panel = outlook.years.panel.set_index(["unique_id", "ds"])["y"]
    year = japan[japan["period"] == "2019"]["value_usd"].sum()
    assert panel["JPN lasers", pd.Timestamp("2019-12-31")] == pytest.approx(year)
    assert len(panel["JPN lasers"]) == len(YEARS)  # four revisions of an unchanged code
    assert len(panel["VNM lasers"]) == 30
    grand = outlook.years.nodes.query("role == 'grand'")
    assert len(grand) == 1
    adds = outlook.years.structure
    parts = set(adds.loc[adds["aggregate"].isin(grand["unique_id"]), "part"])
    assert parts == {"JPN lasers", "KOR lasers"}
    said = words(document.chapter("summary"))
    assert "UN Comtrade, c.i.f" in said
    assert "mirror" not in said
    assert "mirror" not in words(document.chapter("card"))


def test_canadas_own_months_are_forecast_by_month_and_by_year(tmp_path):
    months = [f"{year}-{month:02}" for year in range(2013, 2025) for month in range(1, 13)]
    whole = [str(year) for year in range(2013, 2025)]
    quoted = pd.DataFrame(
        [
            (currency, period, "M" if "-" in period else "A", rate)
            for currency, rate in (("USD", 1.1), ("CAD", 1.5))
            for period in months + whole
        ],
        columns=["currency", "period", "freq", "units_per_eur"],
    )
    keep(tmp_path, "ecb", quoted.assign(status="A"))
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"period": months, "value_cad": rng.uniform(8e5, 1.2e6, len(months))})
    year = rows["period"].str[:4].astype(int)
    named = {revision: year.isin(list(valid)) for revision, valid in REVISIONS.items()}
    rows["hs_revision"] = np.select(list(named.values()), list(named), "")
    rows = rows.assign(
        reporter="CAN", partner="DEU", flow="import", cmd_code="901320", valuation="FOB"
    )
    keep(tmp_path, "statcan_cimt", rows)
    document = open_document("outlook", tmp_path, countries=["CAN"], segments=["lasers"])
    outlook = document.facts
    (basis,) = outlook.bases
    assert (basis.kind, basis.source, basis.valuation) == (REPORTED, "statcan_cimt", "FOB")
    assert outlook.months.bases == {"CAN lasers": basis}
    assert len(outlook.months.panel) == 144
    assert outlook.months.fans["ds"].max() == pd.Timestamp("2025-12-31")
    panel = outlook.years.panel.query("unique_id == 'CAN lasers'").set_index("ds")["y"]
    cad = rows.loc[year == 2020, "value_cad"].sum()
    assert panel[pd.Timestamp("2020-12-31")] == pytest.approx(cad * 1.1 / 1.5)
    shown = tables(document.chapter("countries"))
    assert shown["months_can"].source.startswith("Imports as the country reports them")


def test_a_source_whose_years_are_too_few_gives_way(tmp_path):
    keep(tmp_path, "comtrade", comtrade(synthetic(["JPN"], years=range(2020, 2025))))
    keep(tmp_path, "baci", baci(["JPN"]))
    outlook = load(["JPN"], ["lasers"], scenarios=(), data_dir=tmp_path)
    assert {k.kind for k in outlook.years.nodes["kind"]} == {RECONCILED}
    assert outlook.years.panel.query("unique_id == 'JPN lasers'")["ds"].nunique() == 30


def test_of_one_source_one_valuation_is_read(tmp_path):
    rows = comtrade(synthetic(["JPN"]))
    late = rows["period"].isin(["2023", "2024"])
    keep(tmp_path, "comtrade", rows.assign(valuation=np.where(late, "FOB", "CIF")))
    outlook = load(["JPN"], ["lasers"], scenarios=(), data_dir=tmp_path)
    (basis,) = outlook.bases
    assert basis.valuation == "CIF"
    assert outlook.years.panel["ds"].max() == pd.Timestamp("2022-12-31")


def test_codes_that_a_revision_regrouped_are_joined_only_where_whole(tmp_path):
    keep(tmp_path, "comtrade", comtrade(synthetic(["JPN"], codes=("901380", "900190"))))
    outlook = load(["JPN"], ["optics"], scenarios=(), data_dir=tmp_path)
    cells = outlook.years.found
    # 901380 broke in HS2022: it is in no yearly series, whatever its share
    rows = comtrade(synthetic(["JPN"], codes=("901380", "900190")))
    same = rows[(rows["cmd_code"] == "900190") & (rows["period"] == "2024")]["value_usd"].sum()
    last = cells[cells["ds"] == "2024-12-31"]
    assert last["y"].sum() == pytest.approx(same)


def test_what_is_not_here_says_what_brings_it(tmp_path):
    with pytest.raises(MissingDataError, match=r"-s materials.*marketintel fetch --for JPN"):
        load(["JPN"], ["displays"])
    keep(tmp_path, "baci", baci(["JPN"]))
    with pytest.raises(MissingDataError, match="fetch --for KOR"):
        load(["KOR"], ["lasers"], data_dir=tmp_path)


def test_scenarios_rest_on_elasticities_of_such_goods(materials, mixed):
    assert set(materials.drivers.scenarios["estimate"]) == {
        "gdp_importers_materials",
        "exchange_rate_materials",
    }
    assert materials.drivers.scenarios["baseline_what"].str.contains("imports of Canada").all()
    assert set(mixed.drivers.low_high["unique_id"]) == {"CHE", "TUR", "CHN"}
    assert not mixed.drivers.low_high["estimate"].str.endswith("_materials").all()


def test_a_group_of_one_country_has_no_grand_total():
    document = open_document("outlook", countries=["JPN"], segments=["materials"])
    outlook = document.facts
    assert set(outlook.years.nodes["role"]) == {totals.CELL, totals.COUNTRY}
    assert "there is no sum" in words(document.chapter("together"))
    assert US_EXPORTS not in {k.kind for k in outlook.bases}


def test_the_command_prints_every_total_with_its_kind():
    app = typer.Typer()
    app.command()(command("outlook", instead=print_levels))
    asked = ["JPN", "CAN", "-s", "materials", "--table", "--format", "json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    rows = pd.DataFrame(json.loads(done.output))
    assert set(rows["kind"]) == {"reconciled, mixed codes"}
    assert set(rows["source"]) == {"baci"}
    sums = rows[rows["segment"].str.startswith("all of ")]
    whole = sums[sums["country"] == "all"]["forecast_usd"]
    countries = sums[sums["country"] != "all"]["forecast_usd"]
    assert whole.iloc[0] == pytest.approx(countries.sum(), rel=1e-9)
