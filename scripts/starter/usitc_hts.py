"""US tariff lines of the Harmonized Tariff Schedule, 2026 revision 10 (USITC).

The input is the whole schedule as the USITC publishes it for download in JSON (plain or
gzipped). Every legal line of chapters 1 to 97 that carries a rate is kept, so that a segment
can be edited without rebuilding. Subchapter III of chapter 99, where the additional duties
stand, is not a list of products and becomes a snapshot of its own.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import _common
import pandas as pd

from marketintel.sources.snapshot import Citation

STATUTE = "HTS 2026 revision 10"

CITATION = Citation(
    source="usitc_hts",
    vintage="2026-rev10",
    producer="United States International Trade Commission",
    title="Harmonized Tariff Schedule of the United States, 2026 revision 10: rates of duty",
    citation="United States International Trade Commission, Harmonized Tariff Schedule of the "
    "United States (2026), Revision 10.",
    licence="US government work, public domain",
    licence_url="https://hts.usitc.gov",
    url="https://hts.usitc.gov/export",
    parameters={"chapters": "01 to 97", "lines": "legal lines of 8 digits that carry a rate"},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/usitc_hts.py --from FILE",
    quirks=[
        "This is the statute of 2026 (revision 10). It is not the law of 2024 or 2025 and is "
        "never subtracted from the duties calculated for those years.",
        "The rates of a line do not hold the additional duties of chapter 99; a footnote points "
        "to one heading of it at most, and measures such as 9903.03.01, which apply in general, "
        "are not in the footnotes at all.",
        "'Free' in the column general therefore does not mean that nothing is paid.",
        "The column special lists the programmes by symbol; the column other is for countries "
        "without normal trade relations.",
    ],
)


CHAPTER_99 = _common.cite(
    "usitc_chapter99", "2026-rev10", "usitc_hts", lines="headings that begin with 9903",
    changes="a line's text is led by those of its parents",
)  # fmt: skip


def main() -> None:
    """Read the schedule, keep the lines with a rate and chapter 99, write two snapshots."""
    chosen = _common.options(__doc__, "the schedule as JSON, or gzipped")
    published = read(chosen.file)
    _common.save(chosen.data, CITATION, "us_tariff_lines.parquet", tidy(published))
    _common.save(chosen.data, CHAPTER_99, "us_chapter99.parquet", additional(published))


def read(file: Path) -> list[dict]:
    """Return the schedule's lines in their order."""
    content = file.read_bytes()
    return json.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)


def tidy(published: list[dict]) -> pd.DataFrame:
    """Return one row a legal line, its description led by those of its parents."""
    frame = pd.DataFrame(list(_rated_lines(published))).sort_values("hs8", ignore_index=True)
    return frame.assign(reporter="USA", hs_revision="HS2022", statute=STATUTE)


def additional(published: list[dict]) -> pd.DataFrame:
    """Return one row a line of subchapter III of chapter 99, its text led by its parents'."""
    rows = [
        (line["htsno"], text, _plain(line["general"]), _plain(line["special"]))
        for line, text in _described(published)
        if line["htsno"].startswith("9903")
    ]
    columns = ["heading", "description", "general", "special"]
    return pd.DataFrame(rows, columns=columns, dtype="str").assign(statute=STATUTE)


def _plain(text: str) -> str | None:
    return " ".join(text.split()) or None


def _described(published: list[dict]) -> Iterator[tuple[dict, str]]:
    """Return each line with its description, led by those of its parents."""
    parents: dict[int, str] = {}
    for line in published:
        depth = int(line["indent"])
        text = _plain(line["description"]) or ""
        parents = {level: above for level, above in parents.items() if level < depth}
        yield line, " > ".join(t.rstrip(": ") for t in [*parents.values(), text])
        parents[depth] = text


def _rated_lines(published: list[dict]) -> Iterator[dict[str, str]]:
    for line, text in _described(published):
        # A statistical suffix has no rate of its own (a few hold stray blanks): it pays its legal
        # line's. So a line with a general rate is a legal line, with or without the suffix 00.
        digits = line["htsno"].replace(".", "")
        if line["general"].strip() and len(digits) >= 8 and digits[:2] < "98":
            yield {
                "hs8": digits[:8],
                "cmd_code": digits[:6],
                "description": text,
                "general": line["general"].strip(),
                "special": line["special"].strip(),
                "other": line["other"].strip(),
                "footnotes": _footnotes(line["footnotes"]),
            }


def _footnotes(notes: list[dict] | None) -> str:
    """Return footnotes to the rates and the description; statistical ones say nothing here."""
    kept = [n for n in notes or [] if {"general", "special", "other", "desc"} & set(n["columns"])]
    return " ".join(f"[{', '.join(n['columns'])}] {' '.join(n['value'].split())}" for n in kept)


if __name__ == "__main__":
    main()
