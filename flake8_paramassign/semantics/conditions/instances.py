"""Of which class a value is, and which attributes it has, as ``isinstance`` and ``hasattr`` ask.

It answers for values as they are known; ``narrowing`` has what is known once such a test came out.
"""

from __future__ import annotations

from flake8_paramassign import catalogue
from flake8_paramassign.domain.objects import (
    ABSENT,
    Container,
    Obj,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    Address,
    ClassRef,
    Constant,
    Library,
    Plain,
    Text,
    Unknown,
    Value,
    Values,
    constant,
)
from flake8_paramassign.project.classes import Class, ExternalClass, ProjectClass, TorchClass
from flake8_paramassign.semantics.machine import Arguments, Machine

CONTAINER_KINDS = frozenset(["list", "tuple", "dict", "set"])
_TENSOR_CLASSES = frozenset(
    ["torch.Tensor", "torch.nn.Parameter", "torch.FloatTensor", "torch.nn.Buffer",
     "torch.nn.UninitializedParameter"]
)  # fmt: skip
_OF_ALL_TENSORS = frozenset(["torch.autograd.Variable", "torch.autograd.variable.Variable"])
"""Classes of which every tensor is said to be one (torch/autograd/variable.py)."""
_PLAIN_KINDS = frozenset(["str", "int", "float", "bool", "bytes", "numpy.ndarray"])


class Instances:
    """Answers ``isinstance`` and its like for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` knows the project's classes."""
        self._machine = machine

    def is_instance(
        self, value: Value, classes: tuple[Class | str, ...], state: State
    ) -> bool | None:
        """Whether ``value`` is of one of ``classes``."""
        if not classes:
            return None
        found = [self._is(value, cls, state) for cls in classes]
        if True in found:
            return True
        return None if None in found else False

    def classes(self, values: Values, state: State) -> tuple[Class | str, ...]:
        """The classes that the second argument of ``isinstance`` names; nothing if unsure."""
        found: list[Class | str] = []
        for value in values:
            if isinstance(value, ClassRef):
                found.append(value.cls)
            elif isinstance(value, Library):
                if value.name.startswith("builtins."):
                    found.append(value.name.removeprefix("builtins."))
                elif value.name in _OF_ALL_TENSORS:
                    found.append("torch.Tensor")
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
                inner = [self.classes(item, state) for item in obj.known.values()]
                if not all(inner):
                    return ()
                found += [cls for classes in inner for cls in classes]
            else:
                return ()
        return tuple(found)

    def _is(self, value: Value, cls: Class | str, state: State) -> bool | None:
        if isinstance(value, Unknown | Library):
            return None
        if isinstance(value, Constant):
            if isinstance(cls, str):
                return any(base.__name__ == cls for base in type(value.value).__mro__)
            return False
        if isinstance(value, Plain | Text):
            kind = value.kind if isinstance(value, Plain) else "str"
            if isinstance(cls, str):
                return kind == cls or None
            return False if kind in _PLAIN_KINDS else None
        return _object_is(state.read(value), cls) if isinstance(value, Address) else None

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
            if obj.initialised is False and catalogue.is_stock_slot(name):
                return False  # Module.__init__() has not run: nothing is registered
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
            wanted = self.classes(arguments.positional[1], state)
            answers = {self.is_instance(value, wanted, state) for value in first}
        elif name == "builtins.hasattr" and len(arguments.positional) == 2:
            attribute = constant(arguments.positional[1])
            if isinstance(attribute, str):
                answers = {self.has(value, attribute, state) for value in first}
        elif name == "torch.is_tensor":
            answers = {self._is(value, "torch.Tensor", state) for value in first}
        return answers.pop() if len(answers) == 1 else None


def _object_is(obj: Obj, cls: Class | str) -> bool | None:
    if isinstance(obj, Thing):
        return _thing_is(obj, cls)
    if not isinstance(obj, Container | Tensor):
        return None
    if not isinstance(cls, str):
        return None if isinstance(cls, ExternalClass) else False
    if isinstance(obj, Container):
        kind = "OrderedDict" if obj.kind == "state_dict" else obj.kind
        return kind == cls or (kind == "OrderedDict" and cls == "dict")
    if cls == "torch.Tensor":
        return True
    if cls == "torch.nn.Parameter":
        return obj.is_parameter
    return None if cls in _TENSOR_CLASSES else False


def _thing_is(obj: Thing, cls: Class | str) -> bool | None:
    if isinstance(cls, str):
        if obj.is_module:
            return False
        return None if obj.cls is None or obj.cls.is_module is None else False
    if obj.cls is None:
        if obj.is_module is not None and is_base_module(cls):
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
    if is_base_module(cls) and obj.cls.is_module is not None:
        return obj.cls.is_module
    return None


def is_base_module(cls: Class) -> bool:
    """Whether a class is ``torch.nn.Module`` itself."""
    return cls.name == "torch.nn.Module"
