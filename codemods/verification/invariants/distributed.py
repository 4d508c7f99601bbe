"""What two processes make of a program."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from codemods.verification.invariants.registry import Violated, expect, of_program
from codemods.verification.reasons import DoesNotApply, NeedsDevice
from codemods.verification.trial import StageError, Trial
from codemods.verification.window import Sight

RANKS = 2
PATIENCE = timedelta(seconds=60)
KINDS = ("n/a", "broken", "died", "left", "held")
"""What a process may say, that which explains the others first."""


@of_program("ddp", "is not synchronised")
def synchronised(trial: Trial) -> str:
    """Two processes under DistributedDataParallel (gloo) hold the same gradients and values.

    It has to be the first check of a process: it forks.
    """
    trial.needs_values()
    if not hasattr(os, "fork") or not dist.is_available() or not dist.is_gloo_available():
        raise NeedsDevice("two processes with gloo cannot be had here")
    with tempfile.TemporaryDirectory() as folder:
        ranks = [_fork(trial, Path(folder), rank) for rank in range(RANKS)]
        for rank in ranks:
            os.waitpid(rank, 0)
        told = [_told(Path(folder, str(rank))) for rank in range(RANKS)]
    kind, detail = min(told, key=lambda words: KINDS.index(words[0]))
    if kind == "n/a":
        raise DoesNotApply(detail)
    expect(kind == "held", detail)
    return detail


def _told(file: Path) -> tuple[str, str]:
    kind, _, detail = file.read_text().partition(" ") if file.exists() else ("died", "", "")
    return kind, detail or "a process ended while the other waited for it"


def _fork(trial: Trial, folder: Path, rank: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            (folder / str(rank)).write_text(_rank(trial, folder, rank))
        finally:
            os._exit(0)
    return child


def _rank(trial: Trial, folder: Path, rank: int) -> str:
    os.environ["GLOO_SOCKET_IFNAME"] = "lo0" if sys.platform == "darwin" else "lo"
    try:
        store = f"file://{folder / 'store'}"
        dist.init_process_group(
            "gloo", init_method=store, rank=rank, world_size=RANKS, timeout=PATIENCE
        )
        return f"held {_train(trial, rank)}"
    except DoesNotApply as reason:
        return f"n/a {reason}"
    except Violated as seen:
        return f"broken {seen}"
    except Exception as error:
        cause = error.__cause__ if isinstance(error, StageError) else error
        if "gloo" in str(cause):
            return "left"  # the other process knows why
        return f"broken {type(cause).__name__}: {cause}"


def _train(trial: Trial, rank: int) -> str:
    run = trial.run(partial(_wrap_before, trial))
    if not any(parameter.requires_grad for parameter in run.module.parameters()):
        raise DoesNotApply("the module registers nothing that trains")
    wrapped = run.planted
    before = wrapped is not None and wrapped.module is run.module
    if wrapped is None or not before:
        wrapped = nn.parallel.DistributedDataParallel(run.module)
    optimizer = torch.optim.SGD(run.module.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        # Each rank has another loss, so that only synchronised gradients agree.
        run.backward(wrapped, times=rank + 1)
        for name in trial.learned(run):
            gradient = run.tensor(name).grad
            if gradient is None:
                raise Violated(f"no gradient arrives in {name}")
            _agree(gradient, f"the gradients of {name} differ")
        optimizer.step()
    for name in trial.learned(run):
        _agree(run.tensor(name), f"the values of {name} differ")
    return "wrapped before the write" if before else "wrapped after build()"


def _wrap_before(trial: Trial, sight: Sight) -> Any:
    module = sight.whole(trial.device) if trial.job.write.in_place else None
    if module is None or not any(p.requires_grad for p in module.parameters()):
        return None
    return nn.parallel.DistributedDataParallel(module)


def _agree(tensor: torch.Tensor, otherwise: str) -> None:
    mine = tensor.detach().to_dense().cpu().contiguous()
    all_of_them = [torch.empty_like(mine) for _ in range(RANKS)]
    dist.all_gather(all_of_them, mine)
    expect(all(torch.equal(mine, other) for other in all_of_them), otherwise)
