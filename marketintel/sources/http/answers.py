"""Answers of providers, and the store of accepted answers that lets an interrupted fetch resume.

A general HTTP cache would not do: an answer is stored only after its connector accepted it
(providers send errors with status 200), a stored answer is valid until the plan says otherwise,
never because of a cache header, and a person can read each file: ``zcat FILE | head -1`` shows
address and time.

Files are written whole under a temporary name and renamed, so a killed process leaves no half
answer. The name is the checksum of the request without keys; the gzip checksum proves the content
when it is read back.
"""

import contextlib
import gzip
import hashlib
import json
import re
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marketintel.files import write_atomic
from marketintel.sources.http.provider import redact
from marketintel.sources.http.retry import RetryLater

_ABANDONED_S = 24 * 3600
#: How far ahead of this machine's clock an answer may be dated.
_SKEW_S = 60.0
#: Digits of the longest number read: a longer one is no figure, and may be no float.
_MAX_DIGITS = 40
_MAX_MESSAGE = 160

#: Exceptions raised when a value of another shape is walked through.
UNFORESEEN = (
    TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError,
)  # fmt: skip


def strict_json(text: str | bytes) -> Any:
    """Return parsed JSON; ``ValueError`` for content that neither JSON nor a figure can have.

    Refused are ``NaN`` and ``Infinity``, numbers beyond a float or of absurd length, and halves of
    surrogate pairs, which no file can hold.
    """
    parsed = json.loads(text, parse_constant=_float, parse_float=_float, parse_int=_int)
    if "\\ud" in (text if isinstance(text, str) else text.decode("utf-8", "ignore")).lower():
        json.dumps(parsed, ensure_ascii=False).encode()
    return parsed


def _float(text: str) -> float:
    value = float(text)
    if not abs(value) < float("inf"):
        raise ValueError(f"{text[:20]} is not a number of JSON")
    return value


def _int(text: str) -> int:
    if len(text) > _MAX_DIGITS:
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
        True if no request was sent this time.
    content : object
        Result of the connector's ``check``.
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

    def check_json(self) -> None:
        """Raise :class:`RetryLater` where the body is not whole JSON: mostly it was cut short."""
        try:
            self.json()
        except (ValueError, RecursionError) as error:
            raise RetryLater(
                f"the answer is not whole JSON ({len(self.body):,} bytes: {one_line(error)})",
                damaged=True,
            ) from None


def error_text(body: bytes) -> str:
    """Return the message of an error body, in one short line without markup and keys."""
    text = body.decode("utf-8", "replace")
    try:
        fields = json.loads(text)
        if isinstance(fields, dict):
            messages = (fields.get(name) for name in ("message", "error", "detail", "title"))
            text = next((str(message) for message in messages if message), text)
    except (ValueError, RecursionError):
        text = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", text)
    return one_line(text)


def one_line(text: object) -> str:
    """Return a text as one line of bounded length, without keys."""
    line = " ".join(redact(str(text)).split())
    return line if len(line) <= _MAX_MESSAGE else line[: _MAX_MESSAGE - 1] + "…"


class AnswerStore:
    """Store of one source's accepted answers, one file a request.

    Parameters
    ----------
    directory : Path
        Made when the first answer is stored. It ignores itself in version control, because the
        terms of some sources forbid passing raw answers on.
    max_age_s : float or None
        Older answers are requested again; None keeps them for ever.
    """

    def __init__(self, directory: Path, max_age_s: float | None = None) -> None:
        self.directory = directory
        self.max_age_s = max_age_s

    def path(self, url: str, accept: str) -> Path:
        """Return the file of the answer to a GET request; ``url`` is without key."""
        request = f"GET\n{url}\n{accept}\n"
        name = hashlib.sha256(request.encode()).hexdigest()
        return self.directory / name[:2] / f"{name}.gz"

    def load(self, path: Path, max_age_s: float | None = None) -> Answer | None:
        """Return a stored answer; None if there is none, or it is damaged, too old or of tomorrow."""
        try:
            head, _, body = gzip.decompress(path.read_bytes()).partition(b"\n")
            meta = json.loads(head)
            answer = Answer(
                meta["url"], meta["status"], meta["content_type"], body,
                datetime.fromisoformat(meta["retrieved_at"]), from_store=True,
            )  # fmt: skip
            age = (datetime.now(UTC) - answer.retrieved_at).total_seconds()
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, RecursionError):
            return None
        limit = self.max_age_s if max_age_s is None else max_age_s
        return answer if age >= -_SKEW_S and (limit is None or age <= limit) else None

    def save(self, path: Path, answer: Answer) -> None:
        """Store an accepted answer, in one step."""
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
        """Delete temporary files that killed processes left behind more than a day ago."""
        remove_abandoned(self.directory.glob("*/.*.part"))


def remove_abandoned(parts: Iterable[Path]) -> None:
    """Delete temporary files without a new byte for a day: nobody writes them any more."""
    for part in parts:
        with contextlib.suppress(FileNotFoundError):  # another process was quicker
            if time.time() - part.stat().st_mtime > _ABANDONED_S:
                part.unlink()
