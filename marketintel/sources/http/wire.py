"""One request on the wire: where it may go, with which key, for how long, and what came back.

Nothing here is repeated or kept; that is :mod:`marketintel.sources.http.client`. A trouble that may be
over the next time leaves as ``Passing``, every other one as ``SourceError``.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from marketintel.errors import SourceError
from marketintel.sources.http.answers import Answer
from marketintel.sources.http.body import BodyTooLarge, DamagedBody, Watch, WatchedAdapter, pieces
from marketintel.sources.http.provider import Provider, is_loopback, redact_bytes
from marketintel.sources.http.replies import (
    VAGUE,
    Passing,
    fits,
    matches,
    message,
    retry_after,
    short,
    sniffed,
)
from marketintel.sources.http.replies import to_file as save_body
from marketintel.sources.http.retry import Clock, Refused, Unreachable, trouble

_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_REDIRECT = frozenset({301, 302, 303, 307, 308})


def _no_way(error: Exception) -> bool:
    """Return True if a host's name or network cannot be found, False if it is only busy."""
    reason = getattr(next(iter(error.args), None), "reason", None)
    return isinstance(reason, urllib3.exceptions.NameResolutionError) or (
        isinstance(reason, urllib3.exceptions.NewConnectionError) and "unreachable" in str(reason)
    )


