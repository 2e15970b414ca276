"""Faults that are planted while the package runs, and the laws that must find them: what mutants meet only first, all meet here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np

from scfast import growth, sirs, stats

Plant = Callable[[], contextlib.AbstractContextManager[Any]]


@dataclass(frozen=True)
class Fault:
    """A fault, and by name the laws of which each must find it."""

    name: str
    plant: Plant
    laws: tuple[str, ...]


def rate(column: int, factor: float) -> Plant:
    """One rate of all nodes multiplied; columns as in :class:`scfast.sirs.Setup`."""
    classes = sirs._rate_classes

    def wrong(*arguments: Any) -> tuple[np.ndarray, np.ndarray]:
        rates, node_class = classes(*arguments)
        rates = rates.copy()
        rates[:, column] = np.minimum(1.0, rates[:, column] * factor)
        return rates, node_class

    return lambda: mock.patch.object(sirs, "_rate_classes", wrong)


def repeated_blocks(period: int) -> Plant:
    """The dynamics' stream of a block is that of the one `period` before."""
    right = sirs.stream

    def wrong(root: int, purpose: Any, *key: int) -> Any:
        if purpose is sirs.Purpose.DYNAMICS:
            key = (*key[:2], key[2] % period, *key[3:])
        return right(root, purpose, *key)

    return lambda: mock.patch.object(sirs, "stream", wrong)


def rules(**changes: Callable[[np.ndarray], Any]) -> Plant:
    """Growth rules changed, by type."""
    right = growth._rules

    def wrong(model: Any) -> Any:
        tiers, *others = right(model)
        for name, change in changes.items():
            tiers[name] = change(tiers[name])
        return tiers, *others

    return lambda: mock.patch.object(growth, "_rules", wrong)


def components(**changes: Callable[[np.ndarray], Any]) -> Plant:
    """Statistics changed."""
    right = stats.components

    def wrong(*arguments: Any) -> stats.Components:
        part = right(*arguments)
        return replace(part, **{name: change(getattr(part, name)) for name, change in changes.items()})

    return lambda: mock.patch.object(stats, "components", wrong)


def last_lane_caught_more() -> contextlib.AbstractContextManager[Any]:
    """Some nodes are always infected in the last lane of the last machine word in use."""
    right = sirs.lanes.advance

    def wrong(block: sirs.lanes.Block, t0: int, t1: int) -> sirs.lanes.Block:
        block = right(block, t0, t1)
        planes, few = block.planes, slice(0, len(block.planes.s) // 10)
        # no bit is set in lanes that are not in use
        used = np.bitwise_or.reduce(planes.s | planes.i | planes.r, axis=0)
        word = int(np.flatnonzero(used)[-1])
        bit = np.uint64(1 << (int(used[word]).bit_length() - 1))
        planes.i[few, word] |= planes.s[few, word] & bit
        planes.s[few, word] &= ~bit
        return block

    return mock.patch.object(sirs.lanes, "advance", wrong)


def reduced_contacts(factor: float) -> Plant:
    """The beta that detected nodes exert multiplied."""
    right = sirs.lanes.make_rules

    def wrong(rates: np.ndarray, node_class: np.ndarray, degree: np.ndarray, detected_beta: float) -> sirs.lanes.Rules:
        return right(rates, node_class, degree, min(1.0, factor * detected_beta))

    return lambda: mock.patch.object(sirs.lanes, "make_rules", wrong)


def severity(factor: float) -> Plant:
    """Chances of shocks multiplied."""
    right = sirs._threshold
    return lambda: mock.patch.object(sirs, "_threshold", lambda p: right(min(1.0, factor * p)))


def protected(more: int) -> Plant:
    """So many more nodes protected."""
    right = sirs.outset.Protection
    return lambda: mock.patch.object(sirs.outset, "Protection", lambda budget, *others: right(budget + more, *others))


def shocks_in_all_lanes_at_once() -> contextlib.AbstractContextManager[Any]:
    """An event happens in all lanes of a block or in none."""
    right = sirs.outset.occur

    def wrong(threshold: Any, certain: bool, lanes: int, rng: np.ndarray, out: np.ndarray) -> None:
        first = np.zeros_like(out)
        right(threshold, certain, 1, rng, first)
        right(threshold, True, lanes, rng, out)
        out[first[:, 0] == 0] = 0

    return mock.patch.object(sirs.outset, "occur", wrong)


FAULTS = [
    Fault(
        "beta 2 % high",
        rate(0, 1.02),
        (
            "chain: complete, planes",
            "chain: complete, two nodes named, lists",
            "rates: small, planes",
            "rates: small, hubs, planes",
            "complete graph: 12 nodes, shocks, xi = 0",
            "mean field: endemic",
            "final size: mixed degrees",
        ),
    ),
    Fault("beta 10 % low", rate(0, 0.9), ("hubs: per_partner, planes", "hubs: shared, planes", "hubs: per_partner, lists")),
    Fault("gamma 2 % high", rate(1, 1.02), ("chain: path, planes", "mean field: shocks", "final size: 4-regular")),
    Fault("xi 1 % low", rate(3, 0.99), ("rates: middle, planes", "mean field: delta = 0")),
    Fault(
        "blocks repeat after four",
        repeated_blocks(4),
        ("lanes: pairs at lags, planes", "lanes: places in a block, planes", "lanes: pairs at lags, both"),
    ),
    Fault("a tenth more caught in the last lane", last_lane_caught_more, ("lanes: partly filled, planes",)),
    Fault("exponents 0.1 high", rules(exponent=lambda value: value + 0.1), ("additions: types and fitness drawn, M = 3",)),
    Fault(
        "shares of types evened",
        rules(cumulative_share=np.sqrt),
        ("additions: types and two fitnesses drawn, M = 2", "additions, by grow: types and two fitnesses drawn, M = 3"),
    ),
    Fault("local world of 50", rules(local_world=lambda value: value * 0 + 50), ("degrees: Barabási-Albert",)),
    Fault("standard errors 10 % low", components(sem=lambda value: 0.9 * value), ("intervals: G = 4", "intervals: G = 32")),
    Fault("variance within 1 % high", components(within=lambda value: 1.01 * value), ("components: balanced",)),
    Fault(
        "detection 2 % low",
        rate(5, 0.98),
        ("detection: isolated, planes", "detection: every rate, planes"),
    ),
    Fault(
        "detected nodes transmit 5 % more",
        reduced_contacts(1.05),
        ("detection: reduced, planes", "detection: hubs, per_partner, planes"),
    ),
    Fault(
        "shocks 5 % more severe",
        severity(1.05),
        ("shocks: dated, a type, planes", "shocks: dated, a type, lists", "shocks: large network, chosen"),
    ),
    Fault(
        "shocks in all lanes at once",
        shocks_in_all_lanes_at_once,
        ("shocks: dated by chance, some nodes, planes", "shocks: large network, lists", "shocks: extinction, both"),
    ),
    Fault(
        "one more protected",
        protected(1),
        ("protection: random, planes", "protection: acquaintance, lists", "protection: degree, both"),
    ),
]
