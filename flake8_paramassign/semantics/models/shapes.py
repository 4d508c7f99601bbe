"""The shapes of tensors, as far as a program tells them.

A size is a number, or the object that stands for one that is not known, such as an argument of
the function. An argument of a call is described by what it is for a shape: a number, such an
object, a ``Shaped`` tensor, a tuple of these, or ``...`` where nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from math import prod
from types import MappingProxyType
from typing import NamedTuple, TypeGuard

from flake8_paramassign.catalogue import Slot
from flake8_paramassign.domain.objects import Container, Shape, Size, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import UNKNOWN, Address, Constant, Plain, Value, Values


class Shaped(NamedTuple):
    """A tensor among the arguments of a call, or a number, which is one without dimensions."""

    shape: Shape | None


def described(values: Values, state: State) -> object:
    """What an argument is for a shape."""
    return _described(values[0], state) if len(values) == 1 else ...


def _described(value: Value, state: State) -> object:
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, int | float | tuple) else ...
    if isinstance(value, Plain):
        return Shaped(()) if value.kind in ("float", "int") else ...
    if not isinstance(value, Address):
        return ...
    obj = state.read(value)
    if isinstance(obj, Tensor):
        return Shaped(obj.shape)
    if isinstance(obj, Container) and obj.kind in ("list", "tuple") and obj.is_exact:
        if len(obj.known) <= _MOST_ITEMS:
            return tuple(_item(held, state) for held in obj.known.values())
    if isinstance(obj, Thing) and obj.cls is None and not value.many and value.symbolic:
        return value
    return ...


def _item(values: Values, state: State) -> object:
    """An item of a tuple; what is no number is not looked into."""
    (value,) = values if len(values) == 1 else (None,)
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, int | float | tuple) else ...
    if isinstance(value, Address):
        obj = state.read(value)
        if isinstance(obj, Tensor):
            return Shaped(obj.shape)
        if isinstance(obj, Thing) and obj.cls is None and not value.many and value.symbolic:
            return value
        if isinstance(obj, Container) and obj.is_exact and len(obj.known) <= _MOST_ITEMS:
            numbers = [held[0].value if len(held) == 1 and isinstance(held[0], Constant) else ...
                       for held in obj.known.values()]  # fmt: skip
            return tuple(numbers) if ... not in numbers else ...
    return ...


_MATRIX = 2
_MOST_ITEMS = 16
"""As many items of a tuple or list are known apart."""

_ELEMENTWISE = frozenset(
    """abs absolute neg negative exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal
    sin cos tan asin acos atan sinh cosh tanh sigmoid relu gelu silu elu selu softplus erf erfinv
    sign sgn round floor ceil trunc frac clone detach to float half double bfloat16 cuda cpu type
    type_as int long bool contiguous tril triu flip roll fliplr flipud softmax log_softmax cumsum
    cumprod nan_to_num normalize dropout zeros_like ones_like empty_like full_like rand_like
    randn_like randint_like hardtanh leaky_relu data real Variable
    """.split()
)
"""Functions and methods whose result has the shape of the tensor that goes in."""
_BROADCASTING = frozenset(
    """add sub subtract mul multiply div divide true_divide pow remainder fmod maximum minimum lerp
    clamp clip
    """.split()
)
"""Those whose result has the shape of all operands broadcast together."""
_SIZED = frozenset(["zeros", "ones", "empty", "rand", "randn"])
_NEW = frozenset(f"new_{kind}" for kind in ("zeros", "ones", "empty"))


def created(name: str, arguments: Sequence[object], named: Mapping[str, object]) -> Shape | None:
    """The shape of what the function ``name`` makes out of nothing: ``randn``, ``eye``."""
    if name in _SIZED or name.endswith("Tensor"):
        return _sizes([named["size"]] if "size" in named else arguments)
    if name in ("full", "randint", "normal"):
        position = {"full": 0, "randint": len(arguments) - 1, "normal": 2}[name]
        given = arguments[position : position + 1]
        return _sizes([named["size"]] if "size" in named else given) if given or named else None
    if name == "eye":
        rows = arguments[0] if arguments else named.get("n", ...)
        columns = arguments[1] if len(arguments) > 1 else named.get("m", rows)
        return _sizes([rows, columns])
    if name in ("linspace", "logspace"):
        return _sizes([arguments[2] if len(arguments) > 2 else named.get("steps", ...)])
    if name == "arange":
        return _counted(arguments) if not named.keys() & {"start", "end", "step"} else None
    if name in ("tensor", "as_tensor") and arguments:
        return _nested(arguments[0])
    return None


def changed(
    name: str,
    before: Shape | None,
    arguments: Sequence[object] = (),
    named: Mapping[str, object] = MappingProxyType({}),
) -> Shape | None:
    """The shape of what the method or attribute ``name``, or the function, makes of a tensor."""
    if name in _NEW:
        return _sizes([named["size"]] if "size" in named else arguments)
    if before is None:
        return None
    if name in _ELEMENTWISE:
        return before
    if name in _BROADCASTING:
        combined: Shape | None = before
        return reduce(_combined, [*arguments, *named.values()], combined)
    view = _VIEWS.get(name)
    return view(before, arguments) if view and _is_counted(before) and not named else None


def is_elementwise(name: str) -> bool:
    """Whether the function or method ``name`` gives an element for each element."""
    return name in _ELEMENTWISE or name in _BROADCASTING


def size_in(shape: object, index: object) -> Values:
    """``x.shape[0]``."""
    if not isinstance(shape, tuple) or not _is_dimension(index, shape) or not _is_counted(shape):
        return UNKNOWN
    size = shape[index]
    return (size,) if isinstance(size, Address) else (Constant(size),)


def slot_shape(slot: Slot, given: Mapping[str, object]) -> Shape | None:
    """The shape of what a torch module holds in ``slot``, by its constructor's arguments."""
    if slot.shape is None:
        return None
    sizes = tuple(s if isinstance(s, int) else given.get(s) for s in slot.shape)
    return _checked(sizes)


