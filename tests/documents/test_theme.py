"""The brand file: what it may say, and how a mistake is named."""

import matplotlib as mpl
import pytest

from marketintel.documents.engine import fonts, theme
from marketintel.errors import ReferenceFileError
from marketintel.reference.brand import Brand, contrast, load_brand


def brand_file(tmp_path, text):
    file = tmp_path / "brand.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_brand_is_complete_and_readable():
    brand = load_brand()
    assert brand.logo_svg.startswith("<svg")
    for colour in (brand.primary, brand.accent, brand.ink, brand.muted):
        assert contrast(colour, "#ffffff") >= 4.5
        assert contrast(colour, brand.tint) >= 4.5


def test_contrast_follows_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


def test_what_a_cluster_leaves_out_keeps_its_default(tmp_path):
    brand = load_brand(brand_file(tmp_path, 'name = "Our <cluster>"\n'))
    assert (brand.name, brand.primary, brand.logo_svg) == (
        "Our <cluster>",
        Brand().primary,
        "",
    )


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
        for c in load_brand().palette[:4]
    ]
    for matrix in lost.values():
        seen = [np.clip(np.linalg.inv(lms) @ matrix @ lms @ c, 0, 1) ** (1 / 2.2) for c in colours]
        for a, b in itertools.combinations(seen, 2):
            assert np.linalg.norm(a - b) > 0.12


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


@pytest.mark.parametrize(
    ("inside", "rule"),
    [
        ('<image href="secret.png"/>', "outside itself"),
        ('<image xlink:href="/etc/passwd"/>', "outside itself"),
        ('<use href="https://example.org/a.svg#x"/>', "outside itself"),
        ('<image href="data:image/svg+xml;base64,PHN2Zz4="/>', "outside itself"),
        ('<rect fill="url(other.svg#g)"/>', "outside itself"),
        ("<style>@import 'x.css';</style>", "outside itself"),
        ("<style>rect { fill: url( 'x' ) }</style>", "outside itself"),
        ("<script>1</script>", "<script>"),
        ("<foreignObject/>", "<foreignobject>"),
        ('<rect onload="x()"/>', "event handler"),
        ("<rect>", "not an SVG"),
    ],
)
def test_a_logo_reads_and_runs_nothing(tmp_path, inside, rule):
    (tmp_path / "logo.svg").write_text(SVG.format(inside), encoding="utf-8")
    with pytest.raises(ReferenceFileError, match=rule):
        load_brand(brand_file(tmp_path, 'logo = "logo.svg"\n'))


def test_a_logo_lies_beside_its_brand_file(tmp_path):
    (tmp_path / "logo.svg").write_text(SVG.format('<use href="#a"/>'), encoding="utf-8")
    assert load_brand(brand_file(tmp_path, 'logo = "logo.svg"\n')).logo_svg
    below = tmp_path / "below"
    below.mkdir()
    (below / "link.svg").symlink_to(tmp_path / "logo.svg")
    for name in ("../logo.svg", str(tmp_path / "logo.svg"), "link.svg", "a\\u0000b"):
        with pytest.raises(ReferenceFileError, match=r"brand\.toml:1: logo"):
            load_brand(brand_file(below, f'logo = "{name}"\n'))
    entity = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG.format("&x;")
    (tmp_path / "logo.svg").write_text(entity, encoding="utf-8")
    with pytest.raises(ReferenceFileError, match="document type"):
        load_brand(brand_file(tmp_path, 'logo = "logo.svg"\n'))
