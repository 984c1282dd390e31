"""Sources whose snapshots come with the project, without a request to a service."""

from marketintel.sources.providers.eurostat import indicator_table
from marketintel.sources.source import Feed, Source

SOURCES = (
    Source(
        "usitc_hts", 60, redistributable=True,
        producer="US International Trade Commission",
        title="Harmonized Tariff Schedule of the United States",
        citation="US International Trade Commission, Harmonized Tariff Schedule of the United "
        "States (2026), Revision 10.",
        licence="US government work, public domain",
        licence_url="https://hts.usitc.gov",
        quirks=(
            "A statute of 2026: never subtracted from the calculated duties of 2024 and 2025. "
            "Additional duties of chapter 99 are not in the lines.",
        ),
        feeds=(Feed("tariff_lines"),),
    ),
    Source(
        "atlas_world_exports", 90, redistributable=False,
        producer="The Growth Lab at Harvard University",
        title="World exports by HS4 heading, HS1992 basis",
        citation="The Growth Lab at Harvard University, The Atlas of Economic Complexity: "
        "international trade data (HS92).",
        licence="unverified; may exclude commercial use",
        licence_url="https://atlas.hks.harvard.edu/about-data",
        quirks=(
            "Kept in a separate file that can be removed; everything builds without it. Later "
            "revisions are converted to HS1992, which leaves jumps: see headings.toml.",
        ),
        feeds=(Feed("trade", same={
            "reporter": "WLD", "partner": "WLD", "flow": "export", "freq": "A",
            "valuation": "FOB", "trade_system": None,
        }),),
    ),
    Source(
        "regional_indicators", 220, redistributable=True,
        producer="Eurostat, compiled by Honti, Czvetkó and Abonyi",
        title="Research, skills and high-technology employment of NUTS 2 regions",
        citation="Honti, G., Czvetkó, T. and Abonyi, J. (2020) Data describing the regional "
        "Industry 4.0 readiness index. Data in Brief.",
        licence="CC BY 4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
        feeds=(Feed("regions", indicator_table),),
    ),
    Source(
        "jrc_nuts_crosswalk", 230, redistributable=True,
        producer="European Commission, Joint Research Centre",
        title="Cross-walks between versions of NUTS 2 regions",
        citation="European Commission, Joint Research Centre, NUTS converter tables, as "
        "distributed with the R package nuts (Hennicke and Krause 2024).",
        licence="MIT (package nuts); reuse with attribution (JRC)",
        licence_url="https://opensource.org/license/mit",
    ),
    Source(
        "eurostat_comext_inputs", 240, redistributable=True,
        producer="Eurostat",
        title="EU imports of five materials of photonics by CN8",
        citation="Eurostat, Comext: EU trade since 1988 by HS2-4-6 and CN8 (DS-045409), imports "
        "of five CN8 codes, 2022-2024.",
        licence="Reuse with attribution (Commission Decision 2011/833/EU)",
        licence_url="https://ec.europa.eu/eurostat/help/copyright-notice",
        quirks=(
            "Euros, three years, no weights. Labels of gallium, germanium and indium were not read "
            "in the nomenclature itself.",
        ),
    ),
)  # fmt: skip
