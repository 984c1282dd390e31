"""The file of elasticities estimated once."""

from marketintel.reference.drivers import load_elasticities
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
