"""Language of a document: words and number signs that the engine itself prints."""

import functools
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_current = ContextVar("language", default="en")


@contextmanager
def used(language: str) -> Iterator[None]:
    """Print in a language within this block."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def words() -> Mapping[str, str]:
    """Return the words of the current language."""
    return _words(_current.get().split("-")[0])


@functools.cache
def _words(language: str) -> Mapping[str, str]:
    known = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return {**known["en"], **known.get(language, {})}


def word(key: str, **values: object) -> str:
    """Return a word or a short sentence of the engine."""
    return words()[key].format(**values)


def number(text: str) -> str:
    """Return a number printed with a point and commas with the signs of the current language."""
    signs = words()
    return text.translate({ord("."): signs["decimal"], ord(","): signs["group"]})
