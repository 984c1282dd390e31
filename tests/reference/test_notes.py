"""Notes on single markets and years."""

from marketintel.reference.drivers import market_note


def test_the_front_loaded_year_is_noted_with_its_source() -> None:
    note = market_note("USA", "2025")
    assert note is not None
    assert "front-loaded" in note.text and "FT-900" in note.source
    assert market_note("USA", "2024") is None
    assert market_note("CAN", "2025") is None
