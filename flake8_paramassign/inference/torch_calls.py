"""What torch's functions and the methods of tensors return, by the catalogue."""

from __future__ import annotations

import ast
import re
from abc import abstractmethod
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.inference import shapes
from flake8_paramassign.inference.events import OptimizerMade, ParameterMade
from flake8_paramassign.inference.objects import derived
from flake8_paramassign.inference.shapes import Shape, Shaped
from flake8_paramassign.inference.state import ITEMS, State
from flake8_paramassign.inference.tensor_facts import (
    FLOATS,
    OTHER_FLOATS,
    dtype_of,
    operand_places,
    places_of,
)
from flake8_paramassign.inference.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Arguments,
    Constant,
    Container,
    Optimizer,
    Other,
    Parameter,
    Tensor,
    Value,
    Values,
    all_of,
    constant,
    in_order,
    only,
    union,
)
from flake8_paramassign.inference.writing import Writer

_LEGACY_TENSOR = re.compile(r"torch\.(cuda\.)?(\w*)Tensor$")
_INTEGER_TENSORS = frozenset(["Long", "Int", "Short", "Byte", "Char", "Bool"])
_CONVERSIONS = frozenset(
    ["to", "cuda", "float", "half", "double", "bfloat16", "type", "type_as", "int", "long"]
)
"""MAYBE_SELF methods whose result is worth a word; ``contiguous()`` or ``cpu()`` is not."""
_VARIABLE = "torch.autograd.Variable"
"""Once the way to make a trainable tensor; ``Variable(t, requires_grad=True)`` still is one."""
_KEEPS_DTYPE = frozenset(["clone", "tril", "triu", "repeat", "flip", "roll", "detach"])


