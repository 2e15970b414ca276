"""How the benchmarks are run: ``python -m pytest benchmarks``, some minutes."""

from pathlib import Path

import pytest

TABLE = ["min", "median", "max", "rounds"]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A table that fits a terminal, unless the command line asks for columns."""
    if getattr(config.option, "benchmark_columns", TABLE) is None:
        config.option.benchmark_columns = TABLE


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Commands are not collected for doctests: some need what is not installed here."""
    return None if collection_path.is_dir() or collection_path.name.startswith("test_") else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """At least three rounds, and about a second, of each benchmark after a first call that compiles; grouped by module."""
    for item in items:
        if "benchmark" in getattr(item, "fixturenames", ()):
            group = item.path.stem.removeprefix("test_")
            item.add_marker(pytest.mark.benchmark(group=group, min_rounds=3, max_time=1.0, warmup=True, warmup_iterations=1))
