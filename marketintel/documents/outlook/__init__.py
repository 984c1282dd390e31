"""A segment outlook: forecasts of trade with target countries, how wrong they have been, what if.

``asked`` checks the question, ``best`` chooses of every country and segment the best series there
is, ``kinds`` says what it counts, ``series`` makes it compare with itself. ``months``, ``years`` and
``world`` forecast, ``totals`` says what adds up, ``silent`` what has no forecast; ``facts`` holds
them together with the scenarios of ``drivers``. ``sentences``, ``tables`` and its kin, ``charts`` and
``pages`` say and show them, ``card`` is the model card, ``edition`` writes the documents, ``listing``
one plain table. A notebook needs only ``pages``.
"""
