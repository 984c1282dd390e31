"""Retries of failed requests, and the pace of requests to a host."""

import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import urllib3

from marketintel.errors import Unreachable
from marketintel.sources.http.provider import Provider, redact

log = logging.getLogger("marketintel.sources")

T = TypeVar("T")

_WAIT_SENTENCE = re.compile(r"try again in (\d+) second", re.IGNORECASE)


class RetryLater(Exception):
    """Failure that a repetition may mend; raised by a connector's ``check`` too.

    Attributes
    ----------
    after_s : float or None
        Wait requested by the provider.
    damaged : bool
        The answer is damaged or too slow: repeated twice, not up to the provider's attempts.
    offline : bool
        The host's name or network cannot be found: repeated once.
    """

    def __init__(
        self,
        reason: str,
        after_s: float | None = None,
        *,
        damaged: bool = False,
        offline: bool = False,
    ) -> None:
        super().__init__(redact(reason))
        self.after_s = after_s
        self.damaged = damaged
        self.offline = offline


@dataclass
class Clock:
    """Clock of a client, replaced in tests; ``last`` is the time of the last request by host."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    last: dict[str, float] = field(default_factory=dict)

    def wait_for_turn(self, host: str, interval_s: float) -> None:
        """Keep an interval to the last request to ``host``."""
        due = self.last.get(host, float("-inf")) + interval_s
        if (wait := due - self.monotonic()) > 0:
            self.sleep(wait)
        self.last[host] = self.monotonic()


#: One pace for all clients of this process.
CLOCK = Clock()


def with_retries(request: Callable[[], T], provider: Provider, clock: Clock) -> T:
    """Repeat ``request`` on transient failures, within the provider's attempts and patience.

    The number of attempts and the backoff are those of ``urllib3.Retry``; the loop is here because
    a body cut short, or an error text with status 200, shows only after ``urllib3`` is done.

    Raises
    ------
    SourceError
        Attempts or patience are used up.
    """
    retry = urllib3.Retry(
        total=provider.attempts - 1, other=2, allowed_methods=None, backoff_factor=1,
        backoff_jitter=1,
    )  # fmt: skip
    began = clock.monotonic()
    while True:
        try:
            return request()
        except RetryLater as error:
            failure = error
        attempts = len(retry.history) + 1
        if failure.offline and attempts > 1:
            raise provider.error(str(failure), "check the connection to the internet")
        # urllib3 counts by the kind of error: "other" ones up to two, lost connections up to total.
        cause = OSError() if failure.damaged else urllib3.exceptions.ProtocolError()
        try:
            retry = retry.increment("GET", "/", error=cause)
        except urllib3.exceptions.MaxRetryError:
            problem = f"{failure} ({attempts} attempts)"
            raise provider.error(problem, "try again later", Unreachable) from None
        backoff = max(retry.get_backoff_time(), 0.1 * random.random())  # noqa: S311 - jitter
        wait = backoff if failure.after_s is None else failure.after_s
        if clock.monotonic() - began + wait > provider.patience_s:
            raise provider.error(
                f"{failure}; the wait of {wait:.0f} s would go beyond the limit of "
                f"{provider.patience_s:.0f} s",
                "run the same command later, what is done is kept",
                Unreachable,
            )
        log.info("%s: %s; asking again in %.1f s", provider.source, failure, wait)
        clock.sleep(wait)


def retry_after(header: str | None, body: bytes) -> float | None:
    """Return the seconds to wait, from the Retry-After header or Comtrade's sentence."""
    try:
        if header:
            return min(1e9, urllib3.Retry(retry_after_max=10**9).parse_retry_after(header))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        pass  # a header without meaning is as good as none
    sentence = _WAIT_SENTENCE.search(body.decode("utf-8", "replace"))
    return float(sentence[1]) if sentence else None
