"""Running a program: built afresh each time, seeded, and looked at from outside."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from codemods.verification.doubling import doubled, in_double
from codemods.verification.fixtures import Role, Subject
from codemods.verification.jobs import Job
from codemods.verification.leaves import leaves
from codemods.verification.meant import as_meant
from codemods.verification.programs import Program
from codemods.verification.reasons import DoesNotApply, NeedsDevice
from codemods.verification.window import Sight, Window

T = TypeVar("T")
Call = tuple[tuple[Any, ...], dict[str, Any]]
"""Arguments and keywords."""


class StageError(Exception):
    """A program raised: ``__cause__`` is what, ``stage`` is where in its life."""

    def __init__(self, stage: str) -> None:
        """``stage`` is ``build``, ``optimizer``, ``forward`` or ``backward``."""
        super().__init__(stage)
        self.stage = stage


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Turn what a program raises into a StageError."""
    try:
        yield
    except (DoesNotApply, NeedsDevice):
        raise
    except Exception as error:
        raise StageError(name) from error


def seed(chance: int = 0) -> None:
    """Let chance begin anew."""
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        torch.manual_seed(chance)
    else:  # which for each kind of accelerator that there may be writes down who calls
        torch.default_generator.manual_seed(chance)
    random.seed(chance)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(chance)


@dataclass
class Run(Generic[T]):
    """A program that has been built once."""

    trial: Trial
    module: nn.Module
    own_optimizer: torch.optim.Optimizer | None
    namespace: dict[str, Any]
    variables: list[dict[str, Any]] = field(default_factory=list)
    """What the program's functions held when they returned."""
    sight: Sight | None = None
    """What was in sight before the write."""
    planted: T | None = None
    """What the invariant made of it."""
    last_call: Call = ((), {})
    """What the module was called with."""
    doubled: bool = False
    """Whether it was made to compute in float64."""

    def optimizer(self, momentum: float = 0.0) -> torch.optim.Optimizer:
        """Return the program's own optimizer, else SGD over what the module registers."""
        parameters = [*self.module.parameters()]
        return self.own_optimizer or torch.optim.SGD(parameters, lr=0.1, momentum=momentum)

    def double(self) -> None:
        """Let the program compute in float64 from here on; raises NeedsDevice."""
        in_double(self.module)
        self.doubled = True

    def arguments(self) -> Call:
        """Return the module's arguments, the same each time, tensors that are nobody else's."""
        job = self.trial.job
        seed()
        if job.inputs:
            call = self.trial.program.evaluated(job.inputs, self.namespace)
        elif "inputs" in self.namespace:
            given = self.namespace["inputs"](self.trial.device)
            call = (given if isinstance(given, tuple) else (given,)), {}
        else:
            raise DoesNotApply("there is no inputs(device) in it, and no --inputs")
        arguments, options = doubled(call) if self.doubled else call
        return arguments, options

    def call(
        self, call: Call, module: Callable[..., Any] | None = None, *, grad: bool = True
    ) -> Any:
        """Return what the module returns; ``module`` stands for it. ``grad`` is the mode."""
        arguments, options = self.last_call = call
        seed()
        with torch.set_grad_enabled(grad):
            return (self.module if module is None else module)(*arguments, **options)

    def output(self, module: Callable[..., Any] | None = None) -> Any:
        """Return what the module returns for its own arguments."""
        return self.call(self.arguments(), module)

    def loss(self, module: Callable[..., Any] | None = None) -> torch.Tensor:
        """Return the mean of the squares of what the module returns."""
        return self.loss_of(self.output(module))

    @staticmethod
    def loss_of(output: Any) -> torch.Tensor:
        """Return the loss that every program is given; raises DoesNotApply."""
        with torch.enable_grad():
            return mean_of_squares(output)

    def backward(self, module: Callable[..., Any] | None = None, times: float = 1.0) -> None:
        """Differentiate the loss, ``times`` as large."""
        torch.autograd.backward([times * self.loss(module)])

    def train(self, steps: int) -> None:
        """Take steps of the program's own optimizer, or of one over what the module registers."""
        optimizer = self.optimizer() if [*self.module.parameters()] or self.own_optimizer else None
        for _ in range(steps):
            loss = self.loss()
            if optimizer and loss.requires_grad:
                optimizer.zero_grad()
                torch.autograd.backward([loss])
                optimizer.step()

    def owner(self, name: str) -> Any:
        """Return the object that holds the tensor called ``name``."""
        owner: Any = self.module
        for part in name.split(".")[:-1]:
            owner = _member(owner, part)
        return owner

    def tensor(self, name: str) -> torch.Tensor:
        """Return what the module uses under ``name``; raises AttributeError where nothing is."""
        found = _member(self.owner(name), name.rpartition(".")[2])
        if not isinstance(found, torch.Tensor):
            raise AttributeError(f"{name} is no tensor but {type(found).__name__}")
        return found

    def before(self, name: str) -> nn.Parameter:
        """Return the Parameter that stood under ``name`` before the write."""
        if self.sight is None:
            raise DoesNotApply("the program makes its parameters and writes none that stands")
        parameter = self.sight.parameters.get((id(self.owner(name)), name.rpartition(".")[2]))
        if parameter is None:
            raise DoesNotApply(f"{name} holds no Parameter before it is assigned")
        return parameter


