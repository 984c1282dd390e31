"""The file of declared shocks."""

import pytest

from marketintel.errors import ReferenceFileError
from marketintel.reference.drivers import check_shocks, load_shocks

GOOD = 'name = "A"\nfirst = "2009-01"\nlast = "2009-12"\nflows = "all"\nsource = "somebody"\n'


def test_shipped_file_has_the_three_shocks_with_sources() -> None:
    shocks = load_shocks().drop_duplicates("shock").set_index("shock")
    assert {"financial_crisis", "pandemic", "us_china_tariffs", "us_duties_2025"} <= set(
        shocks.index
    )
    assert shocks["source"].str.len().gt(20).all()
    assert shocks.loc["financial_crisis", ["reporter", "partner"]].tolist() == ["*", "*"]
    sides = load_shocks().query("shock == 'us_china_tariffs'")[["reporter", "partner"]]
    assert {tuple(s) for s in sides.to_numpy()} == {("USA", "CHN"), ("CHN", "USA")}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (GOOD.replace("2009-01", "2009"), "first"),
        (GOOD.replace("2009-12", "2008-12"), "month-order"),
        (GOOD.replace('"all"', '["USA-XXX"]'), "flow"),
        (GOOD.replace('"all"', '"most"'), "unknown-flows"),
        (GOOD.replace('source = "somebody"\n', ""), "missing-key"),
        (GOOD + "size = 3\n", "unknown-key"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path, text, rule) -> None:
    file = tmp_path / "shocks.toml"
    file.write_text(f"[a]\n{text}", encoding="utf-8")
    problems = check_shocks(file).problems
    assert rule in {p.rule for p in problems}
    assert all(p.line >= 1 for p in problems)
    with pytest.raises(ReferenceFileError, match=r"shocks\.toml:\d+"):
        load_shocks(file)
