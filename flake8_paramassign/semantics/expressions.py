"""What an expression holds."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from flake8_paramassign.domain.objects import Container
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Constant,
    Function,
    Plain,
    Text,
    Value,
    Values,
    computed,
    constant,
    is_small,
    join,
    join_all,
    text_between,
)
from flake8_paramassign.semantics.frames import Loop
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models.tensors import CONVERSIONS, LOOKS, Tensors

_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_MOST_ITEMS = 64
"""As many items of a display are kept apart."""
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_ELEMENTWISE = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
"""Comparisons that tensors make for each element."""
_SEQUENCES = ("list", "tuple")


class Expressions:
    """Evaluates expressions for a machine."""

    def __init__(self, machine: Machine, tensors: Tensors) -> None:
        """``tensors`` knows what operators do to them."""
        self._machine = machine
        self._tensors = tensors
        self._handlers: dict[type[ast.expr], Callable[[Any, State], Values]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.BinOp: self._operation,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._choice,
            ast.Compare: self._comparison,
            ast.IfExp: self._conditional,
            ast.Lambda: self._lambda,
            ast.Tuple: self._display,
            ast.List: self._display,
            ast.Set: self._display,
            ast.Dict: self._dict,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._comprehension,
            ast.Subscript: self._subscript,
            ast.NamedExpr: self._named,
            ast.Starred: self._inner,
            ast.Await: self._await,
            ast.Yield: self._yield,
            ast.YieldFrom: self._yield_from,
            ast.JoinedStr: self._joined,
            ast.FormattedValue: self._inner,
            ast.Slice: self._slice,
        }

    def evaluate(self, node: ast.expr, state: State) -> Values:
        """What ``node`` may hold; ``state`` becomes the state after it."""
        self._machine.step()
        handler = self._handlers.get(type(node))
        if handler is None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.evaluate(child, state)
            return UNKNOWN
        return handler(node, state)

    # Leaves.

    def _constant(self, node: ast.Constant, state: State) -> Values:
        return (Constant(node.value),)

    def _name(self, node: ast.Name, state: State) -> Values:
        return self._machine.lookup(node.id, state)

    def _lambda(self, node: ast.Lambda, state: State) -> Values:
        frame = self._machine.frame
        frame.scope.is_closed_over = True
        return (Function(node, frame.module, None, frame.scope),)

    def _joined(self, node: ast.JoinedStr, state: State) -> Values:
        parts: list[str | None] = []
        for value in node.values:
            held = constant(self.evaluate(value, state))
            formatted = isinstance(value, ast.FormattedValue) and (
                value.format_spec is not None or value.conversion != -1
            )
            is_plain = isinstance(held, str | int) and not isinstance(held, bool)
            known = is_plain and is_small(held) and not formatted
            parts.append(str(held) if known else None)
        return (_text_of(parts),)

    # Parts of objects.

    def _attribute(self, node: ast.Attribute, state: State) -> Values:
        if node.attr in CONVERSIONS or node.attr in LOOKS:
            self._machine.moved.add(node.value)
        owners = self.evaluate(node.value, state)
        if len(owners) == 1:
            return self._machine.attribute(owners[0], node.attr, state, node)
        return join_all(self._machine.attribute(o, node.attr, state, node) for o in owners)

    def _subscript(self, node: ast.Subscript, state: State) -> Values:
        owners = self.evaluate(node.value, state)
        index = self.evaluate(node.slice, state)
        read = [
            v for v in owners if isinstance(v, Address) and isinstance(state.read(v), Container)
        ]
        if read and self._goes_elsewhere(node):
            self._machine.used_containers.update(read)
        return join_all(self._machine.item(owner, index, state, node) for owner in owners)

    def _goes_elsewhere(self, node: ast.Subscript) -> bool:
        """Whether an item is read for what is stored in another object than the one it is of."""
        statement = self._machine.frame.statement
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        else:
            targets = [statement.target] if isinstance(statement, ast.AugAssign) else []
        whole = ast.unparse(node.value)
        return any(
            isinstance(target, ast.Attribute | ast.Subscript) and ast.unparse(target.value) != whole
            for target in targets
        )

    def _slice(self, node: ast.Slice, state: State) -> Values:
        """A slice of known bounds is a constant; it is what an index is then."""
        bounds = [
            None if part is None else constant(self.evaluate(part, state))
            for part in (node.lower, node.upper, node.step)
        ]
        if all(bound is None or type(bound) is int for bound in bounds):
            return (Constant(("slice", *bounds)),)  # slices cannot be hashed
        return (Plain("slice"),)

    # Calls.

    def _call(self, node: ast.Call, state: State) -> Values:
        callees = self.evaluate(node.func, state)
        arguments = self.arguments(node, state)
        return self._machine.call_any(callees, arguments, state, node)

    def arguments(self, node: ast.Call, state: State) -> Arguments:
        """What a call passes; evaluates it in Python's order."""
        given = Arguments()
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                held = self.evaluate(argument.value, state)
                each, some = self._machine.iterate(held, state, argument, "*")
                if each is not None and len(given.positional) + len(each) > _MOST_ITEMS:
                    given.extra = join(given.extra, join_all(each))
                elif each is None or given.extra:
                    given.extra = join(given.extra, some or UNKNOWN)
                else:
                    given.positional += each
                    given.nodes += [argument.value] * len(each)
            else:
                held = self.evaluate(argument, state)
                if given.extra:
                    given.extra = join(given.extra, held)
                else:
                    given.positional.append(held)
                    given.nodes.append(argument)
        for keyword in node.keywords:
            held = self.evaluate(keyword.value, state)
            if keyword.arg is not None:
                given.named[keyword.arg] = held
                continue
            spread = [state.read(v) if isinstance(v, Address) else None for v in held]
            if len(spread) == 1 and isinstance(spread[0], Container) and spread[0].is_exact:
                for key, values in spread[0].known.items():
                    if isinstance(key, str):
                        given.named[key] = values
            else:
                given.extra = join(given.extra, UNKNOWN)
                given.extra = join(
                    given.extra,
                    join_all(o.items() for o in spread if isinstance(o, Container)),
                )
        return given

    def _await(self, node: ast.Await, state: State) -> Values:
        held = self.evaluate(node.value, state)
        return join_all(self._machine.awaited(value, state, node) for value in held)

    def _yield(self, node: ast.Yield, state: State) -> Values:
        held = self.evaluate(node.value, state) if node.value is not None else NONE
        self._machine.frame.yields.append((held, state.copy()))
        return UNKNOWN

    def _yield_from(self, node: ast.YieldFrom, state: State) -> Values:
        _, some = self._machine.iterate(self.evaluate(node.value, state), state, node)
        self._machine.frame.yields.append((some, state.copy()))
        return UNKNOWN

    # Operators.

    def _operation(self, node: ast.BinOp, state: State) -> Values:
        left = self.evaluate(node.left, state)
        right = self.evaluate(node.right, state)
        return self.combined(node.op, left, right, node, state)

    def combined(
        self, op: ast.operator, left: Values, right: Values, node: ast.AST, state: State
    ) -> Values:
        """What an operator makes of two operands."""
        results = NOTHING
        for one in left:
            for other in right:
                results = join(results, self._pair(op, one, other, node, state))
        return results

    def _pair(
        self, op: ast.operator, left: Value, right: Value, node: ast.AST, state: State
    ) -> Values:
        if NONE[0] in (left, right) and not isinstance(op, ast.Mod):
            return UNKNOWN  # it raises, if nothing else is meant
        if isinstance(left, Constant) and isinstance(right, Constant):
            return self._of_constants(op, left.value, right.value)
        if isinstance(op, ast.Add) and (
            (isinstance(left, Text | Constant) and isinstance(right, Text | Constant | Plain))
            or (isinstance(left, Text | Plain) and isinstance(right, Text | Constant))
        ):
            if _is_text(left) or _is_text(right):
                return (_text_of([_begin(left), None, _end(right)]),)
        if isinstance(op, ast.Mod) and isinstance(left, Constant) and isinstance(left.value, str):
            return (Text(left.value.partition("%")[0]),)
        kinds = {_number(left), _number(right)}
        if "" not in kinds and isinstance(op, _ARITHMETIC):
            return (Plain("float" if "float" in kinds or isinstance(op, ast.Div) else "int"),)
        made = self._sequence(op, left, right, node, state)
        if made is not None:
            return made
        return self._tensors.combined(op, left, right, node, state)

    def _of_constants(self, op: ast.operator, left: Any, right: Any) -> Values:
        """What Python computes of two constants, if that is small."""
        apply = _OPERATORS.get(type(op))
        if isinstance(left, str) and isinstance(op, ast.Mod):
            return (Text(left.partition("%")[0]),)
        if apply is None or not is_small(left) or not is_small(right):
            return (Plain(type(left).__name__),)
        if isinstance(op, ast.Mult) and (isinstance(left, str) or isinstance(right, str)):
            return (Plain("str"),)
        try:
            return (computed(apply(left, right)),)
        except (ArithmeticError, TypeError, ValueError):
            return (Plain(type(left).__name__),)

    def _sequence(
        self, op: ast.operator, left: Value, right: Value, node: ast.AST, state: State
    ) -> Values | None:
        """``[a] + [b]`` and ``[a] * n``."""
        if not isinstance(op, ast.Add | ast.Mult):
            return None
        one = state.read(left) if isinstance(left, Address) else None
        other = state.read(right) if isinstance(right, Address) else None
        if isinstance(op, ast.Mult) and not isinstance(one, Container):
            one, other, right = other, one, left
        if not isinstance(one, Container) or one.kind not in _SEQUENCES:
            return None
        place = self._machine.place(node)
        if isinstance(op, ast.Mult):
            times = right.value if isinstance(right, Constant) else None
            if type(times) is int and one.is_exact and times * len(one.known) <= _MOST_ITEMS:
                items = list(one.known.values()) * times
                made = Container(one.kind, dict(enumerate(items)), made=place)
            else:
                made = Container(one.kind, rest=one.items(), is_exact=False, made=place)
        elif not isinstance(other, Container):
            made = Container(one.kind, rest=join(one.items(), UNKNOWN), is_exact=False, made=place)
        elif one.is_exact and other.is_exact and len(one.known) + len(other.known) <= _MOST_ITEMS:
            items = [*one.known.values(), *other.known.values()]
            made = Container(one.kind, dict(enumerate(items)), made=place)
        else:
            both = join(one.items(), other.items())
            made = Container(one.kind, rest=both, is_exact=False, made=place)
        return (self._machine.new(made, state, node),)

    def _unary(self, node: ast.UnaryOp, state: State) -> Values:
        if isinstance(node.op, ast.Not):
            return self._answer(node, self._machine.truth(node, state), state)
        held = self.evaluate(node.operand, state)
        known = constant(held)
        if isinstance(node.op, ast.USub) and isinstance(known, int | float):
            return (Constant(-known),)
        return join_all(self._tensors.negated(value, node, state) for value in held)

    def _choice(self, node: ast.BoolOp, state: State) -> Values:
        """``a or b`` is ``a`` where that is true."""
        is_or = isinstance(node.op, ast.Or)
        result = NOTHING
        at: State | None = state
        left: list[State] = []
        for index, part in enumerate(node.values):
            assert at is not None
            held = self.evaluate(part, at)
            if index == len(node.values) - 1:
                result = join(result, held)
                left.append(at)
                break
            result = join(result, self._machine.filtered(held, at, truthy=is_or))
            stays = self._machine.assume(part, at.copy(), holds=is_or)
            goes = self._machine.assume(part, at.copy(), holds=not is_or)
            if stays is not None:
                left.append(stays)
            if goes is None:
                break
            at = goes
        if left:
            end = left[0]
            for other in left[1:]:
                end = end.joined(other)
            state.become(end)
        return result

    def _comparison(self, node: ast.Compare, state: State) -> Values:
        truth = self._machine.truth(node, state)
        if truth is None and len(node.ops) == 1 and isinstance(node.ops[0], _ELEMENTWISE):
            with self._machine.quietly():
                left = self.evaluate(node.left, state.copy())
                right = self.evaluate(node.comparators[0], state.copy())
            if self._tensors.are_any((*left, *right), state):
                return self._tensors.compared(left, right, node, state)
        return self._answer(node, truth, state)

    def _answer(self, node: ast.expr, truth: bool | None, state: State) -> Values:
        """What a test gives."""
        if truth is not None:
            return (Constant(truth),)
        return self._machine.question(node, state)

    def _conditional(self, node: ast.IfExp, state: State) -> Values:
        truth = self._machine.truth(node.test, state)
        yes = (
            self._machine.assume(node.test, state.copy(), holds=True)
            if truth is not False
            else None
        )
        no = (
            self._machine.assume(node.test, state.copy(), holds=False)
            if truth is not True
            else None
        )
        result = NOTHING
        if yes is not None:
            result = self.evaluate(node.body, yes)
        if no is not None:
            result = join(result, self.evaluate(node.orelse, no))
        if yes is not None and no is not None:
            state.become(yes.joined(no))
        elif yes is not None or no is not None:
            state.become(yes or no)  # type: ignore[arg-type]
        return result

    def _named(self, node: ast.NamedExpr, state: State) -> Values:
        held = self.evaluate(node.value, state)
        self._machine.bind(node.target, held, state, node.value)
        return held

    def _inner(self, node: ast.Starred | ast.FormattedValue, state: State) -> Values:
        return self.evaluate(node.value, state)

    # Displays and comprehensions.

    def _display(self, node: ast.Tuple | ast.List | ast.Set, state: State) -> Values:
        kind = type(node).__name__.lower()
        items: list[Values] = []
        rest = NOTHING
        exact = True
        for element in node.elts:
            held = self._kept(element, state)
            if not isinstance(element, ast.Starred):
                items.append(held)
                continue
            each, some = self._machine.iterate(held, state, element, "*")
            if each is None:
                exact, rest = False, join(rest, some)
            else:
                items += each
        if kind == "tuple" and exact and len(items) <= _MOST_ITEMS:
            whole = [constant(item) for item in items]
            if NotImplemented not in whole and is_small(tuple(whole)):
                return (Constant(tuple(whole)),)
        place = self._machine.place(node)
        if exact and len(items) <= _MOST_ITEMS:
            made = Container(kind, dict(enumerate(items)), made=place)
        else:
            made = Container(kind, rest=join(rest, join_all(items)), is_exact=False, made=place)
        return (self._machine.new(made, state, node),)

    def _dict(self, node: ast.Dict, state: State) -> Values:
        known: dict[Any, Values] = {}
        rest = NOTHING
        exact = True
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spread = self.evaluate(value, state)
                objects = [state.read(v) if isinstance(v, Address) else None for v in spread]
                if len(objects) == 1 and isinstance(objects[0], Container) and objects[0].is_exact:
                    known.update(objects[0].known)
                    continue
                exact = False
                found = join_all(o.items() for o in objects if isinstance(o, Container))
                rest = join(rest, found or UNKNOWN)
                continue
            index = constant(self.evaluate(key, state))
            held = self._kept(value, state)
            if index is NotImplemented:
                exact, rest = False, join(rest, held)
            else:
                known[index] = held
        made = Container("dict", known, rest, exact, made=self._machine.place(node))
        return (self._machine.new(made, state, node),)

    def _kept(self, node: ast.expr, state: State) -> Values:
        held = self.evaluate(node, state)
        self._machine.used_containers.update(v for v in held if isinstance(v, Address))
        return held

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, state: State
    ) -> Values:
        kind = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}.get(
            type(node), "generator"
        )
        outer = dict(state.names)
        collected: list[tuple[object, Values]] = []
        exact = self._collect(node, list(node.generators), state, collected)
        for name in list(state.names):  # its variables are its own
            if name not in outer and not _is_walrus(node, name):
                state.unbind(name)
        for name in _targets(node):
            if name in outer:
                state.bind(name, outer[name])
        place = self._machine.place(node)
        if exact and len(collected) <= _MOST_ITEMS:
            keys = [key if kind == "dict" else i for i, (key, _) in enumerate(collected)]
            if NotImplemented not in keys:
                items = [values for _, values in collected]
                made = Container(kind, dict(zip(keys, items, strict=True)), made=place)
                return (self._machine.new(made, state, node),)
        every = join_all(values for _, values in collected)
        made = Container(kind, rest=every, is_exact=False, made=place)
        return (self._machine.new(made, state, node),)

    def _collect(
        self,
        node: Any,
        generators: list[ast.comprehension],
        state: State,
        collected: list[tuple[object, Values]],
    ) -> bool:
        """Run what is left of a comprehension; whether each round is known one by one."""
        if not generators:
            if isinstance(node, ast.DictComp):
                key = constant(self.evaluate(node.key, state))
                collected.append((key, self.evaluate(node.value, state)))
            else:
                collected.append((None, self.evaluate(node.elt, state)))
            return True
        first, *rest = generators
        held = self.evaluate(first.iter, state)
        each, some = self._machine.iterate(held, state, first.iter, "for")

        def once(values: Values, at: State) -> bool:
            self._machine.bind(first.target, values, at, None)
            current = at
            sure = True
            for test in first.ifs:
                truth = self._machine.truth(test, current)
                sure = sure and truth is not None
                passed = truth is not False
                holding = self._machine.assume(test, current, holds=True) if passed else None
                if holding is None:
                    return sure
                current = holding
            before = len(collected)
            inner = self._collect(node, rest, current, collected)
            if current is not at:
                at.become(current)
            return inner and (sure or len(collected) == before)

        if each is not None and self._machine.may_unroll(len(each)):
            sure = True
            for number, values in enumerate(each):
                with self._machine.round(first, number, len(each)):
                    sure = once(values, state) and sure
            return sure
        # What is collected is kept among the variables: there an object that is made anew in
        # the next round becomes one of many.
        kept = f"[{len(self._machine.frame.loops)}]"
        outer = collected[:]
        collected.clear()
        self._machine.frame.loops.append(Loop(node))
        for _ in range(3):
            before = state.copy()
            once(some or UNKNOWN, state)
            made = join_all(values for _, values in collected)
            collected.clear()
            state.bind(kept, join(state.names.get(kept, NOTHING), made))
            state.become(before.joined(state))
            if state.same(before):
                break
        self._machine.frame.loops.pop()
        made = state.names.get(kept, NOTHING)
        state.unbind(kept)
        collected[:] = [*outer, (NotImplemented, made)]
        return False


