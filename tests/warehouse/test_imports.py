"""Who tells what a country imports: itself, both sides reconciled, or enough of its partners."""

import pandas as pd
import pytest

from marketintel.errors import MissingDataError
from marketintel.warehouse import imports as told
from marketintel.warehouse.comparable import like_for_like
from marketintel.warehouse.flows import flows
from marketintel.warehouse.imports import imports
from tests.warehouse.test_several_sources import comtrade, keep

#: Synthetic: partners enough for a mirror.
PARTNERS = ("CHN", "DEU", "JPN", "KOR", "USA", "FRA", "GBR", "ITA", "NLD", "SGP")


def exports(partners, years=("2023", "2024"), value=10.0, market="VNM", **changes):
    return comtrade(*[(p, market, "export", y, value) for p in partners for y in years], **changes)


def baci(*rows):
    frame = pd.DataFrame(rows, columns=["reporter", "partner", "period", "value_usd"])
    return frame.assign(hs_revision="HS1992", cmd_code="901320", net_weight_kg=float("nan"))


def test_own_figures_come_before_what_partners_tell(tmp_path):
    own = comtrade(("VNM", "JPN", "import", "2023", 30), ("VNM", "JPN", "import", "2024", 40))
    keep(tmp_path, "comtrade", pd.concat([own, exports(PARTNERS)], ignore_index=True))
    keep(tmp_path, "baci", baci(("JPN", "VNM", "2023", 1), ("JPN", "VNM", "2024", 2)))
    found = imports("VNM", ["lasers"], data_dir=tmp_path)
    assert (found.kind, found.year, found.base) == ("reported", "2024", "2023")
    assert found.flows["value_usd"].sum() == 70
    assert found.sources == ["comtrade"]
    assert found.valuations == ["CIF"]


def test_reconciled_flows_are_read_alone(tmp_path):
    """No other partner's report is added to them, and they are a kind of their own."""
    keep(tmp_path, "comtrade", exports(("KOR", *PARTNERS)[1:]))
    keep(tmp_path, "baci", baci(("JPN", "VNM", "2023", 1), ("JPN", "VNM", "2024", 2)))
    found = imports("VNM", ["lasers"], data_dir=tmp_path)
    assert (found.kind, found.sources) == ("reconciled", ["baci"])
    assert found.flows["value_usd"].sum() == 3
    mirrored = flows(reporter="VNM", segments="lasers", mirror=True, data_dir=tmp_path)
    assert mirrored["value_usd"].sum() == 3


def test_enough_partners_are_a_mirror_and_one_is_not(tmp_path):
    keep(tmp_path, "comtrade", exports(PARTNERS))
    found = imports("VNM", ["lasers"], data_dir=tmp_path)
    assert (found.kind, found.partners) == ("mirror", tuple(sorted(PARTNERS)))
    assert found.flows["is_mirror"].all()
    assert found.flows.groupby("period")["value_usd"].sum().to_dict() == {"2023": 100, "2024": 100}
    with pytest.raises(MissingDataError, match="no imports of VNM in lasers"):
        imports("VNM", ["lasers"], allow_fallback=False, data_dir=tmp_path)


@pytest.mark.parametrize(
    "partners",
    [PARTNERS[:1], PARTNERS[:9], tuple(p for p in (*PARTNERS, "CHE") if p != "KOR")],
    ids=["one", "nine", "without Korea"],
)
def test_too_few_partners_are_refused_with_the_rule_and_the_way_out(tmp_path, partners):
    keep(tmp_path, "comtrade", exports(partners))
    with pytest.raises(MissingDataError) as refused:
        imports("VNM", ["lasers"], data_dir=tmp_path)
    said = str(refused.value)
    assert "\n" not in said
    assert "10 partners with CHN, DEU, JPN, KOR, USA" in said
    assert "`marketintel fetch --for VNM --segments lasers`" in said
    assert ("one partner only: CHN" in said) == (len(partners) == 1)


def test_a_partner_that_tells_in_one_year_only_is_in_neither(tmp_path):
    """Otherwise the change between the years would be who reported."""
    keep(
        tmp_path, "comtrade",
        pd.concat([exports(PARTNERS), exports(("MYS",), ("2024",), 900.0)], ignore_index=True),
    )  # fmt: skip
    found = imports("VNM", ["lasers"], data_dir=tmp_path)
    assert "MYS" not in found.partners
    assert found.flows.groupby("period")["value_usd"].sum().to_dict() == {"2023": 100, "2024": 100}


def test_nobody_stands_in_for_a_year_that_the_country_reports(tmp_path):
    own = comtrade(("VNM", "JPN", "import", "2024", 40))
    keep(tmp_path, "comtrade", pd.concat([own, exports(PARTNERS)], ignore_index=True))
    keep(tmp_path, "baci", baci(("JPN", "VNM", "2022", 1), ("JPN", "VNM", "2023", 2)))
    for year in (None, 2024):
        with pytest.raises(MissingDataError, match="there are 2024"):
            imports("VNM", ["lasers"], year, data_dir=tmp_path)
    assert imports("VNM", ["lasers"], 2023, data_dir=tmp_path).kind == "reconciled"