def _checked(sizes: tuple[object, ...]) -> Shape | None:
    known = tuple(s for s in sizes if isinstance(s, Address) or type(s) is int)
    return known if len(known) == len(sizes) else None


def concatenated(parts: object, dimension: object) -> Shape | None:
    """The shape of ``torch.cat(parts, dimension)``."""
    if not isinstance(parts, tuple) or not parts or not isinstance(dimension, int):
        return None
    shapes = [part.shape if isinstance(part, Shaped) else None for part in parts]
    first = shapes[0]
    if first is None or not -len(first) <= dimension < len(first):
        return None
    dimension %= len(first)
    total = 0
    for shape in shapes:
        size = shape[dimension] if shape is not None and len(shape) == len(first) else None
        if not isinstance(size, int):
            return None
        total += size
    return (*first[:dimension], total, *first[dimension + 1 :])


def broadcast(left: object, right: object) -> Shape | None:
    """The shape that an arithmetic operation on two operands gives."""
    first, second = _operand(left), _operand(right)
    if first is None or second is None:
        return None
    if len(first) < len(second):
        first, second = second, first
    if second in ((), first):
        return first
    if not (_is_counted(first) and _is_counted(second)):
        return None
    second = (1,) * (len(first) - len(second)) + second
    sizes: list[int | Address] = []
    for one, other in zip(first, second, strict=True):
        if one == other or other == 1:
            sizes.append(one)
        elif one == 1:
            sizes.append(other)
        else:
            return None
    return tuple(sizes)


def _combined(shape: Shape | None, argument: object) -> Shape | None:
    return broadcast(Shaped(shape), argument)


def multiplied(left: object, right: object) -> Shape | None:
    """The shape of the product of two matrices."""
    first, second = _operand(left), _operand(right)
    if first is None or second is None or len(first) != _MATRIX or len(second) != _MATRIX:
        return None
    return first[0], second[1]


def _operand(described: object) -> Shape | None:
    if isinstance(described, Shaped):
        return described.shape
    return () if isinstance(described, int | float) else None


