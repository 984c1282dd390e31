"""The SDMX readers against recorded messages; ``sdmx1`` is the witness where it can read them."""

import io
import json

import pandas as pd
import pytest

from marketintel.errors import SourceError
from marketintel.sources.formats import sdmx


def specimen(shared, name):
    return (shared / "specimens" / name).read_bytes()


def test_json_1_time_series_and_flat_are_the_same_figures(shared):
    series = sdmx.read(specimen(shared, "ecb_fx/sdmx_ts.json"), "x")
    flat = sdmx.read(specimen(shared, "ecb_fx/sdmx_flat.json"), "x")
    key = ["CURRENCY", "TIME_PERIOD"]
    columns = sorted(series)
    pd.testing.assert_frame_equal(
        series.sort_values(key)[columns], flat.sort_values(key)[columns], check_like=True
    )
    assert series["OBS_VALUE"].tolist() == ["1.5931", "1.5925", "40.3426", "40.3"]
    assert set(series["CURRENCY_DENOM"]) == {"EUR"}
    assert series["TITLE"].tolist()[0] == "New Zealand dollar (NZD)"


def test_withdrawn_observations_are_no_data(shared):
    got = sdmx.read(specimen(shared, "ecb_fx/sdmx_action-delete.json"), "x")
    assert got[["CURRENCY", "TIME_PERIOD", "OBS_VALUE"]].values.tolist() == [
        ["RUB", "2013-01-18", "40.3426"],
        ["RUB", "2013-01-21", "40.3"],
    ]


def test_old_oecd_json_skips_attributes_without_values(shared):
    got = sdmx.read(specimen(shared, "oecd/data-PART2-all-all.json"), "x")
    assert "TIME_FORMAT" not in got
    assert got["OBS_STATUS"].dropna().tolist() == ["x", "w", "y"]


@pytest.mark.parametrize(
    "name",
    [
        "ecb_fx/sdmx_ts.json",
        "ecb_fx/sdmx_flat.json",
        "oecd/pdr_oecd1_sdmxjson.json",
        "oecd/data-PART2-all-all.json",
    ],
)
def test_json_agrees_with_sdmx1(shared, name):
    library = pytest.importorskip("sdmx")
    body = specimen(shared, name)
    theirs = {
        (frozenset(str(code.value) for code in one.key.values.values()), float(one.value))
        for dataset in library.read_sdmx(io.BytesIO(body)).data
        for one in dataset.obs
    }
    parts = json.loads(body)["structure"]["dimensions"]
    names = [
        one["id"] for part in ("dataSet", "series", "observation") for one in parts.get(part, [])
    ]
    frame = sdmx.read_json(body, "x")
    ours = {
        (frozenset(codes), float(value))
        for codes, value in zip(frame[names].values.tolist(), frame["OBS_VALUE"], strict=True)
    }
    assert ours == theirs
    assert len(ours) == len(frame)


def test_json_2_group_attributes_and_inline_values(shared):
    folder = shared / "specimens/imf/sdmx3_recorded"
    recorded = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    bodies = {r["url"]: r["text"] for r in recorded if "/data/" in r["url"]}
    growth = sdmx.read(next(b for u, b in bodies.items() if "WHDREO" in u), "x")
    assert len(growth) == 55
    assert set(growth["UNIT"]) == {"PT"}  # hangs on the indicator, key ":0::"
    assert growth.iloc[-1][["TIME_PERIOD", "OBS_VALUE"]].tolist() == ["2030", "-1.802"]
    budget = sdmx.read(next(b for u, b in bodies.items() if "GFS_SOO" in u), "x")
    assert budget["OBS_VALUE"].isna().all()
    assert set(budget["BASES_OF_RECORDING_GROSS_NET"]) == {"NP"}  # written in place of an index
    assert set(budget["TRANSFORMATION"]) == {"POGDP"}


def series_message(keys, partners, products):
    """Return a synthetic message with the key order of the given keys."""
    names = {"PARTNER": partners, "PRODUCTCODE": products}
    return {
        "dataSets": [{"series": {key: {"observations": {"0": [n]}} for n, key in enumerate(keys)}}],
        "structure": {
            "dimensions": {
                "series": [
                    {"id": name, "values": [{"id": code} for code in codes]}
                    for name, codes in names.items()
                ],
                "observation": [{"id": "TIME_PERIOD", "values": [{"id": "2020"}]}],
            }
        },
    }


SWAP = ("PARTNER", "PRODUCTCODE")


@pytest.mark.parametrize("keys", [["0:0", "0:1", "0:2"], ["0:0", "1:0", "2:0"]])
def test_exchanged_places_are_recognised_either_way(keys):
    got = sdmx.read_json(series_message(keys, ["000"], ["a", "b", "c"]), "x", swappable=SWAP)
    assert got["PRODUCTCODE"].tolist() == ["a", "b", "c"]
    assert set(got["PARTNER"]) == {"000"}


