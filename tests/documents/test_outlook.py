"""The segment outlook from question to edition, on the shipped figures."""

import json

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from marketintel.cli.documents import command
from marketintel.cli.forecast import print_levels
from marketintel.documents.charts.fans import fan
from marketintel.documents.document import open_document
from marketintel.documents.engine.blocks import Callout, Figure, Table, Text
from marketintel.documents.outlook.facts import drivers
from marketintel.errors import MissingDataError, UsageError
from marketintel.reference.headings import load_headings
from marketintel.reference.segments import load_segments
from marketintel.warehouse import comparable


@pytest.fixture(scope="module")
def document():
    segments = ["lasers", "optics", "laser_machines", "photovoltaics"]
    return open_document("outlook", countries=["CHE", "IRL"], segments=segments)


@pytest.fixture(scope="module")
def outlook(document):
    return document.facts


@pytest.fixture(scope="module")
def whole():
    return open_document("outlook")


@pytest.fixture(scope="module")
def full(whole):
    return whole.facts


def tables(stack) -> dict[str, Table]:
    return {b.name: b for b in stack.flat() if isinstance(b, Table)}


def texts(stack) -> str:
    return " ".join(b.markdown for b in stack.flat() if hasattr(b, "markdown"))


def test_segments_break_where_their_codes_changed(outlook):
    breaks = outlook.months.breaks.groupby("unique_id")["ds"].max()
    assert breaks["CHE optics"] == pd.Timestamp("2022-01-31")
    assert "CHE lasers" not in breaks.index
    # 845610 was split in HS2017 without a change of content
    assert "CHE laser_machines" not in breaks.index
    cut = outlook.months.cut
    assert cut.loc[cut["unique_id"] == "CHE optics", "ds"].min() == pd.Timestamp("2022-01-31")
    assert cut.loc[cut["unique_id"] == "CHE lasers", "ds"].min() == pd.Timestamp("2013-01-31")
    fans = outlook.months.fans[outlook.months.fans["unique_id"] == "CHE optics"]
    assert fans["cutoff"].unique() == [pd.Timestamp("2026-01-31")]


def test_unchanged_codes_have_no_break_and_are_own_codes_everywhere():
    segments = load_segments()
    revisions = ["HS2012", "HS2017", "HS2022"]
    same = comparable.unchanged(segments, revisions)
    optics = set(same.loc[same["segment"] == "optics", "cmd_code"])
    assert {"900211", "900290"} <= optics
    assert not optics & {"901380", "901390"}
    assert "photovoltaics" not in set(same["segment"])
    machines = same[same["segment"] == "laser_machines"]
    by = machines.groupby("hs_revision")["cmd_code"].apply(set)
    assert "845610" in by["HS2012"]
    assert {"845611", "845612"} <= by["HS2022"]
    for segment, rows in same.groupby("segment"):
        for revision, codes in rows.groupby("hs_revision")["cmd_code"]:
            assert set(codes) <= set(segments[segment].cmd_codes(revision, segments[segment].own))


def test_yearly_series_are_sums_of_twelve_months(outlook):
    lasers = outlook.found.months.query("partner == 'CHE' and segment == 'lasers'")
    year = lasers[lasers["period"].str.startswith("2019")]["value_usd"].sum()
    rows = outlook.years.found.query("unique_id == 'CHE lasers'").set_index("ds")
    assert rows.loc["2019-12-31", "y"] == year
    assert rows.index.max() == pd.Timestamp("2025-12-31")  # 2026 has January only
    assert (rows["cover_pct"] == 100).all()
    optics = outlook.years.found.query("unique_id == 'IRL optics'")["cover_pct"].iloc[0]
    assert 0 < optics < comparable.MIN_COVER_PCT
    assert "IRL optics" not in set(outlook.years.cells["unique_id"])
    reason = outlook.omitted.set_index("unique_id")["yearly"]
    assert "24 % of the segment's trade" in reason["IRL optics"]


def test_totals_are_the_sums_of_their_segments(outlook):
    means = outlook.drivers.baselines.set_index(["unique_id", "ds"])["mean"]
    for total, parts in outlook.years.structure.groupby("aggregate")["part"]:
        added = sum(means[part] for part in parts)
        np.testing.assert_allclose(means[total], added, rtol=1e-9)


