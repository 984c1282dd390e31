"""Photonics segments: HS codes of each in every revision, core, broad or neighbour."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from marketintel.errors import UsageError
from marketintel.reference.fields import Hs6, Names, SegmentId, Text, mistake, named_by, one_of
from marketintel.reference.files import REFERENCE_DIR, Tables, sound
from marketintel.reference.hs import LATEST, REVISIONS, hs_codes, revisions_between
from marketintel.reference.model import Broken, Table, toml_tables

if TYPE_CHECKING:
    import pandas as pd

FRAME_COLUMNS = ("segment", "segment_name", "cmd_code", "scope", "label", "share")
SCOPES = ("core", "broad", "neighbour")
THEMES = (
    "materials technology", "instrumentation", "sensors", "manufacturing", "communications",
    "health", "energy", "lighting",
)  # fmt: skip

Revision = Annotated[str, one_of(REVISIONS, "revision")]
Scope = Annotated[str, one_of(SCOPES, "scope")]
Theme = Annotated[str, one_of(THEMES, "theme")]


class Code(Table):
    """HS code in one segment, over the revisions in which it has this meaning."""

    made: ClassVar = frozenset({"cmd_code"})

    cmd_code: Hs6
    label: Text
    scope: Scope
    since: Revision
    until: Revision = LATEST
    scope_until: dict[Revision, Scope] = {}
    came_from: list[Hs6] = Field(default=[], alias="from")
    breaks: dict[Revision, Text] = {}
    reason: str = ""
    share: Annotated[float | None, Field(strict=False, ge=0, le=1)] = None
    share_script: str = ""

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if "broad" in (self.scope, *self.scope_until.values()) and not self.reason:
            yield "broad-needs-reason", f"{self.cmd_code} is broad: give the reason"
        if self.share in (0, 1) and self.share != int(self.scope != "broad"):
            message = f"a {self.scope} code cannot have share {self.share:g}: leave it out"
            yield "share", message, "share"
        elif self.share not in (None, 0, 1) and not self.share_script:
            message = "a share other than 0 or 1 needs share_script, the script that computes it"
            yield "share", message, "share"
        if REVISIONS.index(self.since) > REVISIONS.index(self.until):
            yield "revision-order", f"until {self.until} is before since: change one", "until"
        else:
            yield from self._life()

    def _life(self) -> Iterator[Broken]:
        """Yield revisions in which the code is listed and does not exist, or the reverse."""
        listed = revisions_between(self.since, self.until)
        for key, revisions in (("scope_until", self.scope_until), ("breaks", self.breaks)):
            for revision in revisions:
                if revision not in listed:
                    message = f"{revision} is outside {self.since} to {self.until}: change one"
                    yield "revision-order", message, key
        existing = hs_codes()
        if absent := [r for r in listed if self.cmd_code not in existing[r]]:
            message = (
                f"{self.cmd_code} does not exist in {', '.join(absent)}: change since or until"
            )
            yield "code-not-in-hs", message
        before = REVISIONS[max(REVISIONS.index(self.since) - 1, 0)]
        if before != self.since and (
            lost := [code for code in self.came_from if code not in existing[before]]
        ):
            message = f"{', '.join(lost)} did not exist in {before}: correct the codes"
            yield "code-not-in-hs", message, "from"

    def scope_in(self, hs_revision: str) -> str | None:
        """Return "core", "broad" or "neighbour" in a revision; None where the code is not there."""
        at = REVISIONS.index(hs_revision)
        if not REVISIONS.index(self.since) <= at <= REVISIONS.index(self.until):
            return None
        for last in sorted(self.scope_until, key=REVISIONS.index):
            if at <= REVISIONS.index(last):
                return self.scope_until[last]
        return self.scope

    def share_in(self, hs_revision: str) -> float:
        """Return the part of the code that is the segment's: 0 if broad, else 1."""
        if self.share is not None:
            return self.share
        return 0.0 if self.scope_in(hs_revision) == "broad" else 1.0


