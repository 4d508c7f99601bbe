"""What rules are handed: the way from a value to what is known of it, and a file's ledger."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from flake8_paramassign.domain.objects import Container, Field, Obj, Place, Tensor, Thing
from flake8_paramassign.domain.state import INHERITED, State
from flake8_paramassign.domain.values import NONE, Address, Constant, Plain, Text, Value, Values
from flake8_paramassign.project.classes import Class, ProjectClass
from flake8_paramassign.project.module import Module
from flake8_paramassign.project.project import Project
from flake8_paramassign.semantics.events import (
    AttributeStored,
    ContainerHeld,
    DataStored,
    Event,
    Happening,
    OptimizerMade,
    RegistryBypassed,
    WrittenInPlace,
)
from flake8_paramassign.semantics.frames import Frame, Role
from flake8_paramassign.settings import Settings


def _nowhere(_: str) -> bool:
    return False


def _unknown_mode(_: Frame) -> bool | None:
    return None


def _never(_: Frame) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Store:
    """A place where an attribute is stored, in whatever way."""

    receiver: Address
    cls: Class | None
    """The receiver's."""
    node: ast.AST
    role: Role
    is_named: bool
    """Whether it is known under which name."""
    is_sound: bool = False
    """Whether what is stored surely is a Parameter, or the receiver surely no Module."""
    is_none: bool = False
    """Whether what is stored surely is None."""
    is_called: bool = False
    """Whether another method was begun that calls the one that stores."""


