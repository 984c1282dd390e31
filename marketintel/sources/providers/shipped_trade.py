"""Sources of trade by heading and national product list, and of output, that come with the project."""

from typing import Any

import pandas as pd

from marketintel.sources.source import Feed, Source

_BACI: dict[str, Any] = {
    "producer": "CEPII",
    "citation": "Gaulier, G. and Zignago, S. (2010) BACI: International Trade Database at the "
    "Product-Level. The 1994-2007 Version. CEPII Working Paper 2010-23. Data: BACI, HS17, V202601, "
    "added up to headings by the repository Lucas-Speciale/trade-atlas.",
    "licence": "Etalab Open Licence 2.0",
    "licence_url": "https://www.etalab.gouv.fr/wp-content/uploads/2018/11/open-licence.pdf",
    "url": "https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37",
}
_HEADINGS = (
    "Heading 9013 breaks from 2021 to 2023: flat panels left it for 8524. Heading 8541 was "
    "reorganised in 2022 and holds solar cells. 2024 is provisional.",
    "A heading is wider than a segment: see headings.toml for the share that is photonics.",
)

_CENSUS: dict[str, Any] = {
    "producer": "US Census Bureau",
    "licence": "US government work, public domain",
    "licence_url": "https://www.census.gov/data/developers/about/terms-of-service.html",
}
_BEA: dict[str, Any] = {
    "producer": "US Bureau of Economic Analysis",
    "licence": "US government work, public domain",
    "licence_url": "https://www.bea.gov/help/guidelines-for-citing-bea",
}
_NAN = float("nan")
_US_IMPORTS = {"reporter": "USA", "flow": "import", "currency": "USD"}


def _by_system(raw: pd.DataFrame) -> pd.DataFrame:
    """Return general imports and imports for consumption as rows; duty is of the latter."""
    keys = raw[["product", "period", "partner"]]
    general = keys.assign(
        trade_system="general", value=raw["general_value_usd"], dutiable_value=_NAN,
        duty_value=_NAN,
    )  # fmt: skip
    consumed = keys.assign(
        trade_system="consumption", value=raw["consumption_value_usd"],
        dutiable_value=raw["dutiable_value_usd"], duty_value=raw["duties_usd"],
    )  # fmt: skip
    rows = pd.concat([general, consumed], ignore_index=True)
    amounts = ["value", "dutiable_value", "duty_value"]
    return rows.astype(dict.fromkeys(amounts, "float64") | {"trade_system": "str"})


def _output(raw: pd.DataFrame) -> pd.DataFrame:
    """Return gross output and its price index as items of account ``output``."""
    keys = raw[["industry", "industry_name", "period"]]
    return pd.concat(
        [
            keys.assign(item="gross_output", value=raw["gross_output_usd"], unit="USD"),
            keys.assign(item="price_index", value=raw["price_index"], unit="2017 = 100"),
        ],
        ignore_index=True,
    ).astype({"item": "str", "unit": "str"})


