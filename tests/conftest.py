"""Fixtures used all over the suite."""

import os
from pathlib import Path

import pytest

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
