"""Sources of additional US duties that come with the project: chapter 99, lists, revisions."""

from typing import Any

from marketintel.sources.source import Feed, Source

_NOTICES: dict[str, Any] = {
    "producer": "US federal notices, compiled in a public repository",
    "licence": "MIT (compilation); US government work, public domain (notices)",
    "licence_url": "https://opensource.org/license/mit",
    "url": "https://hts.usitc.gov",
}
_USA = {"reporter": "USA"}

SOURCES = (
    Source(
        "usitc_chapter99", 400, redistributable=True,
        producer="US International Trade Commission",
        title="Additional duties of the US schedule: chapter 99, subchapter III, 2026 revision 10",
        citation="US International Trade Commission, Harmonized Tariff Schedule of the United "
        "States (2026), Revision 10, chapter 99, subchapter III.",
        licence="US government work, public domain",
        licence_url="https://hts.usitc.gov",
        url="https://hts.usitc.gov/export",
        quirks=(
            "A statute as printed, not the duty of a day: lines stay printed after they ended, and "
            "which products a line reaches often stands in a U.S. note that is not in the file.",
        ),
        feeds=(Feed("additional_duties", same=_USA),),
    ),
    Source(
        "us_tariff_lists", 410, redistributable=True, **_NOTICES,
        title="Products named by US measures: Sections 301, 232, 122, IEEPA, floor rates",
        citation="Lists of products of US tariff measures to 29 April 2026, compiled from federal "
        "notices.",
        quirks=(
            "Being listed is not a rate: the legal status of each list was not verified. The lists "
            "end in spring 2026.",
            "Codes have 4 to 10 digits; a list of ten digits may hold a part of a tariff line.",
            "Two lists have dates; the others are undated in the files.",
        ),
        feeds=(Feed("tariff_lists", same=_USA),),
    ),
    Source(
        "us_tariff_revisions", 420, redistributable=True, **_NOTICES,
        title="Revisions of the US tariff schedule and the measures they brought, 2025-2026",
        citation="Revisions of the Harmonized Tariff Schedule of the United States, 1 January 2025 "
        "to 29 April 2026, compiled in a public repository.",
        quirks=("Ends with revision 7 of 2026; the schedule shipped here is revision 10.",),
        feeds=(Feed("tariff_revisions", same=_USA),),
    ),
)  # fmt: skip
