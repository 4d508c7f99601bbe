"""Functions that make containers, and iterate: ``list``, ``zip``, ``map``, ``next``."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import replace

from flake8_paramassign.domain.objects import MOST_ITEMS, Container, Tensor
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Constant,
    Plain,
    Values,
    constant,
    join,
    join_all,
)
from flake8_paramassign.semantics.machine import Arguments
from flake8_paramassign.semantics.models.base import Call, function
from flake8_paramassign.semantics.models.containers import DICTS, make


def _of(call: Call, values: Values) -> Values:
    """What the containers were made of."""
    objects = [call.state.read(v) for v in values if isinstance(v, Address)]
    return join_all(o.of for o in objects if isinstance(o, Container))


@function("builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset",
          "collections.deque", "builtins.sorted", "builtins.reversed", "builtins.iter")  # fmt: skip
def _list(call: Call) -> Values:
    short = call.name.rpartition(".")[2]
    kind = {"sorted": "list", "reversed": "generator", "iter": "generator", "deque": "list"}.get(
        short, short
    )
    if not call.arguments.positional and not call.arguments.extra:
        return make(call, kind, [], NOTHING)
    held = call.argument(0)
    each, some = call.machine.iterate(held, call.state, call.node, call.name)
    if short == "reversed" and each is not None:
        each = each[::-1]
    if short in ("sorted", "set", "frozenset"):
        each = None
    return make(call, kind, each, some, _of(call, held))


@function("builtins.dict", "collections.OrderedDict", "collections.defaultdict")
def _dict(call: Call) -> Values:
    known: dict[Hashable, Values] = {}
    known.update(call.arguments.named.items())
    rest = call.arguments.extra
    exact = not rest
    of = NOTHING
    given = call.argument(0) if not call.name.endswith("defaultdict") else call.argument(1)
    if call.name.endswith("defaultdict"):
        exact = False
    for value in given:
        obj = call.state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Container) and obj.kind in DICTS:
            of = join(of, obj.of)
            if obj.is_exact and len(given) == 1:
                known = {**obj.known, **known}
            else:
                exact, rest = False, join(rest, obj.items())
            continue
        pairs, some = call.machine.iterate((value,), call.state, call.node, call.name)
        of = join(of, _of(call, (value,)))
        for pair in pairs if pairs is not None else [some]:
            key, held = _pair(call, pair)
            if pairs is not None and key is not NotImplemented:
                known[key] = held
            else:
                exact, rest = False, join(rest, held)
    made = Container("dict", known, rest, exact, call.machine.place(call.node), of=of)
    return (call.machine.new(made, call.state, call.node),)


def _pair(call: Call, pair: Values) -> tuple[object, Values]:
    """A key and what it stands for."""
    keys = join_all(call.machine.item(v, (Constant(0),), call.state, call.node) for v in pair)
    held = join_all(call.machine.item(v, (Constant(1),), call.state, call.node) for v in pair)
    return constant(keys), held


@function("builtins.zip", "itertools.zip_longest")
def _zip(call: Call) -> Values:
    sides = [
        call.machine.iterate(held, call.state, call.node, call.name)
        for held in call.arguments.positional
    ]
    if call.arguments.extra or not sides:
        return make(call, "generator", None, UNKNOWN)
    if all(each is not None for each, _ in sides):
        count = min(len(each or ()) for each, _ in sides)
        rows = [
            make(call, "tuple", [(each or [])[i] for each, _ in sides], NOTHING, part=i)
            for i in range(min(count, MOST_ITEMS))
        ]
        return make(call, "generator", rows, NOTHING, part="all")
    row = make(call, "tuple", [some for _, some in sides], NOTHING, part="each")
    return make(call, "generator", None, row, part="all")


@function("builtins.enumerate")
def _enumerate(call: Call) -> Values:
    each, some = call.machine.iterate(call.argument(0), call.state, call.node, call.name)
    start = call.constant(1, "start", default=0)
    if each is not None and isinstance(start, int):
        rows = [
            make(call, "tuple", [(Constant(start + i),), held], NOTHING, part=i)
            for i, held in enumerate(each[:MOST_ITEMS])
        ]
        return make(call, "generator", rows, NOTHING, part="all")
    row = make(call, "tuple", [(Plain("int"),), some], NOTHING, part="each")
    return make(call, "generator", None, row, part="all")


@function("builtins.range")
def _range(call: Call) -> Values:
    bounds = [constant(held) for held in call.arguments.positional]
    given = [bound for bound in bounds if isinstance(bound, int)]
    if given == bounds and 1 <= len(given) <= 3 and 0 not in given[2:]:
        numbers = range(*given)
        if len(numbers) <= MOST_ITEMS:
            return make(call, "range", [(Constant(n),) for n in numbers], NOTHING)
    return make(call, "range", None, (Plain("int"),))


@function("builtins.map")
def _map(call: Call) -> Values:
    sides = [
        call.machine.iterate(held, call.state, call.node, call.name)
        for held in call.arguments.positional[1:]
    ]
    callees = call.argument(0)
    if call.arguments.extra or not sides:
        return call.unknown()
    if all(each is not None for each, _ in sides):
        count = min(len(each or ()) for each, _ in sides)
        if call.machine.may_unroll(count):
            results = []
            for i in range(count):
                with call.machine.round(call.node, i, count):
                    given = Arguments([(each or [])[i] for each, _ in sides])
                    results.append(call.machine.call_any(callees, given, call.state, call.node))
            return make(call, "generator", results, NOTHING, part="all")
    made = NOTHING
    for _ in range(2):
        given = Arguments([some for _, some in sides])
        made = call.machine.call_any(callees, given, call.state, call.node)
    return make(call, "generator", None, made, part="all")


@function("builtins.filter")
def _filter(call: Call) -> Values:
    held = call.argument(1)
    _, some = call.machine.iterate(held, call.state, call.node, call.name)
    return make(call, "generator", None, some, _of(call, held))


@function("itertools.chain", "itertools.chain.from_iterable")
def _chain(call: Call) -> Values:
    if call.name.endswith("from_iterable"):
        found, some = _items_of_all(call, call.argument(0))
    else:
        found, some = _one_after_another(call, call.arguments.positional)
        some = join(some, call.arguments.extra)
        found = None if call.arguments.extra else found
    return make(call, "generator", found, some)


@function("builtins.sum")
def _sum(call: Call) -> Values:
    begun = call.argument(1, "start")
    start = [call.state.read(v) for v in begun if isinstance(v, Address)]
    if start and all(isinstance(o, Container) and o.kind in ("list", "tuple") for o in start):
        first, one = _one_after_another(call, [begun])
        found, some = _items_of_all(call, call.argument(0))
        each = None if found is None or first is None else [*first, *found]
        return make(call, "list", each, join(one, some))
    _, some = call.machine.iterate(call.argument(0), call.state, call.node, call.name)
    if any(isinstance(v, Address) and isinstance(call.state.read(v), Tensor) for v in some):
        return call.machine.combined(ast.Add(), some, some, call.node, call.state)
    is_number = some and all(isinstance(v, Plain | Constant) for v in some)
    return (Plain("float"),) if is_number else UNKNOWN


def _items_of_all(call: Call, containers: Values) -> tuple[list[Values] | None, Values]:
    """The items of all that is in some containers, in order where they are known, and any."""
    each, some = call.machine.iterate(containers, call.state, call.node, call.name)
    if each is None:
        return None, call.machine.iterate(some, call.state, call.node, call.name)[1]
    return _one_after_another(call, each)


def _one_after_another(call: Call, parts: list[Values]) -> tuple[list[Values] | None, Values]:
    found: list[Values] | None = []
    rest = NOTHING
    for part in parts:
        each, some = call.machine.iterate(part, call.state, call.node, call.name)
        rest = join(rest, some)
        found = None if each is None or found is None else [*found, *each]
    return found, rest


@function("builtins.next")
def _next(call: Call) -> Values:
    held = call.argument(0)
    each, some = call.machine.iterate(held, call.state, call.node, call.name)
    first = each[0] if each else some
    if len(held) == 1 and isinstance(held[0], Address):
        obj = call.state.read(held[0])
        if isinstance(obj, Container) and obj.kind == "generator":
            first = some if obj.spent is not False else first
            call.state.write(held[0], replace(obj.blurred(), spent=None))
    return join(first, call.argument(1))


@function("builtins.len")
def _len(call: Call) -> Values:
    held = call.argument(0)
    if len(held) == 1 and isinstance(held[0], Address):
        obj = call.state.read(held[0])
        if isinstance(obj, Container) and obj.is_exact:
            return (Constant(len(obj.known)),)
    return (Plain("int"),)
