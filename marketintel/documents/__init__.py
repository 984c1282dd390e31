"""Figures, tables and documents, and the editions they make."""
