"""The file of declared shocks."""

from marketintel.reference.drivers import load_shocks


def test_shipped_file_has_the_three_shocks_with_sources() -> None:
    shocks = load_shocks().drop_duplicates("shock").set_index("shock")
    assert {"financial_crisis", "pandemic", "us_china_tariffs", "us_duties_2025"} <= set(
        shocks.index
    )
    assert shocks["source"].str.len().gt(20).all()
    assert shocks.loc["financial_crisis", ["reporter", "partner"]].tolist() == ["*", "*"]
    sides = load_shocks().query("shock == 'us_china_tariffs'")[["reporter", "partner"]]
    assert {tuple(s) for s in sides.to_numpy()} == {("USA", "CHN"), ("CHN", "USA")}
