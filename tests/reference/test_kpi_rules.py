"""What a new line of the measurement log must keep, on the indicators that ship."""

import pytest

from marketintel.errors import UsageError
from marketintel.reference import kpi_log, kpi_rules
from marketintel.reference.partnership import load_kpis, load_units

TODAY = "2026-11-30"

ADDRESSES = [
    "mailto:jane",
    "jane@localhost",
    "jane (at) example.org",
    "jane[AT]example.org",
    "jane＠example.org",
    "jane%40example.org",
    "jane @ example.org",
    "jane@[192.0.2.1]",
]


def entry(kpi="p4i_exchanges", value=1.0, day="2023-01-10", **more):
    evidence = more.pop("evidence", "signed report")
    return kpi_log.new_entry(kpi, day, value, evidence, load_kpis(), **more)


def check(line, before=(), today=TODAY):
    kpi_rules.check_entry(line, load_kpis(), load_units(), before, today)


@pytest.mark.parametrize("text", ["2.500", "2,500", "2 500", "3.5", "1e9", "²", "+3", "-1", ""])
def test_a_count_is_typed_in_plain_digits(text):
    with pytest.raises(UsageError, match="not a whole number of exchanges"):
        kpi_rules.parse_value(text, load_units()["exchanges"], "exchanges")
    assert kpi_rules.parse_value("2500", load_units()["exchanges"], "exchanges") == 2500


@pytest.mark.parametrize(("text", "value"), [("2500", 2500), ("2500.5", 2500.5), ("2.500", None)])
def test_an_amount_has_at_most_two_decimals(text, value):
    unit = {"type": "amount", "most": 1e6}
    if value is None:
        with pytest.raises(UsageError, match="at most two decimals"):
            kpi_rules.parse_value(text, unit, "EUR")
    else:
        assert kpi_rules.parse_value(text, unit, "EUR") == value


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"value": 2.5}, "2.5 is not a whole number of exchanges"),
        ({"kpi": "p4i_staff", "value": 3.5}, "not a whole number of persons"),
        ({"kpi": "p4i_smes", "value": 1e9}, "above 10,000, the most SMEs"),
        ({"evidence": "mail to jane.doe@example.org"}, "e-mail address"),
        ({"counterpart": "jane@example.org"}, "e-mail address"),
        *(({"evidence": text}, "e-mail address") for text in ADDRESSES),
        ({"evidence": "\u200b"}, "holds no letter"),
        ({"iso3": "EU27"}, "EU27 is a group"),
        ({"kpi": "p4i_staff", "iso3": "EFTA"}, "EFTA is a group"),
        ({"day": "20230110"}, "is no day"),
        ({"day": "2023-W02-2"}, "is no day"),
        ({"iso3": "USA"}, "United States is no place of p4i_exchanges, which counts EU27, EFTA"),
        ({"kpi": "p4i_countries", "value": 5}, "counted from p4i_exchanges"),
        ({"kpi": "pimap_b2b", "day": "2021-05-01", "iso3": "DEU"}, "counts USA, CAN, JPN, CHN"),
        ({"day": "2026-01-01"}, "outside the period"),
        ({"kpi": "plan_exchanges", "day": "2027-02-01"}, "after today"),
    ],
)
def test_what_would_not_count_is_refused(fields, message):
    with pytest.raises(UsageError, match=message):
        check(entry(**fields))


def test_every_unit_of_an_indicator_has_a_type_and_a_limit():
    for kpi in load_kpis().values():
        assert load_units()[kpi["unit"]]["most"] > kpi.get("target", 0) / 10


def test_a_total_so_far_cannot_fall_but_can_be_corrected():
    first = entry("p4i_smes", 240, "2023-01-10")
    second = entry("p4i_smes", 260, "2023-06-10")
    check(second, [first])
    with pytest.raises(UsageError, match="cannot fall: 260 on 2023-06-10"):
        check(entry("p4i_smes", 250, "2023-09-01"), [first, second])
    with pytest.raises(UsageError, match="cannot fall: 240 on 2023-01-10"):
        check(entry("p4i_smes", 250, "2022-09-01"), [first, second])
    with pytest.raises(UsageError, match="cannot fall: 240 on 2023-01-10"):
        check(entry("p4i_smes", 0, "2023-09-01"), [first, second])
    check(entry("p4i_smes", 250, "2023-06-10", corrects=second.id), [first, second])
    check(entry("p4i_smes", 0, "2023-06-10", corrects=second.id), [first, second])


def test_a_correction_is_of_the_same_indicator_and_of_a_line_that_stands():
    wrong = entry()
    right = entry(value=2, corrects=wrong.id)
    with pytest.raises(UsageError, match="is of p4i_exchanges"):
        check(entry("p4i_staff", corrects=wrong.id), [wrong])
    with pytest.raises(UsageError, match=f"already replaced by {right.id}"):
        check(entry(corrects=wrong.id), [wrong, right])


@pytest.mark.parametrize("text", ["https://x.example/@page/1", "meeting at Tampere", "list no. 7"])
def test_what_looks_like_an_address_but_is_none_is_taken(text):
    check(entry(evidence=text))
