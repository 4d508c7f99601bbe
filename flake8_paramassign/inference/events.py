"""What happens in a program that a rule may want to judge.

The interpreter calls ``Listener.happened`` with each event, in the state the program is in. A
statement in a loop happens again in each round of the fixpoint; the last time counts.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias

from flake8_paramassign.inference.classes import ProjectClass
from flake8_paramassign.inference.module import Module
from flake8_paramassign.inference.state import Slot, State
from flake8_paramassign.inference.values import (
    Container,
    Instance,
    Opaque,
    Optimizer,
    Parameter,
    Value,
    Values,
)
from flake8_paramassign.nodes import FunctionNode


class Role(Enum):
    """What a piece of code is for, in the life of a Module."""

    CONSTRUCTION = "construction"
    """``__init__`` and what only it calls."""
    STEP = "step"
    """``forward`` and the like: runs again and again while training."""
    METHOD = "method"
    FUNCTION = "function"
    SCRIPT = "script"
    """The top level of a file."""


@dataclass(eq=False, slots=True)
class Frame:
    """One activation of a function, method or module body."""

    module: Module
    node: ast.AST
    role: Role
    owner: ProjectClass | None = None
    receiver: Instance | None = None
    closure: dict[str, Values] = field(default_factory=dict)
    returns: list[tuple[Values, State]] = field(default_factory=list)
    yields: Values = frozenset()
    loops: list[Loop] = field(default_factory=list)
    tries: list[ast.Try] = field(default_factory=list)
    statement: ast.stmt | None = None
    inner: list[FunctionNode | ast.ClassDef] = field(default_factory=list)
    """Functions and classes defined here, which are analysed after it."""
    silent: bool = False
    """Entered to learn what it returns; what happens in it is told when it is analysed itself."""


@dataclass(eq=False, slots=True)
class Loop:
    """Where ``break`` and ``continue`` lead."""

    node: ast.For | ast.AsyncFor | ast.While
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


@dataclass(slots=True)
class Happening:
    """What all events have."""

    frame: Frame
    state: State
    """The program's, which goes on: ask it while the event is told, and not later."""
    node: ast.AST
    """Where a finding stands."""
    grad: bool | None = field(init=False)
    """The grad mode as it was, as ``State.grad`` has it."""

    def __post_init__(self) -> None:
        """Keep what will change."""
        self.grad = self.state.grad

    @property
    def about(self) -> Value | None:
        """The one object that it happens to; the same node may be told for others as well."""
        return getattr(self, "receiver", None) or getattr(self, "container", None)


@dataclass(slots=True)
class AttributeStored(Happening):
    """``receiver.name = values``, or what does the same (``how``).

    ``node`` is the target, or the call that stores.
    """

    receiver: Instance | Opaque
    name: str
    values: Values
    expression: ast.expr | None
    slot: Slot
    """How the receiver held the name before."""
    before: Values
    how: str = "="
    """``=``, ``setattr``, ``register_parameter``, or an augmented operator such as ``@=``."""


@dataclass(slots=True)
class ParameterMade(Happening):
    """``nn.Parameter(data)``."""

    node: ast.Call
    data: Values
    parameter: Parameter


@dataclass(slots=True)
class DataStored(Happening):
    """``receivers.data = values``; a receiver of unknown class may be no tensor."""

    receivers: Values
    values: Values
    expression: ast.expr | None


@dataclass(slots=True)
class OptimizerMade(Happening):
    """An optimizer was given ``tensors``."""

    node: ast.Call
    optimizer: Optimizer
    tensors: Values


@dataclass(slots=True)
class ContainerHeld(Happening):
    """A Module is left holding a plain container of Parameters or Modules nobody registered."""

    receiver: Instance
    name: str
    container: Container
    items: Values
    """The evidence: Parameters, or Modules, that are registered nowhere."""
    contents: Values
    """All that it may hold, registered or not."""


@dataclass(slots=True)
class WrittenInPlace(Happening):
    """The storage of ``tensors`` is written: ``w.normal_()``, ``w[0] = 1``, ``w += 1``.

    ``node`` is the call, the augmented assignment, or the target of an assignment.
    """

    tensors: Values
    subject: ast.expr
    """What is written, as the user wrote it: ``w``."""
    how: str
    """``.normal_()``, ``[...] =``, ``+=``, or ``nn.init.normal_()``, which needs no grad mode."""
    operands: Values
    """What it is written with: the value, or any of the arguments."""


@dataclass(slots=True)
class LoopVariableRebound(Happening):
    """The target of a loop over Parameters is assigned another value."""

    node: ast.Name
    loop: ast.For | ast.AsyncFor
    before: Values
    values: Values
    expression: ast.expr


@dataclass(slots=True)
class ItemStored(Happening):
    """``container[key] = t``, in a container that torch has just made of Parameters.

    Or ``state_dict.update(...)``, a call, of which the ``values`` are not known.
    """

    node: ast.Subscript | ast.Call
    container: Container
    """Of the kind ``state_dict``, ``list`` or ``dict``."""
    values: Values


@dataclass(slots=True)
class ParameterReplaced(Happening):
    """A Parameter, or those of a whole Module, gave way to another one that ``takers`` lack."""

    receiver: Instance | Opaque
    name: str | None
    """The attribute; None is all of ``receiver``."""
    takers: Values
    """Optimizers, and wrappers such as DistributedDataParallel."""
    how: str
    store: AttributeStored | None = None
    """How that was done, where it was by an assignment."""
    mended: bool = False
    """Whether an optimizer is built afterwards, which makes it sound again."""


@dataclass(slots=True)
class RegistryBypassed(Happening):
    """An attribute is written past ``nn.Module.__setattr__``, if ``receiver`` is a Module."""

    receiver: Instance | Opaque
    name: str | None
    """The attribute; None where it is not known."""
    values: Values
    slot: Slot
    """How the receiver held the name before."""
    how: str
    """``_parameters``, ``__dict__``, ``object.__setattr__``, or ``del`` where the Parameter of that
    name was deleted before."""


Event: TypeAlias = (
    AttributeStored
    | ParameterMade
    | DataStored
    | OptimizerMade
    | ContainerHeld
    | WrittenInPlace
    | LoopVariableRebound
    | ItemStored
    | ParameterReplaced
    | RegistryBypassed
)


class Listener(Protocol):
    """Who wants to know."""

    def happened(self, event: Event) -> None:
        """``event`` happens at ``event.node``; a later call for that node replaces this one."""

    def finished(self, receiver: Instance, state: State) -> None:
        """``__init__`` of ``receiver`` has run, and left ``state``."""
