"""Market study of one country."""
