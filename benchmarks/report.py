"""What a table of timings says beside the figures: the machine, the date; and where it is written."""

import datetime
import os
import platform
import re
from pathlib import Path

import numba
import numpy as np

import scfast
from scfast.words import like, load, store


@numba.njit
def _sum(array: np.ndarray, like: tuple[int, ...]) -> None:
    store(array, 0, load(array, 0, like) + load(array, 1, like))


def instructions() -> str:
    """The vector instructions that kernels are compiled to here: what 512 lanes are added with."""
    _sum(np.zeros((2, 8), np.uint64), like(8))
    (assembly,) = _sum.inspect_asm().values()
    return next((name for name, register in (("AVX-512", "%zmm"), ("AVX2", "%ymm")) if register in assembly), "no AVX2")


def processor() -> str:
    """The processor's name, where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE) if cpuinfo.exists() else None
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def machine() -> str:
    """One line about what the figures were measured on."""
    target = "".join(f", {name}={os.environ[name]!r}" for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES") if name in os.environ)
    versions = f"scfast {scfast.__version__}, Python {platform.python_version()}, Numba {numba.__version__}"
    return f"{processor()}, {instructions()}{target}; {versions}; {datetime.date.today()}"


def write_between(path: Path, mark: str, text: str) -> None:
    """Replace what stands between the lines ``<!-- mark -->`` and ``<!-- /mark -->``."""
    before, opening, rest = path.read_text().partition(f"<!-- {mark} -->\n")
    _, closing, after = rest.partition(f"<!-- /{mark} -->")
    if not opening or not closing:
        raise SystemExit(f"{path}: must hold the marks <!-- {mark} --> and <!-- /{mark} -->")
    scratch = path.with_suffix(".part")
    scratch.write_text(f"{before}{opening}{text}{closing}{after}")
    scratch.replace(path)
