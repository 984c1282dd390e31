"""Documents for the regions' partnerships: indicators, clusters, missions, plan, needs, practice.

Each module has a ``load`` that reads what one document needs, and functions that show it; a
notebook calls one a cell. ``edition`` writes the documents.
"""
