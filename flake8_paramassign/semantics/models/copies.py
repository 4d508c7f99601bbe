"""``copy.copy`` and ``copy.deepcopy``."""

from __future__ import annotations

from dataclasses import replace

from flake8_paramassign.domain.objects import Tensor
from flake8_paramassign.domain.renaming import Renaming
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Value,
    Values,
    join,
)
from flake8_paramassign.semantics.models.base import Call, function

_MOST_COPIED = 300
"""As many objects are copied at once."""


@function("copy.copy")
def _copied(call: Call) -> Values:
    return UNKNOWN


@function("copy.deepcopy")
def _deeply_copied(call: Call) -> Values:
    result = NOTHING
    for value in call.argument(0, "x"):
        result = join(result, (_copy(value, call) if isinstance(value, Address) else value,))
    return result


def _copy(value: Address, call: Call) -> Value:
    """A new object like ``value``, and of all that it leads to."""
    state = call.state
    reached = state.reachable((value,))
    if len(reached) > _MOST_COPIED:  # copies of copies would fill the memory
        return UNKNOWN[0]
    addresses = call.machine.addresses
    new: dict[Address, Address] = {}
    for old in reached:
        fresh = addresses.of(
            (call.node, old.serial), call.machine.frame.context,
            many=old.many, symbolic=old.symbolic,
        )  # fmt: skip
        new[old] = addresses.several(fresh) if fresh in state.heap else fresh
    renaming = Renaming(new)
    copies = {fresh: renaming.object(state.read(old)) for old, fresh in new.items()}
    for fresh, obj in copies.items():
        state.write(fresh, _own_storage(obj, new) if isinstance(obj, Tensor) else obj)
    call.machine.copied[new[value]] = value
    return new[value]


def _own_storage(obj: Tensor, new: dict[Address, Address]) -> Tensor:
    """A copied tensor, which shares storage only with other copies."""
    if obj.base is not None and obj.base not in new.values():
        return replace(obj, base=None)
    return obj
