"""Trade indicators of markets, suppliers and exporters."""
