"""How a Module holds an attribute after a store: ``torch.nn.Module.__setattr__``.

``nn.Module`` keeps its Parameters, buffers and submodules in three dicts, and decides in which of
them a name goes (torch/nn/modules/module.py). Nothing here changes a state.
"""

from __future__ import annotations

from flake8_paramassign.domain.objects import (
    ABSENT,
    ANY,
    BUFFER,
    MODULE,
    PARAMETER,
    PLAIN,
    Container,
    Field,
    Generator,
    Optimizer,
    Slot,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Builtin,
    Constant,
    Library,
    Plain,
    Text,
    Unknown,
    Value,
    Values,
    join,
)

REGISTRIES = {"_parameters": PARAMETER, "_buffers": BUFFER, "_modules": MODULE, "__dict__": PLAIN}


def held_as(obj: Thing, name: str | Text) -> Field:
    """How an object holds a name, or any that a text may be."""
    if isinstance(name, str):
        return obj.member(name)
    found = [held for key, held in obj.held() if isinstance(key, str) and name.may_be(key)]
    result = Field(UNKNOWN, ANY) if obj.is_open else Field(NOTHING, ABSENT)
    for held in found:
        result = result.join(held)
    return result


def after_store(
    obj: Thing, before: Field, values: Values, state: State, how: str
) -> tuple[Values, Slot]:
    """What an object holds after a store, and how: what raises leaves it as it was."""
    if obj.is_module is False:
        return values, PLAIN
    kept = NOTHING
    slot = 0
    for value in values:
        this = _slot_of(value, before.slot, state, how, sure=obj.is_module is True)
        if this:
            kept, slot = join(kept, (value,)), slot | this
    if not slot:
        return before.values, before.slot
    return kept, slot


def _slot_of(value: Value, before: Slot, state: State, how: str, *, sure: bool) -> Slot:
    """In which ways a Module may hold ``value`` where it held the name as ``before``."""
    if not sure:
        return ANY
    if how == "register_parameter":
        before = PARAMETER  # it takes what such a slot takes
    if how == "add_module":
        return MODULE
    obj = state.read(value) if isinstance(value, Address) else None
    is_module = isinstance(obj, Thing) and obj.is_module
    if how == "register_buffer":
        return BUFFER if not is_module else 0
    if isinstance(obj, Tensor) and obj.is_parameter:
        return PARAMETER
    if before == PARAMETER:
        if isinstance(value, Constant) and value.value is None:
            return PARAMETER
        known = isinstance(obj, Tensor | Container | Optimizer | Generator) or is_module
        return 0 if known or isinstance(value, Constant | Plain | Text) else PARAMETER
    if is_module:
        return MODULE
    unsure = isinstance(value, Unknown | Builtin | Library) or (
        isinstance(obj, Thing) and obj.is_module is None
    )
    if unsure:
        return PARAMETER | MODULE | (before & ~ABSENT) | PLAIN
    kept = before & (BUFFER | PLAIN)
    if isinstance(value, Constant) and value.value is None:
        kept = before & ~ABSENT
    elif not isinstance(obj, Tensor):
        kept = kept & ~BUFFER
    return kept | (PLAIN if before & (ABSENT | MODULE) or not kept else 0)
