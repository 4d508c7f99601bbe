"""Items: indexing, storing under an index, and iterating."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.domain.objects import Container, Generator, Optimizer, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
    OFTEN,
    UNKNOWN,
    Address,
    Builtin,
    Constant,
    Plain,
    Text,
    Value,
    Values,
    constant,
    join,
    join_all,
)
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.attributes.registration import REGISTRIES
from flake8_paramassign.semantics.events import ItemStored, IteratedAgain
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import containers
from flake8_paramassign.semantics.models.modules import containers as module_containers
from flake8_paramassign.semantics.models.tensors import operators, results, writing


class Items:
    """Reads, stores and iterates items for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` makes what they are."""
        self._machine = machine

    # Reading.

    def read(self, value: Value, index: Values, state: State, node: ast.AST) -> Values:
        """What ``value[index]`` may hold."""
        if isinstance(value, Constant) and isinstance(value.value, tuple | str):
            return self._of_constant(value.value, index)
        if isinstance(value, Builtin):
            return self._of_registry(value, index, state, node)
        if not isinstance(value, Address):
            if isinstance(value, Plain) and value.kind == "numpy.ndarray":
                return (value,)
            return UNKNOWN
        obj = state.read(value)
        if isinstance(obj, Container):
            if obj.kind in containers.SEQUENCES and containers.is_slice(index):
                made = containers.sliced(obj, index, self._machine.place(node))
                return (self._machine.new(made, state, node, "slice"),)
            return containers.item_of(obj, index)
        if isinstance(obj, Tensor):
            return operators.item(self._machine, value, obj, index, state, node)
        if isinstance(obj, Thing) and writing.may_be_written(value, state):
            data = Tensor(via=".data", through_data=True)  # of a slot of torch's layers
            return operators.item(self._machine, value, data, index, state, node)
        if isinstance(obj, Thing):
            if module_containers.container_kind(obj) is not None:
                return module_containers.item(self._machine, value, obj, index, state, node)
            return self._of_thing(value, obj, index, state, node)
        return UNKNOWN

    @staticmethod
    def _of_constant(whole: tuple[object, ...] | str, index: Values) -> Values:
        key = constant(index)
        cut = containers.bounds(index)
        if cut is not None:
            part = whole[cut]
            return (Constant(part),)
        if type(key) is int and -len(whole) <= key < len(whole):
            return (Constant(whole[key]),)
        return UNKNOWN

    def _of_registry(self, registry: Builtin, index: Values, state: State, node: ast.AST) -> Values:
        """``m._parameters[name]``."""
        name = constant(index)
        if registry.name in REGISTRIES and isinstance(name, str):
            return self._machine.attribute(registry.receiver, name, state, node)
        return UNKNOWN

    def _of_thing(
        self, address: Address, obj: Thing, index: Values, state: State, node: ast.AST
    ) -> Values:
        """An item of an object of which little is known: the same wherever the index is."""
        methods = self._special(address, "__getitem__", state, node)
        if methods and isinstance(node, ast.expr):
            return self._machine.call_any(methods, Arguments([index]), state, node)
        key = self._key(index)
        several = key is None
        part = self._machine.addresses.of(
            (address, ("item", key), obj.epoch),
            many=address.many or several or obj.epoch >= OFTEN,
        )
        return (part,)

    @staticmethod
    def _key(index: Values) -> object:
        """What an index is, where that is one thing; None where it may be several."""
        if len(index) != 1:
            return None
        (value,) = index
        if isinstance(value, Constant):
            return value
        if isinstance(value, Address) and not value.many:
            return value
        return None

    # Storing.

    def store(self, target: ast.Subscript, values: Values, state: State) -> None:
        """Set an item."""
        owners = self._machine.evaluate(target.value, state)
        index = self._machine.evaluate(target.slice, state)
        self._machine.used_containers.update(v for v in values if isinstance(v, Address))
        written = [v for v in owners if writing.may_be_written(v, state)]
        if written and len(written) == len(owners):
            writing.write(self._machine, owners, target.value, "[...] =", values, state, target)
        if len(owners) == 1 and isinstance(owners[0], Address):
            self._tell_stored(owners[0], values, state, target)
        for owner in owners:
            self._store_in(owner, index, values, state, target, len(owners) == 1)

    def _store_in(
        self, owner: Value, index: Values, values: Values, state: State, target: ast.Subscript,
        sure: bool,
    ) -> None:  # fmt: skip
        if isinstance(owner, Builtin) and owner.name in REGISTRIES:
            name = constant(index)
            self._machine.bypass(
                owner.receiver, name if isinstance(name, str) else None, values, state, target,
                owner.name,
            )  # fmt: skip
            return
        obj = state.read(owner) if isinstance(owner, Address) else None
        if isinstance(obj, Container) and isinstance(owner, Address):
            self._mended(obj, index, state)
            frame = self._machine.frame
            fill = frame.place(frame.statement or target)
            state.write(owner, containers.with_item(obj, index, values, fill), strong=sure)
        elif isinstance(obj, Thing) and isinstance(owner, Address):
            kind = module_containers.container_kind(obj)
            if kind is not None:
                key = constant(index)
                if kind == "list" and type(key) is int and key < 0:
                    key = len([f for f in obj.fields if f.isdigit()]) + key
                name = str(key) if isinstance(key, str | int) else None
                base = obj.cls.torch_base if isinstance(obj.cls, ProjectClass) else obj.cls
                converts = base is not None and "Parameter" in base.name
                held = values
                if converts:
                    held = module_containers.as_held(self._machine, values, 1, state, target)
                self._machine.store(
                    (owner,), name if name is not None else Text(), held, state, target, None,
                    "add_module" if not converts else "=",
                )  # fmt: skip
            else:
                methods = self._special(owner, "__setitem__", state, target)
                if methods:
                    self._machine.call_any(methods, Arguments([index, values]), state, target)
                elif obj.cls is not None or obj.is_module:
                    state.havoc([owner])

    def _special(self, address: Address, name: str, state: State, node: ast.AST) -> Values:
        """A special method, which Python looks up on the class; nothing where there is none."""
        obj = state.read(address)
        cls = obj.cls if isinstance(obj, Thing) else None
        if isinstance(cls, ProjectClass) and cls.find(name) is not None:
            return self._machine.attribute(address, name, state, node)
        return NOTHING

    def _tell_stored(
        self, owner: Address, values: Values, state: State, target: ast.Subscript
    ) -> None:
        frame = self._machine.frame
        obj = state.read(owner)
        if (
            isinstance(obj, Container)
            and self._is_of_parameters(obj, state)
            and not isinstance(frame.statement, ast.AugAssign)
        ):
            kind = obj.kind if obj.kind in ("state_dict", "list", "dict") else "list"
            self._machine.tell(ItemStored(frame, state, target, owner, kind, target.value, values))

    @staticmethod
    def _is_of_parameters(obj: Container, state: State) -> bool:
        """Whether a container was made of what a Module has registered."""
        return any(
            isinstance(origin, Address) and isinstance(state.read(origin), Thing | Tensor)
            for origin in obj.of
        )

    def _mended(self, obj: Container, index: Values, state: State) -> None:
        """``optimizer.param_groups[0]["params"] = ...`` gives an optimizer other Parameters."""
        key = constant(index)
        for origin in obj.of:
            keeper = state.read(origin) if isinstance(origin, Address) else None
            if isinstance(keeper, Optimizer) and isinstance(origin, Address):
                if key is NotImplemented or key == "params" or isinstance(key, int):
                    state.havoc([origin])

    # Iterating.

    def iterate(
        self, values: Values, state: State, node: ast.AST, by: str = "for"
    ) -> tuple[list[Values] | None, Values]:
        """What iterating gives: each item in order where all are known, and any item."""
        if len(values) == 1:
            return self._iterate_one(values[0], state, node, by)
        some = NOTHING
        for value in values:
            _, items = self._iterate_one(value, state, node, by)
            some = join(some, items)
        return None, some

    def _iterate_one(
        self, value: Value, state: State, node: ast.AST, by: str
    ) -> tuple[list[Values] | None, Values]:
        if isinstance(value, Constant):
            if isinstance(value.value, tuple | str) and len(value.value) <= 64:
                each: list[Values] = [(Constant(part),) for part in value.value]
                return each, join_all(each)
            return None, UNKNOWN
        if isinstance(value, Text):
            return None, (Text(),)
        if isinstance(value, Builtin) and value.name in REGISTRIES:
            return None, (Text(),)
        if not isinstance(value, Address):
            return None, UNKNOWN
        obj = state.read(value)
        if isinstance(obj, Container):
            return self._iterate_container(value, obj, state, node, by)
        if isinstance(obj, Tensor):
            row = results.derived(self._machine,
                value, obj, node, state, "[...]", is_view=True, dtype=obj.dtype,
                integer=obj.integer, part="row",
            )  # fmt: skip
            return None, row
        if isinstance(obj, Generator):
            return self._iterate_generator(value, obj, state, node)
        if isinstance(obj, Thing):
            if module_containers.container_kind(obj) is not None:
                return module_containers.items(self._machine, value, obj)
            methods = self._special(value, "__iter__", state, node)
            if methods and isinstance(node, ast.expr):
                made = self._machine.call_any(methods, Arguments(), state, node)
                if value not in made:
                    return self.iterate(made, state, node, by)
            other = self._machine.addresses.of((value, "items", obj.epoch), many=True)
            return None, (other,)
        return None, UNKNOWN

    def _iterate_container(
        self, address: Address, obj: Container, state: State, node: ast.AST, by: str
    ) -> tuple[list[Values] | None, Values]:
        if obj.spent is True and not address.many and obj.made is not None:
            first = obj.fills[-1] if obj.fills else obj.made
            self._machine.tell(IteratedAgain(self._machine.frame, state, node, address, first, by))
            return [], NOTHING
        if obj.kind in containers.DICTS:
            keys: list[Values] = [(Constant(key),) for key in obj.known]
            if obj.is_exact:
                return keys, join_all(keys)
            return None, join(join_all(keys), (Text(),))
        if obj.fills:
            self._machine.used_containers.add(address)
        each = obj.sequence() if not address.many else None
        some = obj.items()
        if containers.is_consumed_by_iteration(obj) and not address.many:
            if by != "builtins.next":
                place = self._machine.place(node)
                state.write(address, replace(obj, spent=True, fills=(place,)))
        if each is None and not some:
            some = UNKNOWN if obj.kind == "view" else NOTHING
        return each, some

    def _iterate_generator(
        self, address: Address, obj: Generator, state: State, node: ast.AST
    ) -> tuple[list[Values] | None, Values]:
        if not isinstance(node, ast.expr) or obj.started is not False:
            return None, UNKNOWN
        state.write(address, replace(obj, started=True))
        yielded = self._machine.run_generator(obj, state, node)
        some = join_all(values for values, _ in yielded)
        return None, some if yielded else UNKNOWN
