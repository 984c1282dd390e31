"""Additional duties, product lists and revisions of a country's tariff schedule.

None of these is a rate in force: a schedule prints lines that have ended, and a list names
products without saying whether its measure still stands.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.warehouse import engine

if TYPE_CHECKING:
    import pandas as pd

_TABLE = "SELECT * FROM {table} WHERE reporter = $reporter ORDER BY ALL"


def additional_duties(reporter: str = "USA", data_dir: Path | None = None) -> "pd.DataFrame":
    """Lines of additional duties of a schedule as it is printed.

    Returns
    -------
    pandas.DataFrame
        reporter, heading, description (led by those of its parents), general, special, statute,
        source, vintage; sorted by heading, empty for a country without one in the data.
    """
    return _of(reporter, "additional_duties", data_dir)


def tariff_lists(reporter: str = "USA", data_dir: Path | None = None) -> "pd.DataFrame":
    """Products that measures name.

    Returns
    -------
    pandas.DataFrame
        reporter, list, part, product (a tariff line or its beginning, 4 to 10 digits), heading
        (of chapter 99), origin (ISO3 or group; missing: not of one origin), since, source, vintage.
    """
    return _of(reporter, "tariff_lists", data_dir)


def tariff_revisions(reporter: str = "USA", data_dir: Path | None = None) -> "pd.DataFrame":
    """Revisions of a schedule, the earliest first.

    Returns
    -------
    pandas.DataFrame
        reporter, revision, since (``YYYY-MM-DD``), event, source, vintage.
    """
    return _of(reporter, "tariff_revisions", data_dir).sort_values("since", ignore_index=True)


def _of(reporter: str, table: str, data_dir: Path | None) -> "pd.DataFrame":
    asked = {"reporter": engine.one_economy(reporter)}
    return engine.ask(data_dir, _TABLE.format(table=table), asked)
