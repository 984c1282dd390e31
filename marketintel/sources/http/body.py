"""Bounds on one answer's body: time, size, expansion and media type.

``requests`` bounds each silence of a server, not a whole answer, and counts compressed bytes.
Here a watch ends the transfer at its deadline however slowly bytes drip, decompression is
bounded as it goes, and a compressed stream that stops early counts as damaged.
"""

import contextlib
import os
import re
import socket
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from marketintel.sources.http.answers import remove_abandoned

_PIECE = 1 << 16

#: Names for media types; any others may be given instead.
MEDIA = {
    "json": ("application/json", "text/json"),
    "csv": ("text/csv", "application/csv", "text/plain"),
    "xml": ("application/xml", "text/xml"),
    "zip": ("application/zip", "application/x-zip-compressed", "application/octet-stream"),
    "any": (),
}

#: Declared types without meaning; the content is then judged by its first bytes.
VAGUE = frozenset({
    "", "application/octet-stream", "binary/octet-stream", "application/x-download",
    "application/force-download", "application/download", "application/unknown",
})  # fmt: skip


class DamagedBody(Exception):
    """The body is not whole; a repetition may mend it."""


class BodyTooLarge(Exception):
    """The body is longer than agreed; a repetition would not mend it."""


class Watch:
    """Timer that cuts the socket in use when time is up; ``fired`` afterwards."""

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
    """Transport adapter that gives ``watch`` the socket of each answer."""

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
    base = pool.ConnectionCls

    def getresponse(connection: Any, *args: Any, **kwargs: Any) -> Any:
        watch.sock = connection.sock
        return base.getresponse(connection, *args, **kwargs)

    watched = type(base.__name__, (base,), {"getresponse": getresponse})
    return type(pool.__name__, (pool,), {"ConnectionCls": watched})


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
    stream = response.raw.stream(_PIECE, decode_content=False)
    if coding in ("gzip", "x-gzip"):
        stream = _inflate(stream)
    elif coding not in ("", "identity"):
        raise DamagedBody(f"compressed as {coding!r}, which was not asked for")
    size = 0
    try:
        for piece in stream:
            size += len(piece)
            if size > max_bytes:
                raise BodyTooLarge(f"more than {max_bytes:,} bytes after decompression")
            yield piece
    except (urllib3.exceptions.HTTPError, zlib.error, OSError, ValueError) as error:
        raise DamagedBody(f"cut off after {size:,} bytes ({type(error).__name__})") from None


def _inflate(compressed: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress gzip, one bounded piece at a time; several members may follow each other."""
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    empty = True
    for data in compressed:
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


def write_body(body: Iterable[bytes], path: Path) -> None:
    """Write a body to disk as it comes; it takes its name only when it is whole.

    Each writer has a temporary file of its own, so that two processes do not write into one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent.glob(f".{path.name}.*part"))
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(body)
        part.chmod(0o644)  # mkstemp makes private files
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sniff(first: bytes) -> str:
    """Return the media type that the first bytes of a body show; ``text/csv`` for plain text."""
    if first.startswith(b"PK"):
        return "application/zip"
    if first.startswith((b"\xd0\xcf\x11\xe0", b"<stata_dta>")) or b"\0" in first[:512]:
        return "application/octet-stream"
    text = first.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if text.startswith((b"{", b"[")):
        return "application/json"
    if text.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    return "application/xml" if text.startswith(b"<") else "text/csv"


def sniffed_matches(kind: str, media: Sequence[str]) -> bool:
    """Return whether sniffed content is one of the media types expected, whatever its dialect."""
    family = "json" if kind == "application/json" else "xml" if kind == "application/xml" else kind
    return kind in media or any(
        m.endswith(family) or (family == "text/csv" and m.endswith(("csv", "text/plain")))
        for m in media
    )


def declared_matches(kind: str, media: Sequence[str]) -> bool:
    """Return whether a declared media type is one of those expected (none: all are)."""
    return not media or kind in media or ("application/json" in media and kind.endswith("+json"))
