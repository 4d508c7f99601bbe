"""What a write in place promises to keep: all that knew the Parameter before."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from codemods.verification.closeness import equal
from codemods.verification.fixtures import Subject
from codemods.verification.invariants.registry import Announced, expect, of_each
from codemods.verification.invariants.tensors import address, change, held_tensors
from codemods.verification.invariants.training import LEARNED
from codemods.verification.reasons import DoesNotApply
from codemods.verification.trial import Run, Trial
from codemods.verification.window import Sight


def _promised(trial: Trial) -> None:
    if not trial.job.write.in_place:
        raise DoesNotApply("a new Parameter is made, which keeps nothing of the old one")


@of_each("identity", "is another object")
def identity(trial: Trial, subject: Subject) -> None:
    """It is the Parameter that stood there before the write."""
    trial.needs_values()  # module.to("meta") makes every Parameter anew
    _promised(trial)
    run: Run[None] = trial.run()
    expect(run.tensor(subject.name) is run.before(subject.name), "it is another object")


@of_each("storage", "lies elsewhere")
def storage(trial: Trial, subject: Subject) -> None:
    """Its data_ptr() is what it was before the write."""
    trial.needs_values()
    _promised(trial)
    run = trial.run(
        lambda sight: {id(p): (p.device, p.data_ptr()) for p in sight.parameters.values()}
    )
    old = run.before(subject.name)
    device, pointer = (run.planted or {})[id(old)]
    found = run.tensor(subject.name)
    if device != found.device:
        raise DoesNotApply("the program moves the module to another device afterwards")
    expect(found.data_ptr() == pointer, "its data_ptr() is another")


@of_each("optimizer", "is unknown to the optimizer")
def optimizer(trial: Trial, subject: Subject) -> None:
    """An optimizer built before the write still moves it."""
    trial.needs_values()
    _promised(trial)
    _needs_learning(subject)
    run = trial.run(lambda sight: torch.optim.SGD(sight.trained, lr=0.1) if sight.trained else None)
    run.before(subject.name)
    if run.planted is None:
        raise DoesNotApply("nothing trains before the write")
    run.backward()
    before = run.tensor(subject.name).detach().clone()
    run.planted.step()
    moved = not equal(before, run.tensor(subject.name))
    expect(moved, "an optimizer built before the write leaves it as it was")


@of_each("ties", "is no longer tied")
def ties(trial: Trial, subject: Subject) -> None:
    """Every module that held the Parameter before the write still holds it, and sees it change."""
    trial.needs_values()
    _promised(trial)
    run = trial.run(_holders)
    old = run.before(subject.name)
    change(run.tensor(subject.name))
    for owner, name in (run.planted or {})[id(old)]:
        seen = getattr(owner, name)
        expect(seen is run.tensor(subject.name), f"{type(owner).__name__} holds another {name}")
        expect(equal(seen, run.tensor(subject.name)), f"{type(owner).__name__} sees another value")


def _holders(sight: Sight) -> dict[int, list[tuple[nn.Module, str]]]:
    """Return, by identity, who holds each Parameter; a module of ours holds each besides."""
    holders: dict[int, list[tuple[nn.Module, str]]] = {}
    for module in sight.modules:
        for owner in module.modules():
            for name, parameter in owner._parameters.items():
                holders.setdefault(id(parameter), []).append((owner, name))
    for parameter in sight.parameters.values():
        twin = nn.Module()
        twin.register_parameter("twin", parameter)
        holders[id(parameter)].append((twin, "twin"))
    return holders


@of_each("hooks", "has lost its hooks")
def hooks(trial: Trial, subject: Subject) -> None:
    """Hooks registered on it before the write are called in backward()."""
    trial.needs_values()
    _promised(trial)
    _needs_learning(subject)
    run = trial.run(_hooked)
    old = run.before(subject.name)
    silent = (run.planted or {}).get(id(old))
    if silent is None:
        raise DoesNotApply(f"{subject.name} requires no grad before the write")
    run.backward()
    expect(not silent, f"{' and '.join(sorted(silent))} on it is not called")


def _hooked(sight: Sight) -> dict[int, set[str]]:
    """Hook every Parameter that trains; return, by identity, the hooks not called so far."""
    silent: dict[int, set[str]] = {}
    parameter: Any
    for parameter in sight.trained:
        uncalled = silent[id(parameter)] = {"a hook"}
        parameter.register_hook(lambda _, uncalled=uncalled: uncalled.discard("a hook"))
        if hasattr(parameter, "register_post_accumulate_grad_hook"):
            uncalled.add("a post-accumulate hook")
            parameter.register_post_accumulate_grad_hook(
                lambda _, uncalled=uncalled: uncalled.discard("a post-accumulate hook")
            )
    return silent


@of_each("unaliased", "shares its storage")
def unaliased(trial: Trial, subject: Subject) -> None:
    """Nothing else that the program or the module holds changes with it."""
    trial.needs_values()
    _promised(trial)
    run = trial.run(lambda sight: {address(p) for p in sight.parameters.values()})
    tensor = run.tensor(subject.name)
    held = [*held_tensors(run.module, run.namespace)]
    # What a function once held of the Parameter that stood there is no source of its value.
    views = run.planted or set()
    held += [(n, t) for n, t in held_tensors(*run.variables) if address(t) not in views]
    others = [(name, t, t.detach().clone()) for name, t in held if t is not tensor]
    change(tensor)
    changed = {name for name, other, before in others if not equal(other, before)}
    expect(not changed, f"{', '.join(sorted(changed))} changes with it")


@of_each("seen by autograd", "is written unseen")
def seen_by_autograd(trial: Trial, subject: Subject) -> str:
    """A write between forward and backward raises; through .data it is silently wrong."""
    trial.needs_values()
    _promised(trial)
    run = trial.run(_squares)
    old = run.before(subject.name)
    square = (run.planted or {}).get(id(old))
    if square is None:
        raise DoesNotApply(f"{subject.name} requires no grad before the write")
    loss, expected = square
    if (expected.device, expected.dtype) != (old.device, old.dtype):
        raise DoesNotApply("the program converts the module afterwards, which resets the graph")
    try:
        [found] = torch.autograd.grad(loss, [old])
    except RuntimeError as error:
        expect("inplace operation" in str(error), str(error))
        expect(not trial.job.write.through_data, "it raises, though it was written through .data")
        return "backward() raises"
    if equal(found, expected):
        raise DoesNotApply("the write leaves the values as they were")
    silently = "backward() raises nothing and the gradient is silently wrong"
    expect(trial.job.write.through_data, silently)
    raise Announced(f"{silently}: what a write through .data costs")


def _squares(sight: Sight) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    """Return, by identity, a loss that keeps the Parameter for backward, and its gradient now."""
    return {id(p): ((p * p).sum(), 2 * p.detach()) for p in sight.trained}


def _needs_learning(subject: Subject) -> None:
    if subject.role not in LEARNED:
        raise DoesNotApply(f"{subject.name} is not meant to train")