def _is_walrus(node: ast.AST, name: str) -> bool:
    return any(
        isinstance(inner, ast.NamedExpr) and inner.target.id == name for inner in ast.walk(node)
    )


def _targets(node: Any) -> list[str]:
    return [
        inner.id
        for generator in node.generators
        for inner in ast.walk(generator.target)
        if isinstance(inner, ast.Name)
    ]


def _number(value: Value) -> str:
    """The type of a number; nothing for anything else."""
    kind = value.kind if isinstance(value, Plain) else ""
    if isinstance(value, Constant):
        kind = type(value.value).__name__
    return kind if kind in ("int", "float", "bool") else ""


def _is_text(value: Value) -> bool:
    return isinstance(value, Text) or (isinstance(value, Constant) and isinstance(value.value, str))


def _begin(value: Value) -> str | None:
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, str) else None
    return value.prefix or None if isinstance(value, Text) else None


def _end(value: Value) -> str | None:
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, str) else None
    return value.suffix or None if isinstance(value, Text) else None


def _text_of(parts: list[str | None]) -> Value:
    """A string of parts of which some are not known."""
    known = [part for part in parts if part is not None]
    if len(known) == len(parts):
        return computed("".join(known))
    prefix = ""
    for part in parts:
        if part is None:
            break
        prefix += part
    suffix = ""
    for part in reversed(parts):
        if part is None:
            break
        suffix = part + suffix
    return text_between(prefix, suffix)
