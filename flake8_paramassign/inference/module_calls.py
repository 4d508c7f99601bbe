"""The methods of ``nn.Module``."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator

from flake8_paramassign.inference.builtin_calls import BuiltinCaller
from flake8_paramassign.inference.classes import ProjectClass, TorchClass
from flake8_paramassign.inference.events import AttributeStored
from flake8_paramassign.inference.lifetimes import anchor
from flake8_paramassign.inference.state import ITEMS, State
from flake8_paramassign.inference.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Arguments,
    Container,
    External,
    Function,
    Instance,
    Method,
    Opaque,
    Tensor,
    Values,
    constant,
    only,
    union,
)

MODULE_CONTAINERS = ("torch.nn.ModuleList", "torch.nn.Sequential", "torch.nn.ModuleDict")
PARAMETER_CONTAINERS = ("torch.nn.ParameterList", "torch.nn.ParameterDict")
STATE_DICT = "state_dict"
"""The kind of container that ``state_dict()`` gives: a new one each time."""
_RETURNS_SELF = frozenset(
    """to cuda cpu float half double bfloat16 train eval requires_grad_ apply type share_memory
    to_empty xpu
    """.split()
)
"""Methods of ``nn.Module`` that return the module."""


class ModuleCaller(BuiltinCaller):
    """Calls methods that Modules inherit from ``nn.Module``."""

    def module_method(
        self,
        receiver: Instance | Opaque,
        name: str,
        node: ast.Call,
        arguments: Arguments,
        state: State,
    ) -> Values | None:
        """What a method of ``nn.Module`` returns; None where the class has one of its own."""
        is_module = self.is_module(receiver)
        if is_module is False:
            return None
        if isinstance(receiver, Instance):
            cls = receiver.cls
            if isinstance(cls, ProjectClass) and cls.find(name) and name != "register_parameter":
                return None
            if isinstance(cls, TorchClass) and name in ("append", "extend", "insert"):
                if cls.is_a(*MODULE_CONTAINERS, *PARAMETER_CONTAINERS):
                    return self._added(receiver, name, arguments, state)
        found = self._parts(receiver, name, node, arguments, state)
        if found is not None or not is_module:
            return found
        if name == "apply" and self.any_recomputed and arguments[0]:
            self._applied_to(receiver, arguments[0][0], node, state)
        if name in _RETURNS_SELF:
            return only(receiver)
        return self._registration(receiver, name, node, arguments, state)

    def _added(self, receiver: Instance, name: str, arguments: Arguments, state: State) -> Values:
        """``ModuleList.append`` and its like."""
        items = arguments[0][-1] if arguments[0] else UNKNOWN
        if name == "extend":
            items = self._all_items(items, state)
        held = self.item_cell(receiver, ITEMS, state)
        state.cells[receiver, ITEMS] = union(held or NOTHING, items)
        return only(receiver)

    def _parts(
        self,
        receiver: Instance | Opaque,
        name: str,
        node: ast.Call,
        arguments: Arguments,
        state: State,
    ) -> Values | None:
        """Methods that handle all Parameters at once; only Modules have them."""
        positional, named = arguments
        if name == "requires_grad_":
            flag = constant(positional[0] if positional else named.get("requires_grad", NOTHING))
            given = bool(positional or named)
            self.set_trains(receiver, flag if isinstance(flag, bool) else not given or None, state)
            return only(receiver)
        if name in ("parameters", "named_parameters"):
            each = self.each_part(only(receiver), name, node, state)
            return self._iterator(each, node, state)
        if name == "state_dict" and not self.is_module(receiver) and _is_one_of_several(receiver):
            return None
        if name == "state_dict" and "keep_vars" not in named:
            made = Container(STATE_DICT, node)
            state.cells[made, ITEMS] = only(Tensor(node))
            return only(made)
        if name == "load_state_dict" and constant(named.get("assign", NOTHING)) is True:
            self.replaced(receiver, None, state, node, "load_state_dict(assign=True)")
        return None

    def _applied_to(
        self, module: Instance | Opaque, functions: Values, node: ast.Call, state: State
    ) -> None:
        """``module.apply(init_weights)``, on those parts a name of which is computed anew."""
        parts = self.parts(module, state)
        normed = dict.fromkeys(
            owner
            for (owner, _), held in state.cells.items()
            if any(isinstance(v, Tensor) and v.recomputed for v in held) and anchor(owner) in parts
        )
        for function in self._own_functions(functions):
            for part in normed:
                self.call_function(function, ([only(part)], {}), state.copy(), node)

    def _own_functions(self, functions: Values) -> Iterator[Function | Method]:
        """The functions of the project among ``functions``, also imported ones."""
        for function in functions:
            if isinstance(function, External) and self.project.owns(function.name):
                yield from self._own_functions(self.project.meaning(function.name))
            elif isinstance(function, Function | Method):
                yield function

    @abstractmethod
    def call_function(
        self, function: Function | Method, arguments: Arguments, state: State, node: ast.Call
    ) -> Values:
        """Call a function of the project."""

    def _registration(
        self,
        receiver: Instance | Opaque,
        name: str,
        node: ast.Call,
        arguments: Arguments,
        state: State,
    ) -> Values | None:
        """Methods that register something, or take it out of the registry."""
        positional, named = arguments
        if name in ("register_parameter", "__setattr__"):
            key = positional[0] if positional else named.get("name", UNKNOWN)
            stored = positional[1] if len(positional) > 1 else named.get("param", UNKNOWN)
            expression = node.args[1] if len(node.args) > 1 else _keyword(node, "param")
            text = constant(key)
            how = "register_parameter" if name == "register_parameter" else "setattr"
            if isinstance(text, str):
                self.store(receiver, text, stored, state, node, expression, how)
            return NONE
        if name in ("register_buffer", "add_module", "register_module"):
            text = constant(positional[0]) if positional else NotImplemented
            if isinstance(text, str) and isinstance(receiver, Instance):
                kind = "buffer" if name == "register_buffer" else "module"
                stored = positional[1] if len(positional) > 1 else UNKNOWN
                self._registered_as(receiver, text, stored, kind, state, node)
            elif isinstance(receiver, Instance):
                registered = positional[1] if len(positional) > 1 else UNKNOWN
                key_cell = (receiver, "{added}")
                state.cells[key_cell] = union(state.cells.get(key_cell, NOTHING), registered)
                state.slots[key_cell] = frozenset(["module"])
            return NONE
        if name == "__delattr__" and positional:
            text = constant(positional[0])
            self.delete(receiver, text if isinstance(text, str) else None, state)
            return NONE
        return None

    def _registered_as(
        self,
        receiver: Instance,
        name: str,
        values: Values,
        kind: str,
        state: State,
        node: ast.AST,
    ) -> None:
        """``register_buffer`` and ``add_module``."""
        slot = self.slot(receiver, name, state)
        how = "register_buffer" if kind == "buffer" else "add_module"
        self.tell(
            AttributeStored(
                self.frame, state, node, receiver, name, values, None, slot, NOTHING, how
            )
        )
        state.slots[receiver, name] = frozenset([kind])
        state.cells[receiver, name] = values


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((k.value for k in node.keywords if k.arg == name), None)


def _is_one_of_several(receiver: Instance | Opaque) -> bool:
    """Whether an annotation gives an argument several classes, and so methods of their own."""
    argument = receiver.site
    return isinstance(argument, ast.arg) and isinstance(
        argument.annotation, ast.BinOp | ast.Subscript
    )
