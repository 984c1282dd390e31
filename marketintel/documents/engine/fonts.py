"""Fonts of charts, web page and PDF, and the letters that can be set with them.

The typeface has Latin, Greek and Cyrillic; what it lacks is taken from two fallback fonts. A letter
that no font has, or that acts on the text around it (a bidirectional or other control), is printed
as its code, ``‹U+6F22›``: an edition is never lost to a name.
"""

import base64
import functools
import importlib.util
import io
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

FONT = "Source Sans Pro"
#: The typeface, and what stands in where a page embeds no fonts.
FAMILIES_CSS = (
    f'"{FONT}", "DejaVu Sans", "Noto Sans CJK JP", "Source Sans 3", "Segoe UI", '
    '"Helvetica Neue", Arial, sans-serif'
)
#: In letters; longer ones are broken anywhere, so that they stay in their column.
LONGEST_WORD = 28
_CUTS = {"regular": (400, "normal"), "semibold": (600, "normal"), "italic": (400, "italic")}
# In every report, so that reports of one process can share the fonts cut for the first.
_LATIN = frozenset(
    [*range(0x20, 0x7F), *range(0xA0, 0x100), *map(ord, "–—‘’“”…−≥≤•‹›↩\ufe0e\u2009")]
)
# Categories of controls, formats, surrogates, private use and separators of lines.
_NEVER_SET = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_INVISIBLE = "\t\n\r\u00ad\u200c\u200d\ufe0e\ufe0f"  # blanks, hyphenation, joining, variants
_NOT_PLAIN = re.compile(r"[^\t\n\r -~]+")
_CODES = re.compile(r"‹(U\+[0-9A-F]{4,6}(?: U\+[0-9A-F]{4,6})*)›")


def font_files() -> dict[str, Path]:
    """Find the cuts of the typeface in use; licence: SIL Open Font License 1.1."""
    import font_source_sans_pro

    folder = Path(font_source_sans_pro.font_directory)
    cuts = {"regular": "Regular", "italic": "It", "semibold": "Semibold"}
    return {cut: folder / f"SourceSansPro-{name}.ttf" for cut, name in cuts.items()}


@functools.cache
def fallback_files() -> dict[str, Path]:
    """Find the fonts for letters that the typeface lacks, by family, in order of preference.

    DejaVu Sans (Arabic, Hebrew, symbols; Bitstream Vera licence) comes with matplotlib, Noto Sans
    CJK (Han, Kana, Hangul; SIL Open Font License 1.1) with a package of its own.
    """
    places = {
        "DejaVu Sans": ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf"),
        "Noto Sans CJK JP": ("noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"),
    }
    found: dict[str, Path] = {}
    for family, (package, name) in places.items():
        spec = importlib.util.find_spec(package)
        file = Path(spec.origin).parent / name if spec and spec.origin else Path(name)
        if file.is_file():
            found[family] = file
    return found


@functools.cache
def family_of(letter: str) -> str | None:
    """Return the first family that has a letter; None if none has, or if it is never set."""
    if letter in _INVISIBLE:
        return FONT
    if unicodedata.category(letter) in _NEVER_SET:
        return None
    for family, file in {FONT: font_files()["regular"], **fallback_files()}.items():
        if ord(letter) in _letters(file):
            return family
    return None


