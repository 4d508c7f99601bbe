"""What calls return, and what they change."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, TypeAlias

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.inference.classes import Class, ProjectClass, TorchClass
from flake8_paramassign.inference.events import AttributeStored, OptimizerMade, ParameterMade
from flake8_paramassign.inference.expressions import Evaluator
from flake8_paramassign.inference.objects import derived
from flake8_paramassign.inference.state import EVERY, INITIALISED, ITEMS, UNKNOWN_SLOT, State
from flake8_paramassign.inference.values import (
    NONE,
    NOTHING,
    NUMBER,
    UNKNOWN,
    ClassValue,
    Constant,
    Container,
    External,
    Function,
    Instance,
    Method,
    Opaque,
    Optimizer,
    Other,
    Parameter,
    Super,
    Tensor,
    Unknown,
    Value,
    Values,
    constant,
    only,
    union,
)

Arguments: TypeAlias = "tuple[list[Values], dict[str, Values]]"

_LEGACY_TENSOR = re.compile(r"torch\.(cuda\.)?(\w*)Tensor$")
_INTEGER_TENSORS = frozenset(["Long", "Int", "Short", "Byte", "Char", "Bool"])
_ARRAYS = frozenset(
    """array asarray zeros ones full empty eye arange linspace rand randn normal uniform
    zeros_like ones_like concatenate stack
    """.split()
)
_REWIRES = re.compile(
    r"weight_norm|spectral_norm|parametriz|prun|unregister|functional|patch|swap|"
    r"del_|delete|remove|stateless|inject|tensor_parallel|quantiz",
    re.IGNORECASE,
)
"""Functions that may take names out of a Module's registry."""
_CONVERSIONS = frozenset(
    ["to", "cuda", "float", "half", "double", "bfloat16", "type", "type_as", "int", "long"]
)
"""MAYBE_SELF methods whose result is worth a word; ``contiguous()`` or ``cpu()`` is not."""
_KEEPS_DTYPE = frozenset(["clone", "tril", "triu", "repeat", "flip", "roll", "detach"])
_MODULE_CONTAINERS = ("torch.nn.ModuleList", "torch.nn.Sequential", "torch.nn.ModuleDict")
_PARAMETER_CONTAINERS = ("torch.nn.ParameterList", "torch.nn.ParameterDict")
_TENSOR_LAYER = re.compile(r"Linear|Conv|Norm|Embedding|Bilinear")
_KINDS = {
    "int": "int", "float": "float", "bool": "bool", "str": "str", "len": "int", "repr": "str",
    "abs": "float", "round": "float", "range": "range", "id": "int", "hash": "int", "ord": "int",
}  # fmt: skip


