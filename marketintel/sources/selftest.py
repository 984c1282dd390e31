"""One smallest live question to each source, held against its contract."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import requests

from marketintel.errors import MarketIntelError, UsageError
from marketintel.sources.connector import Book, Connector
from marketintel.sources.connectors import ALIASES, CONNECTORS
from marketintel.sources.http.answers import one_line
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import redact
from marketintel.sources.http.retry import CLOCK, Clock
from marketintel.sources.plan import plan

#: The market and the settled year that a source is asked about, with one product; Japan and 2022
#: where nothing is said. Canada's oldest archives are its smallest.
ASKED = {
    "us_census_imports": ("USA", 2022), "us_census_exports": ("USA", 2022), "comext": ("FIN", 2022),
    "statcan_cimt": ("CAN", 2002), "eurostat_sbs": ("FIN", 2022),
    "eurostat_regional": ("FIN", 2022), "wto": ("CAN", 2022),
}  # fmt: skip
CODE = "901320"
#: Seconds within which a host must take a connection.
REACH_S = 8.0


@dataclass(frozen=True)
class Finding:
    """Outcome of a question to one source: ``ok``, ``no key``, ``unreachable`` or ``failed``."""

    source: str
    result: str
    rows: int
    seconds: float
    detail: str


def selftest(
    sources: Sequence[str], book: Book, scratch: Path, *, clock: Clock = CLOCK
) -> list[Finding]:
    """Ask each source one smallest question.

    Hosts are tried first, all at once, so that without a network this ends within ten seconds.

    Parameters
    ----------
    sources : sequence of str
        Names; every source if empty.
    book : Book
        Country codes.
    scratch : Path
        A folder for what is downloaded; nothing of it is kept as data.
    clock : Clock, optional
        Injectable time.

    Raises
    ------
    UsageError
        An unknown source.
    """
    named = [one for name in sources for one in ALIASES.get(name, (name,))]
    if unknown := set(named) - set(CONNECTORS):
        raise UsageError(
            f"fetch --selftest: unknown source {min(unknown)!r}; choose from "
            f"{', '.join(CONNECTORS)}"
        )
    chosen = [CONNECTORS[name] for name in (named or CONNECTORS)]
    troubles = _reach({c.provider.configured().base for c in chosen})

    def one(connector: Connector) -> Finding:
        provider = connector.provider
        if provider.key_rule == "required" and (wanted := provider.key_wanted()):
            return Finding(connector.source, "no key", 0, 0.0, wanted)
        if said := troubles.get(provider.configured().base):
            return Finding(connector.source, "unreachable", 0, 0.0, said)
        return _ask(connector, book, scratch, clock)

    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(one, chosen))


def _ask(connector: Connector, book: Book, scratch: Path, clock: Clock) -> Finding:
    began = time.monotonic()
    market, year = ASKED.get(connector.source, ("JPN", 2022))
    try:
        made = plan([market], [CODE], [year], book, scratch, sources=[connector.source])
        query = connector.parts(made.steps[0].query)[0]
        quick = replace(connector.provider, attempts=2, patience_s=60.0)
        with Client(quick, clock=clock) as client:
            rows = len(connector.rows(query, client, book))
        result, detail = ("ok", "") if rows else ("failed", "no rows where there are some")
    except MarketIntelError as error:
        rows, result, detail = 0, "failed", redact(" ".join(str(error).split()))
    except Exception as error:  # a provider's answer can be of any shape
        rows, result, detail = 0, "failed", f"{type(error).__name__}: {one_line(error)}"
    return Finding(connector.source, result, rows, round(time.monotonic() - began, 1), detail)


def _reach(bases: set[str]) -> dict[str, str]:
    """Return why a host cannot be reached, by address; nothing of those that can."""
    found: dict[str, str] = {}

    def attempt(base: str) -> Callable[[], None]:
        def connect() -> None:
            proxy = requests.utils.get_environ_proxies(base).get(urlsplit(base).scheme)
            parts = urlsplit(proxy or base)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            try:
                socket.create_connection((parts.hostname or "", port), REACH_S).close()
                found[base] = ""
            except OSError as error:
                found[base] = f"cannot reach {parts.hostname} ({one_line(error)})"

        return connect

    # Daemons: a name that is looked up for ever must not keep the program from ending.
    threads = [threading.Thread(target=attempt(base), daemon=True) for base in sorted(bases)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + REACH_S
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return {base: found.get(base, f"no connection within {REACH_S:.0f} s") for base in bases}