def _gathered(into: str, keys: tuple[str, ...] = ()) -> BeforeValidator:
    """Return a validator that moves a table's tables, or some keys, under one field."""

    def gather(table: Any) -> Any:
        if not isinstance(table, dict):
            return table
        inner = {k: v for k, v in table.items() if k in keys or (not keys and isinstance(v, dict))}
        return {into: inner} | {k: v for k, v in table.items() if k not in inner}

    return BeforeValidator(gather)


def _some_code(entries: dict[str, Code]) -> dict[str, Code]:
    if not entries:
        raise mistake("empty-segment", "has no code: add a table [SEGMENT.CODE]")
    return entries


class Segment(Table):
    """Segment: its name, its uses, what HS6 cannot isolate, and its codes."""

    made: ClassVar = frozenset({"id", "entries"})

    id: str
    name: Text
    themes: Annotated[list[Theme], Field(min_length=1)]
    applications: Annotated[list[Text], Field(min_length=1)]
    note: Text
    entries: Annotated[dict[str, Code], named_by("cmd_code"), AfterValidator(_some_code)]

    @property
    def codes(self) -> list[Code]:
        """Codes in the order of the file."""
        return list(self.entries.values())

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        own = [
            (code.cmd_code, scope)
            for code in self.codes
            for scope in (code.scope, *code.scope_until.values())
            if scope != "broad"
        ]
        scopes = [scope for _, scope in own]
        for code, scope in own:
            if scope != max(dict.fromkeys(scopes), key=scopes.count):
                message = (
                    f"{code} is {scope} in a segment of others: make all own codes one or the other"
                )
                yield "core-and-neighbour", message, code, "scope"

    @property
    def own(self) -> str:
        """Scope of the segment's own goods: "core", or "neighbour" if it is one of photonics."""
        near = any(code.scope == "neighbour" for code in self.codes)
        return "neighbour" if near else "core"

    def cmd_codes(self, hs_revision: str = LATEST, scope: str | None = None) -> list[str]:
        """Return the six-digit codes in a revision, of one scope or of all."""
        return [
            code.cmd_code
            for code in self.codes
            if (found := code.scope_in(hs_revision)) and scope in (None, found)
        ]


class Family(Table):
    """Goods that a revision regrouped: only the sum of their codes compares across it."""

    made: ClassVar = frozenset({"id", "codes"})

    id: str
    name: Text
    segments: Annotated[list[SegmentId], Field(min_length=1)]
    codes: dict[Revision, list[Hs6]]
    reason: Text

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if len(self.codes) < 2:
            message = "joins the codes of at least two revisions: add the codes of another one"
            yield "family-code", message


_SEGMENTS = Annotated[dict[str, Annotated[Segment, _gathered("entries")]], named_by("id")]
_FAMILIES = Annotated[
    dict[str, Annotated[Family, _gathered("codes", keys=REVISIONS)]], named_by("id")
]


