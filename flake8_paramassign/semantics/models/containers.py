"""Lists, tuples, dicts and sets: their methods and items."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import replace

from flake8_paramassign.domain.objects import MOST_ITEMS, Container, Optimizer, Place
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Constant,
    Plain,
    Values,
    constant,
    join,
)
from flake8_paramassign.semantics.events import ItemStored
from flake8_paramassign.semantics.models.base import Call, method

SEQUENCES = ("list", "tuple")
DICTS = ("dict", "state_dict")


def make(
    call: Call, kind: str, each: list[Values] | None, some: Values, of: Values = NOTHING,
    part: object = None,
) -> Values:  # fmt: skip
    """A new container, of items that are known one by one or not."""
    place = call.machine.place(call.node)
    if each is not None and len(each) <= MOST_ITEMS:
        made = Container(kind, dict(enumerate(each)), made=place, of=of)
    else:
        made = Container(kind, rest=some, is_exact=False, made=place, of=of)
    return (call.machine.new(made, call.state, call.node, part),)


def _changed(call: Call, obj: Container) -> Values:
    """Put a container in the place of the receiver; an optimizer's groups are a part of it."""
    assert isinstance(call.receiver, Address)
    call.state.write(call.receiver, obj)
    for origin in obj.of:
        if isinstance(origin, Address) and isinstance(call.state.read(origin), Optimizer):
            call.state.havoc([origin])
    return NONE


def _read(call: Call, obj: Container) -> None:
    """What is in a container is asked for: what was stored in it before is used."""
    if obj.fills and isinstance(call.receiver, Address):
        call.machine.used_containers.add(call.receiver)


def _filled(call: Call, obj: Container) -> Container:
    fill = call.machine.place(call.machine.frame.statement or call.node)
    return replace(obj, fills=obj.fills if fill in obj.fills else (*obj.fills, fill))


@method(Container, "append", "add", "appendleft")
def _append(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Container)
    held = call.argument(0)
    if (
        obj.is_exact
        and call.name == "append"
        and len(obj.known) < MOST_ITEMS
        and obj.kind == "list"
    ):
        made = replace(obj, known={**obj.known, len(obj.known): held})
    else:
        made = replace(obj.blurred(), rest=join(obj.items(), held))
    return _changed(call, _filled(call, made))


@method(Container, "extend", "update", "__iadd__")
def _extend(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Container)
    if obj.kind in DICTS:
        return _update(call, obj)
    each, some = call.machine.iterate(call.argument(0), call.state, call.node, call.name)
    if obj.is_exact and each is not None and obj.kind == "list":
        items = [*obj.known.values(), *each]
        if len(items) <= MOST_ITEMS:
            return _changed(call, _filled(call, replace(obj, known=dict(enumerate(items)))))
    made = replace(obj.blurred(), rest=join(obj.items(), some))
    return _changed(call, _filled(call, made))


def _update(call: Call, obj: Container) -> Values:
    known, rest, exact = dict(obj.known), obj.rest, obj.is_exact
    if (
        obj.of
        and call.is_sure
        and isinstance(call.receiver, Address)
        and isinstance(call.node, ast.Call)
    ):
        holder = call.node.func.value if isinstance(call.node.func, ast.Attribute) else call.node
        call.machine.tell(
            ItemStored(
                call.machine.frame, call.state, call.node, call.receiver, obj.kind, holder,
                call.argument(0),
            )
        )  # fmt: skip
    for value in call.argument(0):
        other = call.state.read(value) if isinstance(value, Address) else None
        if isinstance(other, Container) and other.is_exact and other.kind in DICTS:
            known |= other.known
        elif isinstance(other, Container):
            exact, rest = False, join(rest, other.items())
        else:
            exact, rest = False, join(rest, UNKNOWN)
    known.update(call.arguments.named.items())
    return _changed(call, _filled(call, replace(obj, known=known, rest=rest, is_exact=exact)))


@method(Container, "insert")
def _insert(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Container)
    made = replace(obj.blurred(), rest=join(obj.items(), call.argument(1)))
    return _changed(call, _filled(call, made))


@method(Container, "pop", "popitem", "popleft")
def _pop(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Container)
    _read(call, obj)
    index = call.constant(0, default=-1 if obj.kind == "list" else NotImplemented)
    if obj.is_exact and obj.kind in SEQUENCES and isinstance(index, int):
        items = list(obj.known.values())
        if -len(items) <= index < len(items) and call.name == "pop":
            gone = items.pop(index)
            _changed(call, replace(obj, known=dict(enumerate(items))))
            return gone
    if obj.kind in DICTS and isinstance(index, Hashable) and index in obj.known:
        known = {key: held for key, held in obj.known.items() if key != index}
        _changed(call, replace(obj, known=known))
        return obj.known[index]
    gone = obj.items() or UNKNOWN
    _changed(call, obj.blurred())
    if call.name == "popitem":
        return make(call, "tuple", [(Plain("str"),), gone], NOTHING)
    return join(gone, call.argument(1)) if obj.kind in DICTS else gone


