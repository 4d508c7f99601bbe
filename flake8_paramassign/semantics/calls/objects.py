"""Calls of objects, and of methods that no class of the project has."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.domain.objects import TAKER, Field, Obj, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Builtin,
    ClassRef,
    Super,
    Values,
    constant,
)
from flake8_paramassign.project.classes import Class, ProjectClass, TorchClass
from flake8_paramassign.semantics.calls.modelled import Modelled
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import harmless, text
from flake8_paramassign.semantics.models.base import METHODS, Call
from flake8_paramassign.semantics.models.modules import constructors
from flake8_paramassign.semantics.models.tensors import methods, results
from flake8_paramassign.semantics.models.tensors.methods import is_tensor_only

_GIVE_MORE = (
    "torch.nn.RNNBase", "torch.nn.MultiheadAttention", "torch.nn.LSTMCell", "torch.nn.Sequential",
    "torch.nn.ModuleList", "torch.nn.ModuleDict", "torch.nn.ParameterList", "torch.nn.Identity",
    "torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel",
)  # fmt: skip
"""Modules that give something else than one tensor, or what they are given."""
_OF_ANY_OBJECT = frozenset(
    ["forward", "extra_repr", "__repr__", "reset_parameters", "__init_subclass__"]
)
"""Methods of bases that change nothing an object holds."""


class ObjectCalls:
    """Calls objects and methods for a machine."""

    def __init__(self, machine: Machine, modelled: Modelled) -> None:
        """``modelled`` runs models of methods."""
        self._machine = machine
        self._modelled = modelled

    def method(self, callee: Builtin, arguments: Arguments, state: State, node: ast.expr) -> Values:
        """What calling a method gives that no class of the project has."""
        receiver, name = callee.receiver, callee.name
        if isinstance(receiver, Super):
            return self._inherited(receiver, name, arguments, state, node)
        if isinstance(receiver, Builtin):
            return self._of_registry(receiver, name, arguments, state)
        if isinstance(receiver, ClassRef):  # it is loaded, by a class method of a base
            made = self._machine.new(Thing(receiver.cls, True, initialised=True), state, node)
            self._machine.instance(receiver.cls, made, state)
            return (made,)
        if not isinstance(receiver, Address):
            model = METHODS.get((str, name))
            if model is not None:
                return self._modelled(model, name, receiver, arguments, state, node)
            return text.of_text(Call(self._machine, name, receiver, arguments, state, node))
        obj = state.read(receiver)
        if isinstance(obj, Thing) and obj.cls is None and obj.is_module is None:
            if is_tensor_only(name):
                if receiver.many:
                    return results.anything(self._machine, node, state)
                # Only tensors have a method of that name.
                obj = Tensor(trainable=None, is_leaf=None)
                state.write(receiver, obj)
        if isinstance(obj, Tensor):
            return methods.method(self._machine, receiver, obj, name, arguments, state, node)
        model = METHODS.get((type(obj), name))
        if model is not None:
            return self._modelled(model, name, receiver, arguments, state, node)
        if name in harmless.METHODS:
            return (self._machine.symbol(node, state),)
        return self._machine.call_unknown(callee, arguments, state, node)

    def _of_registry(
        self, registry: Builtin, name: str, arguments: Arguments, state: State
    ) -> Values:
        """``m._parameters.pop("weight")``, ``vars(m).update(...)``."""
        if name == "pop" and arguments.positional:
            key = constant(arguments.positional[0])
            self._machine.delete_attribute(
                (registry.receiver,), key if isinstance(key, str) else None, state
            )
        elif name not in ("keys", "items", "values", "get", "copy", "__contains__"):
            state.havoc([registry.receiver])
        return UNKNOWN

    def _inherited(
        self, above: Super, name: str, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """``super().name(...)`` where no class of the project has it."""
        receiver = above.receiver
        if not isinstance(receiver, Address):
            return self._machine.call_unknown(Builtin(receiver, name), arguments, state, node)
        obj = state.read(receiver)
        base = _base_above(above, obj)
        if name == "__init__" and isinstance(obj, Thing):
            self._start(receiver, base, arguments, state, node)
            return NONE
        if name in harmless.SELF_METHODS:
            return (self._machine.symbol(node, state),)
        if (Thing, name) in METHODS and (isinstance(base, TorchClass) or base is None):
            return self.method(Builtin(receiver, name), arguments, state, node)
        if name in _OF_ANY_OBJECT:
            return (self._machine.symbol(node, state),)
        return self._machine.call_unknown(Builtin(receiver, name), arguments, state, node)

    def _start(
        self, receiver: Address, base: Class | None, arguments: Arguments, state: State,
        node: ast.expr,
    ) -> None:  # fmt: skip
        """``super().__init__(...)``, which ``base`` has."""
        if isinstance(base, TorchClass):
            constructors.initialise(self._machine, receiver, base, arguments, state, node)
            return
        state.havoc(arguments.flat())
        obj = state.read(receiver)
        assert isinstance(obj, Thing)
        if base is not None:
            opened = not base.name.startswith("builtins.")
        else:
            opened = isinstance(obj.cls, ProjectClass) and obj.cls.is_open
        if opened:
            state.write(receiver, replace(obj, initialised=True, is_open=True))

    def called(self, callee: Address, arguments: Arguments, state: State, node: ast.expr) -> Values:
        """What calling an object gives: a Module runs its ``forward``."""
        obj = state.read(callee)
        if not isinstance(obj, Thing):
            return self._machine.call_unknown(callee, arguments, state, node)
        cls = obj.cls
        if isinstance(cls, TorchClass):
            return self._torch_module(obj, cls, state, node)
        if isinstance(cls, ProjectClass):
            name = "__call__" if cls.find("__call__") is not None else ""
            if not name and obj.is_module and self._machine.changes_itself(cls):
                name = "forward"
            if name:
                methods = self._machine.attribute(callee, name, state, node)
                if not any(isinstance(method, Address) for method in methods):
                    return self._machine.call_any(methods, arguments, state, node)
                # An object in the place of its method may be this one.
                return self._machine.call_unknown(callee, arguments, state, node)
        if obj.is_module:
            return (self._machine.symbol(node, state),)
        return self._machine.call_unknown(callee, arguments, state, node)

    def _torch_module(self, obj: Thing, cls: TorchClass, state: State, node: ast.expr) -> Values:
        """What torch's Modules give: tensors, most of them."""
        for taker in obj.fields.get(TAKER, Field(NOTHING)).values:
            if isinstance(taker, Address) and state.grad is not False:
                self._machine.used(taker, state)
        if cls.is_a(*_GIVE_MORE):
            return (self._machine.symbol(node, state),)
        weight = obj.fields.get("weight") if cls.is_a("torch.nn.Embedding") else None
        if weight is not None and len(weight.values) == 1:
            (value,) = weight.values
            table = state.read(value) if isinstance(value, Address) else None
            if isinstance(table, Tensor) and isinstance(value, Address):
                return results.derived(
                    self._machine,
                    value,
                    table,
                    node,
                    state,
                    "()",
                    dtype=table.dtype,
                    integer=table.integer,
                )
        return results.anything(self._machine, node, state)


def _base_above(above: Super, obj: Obj) -> Class | None:
    """The next of an object's classes behind one of them that is not the project's."""
    cls = obj.cls if isinstance(obj, Thing) else None
    ancestry = cls.ancestry if cls is not None else ()
    rest = ancestry[ancestry.index(above.cls) + 1 :] if above.cls in ancestry else ()
    return next((a for a in rest if not isinstance(a, ProjectClass)), None)