def _sizes(arguments: Sequence[object]) -> Shape | None:
    """``f(2, 3)`` and ``f((2, 3))``."""
    if len(arguments) == 1 and isinstance(arguments[0], tuple):
        arguments = arguments[0]
    sizes = tuple(size for size in arguments if isinstance(size, int | Address))
    return sizes if len(sizes) == len(arguments) else None


def _is_counted(shape: Shape) -> bool:
    """Whether it is known how many sizes there are: ``n`` may be all of them in ``zeros(n)``."""
    return len(shape) != 1 or isinstance(shape[0], int)


def _counted(bounds: Sequence[object]) -> Shape | None:
    """``torch.arange(*bounds)``."""
    numbers = [bound for bound in bounds if isinstance(bound, int | float)]
    if len(numbers) != len(bounds) or not 1 <= len(numbers) <= 3:
        return None
    start, end, step = (0, *numbers, 1) if len(numbers) == 1 else (*numbers, 1)[:3]
    return (max(0, int(-((end - start) // -step))),) if step else None


def _nested(data: object) -> Shape | None:
    """The shape of a literal of numbers."""
    if isinstance(data, int | float):
        return ()
    if not isinstance(data, tuple):
        return data.shape if isinstance(data, Shaped) else None
    inner = {_nested(part) for part in data}
    if not inner:
        return (0,)
    shape = inner.pop()
    return None if inner or shape is None else (len(data), *shape)


def _transposed(shape: Shape, arguments: Sequence[object]) -> Shape | None:
    return shape[::-1] if len(shape) <= 2 else None


def _swapped(shape: Shape, arguments: Sequence[object]) -> Shape | None:
    axes = [axis for axis in arguments if _is_dimension(axis, shape)]
    if len(axes) != 2 or len(arguments) != 2:
        return None
    sizes = list(shape)
    sizes[axes[0]], sizes[axes[1]] = sizes[axes[1]], sizes[axes[0]]
    return tuple(sizes)


def _permuted(shape: Shape, arguments: Sequence[object]) -> Shape | None:
    order = _sizes(arguments) or ()
    axes = [axis for axis in order if _is_dimension(axis, shape)]
    return tuple(shape[axis] for axis in axes) if len(axes) == len(shape) == len(order) else None


def _viewed(shape: Shape, arguments: Sequence[object]) -> Shape | None:
    sizes = _sizes(arguments)
    if sizes is not None and any(isinstance(size, Address) for size in sizes):
        return None  # one of them may be -1
    if sizes is None or sizes.count(-1) != 1:
        return sizes
    numbers = [size for size in shape if isinstance(size, int)]
    rest = prod(size for size in sizes if isinstance(size, int) and size != -1)
    if len(numbers) < len(shape) or not all(isinstance(s, int) for s in sizes) or not rest:
        return None
    return tuple(prod(numbers) // rest if size == -1 else size for size in sizes)


def _unsqueezed(shape: Shape, arguments: Sequence[object]) -> Shape | None:
    at = arguments[0] if len(arguments) == 1 else None
    if not _is_dimension(at, (*shape, 1)):
        return None
    at %= len(shape) + 1
    return (*shape[:at], 1, *shape[at:])


def _repeated(shape: Shape, arguments: Sequence[object]) -> Shape | None:
    times = _sizes(arguments)
    if times is None or len(times) < len(shape):
        return None
    padded = (1,) * (len(times) - len(shape)) + shape
    products = [_product(size, time) for size, time in zip(padded, times, strict=True)]
    sizes = tuple(size for size in products if size is not None)
    return sizes if len(sizes) == len(products) else None


def _product(size: Size, time: Size) -> Size | None:
    if size == 1 or time == 1:
        return time if size == 1 else size
    return size * time if isinstance(size, int) and isinstance(time, int) else None


def _is_dimension(value: object, shape: Shape) -> TypeGuard[int]:
    return isinstance(value, int) and -len(shape) <= value < len(shape)


_VIEWS: dict[str, Callable[[Shape, Sequence[object]], Shape | None]] = {
    "t": _transposed,
    "T": _transposed,
    "mT": _transposed,
    "transpose": _swapped,
    "permute": _permuted,
    "view": _viewed,
    "reshape": _viewed,
    "unsqueeze": _unsqueezed,
    "repeat": _repeated,
}
