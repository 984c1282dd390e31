"""The one way to the network: a client that cannot hang, be led astray or tell a key.

A connector declares a :class:`~marketintel.sources.http.provider.Provider`, opens a client and asks::

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

``check`` reads an answer before it is kept: what it returns is the answer's ``content``. It raises
``SourceError`` for what it cannot use, be it an error that came with status 200, a figure that is
none or rows nobody asked for, or :class:`RetryLater` to have the request repeated. An answer is
kept in ``store`` only after that; a kept one that ``check`` refuses is asked for again.

Everything that goes wrong is one ``SourceError``: source, what happened, what to do.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

from marketintel.sources.formats.tidy import UNFORESEEN
from marketintel.sources.http.answers import Answer, AnswerStore
from marketintel.sources.http.provider import Provider, user_agent
from marketintel.sources.http.replies import MEDIA, must_parse, short
from marketintel.sources.http.retry import CLOCK, Clock, RetryLater, patiently, trouble
from marketintel.sources.http.wire import Wire
from marketintel.sources.snapshot import strip_secrets

__all__ = ["CLOCK", "Client", "Clock", "RetryLater"]

Params = Mapping[str, str | int | float | Sequence[str]]
Check = Callable[[Answer], Any]


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
    reused : int
        Answers taken from the store.
    used : list of Path
        Files of the answers given so far: to be deleted where it turns out later, from what they
        say together, that one of them is wrong.
    failed : bool
        Whether the last request came to nothing, so that no answer given before it is to blame.
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
        self.reused = 0
        self.used: list[Path] = []
        self.failed = False
        self._wire = Wire(self.provider, clock)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._wire.close()

    @property
    def asked(self) -> int:
        """Requests sent over the network, repetitions included."""
        return self._wire.sent

    @property
    def has_key(self) -> bool:
        """Whether the environment has a key for this provider."""
        return self._wire.has_key

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
        self.failed = True
        if store and place and (kept := self._kept(store, place, max_age_s, check)):
            self.reused += 1
            return self._done(kept, place)
        media = MEDIA[expect] if isinstance(expect, str) else tuple(expect)

        def once() -> Answer:
            try:
                answer = self._wire.send(method, url, sent, body, keyed, accept, media, to_file)
                if answer.status == 200 and expect == "json":
                    must_parse(answer)
                return replace(answer, content=check(answer)) if check else answer
            except (*UNFORESEEN, HTTPException) as error:
                raise trouble(
                    self.provider,
                    f"the answer is not built as expected ({type(error).__name__}: {short(error)})",
                    "try again later; the provider's format may have changed",
                ) from error

        answer = patiently(once, self.provider, self.clock)
        if store and place:
            store.save(place, answer)
        return self._done(answer, place)

    def forget(self) -> None:
        """Delete the kept answers that were given, so that they are asked for again."""
        for file in self.used:
            file.unlink(missing_ok=True)

    def _kept(
        self, store: AnswerStore, place: Path, max_age_s: float | None, check: Check | None
    ) -> Answer | None:
        """Return a kept answer if it can be read today: rules may be stricter than they were."""
        kept = store.load(place, max_age_s)
        try:
            return replace(kept, content=check(kept)) if kept and check else kept
        except Exception:  # whatever is wrong with it, the provider is asked again
            return None

    def _done(self, answer: Answer, place: Path | None) -> Answer:
        self.failed = False
        if place:
            self.used.append(place)
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
