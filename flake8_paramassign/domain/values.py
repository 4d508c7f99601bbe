"""The values an expression may hold.

An expression holds a tuple of values (``Values``), one for every way the program may have come
here; the order is that in which they were met, so that every run says the same. Values are
immutable. What may change about an object lives in the heap, under its ``Address``.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import Class, ProjectClass

if TYPE_CHECKING:
    from flake8_paramassign.project.module import Module

_LONGEST = 200
"""As long a string or tuple is computed with."""
_LARGEST_NUMBER = 1 << 64
MOST = 16
"""An expression that may hold more values than this is unknown."""


OFTEN = 2
"""An object that was changed as often by unknown code: its parts stand for all later ones."""


class Unknown:
    """Anything at all. Never a reason to report."""

    def __repr__(self) -> str:
        """As a word."""
        return "Unknown"


class Address:
    """One object of the program, or (``many``) all of those that one place of it makes.

    ``site`` is the syntax that makes the object or stands for it, ``context`` the calls it was
    made under. Addresses are made by ``Addresses`` only and compare by identity.
    """

    __slots__ = ("context", "many", "serial", "site", "symbolic")

    def __init__(
        self, site: Hashable, context: Hashable, *, many: bool, symbolic: bool, serial: int
    ) -> None:
        """``symbolic``: nobody here made it; what is not known of it, is unknown."""
        self.site = site
        self.context = context
        self.many = many
        self.symbolic = symbolic
        self.serial = serial

    def __repr__(self) -> str:
        """With its number, which tells it from others."""
        return f"<{'*' if self.many else ''}{self.serial}{'?' if self.symbolic else ''}>"


class Addresses:
    """All addresses of one analysis."""

    def __init__(self) -> None:
        """None so far."""
        self._known: dict[Hashable, Address] = {}

    def of(
        self, site: Hashable, context: Hashable = None, *, many: bool = False, symbolic: bool = True
    ) -> Address:
        """The one address for these."""
        key = (site, context, many, symbolic)
        address = self._known.get(key)
        if address is None:
            serial = len(self._known)
            address = Address(site, context, many=many, symbolic=symbolic, serial=serial)
            self._known[key] = address
        return address

    def part(self, owner: Address, name: Hashable, epoch: int = 0) -> Address:
        """What an object, of which nothing more is known, holds under ``name``."""
        return self.of((owner, name, epoch), many=owner.many or epoch >= OFTEN)

    def several(self, address: Address) -> Address:
        """The address of all objects of the same place."""
        return self.of(address.site, address.context, many=True, symbolic=address.symbolic)


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A Python constant: None, a number, a string, a tuple of such."""

    value: Hashable

    def __eq__(self, other: object) -> bool:
        """``1`` is neither ``True`` nor ``1.0``."""
        return (
            isinstance(other, Constant)
            and type(self.value) is type(other.value)
            and self.value == other.value
        )

    def __hash__(self) -> int:
        """As it compares."""
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Plain:
    """Something that surely is no tensor, Parameter, Module or None: ``kind`` is its type."""

    kind: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string of which only the beginning and the end are known: ``f"block{i}"``."""

    prefix: str = ""
    suffix: str = ""

    def may_be(self, name: str) -> bool:
        """Whether it may be the string ``name``."""
        return name.startswith(self.prefix) and name.endswith(self.suffix)


@dataclass(frozen=True, slots=True)
class Library:
    """Something of another library, by its full name: ``torch.nn.Parameter``."""

    name: str


@dataclass(frozen=True, slots=True)
class ClassRef:
    """A class itself."""

    cls: Class


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the project, with the class it is a method of and the scope it closes over."""

    node: FunctionNode | ast.Lambda
    module: Module
    owner: ProjectClass | None = None
    scope: Scope | None = None
    mode: GradMode | None = None
    """The grad mode that a decorator runs it in; None leaves the caller's."""


@dataclass(frozen=True, slots=True)
class Method:
    """A function bound to the object, or the class, it was looked up on."""

    function: Function
    receiver: Value


