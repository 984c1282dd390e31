"""A market study: what one country imports, from whom, at which duties, and what changed.

``facts`` reads what a study needs, ``study`` computes its figures, ``terms`` and ``origin`` say what
they are and whose; ``words`` and ``sentences`` say them, ``summary``, ``suppliers``, ``exporter``,
``access`` (with ``tariffs``), ``change``, ``outlook`` (with ``series``, ``forecasts``),
``segment_pages``, ``method`` and ``closing`` show them; ``pages`` is what a notebook imports,
``edition`` writes the documents.
"""
