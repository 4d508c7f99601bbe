"""Tensors: what operations make of them, and when they are written.

What torch's functions and methods return is asked of the catalogue, which was made by running
torch; here is what that means for leaves, gradients, storage, dtype and device.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Container, Obj, Shape, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Address,
    Builtin,
    Constant,
    Library,
    Plain,
    Text,
    Value,
    Values,
    constant,
    join,
)
from flake8_paramassign.semantics.events import WrittenInPlace
from flake8_paramassign.semantics.frames import Role
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import shapes
from flake8_paramassign.semantics.models.shapes import Shaped

LOOKS = frozenset(
    ["tolist", "item", "numpy", "shape", "size", "dtype", "device", "ndim", "dim", "numel"]
)
"""What tells of a tensor without using it where it is."""
CONVERSIONS = frozenset(
    ["to", "cuda", "cpu", "float", "half", "double", "bfloat16", "type", "type_as", "int", "long"]
)
"""Methods that give the same tensor where nothing has to change."""
_DTYPE_OF = {
    "float": "torch.float32", "half": "torch.float16", "double": "torch.float64",
    "bfloat16": "torch.bfloat16", "int": "torch.int32", "long": "torch.int64",
}  # fmt: skip
_DTYPE_NAMES = {
    "torch.float": "torch.float32", "torch.half": "torch.float16", "torch.double": "torch.float64",
    "torch.long": "torch.int64", "torch.int": "torch.int32",
}  # fmt: skip
_KEEPS_DTYPE = frozenset(["clone", "tril", "triu", "repeat", "flip", "roll", "detach", "round"])
_EXPANDING = frozenset(["expand", "expand_as", "broadcast_to"])
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
_OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
    ast.FloorDiv: "floor_divide", ast.Mod: "remainder", ast.MatMult: "matmul",
}  # fmt: skip


def is_tensor_only(name: str) -> bool:
    """Whether an object that has a method of this name is a tensor."""
    return name in _TENSOR_ONLY


def writes_in_place(method: str) -> bool:
    """Whether a method of tensors of this name changes what the tensor it is called on holds."""
    return catalogue.method(method) is Result.IN_PLACE and method != "requires_grad_"


class Tensors:
    """What is done with tensors, for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` makes the objects."""
        self._machine = machine

    # Making.

    def make(self, tensor: Tensor, state: State, node: ast.AST, part: object = None) -> Values:
        """A new tensor."""
        return (self._machine.new(tensor, state, node, part),)

    def anything(self, node: ast.AST, state: State, part: object = None) -> Values:
        """A tensor of which nothing more is known."""
        made = Tensor(self._machine.place(node), trainable=None, is_leaf=None)
        return self.make(made, state, node, part)

    def derived(
        self,
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
        part: object = None,
    ) -> Values:
        """The result of an operation on a tensor."""
        trainable, leaf = source.trainable, True
        if is_free or state.grad is False or integer:
            trainable = False
        elif trainable is not False:
            leaf = False
            if state.grad is None:
                trainable, leaf = None, None  # type: ignore[assignment]
            elif trainable is None:
                leaf = None  # type: ignore[assignment]
        first = source.origin is None or source.is_parameter
        after_conversion = source.is_conversion and not source.is_parameter
        made = Tensor(
            self._machine.place(node),
            trainable=trainable,
            is_leaf=leaf,
            shape=shape,
            dtype=dtype,
            integer=integer,
            device=device if device is not None else self._device_of(address, source),
            origin=self.origin_of(address, source),
            via=via if first or after_conversion else source.via,
            is_conversion=is_conversion and (first or source.is_conversion),
            is_detached=(is_free and not integer)
            or (source.is_detached and not source.is_parameter)
            or (state.grad is False and not is_conversion),
            base=address if is_view else None,
            through_data=through_data,
            recomputed=source.recomputed if is_view else None,
            is_expanded=is_expanded or (is_view and source.is_expanded),
        )
        return self.make(made, state, node, part)

    @staticmethod
    def origin_of(address: Address, source: Tensor) -> Address | None:
        """The Parameter or leaf that what is computed from a tensor comes from."""
        if source.is_parameter or (source.origin is None and source.trainable is True):
            return address
        return source.origin

    def _device_of(self, address: Address, source: Tensor) -> object:
        if source.device is not None:
            return source.device
        return self._machine.addresses.part(address, "device")

    # Attributes.

    def attribute(
        self, address: Address, obj: Tensor, name: str, state: State, node: ast.AST
    ) -> Values:
        """What ``tensor.name`` is."""
        if name in obj.fields:
            return obj.fields[name].values
        if name == "requires_grad":
            known = obj.trainable if not address.many else None
            return {True: TRUE, False: FALSE}.get(known, (Plain("bool"),))  # type: ignore[arg-type]
        if name == "is_leaf":
            return {True: TRUE, False: FALSE}.get(obj.is_leaf, (Plain("bool"),))  # type: ignore[arg-type]
        if name == "device":
            device = self._device_of(address, obj)
            return (device,)  # type: ignore[return-value]
        if name == "dtype":
            if obj.dtype is not None:
                return (Library(obj.dtype),)
            return (self._machine.addresses.part(address, "dtype"),)
        if name == "shape":
            if obj.shape is not None:
                return self._sizes(obj.shape, state, node)
            return (self._machine.addresses.part(address, "shape"),)
        if name in ("ndim",):
            return (Constant(len(obj.shape)),) if obj.shape is not None else (Plain("int"),)
        if name == "grad":
            return join(self.anything(node, state, "grad"), NONE)
        result = catalogue.attribute(name)
        if result in (Result.VIEW, Result.NEW):
            free = catalogue.grad_free(name)
            return self.derived(
                address, obj, node, state, f".{name}", is_view=result is Result.VIEW, is_free=free,
                shape=shapes.changed(name, obj.shape), dtype=obj.dtype, integer=obj.integer,
                through_data=name == "data", part=name,
            )  # fmt: skip
        if result in (Result.SELF, Result.MAYBE_SELF):
            return (address,)
        if catalogue.method(name) is not None or name.startswith("__"):
            return (Builtin(address, name),)
        return (self._machine.addresses.part(address, name),)

    def _sizes(self, shape: Shape, state: State, node: ast.AST) -> Values:
        items = [(size,) if isinstance(size, Address) else (Constant(size),) for size in shape]
        if all(isinstance(size, int) for size in shape):
            return (Constant(tuple(shape)),)
        made = Container("tuple", dict(enumerate(items)))
        return (self._machine.new(made, state, node, "shape"),)

    def store(
        self, address: Address, obj: Tensor, name: str | Text, values: Values, state: State, *,
        sure: bool,
    ) -> None:  # fmt: skip
        """``tensor.name = values``."""
        if name == "requires_grad":
            flag = constant(values)
            self.set_trainable(address, flag if isinstance(flag, bool) else None, state, sure=sure)
        elif isinstance(name, str) and name not in ("grad",):
            from flake8_paramassign.domain.objects import Field

            changed = replace(obj, fields={**obj.fields, name: Field(values)})
            state.write(address, changed, strong=sure)

    def set_trainable(
        self, address: Address, flag: bool | None, state: State, *, sure: bool = True
    ) -> None:
        """``tensor.requires_grad_(flag)``."""
        obj = state.read(address)
        if isinstance(obj, Tensor):
            changed = replace(obj, trainable=flag, explicit=True)
            state.write(address, changed, strong=sure)

    def with_data(self, obj: Tensor, values: Values, state: State) -> Tensor:
        """The tensor after ``.data = values``: the same object on the other's storage."""
        found = (
            state.read(values[0]) if len(values) == 1 and isinstance(values[0], Address) else None
        )
        if isinstance(found, Tensor):
            base = values[0] if isinstance(values[0], Address) else None
            return replace(
                obj, shape=found.shape, dtype=found.dtype, integer=found.integer,
                device=found.device, base=found.base or base, through_data=True,
                is_expanded=found.is_expanded,
            )  # fmt: skip
        return replace(obj, shape=None, dtype=None, integer=None, device=None, base=None)

    # Writing.

    @staticmethod
    def may_be_written(value: Value, state: State) -> bool:
        """Whether it is a tensor, or the ``.data`` of what has the name of a torch layer's slot."""
        if not isinstance(value, Address):
            return False
        if isinstance(state.read(value), Tensor):
            return True
        site = value.site
        if not isinstance(site, tuple) or site[1] != "data" or not isinstance(site[0], Address):
            return False
        slot = site[0].site
        name = slot[1] if isinstance(slot, tuple) else None
        return isinstance(name, str) and catalogue.is_stock_slot(name)

    def write(
        self, values: Values, subject: ast.expr, how: str, operands: Values, state: State,
        node: ast.AST,
    ) -> None:  # fmt: skip
        """The storage of whichever of ``values`` it is, is written."""
        if not any(isinstance(v, Address) for v in values):
            return
        frame = self._machine.frame
        self._machine.tell(WrittenInPlace(frame, state, node, values, subject, how, operands))
        trains = any(self._may_train(v, state) for v in operands)
        for value in values:
            obj = state.read(value) if isinstance(value, Address) else None
            if not isinstance(obj, Tensor) or not isinstance(value, Address):
                continue
            if (
                trains
                and state.grad is not False
                and obj.trainable is not True
                and "init" not in how
            ):
                changed = replace(
                    obj, trainable=None, is_leaf=None if not obj.is_parameter else True
                )
                state.write(value, changed, strong=len(values) == 1)

    @staticmethod
    def _may_train(value: Value, state: State) -> bool:
        obj = state.read(value) if isinstance(value, Address) else None
        return isinstance(obj, Tensor) and obj.trainable is not False

    # Operators.

    def combined(
        self, op: ast.operator, left: Value, right: Value, node: ast.AST, state: State
    ) -> Values:
        """What an operator makes of two operands of which one may be a tensor."""
        one = state.read(left) if isinstance(left, Address) else None
        other = state.read(right) if isinstance(right, Address) else None
        if not isinstance(one, Tensor) and not isinstance(other, Tensor):
            if isinstance(left, Plain | Constant) and isinstance(right, Plain | Constant):
                kinds = [v.kind if isinstance(v, Plain) else type(v.value).__name__
                         for v in (left, right)]  # fmt: skip
                if "numpy.ndarray" in kinds:
                    return (Plain("numpy.ndarray"),)
                return (Plain("float" if "float" in kinds else kinds[0]),)
            return UNKNOWN
        short = _OPERATORS.get(type(op), "")
        first, second = shapes.described((left,), state), shapes.described((right,), state)
        if isinstance(op, ast.MatMult):
            shape = shapes.multiplied(first, second)
        else:
            shape = shapes.broadcast(first, second)
        return self._result_of(
            (left, right), node, state, _shown(node), shape,
            dtype=self._common(one, other, left, right, op), name=short,
        )  # fmt: skip

    @staticmethod
    def are_any(values: Values, state: State) -> bool:
        """Whether one of ``values`` is a tensor."""
        return any(isinstance(v, Address) and isinstance(state.read(v), Tensor) for v in values)

    def compared(self, left: Values, right: Values, node: ast.AST, state: State) -> Values:
        """``t > 0``: a tensor of bools, through which no gradient flows."""
        shape = shapes.broadcast(shapes.described(left, state), shapes.described(right, state))
        made = Tensor(self._machine.place(node), shape=shape, dtype="torch.bool", integer=True)
        return self.make(made, state, node)

    @staticmethod
    def _common(
        one: Obj | None, other: Obj | None, left: Value, right: Value, op: ast.operator
    ) -> str | None:
        """The dtype of what an operator gives."""
        dtypes = {obj.dtype for obj in (one, other) if isinstance(obj, Tensor)}
        numbers = [v for v in (left, right) if isinstance(v, Constant | Plain)]
        if len(dtypes) != 1 or (numbers and not all(_is_number(v) for v in numbers)):
            return None
        dtype = dtypes.pop()
        return dtype if dtype is not None and not catalogue.dtype_is_integer(dtype) else None

    def _result_of(
        self, operands: Values, node: ast.AST, state: State, via: str, shape: Shape | None, *,
        dtype: str | None = None, name: str = "", is_free: bool = False,
        integer: bool | None = None,
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
        return self.derived(
            address, obj, node, state, via, shape=shape, dtype=dtype, integer=integer,
            is_free=is_free,
        )  # fmt: skip

    def negated(self, value: Value, node: ast.AST, state: State) -> Values:
        """``-t`` and ``~t``."""
        obj = state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Tensor) and isinstance(value, Address):
            return self.derived(
                value, obj, node, state, _shown(node), shape=obj.shape, dtype=obj.dtype,
                integer=obj.integer,
            )  # fmt: skip
        return (value,) if isinstance(value, Plain) else UNKNOWN

    def item(
        self, address: Address, obj: Tensor, index: Values, state: State, node: ast.AST
    ) -> Values:
        """``t[index]``: a view, or a copy where the index is a tensor or a list.

        It may be either where the index is unknown; what then is written in place may raise if it
        is a view, so that it is none of what trains.
        """
        basic = [self._is_basic(v, state) for v in index]
        is_view = False not in basic and (None not in basic or obj.trainable is not True)
        return self.derived(
            address, obj, node, state, "[...]", is_view=is_view, dtype=obj.dtype,
            integer=obj.integer,
        )  # fmt: skip

    @staticmethod
    def _is_basic(value: Value, state: State) -> bool | None:
        """Whether an index is a number, a slice, or a tuple of such; None where that is unknown."""
        obj = state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Container) and obj.kind == "tuple":
            parts = [_is_one_index(v, state) for held in obj.contents() for v in held]
            return False if False in parts else None if None in parts else True
        return _is_one_index(value, state)

    # Methods.

    def method(
        self, address: Address, obj: Tensor, name: str, arguments: Arguments, state: State,
        node: ast.expr,
    ) -> Values:  # fmt: skip
        """What a method of a tensor returns; those that write in place have been told already."""
        if name == "requires_grad_":
            given = arguments.get(0, "requires_grad")
            flag = True if given is None else constant(given)
            self.set_trainable(address, flag if isinstance(flag, bool) else None, state)
            return (address,)
        if name in CONVERSIONS:
            return self._converted(address, obj, name, arguments, state, node)
        if name in ("size", "dim", "numel", "ndimension"):
            return self._counted(obj, name, arguments, state, node)
        if name == "detach_":
            state.write(address, replace(obj, trainable=False, is_leaf=True, is_detached=True))
            return (address,)
        if name == "numpy":
            return (Plain("numpy.ndarray"),)
        if name in ("item",):
            return (Plain("float"),)
        if name == "new_tensor":
            return self.created("torch.tensor", arguments, state, node)
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
        return self._by_result(result, operands, f".{name}()", name, arguments, state, node, shape)

    def _counted(
        self, obj: Tensor, name: str, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        if obj.shape is None:
            return (Plain("int"),) if name != "size" or arguments.positional else UNKNOWN
        if name == "size":
            if not arguments.positional:
                return self._sizes(obj.shape, state, node)
            return shapes.size_in(obj.shape, constant(arguments.positional[0]))
        if name in ("dim", "ndimension"):
            return (Constant(len(obj.shape)),)
        return (Plain("int"),)

    def _by_result(
        self, result: Result | None, operands: Values, via: str, name: str,
        arguments: Arguments, state: State, node: ast.expr, shape: Shape | None,
    ) -> Values:  # fmt: skip
        """What the catalogue says a call returns, of which the first operand is a tensor."""
        address = operands[0]
        assert isinstance(address, Address)
        obj = state.read(address)
        if not isinstance(obj, Tensor):
            return self.anything(node, state)
        short = name.rpartition(".")[2]
        if result is Result.MAYBE_SELF and obj.is_parameter:
            return (address, *UNKNOWN)  # a copy, unless it is contiguous already
        if result in (Result.SELF, Result.IN_PLACE, Result.MAYBE_SELF):
            return (address,)
        if result is Result.VIEW:
            return self.derived(
                address, obj, node, state, via, is_view=True, is_free=catalogue.grad_free(name),
                shape=shape, dtype=obj.dtype, integer=obj.integer,
                is_expanded=short in _EXPANDING, through_data=short == "detach",
            )  # fmt: skip
        if result is Result.NEW:
            integer = True if catalogue.integer_result(name) else None
            dtype = self._dtype_argument(arguments, state)
            if dtype is not None:
                integer = bool(catalogue.dtype_is_integer(dtype))
            elif short in _KEEPS_DTYPE or shapes.is_elementwise(short) or short in _LIKE:
                dtype = obj.dtype if len(operands) == 1 else None
                integer = integer or (obj.integer if short in _KEEPS_DTYPE | _LIKE else None)
            made = self._result_of(
                operands, node, state, via, shape, dtype=dtype, name=name,
                is_free=catalogue.grad_free(name), integer=integer,
            )  # fmt: skip
            return self._with_flag(made, arguments, name, state)
        if result is Result.TUPLE:
            part = self._result_of(operands, node, state, via, None)
            if short in ("unbind", "split", "chunk", "tensor_split", "unsafe_chunk"):
                part = self.derived(address, obj, node, state, via, is_view=True, part="item")
            made_tuple = Container("tuple", rest=part, is_exact=False)
            return (self._machine.new(made_tuple, state, node, "tuple"),)
        if result is Result.OTHER:
            return (Plain("object"),)
        return NONE if result is Result.NONE else UNKNOWN

    def _with_flag(self, made: Values, arguments: Arguments, name: str, state: State) -> Values:
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

    def _dtype_argument(self, arguments: Arguments, state: State) -> str | None:
        given = arguments.named.get("dtype", ())
        if len(given) == 1 and isinstance(given[0], Library):
            return _DTYPE_NAMES.get(given[0].name, given[0].name)
        return None

    def _converted(
        self, address: Address, obj: Tensor, name: str, arguments: Arguments, state: State,
        node: ast.expr,
    ) -> Values:  # fmt: skip
        """``.to()`` and its like, which return the same object when nothing has to change."""
        self._note_conversion(obj, state)
        dtype: str | None = _DTYPE_OF.get(name)
        device: object = None
        unknown = bool(arguments.extra)
        copies = constant(arguments.named.get("copy", FALSE)) is True
        if name == "cuda":
            device = Constant("cuda")
        elif name == "cpu":
            device = Constant("cpu")
        if name in ("to", "type", "type_as", "cuda"):
            given = [v for k, v in arguments.named.items() if k in ("device", "dtype", "other")]
            for held in [*arguments.positional, *given]:
                kind, what = self._target(held, state)
                if kind == "dtype":
                    dtype = str(what)
                elif kind == "device":
                    device = what
                elif kind == "unknown":
                    unknown = True
        integer = (
            bool(catalogue.dtype_is_integer(dtype))
            if dtype is not None
            else (None if unknown else obj.integer)
        )
        same_dtype = None if unknown else (dtype is None or dtype == obj.dtype)
        if dtype is not None and obj.dtype is None:
            same_dtype = None
        same_device: bool | None = True
        if device is not None:
            own = obj.device
            same_device = (
                True
                if own == device
                else (False if isinstance(own, Constant) and isinstance(device, Constant) else None)
            )
        if same_dtype and same_device and not copies and not unknown:
            return (address,)
        surely = same_dtype is False or same_device is False or copies
        moved = self.derived(
            address, obj, node, state, f".{name}()", is_conversion=not surely, shape=obj.shape,
            dtype=dtype or (None if unknown else obj.dtype), integer=integer,
            device=device if not unknown else None,
        )  # fmt: skip
        if surely or (not obj.is_parameter and obj.trainable is False):
            return moved
        return join((address,), moved)

    def _note_conversion(self, obj: Tensor, state: State) -> None:
        """A tensor is moved, and what it is a part of, where its Module is used."""
        if self._machine.frame.role is Role.CONSTRUCTION:
            return
        at: Obj = obj
        for _ in range(8):
            if not isinstance(at, Tensor):
                return
            if at.made is not None:
                self._machine.converted.add(at.made.node)
            if at.base is None:
                return
            at = state.read(at.base)

    def _target(self, held: Values, state: State) -> tuple[str, object]:
        """What an argument of ``.to()`` asks for."""
        (value,) = held if len(held) == 1 else (None,)
        if isinstance(value, Library):
            name = _DTYPE_NAMES.get(value.name, value.name)
            if catalogue.dtype_is_integer(value.name) is not None or name != value.name:
                return "dtype", name
            return "unknown", None
        if isinstance(value, Constant):
            if isinstance(value.value, str | int) and not isinstance(value.value, bool):
                return "device", Constant(str(value.value).partition(":")[0])
            return "none", None
        if isinstance(value, Address) and not value.many:
            obj = state.read(value)
            if isinstance(obj, Thing):
                return "device", value
        return "unknown", None

    # Functions.

    def function(self, name: str, arguments: Arguments, state: State, node: ast.expr) -> Values:
        """What a torch function that the catalogue knows returns."""
        result = catalogue.function(name)
        first = self._first_tensor(arguments, state)
        if any(key in catalogue.tuple_with(name) for key in arguments.named):
            result = Result.TUPLE
        if result in (Result.SELF, Result.IN_PLACE, Result.MAYBE_SELF):
            same = arguments.get(0, "input", "tensor") or UNKNOWN
            return same if result is not Result.MAYBE_SELF else join(same, UNKNOWN)
        short = name.rpartition(".")[2]
        shape = self._shape_of(short, arguments, state)
        if first is not None:
            operands: Values = tuple(dict.fromkeys(self._tensors_in(arguments, state)))
            if not (arguments.positional and first in arguments.positional[0]) and (
                result is Result.VIEW
            ):
                result = Result.NEW
            return self._by_result(
                result, operands, f"{short_name(name)}()", name, arguments, state, node, shape
            )
        if NONE[0] in (arguments.get(0, "input") or ()):
            return UNKNOWN  # it raises
        if result in (Result.NEW, Result.VIEW):
            return self.created(name, arguments, state, node)
        if result is Result.TUPLE:
            part = self.anything(node, state)
            made = Container("tuple", rest=part, is_exact=False)
            return (self._machine.new(made, state, node, "tuple"),)
        if result is Result.OTHER:
            return (Plain("object"),)
        return NONE if result is Result.NONE else UNKNOWN

    def _first_tensor(self, arguments: Arguments, state: State) -> Address | None:
        found = self._tensors_in(arguments, state)
        return found[0] if found else None

    @staticmethod
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

    def created(self, name: str, arguments: Arguments, state: State, node: ast.expr) -> Values:
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
        integer, dtype = self._dtype_of(name, short, arguments, state)
        device: object = Constant("cpu") if creates else None
        if "device" in arguments.named or arguments.extra:
            kind, what = self._target(arguments.named.get("device", ()), state)
            device = what if kind == "device" else None
        shape = self._shape_of(short, arguments, state)
        made = Tensor(
            self._machine.place(node), trainable=trainable, is_leaf=leaf, shape=shape,
            dtype=dtype, integer=integer, device=device,
            explicit="requires_grad" in arguments.named,
        )  # fmt: skip
        return self.make(made, state, node)

    def _dtype_of(
        self, name: str, short: str, arguments: Arguments, state: State
    ) -> tuple[bool | None, str | None]:
        if "dtype" in arguments.named:
            dtype = self._dtype_argument(arguments, state)
            known = catalogue.dtype_is_integer(dtype) if dtype is not None else None
            return known, dtype if known is not None else None
        if arguments.extra:
            return None, None
        if short in _DEFAULT_FLOAT:
            return False, "torch.float32"
        if short == "arange":
            if any(isinstance(constant(v), float) for v in arguments.positional):
                return False, "torch.float32"
            whole = all(_is_whole(v, state) for v in arguments.positional)
            return (True if whole else None), ("torch.int64" if whole else None)
        if short in ("tensor", "as_tensor", "full"):
            data = arguments.get(1, "fill_value") if short == "full" else arguments.get(0, "data")
            return _literal(data or (), state)
        return (True if catalogue.integer_result(name) else None), None

    def _shape_of(self, short: str, arguments: Arguments, state: State) -> Shape | None:
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


_LIKE = frozenset(["zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like"])
_DEFAULT_FLOAT = frozenset(["randn", "rand", "zeros", "ones", "empty", "eye"])
_SIZED = frozenset(["zeros", "ones", "empty", "rand", "randn", "eye", "arange", "full"])


_LONGEST = 40
"""Columns of an operation that is repeated in a message."""


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


def _weight(obj: Tensor) -> int:
    """How much a tensor decides about what is computed from several."""
    if obj.is_parameter:
        return 4
    if obj.trainable:
        return 3
    return 2 if obj.trainable is None else int(obj.origin is not None)


def _shown(node: ast.AST) -> str:
    """An operation as the user wrote it."""
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    width = getattr(node, "end_col_offset", 0) - getattr(node, "col_offset", 0)
    if first != last or width > _LONGEST:  # of a long sum each part would be written again
        return "the operation"
    return ast.unparse(node)


def _is_number(value: Value) -> bool:
    if isinstance(value, Plain):
        return value.kind in ("float", "int", "bool")
    return isinstance(value, Constant) and isinstance(value.value, int | float)


def _is_whole(values: Values, state: State) -> bool:
    """Whether a bound of ``arange`` is an integer: a name for a number nearly always is."""
    for value in values:
        if isinstance(value, Constant):
            if type(value.value) is not int:
                return False
        elif isinstance(value, Plain):
            if value.kind != "int":
                return False
        elif isinstance(value, Address):
            obj = state.read(value)
            if not (isinstance(obj, Thing) and obj.cls is None and isinstance(value.site, ast.arg)):
                return False
        else:
            return False
    return bool(values)


def _literal(values: Values, state: State) -> tuple[bool | None, str | None]:
    """Whether the literal data of ``torch.tensor`` and its like are integers or bools."""
    numbers: list[object] = []
    if not _leaves(values, state, numbers, set()) or not numbers:
        return None, None
    if any(isinstance(number, float) for number in numbers):
        return False, "torch.float32"
    if all(isinstance(number, bool) for number in numbers):
        return True, "torch.bool"
    return (True, "torch.int64") if all(isinstance(n, int) for n in numbers) else (None, None)


def _leaves(values: Values, state: State, found: list[object], seen: set[Address]) -> bool:
    """Collect the numbers of a literal; whether that are all that it holds.

    What was ``seen`` is not looked at again: a list may stand twice in another, or in itself.
    """
    for value in values:
        if isinstance(value, Constant):
            parts = value.value if isinstance(value.value, tuple) else (value.value,)
            for part in parts:
                found += list(_flat(part))
        elif isinstance(value, Plain):
            found.append(0.0 if value.kind == "float" else None)
        elif isinstance(value, Address):
            obj = state.read(value)
            if not isinstance(obj, Container) or obj.kind not in ("list", "tuple", "range"):
                return False
            if value in seen:
                continue
            seen.add(value)
            if not all(_leaves(held, state, found, seen) for held in obj.contents()):
                return False
        else:
            return False
    return True


def _flat(part: object) -> list[object]:
    if isinstance(part, tuple):
        return [leaf for inner in part for leaf in _flat(inner)]
    return [part]


def _is_one_index(index: Value, state: State) -> bool | None:
    """Whether an index is a number or a slice; None where that is unknown."""
    obj = state.read(index) if isinstance(index, Address) else None
    if isinstance(obj, Tensor | Container) or index == Plain("numpy.ndarray"):
        return False
    return True if isinstance(index, Constant | Plain) else None
