"""What statements change."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from flake8_paramassign.inference.conditions import Narrower
from flake8_paramassign.inference.events import AttributeStored, DataStored, Loop
from flake8_paramassign.inference.project import keeps_function
from flake8_paramassign.inference.state import (
    ABSENT,
    EVERY,
    INITIALISED,
    ITEMS,
    PARAMETER_SLOT,
    UNKNOWN_SLOT,
    State,
)
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
    Unknown,
    Value,
    Values,
    constant,
    only,
    union,
)

_ROUNDS = 4
"""A loop that has not settled by then is left: sets of values are bounded, so this is rare."""
GRAD = {"on": True, "off": False, "unknown": None}
"""Grad modes, as ``State.grad`` has them."""
_EXITS = frozenset(["sys.exit", "os._exit", "os.abort", "exit", "quit"])
_MODULE_ITERATORS = frozenset(
    f"{prefix}{kind}"
    for prefix in ("", "named_")
    for kind in ("parameters", "buffers", "modules", "children")
)
_AUGMENTED_REBINDS = (ast.MatMult,)
"""Operators without an in-place form on tensors: ``w @= t`` assigns a new tensor."""


class Executor(Narrower):
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
            for receiver in self.evaluate(node.target.value, state):
                self.store(receiver, node.target.attr, after, state, node, node.value, how)
        else:
            self.bind(node.target, after, state, node.value)
        return state

    def bind(self, target: ast.expr, values: Values, state: State, source: ast.expr | None) -> None:
        """Assign ``values``, which ``source`` gave, to a target."""
        if isinstance(target, ast.Name):
            state.locals[target.id] = values
        elif isinstance(target, ast.Attribute):
            for receiver in self.evaluate(target.value, state):
                self.store(receiver, target.attr, values, state, target, source, "=")
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, values, state, source)
        elif isinstance(target, ast.Starred):
            rest = Container("list", target)
            state.cells[rest, ITEMS] = self._all_items(values, state)
            self.bind(target.value, only(rest), state, None)
        elif isinstance(target, ast.Subscript):
            self._store_item(target, values, state)

    def _unpack(
        self, targets: list[ast.expr], values: Values, state: State, source: ast.expr | None
    ) -> None:
        literal = source.elts if isinstance(source, ast.Tuple | ast.List) else []
        starred = any(isinstance(t, ast.Starred) for t in targets)
        for index, target in enumerate(targets):
            part = NOTHING
            for value in values:
                if isinstance(value, Container | Instance) and not starred:
                    part = union(part, self.item(value, index, state))
                elif isinstance(value, Tensor | Parameter):
                    part = union(part, only(Tensor(target, None, False)))
                else:
                    part = union(part, UNKNOWN)
            if part == UNKNOWN and isinstance(target, ast.Name):
                part = only(Opaque(target, target.id))
            expression = literal[index] if len(literal) == len(targets) else None
            self.bind(target, part or UNKNOWN, state, expression)

    def _store_item(self, target: ast.Subscript, values: Values, state: State) -> None:
        index = constant(self.evaluate(target.slice, state))
        registry = target.value
        if isinstance(registry, ast.Attribute) and registry.attr in ("_parameters", "_modules"):
            for owner in self.evaluate(registry.value, state):
                state.slots[owner, index if isinstance(index, str) else EVERY] = UNKNOWN_SLOT
            return
        for container in self.evaluate(registry, state):
            if isinstance(container, Container):
                self.filled(container, values, "[...] =", state)
                if isinstance(index, int | str):
                    state.cells[container, f"[{index!r}]"] = values
            elif isinstance(container, Opaque | Instance):
                key = f"[{index!r}]" if isinstance(index, int | str) else ast.dump(target.slice)
                state.cells[container, key] = values

    def filled(self, container: Value, values: Values, how: str, state: State) -> None:
        """Items were put into a container."""
        state.cells[container, ITEMS] = union(state.cells.get((container, ITEMS), NOTHING), values)
        for owner, key in list(state.cells):
            if owner == container and key.startswith("[") and key != ITEMS and how != "append":
                del state.cells[owner, key]
        if self.frame.statement is not None and not self.frame.silent:
            self.fillings.setdefault(container, self.frame.statement)

    def store(self, receiver: Value, name: str, values: Values, state: State, node: ast.AST,
              expression: ast.expr | None, how: str) -> None:  # fmt: skip
        """Set an attribute as ``setattr`` does: ``nn.Module.__setattr__`` decides the slot."""
        if name == "requires_grad" and isinstance(receiver, Parameter | Tensor):
            flag = constant(values)
            changed = replace(receiver, trainable=flag if isinstance(flag, bool) else None)
            if isinstance(node, ast.Attribute):
                self.rebind(node.value, only(changed), state)
            return
        if name == "data" and isinstance(receiver, Parameter | Tensor):
            self.tell(DataStored(self.frame, state, node, only(receiver), values, expression))
            return
        if not isinstance(receiver, Instance | Opaque):
            return
        cls = receiver.cls if isinstance(receiver, Instance) else None
        if cls is not None and getattr(cls, "custom_setattr", False):
            state.slots[receiver, name] = UNKNOWN_SLOT
            state.cells[receiver, name] = UNKNOWN
            return
        if how == "=" and isinstance(node, ast.Attribute) and self._setter(receiver, name):
            return
        slot = self.slot(receiver, name, state)
        before = state.cells.get((receiver, name), NOTHING)
        event = AttributeStored(
            self.frame, state, node, receiver, name, values, expression, slot, before, how
        )
        self.tell(event)
        if isinstance(receiver, Instance) and receiver.cls.is_module is not False:
            state.slots[receiver, name] = _slot_after(slot, values, how)
            if "buffer" in slot and slot == frozenset(["buffer"]):
                values = union(values, UNKNOWN)
        elif isinstance(receiver, Opaque):
            parameters = all(isinstance(v, Parameter) for v in values)
            state.slots[receiver, name] = PARAMETER_SLOT if parameters else UNKNOWN_SLOT
        state.cells[receiver, name] = values
        for value in values:
            if isinstance(value, Container):
                seen = None if self.frame.silent else node
                self.holdings.setdefault((receiver, name), {})[value] = seen

    @staticmethod
    def _setter(receiver: Instance | Opaque, name: str) -> bool:
        """Whether ``name`` is a property, whose setter decides what a store does."""
        find = getattr(getattr(receiver, "cls", None), "find", None)
        found = find(name) if find else None
        return found is not None and isinstance(found[1], ast.FunctionDef)

    def delete(self, receiver: Value, name: str | None, state: State) -> None:
        """Delete an attribute; None is one of unknown name."""
        if name is None:
            self.forget(receiver, state)
            return
        state.slots[receiver, name] = ABSENT
        state.cells.pop((receiver, name), None)

    def _delete(self, node: ast.Delete, state: State) -> State:
        for target in node.targets:
            if isinstance(target, ast.Name):
                state.locals.pop(target.id, None)
            elif isinstance(target, ast.Attribute):
                for receiver in self.evaluate(target.value, state):
                    self.delete(receiver, target.attr, state)
            elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Attribute):
                if target.value.attr in ("_parameters", "_buffers", "_modules", "__dict__"):
                    name = constant(self.evaluate(target.slice, state))
                    for receiver in self.evaluate(target.value.value, state):
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

        return self._loop(body, node.orelse, state, at_least_once=runs, endless=False)

    def _while(self, node: ast.While, state: State) -> State | None:
        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)

        def body(entry: State) -> State | None:
            holds, _ = self.condition(node.test, entry)
            return self.execute(node.body, holds)

        return self._loop(body, node.orelse, state, at_least_once=endless, endless=endless)

    def _loop(
        self,
        body: Callable[[State], State | None],
        orelse: list[ast.stmt],
        state: State,
        *,
        at_least_once: bool,
        endless: bool,
    ) -> State | None:
        """Run ``body`` until the state at its start no longer changes."""
        start: State = state
        ended: State | None = None
        loop = Loop()
        for _ in range(_ROUNDS):
            loop = Loop()
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
        after = self.execute(orelse, after) if orelse else after
        for broken in loop.breaks:
            after = self.join(after, broken)
        return after

    @staticmethod
    def _surely_runs(iterable: ast.expr, state: State) -> bool:
        """Loops over ``range(n)`` or a literal are written to run."""
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name):
            return iterable.func.id == "range"
        return isinstance(iterable, ast.List | ast.Tuple) and bool(iterable.elts)

    def each(self, iterable: ast.expr, state: State) -> Values:
        """What a loop over ``iterable`` gives in each round."""
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute):
            named = self._module_iterator(iterable, iterable.func, state)
            if named is not None:
                return named
        result = NOTHING
        for value in self.evaluate(iterable, state):
            if isinstance(value, Container):
                items = self.items(value, state)
                result = union(result, items if items else UNKNOWN)
            elif isinstance(value, Instance) and (value, ITEMS) in state.cells:
                result = union(result, state.cells[value, ITEMS] or UNKNOWN)
            elif isinstance(value, Other) and value.kind == "range":
                result = union(result, only(Other("int")))
            elif isinstance(value, Opaque):
                result = union(result, only(Opaque((value.site, "[]"), f"{value.path}[...]")))
            else:
                result = union(result, UNKNOWN)
        return result

    def _module_iterator(self, node: ast.Call, func: ast.Attribute, state: State) -> Values | None:
        """``model.modules()``, ``named_parameters()`` and their like."""
        kind = func.attr
        if kind not in _MODULE_ITERATORS:
            return None
        receivers = self.evaluate(func.value, state)
        if any(self.is_module(r) is False for r in receivers):
            return None
        item: Value
        if kind.endswith("parameters"):
            item = Parameter((kind, node), None)
        elif kind.endswith("buffers"):
            item = Tensor(node)
        else:
            item = Opaque((kind, node), "module", True)
        if not kind.startswith("named_"):
            return only(item)
        pair = Container("tuple", (node, kind))
        state.cells[pair, "[0]"] = only(Other("str"))
        state.cells[pair, "[1]"] = only(item)
        state.cells[pair, ITEMS] = only(item)
        return only(pair)

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

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, state: State) -> State:
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

    fillings: dict[Value, ast.stmt]
    """Which statement first put something into a container."""
    holdings: dict[tuple[Value, str], dict[Container, ast.AST | None]]
    """Which containers were stored where, and by which node; None is one in another's code."""
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


def _slot_after(slot: frozenset[str], values: Values, how: str) -> frozenset[str]:
    """How ``nn.Module.__setattr__`` holds the name after ``values`` were stored."""
    after: set[str] = set()
    for value in values:
        if isinstance(value, Parameter):
            after.add("parameter")
        elif isinstance(value, Instance) and value.cls.is_module:
            after.add("module")
        elif isinstance(value, Constant) and value.value is None:
            if how == "register_parameter":
                after.add("parameter")
            else:
                after |= {"plain" if kind == "absent" else kind for kind in slot}
        elif isinstance(value, Unknown | Opaque) or getattr(value, "cls", None) is not None:
            # It did not raise: over a Parameter it can only have been another, or None.
            after |= slot if slot == PARAMETER_SLOT else {"unknown"}
        elif isinstance(value, Tensor) and value.maybe_self:
            after |= {"parameter", "plain"}
        else:
            after |= {"plain" if kind in ("absent", "module") else kind for kind in slot}
    return frozenset(after)


__all__ = ["INITIALISED", "Executor"]
