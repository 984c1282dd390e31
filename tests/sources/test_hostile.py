"""Hostile answers to every source, and hostile snapshots under every table.

Of each: no traceback, no wrong figure, nothing poisoned. After every attack the vintage before is
in use and ``build`` works, and the same question gets the good answer once the provider is well.
All answers and figures are synthetic.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any, NamedTuple

import pandas as pd
import pytest

from marketintel.reference.limits import MONEY
from marketintel.sources import snapshot
from marketintel.sources.catalogue import sources
from marketintel.sources.fetch import Outcome, answers_dir, execute
from marketintel.sources.plan import plan
from marketintel.warehouse import build, store
from tests.sources.providers import Comtrade, Cubes, Months
from tests.sources.server import FakeClock, Reply, Request, Server
from tests.sources.test_home_sources import cimt, comext, rates, wits
from tests.sources.test_named import KEY, oecd, wto

CODES = ["901320"]
Handler = Callable[[Request], Reply]


def worldbank(request: Request) -> Reply:
    indicator = request.path.rpartition("/")[2]
    first, _, last = request.query["date"].partition(":")
    rows = [
        {"indicator": {"id": indicator, "value": "x"}, "country": {"id": iso3[:2], "value": "x"},
         "countryiso3code": iso3, "date": str(year), "value": 123.5}
        for iso3 in ("CAN", "USA") for year in range(int(first), int(last) + 1)
    ]  # fmt: skip
    head = {"page": 1, "pages": 1, "per_page": 20000, "total": len(rows)}
    return Reply(json=[head, rows])


def imf(request: Request) -> Reply:
    def listed(name: str, values: list[str]) -> dict[str, Any]:
        return {"id": name, "values": [{"id": value} for value in values]}

    structure = {
        "dimensions": {
            "series": [listed("COUNTRY", ["CAN"]), listed("INDICATOR", ["NGDPD"]),
                       listed("FREQUENCY", ["A"])],
            "observation": [listed("TIME_PERIOD", ["2022", "2023"])],
        },
    }  # fmt: skip
    series = {"0:0:0": {"observations": {"0": ["123.5"], "1": ["123.5"]}}}
    return Reply(json={"structure": structure, "dataSets": [{"series": series}]})


def geodist(_: Request) -> Reply:
    pairs = [("CAN", "USA"), ("USA", "CAN")]
    frame = pd.DataFrame(pairs, columns=["iso_o", "iso_d"]).assign(
        dist=123.5, contig=1, comlang_off=1, colony=0, distw=130.25
    )
    data, sink = io.BytesIO(), io.BytesIO()
    frame.to_stata(data, write_index=False)
    with zipfile.ZipFile(sink, "w") as opened:
        opened.writestr("dist_cepii.dta", data.getvalue())
    return Reply(body=sink.getvalue(), content_type="application/zip")


def nuts(_: Request) -> Reply:
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    feature = {
        "type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"NUTS_ID": "SE31", "LEVL_CODE": 2, "CNTR_CODE": "SE", "NAME_LATN": "x"},
    }  # fmt: skip
    return Reply(
        json={"type": "FeatureCollection", "features": [feature]},
        content_type="application/geo+json",
    )


def eurostat(year: str = "2012") -> Handler:
    cell = {"geo": ["DE21"], "time": [year], "freq": ["A"], "value": [123.5]}
    jobs = pd.DataFrame(cell | {"nace_r2": ["C26"], "indic_sb": ["V16110"]})
    gdp = pd.DataFrame(cell | {"unit": ["MIO_EUR"]})
    empty = pd.DataFrame({"time": [], "geo": [], "value": []}).astype({"time": "str"})
    rest = ("sbs_r_nuts2021", "htec_emp_reg2", "rd_e_gerdreg", "rd_p_persreg", "hrst_st_rcat",
            "demo_r_d2jan", "tgs00040")  # fmt: skip
    return Cubes(dict.fromkeys(rest, empty) | {"sbs_r_nuts06_r2": jobs, "nama_10r_2gdp": gdp})


def oecd_year(request: Request) -> Reply:
    """Only the years asked for."""
    good = oecd(request)
    head, *rows = good.body.decode().splitlines()
    kept = [r for r in rows if f",{request.query['startPeriod']}," in r]
    return Reply(body="\n".join([head, *kept, ""]).encode(), content_type=good.content_type)


def wto_year(request: Request) -> Reply:
    rows = wto(request).json["Dataset"]
    year = int(request.query["ps"][:4])
    return Reply(json={"Dataset": [row | {"Year": year} for row in rows]})


YEARLY = pd.DataFrame(
    {"year": [2022, 2023], "cty": "5700", "hs6": "901320", "gen_imports_usd": 120,
     "con_imports_usd": 120, "dutiable_usd": 60, "duties_usd": 12}
)  # fmt: skip


class Case(NamedTuple):
    """A source, its server, and where its service, figure and year stand in a good answer."""

    source: str
    url: str
    route: str
    handler: Handler
    figure: bytes
    year: int = 2023
    target: str = "CAN"
    with_rates: bool = False


CASES = {
    case.source: case
    for case in (
        Case("comtrade", "COMTRADE", "/public/v1/preview", Comtrade(), b'"primaryValue": 2055.0',
             target="JPN"),
        Case("us_census_imports", "CENSUS", "/data/timeseries", Months(YEARLY), b'"10"',
             target="USA"),
        Case("statcan_cimt", "STATCAN_CIMT", "/CIMT-CICM", cimt, b"", with_rates=True),
        Case("comext", "COMEXT", "/sdmx/2.1/data", comext, b",100\n", target="GRC",
             with_rates=True),
        Case("wits", "WITS", "/reporter", wits, b"2.5"),
        Case("worldbank", "WORLDBANK", "/country", worldbank, b"123.5"),
        Case("imf", "IMF", "/data/dataflow", imf, b'"123.5"'),
        Case("ecb", "ECB", "/data/EXR", rates, b"1.1,"),
        Case("cepii_geodist", "CEPII_GEODIST", "/distance", geodist, b""),
        Case("wto", "WTO", "/data", wto_year, b"5.0"),
        Case("oecd", "OECD", "/data/OECD", oecd_year, b",1.5,"),
        Case("eurostat_sbs", "EUROSTAT", "/statistics", eurostat(), b"123.5", 2012),
        Case("eurostat_regional", "EUROSTAT", "/statistics", eurostat(), b"123.5", 2012),
        Case("gisco", "GISCO", "/nuts", nuts, b""),
    )
}  # fmt: skip
TABLES = {name: feed.table for name, source in sources().items() for feed in source.feeds}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running, pytest.MonkeyPatch.context() as patch:
        for case in CASES.values():
            patch.setenv(f"MARKETINTEL_{case.url}_URL", running.url)
            patch.setenv(f"MARKETINTEL_{case.url}_INTERVAL_S", "0")
        for name in ("WTO_KEY", "CENSUS_KEY"):
            patch.setenv(name, KEY)
        patch.delenv("COMTRADE_KEY", raising=False)
        yield running


def fetch(case: Case, data: Path, year: int) -> Outcome:
    sources = [case.source, *(["ecb"] if case.with_rates else [])]
    made = plan([case.target], CODES, [year], answers_dir(data),
                sources=sources, this_year=2026)  # fmt: skip
    return execute(made, data, clock=FakeClock())[0]


@pytest.fixture(scope="module")
def base(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Of a source, a data folder with a good vintage of the year before the one attacked."""

    @cache
    def made(source: str) -> Path:
        case = CASES[source]
        well(server, case)
        data = tmp_path_factory.mktemp(case.source)
        assert fetch(case, data, case.year - (case.source not in FIXED)).error is None
        build_all(data)
        return data

    return made


