"""A segment outlook: forecasts of trade with target countries, how wrong they have been, what if.

``series`` builds comparable series, ``facts`` computes the figures, ``drivers`` the elasticities
and scenarios, ``sentences`` and ``pages`` say and show them, ``card`` is the model card, ``charts``
draws fans with shocks, ``edition`` writes the documents. A notebook needs only ``pages``.
"""