class Wire:
    """The connection of one client to one provider.

    Parameters
    ----------
    provider : Provider
        As configured.
    clock : Clock
        For the pace.

    Attributes
    ----------
    sent : int
        Requests so far, repetitions and redirects included.
    """

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self.provider = provider
        self.clock = clock
        self.sent = 0
        self._key = provider.key()
        self._hosts = provider.allowed_hosts()
        self._watch = Watch()
        self._session = requests.Session()
        self._session.headers.clear()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, WatchedAdapter(self._watch))

    @property
    def has_key(self) -> bool:
        """Whether the environment has a key for this provider."""
        return self._key is not None

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        payload: bytes,
        keyed: bool,
        accept: Sequence[int],
        media: Sequence[str],
        to_file: Path | None,
    ) -> Answer:
        """Send once, following redirects among the provider's hosts, and read the answer.

        Parameters
        ----------
        method, url : str
            The whole address, without key.
        headers, payload : dict, bytes
            As sent; the key is added here.
        keyed, accept, media, to_file
            As for :meth:`marketintel.sources.http.client.Client.request`; ``media`` as media types.

        Raises
        ------
        Passing
            A trouble that may be over the next time.
        SourceError
            One that will not.
        """
        target = url
        home = urlsplit(self.provider.base)
        self._permitted(target)
        self.clock.wait_for_turn(urlsplit(target).hostname or "", self.provider.min_interval_s)
        self._watch.start(self.provider.body_s)
        try:
            for _ in range(6):
                here = self._permitted(target)
                prepared = self._prepared(method, target, headers, payload)
                at_home = (here.scheme, here.netloc) == (home.scheme, home.netloc)
                if keyed and self._key and at_home:
                    self._add_key(prepared)
                response = self._open(prepared, here.hostname or "")
                self._check_key(response)
                if response.status_code not in _REDIRECT:
                    break
                target = self._joined(target, response.headers.get("Location", ""))
                response.close()
            else:
                raise self._error("redirects in a circle", "report it to the provider")
            try:
                return self._read(response, url, accept, media, to_file)
            finally:
                response.close()
        except DamagedBody as damage:
            late = f"not complete after {self.provider.body_s:g} s"
            problem = late if self._watch.fired else f"the answer is damaged: {damage}"
        finally:
            self._watch.stop()
        raise Passing(problem, damaged=True)

    def _check_key(self, response: requests.Response) -> None:
        """Stop where a provider says that the key is missing or wrong."""
        header = self.provider.key_trouble
        if header and header in response.headers:
            response.close()
            raise Unreachable(
                str(
                    self._error(
                        "the provider asks for a valid key",
                        f"set or renew {self.provider.key_env} (a key is free at "
                        f"{self.provider.sign_up})",
                    )
                )
            )

    def _permitted(self, target: str) -> Any:
        """Return the parts of an address that may be spoken to."""
        try:
            parts = urlsplit(target)
            host = parts.hostname or ""
        except ValueError as error:
            raise self._error(f"{short(target)!r} is no address ({error})", "correct it") from None
        if host not in self._hosts:
            raise self._error(
                f"was led to {host or 'an address without host'}, which is not one of its hosts",
                "if the provider moved, add the host to its connector",
            )
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
            raise self._error(f"was led to {host} without encryption", "use an https address")
        return parts

    def _joined(self, target: str, location: str) -> str:
        """Return where a redirect leads, if that is an address at all."""
        try:
            led = urljoin(target, location)
            urlsplit(led).port  # noqa: B018 - the port is read only when asked for
        except ValueError as error:
            raise self._error(
                f"was led to {short(location)!r}, which is no address ({short(error)})",
                "try again later",
            ) from None
        return led

    def _prepared(
        self, method: str, target: str, headers: dict[str, str], payload: bytes
    ) -> requests.PreparedRequest:
        try:
            return requests.Request(method, target, headers, data=payload or None).prepare()
        except (requests.exceptions.RequestException, ValueError) as error:
            raise self._error(
                f"the request is not possible ({short(error)})", "correct the address"
            ) from None

    def _add_key(self, prepared: requests.PreparedRequest) -> None:
        value = self._key.get_secret_value() if self._key else ""
        if self.provider.key_header:
            prepared.headers[self.provider.key_header] = value
        elif self.provider.key_param:
            prepared.prepare_url(prepared.url, {self.provider.key_param: value})

    def _open(self, prepared: requests.PreparedRequest, host: str) -> requests.Response:
        """Send and read as far as the headers."""
        self.sent += 1
        proxies = (
            {} if is_loopback(host) else requests.utils.get_environ_proxies(prepared.url or "")
        )
        limits = (self.provider.connect_s, self.provider.read_s)
        bundle = self._session.merge_environment_settings(prepared.url, {}, True, True, None)
        try:
            response = self._session.send(
                prepared, stream=True, timeout=limits, proxies=proxies, allow_redirects=False,
                verify=bundle["verify"] or True,
            )  # fmt: skip
            if not self._watch.fired:  # headers cut by the watch look like headers that ended
                return response
            response.close()
            problem, offline = "", False
        except requests.exceptions.SSLError as error:
            raise self._error(
                f"{host} could not prove its identity ({short(error)})",
                "check the clock and the certificate store; verification cannot be turned off",
            ) from None
        except requests.exceptions.Timeout:
            raise Passing(f"no answer within {self.provider.read_s:g} s", damaged=True) from None
        except (requests.exceptions.ConnectionError, OSError) as error:
            offline = _no_way(error)
            why = "its name or network is not found" if offline else short(error)
            problem = f"cannot reach {host} ({why})"
        except requests.exceptions.RequestException as error:
            raise self._error(
                f"the request is not possible ({short(error)})", "report it"
            ) from None
        if self._watch.fired:
            raise Passing(f"no answer within {self.provider.body_s:g} s", damaged=True)
        raise Passing(problem, offline=offline)

    def _read(
        self,
        response: requests.Response,
        url: str,
        accept: Sequence[int],
        media: Sequence[str],
        to_file: Path | None,
    ) -> Answer:
        """Read a body within its limits and judge status and media type."""
        status = response.status_code
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        good = status in accept
        if good and status == 200 and kind not in VAGUE and not matches(kind, media):
            start = self._head(response)
            raise self._error(
                f"answered with {kind or 'no media type'} where {media[0]} was expected{start}",
                "the service may be down or have changed; try again later",
            )
        # What is only looked at for its message need not be long.
        limit = self.provider.max_bytes if good else min(self.provider.max_bytes, 1 << 20)
        body = b""
        try:
            wire = pieces(response, limit)
            if good and status == 200 and media and kind in VAGUE:
                first = next(wire, b"")
                wire, kind = chain([first], wire), sniffed(first)
                if not fits(kind, media):
                    raise self._error(
                        f"answered with {kind} where {media[0]} was expected: {message(first)}",
                        "the service may be down or have changed; try again later",
                    )
            if good and to_file is not None:
                save_body(wire, to_file)
            else:
                body = redact_bytes(b"".join(wire))
        except BodyTooLarge as error:
            if good:
                raise self._error(
                    f"the answer is larger than agreed ({error})",
                    "ask for less at once, or raise "
                    f"MARKETINTEL_{self.provider.source.upper()}_MAX_BYTES",
                ) from None
        if self._watch.fired:  # without Content-Length a cut body looks complete
            raise DamagedBody("too slow")
        if good:
            return Answer(url, status, kind, body, datetime.now(UTC))
        raise self._refused(response, body)

    def _refused(self, response: requests.Response, body: bytes) -> Exception:
        """Return what a status that is not an answer means."""
        status = response.status_code
        said = message(body)
        what = f"HTTP {status}" + (f": {said}" if said else "")
        after = retry_after(response.headers.get("Retry-After"), body)
        if status in _TRANSIENT or (status in (403, 413) and after is not None):
            return Passing(what, after)
        todo = "check the parameters, or whether the provider changed its interface"
        if status in (401, 403):
            variable = self.provider.key_env
            todo = f"set or renew {variable}" if variable else "the provider refuses this request"
            if variable and self.provider.sign_up:
                todo += f" (a key is free at {self.provider.sign_up})"
        kind = Unreachable if status == 401 else Refused
        return kind(str(self._error(what, todo)))

    def _head(self, response: requests.Response) -> str:
        """Return the beginning of an unexpected answer, for the message."""
        body = b""
        try:
            for piece in pieces(response, 1 << 16):
                body += piece
        except (DamagedBody, BodyTooLarge):
            pass
        said = message(redact_bytes(body))
        return f": {said}" if said else ""

    def _error(self, what: str, todo: str) -> SourceError:
        return trouble(self.provider, what, todo)
