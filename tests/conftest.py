"""Fixtures used all over the suite."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault of the code: how long an example takes is not asserted.
settings.register_profile("suite", deadline=None, max_examples=40)
settings.register_profile("long", deadline=None, max_examples=400)  # of `make stress`
settings.load_profile("suite")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Larger reference data kept outside the repository; tests that need it skip without it."""
    path = Path(os.environ.get("MARKETINTEL_SHARED", ROOT.parent / "shared"))
    if not path.is_dir():
        pytest.skip("reference data directory not present (set MARKETINTEL_SHARED)")
    return path
