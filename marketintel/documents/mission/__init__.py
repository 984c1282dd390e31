"""Mission dossier."""
