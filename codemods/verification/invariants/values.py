"""What a parameter holds after it was assigned."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from codemods.verification.closeness import equal
from codemods.verification.fixtures import Subject
from codemods.verification.invariants.registry import expect, of_each
from codemods.verification.reasons import DoesNotApply
from codemods.verification.trial import Run, Trial


@of_each("value", "is not what was assigned")
def value(trial: Trial, subject: Subject) -> None:
    """It holds the value that was assigned."""
    trial.needs_values()
    run: Run[None] = trial.run()
    found = run.tensor(subject.name).detach()
    given = _assigned(run, subject)
    assigned = torch.as_tensor(given).detach().to(found.device)
    if trial.job.write.in_place or not isinstance(given, torch.Tensor):
        assigned = assigned.to(found.dtype)  # which the Parameter that is there keeps
    if assigned.dim() == 0:
        assigned = assigned.expand_as(found)
    expect(assigned.shape == found.shape, f"its shape is {tuple(found.shape)}")
    expect(assigned.dtype is found.dtype, f"its dtype is {found.dtype}, not {assigned.dtype}")
    expect(equal(assigned, found), "its values are others")


@of_each("form", "has another form")
def form(trial: Trial, subject: Subject) -> None:
    """Its shape and dtype are as assigned, or as before where the write is in place."""
    run = trial.run(lambda sight: {id(p): (p.shape, p.dtype) for p in sight.parameters.values()})
    found = run.tensor(subject.name)
    expect(found.device.type == trial.device.type, f"it is on {found.device}")
    if trial.job.write.in_place and run.planted is not None and trial.device.type != "meta":
        shape, dtype = run.planted[id(run.before(subject.name))]
    else:
        assigned = _assigned(run, subject)
        if not isinstance(assigned, torch.Tensor):
            raise DoesNotApply("what is assigned has no dtype of torch")
        shape, dtype = assigned.shape, assigned.dtype
    expect(found.shape == shape, f"its shape is {tuple(found.shape)}, not {tuple(shape)}")
    expect(found.dtype is dtype, f"its dtype is {found.dtype}, not {dtype}")


def _assigned(run: Run[Any], subject: Subject) -> Any:
    """Return the value that the program means to assign; raises DoesNotApply."""
    job = run.trial.job
    if not job.assigned:
        raise DoesNotApply("the fixture does not say what is assigned")
    if not run.trial.is_claimed(subject):
        raise DoesNotApply(f"the fixture does not say what {subject.name} is")
    position = job.subjects.index(subject) if len(job.assigned) > 1 else 0
    code = compile(job.assigned[position], "<assigned>", "eval")
    names = {"torch": torch, "nn": nn, **run.namespace, "device": run.trial.device}
    if run.trial.device.type == "meta":
        return eval(code, names)
    first, second = (torch.manual_seed(chance) and eval(code, names) for chance in (0, 1))
    if not _is_number(first):
        raise DoesNotApply(f"a {type(first).__name__} is assigned, of which the tensor is part")
    if not equal(torch.as_tensor(first), torch.as_tensor(second)):
        raise DoesNotApply("what is assigned is left to chance")
    return first


def _is_number(value: object) -> bool:
    """Return whether ``value`` is what a tensor can be made of."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_number, value))
    return isinstance(value, (torch.Tensor, int, float, complex)) or hasattr(
        value, "__array_interface__"
    )
