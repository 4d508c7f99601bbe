"""What becomes of a parameter in a copy of its module."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

from torch import nn

from codemods.verification.closeness import equal
from codemods.verification.fixtures import Subject
from codemods.verification.invariants.registry import expect, of_each
from codemods.verification.invariants.tensors import change
from codemods.verification.trial import Run, Trial


@of_each("deepcopy", "is not copied")
def deepcopied(trial: Trial, subject: Subject) -> None:
    """copy.deepcopy() of the module has one of its own, of the same kind and value."""
    _copied(trial, subject, copy.deepcopy)


@of_each("pickle", "is not pickled")
def pickled(trial: Trial, subject: Subject) -> None:
    """The module comes back from pickle with one of the same kind and value."""
    _copied(trial, subject, lambda module: pickle.loads(pickle.dumps(module)))


def _copied(trial: Trial, subject: Subject, copied: Callable[[nn.Module], nn.Module]) -> None:
    run: Run[None] = trial.run()
    twin: Run[None] = Run(trial, copied(run.module), None, run.namespace)
    old, new = run.tensor(subject.name), twin.tensor(subject.name)
    expect(type(new) is type(old), f"the copy's is a {type(new).__name__}")
    expect(new.is_leaf, "the copy's is no leaf")
    expect(
        new.requires_grad is old.requires_grad, f"the copy's requires_grad is {new.requires_grad}"
    )
    if trial.device.type != "meta":
        expect(equal(new, old), "the copy's has other values")
        change(new)
        expect(not equal(new, old), "it changes with the copy's")
