"""The life of objects of the project's classes.

``construct`` runs ``__init__`` for a call. ``summary`` is what can be relied on of any object of a
class when one of its methods begins: what ``__init__`` leaves, joined with what each method may
change, to a fixpoint.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flake8_paramassign import catalogue
from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.renaming import Renaming
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Function, Values
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import Class, ProjectClass, TorchClass, decorator_name
from flake8_paramassign.semantics.events import Constructed
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import modules

_ROUNDS = 3
"""How often the methods of a class are run before what they change is unknown."""


@dataclass(slots=True)
class Summary:
    """What holds of an object between its methods."""

    receiver: Address
    state: State


class Classes:
    """Makes and describes objects of the project's classes for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` runs their methods."""
        self._machine = machine
        self._summaries: dict[ProjectClass, Summary | None] = {}
        self._changing: dict[ProjectClass, bool] = {}

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
            modules.initialise(self._machine, address, base, arguments, state, node)
            return
        state.havoc(arguments.flat())
        obj = state.read(address)
        assert isinstance(obj, Thing)
        plain = not cls.is_open and not cls.is_module
        state.write(address, Thing(cls, cls.is_module, is_open=not plain, initialised=True))

    # Describing.

    def summary(self, cls: ProjectClass) -> Summary | None:
        """What can be relied on of any object of ``cls``; None where that is not known."""
        if cls not in self._summaries:
            self._summaries[cls] = None  # what a class that makes objects of itself sees
            self._summaries[cls] = self._settled(cls)
        return self._summaries[cls]

    def _settled(self, cls: ProjectClass) -> Summary | None:
        receiver = self._machine.addresses.of((cls, "self"), symbolic=False)
        state = self._machine.begun(cls, receiver)
        if state is None:
            return None
        for number in range(_ROUNDS):
            after = state
            for holder, function in methods_of(cls):
                if function.name == "__init__" or not self.may_change(function):
                    continue
                if function.name in self._machine.constructor_only(cls):
                    continue
                end = self._machine.run_method(holder, function, receiver, after.copy(), cls)
                if end is not None:
                    after = self._kept(after, end, receiver)
            if after.heap == state.heap:
                break
            state = after if number < _ROUNDS - 1 else self._widened(state, after)
        return Summary(receiver, state)

    @staticmethod
    def _kept(before: State, end: State, receiver: Address) -> State:
        """What holds whether a method ran or not."""
        joined = before.joined(end)
        joined.names, joined.scopes, joined.assumed, joined.splits = {}, {}, {}, ()
        joined.replaced, joined.grad = {}, True
        return joined

    @staticmethod
    def _widened(before: State, after: State) -> State:
        result = after.copy()
        for address, obj in after.heap.items():
            if before.heap.get(address) != obj:
                result.write(address, obj.havocked())
        return result

    def may_change(self, function: FunctionNode) -> bool:
        """Whether a method may change anything: by what statements and calls it has."""
        return self._machine.index.changes(function)

    def changes_itself(self, cls: ProjectClass) -> bool:
        """Whether calling an object of the class may change what it holds."""
        if cls not in self._changing:
            methods = {function.name: function for _, function in methods_of(cls)}
            waiting, reached = ["forward"], {"forward"}
            while waiting:
                function = methods.get(waiting.pop())
                if function is not None:
                    more = self._machine.index.of(function).attributes & methods.keys() - reached
                    reached |= more
                    waiting += sorted(more)
            self._changing[cls] = any(
                self._machine.index.of(methods[name]).stores for name in reached & methods.keys()
            )
        return self._changing[cls]

    def instance(self, cls: Class | None, address: Address, state: State) -> None:
        """Let ``address`` be an object of ``cls`` that somebody else made."""
        if isinstance(cls, TorchClass):
            thing = Thing(cls, True, is_open=cls.entry.cases is None, initialised=True)
            state.write(address, thing)
            fields = modules.stock_fields(
                self._machine, cls, dict.fromkeys(cls.entry.parameters, catalogue.UNKNOWN),
                state, _NOWHERE, address, symbolic=True,
            )  # fmt: skip
            is_open = cls.entry.cases is None or modules.container_kind(thing) is not None
            is_open = is_open or cls.name == "torch.nn.Module"
            state.write(address, Thing(cls, True, fields, is_open=is_open, initialised=True))
            return
        if not isinstance(cls, ProjectClass):
            if cls is not None:
                state.write(address, Thing(cls, cls.is_module, initialised=True))
            return
        summary = self.summary(cls)
        if summary is None:
            state.write(address, Thing(cls, cls.is_module, initialised=True))
            return
        self._placed(summary, address, state)

    def _placed(self, summary: Summary, address: Address, state: State) -> None:
        """Copy what is known of any object of a class to ``address``."""
        addresses = self._machine.addresses
        new: dict[Address, Address] = {summary.receiver: address}
        for old in summary.state.reachable((summary.receiver,)):
            if old is not summary.receiver:
                new[old] = addresses.of(
                    (address, old), many=address.many or old.many, symbolic=True
                )
        renaming = Renaming(new)
        for old, fresh in new.items():
            obj = summary.state.heap.get(old)
            if obj is not None:
                state.write(fresh, renaming.object(obj))


class _Nowhere(ast.AST):
    """Syntax of what no code in sight makes."""


_NOWHERE = _Nowhere()


def methods_of(cls: ProjectClass) -> list[tuple[ProjectClass, FunctionNode]]:
    """All methods of a class and its bases in the project, each once: those that a call finds."""
    found: dict[str, tuple[ProjectClass, FunctionNode]] = {}
    several: list[tuple[ProjectClass, FunctionNode]] = []
    for ancestor in cls.projects:
        for function in ancestor.functions:
            names = {decorator_name(d) for d in function.decorator_list}
            if names & {"staticmethod", "classmethod", "abstractmethod", "overload"}:
                continue
            if "setter" in names:
                several.append((ancestor, function))
            elif function.name not in found:
                found[function.name] = (ancestor, function)
    return [*found.values(), *several]
