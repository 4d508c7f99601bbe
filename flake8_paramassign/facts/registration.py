"""What a Module has: which objects are registered, and what is lost of one that is not."""

from __future__ import annotations

import ast
from enum import Flag, auto

from flake8_paramassign.domain.objects import (
    BUFFER,
    MODULE,
    PARAMETER,
    PLAIN,
    Container,
    Field,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Text, Value, Values
from flake8_paramassign.facts.facts import Facts
from flake8_paramassign.project.classes import Class, ExternalClass, ProjectClass, TorchClass
from flake8_paramassign.project.libraries import has_parameters
from flake8_paramassign.semantics.registry import owners

REGISTERED = PARAMETER | BUFFER | MODULE
_GIVES_PARTS = frozenset(
    """parameters named_parameters children named_children modules named_modules state_dict
    load_state_dict _load_from_state_dict _save_to_state_dict _apply
    """.split()
)
"""Methods of ``nn.Module`` by whose override a class looks after unregistered parts itself."""

_REGISTERING = frozenset(
    """add_module register_module register_parameter setattr ModuleList ModuleDict Sequential
    ParameterList ParameterDict
    """.split()
)
"""What registers Modules or Parameters in a method, whatever they are called."""
_HOLDERS = (
    "torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict",
    "torch.nn.ParameterList", "torch.nn.ParameterDict",
)  # fmt: skip
"""Classes of torch that have what they are given."""
_MOVING = ("_apply", "to", "cuda", "cpu")


def is_registered(
    address: Address, state: State, *, but: tuple[Address, str | Text] | None = None
) -> bool:
    """Whether some Module has ``address`` among its Parameters or Modules.

    ``but`` is an attribute of a Module that does not count.
    """
    return any(
        field.slot & REGISTERED and address in field.values and (holder, name) != but
        for holder, obj in state.objects()
        if isinstance(obj, Thing)
        for name, field in obj.held()
    )


def looks_after_parts(cls: Class | None) -> bool:
    """Whether a class overrides the methods by which Parameters are found."""
    return isinstance(cls, ProjectClass) and any(cls.find(name) for name in _GIVES_PARTS)


class Kept(Flag):
    """What a Module has that its parent is to look after."""

    NOTHING = 0
    MODE = auto()
    """It does something else while training: dropout."""
    BUFFERS = auto()
    PARAMETERS = auto()


def kept_by(values: Values, state: State, seen: frozenset[Address] = frozenset()) -> Kept:
    """What some of the Modules ``values`` surely have: nothing, as ``nn.ReLU()`` has none."""
    found = Kept.NOTHING
    for value in values:
        if isinstance(value, Address) and value not in seen:
            thing = state.read(value)
            if isinstance(thing, Thing) and thing.is_module is True:
                found |= _kept_by_class(thing) | _kept_in_fields(value, thing, state, seen)
    return found


def has_no_parameters(thing: Thing) -> bool:
    """Whether it is a layer of torch that has none: an activation, a pooling."""
    cls = thing.cls
    if not isinstance(cls, TorchClass) or cls.is_a(*_HOLDERS) or cls.name == "torch.nn.Module":
        return False
    slots = cls.entry.slots(dict(thing.arguments or ()))
    return slots is not None and not {"parameter", "frozen"} & {s.kind for s in slots.values()}


def _kept_by_class(thing: Thing) -> Kept:
    """What an object has because its class is torch's, or another library's."""
    if isinstance(thing.cls, ExternalClass):
        return Kept.PARAMETERS if has_parameters(thing.cls.name) else Kept.NOTHING
    if not isinstance(thing.cls, TorchClass):
        return Kept.NOTHING
    if "Dropout" in thing.cls.name:
        return Kept.MODE
    slots = thing.cls.entry.slots(dict(thing.arguments or ()))
    if slots is None:
        return Kept.PARAMETERS
    kinds = {slot.kind for slot in slots.values()}
    found = Kept.PARAMETERS if kinds & {"parameter", "frozen"} else Kept.NOTHING
    return found | (Kept.BUFFERS if "buffer" in kinds else Kept.NOTHING)


def _kept_in_fields(address: Address, thing: Thing, state: State, seen: frozenset[Address]) -> Kept:
    found = Kept.NOTHING
    for _, held in thing.held():
        tensors = [state.read(v) for v in held.values if isinstance(v, Address)]
        if held.slot & PARAMETER and any(isinstance(t, Tensor) and t.is_parameter for t in tensors):
            found |= Kept.PARAMETERS
        if held.slot & PLAIN:
            continue
        if held.slot & MODULE:
            found |= kept_by(held.values, state, seen | {address})
        if held.slot & BUFFER and any(isinstance(tensor, Tensor) for tensor in tensors):
            found |= Kept.BUFFERS
    return found


def parts_of(values: Values, state: State) -> set[Address]:
    """Modules, and all that they have registered."""
    found: set[Address] = set()
    waiting = [*values]
    while waiting:
        value = waiting.pop()
        obj = state.read(value) if isinstance(value, Address) and value not in found else None
        if obj is not None and isinstance(value, Address):
            found.add(value)
            if isinstance(obj, Thing) and obj.is_module:
                waiting += [
                    p for _, held in obj.held() if _is_registered(held) for p in held.values
                ]
    return found


def _is_registered(held: Field) -> bool:
    """Whether an attribute, where it is there, is a Parameter or a Module."""
    return held.slot & (PARAMETER | MODULE) != 0 and not held.slot & (PLAIN | BUFFER)


def has_parts_registered(values: Values, state: State) -> bool:
    """Whether something else has Parameters of the Modules ``values`` registered.

    What is known only as a part of another object, that object has.
    """
    parts = parts_of(values, state)
    if any(owner not in parts for v in values if isinstance(v, Address) for owner in owners(v)):
        return True
    registered = (
        value
        for holder, obj in state.objects()
        if isinstance(obj, Thing) and holder not in parts
        for _, held in obj.held()
        if _is_registered(held)
        for value in held.values
    )
    return any(
        value in parts or (isinstance(value, Address) and not parts.isdisjoint(owners(value)))
        for value in registered
    )


def are_registered_later(name: str | Text, cls: Class | None) -> bool:
    """Whether a method of a class reads ``name`` and registers something, its items perhaps."""
    if not isinstance(cls, ProjectClass) or not isinstance(name, str):
        return False
    functions = (f for c in cls.ancestry if isinstance(c, ProjectClass) for f in c.functions)
    for function in functions:
        words = {
            node.attr if isinstance(node, ast.Attribute) else node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load)
        }
        if function.name != "__init__" and name in words and words & _REGISTERING:
            return True
    return False


