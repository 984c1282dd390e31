"""World exports by HS4 heading, 1995-2023 (Atlas of Economic Complexity).

The input is a table of the Atlas's world totals by HS1992 heading and year as parquet: columns
product_code, year, world_export_value (US dollars). The terms of the copy at hand could not be
verified, so the result is a file of its own that may be deleted: everything builds without it.
"""

import _common
import pandas as pd

from marketintel.reference.headings import load_headings
from marketintel.reference.hs import pad_hs
from marketintel.sources.snapshot import Citation

CITATION = Citation(
    source="atlas_world_exports",
    vintage="hs92-1995-2023",
    producer="The Growth Lab at Harvard University",
    title="World exports by HS1992 four-digit heading, 1995-2023",
    citation="The Growth Lab at Harvard University, The Atlas of Economic Complexity, "
    "international trade data (HS, 1992), world exports by heading, 1995-2023.",
    licence="Terms not verified for this copy; may be limited to non-commercial use",
    licence_url="https://atlas.hks.harvard.edu/data-downloads",
    url="https://atlas.hks.harvard.edu/data-downloads",
    parameters={"headings": "candidates of headings.toml", "classification": "HS1992, 4 digits"},
    retrieved_at=_common.COMPILED_AT,
    retrieved_note=_common.COMPILED_NOTE,
    rebuild="python scripts/starter/atlas_world_exports.py --from FILE",
    removable=True,
    quirks=[
        "The terms of this copy are not verified and may be non-commercial: delete the folder "
        "atlas_world_exports if they do not suit you, and everything still builds.",
        "The copy came by way of a public repository; the edition of the Atlas is not known.",
        "Codes are HS1992 headings: they are not photonics segments and are called by their own "
        "name. Heading 8524 is recorded media, 8486 does not exist.",
        "Series break where later revisions moved goods between headings: 9013 falls after 2021 "
        "because flat panels left it, 9011 jumps in 2012, 8456 and 8529 break in 2007, 8517 and "
        "8525 look like telephones reclassified.",
    ],
)


def main() -> None:
    """Read the table, keep candidate headings, write the snapshot."""
    chosen = _common.options(__doc__, "parquet with the columns named above")
    headings = [candidate.heading for candidate in load_headings()]
    frame = tidy(pd.read_parquet(chosen.file), headings)
    _common.save(chosen.data, CITATION, "world_exports_hs4.parquet", frame)


def tidy(published: pd.DataFrame, headings: list[str]) -> pd.DataFrame:
    """Return one row a heading and year."""
    kept = published[published["product_code"].isin(headings)]  # XXXX, unspecified, goes too
    frame = pd.DataFrame(
        {
            "hs_revision": "HS1992",
            "cmd_code": pad_hs(kept["product_code"], digits=4),
            "period": kept["year"].astype("str"),
            "value_usd": kept["world_export_value"].astype("int64"),
        }
    )
    return frame.sort_values(["cmd_code", "period"], ignore_index=True)


if __name__ == "__main__":
    main()
