"""Functions of torch that the catalogue knows."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Container, Shape, Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    FALSE,
    NONE,
    UNKNOWN,
    Address,
    Constant,
    Library,
    Plain,
    Text,
    Values,
    constant,
    join,
)
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import shapes
from flake8_paramassign.semantics.models.shapes import Shaped
from flake8_paramassign.semantics.models.tensors.conversions import target
from flake8_paramassign.semantics.models.tensors.literals import dtype_of_literal, is_whole
from flake8_paramassign.semantics.models.tensors.results import anything, by_result, dtype_argument

_DEFAULT_FLOAT = frozenset(["randn", "rand", "zeros", "ones", "empty", "eye"])
_SIZED = frozenset(["zeros", "ones", "empty", "rand", "randn", "eye", "arange", "full"])


def function(
    machine: Machine, name: str, arguments: Arguments, state: State, node: ast.expr
) -> Values:
    """What a torch function that the catalogue knows returns."""
    result = catalogue.function(name)
    first = _first_tensor(arguments, state)
    if name == "torch.autograd.grad":
        for tensor in map(state.read, _tensors_in(arguments, state)):
            if isinstance(tensor, Tensor) and tensor.made is not None:
                machine.differentiated.add(tensor.made.node)
    if any(key in catalogue.tuple_with(name) for key in arguments.named):
        result = Result.TUPLE
    if result in (Result.SELF, Result.IN_PLACE, Result.MAYBE_SELF):
        same = arguments.get(0, "input", "tensor") or UNKNOWN
        return same if result is not Result.MAYBE_SELF else join(same, UNKNOWN)
    short = name.rpartition(".")[2]
    shape = _shape_of(short, arguments, state)
    if first is not None:
        operands: Values = tuple(dict.fromkeys(_tensors_in(arguments, state)))
        if not (arguments.positional and first in arguments.positional[0]) and (
            result is Result.VIEW
        ):
            result = Result.NEW
        return by_result(
            machine, result, operands, f"{short_name(name)}()", name, arguments, state, node, shape
        )
    if NONE[0] in (arguments.get(0, "input") or ()):
        return UNKNOWN  # it raises
    if result in (Result.NEW, Result.VIEW):
        return created(machine, name, arguments, state, node)
    if result is Result.TUPLE:
        part = anything(machine, node, state)
        made = Container("tuple", rest=part, is_exact=False)
        return (machine.new(made, state, node, "tuple"),)
    if result is Result.OTHER:
        return (Plain("object"),)
    return NONE if result is Result.NONE else UNKNOWN


def _first_tensor(arguments: Arguments, state: State) -> Address | None:
    found = _tensors_in(arguments, state)
    return found[0] if found else None


def _tensors_in(arguments: Arguments, state: State) -> list[Address]:
    """All tensors that are passed, also those in lists."""
    found: list[Address] = []
    for value in arguments.flat():
        if not isinstance(value, Address):
            continue
        obj = state.read(value)
        if isinstance(obj, Tensor):
            found.append(value)
        elif isinstance(obj, Container):
            found += [
                v
                for held in obj.contents()
                for v in held
                if isinstance(v, Address) and isinstance(state.read(v), Tensor)
            ]
    return found


def created(
    machine: Machine, name: str, arguments: Arguments, state: State, node: ast.expr
) -> Values:
    """A tensor out of nothing, or out of values that are not known to require grad."""
    creates = catalogue.creates_leaf(name)
    unsure = bool(arguments.extra) or any(
        not isinstance(v, Constant | Plain | Text | Library) for v in arguments.flat()
    )
    # The classes of old (torch.FloatTensor) take sizes or numbers, and make leaves.
    unsure = unsure and not creates and not name.endswith("Tensor")
    flag = constant(arguments.named.get("requires_grad", FALSE))
    trainable = flag if isinstance(flag, bool) else None
    leaf: bool | None = True
    if unsure and state.grad is not False:
        trainable, leaf = None, None
    short = name.rpartition(".")[2]
    integer, dtype = _dtype_of(name, short, arguments, state)
    device: object = Constant("cpu") if creates else None
    if "device" in arguments.named or arguments.extra:
        kind, what = target(arguments.named.get("device", ()), state)
        device = what if kind == "device" else None
    shape = _shape_of(short, arguments, state)
    made = Tensor(
        machine.place(node), trainable=trainable, is_leaf=leaf, shape=shape,
        dtype=dtype, integer=integer, device=device,
        explicit="requires_grad" in arguments.named,
    )  # fmt: skip
    return (machine.new(made, state, node),)


def _dtype_of(
    name: str, short: str, arguments: Arguments, state: State
) -> tuple[bool | None, str | None]:
    if "dtype" in arguments.named:
        dtype = dtype_argument(arguments)
        known = catalogue.dtype_is_integer(dtype) if dtype is not None else None
        return known, dtype if known is not None else None
    if arguments.extra:
        return None, None
    if short in _DEFAULT_FLOAT:
        return False, "torch.float32"
    if short == "arange":
        named = (v for k, v in arguments.named.items() if k in ("start", "end", "step"))
        bounds = [*arguments.positional, *named]
        if any(isinstance(constant(v), float) for v in bounds):
            return False, "torch.float32"
        whole = all(is_whole(v, state) for v in bounds)
        return (True if whole else None), ("torch.int64" if whole else None)
    if short in ("tensor", "as_tensor", "full"):
        data = arguments.get(1, "fill_value") if short == "full" else arguments.get(0, "data")
        return dtype_of_literal(data or (), state)
    return (True if catalogue.integer_result(name) else None), None


def _shape_of(short: str, arguments: Arguments, state: State) -> Shape | None:
    """The shape of what a function makes, out of its first argument or of sizes."""
    if arguments.extra:
        return None
    positional = [shapes.described(values, state) for values in arguments.positional]
    named = {key: shapes.described(values, state) for key, values in arguments.named.items()}
    if short in ("cat", "concat", "concatenate") and positional:
        dimension = positional[1] if len(positional) > 1 else named.get("dim", 0)
        return shapes.concatenated(positional[0], dimension)
    if positional and isinstance(positional[0], Shaped) and short not in _SIZED:
        return shapes.changed(
            short,
            positional[0].shape,
            positional[1:],
            {k: v for k, v in named.items() if k not in ("dtype", "device", "requires_grad")},
        )
    return shapes.created(short, positional, named)


def short_name(name: str) -> str:
    """A function as users write it: ``torch.cat``, ``F.relu``, ``nn.init.normal_``."""
    for long, short in (
        ("torch.nn.functional.", "F."),
        ("torch.nn.init.", "nn.init."),
        ("torch.Tensor.", "Tensor."),
    ):
        if name.startswith(long):
            return short + name[len(long) :]
    return name
