"""Objects of the heap: what is known of each, what two paths know together, what is forgotten.

An object here is immutable; to change one is to put another in its place (``State.write``).
``join`` is what two paths know together, ``havocked`` what is left when code that is not known
had the object in its hands.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from flake8_paramassign.domain.values import (
    NOTHING,
    OFTEN,
    UNKNOWN,
    Address,
    Text,
    Value,
    Values,
    join,
    join_all,
    same,
)
from flake8_paramassign.project.classes import Class

if TYPE_CHECKING:
    from flake8_paramassign.project.module import Module

Slot: TypeAlias = int
"""How a Module may hold a name: a set of the following, one for every way of coming here."""
PARAMETER = 1
"""In ``_parameters`` (where it may hold None, too)."""
BUFFER = 2
MODULE = 4
PLAIN = 8
"""In ``__dict__``, as with any object."""
ABSENT = 16
ANY = PARAMETER | BUFFER | MODULE | PLAIN | ABSENT
TAKER = "[taker]"
"""The field of a wrapper that holds what it took, as an ``Optimizer``."""


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of a file's syntax."""

    node: ast.AST
    module: Module = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute: what it holds, how, and which statements put it there."""

    values: Values
    slot: Slot = PLAIN
    stores: tuple[Place, ...] = ()

    def join(self, other: Field) -> Field:
        """Either of two."""
        if self is other:
            return self
        if same(self.values, other.values) and self.slot == other.slot:
            if self.stores == other.stores:
                return self
        stores = self.stores + tuple(s for s in other.stores if s not in self.stores)
        return Field(join(self.values, other.values), self.slot | other.slot, stores)

    def covers(self, other: Field) -> bool:
        """Whether ``other`` says no more than this does."""
        is_said = UNKNOWN[0] in self.values or set(other.values) <= set(self.values)
        return is_said and not other.slot & ~self.slot


UNSEEN = Field(UNKNOWN, ANY)
"""An attribute of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object with attributes: an instance of a class, or something of which little is known."""

    cls: Class | None = None
    """None where it is not known."""
    is_module: bool | None = None
    """Whether it is an ``nn.Module``."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    rest: tuple[tuple[Text, Field], ...] = ()
    """What was stored under names that are known in part."""
    is_open: bool = True
    """Whether what is not among the fields is unknown; else it is as the class has it."""
    initialised: bool | None = None
    """Whether ``nn.Module.__init__`` has run on it."""
    epoch: int = 0
    """How often unknown code may have changed it: its parts are others then. See ``OFTEN``."""
    arguments: tuple[tuple[str, object], ...] | None = None
    """What a class of torch was called with, as the catalogue asks for it."""
    truth: bool | None = None
    """Whether it counts as true, where a test told."""
    deleted: frozenset[str] = frozenset()
    """Names of Parameters that were deleted from it."""

    @property
    def escaped(self) -> bool:
        """Whether unknown code had it, which may have registered it somewhere."""
        return self.epoch > 0

    def with_field(self, name: str, held: Field) -> Thing:
        """The object after ``name`` was bound."""
        return replace(self, fields={**self.fields, name: held})

    def without(self, name: str) -> Thing:
        """The object after ``name`` was deleted."""
        return self.with_field(name, Field(NOTHING, ABSENT))

    def computed(self, name: Text, held: Field) -> Thing:
        """The object after a name that is known in part was bound: any that fits may be it.

        That one of them holds the new value now is only possible, and so that is none of what
        it is known to hold.
        """
        perhaps = replace(held, values=UNKNOWN)
        fields = {
            key: known.join(perhaps) if name.may_be(key) else known
            for key, known in self.fields.items()
        }
        others = tuple((key, known) for key, known in self.rest if key != name)
        before = next((known for key, known in self.rest if key == name), None)
        after = before.join(held) if before is not None else held
        return replace(self, fields=fields, rest=(*others, (name, after)))

    def held(self) -> Iterator[tuple[str | Text, Field]]:
        """All attributes that are known."""
        yield from self.fields.items()
        yield from self.rest

    def contents(self) -> Iterator[Values]:
        """All that the object holds."""
        for _, known in self.held():
            yield known.values

    def havocked(self) -> Thing:
        """The object after unknown code had it: no attribute is known, its class is."""
        return Thing(
            self.cls, self.is_module, initialised=True if self.initialised else None,
            epoch=min(self.epoch + 1, OFTEN),
        )  # fmt: skip

    def join(self, other: Obj) -> Obj:
        """What two paths know together."""
        if self == other:
            return self
        if not isinstance(other, Thing):
            return Thing(epoch=min(self.epoch + 1, OFTEN))
        cls = self.cls if self.cls is other.cls else None
        fields = {
            name: self.member(name).join(other.member(name))
            for name in dict.fromkeys((*self.fields, *other.fields))
        }
        rest = {**dict(self.rest)}
        for key, known in other.rest:
            rest[key] = rest[key].join(known) if key in rest else known
        joined = Thing(
            cls,
            self.is_module if self.is_module == other.is_module else None,
            fields,
            tuple(rest.items()),
            self.is_open or other.is_open or cls is None,
            self.initialised if self.initialised == other.initialised else None,
            max(self.epoch, other.epoch),
            self.arguments if self.arguments == other.arguments else None,
            self.truth if self.truth == other.truth else None,
            self.deleted | other.deleted,
        )
        return self if joined == self else joined

    def member(self, name: str) -> Field:
        """How ``name`` is held; what nobody stored is absent, or unknown in an open object.

        A field is as it was stored last: ``computed`` has joined it with what came after.
        """
        known = self.fields.get(name)
        if known is not None:
            return known
        known = UNSEEN if self.is_open else Field(NOTHING, ABSENT)
        for pattern, held in self.rest:
            if pattern.may_be(name):
                known = known.join(held)
        return known


