"""Everything in ``marketintel/reference/``: the files that people edit, read and checked."""

from marketintel.warehouse.countries import (
    REFERENCE_DIR,
    code_map,
    country,
    country_name,
    group_members,
    load_countries,
    load_groups,
    to_iso3,
)

__all__ = [
    "REFERENCE_DIR",
    "code_map",
    "country",
    "country_name",
    "group_members",
    "load_countries",
    "load_groups",
    "to_iso3",
]
