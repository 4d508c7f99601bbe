"""Other addresses in the place of some: for objects that are copied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flake8_paramassign.domain.objects import (
    Container,
    Field,
    Generator,
    Obj,
    Optimizer,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.values import (
    Address,
    Builtin,
    Method,
    Partial,
    Super,
    Value,
    Values,
    addresses_in,
)


class Renaming:
    """Puts new addresses in the place of old ones, in values and in objects."""

    def __init__(self, new: Mapping[Address, Address]) -> None:
        """``new`` by old."""
        self._new = new

    def concerns(self, values: Values) -> bool:
        """Whether there is anything to rename."""
        return any(address in self._new for address in addresses_in(values))

    def values(self, values: Values) -> Values:
        """``values`` renamed."""
        if not self.concerns(values):
            return values
        return tuple(dict.fromkeys(map(self._value, values)))

    def _value(self, value: Value) -> Value:
        if isinstance(value, Address):
            return self._new.get(value, value)
        if isinstance(value, Method | Builtin | Super):
            return replace(value, receiver=self._value(value.receiver))
        if isinstance(value, Partial):
            return Partial(
                self._value(value.callee),
                tuple(map(self.values, value.positional)),
                tuple((name, self.values(given)) for name, given in value.named),
            )
        return value

    def object(self, obj: Obj) -> Obj:
        """``obj`` with all that it holds renamed."""
        if isinstance(obj, Thing):
            fields = {name: self._field(held) for name, held in obj.fields.items()}
            return replace(
                obj, fields=fields, rest=tuple((n, self._field(held)) for n, held in obj.rest)
            )
        if isinstance(obj, Container):
            known = {key: self.values(values) for key, values in obj.known.items()}
            return replace(obj, known=known, rest=self.values(obj.rest), of=self.values(obj.of))
        if isinstance(obj, Optimizer):
            return replace(obj, taken=self.values(obj.taken))
        if isinstance(obj, Generator):
            return replace(
                obj,
                function=self._value(obj.function),
                positional=tuple(map(self.values, obj.positional)),
                named=tuple((name, self.values(given)) for name, given in obj.named),
            )
        return self._tensor(obj)

    def _field(self, held: Field) -> Field:
        return (
            replace(held, values=self.values(held.values)) if self.concerns(held.values) else held
        )

    def _tensor(self, obj: Tensor) -> Tensor:
        related = (obj.origin, obj.base, obj.owner)
        if not any(address in self._new for address in related if address is not None):
            return obj
        origin, base, owner = (self._new.get(a, a) if a is not None else None for a in related)
        return replace(obj, origin=origin, base=base, owner=owner)