MOST_ITEMS = 64
"""As many items of a container are kept apart."""


@dataclass(frozen=True, slots=True)
class Container:
    """A list, tuple, dict, set, or something that is iterated."""

    kind: str
    known: Mapping[Hashable, Values] = field(default_factory=dict)
    """Items by index or key."""
    rest: Values = NOTHING
    """Items of which the index or key is not known."""
    is_exact: bool = True
    """Whether ``known`` has all items, in their order."""
    made: Place | None = None
    fills: tuple[Place, ...] = ()
    """Which statements put something into it."""
    of: Values = NOTHING
    """What it was made of, where it is a view or a copy: the Module of a ``state_dict()``."""
    spent: bool | None = None
    """Whether it can be iterated only once, and has been."""

    def contents(self) -> Iterator[Values]:
        """All items."""
        yield from self.known.values()
        yield self.rest

    def items(self) -> Values:
        """Any item."""
        return join_all(self.contents())

    def sequence(self) -> list[Values] | None:
        """All items in order; None where they are not known one by one."""
        return list(self.known.values()) if self.is_exact else None

    def blurred(self) -> Container:
        """The same with items of which only is known that they are in it."""
        return replace(self, known={}, rest=self.items(), is_exact=False)

    def havocked(self) -> Container:
        """The container after unknown code had it."""
        return replace(self, known={}, rest=UNKNOWN, is_exact=False, spent=None)

    def join(self, other: Obj) -> Obj:
        """What two paths know together."""
        if self == other:
            return self
        if not isinstance(other, Container) or other.kind != self.kind:
            return Thing(epoch=1)
        one, two = self, other
        if not (one.is_exact and two.is_exact and list(one.known) == list(two.known)):
            one, two = one.blurred(), two.blurred()
        fills = one.fills + tuple(f for f in two.fills if f not in one.fills)
        joined = Container(
            one.kind,
            {key: join(values, two.known[key]) for key, values in one.known.items()},
            join(one.rest, two.rest),
            one.is_exact and two.is_exact,
            one.made if one.made == two.made else None,
            fills,
            join(one.of, two.of),
            one.spent if one.spent == two.spent else None,
        )
        return self if joined == self else joined