@method(Container, "remove", "discard", "sort", "reverse", "rotate")
def _shuffled(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Container)
    return _changed(call, obj.blurred())


@method(Container, "clear")
def _clear(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Container)
    return _changed(call, replace(obj, known={}, rest=NOTHING, is_exact=True))


@method(Container, "copy", "__copy__")
def _copy(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Container)
    _read(call, obj)
    kind = "dict" if obj.kind == "state_dict" else obj.kind
    made = replace(obj, kind=kind, made=call.machine.place(call.node), fills=())
    return (call.machine.new(made, call.state, call.node),)


@method(Container, "items", "keys", "values")
def _views(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Container)
    if call.name != "keys":
        _read(call, obj)
    if call.name == "values":
        each = list(obj.known.values()) if obj.is_exact else None
        return make(call, "view", each, obj.items(), obj.of)
    if call.name == "keys":
        each = [(Constant(key),) for key in obj.known] if obj.is_exact else None
        return make(call, "view", each, (Plain("str"),), obj.of)
    if obj.is_exact and len(obj.known) <= MOST_ITEMS:
        rows = [
            make(call, "tuple", [(Constant(key),), held], NOTHING, part=i)
            for i, (key, held) in enumerate(obj.known.items())
        ]
        return make(call, "view", rows, NOTHING, obj.of, part="all")
    row = make(call, "tuple", [(Plain("str"),), obj.items() or UNKNOWN], NOTHING, part="each")
    return make(call, "view", None, row, obj.of, part="all")


@method(Container, "get", "setdefault")
def _get(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Container)
    _read(call, obj)
    key = call.constant(0)
    default = call.argument(1, "default") or NONE
    if key is not NotImplemented and isinstance(key, Hashable):
        if key in obj.known:
            return obj.known[key]
        if obj.is_exact:
            if call.name == "setdefault":
                _changed(call, _filled(call, replace(obj, known={**obj.known, key: default})))
            return default
    if call.name == "setdefault":
        made = replace(obj, rest=join(obj.rest, default), is_exact=False)
        _changed(call, _filled(call, made))
    return join(obj.items(), default)


@method(Container, "index", "count", "__len__")
def _number(call: Call) -> Values:
    return (Plain("int"),)


def item_of(obj: Container, index: Values) -> Values:
    """What ``obj[index]`` may hold; NOTHING for a slice, which ``sliced`` makes."""
    key = constant(index)
    if key is NotImplemented or not isinstance(key, Hashable):
        return obj.items() or UNKNOWN
    if obj.kind in SEQUENCES or obj.kind in ("range", "view", "generator"):
        if type(key) is int and obj.is_exact:
            items = list(obj.known.values())
            return items[key] if -len(items) <= key < len(items) else UNKNOWN
        return obj.items() or UNKNOWN
    if key in obj.known:
        return obj.known[key]
    return obj.rest or UNKNOWN


def is_slice(index: Values) -> bool:
    """Whether an index is a slice."""
    (value,) = index if len(index) == 1 else (None,)
    if isinstance(value, Constant):
        return isinstance(value.value, tuple) and value.value[:1] == ("slice",)
    return isinstance(value, Plain) and value.kind == "slice"


def bounds(index: Values) -> slice | None:
    """The slice that an index is, where its bounds are known; None for one that raises."""
    key = constant(index)
    if not isinstance(key, tuple) or key[:1] != ("slice",):
        return None
    if not all(part is None or isinstance(part, int) for part in key[1:]) or key[-1] == 0:
        return None
    return slice(*key[1:])


def sliced(obj: Container, index: Values, place: Place) -> Container:
    """``items[1:]``."""
    cut = bounds(index)
    if obj.is_exact and cut is not None:
        items = list(obj.known.values())[cut]
        return Container(obj.kind, dict(enumerate(items)), made=place, of=obj.of)
    return Container(obj.kind, rest=obj.items(), is_exact=False, made=place, of=obj.of)


def with_item(obj: Container, index: Values, values: Values, fill: Place) -> Container:
    """The container after ``obj[index] = values``."""
    key = constant(index)
    fills = obj.fills if fill in obj.fills else (*obj.fills, fill)
    if key is not NotImplemented and isinstance(key, Hashable) and not is_slice(index):
        if obj.kind in SEQUENCES:
            if obj.is_exact and type(key) is int and -len(obj.known) <= key < len(obj.known):
                known = {**obj.known, key % len(obj.known): values}
                return replace(obj, known=known, fills=fills)
        else:
            return replace(obj, known={**obj.known, key: values}, fills=fills)
    blurred = obj.blurred() if obj.kind in SEQUENCES else obj
    known = {k: join(held, values) for k, held in blurred.known.items()}
    return replace(
        blurred, known=known, rest=join(blurred.rest, values), is_exact=False, fills=fills
    )


def is_consumed_by_iteration(obj: Container) -> bool:
    """Whether it can be iterated only once."""
    return obj.kind == "generator"
