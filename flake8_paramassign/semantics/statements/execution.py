"""What each kind of statement does."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    ClassRef,
    Values,
)
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.decorators import keeps_class
from flake8_paramassign.semantics.contexts import Contexts
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.statements.blocks import Blocks
from flake8_paramassign.semantics.statements.loops import Loops
from flake8_paramassign.semantics.statements.matching import Matching


class Statements:
    """Runs statements for a machine."""

    def __init__(self, machine: Machine, contexts: Contexts) -> None:
        """``contexts`` knows what ``with`` enters and leaves."""
        self._machine = machine
        loops, blocks = Loops(machine), Blocks(machine, contexts)
        self._handlers: dict[type[ast.stmt], Callable[[Any, State], State | None]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated,
            ast.AugAssign: self._augmented,
            ast.Return: self._return,
            ast.If: self._if,
            ast.For: loops.run_for,
            ast.AsyncFor: loops.run_for,
            ast.While: loops.run_while,
            ast.Break: self._break,
            ast.Continue: self._continue,
            ast.Try: blocks.run_try,
            ast.With: blocks.run_with,
            ast.AsyncWith: blocks.run_with,
            ast.Raise: self._raise,
            ast.Assert: self._assert,
            ast.Delete: self._delete,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.Global: self._pass,
            ast.Nonlocal: self._pass,
            ast.Pass: self._pass,
            ast.Match: Matching(machine).run,
        }
        if hasattr(ast, "TryStar"):
            self._handlers[ast.TryStar] = blocks.run_try

    def execute(self, body: list[ast.stmt], state: State) -> State | None:
        """Run ``body``; the state at its end, or None where that is not reached."""
        frame = self._machine.frame
        outer = frame.statement
        at: State | None = state
        for statement in body:
            if at is None:
                break
            frame.statement = statement
            self._machine.step()
            handler = self._handlers.get(type(statement))
            if handler is not None:
                at = handler(statement, at)
            if at is not None and frame.attempts:
                frame.attempts[-1].raised.append(at.copy())
        frame.statement = outer
        return at

    def _pass(self, node: ast.stmt, state: State) -> State | None:
        return state

    def _expression(self, node: ast.Expr, state: State) -> State | None:
        held = self._machine.evaluate(node.value, state)
        ends = isinstance(node.value, ast.Call) and held == NOTHING  # it never returns
        return None if ends else state

    def _assign(self, node: ast.Assign, state: State) -> State | None:
        held = self._machine.evaluate(node.value, state)
        for target in node.targets:
            self._machine.bind(target, held, state, node.value)
        return state

    def _annotated(self, node: ast.AnnAssign, state: State) -> State | None:
        if node.value is not None:
            held = self._machine.evaluate(node.value, state)
            self._machine.bind(node.target, held, state, node.value)
        return state

    def _augmented(self, node: ast.AugAssign, state: State) -> State | None:
        self._machine.augment(node, state)
        return state

    def _return(self, node: ast.Return, state: State) -> State | None:
        held = self._machine.evaluate(node.value, state) if node.value is not None else NONE
        if self._machine.frame.caller is None:
            self._machine.used_containers.update(v for v in held if isinstance(v, Address))
        self._machine.frame.returns.append((held, state))
        return None

    def _raise(self, node: ast.Raise, state: State) -> State | None:
        for part in (node.exc, node.cause):
            if part is not None:
                self._machine.evaluate(part, state)
        attempts = self._machine.frame.attempts
        if attempts:
            attempts[-1].raised.append(state)
        return None

    def _assert(self, node: ast.Assert, state: State) -> State | None:
        truth = self._machine.truth(node.test, state)
        if truth is False:
            return None
        return self._machine.assume(node.test, state, holds=True)

    def _delete(self, node: ast.Delete, state: State) -> State | None:
        for target in node.targets:
            self._machine.delete(target, state)
        return state

    def _function(self, node: FunctionNode, state: State) -> State | None:
        frame = self._machine.frame
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self._machine.evaluate(default, state)
        held = self._machine.define(node, state)
        self._machine.bind_name(node.name, held, state)
        self._machine.found(node, frame)
        return state

    def _class(self, node: ast.ClassDef, state: State) -> State | None:
        frame = self._machine.frame
        cls = self._machine.define_class(node, state)
        held: Values = (ClassRef(cls),)
        for decorator in reversed(node.decorator_list):
            self._machine.evaluate(decorator, state)
            held = held if keeps_class(decorator) else (*held, *UNKNOWN)
        self._machine.bind_name(node.name, held, state)
        self._machine.found(node, frame)
        return state

    def _import(self, node: ast.Import | ast.ImportFrom, state: State) -> State | None:
        module = self._machine.frame.module
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            if isinstance(node, ast.ImportFrom):
                name = alias.asname or alias.name
            if name != "*":
                held = self._machine.project.resolved(module.imported(name, node))
                self._machine.bind_name(name, held, state)
        return state

    def _if(self, node: ast.If, state: State) -> State | None:
        truth = self._machine.truth(node.test, state)
        if truth is not None:
            taken = self._machine.assume(node.test, state, holds=truth)
            return self.execute(node.body if truth else node.orelse, taken or state)
        before = state.passed
        state.passed = (*before, node.test)
        yes = self._machine.assume(node.test, state.copy(), holds=True)
        no = self._machine.assume(node.test, state, holds=False)
        after_yes = self.execute(node.body, yes) if yes is not None else None
        after_no = self.execute(node.orelse, no) if no is not None else None
        if after_yes is None or after_no is None:
            return after_yes or after_no
        after_yes.passed = after_no.passed = before
        return after_yes.joined(after_no, remember=True)

    def _break(self, node: ast.Break, state: State) -> State | None:
        loops = self._machine.frame.loops
        if loops:
            loops[-1].breaks.append(state)
        return None

    def _continue(self, node: ast.Continue, state: State) -> State | None:
        loops = self._machine.frame.loops
        if loops:
            loops[-1].continues.append(state)
        return None
