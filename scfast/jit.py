"""How kernels are compiled, and where their machine code is kept between runs.

Numba's own cache trusts what it finds: a truncated file raises in the middle of a run, a flipped bit is executed, and an edited
helper that was inlined into another module's kernel leaves the old machine code in place. The cache here is one file for each
compiled signature, under a folder named by the hash of all package sources, with a checksum in front; whatever does not read back
whole is compiled again, and whatever cannot be written is not kept.

The folder is the first of ``$SCFAST_CACHE_DIR``, ``$NUMBA_CACHE_DIR``, ``$XDG_CACHE_HOME/scfast``, ``~/.cache/scfast`` that is
set. Nothing breaks where it cannot be written: the kernels are then compiled anew by each process.
"""

import contextlib
import functools
import hashlib
import os
import pickle
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import CompileResultCacheImpl, _Cache
from numba.core.serialize import dumps

F = TypeVar("F", bound=Callable[..., Any])


@functools.cache
def source_hash() -> str:
    """Hash of the package's modules (hexadecimal, 16 digits), save the command line's folder, which has no kernels."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def cache_folder() -> Path:
    """Where compiled kernels are kept (see the module's text for the order of choice)."""
    for name, tail in (("SCFAST_CACHE_DIR", ""), ("NUMBA_CACHE_DIR", "scfast"), ("XDG_CACHE_HOME", "scfast")):
        if os.environ.get(name):
            return Path(os.environ[name], tail, source_hash())
    with contextlib.suppress(RuntimeError):  # no home folder is known
        return Path.home() / ".cache" / "scfast" / source_hash()
    shared = Path(tempfile.gettempdir(), f"scfast-{os.getuid()}")
    with contextlib.suppress(OSError):
        shared.mkdir(mode=0o700, exist_ok=True)
        found = shared.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
            return shared / source_hash()
    return Path(os.devnull, source_hash())  # somebody else's: machine code from there is not to be run


class KernelCache(_Cache):  # type: ignore[misc]
    """Compiled overloads of one kernel on disk: checksummed, written atomically, never an obstacle."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        self._name = f"{py_func.__module__}.{py_func.__qualname__}"
        self._code = py_func.__code__.co_code, repr(py_func.__code__.co_consts)
        self._impl = CompileResultCacheImpl.__new__(CompileResultCacheImpl)
        self._enabled = True

    @property
    def cache_path(self) -> str:
        return str(cache_folder())

    def _file(self, sig: Any, codegen: Any) -> Path:
        key = repr((self._name, self._code, str(sig), codegen.magic_tuple(), numba.__version__, numba.config.BOUNDSCHECK)).encode()
        return cache_folder() / f"{self._name}-{hashlib.sha256(key).hexdigest()[:24]}.kernel"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        target_context.refresh()
        if not self._enabled:
            return None
        try:
            data = self._file(sig, target_context.codegen()).read_bytes()
            if hashlib.sha256(data[32:]).digest() != data[:32]:
                return None
            return self._impl.rebuild(target_context, pickle.loads(data[32:]))
        except Exception:  # whatever is wrong with the file, the answer is to compile
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        if not self._enabled or any(not lifted.can_cache for lifted in data.lifted) or data.library.has_dynamic_globals:
            return
        payload = dumps(self._impl.reduce(data))
        path = self._file(sig, data.codegen)
        scratch = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, scratch = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(payload).digest() + payload)
            os.replace(scratch, path)
        except OSError:  # read-only or full: go on without a cache
            if scratch is not None:
                with contextlib.suppress(OSError):
                    os.unlink(scratch)

    def enable(self) -> None:
        self._enabled = True

    def disable(self) -> None:
        self._enabled = False

    def flush(self) -> None:
        for path in cache_folder().glob(f"{self._name}-*.kernel"):
            with contextlib.suppress(OSError):
                path.unlink()


def kernel(function: F) -> F:
    """Compile a module-level function on first use, without the interpreter lock, and keep the machine code on disk.

    Kernels allocate nothing, so they are compiled without Numba's reference counting, which inner loops would pay for with atomic
    operations; Numba then refuses what would allocate. With ``NUMBA_DISABLE_JIT=1`` the function stays plain Python and gives the
    same bits.
    """
    compiled: Any = numba.njit(nogil=True, _nrt=False)(function)
    if not numba.config.DISABLE_JIT:
        compiled._cache = KernelCache(function)
    return cast(F, compiled)


def inline(function: F) -> F:
    """Compile a small helper into the kernels that call it."""
    compiled: Any = numba.njit(inline="always")(function)
    return cast(F, compiled)


def part(function: F) -> F:
    """Compile a part of a larger kernel into it: unlike :func:`inline`, by LLVM, so that arrays may be passed freely."""
    compiled: Any = numba.njit(nogil=True, forceinline=True, _nrt=False)(function)
    return cast(F, compiled)
