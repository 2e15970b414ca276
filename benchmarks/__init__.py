"""Timings with answers: test_*.py are pytest-benchmark suites, the other files are commands."""
