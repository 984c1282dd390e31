"""Studies of figures that a market did not tell itself: said on every page, gaps with a way out."""

import pandas as pd
import pytest

from marketintel.documents.engine.blocks import Callout, Figure, Heading, Table
from marketintel.documents.market import load as facts
from marketintel.errors import MissingDataError, UsageError
from tests.documents.studies import blocks, open_study, words
from tests.warehouse.test_imports import PARTNERS, baci, exports, two_editions
from tests.warehouse.test_several_sources import comtrade, keep

#: Tables on size and trend, which cite their own sources.
OF_OTHER_SOURCES = {
    "canada_segments", "canada_products", "heading_imports", "heading_exports",
    "heading_suppliers", "priorities", "answers_can", "answers_basis_can",
    "reference_record", "reference_parameters", "answers_path_can", "reference_horizons",
}  # fmt: skip


@pytest.fixture(scope="module")
def canada():
    return open_study("CAN", segments=["materials"])


@pytest.fixture(scope="module")
def drawn(canada):
    return blocks(canada)


def test_every_table_and_figure_of_reconciled_flows_says_so(drawn) -> None:
    shown = [b for b in drawn if isinstance(b, Table | Figure)]
    own = {
        "rules",
        "sources",
        "decomposition_codes",
        "priority_weights",
        "economy",
        "heading_cover",
    }
    own |= OF_OTHER_SOURCES
    shown = [b for b in shown if b.name not in own and not b.name.startswith("access_")]
    assert len(shown) > 12
    other = [b for b in drawn if isinstance(b, Table) and b.name in OF_OTHER_SOURCES]
    assert len(other) == len(OF_OTHER_SOURCES)
    assert all("BACI" in b.source or "Statistics Canada" in b.source for b in other if b.source)
    for block in shown:
        assert "Reconciled flows, f.o.b., not the market's own imports." in block.source, block.name


def test_the_first_page_says_whose_figures_and_of_which_codes(canada) -> None:
    said = words(blocks(canada, "summary"))
    assert "not the statistics of Canada" in said
    assert "without freight" in said
    assert "701400" in said, "the core code that is not here"
    assert "381800" in said, "a mixed code that is not here"
    assert "core codes" not in said
    made = canada.cover()
    assert "Reconciled flows" in made.scope
    assert "6 mixed codes" in made.scope
    assert "HS 1992" in made.scope


def test_what_cannot_be_computed_is_a_gap_with_its_command_and_no_empty_chapter(
    canada, drawn
) -> None:
    gaps = words(blocks(canada, "gaps"))
    assert "`marketintel fetch wits --for CAN --segments materials --years 2023`" in gaps
    assert "`marketintel fetch --for CAN --segments materials --years 2023-2024`" in gaps
    assert "`marketintel fetch baci --zip FILE --segments materials`" in gaps
    assert "not zero trade" in gaps
    assert "Specialisation" in gaps
    titles = {b.text for b in drawn if isinstance(b, Heading)}
    assert not titles & {"What suppliers pay at the border", "The tariff schedule"}
    assert "rca_in_market" not in {
        c for b in drawn if isinstance(b, Table) for c in b.frame.columns
    }


def test_rows_are_products_and_sum_to_the_total(canada) -> None:
    table = next(b for b in blocks(canada, "glance") if isinstance(b, Table)).frame
    rows = table[table["segment"] != "total"]
    assert set(rows["segment"]) == set(canada.facts.chosen)
    assert set(table["scope"]) == {"broad"}, "mixed codes are called so"
    total = table.loc[table["segment"] == "total", "value_usd"].item()
    assert rows["value_usd"].sum() == pytest.approx(total)
    assert total == pytest.approx(
        canada.facts.basis.flows.loc[
            canada.facts.basis.flows["period"] == "2024", "value_usd"
        ].sum()
    )


def test_thirty_years_are_set_side_by_side_and_forecast(drawn, canada) -> None:
    tables = {b.name: b.frame for b in drawn if isinstance(b, Table)}
    view = tables["long_view"].set_index("cmd_code")
    rows = canada.facts.history[canada.facts.history["segment"] == "280450"]
    last = rows[rows["period"].between("2022", "2024")]
    assert view.loc["280450", "year_usd"] == pytest.approx(last["value_usd"].sum() / 3)
    leader = last.groupby("partner")["value_usd"].sum().idxmax()
    assert view.loc["280450", "first_supplier"] == canada.facts.name(leader)
    ahead = tables["outlook"].set_index("product")
    now = rows[rows["period"] == "2024"]["value_usd"].sum()
    assert ahead.loc["280450", "last_usd"] == pytest.approx(now)
    assert (ahead["lo_95"] <= ahead["lo_80"]).all()
    assert (ahead["hi_80"] <= ahead["hi_95"]).all()


