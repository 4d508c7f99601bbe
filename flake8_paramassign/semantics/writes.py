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
    constant,
    is_number,
    join,
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
        symbol = _SYMBOLS.get(type(node.op), "=")
        results = NOTHING
        written = NOTHING
        for value in held:
            obj = state.read(value) if isinstance(value, Address) else None
            is_tensor = writing.may_be_written(value, state)
            if is_tensor and not isinstance(node.op, ast.MatMult):
                written = join(written, (value,))
                results = join(results, (value,))
            elif isinstance(obj, Container) and isinstance(node.op, ast.Add) and obj.kind == "list":
                call = Call(self._machine, "extend", value, Arguments([operand]), state, node.value)
                METHODS[Container, "extend"](call)
                results = join(results, (value,))
            elif isinstance(obj, Thing) and module_containers.container_kind(obj) == "list":
                call = Call(self._machine, "extend", value, Arguments([operand]), state, node.value)
                METHODS[Thing, "extend"](call)
                results = join(results, (value,))
            elif not isinstance(value, Constant | Plain) and not isinstance(node.op, ast.MatMult):
                results = join(results, UNKNOWN)  # what it is may be able to do it in place
            else:
                if is_number(value) and self._machine.frame.is_repeated:
                    assert isinstance(value, Constant)
                    value = Plain(type(value.value).__name__)  # a counter
                combined = self._machine.combined(node.op, (value,), operand, node, state)
                results = join(results, combined)
        if written:
            subjects = held if len(written) < len(held) else written
            writing.write(self._machine, subjects, target, symbol, operand, state, node)
        if isinstance(target, ast.Name):
            if written and len(written) == len(held):
                return  # the same object
            self._machine.rebind(target.id, results, state)
        elif isinstance(target, ast.Attribute):
            owners = self._machine.evaluate(target.value, state)
            if all(value in held for value in results) and all(value in results for value in held):
                if all(isinstance(value, Address) for value in held):
                    return
            if written and len(written) == len(held):
                return
            how = "@=" if isinstance(node.op, ast.MatMult) else "="
            self._machine.store(owners, target.attr, results, state, node, None, how)
        elif not (written and len(written) == len(held)):
            self._machine.bind(target, results, state, None)

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
