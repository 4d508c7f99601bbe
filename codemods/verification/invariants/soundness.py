"""What holds of any sound program, whatever it means: nothing it computes with gets lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import torch
from torch.utils._pytree import tree_map

from codemods.verification import simulated
from codemods.verification.closeness import close, equal
from codemods.verification.fixtures import Role
from codemods.verification.invariants.registry import expect, of_program
from codemods.verification.invariants.tensors import address, change, held_tensors
from codemods.verification.leaves import leaves
from codemods.verification.reasons import DoesNotApply
from codemods.verification.stores import watched
from codemods.verification.trial import Call, Run, Trial


@of_program("leaves", "trains what is not registered")
def leaves_registered(trial: Trial) -> str:
    """What gradients arrive in is a Parameter of the module, its optimizer's, or an input."""
    trial.needs_values()
    run: Run[None] = trial.run()
    loss = run.loss()
    known = {id(tensor) for tensor in run.module.parameters()}
    known |= {id(tensor) for tensor in _optimized(run)}
    known |= {id(leaf) for _, leaf in leaves(run.last_call)}
    arrived = [*_accumulated(loss)]
    names = {id(tensor): name for name, tensor in held_tensors(run.module)}
    lost = [names.get(id(t), "a tensor made in forward") for t in arrived if id(t) not in known]
    expect(not lost, f"gradients arrive in {', '.join(sorted(set(lost)))}")
    return f"{len(arrived)} leaves"


def _optimized(run: Run[Any]) -> Iterator[torch.Tensor]:
    for group in run.own_optimizer.param_groups if run.own_optimizer else ():
        yield from group["params"]


def _accumulated(loss: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield the tensors in which a backward() of ``loss`` accumulates gradients."""
    todo, seen = [loss.grad_fn], set()
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            yield node.variable
        todo += [function for function, _ in node.next_functions]


@of_program("moves", "does not compute where it is moved")
def moves(trial: Trial) -> str:
    """Moved with its inputs, to the simulated device or back, it computes what it did."""
    trial.needs_values()
    stays_inside(trial)
    run: Run[None] = trial.run()
    call = run.arguments()
    before = run.call(call)
    others = ["cpu"] if trial.device.type != "cpu" else [simulated.NAME, "meta"]
    for other in others:
        try:
            after = _moved(trial.run(), call, other)
        except (RuntimeError, NotImplementedError, AttributeError) as error:
            told = "same device" in str(error) or "on device" in str(error)
            expect(not told, str(error))
            if other == others[-1] or "swap" not in str(error):
                raise DoesNotApply(f"it cannot be called on {other}: {error}") from error
        else:
            break
    for (name, here), (_, elsewhere) in zip(leaves(before), leaves(after), strict=True):
        if _is_tensor(here):
            expect(elsewhere.device.type == other, f"its output {name} stays".strip())
            same = other == "meta" or close(elsewhere.cpu(), here.cpu())
            expect(same, f"its output {name} is another".strip())
    return f"to {other}"


def stays_inside(trial: Trial) -> None:
    """Raise DoesNotApply where something of the program is meant to be outside the module."""
    for subject in trial.job.subjects:
        if subject.role is Role.UNREGISTERED:
            raise DoesNotApply(f"{subject.name} is meant to stay outside the module")


def _moved(run: Run[None], call: Call, other: str) -> Any:
    """Return the output on another device; where a graph holds a Parameter, raises RuntimeError."""
    with simulated.available() if other == simulated.NAME else nullcontext():
        run.module.to(other)
        return run.call(tree_map(lambda leaf: leaf.to(other) if _is_tensor(leaf) else leaf, call))


def _is_tensor(value: object) -> bool:
    return isinstance(value, torch.Tensor)


@of_program("restored", "is not restored by its state_dict()")
def restored(trial: Trial) -> None:
    """Another instance that loads its state after training computes what it computes."""
    trial.needs_values()
    stays_inside(trial)
    run: Run[None] = trial.run()
    call = run.arguments()
    run.train(steps=2)
    fresh: Run[None] = trial.run(chance=1)
    fresh.module.load_state_dict(run.module.state_dict())
    # By then forward has made what it makes when it is called for the first time.
    for one in (fresh, run):
        one.call(call)
    pairs = zip(leaves(run.call(call)), leaves(fresh.call(call)), strict=True)
    for (name, mine), (_, others) in pairs:
        if _is_tensor(mine):
            expect(close(others, mine), f"the output {name} of another instance differs".strip())


@of_program("apart", "has a Parameter in the place of another tensor")
def apart(trial: Trial) -> None:
    """No Parameter or buffer changes with a Parameter that is not the same object."""
    trial.needs_values()
    run: Run[None] = trial.run()
    named = [*run.module.named_parameters(), *run.module.named_buffers()]
    for index, (name, one) in enumerate(named):
        others = [(n, t) for n, t in named[index + 1 :] if address(t) == address(one)]
        before = [tensor.detach().clone() for _, tensor in others]
        change(one)
        for (other, tensor), was in zip(others, before, strict=True):
            expect(equal(tensor, was), f"{other} changes with {name}, and is another object")


@of_program("flags", "has a flag that nothing reads")
def flags(trial: Trial) -> None:
    """A module's own requires_grad says what its Parameters do."""
    run: Run[None] = trial.run()
    for path, module in run.module.named_modules():
        said = module.__dict__.get("requires_grad")
        for name, parameter in module.named_parameters() if isinstance(said, bool) else ():
            where = f"{path}.{name}".lstrip(".")
            expect(parameter.requires_grad is said, f"it says {said}, and not so {where}")


@of_program("stored", "goes on without what it stores")
def stored(trial: Trial) -> None:
    """What a module refuses to store is stored otherwise."""
    with watched() as stores:
        trial.run()
    expect(not stores.refused, "; ".join(stores.refused.values()))


@of_program("thawed", "trains what was frozen")
def thawed(trial: Trial) -> None:
    """No frozen Parameter is replaced by one that trains only because new ones do."""
    with watched() as stores:
        trial.run()
    expect(not stores.thawed, f"{', '.join(stores.thawed)} was frozen, and its successor is not")
