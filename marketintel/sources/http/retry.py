"""When to ask again, and when to stop: waits, their bound, and the pace between requests."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import urllib3

from marketintel.errors import SourceError
from marketintel.sources.http.provider import Provider, redact
from marketintel.sources.http.replies import Passing

log = logging.getLogger("marketintel.sources")

T = TypeVar("T")


class Unreachable(SourceError):
    """The provider does not answer now: asking it for something else would not help."""


class Refused(SourceError):
    """The provider will not answer this question; a smaller one it may."""


class RetryLater(Exception):
    """Raised by a connector's ``check``: this answer is a passing trouble, ask again."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


@dataclass
class Clock:
    """Time as the client sees it; tests give it their own. ``last`` is for pacing by host."""

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


def patiently(once: Callable[[], T], provider: Provider, clock: Clock) -> T:
    """Repeat ``once`` while its trouble may pass, within the provider's attempts and patience.

    How often and how long is ``urllib3.Retry``'s arithmetic; the loop is here because a body cut
    short, or an error text with status 200, is only known after ``urllib3`` has done its part.

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
            return once()
        except Passing as passing:
            failed = passing
        except RetryLater as passing:
            failed = Passing(str(passing), passing.after_s)
        attempts = len(retry.history) + 1
        if failed.offline and attempts > 1:
            raise trouble(provider, str(failed), "check the connection to the internet")
        try:
            retry = retry.increment("GET", "/", error=failed.cause)
        except urllib3.exceptions.MaxRetryError:
            what = f"{failed} ({attempts} attempts)"
            raise Unreachable(str(trouble(provider, what, "try again later"))) from None
        backoff = max(retry.get_backoff_time(), 0.1 * random.random())  # noqa: S311 - jitter
        wait = backoff if failed.after_s is None else failed.after_s
        if clock.monotonic() - began + wait > provider.patience_s:
            said = trouble(
                provider,
                f"{failed}; the wait of {wait:.0f} s would go beyond the limit of "
                f"{provider.patience_s:.0f} s",
                "run the same command later, what is done is kept",
            )
            raise Unreachable(str(said))
        log.info("%s: %s; asking again in %.1f s", provider.source, failed, wait)
        clock.sleep(wait)


def trouble(provider: Provider, what: str, todo: str) -> SourceError:
    """Return the one line: source, what happened, what to do; no key in it."""
    return SourceError(redact(f"{provider.source}: {what}; {todo}"))
