"""The laws of tests/proof at the size that every change can afford; ``scripts/verify`` runs them a hundred times larger.

Each law is a family of checks that a right program fails with probability 1e-6 (rates: 1e-8 a count); all seeds are fixed.
"""

import pytest
from proof import ALL, chains, rates
from proof.judge import FAMILY, Law

SEED = 2026


@pytest.mark.parametrize("law", ALL, ids=lambda law: law.name)
def test_law_holds(law: Law) -> None:
    failures = law.failures(list(law.run(1, SEED)))
    assert not failures, "\n".join(map(str, failures))


# ---- teeth: the same tests fail where a fault is planted


@pytest.mark.parametrize(("name", "factor"), [("planes", 0.99), ("planes", 1.01), ("lists", 1.01)])
def test_rates_one_percent_off_are_found(name: str, factor: float) -> None:
    """Of 0.005 and more, every one of them and in every situation: 1 % of 0.005 is 8.6 sigma or more of 1.5e8 trials."""
    for law_rates in (rates.SMALL, rates.MIDDLE) if name == "planes" else (rates.SMALL,):
        for check in rates.transitions(rates.SITUATIONS, law_rates, name, 1, SEED + 1, factor):
            assert (check.p < rates.EACH) == ("to other states" not in check.case), check


@pytest.mark.parametrize("name", ["path, gamma + delta = 1", "complete, two nodes named", "star, shared"])
def test_chains_with_a_beta_three_percent_off_are_found(name: str) -> None:
    """G of 2 million samples is 200 above its mean or more."""
    case = next(case for case in chains.CASES if case.name == name)
    for factor, found in ((0.97, True), (1.0, False), (1.03, True)):
        (check,) = chains.against(case, factor, "planes", 1, SEED)
        assert (check.p < FAMILY) == found, check
