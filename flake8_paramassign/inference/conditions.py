"""What a condition tells about the state in which it holds, and in which it fails."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.inference.calls import Caller
from flake8_paramassign.inference.class_names import decided
from flake8_paramassign.inference.classes import Class, ProjectClass, TorchClass
from flake8_paramassign.inference.state import ABSENT, PARAMETER_SLOT, UNKNOWN_SLOT, State
from flake8_paramassign.inference.values import (
    NONE,
    ClassValue,
    Constant,
    Container,
    External,
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
)

Split = tuple[State | None, State | None]
_NEVER = frozenset(["TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING"])


class Narrower(Caller):
    """Splits a state by a condition."""

    def condition(self, test: ast.expr, state: State) -> Split:
        """The states in which ``test`` holds and fails; None where that cannot be."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            holds, fails = self.condition(test.operand, state)
            return fails, holds
        if isinstance(test, ast.BoolOp):
            return self._chain(test, state)
        if isinstance(test, ast.Constant):
            return (state, None) if test.value else (None, state)
        if isinstance(test, ast.Name | ast.Attribute):
            return self._truth(test, state)
        by_name = decided(test, lambda node: self.evaluate(node, state))
        if by_name is not None:
            return (state, None) if by_name else (None, state)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self._comparison(test, state)
        if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and len(test.args) == 2:
            if test.func.id == "isinstance":
                return self._instance_of(test, state)
            if test.func.id == "hasattr":
                return self._has_attribute(test, state)
        self.evaluate(test, state)
        return state.copy(), state

    def _chain(self, test: ast.BoolOp, state: State) -> Split:
        conjunction = isinstance(test.op, ast.And)
        going: State | None = state
        out: State | None = None
        for part in test.values:
            if going is None:
                break
            holds, fails = self.condition(part, going)
            going, leaving = (holds, fails) if conjunction else (fails, holds)
            out = self.join(out, leaving)
        return (going, out) if conjunction else (out, going)

    def _truth(self, test: ast.Name | ast.Attribute, state: State) -> Split:
        if ast.unparse(test) in _NEVER:
            return None, state
        values = self.evaluate(test, state)
        flag = constant(values)
        if flag is None:
            return None, state
        if NONE <= values:
            holds = state.copy()
            self.rebind(test, values - NONE, holds)
            return holds, state
        return state.copy(), state

    def _comparison(self, test: ast.Compare, state: State) -> Split:
        operator, right = test.ops[0], test.comparators[0]
        if isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            positive = isinstance(operator, ast.Is | ast.Eq)
            if isinstance(right, ast.Constant) and right.value is None:
                holds, fails = self._is_none(test.left, state)
            elif _is_type_call(test.left):
                assert isinstance(test.left, ast.Call)
                holds, fails = self._narrowed_to(test.left.args[0], right, state)
            else:
                return self._plain(test, state)
            return (holds, fails) if positive else (fails, holds)
        if isinstance(operator, ast.In | ast.NotIn):
            holds, fails = self._registered(test.left, right, state)
            return (holds, fails) if isinstance(operator, ast.In) else (fails, holds)
        return self._plain(test, state)

    def _plain(self, test: ast.expr, state: State) -> Split:
        self.evaluate(test, state)
        return state.copy(), state

    def _is_none(self, subject: ast.expr, state: State) -> Split:
        values = self.evaluate(subject, state)
        if values == NONE:
            return state, None
        if not NONE <= values and not any(isinstance(v, Unknown | Opaque) for v in values):
            return None, state
        holds, fails = state.copy(), state.copy()
        self.rebind(subject, NONE, holds)
        if NONE < values:
            self.rebind(subject, values - NONE, fails)
        return holds, fails

    def _instance_of(self, test: ast.Call, state: State) -> Split:
        return self._narrowed_to(test.args[0], test.args[1], state)

    def _narrowed_to(self, subject: ast.expr, classes: ast.expr, state: State) -> Split:
        values = self.evaluate(subject, state)
        wanted = self._classes(self.evaluate(classes, state), state)
        if wanted is None:
            fails = state.copy()
            if any("Parameter" in n for n in _names(classes)):
                fails = self._not_a_parameter(subject, fails)
            return state, fails
        holds, fails_state = state.copy(), state.copy()
        yes = [v for v in values if self._is(v, wanted) is True]
        maybe = [v for v in values if self._is(v, wanted) is None]
        if not maybe and not yes:
            return None, fails_state
        narrowed: set[Value] = set(yes)
        for value in maybe:
            narrowed |= {self._as(value, cls) for cls in wanted}
        self.rebind(subject, frozenset(narrowed), holds)
        if not maybe and len(yes) == len(values):
            return holds, None
        rest = frozenset(_no_module(v) if _MODULE in wanted else v for v in values if v not in yes)
        self.rebind(subject, rest, fails_state)
        if _PARAMETER in wanted:
            fails_state = self._not_a_parameter(subject, fails_state)
        return holds, fails_state

    def _not_a_parameter(self, subject: ast.expr, state: State) -> State:
        """Where ``isinstance(m.w, nn.Parameter)`` failed, ``w`` is no Parameter slot for sure."""
        if isinstance(subject, ast.Attribute):
            for owner in self.evaluate(subject.value, state):
                state.slots[owner, subject.attr] = UNKNOWN_SLOT
        return state

    def _classes(self, values: Values, state: State) -> list[Class | str] | None:
        """The classes that ``isinstance`` is asked about; None where one is not known."""
        wanted: list[Class | str] = []
        for value in values:
            if isinstance(value, Container):
                inner = self._classes(self.items(value, state), state)
                if inner is None:
                    return None
                wanted += inner
            elif isinstance(value, ClassValue):
                wanted.append(value.cls)
            elif isinstance(value, External):
                if value.name in _PARAMETER_NAMES:
                    wanted.append(_PARAMETER)
                elif TorchClass.named(value.name) or self.project.owns(value.name):
                    wanted.append(self.project.class_named(value.name))
                else:
                    return None
            else:
                return None
        return wanted or None

    def _is(self, value: Value, wanted: list[Class | str]) -> bool | None:
        """Whether ``value`` is an object of one of the classes."""
        if isinstance(value, Parameter):
            return _PARAMETER in wanted
        if isinstance(value, Instance):
            for cls in wanted:
                if not isinstance(cls, str) and cls in value.cls.ancestry:
                    return True
                if isinstance(cls, TorchClass):
                    for ancestor in value.cls.ancestry:
                        if isinstance(ancestor, TorchClass) and ancestor.is_a(cls.name):
                            return True
            return None if value.site == "self" or value.cls.is_module is None else False
        if isinstance(value, Constant | Other | Tensor | Container):
            return (
                False
                if _PARAMETER not in wanted or not isinstance(value, Tensor)
                else (None if value.maybe_self else False)
            )
        return None

    @staticmethod
    def _as(value: Value, cls: Class | str) -> Value:
        if isinstance(cls, str):
            return Parameter(("narrowed", value), None)
        site = value.site if isinstance(value, Opaque) else value
        if cls.name == "torch.nn.Module":
            return Opaque(site, getattr(value, "path", "module"), True)
        return Instance(cls, site)

    def rebind(self, subject: ast.expr, values: Values, state: State) -> None:
        """From here on the name or attribute ``subject`` holds ``values``."""
        if isinstance(subject, ast.NamedExpr):
            subject = subject.target
        if isinstance(subject, ast.Name):
            state.locals[subject.id] = values
        elif isinstance(subject, ast.Attribute):
            owners = self.evaluate(subject.value, state)
            if len(owners) == 1:
                (owner,) = owners
                if not isinstance(owner, External):
                    state.cells[owner, subject.attr] = values
                    if values and all(isinstance(v, Parameter) for v in values):
                        state.slots[owner, subject.attr] = PARAMETER_SLOT

    def _has_attribute(self, test: ast.Call, state: State) -> Split:
        owners = self.evaluate(test.args[0], state)
        name = constant(self.evaluate(test.args[1], state))
        if not isinstance(name, str):
            return state.copy(), state
        fails = state.copy()
        for owner in owners:
            fails.slots[owner, name] = ABSENT
        if all(self._surely_lacks(owner, name, state) for owner in owners):
            return None, fails
        return state, fails

    def _surely_lacks(self, owner: Value, name: str, state: State) -> bool:
        """Whether nothing has stored ``name`` yet on an object that is being made."""
        if owner not in self.under_construction or not isinstance(owner, Instance):
            return False
        cls = owner.cls
        if not isinstance(cls, ProjectClass) or cls.is_open or cls.find(name):
            return False
        return self.slot(owner, name, state) == ABSENT

    def _registered(self, key: ast.expr, registry: ast.expr, state: State) -> Split:
        """``"w" in self._parameters``."""
        name = constant(self.evaluate(key, state))
        text = ast.unparse(registry)
        holds, fails = state.copy(), state.copy()
        owner_node = registry
        if isinstance(owner_node, ast.Call):
            owner_node = owner_node.func
        if isinstance(owner_node, ast.Attribute) and owner_node.attr in _REGISTRIES:
            for owner in self.evaluate(owner_node.value, state):
                if isinstance(name, str):
                    is_parameter = owner_node.attr == "_parameters"
                    holds.slots[owner, name] = PARAMETER_SLOT if is_parameter else UNKNOWN_SLOT
                    fails.slots[owner, name] = UNKNOWN_SLOT
        elif text:
            self.evaluate(registry, state)
        return holds, fails


def _no_module(value: Value) -> Value:
    return replace(value, module=False) if isinstance(value, Opaque) else value


_PARAMETER = "Parameter"
_MODULE = TorchClass.named("torch.nn.Module")
_PARAMETER_NAMES = frozenset(["torch.nn.Parameter", "torch.nn.parameter.Parameter"])
_REGISTRIES = frozenset(["_parameters", "_buffers", "_modules", "__dict__"])


def _is_type_call(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "type"
        and len(node.args) == 1
    )


def _names(node: ast.expr) -> list[str]:
    return [ast.unparse(part) for part in (node.elts if isinstance(node, ast.Tuple) else [node])]


__all__ = ["Narrower", "only"]
