"""What one of several values proves that may be stored in one place.

Where the code that stores them has chosen between them, as ``t if c else p`` does, it has written
each down to be stored. Elsewhere the others may be all that is ever taken.
"""

from __future__ import annotations

from typing import TypeVar

from flake8_paramassign.domain.objects import Container, Place
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Unknown, Value, Values
from flake8_paramassign.facts.facts import Facts
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Frame

_V = TypeVar("_V", bound=Value)


def proven(found: list[_V], event: AttributeStored, facts: Facts) -> list[_V]:
    """Those of ``found``, some of ``event.values``, that say something of what is stored.

    All do if there are no others. Else one does not where the others are what else one object
    holds, or what else a function gives that was called: which of its ways leads to which, its
    caller need not know. What a conversion leaves as it was is no other.
    """
    converted = {
        tensor.origin for _, tensor in facts.tensors((*found,), event.state) if tensor.is_conversion
    }
    if not found or converted.issuperset({*event.values} - {*found}):
        return found
    if _are_held_together(event.values, event.state):
        return []
    return [value for value in found if _is_made_here(value, event, facts)]


def _are_held_together(values: Values, state: State) -> bool:
    """Whether one object holds all of ``values`` that are known, in several places."""
    known = {value for value in values if not isinstance(value, Unknown)}
    for _, obj in state.objects():
        held = [*obj.contents()]
        if known <= {value for values in held for value in values}:
            if isinstance(obj, Container) or not any(known <= {*values} for values in held):
                return True
    return False


def _is_made_here(value: Value, event: AttributeStored, facts: Facts) -> bool:
    """Whether the function that stores a tensor, or one that called it, has made it.

    What it is computed from counts, too, where that is known.
    """
    tensor = facts.tensor(value, event.state)
    origin = facts.tensor(tensor.origin, event.state) if tensor is not None else None
    return all(_is_in(made.made, event.frame) for made in (tensor, origin) if made and made.made)


def _is_in(place: Place, frame: Frame | None) -> bool:
    line = getattr(place.node, "lineno", 0)
    while frame is not None:
        first, last = getattr(frame.node, "lineno", 0), getattr(frame.node, "end_lineno", line)
        if frame.module is place.module and first <= line <= last:
            return True
        frame = frame.caller
    return False