def test_exchange_is_recognised_by_what_is_left_unused():
    # Declared order would fit the ranges, but leave the third product without a series.
    keys = ["0:0", "1:0", "2:0", "0:1", "1:1", "2:1"]
    got = sdmx.read_json(series_message(keys, ["p", "q"], ["a", "b", "c"]), "x", swappable=SWAP)
    assert got["PRODUCTCODE"].tolist() == ["a", "b", "c"] * 2
    keys = ["0:0", "0:1", "1:0", "1:1", "0:2", "1:2"]
    got = sdmx.read_json(series_message(keys, ["p", "q"], ["a", "b", "c"]), "x", swappable=SWAP)
    assert got["PARTNER"].tolist() == ["p", "p", "q", "q", "p", "q"]


def test_what_cannot_be_told_apart_is_refused_not_guessed():
    keys = ["0:0", "0:1", "1:0"]
    with pytest.raises(SourceError, match="do not tell PARTNER from PRODUCTCODE"):
        sdmx.read_json(series_message(keys, ["p", "q"], ["a", "b"]), "x", swappable=SWAP)


def test_keys_outside_the_dimensions_are_refused():
    with pytest.raises(SourceError, match="outside the declared dimensions"):
        sdmx.read_json(series_message(["0:7"], ["p"], ["a"]), "x", swappable=SWAP)
    with pytest.raises(SourceError, match="'PRODUCTCODE' has no value number 7"):
        sdmx.read_json(series_message(["0:7"], ["p"], ["a"]), "x")
    with pytest.raises(SourceError, match="a key has 3 places"):
        sdmx.read_json(series_message(["0:0:0"], ["p"], ["a"]), "x")


def test_json_without_structure_or_without_data():
    with pytest.raises(SourceError, match="no field 'structure'"):
        sdmx.read_json({"dataSets": [{"series": {}}]}, "x")
    assert len(sdmx.read_json({"data": {"dataSets": [], "structures": []}}, "x")) == 0
    assert len(sdmx.read_json({"dataSets": [{"series": {}}], "structure": {}}, "x")) == 0


def test_xml_generic_and_structure_specific(shared):
    generic = sdmx.read(specimen(shared, "wits/sdmxml_WB_gh-78.xml"), "x")
    assert generic.loc[0, ["PRODUCTCODE", "PARTNER", "OBS_VALUE"]].tolist() == [
        "020110",
        "000",
        "0",
    ]
    assert generic.loc[0, "NBR_NA_LINES"] == "1"
    specific = sdmx.read(specimen(shared, "eurostat/sdmxml_NAMA_10_GDP-ss.xml"), "x")
    assert specific["OBS_VALUE"].tolist() == ["46526.2", "49094.5", "51791.3", "54142.3"]
    assert set(specific["geo"]) == {"LU"}


def test_xml_that_is_not_data_is_refused(shared):
    with pytest.raises(SourceError, match="'Structure' document"):
        sdmx.read(specimen(shared, "eurostat/sdmxml_CL_FREQ.xml"), "x")


def test_xml_entities_are_refused_before_the_library_sees_them():
    body = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><GenericData>&e;</GenericData>'
    with pytest.raises(SourceError, match="unsafe"):
        sdmx.read(body, "x")


def test_csv_labels_and_deleted_rows(shared):
    got = sdmx.read(specimen(shared, "sdmx_generic/sdmxcsv2_example-05.csv"), "x")
    assert got[["DIM_1", "OBS_VALUE", "ATTR_1"]].values.tolist() == [
        ["A", "12.4", "N"],
        ["A", "10.8", "Y"],
    ]
    body = "STRUCTURE,ACTION,geo,TIME_PERIOD,OBS_VALUE\nd,I,NA,2020,1\nd,D,NA,2021,2\n"
    got = sdmx.read(body, "x")
    assert got[["geo", "OBS_VALUE"]].values.tolist() == [["NA", "1"]]  # Namibia, not a gap


def test_csv_edges():
    assert len(sdmx.read(b"\xef\xbb\xbfgeo,TIME_PERIOD,OBS_VALUE\r\n", "x")) == 0
    assert len(sdmx.read("", "x")) == 0
    with pytest.raises(SourceError, match="no field 'OBS_VALUE'"):
        sdmx.read("geo,TIME_PERIOD,VALUE\nDE,2020,1\n", "x")
    with pytest.raises(SourceError, match="CSV answer is broken"):
        sdmx.read('geo,TIME_PERIOD,OBS_VALUE\nDE,2020,1,2,3,4\n"', "x")