def is_given(value: Value) -> bool:
    """Whether it is, or is part of, an argument of a function that is run for its own sake."""
    site: object = value
    while isinstance(site, Address | tuple):
        site = site.site if isinstance(site, Address) else site[0]
    return isinstance(site, ast.arg)


def is_hidden_on_purpose(container: Container) -> bool:
    """``self.teacher = [teacher]``: one Module that its holder is not to register."""
    made = container.made.node if container.made is not None else None
    is_of_one = isinstance(made, ast.List | ast.Tuple) and len(made.elts) == 1
    return is_of_one and not has_comma_too_many(container)


COMMA_TOO_MANY = "the comma that makes a tuple of it is one too many"


def instead_of(container: Container, kind: str) -> str:
    """What to do about a plain container, where ``kind`` is ``nn.Module`` or ``nn.Parameter``."""
    if has_comma_too_many(container):
        return "leave out the comma"
    return f"keep them in an {kind}{'Dict' if container.kind == 'dict' else 'List'}"


def has_comma_too_many(container: Container) -> bool:
    """Whether it is a tuple of one without brackets: ``self.conv = nn.Conv2d(3, 3, 1),``."""
    made = container.made.node if container.made is not None else None
    if not isinstance(made, ast.Tuple) or len(made.elts) != 1:
        return False
    first = made.elts[0]
    return (made.lineno, made.col_offset) == (first.lineno, first.col_offset)


def is_moved_by_hand(cls: ProjectClass, facts: Facts) -> bool:
    """Whether a class, or one of its file below it, overrides how Modules are moved."""
    return any(other.find(name) for other in facts.family(cls) for name in _MOVING)
