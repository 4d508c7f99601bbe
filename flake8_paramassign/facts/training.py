"""Leaves, and who trains them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_paramassign.domain.objects import BUFFER, PARAMETER, Optimizer, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Value, Values
from flake8_paramassign.facts.facts import Facts
from flake8_paramassign.facts.registration import parts_of


def is_trainable_leaf(value: Value, state: State, facts: Facts) -> bool:
    """Whether ``value`` surely is a leaf that requires grad, or a view of one.

    A Parameter among the buffers is one until its Module is moved: ``_apply`` converts a buffer
    as any tensor, in grad mode (torch/nn/modules/module.py).
    """
    seen: set[Value | None] = set()
    tensor = facts.tensor(value, state)
    while tensor is not None and tensor.is_view and tensor.base not in seen:
        if tensor.is_subclass or tensor.trainable is not True:
            return False
        assert tensor.base is not None
        value = tensor.base
        seen.add(value)
        tensor = facts.tensor(value, state)
    return tensor is not None and is_trainable_leaf_object(tensor) and not _is_buffer(value, state)


def _is_buffer(value: Value, state: State) -> bool:
    """Whether some Module in sight has ``value`` among its buffers."""
    return any(
        held.slot & (BUFFER | PARAMETER) == BUFFER and value in held.values
        for _, obj in state.objects()
        if isinstance(obj, Thing)
        for _, held in obj.held()
    )


def is_trainable_leaf_object(tensor: Tensor) -> bool:
    """Whether a tensor is a leaf that requires grad, and of no class of its own."""
    return tensor.trainable is True and tensor.is_leaf is True and not tensor.is_subclass


def is_taken(address: Address, state: State) -> bool:
    """Whether an optimizer that is known here has ``address``."""
    return any(isinstance(o, Optimizer) and address in o.taken for _, o in state.objects())


def are_frozen(values: Values, state: State, facts: Facts) -> bool:
    """Whether code freezes one of the Modules ``values``, or what they have registered.

    Asked when the whole file has been run.
    """
    parts = parts_of(values, state)
    held = [tensor for _, tensor in facts.tensors(tuple(parts), state) if tensor.is_parameter]
    if held and all(tensor.trainable is False for tensor in held):
        return True
    sites = {value.site for value in parts}
    owners = {
        site[0].site
        for site in facts.frozen  # of each of what parameters() gives of one
        if isinstance(site, tuple) and isinstance(site[0], Address)
    }
    return not sites.isdisjoint(facts.frozen | owners)


def are_listed(values: Values, name: object, facts: Facts) -> bool:
    """Whether code hands on the Parameters of ``values``, or of what is in an attribute called so.

    Who does knows that nobody else does: they are trained apart. Asked when the whole file has
    been run.
    """
    handed_on = [module for listing, module in facts.listed if listing in facts.used]
    known = {origin for module in handed_on for origin in origins_of(module)}
    made = (o for v in values if isinstance(v, Address) for o in origins_of(v))
    return name in known or any(o in known for o in made if isinstance(o, ast.AST))


def origins_of(address: Address) -> Iterator[object]:
    """What made an object, and by which names, attributes above all, it was come to."""
    waiting: list[object] = [address.site]
    while waiting:
        site = waiting.pop()
        if isinstance(site, tuple):
            waiting += site
        elif isinstance(site, Address):
            waiting.append(site.site)
        else:
            yield site


def is_optimised(values: Values, state: State, facts: Facts) -> bool:
    """Whether an optimizer was given a Parameter of one of the Modules ``values``.

    Asked when the whole file has been run.
    """
    return any(
        isinstance(value, Address) and value.site in facts.optimised
        for value in parts_of(values, state)
    )
