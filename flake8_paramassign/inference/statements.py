"""What statements change."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import ClassVar

from flake8_paramassign.inference.events import Loop
from flake8_paramassign.inference.expressions import OPERATORS
from flake8_paramassign.inference.module import keeps_function
from flake8_paramassign.inference.state import (
    INITIALISED,
    State,
)
from flake8_paramassign.inference.stores import Storer
from flake8_paramassign.inference.values import (
    NOTHING,
    UNKNOWN,
    ClassValue,
    Constant,
    Container,
    External,
    Function,
    Instance,
    Opaque,
    Other,
    Parameter,
    Tensor,
    Values,
    constant,
    in_order,
    only,
    union,
)
from flake8_paramassign.nodes import FunctionNode

_ROUNDS = 4
"""A loop that has not settled by then is left: sets of values are bounded, so this is rare."""
GRAD = {"on": True, "off": False, "unknown": None}
"""Grad modes, as ``State.grad`` has them."""
_EXITS = frozenset(["sys.exit", "os._exit", "os.abort", "exit", "quit"])
_AUGMENTED_REBINDS = (ast.MatMult,)
"""Operators without an in-place form on tensors: ``w @= t`` assigns a new tensor."""


class Executor(Storer):
    """Executes statements: ``execute`` returns the state after a block, None if it never ends."""

    def execute(self, body: list[ast.stmt], state: State | None) -> State | None:
        """The state after ``body``."""
        for statement in body:
            if state is None:
                return None
            method = self._statements.get(type(statement))
            if method is not None:
                frame = self.frame
                outer, frame.statement = frame.statement, statement
                state = method(self, statement, state)
                frame.statement = outer
        return state

    # Assignments.

    def _assign(self, node: ast.Assign, state: State) -> State:
        values = self.evaluate(node.value, state)
        for target in node.targets:
            self.bind(target, values, state, node.value)
        return state

    def _annotated(self, node: ast.AnnAssign, state: State) -> State:
        if node.value is not None:
            self.bind(node.target, self.evaluate(node.value, state), state, node.value)
        return state

    def _augmented(self, node: ast.AugAssign, state: State) -> State:
        before = self.evaluate(node.target, state)
        operand = self.evaluate(node.value, state)
        how = f"{OPERATORS.get(type(node.op), '...')}="
        if not isinstance(node.op, _AUGMENTED_REBINDS) and not isinstance(
            node.target, ast.Subscript
        ):
            self.assigned_in_place(node, before, node.target, how, operand, state)
        after = NOTHING
        for value in before:
            tensor = isinstance(value, Parameter | Tensor)
            if tensor and not isinstance(node.op, _AUGMENTED_REBINDS):
                after = union(after, only(value))
            elif isinstance(value, Container):
                for more in operand:
                    if isinstance(more, Container):
                        self.filled(value, self.items(more, state), "+=", state)
                after = union(after, only(value))
            elif isinstance(value, Instance):
                after = union(after, only(value))  # ModuleList.__iadd__ and its like
            else:
                after = union(after, self.operation(node, only(value), operand, state))
        how = "@=" if isinstance(node.op, ast.MatMult) else "op="
        if isinstance(node.target, ast.Attribute):
            for receiver in in_order(self.evaluate(node.target.value, state)):
                self.store(receiver, node.target.attr, after, state, node, node.value, how)
        else:
            self.bind(node.target, after, state, node.value)
        return state

    def _delete(self, node: ast.Delete, state: State) -> State:
        for target in node.targets:
            if isinstance(target, ast.Name):
                state.locals.pop(target.id, None)
            elif isinstance(target, ast.Attribute):
                for receiver in in_order(self.evaluate(target.value, state)):
                    self.delete(receiver, target.attr, state)
            elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Attribute):
                if target.value.attr in ("_parameters", "_buffers", "_modules", "__dict__"):
                    name = constant(self.evaluate(target.slice, state))
                    for receiver in in_order(self.evaluate(target.value.value, state)):
                        self.delete(receiver, name if isinstance(name, str) else None, state)
        return state

    # Flow.

    def _if(self, node: ast.If, state: State) -> State | None:
        # `elif` chains are nested in the tree; hundreds of them are ordinary code.
        after: State | None = None
        rest: State | None = state
        chain: ast.If | None = node
        while chain is not None and rest is not None:
            holds, rest = self.condition(chain.test, rest)
            after = self.join(after, self.execute(chain.body, holds))
            orelse = chain.orelse
            chain = orelse[0] if len(orelse) == 1 and isinstance(orelse[0], ast.If) else None
            if chain is None and orelse:
                rest = self.execute(orelse, rest)
        return self.join(after, rest)

    def _for(self, node: ast.For | ast.AsyncFor, state: State) -> State | None:
        items = self.each(node.iter, state)
        runs = self._surely_runs(node.iter, state)

        def body(entry: State) -> State | None:
            self.bind(node.target, items, entry, None)
            return self.execute(node.body, entry)

        return self._loop(node, body, state, at_least_once=runs, endless=False)

    def _while(self, node: ast.While, state: State) -> State | None:
        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)

        def body(entry: State) -> State | None:
            holds, _ = self.condition(node.test, entry)
            return self.execute(node.body, holds)

        return self._loop(node, body, state, at_least_once=endless, endless=endless)

    def _loop(
        self,
        node: ast.For | ast.AsyncFor | ast.While,
        body: Callable[[State], State | None],
        state: State,
        *,
        at_least_once: bool,
        endless: bool,
    ) -> State | None:
        """Run ``body`` until the state at its start no longer changes."""
        start: State = state
        ended: State | None = None
        loop = Loop(node)
        for _ in range(_ROUNDS):
            loop = Loop(node)
            self.frame.loops.append(loop)
            ended = body(start.copy())
            self.frame.loops.pop()
            for again in loop.continues:
                ended = self.join(ended, again)
            widened = self.join(start, ended)
            if widened is None or widened.same(start):
                break
            start = widened
        after = None if endless else (ended if at_least_once and ended else self.join(start, ended))
        after = self.execute(node.orelse, after) if node.orelse else after
        for broken in loop.breaks:
            after = self.join(after, broken)
        return after

    @staticmethod
    def _surely_runs(iterable: ast.expr, state: State) -> bool:
        """Loops over ``range(n)``, a literal, or the Parameters of a Module are written to run."""
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute):
            return iterable.func.attr in ("parameters", "named_parameters", "modules")
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name):
            return iterable.func.id == "range"
        return isinstance(iterable, ast.List | ast.Tuple) and bool(iterable.elts)

    def each(self, iterable: ast.expr, state: State) -> Values:
        """What a loop over ``iterable`` gives in each round."""
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute):
            named = self.module_iterator(iterable, iterable.func, state)
            if named is not None:
                return named
        result = NOTHING
        for value in self.evaluate(iterable, state):
            if isinstance(value, Container):
                items = self.items(value, state)
                result = union(result, items if items else UNKNOWN)
            elif isinstance(value, Instance):
                result = union(result, self.items(value, state) or UNKNOWN)
            elif isinstance(value, Other) and value.kind == "range":
                result = union(result, only(Other("int")))
            elif isinstance(value, Opaque):
                result = union(result, only(Opaque((value.site, "[]"), f"{value.path}[...]")))
            else:
                result = union(result, UNKNOWN)
        return result

    def _with(self, node: ast.With | ast.AsyncWith, state: State) -> State | None:
        before = state.grad
        for item in node.items:
            mode = self.grad_mode(item.context_expr, state)
            if mode is not None:
                state.grad = GRAD[mode]
                continue
            values = self.evaluate(item.context_expr, state)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, values, state, item.context_expr)
        after = self.execute(node.body, state)
        if after is not None:
            after.grad = before
        return after

    def grad_mode(self, context: ast.expr, state: State) -> str | None:
        """The grad mode a context manager or decorator sets (a key of ``GRAD``), if it sets one."""
        arguments: list[ast.expr] = []
        if isinstance(context, ast.Call):
            arguments = [*context.args, *(k.value for k in context.keywords)]
            context = context.func
        if not isinstance(context, ast.Name | ast.Attribute):
            return None
        names = [v.name for v in self.evaluate(context, state) if isinstance(v, External)]
        kind = names[0].rpartition(".")[2] if names and names[0].startswith("torch.") else ""
        if kind == "no_grad":
            return "off"
        if kind == "enable_grad":
            return "on"
        if kind not in ("inference_mode", "set_grad_enabled"):
            return None
        flag = constant(self.evaluate(arguments[0], state)) if arguments else True
        if not isinstance(flag, bool):
            return "unknown"
        return "on" if flag is (kind == "set_grad_enabled") else "off"

    def _try(self, node: ast.Try, state: State) -> State | None:
        # A handler may be entered from before any statement of the body, or after one.
        thrown: State | None = state.copy()
        self.frame.tries.append(node)
        ended: State | None = state
        for statement in node.body:
            ended = self.execute([statement], ended)
            thrown = self.join(thrown, ended.copy() if ended else None)
        self.frame.tries.pop()
        if node.orelse:
            ended = self.execute(node.orelse, ended)
        for handler in node.handlers:
            entry = thrown.copy() if thrown else None
            if entry is not None and handler.name:
                entry.locals[handler.name] = UNKNOWN
            ended = self.join(ended, self.execute(handler.body, entry))
        if node.finalbody:
            after = self.execute(node.finalbody, ended or thrown)
            return after if ended is not None else None
        return ended

    def _match(self, node: ast.Match, state: State) -> State | None:
        self.evaluate(node.subject, state)
        after: State | None = state.copy()
        for case in node.cases:
            entry = state.copy()
            for pattern in ast.walk(case.pattern):
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(name, str):
                    entry.locals[name] = only(Opaque(pattern, name))
            after = self.join(after, self.execute(case.body, entry))
        return after

    def _return(self, node: ast.Return, state: State) -> None:
        values = self.evaluate(node.value, state) if node.value else only(Constant(None))
        self.frame.returns.append((values, state))

    def _raise(self, node: ast.Raise, state: State) -> None:
        return None

    def _break(self, node: ast.Break, state: State) -> None:
        if self.frame.loops:
            self.frame.loops[-1].breaks.append(state)

    def _continue(self, node: ast.Continue, state: State) -> None:
        if self.frame.loops:
            self.frame.loops[-1].continues.append(state)

    def _assert(self, node: ast.Assert, state: State) -> State | None:
        holds, _ = self.condition(node.test, state)
        return holds

    def _expression(self, node: ast.Expr, state: State) -> State | None:
        if isinstance(node.value, ast.Constant):
            return state
        self.evaluate(node.value, state)
        if isinstance(node.value, ast.Call):
            self._set_grad(node.value, state)
            if isinstance(node.value.func, ast.Name | ast.Attribute):
                if ast.unparse(node.value.func) in _EXITS:
                    return None
        return state

    def _set_grad(self, call: ast.Call, state: State) -> None:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "set_grad_enabled":
            mode = self.grad_mode(call, state)
            if mode is not None:
                state.grad = GRAD[mode]

    # Definitions.

    def _function(self, node: FunctionNode, state: State) -> State:
        frame = self.frame
        function = Function(node, frame.module, None)
        self.closures[node] = {**frame.closure, **state.locals}
        if not frame.silent:
            frame.inner.append(node)
        state.locals[node.name] = only(function) if keeps_function(node) else UNKNOWN
        return state

    def _class(self, node: ast.ClassDef, state: State) -> State:
        if not self.frame.silent:
            self.frame.inner.append(node)
        state.locals[node.name] = only(ClassValue(self.frame.module.class_of(node)))
        return state

    def _import(self, node: ast.Import | ast.ImportFrom, state: State) -> State:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            state.locals[name] = self.frame.module.imported(name, node)
        return state

    closures: dict[ast.AST, dict[str, Values]]

    _statements: ClassVar[dict[type[ast.stmt], Callable[..., State | None]]] = {
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.Delete: _delete,
        ast.If: _if,
        ast.For: _for,
        ast.AsyncFor: _for,
        ast.While: _while,
        ast.With: _with,
        ast.AsyncWith: _with,
        ast.Try: _try,
        ast.Match: _match,
        ast.Return: _return,
        ast.Raise: _raise,
        ast.Break: _break,
        ast.Continue: _continue,
        ast.Assert: _assert,
        ast.Expr: _expression,
        ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function,
        ast.ClassDef: _class,
        ast.Import: _import,
        ast.ImportFrom: _import,
    }
    if hasattr(ast, "TryStar"):
        _statements[ast.TryStar] = _try


__all__ = ["INITIALISED", "Executor"]