SOURCES = (
    Source(
        "baci_headings", 300, redistributable=True, **_BACI,
        title="World trade of twelve headings of photonics by economy, 2017-2024",
        quirks=(
            "BACI reconciles exporter and importer reports; values are f.o.b. World exports equal "
            "world imports in each heading and year.",
            *_HEADINGS,
        ),
        feeds=(Feed("heading_trade"),),
    ),
    Source(
        "baci_heading_partners", 310, redistributable=True, **_BACI,
        title="Ten largest partners of 73 economies in twelve headings of photonics, 2017-2024",
        quirks=(
            "Suppliers where the economy is a net importer of the heading in the year, "
            "destinations where it is a net exporter; a side may change between years.",
            "Shares are of the economy's imports (exports) of the heading, in basis points. A pair "
            "that is not listed is unknown, not zero.",
            "Flows below one million US dollars are not in the source; some rows have fewer than "
            "ten partners, a few sum to 10,004 by rounding.",
            *_HEADINGS,
        ),
        feeds=(Feed("heading_shares"),),
    ),
    Source(
        "us_census_enduse", 320, redistributable=True, **_CENSUS,
        title="US general imports by end-use class and country, 2014-2025",
        citation="US Census Bureau, U.S. Imports by 5-digit End-Use Code, 2014-2025.",
        url="https://www.census.gov/foreign-trade/statistics/product/enduse/imports/index.html",
        quirks=(
            "A class is wider than a segment. Class 21600 (laboratory testing instruments) speaks "
            "for a group only: optics, displays, metrology and lasers are 64 % of it in 2024.",
            "General imports at customs value; partner WLD is the published total.",
        ),
        feeds=(Feed("national_trade", same=_US_IMPORTS | {
            "classification": "END_USE", "trade_system": "general", "dutiable_value": _NAN,
            "duty_value": _NAN,
        }),),
    ),
    Source(
        "us_census_naics", 330, redistributable=True, **_CENSUS,
        title="US imports and calculated duty by NAICS3 industry, partner and month, 2013-2025",
        citation="US Census Bureau, USA Trade Online / International Trade API, dataset "
        "imports/naics, 2013-01 to 2025-11.",
        url="https://api.census.gov/data/timeseries/intltrade/imports/naics",
        quirks=(
            "Thirty partners, the total (WLD) and two groups, EU27 and USMCA: never add a group to "
            "its members.",
            "Duty ÷ imports is the average of a whole industry, not a product's rate. Whether "
            "imports are general or for consumption is not stated in this copy.",
        ),
        feeds=(Feed("national_trade", same=_US_IMPORTS | {
            "classification": "NAICS3", "trade_system": None, "dutiable_value": _NAN,
        }),),
    ),
    Source(
        "us_census_hts10", 340, redistributable=True, **_CENSUS,
        title="US imports by ten-digit tariff line and country, 58 headings, 2024 and 2025",
        citation="US Census Bureau, USA Trade Online / International Trade API, dataset "
        "imports/hs, 2024 and 2025.",
        url="https://api.census.gov/data/timeseries/intltrade/imports/hs",
        quirks=(
            "Only lines of 58 headings of photonics and its neighbours.",
            "Calculated duty is an estimate at entry, before refunds; for 2025 an average over "
            "measures that changed within the year.",
        ),
        feeds=(Feed("national_trade", _by_system, _US_IMPORTS | {
            "classification": "HTS10", "product_name": None,
        }),),
    ),
    Source(
        "us_census_concordance", 350, redistributable=True, **_CENSUS,
        title="Concordance of ten-digit tariff lines with end-use, NAICS and SITC, 2022",
        citation="US Census Bureau, U.S. Imports of Merchandise files, concordance (CONCORD), 2022.",
        url="https://www.census.gov/foreign-trade/reference/products/layouts/imdb.html",
        quirks=(
            "Lines of 2022: of the photonic value of 2024, 97 % is in lines found here.",
            "hitech 03 is opto-electronics among the advanced-technology products; 00 is none.",
        ),
        feeds=(Feed("line_concordance", same={"reporter": "USA", "hs_revision": "HS2022"}),),
    ),
    Source(
        "us_census_preference", 390, redistributable=True, **_CENSUS,
        title="Share of US imports from Canada and Mexico that claim USMCA, by tariff line, 2024-2025",
        citation="US Census Bureau, USA Trade Online / International Trade API, imports by rate "
        "provision, 2024 and 2025.",
        url="https://api.census.gov/data/timeseries/intltrade/imports/hs",
        quirks=(
            "A claim at entry, not its outcome. Where the ordinary rate is free there is little "
            "reason to claim: shares rose in 2025, when claims freed goods of additional duties.",
            "Shares only; the value that they are of is not in this copy.",
        ),
        feeds=(Feed("preference_claims", same={"reporter": "USA", "preference": "USMCA"}),),
    ),
    Source(
        "us_census_states", 395, redistributable=True, **_CENSUS,
        title="US imports and exports by state and NAICS4 industry, 2012",
        citation="US Census Bureau, USA Trade Online, state imports and exports by NAICS, 2012.",
        url="https://usatrade.census.gov/",
        quirks=(
            "Of 2012, and old: it says where such goods went and came from then.",
            "An import is counted in the state of its destination, an export in that of the origin "
            "of its movement: a port or a warehouse may stand for a factory elsewhere.",
        ),
        feeds=(Feed("state_trade", same={"reporter": "USA"}),),
    ),
    Source(
        "bea_gross_output", 360, redistributable=True, **_BEA,
        title="US gross output and price index of 402 industries, 1997-2023",
        citation="US Bureau of Economic Analysis, Gross Output by Industry, detail level, "
        "1997-2023.",
        url="https://www.bea.gov/data/industries/gross-output-by-industry",
        quirks=(
            "Output of an industry includes secondary products: 333314 made 4,912 million US "
            "dollars in 2017, of the commodity 333314 4,553 were made.",
        ),
        feeds=(Feed("industry_accounts", _output, {
            "economy": "USA", "account": "output", "item_name": None,
        }),),
    ),
    Source(
        "bea_supply_use", 370, redistributable=True, **_BEA,
        title="US supply, use and buyers of 33 commodities near photonics, 2012 and 2017",
        citation="US Bureau of Economic Analysis, Supply-Use Tables, detail level, 2012 and 2017.",
        url="https://www.bea.gov/industry/input-output-accounts-data",
        quirks=(
            "Exports and uses are at purchasers' prices, output at basic prices, imports at their "
            "value at the border: output + imports − exports is a lower bound of consumption.",
            "Uses of stocks (F03000) may be negative. Names of buyers are those of 2012; the small "
            "ones have only BEA's code.",
        ),
        feeds=(Feed("industry_accounts", same={"economy": "USA", "unit": "USD"}),),
    ),
    Source(
        "statcan_products", 380, redistributable=True,
        producer="Statistics Canada",
        title="Canada's trade by product, chapter and partner, 2024-01 to 2026-04",
        citation="Statistics Canada, Canadian International Merchandise Trade, 2024-01 to "
        "2026-04.",
        licence="Statistics Canada Open Licence",
        licence_url="https://www.statcan.gc.ca/en/reference/licence",
        url="https://www150.statcan.gc.ca/n1/pub/71-607-x/71-607-x2021004-eng.htm",
        quirks=(
            "Canadian dollars. By HS6 there is one total over 28 months and no partner; by "
            "chapter, and by partner for all goods, there are months.",
            "Sums over products, chapters and partners are equal. Namibia is not among the partners "
            "of this copy.",
        ),
        feeds=(Feed("national_trade", same={
            "reporter": "CAN", "currency": "CAD", "trade_system": None, "dutiable_value": _NAN,
            "duty_value": _NAN,
        }),),
    ),
)  # fmt: skip