def test_probabilities_and_levels_fit_together(document, outlook):
    rows = outlook.years.potential.set_index("unique_id")
    grows = rows["level_then"] > rows["level_now"]
    assert ((rows["probability_growth"] > 0.5) == grows).all()
    assert (rows["probability_above_threshold"] <= rows["probability_growth"]).all()
    np.testing.assert_allclose(rows["threshold"], 1.25 * rows["level_now"])
    table = document.tables["potential_che"]
    lasers = table.set_index("segment").loc["Lasers"]
    assert lasers["level_then_usd"] == rows.loc["CHE lasers", "level_then"]
    assert lasers["probability_growth_pct"] == 100 * rows.loc["CHE lasers", "probability_growth"]


def test_scenarios_state_assumption_elasticity_source_and_error(whole, full):
    table = full.drivers.scenarios
    duty = table[table["assumption"].str.contains("lasers")]
    imports = 532_189_000
    assert duty["baseline"].iloc[0] == pytest.approx(imports, rel=1e-4)
    for row in duty.itertuples():
        rate = row.rate_pct / 100
        factor = ((1 + rate + 0.05) / (1 + rate)) ** row.elasticity
        assert row.scenario == pytest.approx(row.baseline * factor)
        assert row.std_error > 0
        assert "Census" in row.source
    assert list(duty["estimate"]) == [
        "duty_retaliation_all",  # the default, by the rule
        "duty_retaliation_core",
        "duty_retaliation_machines",
        "duty",
        "duty_across_partners",
    ]
    assert list(duty["is_default"]) == [True, False, False, False, False]
    assert duty["hi_95"].iloc[0] < duty["baseline"].iloc[0]
    assert full.drivers.refused.empty
    shown = tables(whole.chapter("scenarios"))
    assert {"elasticities", "low_high", "scenarios"} <= set(shown)
    labels = shown["scenarios"].frame["label"]
    assert "Duty, China 2017–19, all goods*" in set(labels)
    assert labels.str.startswith("Exchange rate").sum() == 3  # one for the reference classes
    assert labels[labels.str.startswith("Exchange rate")].str.endswith("†").all()
    assert "China's statutory duties" in shown["scenarios"].source
    said = texts(whole.chapter("scenarios"))
    assert "International Monetary Fund, 2022-10" in said.replace("\\", "")
    assert "was not computed" not in said


def test_baseline_low_and_high_stand_beside_their_assumption(full):
    table = full.drivers.low_high
    baselines = full.drivers.baselines.set_index(["unique_id", "ds"])["mean"]
    for row in table.itertuples():
        assert row.baseline == pytest.approx(baselines[row.unique_id, row.ds])
        assert row.lo_95 <= row.scenario <= row.hi_95
        assert (
            row.assumption.startswith(f"GDP of {row.unique_id} ") and row.source and row.std_error
        )
    default = table[table["is_default"]].set_index("assumption")["scenario"]
    for place in full.countries:
        first = [a for a in default.index if a.startswith(f"GDP of {place} ")]
        low, high = (next(a for a in first if f"{sign}1 point " in a) for sign in "-+")
        assert default[low] < baselines.xs(place).iloc[-1] < default[high]
        assert len(first) == 3  # and as projected


def test_a_currency_nobody_quotes_and_a_missing_source_are_gaps(full, monkeypatch):
    rows = drivers.with_rates(
        drivers.with_gdp(drivers._by_year(full.drivers.mirror_cells), None), None
    )
    known = rows.groupby("partner")["usd_per_local"].count()
    assert known["VNM"] == 0
    assert known.drop("VNM").gt(0).all()
    ireland = rows[rows["partner"] == "IRL"].set_index("period")["usd_per_local"]
    assert ireland.loc["2015"].iloc[0] == pytest.approx(1.1095, abs=5e-5)  # the euro's in dollars

    def none(*_, **__):
        raise UsageError("unknown indicator")

    monkeypatch.setattr(drivers, "macro", none)
    with pytest.raises(MissingDataError, match="fetch source ecb"):
        drivers.with_rates(rows, None)


