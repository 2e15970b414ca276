import os

# before numba is loaded: an interrupted test run must not leave a bar on the terminal, nor colours in captured text
os.environ.setdefault("NO_COLOR", "1")

import pytest
from hypothesis import settings

# the first call of a kernel compiles it, so a deadline would fail by chance; examples are the same in every run
settings.register_profile("scfast", deadline=None, derandomize=True)
settings.load_profile("scfast")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers (scripts/test), a file stays with one of them, whose fixtures its tests share; laws share nothing."""
    for item in items:
        if item.path.name != "test_proof.py":
            item.add_marker(pytest.mark.xdist_group(item.path.name))
