"""Running a program: built afresh each time, seeded, and looked at from outside."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from inspect import signature
from types import ModuleType
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from codemods.verification.fixtures import Role, Subject
from codemods.verification.jobs import Job
from codemods.verification.window import Sight, Window

T = TypeVar("T")
NAME = "program_under_test"


class DoesNotApply(Exception):
    """An invariant says nothing about this program; the text says why."""


class NeedsDevice(Exception):
    """An invariant needs what this machine or this torch lacks; the text names it."""


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


def seed() -> None:
    """Let chance begin anew."""
    torch.manual_seed(0)
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)


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

    def optimizer(self) -> torch.optim.Optimizer:
        """Return the program's own optimizer, else SGD over what the module registers."""
        return self.own_optimizer or torch.optim.SGD(list(self.module.parameters()), lr=0.1)

    def inputs(self) -> tuple[Any, ...]:
        """Return the module's arguments, the same each time."""
        if "inputs" not in self.namespace:
            raise DoesNotApply("the program has no inputs(device)")
        seed()
        arguments = self.namespace["inputs"](self.trial.device)
        return arguments if isinstance(arguments, tuple) else (arguments,)

    def loss(self, module: Callable[..., Any] | None = None) -> torch.Tensor:
        """Return the mean of the squares of what the module returns; ``module`` stands for it."""
        arguments = self.inputs()
        seed()
        with torch.enable_grad():
            return mean_of_squares((self.module if module is None else module)(*arguments))

    def backward(self, module: Callable[..., Any] | None = None, times: float = 1.0) -> None:
        """Differentiate the loss, ``times`` as large."""
        torch.autograd.backward([times * self.loss(module)])

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
    """Return the loss that every program is given."""
    if isinstance(output, (tuple, list)):
        return torch.stack([mean_of_squares(item) for item in output]).mean()
    if not isinstance(output, torch.Tensor):
        raise DoesNotApply(f"the module returns {type(output).__name__}, not a tensor")
    return output.abs().square().mean() if output.is_complex() else output.square().mean()


def _member(owner: Any, part: str) -> Any:
    if isinstance(owner, (list, tuple)):
        return owner[int(part)]
    if isinstance(owner, dict):
        return owner[part]
    return getattr(owner, part)


def _roles(run: Run[Any]) -> dict[str, Role]:
    return {
        name: Role.TRAINED if parameter.requires_grad else Role.FROZEN
        for name, parameter in run.module.named_parameters()
    }


def _takes_device(entry: Callable[..., Any]) -> bool:
    """Return whether a function has to be given something, or asks for a device."""
    parameters = signature(entry).parameters
    needed = [p for p in parameters.values() if p.default is p.empty and p.kind < p.VAR_POSITIONAL]
    return bool(needed) or "device" in parameters


class Trial:
    """A program that can be run again and again."""

    def __init__(self, job: Job) -> None:
        """Read the program; raises SyntaxError, OSError."""
        self.job = job
        self.device = torch.device(job.device)
        self.filename = str(job.program)
        self.code = compile(job.program.read_bytes(), self.filename, "exec")

    def needs_values(self) -> None:
        """Raise NeedsDevice where tensors hold no values."""
        if self.device.type == "meta":
            raise NeedsDevice("a meta tensor holds no values")

    def run(self, plant: Callable[[Sight], T] | None = None) -> Run[T]:
        """Build the program once more; raises StageError.

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
        seed()
        with stage("build"):
            program = self._import()
            entry = program.__dict__[self.job.entry]
            arguments = (self.device,) if _takes_device(entry) else ()
            with window:
                built = entry(*arguments)
            module, optimizer = built if isinstance(built, tuple) else (built, None)
            if not isinstance(module, nn.Module):
                raise TypeError(f"{self.job.entry} returns {type(module).__name__}, no Module")
        return Run(
            self,
            module,
            optimizer,
            program.__dict__,
            window.variables,
            next(iter(seen), None),
            next(iter(planted), None),
        )

    def _import(self) -> ModuleType:
        """Execute the file as a module of its own, which pickle finds by its name."""
        program = ModuleType(NAME)
        program.__file__ = self.filename
        sys.modules[NAME] = program
        exec(self.code, program.__dict__)
        return program

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
        """Return what the invariants are about; of two versions, what either registers."""
        if self.job.subjects:
            return self.job.subjects
        own, others = _roles(run), self.sibling_roles()
        roles = {**own, **others} if self.job.succeeds else {**others, **own}
        return tuple(Subject(name, role) for name, role in roles.items())

    def sibling(self) -> Trial | None:
        """Return the other version of the program."""
        if self.job.sibling is None:
            return None
        return Trial(replace(self.job, program=self.job.sibling, sibling=None))

    def sibling_roles(self) -> dict[str, Role]:
        """Return what the other version registers; nothing where it cannot be built."""
        sibling = self.sibling()
        try:
            return _roles(sibling.run()) if sibling else {}
        except StageError:
            return {}

    def learned(self, run: Run[Any]) -> list[str]:
        """Return the names of what the module is meant to train."""
        return [s.name for s in self.subjects(run) if s.role is Role.TRAINED]
