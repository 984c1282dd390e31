"""Notes on single markets and years."""

import pytest

from marketintel.cli.listings import reference_mistakes
from marketintel.errors import ReferenceFileError
from marketintel.reference.drivers import market_note


def test_the_front_loaded_year_is_noted_with_its_source() -> None:
    note = market_note("USA", "2025")
    assert note is not None
    assert "front-loaded" in note.text and "FT-900" in note.source
    assert market_note("USA", "2024") is None
    assert market_note("CAN", "2025") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('# a note\n[USA.2025]\ntext = "x"\n', "market_notes.toml:2: note: a note needs"),
        ('[EU27.2025]\ntext = "x"\nsource = "y"\n', "market_notes.toml:1: market-year: a table is"),
        ('[USA.soon]\ntext = "x"\nsource = "y"\n', "market_notes.toml:1: market-year: a table is"),
        ("[USA", "toml-syntax: not TOML"),
    ],
)
def test_mistakes_are_named_with_file_line_and_rule(tmp_path, text, said) -> None:
    (tmp_path / "market_notes.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ReferenceFileError, match=said.replace(".", r"\.")):
        market_note("USA", "2025", tmp_path / "market_notes.toml")


def test_check_covers_brand_and_notes(tmp_path, root) -> None:
    import shutil

    shutil.copytree(root / "marketintel" / "reference", tmp_path / "r")
    (tmp_path / "r" / "brand.toml").write_text('primary = "#eeeeee"\n', encoding="utf-8")
    (tmp_path / "r" / "market_notes.toml").write_text("[USA.2025]\n", encoding="utf-8")
    found = reference_mistakes(tmp_path / "r")
    assert len(found) == 2
    assert "brand.toml:1" in found[1] and "market_notes.toml:1" in found[0]
