"""Shapes in which providers answer and of which no recording is at hand.

Every body is synthetic: small, with plain figures, made after a form that public material shows.
Where each form was seen stands beside it, so that it can be looked up again. What comes out is a
frame under the contract, or one SourceError whose words say what was wrong; which of the two, and
the figures that matter, are stated here.
"""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest

from marketintel.errors import SourceError
from marketintel.sources.formats import comext as comext_rows
from marketintel.sources.providers import (
    census,
    comtrade,
    ecb,
    imf,
    oecd,
    wits,
    worldbank,
    wto,
)
from tests.sources.providers import read_cube

IMF = partial(imf.process, as_of=date(2026, 1, 1))
SDMX = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
COMMON = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/common"
COMTRADE_ROW = {
    "typeCode": "C", "freqCode": "A", "refYear": 2023, "refMonth": 52, "period": "2023",
    "reporterCode": 842, "reporterISO": "USA", "flowCode": "M", "partnerCode": 392,
    "partner2Code": 0, "classificationCode": "H6", "isOriginalClassification": True,
    "cmdCode": "TOTAL", "customsCode": "C00", "mosCode": "0", "motCode": 0, "qtyUnitCode": -1,
    "qtyUnitAbbr": "N/A", "qty": 0, "netWgt": 0, "fobvalue": None, "cifvalue": 9,
    "primaryValue": 9, "isReported": False,
}  # fmt: skip
WB_HEAD = {"page": 1, "pages": 1, "per_page": "50", "total": 1, "lastupdated": "2026-07-01"}
WB_ROW = {
    "indicator": {"id": "SP.POP.TOTL", "value": "Population, total"},
    "country": {"id": "CA", "value": "Canada"}, "countryiso3code": "CAN", "date": "2024",
    "value": 41, "unit": "", "obs_status": "", "decimal": 0,
}  # fmt: skip
POINT = {
    "refPer": "2026-08-01", "refPer2": "", "refPerRaw": "2026-08-01", "refPerRaw2": "",
    "value": None, "decimals": 1, "scalarFactorCode": 0, "symbolCode": 0, "statusCode": 1,
    "securityLevelCode": 0, "releaseTime": "2026-09-14T08:30", "frequencyCode": 6,
}  # fmt: skip
WTO_ROW = {
    "IndicatorCategoryCode": "TPA_MFN_HS", "IndicatorCode": "HS_M_0010", "Indicator": "MFN",
    "ReportingEconomyCode": "840", "PartnerEconomyCode": "", "Year": 2024, "PeriodCode": "A",
    "ProductOrSectorClassificationCode": "HS", "ProductOrSectorCode": "901320",
    "FrequencyCode": "A", "UnitCode": "PC", "ValueFlagCode": "", "TextValue": "", "Value": 2.5,
}  # fmt: skip


