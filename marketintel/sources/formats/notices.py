"""Providers' notices in place of data: no data, request too big, queued, error.

They come as SOAP faults, SDMX error messages, SDMX footers, ``<wits:error>`` and JSON, with status
200 as well as 4xx. :func:`notice` reads them all, so that "no data" becomes an empty frame, "too
big" a split, "queued" a wait, and only the rest an error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree.ElementTree import Element  # type only; the reader is defusedxml

from marketintel.errors import Refused
from marketintel.sources.formats.tidy import as_list, is_markup, json_of, snippet, text_of, xml_of

Kind = Literal["empty", "too_big", "queued", "ready", "error"]

_EMPTY = re.compile(
    r"no[ _]?(matching[ _]?)?(results?|records?|data|observations?)([ _]?(was|were))?[ _]?"
    r"(found|available|match)|\bNO_RESULTS\b|not return any (result|data)|no data (for|exists?)|"
    r"\bno data\W*$",
    re.IGNORECASE,
)
_TOO_BIG = re.compile(
    r"EXTRACTION_TOO_BIG|too (big|large)|large data|exceeds? (the )?(service )?limit", re.I
)
_QUEUED = re.compile(
    r"ASYNCHRONOUS|SUBMITTED|PROCESSING|QUEUED|NOT_YET_AVAILABLE|written to a file"
)
_READY = re.compile(r"\bAVAILABLE\b")
#: Parsing a long answer twice is spared where its beginning has none of these.
_MAY_REFUSE = re.compile(r'"(error|errors|warning|message|title)"', re.IGNORECASE)
#: Words of a refusal, as opposed to "no data", where both come as ``<wits:error>``.
_REFUSED = re.compile(
    r"invalid|not valid|too (big|large|many)|large data|exceed|limit|syntax|denied|forbidden|"
    r"unavailable|internal|unexpected|fail|timed? ?out",
    re.IGNORECASE,
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True)
class Notice:
    """A provider's notice in place of data.

    Attributes
    ----------
    kind : {"empty", "too_big", "queued", "ready", "error"}
        Its consequence: an empty frame, a split, a wait, a download, an error.
    text : str
        The provider's words, on one line.
    request_id : str or None
        Under which a queued answer can be requested.
    """

    kind: Kind
    text: str
    request_id: str | None = None


def notice(body: bytes | str | Mapping[str, Any] | list[Any], source: str) -> Notice | None:
    """Return the notice in ``body``, or None if it looks like data.

    Raises
    ------
    SourceError
        The body is markup that cannot be read.
    """
    if not isinstance(body, bytes | str):
        return _from_json(body)
    text = text_of(body, source).strip()
    if is_markup(text):
        if text[:200].lower().lstrip().startswith(("<!doctype html", "<html")):
            words = _plain(text)
            if len(text) < 2000 and _EMPTY.fullmatch(words.strip(" .:!")):
                return Notice("empty", words)  # nothing but "no records found", dressed as a page
            return Notice("error", f"a web page in place of data: {words}")
        return _from_xml(xml_of(text, source))
    if text.startswith(("{", "[")):
        return _from_json(json_of(text, source)) if _MAY_REFUSE.search(text[:400]) else None
    if len(text) < 400 and "," not in text.partition("\n")[0] and text:
        return _classified(text)
    return None


def refuse(found: Notice, source: str) -> Refused:
    """Return the error of a notice without another consequence."""
    remedies = {
        "too_big": "ask for fewer codes, partners or periods",
        "queued": "the provider prepares it in the background: ask again in some minutes",
    }
    remedy = remedies.get(found.kind, "check the query, or try again later")
    return Refused(f"{source}: the provider answered '{found.text}'; {remedy}")


def _classified(text: str, code: str = "") -> Notice:
    text = snippet(text, 240)
    if _TOO_BIG.search(text):
        return Notice("too_big", text)
    if _QUEUED.search(text):
        return Notice("queued", text)
    if code == "413":
        return Notice("too_big", text)
    if _EMPTY.search(text) or code == "100":
        return Notice("empty", text)
    return Notice("error", text)


def _from_json(body: Any) -> Notice | None:
    if not isinstance(body, Mapping):
        return None
    for field in ("error", "errors", "warning"):
        # A data message may carry warnings, or an empty list of errors, beside its figures.
        if not body.get(field) or "value" in body or body.get("data"):
            continue
        errors = [body[field], body.get("errors")] if body[field] is True else as_list(body[field])
        for error in errors:
            if isinstance(error, Mapping):
                code = str(error.get("id") or error.get("code") or error.get("status") or "")
                words = error.get("label") or error.get("title") or error.get("message") or error
                return _classified(str(words), code)
            if isinstance(error, str):
                return _classified(error)
        return _classified(str(body[field]))
    # A gateway's {"statusCode": 401, "message": …} and its like: words, at most with a code.
    plain = {str(k).lower(): v for k, v in body.items() if isinstance(v, str | int | None)}
    words = next((plain[k] for k in ("message", "detail", "title") if plain.get(k)), None)
    if isinstance(words, str) and len(plain) == len(body):
        return _classified(words, str(plain.get("statuscode") or plain.get("status") or ""))
    return None


def _from_xml(root: Element) -> Notice | None:
    name = _local(root)
    texts = {_local(node): (node.text or "").strip() for node in root.iter()}
    if name == "Fault" or "Fault" in texts:
        return _classified(texts.get("faultstring", "fault"), texts.get("faultcode", ""))
    if "queued" in texts or "asyncResponse" in texts:
        request_id = texts.get("id") or texts.get("key") or ""
        status = texts.get("status", "")
        text = f"queued answer {request_id}: {status}"
        if not _REQUEST_ID.fullmatch(request_id):
            return Notice("error", "a queued answer without a usable id")
        if status in ("SUBMITTED", "PROCESSING", "QUEUED", ""):
            return Notice("queued", text, request_id)
        return Notice("ready" if _READY.fullmatch(status) else "error", text, request_id)
    words = " ".join(part.strip() for part in root.itertext() if part.strip())
    if name == "string" and "<" in words:  # the next one, escaped, where too much was asked for
        words, texts = _plain(words), texts | {"error": ""}
    if name == "error" or "error" in texts:  # <wits:error>: mostly no data, sometimes a refusal
        refused = _REFUSED.search(words) and not _EMPTY.search(words)
        return _classified(words) if refused else Notice("empty", snippet(words) or "no words")
    if name == "Error":
        node = next((n for n in root.iter() if _local(n) == "ErrorMessage"), root)
        return _classified(words, node.get("code", ""))
    footer = next((node for node in root.iter() if _local(node) == "Footer"), None)
    has_data = any(_local(node) in ("Obs", "Series") for node in root.iter())
    if footer is not None and not has_data:
        message = next((n for n in footer.iter() if _local(n) == "Message"), footer)
        words = " ".join(part.strip() for part in footer.itertext() if part.strip())
        return _classified(words, message.get("code", ""))
    return None


def _local(node: Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _plain(page: str) -> str:
    return snippet(re.sub(r"<[^>]*>", " ", page), 100)
