"""The only room that knows the network or a provider's format."""