def test_elasticities_are_those_of_the_data(whole, full):
    by = {e.key: e for e in full.drivers.elasticities}
    assert by["duty"].n_obs > 60_000
    low, high = by["duty"].interval
    assert low < 0 < high
    assert by["duty_across_partners"].interval[1] < 0
    assert by["duty_core_codes"].value > 0  # the wrong sign is said, and the estimate is not used
    assert "wrong sign" in texts(whole.chapter("scenarios"))
    assert 1 < by["gdp_world"].value < 2
    assert all(len(e.weaknesses) > 50 for e in by.values())


def test_projected_growth_is_taken_within_the_projections(full):
    found = drivers.gdp_projections(["IRL"], "2024-11", None).set_index("economy")
    gdp = drivers.macro("gdp_current_usd", ["IRL"], projections=True)
    gdp = gdp.set_index("period")
    assert list(gdp.index[gdp["is_projection"]]) == ["2024", "2025", "2026", "2027"]
    assert set(gdp.loc[gdp["is_projection"], "source"]) == {"imf"}
    value = gdp["value"]
    ahead = 100 * ((value["2027"] / value["2024"]) ** (1 / 3) - 1)
    back = 100 * ((value["2023"] / value["2013"]) ** (1 / 10) - 1)
    assert found.loc["IRL", "projected_pct"] == pytest.approx(ahead)
    assert found.loc["IRL", "history_pct"] == pytest.approx(back)
    assert found.loc["IRL", "source"] == "International Monetary Fund, 2022-10"
    texts_ = set(full.drivers.low_high["assumption"])
    found = drivers.gdp_projections(["IRL"], full.month, None).set_index("economy")
    gap = f"{found.loc['IRL', 'projected_pct'] - found.loc['IRL', 'history_pct']:+.1f}"
    assert any(t.startswith(f"GDP of IRL {gap} points a year") for t in texts_)


def test_shocks_touch_the_series_they_name(full):
    spans = {tuple(row) for row in full.all_spans[["unique_id", "shock"]].to_numpy()}
    assert ("CHN lasers", "us_china_tariffs") in spans
    assert ("CHE lasers", "us_china_tariffs") not in spans
    assert ("CHN 280530", "us_china_tariffs") not in spans  # imports from everywhere
    assert ("9002", "financial_crisis") in spans
    assert ("CHE 280530", "financial_crisis") in spans
    assert ("CHE lasers", "financial_crisis") not in spans  # its data begin later
    rows = full.shock_errors.query("level == 95 and model == 'combination'").set_index("in_shock")
    assert rows.loc[True, "forecasts"] + rows.loc[False, "forecasts"] == len(
        full.months.tested.query("level == 95 and model == 'combination'")
    )
    assert 2009 in set(full.detected["ds"].dt.year)


def test_every_figure_says_what_its_intervals_held(document):
    blocks = list(document.chapter("countries").flat())
    for i, block in enumerate(blocks):
        if isinstance(block, Figure):
            assert isinstance(blocks[i + 1], Text)
            assert "intervals held" in blocks[i + 1].markdown
            assert "intervals held" in block.alt


def test_breaks_and_shocks_are_drawn_where_they_lie(outlook):
    made = outlook.months.fans.query("unique_id == 'CHE optics' and model == 'shown'")
    breaks = outlook.months.breaks.query("unique_id == 'CHE optics'")
    figure = fan(outlook.months.panel, made, spans=outlook.spans["monthly"], breaks=breaks)
    axes = figure.axes[0]
    said = {text.get_text() for text in axes.texts}
    assert {"break", "Pandemic", "US duties of 2025"} <= said
    assert "US–China duties" not in said
    dotted = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert dotted == [pytest.approx(2022 - 1 / 24)]
    pandemic = next(t for t in axes.texts if t.get_text() == "Pandemic")
    assert 2020.16 < pandemic.xy[0] < 2020.92


def test_it_says_what_the_series_are(document):
    (said,) = (b.markdown for b in document.chapter("summary").flat() if isinstance(b, Callout))
    assert "US exports to Switzerland and Ireland" in said
    assert "*from the United States* only" in said
    assert said in texts(document.chapter("card"))