def mean_of_squares(output: Any) -> torch.Tensor:
    """Return the mean of the squares of all numbers in ``output``, tensor by tensor."""
    tensors = [leaf for _, leaf in leaves(output) if isinstance(leaf, torch.Tensor)]
    found = [t for t in tensors if t.is_floating_point() or t.is_complex()]
    if not found:
        raise DoesNotApply(f"the module returns {type(output).__name__}, without a tensor of reals")
    squares = [(t.abs() if t.is_complex() else t).square().mean() for t in found]
    return squares[0] if len(squares) == 1 else torch.stack(squares).mean()


def _member(owner: Any, part: str) -> Any:
    if isinstance(owner, (list, tuple)):
        return owner[int(part)]
    if isinstance(owner, dict):
        return owner[part]
    return getattr(owner, part)


def registered(module: nn.Module) -> Iterator[Subject]:
    """Yield all that a module registers, each object once, as what it is."""
    for name, parameter in module.named_parameters():
        yield Subject(name, Role.TRAINED if parameter.requires_grad else Role.FROZEN)
    for name, _ in module.named_buffers():
        yield Subject(name, Role.BUFFER)


class Trial:
    """A program that can be run again and again."""

    def __init__(self, job: Job, source: str = "") -> None:
        """Read the program, or take its ``source``; raises SyntaxError, OSError, ValueError."""
        self.job = job
        self.program = Program(job, source)
        self.device = self.program.device
        self.filename = self.program.filename

    def needs_values(self) -> None:
        """Raise NeedsDevice where tensors hold no values."""
        if self.device.type == "meta":
            raise NeedsDevice("a meta tensor holds no values")

    def run(self, plant: Callable[[Sight], T] | None = None, chance: int = 0) -> Run[T]:
        """Build the program once more, with the random numbers of ``chance``; raises StageError.

        ``plant`` is called before the write with what is in sight; what it returns is the
        run's ``planted``.
        """
        seen: list[Sight] = []
        planted: list[T] = []

        def arrive(sight: Sight) -> None:
            seen.append(sight)
            if plant:
                state = torch.get_rng_state()
                with torch.enable_grad():
                    planted.append(plant(sight))
                torch.set_rng_state(state)

        window = Window(self.filename, frozenset(self.job.write.lines), arrive)
        seed(chance)
        with stage("build"):
            names = self.program.execute()
            with window:
                build = self._as_meant if self.job.as_meant else self.program.build
                module, optimizer = build(names)
        sight = next(iter(seen), None)
        held = next(iter(planted), None)
        return Run(self, module, optimizer, names, window.variables, sight, held)

    def _as_meant(self, names: dict[str, Any]) -> tuple[nn.Module, torch.optim.Optimizer | None]:
        """Build the program as its author means it; raises DoesNotApply where it cannot be."""
        try:
            with as_meant(self.job.subjects) as taken:
                built = self.program.build(names)
            if taken.times:
                return built
        except Exception as error:
            if "leaf Variable" not in str(error):
                raise DoesNotApply(f"as it is meant it raises {type(error).__name__}") from error
            try:
                return self._without_grad()
            except Exception as raised:
                raise DoesNotApply("it cannot do without gradients") from raised
        raise DoesNotApply("no store in it can be put right by force")

    def _without_grad(self) -> tuple[nn.Module, torch.optim.Optimizer | None]:
        seed()
        with torch.no_grad():
            return self.program.build(self.program.execute())

    def play(self) -> None:
        """Build, and train for two steps; raises StageError where the program raises."""
        run: Run[None] = self.run()
        with stage("optimizer"):
            trained = [p for p in run.module.parameters() if p.requires_grad]
            optimizer = run.optimizer() if trained or run.own_optimizer else None
        means_to_train = any(
            subject.role in (Role.TRAINED, Role.UNREGISTERED) for subject in self.job.subjects
        )
        for _ in range(2):
            with stage("forward"):
                loss = run.loss()
            with stage("backward"):
                if loss.requires_grad or means_to_train:
                    torch.autograd.backward([loss])
            with stage("optimizer"):
                if optimizer:
                    optimizer.step()
                    optimizer.zero_grad()

    def subjects(self, run: Run[Any]) -> tuple[Subject, ...]:
        """Return what the invariants are about: what is claimed, then all that is registered."""
        claimed = {subject.name for subject in self.job.subjects}
        others = (s for s in registered(run.module) if s.name not in claimed)
        return (*self.job.subjects, *others)

    def is_claimed(self, subject: Subject) -> bool:
        """Return whether the docstring names it."""
        return subject in self.job.subjects

    def learned(self, run: Run[Any]) -> list[str]:
        """Return the names of what the module is meant to train."""
        return [s.name for s in self.subjects(run) if s.role is Role.TRAINED]
