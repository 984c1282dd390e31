"""Answers kept on disk, one file a request, so that an interrupted fetch goes on where it was.

A general HTTP cache would do more than is wanted and less than is needed: here an answer is
kept only after its connector accepted it (providers send errors with status 200), a kept answer
is valid until the plan says otherwise, never because of a cache header, and each file is
something a person can read: ``zcat FILE | head -1`` shows address, parameters and time.

Files are written whole under a temporary name and renamed, so a killed process leaves no half
answer, and two processes that ask for the same thing leave one good file. The name is the
checksum of the request without keys; the gzip checksum proves the content when it is read back.
"""

import gzip
import hashlib
import json
import time
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marketintel.files import write_atomic

_ABANDONED_S = 24 * 3600
#: How far ahead of this machine's clock an answer may be dated.
_SKEW_S = 60.0
#: Longest number read: one with more digits is no figure, and may be no float.
_LONGEST_NUMBER = 40


def strict_json(text: str | bytes) -> Any:
    """Return parsed JSON; what JSON or a figure cannot be is a ``ValueError``.

    Refused are ``NaN`` and ``Infinity``, numbers beyond a float or of absurd length, and halves of
    surrogate pairs, which no file can hold.
    """
    parsed = json.loads(text, parse_constant=_number, parse_float=_number, parse_int=_whole)
    if "\\ud" in (text if isinstance(text, str) else text.decode("utf-8", "ignore")).lower():
        json.dumps(parsed, ensure_ascii=False).encode()
    return parsed


def _number(text: str) -> float:
    value = float(text)
    if not abs(value) < float("inf"):
        raise ValueError(f"{text[:20]} is not a number of JSON")
    return value


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


@dataclass(frozen=True)
class Answer:
    """A provider's answer to one request.

    Attributes
    ----------
    url : str
        Full address, without key.
    status : int
        HTTP status.
    content_type : str
        As declared, lower case, without parameters.
    body : bytes
        Decompressed content; a key the provider quoted in it is blanked.
    retrieved_at : datetime
        When it came over the network (UTC).
    from_store : bool
        True if nothing was asked this time.
    content : object
        What the connector's ``check`` made of it.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    retrieved_at: datetime
    from_store: bool = False
    content: Any = None

    def text(self) -> str:
        """Return the body as text (UTF-8, with or without byte order mark)."""
        return self.body.decode("utf-8-sig")

    def json(self) -> Any:
        """Return the body as parsed JSON."""
        return strict_json(self.body)


class AnswerStore:
    """The answers kept for one source.

    Parameters
    ----------
    directory : Path
        Made when the first answer is kept. It ignores itself in version control, because the
        terms of some sources forbid passing raw answers on.
    max_age_s : float or None
        Answers older than this are asked for again; None keeps them for ever.
    """

    def __init__(self, directory: Path, max_age_s: float | None = None) -> None:
        self.directory = directory
        self.max_age_s = max_age_s

    def path(self, method: str, url: str, payload: bytes = b"", accept: str = "") -> Path:
        """Return where the answer to a request is, or would be; ``url`` is without key."""
        request = "\n".join((method, url, accept, payload.hex()))
        name = hashlib.sha256(request.encode()).hexdigest()
        return self.directory / name[:2] / f"{name}.gz"

    def load(self, path: Path, max_age_s: float | None = None) -> Answer | None:
        """Return a kept answer, or None: there is none, it is damaged, too old or of tomorrow."""
        try:
            head, _, body = gzip.decompress(path.read_bytes()).partition(b"\n")
            meta = json.loads(head)
            answer = Answer(
                meta["url"], meta["status"], meta["content_type"], body,
                datetime.fromisoformat(meta["retrieved_at"]), from_store=True,
            )  # fmt: skip
            age = (datetime.now(UTC) - answer.retrieved_at).total_seconds()
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, RecursionError):
            return None  # absent or damaged: simply asked for again
        limit = self.max_age_s if max_age_s is None else max_age_s
        return answer if age >= -_SKEW_S and (limit is None or age <= limit) else None

    def save(self, path: Path, answer: Answer) -> None:
        """Keep an accepted answer, in one step."""
        meta = {
            "url": answer.url,
            "status": answer.status,
            "content_type": answer.content_type,
            "retrieved_at": answer.retrieved_at.isoformat(timespec="seconds"),
        }
        ignore = self.directory / ".gitignore"
        if not ignore.exists():
            write_atomic(ignore, b"*\n")
        whole = json.dumps(meta).encode() + b"\n" + answer.body
        write_atomic(path, gzip.compress(whole, compresslevel=6, mtime=0))

    def sweep(self) -> None:
        """Delete temporary files that processes killed more than a day ago left behind."""
        for part in self.directory.glob("*/.*.part"):
            try:
                if time.time() - part.stat().st_mtime > _ABANDONED_S:
                    part.unlink()
            except FileNotFoundError:
                continue  # another process was quicker
