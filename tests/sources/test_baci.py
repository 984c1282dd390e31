"""BACI from zip to answers, and GeoDist: the rows are real, the zips are made here."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from marketintel.errors import DamagedDataError, MissingDataError, SourceError, UsageError
from marketintel.sources.http.client import Client
from marketintel.sources.providers import baci, cepii
from marketintel.sources.providers.baci import load, read
from tests.sources.server import FakeClock, Server

#: Synthetic rows in BACI's form: padded numbers, NA, a code that begins with 0.
ROWS = "t,i,j,k,v,q\n2024,842,124,901320,   10.500,   0.250\n2024,156,842,010121,  1.000,    NA\n"
NAME = "BACI_HS92_Y{year}_V202501.csv"


def zipped(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def year_2024(path: Path, text: str = ROWS) -> Path:
    return zipped(path / "b.zip", {NAME.format(year=2024): text, "Readme.txt": "read me"})


def test_text_zeroes_and_missing_weights_survive(tmp_path: Path) -> None:
    (file,) = load(year_2024(tmp_path), tmp_path / "lib")
    assert file == tmp_path / "lib/HS92_V202501/2024.parquet"
    frame = read(file.parent, ["901320", "010121"])
    assert frame.dtypes.astype(str).to_dict() == baci.CONTRACT
    assert frame["k"].tolist() == ["010121", "901320"]
    assert frame["v"].tolist() == [1.0, 10.5]
    assert pd.isna(frame["q"].iloc[0])
    assert frame["q"].iloc[1] == 0.25
    assert read(file.parent, ["999999"]).empty
    assert not list((tmp_path / "lib").rglob(".loading-*"))


@pytest.fixture(scope="session")
def materials(shared: Path) -> pd.DataFrame:
    return pd.read_parquet(shared / "data/baci_hs92_materials_1995_2024.parquet")


def test_real_rows_come_back_as_they_went_in(materials: pd.DataFrame, tmp_path: Path) -> None:
    chosen = materials[materials["t"].isin([2022, 2023, 2024])]
    members = {
        NAME.format(year=year): rows.to_csv(index=False, na_rep="NA")
        for year, rows in chosen.groupby("t")
    }
    files = load(zipped(tmp_path / "b.zip", members), tmp_path)
    assert [f.stem for f in files] == ["2022", "2023", "2024"]
    codes = ["280450", "811211", "280530"]
    keys = ["k", "t", "i", "j"]
    expected = chosen[chosen["k"].isin(codes)].sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(
        read(files[0].parent, codes), expected.astype(baci.CONTRACT)[list(baci.CONTRACT)]
    )


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        "\ufeff" + ROWS.replace("\n", "\r\n"),
        ROWS.replace("t,i,j,k,v,q", '"t","i","j","k","v","q"'),
        ROWS + "2024,4,12,9999AA,       1.5,\n",  # in the lists of products of recent editions
    ],
    ids=["as published", "byte order mark", "quoted names", "goods of no kind"],
)
def test_spellings_of_one_year(tmp_path: Path, text: str) -> None:
    (file,) = load(year_2024(tmp_path, text), tmp_path)
    assert read(file.parent, ["901320"])["v"].tolist() == [10.5]


def test_ten_recorded_rows(shared: Path, tmp_path: Path) -> None:
    text = (shared / "specimens/baci_gravity/baci_HS17_V202301_first10.csv").read_text()
    archive = zipped(tmp_path / "b.zip", {"BACI_HS17_Y2018_V202301.csv": text})
    (file,) = load(archive, tmp_path)
    frame = read(file.parent, ["391739", "854232"])
    assert file.parent.name == "HS17_V202301"
    assert frame[["k", "v"]].to_dict("split")["data"] == [["391739", 0.164], ["854232", 0.332]]
    assert pd.isna(frame["q"].iloc[0])


def test_done_years_are_left_alone_and_changed_ones_are_not(tmp_path: Path) -> None:
    (file,) = load(year_2024(tmp_path), tmp_path)
    before = file.stat().st_mtime_ns
    load(year_2024(tmp_path), tmp_path)
    assert file.stat().st_mtime_ns == before
    load(year_2024(tmp_path, ROWS.replace("10.500", "11.500")), tmp_path)
    assert read(file.parent, ["901320"])["v"].tolist() == [11.5]


def test_a_year_interrupted_before_its_mark_is_done_again(tmp_path: Path) -> None:
    (file,) = load(year_2024(tmp_path), tmp_path)
    mark = file.with_name("2024.parquet.from.json")
    held = json.loads(mark.read_text())
    assert held["rows"] == 2
    mark.unlink()
    with pytest.raises(MissingDataError, match="no year is loaded"):
        read(file.parent, ["901320"])
    load(year_2024(tmp_path), tmp_path)
    assert len(read(file.parent, ["901320"])) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("t,i,j,hs6,v,q\n", "begins with 't,i,j,hs6,v,q'; expected t,i,j,k,v,q"),
        (ROWS.replace("10.500", "ten"), "is not in BACI's form"),
        (ROWS.replace("2024,156", "2023,156"), "1 rows of another year"),
        (ROWS.replace("901320", "9013AB"), "1 rows of another year, without value, or with a prod"),
        (ROWS.replace("   10.500", "NA"), "is not in BACI's form"),
    ],
)
def test_another_form_stops(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        load(year_2024(tmp_path, text), tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert not list(tmp_path.rglob("2024.parquet"))


def test_damaged_zips_and_unwanted_questions(tmp_path: Path) -> None:
    archive = year_2024(tmp_path)
    (tmp_path / "cut.zip").write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(DamagedDataError, match="not readable as a zip"):
        load(tmp_path / "cut.zip", tmp_path)
    content = bytearray(archive.read_bytes())
    content[70] ^= 0xFF
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(DamagedDataError, match="is damaged"):
        load(tmp_path / "bad.zip", tmp_path)
    with pytest.raises(SourceError, match="has no file BACI_HS"):
        load(zipped(tmp_path / "other.zip", {"x.csv": ""}), tmp_path)
    with pytest.raises(UsageError, match="'90132' is not an HS code"):
        read(tmp_path, ["90132"])


def test_the_zip_is_downloaded_once(tmp_path: Path) -> None:
    content = year_2024(tmp_path).read_bytes()
    with Server() as server:
        path = "/DATA_DOWNLOAD/baci/data/BACI_HS92_V202501.zip"
        server.add(path, body=content, content_type="application/zip", cut_after=50).then(
            body=content, content_type="application/zip"
        )
        with Client(replace(baci.PROVIDER, base=server.url), clock=FakeClock()) as c:
            for _ in range(2):
                got = baci.download("202501", "HS92", tmp_path / "got.zip", c)
    assert got.read_bytes() == content
    assert len(server.requests) == 2, "cut once, whole once, then kept"


def stata(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_stata(buffer, write_index=False)
    return buffer.getvalue()


def test_geodist_through_http(shared: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.write(shared / "data/dist_cepii.dta", "dist_cepii.dta")
    with (
        Server() as server,
        Client(replace(cepii.PROVIDER, base=server.url), clock=FakeClock()) as c,
    ):
        server.add("/distance/dist_cepii.zip", body=(tmp_path / "d.zip").read_bytes(),
                   content_type="application/zip")  # fmt: skip
        frame = cepii.fetch(c)
    assert len(frame) == 224 * 224
    pair = frame.set_index(["origin_code", "destination_code"]).loc[("DEU", "FRA")]
    assert (pair["contiguous"], pair["common_language"]) == (True, False)
    assert 400 < pair["distance_km"] < 900


def test_geodist_in_another_form_stops() -> None:
    good = {"iso_o": ["A"], "iso_d": ["B"], "dist": [1.0], "contig": [0], "comlang_off": [1],
            "colony": [0], "distw": [2.0]}  # fmt: skip
    assert cepii.process(stata(pd.DataFrame(good)))["common_language"].tolist() == [True]
    with pytest.raises(SourceError, match="no field 'distance_km'"):
        cepii.process(stata(pd.DataFrame(good).drop(columns="dist")))
    with pytest.raises(SourceError, match="'colony' has a value other than 0 and 1"):
        cepii.process(stata(pd.DataFrame(good | {"colony": [7]})))
    with pytest.raises(SourceError, match="Stata file cannot be read"):
        cepii.process(b"nonsense")
    with pytest.raises(SourceError, match="damaged or cut off"):
        cepii.process(b"PK\x03\x04nonsense")