class Segments:
    """All segments, in the order of the file."""

    def __init__(self, segments: list[Segment], families: list[Family]) -> None:
        self._segments = {segment.id: segment for segment in segments}
        self.families = families

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._segments.values())

    def __len__(self) -> int:
        return len(self._segments)

    def __getitem__(self, segment: str) -> Segment:
        return self._segments[self.resolve(segment)]

    def names(self) -> dict[str, str]:
        """Return segment id → name."""
        return {segment.id: segment.name for segment in self}

    def resolve(self, text: str) -> str:
        """Return the segment id for an id or a name, whatever its case and number.

        A part of an id, or of a name that lists goods, is enough where one segment has it:
        "leds", "detector", "fibre".

        Raises
        ------
        UsageError
            When no segment is called so; the message has the nearest ids.
        """
        known = {s.id.casefold(): s.id for s in self} | {s.name.casefold(): s.id for s in self}
        key = text.strip().casefold()
        if key in known:
            return known[key]
        plain = {_singular(name): meant for name, meant in known.items()}
        asked = _singular(key)
        lists = [(re.split(", | and ", n), s) for n, s in plain.items() if "," in n]
        parts = [(_singular(s.id).split(), s.id) for s in self] + lists
        nouns = {meant for names, meant in parts if asked in names}
        if asked in plain or len(nouns) == 1:
            return plain.get(asked) or nouns.pop()
        near = dict.fromkeys(known[k] for k in difflib.get_close_matches(key, known, cutoff=0.5))
        hint = f"did you mean {', '.join(near)}?" if near else "see `marketintel segments`"
        raise UsageError(f"unknown segment {text!r}: {hint}")

    def rows(self, hs_revision: str = LATEST) -> list[dict[str, Any]]:
        """Return :meth:`frame` as plain dictionaries, without pandas."""
        if hs_revision not in REVISIONS:
            raise UsageError(
                f"unknown HS revision {hs_revision!r}: use one of {', '.join(REVISIONS)}"
            )
        return [
            {
                "segment": segment.id,
                "segment_name": segment.name,
                "cmd_code": code.cmd_code,
                "scope": scope,
                "label": code.label,
                "share": code.share_in(hs_revision),
            }
            for segment in self
            for code in segment.codes
            if (scope := code.scope_in(hs_revision))
        ]

    def frame(self, hs_revision: str = LATEST) -> pd.DataFrame:
        """Return the codes of one revision, no code twice.

        Returns
        -------
        DataFrame
            segment, segment_name, cmd_code (six digits), scope ("core", "broad" or "neighbour"),
            label, share (0.0 broad, else 1.0).
        """
        import pandas as pd

        return pd.DataFrame(self.rows(hs_revision), columns=list(FRAME_COLUMNS))


def _singular(name: str) -> str:
    """Return a folded name without plurals, one blank between words; fiber is fibre."""
    words = re.split(r"[\s_-]+", name.replace("fiber", "fibre"))
    return " ".join(re.sub(r"(?<=[a-z]{2})s(?=,|$)", "", word) for word in words)


def load_segments(path: Path | None = None) -> Segments:
    """Read ``segments.toml``.

    Raises
    ------
    ReferenceFileError
        When the file breaks a rule: the first mistake with file and line, and how many more.
    """
    path = Path(path or REFERENCE_DIR / "segments.toml")
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=8)
def _load(path: Path, changed: int) -> Segments:
    tables = sound(check_segments(path))
    families = tables.items.pop("families", {})
    return Segments(list(tables.items.values()), list(families.values()))


def check_segments(path: Path) -> Tables:
    """Check a ``segments.toml``: each table, and that no code stands twice in a revision."""
    tables = toml_tables(
        path, _SEGMENTS, Names(path.parent), besides={"families": _FAMILIES}, optional=["families"]
    )
    taken: dict[tuple[str, str], str] = {}
    for name, segment in tables.items.items():
        for code in segment.codes if name != "families" else ():
            listed = revisions_between(code.since, code.until)
            twice = [(r, code.cmd_code) for r in listed if (r, code.cmd_code) in taken]
            for revision, cmd_code in twice[:1]:
                message = f"{cmd_code} is already in segment {taken[twice[0]]} in {revision}"
                tables.add("code-twice", f"{message}: remove one", name, cmd_code)
            taken |= dict.fromkeys([(r, code.cmd_code) for r in listed], name) if not twice else {}
    for name, family in tables.items.get("families", {}).items():
        if not tables.items.keys() >= set(family.segments):
            continue  # a segment with mistakes is reported already
        for revision, codes in family.codes.items():
            for code in codes:
                if taken.get((revision, code)) not in family.segments:
                    message = f"{code} is in none of the family's segments in {revision}: remove it"
                    tables.add("family-code", message, "families", name, revision)
    return tables
