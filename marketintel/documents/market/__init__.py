"""Trade of one market, as several documents read it."""
