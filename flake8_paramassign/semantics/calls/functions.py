"""Functions of the project: they are entered, as far as the effort goes."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator

from flake8_paramassign.domain.objects import Container, Generator, Thing
from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Function,
    Value,
    Values,
    join,
)
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.semantics.frames import Frame, Role
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.running.effort import Effort

_DEEPEST = 8
"""How many calls deep the project's functions are entered."""


class FunctionCalls:
    """Enters functions for a machine."""

    def __init__(self, machine: Machine, effort: Effort) -> None:
        """``effort`` bounds what is entered."""
        self._machine = machine
        self._effort = effort
        self._known: dict[ast.AST, bool] = {}
        """Which functions are generator functions."""

    def enter(
        self, function: Function, arguments: Arguments, state: State, node: ast.expr,
        receiver: Value | None = None,
    ) -> Values:  # fmt: skip
        """Run a function of the project; a generator function gives a generator."""
        if self._yields(function.node) or isinstance(function.node, ast.AsyncFunctionDef):
            given = (
                [(receiver,), *arguments.positional]
                if receiver is not None
                else arguments.positional
            )
            if arguments.extra:
                return self._machine.call_unknown(function, arguments, state, node)
            made = Generator(function, tuple(given), tuple(arguments.named.items()))
            return (self._machine.new(made, state, node),)
        return self.run(function, arguments, state, node, receiver)

    def run(
        self, function: Function, arguments: Arguments, state: State, node: ast.expr,
        receiver: Value | None = None, frame_out: list[Frame] | None = None,
    ) -> Values:  # fmt: skip
        """Run the body of a function."""
        caller = self._machine.frame
        is_open = not self._machine.is_quiet and not _is_deep(function, caller)
        is_near = caller.caller is None
        if not is_open or not self._effort.suffices(function.node, is_near=is_near):
            return self._not_entered(function, arguments, state, node, receiver)
        names = self._bound(function, arguments, receiver, state, node)
        scope = Scope(function.node, function.scope or function.module.scope)
        frame = Frame(
            function.module, function.node, scope, _role(function, caller), function.owner,
            receiver if receiver is not None else self._first(function, arguments),
            context=(node, caller.context), caller=caller, call=node, entry=caller.root,
        )  # fmt: skip
        if frame_out is not None:
            frame_out.append(frame)
        before = state.copy()
        state.enter(caller.scope, names)
        mode = state.grad
        if function.mode is not None:
            state.grad = function.mode.enabled
        self._machine.called(function, state.grad, caller.root)
        values, end = self._machine.run_frame(frame, state)
        if end is None:
            state.leave(caller.scope, None)
            return NOTHING
        state.become(end)
        state.leave(caller.scope, scope if scope.is_closed_over else None)
        if not frame.yields:
            state.collect(before, values)
        if function.mode is not None:
            state.grad = mode
        return values

    def _not_entered(
        self, function: Function, arguments: Arguments, state: State, node: ast.expr,
        receiver: Value | None,
    ) -> Values:  # fmt: skip
        """A function runs that is not looked into: what it may change is unknown."""
        if receiver is None:
            return self._machine.call_unknown(function, arguments, state, node)
        is_told = not self._machine.is_quiet
        if is_told and isinstance(receiver, Address) and isinstance(function.node, FunctionNode):
            if self._machine.settle(receiver, function.node, state):
                state.havoc(v for v in arguments.flat() if v is not receiver)
                return (self._machine.symbol(node, state),)
        obj = state.read(receiver) if isinstance(receiver, Address) else None
        cls = obj.cls if isinstance(obj, Thing) else None
        stored = self._machine.stored_by(function, cls)
        if stored is None or not is_told:
            return self._machine.call_unknown(function, arguments.behind((receiver,)), state, node)
        state.weaken((receiver,), stored)
        state.havoc(v for v in arguments.flat() if v is not receiver)
        return (self._machine.symbol(node, state),)

    @staticmethod
    def _first(function: Function, arguments: Arguments) -> Value | None:
        """What an unbound method is called with as its ``self``."""
        if function.owner is None or not arguments.positional:
            return None
        first = arguments.positional[0]
        return first[0] if len(first) == 1 else None

    def _bound(
        self, function: Function, arguments: Arguments, receiver: Value | None, state: State,
        node: ast.AST,
    ) -> dict[str, Values]:  # fmt: skip
        """What the parameters of a function hold in a call."""
        spec = function.node.args
        names = [*spec.posonlyargs, *spec.args]
        defaults = self._machine.defaults(function)
        given = list(arguments.positional)
        if receiver is not None:
            given.insert(0, (receiver,))
        bound: dict[str, Values] = {}
        for parameter, values in zip(names, given, strict=False):
            bound[parameter.arg] = values
        spare = given[len(names) :]
        known = {p.arg for p in (*names, *spec.kwonlyargs)}
        others: dict[Hashable, Values] = {}
        for name, values in arguments.named.items():
            if name in known:
                bound[name] = values
            else:
                others[name] = values
        for parameter in (*names, *spec.kwonlyargs):
            if parameter.arg not in bound:
                held = arguments.extra
                if held and parameter in spec.kwonlyargs:
                    held = UNKNOWN  # ``*args`` give it nothing, and ``**kwargs`` are in there, too
                if not held or parameter.arg in defaults:
                    held = join(held, defaults.get(parameter.arg, NOTHING))
                bound[parameter.arg] = held or UNKNOWN
        if spec.vararg is not None:
            rest = Container("tuple", dict(enumerate(spare)), arguments.extra, not arguments.extra)
            bound[spec.vararg.arg] = (self._machine.new(rest, state, node, "args"),)
        if spec.kwarg is not None:
            keywords = Container("dict", others, arguments.extra, not arguments.extra)
            bound[spec.kwarg.arg] = (self._machine.new(keywords, state, node, "kwargs"),)
        return bound

    def _yields(self, node: ast.AST) -> bool:
        """Whether a function is a generator function."""
        known = self._known.get(node)
        if known is None:
            body = getattr(node, "body", [])
            known = any(
                isinstance(inner, ast.Yield | ast.YieldFrom)
                for inner in _own_nodes(body if isinstance(body, list) else [body])
            )
            self._known[node] = known
        return known

    def run_generator(
        self, obj: Generator, state: State, node: ast.expr
    ) -> list[tuple[Values, State]]:
        """Run a generator to its end at once; what it yields, and in which states."""
        frames: list[Frame] = []
        if isinstance(obj.function, Function):
            receiver, given = _given(obj)
            self.run(obj.function, given, state, node, receiver, frames)
        return frames[0].yields if frames else []

    def awaited(self, value: Value, state: State, node: ast.expr) -> Values:
        """What ``await value`` gives."""
        obj = state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Generator) and isinstance(obj.function, Function):
            if isinstance(obj.function.node, ast.AsyncFunctionDef):
                receiver, given = _given(obj)
                return self.run(obj.function, given, state, node, receiver)
        if obj is None:
            return UNKNOWN
        return self._machine.call_unknown(value, Arguments(), state, node)


def _is_deep(function: Function, caller: Frame) -> bool:
    """Whether a function runs already, or would run in too many others."""
    at: Frame | None = caller
    for _ in range(_DEEPEST):
        if at is None:
            return False
        if at.node is function.node:
            return True
        at = at.caller
    return True


def _given(obj: Generator) -> tuple[Value | None, Arguments]:
    """The object whose method a generator or coroutine runs, and the arguments."""
    given = Arguments(list(obj.positional), dict(obj.named))
    assert isinstance(obj.function, Function)
    if obj.function.owner is None or not obj.positional or len(obj.positional[0]) != 1:
        return None, given
    return obj.positional[0][0], given.after(1)


def _role(function: Function, caller: Frame) -> Role:
    """What a function that is called is for: what its caller is for, but in a constructor."""
    if getattr(function.node, "name", "") == "__init__":
        return Role.CONSTRUCTION
    return caller.role


def _own_nodes(body: list[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a function's body, but not those of functions inside it."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))
