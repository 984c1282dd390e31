"""Charts: what is drawn, not how it looks."""

import numpy as np
import pandas as pd
import pytest

from marketintel.documents.charts import charts
from marketintel.documents.charts.fans import _times, fan
from marketintel.reference.brand import shipped_brand


def texts(figure):
    figure.canvas.draw()
    found = [t.get_text() for axes in figure.axes for t in axes.texts]
    found += [t.get_text() for axes in figure.axes for t in axes.get_yticklabels()]
    found += [axes.get_xlabel() for axes in figure.axes]
    legends = [*figure.legends, *filter(None, [axes.get_legend() for axes in figure.axes])]
    return found + [t.get_text() for legend in legends for t in legend.get_texts()]


def widths(figure):
    return [[round(bar.get_width(), 6) for bar in axes.patches] for axes in figure.axes]


@pytest.fixture
def suppliers():
    return pd.DataFrame(
        {
            "supplier": ["Japan", "<b>China</b>", "Portugal", "Nowhere"],
            "value_usd": [2e8, 5e8, 1e6, np.nan],
            "base_value_usd": [3e8, 4e8, np.nan, 1e6],
            "share_pct": [28.5, 71.4, 0.1, np.nan],
        }
    )


def test_suppliers_are_ranked_and_the_subject_is_always_there(suppliers):
    figure = charts.bar_suppliers(
        suppliers, highlight="Portugal", also=["Japan"], label="2025", base_label="2024", n=2
    )
    assert widths(figure) == [[500, 200, 1]]
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels == ["<b>China</b>", "Japan", "3. Portugal"]
    brand = shipped_brand()
    colours = [bar.get_facecolor() for bar in figure.axes[0].patches]
    from matplotlib.colors import to_rgba

    assert colours[1:] == [to_rgba(brand.palette[0]), to_rgba(brand.accent)]
    shown = texts(figure)
    assert {"500.0", "71.4", "EU members", "2024", "Imports, 2025, USD million"} <= set(shown)
    ticks = [line.get_xdata()[0] for line in figure.axes[0].lines]
    assert ticks == [400, 300]  # none for a supplier without a figure before


def test_large_values_are_in_billions(suppliers):
    figure = charts.bar_suppliers(suppliers.assign(value_usd=suppliers["value_usd"] * 100))
    assert "Imports, USD billion" in texts(figure)
    assert widths(figure)[0][0] == 50


def test_duties_go_from_the_first_to_the_last_period():
    frame = pd.DataFrame(
        {
            "supplier": ["EU27", "EU27", "China", "China", "New"],
            "period": ["2024", "2025", "2024", "2025", "2025"],
            "effective_duty_pct": [0.6, 9.1, 15.0, 39.2, 4.0],
        }
    )
    figure = charts.duty_dumbbell(frame, highlight="EU27")
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels == ["China", "EU27", "New"]
    points = [tuple(line.get_xdata()) for line in figure.axes[0].lines]
    assert points == [(15.0, 39.2), (15.0,), (39.2,), (0.6, 9.1), (0.6,), (9.1,), (4.0,)]
    assert {"2024", "2025", "39.2"} <= set(texts(figure))
    ordered = charts.duty_dumbbell(frame, order=["EU27", "China", "Absent"])
    assert [t.get_text() for t in ordered.axes[0].get_yticklabels()] == ["EU27", "China"]


def test_core_and_broad_are_never_stacked():
    frame = pd.DataFrame(
        {
            "segment_name": ["Lasers", "Medical", "Only broad"],
            "core_usd": [1.0e9, 0.8e9, np.nan],
            "core_broad_usd": [1.0e9, 22.8e9, 3e9],
            "base_core_usd": [1.1e9, np.nan, np.nan],
        }
    )
    figure = charts.segments_bar(frame, period="2025", base_period="2024")
    core, broad = widths(figure)
    assert core == [1000, 800]
    assert broad == [22, 3]  # none for lasers, which have no broad code
    assert [axes.get_title("left") for axes in figure.axes] == [
        "Core codes",
        "Broad codes, in no headline",
    ]


