"""The file of elasticities estimated once."""

import pytest

from marketintel.cli.listings import reference_mistakes
from marketintel.errors import ReferenceFileError
from marketintel.reference.drivers import check_elasticities, load_elasticities
from marketintel.reference.files import REFERENCE_DIR

SHIPPED = REFERENCE_DIR / "elasticities.toml"


def test_every_shipped_estimate_names_a_script_that_is_there(root) -> None:
    stored = load_elasticities()
    assert len({e.key for e in stored}) == len(stored) >= 5
    for estimate in stored:
        assert (root / estimate.made_by.removeprefix("python ")).is_file()
        assert len(estimate.weaknesses) > 50
        assert (estimate.placebo is None) == (estimate.trend is None)
    duties = [e.key for e in stored if e.driver == "duty"]
    assert duties[-1] == "duty_retaliation_all"  # nearest first


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ('driver = "duty"', 'driver = "weather"', "unknown-driver"),
        ("std_error = 1.595", "std_error = 0.0", "std-error"),
        ("n_clusters = 21", "n_clusters = 1", "n-clusters"),
        ("n_clusters = 21", "n_clusters = 99999", "n-clusters"),
        ("placebo = [-1.787, 1.024]", "placebo = [-1.787]", "wrong-type"),
        ("trend = [-0.453, 0.359]", 'trend = [-0.453, "wide"]', "wrong-type"),
        ('made_by = "python benchmarks/duty_elasticity.py"', 'made_by = "a friend"', "made-by"),
        ("value = -0.959", 'value = "-0.959"', "wrong-type"),
        ("n_obs = 1563\n", "", "missing-key"),
        ("n_obs = 1563\n", "n_obs = 1563\ncolour = 1\n", "unknown-key"),
        ("[duty_retaliation_core]", "loose = 1\n[duty_retaliation_core]", "unknown-key"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path, before, after, rule) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    file = tmp_path / "elasticities.toml"
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    problems = check_elasticities(file).problems
    assert {p.rule for p in problems} == {rule}
    assert all(p.line >= 1 for p in problems)
    with pytest.raises(ReferenceFileError, match=r"elasticities\.toml:\d+"):
        load_elasticities(file)


def test_check_reads_the_file() -> None:
    assert [line for line in reference_mistakes() if "elasticities" in line] == []
