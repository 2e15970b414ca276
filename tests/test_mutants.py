"""The wrong edits of mutants.toml still apply to the package; that the tests kill them takes ``scripts/verify --mutants``."""

import ast

import mutants
import pytest


@pytest.mark.parametrize("group", ["known", "unseen"])
def test_mutants_apply(group: str) -> None:
    listed = mutants.read(group)
    assert len({one.name for one in listed}) == len(listed) >= {"known": 20, "unseen": 10}[group]
    for one in listed:
        ast.parse(one.source())
        assert one.module in mutants.FOCUS


def test_an_edit_that_does_not_apply_is_told() -> None:
    wrong = mutants.Mutant("none", "stats.py", (mutants.Edit("no such text", ""),))
    with pytest.raises(ValueError, match=r"^mutant 'none': 'no such text' occurs 0 times in stats.py, must be once$"):
        wrong.source()
