"""The one way to the network: a client that cannot hang, be led astray or tell a key.

A connector declares a :class:`~marketintel.sources.settings.Provider`, opens a client and asks::

    PROVIDER = Provider("worldbank", "https://api.worldbank.org/v2", min_interval_s=0.5)

    with Client(PROVIDER, store=AnswerStore(directory)) as client:
        answer = client.get("/country/USA/indicator/SP.POP.TOTL", {"format": "json"}, check=check)
        rows = answer.json()[1]

What every request gets: TLS verification; plain http only to this machine; redirects only to
declared hosts, the key never sent along to another one; limits on connecting, on silence, on the
whole answer and on its decompressed size; a least interval between requests to a host; status
429, 500, 502, 503, 504, lost connections and cut bodies repeated with backoff and jitter as
``urllib3.Retry`` computes it, ``Retry-After`` obeyed in seconds, as a date, or in the sentence
"Try again in N seconds"; a bound on all waiting together; the media type checked before the
body is believed, JSON parsed before the answer counts as good.

``check`` is the connector's own look at an answer before it is kept: it raises ``SourceError``
for an error that came with status 200, or :class:`RetryLater` to have the request repeated. An
answer is kept in ``store`` only after that, so failures are never kept.

Everything that goes wrong is one ``SourceError``: source, what happened, what to do.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from marketintel.errors import SourceError
from marketintel.sources.answers import Answer, AnswerStore
from marketintel.sources.body import BodyTooLarge, DamagedBody, Watch, WatchedAdapter, pieces
from marketintel.sources.patience import CLOCK, Clock, RetryLater, patiently, trouble
from marketintel.sources.replies import (
    MEDIA,
    Passing,
    matches,
    message,
    must_parse,
    retry_after,
    short,
)
from marketintel.sources.replies import to_file as save_body
from marketintel.sources.settings import Provider, is_loopback, redact_bytes, user_agent
from marketintel.sources.snapshot import strip_secrets

__all__ = ["CLOCK", "Client", "Clock", "RetryLater"]

_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_REDIRECT = frozenset({301, 302, 303, 307, 308})

Params = Mapping[str, str | int | float | Sequence[str]]
Check = Callable[[Answer], None]


class Client:
    """A session with one provider.

    Parameters
    ----------
    provider : Provider
        Changes asked for in the environment are applied here.
    store : AnswerStore, optional
        Where good answers are kept and looked up first.
    clock : Clock, optional
        Injectable time.
    on_answer : callable, optional
        Told of every good answer, asked or kept: for a progress bar.

    Attributes
    ----------
    asked : int
        Requests sent over the network, repetitions included.
    reused : int
        Answers taken from the store.
    """

    def __init__(
        self,
        provider: Provider,
        store: AnswerStore | None = None,
        clock: Clock = CLOCK,
        on_answer: Callable[[Answer], None] | None = None,
    ) -> None:
        self.provider = provider.configured()
        self.store = store
        self.clock = clock
        self.on_answer = on_answer
        self.asked = self.reused = 0
        self._key = self.provider.key()
        self._hosts = self.provider.allowed_hosts()
        self._watch = Watch()
        self._session = requests.Session()
        self._session.headers.clear()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, WatchedAdapter(self._watch))

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._session.close()

    @property
    def has_key(self) -> bool:
        """Whether the environment has a key for this provider."""
        return self._key is not None

    def get(self, path: str, params: Params | None = None, **options: Any) -> Answer:
        """Ask with GET; ``options`` as for :meth:`request`."""
        return self.request("GET", path, params, **options)

    def post(self, path: str, payload: Any, params: Params | None = None, **options: Any) -> Answer:
        """Ask with POST and a JSON body; only for questions, since it may be repeated."""
        return self.request("POST", path, params, payload=payload, **options)

    def request(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        *,
        payload: Any = None,
        headers: Mapping[str, str] | None = None,
        expect: str | Sequence[str] = "json",
        accept: Sequence[int] = (200,),
        check: Check | None = None,
        max_age_s: float | None = None,
        keep: bool = True,
        keyed: bool = True,
        to_file: Path | None = None,
    ) -> Answer:
        """Ask one question, or take its kept answer.

        Parameters
        ----------
        method : str
            GET or POST.
        path : str
            Appended to the provider's base; or a whole address at one of its hosts.
        params : mapping, optional
            Query; lists are joined by commas. Never a key: that is added here.
        payload : object, optional
            Sent as JSON.
        headers : mapping, optional
            Such as ``Accept``; part of the request's identity in the store.
        expect : str or sequence of str
            A name in ``MEDIA``, or media types; checked for answers with content.
        accept : sequence of int
            Statuses that are answers; every other one is repeated or an error. For statuses
            other than 200 neither media type nor JSON is checked.
        check : callable, optional
            See the module's text.
        max_age_s : float, optional
            A kept answer older than this is asked for again.
        keep : bool
            Whether to use the store at all.
        keyed : bool
            Whether to send the key, if there is one.
        to_file : Path, optional
            Write the body there (whole and at once, or not at all) instead of into memory;
            such answers are not kept in the store, and their ``body`` is empty.

        Raises
        ------
        SourceError
            One line: source, what happened, what to do.
        """
        url = self._address(path, params)
        sent = {"Accept-Encoding": "gzip", "User-Agent": user_agent(), "Accept": "*/*"}
        sent.update(headers or {})
        body = b"" if payload is None else json.dumps(payload, sort_keys=True).encode()
        if payload is not None:
            sent["Content-Type"] = "application/json"
        store = self.store if keep and to_file is None else None
        place = store.path(method, url, body, sent["Accept"]) if store else None
        if store and place and (kept := store.load(place, max_age_s)):
            self.reused += 1
            return self._done(kept)
        media = MEDIA[expect] if isinstance(expect, str) else tuple(expect)

        def once() -> Answer:
            answer = self._send(method, url, sent, body, keyed, accept, media, to_file)
            if answer.status == 200 and expect == "json":
                must_parse(answer)
            if check:
                check(answer)
            return answer

        answer = patiently(once, self.provider, self.clock)
        if store and place:
            store.save(place, answer)
        return self._done(answer)

    def _done(self, answer: Answer) -> Answer:
        if self.on_answer:
            self.on_answer(answer)
        return answer

    def keeps(self, path: str, params: Params | None = None) -> bool:
        """Whether the answer to a plain GET is kept and still valid, so that it costs nothing."""
        if self.store is None:
            return False
        return (
            self.store.load(self.store.path("GET", self._address(path, params), b"", "*/*"))
            is not None
        )

    def _address(self, path: str, params: Params | None) -> str:
        """Return the whole address without key, parameters in the order given."""
        url = path if path.startswith(("https://", "http://")) else self.provider.base + path
        flat = {
            name: value if isinstance(value, str | int | float) else ",".join(value)
            for name, value in (params or {}).items()
        }
        if flat:
            url += ("&" if urlsplit(url).query else "?") + urlencode(flat, safe=",:;*")
        return strip_secrets(url)

    def _send(
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
        """Send once, following redirects among the provider's hosts, and read the answer."""
        target = url
        home = urlsplit(self.provider.base)
        self._permitted(target)
        self.clock.wait_for_turn(urlsplit(target).hostname or "", self.provider.min_interval_s)
        self._watch.start(self.provider.body_s)
        try:
            for _ in range(6):
                here = self._permitted(target)
                prepared = requests.Request(method, target, headers, data=payload or None).prepare()
                at_home = (here.scheme, here.netloc) == (home.scheme, home.netloc)
                if keyed and self._key and at_home:
                    self._add_key(prepared)
                response = self._open(prepared, here.hostname or "")
                if response.status_code not in _REDIRECT:
                    break
                target = urljoin(target, response.headers.get("Location", ""))
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

    def _permitted(self, target: str) -> Any:
        """Return the parts of an address that may be spoken to."""
        parts = urlsplit(target)
        host = parts.hostname or ""
        if host not in self._hosts:
            raise self._error(
                f"was led to {host or 'an address without host'}, which is not one of its hosts",
                "if the provider moved, add the host to its connector",
            )
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
            raise self._error(f"was led to {host} without encryption", "use an https address")
        return parts

    def _add_key(self, prepared: requests.PreparedRequest) -> None:
        value = self._key.get_secret_value() if self._key else ""
        if self.provider.key_header:
            prepared.headers[self.provider.key_header] = value
        elif self.provider.key_param:
            prepared.prepare_url(prepared.url, {self.provider.key_param: value})

    def _open(self, prepared: requests.PreparedRequest, host: str) -> requests.Response:
        """Send and read as far as the headers."""
        self.asked += 1
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
            problem = ""
        except requests.exceptions.SSLError as error:
            raise self._error(
                f"{host} could not prove its identity ({short(error)})",
                "check the clock and the certificate store; verification cannot be turned off",
            ) from None
        except requests.exceptions.Timeout:
            raise Passing(f"no answer within {self.provider.read_s:g} s", damaged=True) from None
        except (requests.exceptions.ConnectionError, OSError) as error:
            problem = f"cannot reach {host} ({short(error)})"
        except requests.exceptions.RequestException as error:
            raise self._error(
                f"the request is not possible ({short(error)})", "report it"
            ) from None
        if self._watch.fired:
            raise Passing(f"no answer within {self.provider.body_s:g} s", damaged=True)
        raise Passing(problem)

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
        if good and status == 200 and not matches(kind, media):
            start = self._head(response)
            raise self._error(
                f"answered with {kind or 'no media type'} where {media[0]} was expected{start}",
                "the service may be down or have changed; try again later",
            )
        if good and to_file is not None:
            save_body(pieces(response, self.provider.max_bytes), to_file)
            body = b""
        else:
            # What is only looked at for its message need not be long.
            limit = self.provider.max_bytes if good else min(self.provider.max_bytes, 1 << 20)
            try:
                body = redact_bytes(b"".join(pieces(response, limit)))
            except BodyTooLarge as error:
                if good:
                    raise self._error(
                        f"the answer is larger than agreed ({error})",
                        "ask for less at once, or raise "
                        f"MARKETINTEL_{self.provider.source.upper()}_MAX_BYTES",
                    ) from None
                body = b""
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
        return self._error(what, todo)

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
