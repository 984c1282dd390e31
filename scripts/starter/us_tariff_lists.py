"""Dated US tariff lists, and the revisions of the Harmonized Tariff Schedule since 2025.

``--from`` is a folder with the CSV files us_section301_hs8_lists, us_s232_annex_products,
us_s232_copper_products, us_s232_derivative_products, us_ieepa_exempt_products,
us_s122_exempt_products, us_floor_exempt_products and us_revision_dates, as a public repository
compiled them from federal notices. Each list keeps its own codes: 4 to 10 digits, a beginning
of tariff lines.
"""

from pathlib import Path

import _common
import pandas as pd

LISTS = _common.cite(
    "us_tariff_lists", "2026-04-29", "us_tariff_lists", last_revision="2026 revision 7",
    changes="seven files in one; an origin is named where the list or its heading is of one",
).model_copy(update={"rebuild": "python scripts/starter/us_tariff_lists.py --from FOLDER"})  # fmt: skip
REVISIONS = _common.cite(
    "us_tariff_revisions", "2026-04-29", "us_tariff_lists", last_revision="2026 revision 7",
    changes="none",
).model_copy(update={"rebuild": LISTS.rebuild})  # fmt: skip

#: List, file, column of the code, and the columns that become ``part``.
FILES = (
    ("Section 301", "us_section301_hs8_lists", "hts8", "list"),
    ("Section 232 annex", "us_s232_annex_products", "hts_prefix", "annex metal_type"),
    ("Section 232 copper", "us_s232_copper_products", "hts10", ""),
    ("Section 232 derivatives", "us_s232_derivative_products", "hts_prefix", "derivative_type"),
    ("IEEPA exempt", "us_ieepa_exempt_products", "hts10", ""),
    ("Section 122 exempt", "us_s122_exempt_products", "hts8", ""),
    ("Floor exempt", "us_floor_exempt_products", "hts8", "category"),
)
#: Group of countries of the floor lists as ISO3 or group; Section 301 is of China alone.
ORIGINS = {"eu": "EU27", "japan": "JPN", "korea": "KOR", "swiss": "CHE"}


def main() -> None:
    """Read the files, put the lists in one, write two snapshots."""
    chosen = _common.options(__doc__, "folder of the files named above")
    _common.save(chosen.data, LISTS, "tariff_lists.parquet", tidy(chosen.file))
    _common.save(chosen.data, REVISIONS, "revisions.parquet", revisions(chosen.file))


def tidy(folder: Path) -> pd.DataFrame:
    """Return one row a list, part, code, heading of chapter 99 and origin."""
    frames = [_one(folder, *file) for file in FILES]
    frame = pd.concat(frames, ignore_index=True).drop_duplicates(ignore_index=True)
    return frame.sort_values(list(frame.columns), ignore_index=True)


def _one(folder: Path, name: str, file: str, code: str, part: str) -> pd.DataFrame:
    raw = pd.read_csv(folder / f"{file}.csv", dtype="str")
    # One code has twelve digits in the file; a tariff line has ten at most.
    product = raw[code].str[:10]
    parts = raw[part.split()].agg(" ".join, axis=1) if part else pd.Series("", raw.index)
    origin = raw["country_group"].map(ORIGINS) if "country_group" in raw else None
    return pd.DataFrame(
        {
            "list": name,
            "part": parts,
            "product": product,
            "heading": raw.get("ch99_code"),
            "origin": "CHN" if name == "Section 301" else origin,
            "since": raw.get("effective_date"),
        }
    ).astype("str")


def revisions(folder: Path) -> pd.DataFrame:
    """Return one row a revision of the schedule, with the event that it brought."""
    raw = pd.read_csv(folder / "us_revision_dates.csv", dtype="str")
    return pd.DataFrame(
        {
            "revision": raw["revision"],
            "since": raw["policy_effective_date"].fillna(raw["effective_date"]),
            "event": raw["policy_event"],
        }
    ).astype("str")


if __name__ == "__main__":
    main()
