"""What the parts of the interpreter may ask of each other."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from flake8_paramassign.domain.objects import Field, Generator, Obj, Place
from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
    Address,
    Addresses,
    Function,
    Text,
    Value,
    Values,
    join_all,
)
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import Class, ProjectClass
from flake8_paramassign.project.index import Index
from flake8_paramassign.project.module import Module
from flake8_paramassign.project.project import Project
from flake8_paramassign.semantics.events import Event
from flake8_paramassign.semantics.frames import Frame, Role


@dataclass(slots=True)
class Arguments:
    """What a call passes."""

    positional: list[Values] = field(default_factory=list)
    named: dict[str, Values] = field(default_factory=dict)
    extra: Values = NOTHING
    """What ``*args`` or ``**kwargs`` of unknown length pass besides."""
    nodes: list[ast.expr] = field(default_factory=list)
    """The syntax of the positional ones, where each has its own."""

    def get(self, position: int, *names: str) -> Values | None:
        """The argument with that position or name; None where it is not given."""
        if position < len(self.positional):
            return self.positional[position]
        for name in names:
            if name in self.named:
                return self.named[name]
        return self.extra or None

    def everything(self) -> Values:
        """Each value that is passed."""
        return join_all([*self.positional, *self.named.values(), self.extra])

    def flat(self) -> list[Value]:
        """Each value that is passed, however many."""
        every = [*self.positional, *self.named.values(), self.extra]
        return [value for values in every for value in values]

    def after(self, count: int) -> Arguments:
        """All but the first ``count``."""
        return Arguments(self.positional[count:], self.named, self.extra, self.nodes[count:])

    def behind(self, *first: Values) -> Arguments:
        """The same with others before them."""
        return Arguments([*first, *self.positional], self.named, self.extra)


class Machine(Protocol):
    """The interpreter, as its parts see it."""

    project: Project
    addresses: Addresses
    index: Index
    discriminated: set[Hashable]
    """The sites of containers of which a test asks whether they are a list: made for either."""
    unregistered: set[str]
    """Names that are deleted from, or registered otherwise in, an object that is not known."""
    frozen: set[Hashable]
    """The sites of tensors that some code keeps from being trained."""
    differentiated: set[ast.AST]
    """What made the tensors whose gradients are asked for, by ``.grad`` or ``autograd.grad``."""
    listed: set[tuple[Address, Address]]
    """The generators that ``parameters()`` gave, each with the Module of which it did."""
    copied: dict[Address, Address]
    """Of what ``copy.deepcopy()`` made each."""
    read: set[tuple[ProjectClass | None, str, Role]]
    """Which attributes of a class's objects are read, None: of other Modules; and by which role."""
    moved: set[ast.AST]
    """Expressions whose value is at once moved to another device or dtype."""
    used_containers: set[Address]
    """Containers that torch made of Parameters with which more is done than to store in them."""

    @property
    def frame(self) -> Frame:
        """The activation that is running."""

    @property
    def is_quiet(self) -> bool:
        """Whether something is only looked at again."""

    def tell(self, event: Event) -> None:
        """Let the rules judge what happens, where it happens in the file under analysis."""

    def evaluate(self, node: ast.expr, state: State) -> Values:
        """What ``node`` may hold; ``state`` becomes the state after it."""

    def lookup(self, name: str, state: State) -> Values:
        """What a name means where it is read."""

    def combined(
        self, op: ast.operator, left: Values, right: Values, node: ast.AST, state: State
    ) -> Values:
        """What an operator makes of two operands."""

    def filtered(self, values: Values, state: State, *, truthy: bool) -> Values:
        """Those of ``values`` that may count as true, or as false."""

    def awaited(self, value: Value, state: State, node: ast.expr) -> Values:
        """What ``await value`` gives."""

    def quietly(self) -> AbstractContextManager[None]:
        """While something is evaluated again: nothing is told."""

    def step(self, count: int = 1) -> None:
        """Count steps of work; ends what takes for ever."""

    def may_unroll(self, count: int) -> bool:
        """Whether a loop over ``count`` known items is run once for each of them."""

    def round(self, node: ast.AST, number: int, of: int) -> AbstractContextManager[None]:
        """While one of so many rounds over known items runs, whose objects are its own."""

    def truth(self, node: ast.expr, state: State) -> bool | None:
        """Whether a test holds, as far as that is known; evaluates it."""

    def assume(self, node: ast.expr, state: State, *, holds: bool) -> State | None:
        """The state in which a test that was evaluated came out so; None where it cannot."""

    def execute(self, body: list[ast.stmt], state: State) -> State | None:
        """Run statements; the state at their end, or None where that is not reached."""

    def bind(
        self, target: ast.expr, values: Values, state: State, expression: ast.expr | None
    ) -> None:
        """Assign to a target."""

    def call(self, callee: Value, arguments: Arguments, state: State, node: ast.expr) -> Values:
        """What calling ``callee`` gives; ``state`` becomes the state after it."""

    def call_any(
        self, callees: Values, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """What calling one of ``callees`` gives, whichever it is."""

    def call_unknown(
        self, callee: Value | None, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """Code that is not known runs, with all that it is given in its hands."""

    def enter(
        self, function: Function, arguments: Arguments, state: State, node: ast.expr,
        receiver: Value | None = None,
    ) -> Values:  # fmt: skip
        """Run a function of the project."""

    def construct(
        self, cls: ProjectClass, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """A new object of a class of the project."""

    def attribute(self, value: Value, name: str, state: State, node: ast.AST) -> Values:
        """What ``value.name`` may hold."""

    def store(
        self, receivers: Values, name: str | Text, values: Values, state: State, node: ast.AST,
        expression: ast.expr | None, how: str = "=",
    ) -> None:  # fmt: skip
        """Set an attribute as ``setattr`` does."""

    def item(self, value: Value, index: Values, state: State, node: ast.AST) -> Values:
        """What ``value[index]`` may hold."""

    def store_item(self, target: ast.Subscript, values: Values, state: State) -> None:
        """Set an item."""

    def iterate(
        self, values: Values, state: State, node: ast.AST, by: str = "for"
    ) -> tuple[list[Values] | None, Values]:
        """What iterating gives: each item in order where all are known, and any item."""

    def new(self, obj: Obj, state: State, site: ast.AST, part: object = None) -> Address:
        """Make an object at ``site``."""

    def symbol(self, site: ast.AST, state: State, part: object = None) -> Address:
        """An object of which nothing is known, that ``site`` gives."""

    def used(self, address: Address, state: State) -> None:
        """An optimizer, or a wrapper, is used."""

    # Variables.

    def own_value(self, name: str, state: State) -> Values | None:
        """What a local variable holds, read only to change the variable itself."""

    def rebind(self, name: str, values: Values, state: State) -> None:
        """Bind a variable to what was made of its own value."""

    def bind_name(self, name: str, values: Values, state: State) -> None:
        """Bind a variable."""

    def unbind(self, name: str, state: State) -> None:
        """Forget a variable that is not read again."""

    def bind_loop(self, node: ast.For | ast.AsyncFor, values: Values, state: State) -> None:
        """Bind the variables of a loop to an item."""

    def loop_ended(self, node: ast.AST) -> None:
        """A loop is over."""

    def augment(self, node: ast.AugAssign, state: State) -> None:
        """``target op= value``: in place where the object can do that, else a new value."""

    def delete(self, target: ast.expr, state: State) -> None:
        """``del target``."""

    # Loops and tests.

    def rounds(self, usual: int) -> int:
        """How often a loop is run before it is widened."""

    @property
    def is_hurried(self) -> bool:
        """Whether few steps are left for this piece of the file."""

    def question(self, node: ast.expr, state: State) -> Values:
        """What a test gives whose answer is not known."""

    def truth_of_call(self, name: str, arguments: Arguments, state: State) -> bool | None:
        """What ``isinstance``, ``hasattr`` and their like say."""

    # Attributes of objects, and what is replaced in them.

    def bypass(
        self, receiver: Value, name: str | None, values: Values, state: State, node: ast.AST,
        how: str,
    ) -> None:  # fmt: skip
        """Set an attribute, of unknown name if that is None, but not as ``setattr`` does."""

    def delete_attribute(self, receivers: Values, name: str | None, state: State) -> None:
        """Delete an attribute; None is one of unknown name."""

    def replaced(
        self, receiver: Address, name: str | Text, kept: Values, before: Field, state: State,
        node: ast.AST, expression: ast.expr | None, how: str, *, sure: bool,
    ) -> None:  # fmt: skip
        """An attribute is stored: what it held before may be kept by an optimizer."""

    def replaced_all(self, receiver: Address, state: State, node: ast.AST) -> None:
        """All Parameters of a Module are replaced at once."""

    def mended(self, address: Address, state: State) -> None:
        """An optimizer was given more Parameters, perhaps those it lacked."""

    # Functions and classes.

    def define(self, node: FunctionNode, state: State) -> Values:
        """What a ``def`` statement binds."""

    def define_class(self, node: ast.ClassDef, state: State) -> ProjectClass:
        """What a ``class`` statement binds."""

    def defined(self, module: Module, name: str) -> Values | None:
        """What a decorated function of a file's top level is; None for anything else."""

    def defaults(self, function: Function) -> dict[str, Values]:
        """The defaults of parameters, as far as they are constants or names."""

    def module_of(self, scope: Scope) -> Module | None:
        """The file whose top level ``scope`` is."""

    def found(self, node: ast.AST, frame: Frame) -> None:
        """A function or class is defined, and is to be run for its own sake later."""

    def called(self, function: Function, mode: bool | str | None, root: Frame) -> None:
        """A function is called in a grad mode, on a way that began with ``root``."""

    def instance(self, cls: Class | None, address: Address, state: State) -> None:
        """Let ``address`` be an object of ``cls`` that somebody else made."""

    def settle(self, receiver: Address, method: FunctionNode, state: State) -> bool:
        """Let a method of an object's own class have run; False where what it does is unknown."""

    def stored_by(self, function: Function, cls: Class | None) -> frozenset[str] | None:
        """Which attributes a method may store; None is any."""

    def changes_itself(self, cls: ProjectClass) -> bool:
        """Whether calling an object of the class may change what it holds."""

    def constructor_only(self, cls: ProjectClass) -> frozenset[str]:
        """Methods that only ``__init__`` calls, as far as the file tells."""

    def begun(self, cls: ProjectClass, receiver: Address) -> State | None:
        """The state that ``__init__`` leaves for any arguments, told to nobody."""

    def run_frame(self, frame: Frame, state: State) -> tuple[Values, State | None]:
        """Run the body of an activation; what it returns, and the state after it."""

    def look_at_method(
        self, holder: ProjectClass, node: FunctionNode, receiver: Address, state: State,
        cls: ProjectClass,
    ) -> State | None:  # fmt: skip
        """Run a method to know what it changes; told to nobody."""

    def run_generator(
        self, obj: Generator, state: State, node: ast.expr
    ) -> list[tuple[Values, State]]:
        """Run a generator to its end at once; what it yields, and in which states."""

    def function_of(
        self, module: Module, node: ast.AST, owner: ProjectClass | None,
        decorators: Sequence[ast.expr] | None = None,
    ) -> Values:  # fmt: skip
        """What a ``def`` statement binds, with its decorators applied, whatever the flow."""

    def place(self, node: ast.AST) -> Place:
        """A node of the running file."""