class Caller(Evaluator):
    """Calls torch's functions by the catalogue, and the project's own by entering them."""

    def enter(self, function: Function, arguments: Arguments, state: State, node: ast.Call,
              receiver: Instance | None = None) -> Values:  # fmt: skip
        """Run a function of the project; ``state`` becomes the state after it."""
        raise NotImplementedError

    def construct(self, cls: ProjectClass, node: ast.Call) -> Values:
        """An object of a project's class."""
        return only(Instance(cls, node))

    def store(self, receiver: Value, name: str, values: Values, state: State, node: ast.AST,
              expression: ast.expr | None, how: str) -> None:  # fmt: skip
        """Set an attribute as ``setattr`` does."""
        raise NotImplementedError

    def delete(self, receiver: Value, name: str | None, state: State) -> None:
        """Delete an attribute; None is one of unknown name."""
        raise NotImplementedError

    def rebind(self, subject: ast.expr, values: Values, state: State) -> None:
        """From here on the name or attribute ``subject`` holds ``values``."""
        raise NotImplementedError

    def filled(self, container: Value, values: Values, how: str, state: State) -> None:
        """Items were put into a container."""
        raise NotImplementedError

    def call(self, node: ast.Call, state: State) -> Values:
        """What ``node`` returns."""
        if isinstance(node.func, ast.Attribute):
            receivers = self.evaluate(node.func.value, state)
            arguments = self._arguments(node, state)
            result = NOTHING
            for receiver in receivers:
                result = union(result, self._method(receiver, node, arguments, state))
            return result or UNKNOWN
        callees = self.evaluate(node.func, state)
        arguments = self._arguments(node, state)
        result = NOTHING
        for callee in callees:
            result = union(result, self._called(callee, node, arguments, state))
        return result or UNKNOWN

    def _arguments(self, node: ast.Call, state: State) -> Arguments:
        positional: list[Values] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                positional.append(self._spread(self.each(argument.value, state)))
            else:
                positional.append(self.evaluate(argument, state))
        named: dict[str, Values] = {}
        for keyword in node.keywords:
            values = self.evaluate(keyword.value, state)
            named[keyword.arg or "**"] = values
        return positional, named

    @staticmethod
    def _spread(items: Values) -> Values:
        """What ``*items`` passes: all of them, marked as more than one argument."""
        return union(items, UNKNOWN)

    # Methods.

    def _method(
        self, receiver: Value, node: ast.Call, arguments: Arguments, state: State
    ) -> Values:
        assert isinstance(node.func, ast.Attribute)
        name = node.func.attr
        if isinstance(receiver, Parameter | Tensor):
            return self._tensor_method(receiver, name, node, arguments, state)
        if isinstance(receiver, Container):
            return self._container_method(receiver, name, arguments, state)
        if isinstance(receiver, Instance | Opaque):
            found = self._module_method(receiver, name, node, arguments, state)
            if found is not None:
                return found
        result = NOTHING
        for callee in self.attribute(receiver, name, state, node.func):
            if isinstance(callee, External) and isinstance(receiver, Super):
                called = self._inherited_call(callee, receiver.receiver, node, arguments, state)
            else:
                called = self._called(callee, node, arguments, state)
            result = union(result, called)
            if name == "__init__" and not isinstance(callee, Function | Method):
                self._initialised(state)
        return result

    def _inherited_call(
        self,
        method: External,
        receiver: Instance,
        node: ast.Call,
        arguments: Arguments,
        state: State,
    ) -> Values:
        """``super().method(...)`` of a class that is not the project's."""
        base, _, name = method.name.rpartition(".")
        owner = TorchClass.named(base)
        if owner is None:
            return UNKNOWN
        if name == "__init__":
            self.initialise_torch_base(
                receiver, owner, state, _constants(owner, arguments[0], arguments[1])
            )
            return NONE
        return self._module_method(receiver, name, node, arguments, state) or UNKNOWN

    def _initialised(self, state: State) -> None:
        """The ``__init__`` of a base that cannot be seen has run: a Module's, if it is one."""
        if self.frame.receiver is not None:
            state.cells[self.frame.receiver, INITIALISED] = only(Constant(True))

    def _tensor_method(
        self,
        tensor: Parameter | Tensor,
        name: str,
        node: ast.Call,
        arguments: Arguments,
        state: State,
    ) -> Values:
        if name == "requires_grad_":
            given = arguments[0][0] if arguments[0] else arguments[1].get("requires_grad")
            flag = True if given is None else constant(given)
            changed = only(replace(tensor, trainable=flag if isinstance(flag, bool) else None))
            assert isinstance(node.func, ast.Attribute)
            self.rebind(node.func.value, changed, state)
            return changed
        result = catalogue.method(name)
        if result is Result.MAYBE_SELF:
            return self._converted(tensor, name, node, state)
        return self._by_result(result, tensor, f".{name}()", name, node, state)

    def _by_result(
        self,
        result: Result | None,
        tensor: Parameter | Tensor,
        via: str,
        name: str,
        node: ast.Call,
        state: State,
    ) -> Values:
        if result in (Result.SELF, Result.IN_PLACE, Result.MAYBE_SELF):
            return only(tensor)
        if result in (Result.NEW, Result.VIEW):
            free = catalogue.grad_free(name)
            integer = True if catalogue.integer_result(name) else None
            if result is Result.VIEW or name in _KEEPS_DTYPE:
                integer = getattr(tensor, "integer", None)
            made = derived(tensor, node, via, detached=free, grad=state.grad, integer=integer)
            return only(made)
        if result is Result.TUPLE:
            several = Container("tuple", node)
            state.cells[several, ITEMS] = only(derived(tensor, node, via, grad=state.grad))
            return only(several)
        if result is Result.OTHER:
            return only(Other("object"))
        return NONE if result is Result.NONE else UNKNOWN

    def _converted(
        self, tensor: Parameter | Tensor, name: str, node: ast.Call, state: State
    ) -> Values:
        """``.to()`` and its like, which return the same object when nothing has to change."""
        if name not in _CONVERSIONS:
            return only(tensor)
        places = _places(name, node)
        if places and places <= tensor.placed:
            return only(tensor)
        integer = True if name in ("int", "long") else None
        if name in ("to", "type") and any(catalogue.dtype_is_integer(p) for p in places):
            integer = True
        changes = "float32" in tensor.placed and bool(places & _OTHER_FLOATS)
        moved = derived(
            tensor, node, f".{name}()", grad=state.grad, maybe_self=not changes, integer=integer
        )
        if places & _FLOATS:
            moved = replace(moved, integer=False)
        moved = replace(moved, placed=(tensor.placed - _FLOATS) | places)
        if changes or (isinstance(tensor, Tensor) and not tensor.trainable):
            return only(moved)
        return frozenset([tensor, moved])

    def _container_method(
        self, container: Container, name: str, arguments: Arguments, state: State
    ) -> Values:
        positional, _ = arguments
        if name in ("append", "add", "appendleft") and positional:
            self.filled(container, positional[0], name, state)
            return NONE
        if name == "insert" and len(positional) > 1:
            self.filled(container, positional[1], name, state)
            return NONE
        if name in ("extend", "update") and positional:
            for value in positional[0]:
                if isinstance(value, Container):
                    self.filled(container, self.items(value, state), name, state)
            return NONE
        if name in ("values", "copy", "pop", "get", "setdefault", "popleft"):
            items = self.items(container, state)
            if name in ("values", "copy"):
                return self._iterator(items, container, state)
            return union(items, UNKNOWN)
        if name == "items":
            pair = Container("tuple", (container, "pair"))
            state.cells[pair, "[0]"] = UNKNOWN
            state.cells[pair, "[1]"] = self.items(container, state)
            state.cells[pair, ITEMS] = UNKNOWN
            return self._iterator(only(pair), container, state)
        return UNKNOWN

    def _iterator(self, items: Values, site: object, state: State) -> Values:
        iterator = Container("iterator", (site, "iterator"))
        state.cells[iterator, ITEMS] = items
        return only(iterator)

    def _module_method(
        self,
        receiver: Instance | Opaque,
        name: str,
        node: ast.Call,
        arguments: Arguments,
        state: State,
    ) -> Values | None:
        """Methods of ``nn.Module`` that matter; None where the class has one of its own."""
        positional, named = arguments
        is_module = self.is_module(receiver)
        if is_module is False:
            return None
        if isinstance(receiver, Instance):
            cls = receiver.cls
            if isinstance(cls, ProjectClass) and cls.find(name) and name != "register_parameter":
                return None
            if isinstance(cls, TorchClass) and name in ("append", "extend", "insert"):
                if cls.is_a(*_MODULE_CONTAINERS, *_PARAMETER_CONTAINERS):
                    items = positional[-1] if positional else UNKNOWN
                    if name == "extend":
                        items = self._all_items(items, state)
                    known = state.cells.get((receiver, ITEMS), NOTHING)
                    state.cells[receiver, ITEMS] = union(known, items)
                    return only(receiver)
        if name in _RETURNS_SELF and is_module:
            return only(receiver)
        if name == "parameters" and not isinstance(receiver, Opaque):
            parameter = Parameter(("parameters", receiver), None)
            return self._iterator(only(parameter), node, state)
        if name in ("register_parameter", "__setattr__") and is_module:
            key = positional[0] if positional else named.get("name", UNKNOWN)
            stored = positional[1] if len(positional) > 1 else named.get("param", UNKNOWN)
            expression = node.args[1] if len(node.args) > 1 else _keyword(node, "param")
            text = constant(key)
            how = "register_parameter" if name == "register_parameter" else "setattr"
            if isinstance(text, str):
                self.store(receiver, text, stored, state, node, expression, how)
            return NONE
        if name in ("register_buffer", "add_module", "register_module") and is_module:
            text = constant(positional[0]) if positional else NotImplemented
            if isinstance(text, str) and isinstance(receiver, Instance):
                kind = "buffer" if name == "register_buffer" else "module"
                stored = positional[1] if len(positional) > 1 else UNKNOWN
                self.registered_as(receiver, text, stored, kind, state, node)
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

    def registered_as(
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

    def _all_items(self, values: Values, state: State) -> Values:
        result = NOTHING
        for value in values:
            inner = self.items(value, state) if isinstance(value, Container) else UNKNOWN
            result = union(result, inner)
        return result or UNKNOWN

    # Functions and classes.

    def _called(self, callee: Value, node: ast.Call, arguments: Arguments, state: State) -> Values:
        if isinstance(callee, External):
            return self._external(callee.name, node, arguments, state)
        if isinstance(callee, ClassValue):
            return self._made(callee.cls, node, arguments, state)
        if isinstance(callee, Function):
            if callee.owner and arguments[0] and callee.owner is not None:
                receiver, rest = _receiver(callee, arguments)
                if receiver is not None:
                    return self.enter(callee, rest, state, node, receiver)
            return self.enter(callee, arguments, state, node)
        if isinstance(callee, Method):
            return self.enter(callee.function, arguments, state, node, callee.receiver)
        if isinstance(callee, Instance):
            return self._applied(callee, node, state)
        if isinstance(callee, Opaque):
            self._may_rewire(callee.path, arguments, state)
            return only(Opaque(node, f"{callee.path}(...)"))
        return UNKNOWN

    def _applied(self, layer: Instance, node: ast.Call, state: State) -> Values:
        """``layer(x)``."""
        if isinstance(layer.cls, TorchClass) and _TENSOR_LAYER.search(layer.cls.name):
            return only(Tensor(node, None if state.grad is not False else False, False))
        return UNKNOWN

    def _made(self, cls: Class, node: ast.Call, arguments: Arguments, state: State) -> Values:
        if isinstance(cls, ProjectClass):
            if cls.is_module is False and cls.find("__new__"):
                return UNKNOWN
            return self.construct(cls, node)
        if not isinstance(cls, TorchClass):
            return only(Opaque(node, f"{cls.name.split('.')[-1]}(...)", cls.is_module))
        positional, named = arguments
        instance = Instance(cls, node, _constants(cls, positional, named))
        if cls.is_a(*_MODULE_CONTAINERS, *_PARAMETER_CONTAINERS):
            items = NOTHING
            for index, values in enumerate(positional):
                inner = values
                if cls.name != "torch.nn.Sequential":
                    inner = self._all_items(values, state)
                state.cells[instance, f"[{index}]"] = inner
                items = union(items, inner)
            if cls.name != "torch.nn.Sequential" and len(positional) == 1:
                self._same_items(instance, positional[0], state)
            if cls.is_a(*_PARAMETER_CONTAINERS):
                items = frozenset(
                    Parameter(node, None) if isinstance(v, Tensor) else v for v in items
                )
            state.cells[instance, ITEMS] = items
        return only(instance)

    def _same_items(self, instance: Instance, values: Values, state: State) -> None:
        state.cells.pop((instance, "[0]"), None)
        if len(values) == 1:
            (source,) = values
            for (owner, key), items in list(state.cells.items()):
                if owner is source and key.startswith("[") and key != ITEMS:
                    state.cells[instance, key] = items

    def _external(self, name: str, node: ast.Call, arguments: Arguments, state: State) -> Values:
        root, _, rest = name.partition(".")
        if root == "builtins":
            builtin = self._builtins.get(rest)
            if builtin is not None:
                return builtin(self, node, arguments, state)
            return only(Other(_KINDS[rest])) if rest in _KINDS else UNKNOWN
        if root == "torch":
            return self._torch(name, node, arguments, state)
        if root in ("numpy", "cupy"):
            return only(Other("numpy.ndarray")) if name.split(".")[-1] in _ARRAYS else UNKNOWN
        if root == "math":
            return NUMBER
        if name in ("copy.copy", "copy.deepcopy") and arguments[0]:
            return frozenset(_copied(v, node) for v in arguments[0][0])
        short = name.split(".")[-1]
        self._may_rewire(name, arguments, state)
        cls = self.project.class_named(name) if short[:1].isupper() else None
        return only(Opaque(node, f"{short}(...)", cls.is_module if cls else None))

    def _torch(self, name: str, node: ast.Call, arguments: Arguments, state: State) -> Values:
        positional, named = arguments
        if name in ("torch.nn.Parameter", "torch.nn.parameter.Parameter"):
            return self._parameter(node, arguments, state)
        if name.endswith((".UninitializedParameter", ".UninitializedBuffer")):
            return only(Parameter(node, None, plain=False)) if "Param" in name else UNKNOWN
        if catalogue.optimizer_class(name):
            return self._optimizer(node, arguments, state)
        cls = TorchClass.named(name)
        if cls is not None:
            return self._made(cls, node, arguments, state)
        base, _, method = name.rpartition(".")
        owner = TorchClass.named(base)
        if owner is not None:
            return self._unbound(owner, method, node, arguments, state)
        legacy = _LEGACY_TENSOR.match(name)
        if legacy:
            kind = legacy.group(2)
            placed = frozenset() if kind not in ("", "Float") else frozenset(["float32"])
            return only(Tensor(node, integer=kind in _INTEGER_TENSORS, placed=placed))
        result = catalogue.function(name)
        if result is None:
            self._may_rewire(name, arguments, state)
            if positional and name.rpartition(".")[2] in ("weight_norm", "spectral_norm"):
                return positional[0]
            return UNKNOWN
        short = name.rpartition(".")[2]
        first = self._first_tensor(positional, named, state)
        if result in (Result.SELF, Result.IN_PLACE, Result.MAYBE_SELF):
            same = positional[0] if positional else next(iter(named.values()), UNKNOWN)
            return same if result is not Result.MAYBE_SELF else union(same, UNKNOWN)
        if first is not None:
            made = self._by_result(result, first, f"{_short(name)}()", short, node, state)
            return _with_flags(made, node, named)
        if result in (Result.NEW, Result.VIEW):
            return self._created(short, node, arguments, state)
        if result is Result.TUPLE:
            several = Container("tuple", node)
            state.cells[several, ITEMS] = only(Tensor(node, None, False))
            return only(several)
        if result is Result.OTHER:
            return only(Other("object"))
        return NONE if result is Result.NONE else UNKNOWN

    def _created(self, short: str, node: ast.Call, arguments: Arguments, state: State) -> Values:
        """A tensor out of nothing, or out of values that are not known to require grad."""
        positional, named = arguments
        creates = catalogue.creates_leaf(short)
        unsure = not creates and any(
            not isinstance(v, Constant | Other) for values in positional for v in values
        )
        flag = constant(named["requires_grad"]) if "requires_grad" in named else False
        trainable = flag if isinstance(flag, bool) else None
        integer, placed = _dtype(short, node, positional)
        if unsure and state.grad is not False:
            trainable = None
        leaf = not unsure or state.grad is False
        return only(Tensor(node, trainable, leaf, integer=integer, placed=placed))

    def _first_tensor(
        self, positional: list[Values], named: dict[str, Values], state: State
    ) -> Parameter | Tensor | None:
        """The argument that a result is derived from: a Parameter rather than a tensor."""
        found: Parameter | Tensor | None = None
        for values in (*positional, *named.values()):
            for value in values:
                inner = self.items(value, state) if isinstance(value, Container) else (value,)
                for candidate in inner:
                    if isinstance(candidate, Parameter):
                        return candidate
                    if isinstance(candidate, Tensor) and (found is None or candidate.origin):
                        found = candidate
        return found

    def _parameter(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        positional, named = arguments
        data = positional[0] if positional else named.get("data", NOTHING)
        given = positional[1] if len(positional) > 1 else named.get("requires_grad")
        flag = True if given is None else constant(given)
        placed: frozenset[str] = frozenset()
        for value in data:
            if isinstance(value, Parameter | Tensor):
                placed = value.placed if not placed else placed & value.placed
        parameter = Parameter(node, flag if isinstance(flag, bool) else None, placed)
        self.tell(ParameterMade(self.frame, state, node, data, parameter))
        return only(parameter)

    def _optimizer(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        positional, named = arguments
        given = positional[0] if positional else named.get("params", UNKNOWN)
        tensors = NOTHING
        for value in given:
            tensors = union(tensors, self._optimised(value, state))
        optimizer = Optimizer(node)
        self.tell(OptimizerMade(self.frame, state, node, optimizer, tensors))
        return only(optimizer)

    def _optimised(self, value: Value, state: State, depth: int = 0) -> Values:
        """The tensors in an optimizer's argument: a list of them, or of groups of them."""
        if isinstance(value, Container) and depth < 3:
            if value.kind == "dict":
                inner = state.cells.get((value, "['params']"), UNKNOWN)
                return self._flattened(inner, state, depth)
            return self._flattened(self.items(value, state), state, depth)
        return only(value)

    def _flattened(self, values: Values, state: State, depth: int) -> Values:
        result = NOTHING
        for value in values:
            result = union(result, self._optimised(value, state, depth + 1))
        return result

    def _unbound(
        self, owner: TorchClass, method: str, node: ast.Call, arguments: Arguments, state: State
    ) -> Values:
        """``nn.Module.__init__(self)``, ``nn.Linear.forward(layer, x)``."""
        positional, named = arguments
        receivers = [v for v in (positional or [NOTHING])[0] if isinstance(v, Instance)]
        if len(receivers) != 1:
            return UNKNOWN
        called = External(f"{owner.name}.{method}")
        return self._inherited_call(called, receivers[0], node, (positional[1:], named), state)

    def _may_rewire(self, name: str, arguments: Arguments, state: State) -> None:
        """A function that takes names out of the registry leaves its argument's slots unknown."""
        if _REWIRES.search(name):
            for values in (*arguments[0], *arguments[1].values()):
                for value in values:
                    self.forget(value, state)

    def forget(self, value: Value, state: State) -> None:
        """From here on nothing is known of how ``value`` holds its attributes."""
        state.slots[value, EVERY] = UNKNOWN_SLOT
        for owner, name in list(state.slots):
            if owner == value and name != EVERY:
                state.slots[owner, name] = UNKNOWN_SLOT

    # Builtins.

    def _setattr(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        positional, _ = arguments
        if len(positional) == 3:
            name = constant(positional[1])
            for receiver in positional[0]:
                if isinstance(name, str):
                    self.store(receiver, name, positional[2], state, node, node.args[2], "setattr")
                else:
                    self.forget(receiver, state)
        return NONE

    def _delattr(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        positional, _ = arguments
        if len(positional) == 2:
            name = constant(positional[1])
            for receiver in positional[0]:
                self.delete(receiver, name if isinstance(name, str) else None, state)
        return NONE

    def _getattr(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        positional, _ = arguments
        name = constant(positional[1]) if len(positional) > 1 else NotImplemented
        if not isinstance(name, str):
            return only(Opaque(node, "getattr(...)"))
        result = positional[2] if len(positional) > 2 else NOTHING
        for value in positional[0]:
            result = union(result, self.attribute(value, name, state, node))
        return result

    def _listed(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        assert isinstance(node.func, ast.Name)
        kind = node.func.id if node.func.id in ("list", "tuple", "set", "dict") else "iterator"
        container = Container(kind, node)
        positional, named = arguments
        items = self._all_items(positional[0], state) if positional else NOTHING
        for values in named.values():
            items = union(items, values)
        state.cells[container, ITEMS] = items
        if positional:
            for source in positional[0]:
                if isinstance(source, Container) and len(positional[0]) == 1:
                    for (owner, key), exact in list(state.cells.items()):
                        if owner == source and key.startswith("[") and key != ITEMS:
                            state.cells[container, key] = exact
        return only(container)

    def _paired(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        """``enumerate`` and ``zip``."""
        assert isinstance(node.func, ast.Name)
        pair = Container("tuple", (node, "pair"))
        columns = [self._all_items(values, state) for values in arguments[0]]
        if node.func.id == "enumerate":
            columns = [only(Other("int")), *columns[:1]]
        everything = NOTHING
        for index, column in enumerate(columns):
            state.cells[pair, f"[{index}]"] = column
            everything = union(everything, column)
        state.cells[pair, ITEMS] = everything
        return self._iterator(only(pair), node, state)

    def _super(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        frame = self.frame
        if frame.owner is None or frame.receiver is None:
            return UNKNOWN
        return only(Super(frame.owner, frame.receiver))

    def _same(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        result = NOTHING
        for values in arguments[0]:
            result = union(result, values)
        return union(result, UNKNOWN)

    def _nothing(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        return NONE

    _builtins: ClassVar[dict[str, Callable[..., Values]]] = {
        "setattr": _setattr,
        "delattr": _delattr,
        "getattr": _getattr,
        "list": _listed,
        "tuple": _listed,
        "set": _listed,
        "dict": _listed,
        "iter": _listed,
        "reversed": _listed,
        "sorted": _listed,
        "enumerate": _paired,
        "zip": _paired,
        "super": _super,
        "max": _same,
        "min": _same,
        "next": _same,
        "print": _nothing,
    }


_RETURNS_SELF = frozenset(
    """to cuda cpu float half double bfloat16 train eval requires_grad_ apply type share_memory
    to_empty xpu
    """.split()
)
"""Methods of ``nn.Module`` that return the module."""
_FLOATS = frozenset(["float32", "torch.float16", "torch.float64", "torch.bfloat16"])
_OTHER_FLOATS = _FLOATS - {"float32"}
_METHOD_PLACES = {
    "float": "float32", "half": "torch.float16", "double": "torch.float64",
    "bfloat16": "torch.bfloat16",
}  # fmt: skip
_DTYPE_NAMES = {
    "torch.float32": "float32", "torch.float": "float32", "torch.half": "torch.float16",
    "torch.double": "torch.float64",
}  # fmt: skip
_DEFAULT_FLOAT = frozenset(["randn", "rand", "zeros", "ones", "empty", "eye"])


def _places(method: str, node: ast.Call) -> frozenset[str]:
    """What a conversion asks for, in a form that two equal requests share."""
    if method in _METHOD_PLACES:
        return frozenset([_METHOD_PLACES[method]])
    if method == "cuda" and not node.args and not node.keywords:
        return frozenset(["'cuda'"])
    arguments = [*node.args, *(k.value for k in node.keywords if k.arg in ("device", "dtype"))]
    if any(k.arg == "copy" for k in node.keywords):
        return frozenset()
    return frozenset(_place(a) for a in arguments if not isinstance(a, ast.Constant | ast.Starred)
                     or isinstance(getattr(a, "value", None), str))  # fmt: skip


def _place(node: ast.expr) -> str:
    text = ast.unparse(node)
    return _DTYPE_NAMES.get(text, text)


def _dtype(
    short: str, node: ast.Call, positional: list[Values]
) -> tuple[bool | None, frozenset[str]]:
    """Whether a created tensor holds integers, and the places it is known to be in."""
    places = frozenset(
        _place(k.value) for k in node.keywords if k.arg in ("device", "dtype") and k.value
    )
    explicit = any(k.arg == "dtype" for k in node.keywords)
    if explicit:
        dtype = next(k.value for k in node.keywords if k.arg == "dtype")
        text = ast.unparse(dtype)
        return (True if catalogue.dtype_is_integer(text) else None), places
    if short in _DEFAULT_FLOAT:
        return False, places | {"float32"}
    if short == "arange":
        return _counts(node.args), places
    if short in ("tensor", "full", "as_tensor"):
        return _literal_integers(node, short), places
    return (True if catalogue.integer_result(short) else None), places


def _literal_integers(node: ast.Call, short: str) -> bool | None:
    """Whether the literal data of ``torch.tensor`` and its like are all integers or bools."""
    data: list[ast.expr] = list(node.args)
    if short in ("tensor", "as_tensor"):
        data = data[:1]
    elif short == "full":
        data = data[1:2]
    leaves = [leaf for argument in data for leaf in _leaves(argument)]
    if not leaves:
        return None
    if any(isinstance(leaf, ast.Constant) and isinstance(leaf.value, float) for leaf in leaves):
        return False
    known = all(isinstance(x, ast.Constant) and isinstance(x.value, int) for x in leaves)
    return True if known else None


def _counts(bounds: list[ast.expr]) -> bool | None:
    """Whether ``torch.arange(*bounds)`` counts in integers: ``arange(n)`` is written for that."""
    for bound in bounds:
        plain = isinstance(bound, ast.Name) and len(bounds) == 1
        if isinstance(bound, ast.UnaryOp):
            bound = bound.operand
        whole = isinstance(bound, ast.Constant) and isinstance(bound.value, int)
        called = isinstance(bound, ast.Call) and ast.unparse(bound.func) in ("len", "int")
        if not (plain or whole or called):
            return None
    return True


def _leaves(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        return [leaf for element in node.elts for leaf in _leaves(element)]
    if isinstance(node, ast.UnaryOp):
        return _leaves(node.operand)
    return [node]


def _with_flags(made: Values, node: ast.Call, named: dict[str, Values]) -> Values:
    """``zeros_like(w, requires_grad=True)``, ``ones_like(w, dtype=...)``: arguments win."""
    if "requires_grad" not in named and "dtype" not in named:
        return made
    integer, placed = _dtype("", node, [])
    flag = constant(named.get("requires_grad", NOTHING))
    return frozenset(
        replace(
            v,
            trainable=flag if isinstance(flag, bool) else v.trainable,
            leaf=True if flag is True else v.leaf,
            integer=integer,
            placed=placed,
        )
        if isinstance(v, Tensor)
        else v
        for v in made
    )


def _short(name: str) -> str:
    """A torch function as people write it: ``torch.cat``, ``F.normalize``."""
    return name.replace("torch.nn.functional.", "F.")


def _receiver(function: Function, arguments: Arguments) -> tuple[Instance | None, Arguments]:
    """``Base.__init__(self, x)``: the object among the arguments of an unbound method."""
    positional, named = arguments
    found = [v for v in positional[0] if isinstance(v, Instance)]
    return (found[0] if len(found) == 1 else None), (positional[1:], named)


def _constants(
    cls: TorchClass, positional: list[Values], named: dict[str, Values]
) -> tuple[tuple[str, object], ...]:
    """Constructor arguments, with ``catalogue.UNKNOWN`` for what is no constant."""
    given: dict[str, object] = {}
    if "**" in named:
        given = dict.fromkeys(cls.entry.parameters, catalogue.UNKNOWN)
    for name, values in [*zip(cls.entry.parameters, positional, strict=False), *named.items()]:
        value = constant(values)
        hashable = value is None or isinstance(value, int | float | str)
        given[name] = value if hashable else catalogue.UNKNOWN
    return tuple(sorted(given.items(), key=lambda item: item[0]))


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((k.value for k in node.keywords if k.arg == name), None)


def _copied(value: Value, node: ast.AST) -> Value:
    if isinstance(value, Instance):
        return Instance(value.cls, (node, value.site), value.arguments)
    if isinstance(value, Parameter):
        return replace(value, site=node)
    return value if isinstance(value, Constant | Other) else Unknown()
