"""Where figures come from: the sources that answer a question."""

from pathlib import Path

from marketintel.warehouse import engine


def sources_of(
    reporter: str, periods: list[str], flow: str = "import", data_dir: Path | None = None
) -> list[str]:
    """Return the sources that report a country's annual trade in these periods, by name.

    Parameters
    ----------
    reporter : str
        ISO3 code or name.
    periods : list of str
        Years such as ``"2025"``.
    flow : str
        ``import`` or ``export``.
    """
    found = engine.ask(
        data_dir,
        """SELECT DISTINCT source FROM trade
           WHERE reporter = $reporter AND flow = $flow AND freq = 'A'
             AND period IN (SELECT unnest($periods::VARCHAR[]))
           ORDER BY source""",
        {"reporter": engine.one_economy(reporter), "flow": flow, "periods": periods},
    )
    return [str(source) for source in found["source"]]
