"""Euros and Canadian dollars to US dollars, by rates that stay on every row they were used for.

Rates are the European Central Bank's averages over the period of the row (a year's rate for a
year, a month's for a month), read from the snapshot ``ecb``. It quotes units per euro, so a euro
is worth ``USD`` dollars and a Canadian dollar ``USD / CAD``. A row keeps its currency, the rate
and the rate's source: ``value_usd / usd_per_unit`` is the published figure again.
"""

from collections.abc import Sequence

import pandas as pd

from marketintel.errors import MissingDataError
from marketintel.sources.snapshot import Sidecar

RATE_COLUMNS = ("currency", "period", "usd_per_unit", "rate_source")


def rates(published: pd.DataFrame, meta: Sidecar) -> pd.DataFrame:
    """Return what a unit of each currency is worth in US dollars, by period.

    Parameters
    ----------
    published : pandas.DataFrame
        currency, period, freq, units_per_eur: averages over years and months, as in the
        snapshot ``ecb``.
    meta : Sidecar
        Names the source.

    Returns
    -------
    pandas.DataFrame
        ``RATE_COLUMNS``; the euro has its own rows. Periods without a rate of the US dollar
        have none.
    """
    of_euro = published.loc[published["currency"] != "EUR", ["currency", "period", "units_per_eur"]]
    euro = of_euro[["period"]].drop_duplicates().assign(currency="EUR", units_per_eur=1.0)
    every = pd.concat([of_euro, euro], ignore_index=True)
    dollar = of_euro.loc[of_euro["currency"] == "USD", ["period", "units_per_eur"]]
    both = every.merge(dollar.rename(columns={"units_per_eur": "usd_per_eur"}), on="period")
    both["usd_per_unit"] = both["usd_per_eur"] / both["units_per_eur"]
    both["rate_source"] = f"{meta.source} {meta.vintage}"
    return both.sort_values(["currency", "period"], ignore_index=True)[list(RATE_COLUMNS)]


def to_usd(rows: pd.DataFrame, value: str, currency: str, known: pd.DataFrame) -> pd.DataFrame:
    """Return ``rows`` with ``value_usd``, ``currency``, ``usd_per_unit`` and ``rate_source``.

    Parameters
    ----------
    rows : pandas.DataFrame
        Has ``period`` and the column ``value``, in units of ``currency``.
    value, currency : str
        Column of amounts; ISO 4217 code of all of them.
    known : pandas.DataFrame
        From :func:`rates`.

    Raises
    ------
    MissingDataError
        A period has no rate: it is never converted at another period's.
    """
    of_it = known.loc[known["currency"] == currency, ["period", "usd_per_unit", "rate_source"]]
    priced = rows.assign(currency=currency).merge(of_it, how="left", on="period")
    without = priced.loc[priced["usd_per_unit"].isna(), "period"]
    if len(without):
        raise MissingDataError(
            f"no exchange rate {currency} to USD for {_few(sorted(without.unique()))}; fetch it "
            f"with `marketintel fetch ecb --years {without.min()[:4]}-{without.max()[:4]}`"
        )
    return priced.assign(value_usd=priced[value] * priced["usd_per_unit"])


def _few(periods: Sequence[str]) -> str:
    return ", ".join(periods[:3]) + (f", … ({len(periods)})" if len(periods) > 3 else "")