def test_the_model_card_is_a_file_without_escapes(document):
    ((name, card),) = document.files().items()
    assert name == "model_card.md"
    assert card.startswith("# Model card: segment outlook\n\n**What is forecast**\n\n- Country")
    assert "\\" not in card
    sections = [line for line in card.splitlines() if line.startswith("**")]
    assert len(sections) == 8
    assert all(line.startswith(("- ", "**", "#")) or not line for line in card.splitlines())


def test_explanation_names_models_errors_and_alternatives(document, outlook):
    lines = texts(document.chapter("countries")).splitlines()
    said = next(line for line in lines if "**Lasers, US exports to Switzerland.**" in line)
    weights = outlook.years.weights.query("unique_id == 'CHE lasers'")
    assert weights.nlargest(1, "weight_pct")["model"].item() == "shrunk_drift"
    assert "Carried by the level with a shrunk drift" in said
    assert said.count("20") >= 5
    assert "alone were right" in said


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"countries": ["EU27"]}, UsageError),
        ({"countries": ["Atlantis"]}, UsageError),
        ({"segments": ["lazers"]}, UsageError),
        ({"scenarios": ["more of everything"]}, UsageError),
        ({"threshold_pct": -200}, UsageError),
        ({"countries": ["DEU"], "segments": ["displays"]}, MissingDataError),
    ],
)
def test_questions_without_an_answer_are_refused(arguments, error):
    with pytest.raises(error):
        open_document("outlook", **arguments)


def test_the_command_prints_levels():
    app = typer.Typer()
    app.command()(command("outlook", instead=print_levels))
    done = CliRunner().invoke(
        app, ["Switzerland", "-s", "lasers,metrology", "--table", "--format", "json"]
    )
    assert done.exit_code == 0, done.output
    rows = json.loads(done.output)
    assert [r["segment"] for r in rows] == ["all", "metrology", "lasers"]
    assert all(r["country"] == "CHE" and r["then"] == r["year"] + 5 for r in rows)
    assert rows[0]["forecast_usd"] == pytest.approx(sum(r["forecast_usd"] for r in rows[1:]))


def test_income_is_estimated_from_the_world_alone_where_no_years_are_here():
    (found,) = drivers.gdp_elasticities(pd.DataFrame(), load_headings(), None)
    assert found.key == "gdp_world"
    assert found.value == pytest.approx(1.49, abs=0.005)  # no growth across a break


def test_series_that_end_too_long_before_the_edition_are_refused_with_a_command(full):
    assert full.month == "2026-11"
    omitted = full.omitted.set_index("unique_id")
    for when in ("monthly", "yearly"):
        reason = omitted.loc["CHN lasers", when]
        assert reason.startswith("data end in 202")
        assert "`marketintel fetch us_census_exports --for USA --years 202" in reason
    for made in (full.years.made, full.months.fans, full.world.fans, full.years.fans):
        assert made["ds"].min() > pd.Timestamp("2026-11-30")
    rows = full.years.potential
    assert set(rows["ds"].dt.year) == {2030}
    assert not ((rows["partner"] == "CHN") & (rows["cutoff"].dt.year < 2024)).any()
    assert full.drivers.baselines["ds"].min().year == 2026


@pytest.mark.slow
def test_what_is_not_known_here_is_said_beside_every_forecast(whole):
    said = texts(whole.chapter("summary"))
    assert "in 2024, the last figure (2025 not known here), and are forecast" in said
    assert "as made then" not in said
    for name in ("together", "countries", "world"):
        for block in whole.chapter(name).flat():
            of_forecasts = isinstance(block, Table | Figure) and "_" in block.name
            if of_forecasts and not block.name.startswith(("left_out", "world_errors")):
                assert "data end in 20" in block.caption, block.name


def test_an_old_projection_carries_its_warning_in_every_row_and_sentence(whole, full):
    rows = full.drivers.low_high
    from_imf = ~rows["assumption"].str.contains(r"[+-]1 point ")
    assert from_imf.any()
    assert (rows["warning"] != "").equals(from_imf)
    shown = tables(whole.chapter("scenarios"))["low_high"].frame
    assert shown.loc[from_imf.to_numpy(), "growth"].str.contains("2022-10, out of date").all()
    told = [gap for gap in full.drivers.gaps if "Projected growth" in gap]
    assert told
    assert all("out of date" in gap for gap in told)
