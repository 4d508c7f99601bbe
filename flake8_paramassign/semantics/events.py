"""What happens in a program that a rule may want to judge.

The engine tells each event when it happens, in the state the program is in *before* it changes
anything. A rule says by the annotation of its ``judge`` which of them it wants.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TypeAlias

from flake8_paramassign.domain.objects import Field, Place
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Text, Value, Values
from flake8_paramassign.nodes import caught_by
from flake8_paramassign.semantics.frames import Frame


@dataclass(slots=True)
class Happening:
    """What all events have."""

    frame: Frame
    state: State
    """The program's, which goes on: ask it while the event is judged, and not later."""
    node: ast.AST
    """Where a finding stands: an expression or a statement of ``frame.module``."""
    grad: bool | str | None = field(init=False)
    """The grad mode as it was, as ``State.grad`` has it."""
    passed: tuple[ast.AST, ...] = field(init=False)
    """Undecided tests, loops and handlers on the way here, callers' included."""
    attempts: tuple[ast.Try, ...] = field(init=False)
    """The ``try`` statements in whose body this happens, callers' included."""
    expects_error: bool = field(init=False)
    """Whether that is in a block that expects an exception, such as ``pytest.raises``."""
    running: tuple[tuple[Frame, ast.stmt], ...] = field(init=False)
    """The statements that were running: this frame's, and those that called it."""
    called_at: ast.AST | None = field(init=False, default=None)
    """Where it happens in another file: the call in the file under analysis that leads there."""

    def expects(self, error: str) -> bool:
        """Whether the exception called ``error`` is expected: a handler of just it goes on."""
        return self.expects_error or any(
            error in caught_by(handler)
            and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))
            for attempt in self.attempts
            for handler in attempt.handlers
        )

    def __post_init__(self) -> None:
        """Keep what will change."""
        self.grad = self.state.grad
        self.passed = self.state.passed
        attempts: list[ast.Try] = []
        running: list[tuple[Frame, ast.stmt]] = []
        self.expects_error = False
        at: Frame | None = self.frame
        while at is not None:
            attempts += [attempt.node for attempt in reversed(at.attempts)]
            self.expects_error = self.expects_error or at.expecting > 0
            if at.statement is not None:
                running.append((at, at.statement))
            at = at.caller
        self.attempts, self.running = tuple(attempts), tuple(running)


@dataclass(slots=True)
class AttributeStored(Happening):
    """``receiver.name = values``, or what does the same (``how``).

    ``node`` is the target, or the call that stores. There is one event for each receiver that it
    may be.
    """

    receiver: Address
    receivers: Values
    """All that it may be instead, ``receiver`` among them."""
    name: str | Text
    values: Values
    expression: ast.expr | None
    """What the user wrote as the value, where that is one expression."""
    before: Field
    """How the receiver held the name before, on all paths together."""
    how: str = "="
    """``=``, ``setattr``, ``register_parameter``, ``register_buffer``, ``add_module``, or an
    augmented operator such as ``@=``."""

    @property
    def is_sure(self) -> bool:
        """Whether this surely is the receiver, not one of several."""
        return len(self.receivers) == 1 and not self.receiver.many


@dataclass(slots=True)
class ParameterMade(Happening):
    """``nn.Parameter(data)``."""

    data: Values
    parameter: Address
    flag: Values = ()
    """What ``requires_grad`` was given; nothing where it was not."""
    flag_node: ast.expr | None = None
    flag_of: Values = ()
    """Tensors whose ``requires_grad`` the flag was read from."""


@dataclass(slots=True)
class DataStored(Happening):
    """``receivers.data = values``, where each receiver may be a tensor."""

    receivers: Values
    values: Values
    expression: ast.expr | None


@dataclass(slots=True)
class OptimizerMade(Happening):
    """An optimizer was given ``tensors``."""

    optimizer: Address
    tensors: Values


@dataclass(slots=True)
class ContainerHeld(Happening):
    """A Module is left holding a plain container of Parameters or Modules nobody registered.

    ``node`` is the store of the container, or what filled it.
    """

    receiver: Address
    name: str | Text
    container: Address
    items: Values
    """The evidence: Parameters, or Modules, that are registered nowhere."""
    contents: Values
    """All that it may hold, registered or not."""
    stores: tuple[Place, ...]
    """Where the attribute gets the container, in any file."""


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
class VariableRebound(Happening):
    """A variable that holds Parameters is given another value, which nobody reads.

    Told at the end of the function, when that is known. ``loop`` is the loop over Parameters
    whose variable it is; None for another variable.
    """

    name: str
    loop: ast.AST | None
    before: Values
    values: Values
    expression: ast.expr


@dataclass(slots=True)
class ItemStored(Happening):
    """``container[key] = t``, in a dict or list that torch has just made of Parameters.

    Or ``state_dict.update(...)``, a call, of which the ``values`` are not known.
    """

    container: Address
    kind: str
    """``state_dict``, ``list``, ``dict``."""
    holder: ast.expr
    """What is stored into, as the user wrote it."""
    values: Values


@dataclass(slots=True)
class ParameterReplaced(Happening):
    """A Parameter, or those of a whole Module, gave way to another one that ``takers`` lack.

    Told when one of the takers is used afterwards.
    """

    receiver: Address
    name: str | Text | None
    """The attribute; None is all of ``receiver``."""
    takers: tuple[Address, ...]
    """Optimizers, and wrappers such as DistributedDataParallel."""
    values: Values
    how: str
    expression: ast.expr | None
    before: Field


@dataclass(slots=True)
class RegistryBypassed(Happening):
    """An attribute is written past ``nn.Module.__setattr__``, if ``receiver`` is a Module."""

    receiver: Address
    name: str | None
    """The attribute; None where it is not known."""
    values: Values
    before: Field
    how: str
    """``_parameters``, ``_buffers``, ``__dict__``, ``object.__setattr__``, or ``del`` where the
    Parameter of that name was deleted before."""


@dataclass(slots=True)
class IteratedAgain(Happening):
    """A generator of Parameters that has been used up is iterated, or given to be iterated."""

    container: Address
    """The generator, an exact or inexact ``Container`` of the kind ``generator``."""
    first: Place
    """Where it was used up."""
    by: str
    """Who iterates: ``for``, or the full name of what it is given to."""


@dataclass(slots=True)
class Constructed(Happening):
    """``__init__`` of ``receiver`` has run; ``state`` is what it left."""

    receiver: Address


@dataclass(slots=True)
class Ended(Happening):
    """An activation that was begun for its own sake ends; ``state`` joins all its exits."""


Event: TypeAlias = (
    AttributeStored
    | ParameterMade
    | DataStored
    | OptimizerMade
    | ContainerHeld
    | WrittenInPlace
    | VariableRebound
    | ItemStored
    | ParameterReplaced
    | RegistryBypassed
    | IteratedAgain
    | Constructed
    | Ended
)

Subject: TypeAlias = "Value | None"


def subject_of(event: Event) -> Subject:
    """The one object that an event happens to; the same node may be told for others as well."""
    if isinstance(event, AttributeStored | RegistryBypassed | ParameterReplaced):
        return event.receiver
    return getattr(event, "container", None)
