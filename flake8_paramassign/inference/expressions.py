"""What an expression may hold."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from flake8_paramassign.inference.lifetimes import Lifetimes
from flake8_paramassign.inference.objects import derived
from flake8_paramassign.inference.shapes import broadcast, described, multiplied, size_in
from flake8_paramassign.inference.state import ITEMS, State
from flake8_paramassign.inference.values import (
    NOTHING,
    NUMBER,
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
    is_unknown,
    only,
    union,
)

_BUILTINS = frozenset(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)
OPERATORS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.Pow: "**",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
"""Arithmetic operators as they are written."""
_EXACT = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)
"""Operators that give integers for integers."""


class Evaluator(Lifetimes):
    """Evaluates expressions; calls are for the layer above."""

    def evaluate(self, node: ast.expr, state: State) -> Values:
        """What ``node`` may hold, and what evaluating it changes in ``state``."""
        self.effort.left -= 1
        method = self._methods.get(type(node))
        return UNKNOWN if method is None else method(self, node, state)

    @abstractmethod
    def condition(self, test: ast.expr, state: State) -> tuple[State | None, State | None]:
        """The states in which ``test`` holds and fails; None where that cannot be."""

    @abstractmethod
    def call(self, node: ast.Call, state: State) -> Values:
        """What a call returns."""

    @abstractmethod
    def bind(self, target: ast.expr, values: Values, state: State, source: ast.expr | None) -> None:
        """Assign ``values`` to a target."""

    @abstractmethod
    def each(self, iterable: ast.expr, state: State) -> Values:
        """What a loop over ``iterable`` gives in each round."""

    def _name(self, node: ast.Name, state: State) -> Values:
        name = node.id
        values = state.locals.get(name)
        if values is None:
            values = self.frame.closure.get(name)
        if values is None:
            values = self.frame.module.lookup(name)
            if is_unknown(values) and name in _BUILTINS and name not in self.frame.module.bindings:
                return only(External(f"builtins.{name}"))
        if is_unknown(values):
            return only(Opaque(("name", name), name))
        if self.replacements:
            self.used(values)
        return values

    def _constant(self, node: ast.Constant, state: State) -> Values:
        return only(Constant(node.value))

    def _attribute(self, node: ast.Attribute, state: State) -> Values:
        result = NOTHING
        for value in self.evaluate(node.value, state):
            result = union(result, self.attribute(value, node.attr, state, node))
        if self.replacements:
            self.used(result)
        return result or UNKNOWN

    def _subscript(self, node: ast.Subscript, state: State) -> Values:
        index = constant(self.evaluate(node.slice, state))
        result = NOTHING
        for value in self.evaluate(node.value, state):
            if isinstance(value, Parameter | Tensor):
                view = is_basic(node.slice)
                item = only(derived(value, node, "[...]", grad=state.grad, view=view))
            elif isinstance(value, Opaque):
                shown = repr(index) if isinstance(index, int | str) else "..."
                key = f"[{shown}]" if shown != "..." else ast.dump(node.slice)
                item = state.cells.get((value, key)) or only(
                    Opaque((value.site, key), f"{value.path}[{shown}]", value.module)
                )
            elif isinstance(value, Container | Instance):
                item = self.item(value, index, state)
            elif isinstance(value, Constant):
                item = size_in(value.value, index)
            else:
                item = UNKNOWN
            result = union(result, item)
        return result or UNKNOWN

    def described(self, values: Values, node: ast.AST, state: State) -> object:
        """What ``values``, an argument in ``node``, are for a shape."""
        return described(values, node, lambda container, index: self.item(container, index, state))

    def item(self, container: Container | Instance, index: object, state: State) -> Values:
        """What ``container[index]`` may hold: the very item where it is known."""
        if isinstance(index, int | str):
            exact = self.item_cell(container, f"[{index!r}]", state)
            if exact is not None:
                return exact
        return self.items(container, state)

    def _binary(self, node: ast.BinOp, state: State) -> Values:
        # Without recursion into the left arm: sums of a thousand terms are ordinary code.
        arms: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            arms.append(first)
            first = first.left
        result = self.evaluate(first, state)
        for arm in reversed(arms):
            result = self.operation(arm, result, self.evaluate(arm.right, state), state)
        return result

    def operation(
        self, node: ast.BinOp | ast.AugAssign, left: Values, right: Values, state: State
    ) -> Values:
        """What ``left`` and ``right`` give by the operator of ``node``."""
        for side, other in ((left, right), (right, left)):
            for value in side:
                if isinstance(value, Parameter | Tensor):
                    if _overloads(other):
                        return UNKNOWN
                    return self._computed(left, right, node, state)
        if isinstance(node.op, ast.Add) and (lists := self._concatenated(left, right, node, state)):
            return lists
        if isinstance(node.op, ast.Mult) and len(left) == 1:
            (value,) = left
            if isinstance(value, Container) and value.kind in ("list", "tuple"):
                return left
        if all(isinstance(v, Constant | Other) for v in left | right):
            if any(isinstance(v, Other) and "ndarray" in v.kind for v in left | right):
                return only(Other("numpy.ndarray"))
            text = any(isinstance(v, Constant) and isinstance(v.value, str) for v in left | right)
            return only(Other("str")) if text else NUMBER
        return UNKNOWN

    def _computed(
        self, left: Values, right: Values, node: ast.BinOp | ast.AugAssign, state: State
    ) -> Values:
        """A new tensor from an arithmetic operation."""
        operator = OPERATORS.get(type(node.op), "...")
        best: Parameter | Tensor | None = None
        for value in left | right:
            if isinstance(value, Parameter):
                best = value
            elif isinstance(value, Tensor) and not isinstance(best, Parameter):
                if best is None or best.origin is None:
                    best = value
        assert best is not None
        exact = isinstance(node.op, _EXACT) and all(_is_integer(v) for v in left | right)
        combined = multiplied if isinstance(node.op, ast.MatMult) else broadcast
        shape = combined(self.described(left, node, state), self.described(right, node, state))
        fresh = derived(best, node, operator, grad=state.grad, integer=exact or None, shape=shape)
        unsure = any(isinstance(v, Unknown | Opaque) for v in left | right)
        if unsure and not fresh.trainable:
            # The other side may require grad.
            return only(Tensor(node, None, False, fresh.origin, operator, detached=fresh.detached))
        return only(fresh)

    def _concatenated(
        self, left: Values, right: Values, node: ast.AST, state: State
    ) -> Values | None:
        parts = [v for v in left | right if isinstance(v, Container)]
        if not parts or len(left) != 1 or len(right) != 1:
            return None
        both = Container(parts[0].kind, node)
        items = NOTHING
        for part in parts:
            items = union(items, self.items(part, state))
        state.cells[both, ITEMS] = items if len(parts) == 2 else union(items, UNKNOWN)
        return only(both)

    def _unary(self, node: ast.UnaryOp, state: State) -> Values:
        operand = self.evaluate(node.operand, state)
        if isinstance(node.op, ast.Not):
            return only(Other("bool"))
        result = NOTHING
        for value in operand:
            if isinstance(value, Parameter | Tensor):
                sign = "-" if isinstance(node.op, ast.USub) else "~"
                same = isinstance(node.op, ast.UAdd)
                negated = derived(value, node, sign, grad=state.grad, shape=value.shape)
                tensor = value if same else negated
                result = union(result, only(tensor))
            elif isinstance(value, Constant) and isinstance(value.value, int | float):
                negative = isinstance(node.op, ast.USub)
                result = union(result, only(Constant(-value.value)) if negative else operand)
            elif isinstance(value, Constant | Other):
                result = union(result, NUMBER)
            else:
                result = union(result, UNKNOWN)
        return result or UNKNOWN

    def _compare(self, node: ast.Compare, state: State) -> Values:
        sides = [self.evaluate(side, state) for side in (node.left, *node.comparators)]
        if isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn):
            return only(Other("bool"))
        for values in sides:
            for value in values:
                if isinstance(value, Parameter | Tensor):
                    return only(Tensor(node, integer=True))
        plain = all(isinstance(v, Constant | Other) for values in sides for v in values)
        return only(Other("bool")) if plain else UNKNOWN

    def _either(self, node: ast.BoolOp, state: State) -> Values:
        result = NOTHING
        for part in node.values:
            result = union(result, self.evaluate(part, state))
        return result

    def _choice(self, node: ast.IfExp, state: State) -> Values:
        holds, fails = self.condition(node.test, state)
        first = self.evaluate(node.body, holds) if holds else NOTHING
        second = self.evaluate(node.orelse, fails) if fails else NOTHING
        self._become(state, self.join(holds, fails))
        return union(first, second) or UNKNOWN

    @staticmethod
    def _become(state: State, other: State | None) -> None:
        if other is not None and other is not state:
            state.locals, state.cells, state.slots = other.locals, other.cells, other.slots

    def _display(self, node: ast.List | ast.Tuple | ast.Set, state: State) -> Values:
        kind = type(node).__name__.lower()
        container = Container(kind, node)
        items = NOTHING
        starred = False
        for index, element in enumerate(node.elts):
            if isinstance(element, ast.Starred):
                starred = True
                values = self.each(element.value, state)
            else:
                values = self.evaluate(element, state)
                if not starred and len(node.elts) <= 16:
                    state.cells[container, f"[{index}]"] = values
            items = union(items, values)
        state.cells[container, ITEMS] = items
        return only(container)

    def _dict(self, node: ast.Dict, state: State) -> Values:
        container = Container("dict", node)
        items = NOTHING
        for key, element in zip(node.keys, node.values, strict=True):
            values = self.evaluate(element, state)
            if key is None:
                inner = [self.items(v, state) for v in values if isinstance(v, Container)]
                values = inner[0] if len(inner) == 1 == len(values) else UNKNOWN
            else:
                name = constant(self.evaluate(key, state))
                if isinstance(name, str | int):
                    state.cells[container, f"[{name!r}]"] = values
            items = union(items, values)
        state.cells[container, ITEMS] = items
        return only(container)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, state: State
    ) -> Values:
        hidden = dict(state.locals)
        for generator in node.generators:
            self.bind(generator.target, self.each(generator.iter, state), state, None)
            for test in generator.ifs:
                holds, _ = self.condition(test, state)
                self._become(state, holds)
        if isinstance(node, ast.DictComp):
            self.evaluate(node.key, state)
        items = self.evaluate(node.value if isinstance(node, ast.DictComp) else node.elt, state)
        kind = _COMPREHENSIONS[type(node)]
        container = Container(kind, node)
        state.locals = hidden
        state.cells[container, ITEMS] = items
        return only(container)

    def _walrus(self, node: ast.NamedExpr, state: State) -> Values:
        values = self.evaluate(node.value, state)
        self.bind(node.target, values, state, node.value)
        return values

    def _lambda(self, node: ast.Lambda, state: State) -> Values:
        return only(Function(node, self.frame.module))

    def _text(self, node: ast.JoinedStr, state: State) -> Values:
        """An f-string: the same pattern stands for the same names."""
        parts: list[str] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
            else:
                assert isinstance(part, ast.FormattedValue)
                known = constant(self.evaluate(part.value, state))
                parts.append("{...}" if known is NotImplemented else str(known))
        return only(Constant("".join(parts)))

    def _starred(self, node: ast.Starred, state: State) -> Values:
        self.evaluate(node.value, state)
        return UNKNOWN

    def _elsewhere(self, node: ast.Await | ast.Yield | ast.YieldFrom, state: State) -> Values:
        if node.value is not None:
            values = self.evaluate(node.value, state)
            self.frame.yields = union(self.frame.yields, values)
        return UNKNOWN

    def _call(self, node: ast.Call, state: State) -> Values:
        return self.call(node, state)

    _methods: ClassVar[dict[type[ast.expr], Callable[..., Values]]] = {
        ast.Name: _name,
        ast.Constant: _constant,
        ast.Attribute: _attribute,
        ast.Subscript: _subscript,
        ast.BinOp: _binary,
        ast.UnaryOp: _unary,
        ast.Compare: _compare,
        ast.BoolOp: _either,
        ast.IfExp: _choice,
        ast.List: _display,
        ast.Tuple: _display,
        ast.Set: _display,
        ast.Dict: _dict,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension,
        ast.DictComp: _comprehension,
        ast.NamedExpr: _walrus,
        ast.Lambda: _lambda,
        ast.JoinedStr: _text,
        ast.Starred: _starred,
        ast.Await: _elsewhere,
        ast.Yield: _elsewhere,
        ast.YieldFrom: _elsewhere,
        ast.Call: _call,
    }


_COMPREHENSIONS = {
    ast.ListComp: "list",
    ast.SetComp: "set",
    ast.DictComp: "dict",
    ast.GeneratorExp: "iterator",
}


def _is_integer(value: Value) -> bool:
    if isinstance(value, Constant):
        return isinstance(value.value, int)
    return isinstance(value, Tensor) and value.integer is True


def _overloads(values: Values) -> bool:
    """Whether an operand's own class may decide what the operation gives."""
    return any(isinstance(v, Instance | ClassValue) for v in values)


def is_basic(index: ast.expr) -> bool:
    """Whether ``tensor[index]`` surely is a view: an index that is a tensor or list copies."""
    if isinstance(index, ast.Tuple):
        return all(is_basic(part) for part in index.elts)
    if isinstance(index, ast.UnaryOp):
        index = index.operand
    return isinstance(index, ast.Slice | ast.Constant)
