"""Variables: what a name means, what binding one does, and which values nobody reads."""

from __future__ import annotations

import ast
import builtins

from flake8_paramassign.domain.objects import Container, Tensor
from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Constant,
    Library,
    Unknown,
    Values,
    is_unknown,
    join,
    join_all,
)
from flake8_paramassign.project.liveness import REFLECTING
from flake8_paramassign.semantics.events import VariableRebound
from flake8_paramassign.semantics.frames import Frame
from flake8_paramassign.semantics.machine import Machine

_BUILTINS = frozenset(dir(builtins))
_TAG = "="
"""Before the name of a variable: which rebinding, of those that are watched, it may hold."""


class Names:
    """Looks up and binds variables for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` has the frames."""
        self._machine = machine
        self._rebound: dict[Frame, dict[ast.AST, VariableRebound]] = {}
        self._read: set[ast.AST] = set()
        self._loops: dict[str, list[ast.AST]] = {}
        """Loops over Parameters that are running, by their variables."""

    # Looking up.

    def lookup(self, name: str, state: State) -> Values:
        """What a name means where it is read."""
        frame = self._machine.frame
        held = state.names.get(name)
        if held is not None and name not in frame.globals:
            self._is_read(name, state.names)
            return held
        scope: Scope | None = frame.scope.enclosing
        if frame.scope.is_module:
            scope = frame.scope
        elif name in frame.globals:
            scope = frame.module.scope
        while scope is not None:
            variables = state.scopes.get(scope)
            if variables is not None and name in variables:
                self._is_read(name, variables)
                return variables[name]
            if scope.is_module:
                return self.of_module(name, scope, state)
            scope = scope.enclosing
        return self.of_module(name, frame.module.scope, state)

    def of_module(self, name: str, scope: Scope, state: State) -> Values:
        """What a name of a file's top level means, whatever the flow."""
        module = self._machine.module_of(scope)
        if module is not None:
            held = self._machine.defined(module, name)
            if held is not None:
                return held
            if module.binds(name) or not is_unknown(module.lookup(name)):
                meaning = self._machine.project.resolved(module.lookup(name))
                if is_unknown(meaning):
                    # The same object wherever it is met, whatever has become of it.
                    address = self._machine.addresses.of((scope, name))
                    cls = module.class_called_for(name)
                    if cls is not None and address not in state.heap:
                        self._machine.instance(cls, address, state)
                    return (address,)
                return meaning
        if name in _BUILTINS:
            if name in REFLECTING:
                for variable in state.names:
                    self._is_read(variable, state.names)
            return (Library(f"builtins.{name}"),)
        return UNKNOWN

    # Binding.

    def bind(
        self, target: ast.expr, values: Values, state: State, expression: ast.expr | None
    ) -> None:
        """Assign ``values``, which ``expression`` gave, to a target."""
        if isinstance(target, ast.Name):
            tag = self._watched(target, values, state, expression)
            self.bind_name(target.id, values, state)
            if tag:
                state.bind(_TAG + target.id, tag)
        elif isinstance(target, ast.Attribute):
            owners = self._machine.evaluate(target.value, state)
            if is_unknown(owners) and len(owners) == 1:
                return
            self._machine.store(owners, target.attr, values, state, target, expression)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, values, state, expression)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, values, state, None)
        elif isinstance(target, ast.Subscript):
            self._machine.store_item(target, values, state)

    def own_value(self, name: str, state: State) -> Values | None:
        """What a local variable holds, for an operation that only changes the variable itself.

        That is no use of what it holds.
        """
        return state.names.get(name) if name not in self._machine.frame.globals else None

    def rebind(self, name: str, values: Values, state: State) -> None:
        """Bind a variable to what was made of its own value; who reads it, reads both."""
        tag = state.names.get(_TAG + name)
        self.bind_name(name, values, state)
        if tag is not None:
            state.bind(_TAG + name, tag)

    def bind_name(self, name: str, values: Values, state: State) -> None:
        """Bind a variable."""
        frame = self._machine.frame
        if name in frame.globals:
            state.bind_in(frame.module.scope, name, values)
            return
        if name in frame.nonlocals:
            scope = frame.scope.enclosing
            while scope is not None and not scope.is_module:
                if name in state.scopes.get(scope, {}):
                    state.bind_in(scope, name, values)
                    return
                scope = scope.enclosing
        state.bind(name, values)
        if _TAG + name in state.names:
            state.unbind(_TAG + name)

    def unbind(self, name: str, state: State) -> None:
        """Forget a variable that is not read again."""
        if name.isidentifier():
            state.unbind(name)
            if _TAG + name in state.names:
                state.unbind(_TAG + name)

    def _unpack(
        self, target: ast.Tuple | ast.List, values: Values, state: State,
        expression: ast.expr | None,
    ) -> None:  # fmt: skip
        parts = target.elts
        starred = next((i for i, t in enumerate(parts) if isinstance(t, ast.Starred)), None)
        each, some = self._machine.iterate(values, state, target, "=")
        written = expression.elts if isinstance(expression, ast.Tuple | ast.List) else []
        if len(written) != len(parts) or any(isinstance(w, ast.Starred) for w in written):
            written = []
        if each is not None and starred is None and len(each) == len(parts):
            for index, part in enumerate(parts):
                self.bind(part, each[index], state, written[index] if written else None)
            return
        if each is not None and starred is not None and len(each) >= len(parts) - 1:
            after = len(parts) - starred - 1
            middle = each[starred : len(each) - after]
            rest = Container("list", dict(enumerate(middle)))
            lists: Values = (self._machine.new(rest, state, parts[starred], "rest"),)
            ends = each[len(each) - after :] if after else []
            for part, held in zip(parts, [*each[:starred], lists, *ends], strict=True):
                self.bind(part, held, state, None)
            return
        for index, part in enumerate(parts):
            if isinstance(part, ast.Starred):
                made = Container("list", rest=some or UNKNOWN, is_exact=False)
                held = (self._machine.new(made, state, part, "rest"),)
            else:
                held = self._at(values, index, starred, state, target) or some
                if not held or is_unknown(held):
                    found = join_all(
                        self._machine.item(v, (Constant(index),), state, target) for v in values
                    )
                    held = (
                        found
                        if not is_unknown(found)
                        else join((self._machine.symbol(part, state),), NOTHING)
                    )
            self.bind(part, held, state, None)

    def _at(
        self, values: Values, index: int, starred: int | None, state: State, target: ast.expr
    ) -> Values:
        """What has the ``index`` of whichever it is, where that is known of each of them."""
        if starred is not None:
            return NOTHING
        parts = [self._machine.item(value, (Constant(index),), state, target) for value in values]
        known = all(parts) and not any(map(is_unknown, parts))
        return join_all(parts) if known else NOTHING

    # Loops over Parameters, and values that nobody reads.

    def bind_loop(self, node: ast.For | ast.AsyncFor, values: Values, state: State) -> None:
        """Bind the variables of a loop to an item."""
        self.bind(node.target, values, state, None)
        for inner in ast.walk(node.target):
            if isinstance(inner, ast.Name) and self._are_parameters(
                state.names.get(inner.id, NOTHING), state
            ):
                loops = self._loops.setdefault(inner.id, [])
                if node not in loops:
                    loops.append(node)

    def loop_ended(self, node: ast.AST) -> None:
        """A loop is over."""
        for loops in self._loops.values():
            if node in loops:
                loops.remove(node)

    def _are_parameters(self, values: Values, state: State) -> bool:
        found = [state.read(v) if isinstance(v, Address) else None for v in values]
        return any(isinstance(obj, Tensor) and obj.is_parameter for obj in found)

    def _watched(
        self, target: ast.Name, values: Values, state: State, expression: ast.expr | None
    ) -> Values:
        """The mark of a rebinding that is no use if nobody reads it."""
        before = state.names.get(target.id, NOTHING)
        if expression is None or not before or not self._are_parameters(before, state):
            return NOTHING
        if all(value in before for value in values):
            return NOTHING
        frame = self._machine.frame
        targets = getattr(frame.statement, "targets", [])
        if not all(isinstance(other, ast.Name | ast.Tuple | ast.List) for other in targets):
            return NOTHING  # the value is stored besides
        loops = self._loops.get(target.id, [])
        event = VariableRebound(
            frame, state.copy(), target, target.id, loops[-1] if loops else None, before, values,
            expression,
        )  # fmt: skip
        self._rebound.setdefault(frame, {})[target] = event
        return (_Tag(target),)

    def _is_read(self, name: str, variables: dict[str, Values]) -> None:
        for value in variables.get(_TAG + name, NOTHING):
            if isinstance(value, _Tag):
                self._read.add(value.node)

    def ended(self, frame: Frame) -> None:
        """A function is over: what was bound and not read is of no use."""
        for node, event in self._rebound.pop(frame, {}).items():
            if node not in self._read:
                self._machine.tell(event)
            self._read.discard(node)


class _Tag(Unknown):
    """Marks a variable that was bound by ``node``; rides along where states are joined."""

    def __init__(self, node: ast.AST) -> None:
        self.node = node

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Tag) and other.node is self.node

    def __hash__(self) -> int:
        return id(self.node)
