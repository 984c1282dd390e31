"""Whole files from the command to the page: every product of BACI, and Gravity's ties by year.

Trade and ties are synthetic throughout; names, codes and columns are the providers' own.
"""

import io
import zipfile
from pathlib import Path
from shutil import copytree

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from marketintel.cli.fetch import fetch
from marketintel.reference.countries import code_map, group_members
from marketintel.reference.segments import load_segments
from marketintel.sources import snapshot
from marketintel.warehouse.build import build
from marketintel.warehouse.context import pairs_yearly

app = typer.Typer()
app.command()(fetch)

PRODUCTS, COUNTRIES, YEARS = 3_500, 60, (2021, 2022, 2023)


def command(data: Path, *words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*map(str, words), "--data", str(data)])
    return done.exit_code, done.output + str(done.exception or "")


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    """BACI rows of 60 economies and over 3,000 products: able ones sell the rare products too."""
    known = load_segments()
    own = sorted({c for n in known.names() for c in known[n].cmd_codes("HS1992")})
    codes = np.array(
        sorted({*own, *(f"{n:06}" for n in range(10100, 10100 + PRODUCTS))})[:PRODUCTS]
    )
    codes = np.array(sorted({*own, *codes[: PRODUCTS - len(own)]}))
    m49 = {iso3: int(code) for code, iso3 in code_map("m49_comtrade").items()}
    names = [
        *group_members("EU27"),
        "USA",
        "CHN",
        "JPN",
        "KOR",
        "CAN",
        "MEX",
        "BRA",
        "IND",
        "ZAF",
        "AUS",
        "NZL",
        "CHE",
        "NOR",
        "GBR",
        "TUR",
        "UKR",
        "SRB",
        "EGY",
        "MAR",
        "TUN",
        "KEN",
        "NGA",
        "GHA",
        "ARG",
        "CHL",
        "COL",
        "PER",
        "VNM",
        "THA",
        "MYS",
        "IDN",
        "PHL",
        "SGP",
    ]
    numbers = np.array([m49[name] for name in names[:COUNTRIES]])
    assert len(numbers) == COUNTRIES
    chance = np.random.default_rng(20261122)
    able = np.linspace(1, 0.2, COUNTRIES)
    rare = chance.uniform(0, 0.9, len(codes))
    rare[np.isin(codes, own)] = 0.05
    sells = chance.uniform(size=(COUNTRIES, len(codes))) < (able[:, None] - rare) * 2
    exporter, product = np.nonzero(sells)
    parts = []
    for year in YEARS:
        for step in (1, 7):
            partner = (exporter + step + product % 5) % COUNTRIES
            value = chance.lognormal(8, 1.5, len(exporter)).round(3)
            parts.append(pd.DataFrame({"t": year, "i": numbers[exporter], "j": numbers[partner],
                                       "k": codes[product], "v": value, "q": 1.0}))  # fmt: skip
    rows = pd.concat(parts, ignore_index=True)
    return rows[rows["i"] != rows["j"]].drop_duplicates(["t", "i", "j", "k"])


@pytest.fixture(scope="module")
def loaded(
    world: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory, root: Path
) -> tuple[Path, Path]:
    """The zip, and a data directory after ``fetch baci --all-products``."""
    folder = tmp_path_factory.mktemp("bulk")
    archive = folder / "BACI_HS92_V202501.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as opened:
        for year, rows in world.groupby("t"):
            opened.writestr(f"BACI_HS92_Y{year}_V202501.csv", rows.to_csv(index=False))
    data = folder / "data"
    for source in ("worldbank", "cepii_geodist"):
        copytree(root / "data/raw" / source, data / "raw" / source)
    code, said = command(data, "baci", "--zip", archive, "--all-products")
    assert code == 0, said
    assert "sums of all products of 2023" in said
    return archive, data


def test_sums_of_all_products_are_those_of_the_rows(
    world: pd.DataFrame, loaded: tuple[Path, Path]
) -> None:
    _, data = loaded
    (held,) = snapshot.find(data, "baci_baskets")
    frame = pd.read_parquet(held.path)
    assert held.meta.vintage == "HS92_V202501"
    assert held.meta.parameters["years"] == [2023]
    newest = world[world["t"] == 2023]
    assert frame["cmd_code"].nunique() == newest["k"].nunique() > 3_000
    to_world = frame[frame["destination"] == "WLD"]
    assert len(to_world) == len(newest.drop_duplicates(["i", "k"]))
    assert to_world["value_usd"].sum() == (newest["v"] * 1000).round().sum()
    numbers = {int(code): iso3 for code, iso3 in code_map("m49_comtrade").items()}
    union = set(group_members("EU27"))
    within = newest[newest["i"].map(numbers).isin(union) & newest["j"].map(numbers).isin(union)]
    inside = frame[frame["destination"] == "EU27"]
    assert set(inside["exporter"]) <= union
    assert inside["value_usd"].sum() == (within["v"] * 1000).round().sum() > 0


