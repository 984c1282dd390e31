"""HTTP client with time limits, a host allow-list and redaction of API keys.

A connector declares a :class:`~marketintel.sources.http.provider.Provider`, opens a client and
sends requests::

    PROVIDER = Provider("worldbank", "https://api.worldbank.org/v2", min_interval_s=0.5)

    with Client(PROVIDER, store=AnswerStore(directory)) as client:
        answer = client.get("/country/USA/indicator/SP.POP.TOTL", {"format": "json"}, check=check)
        rows = answer.json()[1]

Every request gets: TLS verification; plain http only to this machine; redirects only to
declared hosts, the key never sent along to another one; limits on connecting, on silence, on the
whole answer and on its decompressed size; a least interval between requests to a host; status
429, 500, 502, 503, 504, lost connections and cut bodies repeated with backoff and jitter as
``urllib3.Retry`` computes it, ``Retry-After`` obeyed in seconds, as a date, or in the sentence
"Try again in N seconds"; a bound on all waiting together; the media type checked before the
body is believed, JSON parsed before the answer counts as good.

``check`` reads an answer before it is stored; its result is the answer's ``content``. It raises
``SourceError`` for an unusable answer, be it an error that came with status 200, a figure that is
none or rows that were not requested, or :class:`~marketintel.sources.http.retry.RetryLater` to have
the request repeated. A stored answer that ``check`` refuses is requested again.

Every failure is one ``SourceError``: source, what happened, what to do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from marketintel.sources.http.answers import UNFORESEEN, Answer, AnswerStore, one_line
from marketintel.sources.http.body import MEDIA
from marketintel.sources.http.provider import Provider, strip_secrets, user_agent
from marketintel.sources.http.retry import CLOCK, Clock, with_retries
from marketintel.sources.http.wire import Request, Wire

Params = Mapping[str, str | int | float | Sequence[str]]
Check = Callable[[Answer], Any]


class Client:
    """Session with one provider.

    Parameters
    ----------
    provider : Provider
        Settings of the environment are applied here.
    store : AnswerStore, optional
        Store of good answers, looked up first.
    clock : Clock, optional
        Injectable time.
    on_answer : callable, optional
        Called with every good answer, sent or stored: for a progress bar.

    Attributes
    ----------
    reused : int
        Answers taken from the store.
    used : list of Path
        Files of the answers given so far: to be deleted where they turn out, taken together, to
        be wrong.
    failed : bool
        Whether the last request failed, so that no answer given before it is to blame.
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

    def __exit__(self, *_: object) -> None:
        self._wire.close()

    @property
    def requests_sent(self) -> int:
        """Requests sent over the network, repetitions included."""
        return self._wire.requests_sent

    @property
    def has_key(self) -> bool:
        """True if the environment has a key for this provider."""
        return self._wire.key is not None

    def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        expect: str | Sequence[str] = "json",
        accept: Sequence[int] = (200,),
        check: Check | None = None,
        max_age_s: float | None = None,
        keep: bool = True,
        keyed: bool = True,
        to_file: Path | None = None,
    ) -> Answer:
        """Send a GET request, or return its stored answer.

        Parameters
        ----------
        path : str
            Appended to the provider's base; or a whole address at one of its hosts.
        params : mapping, optional
            Query; lists are joined by commas. Never a key: that is added here.
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
            An older stored answer is requested again.
        keep : bool
            Whether to use the store at all.
        keyed : bool
            Whether to send the key, if there is one.
        to_file : Path, optional
            Write the body there (whole and at once, or not at all) instead of into memory;
            such answers are not stored, and their ``body`` is empty.

        Raises
        ------
        SourceError
            One line: source, what happened, what to do.
        """
        sent = {"Accept-Encoding": "gzip", "User-Agent": user_agent(), "Accept": "*/*"}
        sent.update(headers or {})
        media = MEDIA[expect] if isinstance(expect, str) else tuple(expect)
        request = Request(self._address(path, params), sent, keyed, accept, media, to_file)
        store = self.store if keep and to_file is None else None
        file = store.path(request.url, sent["Accept"]) if store else None
        self.failed = True
        if store and file and (stored := _usable(store.load(file, max_age_s), check)):
            self.reused += 1
            return self._done(stored, file)

        def attempt() -> Answer:
            try:
                answer = self._wire.send(request)
                if answer.status == 200 and expect == "json":
                    answer.check_json()
                return replace(answer, content=check(answer)) if check else answer
            except (*UNFORESEEN, HTTPException) as error:
                raise self.provider.error(
                    "the answer is not built as expected "
                    f"({type(error).__name__}: {one_line(error)})",
                    "try again later; the provider's format may have changed",
                ) from error

        answer = with_retries(attempt, self.provider, self.clock)
        if store and file:
            store.save(file, answer)
        return self._done(answer, file)

    def forget(self) -> None:
        """Delete the stored answers given so far, so that they are requested again."""
        for file in self.used:
            file.unlink(missing_ok=True)

    def is_stored(self, path: str, params: Params | None = None) -> bool:
        """Return whether the store has a valid answer to a plain GET."""
        if self.store is None:
            return False
        file = self.store.path(self._address(path, params), "*/*")
        return self.store.load(file) is not None

    def _done(self, answer: Answer, file: Path | None) -> Answer:
        self.failed = False
        if file:
            self.used.append(file)
        if self.on_answer:
            self.on_answer(answer)
        return answer

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


def _usable(stored: Answer | None, check: Check | None) -> Answer | None:
    """Return a stored answer if ``check``, which may be stricter than it was, accepts it."""
    try:
        return replace(stored, content=check(stored)) if stored and check else stored
    except Exception:  # whatever is wrong with it, the request is sent again
        return None


def with_query(path: str, params: Iterable[tuple[str, str]]) -> str:
    """Return ``path`` with a query in which a name may stand more than once."""
    query = urlencode(list(params), safe=",:;*+")
    return f"{path}?{query}" if query else path
