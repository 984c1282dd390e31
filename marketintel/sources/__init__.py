"""Connectors to providers: the only room with network access and providers' formats."""
