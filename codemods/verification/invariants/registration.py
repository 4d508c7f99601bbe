"""What a module knows of its parameters: that they are there, saved and moved."""

from __future__ import annotations

import torch

from codemods.verification.closeness import equal
from codemods.verification.fixtures import Role, Subject
from codemods.verification.invariants.registry import expect, of_each
from codemods.verification.invariants.tensors import change
from codemods.verification.reasons import DoesNotApply
from codemods.verification.trial import Run, Trial


def _inside(trial: Trial, subject: Subject) -> Run[None]:
    if subject.role is Role.UNREGISTERED:
        raise DoesNotApply(f"{subject.name} is meant to stay outside the module")
    return trial.run()


@of_each("registered", "is not registered")
def registered(trial: Trial, subject: Subject) -> None:
    """It is in named_parameters(), or as a buffer in named_buffers()."""
    run = _inside(trial, subject)
    members = (
        run.module.named_buffers if subject.role is Role.BUFFER else run.module.named_parameters
    )
    there = dict(members(remove_duplicate=False))
    expect(subject.name in there, f"only {', '.join(there) or 'nothing'} is registered")
    expect(there[subject.name] is run.tensor(subject.name), "the attribute is another tensor")


@of_each("leaf", "is not a leaf")
def leaf(trial: Trial, subject: Subject) -> None:
    """It is a leaf of the graph, so that a gradient can arrive in it."""
    expect(trial.run().tensor(subject.name).is_leaf, "it was computed from another tensor")


@of_each("requires_grad", "has the wrong requires_grad")
def requires_grad(trial: Trial, subject: Subject) -> None:
    """It requires grad where it is meant to train, and only there."""
    wanted = subject.role in (Role.TRAINED, Role.UNREGISTERED)
    found = trial.run().tensor(subject.name).requires_grad
    expect(found is wanted, f"requires_grad is {found}")


@of_each("saved", "is not saved")
def saved(trial: Trial, subject: Subject) -> None:
    """It is in state_dict(), and a fresh instance that loads it holds the same value."""
    run = _inside(trial, subject)
    owner, _, name = subject.name.rpartition(".")
    if name in getattr(run.module.get_submodule(owner), "_non_persistent_buffers_set", ()):
        raise DoesNotApply(f"{subject.name} is a buffer that is not to be saved")
    if trial.device.type != "meta":
        change(run.tensor(subject.name))
    state = run.module.state_dict()
    expect(subject.name in state, f"state_dict() holds {', '.join(state) or 'nothing'}")
    if trial.device.type != "meta":
        fresh: Run[None] = trial.run()
        fresh.module.load_state_dict(state)
        same = equal(fresh.tensor(subject.name), run.tensor(subject.name))
        expect(same, "a fresh instance that loads the state holds another value")


@of_each("follows dtype", "is not moved")
def follows_dtype(trial: Trial, subject: Subject) -> None:
    """It follows module.to(dtype)."""
    run = _inside(trial, subject)
    dtype = run.tensor(subject.name).dtype
    if not dtype.is_floating_point:
        raise DoesNotApply(f"module.to() converts no {dtype}")
    other = torch.float16 if dtype is torch.float32 else torch.float32
    run.module.to(other)
    found = run.tensor(subject.name).dtype
    expect(found is other, f"it stays {found} after module.to({other})")


@of_each("follows device", "is not moved")
def follows_device(trial: Trial, subject: Subject) -> None:
    """It follows module.to(device); the meta device stands for any other."""
    trial.needs_values()
    run = _inside(trial, subject)
    run.module.to("meta")
    found = run.tensor(subject.name).device
    expect(found.type == "meta", f"it stays on {found} after module.to('meta')")
