"""Revisions are joined by weights or families; the known traps are not fallen into."""

import importlib
import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketintel.errors import UsageError
from marketintel.reference.files import REFERENCE_DIR
from marketintel.reference.segments import load_segments
from marketintel.warehouse.flows import flows
from marketintel.warehouse.hs import (
    LATEST,
    REVISIONS,
    _weights,
    convert,
    harmonised,
    with_products,
)


def rows(*cells, **columns):
    frame = pd.DataFrame(cells, columns=["hs_revision", "cmd_code", "value_usd"])
    return frame.assign(**columns)


def test_the_tables_are_what_the_script_makes_of_the_published_ones(shared):
    script = importlib.import_module("scripts.starter.hs_conversion")
    made = script.weights(shared / "data").astype({"weight": "float64"})
    kept = pd.read_csv(
        REFERENCE_DIR / "hs_weights.csv", dtype={"from_code": "str", "to_code": "str"}
    )
    pd.testing.assert_frame_equal(made, kept)
    families = script.families(pd.read_parquet(shared / "data/hs_correlations_unsd.parquet"))
    kept = pd.read_csv(REFERENCE_DIR / "hs_families.csv", dtype="str")
    pd.testing.assert_frame_equal(families, kept)


def test_the_weights_of_a_code_sum_to_one_and_leading_zeros_are_there():
    for step in itertools.pairwise(REVISIONS):
        for pair in (step, step[::-1]):
            for code, targets in _weights()[pair].items():
                assert len(code) == 6
                assert sum(targets.values()) == pytest.approx(1, abs=1e-6)


def test_laser_machine_tools_were_split_in_2017_and_come_together_again():
    before = rows(("HS2012", "845610", 100.0), partner="DEU")
    split = convert(before, "HS2017").set_index("cmd_code")
    assert split["value_usd"].to_dict() == pytest.approx({"845611": 96.6132, "845612": 3.38679},
                                                         abs=1e-3)  # fmt: skip
    assert set(split["from_code"]) == {"845610"}
    assert set(split["partner"]) == {"DEU"}
    back = convert(split.reset_index()[["hs_revision", "cmd_code", "value_usd"]], "HS2012")
    assert back["value_usd"].sum() == pytest.approx(100)
    assert set(back["cmd_code"]) == {"845610"}


def test_led_lamps_came_from_853950_and_that_from_854370():
    made = convert(rows(("HS2012", "854370", 100.0)), "HS2017")
    lamps = made[made["cmd_code"] == "853950"]["value_usd"].sum()
    assert lamps == pytest.approx(22.27, abs=0.01)
    found = with_products(rows(("HS2017", "853950", 1.0), ("HS2022", "853952", 1.0)))
    assert found["product"].to_list() == ["led_lamps", "led_lamps"]


def test_leds_and_photovoltaics_compare_only_as_a_family():
    found = with_products(
        rows(("HS2017", "854140", 5.0), *[("HS2022", f"85414{n}", 1.0) for n in (1, 2, 3, 9)])
    )
    assert set(found["product"]) == {"photosensitive_semis"}
    assert found.groupby("hs_revision")["value_usd"].sum().to_dict() == {"HS2017": 5, "HS2022": 4}


def test_panels_that_left_9013_for_8524_are_a_break_and_never_telephones():
    found = with_products(
        rows(("HS2017", "901380", 9.0), ("HS2022", "901380", 1.0), ("HS2022", "852491", 8.0),
             ("HS2022", "854151", 1.0))
    )  # fmt: skip
    assert found["product"].isna().all()
    why = found.attrs["not_comparable"]
    assert "8524" in why["HS2017", "901380"]
    assert "851712" not in set(
        pd.read_csv(REFERENCE_DIR / "hs_families.csv", dtype="str")["cmd_code"]
    )


def test_recorded_media_of_1992_are_not_the_panels_of_2022():
    with pytest.raises(UsageError, match="no weights between HS2022"):
        convert(rows(("HS2022", "852491", 1.0)), "HS1992")
    found = harmonised(rows(("HS1992", "852490", 4.0), ("HS2022", "852491", 8.0)))
    assert found["product"].isna().all()


def test_waste_of_8549_joins_nothing():
    families = pd.read_csv(REFERENCE_DIR / "hs_families.csv", dtype="str")
    assert not families["cmd_code"].str.startswith("8549").any()
    assert families.groupby("family").size().max() <= 10


def test_lasers_and_cameras_keep_their_meaning():
    found = with_products(rows(("HS2017", "901320", 1.0), ("HS2022", "901320", 1.0),
                            ("HS2017", "852580", 1.0), ("HS2022", "852589", 1.0)))  # fmt: skip
    assert found["product"].to_list() == ["901320", "901320", "cameras", "cameras"]


def test_an_older_revision_has_to_be_converted_first():
    with pytest.raises(UsageError, match="convert them to HS2017 first"):
        with_products(rows(("HS2012", "901320", 1.0)))


SEGMENT_CODES = [(r, c) for r in REVISIONS for c in load_segments().frame(r)["cmd_code"]]


@given(st.lists(st.tuples(st.sampled_from(SEGMENT_CODES), st.floats(0, 1e12)), max_size=8),
       st.sampled_from(REVISIONS))  # fmt: skip
def test_conversion_makes_no_money_and_is_honest_about_what_leaves(cells, to):
    frame = rows(*[(revision, code, value) for (revision, code), value in cells])
    frame = frame.astype({"hs_revision": "str", "cmd_code": "str", "value_usd": "float64"})
    made = convert(frame, to)
    assert made["value_usd"].sum() <= frame["value_usd"].sum() * (1 + 1e-6) + 1e-6
    assert set(made["hs_revision"]) <= {to}
    assert set(made["cmd_code"]) <= set(load_segments().frame(to)["cmd_code"])
    same = frame[frame["hs_revision"] == to]["value_usd"].sum()
    kept = made[made["from_revision"] == to]["value_usd"].sum()
    assert kept == pytest.approx(same), "a row of the revision asked for stays as it is"


def test_real_us_exports_of_lasers_are_one_series_over_two_revisions(starter):
    codes = ["901320", "845611", "845612", "845610"]
    lasers = flows(reporter="USA", flow="export", freq="M", partner="CHN", codes=codes,
                         data_dir=starter)  # fmt: skip
    whole = harmonised(lasers)
    assert set(whole["from_revision"]) == {"HS2012", "HS2017"}
    assert set(whole["product"]) == {"901320", "laser_machine_tools"}
    assert whole["value_usd"].sum() == pytest.approx(lasers["value_usd"].sum())
    assert LATEST not in set(whole["hs_revision"])
