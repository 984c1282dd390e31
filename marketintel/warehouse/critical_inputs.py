"""Materials that HS6 hides: imports of the EU members by CN8, as far as a snapshot is here.

Read from the raw file: euros, eight digits and a few hundred rows fit none of the tables.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from marketintel.sources import snapshot
from marketintel.warehouse import reads, store

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "eurostat_comext_inputs"


class CriticalInputs(NamedTuple):
    """Imports by CN8, and what is known of the codes.

    Attributes
    ----------
    trade : DataFrame
        ``exporter, market`` (ISO3; a member of the EU), ``cmd_code`` (CN8), ``period``,
        ``value_eur``; trade between members included.
    names, labels : dict of str to str
        CN8 to material, and to where that was read.
    citation : str
        For under a table.
    """

    trade: "pd.DataFrame"
    names: dict[str, str]
    labels: dict[str, str]
    citation: str


def critical_inputs(data_dir: Path | None = None) -> CriticalInputs | None:
    """Return the newest snapshot; None where there is none.

    Raises
    ------
    DamagedDataError
        The file differs from its checksum.
    """
    data_dir = data_dir or store.default_data_dir()
    if not snapshot.list_snapshots(data_dir, SOURCE):
        return None
    file = snapshot.find(data_dir, SOURCE)[0]
    snapshot.verify(file)
    reads.note(SOURCE)
    rows = store.read_parquet(file.path)
    trade = rows.rename(columns={"partner": "exporter", "reporter": "market", "cn8": "cmd_code"})
    known = file.meta.parameters
    return CriticalInputs(trade, known["codes"], known["labels"], file.meta.citation)
