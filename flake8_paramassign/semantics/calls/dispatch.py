"""What a call runs: decided by what is called, which may be one of several things."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Tensor, Thing
from flake8_paramassign.domain.state import State, join_states
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Builtin,
    ClassRef,
    Function,
    GradMode,
    Library,
    Method,
    Partial,
    Value,
    Values,
    join,
)
from flake8_paramassign.project.classes import Class, ProjectClass
from flake8_paramassign.semantics.calls.libraries import LibraryCalls
from flake8_paramassign.semantics.calls.modelled import Modelled
from flake8_paramassign.semantics.calls.objects import ObjectCalls
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models.base import METHODS
from flake8_paramassign.semantics.models.tensors import writing
from flake8_paramassign.semantics.models.tensors.writing import writes_in_place

_MOST_ALTERNATIVES = 3
"""Of as many objects, whichever it is, each call is run; of more, it is unknown code."""


class Calls:
    """Calls things for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` is what models are given."""
        self._machine = machine
        self._modelled = Modelled(machine)
        self._objects = ObjectCalls(machine, self._modelled)
        self._libraries = LibraryCalls(machine, self._objects, self._modelled)

    def call_any(
        self, callees: Values, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """What calling one of ``callees`` gives, whichever it is."""
        self._tell_writes(callees, arguments, state, node)
        given = arguments.flat()
        self._machine.used_containers.update(v for v in given if isinstance(v, Address))
        if len(callees) == 1:
            return self.call(callees[0], arguments, state, node)
        if sum(self._changes_itself(value, state) for value in callees) > _MOST_ALTERNATIVES:
            state.havoc([*callees, *given])
            return (self._machine.symbol(node, state),)
        result = NOTHING
        ends: list[State] = []
        with self._modelled.one_of_several():
            for callee in callees:
                at = state.copy()
                result = join(result, self.call(callee, arguments, at, node))
                ends.append(at)
        end = join_states(ends)
        if end is not None:
            state.become(end)
        return result

    def _changes_itself(self, value: Value, state: State) -> bool:
        """Whether calling ``value`` runs code of the project that may store in it."""
        obj = state.read(value) if isinstance(value, Address) else None
        cls = obj.cls if isinstance(obj, Thing) else None
        return isinstance(cls, ProjectClass) and self._machine.changes_itself(cls)

    def _tell_writes(
        self, callees: Values, arguments: Arguments, state: State, node: ast.expr
    ) -> None:
        """A method that writes in place is told once, for all tensors that it may be called on."""
        written = [v for v in callees if isinstance(v, Builtin) and writes_in_place(v.name)]
        if not written or not isinstance(node, ast.Call):
            return
        receivers = tuple(v.receiver for v in written)
        things = [state.read(v) for v in receivers if isinstance(v, Address)]
        if not any(isinstance(obj, Tensor) for obj in things) and not any(
            isinstance(obj, Thing) and obj.cls is None and obj.is_module is not True
            for obj in things
        ):
            return
        if len(written) < len(callees):
            receivers = join(receivers, UNKNOWN)
        subject = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        name = written[0].name
        writing.write(
            self._machine, receivers, subject, f".{name}()", arguments.everything(), state, node
        )

    def call(self, callee: Value, arguments: Arguments, state: State, node: ast.expr) -> Values:
        """What calling ``callee`` gives; ``state`` becomes the state after it."""
        if isinstance(callee, Function):
            return self._machine.enter(callee, arguments, state, node)
        if isinstance(callee, Method):
            return self._machine.enter(callee.function, arguments, state, node, callee.receiver)
        if isinstance(callee, Library):
            return self._libraries.call(callee.name, arguments, state, node)
        if isinstance(callee, Builtin):
            return self._objects.method(callee, arguments, state, node)
        if isinstance(callee, ClassRef):
            return self._class(callee.cls, arguments, state, node)
        if isinstance(callee, Partial):
            given = Arguments(
                [*callee.positional, *arguments.positional],
                {**dict(callee.named), **arguments.named},
                arguments.extra,
            )
            return self.call(callee.callee, given, state, node)
        if isinstance(callee, GradMode):
            return self._modelled(
                METHODS[str, "__call__"], "__call__", callee, arguments, state, node
            )
        if isinstance(callee, Address):
            return self._objects.called(callee, arguments, state, node)
        return self._machine.call_unknown(callee, arguments, state, node)

    def _class(self, cls: Class, arguments: Arguments, state: State, node: ast.expr) -> Values:
        if isinstance(cls, ProjectClass):
            return self._machine.construct(cls, arguments, state, node)
        return self._libraries.call(cls.name, arguments, state, node)
