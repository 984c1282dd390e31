"""Monitor of the partnership's indicators."""
