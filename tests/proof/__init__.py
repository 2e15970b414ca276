"""Proof that the package samples the right distributions: laws that run at any scale, for the tests and for scripts/verify."""

from . import chains, growth, lanes, limits, rates, statistics, strategies
from .judge import Law

MODULES = (rates, chains, lanes, limits, growth, statistics, strategies)
ALL: list[Law] = [law for module in MODULES for law in module.LAWS]
assert len({law.name for law in ALL}) == len(ALL)