def test_a_second_run_changes_nothing_and_a_further_year_is_added(
    loaded: tuple[Path, Path], tmp_path: Path
) -> None:
    archive, first = loaded
    data = tmp_path / "data"
    copytree(first, data)
    code, said = command(data, "baci", "--zip", archive, "--all-products")
    assert (code, len(snapshot.list_snapshots(data, "baci_baskets"))) == (0, 1), said
    code, said = command(data, "baci", "--zip", archive, "--all-products", "--years", "2021")
    assert code == 0, said
    (held,) = snapshot.find(data, "baci_baskets")
    assert held.meta.vintage == "HS92_V202501.02"
    assert set(pd.read_parquet(held.path)["period"]) == {"2021", "2023"}
    code, said = command(data, "baci", "--zip", archive, "--all-products", "--years", "2019")
    assert code == 1
    assert "has no year 2019 (there are 2021 to 2023)" in said


@pytest.mark.parametrize("exporter", ["FRA", "EU27"])
def test_the_page_on_complexity_is_filled_by_them(
    world: pd.DataFrame, loaded: tuple[Path, Path], exporter: str
) -> None:
    from marketintel.analysis.trade import complexity
    from marketintel.documents.document import open_document
    from marketintel.documents.screening.facts import baskets
    from marketintel.warehouse.terms import publishable

    _, data = loaded
    document = open_document("screening", data, exporter=exporter, segments=["lasers", "optics"])
    screen = document.facts
    text, table = document.chapter("structure").flat()
    wide = baskets.exports(screen)
    assert wide.shape[1] > 3_000
    newest = world[world["t"] == 2023]
    numbers = {int(code): iso3 for code, iso3 in code_map("m49_comtrade").items()}
    members = group_members(exporter)
    sold = newest[newest["i"].map(numbers).isin(members) & ~newest["j"].map(numbers).isin(members)]
    assert wide.loc[exporter].sum() == (sold["v"] * 1000).round().sum()
    kept, _ = complexity.without_tiny(wide, 1e9, baskets.population(screen), 1e6)
    assert f"Over {kept.shape[1]:,} products and {len(kept)} economies in 2023" in text.markdown
    eci = complexity.complexity(complexity.presence(kept)).eci
    assert f"{eci[exporter]:.2f}".replace("-", "−") in text.markdown
    assert "BACI HS92_V202501, summed over partners" in table.source
    assert {"baci", "baci_baskets"} <= set(screen.used["source"])
    assert publishable(screen.used["source"]) == [], "open data: an edition may be published"


def test_without_them_the_page_says_how_to_get_them(
    loaded: tuple[Path, Path], tmp_path: Path
) -> None:
    from marketintel.documents.document import open_document

    data = tmp_path / "data"
    for source in ("worldbank", "cepii_geodist", "baci"):
        copytree(loaded[1] / "raw" / source, data / "raw" / source)
    document = open_document("screening", data, exporter="FRA", segments=["lasers"])
    (said,) = document.chapter("structure").flat()
    assert said.style == "warning"
    assert "`--all-products`" in said.markdown
    assert "of which 2023 is needed here" in said.markdown


# --- Gravity ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gravity_columns(shared: Path) -> list[str]:
    listed = pd.read_csv(shared / "specimens/baci_gravity/gravity_V202211_columns.csv")
    return listed["Column Name"].tolist()


def ties(columns: list[str], years: range, names: list[str], **changed: object) -> pd.DataFrame:
    """Synthetic rows under the real columns: France and Sweden always, Serbia from 2006 on."""
    grid = pd.MultiIndex.from_product([years, names, names], names=["year", "iso3_o", "iso3_d"])
    rows = grid.to_frame(index=False).reindex(columns=columns)
    for side in ("o", "d"):
        late = (rows[f"iso3_{side}"] == "SRB") & (rows["year"] < 2006)
        rows[f"country_exists_{side}"] = (~late).astype(int)
        rows[f"gdp_{side}"] = 2_500_000_000.0
        rows[f"wto_{side}"] = (rows[f"iso3_{side}"] != "SRB").astype(int)
        rows[f"eu_{side}"] = rows[f"iso3_{side}"].isin(["FRA", "SWE"]).astype(int)
    rows["dist"] = 1500.0
    rows["fta_wto"] = np.where(
        rows["iso3_o"] == rows["iso3_d"], np.nan, rows["eu_o"] * rows["eu_d"]
    )
    return rows.assign(contig=0, comlang_off=0, col_dep_ever=0, **changed)


def packed(folder: Path, frame: pd.DataFrame, name: str = "Gravity_V202211.csv") -> Path:
    archive = folder / "Gravity_csv_V202211.zip"
    text = io.StringIO()
    frame.to_csv(text, index=False)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(name, text.getvalue())
        opened.writestr("Countries_V202211.csv", "iso3\n")
    return archive


