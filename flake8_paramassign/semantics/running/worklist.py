"""What of a file is run, and in which order: its top level, then all that this defines.

A function or class waits from where it is defined, and runs with the variables that are around it
at the end of what defines it. What is not relevant is passed over.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial

from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    Address,
    Function,
)
from flake8_paramassign.nodes import FunctionNode, decorator_name
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.frames import Frame, Role
from flake8_paramassign.semantics.invariants import Invariants, Summary
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.relevance.gate import Relevance
from flake8_paramassign.semantics.running.activations import Activations
from flake8_paramassign.semantics.running.effort import Effort
from flake8_paramassign.semantics.running.entry_points import EntryPoints


class Worklist:
    """Runs all of one file, piece by piece."""

    def __init__(
        self, machine: Machine, activations: Activations, entry_points: EntryPoints,
        invariants: Invariants, effort: Effort, relevance: Relevance | None,
        fail: Callable[[ast.AST, Exception], None] | None,
    ) -> None:  # fmt: skip
        """``relevance`` and ``fail`` are as the engine is given them."""
        self._machine = machine
        self._activations = activations
        self._entry_points = entry_points
        self._invariants = invariants
        self._effort = effort
        self._relevance = relevance
        self._fail = fail
        self._waiting: list[tuple[ast.AST, Frame]] = []
        self._seen: set[ast.AST] = set()

    def found(self, node: ast.AST, frame: Frame) -> None:
        """A function or class is defined, and is to be run for its own sake later."""
        if frame.caller is None and frame.module is self._machine.project.module:
            if node not in self._seen and self._activations.is_told:
                self._seen.add(node)
                self._waiting.append((node, frame))

    def run(self) -> None:
        """Run the whole file."""
        module = self._machine.project.module
        frame = Frame(module, module.tree, module.scope, Role.SCRIPT)
        definitions = None
        if self._relevance is not None and not self._relevance.of(module.tree):
            definitions = self._relevance.definitions()
        run_root = self._entry_points.run_root
        self._effort.begin_file(module.tree)
        if definitions is None:
            self._effort.allow(module.tree)
            if not self._is_run(module.tree, lambda: run_root(frame, State())):
                top = (n for n in module.tree.body if isinstance(n, FunctionNode | ast.ClassDef))
                self._waiting += [(n, frame) for n in top if n not in self._seen]
        else:
            self._waiting = [(node, frame) for node in definitions]
        while self._waiting:
            waiting = self._waiting.pop(0)
            self._is_run(waiting[0], partial(self._run_waiting, *waiting))

    def _is_run(self, node: ast.AST, run: Callable[[], object]) -> bool:
        """Run a piece of the file; if that fails, it costs no other piece."""
        self._effort.begin_piece()
        try:
            run()
        except Exception as error:
            if self._fail is None or isinstance(error, MemoryError):
                raise
            self._fail(node, error)
            return False
        return True

    def _run_waiting(self, node: ast.AST, frame: Frame) -> None:
        if not self._is_relevant(node):
            return
        self._effort.allow(node)
        if isinstance(node, ast.ClassDef):
            self._run_class(frame.module.class_of(node), frame.left)
        elif isinstance(node, FunctionNode):
            held = self._machine.function_of(frame.module, node, None)
            function = Function(node, frame.module, None, frame.scope)
            self._entry_points.run_function(function, held, frame.left, Role.FUNCTION)

    def _is_relevant(self, node: ast.AST) -> bool:
        return self._relevance is None or self._relevance.of(node)

    def _run_class(self, cls: ProjectClass, outer: State | None) -> None:
        """Run the methods of a class, each for any object that the class may have made."""
        receiver = self._machine.addresses.of((cls, "self"), symbolic=False)
        begun = outer.copy() if outer is not None else State()
        begun.names = {}
        own = [f for f in cls.functions if f.name == "__init__"]
        if own and cls.find("__init__") == (cls, own[-1]) and self._is_relevant(own[-1]):
            end = self._entry_points.run_constructor(cls, receiver, begun)
            if outer is None:
                self._invariants.begins(cls, end)
        functions = [f for f in cls.functions if f.name != "__init__" and self._is_relevant(f)]
        only = self._machine.constructor_only(cls) if functions else frozenset()
        functions = [f for f in functions if f.name not in only]
        if functions:
            self._run_methods(cls, functions, receiver, outer)
        for statement in cls.node.body:
            if isinstance(statement, ast.ClassDef) and self._is_relevant(statement):
                self._run_class(cls.module.class_of(statement), outer)

    def _run_methods(
        self, cls: ProjectClass, functions: Sequence[FunctionNode], receiver: Address,
        outer: State | None,
    ) -> None:  # fmt: skip
        summary = self._invariants.summary(cls)
        if summary is None:
            summary = Summary(receiver, State())
            summary.state.write(receiver, Thing(cls, cls.is_module))
        for function in functions:
            names = {decorator_name(d) for d in function.decorator_list}
            if names & {"abstractmethod", "overload"}:
                continue
            self._effort.allow(function)
            state = summary.state.copy()
            if outer is not None:
                state.scopes = {**state.scopes, **outer.scopes}
                for address, obj in outer.heap.items():
                    if address not in state.heap:
                        state.write(address, obj)
            self._entry_points.run_method(cls, function, summary.receiver, state, cls)
