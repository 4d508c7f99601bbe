"""What a compiled module makes of a write."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from codemods.verification.closeness import equal
from codemods.verification.invariants.registry import expect, of_program
from codemods.verification.invariants.tensors import change_all
from codemods.verification.reasons import NeedsDevice
from codemods.verification.trial import Run, Trial
from codemods.verification.window import Sight


@of_program("compile", "is not seen by a compiled module")
def compiled(trial: Trial) -> str:
    """It computes the same under torch.compile(backend="eager"), before and after a write."""
    trial.needs_values()
    if not hasattr(torch, "compile"):
        raise NeedsDevice(f"torch {torch.__version__} has no torch.compile")
    if trial.device.type == "simulated":
        raise NeedsDevice("a device in Python is not compiled for")
    torch._dynamo.reset()
    arguments, options = trial.run().arguments()

    def compile_before(sight: Sight) -> tuple[nn.Module, Any] | None:
        module = sight.whole(trial.device)
        if module is None or not trial.job.write.in_place:
            return None
        made = torch.compile(module, backend="eager")
        made(*arguments, **options)
        return module, made

    run = trial.run(compile_before)
    module, made = run.planted or (None, None)
    before = module is run.module
    if not before:
        made = torch.compile(run.module, backend="eager")
    _agrees(run, made)
    change_all(run.module)
    _agrees(run, made)
    return "compiled before the write" if before else "compiled after build()"


def _agrees(run: Run[Any], made: Any) -> None:
    eager, other = run.loss().detach(), run.loss(made).detach()
    expect(
        equal(eager, other), f"the loss is {float(other):.4g} compiled, {float(eager):.4g} eager"
    )