def test_a_country_is_not_answered_with_a_few_raw_materials() -> None:
    assert open_study("CAN").name == "market_profile"
    with pytest.raises(MissingDataError, match="-s materials`, or get the rest with") as refused:
        open_study("CAN", year=2000)
    assert "`marketintel fetch --for CAN --years 1999-2000`" in str(refused.value)
    with pytest.raises(MissingDataError, match="for 1999, only in mixed codes of materials"):
        open_study("USA", year=1999)


def test_segments_asked_by_name_without_figures_are_named() -> None:
    study = open_study("CAN", segments=["lasers", "materials"])
    assert study.facts.chosen == open_study("CAN", segments=["materials"]).facts.chosen
    assert study.facts.without_figures == ["lasers"]
    said = words(blocks(study, "summary"))
    assert "One segment of 2 has no figures here: lasers" in said
    assert "`marketintel fetch --for CAN --segments lasers --years 2023-2024`" in said


@pytest.mark.parametrize("market", ["FJI", pytest.param("BLX", marks=pytest.mark.slow)])
def test_small_and_past_areas_have_their_blocks(market) -> None:
    blocks(open_study(market, "USA", ["materials"]))


@pytest.mark.parametrize(
    ("question", "error", "says"),
    [
        ({"country": "IRL", "exporter": "USA", "segments": ["displays"]}, MissingDataError,
         "one partner only: USA"),
        ({"country": "JPN", "segments": ["displays"]}, MissingDataError, "-s materials"),
        ({"country": "CAN", "segments": ["materials"], "year": 1995}, MissingDataError,
         "there are 1995 to 2024"),
        ({"country": "USA", "year": 2024}, MissingDataError, "there are 2024, 2025"),
        ({"country": "DEU", "segments": ["materials"]}, UsageError, "includes the market DEU"),
        ({"country": "CAN", "segments": ["lazers"]}, UsageError, "did you mean lasers"),
    ],
)  # fmt: skip
def test_refusals_are_one_line(question, error, says) -> None:
    with pytest.raises(error, match=says) as refused:
        open_study(**question)
    assert "\n" not in str(refused.value)


def test_who_has_no_words_for_it_gets_no_figures_of_partners() -> None:
    with pytest.raises(MissingDataError, match="no imports of CAN"):
        facts.load("CAN", segments=["materials"])


def test_a_mirror_names_its_partners_and_is_a_lower_bound(tmp_path) -> None:
    """Synthetic rows of ten partners."""
    keep(tmp_path, "comtrade", exports(PARTNERS, value=5e6))
    study = open_study("VNM", segments=["lasers"], data_dir=tmp_path)
    found = blocks(study)
    said = words(blocks(study, "summary"))
    assert "a lower bound" in said
    assert all(study.facts.name(p) in said for p in PARTNERS)
    for block in found:
        if isinstance(block, Table) and block.name.startswith(("suppliers_", "largest")):
            assert "Mirror of 10 partners' exports, f.o.b., a lower bound." in block.source
    assert "the partners differ from year to year" in words(blocks(study, "gaps"))
    assert not study.facts.is_mixed


def test_two_editions_of_the_hs_are_said_and_what_does_not_compare_is_listed(tmp_path) -> None:
    keep(tmp_path, "comtrade", two_editions())
    segments = ["lasers", "opto_semis", "laser_machines"]
    study = open_study("JPN", segments=segments, data_dir=tmp_path)
    blocks(study)
    gaps = words(blocks(study, "gaps"))
    assert "Two HS editions" in gaps
    assert "854140" in gaps
    assert study.facts.hs == "HS 2017 to 2022"
    assert study.facts.flows["value_usd"].sum() == 10 + 12 + 7 + 11
    assert "opto_semis" in study.facts.without_figures


