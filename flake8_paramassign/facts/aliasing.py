"""Whose storage a tensor is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_paramassign import catalogue
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Value
from flake8_paramassign.facts.facts import Facts
from flake8_paramassign.semantics.frames import Frame


def held_as(value: Value | None) -> tuple[Address, str] | None:
    """Of an object that nobody here made: what holds it, and under which name."""
    if not isinstance(value, Address) or not value.symbolic or not isinstance(value.site, tuple):
        return None
    owner, name = value.site[0], value.site[1] if len(value.site) > 1 else None
    return (owner, name) if isinstance(owner, Address) and isinstance(name, str) else None


def is_made_in(address: Address, frame: Frame) -> bool:
    """Whether the code that ``frame`` runs has made an object, or that of which it is a part."""
    if address.symbolic:
        return False
    site, context = address.site, address.context
    if isinstance(site, tuple):
        if isinstance(site[0], Address):
            return is_made_in(site[0], frame)
        site = site[0]
    while isinstance(context, tuple):
        # A call and what led to it, or what led to a loop, the loop, and its round.
        is_call = isinstance(context[0], ast.AST)
        site, context = (context[0], context[1]) if is_call else (site, context[0])
    first, last = frame.node.lineno, frame.node.end_lineno  # type: ignore[attr-defined]
    return context is None and isinstance(site, ast.expr) and first <= site.lineno <= last


def is_slot_of_unknown(value: Value, state: State, facts: Facts) -> bool:
    """Whether ``value`` is a ``weight`` of an object that nothing says is no Module."""
    held = held_as(value)
    tensor = facts.tensor(value, state)
    if held is None or (tensor is not None and tensor.made is not None):
        return False
    owner, name = held
    return catalogue.is_stock_slot(name) and facts.is_module(owner, state) is not False


def is_parameter(value: Value, state: State, facts: Facts) -> bool:
    """Whether ``value`` is a Parameter, or as good as one: the ``weight`` of an unknown layer."""
    return facts.parameter(value, state) is not None or is_slot_of_unknown(value, state, facts)


def bases(value: Value, state: State, facts: Facts) -> Iterator[tuple[Value, str]]:
    """Whose storage ``value`` is, nearest first, each with what led there: ``.data``."""
    seen: set[Value] = set()
    at: Value | None = value
    while isinstance(at, Address) and at not in seen:
        seen.add(at)
        tensor, held = facts.tensor(at, state), held_as(at)
        if tensor is not None and tensor.base is not None:
            via, at = tensor.via, tensor.base
        elif held is not None and held[1] == "data":
            via, at = ".data", held[0]
        else:
            return
        if at is not None:
            yield at, via


def data_of(value: Value, state: State, facts: Facts) -> Value | None:
    """The Parameter of which ``value`` is the ``.data``, or a view of that."""
    through_data = False
    for base, via in bases(value, state, facts):
        through_data = through_data or via == ".data"
        if is_parameter(base, state, facts):
            return base if through_data else None
    return None


def shares_storage_with(value: Value, state: State, facts: Facts) -> Value | None:
    """The Parameter whose storage ``value`` is, or is a view of."""
    if is_parameter(value, state, facts):
        return value
    chain = (base for base, _ in bases(value, state, facts))
    return next((base for base in chain if is_parameter(base, state, facts)), None)
