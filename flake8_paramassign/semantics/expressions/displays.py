"""Lists, tuples, sets and dicts that are written out."""

from __future__ import annotations

import ast
from typing import Any

from flake8_paramassign.domain.objects import MOST_ITEMS, Container
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Constant,
    Values,
    constant,
    is_small,
    join,
    join_all,
)
from flake8_paramassign.semantics.machine import Machine


class Displays:
    """Makes containers for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` evaluates what is in them."""
        self._machine = machine

    def sequence(self, node: ast.Tuple | ast.List | ast.Set, state: State) -> Values:
        """What a list, a tuple or a set holds: a tuple of constants is one."""
        kind = type(node).__name__.lower()
        items: list[Values] = []
        rest = NOTHING
        exact = True
        for element in node.elts:
            held = self._kept(element, state)
            if not isinstance(element, ast.Starred):
                items.append(held)
                continue
            each, some = self._machine.iterate(held, state, element, "*")
            if each is None:
                exact, rest = False, join(rest, some)
            else:
                items += each
        if kind == "tuple" and exact and len(items) <= MOST_ITEMS:
            whole = [constant(item) for item in items]
            if NotImplemented not in whole and is_small(tuple(whole)):
                return (Constant(tuple(whole)),)
        place = self._machine.place(node)
        if exact and len(items) <= MOST_ITEMS:
            made = Container(kind, dict(enumerate(items)), made=place)
        else:
            made = Container(kind, rest=join(rest, join_all(items)), is_exact=False, made=place)
        return (self._machine.new(made, state, node),)

    def mapping(self, node: ast.Dict, state: State) -> Values:
        """What a dict holds."""
        known: dict[Any, Values] = {}
        rest = NOTHING
        exact = True
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spread = self._machine.evaluate(value, state)
                objects = [state.read(v) if isinstance(v, Address) else None for v in spread]
                if len(objects) == 1 and isinstance(objects[0], Container) and objects[0].is_exact:
                    known.update(objects[0].known)
                    continue
                exact = False
                found = join_all(o.items() for o in objects if isinstance(o, Container))
                rest = join(rest, found or UNKNOWN)
                continue
            index = constant(self._machine.evaluate(key, state))
            held = self._kept(value, state)
            if index is NotImplemented:
                exact, rest = False, join(rest, held)
            else:
                known[index] = held
        made = Container("dict", known, rest, exact, made=self._machine.place(node))
        return (self._machine.new(made, state, node),)

    def _kept(self, node: ast.expr, state: State) -> Values:
        held = self._machine.evaluate(node, state)
        self._machine.used_containers.update(v for v in held if isinstance(v, Address))
        return held
