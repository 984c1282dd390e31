"""Just enough of R's serialisation to read one data frame of numbers and texts for a test.

An ``.rda`` file is a compressed header and a pairlist of tagged objects, big-endian (XDR); see
"R Internals", chapter 1.8. Anything but vectors, symbols, pairlists and attributes is refused.
"""

import bz2
import gzip
import struct
from pathlib import Path

import numpy as np
import pandas as pd

_PAIRLIST, _SYMBOL, _CHAR, _LOGICAL, _INTEGER, _REAL, _TEXTS, _LIST = 2, 1, 9, 10, 13, 14, 16, 19
_REFERENCE, _END = 255, 254


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.symbols = data, 0, []

    def take(self, n: int) -> bytes:
        self.at += n
        return self.data[self.at - n : self.at]

    def integer(self) -> int:
        return struct.unpack(">i", self.take(4))[0]

    def item(self):
        flags = self.integer()
        kind, attributes, tagged = flags & 255, bool(flags & 512), bool(flags & 1024)
        if kind == _END:
            return None
        if kind == _REFERENCE:
            return self.symbols[(flags >> 8) - 1]
        if kind == _SYMBOL:
            self.symbols.append(self.item())
            return self.symbols[-1]
        if kind == _PAIRLIST:
            if attributes:
                self.item()
            pairs = {self.item() if tagged else None: self.item()}
            return pairs | (self.item() or {})
        if kind == _CHAR:
            n = self.integer()
            return None if n < 0 else self.take(n).decode("utf-8")
        n = self.integer()
        if kind in (_LOGICAL, _INTEGER):
            value = np.frombuffer(self.take(4 * n), ">i4").astype(int)
        elif kind == _REAL:
            value = np.frombuffer(self.take(8 * n), ">f8").astype(float)
        elif kind in (_TEXTS, _LIST):
            value = [self.item() for _ in range(n)]
        else:
            raise ValueError(f"R object of type {kind} is not read here")
        return (value, self.item()) if attributes else value


def read_rda(path: Path) -> dict[str, pd.DataFrame]:
    """Return the data frames of an ``.rda`` file by name."""
    raw = path.read_bytes()
    raw = bz2.decompress(raw) if raw[:2] == b"BZ" else gzip.decompress(raw)
    reader = _Reader(raw)
    assert reader.take(7) in (b"RDX2\nX\n", b"RDX3\nX\n")
    version = reader.integer()
    reader.take(8)
    if version == 3:
        reader.take(reader.integer())
    found = {}
    for name, (columns, attributes) in reader.item().items():
        plain = [c[0] if isinstance(c, tuple) else c for c in columns]
        found[name] = pd.DataFrame(dict(zip(attributes["names"], plain, strict=True)))
    return found