def test_gravity_gives_ties_by_year(gravity_columns: list[str], tmp_path: Path) -> None:
    names = ["FRA", "SWE", "SRB", "DDR"]  # of which the last is no economy of ours
    archive = packed(tmp_path, ties(gravity_columns, range(1990, 2022), names))
    data = tmp_path / "data"
    code, said = command(data, "gravity", "--zip", archive, "--dry-run")
    assert (code, data.exists()) == (0, False), said
    assert "edition 202211, read piece by piece, 1995 on" in said
    code, said = command(data, "gravity", "--zip", archive)
    assert code == 0, said
    (held,) = snapshot.find(data, "cepii_gravity")
    assert held.meta.vintage == "V202211-1995-2021"
    (table,) = build(data)
    assert (table.name, table.rows) == ("pairs_yearly", 11 * 4 + 16 * 9)
    rows = pairs_yearly("FRA", data_dir=data).set_index("destination")
    assert set(rows["period"]) == {"2021"}
    assert rows.loc["SWE", "trade_agreement"]
    assert not rows.loc["SRB", "trade_agreement"]
    assert pd.isna(rows.loc["FRA", "trade_agreement"]), "not stated is neither yes nor no"
    assert not rows.loc["SRB", "destination_in_wto"]
    assert rows.loc["SWE", "gdp_destination_usd"] == 2.5e12, "thousands at source"
    assert set(pairs_yearly("FRA", 2005, data)["destination"]) == {"FRA", "SWE"}
    again, said = command(data, "gravity", "--zip", archive)
    assert (again, len(snapshot.list_snapshots(data))) == (0, 1), said
    code, said = command(data, "gravity", "--zip", archive, "--years", "2020")
    assert "vintage V202211-2020-2020" in said


def test_agreements_stand_beside_what_gravity_predicts(
    gravity_columns: list[str], loaded: tuple[Path, Path], tmp_path: Path
) -> None:
    from marketintel.documents.document import open_document

    data = tmp_path / "data"
    copytree(loaded[1], data)
    union = group_members("EU27")
    rows = ties(gravity_columns, range(2021, 2022), [*union, "JPN", "KOR", "USA", "SRB"])
    rows.loc[rows["iso3_d"] == "JPN", "fta_wto"] = 1
    rows.loc[rows["iso3_d"].eq("KOR") & rows["iso3_o"].eq("FRA"), "fta_wto"] = 1
    rows.loc[rows["iso3_d"] == "SRB", "fta_wto"] = None
    code, said = command(data, "gravity", "--zip", packed(tmp_path, rows))
    assert code == 0, said
    document = open_document("screening", data, segments=["lasers", "optics"])
    *_, table = document.chapter("gravity").flat()
    told = table.frame.set_index("market")["trade agreement 2021"]
    assert told[["JPN", "KOR", "USA", "SRB", "CHN"]].tolist() == [
        "yes", "some members", "no", "not stated", "not stated"]  # fmt: skip
    assert "CEPII Gravity Database" in table.source


def test_gravity_in_another_form_stops(gravity_columns: list[str], tmp_path: Path) -> None:
    good = ties(gravity_columns, range(2019, 2021), ["FRA", "SWE"])
    for frame, name, says in (
        (good.drop(columns="fta_wto"), "Gravity_V202211.csv", "is not in Gravity's form"),
        (good.assign(gdp_o="much"), "Gravity_V202211.csv", "is not in Gravity's form"),
        (good.assign(contig=3), "Gravity_V202211.csv", "'contiguous' has a value other than 0 and"),
        (good, "Gravity_V202211.rds", "has 0 files Gravity_V"),
    ):
        code, said = command(tmp_path / "data", "gravity", "--zip", packed(tmp_path, frame, name))
        assert code == 1
        assert says in said
        assert "\n" not in said.strip().partition("SourceError")[2]
    archive = packed(tmp_path, good)
    code, said = command(tmp_path / "data", "gravity", "--zip", archive, "--years", "1950")
    assert "has no year of 1950 to 1950" in said
    content = bytearray(archive.read_bytes())
    content[120] ^= 0xFF
    archive.write_bytes(content)
    code, said = command(tmp_path / "data", "gravity", "--zip", archive)
    assert code == 1
    assert "damaged" in said or "not in Gravity's form" in said
    assert not list((tmp_path / "data").rglob("*.parquet"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("gravity",), "fetch gravity needs --zip FILE"),
        (("gravity", "--zip", "x.zip", "--all-products"), "takes neither"),
        (("baci", "gravity", "--zip", "x.zip"), "for one of baci, gravity alone"),
        (("comtrade", "--all-products"), "for one of baci, gravity alone"),
        (("--all-products",), "fetch baci needs --edition"),
    ],
)
def test_options_that_do_not_go_together(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    code, said = command(tmp_path, *words)
    assert code == 1
    assert says in said
