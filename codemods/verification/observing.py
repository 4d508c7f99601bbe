"""All that can be observed of a program, from outside, while it is built and trained."""

from __future__ import annotations

import hashlib
import pickle
import random
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn

from codemods.verification.leaves import leaves
from codemods.verification.reasons import DoesNotApply, NeedsDevice
from codemods.verification.scrubbing import scrubbed
from codemods.verification.trial import Run, StageError, Trial, stage

STEPS = 3
NOTHING = "none"
"""What is seen of a gradient that did not arrive."""
HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
    "_post_accumulate_grad_hooks",
)

Value = str | torch.Tensor
Seen = dict[tuple[str, str, str], Value]
"""What was seen, in order, by aspect (``gradient``), name (``fc.weight``) and moment."""


def observe(trial: Trial) -> Seen:
    """Return what is seen of a program as it is, and of one whose tensors are made float64."""
    seen: Seen = {}
    _Observer(trial, seen, "").watch()
    if trial.device.type not in ("meta", "mps"):
        in_float64: Seen = {}
        _Observer(trial, in_float64, " in float64").watch()
        ran = not any(aspect == "raises" for aspect, _, _ in in_float64)
        seen["runs in float64", "", ""] = "yes" if ran else "no"
        seen.update(in_float64 if ran else {})
    return seen


class _Observer:
    """Builds and trains a program once, and writes down what is seen."""

    def __init__(self, trial: Trial, seen: Seen, suffix: str) -> None:
        self.trial = trial
        self.seen = seen
        self.suffix = suffix
        self.moment = "as built"

    def see(self, aspect: str, name: str, value: Value | None) -> None:
        if isinstance(value, torch.Tensor):
            value = _form(value) if value.is_meta else value.detach().cpu().clone()
        self.seen[aspect, name, self.moment + self.suffix] = NOTHING if value is None else value

    def watch(self) -> None:
        try:
            run = self._built()
            self._look(run)
            try:
                self._run(run)
            except DoesNotApply as reason:
                self.see("is not called", "", str(reason))
        except (StageError, NeedsDevice) as error:
            self.see("raises", "", _told(error, self.trial.filename))

    def _run(self, run: Run[None]) -> None:
        self._train(run)
        run.module.eval()
        self._infer(run, "after training, in eval()")
        for name, value in run.module.state_dict().items():
            self.see("saved", name, _plain(value))
        self._infer(run, "after training, in eval() and no_grad()", grad=False)
        run.module.train()
        self._infer(run, "after training, back in train()")
        self.moment = "at first"
        self._attempt("gradient of the input", self._differentiate_inputs)
        self._attempt("second derivative", self._differentiate_twice)

    def _infer(self, run: Run[None], moment: str, *, grad: bool = True) -> None:
        self.moment = moment
        with stage("forward"):
            self._see_output(run.call(run.arguments(), grad=grad))
        self._look(run)
        self.see("random numbers", "", _chance())

    def _built(self) -> Run[None]:
        run: Run[None] = self.trial.run()
        self.see("random numbers", "", _chance())
        if self.suffix:
            run.double()
        return run

    def _attempt(self, aspect: str, look: Callable[[Run[None]], None]) -> None:
        """See also where only this cannot be done."""
        run = self._built()
        try:
            look(run)
        except (RuntimeError, NotImplementedError, StageError) as error:
            self.see(aspect, "", _told(error, self.trial.filename))

    def _train(self, run: Run[None]) -> None:
        with stage("optimizer"):
            optimizer = run.optimizer(momentum=0.9) if _trains(run) else None
        if optimizer:
            self._see_options(run, optimizer)
        for step in range(1, STEPS + 1):
            self.moment = f"step {step}"
            if optimizer:
                optimizer.zero_grad()
            with stage("forward"):
                output = run.output()
                loss = run.loss_of(output)
            self._see_output(output)
            self.see("loss", "", loss)
            with stage("backward"):
                if loss.requires_grad:
                    torch.autograd.backward([loss])
            for name, parameter in run.module.named_parameters():
                self.see("gradient", name, parameter.grad)
            with stage("optimizer"):
                if optimizer:
                    optimizer.step()
            self._look(run)
            self.see("random numbers", "", _chance())
            if optimizer:
                self._see_state(run, optimizer)

    def _look(self, run: Run[None]) -> None:
        """See the module: what it holds, in which order and form, and who else holds it."""
        module = run.module
        members: dict[str, list[tuple[str, torch.Tensor]]] = {
            "parameter": [*module.named_parameters(remove_duplicate=False)],
            "buffer": [*module.named_buffers(remove_duplicate=False)],
            "plain tensor": [*_plain_tensors(module)],
        }
        for aspect, named in members.items():
            self.see(f"order of {aspect}s", "", ", ".join(name for name, _ in named))
            for name, tensor in named:
                self.see(aspect, name, tensor)
                self.see(f"form of {aspect}", name, _form(tensor))
        every = [pair for named in members.values() for pair in named]
        self.see("ties", "", _groups((name, id(tensor)) for name, tensor in every))
        self.see("shared storage", "", _groups((name, _storage(t)) for name, t in every))
        self.see("order of state_dict", "", ", ".join(module.state_dict()))
        self.see("in eval()", "", ", ".join(n or "all" for n, m in _modules(run) if not m.training))
        owners: list[tuple[str, object]] = [*_modules(run), *members["parameter"]]
        for name, owner in owners:
            for kind in HOOKS:
                if hooks := getattr(owner, kind, None):
                    self.see("hooks", name, f"{len(hooks)} {kind.strip('_').replace('_', ' ')}")

    def _see_output(self, output: Any) -> None:
        for name, leaf in leaves(output):
            self.see("output", name, leaf)
            if isinstance(leaf, torch.Tensor):
                self.see("form of output", name, _form(leaf))

    def _see_options(self, run: Run[None], optimizer: torch.optim.Optimizer) -> None:
        names = _names(run)
        self.see("optimizer", "class", type(optimizer).__name__)
        for number, group in enumerate(optimizer.param_groups):
            holds = (names.get(id(p), "what is no Parameter of it") for p in group["params"])
            self.see("optimizer", f"group {number}", ", ".join(holds))
            for option, value in group.items():
                if option != "params":
                    self.see("optimizer", f"group {number} {option}", _plain(value))

    def _see_state(self, run: Run[None], optimizer: torch.optim.Optimizer) -> None:
        names = _names(run)
        for parameter, state in optimizer.state.items():
            name = names.get(id(parameter), "what is no Parameter of it")
            for key, value in state.items():
                self.see("optimizer state", f"{key} of {name}", _plain(value))

    def _differentiate_inputs(self, run: Run[None]) -> None:
        arguments, options = run.arguments()
        taken = [leaf for _, leaf in leaves((arguments, options)) if _is_differentiable(leaf)]
        if not taken:
            return
        for tensor in taken:
            tensor.requires_grad_()
        loss = run.loss_of(run.call((arguments, options)))
        if loss.requires_grad:
            for index, found in enumerate(torch.autograd.grad(loss, taken, allow_unused=True)):
                self.see("gradient of the input", str(index), found)

    def _differentiate_twice(self, run: Run[None]) -> None:
        named = [(n, p) for n, p in run.module.named_parameters() if p.requires_grad]
        loss = run.loss_of(run.output())
        if not named or not loss.requires_grad:
            return
        tensors = [parameter for _, parameter in named]
        first = torch.autograd.grad(loss, tensors, create_graph=True, allow_unused=True)
        size = sum(g.abs().square().sum() for g in first if g is not None and g.requires_grad)
        if isinstance(size, torch.Tensor):
            twice = torch.autograd.grad(size, tensors, allow_unused=True)
            for (name, _), found in zip(named, twice, strict=True):
                self.see("second derivative", name, found)


