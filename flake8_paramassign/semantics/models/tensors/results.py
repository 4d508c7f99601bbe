"""What an operation on tensors gives: what that means for leaves, gradients, storage and dtype."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Container, Shape, Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    UNKNOWN,
    Address,
    Constant,
    Library,
    Plain,
    Values,
    constant,
)
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import shapes

DTYPE_NAMES = {
    "torch.float": "torch.float32", "torch.half": "torch.float16", "torch.double": "torch.float64",
    "torch.long": "torch.int64", "torch.int": "torch.int32",
}  # fmt: skip
_KEEPS_DTYPE = frozenset(["clone", "tril", "triu", "repeat", "flip", "roll", "detach", "round"])
_OF_ANY_STRIDES = frozenset(["reshape", "reshape_as"])
"""What gives a view of a tensor as it was made, and a copy of what was transposed."""
_EXPANDING = frozenset(["expand", "expand_as", "broadcast_to"])
_LIKE = frozenset(["zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like"])


def anything(machine: Machine, node: ast.AST, state: State, part: object = None) -> Values:
    """A tensor of which nothing more is known."""
    made = Tensor(machine.place(node), trainable=None, is_leaf=None)
    return (machine.new(made, state, node, part),)


def derived(
    machine: Machine,
    address: Address,
    source: Tensor,
    node: ast.AST,
    state: State,
    via: str,
    *,
    is_view: bool = False,
    is_free: bool = False,
    is_conversion: bool = False,
    shape: Shape | None = None,
    dtype: str | None = None,
    integer: bool | None = None,
    device: object = None,
    is_expanded: bool = False,
    through_data: bool = False,
    may_be_copy: bool = False,
    part: object = None,
) -> Values:
    """The result of an operation on a tensor."""
    trainable, leaf = _flow(source, state, is_free=is_free or bool(integer))
    first = source.origin is None or source.is_parameter
    after_conversion = source.is_conversion and not source.is_parameter
    made = Tensor(
        machine.place(node),
        trainable=trainable,
        is_leaf=leaf,
        shape=shape,
        dtype=dtype,
        integer=integer,
        device=device if device is not None else device_of(machine, address, source),
        origin=origin_of(address, source),
        via=via if first or after_conversion else source.via,
        is_conversion=is_conversion and (first or source.is_conversion),
        is_detached=(is_free and not integer)
        or (source.is_detached and not source.is_parameter)
        or (state.grad is False and not is_conversion),
        base=address if is_view else None,
        through_data=through_data,
        recomputed=source.recomputed if is_view else None,
        is_expanded=is_expanded or (is_view and source.is_expanded),
        may_be_copy=is_view and (may_be_copy or source.may_be_copy),
    )
    return (machine.new(made, state, node, part),)


def _flow(source: Tensor, state: State, *, is_free: bool) -> tuple[bool | None, bool | None]:
    """Whether a gradient flows to what is computed of a tensor, and whether that is a leaf."""
    if is_free or state.grad is False or source.trainable is False:
        return False, True
    if state.grad is None or source.trainable is None:
        return None, None
    return True, False


def origin_of(address: Address, source: Tensor) -> Address | None:
    """The Parameter or leaf that what is computed from a tensor comes from."""
    if source.is_parameter or (source.origin is None and source.trainable is True):
        return address
    return source.origin


def device_of(machine: Machine, address: Address, source: Tensor) -> Hashable:
    """Where a tensor is: a value that two on the same device share."""
    if source.device is not None:
        return source.device
    return machine.addresses.part(address, "device")


def result_of(
    machine: Machine, operands: Values, node: ast.AST, state: State, via: str, shape: Shape |
    None, *, dtype: str | None = None, is_free: bool = False, integer: bool | None = None,
) -> Values:  # fmt: skip
    """A new tensor that is computed from several operands."""
    tensors = [
        (v, obj)
        for v in operands
        if isinstance(v, Address) and isinstance(obj := state.read(v), Tensor)
    ]
    unsure = [
        v for v in operands
        if not isinstance(v, Constant | Plain) and not any(v is t for t, _ in tensors)
    ]  # fmt: skip
    address, obj = max(tensors, key=lambda pair: _weight(pair[1]))
    if integer is None and all(t.integer is False for _, t in tensors) and not unsure:
        integer = False
    if (unsure or any(t.trainable is None for _, t in tensors)) and obj.trainable is False:
        obj = replace(obj, trainable=None)
    return derived(
        machine, address, obj, node, state, via, shape=shape, dtype=dtype, integer=integer,
        is_free=is_free,
    )  # fmt: skip


def by_result(
    machine: Machine, result: Result | None, operands: Values, via: str, name: str, arguments:
    Arguments, state: State, node: ast.expr, shape: Shape | None,
) -> Values:  # fmt: skip
    """What the catalogue says a call returns, of which the first operand is a tensor."""
    address = operands[0]
    assert isinstance(address, Address)
    obj = state.read(address)
    if not isinstance(obj, Tensor):
        return anything(machine, node, state)
    short = name.rpartition(".")[2]
    if result is Result.MAYBE_SELF and (obj.is_parameter or obj.base is not None):
        return (address, *UNKNOWN)  # a copy, unless it is contiguous already
    if result in (Result.SELF, Result.IN_PLACE, Result.MAYBE_SELF):
        return (address,)
    if result is Result.VIEW:
        view = derived(
            machine, address, obj, node, state, via, is_view=True,
            is_free=catalogue.grad_free(name), shape=shape, dtype=obj.dtype, integer=obj.integer,
            is_expanded=short in _EXPANDING, through_data=short == "detach",
        )  # fmt: skip
        is_copy_perhaps = short in _OF_ANY_STRIDES and obj.base is not None
        return (*view, *UNKNOWN) if is_copy_perhaps else view
    if result is Result.NEW:
        return _new(machine, operands, obj, via, name, arguments, state, node, shape)
    if result is Result.TUPLE:
        part = result_of(machine, operands, node, state, via, None)
        if short in ("unbind", "split", "chunk", "tensor_split", "unsafe_chunk"):
            part = derived(machine, address, obj, node, state, via, is_view=True, part="item")
        made = Container("tuple", rest=part, is_exact=False)
        return (machine.new(made, state, node, "tuple"),)
    if result is Result.OTHER:
        return (Plain("object"),)
    return NONE if result is Result.NONE else UNKNOWN


def _new(
    machine: Machine, operands: Values, obj: Tensor, via: str, name: str, arguments: Arguments,
    state: State, node: ast.expr, shape: Shape | None,
) -> Values:  # fmt: skip
    """A new tensor, of the dtype that is asked for or that the operation keeps."""
    short = name.rpartition(".")[2]
    integer = True if catalogue.integer_result(name) else None
    dtype = dtype_argument(arguments)
    if dtype is not None:
        integer = bool(catalogue.dtype_is_integer(dtype))
    elif short in _KEEPS_DTYPE or shapes.is_elementwise(short) or short in _LIKE:
        dtype = obj.dtype if len(operands) == 1 else None
        integer = integer or (obj.integer if short in _KEEPS_DTYPE | _LIKE else None)
    made = result_of(
        machine, operands, node, state, via, shape, dtype=dtype,
        is_free=catalogue.grad_free(name), integer=integer,
    )  # fmt: skip
    return _with_flag(made, arguments, name, state)


def _with_flag(made: Values, arguments: Arguments, name: str, state: State) -> Values:
    """``zeros_like(t, requires_grad=True)``."""
    if "requires_grad" in arguments.named and catalogue.creates_leaf(name):
        flag = constant(arguments.named["requires_grad"])
        for value in made:
            obj = state.read(value) if isinstance(value, Address) else None
            if isinstance(obj, Tensor) and isinstance(value, Address):
                trainable = flag if isinstance(flag, bool) else None
                changed = replace(obj, trainable=trainable, is_leaf=True, origin=None,
                                  explicit=True)  # fmt: skip
                state.write(value, changed)
    return made


def dtype_argument(arguments: Arguments) -> str | None:
    """The dtype that is asked for by name; None where it is not known, or not asked for."""
    given = arguments.named.get("dtype", ())
    if len(given) == 1 and isinstance(given[0], Library):
        return DTYPE_NAMES.get(given[0].name, given[0].name)
    return None


def _weight(obj: Tensor) -> int:
    """How much a tensor decides about what is computed from several."""
    if obj.is_parameter:
        return 4
    if obj.trainable:
        return 3
    return 2 if obj.trainable is None else int(obj.origin is not None)
