"""Several sources of one trade: one is read, currencies and valuations stay told, mirrors too."""

import pandas as pd
import pytest

from marketintel.errors import DamagedDataError, MissingDataError, UsageError
from marketintel.parquet import parquet_bytes
from marketintel.sources import snapshot
from marketintel.warehouse import build, store
from marketintel.warehouse.context import macro
from marketintel.warehouse.flows import aggregate, flows
from tests.warehouse.conftest import small_citation, small_imports

ECB = pd.DataFrame(
    {
        "currency": ["USD", "CAD", "USD", "CAD"],
        "period": ["2024", "2024", "2024-01", "2024-01"],
        "freq": ["A", "A", "M", "M"],
        "units_per_eur": [1.08, 1.48, 1.09, 1.46],
        "status": "A",
    }
)


def keep(data, source, frame, **changes):
    citation = small_citation(source=source, **changes)
    snapshot.save(data, citation, f"{source}.parquet", parquet_bytes(frame), rows=len(frame))


def comtrade(*rows, **changes):
    """reporter, partner, flow, period, value: under the columns of a Comtrade snapshot."""
    frame = pd.DataFrame(rows, columns=["reporter", "partner", "flow", "period", "value_usd"])
    frame = frame.assign(
        hs_revision="HS2022", cmd_code="901320", freq="A", net_weight_kg=float("nan"),
        quantity=float("nan"), quantity_unit=pd.Series(None, frame.index, "str"),
        valuation=frame["flow"].map({"import": "CIF", "export": "FOB"}),
        trade_system=pd.Series(None, frame.index, "str"), is_mirror=False,
    )  # fmt: skip
    return frame.assign(value_usd=frame["value_usd"].astype("float64"), **changes)


def test_the_united_states_at_home_and_at_comtrade_are_never_added(tmp_path):
    keep(tmp_path, "us_census_imports", small_imports())
    keep(
        tmp_path, "comtrade",
        comtrade(("USA", "DEU", "import", "2025", 1000), ("USA", "KOR", "import", "2025", 7),
                 ("USA", "DEU", "import", "2023", 500), ("USA", "WLD", "import", "2025", 1007)),
    )  # fmt: skip
    found = flows(reporter="USA", codes="901320", with_origin=True, data_dir=tmp_path)
    assert found.groupby("period")["value_usd"].sum().to_dict() == {"2023": 500, "2025": 145}
    assert set(zip(found["period"], found["source"], found["valuation"], strict=True)) == {
        ("2023", "comtrade", "CIF"), ("2025", "us_census_imports", "customs_value")}  # fmt: skip
    # What the preferred source does not have is nothing, not a gap to be filled by another.
    assert flows(reporter="USA", partner="KOR", data_dir=tmp_path).empty
    chosen = flows(reporter="USA", source="comtrade", period="2025", data_dir=tmp_path)
    assert chosen["value_usd"].sum() == 1007
    with pytest.raises(UsageError, match="valuation"):
        aggregate(found, by=["segment"])
    assert len(aggregate(found, by=["period", "segment"])) == 2


def test_comext_is_converted_at_the_rate_of_its_year_and_says_so(tmp_path):
    keep(tmp_path, "ecb", ECB)
    frame = comtrade(("DEU", "USA", "import", "2024", 0)).drop(columns="value_usd")
    keep(tmp_path, "comext", frame.assign(value_eur=1000.0))
    build.build(tmp_path)
    (row,) = store.read_parquet(store.table_path(tmp_path, "trade")).to_dict("records")
    assert row["value_usd"] == pytest.approx(1080)
    assert (row["currency"], row["usd_per_unit"], row["rate_source"]) == ("EUR", 1.08, "ecb test")
    assert row["valuation"] == "CIF"
    rates = macro("exchange_rate_per_eur", data_dir=tmp_path)
    assert rates.loc[rates["period"] == "2024", "unit"].to_list() == ["CAD per EUR", "USD per EUR"]


def canada(months):
    return pd.DataFrame(
        {
            "reporter": "CAN", "partner": "DEU", "flow": "import", "hs_revision": "HS2022",
            "cmd_code": "901320", "period": [f"2024-{m:02}" for m in months], "value_cad": 148.0,
            "valuation": "FOB",
        }
    )  # fmt: skip


def test_canadian_months_become_a_year_only_when_all_are_there(tmp_path):
    every = ECB.assign(period="2024")
    months = [ECB.iloc[2:].assign(period=f"2024-{m:02}") for m in range(1, 13)]
    keep(tmp_path, "ecb", pd.concat([every.iloc[:2], *months], ignore_index=True))
    keep(tmp_path, "statcan_cimt", canada(range(1, 13)))
    year = flows(reporter="CAN", data_dir=tmp_path)
    assert year["value_usd"].sum() == pytest.approx(12 * 148 * 1.08 / 1.48)
    month = flows(reporter="CAN", freq="M", period="2024-07", data_dir=tmp_path)
    assert month["value_usd"].sum() == pytest.approx(148 * 1.09 / 1.46)


def test_an_unfinished_year_is_months_only(tmp_path):
    months = [ECB.iloc[2:].assign(period=f"2024-{m:02}") for m in range(1, 4)]
    keep(tmp_path, "ecb", pd.concat(months, ignore_index=True))
    keep(tmp_path, "statcan_cimt", canada(range(1, 4)))
    assert len(flows(reporter="CAN", freq="M", data_dir=tmp_path)) == 3
    with pytest.raises(MissingDataError, match="no imports of CAN"):
        flows(reporter="CAN", data_dir=tmp_path)


