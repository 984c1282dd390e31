"""Scopes of an HS code in a segment, and the sums of scopes that results are given for."""

CORE = "core"
#: Mixed goods: no share of the code is known to be photonic.
BROAD = "broad"
#: Own goods of a segment that is a neighbour of photonics, in no sum of photonics.
NEIGHBOUR = "neighbour"
CORE_AND_BROAD = "core+broad"
NEIGHBOUR_AND_BROAD = "neighbour+broad"
#: Scopes of a segment's own goods: each segment has one of them.
OWN = (CORE, NEIGHBOUR)
