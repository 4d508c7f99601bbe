"""Rewritten programs, spoilt: ``python tests/rewrite_mutants.py FIXTURE...`` runs them.

Prints as JSON, for each fixture, what has been spoilt in its fixed form, and what is then seen:
what differs from the failing form as it is meant, or where that cannot be run, what is broken.
"""

from __future__ import annotations

import ast
import copy
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codemods.verification.trial import Trial

Spoil = Callable[[ast.stmt], "list[ast.stmt] | None"]


def _left_out(statement: ast.stmt) -> list[ast.stmt]:
    return [ast.Pass()]


def _with_grad(statement: ast.stmt) -> list[ast.stmt] | None:
    return statement.body if isinstance(statement, ast.With) else None


def _valued(change: str) -> Spoil:
    """Return what puts an expression, ``change`` with ``V``, in the place of the value."""

    def spoil(statement: ast.stmt) -> list[ast.stmt] | None:
        inner = statement.body[0] if isinstance(statement, ast.With) else statement
        holder: ast.AST = inner
        if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
            holder = inner.value
        value = getattr(holder, "value", None)
        if isinstance(value, ast.Call) and value.args and ast.unparse(value.func) in PARAMETERS:
            holder = value
        if isinstance(holder, ast.Call):
            if not holder.args:
                return None
            holder.args[0] = _changed(holder.args[0], change)
        elif isinstance(holder, (ast.Assign, ast.AugAssign)):
            holder.value = _changed(holder.value, change)
        else:
            return None
        return [statement]

    return spoil


PARAMETERS = ("nn.Parameter", "torch.nn.Parameter", "Parameter")


def _changed(value: ast.expr, change: str) -> ast.expr:
    return ast.parse(change.replace("V", f"({ast.unparse(value)})"), mode="eval").body


def _stored(change: str) -> Spoil:
    """Return what changes the whole value that an assignment stores."""

    def spoil(statement: ast.stmt) -> list[ast.stmt] | None:
        if not isinstance(statement, ast.Assign):
            return None
        statement.value = _changed(statement.value, change)
        return [statement]

    return spoil


def _misnamed(statement: ast.stmt) -> list[ast.stmt] | None:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Attribute):
        return None
    target.attr += "_"
    return [statement]


SPOILT: dict[str, Spoil] = {
    "left out": _left_out,
    "with grad": _with_grad,
    "doubled": _valued("V * 2 + 3"),
    "detached": _stored("V.detach()"),
    "another dtype": _stored("V.to(torch.complex64)"),
    "misnamed": _misnamed,
}


def mutants(fixed: str, lines: set[int]) -> Iterator[tuple[str, str]]:
    """Yield what is spoilt, and the program, for the first statement on ``lines``."""
    for name, spoil in SPOILT.items():
        tree = ast.parse(fixed)
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            places = [
                index
                for index, part in enumerate(body if isinstance(body, list) else [])
                if part.lineno in lines and not isinstance(part, (ast.Import, ast.ImportFrom))
            ]
            if places and isinstance(body, list):
                spoilt = spoil(copy.deepcopy(body[places[0]]))
                if spoilt is not None:
                    body[places[0] : places[0] + 1] = spoilt
                    yield name, ast.unparse(ast.fix_missing_locations(tree))
                break


def seen(fixture: Path) -> dict[str, list[str]]:
    """Return what is seen, by what is spoilt."""
    import torch

    from codemods.verification.fixtures import read_claims
    from codemods.verification.jobs import Job
    from codemods.verification.rewriting import changed_lines, write_at
    from codemods.verification.trial import Trial

    torch.set_num_threads(1)
    fixed = fixture.with_name(fixture.name.replace(".fails.", ".fixed."))
    old, new = fixture.read_bytes(), fixed.read_bytes()
    claims, lines = read_claims(fixture), changed_lines(new, old)
    job = Job(fixed, "cpu", claims.subjects, claims.assigned, write=write_at(new, lines))
    look = _compared(Trial(replace(job, program=fixture, as_meant=True)), Trial(job)) or _broken
    return {name: look(Trial(job, source)) for name, source in mutants(new.decode(), lines)}


def _compared(meant: Trial, fixed: Trial) -> Callable[[Trial], list[str]] | None:
    """Return what compares a program with the one that is meant; None where that is not to be."""
    from codemods.verification.differences import compare
    from codemods.verification.observing import observe
    from codemods.verification.reasons import DoesNotApply

    try:
        expected = observe(meant)
    except DoesNotApply:
        return None

    def differences(trial: Trial) -> list[str]:
        return [str(difference) for difference in compare(expected, observe(trial))[0][:2]]

    return None if differences(fixed) else differences


def _broken(trial: Trial) -> list[str]:
    """Return which invariants do not hold; but for those that take other processes."""
    from codemods.verification.invariants import INVARIANTS
    from codemods.verification.trial import StageError

    try:
        subjects = trial.subjects(trial.run())
        trial.play()
    except StageError as error:
        return [f"raises {error.__cause__}"]
    checked = [i for i in INVARIANTS.values() if i.name not in ("ddp", "compile")]
    checks = [check for invariant in checked for check in invariant.checks(trial, subjects)]
    return [f"{c.invariant}: {c.detail}" for c in checks if c.status == "broken"][:2]


def main(paths: list[str]) -> None:
    """Print what is seen of each fixture."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        fixtures = [Path(path).resolve() for path in paths]
        os.chdir(scratch)
        with redirect_stdout(sys.stderr):  # where programs print, too
            told = {str(fixture): seen(fixture) for fixture in fixtures}
        print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
