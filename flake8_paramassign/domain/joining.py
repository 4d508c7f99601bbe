"""Where paths meet: how variables, scopes and objects are joined, and what counts as no change.

``State`` joins itself by these functions, none of which changes what it is given.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable
from typing import TypeAlias, TypeVar

from flake8_paramassign.domain.heap import Heap
from flake8_paramassign.domain.objects import unseen
from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.values import (
    Constant,
    Plain,
    Values,
    is_number,
    join,
    join_all,
    same,
)

Scopes: TypeAlias = "dict[Scope, dict[str, Values]]"
_Key = TypeVar("_Key", bound=Hashable)
_Any = TypeVar("_Any")


def counted(before: Values, after: Values) -> Values:
    """``after``, in which numbers may be any if they have changed for the second time."""
    if before is after or sum(map(is_number, before)) < 2:
        return after
    if all(value in before for value in after if is_number(value)):
        return after
    return join_all(
        (Plain(type(value.value).__name__),)
        if isinstance(value, Constant) and is_number(value)
        else (value,)
        for value in after
    )


def common(first: tuple[ast.AST, ...], second: tuple[ast.AST, ...]) -> tuple[ast.AST, ...]:
    """The tests that lead to both."""
    if first is second:
        return first
    shared = 0
    for one, other in zip(first, second, strict=False):
        if one is not other:
            break
        shared += 1
    return first[:shared]


def differing(joined: dict[_Key, _Any], *sides: dict[_Key, _Any]) -> tuple[_Key, ...]:
    """The keys for which one of ``sides`` has something else than ``joined``."""
    found: dict[_Key, None] = {}
    for side in sides:
        if side is not joined:
            get = side.get
            found.update([(key, None) for key, value in joined.items() if get(key) is not value])
    return tuple(found)


def joined_names(first: dict[str, Values], second: dict[str, Values]) -> dict[str, Values]:
    """Each variable holds what it holds on either path."""
    if first is second:
        return first
    both = first.copy()
    get = first.get
    for name, values in [(n, v) for n, v in second.items() if get(n) is not v]:
        mine = get(name)
        # Unbound on one path: to read it there would raise.
        both[name] = values if mine is None else join(mine, values)
    return both


def same_names(first: dict[str, Values], second: dict[str, Values]) -> bool:
    """Whether variables hold the same."""
    if first is second:
        return True
    return first.keys() == second.keys() and all(
        same(values, second[name]) for name, values in first.items()
    )


def joined_heaps(first: Heap, second: Heap) -> Heap:
    """Of each object is known what is known of it on both paths."""
    if first is second:
        return first
    both = first.copy()
    for address in first.differing(second):
        mine, other = first.get(address), second.get(address)
        if mine is not None and other is not None:
            joined = mine.join(other)
            if joined is not mine:
                both[address] = joined
        elif address.symbolic:
            known = mine or other
            assert known is not None
            both[address] = unseen(address).join(known)
        elif other is not None:
            both[address] = other
    return both


def joined_scopes(first: Scopes, second: Scopes) -> Scopes:
    """The same for the variables of other activations."""
    if first is second:
        return first
    scopes = first.copy()
    get = scopes.get
    for scope, names in [(s, n) for s, n in second.items() if get(s) is not n]:
        mine = get(scope)
        scopes[scope] = names if mine is None else joined_names(mine, names)
    return scopes


def same_scopes(first: Scopes, second: Scopes) -> bool:
    """Whether the variables of other activations hold the same."""
    if first is second:
        return True
    return first.keys() == second.keys() and all(
        names is second[scope] or same_names(names, second[scope]) for scope, names in first.items()
    )
