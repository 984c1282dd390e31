"""From an executed notebook to an edition on disk."""
