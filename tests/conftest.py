import os

# before numba is loaded: an interrupted test run must not leave a bar on the terminal, nor colours in captured text
os.environ.setdefault("NO_COLOR", "1")

from hypothesis import settings

# the first call of a kernel compiles it, so a deadline would fail by chance; examples are the same in every run
settings.register_profile("scfast", deadline=None, derandomize=True)
settings.load_profile("scfast")
