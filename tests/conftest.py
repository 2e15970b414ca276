import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# before numba is loaded: an interrupted test run must not leave a bar on the terminal, nor colours in captured text
os.environ.setdefault("NO_COLOR", "1")

import pytest
from hypothesis import settings

from scfast import cli

# the first call of a kernel compiles it, so a deadline would fail by chance; examples are the same in every run
settings.register_profile("scfast", deadline=None, derandomize=True)
settings.load_profile("scfast")


MANY = {"test_clusters.py", "test_ensemble.py", "test_jit.py", "test_safety.py"}
"""Files whose tests start many processes, some of them to be killed at some moment: never two of them at once."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several workers (scripts/test), a file stays with one of them, whose fixtures its tests share; laws share nothing."""
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0].rpartition("/")[2]
            return "processes" if file in MANY else nodeid if file == "test_proof.py" else file

    return Files(config, log)


@pytest.fixture
def scfast(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable:
    """The command line, run in an empty folder, with lines to read: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: object, lines: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["scfast", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        code = 0
        try:
            cli.main()
        except SystemExit as done:
            code = int(done.code or 0)
        return code, *capsys.readouterr()

    return called
