"""Smallest live request to each source, validated by its contract."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import requests

from marketintel.errors import MarketIntelError
from marketintel.sources.catalogue import fetched, named_sources
from marketintel.sources.http.answers import one_line
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import redact
from marketintel.sources.http.retry import CLOCK, Clock
from marketintel.sources.plan import plan
from marketintel.sources.source import Source

#: Product of the request.
CODE = "901320"
#: Seconds within which a host must take a connection.
REACH_S = 8.0


@dataclass(frozen=True)
class Finding:
    """Outcome of a request to one source: ``ok``, ``no key``, ``unreachable`` or ``failed``."""

    source: str
    result: str
    rows: int
    seconds: float
    detail: str


def selftest(sources: Sequence[str], scratch: Path, *, clock: Clock = CLOCK) -> list[Finding]:
    """Send each source one smallest request.

    Hosts are tried first, all at once, so that without a network this ends within ten seconds.

    Parameters
    ----------
    sources : sequence of str
        Names; every source if empty.
    scratch : Path
        A folder for what is downloaded; nothing of it is kept as data.
    clock : Clock, optional
        Injectable time.

    Raises
    ------
    UsageError
        An unknown source.
    """
    known = fetched()
    chosen = [known[name] for name in named_sources(list(sources), "fetch --selftest") or known]
    troubles = _reach({source.service.configured().base for source in chosen})

    def one(source: Source) -> Finding:
        provider = source.service
        if provider.key_rule == "required" and (wanted := provider.key_wanted()):
            return Finding(source.name, "no key", 0, 0.0, wanted)
        if trouble := troubles.get(provider.configured().base):
            return Finding(source.name, "unreachable", 0, 0.0, trouble)
        return _ask(source, scratch, clock)

    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(one, chosen))


def _ask(source: Source, scratch: Path, clock: Clock) -> Finding:
    began = time.monotonic()
    market, year = source.trial
    try:
        made = plan([market], [CODE], [year], scratch, sources=[source.name])
        query = source.parts(made.steps[0].query)[0]
        quick = replace(source.service, attempts=2, patience_s=60.0)
        with Client(quick, clock=clock) as client:
            rows = len(source.fetch(query, client))
        result, detail = ("ok", "") if rows else ("failed", "no rows where there are some")
    except MarketIntelError as error:
        rows, result, detail = 0, "failed", redact(" ".join(str(error).split()))
    except Exception as error:  # a provider's answer can be of any shape
        rows, result, detail = 0, "failed", f"{type(error).__name__}: {one_line(error)}"
    return Finding(source.name, result, rows, round(time.monotonic() - began, 1), detail)


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
