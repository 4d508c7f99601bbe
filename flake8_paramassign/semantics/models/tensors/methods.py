"""Methods of tensors."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Constant,
    Plain,
    Values,
    constant,
)
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import shapes
from flake8_paramassign.semantics.models.shapes import Shaped
from flake8_paramassign.semantics.models.tensors.attributes import set_trainable, sizes
from flake8_paramassign.semantics.models.tensors.conversions import CONVERSIONS, converted, target
from flake8_paramassign.semantics.models.tensors.functions import created
from flake8_paramassign.semantics.models.tensors.results import by_result

_TENSOR_ONLY = frozenset(
    """unsqueeze unsqueeze_ detach detach_ permute contiguous expand expand_as masked_fill
    masked_fill_ index_select scatter_ scatter_add_ requires_grad_ backward bmm log_softmax unbind
    narrow view_as type_as new_zeros new_ones new_full new_tensor new_empty is_contiguous numel
    index_fill_ index_add_ index_copy_ baddbmm addmm addmm_ logsumexp triu tril uniform_ normal_
    zero_ fill_ copy_ clamp_ clamp_min clamp_max mul_ add_ sub_ div_ kaiming_ lerp_ addcmul_
    addcdiv_ rsqrt sigmoid softmax retain_grad bernoulli_ exponential_
    """.split()
)
"""Methods that tensors have, and arrays, Modules, tables and containers have not."""


_SIZES = (int, tuple, Shaped)
"""What ``view`` takes beside a dtype."""


def is_tensor_only(name: str) -> bool:
    """Whether an object that has a method of this name is a tensor."""
    return name in _TENSOR_ONLY


def method(
    machine: Machine, address: Address, obj: Tensor, name: str, arguments: Arguments, state:
    State, node: ast.expr,
) -> Values:  # fmt: skip
    """What a method of a tensor returns; those that write in place have been told already."""
    if name == "requires_grad_":
        given = arguments.get(0, "requires_grad")
        flag = True if given is None else constant(given)
        set_trainable(address, flag if isinstance(flag, bool) else None, state)
        if flag is not True:
            machine.frozen.add(address.site)
        return (address,)
    if name in CONVERSIONS:
        return converted(machine, address, obj, name, arguments, state, node)
    if name in ("size", "dim", "numel", "ndimension"):
        return _counted(machine, obj, name, arguments, state, node)
    if name == "detach_":
        state.write(address, replace(obj, trainable=False, is_leaf=True, is_detached=True))
        return (address,)
    if name == "numpy":
        return (Plain("numpy.ndarray"),)
    if name == "item":
        return (Plain("float"),)
    if name == "new_tensor":
        made = created(machine, "torch.tensor", arguments, state, node)
        return (
            made if "dtype" in arguments.named else _of_dtype(made, obj.dtype, obj.integer, state)
        )
    positional = [shapes.described(v, state) for v in arguments.positional]
    named = {key: shapes.described(v, state) for key, v in arguments.named.items()}
    shape = shapes.changed(name, obj.shape, positional, named)
    result = catalogue.method(name)
    if any(key in catalogue.tuple_with(name) for key in arguments.named) or (
        arguments.positional and "dim" in catalogue.tuple_with(name) and name in ("max", "min")
    ):
        result = Result.TUPLE
    operands: Values = (address,)
    for value in arguments.flat():
        held = state.read(value) if isinstance(value, Address) else None
        if isinstance(held, Tensor) and value not in operands:
            operands = (*operands, value)
    made = by_result(machine, result, operands, f".{name}()", name, arguments, state, node, shape)
    if name == "view" and len(positional) == 1 and not isinstance(positional[0], _SIZES):
        kind, dtype = target(arguments.positional[0], state)
        known = str(dtype) if kind == "dtype" else None
        return _of_dtype(made, known, catalogue.dtype_is_integer(known) if known else None, state)
    return made


def _of_dtype(made: Values, dtype: str | None, integer: bool | None, state: State) -> Values:
    """Tensors of another dtype than the data would have."""
    for value in made:
        obj = state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Tensor) and isinstance(value, Address):
            state.write(value, replace(obj, dtype=dtype, integer=integer))
    return made


def _counted(
    machine: Machine, obj: Tensor, name: str, arguments: Arguments, state: State, node: ast.expr
) -> Values:
    if obj.shape is None:
        return (Plain("int"),) if name != "size" or arguments.positional else UNKNOWN
    if name == "size":
        if not arguments.positional:
            return sizes(machine, obj.shape, state, node)
        return shapes.size_in(obj.shape, constant(arguments.positional[0]))
    if name in ("dim", "ndimension"):
        return (Constant(len(obj.shape)),)
    return (Plain("int"),)
