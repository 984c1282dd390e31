"""What an answer means before a connector looks at it: media type, error text, time to wait."""

import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import urllib3

from marketintel.sources.http.answers import Answer
from marketintel.sources.http.provider import redact

_SENTENCE = re.compile(r"try again in (\d+) second", re.IGNORECASE)
_LONGEST = 160
#: Seconds without a new byte after which nobody writes a part any more.
_ABANDONED_S = 24 * 3600

#: Names for media types; any others may be given instead.
MEDIA = {
    "json": ("application/json", "text/json"),
    "csv": ("text/csv", "application/csv", "text/plain"),
    "xml": ("application/xml", "text/xml"),
    "zip": ("application/zip", "application/x-zip-compressed", "application/octet-stream"),
    "any": (),
}


#: Declared types that say nothing of the content, which is then judged by its first bytes.
VAGUE = frozenset({
    "", "application/octet-stream", "binary/octet-stream", "application/x-download",
    "application/force-download", "application/download", "application/unknown",
})  # fmt: skip


def sniffed(first: bytes) -> str:
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


def fits(kind: str, media: Sequence[str]) -> bool:
    """Return whether sniffed content is one of the media types expected, whatever its dialect."""
    family = "json" if kind == "application/json" else "xml" if kind == "application/xml" else kind
    return kind in media or any(
        m.endswith(family) or (family == "text/csv" and m.endswith(("csv", "text/plain")))
        for m in media
    )


class Passing(Exception):
    """A trouble that may be over the next time.

    Attributes
    ----------
    after_s : float or None
        How long the provider asks to wait.
    cause : Exception
        For ``urllib3.Retry``, which counts by kind: lost connections and refusals up to its
        total, answers that are damaged or too slow only twice.
    offline : bool
        Whether there is no way to the host at all: asked once more only.
    """

    def __init__(
        self,
        what: str,
        after_s: float | None = None,
        damaged: bool = False,
        offline: bool = False,
    ) -> None:
        super().__init__(redact(what))
        self.offline = offline
        self.after_s = after_s
        self.cause = OSError(what) if damaged else urllib3.exceptions.ProtocolError(what)


def must_parse(answer: Answer) -> None:
    """Raise ``Passing`` where an answer is not whole JSON: most often it was cut on its way."""
    try:
        answer.json()
    except (ValueError, RecursionError) as error:
        problem = f"the answer is not whole JSON ({len(answer.body):,} bytes: {short(error)})"
        raise Passing(problem, damaged=True) from None


def matches(kind: str, media: Sequence[str]) -> bool:
    """Return whether a declared media type is one of those expected (none: all are)."""
    return not media or kind in media or ("application/json" in media and kind.endswith("+json"))


def retry_after(header: str | None, body: bytes) -> float | None:
    """Return the seconds to wait, from the header or from Comtrade's sentence."""
    try:
        if header:
            return min(1e9, urllib3.Retry(retry_after_max=10**9).parse_retry_after(header))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        pass  # a header without meaning is as good as none
    found = _SENTENCE.search(body.decode("utf-8", "replace"))
    return float(found[1]) if found else None


def message(body: bytes) -> str:
    """Return what an error body says, in one short line without markup and keys."""
    text = body.decode("utf-8", "replace")
    try:
        held = json.loads(text)
        if isinstance(held, dict):
            named = (held.get(name) for name in ("message", "error", "detail", "title"))
            text = next((str(value) for value in named if value), text)
    except (ValueError, RecursionError):
        text = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", text)
    return short(text)


def short(text: object) -> str:
    """Return a text as one line of bounded length, without keys."""
    line = " ".join(redact(str(text)).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def to_file(body: Iterable[bytes], path: Path) -> None:
    """Write a body to disk as it comes; it takes its name only when it is whole.

    Each writer has a part of its own, so that two processes do not write into one file. What a
    killed process left behind goes when nobody can be writing it any more.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.*part"):
        with contextlib.suppress(FileNotFoundError):  # another process was quicker
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                left.unlink()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(body)
        part.chmod(0o644)  # mkstemp makes private files
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