@functools.cache
def _letters(file: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(file, lazy=True) as font:
        return frozenset(font.getBestCmap())


def fallbacks(text: str) -> list[str]:
    """Return the fallback families that a text needs, in order of preference."""
    odd = set("".join(_NOT_PLAIN.findall(text)))
    needed = {family_of(letter) for letter in odd}
    return [family for family in fallback_files() if family in needed]


def printable(value: Any, *, plain: bool = False) -> Any:
    r"""Return texts, also those inside lists and mappings, with codes for what cannot be set.

    Parameters
    ----------
    value : object
        What is not text stays as it is.
    plain : bool
        Keep only the typeface's own letters, without combining marks.

    Examples
    --------
    >>> printable("Laser \u202eevil")
    'Laser ‹U+202E›evil'
    """
    if isinstance(value, str):
        if not _NOT_PLAIN.search(value):
            return value
        text = unicodedata.normalize("NFC", value)
        # Markup stays markup: codes need no escaping.
        return type(value)(_NOT_PLAIN.sub(lambda run: _shown(run[0], plain), text))
    if isinstance(value, dict):
        return {key: printable(part, plain=plain) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [printable(part, plain=plain) for part in value]
    return value


def _shown(run: str, plain: bool) -> str:
    pieces: list[str] = []
    lost: list[str] = []
    base: str | None = FONT  # the letter before a run is plain
    for letter in run:
        family = family_of(letter)
        # A mark is set by the font of its letter or not at all, and what joins or varies letters
        # that are lost is lost with them.
        if letter not in _INVISIBLE and unicodedata.category(letter) in ("Mn", "Me"):
            family = base if family == base and not plain else None
        if plain and family != FONT:
            family = None
        if family and not (lost and letter in _INVISIBLE[3:]):
            pieces += [_code(lost), letter]
            lost, base = [], family
        else:
            lost.append(letter)
            base = FONT  # of the code's last letter
    return "".join([*pieces, _code(lost)])


def _code(letters: Iterable[str]) -> str:
    codes = " ".join(f"U+{ord(letter):04X}" for letter in letters)
    return f"‹{codes}›" if codes else ""


def width(text: str) -> int:
    """Return the length of a text in Latin letters: a Han letter is as wide as two."""
    return len(text) + sum(map(_is_wide, text))


def wrap(text: str, columns: int, lines: int) -> str:
    """Break a text as it will be printed into lines of equal width, the last cut if need be."""
    padded = "".join(letter + "\0" * _is_wide(letter) for letter in printable(text))
    broken = textwrap.wrap(padded, columns, max_lines=lines, placeholder="…")
    return "\n".join(broken).replace("\0", "")


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


def lost_letters(text: str) -> dict[str, str]:
    """Return the letters printed as codes, with their names, and the first place of each."""
    found: dict[str, str] = {}
    for match in _CODES.finditer(text):
        near = " ".join(text[max(match.start() - 24, 0) : match.end() + 24].split())
        for code in match[1].split():
            name = unicodedata.name(chr(int(code[2:], 16)), "")
            found.setdefault(f"{code} {name}".strip(), near)
    return found


def strings(value: Any) -> Iterator[str]:
    """Yield the texts inside lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def font_faces(text: str) -> str:
    """``@font-face`` rules that hold the Latin letters and whatever else `text` uses."""
    odd = set("".join(_NOT_PLAIN.findall(text)))
    letters = {FONT: frozenset(map(ord, odd)) | _LATIN}
    for family in fallbacks(text):
        letters[family] = frozenset(ord(letter) for letter in odd if family_of(letter) == family)
    return "\n".join(_rules(family, needed) for family, needed in letters.items())


@functools.lru_cache(maxsize=16)
def _rules(family: str, letters: frozenset[int]) -> str:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    cuts = font_files() if family == FONT else {"regular": fallback_files()[family]}
    features = ["kern", "liga", "ccmp", "mark", "mkmk", "init", "medi", "fina", "rlig"]
    options = subset.Options(flavor="woff", layout_features=features, hinting=False)
    options.drop_tables += ["FFTM"]
    rules = []
    for cut, file in cuts.items():
        weight, style = _CUTS[cut]
        with TTFont(file, recalcTimestamp=False, lazy=True) as font, io.BytesIO() as out:
            worker = subset.Subsetter(options)
            worker.populate(unicodes=letters)
            worker.subset(font)
            font.flavor = "woff"
            font.save(out)
            data = base64.b64encode(out.getvalue()).decode()
        rules.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{style};'
            f'src:url("data:font/woff;base64,{data}") format("woff")}}'
        )
    return "\n".join(rules)
