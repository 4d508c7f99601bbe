"""The life of objects of the project's classes.

``construct`` runs ``__init__`` for a call. ``instance`` is an object that somebody else made: what
the invariant of its class says.
"""

from __future__ import annotations

import ast
from itertools import islice

from flake8_paramassign import catalogue
from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.renaming import Renaming
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Function, Values
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import Class, ProjectClass, TorchClass
from flake8_paramassign.semantics.events import Constructed
from flake8_paramassign.semantics.invariants import Invariants, Summary
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models.modules import constructors
from flake8_paramassign.semantics.models.modules import containers as module_containers
from flake8_paramassign.semantics.running.effort import lines

_MOST_LINES = 100
"""As many lines of classes of other files are run, and as many more as a file is long by four."""
_MOST_PARTS = 100
"""Of as many parts of an object that somebody else made, it is known what they are."""


class Classes:
    """Makes objects of the project's classes for a machine."""

    def __init__(self, machine: Machine, invariants: Invariants) -> None:
        """``machine`` runs their constructors; ``invariants`` tell what holds of others."""
        self._machine = machine
        self._invariants = invariants
        self._elsewhere = 0
        """How many lines of classes of other files were run to know what they are."""

    # Making.

    def construct(
        self, cls: ProjectClass, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """A new object, by its class's ``__init__``."""
        if cls.find("__new__") is not None or (cls.is_module is not True and cls.has_unknown_base):
            state.havoc(arguments.flat())
            thing = Thing(cls, cls.is_module, initialised=True)
            return (self._machine.new(thing, state, node),)
        found = cls.find("__init__")
        thing = Thing(
            cls, cls.is_module, is_open=cls.is_open,
            initialised=False if cls.is_module else None,
        )  # fmt: skip
        address = self._machine.new(thing, state, node)
        if found is None:
            self._by_base(cls, address, arguments, state, node)
            return (address,)
        holder, function = found
        if not isinstance(function, FunctionNode):
            state.write(address, Thing(cls, cls.is_module, initialised=True))
            return (address,)
        for init in self._machine.function_of(holder.module, function, holder):
            if isinstance(init, Function):
                self._machine.enter(init, arguments, state, node, address)
        self._machine.tell(Constructed(self._machine.frame, state, node, address))
        return (address,)

    def _by_base(
        self, cls: ProjectClass, address: Address, arguments: Arguments, state: State, node: ast.AST
    ) -> None:
        """The ``__init__`` that a class inherits from no class of the project."""
        base = cls.torch_base
        if base is not None and not cls.is_open:
            constructors.initialise(self._machine, address, base, arguments, state, node)
            return
        state.havoc(arguments.flat())
        obj = state.read(address)
        assert isinstance(obj, Thing)
        plain = not cls.is_open and not cls.is_module
        state.write(address, Thing(cls, cls.is_module, is_open=not plain, initialised=True))

    def instance(self, cls: Class | None, address: Address, state: State) -> None:
        """Let ``address`` be an object of ``cls`` that somebody else made."""
        if isinstance(cls, TorchClass):
            thing = Thing(cls, True, is_open=cls.entry.cases is None, initialised=True)
            state.replace(address, thing)
            fields = constructors.stock_fields(
                self._machine, cls, dict.fromkeys(cls.entry.parameters, catalogue.UNKNOWN),
                state, address, symbolic=True,
            )  # fmt: skip
            is_open = cls.entry.cases is None or module_containers.container_kind(thing) is not None
            is_open = is_open or cls.name == "torch.nn.Module"
            state.replace(address, Thing(cls, True, fields, is_open=is_open, initialised=True))
            return
        if not isinstance(cls, ProjectClass):
            if cls is not None:
                state.replace(address, Thing(cls, cls.is_module, initialised=True))
            return
        summary = self._invariants.summary(cls) if self._is_worth_it(cls) else None
        if summary is None:
            state.replace(address, Thing(cls, cls.is_module, initialised=True))
            return
        self._placed(summary, address, state)

    def _is_worth_it(self, cls: ProjectClass) -> bool:
        """Whether to find out what holds of any object of a class, of another file perhaps."""
        if self._invariants.knows(cls) or cls.module is self._machine.project.module:
            return True
        if cls.is_module is not True:
            return False
        self._elsewhere += lines(cls.node)
        return self._elsewhere <= _MOST_LINES + lines(self._machine.project.module.tree) // 4

    def _placed(self, summary: Summary, address: Address, state: State) -> None:
        """Copy what is known of any object of a class to ``address``: of its nearest parts."""
        addresses = self._machine.addresses
        new: dict[Address, Address] = {summary.receiver: address}
        for old in summary.state.reachable((summary.receiver,)):
            if old is not summary.receiver:
                new[old] = addresses.of(
                    (address, old), many=address.many or old.many, symbolic=True
                )
        renaming = Renaming(new)
        for old, fresh in islice(new.items(), _MOST_PARTS):
            obj = summary.state.heap.get(old)
            if obj is not None:
                state.replace(fresh, renaming.object(obj))
