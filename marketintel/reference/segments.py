"""Photonics segments: HS codes of each in every revision, core, broad or neighbour."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketintel.errors import UsageError
from marketintel.reference.files import REFERENCE_DIR, raw_toml, refuse
from marketintel.reference.hs import LATEST, REVISIONS
from marketintel.reference.segments_check import check_segments

if TYPE_CHECKING:
    import pandas as pd

FRAME_COLUMNS = ("segment", "segment_name", "cmd_code", "scope", "label", "share")


@dataclass(frozen=True)
class Code:
    """One HS code in one segment, over the revisions in which it has this meaning."""

    segment: str
    cmd_code: str
    label: str
    scope: str
    since: str
    until: str = LATEST
    scope_until: Mapping[str, str] = field(default_factory=dict)
    came_from: tuple[str, ...] = ()
    breaks: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    share: float | None = None

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


@dataclass(frozen=True)
class Segment:
    """One segment: its name, what it serves, what HS6 cannot isolate, and its codes."""

    id: str
    name: str
    themes: tuple[str, ...]
    applications: tuple[str, ...]
    note: str
    codes: tuple[Code, ...]

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


@dataclass(frozen=True)
class Family:
    """Goods that a revision regrouped: only the sum of their codes compares across it."""

    id: str
    name: str
    segments: tuple[str, ...]
    codes: Mapping[str, tuple[str, ...]]
    reason: str


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

    def breaks(self) -> pd.DataFrame:
        """Return every break: segment, cmd_code, hs_revision (at whose start), reason."""
        import pandas as pd

        rows = [
            (segment.id, code.cmd_code, revision, reason)
            for segment in self
            for code in segment.codes
            for revision, reason in code.breaks.items()
        ]
        return pd.DataFrame(rows, columns=["segment", "cmd_code", "hs_revision", "reason"])


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
    refuse(check_segments(path))
    tables = dict(raw_toml(path).raw)
    families = tables.pop("families", {})
    return Segments(
        [_segment(name, table) for name, table in tables.items()],
        [_family(name, table) for name, table in families.items()],
    )


def _segment(name: str, table: dict[str, Any]) -> Segment:
    codes = tuple(
        _code(name, key, value) for key, value in table.items() if isinstance(value, dict)
    )
    return Segment(
        id=name,
        name=table["name"],
        themes=tuple(table["themes"]),
        applications=tuple(table["applications"]),
        note=table["note"],
        codes=codes,
    )


def _code(segment: str, cmd_code: str, table: dict[str, Any]) -> Code:
    known = {k: v for k, v in table.items() if k not in ("from", "share_script")}
    return Code(segment=segment, cmd_code=cmd_code, came_from=tuple(table.get("from", ())), **known)


def _family(name: str, table: dict[str, Any]) -> Family:
    return Family(
        id=name,
        name=table["name"],
        segments=tuple(table["segments"]),
        codes={revision: tuple(table[revision]) for revision in REVISIONS if revision in table},
        reason=table["reason"],
    )