class TorchCaller(Writer):
    """Calls torch's functions and tensor methods."""

    @abstractmethod
    def rebind(self, subject: ast.expr, values: Values, state: State) -> None:
        """From here on the name or attribute ``subject`` holds ``values``."""

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
            self.freeze_each(tensor, flag if isinstance(flag, bool) else None, state)
            changed = only(replace(tensor, trainable=flag if isinstance(flag, bool) else None))
            assert isinstance(node.func, ast.Attribute)
            self.rebind(node.func.value, changed, state)
            return changed
        result = catalogue.method(name)
        if result is Result.MAYBE_SELF or name in _CONVERSIONS:
            return self._converted(tensor, name, node, state)
        positional, named = self._described(node, arguments, state)
        if name == "size" and tensor.shape:
            whole = only(Constant(tensor.shape))
            return shapes.size_in(tensor.shape, positional[0]) if positional else whole
        shape = shapes.changed(name, tensor.shape, positional, named)
        return self._by_result(result, tensor, f".{name}()", name, node, state, shape)

    def _described(
        self, node: ast.Call, arguments: Arguments, state: State
    ) -> tuple[list[object], dict[str, object]]:
        """What arguments are for a shape."""
        positional = [self.described(values, node, state) for values in arguments[0]]
        return positional, {k: self.described(v, node, state) for k, v in arguments[1].items()}

    def _by_result(
        self,
        result: Result | None,
        tensor: Parameter | Tensor,
        via: str,
        name: str,
        node: ast.Call,
        state: State,
        shape: Shape | None,
    ) -> Values:
        if result in (Result.SELF, Result.IN_PLACE, Result.MAYBE_SELF):
            return only(tensor)
        if result in (Result.NEW, Result.VIEW):
            free = catalogue.grad_free(name)
            integer = True if catalogue.integer_result(name) else None
            if result is Result.VIEW or name.rpartition(".")[2] in _KEEPS_DTYPE:
                integer = getattr(tensor, "integer", None)
            made = derived(
                tensor, node, via, detached=free, grad=state.grad, integer=integer, shape=shape,
                view=result is Result.VIEW,
            )  # fmt: skip
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
        places = places_of(name, node)
        if places and places <= tensor.placed:
            return only(tensor)
        integer = True if name in ("int", "long") else None
        if name in ("to", "type") and any(catalogue.dtype_is_integer(p) for p in places):
            integer = True
        changes = "float32" in tensor.placed and bool(places & OTHER_FLOATS)
        moved = derived(
            tensor, node, f".{name}()", grad=state.grad, maybe_self=not changes, integer=integer,
            shape=tensor.shape,
        )  # fmt: skip
        if places & FLOATS:
            moved = replace(moved, integer=False)
        moved = replace(moved, placed=(tensor.placed - FLOATS) | places)
        if changes or (isinstance(tensor, Tensor) and not tensor.trainable):
            return only(moved)
        return frozenset([tensor, moved])

    def torch_function(
        self, name: str, node: ast.Call, arguments: Arguments, state: State
    ) -> Values:
        """What the torch function ``name`` returns."""
        positional, named = arguments
        legacy = _LEGACY_TENSOR.match(name)
        if legacy:
            kind = legacy.group(2)
            placed = frozenset() if kind not in ("", "Float") else frozenset(["float32"])
            shape = shapes.created("empty", *self._described(node, arguments, state))
            whole = kind in _INTEGER_TENSORS
            return only(Tensor(node, integer=whole, placed=placed, shape=shape))
        result = Result.NEW if name == _VARIABLE else catalogue.function(name)
        if name == "torch.compile" and positional:
            return positional[0]
        if result is None:
            if self.recompute(name, node, arguments, state):
                return positional[0] if positional else UNKNOWN
            self.may_rewire(name, arguments, state)
            return UNKNOWN
        short = name.rpartition(".")[2]
        if (result is Result.IN_PLACE or name.startswith("torch.nn.init.")) and node.args:
            written = f"{_short(name)}()"
            operands = all_of((positional[1:], named))
            self.written(node, positional[0], node.args[0], written, operands, state)
        first = self._first_tensor(positional, named, state)
        if result in (Result.SELF, Result.IN_PLACE, Result.MAYBE_SELF):
            same = positional[0] if positional else next(iter(named.values()), UNKNOWN)
            return same if result is not Result.MAYBE_SELF else union(same, UNKNOWN)
        if first is not None:
            shape = self._shape_of(short, node, arguments, state)
            made = self._by_result(result, first, f"{_short(name)}()", name, node, state, shape)
            return _with_flags(made, node, named)
        if result in (Result.NEW, Result.VIEW):
            return self._created(name, node, arguments, state)
        if result is Result.TUPLE:
            several = Container("tuple", node)
            state.cells[several, ITEMS] = only(Tensor(node, None, False))
            return only(several)
        if result is Result.OTHER:
            return only(Other("object"))
        return NONE if result is Result.NONE else UNKNOWN

    def _created(self, name: str, node: ast.Call, arguments: Arguments, state: State) -> Values:
        """A tensor out of nothing, or out of values that are not known to require grad."""
        positional, named = arguments
        creates = name == _VARIABLE or catalogue.creates_leaf(name)
        unsure = not creates and any(
            not isinstance(v, Constant | Other) for values in positional for v in values
        )
        flag = constant(named["requires_grad"]) if "requires_grad" in named else False
        trainable = flag if isinstance(flag, bool) else None
        integer, placed = dtype_of(name, node)
        if unsure and state.grad is not False:
            trainable = None
        leaf = not unsure or state.grad is False
        shape = self._shape_of(name.rpartition(".")[2], node, arguments, state)
        return only(Tensor(node, trainable, leaf, integer=integer, placed=placed, shape=shape))

    def _shape_of(
        self, short: str, node: ast.Call, arguments: Arguments, state: State
    ) -> Shape | None:
        """The shape of what a function makes, out of its first argument or of sizes."""
        positional, named = self._described(node, arguments, state)
        if short in ("cat", "concat", "concatenate") and positional:
            dimension = positional[1] if len(positional) > 1 else named.get("dim", 0)
            return shapes.concatenated(positional[0], dimension)
        if positional and isinstance(positional[0], Shaped):
            return shapes.changed(short, positional[0].shape, positional[1:], named)
        return shapes.created(short, positional, named)

    def _first_tensor(
        self, positional: list[Values], named: dict[str, Values], state: State
    ) -> Parameter | Tensor | None:
        """The argument that a result is derived from: a Parameter rather than a tensor."""
        found: Parameter | Tensor | None = None
        for values in (*positional, *named.values()):
            for value in in_order(values):
                inner = self.items(value, state) if isinstance(value, Container) else only(value)
                for candidate in in_order(inner):
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
        if node.args:
            placed |= operand_places(node.args[0])
        shape = shapes.changed("clone", getattr(self.described(data, node, state), "shape", None))
        trainable = flag if isinstance(flag, bool) else None
        parameter = Parameter(node, trainable, placed, shape=shape)
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
        self.take(tensors, optimizer, state)
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


def _with_flags(made: Values, node: ast.Call, named: dict[str, Values]) -> Values:
    """``zeros_like(w, requires_grad=True)``, ``ones_like(w, dtype=...)``: arguments win."""
    if "requires_grad" not in named and "dtype" not in named:
        return made
    integer, placed = dtype_of("", node)
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
    return name.replace("torch.nn.functional.", "F.").replace("torch.nn.init.", "nn.init.")