def test_the_tariff_of_the_market_is_shown_where_it_is_here(tmp_path) -> None:
    """Synthetic rates: MFN of two codes, preferences of one for two members of the EU."""
    keep(
        tmp_path,
        "baci",
        baci(*[(p, "CAN", y, 2e6) for p in ("DEU", "USA") for y in ("2023", "2024")]),
    )
    rates = pd.DataFrame(
        {"reporter": "CAN", "partner": ["WLD", "DEU", "FRA", "WLD", "USA"], "hs_revision": "HS2022",
         "cmd_code": "901320", "period": ["2023", "2023", "2023", "2022", "2023"],
         "rate_pct": [2.5, 0.0, 0.5, 9.0, 1.0],
         "regime": ["MFN", "preferential", "preferential", "MFN", "preferential"]}
    )  # fmt: skip
    keep(tmp_path, "wits", rates)
    study = open_study("CAN", segments=["lasers"], data_dir=tmp_path)
    found = blocks(study, "duties")
    (table,) = [b for b in found if isinstance(b, Table)]
    (row,) = table.frame.to_dict("records")
    assert (row["mfn_pct"], row["year"]) == (2.5, "2023")
    assert (row["preferential_pct"], row["highest_preferential_pct"]) == (0.0, 0.5)
    assert row["members_with_preference"] == 2
    assert "What suppliers pay at the border" in {b.text for b in found if isinstance(b, Heading)}
    assert "fetch wits" not in words(blocks(study, "gaps"))
    assert "general (MFN) tariff of Canada on them is 2.5" in words(blocks(study, "summary"))
    assert "wits" in set(study.facts.used["source"])


def test_own_imports_of_another_source_are_not_called_consumption(tmp_path) -> None:
    rows = [("JPN", p, "import", y, 6e6) for p in ("DEU", "USA") for y in ("2023", "2024")]
    keep(tmp_path, "comtrade", comtrade(*rows))
    study = open_study("JPN", segments=["lasers"], data_dir=tmp_path)
    said = words(blocks(study))
    assert "for consumption" not in said
    assert "with freight and insurance" in said
    assert "not this market" not in said


def test_forecasts_whose_intervals_failed_are_not_to_be_relied_on() -> None:
    """China's imports of rare-earth compounds grew a thousandfold: no past foretold it."""
    study = open_study("CHN", segments=["materials"])
    found = blocks(study, "outlook")
    errors = next(b.frame for b in found if isinstance(b, Table) and b.name == "outlook_errors")
    worst = errors.set_index("product")["coverage_80_pct"]
    failed = worst[worst < 60].index
    assert len(failed) >= 1
    said = words([b for b in found if isinstance(b, Callout)])
    assert "not to be relied on" in said
    assert all(name.lower() in said for name in failed)
    assert "over all segments" not in words(blocks(study, "summary"))


def thirteen_years():
    """Synthetic: Japan's imports 2012-2024 of two codes that no edition of the HS changed."""
    edition = {year: "HS2012" if year < 2017 else "HS2017" if year < 2022 else "HS2022"
               for year in range(2012, 2025)}  # fmt: skip
    parts = []
    for code, size, growth in (("900220", 80.0, 1.05), ("901320", 90.0, 1.02)):
        rows = comtrade(
            *[("JPN", partner, "import", str(year), share * size * growth ** (year - 2012))
              for year in edition for partner, share in (("DEU", 0.6), ("USA", 0.4))]
        )  # fmt: skip
        revision = rows["period"].astype(int).map(edition)
        parts.append(rows.assign(cmd_code=code, hs_revision=revision))
    return pd.concat(parts, ignore_index=True)


def test_long_own_imports_are_forecast_in_codes_that_mean_the_same(tmp_path) -> None:
    keep(tmp_path, "comtrade", thirteen_years())
    study = open_study("JPN", segments=["optics", "lasers"], data_dir=tmp_path)
    made = blocks(study, "outlook")
    table = next(b for b in made if isinstance(b, Table) and b.name == "outlook").frame
    last = thirteen_years().query("period == '2024'").groupby("cmd_code")["value_usd"].sum()
    known = dict(zip(table["product"], table["last_usd"], strict=True))
    assert known == pytest.approx({"optics": last["900220"], "lasers": last["901320"]})
    assert (table["lo_80"] <= table["mean"]).all() and (table["mean"] <= table["hi_80"]).all()
    assert "13 years of the core codes that mean the same in every edition" in words(made)
    gaps = words(blocks(study, "gaps"))
    assert "Whole segments compare over 3 years only" in gaps and "too few for" not in gaps


def test_own_imports_of_few_years_are_not_forecast(tmp_path) -> None:
    frame = thirteen_years()
    keep(tmp_path, "comtrade", frame[frame["period"] > "2015"])
    study = open_study("JPN", segments=["lasers"], data_dir=tmp_path)
    assert "too few years to forecast" in words(blocks(study, "outlook"))
