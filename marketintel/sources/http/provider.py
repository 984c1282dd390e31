"""A provider's hosts, pace, limits and key, with redaction of keys.

Pace and limits can be changed without code through ``MARKETINTEL_<SOURCE>_…`` variables; keys come
from the environment only, and leave this module only for one request.
"""

import ipaddress
import logging
import os
import re
from dataclasses import dataclass, replace
from json import dumps
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from marketintel.errors import SourceError, UsageError
from marketintel.version import VERSION

MIB = 1 << 20

#: Variables that hold providers' keys: the only secrets that this package reads.
KEY_VARIABLES = CENSUS_KEY, COMTRADE_KEY, WTO_KEY = ("CENSUS_KEY", "COMTRADE_KEY", "WTO_KEY")

#: Query parameters under which providers expect a secret; never written to disk.
SECRET_PARAMETERS = frozenset(
    {"key", "apikey", "api_key", "api-key", "subscription-key", "token", "access_token", "appid"}
)

#: Every key read so far in this process, for :func:`redact`.
_secrets: set[str] = set()


@dataclass(frozen=True)
class Provider:
    """Address, pace, limits and key of a statistics provider.

    Attributes
    ----------
    source : str
        Identifier, as in messages, folders and ``MARKETINTEL_<SOURCE>_…`` variables.
    base : str
        Address that request paths are appended to; https, or http on the loopback interface.
    hosts : tuple of str
        Further hosts a redirect may lead to.
    min_interval_s : float
        Least time between two requests to one host.
    key_env, key_header, key_param : str or None
        Variable that holds the key, and the header (preferred) or parameter that carries it.
    key_rule : {"none", "optional", "required"}
        Whether the provider answers without a key.
    sign_up : str
        Where a key is had.
    key_trouble : str or None
        Header of an answer or redirect that reports a missing or wrong key.
    max_bytes : int
        Largest body accepted, counted after decompression.
    connect_s, read_s, body_s : float
        Limits for connecting, for one silence, and for a whole answer from request to last byte.
    patience_s : float
        Most time spent on one request, waits and repetitions included.
    attempts : int
        Most times one request is sent.
    """

    source: str
    base: str
    hosts: tuple[str, ...] = ()
    min_interval_s: float = 1.0
    key_env: str | None = None
    key_header: str | None = None
    key_param: str | None = None
    key_rule: str = "none"
    sign_up: str = ""
    key_trouble: str | None = None
    max_bytes: int = 256 * MIB
    connect_s: float = 10.0
    read_s: float = 60.0
    body_s: float = 300.0
    patience_s: float = 900.0
    attempts: int = 6

    def configured(self) -> "Provider":
        """Return this provider with the settings of the environment.

        ``MARKETINTEL_<SOURCE>_URL`` replaces the base address and with it all allowed hosts;
        ``…_INTERVAL_S``, ``…_PATIENCE_S`` and ``…_MAX_BYTES`` replace those numbers.

        Raises
        ------
        UsageError
            A value is not usable.
        """
        prefix = f"MARKETINTEL_{self.source.upper()}_"
        changes: dict[str, object] = {}
        if url := os.environ.get(prefix + "URL"):
            changes = {"base": url, "hosts": ()}
        for name, field in (
            ("INTERVAL_S", "min_interval_s"),
            ("PATIENCE_S", "patience_s"),
            ("MAX_BYTES", "max_bytes"),
        ):
            if text := os.environ.get(prefix + name):
                if not re.fullmatch(r"\d+(\.\d+)?", text):
                    raise UsageError(
                        f"{prefix}{name}={text!r} is not a number; correct or unset it"
                    )
                changes[field] = int(float(text)) if field == "max_bytes" else float(text)
        return replace(self, **changes)  # type: ignore[arg-type]

    def allowed_hosts(self) -> frozenset[str]:
        """Return the hosts of the base address and of permitted redirects."""
        return frozenset({urlsplit(self.base).hostname or "", *self.hosts})

    def key_wanted(self) -> str:
        """Return how to get a missing key; "" where there is one, or none is needed."""
        if self.key_rule == "none" or self.key() is not None:
            return ""
        return f"set {self.key_env} (a key is free at {self.sign_up})"

    def key(self) -> SecretStr | None:
        """Return the key, if the environment has one."""
        return secret(self.key_env) if self.key_env else None

    def error(
        self, problem: str, remedy: str, kind: type[SourceError] = SourceError
    ) -> SourceError:
        """Return an error of one line: source, what happened, what to do; no key in it."""
        return kind(redact(f"{self.source}: {problem}; {remedy}"))


def secret(variable: str) -> SecretStr | None:
    """Read a key from the environment and remember it for :func:`redact`.

    Raises
    ------
    UsageError
        The value cannot be a key. The message does not contain it.
    """
    value = os.environ.get(variable, "").strip()
    if not value:
        return None
    if not re.fullmatch(r"[!-~]{8,512}", value):
        raise UsageError(
            f"{variable} does not look like a key (8 or more printable characters, no spaces); "
            "correct or unset it"
        )
    _secrets.add(value)
    return SecretStr(value)


def redact(text: str) -> str:
    """Return ``text`` with every known key blanked, however it is quoted."""
    for form in _quoted_secrets():
        text = text.replace(form, "***")
    return text


def redact_bytes(body: bytes) -> bytes:
    """Return ``body`` with every known key blanked."""
    for form in _quoted_secrets():
        body = body.replace(form.encode(), b"***")
    return body


def _quoted_secrets() -> list[str]:
    """Return known keys in each quoting, the longest first: one key may begin like another."""
    forms = {
        form
        for value in _secrets
        for form in (value, quote(value, safe=""), quote_plus(value), dumps(value)[1:-1])
    }
    return sorted(forms, key=len, reverse=True)


def strip_secrets(url: str) -> str:
    """Return ``url`` without the query parameters that carry a key.

    Examples
    --------
    >>> strip_secrets("https://api.census.gov/data?get=A&key=abc")
    'https://api.census.gov/data?get=A'
    """
    parts = urlsplit(url)
    if not parts.query:
        return url
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True)
            if k.lower() not in SECRET_PARAMETERS]  # fmt: skip
    return urlunsplit(parts._replace(query=urlencode(kept, safe=",:;*")))


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is this machine, the only place where plain http is allowed."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def user_agent() -> str:
    """Return the User-Agent header; ``MARKETINTEL_CONTACT`` adds an address to write to."""
    contact = os.environ.get("MARKETINTEL_CONTACT", "").strip()
    return f"marketintel/{VERSION}" + (f" ({contact})" if contact.isascii() and contact else "")


class _Redaction(logging.Filter):
    """Filter that blanks keys in log records, also in those of the libraries underneath."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


for _name in ("marketintel.sources", "urllib3.connectionpool", "urllib3.util.retry", "urllib3"):
    logging.getLogger(_name).addFilter(_Redaction())