def zipped(name: str, text: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(name, text)
    return body.getvalue()


def cube(**changed: Any) -> dict[str, Any]:
    """A JSON-stat data set of two cells."""
    return {
        "version": "2.0", "class": "dataset", "id": ["geo", "time"], "size": [1, 2],
        "dimension": {
            "geo": {"category": {"index": {"SE31": 0}, "label": {"SE31": "Norra Mellansverige"}}},
            "time": {"category": {"index": {"2020": 0, "2021": 1}}},
        },
        "value": {"0": 1.5},
    } | changed  # fmt: skip


#: What is given, and the first row's cells (none: no rows) that come of it.
READ: dict[str, tuple[Callable[..., Any], Any, dict[str, Any] | None]] = {
    # Preview as stored by several public repositories in 2026.
    "comtrade preview": (
        comtrade.process,
        json.dumps({"elapsedTime": "2 secs", "count": 1, "data": [COMTRADE_ROW], "error": ""}),
        {"partner_code": "392", "value_usd": 9.0, "valuation": "CIF", "quantity_unit": None},
    ),
    "comtrade, byte order mark": (
        comtrade.process,
        b"\xef\xbb\xbf" + json.dumps({"count": 0, "data": [], "error": ""}).encode(),
        None,
    ),
    "comtrade, data null": (
        comtrade.process, {"elapsedTime": "0", "count": 0, "data": None, "error": None}, None),
    # uncomtrade/comtradeapicall and ropensci/comtradr: half of the codes null without includeDesc.
    "comtrade, names null": (
        comtrade.process,
        [COMTRADE_ROW | {"reporterISO": None, "qtyUnitAbbr": None, "motCode": None, "qty": None}],
        {"reporter_code": "842", "net_weight_kg": None},
    ),
    "worldbank, per_page as text": (
        worldbank.process, json.dumps([WB_HEAD, [WB_ROW]]),
        {"economy_code": "CAN", "indicator": "population", "value": 41.0}),
    "worldbank, page of null": (
        worldbank.process, json.dumps([WB_HEAD | {"page": 0, "pages": 0, "total": 0}, None]), None),
    "worldbank, aggregate without ISO3": (
        worldbank.process,
        [WB_HEAD, [WB_ROW | {"countryiso3code": "", "country": {"id": "V1", "value": "x"}}]],
        {"economy_code": "V1", "is_aggregate": True},
    ),
    "census, nulls and a filter that comes twice": (
        partial(census.process, flow="export"),
        [["CTY_CODE", "CTY_NAME", "ALL_VAL_MO", "E_COMMODITY", "COMM_LVL", "time", "E_COMMODITY"],
         ["1220", "CANADA", None, "901320", "HS6", "2025-03", "901320"]],
        {"partner_code": "1220", "value_usd": None},
    ),
    "census, 204": (partial(census.process, flow="import"), b"", None),
    "eurostat, cube of nothing": (
        read_cube, json.dumps(cube(id=[], size=[], dimension={}, value={})), None),
    "eurostat, a dimension of nothing": (
        read_cube,
        cube(size=[0, 2], value={}, dimension={
            "geo": {"category": {"index": {}}},
            "time": {"category": {"index": {"2020": 0, "2021": 1}}}}),
        None,
    ),
    "eurostat, lists": (
        read_cube,
        cube(value=[None, 2.5], status=["c", None], dimension={
            "geo": {"category": {"index": ["SE31"]}},
            "time": {"category": {"index": ["2020", "2021"]}}}),
        {"geo": "SE31", "value": None, "status": "c"},
    ),
    "eurostat, code without index": (
        read_cube,
        cube(dimension={"geo": {"category": {"label": {"SE31": "x"}}},
                        "time": {"category": {"index": {"2021": 1, "2020": 0}}}}),
        {"geo": "SE31", "period": "2020", "value": 1.5},
    ),
    # Bulk download and API with format=TSV: flags stand behind the figure.
    "eurostat, TSV": (
        read_cube,
        "freq,unit,geo\\TIME_PERIOD\t2019 \t2020 \nA,CP_MEUR,AT\t397518.5 p\t: c\n",
        {"geo": "AT", "freq": "A", "period": "2019", "value": 397518.5, "status": "p"},
    ),
    # SDMX-CSV 2.0 with names: Eurostat's patents as named by a public project's documentation.
    "eurostat, CSV 2.0 with names": (
        read_cube,
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,freq,Time frequency,sex,Sex,geo,Geopolitical "
        "entity (reporting),TIME_PERIOD,Time,OBS_VALUE,Observation value,OBS_FLAG,Observation "
        "status (Flag) V2 structure,CONF_STATUS,Confidentiality status (flag)\n"
        "dataflow,ESTAT:TGS00040(1.0),Patents,A,Annual,T,Total,SE31,Norra,2020,,12.5,,e,est.,,\n",
        {"dataset": "tgs00040", "geo": "SE31", "sex": "T", "value": 12.5, "status": "e"},
    ),
    "eurostat, CSV with both": (
        read_cube,
        "DATAFLOW,LAST UPDATE,freq: Time frequency,geo: Geo,TIME_PERIOD: Time,OBS_VALUE: "
        "Observation value,OBS_FLAG: Flag\nESTAT:NAMA_10_GDP(1.0): GDP: main,01/01/26,A: Annual,"
        "AT: Austria,2020,,: \n",
        {"dataset": "nama_10_gdp", "geo": "AT", "value": None, "status": None},
    ),
    "comext, zipped CSV with CRLF": (
        comext_rows.process,
        zipped("data.csv", "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,"
               "TIME_PERIOD,OBS_VALUE,OBS_FLAG\r\nESTAT:DS-045409(1.0),15/09/26 11:00:00,M,AT,AE,"
               "7204,2,QUANTITY_IN_100KG,2023-09,1.5,\r\n"),
        {"cmd_code": "7204", "flow": "export", "net_weight_kg": 150.0, "value_eur": None},
    ),
    "comext, CSV with both": (
        comext_rows.process,
        "DATAFLOW,LAST UPDATE,freq: Frequency,reporter: Reporter,partner: Partner,product: "
        "Product,flow: Flow,indicators: Indicators,TIME_PERIOD: Time,OBS_VALUE: Value,OBS_FLAG: "
        "Flag\nESTAT:DS-045409(1.0): Trade,15/09/26,A: Annual,DE: Germany,US: United States,"
        "901320: Lasers,1: IMPORT,VALUE_IN_EUROS: Value,2024: 2024,5,\n",
        {"reporter_code": "DE", "flow": "import", "cmd_code": "901320", "value_eur": 5.0},
    ),
    # The form of SDMX-ML 3.0, structure-specific, as its specification has it.
    "comext, XML 3.0": (
        comext_rows.process,
        f'<m:StructureSpecificData xmlns:m="{SDMX.replace("v2_1", "v3_0")}" xmlns:c="{COMMON}" '
        'xmlns:s="http://www.sdmx.org/resources/sdmxml/schemas/v3_0/data/structurespecific">'
        "<m:Header><m:ID>a</m:ID><m:Test>false</m:Test><m:Prepared>2026-01-01T00:00:00</m:Prepared>"
        '<m:Sender id="ESTAT"/><m:Structure structureID="S" namespace="urn:x" '
        'dimensionAtObservation="TIME_PERIOD"><c:StructureUsage>urn:sdmx:org.sdmx.infomodel.'
        "datastructure.Dataflow=ESTAT:DS-045409(1.0)</c:StructureUsage></m:Structure></m:Header>"
        '<m:DataSet s:structureRef="S" s:dataScope="DataStructure"><Series freq="A" reporter="DE" '
        'partner="US" product="901320" flow="1" indicators="VALUE_IN_EUROS"><Obs '
        'TIME_PERIOD="2024" OBS_VALUE="5"/></Series></m:DataSet></m:StructureSpecificData>',
        {"reporter_code": "DE", "cmd_code": "901320", "value_eur": 5.0},
    ),
    # sdmx.oecd.org with labels=name, as a public test suite of 2026 quotes it: a label may be its
    # code's name in lower case.
    "oecd, CSV 2.0 with names": (
        oecd.process,
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,DONOR,Donor,SECTOR,Sector,MEASURE,Measure,"
        "UNIT_MEASURE,Unit of measure,TIME_PERIOD,Time period,OBS_VALUE,Observation value,"
        "OBS_STATUS,Observation status,UNIT_MULT,Unit multiplier\nDATAFLOW,OECD.DCD.FSD:"
        'DSD_DAC1@DF_DAC1(1.7),"DAC1: Flows, all",I,AUS,Australia,1000,Total,1010,ODA,USD,US '
        "dollar,2020,,12.5,,A,Normal,6,Millions\n",
        {"value": 12.5, "sector": "1000", "measure": "1010", "unit": "USD", "unit_mult": 6.0},
    ),
    "oecd, CSV 2.0 with nameless labels": (
        oecd.process,
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,REF_AREA,,FREQ,,TIME_PERIOD,,OBS_VALUE,\n"
        "DATAFLOW,A:D@F(1.0),n,I,USA,,A,,2020,,1.5,\n",
        {"ref_area": "USA", "freq": "A", "period": "2020", "value": 1.5},
    ),
    "oecd, XML of nothing": (
        oecd.process,
        f'<message:Error xmlns:message="{SDMX}"><message:ErrorMessage code="100"><Text>'
        "NoResultsFound</Text></message:ErrorMessage></message:Error>",
        None,
    ),
    "imf, nothing in the data flow": (
        IMF, {"meta": {}, "data": {"dataSets": [], "structures": []}}, None),
    "imf, nothing, in words": (
        IMF, {"errors": [{"code": 404, "message": "No data for data query against x"}]}, None),
    "ecb, nothing as JSON": (
        ecb.process, '{"errors": [{"code": 100, "message": "No results found."}]}', None),
    # Third parties: 404 NoRecordsFound as text, 200 with <wits:error>, data sets without series.
    "wits, nothing as text": (wits.process, "NoRecordsFound", None),
    "wits, nothing as a page": (
        wits.process, "<html><body><h1>NoRecordsFound</h1></body></html>", None),
    "wits, no data set": (
        wits.process,
        {"header": {"id": "x"}, "dataSets": [],
         "structure": {"dimensions": {"series": [], "observation": []}}},
        None,
    ),
    "wits, data set without series": (
        wits.process,
        {"dataSets": [{"action": "Information", "series": {}}], "structure": {"dimensions": {
            "series": [{"id": "PARTNER", "values": []}, {"id": "PRODUCTCODE", "values": []}],
            "observation": [{"id": "TIME_PERIOD", "values": []}]}}},
        None,
    ),
    "wto": (wto.process, {"Dataset": [WTO_ROW]}, {"cmd_code": "901320", "value": 2.5}),
    "wto, 204": (wto.process, b"", None),
    "wto, CSV in a zip": (
        wto.process,
        zipped("WtoData.csv", ",".join(f'"{name}"' for name in WTO_ROW) + "\n"
               + ",".join(f'"{value}"' for value in WTO_ROW.values()) + "\n"),
        {"indicator": "HS_M_0010", "reporter_code": "840", "period": "2024", "value": 2.5},
    ),
}  # fmt: skip

#: What is given, and what the one line says.
REFUSED: dict[str, tuple[Callable[..., Any], Any, str]] = {
    "comtrade, gateway": (
        comtrade.process,
        {"statusCode": 401, "message": "Access denied due to invalid subscription key."},
        "comtrade: the provider answered 'Access denied",
    ),
    "comtrade, error text": (
        comtrade.process, {"count": 0, "data": [], "error": "Invalid Freq."}, "Invalid Freq"),
    "worldbank 120": (
        worldbank.process,
        [{"message": [{"id": "120", "key": "Invalid value", "value": "The value is not valid"}]}],
        "worldbank: 120 The value is not valid",
    ),
    "worldbank 175, XML though JSON was asked for": (
        worldbank.process,
        '\ufeff<?xml version="1.0" encoding="utf-8"?><wb:error xmlns:wb="http://www.worldbank.org">'
        '<wb:message id="175" key="Invalid format">The indicator was not found.</wb:message>'
        "</wb:error>",
        "worldbank: 175 The indicator was not found",
    ),
    "worldbank, field gone": (
        worldbank.process,
        [WB_HEAD, [{k: v for k, v in WB_ROW.items() if k != "countryiso3code"}]],
        "no field 'countryiso3code'",
    ),
    # Titles of the pages that the Bureau sends with status 200, as many clients look for them.
    "census, missing key": (
        partial(census.process, flow="import"),
        '<html style="font-size: 14px;">\n<head><title>Missing Key</title></head></html>',
        "Missing Key.*CENSUS_KEY",
    ),
    "census, other names": (
        partial(census.process, flow="import"), [["CTY_CODE", "VALUE"], ["1220", "5"]],
        "census: the answer has no field 'I_COMMODITY'"),
    "eurostat, too big, JSON": (
        read_cube,
        {"error": [{"status": 413, "id": 413, "label": "EXTRACTION_TOO_BIG: The requested "
                    "extraction is too big"}]},
        "eurostat: .*EXTRACTION_TOO_BIG.*fewer codes",
    ),
    "eurostat, unknown dimension": (
        read_cube,
        {"error": [{"status": 400, "id": 150, "label": "Invalid dimension: indic_de"}]},
        "Invalid dimension",
    ),
    "eurostat, size without end": (read_cube, '{"id": ["a"], "size": [1e999], "dimension": '
                                   '{"a": {"category": {"index": {"x": 0}}}}, "value": []}',
                                   "not built as expected"),
    "oecd, text for figures": (
        oecd.process, "REF_AREA,MEASURE,TIME_PERIOD,OBS_VALUE\nAUS,LAW,2020,Yes\n",
        "field 'OBS_VALUE' holds 'Yes'"),
    "imf, error that is no message": (
        IMF, {"Message": "An error has occurred."}, "An error has occurred"),
    "imf, structures in place of data": (
        IMF, {"meta": {}, "data": {"codelists": [{"id": "CL_AREA"}]}}, "no field 'dataSets'"),
    "imf, other JSON": (IMF, {"structureType": "dataflow"}, "no field 'dataSets'"),
    "wits, refusal": (
        wits.process,
        '<wits:error xmlns:wits="http://wits.worldbank.org"><wits:message key="120">Invalid '
        "reporter code</wits:message></wits:error>",
        "Invalid reporter code",
    ),
    # 200 where too much was asked for, escaped inside another element, as two clients know it.
    "wits, refusal in a string": (
        wits.process,
        '<string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">&lt;wits:error&gt;'
        "Response too large&lt;/wits:error&gt;</string>",
        "Response too large.*fewer codes",
    ),
    # The sister service: mwouts/world_trade_data keeps a recording of this form.
    "wits, trade statistics": (
        wits.process,
        {"dataSets": [{"series": {"0:0:0:0": {"observations": {"0": [5.0, 0]}}}}],
         "structure": {"dimensions": {"dataset": [], "series": [
             {"id": "REPORTER", "values": [{"id": "USA"}]},
             {"id": "PARTNER", "values": [{"id": "WLD"}]},
             {"id": "PRODUCTCODE", "values": [{"id": "01-05_Animal"}]},
             {"id": "INDICATOR", "values": [{"id": "MPRT-TRD-VL"}]}],
             "observation": [{"id": "TIME_PERIOD", "values": [{"id": "2017"}]}]}}},
        "trade statistics",
    ),
    "wto, validation": (
        wto.process,
        {"title": "One or more validation errors occurred.", "status": 400,
         "errors": {"i": ["The i field is required."]}},
        "The i field is required",
    ),
    "wto, gateway": (
        wto.process, {"statusCode": 429, "message": "Rate limit is exceeded."}, "Rate limit"),
}  # fmt: skip


@pytest.mark.parametrize("shape", READ)
def test_read_to_the_contract(shape: str) -> None:
    process, body, first = READ[shape]
    got = process(body)
    if first is None:
        assert len(got) == 0
        return
    assert len(got)
    row = got.astype(object).where(got.notna(), None).iloc[0]
    assert {name: row[name] for name in first} == first


@pytest.mark.parametrize("shape", REFUSED)
def test_refused_in_one_line(shape: str) -> None:
    process, body, says = REFUSED[shape]
    with pytest.raises(SourceError, match=says) as caught:
        process(body)
    assert "\n" not in str(caught.value)