def well(server: Server, case: Case) -> None:
    server.route("/data/EXR", rates)
    server.route(case.route, case.handler)


#: Sources whose question does not depend on the year: their first answer is attacked with refresh.
FIXED = {"cepii_geodist", "gisco", "imf"}


def build_all(data: Path) -> dict[str, pd.DataFrame]:
    """Build what can be built; no figure in it is absurd."""
    if not any(source in TABLES for source in snapshot.sources(data)):
        return {}
    tables = {t.name: store.read_parquet(t.path) for t in build.build(data)}
    for name, frame in tables.items():
        figures = frame.select_dtypes("float64")
        least = -1e3 if name == "macro" else 0  # growth and inflation may be negative
        assert not ((figures < least) | (figures > MONEY)).any(axis=None)
        if "period" in frame:
            assert frame["period"].str.fullmatch(r"20[012]\d(-\d\d)?").all()
    return tables


class Siege:
    """A source's data folder under attack: what an attack leaves must be what was there."""

    def __init__(self, case: Case, base: Path, data: Path, server: Server) -> None:
        self.case, self.base, self.data, self.server = case, base, data, server
        self.restore()

    def restore(self) -> None:
        if self.data.exists():
            rmtree(self.data)
        copytree(self.base, self.data)
        if self.case.source in FIXED:  # asked once for all years: that answer must not be there
            for answer in self.files("local"):
                answer.unlink()

    def files(self, folder: str) -> list[Path]:
        wanted = answers_dir(self.data) if folder == "local" else self.data / "raw"
        kinds = (".gz", ".zip", ".parquet")
        return sorted(p for p in (wanted / self.case.source).rglob("*") if p.suffix in kinds)

    def attack(self, change: Callable[[Request, Reply], Reply]) -> Outcome:
        before = self.files("local"), self.files("raw")
        well(self.server, self.case)
        self.server.route(
            self.case.route, lambda request: change(request, self.case.handler(request))
        )
        done = fetch(self.case, self.data, self.case.year)
        if done.error:
            print(
                self.case.source, done.error, [f for f in self.files("local") if f not in before[0]]
            )
            assert "\n" not in str(done.error)
            if (self.files("local"), self.files("raw")) != before:
                # Data sets are asked apart, and one that an attack does not meet is kept.
                assert self.case.source == "eurostat_regional", "nothing bad is kept"
                build_all(self.data)
                self.restore()
        else:
            if done.vintage:
                build_all(self.data)
            self.restore()
        return done

    def over(self) -> None:
        """The provider is well again: the same question gets the good answer, and it builds."""
        well(self.server, self.case)
        done = fetch(self.case, self.data, self.case.year)
        assert done.error is None
        assert done.vintage or self.case.source in FIXED
        build_all(self.data)