@dataclass(frozen=True, slots=True)
class Builtin:
    """A method that is not written in Python here, bound to ``receiver``: ``layers.append``."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Partial:
    """``functools.partial(callee, *positional, **named)``."""

    callee: Value
    positional: tuple[Values, ...]
    named: tuple[tuple[str, Values], ...]


@dataclass(frozen=True, slots=True)
class Super:
    """``super()`` in a method of ``cls``, for ``receiver``."""

    cls: ProjectClass
    receiver: Value


@dataclass(frozen=True, slots=True)
class GradMode:
    """A context that switches the recording of gradients: ``torch.no_grad()``.

    ``enabled`` is None where the mode depends on what is not known.
    """

    enabled: bool | None


@dataclass(frozen=True, slots=True)
class Question:
    """What a test gave whose answer is not known: ``is_plain = not isinstance(x, nn.Module)``.

    ``operands`` are what it asked about: while they are the same, so is the answer.
    """

    node: ast.expr
    scope: Scope
    operands: tuple[tuple[ast.expr, Values], ...]


Value: TypeAlias = (
    "Question | Unknown | Address | Constant | Plain | Text | Library | ClassRef | Function"
    " | Method | Builtin | Partial | Super | GradMode"
)
Values: TypeAlias = "tuple[Value, ...]"

UNKNOWN: Values = (Unknown(),)
NOTHING: Values = ()
"""No value: the code that would give one is not reached."""
NONE: Values = (Constant(None),)
TRUE: Values = (Constant(True),)
FALSE: Values = (Constant(False),)


def join(first: Values, second: Values) -> Values:
    """Either may be held. Too many are unknown, so that loops end."""
    if first is second or not second:
        return first
    if not first:
        return second
    more = tuple(value for value in second if value not in first)
    if not more:
        return first
    both = first + more
    return both if len(both) <= MOST else UNKNOWN


def join_all(several: Iterable[Values]) -> Values:
    """Any of ``several`` may be held."""
    result = NOTHING
    for values in several:
        result = join(result, values)
    return result


def same(first: Values, second: Values) -> bool:
    """Whether two hold the same, in whatever order."""
    if first is second:
        return True
    return len(first) == len(second) and all(value in first for value in second)


def is_number(value: Value) -> bool:
    """Whether ``value`` is a number that is known."""
    return isinstance(value, Constant) and type(value.value) in (int, float)


def is_unknown(values: Values) -> bool:
    """Whether nothing at all is known of what is held."""
    return any(isinstance(value, Unknown) for value in values)


def constant(values: Values) -> object:
    """The one constant that is held, or ``NotImplemented``."""
    if len(values) == 1:
        (value,) = values
        if isinstance(value, Constant):
            return value.value
    return NotImplemented


def computed(value: Hashable) -> Value:
    """What a program computes, as far as it is kept: of a long string the beginning and the end.

    What doubles with each statement would fill the memory, or take for ever to be compared.
    """
    if is_small(value):
        return Constant(value)
    if isinstance(value, str):
        return text_between(value, value)
    return Plain(type(value).__name__)


def text_between(prefix: str, suffix: str) -> Text:
    """A string that begins and ends so, of which only as much is kept."""
    return Text(prefix[:_LONGEST], suffix[-_LONGEST:])


def is_small(value: object, depth: int = 2) -> bool:
    """Whether a constant may be computed with; ``depth``: how deep tuples may be nested."""
    if isinstance(value, tuple):
        parts = len(value) <= _LONGEST and depth > 0
        return parts and all(is_small(part, depth - 1) for part in value)
    if isinstance(value, str | bytes):
        return len(value) <= _LONGEST
    return not isinstance(value, int) or abs(value) <= _LARGEST_NUMBER


def name_of(values: Values) -> str | Text:
    """The name of an attribute that ``values`` are, as far as it is known."""
    if len(values) == 1:
        (value,) = values
        if isinstance(value, Constant) and isinstance(value.value, str):
            return value.value
        if isinstance(value, Text):
            return value
    return Text()


def addresses_in(values: Iterable[Value]) -> Iterator[Address]:
    """The objects that values are or hold: a bound method holds its receiver."""
    for value in values:
        if isinstance(value, Address):
            yield value
        elif isinstance(value, Method | Builtin | Super):
            yield from addresses_in((value.receiver,))
        elif isinstance(value, Partial):
            yield from addresses_in((value.callee,))
            for given in (*value.positional, *(values for _, values in value.named)):
                yield from addresses_in(given)


def scopes_in(values: Iterable[Value]) -> Iterator[Scope]:
    """The scopes that functions among values, or held by them, close over."""
    for value in values:
        if isinstance(value, Function):
            if value.scope is not None and not value.scope.is_module:
                yield value.scope
        elif isinstance(value, Method):
            yield from scopes_in((value.function,))
        elif isinstance(value, Partial):
            yield from scopes_in((value.callee,))
            for given in (*value.positional, *(values for _, values in value.named)):
                yield from scopes_in(given)
