"""Code that is run for its own sake: a function, a constructor or a method, for any arguments.

Who calls it is not known, and nothing of what it may be given but what annotations say. What it
does is told, where it stands in the file under analysis; a *look* is told to nobody: it runs the
code to know what it leaves.
"""

from __future__ import annotations

from flake8_paramassign.domain.objects import Field, Thing
from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.state import INHERITED, State
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    ClassRef,
    Function,
    Value,
    Values,
)
from flake8_paramassign.nodes import FunctionNode, decorator_name
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.containers_held import tell_held
from flake8_paramassign.semantics.events import Constructed, Ended
from flake8_paramassign.semantics.frames import STEPS, Frame, Role
from flake8_paramassign.semantics.lifetimes import Lifetimes
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.parameters import Parameters
from flake8_paramassign.semantics.running.activations import Activations
from flake8_paramassign.semantics.running.effort import Effort

_LOOK = 0.2
"""The share of its effort with which code is run only to know what it leaves."""
_DESCRIPTORS = frozenset(
    "staticmethod classmethod property setter getter deleter cached_property".split()
)
"""Decorators that say how a method is bound."""


class EntryPoints:
    """Begins activations that nobody called, for a machine."""

    def __init__(
        self, machine: Machine, activations: Activations, effort: Effort, lifetimes: Lifetimes
    ) -> None:
        """``effort`` bounds what they enter; ``lifetimes`` learns what they hand out."""
        self._machine = machine
        self._activations = activations
        self._effort = effort
        self._lifetimes = lifetimes
        self._parameters = Parameters(machine)

    def run_root(self, frame: Frame, state: State) -> State | None:
        """Run an activation for its own sake, and tell what is known at its end."""
        values, end = self._machine.run_frame(frame, state)
        if end is None:
            return None
        with self._activations.running(frame):
            self._tell_end(frame, values, end)
        if not frame.scope.is_module:
            end = end.copy()
            end.scopes = {**end.scopes, frame.scope: end.names}
            frame.left = end
        return end

    def _tell_end(self, frame: Frame, values: Values, end: State) -> None:
        made = frame.receiver if isinstance(frame.receiver, Address) else None
        self._lifetimes.escaped((*values, made) if made is not None else values, end)
        tell_held(self._machine, frame, end)
        if made is not None and getattr(frame.node, "name", "") == "__init__":
            self._machine.tell(Constructed(frame, end, frame.node, made))
        self._machine.tell(Ended(frame, end, frame.node))

    def run_function(
        self, function: Function, decorated: Values, before: State | None, role: Role,
        receiver: Value | None = None,
    ) -> State | None:  # fmt: skip
        """Run a function for its own sake: for any arguments that fit its annotations."""
        node = function.node
        assert isinstance(node, FunctionNode)
        scope = Scope(node, function.scope or function.module.scope)
        # What an earlier run of the same code made is not what this one makes.
        context = "before" if self._activations.is_a_look else None
        frame = Frame(function.module, node, scope, role, function.owner, receiver, context)
        state = before.copy() if before is not None else State()
        state.assumed, state.splits, state.replaced = {}, (), {}
        state.grad = INHERITED
        if decorated == UNKNOWN or (function.owner and function.owner.is_run_by_autograd):
            state.grad = None
        elif isinstance(decorated[0], Function) and decorated[0].mode is not None:
            state.grad = decorated[0].mode.enabled
        with self._activations.running(frame):
            state.names = self._parameters.of(function, state, receiver)
        return self.run_root(frame, state)

    def begun(self, cls: ProjectClass, receiver: Address) -> State | None:
        """The state that ``__init__`` leaves for any arguments, told to nobody."""
        with self._activations.looking(), self._effort.aside(cls.node, _LOOK):
            return self.run_constructor(cls, receiver, State())

    def run_constructor(self, cls: ProjectClass, receiver: Address, state: State) -> State | None:
        """Run ``__init__`` for any arguments; the state in which it leaves ``receiver``."""
        thing = Thing(
            cls, cls.is_module, is_open=cls.is_open, initialised=False if cls.is_module else None
        )
        state.write(receiver, thing)
        holder, init = cls.find("__init__") or (cls, None)
        if not isinstance(init, FunctionNode):
            self._made_by_base(cls, receiver, state)
            return state
        function = Function(init, holder.module, holder, cls.scope or holder.module.scope)
        decorated = self._machine.function_of(holder.module, init, holder)
        end = self.run_function(function, decorated, state, Role.CONSTRUCTION, receiver)
        if end is not None:
            end = end.copy()
            end.names, end.scopes, end.assumed, end.splits = {}, dict(state.scopes), {}, ()
            end.replaced = {}
        return end

    def _made_by_base(self, cls: ProjectClass, receiver: Address, state: State) -> None:
        """An object has what the base of its class gives it, which is torch's."""
        base = cls.torch_base
        is_open = cls.is_open or (base is not None and base.entry.cases is None)
        fields: dict[str, Field] = {}
        if base is not None:
            self._machine.instance(base, receiver, state)
            made = state.read(receiver)
            assert isinstance(made, Thing)
            fields = dict(made.fields)
        state.write(receiver, Thing(cls, cls.is_module, fields, is_open=is_open, initialised=True))

    def look_at_method(
        self, holder: ProjectClass, node: FunctionNode, receiver: Address, state: State,
        cls: ProjectClass,
    ) -> State | None:  # fmt: skip
        """Run a method to know what it changes; told to nobody."""
        with self._activations.looking(), self._effort.aside(node, _LOOK):
            return self.run_method(holder, node, receiver, state, cls)

    def run_method(
        self, holder: ProjectClass, node: FunctionNode, receiver: Address, state: State,
        cls: ProjectClass,
    ) -> State | None:  # fmt: skip
        """Run a method of ``holder`` on ``receiver``, an object of ``cls``."""
        names = {decorator_name(d) for d in node.decorator_list}
        plain = [d for d in node.decorator_list if decorator_name(d) not in _DESCRIPTORS]
        decorated = self._machine.function_of(holder.module, node, holder, plain)
        function = Function(node, holder.module, holder, holder.scope or holder.module.scope)
        bound: Value | None = receiver
        if "staticmethod" in names:
            bound = None
        elif "classmethod" in names or node.name in ("__new__", "__init_subclass__"):
            bound = ClassRef(cls)
        role = Role.STEP if node.name in STEPS else Role.METHOD
        return self.run_function(function, decorated, state, role, bound)
