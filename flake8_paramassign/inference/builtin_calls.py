"""Python's own functions, and the methods of its containers."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from flake8_paramassign.inference.state import ITEMS, State
from flake8_paramassign.inference.torch_calls import TorchCaller
from flake8_paramassign.inference.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Arguments,
    ClassValue,
    Container,
    Opaque,
    Other,
    Super,
    Value,
    Values,
    constant,
    in_order,
    only,
    union,
)

_KINDS = {
    "int": "int", "float": "float", "bool": "bool", "str": "str", "len": "int", "repr": "str",
    "abs": "float", "round": "float", "range": "range", "id": "int", "hash": "int", "ord": "int",
}  # fmt: skip


class BuiltinCaller(TorchCaller):
    """Calls builtins and methods of containers."""

    @abstractmethod
    def store(self, receiver: Value, name: str, values: Values, state: State, node: ast.AST,
              expression: ast.expr | None, how: str) -> None:  # fmt: skip
        """Set an attribute as ``setattr`` does."""

    @abstractmethod
    def bypass(self, receiver: Value, name: str | None, values: Values, state: State,
               node: ast.AST, how: str) -> None:  # fmt: skip
        """Set an attribute, but not as ``setattr`` does."""

    @abstractmethod
    def delete(self, receiver: Value, name: str | None, state: State) -> None:
        """Delete an attribute; None is one of unknown name."""

    @abstractmethod
    def filled(self, container: Value, values: Values, how: str, state: State) -> None:
        """Items were put into a container."""

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

    def _all_items(self, values: Values, state: State) -> Values:
        result = NOTHING
        for value in values:
            inner = self.items(value, state) if isinstance(value, Container) else UNKNOWN
            result = union(result, inner)
        return result or UNKNOWN

    # Builtins.

    def builtin(self, name: str, node: ast.Call, arguments: Arguments, state: State) -> Values:
        """What the builtin ``name`` returns."""
        method = self._builtins.get(name)
        if method is not None:
            return method(self, node, arguments, state)
        return only(Other(_KINDS[name])) if name in _KINDS else UNKNOWN

    def _setattr(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        positional, _ = arguments
        if len(positional) == 3:
            name = constant(positional[1])
            for receiver in in_order(positional[0]):
                if isinstance(name, str):
                    self.store(receiver, name, positional[2], state, node, node.args[2], "setattr")
                else:
                    self.forget(receiver, state)
        return NONE

    def _plain_setattr(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        """``object.__setattr__``, which knows of no Parameters."""
        positional, _ = arguments
        if len(positional) == 3:
            text = constant(positional[1])
            name = text if isinstance(text, str) else None
            for receiver in in_order(positional[0]):
                self.bypass(receiver, name, positional[2], state, node, "object.__setattr__")
        return NONE

    def _delattr(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        positional, _ = arguments
        if len(positional) == 2:
            name = constant(positional[1])
            for receiver in in_order(positional[0]):
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
        called = ast.unparse(node.func).rpartition(".")[2]
        kind = called if called in ("list", "tuple", "set", "dict") else "iterator"
        container = Container(kind, node)
        positional, named = arguments
        items = self._all_items(positional[0], state) if positional else NOTHING
        if kind == "dict":
            items = self._second_of(items, state)
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

    def _second_of(self, pairs: Values, state: State) -> Values:
        """The values of a dict that is made of pairs."""
        result = NOTHING
        for pair in pairs:
            if isinstance(pair, Container) and pair.kind == "tuple":
                result = union(result, self.item(pair, 1, state))
            else:
                result = union(result, only(pair))
        return result

    def _paired(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        """``enumerate`` and ``zip``."""
        pair = Container("tuple", (node, "pair"))
        columns = [self._all_items(values, state) for values in arguments[0]]
        if ast.unparse(node.func).endswith("enumerate"):
            columns = [only(Other("int")), *columns[:1]]
        everything = NOTHING
        for index, column in enumerate(columns):
            state.cells[pair, f"[{index}]"] = column
            everything = union(everything, column)
        state.cells[pair, ITEMS] = everything
        return self._iterator(only(pair), node, state)

    def _filtered(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        """``filter``: which items it leaves out is not known."""
        return self._chained(node, (arguments[0][1:2], {}), state)

    def _chained(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        """``itertools.chain``."""
        items = NOTHING
        for values in arguments[0]:
            items = union(items, self._all_items(values, state))
        return self._iterator(items or UNKNOWN, node, state)

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

    def _type(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        given = arguments[0][0] if len(arguments[0]) == 1 else NOTHING
        found = (self.attribute(value, "__class__", state, node) for value in given)
        return frozenset(c for values in found for c in values if isinstance(c, ClassValue))

    def _nothing(self, node: ast.Call, arguments: Arguments, state: State) -> Values:
        return NONE

    _builtins: ClassVar[dict[str, Callable[..., Values]]] = {
        "setattr": _setattr,
        "object.__setattr__": _plain_setattr,
        "delattr": _delattr,
        "getattr": _getattr,
        "list": _listed,
        "tuple": _listed,
        "set": _listed,
        "dict": _listed,
        "iter": _listed,
        "reversed": _listed,
        "sorted": _listed,
        "filter": _filtered,
        "itertools.chain": _chained,
        "enumerate": _paired,
        "zip": _paired,
        "super": _super,
        "max": _same,
        "min": _same,
        "next": _same,
        "print": _nothing,
        "type": _type,
    }
