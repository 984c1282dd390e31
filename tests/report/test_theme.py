"""The brand file: what it may say, and how a mistake is named."""

import matplotlib as mpl
import pytest

from marketintel.errors import ReferenceFileError
from marketintel.report import fonts, theme


def brand_file(tmp_path, text):
    file = tmp_path / "brand.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_brand_is_complete_and_readable():
    brand = theme.load_brand()
    assert brand.logo_svg.startswith("<svg")
    for colour in (brand.primary, brand.accent, brand.ink, brand.muted):
        assert theme.contrast(colour, "#ffffff") >= 4.5
        assert theme.contrast(colour, brand.tint) >= 4.5


def test_contrast_follows_wcag():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert theme.contrast("#ffffff", "#777777") == theme.contrast("#777777", "#ffffff")


def test_what_a_cluster_leaves_out_keeps_its_default(tmp_path):
    brand = theme.load_brand(brand_file(tmp_path, 'name = "Our <cluster>"\n'))
    assert (brand.name, brand.primary, brand.logo_svg) == (
        "Our <cluster>",
        theme.Brand().primary,
        "",
    )


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ('name = "x"\nprimary = "blue"\n', ":2: primary", "pattern"),
        ('\n\naccent = "#ffaa00"\n', ":3: accent", "contrast 1.9 : 1"),
        ('tint = "#303030"\n', ":1: tint", "cannot be read"),
        ('colour = "#000000"\n', ":1: colour", "not permitted"),
        ('name = "x"\nlogo = "nowhere.svg"\n', ":2: logo", "cannot be read"),
        ('logo = "brand.toml"\n', ":1: logo", "not an SVG"),
        ("name = [\n", "brand.toml", "TOML"),
        ('palette = ["#000000"]\n', ":1: palette", "at least 5"),
    ],
)
def test_a_mistake_names_file_line_and_rule(tmp_path, text, line, rule):
    with pytest.raises(ReferenceFileError) as caught:
        theme.load_brand(brand_file(tmp_path, text))
    assert str(caught.value).startswith("brand.toml")
    assert line in str(caught.value)
    assert rule in str(caught.value)
    assert "\n" not in str(caught.value)


def test_charts_ignore_the_users_own_settings_and_leave_them_alone():
    with mpl.rc_context({"axes.spines.top": True, "font.size": 30, "text.usetex": False}):
        with theme.chart_style():
            assert mpl.rcParams["font.family"][0] == fonts.FONT
            assert mpl.rcParams["font.size"] == 9
        assert mpl.rcParams["font.size"] == 30


def test_the_fonts_are_there():
    assert all(file.exists() for file in fonts.font_files().values())


def test_the_palette_stays_apart_without_red_or_green_cones():
    """Full deuteranopia and protanopia after Viénot, Brettel and Mollon (1999), linear RGB."""
    import itertools

    import numpy as np

    lms = np.array(
        [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.03, 0.1843, 1.467]]
    )
    lost = {
        "protan": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
        "deutan": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
    }
    colours = [
        np.array([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]) ** 2.2
        for c in theme.load_brand().palette[:4]
    ]
    for matrix in lost.values():
        seen = [np.clip(np.linalg.inv(lms) @ matrix @ lms @ c, 0, 1) ** (1 / 2.2) for c in colours]
        for a, b in itertools.combinations(seen, 2):
            assert np.linalg.norm(a - b) > 0.12
