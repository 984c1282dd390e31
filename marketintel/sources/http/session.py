"""A connector's conversation with its provider: the client it was given, or one of its own."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import Provider


@contextmanager
def conversation(
    provider: Provider, client: Client | None, base_url: str | None = None
) -> Iterator[Client]:
    """Yield ``client``, or a client opened for this conversation only.

    Parameters
    ----------
    provider : Provider
        Of the connector; used where no client is given.
    client : Client or None
        Brings its store, so that an interrupted fetch goes on where it was.
    base_url : str, optional
        Another address of the same service, for example a mirror.
    """
    if client is not None:
        yield client
        return
    with Client(replace(provider, base=base_url) if base_url else provider) as own:
        yield own


def address(path: str, params: Iterable[tuple[str, str]]) -> str:
    """Return ``path`` with a query in which a name may stand more than once."""
    query = urlencode(list(params), safe=",:;*+")
    return f"{path}?{query}" if query else path
