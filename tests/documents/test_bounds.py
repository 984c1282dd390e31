"""Every text of every chart lies inside the figure: measured with the font that draws it."""

import re
from base64 import b64decode
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import pandas as pd
import pytest
import shapely

from marketintel.documents.charts import charts, fans, maps
from marketintel.documents.engine import blocks, fonts
from marketintel.documents.engine.theme import chart_style

NAMES = ["Research and development (M72)", "A" * 104, "光" * 104, "Semiconductor and photonic " * 3]


def rows(**more):
    frame = pd.DataFrame({"supplier": NAMES, "segment_name": NAMES, "partner": NAMES})
    amounts = ["value_usd", "base_value_usd", "core_usd", "core_broad_usd", "base_core_usd"]
    terms = [*charts.TERMS, "change_usd"]
    sizes = [987_654_321e6, 2e9, -3e9, 1e6]
    frame = frame.assign(**{c: [1_234_567e6, 2e9, 3e9, 1e6] for c in amounts})
    return frame.assign(**dict.fromkeys(terms, sizes), share_pct=99.9, **more)


def fan():
    years = range(2015, 2025)
    past = pd.DataFrame({"unique_id": "a", "ds": map(str, years), "y": 1e12})
    ahead = pd.DataFrame({"unique_id": "a", "ds": ["2025", "2026"], "mean": 2e12})
    ahead = pd.concat([ahead.assign(level=n, lo=1e12, hi=9e12) for n in (80, 95)])
    drift = ahead.drop_duplicates("ds")[["unique_id", "ds", "mean"]]
    return fans.fan(past, ahead, benchmark=drift, titles={"a": NAMES[1]})


def duties():
    frame = pd.concat([rows(period=p, effective_duty_pct=55.5) for p in ("2024", "2025")])
    return charts.duty_dumbbell(frame, highlight=NAMES)


def world():
    box = [shapely.box(x, 0, x + 9, 9) for x in (0, 20, 40, 60)]
    land = gpd.GeoDataFrame({"iso3": ["AAA", "BBB", "CCC", "DDD"]}, geometry=box, crs=4326)
    sold = pd.DataFrame({"partner": ["AAA", "BBB", "XXX"], "value_usd": [9e9, 1e6, 5e6]})
    return maps.supplier_map(sold, land, reporter="CCC", reporter_label=NAMES[3])


CHARTS = {
    "suppliers": lambda: charts.bar_suppliers(rows(), highlight=NAMES, also=NAMES, label="2025"),
    "segments": lambda: charts.segments_bar(rows(), period="2025", base_period="2024"),
    "terms": lambda: charts.decomposition_bars(rows()),
    "duties": duties,
    "fan": fan,
    "map": world,
}


@pytest.mark.parametrize("name", CHARTS)
def test_every_text_lies_inside(name):
    # The picture is widened to what is drawn beyond it, so that nothing is cut; none needs it.
    figure = CHARTS[name]()
    width, height = figure.get_size_inches()
    svg = blocks.Figure(figure, "f", "c", "alt").svg
    box = [float(n) for n in re.search(r'viewBox="([^"]+)"', svg)[1].split()]
    assert box == pytest.approx([0, 0, width * 72, height * 72], abs=0.01)


def test_what_sticks_out_widens_the_picture_rather_than_being_cut():
    with chart_style():
        figure = mpl.figure.Figure(figsize=(2, 1))
        figure.text(0.9, 0.5, NAMES[0])
    svg = blocks.Figure(figure, "f", "c", "alt").svg
    assert float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1]) > 200


def test_a_notebook_brings_the_font_that_was_measured():
    figure = charts.bar_suppliers(rows(), highlight=NAMES)
    shown = blocks.Figure(figure, "f", "c", "alt")._repr_mimebundle_()["text/html"]
    # JupyterLab strips an inline SVG from a notebook that is not trusted; an image stays.
    assert "<svg" not in shown and 'alt="alt"' in shown
    page = b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', shown)[1]).decode()
    assert f'@font-face{{font-family:"{fonts.FONT}";font-weight:600' in page
    assert '@font-face{font-family:"Noto Sans CJK JP"' in page
    with chart_style():
        from matplotlib import font_manager

        for weight, cut in ((400, "regular"), (600, "semibold"), ("bold", "semibold")):
            wanted = font_manager.FontProperties(family=fonts.FONT, weight=weight)
            assert Path(font_manager.findfont(wanted)).name == fonts.font_files()[cut].name


def test_a_notebook_names_what_is_not_printed_and_no_edition():
    frame = pd.DataFrame({"value_usd": range(30)})
    hidden = blocks.Table(frame, "all", "All rows", printed_rows=0)
    shown = blocks.Table(frame, "top", "Some rows", {"value_usd": "int"}, printed_rows=5)
    page = blocks.Stack(hidden, shown)._repr_mimebundle_()["text/html"]
    assert "All rows: 30 rows, which are written to tables/all.csv when the report is made." in page
    assert "25 more rows are written to tables/top.csv when the report is made." in page
    assert "edition" not in page
    assert page.count("<table>") == 1


def test_fonts_are_there_again_after_matplotlib_built_its_list_anew():
    from matplotlib import font_manager

    with chart_style():
        pass
    manager = font_manager.fontManager
    manager.ttflist = [e for e in manager.ttflist if e.name != fonts.FONT]
    with chart_style():
        found = font_manager.findfont(font_manager.FontProperties(family=fonts.FONT, weight=600))
    assert Path(found).name == fonts.font_files()["semibold"].name
