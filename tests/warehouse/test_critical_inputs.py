"""EU imports by CN8: what the snapshot says, and that its absence is no error."""

from marketintel.reference.countries import group_members
from marketintel.warehouse.context import critical_inputs


def test_gallium_is_the_producers(starter):
    found = critical_inputs(starter)
    trade, union = found.trade, group_members("EU27")
    assert set(trade["market"]) <= set(union)
    assert not trade.duplicated(["exporter", "market", "cmd_code", "period"]).any()
    gallium = trade[(trade["cmd_code"] == "81129289") & ~trade["exporter"].isin(union)]
    total = gallium.groupby("period")["value_eur"].sum()
    china = gallium[gallium["exporter"] == "CHN"].groupby("period")["value_eur"].sum()
    # Sums of the published rows, by hand: EUR million and per cent.
    assert (total / 1e6).round(2).tolist() == [15.42, 7.13, 11.26]
    assert (100 * china / total).round(1).tolist() == [97.4, 86.6, 67.9]


def test_hafnium_is_not_among_them_and_every_label_says_where_it_was_read(starter):
    found = critical_inputs(starter)
    assert "81123100" not in found.names
    assert set(found.names) == set(found.labels) == set(found.trade["cmd_code"])
    assert "not read" in found.labels["81129295"]


def test_nothing_there_is_none(tmp_path):
    assert critical_inputs(tmp_path) is None
