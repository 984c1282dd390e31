"""Fields in which photonics is applied, as ``applications.toml`` names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from marketintel.reference.fields import Names, Text, written
from marketintel.reference.files import REFERENCE_DIR, Tables, sound, unknown
from marketintel.reference.model import Broken, Table, toml_tables
from marketintel.reference.segments import load_segments

Buyer = Annotated[
    str, written(r"[0-9FSG][0-9A-Z]{1,5}", "buyer-code", "is no code of an industry: write 3391")
]


class FieldOfUse(Table):
    """Table of ``applications.toml``."""

    name: Text
    themes: list[Text]
    applications: Annotated[list[Text], Field(min_length=1)]
    buyers: Annotated[list[Buyer], Field(min_length=1)]

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        known = [word for words in names["applied"].values() for word in words]
        for word in self.applications:
            if word not in known:
                yield "unknown-application", f"application {unknown(word, known)}", "applications"


def check_applications(path: Path) -> Tables:
    """Check an ``applications.toml``: each application is one of a segment."""
    return toml_tables(path, dict[str, FieldOfUse], Names(path.parent, applied=applied()))


def load_applications(path: Path | None = None) -> dict[str, FieldOfUse]:
    """Read ``applications.toml``: id to field.

    Raises
    ------
    ReferenceFileError
        The file breaks a rule: the first mistake with file and line.
    """
    file = path or REFERENCE_DIR / "applications.toml"
    items: dict[str, FieldOfUse] = sound(check_applications(file)).items
    return items


def applied() -> dict[str, list[str]]:
    """Return the applications of each segment."""
    return {one.id: list(one.applications) for one in load_segments()}
