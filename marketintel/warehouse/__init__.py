"""Raw snapshots become a few tidy tables with a cited origin for every number."""
