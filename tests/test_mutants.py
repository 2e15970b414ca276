"""The wrong edits of mutants.toml still apply to the package; that the tests kill them takes ``scripts/verify --mutants``."""

import ast

import mutants
import pytest


def test_mutants_apply_and_differ() -> None:
    known, unseen = mutants.read("known"), mutants.read("unseen")
    assert len(known) >= 20 and len(unseen) >= 10
    assert len({one.name for one in known + unseen}) == len(known + unseen)
    programs = {(one.module, ast.dump(ast.parse(one.source()))) for one in known + unseen}
    originals = {(name, ast.dump(ast.parse((mutants.HERE / "scfast" / name).read_text()))) for name in mutants.FOCUS}
    assert len(programs - originals) == len(known + unseen)


def test_an_edit_that_does_not_apply_is_told() -> None:
    wrong = mutants.Mutant("none", "stats.py", (mutants.Edit("no such text", ""),))
    with pytest.raises(ValueError, match=r"^mutant 'none': 'no such text' occurs 0 times in stats.py, must be once$"):
        wrong.source()
