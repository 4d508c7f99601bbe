"""The interpreter, put together from its parts, which know each other as ``machine`` says.

It imports all of them, and none of them imports it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable

from flake8_paramassign.domain.objects import Obj, Place, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    Address,
    Addresses,
    Values,
    join,
)
from flake8_paramassign.nodes import FunctionNode, declared
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.project.index import Index
from flake8_paramassign.project.project import Project
from flake8_paramassign.semantics.attributes.members import Members
from flake8_paramassign.semantics.attributes.reading import AttributeReads
from flake8_paramassign.semantics.attributes.storing import AttributeStores
from flake8_paramassign.semantics.calls.dispatch import Calls
from flake8_paramassign.semantics.calls.functions import FunctionCalls
from flake8_paramassign.semantics.calls.unknown import UnknownCalls
from flake8_paramassign.semantics.classes import Classes
from flake8_paramassign.semantics.conditions.instances import Instances
from flake8_paramassign.semantics.conditions.narrowing import Narrowing
from flake8_paramassign.semantics.conditions.truth import Truth
from flake8_paramassign.semantics.contexts import Contexts
from flake8_paramassign.semantics.definitions import Definitions
from flake8_paramassign.semantics.events import Event
from flake8_paramassign.semantics.expressions.evaluation import Expressions
from flake8_paramassign.semantics.frames import Frame, Role
from flake8_paramassign.semantics.invariants import Invariants
from flake8_paramassign.semantics.items import Items
from flake8_paramassign.semantics.lifetimes import Lifetimes
from flake8_paramassign.semantics.models import load
from flake8_paramassign.semantics.names import Names
from flake8_paramassign.semantics.relevance.gate import Relevance
from flake8_paramassign.semantics.running.activations import Activations
from flake8_paramassign.semantics.running.callers import Callers
from flake8_paramassign.semantics.running.effort import Effort
from flake8_paramassign.semantics.running.entry_points import EntryPoints
from flake8_paramassign.semantics.running.worklist import Worklist
from flake8_paramassign.semantics.side_effects import SideEffects
from flake8_paramassign.semantics.statements.execution import Statements
from flake8_paramassign.semantics.writes import Writes


class Engine:
    """Runs all of one file, and tells a listener what happens in it."""

    def __init__(
        self, project: Project, tell: Callable[[Event], None], *, effort: float = 1.0,
        relevance: Relevance | None = None,
        fail: Callable[[ast.AST, Exception], None] | None = None,
    ) -> None:  # fmt: skip
        """``effort``: how much more or less than usual is entered; 0 enters nothing.

        ``relevance`` knows what need not be run for its own sake; without it, all is. ``fail`` is
        told which piece of the file ended in an exception; without it, that is raised.
        """
        load()
        self.project = project
        self.addresses = Addresses()
        self.index = Index()
        self.discriminated: set[Hashable] = set()
        self.unregistered: set[str] = set()
        self.frozen: set[Hashable] = set()
        self.differentiated: set[ast.AST] = set()
        self.listed: set[tuple[Address, Address]] = set()
        self.copied: dict[Address, Address] = {}
        self.read: set[tuple[ProjectClass | None, str, Role]] = set()
        self.moved: set[ast.AST] = set()
        self.used_containers: set[Address] = set()
        self._listener = tell
        self._effort = Effort(effort)
        self._activations = Activations(self._effort)
        self._connect_syntax()
        self._connect_objects()
        self._connect_runs(relevance, fail)

    def _connect_syntax(self) -> None:
        """Let each kind of syntax be run by its part."""
        expressions = Expressions(self)
        self.evaluate = expressions.evaluate
        self.combined = expressions.operators.combined
        truth, instances = Truth(self), Instances(self)
        self.truth = truth.truth
        self.filtered = truth.filtered
        self.truth_of_call = instances.of_call
        narrowing = Narrowing(self, truth, instances)
        self.assume = narrowing.assume
        self.question = narrowing.question
        self.execute = Statements(self, Contexts(self)).execute
        writes = Writes(self)
        self.augment = writes.augment
        self.delete = writes.delete
        definitions = Definitions(self)
        self.define = definitions.define
        self.define_class = definitions.define_class
        self.function_of = definitions.function_of
        self.defined = definitions.defined
        self.defaults = definitions.defaults
        self.module_of = definitions.module_of
        names = self._names = Names(self)
        self.lookup = names.lookup
        self.bind = names.bind
        self.bind_name = names.bind_name
        self.unbind = names.unbind
        self.rebind, self.own_value = names.rebind, names.own_value
        self.bind_loop = names.bind_loop
        self.loop_ended = names.loop_ended
        calls = Calls(self)
        self.call = calls.call
        self.call_any = calls.call_any
        self.call_unknown = UnknownCalls(self).call
        functions = FunctionCalls(self, self._effort)
        self.enter = functions.enter
        self.awaited = functions.awaited
        self.run_generator = functions.run_generator

    def _connect_objects(self) -> None:
        """Let each kind of object be known by its part."""
        members = Members(self)
        self.attribute = AttributeReads(self, members).read
        stores = AttributeStores(self, members)
        self.store = stores.store
        self.bypass = stores.bypass
        self.delete_attribute = stores.delete
        items = Items(self)
        self.item = items.read
        self.store_item = items.store
        self.iterate = items.iterate
        lifetimes = self._lifetimes = Lifetimes(self)
        self.used = lifetimes.used
        self.replaced = lifetimes.replaced
        self.replaced_all = lifetimes.replaced_all
        self.mended = lifetimes.mended

    def _connect_runs(
        self, relevance: Relevance | None, fail: Callable[[ast.AST, Exception], None] | None
    ) -> None:
        """Let what is run, and in which order, be known by its part."""
        activations, effort = self._activations, self._effort
        self.quietly = activations.quietly
        self.may_unroll = activations.may_unroll
        self.round = activations.round
        self.step = effort.step
        self.rounds = effort.rounds
        side_effects = SideEffects(self.index)
        self.changes_itself = side_effects.changes_itself
        self.stored_by = side_effects.stored_by
        self.constructor_only = side_effects.constructor_only
        invariants = Invariants(self, side_effects)
        self.settle = invariants.settle
        classes = Classes(self, invariants)
        self.construct = classes.construct
        self.instance = classes.instance
        entry_points = EntryPoints(self, activations, effort, self._lifetimes)
        self.begun = entry_points.begun
        self.look_at_method = entry_points.look_at_method
        worklist = Worklist(self, activations, entry_points, invariants, effort, relevance, fail)
        self.found = worklist.found
        self.run = worklist.run
        callers = Callers()
        self.called = callers.called
        self.is_called = callers.is_called
        self.mode_of = callers.mode_of

    # What runs.

    @property
    def frame(self) -> Frame:
        """The activation that is running."""
        return self._activations.frames[-1]

    @property
    def is_quiet(self) -> bool:
        """Whether something is only looked at again."""
        return self._activations.is_quiet

    def place(self, node: ast.AST) -> Place:
        """A node of the running file."""
        return Place(node, self.frame.module)

    @property
    def is_hurried(self) -> bool:
        """Whether few steps are left for this piece of the file."""
        return self._effort.is_short

    def tell(self, event: Event) -> None:
        """Let the listener know, where the file under analysis does it, or calls what does."""
        if not self._activations.is_told:
            return
        if event.frame.module is not self.project.module:
            event.called_at = event.frame.called_from(self.project.module)
            if event.called_at is None:
                return
        self._listener(event)

    def run_frame(self, frame: Frame, state: State) -> tuple[Values, State | None]:
        """Run the body of an activation; what it returns, and the state after it."""
        node = frame.node
        with self._activations.running(frame):
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body, state), state
            if isinstance(node, FunctionNode):
                frame.globals, frame.nonlocals = declared(node)
            end = self.execute(node.body, state)  # type: ignore[attr-defined]
            values = NONE if end is not None else NOTHING
            for held, at in frame.returns:
                values = join(values, held)
                end = at if end is None else end.joined(at)
            self._names.ended(frame)
            return values, end

    # Objects.

    def new(self, obj: Obj, state: State, site: ast.AST, part: object = None) -> Address:
        """Make an object at ``site``."""
        key = (site, part) if part is not None else site
        address = self.addresses.of(key, self.frame.context, symbolic=False)
        if self.is_quiet:
            state.write(address, obj)
            return address
        return state.allocate(address, obj, self.addresses)

    def symbol(self, site: ast.AST, state: State, part: object = None) -> Address:
        """An object of which nothing is known, that ``site`` gives."""
        key = (site, part) if part is not None else site
        address = self.addresses.of(key, self.frame.context, symbolic=True)
        if self.is_quiet:
            return address
        return state.allocate(address, Thing(), self.addresses)