def test_other_codes_of_the_country_do_not_silence_its_partners(tmp_path):
    """A country that reports lasers is still silent about optics, if those were not fetched."""
    own = comtrade(("VNM", "JPN", "import", "2023", 3), ("VNM", "JPN", "import", "2024", 4))
    optics = baci(("JPN", "VNM", "2023", 1), ("JPN", "VNM", "2024", 2)).assign(cmd_code="900190")
    keep(tmp_path, "comtrade", own)
    keep(tmp_path, "baci", optics)
    assert imports("VNM", ["optics"], data_dir=tmp_path).kind == "reconciled"
    seen = flows(reporter="VNM", segments="optics", mirror=True, data_dir=tmp_path)
    assert seen["value_usd"].to_list() == [1, 2]
    assert imports("VNM", ["lasers", "optics"], data_dir=tmp_path).kind == "reported"


def test_two_years_are_never_of_two_sources(tmp_path):
    keep(tmp_path, "comtrade", comtrade(("USA", "DEU", "import", "2024", 5)))
    from tests.warehouse.conftest import small_imports

    keep(tmp_path, "us_census_imports", small_imports())
    with pytest.raises(MissingDataError, match="from one source"):
        imports("USA", ["lasers"], data_dir=tmp_path)


def test_shipped_figures_tell_what_they_lack(starter):
    found = imports("CAN", ["materials"], data_dir=starter)
    assert (found.kind, found.year, found.revisions) == ("reconciled", "2024", ["HS1992"])
    assert "701400" in set(found.absent["cmd_code"])
    assert found.history["period"].nunique() == 30
    whole = imports("USA", ["lasers", "optics"], data_dir=starter)
    assert whole.kind == "reported"
    assert whole.absent.empty
    assert whole.left_out.empty


def test_a_single_reporters_months_are_not_the_imports_of_ireland(starter):
    with pytest.raises(MissingDataError, match="one partner only: USA"):
        imports("IRL", ["lasers"], data_dir=starter)
    assert told.ENOUGH > 1


def two_editions():
    """Synthetic: 2021 in HS2017 and 2022 in HS2022; a laser, a family, a split and a new scope."""
    then = [("901320", 10), ("845611", 3), ("845612", 4), ("854140", 50), ("901380", 60)]
    now = [("901320", 12), ("845611", 5), ("845612", 6), ("854141", 20), ("901380", 8)]
    frame = comtrade(
        *[("JPN", "DEU", "import", "2021", v) for _, v in then],
        *[("JPN", "DEU", "import", "2022", v) for _, v in now],
    )
    codes = [c for c, _ in (*then, *now)]
    return frame.assign(cmd_code=codes, hs_revision=["HS2017"] * 5 + ["HS2022"] * 5)


def test_years_of_two_hs_editions_compare_in_what_means_the_same(tmp_path):
    keep(tmp_path, "comtrade", two_editions())
    segments = ["lasers", "optics", "opto_semis", "laser_machines"]
    found = imports("JPN", segments, data_dir=tmp_path)
    assert found.revisions == ["HS2017", "HS2022"]
    of = found.flows.set_index(["cmd_code", "period"])["value_usd"].to_dict()
    assert of == {
        ("901320", "2021"): 10, ("901320", "2022"): 12,
        ("laser_machine_tools", "2021"): 7, ("laser_machine_tools", "2022"): 11,
    }  # fmt: skip
    left = found.left_out.set_index(["hs_revision", "cmd_code"])
    assert set(left.index) == {
        ("HS2017", "854140"), ("HS2017", "901380"), ("HS2022", "854141"), ("HS2022", "901380"),
    }  # fmt: skip
    assert left["reason"].str.len().min() > 10
    assert left.loc[("HS2017", "854140"), "value_usd"] == 50
    labels = found.codes.set_index("cmd_code")["label"]
    assert labels["laser_machine_tools"] != "laser_machine_tools"


def test_weights_join_editions_up_to_hs2017_and_nothing_is_lost_on_the_way():
    rows = two_editions().assign(segment="lasers", scope="core")
    rows = rows[rows["cmd_code"] == "901320"].assign(hs_revision=["HS2012", "HS2017"])
    compared = like_for_like(rows)
    assert compared.rows.groupby("period")["value_usd"].sum().to_dict() == {"2021": 10, "2022": 12}
    assert compared.left_out.empty


def test_one_edition_is_left_as_it_is():
    rows = two_editions().assign(segment="lasers", scope="core").iloc[:5]
    assert like_for_like(rows).rows is rows


def test_a_product_fed_by_codes_outside_of_the_segments_does_not_compare():
    """Connectors (853670) came out of plastics, ceramics and copper, of which nothing is here."""
    rows = two_editions().assign(segment="fibre_comms", scope="core").iloc[[0, 5]]
    rows = rows.assign(cmd_code=["901320", "853670"], hs_revision=["HS2002", "HS2007"])
    compared = like_for_like(rows)
    assert compared.left_out["cmd_code"].to_list() == ["853670"]
    assert set(compared.rows["cmd_code"]) == {"901320"}
