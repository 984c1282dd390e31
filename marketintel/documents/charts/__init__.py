"""Charts and maps of all documents."""
