"""A market study: what one country imports, from whom, at which duties, and what changed.

``facts`` computes the figures, ``words`` and ``sentences`` say them, ``overview``,
``segment_pages``, ``outlook`` and ``closing`` show them, ``pages`` is what a notebook imports,
``edition`` writes the documents.
"""
