"""The values an expression may hold.

An expression holds a *set* of values (``Values``): one for every way the program may have
come here. Values are immutable and compare by what they are, so that a loop reaches its
fixpoint; what changes about an object (attributes, items) lives in ``State``, keyed by it.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from flake8_paramassign.nodes import FunctionNode

if TYPE_CHECKING:
    from flake8_paramassign.inference.classes import Class, Deferred, ProjectClass
    from flake8_paramassign.inference.module import Module


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything at all. Never a reason to report."""

    many: bool = False
    """Whether it stands for values that were known, and were too many to be kept apart."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """An object of unknown class that still is one object: a function's argument, ``model.fc``.

    ``path`` is how the user wrote it; ``site`` tells two objects of one spelling apart.
    """

    site: Hashable
    path: str
    module: bool | None = None
    """True: surely a ``torch.nn.Module``; False: surely none."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A Python constant: None, a number, a string."""

    value: object


@dataclass(frozen=True, slots=True)
class Other:
    """Something that is surely no tensor, Parameter, Module or None: ``kind`` is its type."""

    kind: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """An ``nn.Parameter``: ``site`` is the expression that made it or stands for it."""

    site: Hashable
    trainable: bool | None = True
    placed: frozenset[str] = frozenset()
    """Arguments of ``.to`` (dumped) that the data is known to satisfy already."""
    plain: bool = True
    """False for subclasses such as ``UninitializedParameter``."""
    shape: tuple[object, ...] | None = None
    """Its sizes: numbers, or objects that stand for one; None where they are not known."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """``torch.nn.utils.weight_norm`` and its like, called at ``site``."""

    by: str
    site: ast.Call


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that is no Parameter; ``site`` is the expression that made it."""

    site: ast.AST
    trainable: bool | None = False
    leaf: bool = True
    origin: Parameter | None = None
    """The Parameter it was computed from, if any."""
    via: str = ""
    """What made it something else than the Parameter or the leaf, as written: ``.to()``."""
    maybe_self: bool = False
    """Whether ``via`` returns the very same object when nothing has to change."""
    detached: bool = False
    integer: bool | None = None
    """True: integer or bool dtype; False: floating or complex; None: not known."""
    placed: frozenset[str] = frozenset()
    shape: tuple[object, ...] | None = None
    """As a Parameter's."""
    view: bool = False
    """Whether it is a view of a leaf that gradients are recorded of."""
    recomputed: Recomputed | None = None
    """What computes it anew from other Parameters."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a known class, named by where it was made."""

    made_by: Class | Deferred
    site: Hashable
    arguments: tuple[tuple[str, object], ...] | None = None
    """Constant constructor arguments of a torch module; None where they are not known."""

    @property
    def cls(self) -> Class:
        """The class; asking for it may open the file that defines it."""
        return self.made_by.resolved

    def within(self, owner: Hashable) -> Instance:
        """The same object seen as part of ``owner``: each Net() has an ``fc`` of its own."""
        return Instance(self.made_by, (owner, self.site), self.arguments)


@dataclass(frozen=True, slots=True)
class Container:
    """A list, tuple, dict or set; its items live in ``State``."""

    kind: str
    site: Hashable

    def within(self, owner: Hashable) -> Container:
        """The same container seen as part of ``owner``."""
        return Container(self.kind, (owner, self.site))


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimizer; what it was given lives in ``State``."""

    site: Hashable


@dataclass(frozen=True, slots=True)
class External:
    """Something imported from outside the project, by its full name: ``torch.nn.Parameter``."""

    name: str


@dataclass(frozen=True, slots=True)
class ClassValue:
    """A class itself."""

    cls: Class


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the project, with the class it is a method of."""

    node: FunctionNode | ast.Lambda
    module: Module
    owner: ProjectClass | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A function bound to the object it was looked up on."""

    function: Function
    receiver: Instance


@dataclass(frozen=True, slots=True)
class Super:
    """``super()`` in a method of ``cls``, for ``receiver``."""

    cls: ProjectClass
    receiver: Instance


Value: TypeAlias = (
    Unknown
    | Opaque
    | Constant
    | Other
    | Parameter
    | Tensor
    | Instance
    | Container
    | Optimizer
    | External
    | ClassValue
    | Function
    | Method
    | Super
)
Values: TypeAlias = frozenset[Value]
Arguments: TypeAlias = tuple[list[Values], dict[str, Values]]
"""What is passed by position and by name."""

UNKNOWN: Values = frozenset([Unknown()])
_UNKNOWNS: Values = frozenset([Unknown(), Unknown(many=True)])
NOTHING: Values = frozenset()
"""No value: the code that would give one is not reached."""
NONE: Values = frozenset([Constant(None)])
NUMBER: Values = frozenset([Other("float")])

MOST = 8
"""An expression that may hold more values than this is unknown."""


def only(value: Value) -> Values:
    """The set of just this value."""
    return frozenset([value])


def is_unknown(values: Values) -> bool:
    """Whether nothing is known of what is held."""
    return bool(values) and values <= _UNKNOWNS


def union(first: Values, second: Values) -> Values:
    """Either may be held; bounded, so that loops end."""
    if first == second or not second:
        return first
    if not first:
        return second
    both = first | second
    return both if len(both) <= MOST else bounded(both)


def bounded(values: Values) -> Values:
    """At most ``MOST`` values: evidence of a tensor is kept, the rest becomes ``many``."""
    tensors = [v for v in in_order(values) if isinstance(v, Tensor)]
    return frozenset([*tensors[: MOST // 2], Unknown(many=True)])


def in_order(values: Values) -> Iterable[Value]:
    """``values`` by where they were made.

    A set has another order in each run of Python. Whoever handles values one after the other, or
    names one of them, does it in this order, or else its findings differ from run to run.
    """
    return values if len(values) < 2 else sorted(values, key=_place)


def _place(value: Value) -> tuple[object, ...]:
    names = (getattr(value, name, None) for name in ("path", "name", "kind", "via", "value"))
    site = getattr(value, "site", None)
    parts: list[str] = []
    while isinstance(site, tuple):
        parts += [str(part) for part in site[1:] if isinstance(part, str)]
        site = getattr(site[0], "site", site[0])
    line, column = getattr(site, "lineno", 0), getattr(site, "col_offset", 0)
    return line, column, type(value).__name__, *map(str, names), *parts


def all_of(arguments: Arguments) -> Values:
    """Each value that is passed."""
    positional, named = arguments
    return NOTHING.union(*positional, *named.values())


def constant(values: Values) -> object:
    """The one constant that is held, or ``NotImplemented``."""
    if len(values) == 1:
        (value,) = values
        if isinstance(value, Constant):
            return value.value
    return NotImplemented
