"""Exchange rates and projections as shipped, against recorded answers and their own files."""

import re
import sys
import zipfile

import pandas as pd
import pytest

from marketintel.sources import snapshot
from marketintel.sources.catalogue import fetched
from marketintel.sources.merging import merge
from marketintel.sources.providers import ecb, imf
from marketintel.warehouse import store
from marketintel.warehouse.context import macro


@pytest.fixture(scope="module")
def script(root):
    sys.path.insert(0, str(root / "scripts" / "starter"))
    import ecb_rates
    import imf_weo

    yield {"ecb": ecb_rates, "imf": imf_weo}
    sys.path.remove(str(root / "scripts" / "starter"))


def shipped(root, source) -> pd.DataFrame:
    (found,) = snapshot.find(root / "data", source)
    return store.read_parquet(found.path)


def test_averages_are_those_the_ecb_published(root, shared):
    text = (shared / "specimens/ecb_fx/sdmx_M.USD.EUR.SP00.A.xml").read_text(encoding="utf-8")
    found = re.findall(r'ObsDimension value="([\d-]+)"/>\s*<generic:ObsValue value="(.*?)"', text)
    assert len(found) == 252
    rates = shipped(root, "ecb").query("currency == 'USD'").set_index("period")["units_per_eur"]
    for month, value in found:
        assert rates[month] == pytest.approx(float(value), rel=1e-14), month


def test_recorded_days_give_the_shipped_averages(root, shared, script):
    daily = ecb.process((shared / "specimens/ecb_fx/eurofxref-hist.zip").read_bytes())
    made = script["ecb"].averages(daily)
    both = made.merge(shipped(root, "ecb"), "left", on=["currency", "period", "freq"])
    assert made["period"].max() == "2026-03"  # April was not over in that file
    assert len(made) > 9000
    pd.testing.assert_series_equal(
        both["units_per_eur_x"], both["units_per_eur_y"], check_names=False, rtol=1e-14
    )


def test_a_period_with_a_gap_or_not_over_has_no_average(root, script):
    rates = shipped(root, "ecb")
    spans = rates[rates["freq"] == "A"].groupby("currency")["period"].agg(["min", "max"])
    assert set(spans["max"]) == {"2025"}
    assert spans.loc["CNY", "min"] == "2006" and spans.loc["INR", "min"] == "2009"
    iceland = set(rates.query("currency == 'ISK' and freq == 'A'")["period"])
    assert {"2007", "2019"} <= iceland and iceland.isdisjoint({"2008", "2012", "2018"})
    assert set(rates["currency"]) == set(script["ecb"].CURRENCIES)


def test_rates_are_found_in_archives_and_wheels(tmp_path, script):
    table = "Date,USD,\n2020-01-02,1.1,\n"
    inner = tmp_path / "eurofxref-hist.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("eurofxref-hist.csv", table)
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(inner, "a/eurofxref-hist.zip")
        archive.writestr("a/__init__.py", "")
    plain = tmp_path / "eurofxref-hist.csv"
    plain.write_text(table)
    for file in (inner, wheel, plain):
        assert script["ecb"].daily_file(file).decode() == table


def test_a_fetch_goes_on_from_what_is_shipped(root):
    for source in ("ecb", "imf"):
        before = shipped(root, source)
        groups = fetched()[source].groups
        value = "units_per_eur" if source == "ecb" else "value"
        news = before[before["period"] == "2025"].assign(**{value: 2.0})
        later = news.assign(period="2031")
        merged = merge(before, pd.concat([news, later]), groups, set())
        assert list(merged) == list(before)
        assert len(merged) == len(before) + len(later)
        assert set(merged.loc[merged["period"].isin(["2025", "2031"]), value]) == {2.0}
        same = merge(before, before[before["period"] == "2025"], groups, set())
        pd.testing.assert_frame_equal(same, merge(None, before, groups, set()))


def test_projections_stay_out_of_history(root, tmp_path):
    rows = shipped(root, "imf")
    assert rows["is_projection"].all()
    assert set(rows["indicator"]) == {"gdp_current_usd", "gdp_growth_pct"}
    assert rows["period"].max() == "2027"
    ireland = rows.query("economy == 'IRL' and indicator == 'gdp_growth_pct'")
    assert ireland.set_index("period")["value"].to_dict() == {
        "2022": 9.0, "2023": 4.0, "2024": 4.01, "2025": 3.03, "2026": 3.012, "2027": 3.01,
    }  # fmt: skip
    assert "TWN" not in set(macro("gdp_current_usd", data_dir=None)["economy"])
    ahead = macro("gdp_current_usd", ["TWN"], projections=True)
    assert ahead["source"].unique().tolist() == ["imf"]


def test_what_the_imf_calls_actual_is_no_projection(script):
    published = pd.DataFrame(
        {
            "ISO": ["IRL", "UVK", "CHE"],
            "WEO Subject Code": ["NGDPD", "NGDPD", "LP"],
            "Estimates Start After": ["2022", "", "2021"],
            "2021": ["1.0", "2.0", "9"],
            "2022": ["1,100.5", "n/a", "9"],
            "2023": ["--", "2.5", "9"],
            "2024": ["1,200.0", "2.6", "9"],
        }
    )
    made = script["imf"].tidy(published)
    assert made[["economy", "period", "value"]].to_numpy().tolist() == [
        ["IRL", "2024", 1.2e12],
        ["XKX", "2023", 2.5e9],
        ["XKX", "2024", 2.6e9],
    ]
    assert imf.OWN_CODES["UVK"] == "XKX"
