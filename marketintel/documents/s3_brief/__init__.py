"""A smart-specialisation brief: where photonics fits a region, in four pages of plain language.

``figures`` and ``demand`` compute, ``facts`` holds the result; ``words``, ``strategy``, ``sentences``
and ``limits`` say it; ``charts`` draws it; ``pages`` is what a notebook imports; ``edition`` writes
the documents.
"""
