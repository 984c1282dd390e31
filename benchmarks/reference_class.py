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
from marketintel.reference.files import REFERENCE_DIR

YEARS, ORIGIN = 5, 2020


def main() -> None:
    """Print scores, parameters and the forecast that the rule shows."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    began = time.perf_counter()
    headings, classes = reference_panel.heading_panel(), reference_panel.enduse_panel()
    scores = pd.concat([reference_test.across(headings, YEARS),
                        reference_test.out_of_time(classes, YEARS, ORIGIN)])  # fmt: skip
    shown = reference_test.choose(scores)
    print(scores.round(3).to_string(index=False))
    print(f"shown: {shown}; {time.perf_counter() - began:.0f} s")
    print(reference_class.estimate(headings, YEARS).parameters().to_string(index=False))
    if asked.write:
        record = {"years": YEARS, "origin": ORIGIN, "shown": shown,
                  "scores": scores.round(4).to_dict("records")}  # fmt: skip
        text = json.dumps(record, indent=1) + "\n"
        (REFERENCE_DIR / "reference_class.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
