"""Scores of the reference class and its rivals; writes the record that documents print.

Run ``python benchmarks/reference_class.py`` to print them, with ``--write`` to renew
``marketintel/reference/reference_class.json``.
"""

import argparse
import json
import time

import pandas as pd

from marketintel.analysis.forecast import reference_class, reference_test
from marketintel.documents.market import reference_panel
from marketintel.documents.market.segment_outlook import HORIZONS
from marketintel.reference.files import REFERENCE_DIR


def main() -> None:
    """Print scores, parameters and the forecast that the rule shows, by years ahead."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    began = time.perf_counter()
    headings, classes = reference_panel.heading_panel(), reference_panel.enduse_panel()
    records = []
    for years in HORIZONS:
        origin = int(classes["year"].max()) - years
        scores = pd.concat([reference_test.across(headings, years),
                            reference_test.out_of_time(classes, years, origin)])  # fmt: skip
        shown = reference_test.choose(scores)
        print(f"{years} years, from {origin}")
        print(scores.round(3).to_string(index=False))
        print(f"shown: {shown}; {time.perf_counter() - began:.0f} s")
        records.append({"years": years, "origin": origin, "shown": shown,
                        "scores": scores.round(4).to_dict("records")})  # fmt: skip
    print(reference_class.estimate(headings, HORIZONS[-1]).parameters().to_string(index=False))
    if asked.write:
        text = json.dumps(records, indent=1) + "\n"
        (REFERENCE_DIR / "reference_class.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
