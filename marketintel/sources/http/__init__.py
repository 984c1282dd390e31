"""HTTP client with time limits, a host allow-list and redaction of API keys."""
