"""Write ``docs/providers.md``: every constant of a provider, and its witness outside this project.

The constants are read from the code; ``scripts/providers.toml`` has a witness for each, or says
that there is none. ``python scripts/providers.py`` writes the page.
"""

import os
import re
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from marketintel.errors import MissingDataError
from marketintel.sources.catalogue import fetched
from marketintel.sources.formats import comext as comext_rows
from marketintel.sources.formats import comtrade as comtrade_rows
from marketintel.sources.formats import jsonstat
from marketintel.sources.http.body import MEDIA
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import KEY_VARIABLES
from marketintel.sources.plan import plan
from marketintel.sources.providers import (
    baci,
    census,
    cepii,
    comext,
    comtrade,
    eurostat,
    imf,
    statcan,
    worldbank,
    wto,
)
from marketintel.sources.source import Source

ROOT = Path(__file__).resolve().parent.parent
DECLARED = ROOT / "scripts" / "providers.toml"
PAGE = ROOT / "docs" / "providers.md"
UNWITNESSED = "unwitnessed"

Constant = tuple[str, str, str]


def constants() -> set[Constant]:
    """Return provider, kind and value of every constant in the code.

    A source whose declaration states its witness stands for its own constants.
    """
    found: set[Constant] = set()
    for source in _without_witness():
        provider = source.service
        name = provider.source
        found.add((name, "address", provider.base))
        found |= {(name, "address", host) for host in provider.hosts}
        carried = provider.key_header or provider.key_param
        rule = f"{provider.key_rule}: {provider.key_env} in {carried}" if carried else "none"
        found.add((name, "key rule", rule))
    found |= _asked()
    lists: dict[tuple[str, str], Any] = {
        ("census", "indicator"): [m for flow in census.MEASURES.values() for m in flow],
        ("census", "limit"): [f"data from {census.FIRST_YEAR}"],
        ("census", "flag"): [f"header {census.PROVIDER.key_trouble} of a missing key"],
        ("cepii_geodist", "path"): [cepii.STATA, cepii.ARCHIVE],
        ("statcan_cimt", "path"): [f"{a} ({', '.join(f)})" for a, f in statcan.FLOWS.values()],
        ("statcan_cimt", "code list"): ["ISO 3166 alpha-2 with XK and EA (Ceuta and Melilla)"],
        ("comext", "code list"): [comext.EU27, "GR (Greece)", *comext.FLOWS.values()],
        ("comext", "indicator"): [*comext_rows.INDICATORS],
        ("comext", "limit"): [f"{jsonstat.MAX_CELLS:,} cells"],
        ("comtrade", "limit"): [f"{comtrade.PREVIEW_ROWS} rows without key",
                                f"{comtrade.KEYED_ROWS:,} rows with key"],
        ("comtrade", "path"): ["/data/v1/get/C/A/HS", "/data/v1/getDa/C/A/HS"],
        ("comtrade", "code list"): [*comtrade_rows.FLOWS.values(), *comtrade_rows.REVISIONS],
        ("eurostat", "flag"): [*sorted(jsonstat.CONFIDENTIAL)],
        ("eurostat", "indicator"): [
            " ".join([t.dataset, *(f"{k}={v}" for k, v in t.filters.items())])
            for t in (*eurostat.EMPLOYMENT, *eurostat.INDICATORS)
        ],
        ("imf", "indicator"): [*imf.WEO],
        ("worldbank", "indicator"): [*worldbank.INDICATORS],
        ("wto", "indicator"): [*wto.REGIMES],
        ("wto", "limit"): [f"{wto.MAX_ROWS:,} rows"],
        ("comext", "media type"): [*comext._MEDIA],
        ("cepii_geodist", "media type"): [*cepii._MEDIA],
        ("every provider", "media type"): [
            f"{name}: {', '.join(types)}" for name, types in MEDIA.items() if types
        ],
        ("baci", "address"): [baci.PROVIDER.base],
    }  # fmt: skip
    return found | {(n, kind, v) for (n, kind), values in lists.items() for v in values}


def _without_witness() -> list[Source]:
    return [source for source in fetched().values() if not source.witness]


def _asked() -> set[Constant]:
    """Return paths and parameters of the smallest request to each source."""
    found: set[Constant] = set()
    keyless = dict.fromkeys(KEY_VARIABLES, "")
    with TemporaryDirectory() as folder, patch.dict(os.environ, keyless):
        for source in _without_witness():
            name, (market, year) = source.name, source.trial
            try:
                step = plan([market], ["901320"], [year], Path(folder), sources=[name])
                query = step.steps[0].query
            except MissingDataError:
                query = _without_plan(source)
            with Client(source.service) as client:
                for path, params in source.questions(query, client):
                    parts = urlsplit(path)
                    provider = source.service.source
                    found.add((provider, "path", _pattern(parts.path)))
                    names = {*parse_qs(parts.query, keep_blank_values=True), *(params or {})}
                    fixed = {"attributes", "partner2Code", "motCode", "customsCode", "COMM_LVL"}
                    for one in sorted(names):
                        value = (params or {}).get(one) or parse_qs(parts.query).get(one, [""])[0]
                        what = f"{one}={value}" if one in fixed else one
                        found.add((provider, "parameter", what))
    return found


def _without_plan(source: Source) -> Any:
    """Return the query of a source whose key is not in the environment."""
    if source.name == "wto":
        return wto.TariffQuery("CAN", "124", ("2022",), ("901320",))
    flow = "import" if source.name.endswith("imports") else "export"
    return census.Query(flow, ("2022-01",), ("901320",))  # type: ignore[arg-type]


def _pattern(path: str) -> str:
    """Return a path without what changes from one question to the next."""
    path = re.sub(r"(?<=/)(?:[A-Z]+\.)?[A-Z0-9*+_]*(?:\.[A-Z0-9*+_]*){2,}$", "{key}", path)
    path = re.sub(r"901320", "{product}", path)
    return re.sub(r"(?<!\d)(?:2022|2002)(?!\d)", "{year}", path)


def declared() -> dict[Constant, tuple[str, str]]:
    """Return the witness of each constant and the day it was read, as declared."""
    table = tomllib.loads(DECLARED.read_text(encoding="utf-8"))
    witnesses = {name: (w["what"], str(w["read"])) for name, w in table["witness"].items()}
    witnesses[UNWITNESSED] = (UNWITNESSED, "")
    return {
        (provider, kind, value): witnesses[witness]
        for provider, kinds in table["constant"].items()
        for kind, values in kinds.items()
        for value, witness in values.items()
    }


def page() -> str:
    """Return the page."""
    lines = [
        "# Providers: every constant and its witness",
        "",
        "Written by `python scripts/providers.py` from the code and `scripts/providers.toml`. A",
        "witness is a page of documentation or a maintained client outside this project, with the",
        "day it was read; *unwitnessed* means that nobody outside was found to bear it out. No",
        "live service has been asked; `marketintel fetch --selftest` does.",
        "",
        "| provider | kind | constant | witness | read |",
        "|---|---|---|---|---|",
    ]
    for (provider, kind, value), (what, read) in sorted(declared().items()):
        shown = value.replace("|", "\\|")
        said = f"*{what}*" if what == UNWITNESSED else what
        lines.append(f"| {provider} | {kind} | `{shown}` | {said} | {read} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
