"""Whether a test holds, and what is known where it came out one way.

``truth`` says what a test is for the values that are known. ``assume`` narrows: values that
could not have come through are left out, and where two paths met before and one of them could
not have come through, what the other knew returns.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from flake8_paramassign.domain.objects import (
    ABSENT,
    ANY,
    PARAMETER,
    UNSEEN_THING,
    Container,
    Obj,
    Optimizer,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Builtin,
    ClassRef,
    Constant,
    Function,
    GradMode,
    Library,
    Method,
    Partial,
    Plain,
    Question,
    Super,
    Text,
    Unknown,
    Value,
    Values,
    constant,
    same,
)
from flake8_paramassign.project.classes import Class, ExternalClass, ProjectClass, TorchClass
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.recall import Recall, peeked, truth_key

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.In: lambda item, whole: item in whole,
    ast.NotIn: lambda item, whole: item not in whole,
}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.NotEq: ast.Eq, ast.IsNot: ast.Is, ast.NotIn: ast.In, ast.GtE: ast.Lt, ast.LtE: ast.Gt,
}  # fmt: skip
_CONTAINER_KINDS = frozenset(["list", "tuple", "dict", "set"])


class Conditions:
    """Answers for tests."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` evaluates their parts."""
        self._machine = machine
        self._recall = Recall(machine)

    # Truth.

    def truth(self, node: ast.expr, state: State) -> bool | None:
        """Whether a test holds, as far as that is known; evaluates it."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand, state)
            return None if inner is None else not inner
        if isinstance(node, ast.BoolOp):
            return self._truth_of_all(node, state)
        if isinstance(node, ast.Compare):
            return self._truth_of_comparison(node, state)
        held = self._machine.evaluate(node, state)
        return self._known(truth_key(node, held), self.truth_of(held, state), state)

    def _truth_of_all(self, node: ast.BoolOp, state: State) -> bool | None:
        decisive = isinstance(node.op, ast.Or)
        found: bool | None = not decisive
        at = state.copy()
        for part in node.values:
            truth = self.truth(part, at)
            if truth is decisive:
                state.become(at) if found is not None else state.become(state.joined(at))
                return decisive
            if truth is None:
                found = None
            goes = self.assume(part, at.copy(), holds=not decisive)
            if goes is None:
                break
            at = goes
        # Only one of its parts may have run; what they bind may be bound.
        state.become(state.joined(at) if found is None else at)
        return found

    def _truth_of_comparison(self, node: ast.Compare, state: State) -> bool | None:
        left = self._machine.evaluate(node.left, state)
        truth: bool | None = True
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self._machine.evaluate(right_node, state)
            one = self._compared(op, left, right, state)
            if len(node.ops) == 1:
                key, sign = _comparison_key(op, left, right)
                assumed = state.assumed.get(key) if key is not None else None
                if one is None and assumed is not None:
                    one = assumed is sign
            if one is False:
                return False
            if one is None:
                truth = None
            left = right
        return truth

    def _compared(self, op: ast.cmpop, left: Values, right: Values, state: State) -> bool | None:
        found = {self._compared_pair(op, a, b, state) for a in left for b in right}
        return found.pop() if len(found) == 1 else None

    def _compared_pair(self, op: ast.cmpop, a: Value, b: Value, state: State) -> bool | None:
        if isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            equal = self._is_same(a, b, state, identity=isinstance(op, ast.Is | ast.IsNot))
            if equal is not None:
                return equal is isinstance(op, ast.Is | ast.Eq)
        if isinstance(a, Constant) and isinstance(b, Constant):
            compare = _COMPARISONS.get(type(op))
            try:
                return bool(compare(a.value, b.value)) if compare is not None else None
            except TypeError:
                return None
        if isinstance(op, ast.In | ast.NotIn):
            inside = self._is_in(a, b, state)
            return None if inside is None else inside is isinstance(op, ast.In)
        return None

    def _is_in(self, a: Value, b: Value, state: State) -> bool | None:
        obj = state.read(b) if isinstance(b, Address) else None
        if isinstance(obj, Container) and isinstance(a, Constant) and obj.is_exact:
            if obj.kind in ("dict", "state_dict"):
                return a.value in obj.known
            held = [constant(values) for values in obj.known.values()]
            if NotImplemented not in held:
                return a.value in held
        return None

    def _is_same(self, a: Value, b: Value, state: State, *, identity: bool) -> bool | None:
        """Whether two values are one and the same, or equal."""
        if isinstance(a, Constant) and a.value is None:
            a, b = b, a
        if isinstance(b, Constant) and b.value is None:
            return self.is_none(a, state)
        if isinstance(a, Constant) and isinstance(b, Constant):
            return a == b if identity else a.value == b.value
        if isinstance(a, Address) and isinstance(b, Address):
            if a is b:
                return True if not a.many and identity else None
            if identity and not (a.symbolic or b.symbolic or a.many or b.many):
                return False
        if isinstance(a, ClassRef | Library) and isinstance(b, ClassRef | Library):
            return True if a == b else None
        return None

    def is_none(self, value: Value, state: State) -> bool | None:
        """Whether ``value`` is None."""
        if isinstance(value, Constant):
            return value.value is None
        if isinstance(value, Unknown | Library):
            return None
        if isinstance(value, Address):
            obj = state.read(value)
            if isinstance(obj, Thing) and value.symbolic:
                known = obj.cls is not None or obj.is_module or obj.truth
                return False if known else None
            return False
        return False

    def truth_of(self, values: Values, state: State) -> bool | None:
        """Whether what is held counts as true."""
        found = {self._truth_of_value(value, state) for value in values}
        return found.pop() if len(found) == 1 else None

    def _truth_of_value(self, value: Value, state: State) -> bool | None:
        if isinstance(value, Constant):
            return bool(value.value)
        if isinstance(value, Library):
            return False if value.name == "typing.TYPE_CHECKING" else None
        if isinstance(value, ClassRef | Function | Method | Builtin | Partial | Super | GradMode):
            return True
        if isinstance(value, Text):
            return True if value.prefix or value.suffix else None
        if isinstance(value, Address):
            obj = state.read(value)
            if isinstance(obj, Container) and obj.is_exact:
                return bool(obj.known)
            if isinstance(obj, Thing):
                return obj.truth if not value.many else None
            if isinstance(obj, Optimizer):
                return True
        return None

    @staticmethod
    def _known(key: Hashable, found: bool | None, state: State) -> bool | None:
        if found is None and key is not None:
            return state.assumed.get(key)
        return found

    def filtered(self, values: Values, state: State, *, truthy: bool) -> Values:
        """Those of ``values`` that may count as true, or as false."""
        return tuple(v for v in values if self._truth_of_value(v, state) is not (not truthy))

    # Narrowing.

    def assume(self, node: ast.expr, state: State, *, holds: bool) -> State | None:
        """The state in which a test that was evaluated came out so; None where it cannot."""
        result = self._assume(node, state, holds)
        if result is not None and result.splits:
            self._recall(node, result, holds=holds)
        return result

    def _assume(self, node: ast.expr, state: State, holds: bool) -> State | None:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self._assume(node.operand, state, not holds)
        if isinstance(node, ast.BoolOp):
            return self._assume_all(node, state, holds)
        if isinstance(node, ast.IfExp):
            return self._assume_either(node, state, holds)
        if isinstance(node, ast.NamedExpr):
            return self._assume(node.target, state, holds)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._assume_comparison(node, state, holds)
        if isinstance(node, ast.Call):
            return self._assume_call(node, state, holds)
        held = peeked(self._machine, node, state)
        kept = self.filtered(held, state, truthy=holds)
        if held and not kept:
            return None
        self._put(node, held, kept, state)
        (asked,) = held if len(held) == 1 else (None,)
        if isinstance(asked, Question) and asked.node is not node:
            return self._answered(asked, state, holds)
        key = truth_key(node, held)
        if key is not None:
            state.assumed = {**state.assumed, key: holds}
        if holds:
            self._refine(held, state, lambda obj: replace(obj, truth=True)
                         if isinstance(obj, Thing) else obj)  # fmt: skip
        return state

    def question(self, node: ast.expr, state: State) -> Values:
        """What a test gives whose answer is not known."""
        operands = []
        for part in _operands(node):
            held = peeked(self._machine, part, state)
            if any(
                isinstance(value, Unknown | Question) or (isinstance(value, Address) and value.many)
                for value in held
            ):
                return (Plain("bool"),)
            operands.append((part, held))
        return (Question(node, self._machine.frame.scope, tuple(operands)),)

    def _answered(self, asked: Question, state: State, holds: bool) -> State | None:
        """A test whose answer was kept came out so, if it still asks the same."""
        if asked.scope is not self._machine.frame.scope:
            return state
        for part, held in asked.operands:
            if not same(peeked(self._machine, part, state), held):
                return state
        state.passed = (*state.passed, asked.node)
        return self._assume(asked.node, state, holds)

    def _assume_either(self, node: ast.IfExp, state: State, holds: bool) -> State | None:
        """``a if c else b`` holds where ``c`` and ``a`` do, or where ``b`` does and not ``c``."""
        ends: list[State] = []
        for part, taken in ((node.body, True), (node.orelse, False)):
            at = self.assume(node.test, state.copy(), holds=taken)
            end = self.assume(part, at, holds=holds) if at is not None else None
            if end is not None:
                ends.append(end)
        return ends[0].joined(ends[-1]) if ends else None

    def _assume_all(self, node: ast.BoolOp, state: State, holds: bool) -> State | None:
        if isinstance(node.op, ast.And) is holds:
            at: State | None = state
            for part in node.values:
                at = self.assume(part, at, holds=holds) if at is not None else None
            return at
        # One of several made it so: which of them is not known.
        result: State | None = None
        at = state
        for part in node.values:
            if at is None:
                break
            this = self.assume(part, at.copy(), holds=holds)
            if this is not None:
                result = this if result is None else result.joined(this)
            at = self.assume(part, at, holds=not holds)
        return result

    def _assume_comparison(self, node: ast.Compare, state: State, holds: bool) -> State | None:
        left = peeked(self._machine, node.left, state)
        right = peeked(self._machine, node.comparators[0], state)
        op = node.ops[0]
        known = self._compared(op, left, right, state)
        if known is not None and known is not holds:
            return None
        key, sign = _comparison_key(op, left, right)
        if key is not None:
            state.assumed = {**state.assumed, key: holds is sign}
        equal = isinstance(op, ast.Is | ast.Eq | ast.In) is holds
        if isinstance(op, ast.In | ast.NotIn):
            self._assume_registered(left, right, state, equal)
        asked = self._asked_type(node.left, state)
        if asked is not None and equal and isinstance(op, ast.Is | ast.Eq):
            return self._assume_isinstance(asked, node.comparators[0], state, holds=True)
        if isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq | ast.In | ast.NotIn):
            test = (
                ast.In()
                if isinstance(op, ast.In | ast.NotIn)
                else (ast.Is() if isinstance(op, ast.Is | ast.IsNot) else ast.Eq())
            )
            for mine, values, others in (
                (node.left, left, right),
                (node.comparators[0], right, left),
            ):
                if isinstance(test, ast.In) and mine is not node.left:
                    continue
                kept = tuple(
                    v
                    for v in values
                    if any(
                        self._compared_pair(test, v, other, state) is not (not equal)
                        for other in others
                    )
                )
                if values and not kept:
                    return None
                if equal and len(others) == 1 and isinstance(others[0], Constant):
                    if isinstance(test, ast.Is) and all(isinstance(v, Unknown) for v in kept):
                        kept = others
                self._put(mine, values, kept, state)
        return state

    def _asked_type(self, node: ast.expr, state: State) -> ast.expr | None:
        """What ``type(x)`` asks the class of."""
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            callee = peeked(self._machine, node.func, state)
            if callee == (Library("builtins.type"),):
                return node.args[0]
        return None

    def _assume_call(self, node: ast.Call, state: State, holds: bool) -> State | None:
        callee = peeked(self._machine, node.func, state)
        name = callee[0].name if len(callee) == 1 and isinstance(callee[0], Library) else ""
        if name == "builtins.bool" and len(node.args) == 1:
            return self._assume(node.args[0], state, holds)
        if name == "builtins.isinstance" and len(node.args) == 2:
            return self._assume_isinstance(node.args[0], node.args[1], state, holds)
        if name == "builtins.hasattr" and len(node.args) == 2:
            return self._assume_hasattr(node.args[0], node.args[1], state, holds)
        if name == "builtins.issubclass" and node.args:
            held = peeked(self._machine, node.args[0], state)
            kept = tuple(UNKNOWN[0] if isinstance(v, Address) else v for v in held)
            self._put(node.args[0], held, kept, state)  # a class, whatever its annotation says
            return state
        if name == "torch.is_grad_enabled" and not node.args:
            if state.grad in (True, False) and state.grad is not holds:
                return None
            state.grad = holds
            return state
        if name in ("torch.is_tensor",) and len(node.args) == 1:
            held = peeked(self._machine, node.args[0], state)
            if holds:
                self._refine(held, state, _as_tensor)
            return state
        return state

    def _assume_isinstance(
        self, subject: ast.expr, classes: ast.expr, state: State, holds: bool
    ) -> State | None:
        held = peeked(self._machine, subject, state)
        wanted = self._classes(peeked(self._machine, classes, state), state)
        kept = tuple(v for v in held if self.is_instance(v, wanted, state) is not (not holds))
        if held and not kept:
            return None
        self._put(subject, held, kept, state)
        decides = not isinstance(self._machine.frame.statement, ast.Assert)
        if decides and any(w in _CONTAINER_KINDS for w in wanted if isinstance(w, str)):
            for value in held:
                if isinstance(value, Address):
                    self._machine.discriminated.add(value.site)
        if holds and wanted:
            self._refine(kept, state, lambda obj: _as_instance(obj, wanted))
            if wanted == ("torch.nn.Parameter",):
                self._narrow_slot(subject, state)
            known = self._as_made(kept, wanted, state)
            if known is not None:
                self._put(subject, kept, known, state)
        elif not holds and wanted:
            self._refine(kept, state, lambda obj: _as_no_instance(obj, wanted))
        return state

    def _narrow_slot(self, subject: ast.expr, state: State) -> None:
        """An attribute that holds a Parameter is registered, if a Module holds it."""
        if not isinstance(subject, ast.Attribute):
            return
        for owner in peeked(self._machine, subject.value, state):
            obj = state.read(owner) if isinstance(owner, Address) else None
            if isinstance(obj, Thing) and isinstance(owner, Address) and obj.is_module:
                held = obj.member(subject.attr)
                values = peeked(self._machine, subject, state)
                narrowed = replace(held, slot=PARAMETER, values=values)
                state.write(owner, obj.with_field(subject.attr, narrowed))

    def _assume_registered(self, left: Values, right: Values, state: State, holds: bool) -> None:
        """``"w" in self._parameters``."""
        name = constant(left)
        (registry,) = right if len(right) == 1 else (None,)
        if not isinstance(registry, Builtin) or registry.name != "_parameters":
            return
        owner = registry.receiver
        obj = state.read(owner) if isinstance(owner, Address) else None
        if isinstance(obj, Thing) and isinstance(owner, Address) and isinstance(name, str):
            held = obj.member(name)
            slot = PARAMETER if holds else (held.slot & ~PARAMETER) or ABSENT
            state.write(owner, obj.with_field(name, replace(held, slot=slot)))

    def _as_made(
        self, values: Values, classes: tuple[Class | str, ...], state: State
    ) -> Values | None:
        """An object that is found to be of a class has what the class gives its objects.

        One of many is from here on a certain one of them.
        """
        modules = [c for c in classes if isinstance(c, TorchClass | ProjectClass) and c.is_module]
        if not modules or len(modules) < len(classes) or any(map(_is_base_module, modules)):
            return None
        return tuple(dict.fromkeys(self._one_made(value, modules, state) for value in values))

    def _one_made(
        self, value: Value, classes: list[TorchClass | ProjectClass], state: State
    ) -> Value:
        obj = state.read(value) if isinstance(value, Address) else None
        if not isinstance(value, Address) or not isinstance(obj, Thing):
            return value
        known = {name: held for name, held in obj.fields.items() if held.slot != ANY}
        if known:
            return value  # as the program has left it
        target = value
        if value.many:
            target = self._machine.addresses.of(
                (value, "as", tuple(classes)), many=True, symbolic=False
            )
        found: Obj | None = None
        for cls in classes:
            at = state.copy()
            at.replace(target, UNSEEN_THING)
            self._machine.instance(cls, target, at)
            made = at.read(target)
            found = made if found is None else found.join(made)
            at.replace(target, state.read(target))
            state.become(at)
        if isinstance(found, Thing):
            state.replace(target, replace(found, is_module=True, truth=True))
        return target

    def _assume_hasattr(
        self, subject: ast.expr, name: ast.expr, state: State, holds: bool
    ) -> State | None:
        attribute = constant(peeked(self._machine, name, state))
        held = peeked(self._machine, subject, state)
        if not isinstance(attribute, str):
            return state
        kept = tuple(v for v in held if self.has(v, attribute, state) is not (not holds))
        return None if held and not kept else state

    def has(self, value: Value, name: str, state: State) -> bool | None:
        """Whether an object has an attribute."""
        obj = state.read(value) if isinstance(value, Address) else None
        if not isinstance(obj, Thing):
            return None
        held = obj.fields.get(name)
        if held is not None:
            if held.slot == ABSENT:
                return False
            return None if held.slot & ABSENT else True
        if obj.is_open or obj.rest or obj.cls is None:
            return None
        if isinstance(obj.cls, ProjectClass):
            if obj.cls.find(name) is not None:
                return True
            return None if obj.cls.is_open or obj.cls.torch_base else False
        return None

    def of_call(self, name: str, arguments: Arguments, state: State) -> bool | None:
        """What ``isinstance``, ``hasattr`` and their like say."""
        if len(arguments.positional) < 1 or arguments.extra:
            if name == "torch.is_grad_enabled":
                return state.grad if isinstance(state.grad, bool) else None
            return None
        first = arguments.positional[0]
        answers: set[bool | None] = set()
        if name == "builtins.isinstance" and len(arguments.positional) == 2:
            wanted = self._classes(arguments.positional[1], state)
            answers = {self.is_instance(value, wanted, state) for value in first}
        elif name == "builtins.hasattr" and len(arguments.positional) == 2:
            attribute = constant(arguments.positional[1])
            if isinstance(attribute, str):
                answers = {self.has(value, attribute, state) for value in first}
        elif name == "torch.is_tensor":
            answers = {self._is_of(value, "torch.Tensor", state) for value in first}
        return answers.pop() if len(answers) == 1 else None

    # Values and classes.

    def _put(self, node: ast.expr, held: Values, kept: Values, state: State) -> None:
        """Remember that a name or an attribute holds one of ``kept``."""
        if len(kept) == len(held) and all(a is b for a, b in zip(kept, held, strict=True)):
            return
        if isinstance(node, ast.NamedExpr):
            node = node.target
        if isinstance(node, ast.Name) and node.id in state.names:
            state.bind(node.id, kept)
        elif isinstance(node, ast.Attribute):
            owners = peeked(self._machine, node.value, state)
            if len(owners) == 1 and isinstance(owners[0], Address) and not owners[0].many:
                obj = state.read(owners[0])
                if isinstance(obj, Thing):
                    before = obj.member(node.attr)
                    if same(before.values, held):
                        state.write(
                            owners[0], obj.with_field(node.attr, replace(before, values=kept))
                        )

    @staticmethod
    def _refine(values: Values, state: State, change: Callable[[Obj], Obj]) -> None:
        """Learn something of the one object that is held."""
        if len(values) == 1 and isinstance(values[0], Address) and not values[0].many:
            obj = state.read(values[0])
            better = change(obj)
            if better is not obj and better != obj:
                state.write(values[0], better)

    def _classes(self, values: Values, state: State) -> tuple[Class | str, ...]:
        """The classes that the second argument of ``isinstance`` names; nothing if unsure."""
        found: list[Class | str] = []
        for value in values:
            if isinstance(value, ClassRef):
                found.append(value.cls)
            elif isinstance(value, Library):
                if value.name.startswith("builtins."):
                    found.append(value.name.removeprefix("builtins."))
                elif value.name in _TENSOR_CLASSES:
                    found.append(value.name)
                else:
                    found.append(self._machine.project.library_class(value.name))
            elif isinstance(value, Address):
                obj = state.read(value)
                if not isinstance(obj, Container) or not obj.is_exact or obj.kind != "tuple":
                    return ()  # a list is refused, and may hold itself
                if value.many:
                    return ()
                inner = [self._classes(item, state) for item in obj.known.values()]
                if not all(inner):
                    return ()
                found += [cls for classes in inner for cls in classes]
            else:
                return ()
        return tuple(found)

    def is_instance(
        self, value: Value, classes: tuple[Class | str, ...], state: State
    ) -> bool | None:
        """Whether ``value`` is of one of ``classes``."""
        if not classes:
            return None
        found = [self._is_of(value, cls, state) for cls in classes]
        if True in found:
            return True
        return None if None in found else False

    def _is_of(self, value: Value, cls: Class | str, state: State) -> bool | None:
        if isinstance(value, Unknown | Library):
            return None
        if isinstance(value, Constant):
            if isinstance(cls, str):
                return any(base.__name__ == cls for base in type(value.value).__mro__)
            return False
        if isinstance(value, Plain | Text):
            kind = value.kind if isinstance(value, Plain) else "str"
            return (
                (kind == cls or None)
                if isinstance(cls, str)
                else (
                    False
                    if kind in ("str", "int", "float", "bool", "bytes", "numpy.ndarray")
                    else None
                )
            )
        if not isinstance(value, Address):
            return None
        obj = state.read(value)
        if isinstance(obj, Container):
            if isinstance(cls, str):
                kind = "OrderedDict" if obj.kind == "state_dict" else obj.kind
                return kind == cls or (kind == "OrderedDict" and cls == "dict")
            return None if isinstance(cls, ExternalClass) else False
        if isinstance(obj, Tensor):
            if isinstance(cls, str):
                if cls in ("torch.Tensor",):
                    return True
                if cls == "torch.nn.Parameter":
                    return obj.is_parameter
                return None if cls in _TENSOR_CLASSES else False
            return None if isinstance(cls, ExternalClass) else False
        if isinstance(obj, Thing):
            return _thing_is_of(obj, cls)
        return None


_TENSOR_CLASSES = frozenset(
    ["torch.Tensor", "torch.nn.Parameter", "torch.FloatTensor", "torch.nn.Buffer",
     "torch.nn.UninitializedParameter"]
)  # fmt: skip


def _operands(node: ast.expr) -> list[ast.expr]:
    """What a test asks about."""
    if isinstance(node, ast.UnaryOp):
        return _operands(node.operand)
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Call):
        return list(node.args)
    if isinstance(node, ast.BoolOp):
        return [part for value in node.values for part in _operands(value)]
    return [node]


def _thing_is_of(obj: Thing, cls: Class | str) -> bool | None:
    if isinstance(cls, str):
        if obj.is_module:
            return False
        return None if obj.cls is None or obj.cls.is_module is None else False
    if obj.cls is None:
        if obj.is_module is not None and _is_base_module(cls):
            return obj.is_module
        if obj.is_module is False and cls.is_module:
            return False
        return None
    if cls in obj.cls.ancestry:
        return True
    if isinstance(obj.cls, TorchClass) and isinstance(cls, TorchClass):
        return obj.cls.is_a(cls.name)
    if isinstance(obj.cls, ProjectClass):
        if isinstance(cls, TorchClass):
            if any(isinstance(a, TorchClass) and a.is_a(cls.name) for a in obj.cls.ancestry):
                return True
            return None if obj.cls.is_open else False
        return None if obj.cls.is_open else (None if isinstance(cls, ExternalClass) else False)
    if isinstance(obj.cls, TorchClass) and isinstance(cls, ProjectClass):
        return False
    if _is_base_module(cls) and obj.cls.is_module is not None:
        return obj.cls.is_module
    return None


def _is_base_module(cls: Class) -> bool:
    return cls.name == "torch.nn.Module"


def _as_tensor(obj: Obj) -> Obj:
    if isinstance(obj, Thing) and obj.cls is None:
        return Tensor(trainable=None, is_leaf=None)
    return obj


def _as_instance(obj: Obj, classes: tuple[Class | str, ...]) -> Obj:
    """What is known of an object that is of one of ``classes``."""
    if not isinstance(obj, Thing):
        return obj
    if len(classes) == 1:
        (cls,) = classes
        if isinstance(cls, str):
            if cls == "torch.Tensor":
                return _as_tensor(obj)
            if cls == "torch.nn.Parameter":
                return Tensor(is_parameter=True, trainable=None)
            return replace(obj, is_module=False) if cls in _CONTAINER_KINDS else obj
        if obj.cls is None or (cls is not obj.cls and obj.cls in cls.ancestry):
            if cls.name == "torch.nn.Module":
                return replace(obj, is_module=True, truth=True)
            return replace(obj, cls=cls, is_module=cls.is_module, truth=True)
        return obj
    if all(not isinstance(cls, str) and cls.is_module for cls in classes):
        return replace(obj, is_module=True)
    return obj


def _as_no_instance(obj: Obj, classes: tuple[Class | str, ...]) -> Obj:
    if isinstance(obj, Thing) and obj.cls is None:
        if any(not isinstance(cls, str) and _is_base_module(cls) for cls in classes):
            return replace(obj, is_module=False)
    return obj


def _comparison_key(op: ast.cmpop, left: Values, right: Values) -> tuple[Hashable, bool]:
    """What two comparisons of the same things share, and whether this one says it or denies it."""
    if len(left) != 1 or len(right) != 1:
        return None, True
    for value in (left[0], right[0]):
        if isinstance(value, Address):
            if value.many:
                return None, True
        elif not isinstance(value, Constant | Library):
            return None, True
    kind = type(op)
    positive = _OPPOSITE.get(kind)
    if positive is not None:
        return (positive, left[0], right[0]), False
    return (kind, left[0], right[0]), True
