"""A provider on this machine: replays good, broken and hostile answers over real HTTP.

Use::

    with Server() as server:
        server.add("/data", json={"count": 0})                  # every request
        server.add("/flaky", status=500).then(json={"ok": 1})   # 500 once, then good for ever
        server.route("/api", lambda request: Reply(json=…))     # computed; prefix match
        client = Client(replace(PROVIDER, base=server.url, hosts=(), min_interval_s=0))

``server.requests`` has what was asked: method, path, query (dict of last values), headers, body,
and the query as it was sent (``url_query``).
A path without an answer gives 404. :class:`FakeClock` is time without waiting.
"""

import gzip
import json as jsonlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from marketintel.sources.http.retry import Clock


@dataclass
class Request:
    """A request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    url_query: str = ""

    def json(self) -> Any:
        return jsonlib.loads(self.body)


@dataclass
class Reply:
    """An answer and the ways in which it goes wrong.

    Parameters
    ----------
    json, body : object, bytes
        Content; ``json`` also sets the media type.
    gzipped : bool
        Compress, and say so.
    cut_after : int, optional
        Announce the whole length, send so many bytes, close the connection.
    drip_s : float, optional
        Send one byte, wait, send one byte …
    drip_headers_s : float, optional
        The same for the headers.
    delay_s : float, optional
        Say nothing for so long first.
    chunked : bool
        Use chunked transfer instead of Content-Length; with ``cut_after`` it never ends.
    raw_length : str, optional
        Content-Length as sent, whatever the length is; the connection ends with the body.
    """

    status: int = 200
    json: Any = None
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    gzipped: bool = False
    cut_after: int | None = None
    drip_s: float | None = None
    drip_headers_s: float | None = None
    delay_s: float = 0
    chunked: bool = False
    raw_length: str | None = None

    def content(self) -> bytes:
        raw = jsonlib.dumps(self.json).encode() if self.json is not None else self.body
        return gzip.compress(raw) if self.gzipped else raw

    def media(self) -> str:
        return self.content_type or ("application/json" if self.json is not None else "text/plain")


Handler = Callable[[Request], Reply]


class Route:
    """Answers given one after another; the last one for ever."""

    def __init__(self, reply: Reply) -> None:
        self.replies = [reply]

    def then(self, **reply: Any) -> "Route":
        self.replies.append(Reply(**reply))
        return self

    def __call__(self, request: Request) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class Server:
    """A local HTTP server; ``url`` is its address. Use as a context manager."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._exact: dict[str, Handler] = {}
        self._prefix: dict[str, Handler] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        owner = self

        class Serve(_Serve):
            server_of = owner

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Serve)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> "Server":
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()

    def add(self, path: str, **reply: Any) -> Route:
        """Answer ``path`` with ``Reply(**reply)``."""
        route = Route(Reply(**reply))
        self._exact[path] = route
        return route

    def route(self, prefix: str, handler: Handler) -> None:
        """Answer everything under ``prefix`` with what ``handler`` makes of the request."""
        self._prefix[prefix] = handler

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            if request.path in self._exact:
                return self._exact[request.path](request)
        for prefix in sorted(self._prefix, key=len, reverse=True):
            if request.path.startswith(prefix):
                return self._prefix[prefix](request)
        return Reply(404, json={"statusCode": 404, "message": "Resource not found"})

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the test."""
        self._stopped.wait(seconds)


class _Serve(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms for an acknowledgement
    server_of: Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.command, parts.path, query, dict(self.headers.items()), self.rfile.read(length),
            parts.query,
        )  # fmt: skip
        try:
            self._give(self.server_of.answer(request))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_POST = do_GET

    def _give(self, reply: Reply) -> None:
        content = reply.content()
        self.server_of.pause(reply.delay_s) if reply.delay_s else None
        if reply.drip_headers_s is not None:
            self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 10_000, reply.drip_headers_s)
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media())
        if reply.gzipped:
            self.send_header("Content-Encoding", "gzip")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.raw_length is not None:
            self.send_header("Content-Length", reply.raw_length)
            self.send_header("Connection", "close")
            self.close_connection = True
        elif reply.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if reply.drip_s is not None:
            self._drip(content, reply.drip_s)
        elif reply.cut_after is not None:
            part = content[: reply.cut_after]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if reply.chunked else part)
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif reply.chunked:
            for i in range(0, len(content), 1 << 14):
                part = content[i : i + (1 << 14)]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        elif reply.status != 204:
            self.wfile.write(content)

    def _drip(self, content: bytes, seconds: float) -> None:
        for i in range(len(content)):
            self.wfile.write(content[i : i + 1])
            self.wfile.flush()
            self.server_of.pause(seconds)
            if self.server_of._stopped.is_set():
                return
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


class FakeClock(Clock):
    """Time that passes only by sleeping; ``slept`` lists the waits."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []
        super().__init__(lambda: self.at, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Poll until ``condition`` holds; fail if it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "condition not met in time"
        time.sleep(0.005)
