"""Augmented assignments and deletions."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Container, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Builtin,
    Constant,
    Plain,
    Value,
    Values,
    constant,
    is_number,
    join,
    same,
)
from flake8_paramassign.semantics.attributes.registration import REGISTRIES
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models.base import METHODS, Call
from flake8_paramassign.semantics.models.modules import containers as module_containers
from flake8_paramassign.semantics.models.tensors import writing

_SYMBOLS = {
    ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/=", ast.Pow: "**=",
    ast.FloorDiv: "//=", ast.Mod: "%=", ast.MatMult: "@=", ast.BitAnd: "&=", ast.BitOr: "|=",
    ast.BitXor: "^=", ast.LShift: "<<=", ast.RShift: ">>=",
}  # fmt: skip


class Writes:
    """Runs augmented assignments and ``del`` for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` evaluates what is written."""
        self._machine = machine

    def augment(self, node: ast.AugAssign, state: State) -> None:
        """``target op= value``: in place where the object can do that, else a new value."""
        target = node.target
        own = self._machine.own_value(target.id, state) if isinstance(target, ast.Name) else None
        held = own if own is not None else self._machine.evaluate(target, state)
        operand = self._machine.evaluate(node.value, state)
        results, written = NOTHING, NOTHING
        for value in held:
            if writing.may_be_written(value, state) and not isinstance(node.op, ast.MatMult):
                written = join(written, (value,))
                results = join(results, (value,))
            else:
                results = join(results, self._made(value, operand, node, state))
        if written:
            symbol = _SYMBOLS.get(type(node.op), "=")
            subjects = held if len(written) < len(held) else written
            writing.write(self._machine, subjects, target, symbol, operand, state, node)
        is_same = bool(written) and len(written) == len(held)
        if isinstance(target, ast.Attribute):
            owners = self._machine.evaluate(target.value, state)
            is_same = is_same or (
                same(results, held) and all(isinstance(value, Address) for value in held)
            )
            if not is_same:
                how = "@=" if isinstance(node.op, ast.MatMult) else "="
                self._machine.store(owners, target.attr, results, state, node, None, how)
        elif isinstance(target, ast.Name) and not is_same:
            self._machine.rebind(target.id, results, state)
        elif not is_same:
            self._machine.bind(target, results, state, None)

    def _made(self, value: Value, operand: Values, node: ast.AugAssign, state: State) -> Values:
        """What ``op=`` makes of what is no tensor: lists are extended in place."""
        obj = state.read(value) if isinstance(value, Address) else None
        is_list = isinstance(obj, Container) and obj.kind == "list"
        if (is_list and isinstance(node.op, ast.Add)) or (
            isinstance(obj, Thing) and module_containers.container_kind(obj) == "list"
        ):
            call = Call(self._machine, "extend", value, Arguments([operand]), state, node.value)
            METHODS[type(obj), "extend"](call)
            return (value,)
        if not isinstance(value, Constant | Plain) and not isinstance(node.op, ast.MatMult):
            return UNKNOWN  # what it is may be able to do it in place
        if is_number(value) and self._machine.frame.is_repeated:
            assert isinstance(value, Constant)
            value = Plain(type(value.value).__name__)  # a counter
        return self._machine.combined(node.op, (value,), operand, node, state)

    def delete(self, target: ast.expr, state: State) -> None:
        """``del target``."""
        if isinstance(target, ast.Name):
            state.unbind(target.id)
        elif isinstance(target, ast.Attribute):
            owners = self._machine.evaluate(target.value, state)
            self._machine.delete_attribute(owners, target.attr, state)
        elif isinstance(target, ast.Subscript):
            owners = self._machine.evaluate(target.value, state)
            index = constant(self._machine.evaluate(target.slice, state))
            for owner in owners:
                self._delete_item(owner, index, state)
        elif isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self.delete(element, state)

    def _delete_item(self, owner: object, index: object, state: State) -> None:
        if isinstance(owner, Builtin) and owner.name in REGISTRIES:
            name = index if isinstance(index, str) else None
            self._machine.delete_attribute((owner.receiver,), name, state)
            return
        if not isinstance(owner, Address):
            return
        obj = state.read(owner)
        if isinstance(obj, Container):
            state.write(owner, obj.blurred())
        elif isinstance(obj, Thing):
            state.havoc([owner])
