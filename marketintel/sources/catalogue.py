"""The sources declared by the modules of ``sources/providers``, in the order of their rank."""

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from marketintel.errors import UsageError
from marketintel.sources import providers
from marketintel.sources.source import Source


@cache
def _declared() -> dict[str, tuple[Source, Path]]:
    """Return each source and the file that declares it, by name."""
    declared = []
    for found in pkgutil.iter_modules(providers.__path__):
        module = importlib.import_module(f"{providers.__name__}.{found.name}")
        declared += [(one, Path(str(module.__file__))) for one in getattr(module, "SOURCES", ())]
    ranked = sorted(declared, key=lambda one: (one[0].rank, one[0].name))
    return {source.name: (source, file) for source, file in ranked}


def sources() -> dict[str, Source]:
    """Return every source by name; where two have the same figure, the earlier is preferred."""
    return {name: source for name, (source, _) in _declared().items()}


def fetched() -> dict[str, Source]:
    """Return the sources that ``marketintel fetch`` asks a service for."""
    return {name: source for name, source in sources().items() if source.provider}


def declared_in(name: str) -> Path:
    """Return the file that declares a source."""
    return _declared()[name][1]


def feeding(table: str) -> dict[str, Source]:
    """Return the sources of a table of the warehouse, in the order of rank."""
    return {
        name: source
        for name, source in sources().items()
        if any(feed.table == table for feed in source.feeds)
    }


def aliases() -> dict[str, tuple[str, ...]]:
    """Return the names that stand for several sources."""
    named: dict[str, tuple[str, ...]] = {}
    for name, source in fetched().items():
        if source.alias:
            named[source.alias] = (*named.get(source.alias, ()), name)
    return named


def named_sources(names: tuple[str, ...] | list[str], command: str, *others: str) -> list[str]:
    """Return the sources that names and aliases on the command line stand for.

    Raises
    ------
    UsageError
        A name is none of these.
    """
    known, groups = fetched(), aliases()
    chosen = [one for name in names for one in groups.get(name, (name,))]
    if unknown := set(chosen) - set(known):
        raise UsageError(
            f"{command}: unknown source {min(unknown)!r}; choose from "
            f"{', '.join([*known, *groups])}{''.join(others)}"
        )
    return chosen
