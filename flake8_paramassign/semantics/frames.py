"""Activations: what is running, for whom, and where it may be left to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum

from flake8_paramassign.domain.objects import Place
from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Value, Values
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.project.module import Module


class Role(Enum):
    """What a piece of code is for, in the life of a Module."""

    CONSTRUCTION = "construction"
    """``__init__`` and what it calls on the same object."""
    STEP = "step"
    """``forward`` and the like, and what they call: runs again and again while training."""
    METHOD = "method"
    FUNCTION = "function"
    SCRIPT = "script"
    """The top level of a file, and what it calls."""


STEPS = frozenset(
    """forward training_step validation_step test_step predict_step training_step_end
    optimizer_step on_before_zero_grad
    """.split()
)
"""Methods that frameworks call in each step (torch, Lightning)."""


@dataclass(eq=False, slots=True)
class Loop:
    """Where ``break`` and ``continue`` lead, and what is known of loops inside."""

    node: ast.AST
    is_unrolled: bool = False
    """Whether each of its rounds is run for itself."""
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)
    settled: dict[ast.AST, Settled] = field(default_factory=dict)
    """Loops inside that have settled, while this one has not."""


@dataclass(eq=False, slots=True)
class Settled:
    """A loop that has settled: for a state that is not more than ``head`` it need not run again."""

    head: State
    end: State | None
    returns: list[tuple[Values, State]]
    breaks: list[State]
    continues: list[State]


@dataclass(eq=False, slots=True)
class Attempt:
    """A ``try`` whose body is running, and the states in which an exception may leave it."""

    node: ast.Try
    raised: list[State] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Frame:
    """One activation of a function, method, class body or module body."""

    module: Module
    node: ast.AST
    scope: Scope
    role: Role
    owner: ProjectClass | None = None
    receiver: Value | None = None
    """What the first argument of a method is."""
    context: Hashable = None
    """The calls that led here, by which the objects of one call are told from those of another."""
    caller: Frame | None = None
    call: ast.AST | None = None
    """What in the caller leads here."""
    entry: Frame | None = None
    """The first of the activations that led here: the one that was begun for its own sake."""
    returns: list[tuple[Values, State]] = field(default_factory=list)
    yields: list[tuple[Values, State]] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    statement: ast.stmt | None = None
    """The one that is running."""
    globals: frozenset[str] = frozenset()
    nonlocals: frozenset[str] = frozenset()
    left: State | None = None
    """What holds at its end, for the functions that are defined in it."""
    expecting: int = 0
    """In how many blocks that expect an exception it is."""

    def place(self, node: ast.AST) -> Place:
        """A node of this frame's file."""
        return Place(node, self.module)

    def called_from(self, module: Module) -> ast.AST | None:
        """The last call in a file, of those that led from there to this frame of another file."""
        at: Frame | None = self
        while at is not None and at.caller is not None:
            if at.caller.module is module:
                return at.call
            at = at.caller
        return None

    @property
    def is_in_step(self) -> bool:
        """Whether it is ``forward`` or the like, or was called by it, whoever began that."""
        at: Frame | None = self
        while at is not None:
            if at.owner is not None and getattr(at.node, "name", "") in STEPS:
                return True
            at = at.caller
        return self.role is Role.STEP

    @property
    def is_repeated(self) -> bool:
        """Whether it runs the body of a loop, for any of the loop's rounds."""
        return any(not loop.is_unrolled for loop in self.loops)

    @property
    def root(self) -> Frame:
        """The activation that was begun for its own sake."""
        return self.entry or self


class EarlyExits:
    """The states in which a frame is left by ``return``, ``break`` and ``continue`` from now on."""

    def __init__(self, frame: Frame) -> None:
        """Those by which ``frame`` was left before are not meant."""
        loop = frame.loops[-1] if frame.loops else None
        self._frame, self._loop = frame, loop
        self._before = (
            len(frame.returns),
            len(loop.breaks) if loop else 0,
            len(loop.continues) if loop else 0,
        )

    @property
    def returns(self) -> list[tuple[Values, State]]:
        """What is returned, and in which states."""
        return self._frame.returns[self._before[0] :]

    @property
    def breaks(self) -> list[State]:
        """The states in which the loop around is left."""
        return self._loop.breaks[self._before[1] :] if self._loop else []

    @property
    def continues(self) -> list[State]:
        """The states in which the loop around goes on."""
        return self._loop.continues[self._before[2] :] if self._loop else []

    def states(self) -> list[State]:
        """All these states."""
        return [*(at for _, at in self.returns), *self.breaks, *self.continues]

    def run(self, block: Callable[[State], State | None]) -> None:
        """Run a block in each of these states: what it does not fall through, is not left so."""
        returns, breaks, continues = self._before
        self._frame.returns[returns:] = [
            (values, end) for values, at in self.returns if (end := block(at)) is not None
        ]
        if self._loop is not None:
            for ways, before in ((self._loop.breaks, breaks), (self._loop.continues, continues)):
                ways[before:] = [end for at in ways[before:] if (end := block(at)) is not None]


def is_constructing(frame: Frame, receiver: Address | None) -> bool:
    """Whether ``receiver`` is under construction in an activation that led to ``frame``."""
    at: Frame | None = frame
    while at is not None:
        if at.receiver is receiver and getattr(at.node, "name", "") == "__init__":
            return receiver is not None
        at = at.caller
    return False
