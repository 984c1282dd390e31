"""Providers' services made of figures at hand, for tests that go the whole way through HTTP.

Fixtures: synthetic.
"""

from typing import ClassVar
from urllib.parse import parse_qs

import pandas as pd

from marketintel.sources.formats import jsonstat
from tests.sources.server import Reply, Request


def read_cube(body: object, **options: bool) -> pd.DataFrame:
    """Return Eurostat's answer as a tidy frame."""
    return jsonstat.process(body, "eurostat", **options)  # type: ignore[arg-type]


class Months:
    """The Bureau's service made of real yearly figures; how they fall on months is synthetic:
    twelve equal parts, what is left over in December."""

    MEASURES: ClassVar = {
        "GEN_VAL_MO": "gen_imports_usd", "CON_VAL_MO": "con_imports_usd",
        "DUT_VAL_MO": "dutiable_usd", "CAL_DUT_MO": "duties_usd",
    }  # fmt: skip

    def __init__(self, yearly: pd.DataFrame) -> None:
        self.yearly = yearly

    def __call__(self, request: Request) -> Reply:
        year, _, month = request.query["time"].partition("-")
        asked = parse_qs(request.url_query).get("I_COMMODITY", [])
        exact = [code for code in asked if not code.endswith("*")]
        begin = tuple(code[:-1] for code in asked if code.endswith("*"))
        of_codes = self.yearly["hs6"].isin(exact) | (not asked)
        if begin:
            of_codes |= self.yearly["hs6"].str.startswith(begin)
        chosen = self.yearly[(self.yearly["year"] == int(year)) & of_codes]
        if len(chosen) == 0:
            return Reply(204)
        parts = [chosen[name] // 12 for name in self.MEASURES.values()]
        if month == "12":
            parts = [chosen[name] - 11 * (chosen[name] // 12) for name in self.MEASURES.values()]
        columns = [chosen["cty"], *(part.astype("str") for part in parts), chosen["hs6"]]
        rows = [list(cells) for cells in zip(*columns, strict=True)]
        total = ["-", *(str(part.sum()) for part in parts), "901320"]
        stamp = ["HS6", request.query["time"]]
        head = ["CTY_CODE", *self.MEASURES, "I_COMMODITY", "COMM_LVL", "time"]
        return Reply(json=[head, *([*cells, *stamp] for cells in [*rows, total])], gzipped=True)


class Comtrade:
    """Comtrade made of synthetic rows: a value for every reporter, period, code and partner."""

    PARTNERS = (0, 156, 276, 392, 899)

    def __call__(self, request: Request) -> Reply:
        rows = [
            {"reporterCode": int(reporter), "partnerCode": partner, "flowCode": flow,
             "classificationCode": "H6", "cmdCode": code, "period": period, "freqCode": "A",
             "primaryValue": float(int(code) % 997 + partner + int(period)), "partner2Code": 0,
             "motCode": 0, "customsCode": "C00"}
            for reporter in request.query["reporterCode"].split(",")
            for period in request.query["period"].split(",")
            for code in request.query["cmdCode"].split(",")
            for flow in request.query["flowCode"].split(",")
            for partner in self.PARTNERS
        ]  # fmt: skip
        return Reply(json={"elapsedTime": "0", "count": len(rows), "data": rows, "error": ""})


class Cubes:
    """Eurostat's statistics made of tidy figures, in JSON-stat 2.0 as it writes it.

    ``tables`` has a frame a data set: its dimensions, ``value``, and ``status`` where a cell is
    flagged. Of the cube, cells without a row have neither value nor flag.
    """

    def __init__(self, tables: dict[str, pd.DataFrame]) -> None:
        self.tables = tables

    def __call__(self, request: Request) -> Reply:
        name = request.path.rpartition("/")[2]
        asked = parse_qs(request.url_query)
        rows = self.tables[name]
        since, until = asked["sinceTimePeriod"][0], asked["untilTimePeriod"][0]
        rows = rows[rows["time"].between(since, until)]
        for dimension, codes in asked.items():
            if dimension in rows:
                rows = rows[rows[dimension].isin(codes)]
        if rows.empty:
            said = {"status": 400, "id": 100, "label": "No results found for the query."}
            return Reply(400, json={"error": [said]})
        dimensions = [column for column in rows if column not in ("value", "status")]
        codes_of = {d: sorted(rows[d].unique()) for d in dimensions}
        cell = pd.Series(0, index=rows.index)
        for d in dimensions:
            cell = cell * len(codes_of[d]) + rows[d].map({c: i for i, c in enumerate(codes_of[d])})
        there = rows["value"].notna()
        message = {
            "version": "2.0", "class": "dataset", "source": "ESTAT",
            "updated": "2026-11-01T23:00:00+0100", "extension": {"id": name.upper()},
            "id": dimensions, "size": [len(codes_of[d]) for d in dimensions],
            "dimension": {
                d: {"category": {"index": {c: i for i, c in enumerate(codes_of[d])}}}
                for d in dimensions
            },
            "value": {str(c): v for c, v in zip(cell[there], rows["value"][there], strict=True)},
        }  # fmt: skip
        if "status" in rows:
            flagged = rows["status"].notna()
            flags = zip(cell[flagged], rows["status"][flagged], strict=True)
            message["status"] = {str(c): flag for c, flag in flags}
        return Reply(json=message, gzipped=True)