@dataclass(slots=True)
class Facts:
    """All that rules may ask, of one file under analysis.

    What is below ``settings`` is the ledger: the engine writes down there what is only complete
    when the whole file has been run, so rules ask for it in ``Rule.holds``.
    """

    project: Project
    module: Module
    settings: Settings
    mode_of: Callable[[Frame], bool | None] = _unknown_mode
    """The grad mode in which an activation that was begun for its own sake is called."""
    is_called: Callable[[Frame], bool] = _never
    """Whether it is in sight how such an activation is called."""
    stored_in_skipped: Callable[[str], bool] = _nowhere
    """Whether code that need not be run stores an attribute of a name."""
    discriminated: set[Hashable] = field(default_factory=set)
    """The sites of containers of which some code asks whether they are one."""
    unregistered: set[str] = field(default_factory=set)
    """Names that some code deletes from, unregisters or has computed in, any object."""
    frozen: set[Hashable] = field(default_factory=set)
    """The sites of tensors that some code keeps from being trained."""
    differentiated: set[ast.AST] = field(default_factory=set)
    """What made the tensors whose gradients some code asks for by itself."""
    listed: set[tuple[Address, Address]] = field(default_factory=set)
    """The generators that ``parameters()`` gave, each with the Module of which it did."""
    copied: dict[Address, Address] = field(default_factory=dict)
    """Of what ``copy.deepcopy()`` made each."""
    read: set[tuple[ProjectClass | None, str, Role]] = field(default_factory=set)
    """Which attributes of a class's objects, None: of other Modules, code of which role reads."""
    used: set[Address] = field(default_factory=set)
    """Containers that torch made of Parameters with which more is done than to store in them."""
    stores: dict[str | Text, set[Store]] = field(default_factory=dict)
    """Every store of an attribute, by its name."""
    writes: set[ast.AST] = field(default_factory=set)
    """Where something is written in place."""
    written: set[ast.AST] = field(default_factory=set)
    """What made the tensors that are written in place after construction."""
    data_stored: dict[Value, set[ast.AST]] = field(default_factory=dict)
    """By what ``.data`` of each tensor is replaced."""
    updated: set[ast.AST] = field(default_factory=set)
    """What made the tensors that are given values computed from others, after construction."""
    optimised: set[Hashable] = field(default_factory=set)
    """What any optimizer was given, and what made the tensors among that."""
    optimised_in_step: set[Hashable] = field(default_factory=set)
    """What is given to an optimizer that a step makes."""
    _families: dict[ProjectClass, tuple[ProjectClass, ...]] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Write down what happens, for questions about the whole file."""
        if isinstance(event, AttributeStored | RegistryBypassed):
            name = event.name if event.name is not None else Text()
            cls, role = self.class_of(event), event.frame.role
            store = Store(
                event.receiver, cls, event.node, role, isinstance(name, str),
                self._is_sound(event), event.values == NONE, event.frame.caller is not None,
            )  # fmt: skip
            self.stores.setdefault(name, set()).add(store)
        elif isinstance(event, WrittenInPlace):
            self.writes.add(event.node)
            if event.frame.role is not Role.CONSTRUCTION:
                written = [*self._origins(event.tensors, event.state)]
                self.written.update(written)
                if not all(isinstance(value, Constant | Plain) for value in event.operands):
                    self.updated.update(written)
        elif isinstance(event, DataStored):
            for value in event.receivers:
                self.data_stored.setdefault(value, set()).add(event.node)
            if event.frame.role is not Role.CONSTRUCTION:
                written = [*self._origins(event.receivers, event.state)]
                self.written.update(written)
                self.updated.update(written)
        elif isinstance(event, OptimizerMade):
            sites = {v.site for v in event.tensors if isinstance(v, Address)}
            self.optimised.update(sites, self._origins(event.tensors, event.state))
            if event.frame.is_in_step:
                self.optimised_in_step.update(sites)

    def _is_sound(self, event: AttributeStored | RegistryBypassed) -> bool:
        """Whether a store does what may be done with any attribute."""
        given = [self.tensor(value, event.state) for value in event.values]
        is_parameter = bool(given) and all(t is not None and t.is_parameter for t in given)
        return is_parameter or self.is_module(event.receiver, event.state) is False

    def _origins(self, written: Values, state: State) -> Iterator[ast.AST]:
        """What made the tensors that are written, and those that they are views of."""
        for value in written:
            at: Value | None = value
            seen: set[Value | None] = set()  # after `w.data = w.data` it is a view of itself
            while at not in seen and (tensor := self.tensor(at, state)) is not None:
                if tensor.made is not None:
                    yield tensor.made.node
                seen.add(at)
                at = tensor.base

    def stored(self, name: str | Text) -> Iterator[Store]:
        """What stores an attribute, or one of which the name may be that."""
        for known, stores in self.stores.items():
            if known == name or (
                isinstance(known, Text) and (isinstance(name, Text) or known.may_be(name))
            ):
                yield from stores

    def family(self, cls: ProjectClass) -> tuple[ProjectClass, ...]:
        """A class, and those of its file that derive from it."""
        if cls not in self._families:
            nodes = [node for node in ast.walk(cls.module.tree) if isinstance(node, ast.ClassDef)]
            others = map(cls.module.class_of, nodes)
            heirs = (other for other in others if other is not cls and cls in other.ancestry)
            self._families[cls] = (cls, *heirs)
        return self._families[cls]

    # From values to objects.

    @staticmethod
    def object(value: Value | None, state: State) -> Obj | None:
        """What is known of an object; None where ``value`` is none."""
        return state.read(value) if isinstance(value, Address) else None

    def tensor(self, value: Value | None, state: State) -> Tensor | None:
        """``value`` as a tensor, where it surely is one."""
        obj = self.object(value, state)
        return obj if isinstance(obj, Tensor) else None

    def parameter(self, value: Value | None, state: State) -> Tensor | None:
        """``value`` as an ``nn.Parameter`` of no class of its own, where it surely is one."""
        tensor = self.tensor(value, state)
        return tensor if tensor and tensor.is_parameter and not tensor.is_subclass else None

    def thing(self, value: Value | None, state: State) -> Thing | None:
        """``value`` as an object with attributes."""
        obj = self.object(value, state)
        return obj if isinstance(obj, Thing) else None

    def container(self, value: Value | None, state: State) -> Container | None:
        """``value`` as a container."""
        obj = self.object(value, state)
        return obj if isinstance(obj, Container) else None

    def is_module(self, value: Value | None, state: State) -> bool | None:
        """Whether ``value`` is an ``nn.Module``; None where it is not known."""
        obj = self.object(value, state)
        return obj.is_module if isinstance(obj, Thing) else False

    def tensors(self, values: Values, state: State) -> list[tuple[Address, Tensor]]:
        """Those of ``values`` that surely are tensors."""
        return [
            (value, obj)
            for value in values
            if isinstance(value, Address) and isinstance(obj := state.read(value), Tensor)
        ]

    def member(self, receiver: Value, name: str | Text, state: State) -> Field | None:
        """How an object holds an attribute."""
        thing = self.thing(receiver, state)
        return thing.member(name) if thing is not None and isinstance(name, str) else None

    # Of events.

    def class_of(self, event: AttributeStored | ContainerHeld | RegistryBypassed) -> Class | None:
        """The class of the object in which something is stored."""
        thing = self.thing(event.receiver, event.state)
        return thing.cls if thing is not None else None

    def grad(self, event: Happening) -> bool | None:
        """The grad mode in which ``event`` happens; known when the whole file has been run."""
        if event.grad == INHERITED:
            return self.mode_of(event.frame.root)
        return event.grad if isinstance(event.grad, bool) else None

    def where(self, place: Place | None) -> str:
        """``line 12``, or ``other.py:3`` in another file; empty where there is no place."""
        if place is None:
            return ""
        line = getattr(place.node, "lineno", 0)
        if place.module is self.module:
            return f"line {line}"
        return f"{os.path.basename(place.module.path)}:{line}"
