"""What the parameters of a function are that is run for its own sake."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.domain.objects import Container, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    Address,
    ClassRef,
    Function,
    Library,
    Value,
    Values,
    join,
    join_all,
)
from flake8_paramassign.project.classes import ExternalClass, ProjectClass, TorchClass
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.machine import Machine

_LISTS = frozenset(["List", "list", "Sequence", "Iterable", "Iterator", "Collection", "Set", "set"])
_DICTS = frozenset(["Dict", "dict", "Mapping", "OrderedDict"])
_TENSORS = frozenset(["torch.Tensor", "torch.FloatTensor"])


class Parameters:
    """Makes what a function may be called with, for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` makes the objects."""
        self._machine = machine

    def of(self, function: Function, state: State, receiver: Value | None) -> dict[str, Values]:
        """The parameters of ``function``, each as its annotation says."""
        spec = function.node.args
        bound: dict[str, Values] = {}
        for number, parameter in enumerate([*spec.posonlyargs, *spec.args, *spec.kwonlyargs]):
            if number == 0 and receiver is not None:
                bound[parameter.arg] = (receiver,)
                continue
            held: Values = ()
            if parameter.annotation is not None and not _is_class(parameter, function):
                held = self._annotated(parameter.annotation, parameter, function.module, state)
            if not held:
                held = (self._machine.addresses.of(parameter),)
            if self._is_context(function, number):
                address = self._machine.addresses.of(parameter)
                state.write(address, Thing(is_module=False))
                held = (address,)
            bound[parameter.arg] = held
        for rest, kind in ((spec.vararg, "tuple"), (spec.kwarg, "dict")):
            if rest is not None:
                each = self._machine.addresses.of((rest, "each"), many=True)
                address = self._machine.addresses.of(rest)
                state.write(address, Container(kind, rest=(each,), is_exact=False))
                bound[rest.arg] = (address,)
        return bound

    @staticmethod
    def _is_context(function: Function, number: int) -> bool:
        """Whether a parameter is the ``ctx`` of a ``torch.autograd.Function``."""
        owner = function.owner
        return number == 0 and owner is not None and owner.is_run_by_autograd

    def _annotated(
        self, annotation: ast.expr, site: ast.AST, module: Module, state: State, part: object = None
    ) -> Values:
        """What an annotation says; nothing where it says nothing."""
        if isinstance(annotation, ast.Constant):
            if annotation.value is None:
                return NONE
            if not isinstance(annotation.value, str):
                return ()
            try:
                annotation = ast.parse(annotation.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError):
                return ()
        if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
            sides = [
                self._annotated(side, site, module, state, (part, number))
                for number, side in enumerate((annotation.left, annotation.right))
            ]
            return join_all(sides) if all(sides) else ()
        if isinstance(annotation, ast.Subscript):
            return self._generic(annotation, site, module, state, part)
        if isinstance(annotation, ast.Name | ast.Attribute):
            held = self._machine.project.resolved(module.static(annotation))
            if len(held) == 1:
                return self._of_class(held[0], site, state, part)
        return ()

    def _generic(
        self, annotation: ast.Subscript, site: ast.AST, module: Module, state: State, part: object
    ) -> Values:
        node = annotation.value
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        inside = annotation.slice
        if name == "Optional":
            held = self._annotated(inside, site, module, state, part)
            return join(held, NONE) if held else ()
        if name == "Union" and isinstance(inside, ast.Tuple):
            sides = [
                self._annotated(side, site, module, state, (part, number))
                for number, side in enumerate(inside.elts)
            ]
            return join_all(sides) if all(sides) else ()
        if name in _LISTS | _DICTS:
            item = inside
            if name in _DICTS and isinstance(inside, ast.Tuple) and len(inside.elts) == 2:
                item = inside.elts[1]
            held = self._annotated(item, site, module, state, (part, "item"))
            if held:
                several = tuple(self._many(v, state) if isinstance(v, Address) else v for v in held)
                address = self._machine.addresses.of((site, part, "container"))
                kind = "dict" if name in _DICTS else "list"
                state.write(address, Container(kind, rest=several, is_exact=False))
                return (address,)
        return ()

    def _many(self, address: Address, state: State) -> Address:
        """The same, for any number of objects."""
        several = self._machine.addresses.several(address)
        state.write(several, state.read(address))
        return several

    def _of_class(self, value: Value, site: ast.AST, state: State, part: object) -> Values:
        key = (site, part) if part is not None else site
        address = self._machine.addresses.of(key)
        if isinstance(value, ClassRef) and isinstance(value.cls, ProjectClass):
            self._machine.instance(value.cls, address, state)
            return (address,)
        if not isinstance(value, Library):
            return ()
        name = value.name
        if catalogue.tensor_class(name) == "torch.nn.Parameter":
            state.write(address, Tensor(is_parameter=True, trainable=True))
            return (address,)
        if name in _TENSORS:
            state.write(address, Tensor(trainable=None, is_leaf=None))
            return (address,)
        if catalogue.optimizer_class(name) or name == "torch.optim.Optimizer":
            return (address,)
        torch_class = TorchClass.named(name)
        if torch_class is not None and torch_class.name == "torch.nn.Module":
            state.write(address, Thing(is_module=True))
            return (address,)
        if torch_class is not None:
            self._machine.instance(torch_class, address, state)
            return (address,)
        cls = self._machine.project.library_class(name)
        if isinstance(cls, ExternalClass) and cls.is_module is not None:
            state.write(address, Thing(cls, cls.is_module))
            return (address,)
        return ()


def _is_class(parameter: ast.arg, function: Function) -> bool:
    """Whether a constructor calls what it is given: many write ``nn.Module`` for a class of it."""
    return getattr(function.node, "name", "") == "__init__" and any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == parameter.arg
        for node in ast.walk(function.node)
    )
