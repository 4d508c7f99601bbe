"""What calls return, and what they change."""

from __future__ import annotations

import ast
import re
from abc import abstractmethod
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.inference.classes import (
    Class,
    Deferred,
    ExternalClass,
    ProjectClass,
    TorchClass,
    makes_module,
)
from flake8_paramassign.inference.events import ItemStored
from flake8_paramassign.inference.module_calls import (
    MODULE_CONTAINERS,
    PARAMETER_CONTAINERS,
    STATE_DICT,
    ModuleCaller,
)
from flake8_paramassign.inference.shapes import Shaped
from flake8_paramassign.inference.state import INITIALISED, ITEMS, State
from flake8_paramassign.inference.takers import SHARDED
from flake8_paramassign.inference.values import (
    NONE,
    NOTHING,
    NUMBER,
    UNKNOWN,
    Arguments,
    ClassValue,
    Constant,
    Container,
    External,
    Function,
    Instance,
    Method,
    Opaque,
    Other,
    Parameter,
    Super,
    Tensor,
    Unknown,
    Value,
    Values,
    all_of,
    constant,
    in_order,
    only,
    union,
)

_ARRAYS = frozenset(
    """array asarray zeros ones full empty eye arange linspace rand randn normal uniform
    zeros_like ones_like concatenate stack
    """.split()
)
_TENSOR_LAYER = re.compile(r"Linear|Conv|Norm|Embedding|Bilinear")