Size: TypeAlias = "int | Address"
Shape: TypeAlias = "tuple[Size, ...]"
"""Sizes: numbers, or objects that stand for one."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What computes a tensor anew before each use: ``weight_norm``, pruning."""

    by: str
    place: Place


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor. Of what is None, nothing is known."""

    made: Place | None = None
    is_parameter: bool = False
    """Whether it is an ``nn.Parameter``."""
    is_subclass: bool = False
    """Whether it is of a class of its own, such as ``UninitializedParameter``."""
    trainable: bool | None = False
    """``requires_grad``."""
    explicit: bool = False
    """Whether the program chose ``trainable``, rather than a default."""
    is_leaf: bool | None = True
    shape: Shape | None = None
    dtype: str | None = None
    """``torch.float32``."""
    integer: bool | None = None
    """Whether it holds integers or bools."""
    device: Hashable = None
    """Where it is: what ``.to()`` was given."""
    origin: Address | None = None
    """The Parameter or leaf that it was computed from."""
    via: str = ""
    """What made it of its origin, as written: ``.to()``."""
    is_conversion: bool = False
    """Whether it is another tensor than its origin only where device or dtype change."""
    is_detached: bool = False
    base: Address | None = None
    """The tensor whose storage it shares."""
    through_data: bool = False
    """Whether it shares that by ``.data`` or ``.detach()``."""
    owner: Address | None = None
    """The Module that ``parameters()`` gave it of, for which it stands for each."""
    recomputed: Recomputed | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    is_expanded: bool = False
    """Whether several elements may share memory."""
    escaped: bool = False
    """Whether unknown code had it, which may have registered it somewhere."""
    may_be_copy: bool = False
    """Whether it may share nothing with its base, or with that of its base: ``t[unknown]``."""

    @property
    def is_view(self) -> bool:
        """Whether it is part of another's storage, and autograd knows."""
        return self.base is not None and not self.through_data

    def contents(self) -> Iterator[Values]:
        """A tensor holds nothing."""
        return iter(())

    def havocked(self) -> Tensor:
        """The tensor after unknown code had it: it is the same object, with any flags."""
        return replace(
            self, trainable=None, is_leaf=None if not self.is_parameter else True, shape=None,
            dtype=None, integer=None, device=None, explicit=True, escaped=True,
        )  # fmt: skip

    def join(self, other: Obj) -> Obj:
        """What two paths know together."""
        if self == other:
            return self
        if not isinstance(other, Tensor):
            return Thing(epoch=1)
        joined = Tensor(
            self.made,
            self.is_parameter and other.is_parameter,
            self.is_subclass or other.is_subclass,
            _agreed(self.trainable, other.trainable),
            self.explicit or other.explicit,
            _agreed(self.is_leaf, other.is_leaf),
            _agreed(self.shape, other.shape),
            _agreed(self.dtype, other.dtype),
            _agreed(self.integer, other.integer),
            _agreed(self.device, other.device),
            _agreed(self.origin, other.origin),
            self.via if self.via == other.via else "",
            self.is_conversion or other.is_conversion,
            self.is_detached and other.is_detached,
            _agreed(self.base, other.base),
            self.through_data and other.through_data,
            _agreed(self.owner, other.owner),
            _agreed(self.recomputed, other.recomputed),
            self.fields if self.fields == other.fields else {},
            self.is_expanded or other.is_expanded,
            self.escaped or other.escaped,
            self.may_be_copy or other.may_be_copy,
        )
        return self if joined == self else joined


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimizer, or a wrapper such as DistributedDataParallel, and the Parameters it took."""

    name: str
    """Its class: ``torch.optim.SGD``."""
    made: Place
    taken: Values = NOTHING
    """Parameters; a Module stands for all that it has."""
    is_known: bool = True
    """Whether it has no others, and keeps these."""

    def contents(self) -> Iterator[Values]:
        """What it took."""
        yield self.taken

    def havocked(self) -> Optimizer:
        """The optimizer after unknown code had it."""
        return replace(self, is_known=False)

    def join(self, other: Obj) -> Obj:
        """What two paths know together."""
        if not isinstance(other, Optimizer):
            return Thing(epoch=1)
        if self == other:
            return self
        common = tuple(value for value in self.taken if value in other.taken)
        known = self.is_known and other.is_known
        return Optimizer(self.name, self.made, common, known)


@dataclass(frozen=True, slots=True)
class Generator:
    """What a generator function, or a coroutine, gives: its body has not run yet."""

    function: Value
    positional: tuple[Values, ...]
    named: tuple[tuple[str, Values], ...]
    started: bool | None = False

    def contents(self) -> Iterator[Values]:
        """What it was given."""
        yield (self.function,)
        yield from self.positional
        yield from (values for _, values in self.named)

    def havocked(self) -> Generator:
        """The generator after unknown code had it."""
        return replace(self, started=None)

    def join(self, other: Obj) -> Obj:
        """What two paths know together."""
        return self if self == other else Thing(epoch=1)


Obj: TypeAlias = "Thing | Container | Tensor | Optimizer | Generator"

UNSEEN_THING = Thing()
"""What is known of an object of which nothing is known."""
EACH = "parameters()"
"""The part of a Module that stands for each Parameter of one that is not known whole."""
OTHER_MODULES = "modules()"
"""The part of an object that stands for each Module it lists of which nothing is known."""


def unseen(address: Address) -> Obj:
    """What is known of an object of which nothing was written down yet."""
    match address.site:
        case (Address() as owner, part, int(epoch)) if part == EACH:
            # Whichever it is, this is known of it; unknown code may have frozen it.
            trains = True if epoch == 0 else None
            return Tensor(is_parameter=True, trainable=trains, explicit=trains is None, owner=owner)
    return UNSEEN_THING


def related_to(obj: Obj | None) -> Iterator[Address]:
    """Objects that are asked about one that they do not hold: of what a tensor is made."""
    if isinstance(obj, Tensor):
        for address in (obj.origin, obj.base, obj.owner):
            if address is not None:
                yield address


def _agreed(first: object, second: object):  # type: ignore[no-untyped-def]
    """What both say, or None."""
    return first if first == second else None