def _trains(run: Run[Any]) -> bool:
    return bool(run.own_optimizer) or any(p.requires_grad for p in run.module.parameters())


def _modules(run: Run[Any]) -> list[tuple[str, nn.Module]]:
    return [*run.module.named_modules()]


def _names(run: Run[Any]) -> dict[int, str]:
    named = [*run.module.named_parameters(remove_duplicate=False)]
    return {id(parameter): name for name, parameter in reversed(named)}


def _plain_tensors(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    for path, part in module.named_modules():
        for name, held in part.__dict__.items():
            if name not in ("_parameters", "_buffers", "_modules"):
                for place, leaf in leaves(held):
                    if isinstance(leaf, torch.Tensor):
                        yield ".".join(filter(None, (path, name, place))), leaf


def _form(tensor: torch.Tensor) -> str:
    kind = "" if type(tensor) in (torch.Tensor, nn.Parameter) else f"{type(tensor).__name__} "
    said = [f"{kind}{_bare(tensor.dtype)} {tuple(tensor.shape)}"]
    strided = tensor.layout is torch.strided
    said.append(f"strides {tensor.stride()}" if strided else _bare(tensor.layout))
    said += [f"on {tensor.device}", "leaf" if tensor.is_leaf else "computed"]
    said += ["requires grad"] if tensor.requires_grad else []
    return ", ".join(said)


def _bare(name: torch.dtype | torch.layout) -> str:
    return str(name).removeprefix("torch.")


def _storage(tensor: torch.Tensor) -> int:
    if tensor.layout is not torch.strided or tensor.is_meta or not tensor.numel():
        return id(tensor)
    return tensor.untyped_storage().data_ptr() or id(tensor)


def _groups(named: Iterable[tuple[str, int]]) -> str:
    """Return which names go together."""
    by_key: dict[int, list[str]] = {}
    for name, key in named:
        by_key.setdefault(key, []).append(name)
    return "; ".join(" = ".join(names) for names in by_key.values() if len(names) > 1)


def _plain(value: object) -> Value:
    return value if isinstance(value, torch.Tensor) else scrubbed(repr(value))


def _is_differentiable(leaf: object) -> bool:
    return isinstance(leaf, torch.Tensor) and (leaf.is_floating_point() or leaf.is_complex())


def _chance() -> str:
    """Return a digest of how far every generator has got."""
    states: list[object] = [random.getstate(), torch.get_rng_state().tolist()]
    if numpy := sys.modules.get("numpy"):
        states.append(numpy.random.get_state()[1].tolist())
    return hashlib.sha256(pickle.dumps(states)).hexdigest()[:8]


def _told(error: Exception, filename: str) -> str:
    """Return what was raised, in which stage and in which function of the program."""
    cause = error.__cause__ if isinstance(error, StageError) and error.__cause__ else error
    frames = traceback.extract_tb(cause.__traceback__)
    places = [frame.name for frame in frames if frame.filename == filename]
    where = [f"in {places[-1]}()"] if places else []
    where += [f"at {error.stage}"] if isinstance(error, StageError) else []
    return f"{type(cause).__name__} {' '.join(where)}: {scrubbed(str(cause))}"
