"""What a GPU, and what is made for one, makes of a parameter."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map

from codemods.verification.closeness import close, equal
from codemods.verification.fixtures import Subject
from codemods.verification.invariants.registry import Violated, expect, of_each, of_program
from codemods.verification.invariants.soundness import stays_inside
from codemods.verification.invariants.tensors import change_all, held_tensors
from codemods.verification.invariants.training import LEARNED
from codemods.verification.reasons import DoesNotApply, NeedsDevice
from codemods.verification.trial import Call, Run, Trial, mean_of_squares
from codemods.verification.window import Sight


def _needs_cuda(trial: Trial) -> None:
    if trial.device.type != "cuda":
        raise NeedsDevice("needs a CUDA device")


@of_each("cuda()", "is not moved")
def follows_cuda(trial: Trial, subject: Subject) -> None:
    """Built on the CPU, it follows module.cuda(), and the module still computes."""
    if trial.device.type not in ("cuda", "simulated"):
        raise NeedsDevice("needs a CUDA device, or the simulated one")
    stays_inside(trial)
    run: Run[None] = Trial(replace(trial.job, device="cpu")).run()
    run.module.cuda()
    found = run.tensor(subject.name).device.type
    expect(found == trial.device.type, "it stays on the CPU after module.cuda()")
    arguments, options = tree_map(
        lambda leaf: leaf.cuda() if isinstance(leaf, torch.Tensor) else leaf, run.arguments()
    )
    run.module(*arguments, **options)


@of_each("fused optimizer", "is not stepped by a fused optimizer")
def stepped_fused(trial: Trial, subject: Subject) -> None:
    """A fused Adam moves it."""
    trial.needs_values()
    if subject.role not in LEARNED:
        raise DoesNotApply(f"{subject.name} is not meant to train")
    run: Run[None] = trial.run()
    tensor = run.tensor(subject.name)
    _needs_reals(tensor, subject)
    try:
        optimizer = torch.optim.Adam([tensor], lr=0.1, fused=True)
    except (RuntimeError, TypeError) as error:
        raise NeedsDevice(f"no fused optimizer on {trial.device.type}: {error}") from error
    run.backward()
    if _gradient(tensor, trial, subject).is_sparse:
        raise DoesNotApply(f"the gradient of {subject.name} is sparse; Adam takes none such")
    before = tensor.detach().clone()
    optimizer.step()
    expect(not equal(before, tensor), "a fused step leaves it as it was")


def _needs_reals(tensor: torch.Tensor, subject: Subject) -> None:
    if tensor.is_complex():
        raise DoesNotApply(f"{subject.name} is {tensor.dtype}; PyTorch does this for reals only")


def _gradient(tensor: torch.Tensor, trial: Trial, subject: Subject) -> torch.Tensor:
    """Return the gradient that arrived; raises DoesNotApply where none has to."""
    if tensor.grad is None:
        if trial.is_claimed(subject):
            raise Violated("no gradient arrives")
        raise DoesNotApply(f"the loss does not depend on {subject.name}")
    return tensor.grad


@of_each("amp", "does not train under AMP")
def trains_under_amp(trial: Trial, subject: Subject) -> None:
    """A step under autocast and GradScaler moves it by a finite gradient, and keeps its dtype."""
    trial.needs_values()
    if subject.role not in LEARNED:
        raise DoesNotApply(f"{subject.name} is not meant to train")
    kind = trial.device.type
    if kind not in ("cpu", "cuda", "simulated"):
        raise NeedsDevice(f"{kind} has no GradScaler")
    scaler = _grad_scaler(kind)
    run: Run[None] = trial.run()
    tensor = run.tensor(subject.name)
    if tensor.dtype in (torch.float16, torch.bfloat16):
        raise DoesNotApply(f"{subject.name} is {tensor.dtype}; AMP keeps its parameters in float32")
    _needs_reals(tensor, subject)
    optimizer = torch.optim.SGD([tensor], lr=0.1)
    with torch.autocast(kind, torch.float16 if kind == "cuda" else torch.bfloat16):
        try:
            loss = run.loss()
        except RuntimeError as error:
            if "could not create a primitive" not in str(error):
                raise
            raise NeedsDevice(f"this CPU has no such layer in bfloat16: {error}") from error
    torch.autograd.backward([scaler.scale(loss.float())])
    scaler.unscale_(optimizer)
    gradient = _gradient(tensor, trial, subject)
    expect(gradient.to_dense().isfinite().all(), "its gradient is not finite")
    before = tensor.detach().clone()
    scaler.step(optimizer)
    scaler.update()
    expect(not equal(before, tensor), "a step leaves it as it was")
    expect(tensor.dtype is before.dtype, f"its dtype becomes {tensor.dtype}")


def _grad_scaler(kind: str) -> Any:
    if hasattr(torch.amp, "GradScaler"):
        return torch.amp.GradScaler(kind, init_scale=256.0)
    if kind != "cuda":
        raise NeedsDevice(f"torch {torch.__version__} has a GradScaler for CUDA only")
    return torch.cuda.amp.GradScaler(init_scale=256.0)


@of_program("memory", "doubles the memory")
def memory(trial: Trial) -> str:
    """The built program holds no more memory of the GPU than its tensors need."""
    _needs_cuda(trial)
    trial.run()
    before = _allocated()
    run: Run[None] = trial.run()
    run.variables.clear()  # what was local to build() is gone in a real program
    held = _allocated() - before
    # The allocator hands out blocks of 512 bytes.
    needed = sum(-(-size // 512) * 512 for size in _storages(run).values())
    expect(held <= needed, f"{held} bytes are held, {needed} are needed")
    return f"{held} bytes"


def _allocated() -> int:
    gc.collect()
    torch.cuda.synchronize()
    return torch.cuda.memory_allocated()


def _storages(run: Run[Any]) -> dict[int, int]:
    """Return the size of each storage on the GPU that the module holds, by its address."""
    tensors = [tensor for _, tensor in held_tensors(run.module) if tensor.is_cuda]
    storages = [tensor.untyped_storage() for tensor in tensors]
    return {storage.data_ptr(): storage.nbytes() for storage in storages}


@of_program("cuda graph", "is not seen by a captured graph")
def captured(trial: Trial) -> str:
    """A CUDA graph, captured before the write where there is one, replays the new value."""
    _needs_cuda(trial)
    call = trial.run().arguments()

    def capture_before(sight: Sight) -> tuple[nn.Module, Callable[[], torch.Tensor]] | None:
        module = sight.whole(trial.device)
        if module is None or not trial.job.write.in_place:
            return None
        return module, _captured(module, call)

    run = trial.run(capture_before)
    module, replay = run.planted or (None, None)
    before = module is run.module
    if replay is None or not before:
        replay = _captured(run.module, call)
    _replays(run, call, replay)
    change_all(run.module)
    _replays(run, call, replay)
    return "captured before the write" if before else "captured after build()"


def _captured(module: nn.Module, call: Call) -> Callable[[], torch.Tensor]:
    """Capture a call of ``module``; return what replays it."""
    stream: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream), torch.no_grad():
        for _ in range(3):
            module(*call[0], **call[1])
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.no_grad(), torch.cuda.graph(graph):
            output = mean_of_squares(module(*call[0], **call[1]))
    except RuntimeError as error:
        raise DoesNotApply(f"its forward cannot be captured: {error}") from error

    def replay() -> torch.Tensor:
        graph.replay()
        torch.cuda.synchronize()
        return output

    return replay


def _replays(run: Run[Any], call: Call, replay: Callable[[], torch.Tensor]) -> None:
    with torch.no_grad():
        eager = mean_of_squares(run.module(*call[0], **call[1]))
    expect(close(replay(), eager), "the graph replays an old value")
