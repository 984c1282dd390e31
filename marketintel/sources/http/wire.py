"""One HTTP request: permitted hosts, key, time limits, redirects, and its answer or error.

Nothing here is repeated or stored; that is :mod:`marketintel.sources.http.client`. A failure that a
repetition may mend leaves as ``RetryLater``, every other one as ``SourceError``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3
from requests.exceptions import RequestException, SSLError, Timeout

from marketintel.errors import Refused, SourceError, Unreachable
from marketintel.sources.http.answers import Answer, error_text, one_line
from marketintel.sources.http.body import (
    VAGUE,
    BodyTooLarge,
    DamagedBody,
    Watch,
    WatchedAdapter,
    declared_matches,
    pieces,
    sniff,
    sniffed_matches,
    write_body,
)
from marketintel.sources.http.provider import Provider, is_loopback, redact_bytes
from marketintel.sources.http.retry import Clock, RetryLater, retry_after

_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_REDIRECT = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
#: Most bytes of an unexpected answer read for its message.
_MESSAGE_BYTES = 1 << 16


@dataclass(frozen=True)
class Request:
    """GET request without its key; ``media`` are the types expected, none: any.

    The other fields are as for :meth:`marketintel.sources.http.client.Client.get`.
    """

    url: str
    headers: dict[str, str]
    keyed: bool
    accept: Sequence[int]
    media: Sequence[str]
    to_file: Path | None


class Wire:
    """Connection of one client to one provider.

    Attributes
    ----------
    requests_sent : int
        Requests so far, repetitions and redirects included.
    """

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self.provider = provider
        self.clock = clock
        self.requests_sent = 0
        self.key = provider.key()
        self._hosts = provider.allowed_hosts()
        self._watch = Watch()
        self._session = requests.Session()
        self._session.headers.clear()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, WatchedAdapter(self._watch))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(self, request: Request) -> Answer:
        """Send once, following redirects among the provider's hosts, and read the answer.

        Raises
        ------
        RetryLater
            A failure that a repetition may mend.
        SourceError
            One that it will not.
        """
        host = self._permitted(request.url).hostname or ""
        self.clock.wait_for_turn(host, self.provider.min_interval_s)
        self._watch.start(self.provider.body_s)
        try:
            response = self._follow(request)
            try:
                return self._read(response, request)
            finally:
                response.close()
        except DamagedBody as damage:
            late = f"not complete after {self.provider.body_s:g} s"
            problem = late if self._watch.fired else f"the answer is damaged: {damage}"
            raise RetryLater(problem, damaged=True) from None
        finally:
            self._watch.stop()

    def _follow(self, request: Request) -> requests.Response:
        """Send, follow redirects, and return the response whose body is still unread."""
        target, home = request.url, urlsplit(self.provider.base)
        for _ in range(_MOST_REDIRECTS + 1):
            here = self._permitted(target)
            try:
                prepared = requests.Request("GET", target, request.headers).prepare()
            except (RequestException, ValueError) as error:
                raise self.provider.error(
                    f"the request is not possible ({one_line(error)})", "correct the address"
                ) from None
            if request.keyed and (here.scheme, here.netloc) == (home.scheme, home.netloc):
                self._add_key(prepared)
            response = self._open(prepared, here.hostname or "")
            if self.provider.key_trouble and self.provider.key_trouble in response.headers:
                response.close()
                raise self.provider.error(
                    "the provider asks for a valid key",
                    f"set or renew {self.provider.key_env} (a key is free at "
                    f"{self.provider.sign_up})",
                    Unreachable,
                )
            if response.status_code not in _REDIRECT:
                return response
            target = self._redirect_target(target, response.headers.get("Location", ""))
            response.close()
        raise self.provider.error("redirects in a circle", "report it to the provider")

    def _permitted(self, target: str) -> SplitResult:
        """Return the parts of an address, if the client may connect to it."""
        try:
            parts = urlsplit(target)
            host = parts.hostname or ""
        except ValueError as error:
            raise self.provider.error(
                f"{one_line(target)!r} is no address ({error})", "correct it"
            ) from None
        if host not in self._hosts:
            raise self.provider.error(
                f"was led to {host or 'an address without host'}, which is not one of its hosts",
                "if the provider moved, add the host to its connector",
            )
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
            raise self.provider.error(
                f"was led to {host} without encryption", "use an https address"
            )
        return parts

    def _redirect_target(self, target: str, location: str) -> str:
        try:
            joined = urljoin(target, location)
            urlsplit(joined).port  # noqa: B018 - a wrong port raises only here
        except ValueError as error:
            raise self.provider.error(
                f"was led to {one_line(location)!r}, which is no address ({one_line(error)})",
                "try again later",
            ) from None
        return joined

    def _add_key(self, prepared: requests.PreparedRequest) -> None:
        value = self.key.get_secret_value() if self.key else ""
        if value and self.provider.key_header:
            prepared.headers[self.provider.key_header] = value
        elif value and self.provider.key_param:
            prepared.prepare_url(prepared.url, {self.provider.key_param: value})

    def _open(self, prepared: requests.PreparedRequest, host: str) -> requests.Response:
        """Send, and read as far as the headers."""
        self.requests_sent += 1
        url, provider = prepared.url or "", self.provider
        proxies = {} if is_loopback(host) else requests.utils.get_environ_proxies(url)
        bundle = self._session.merge_environment_settings(url, {}, True, True, None)
        try:
            response = self._session.send(
                prepared, stream=True, timeout=(provider.connect_s, provider.read_s),
                proxies=proxies, allow_redirects=False, verify=bundle["verify"] or True,
            )  # fmt: skip
        except SSLError as error:
            raise provider.error(
                f"{host} could not prove its identity ({one_line(error)})",
                "check the clock and the certificate store; verification cannot be turned off",
            ) from None
        except Timeout:
            raise RetryLater(f"no answer within {provider.read_s:g} s", damaged=True) from None
        except OSError as error:  # as all errors of requests are
            if not self._watch.fired:
                offline = _is_offline(error)
                reason = "its name or network is not found" if offline else one_line(error)
                raise RetryLater(f"cannot reach {host} ({reason})", offline=offline) from None
        else:
            if not self._watch.fired:  # headers cut by the watch look like headers that ended
                return response
            response.close()
        raise RetryLater(f"no answer within {provider.body_s:g} s", damaged=True)

    def _read(self, response: requests.Response, request: Request) -> Answer:
        """Read a body within its limits and judge status and media type."""
        status, media = response.status_code, request.media
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        good = status in request.accept
        checked = good and status == 200
        if checked and kind not in VAGUE and not declared_matches(kind, media):
            raise self._unexpected(kind, media, self._beginning(response))
        # What is read for its message only need not be long.
        limit = self.provider.max_bytes if good else min(self.provider.max_bytes, 1 << 20)
        body = b""
        try:
            stream = pieces(response, limit)
            if checked and media and kind in VAGUE:
                first = next(stream, b"")
                stream, kind = chain([first], stream), sniff(first)
                if not sniffed_matches(kind, media):
                    raise self._unexpected(kind, media, first)
            if good and request.to_file is not None:
                write_body(stream, request.to_file)
            else:
                body = redact_bytes(b"".join(stream))
        except BodyTooLarge as error:
            if good:
                raise self.provider.error(
                    f"the answer is larger than agreed ({error})",
                    "ask for less at once, or raise "
                    f"MARKETINTEL_{self.provider.source.upper()}_MAX_BYTES",
                ) from None
        if self._watch.fired:  # without Content-Length a cut body looks complete
            raise DamagedBody("too slow")
        if good:
            return Answer(request.url, status, kind, body, datetime.now(UTC))
        raise self._status_error(response, body)

    def _unexpected(self, kind: str, media: Sequence[str], body: bytes) -> SourceError:
        message = error_text(redact_bytes(body))
        return self.provider.error(
            f"answered with {kind or 'no media type'} where {media[0]} was expected"
            + (f": {message}" if message else ""),
            "the service may be down or have changed; try again later",
        )

    def _status_error(self, response: requests.Response, body: bytes) -> Exception:
        """Return the error of a status that is not an answer."""
        status, provider = response.status_code, self.provider
        message = error_text(body)
        problem = f"HTTP {status}" + (f": {message}" if message else "")
        after_s = retry_after(response.headers.get("Retry-After"), body)
        if status in _TRANSIENT or (status in (403, 413) and after_s is not None):
            return RetryLater(problem, after_s)
        remedy = "check the parameters, or whether the provider changed its interface"
        if status in (401, 403):
            key = provider.key_env
            remedy = f"set or renew {key}" if key else "the provider refuses this request"
            if key and provider.sign_up:
                remedy += f" (a key is free at {provider.sign_up})"
        return provider.error(problem, remedy, Unreachable if status == 401 else Refused)

    def _beginning(self, response: requests.Response) -> bytes:
        """Return the beginning of an unexpected answer."""
        body = b""
        try:
            for piece in pieces(response, _MESSAGE_BYTES):
                body += piece
        except (DamagedBody, BodyTooLarge):
            pass
        return body


def _is_offline(error: Exception) -> bool:
    """Return True if a host's name or network cannot be found, False if it is only busy."""
    reason = getattr(next(iter(error.args), None), "reason", None)
    return isinstance(reason, urllib3.exceptions.NameResolutionError) or (
        isinstance(reason, urllib3.exceptions.NewConnectionError) and "unreachable" in str(reason)
    )
