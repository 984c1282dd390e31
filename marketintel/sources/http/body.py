"""Reading one answer's body without trusting it: bounded in time, size and expansion.

``requests`` bounds each silence of a server, not a whole answer, and counts compressed bytes.
Here a watch ends the transfer at its deadline however slowly bytes drip, decompression is
bounded as it goes, and a compressed stream that stops early is told from one that is complete.
"""

import contextlib
import re
import socket
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_PIECE = 1 << 16


class DamagedBody(Exception):
    """The body is not whole; asking again may help."""


class BodyTooLarge(Exception):
    """The body is longer than agreed; asking again would not help."""


class Watch:
    """Cuts the socket in use when time is up; ``fired`` tells afterwards."""

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self.fired = False
        self._timer: threading.Timer | None = None

    def start(self, seconds: float) -> None:
        """Begin to count; the socket may become known later."""
        self.sock, self.fired = None, False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Stop counting."""
        if self._timer:
            self._timer.cancel()

    def _cut(self) -> None:
        self.fired = True
        if self.sock is not None:
            # Not SSLSocket.shutdown, which would pull the TLS state from under the reader.
            with contextlib.suppress(OSError):  # already closed is what was wanted
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class WatchedAdapter(HTTPAdapter):
    """A transport adapter that tells ``watch`` which socket each answer comes through."""

    def __init__(self, watch: Watch) -> None:
        self._pools = {
            "http": _watched_pool(HTTPConnectionPool, watch),
            "https": _watched_pool(HTTPSConnectionPool, watch),
        }
        # Repetition is decided one level up, where a body cut short is seen too.
        super().__init__(max_retries=urllib3.Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: D102
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _watched_pool(pool: Any, watch: Watch) -> Any:
    class Connection(pool.ConnectionCls):
        def getresponse(self, *args: Any, **kwargs: Any) -> Any:
            watch.sock = self.sock
            return super().getresponse(*args, **kwargs)

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


def pieces(response: requests.Response, max_bytes: int) -> Iterator[bytes]:
    """Yield the decompressed body in pieces of bounded size.

    Raises
    ------
    DamagedBody
        It is shorter than announced, or its compression does not come to an end.
    BodyTooLarge
        More than ``max_bytes`` after decompression.
    """
    announced = response.headers.get("Content-Length", "")
    if re.fullmatch(r"[0-9]{1,40}", announced) and int(announced) > max_bytes:
        raise BodyTooLarge(f"{int(announced):,} bytes announced")
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    wire = response.raw.stream(_PIECE, decode_content=False)
    if coding in ("gzip", "x-gzip"):
        plain = _inflate(wire)
    elif coding in ("", "identity"):
        plain = wire
    else:
        raise DamagedBody(f"compressed as {coding!r}, which was not asked for")
    seen = 0
    try:
        for piece in plain:
            seen += len(piece)
            if seen > max_bytes:
                raise BodyTooLarge(f"more than {max_bytes:,} bytes after decompression")
            yield piece
    except (urllib3.exceptions.HTTPError, zlib.error, OSError, ValueError) as error:
        raise DamagedBody(f"cut off after {seen:,} bytes ({type(error).__name__})") from None


def _inflate(wire: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress gzip, one bounded piece at a time; several members may follow each other."""
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    empty = True
    for data in wire:
        empty = False
        while data:
            if inflater.eof:
                inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            piece = inflater.decompress(data, _PIECE)
            yield piece
            while len(piece) == _PIECE and not inflater.unconsumed_tail and not inflater.eof:
                piece = inflater.decompress(b"", _PIECE)
                yield piece
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if not (empty or inflater.eof):
        raise DamagedBody("the compressed stream stops before its end")
