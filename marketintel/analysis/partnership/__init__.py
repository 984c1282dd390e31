"""Regions, clusters, needs and indicators of a partnership."""
