"""What Comtrade has, and since when: so that only new or revised periods are asked for.

``/data/v1/getDa/{type}/{frequency}/HS``, without a key ``/public/v1/getDa/…``, lists a row a
reporter and period, with the day of its last release.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from marketintel.errors import SourceError
from marketintel.sources.formats import tidy
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.client import Client
from marketintel.sources.providers.comtrade_rows import SOURCE

#: A list older than this is asked for again.
_FRESH_S = 12 * 3600.0

#: (reporter code without leading zeroes, period as 2024 or 2024-03) → last release.
Released = Mapping[tuple[str, str], datetime]


def released(
    reporters: Sequence[str], periods: Sequence[str], client: Client
) -> dict[tuple[str, str], datetime]:
    """Return when each reporter's data of each period were last released.

    Parameters
    ----------
    reporters : sequence of str
        Comtrade's codes.
    periods : sequence of str
        Years or months.
    client : Client
        With or without a key.

    Returns
    -------
    dict
        What is not in it is not published.

    Raises
    ------
    SourceError
        Refusal, or a changed format.
    """
    path, params = address(reporters, periods, client)
    answer = client.get(path, params, check=_accept, max_age_s=_FRESH_S)
    found: dict[tuple[str, str], datetime] = {}
    for row in answer.json()["data"] or []:
        tidy.need(row, ("reporterCode", "period", "lastReleased"), SOURCE)
        if row["lastReleased"] is None:
            continue  # registered, not released
        text = str(row["period"])
        period = text if len(text) == 4 else f"{text[:4]}-{text[4:]}"
        key = (str(row["reporterCode"]), period)
        day = _time(str(row["lastReleased"]))
        found[key] = max(day, found.get(key, day))
    return found


def address(
    reporters: Sequence[str], periods: Sequence[str], client: Client
) -> tuple[str, dict[str, str]]:
    """Return path and parameters of the question; it needs no key."""
    freq = "M" if "-" in periods[0] else "A"
    how = "/data/v1" if client.has_key else "/public/v1"
    return f"{how}/getDa/C/{freq}/HS", {
        "reporterCode": ",".join(code.lstrip("0") or "0" for code in reporters),
        "period": ",".join(period.replace("-", "") for period in periods),
    }


def _accept(answer: Answer) -> None:
    body = answer.json()
    if isinstance(body, dict) and body.get("error"):
        raise SourceError(f"{SOURCE}: {tidy.snippet(str(body['error']))}; correct the question")
    if not isinstance(body, dict) or not isinstance(body.get("data"), list | None):
        raise SourceError(
            f"{SOURCE}: the list of what is available has no field 'data'; expected one: the "
            "provider's format changed"
        )


def _time(text: str) -> datetime:
    try:
        # Seven digits of a second, without a zone: the provider's clock is taken for UTC.
        return datetime.fromisoformat(text.partition(".")[0]).replace(tzinfo=UTC)
    except ValueError:
        raise SourceError(
            f"{SOURCE}: field 'lastReleased' holds {tidy.snippet(text, 40)!r}; expected a time: "
            "the provider's format changed"
        ) from None


def age_limit(
    known: Released, reporters: Sequence[str], periods: Sequence[str], now: datetime
) -> float | None:
    """Return how old an answer may be to be of the last release; None where it is not known."""
    pairs = [(code.lstrip("0") or "0", period) for code in reporters for period in periods]
    days = [known[pair] for pair in pairs if pair in known]
    return (now - max(days)).total_seconds() if days else None
