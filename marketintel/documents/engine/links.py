"""Links of a report: live only if they lead, over https, to a host that a reference file names.

Names and texts from data are escaped and make no links; this holds if one were not.
"""

import functools
import html
import re
from urllib.parse import urlsplit

from marketintel.reference.files import REFERENCE_DIR

_ADDRESS = re.compile(r"https://[^\s\"'<>|,)]+")
_SCHEME = r"(?:https?|ftp|mailto):"
_LINK = {
    "html5": re.compile(rf'<a\s[^>]*?href="({_SCHEME}[^"]*)"[^>]*>(.*?)</a>', re.DOTALL),
    "typst": re.compile(rf'#link\("({_SCHEME}(?:[^"\\]|\\.)*)"\)(\[?)'),
}


@functools.cache
def declared_hosts() -> frozenset[str]:
    """Hosts of the project's own reference files and of the sources that it declares."""
    from marketintel.sources.catalogue import sources

    files = (f for f in REFERENCE_DIR.iterdir() if f.suffix in (".toml", ".csv"))
    texts = [file.read_text(encoding="utf-8-sig") for file in files]
    texts += [f"{one.url} {one.licence_url} {one.citation}" for one in sources().values()]
    addresses = (address for text in texts for address in _ADDRESS.findall(text))
    return frozenset(urlsplit(address).netloc.lower() for address in addresses)


def is_declared(address: str) -> bool:
    """Return True if a link may be live."""
    parts = urlsplit(address)
    return parts.scheme == "https" and parts.netloc.lower() in declared_hosts()


def only_declared(text: str, to: str) -> str:
    """Return pandoc's ``html5`` or ``typst`` with the text alone of every other link."""

    def kept(found: re.Match[str]) -> str:
        if is_declared(html.unescape(found[1])):
            return found[0]
        if to == "html5":
            return found[2]
        return "#[" if found[2] else f'#"{found[1]}"'

    return _LINK[to].sub(kept, text)