@pytest.mark.parametrize("rates", [None, ECB[ECB["period"] != "2024"]])
def test_without_the_rate_of_the_period_nothing_is_converted(tmp_path, rates):
    if rates is not None:
        keep(tmp_path, "ecb", rates)
    frame = comtrade(("DEU", "USA", "import", "2024", 0)).drop(columns="value_usd")
    keep(tmp_path, "comext", frame.assign(value_eur=1000.0))
    with pytest.raises(MissingDataError, match=r"`marketintel fetch ecb"):
        build.build(tmp_path)


def test_a_silent_country_is_seen_through_its_partners_and_flagged(tmp_path):
    keep(
        tmp_path, "comtrade",
        comtrade(("JPN", "VNM", "export", "2024", 40), ("KOR", "VNM", "export", "2024", 60),
                 ("KOR", "VNM", "export", "2023", 50), ("VNM", "JPN", "import", "2023", 33),
                 ("KOR", "WLD", "export", "2024", 999)),
    )  # fmt: skip
    with pytest.raises(MissingDataError):
        flows(reporter="VNM", period="2024", data_dir=tmp_path)
    seen = flows(reporter="VNM", mirror=True, data_dir=tmp_path)
    of = seen.set_index(["period", "partner"])
    assert of["value_usd"].to_dict() == {
        ("2023", "JPN"): 33, ("2024", "JPN"): 40, ("2024", "KOR"): 60}  # fmt: skip
    assert of["is_mirror"].to_dict() == {
        ("2023", "JPN"): False, ("2024", "JPN"): True, ("2024", "KOR"): True}  # fmt: skip
    assert of["valuation"].to_dict() == {
        ("2023", "JPN"): "CIF", ("2024", "JPN"): "FOB", ("2024", "KOR"): "FOB"}  # fmt: skip
    assert set(seen["flow"]) == {"import"}
    assert set(seen["reporter"]) == {"VNM"}
    with pytest.raises(UsageError, match="sums over several kinds"):
        aggregate(seen, by=["segment"])
    only = flows(reporter="VNM", mirror=True, partner="KOR", data_dir=tmp_path)
    assert only["value_usd"].to_list() == [60]
    with pytest.raises(MissingDataError, match="neither VNM nor its partners"):
        flows(reporter="VNM", mirror=True, period="1999", data_dir=tmp_path)


def test_real_us_imports_mirror_what_germany_sold_there(starter):
    seen = flows(reporter="DEU", flow="export", codes="901320", partner="USA", mirror=True,
                       period="2025", data_dir=starter)  # fmt: skip
    told = flows(reporter="USA", codes="901320", partner="DEU", period="2025",
                       trade_system="general", data_dir=starter)  # fmt: skip
    assert seen["value_usd"].to_list() == told["value_usd"].to_list()
    assert len(seen) == 1
    assert seen["valuation"].to_list() == ["customs_value"]


def macro_rows(value, *, projection=False, period="2024"):
    return pd.DataFrame(
        {
            "economy": ["CAN"], "indicator": "gdp_current_usd", "period": period, "value": value,
            "unit": "USD", "is_projection": projection,
        }
    )  # fmt: skip


def test_one_source_an_economy_and_year_and_projections_only_on_request(tmp_path):
    keep(tmp_path, "worldbank", macro_rows(2.0))
    imf = pd.concat([macro_rows(2.5), macro_rows(3.0, projection=True, period="2027")])
    keep(tmp_path, "imf", imf)
    facts = macro("gdp_current_usd", "CAN", data_dir=tmp_path)
    assert facts[["period", "value", "source"]].to_numpy().tolist() == [["2024", 2.0, "worldbank"]]
    ahead = macro("gdp_current_usd", "CAN", projections=True, data_dir=tmp_path)
    assert ahead[["period", "is_projection"]].to_numpy().tolist() == [["2024", False],
                                                                      ["2027", True]]  # fmt: skip


def test_tariffs_stand_beside_calculated_duties_and_are_not_money(tmp_path):
    keep(tmp_path, "us_census_imports", small_imports())
    rate = pd.DataFrame(
        {"reporter": "USA", "partner": ["WLD", "CAN"], "hs_revision": "HS2022",
         "cmd_code": "901320", "period": "2025", "rate_pct": [2.5, 0.0],
         "regime": ["MFN", "preferential"]}
    )  # fmt: skip
    keep(tmp_path, "wits", rate)
    lasers = flows(reporter="USA", codes="901320", data_dir=tmp_path)
    assert lasers["duties_usd"].sum() == 9
    duties = store.read_parquet(store.table_path(tmp_path, "duties"))
    rates = duties[duties["source"] == "wits"].set_index("regime")["rate_pct"]
    assert rates.to_dict() == {"MFN": 2.5, "preferential": 0.0}
    keep(tmp_path, "wits", rate.assign(rate_pct=float("nan")), vintage="worse",
         retrieved_at="2025-01-01")  # fmt: skip
    with pytest.raises(DamagedDataError, match="tariffs a rate"):
        build.build(tmp_path, {"wits": "worse"})