def test_the_terms_stack_away_from_zero_and_end_at_their_sum():
    frame = pd.DataFrame(
        {
            "segment_name": ["A", "B"],
            "market_growth_usd": [10e6, -4e6],
            "product_mix_usd": [-3e6, 1e6],
            "competitiveness_usd": [5e6, -2e6],
            "interaction_usd": [0.0, 1e6],
            "change_usd": [12e6, -4e6],
        }
    )
    figure = charts.decomposition_bars(frame)
    axes = figure.axes[0]
    for y, name in enumerate(["A", "B"]):
        row = frame[frame["segment_name"] == name].iloc[0]
        bars = [b for b in axes.patches if round(b.get_y() + b.get_height() / 2) == y]
        assert sum(b.get_width() for b in bars) == pytest.approx(row["change_usd"] / 1e6)
        ends = [edge for b in bars for edge in (b.get_x(), b.get_x() + b.get_width())]
        positive = row[list(charts.TERMS)].clip(lower=0).sum() / 1e6
        assert max(ends) == pytest.approx(positive)
    assert {"Market growth", "Change", "+12.0", "−4.0"} <= set(texts(figure))


@pytest.fixture
def forecast():
    rows = [
        ("9002", pd.Timestamp(f"{year}-12-31"), level, 10e9 + k, 10e9 - spread, 10e9 + spread)
        for k, year in enumerate((2024, 2025))
        for level, spread in ((80, 1e9), (95, 2e9))
    ]
    return pd.DataFrame(rows, columns=["unique_id", "ds", "level", "mean", "lo", "hi"])


@pytest.fixture
def history():
    days = pd.to_datetime([f"{year}-12-31" for year in range(2018, 2024)])
    return pd.DataFrame({"unique_id": "9002", "ds": days, "y": np.linspace(8e9, 10e9, 6)})


def test_the_fan_starts_at_the_last_known_point(history, forecast):
    figure = fan(
        history,
        forecast,
        benchmark=forecast[["unique_id", "ds", "mean"]],
        titles={"9002": "Heading 9002"},
        breaks=pd.DataFrame({"unique_id": ["9002"], "ds": ["2020"]}),
    )
    axes = figure.axes[0]
    assert axes.get_title("left") == "Heading 9002"
    past, ahead, benchmark, broken = axes.lines
    assert list(past.get_xdata()) == list(range(2018, 2024))
    assert (ahead.get_xdata()[0], ahead.get_ydata()[0]) == (2023, 10)
    assert benchmark.get_linestyle() == "--"
    assert broken.get_xdata()[0] == 2019.5
    assert [t.get_text() for t in axes.texts] == ["95 %", "80 %", "drift", "break"]
    wide, narrow = (band.get_paths()[0].get_extents() for band in axes.collections)
    assert wide.y0 < narrow.y0 < narrow.y1 < wide.y1
    assert axes.get_ylim()[0] == 0


def test_a_monthly_break_stands_half_a_month_before_its_month():
    days = pd.date_range("2020-01-31", periods=36, freq="ME")
    history = pd.DataFrame({"unique_id": "a", "ds": days, "y": np.arange(36.0) + 1})
    ahead = pd.DataFrame(
        {"unique_id": "a", "ds": days[-2:] + pd.offsets.MonthEnd(2), "level": 80}
    ).assign(mean=37.0, lo=30.0, hi=44.0)
    breaks = pd.DataFrame({"unique_id": ["a"], "ds": [pd.Timestamp("2022-01-31")]})
    axes = fan(history, ahead, breaks=breaks).axes[0]
    dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert [line.get_xdata()[0] for line in dotted] == [pytest.approx(2022 - 1 / 24)]


def test_the_fan_refuses_two_models_at_once(history, forecast):
    with pytest.raises(ValueError, match="one model"):
        fan(history, pd.concat([forecast, forecast]))
    with pytest.raises(ValueError, match="no rows"):
        fan(history, forecast[:0])


def test_monthly_points_lie_between_the_years():
    assert _times(["2025-01", "2025-07"]) == [2025, 2025.5]
    assert _times(["2024", "2025"]) == [2024, 2025]


@pytest.mark.parametrize(
    "draw",
    [charts.bar_suppliers, charts.segments_bar, charts.decomposition_bars],
)
def test_nothing_to_draw_is_an_error(draw):
    columns = ["supplier", "segment_name", "value_usd", "core_usd", "core_broad_usd"]
    columns += ["change_usd", *charts.TERMS]
    with pytest.raises(ValueError, match="no row has"):
        draw(pd.DataFrame({column: pd.Series(dtype="float64") for column in columns}))