class Caller(ModuleCaller):
    """Calls torch's classes by the catalogue, and the project's own code by entering it."""

    made_before: set[Instance]
    """Objects that were made already: a call in a loop makes another one each time."""

    @abstractmethod
    def enter(self, function: Function, arguments: Arguments, state: State, node: ast.Call,
              receiver: Instance | None = None) -> Values:  # fmt: skip
        """Run a function of the project; ``state`` becomes the state after it."""

    def construct(self, cls: ProjectClass, node: ast.Call, state: State) -> Values:
        """An object of a project's class."""
        made = Instance(cls, node)
        self.born(made, state)
        return only(made)

    def born(self, made: Instance, state: State) -> None:
        """A new object: what is known of the one that was made here before is not true of it."""
        if made in self.made_before:
            for held in (state.cells, state.slots):
                for key in [key for key in held if key[0] == made]:
                    del held[key]
        self.made_before.add(made)

    def call(self, node: ast.Call, state: State) -> Values:
        """What ``node`` returns."""
        if isinstance(node.func, ast.Attribute):
            receivers = self.evaluate(node.func.value, state)
            arguments = self._arguments(node, state)
            if catalogue.method(node.func.attr) is catalogue.Result.IN_PLACE:
                how, operands = f".{node.func.attr}()", all_of(arguments)
                self.written(node, receivers, node.func.value, how, operands, state)
            result = NOTHING
            for receiver in in_order(receivers):
                result = union(result, self._method(receiver, node, arguments, state))
            name = node.func.attr
        else:
            callees = self.evaluate(node.func, state)
            arguments = self._arguments(node, state)
            result = NOTHING
            for callee in in_order(callees):
                result = union(result, self._called(callee, node, arguments, state))
            name = node.func.id if isinstance(node.func, ast.Name) else ""
        self.may_take(name, [*arguments[0], *arguments[1].values()], result, state)
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
            if receiver.kind == STATE_DICT and name == "update":
                self.tell(ItemStored(self.frame, state, node, receiver, UNKNOWN))
            return self._container_method(receiver, name, arguments, state)
        if isinstance(receiver, Instance | Opaque):
            found = self.module_method(receiver, name, node, arguments, state)
            if found is not None:
                return found
        result = NOTHING
        for callee in in_order(self.attribute(receiver, name, state, node.func)):
            if isinstance(callee, External) and isinstance(receiver, Super):
                called = self._inherited_call(callee, receiver.receiver, node, arguments, state)
            else:
                called = self._called(callee, node, arguments, state)
            result = union(result, called)
            if name == "__init__":
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
            given = self._constants(owner, node, arguments, state)
            self.initialise_torch_base(receiver, owner, state, given)
            return NONE
        return self.module_method(receiver, name, node, arguments, state) or UNKNOWN

    def _initialised(self, state: State) -> None:
        """The ``__init__`` of a base that cannot be seen has run: a Module's, if it is one."""
        if self.frame.receiver is not None:
            state.cells[self.frame.receiver, INITIALISED] = only(Constant(True))

    # Functions and classes.

    def _called(self, callee: Value, node: ast.Call, arguments: Arguments, state: State) -> Values:
        if isinstance(callee, External):
            return self._external(callee.name, node, arguments, state)
        if isinstance(callee, ClassValue):
            return self._made(callee.cls, node, arguments, state)
        if isinstance(callee, Function | Method):
            return self.call_function(callee, arguments, state, node)
        if isinstance(callee, Instance):
            return self._applied(callee, node, state)
        if isinstance(callee, Opaque):
            self.may_rewire(callee.path, arguments, state)
            return only(Opaque(node, f"{callee.path}(...)"))
        return UNKNOWN

    def call_function(
        self, callee: Function | Method, arguments: Arguments, state: State, node: ast.Call
    ) -> Values:
        """Call a function of the project."""
        if isinstance(callee, Function):
            if callee.owner is not None and arguments[0]:
                receiver, rest = _receiver(callee, arguments)
                if receiver is not None:
                    return self.enter(callee, rest, state, node, receiver)
            return self.enter(callee, arguments, state, node)
        return self.enter(callee.function, arguments, state, node, callee.receiver)

    def _applied(self, layer: Instance, node: ast.Call, state: State) -> Values:
        """``layer(x)``."""
        if isinstance(layer.cls, TorchClass) and _TENSOR_LAYER.search(layer.cls.name):
            return only(Tensor(node, None if state.grad is not False else False, False))
        return UNKNOWN

    def _made(self, cls: Class, node: ast.Call, arguments: Arguments, state: State) -> Values:
        if isinstance(cls, ProjectClass):
            if cls.is_module is False and cls.find("__new__"):
                return UNKNOWN
            return self.construct(cls, node, state)
        if not isinstance(cls, TorchClass):
            return only(Opaque(node, f"{cls.name.split('.')[-1]}(...)", cls.is_module))
        positional, _ = arguments
        instance = Instance(cls, node, self._constants(cls, node, arguments, state))
        self.born(instance, state)
        if "DataParallel" in cls.name:
            self._wrap(instance, arguments, state)
        if cls.is_a(*MODULE_CONTAINERS, *PARAMETER_CONTAINERS):
            items = NOTHING
            for index, values in enumerate(positional):
                inner = values
                if cls.name != "torch.nn.Sequential":
                    inner = self._all_items(values, state)
                state.cells[instance, f"[{index}]"] = inner
                items = union(items, inner)
            if cls.name != "torch.nn.Sequential" and len(positional) == 1:
                self._same_items(instance, positional[0], state)
            if cls.is_a(*PARAMETER_CONTAINERS):
                items = frozenset(
                    Parameter(node, None) if isinstance(v, Tensor) else v for v in items
                )
            state.cells[instance, ITEMS] = items
        return only(instance)

    def _wrap(self, wrapper: Instance, arguments: Arguments, state: State) -> None:
        """``DistributedDataParallel(model)`` and its like."""
        positional, named = arguments
        wrapped = positional[0] if positional else named.get("module", UNKNOWN)
        self.wrap(wrapper, wrapped, state)

    def _constants(
        self, cls: TorchClass, node: ast.Call, arguments: Arguments, state: State
    ) -> tuple[tuple[str, object], ...]:
        """Constructor arguments, with ``catalogue.UNKNOWN`` for those of which nothing is known."""
        positional, named = arguments
        given: dict[str, object] = {}
        if "**" in named:
            given = dict.fromkeys(cls.entry.parameters, catalogue.UNKNOWN)
        for name, values in [*zip(cls.entry.parameters, positional, strict=False), *named.items()]:
            value = constant(values)
            if value is not None and not isinstance(value, str):
                value = self.described(values, node, state)
            unclear = value is ... or isinstance(value, Shaped)
            given[name] = catalogue.UNKNOWN if unclear else value
        return tuple(sorted(given.items(), key=lambda item: item[0]))

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
            return self.builtin(rest, node, arguments, state)
        if name == "itertools.chain":
            return self.builtin(name, node, arguments, state)
        if root == "torch":
            return self._torch(name, node, arguments, state)
        if root in ("numpy", "cupy"):
            return only(Other("numpy.ndarray")) if name.split(".")[-1] in _ARRAYS else UNKNOWN
        if root == "math":
            return NUMBER
        if name in ("copy.copy", "copy.deepcopy") and arguments[0]:
            return frozenset(_copied(v, node) for v in arguments[0][0])
        if self.project.owns(name):
            return self._imported(name, node, arguments, state)
        parent, _, short = name.rpartition(".")
        self.may_rewire(name, arguments, state)
        made = parent if short == "from_pretrained" else name
        is_class = made.rpartition(".")[2][:1].isupper()
        is_module = self.project.class_named(made).is_module if is_class else makes_module(name)
        return only(Opaque(node, f"{short}(...)", is_module))

    def _imported(self, name: str, node: ast.Call, arguments: Arguments, state: State) -> Values:
        """A call of something in another file of the project, opened only where it matters."""
        parent, _, short = name.rpartition(".")
        self.may_rewire(short, arguments, state)
        if short[:1].isupper():
            return only(Instance(Deferred(name, self.project), node))
        if short == "__init__" or parent.rpartition(".")[2][:1].isupper():
            cls = self.project.class_named(parent)
            result = NOTHING
            for member in self.attribute(ClassValue(cls), short, state, node):
                if not isinstance(member, External):
                    result = union(result, self._called(member, node, arguments, state))
            return result or UNKNOWN
        if _stores_attribute(self.frame.statement):
            for meaning in self.project.meaning(name):
                if isinstance(meaning, Function):
                    return self._called(meaning, node, arguments, state)
        return only(Opaque(node, f"{short}(...)"))

    def _torch(self, name: str, node: ast.Call, arguments: Arguments, state: State) -> Values:
        if name in ("torch.nn.Parameter", "torch.nn.parameter.Parameter"):
            return self._parameter(node, arguments, state)
        if name.endswith((".UninitializedParameter", ".UninitializedBuffer")):
            return only(Parameter(node, None, plain=False)) if "Param" in name else UNKNOWN
        if catalogue.optimizer_class(name):
            return self._optimizer(node, arguments, state)
        if name.endswith(SHARDED):
            wrapper = Instance(ExternalClass(name, True), node)
            self._wrap(wrapper, arguments, state)
            return only(wrapper)
        cls = TorchClass.named(name)
        if cls is not None:
            return self._made(cls, node, arguments, state)
        base, _, method = name.rpartition(".")
        owner = TorchClass.named(base)
        if owner is not None:
            return self._unbound(owner, method, node, arguments, state)
        return self.torch_function(name, node, arguments, state)

    def _unbound(
        self, owner: TorchClass, method: str, node: ast.Call, arguments: Arguments, state: State
    ) -> Values:
        """``nn.Module.__init__(self)``, ``nn.Linear.forward(layer, x)``."""
        positional, named = arguments
        if method == "from_pretrained":
            made = Instance(owner, node)
            freeze = positional[1] if len(positional) > 1 else named.get("freeze")
            frozen = True if freeze is None else constant(freeze)
            self.set_trains(made, not frozen if isinstance(frozen, bool) else None, state)
            return only(made)
        receivers = [v for v in (positional or [NOTHING])[0] if isinstance(v, Instance)]
        if len(receivers) != 1:
            return UNKNOWN
        called = External(f"{owner.name}.{method}")
        return self._inherited_call(called, receivers[0], node, (positional[1:], named), state)


def _receiver(function: Function, arguments: Arguments) -> tuple[Instance | None, Arguments]:
    """``Base.__init__(self, x)``: the object among the arguments of an unbound method."""
    positional, named = arguments
    found = [v for v in positional[0] if isinstance(v, Instance)]
    return (found[0] if len(found) == 1 else None), (positional[1:], named)


def _stores_attribute(statement: ast.stmt | None) -> bool:
    """Whether what a statement evaluates may end up in an attribute."""
    if isinstance(statement, ast.Assign):
        return any(not isinstance(target, ast.Name) for target in statement.targets)
    return isinstance(statement, ast.AnnAssign | ast.Return | ast.With | ast.For)


def _copied(value: Value, node: ast.AST) -> Value:
    if isinstance(value, Instance):
        return Instance(value.made_by, (node, value.site), value.arguments)
    if isinstance(value, Parameter):
        return replace(value, site=node)
    return value if isinstance(value, Constant | Other) else Unknown()