HTML = b"<!DOCTYPE html><html><body>Sign in</body></html>"
DEEP = b"[" * 100_000
#: Whatever the source: none of these is an answer.
WHOLE: dict[str, Callable[[Request, Reply], Reply]] = {
    "cut": lambda _, good: Reply(body=good.content()[:-9], content_type=good.media()),
    "empty list": lambda _, good: Reply(body=b"[]", content_type=good.media()),
    "null": lambda _, good: Reply(body=b"null", content_type=good.media()),
    "deep": lambda _, good: Reply(body=DEEP, content_type=good.media()),
    "page": lambda _, good: Reply(body=HTML, content_type=good.media()),
    "page as page": lambda *_: Reply(body=HTML, content_type="text/html"),
    "infinity": lambda _, good: Reply(body=b'[{"pages": Infinity}, []]', content_type=good.media()),
    "1e999": lambda _, good: Reply(body=b'{"count": 1e999, "value": 1e999}',
                                   content_type=good.media()),
    "huge integer": lambda _, good: Reply(body=b'{"count": ' + b"9" * 5000 + b"}",
                                          content_type=good.media()),
    "half a pair": lambda _, good: Reply(body=b'{"error": "\\ud800"}', content_type=good.media()),
    "not text": lambda _, good: Reply(body=b"\xff\xfe\x00\x9f" * 9, content_type=good.media()),
    "zip of nothing": lambda _, good: Reply(body=b"PK\x05\x06" + b"\0" * 18,
                                            content_type=good.media()),
    "no gzip": lambda _, good: Reply(body=b"not compressed at all", content_type=good.media(),
                                     headers={"Content-Encoding": "gzip"}),
    "port": lambda *_: Reply(302, headers={"Location": "http://127.0.0.1:99999/x"}),
    "no port": lambda *_: Reply(302, headers={"Location": "http://127.0.0.1:port/x"}),
    "bracket": lambda *_: Reply(302, headers={"Location": "http://[::1/x"}),
    "nowhere": lambda *_: Reply(302, headers={"Location": "http://"}),
    "elsewhere": lambda *_: Reply(302, headers={"Location": "https://example.org/x"}),
    "wait for ever": lambda *_: Reply(429, headers={"Retry-After": "9" * 400}),
    "wait in words": lambda *_: Reply(503, body=b"try again in " + b"9" * 400 + b" seconds"),
    "error": lambda *_: Reply(500, body=DEEP),
    "superscript length": lambda _, good: Reply(body=good.content()[:-9], raw_length="²",
                                                content_type=good.media()),
    "length beyond all": lambda _, good: Reply(body=good.content(), raw_length="9" * 30,
                                               content_type=good.media()),
}  # fmt: skip


@pytest.mark.parametrize("source", CASES)
def test_no_answer_at_all(
    source: str, server: Server, base: Callable[[str], Path], tmp_path: Path
) -> None:
    siege = Siege(CASES[source], base(source), tmp_path / "data", server)
    for name, change in WHOLE.items():
        done = siege.attack(change)
        assert done.error or not done.vintage, (source, name)
    siege.over()


#: In the place of a good figure.
FIGURES = (b"1e300", b"-5", b"9223372036854775807", b"Infinity", b"NaN", b"1e999", b"9" * 400,
           b'"<script>"', b"{}", b"[[]]")  # fmt: skip
PERIODS = (b"<script>", b"1066", b"9999", b"0000", b"20231")


@pytest.mark.parametrize("source", [s for s, case in CASES.items() if case.figure])
def test_a_figure_or_period_that_is_none(
    source: str, server: Server, base: Callable[[str], Path], tmp_path: Path
) -> None:
    case = CASES[source]
    siege = Siege(case, base(source), tmp_path / "data", server)
    figure = re.search(rb"[\d.]+", case.figure)
    assert figure
    for new in (*FIGURES, *PERIODS):
        old = case.figure if new in FIGURES else str(case.year).encode()
        put = case.figure.replace(figure[0], new) if new in FIGURES else new

        def change(_: Request, good: Reply, old: bytes = old, put: bytes = put) -> Reply:
            body = good.content() if not good.gzipped else json.dumps(good.json).encode()
            return Reply(body=body.replace(old, put), content_type=good.media())

        done = siege.attack(change)
        assert done.error or not done.vintage or new in (b"NaN", b"-5"), (source, new)
    siege.over()
