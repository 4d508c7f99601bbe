"""What a call passes, evaluated in Python's order."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import MOST_ITEMS, Container
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Values,
    join,
    join_all,
)
from flake8_paramassign.semantics.machine import Arguments, Machine


def passed(machine: Machine, node: ast.Call, state: State) -> Arguments:
    """The arguments of a call; ``state`` becomes the state after they were evaluated."""
    given = Arguments()
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            _add_starred(machine, given, argument, state)
            continue
        held = machine.evaluate(argument, state)
        if given.extra:
            given.extra = join(given.extra, held)
        else:
            given.positional.append(held)
            given.nodes.append(argument)
    for keyword in node.keywords:
        held = machine.evaluate(keyword.value, state)
        if keyword.arg is not None:
            given.named[keyword.arg] = held
        else:
            machine.used_containers.update(v for v in held if isinstance(v, Address))
            _add_mapping(given, held, state)
    return given


def _add_starred(machine: Machine, given: Arguments, node: ast.Starred, state: State) -> None:
    """``*args``: each item is an argument, where they are known one by one."""
    held = machine.evaluate(node.value, state)
    each, some = machine.iterate(held, state, node, "*")
    if each is not None and len(given.positional) + len(each) > MOST_ITEMS:
        given.extra = join(given.extra, join_all(each))
    elif each is None or given.extra:
        given.extra = join(given.extra, some or UNKNOWN)
    else:
        given.positional += each
        given.nodes += [node.value] * len(each)


def _add_mapping(given: Arguments, held: Values, state: State) -> None:
    """``**kwargs``: each item is an argument, where they are known one by one."""
    spread = [state.read(v) if isinstance(v, Address) else None for v in held]
    if len(spread) == 1 and isinstance(spread[0], Container) and spread[0].is_exact:
        given.named |= {k: held for k, held in spread[0].known.items() if isinstance(k, str)}
        return
    given.extra = join(given.extra, UNKNOWN)
    items = join_all(obj.items() for obj in spread if isinstance(obj, Container))
    given.extra = join(given.extra, items)
