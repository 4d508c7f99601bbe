"""The interpreter, put together: runs the top level, the functions and the classes of a file."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from flake8_paramassign.domain.objects import Field, Obj, Place, Tensor, Thing
from flake8_paramassign.domain.renaming import Renaming
from flake8_paramassign.domain.state import INHERITED, State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Addresses,
    ClassRef,
    Constant,
    Function,
    Library,
    Scope,
    Value,
    Values,
    join,
)
from flake8_paramassign.nodes import FunctionNode, decorator_name
from flake8_paramassign.project.classes import Class, ProjectClass
from flake8_paramassign.project.decorators import applied
from flake8_paramassign.project.index import Index
from flake8_paramassign.project.module import Module
from flake8_paramassign.project.project import Project
from flake8_paramassign.semantics.attributes import Attributes
from flake8_paramassign.semantics.calls import Calls
from flake8_paramassign.semantics.classes import Classes, Summary, methods_of
from flake8_paramassign.semantics.conditions import Conditions
from flake8_paramassign.semantics.containers_held import tell_held
from flake8_paramassign.semantics.contexts import Contexts
from flake8_paramassign.semantics.effort import Effort
from flake8_paramassign.semantics.events import Constructed, Ended, Event
from flake8_paramassign.semantics.expressions import Expressions
from flake8_paramassign.semantics.frames import STEPS, Frame, Role
from flake8_paramassign.semantics.items import Items
from flake8_paramassign.semantics.lifetimes import Lifetimes
from flake8_paramassign.semantics.machine import Arguments
from flake8_paramassign.semantics.models import load
from flake8_paramassign.semantics.models.tensors import Tensors
from flake8_paramassign.semantics.names import Names
from flake8_paramassign.semantics.parameters import Parameters
from flake8_paramassign.semantics.relevance import Relevance
from flake8_paramassign.semantics.statements import Statements
from flake8_paramassign.semantics.writes import Writes

_MOST_COPIED = 300
"""As many objects are copied at once."""
_UNROLLED = 8
"""Loops over as many known items run once for each of them,"""
_MOST_ROUNDS = 512
"""and loops inside of them, as long as the innermost runs no more often than this."""
_LOOK = 0.2
"""The share of its effort with which code is run only to know what it leaves."""


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
        self.read: set[tuple[ProjectClass, str, Role]] = set()
        self.moved: set[ast.AST] = set()
        self.converted: set[ast.AST] = set()
        self.used_containers: set[Address] = set()
        self._listener = tell
        self._frames: list[Frame] = []
        self._silent = 0
        self._quiet = 0
        self._rounds = 1
        self._effort = Effort(effort)
        self.step = self._effort.step
        self._fail = fail
        self._relevance = relevance
        self._modes: dict[ast.AST, set[bool | str | None]] = {}
        self._waiting: list[tuple[ast.AST, Frame, State | None]] = []
        self._seen: set[ast.AST] = set()
        self._only: dict[ProjectClass, frozenset[str]] = {}
        self._module_scopes: dict[Scope, Module] = {}
        tensors = Tensors(self)
        contexts = Contexts(self)
        self._expressions = Expressions(self, tensors)
        self._conditions = Conditions(self)
        self._statements = Statements(self, contexts)
        self._attributes = Attributes(self, tensors)
        self._calls = Calls(self, tensors, self._effort)
        self._classes = Classes(self)
        self._items = Items(self, tensors)
        self._names = Names(self)
        self._lifetimes = Lifetimes(self)
        self._parameters = Parameters(self)
        self._writes = Writes(self, tensors)
        self.evaluate = self._expressions.evaluate
        self.combined = self._expressions.combined
        self.lookup = self._names.lookup
        self.bind = self._names.bind
        self.bind_name = self._names.bind_name
        self.unbind = self._names.unbind
        self.rebind, self.own_value = self._names.rebind, self._names.own_value
        self.bind_loop = self._names.bind_loop
        self.loop_ended = self._names.loop_ended
        self.truth = self._conditions.truth
        self.assume = self._conditions.assume
        self.filtered = self._conditions.filtered
        self.question = self._conditions.question
        self.execute = self._statements.execute
        self.call = self._calls.call
        self.call_any = self._calls.call_any
        self.call_unknown = self._calls.call_unknown
        self.enter = self._calls.enter
        self.awaited = self._calls.awaited
        self.run_generator = self._calls.run_generator
        self.construct = self._classes.construct
        self.changes_itself = self._classes.changes_itself
        self.stored_by = self._classes.stored_by
        self.instance = self._classes.instance
        self.attribute = self._attributes.read
        self.store = self._attributes.store
        self.bypass = self._attributes.bypass
        self.delete_attribute = self._attributes.delete
        self.item = self._items.read
        self.store_item = self._items.store
        self.iterate = self._items.iterate
        self.replaced = self._lifetimes.replaced
        self.replaced_all = self._lifetimes.replaced_all
        self.mended = self._lifetimes.mended
        self.augment = self._writes.augment
        self.delete = self._writes.delete

    # What runs.

    @property
    def frame(self) -> Frame:
        """The activation that is running."""
        return self._frames[-1]

    @property
    def is_quiet(self) -> bool:
        """Whether something is only looked at again."""
        return self._quiet > 0

    def place(self, node: ast.AST) -> Place:
        """A node of the running file."""
        return Place(node, self.frame.module)

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """While something is evaluated again: nothing is told, and nothing entered."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    def may_unroll(self, count: int) -> bool:
        """Whether a loop over ``count`` items runs for each: their number is a power of depth."""
        return count <= _UNROLLED and count * self._rounds <= _MOST_ROUNDS and not self.is_hurried

    @contextmanager
    def round(self, node: ast.AST, number: int, of: int) -> Iterator[None]:
        """While one of so many rounds of a loop over known items runs."""
        frame = self.frame
        before = frame.context, self._rounds
        frame.context = (frame.context, node, number)
        self._rounds *= of
        try:
            yield
        finally:
            frame.context, self._rounds = before

    def rounds(self, usual: int) -> int:
        """How often a loop is run before it is widened."""
        return usual if self._effort.scale >= 1 else 2

    @property
    def is_hurried(self) -> bool:
        """Whether few steps are left for this piece of the file."""
        return self._effort.is_short

    def tell(self, event: Event) -> None:
        """Let the listener know, where the file under analysis does it, or calls what does."""
        if self._quiet or self._silent:
            return
        if event.frame.module is not self.project.module:
            event.called_at = self._call_that_leads_to(event.frame)
            if event.called_at is None:
                return
        if (
            not isinstance(event, Constructed | Ended)
            or event.frame is event.frame.root
            or isinstance(event, Constructed)
        ):
            self._listener(event)

    def _call_that_leads_to(self, frame: Frame) -> ast.AST | None:
        """The last call in the file under analysis, where a frame of another file is running."""
        at: Frame | None = frame
        while at is not None and at.caller is not None:
            if at.caller.module is self.project.module:
                return at.call
            at = at.caller
        return None

    # Objects.

    def new(self, obj: Obj, state: State, site: ast.AST, part: object = None) -> Address:
        """Make an object at ``site``."""
        key = (site, part) if part is not None else site
        address = self.addresses.of(key, self.frame.context, symbolic=False)
        if self._quiet:
            state.write(address, obj)
            return address
        return state.allocate(address, obj, self.addresses)

    def symbol(self, site: ast.AST, state: State, part: object = None) -> Address:
        """An object of which nothing is known, that ``site`` gives."""
        key = (site, part) if part is not None else site
        address = self.addresses.of(key, self.frame.context, symbolic=True)
        if self._quiet:
            return address
        return state.allocate(address, Thing(), self.addresses)

    def copied(self, values: Values, state: State, node: ast.AST, *, deep: bool) -> Values:
        """``copy.copy`` and ``copy.deepcopy``."""
        if not deep:
            return UNKNOWN
        result = NOTHING
        for value in values:
            if not isinstance(value, Address):
                result = join(result, (value,))
                continue
            reached = state.reachable((value,))
            if len(reached) > _MOST_COPIED:  # copies of copies would fill the memory
                result = join(result, UNKNOWN)
                continue
            new: dict[Address, Address] = {}
            for old in reached:
                fresh = self.addresses.of(
                    (node, old.serial), self.frame.context, many=old.many, symbolic=old.symbolic
                )
                new[old] = self.addresses.several(fresh) if fresh in state.heap else fresh
            renaming = Renaming(new)
            copies = {fresh: renaming.object(state.read(old)) for old, fresh in new.items()}
            for fresh, obj in copies.items():
                if isinstance(obj, Tensor):
                    obj = _own_storage(obj, new)
                state.write(fresh, obj)
            result = join(result, (new[value],))
        return result

    def class_attribute(self, address: Address, name: str, state: State, node: ast.AST) -> Values:
        """A special method, which Python looks up on the class; nothing where there is none."""
        obj = state.read(address)
        cls = obj.cls if isinstance(obj, Thing) else None
        if isinstance(cls, ProjectClass) and cls.find(name) is not None:
            return self._attributes.read(address, name, state, node)
        return NOTHING

    def truth_of_call(self, name: str, arguments: Arguments, state: State) -> bool | None:
        """What ``isinstance``, ``hasattr`` and their like say."""
        return self._conditions.of_call(name, arguments, state)

    # Lifetimes.

    def used(self, address: Address, state: State, node: ast.AST) -> None:
        """An optimizer, or a wrapper, is used."""
        self._lifetimes.used(address, state)

    def after_each(self, node: ast.AST, head: State, back: State | None, some: Values) -> State:
        """After a loop: what was done to each Parameter of a Module in turn, is done to all."""
        each = [
            v
            for v in some
            if isinstance(v, Address)
            and isinstance(obj := head.read(v), Tensor)
            and obj.owner is not None
        ]
        if back is None or not each or len(each) != len(some):
            return head
        after = head.copy()
        for address in each:
            after.write(address, back.read(address))
        return after

    # Definitions.

    def define(self, node: FunctionNode, state: State) -> Values:
        """What a ``def`` statement binds."""
        frame = self.frame
        frame.scope.is_closed_over = True
        function = Function(node, frame.module, None, frame.scope)
        if not node.decorator_list:
            return (function,)
        found = []
        for decorator in node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            callee = self.evaluate(target, state)
            if isinstance(decorator, ast.Call):
                with self.quietly():
                    self._expressions.arguments(decorator, state)
            found.append((decorator, callee))
        held = applied(function, found)
        if held == UNKNOWN and len(found) == 1 and not isinstance(node.decorator_list[0], ast.Call):
            return self.call_any(
                found[0][1], Arguments([(function,)]), state, node.decorator_list[0]
            )
        return held

    def function_of(
        self, module: Module, node: ast.AST, owner: ProjectClass | None,
        decorators: Sequence[ast.expr] | None = None,
    ) -> Values:  # fmt: skip
        """What a ``def`` statement binds, by what names of its file mean whatever the flow."""
        assert isinstance(node, FunctionNode)
        scope = owner.scope if owner is not None and owner.scope is not None else module.scope
        function = Function(node, module, owner, scope)
        wanted = node.decorator_list if decorators is None else decorators
        if not wanted:
            return (function,)
        found = []
        for decorator in wanted:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            found.append((decorator, self._static(module, target)))
        return applied(function, found)

    def _static(self, module: Module, node: ast.expr) -> Values:
        if isinstance(node, ast.Name) and not module.binds(node.id):
            held = module.lookup(node.id)
            return (Library(f"builtins.{node.id}"),) if held == UNKNOWN else held
        return self.project.resolved(module.static(node))

    def defined(self, module: Module, name: str) -> Values | None:
        """What a decorated function of a file's top level is; None for anything else."""
        binders = module.bindings.get(name, ())
        if len(binders) == 1 and isinstance(binders[0], FunctionNode):
            if binders[0].decorator_list:
                return self.function_of(module, binders[0], None)
        return None

    def define_class(self, node: ast.ClassDef, state: State) -> ProjectClass:
        """What a ``class`` statement binds."""
        frame = self.frame
        bases: list[Class | None] = []
        for base in node.bases:
            target = base.value if isinstance(base, ast.Subscript) else base
            bases.append(self.project.class_of_values(self.evaluate(target, state)))
        scope = None if frame.scope.is_module else frame.scope
        frame.scope.is_closed_over = True
        cls = frame.module.class_of(node, tuple(bases), scope)
        self._module_scopes.setdefault(frame.module.scope, frame.module)
        return cls

    def keeps_class(self, decorator: ast.expr, state: State) -> bool:
        """Whether a decorator leaves a class as it is."""
        name = decorator_name(decorator)
        return name in ("dataclass", "final", "runtime_checkable", "total_ordering")

    def defaults(self, function: Function, state: State) -> dict[str, Values]:
        """The defaults of parameters, as far as they are constants or names."""
        spec = function.node.args
        names = [*spec.posonlyargs, *spec.args]
        pairs = [
            *zip(names[len(names) - len(spec.defaults) :], spec.defaults, strict=True),
            *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
        ]
        found: dict[str, Values] = {}
        for parameter, default in pairs:
            if default is None:
                continue
            if isinstance(default, ast.Constant):
                found[parameter.arg] = (Constant(default.value),)
            else:
                held = self._static(function.module, default)
                found[parameter.arg] = held
        return found

    def module_of(self, scope: Scope) -> Module | None:
        """The file whose top level ``scope`` is."""
        known = self._module_scopes.get(scope)
        if known is None:
            for module in self.project.modules():
                self._module_scopes[module.scope] = module
            known = self._module_scopes.get(scope)
        return known

    def found(self, node: ast.AST, frame: Frame) -> None:
        """A function or class is defined, and is to be run for its own sake later."""
        if frame.caller is None and frame.module is self.project.module:
            if node not in self._seen and not self._silent and not self._quiet:
                self._seen.add(node)
                self._waiting.append((node, frame, None))

    def called(self, function: Function, mode: bool | str | None) -> None:
        """A function is called in a grad mode."""
        self._modes.setdefault(function.node, set()).add(mode)

    def is_called(self, frame: Frame) -> bool:
        """Whether it is seen, or known of itself, how an activation that was begun is called."""
        return frame.role not in (Role.FUNCTION, Role.METHOD) or bool(self._modes.get(frame.node))

    def mode_of(self, frame: Frame) -> bool | None:
        """The grad mode in which an activation that was begun for its own sake is called."""
        modes = self._modes.get(frame.node)
        if not modes or True in modes or INHERITED in modes:
            return True
        return False if modes == {False} else None

    def never_returns(self, node: ast.expr, held: Values) -> bool:
        """Whether a call ends the program."""
        return isinstance(node, ast.Call) and held == NOTHING

    # Running.

    def run_frame(self, frame: Frame, state: State) -> tuple[Values, State | None]:
        """Run the body of an activation; what it returns, and the state after it."""
        node = frame.node
        self._frames.append(frame)
        if isinstance(node, FunctionNode):
            frame.globals, frame.nonlocals = _declared(node)
        try:
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body, state), state
            body = node.body  # type: ignore[attr-defined]
            end = self.execute(body, state)
            values = NONE if end is not None else NOTHING
            for held, at in frame.returns:
                values = join(values, held)
                end = at if end is None else end.joined(at)
            self._names.ended(frame)
            return values, end
        finally:
            self._frames.pop()

    def run(self) -> None:
        """Run the whole file."""
        module = self.project.module
        self._module_scopes[module.scope] = module
        frame = Frame(module, module.tree, module.scope, Role.SCRIPT)
        definitions = None
        if self._relevance is not None and not self._relevance.of(module.tree):
            definitions = self._relevance.definitions()
        self._effort.begin_file(module.tree)
        if definitions is None:
            self._effort.allow(module.tree)
            if not self._is_run(module.tree, lambda: self._run_root(frame, State())):
                top = (n for n in module.tree.body if isinstance(n, FunctionNode | ast.ClassDef))
                self._waiting += [(n, frame, None) for n in top if n not in self._seen]
        else:
            self._waiting = [(node, frame, None) for node in definitions]
        while self._waiting:
            waiting = self._waiting.pop(0)
            self._is_run(waiting[0], partial(self._run_waiting, *waiting))

    def _is_run(self, node: ast.AST, run: Callable[[], object]) -> bool:
        """Run a piece of the file; if that fails, it costs no other piece."""
        self._effort.begin_piece()
        try:
            run()
        except Exception as error:
            if self._fail is None or isinstance(error, MemoryError):
                raise
            self._frames.clear()
            self._fail(node, error)
            return False
        return True

    def _run_root(self, frame: Frame, state: State) -> State | None:
        """Run an activation for its own sake, and tell what is known at its end."""
        waiting = len(self._waiting)
        values, end = self.run_frame(frame, state)
        if end is not None:
            self._frames.append(frame)
            left = list(values)
            if isinstance(frame.receiver, Address):
                left.append(frame.receiver)
            self._lifetimes.escaped(tuple(left), end)
            tell_held(self, frame, end)
            if getattr(frame.node, "name", "") == "__init__" and isinstance(
                frame.receiver, Address
            ):
                self.tell(Constructed(frame, end, frame.node, frame.receiver))
            self.tell(Ended(frame, end, frame.node))
            self._frames.pop()
            if not frame.scope.is_module:
                end = end.copy()
                end.scopes = {**end.scopes, frame.scope: end.names}
                self._waiting[waiting:] = [
                    (node, at, end if at is frame else state)
                    for node, at, state in self._waiting[waiting:]
                ]
        return end

    def _is_relevant(self, node: ast.AST) -> bool:
        return self._relevance is None or self._relevance.of(node)

    def _run_waiting(self, node: ast.AST, frame: Frame, state: State | None) -> None:
        if not self._is_relevant(node):
            return
        self._effort.allow(node)
        if isinstance(node, ast.ClassDef):
            self._run_class(frame.module.class_of(node), state)
        elif isinstance(node, FunctionNode):
            held = self.function_of(frame.module, node, None)
            function = Function(node, frame.module, None, frame.scope)
            self._run_function(function, held, state, Role.FUNCTION)

    def _run_function(
        self, function: Function, decorated: Values, before: State | None, role: Role,
        receiver: Value | None = None,
    ) -> State | None:  # fmt: skip
        """Run a function for its own sake: for any arguments that fit its annotations."""
        node = function.node
        assert isinstance(node, FunctionNode)
        scope = Scope(node, function.scope or function.module.scope)
        # What an earlier run of the same code made is not what this one makes.
        context = "before" if self._silent else None
        frame = Frame(function.module, node, scope, role, function.owner, receiver, context)
        state = before.copy() if before is not None else State()
        state.assumed, state.splits, state.replaced = {}, (), {}
        state.grad = INHERITED
        if decorated == UNKNOWN:
            state.grad = None
        elif isinstance(decorated[0], Function) and decorated[0].mode is not None:
            state.grad = decorated[0].mode.enabled
        self._frames.append(frame)
        state.names = self._parameters.of(function, state, receiver)
        self._frames.pop()
        return self._run_root(frame, state)

    # Classes.

    def begun(self, cls: ProjectClass, receiver: Address) -> State | None:
        """The state that ``__init__`` leaves for any arguments, told to nobody."""
        self._silent += 1
        left = self._effort.left
        try:
            self._effort.allow(cls.node, share=_LOOK)
            return self._constructed(cls, receiver, State())
        finally:
            self._effort.left = left
            self._silent -= 1

    def _constructed(self, cls: ProjectClass, receiver: Address, state: State) -> State | None:
        thing = Thing(
            cls, cls.is_module, is_open=cls.is_open, initialised=False if cls.is_module else None
        )
        state.write(receiver, thing)
        holder, init = cls.find("__init__") or (cls, None)
        if not isinstance(init, FunctionNode):
            torch_base = cls.torch_base
            opened = cls.is_open or (torch_base is not None and torch_base.entry.cases is None)
            fields: dict[str, Field] = {}
            if torch_base is not None:
                self.instance(torch_base, receiver, state)
                made = state.read(receiver)
                assert isinstance(made, Thing)
                fields = dict(made.fields)
            thing = Thing(cls, cls.is_module, fields, is_open=opened, initialised=True)
            state.write(receiver, thing)
            return state
        function = Function(init, holder.module, holder, cls.scope or holder.module.scope)
        decorated = self.function_of(holder.module, init, holder)
        end = self._run_function(function, decorated, state, Role.CONSTRUCTION, receiver)
        if end is not None:
            end = end.copy()
            end.names, end.scopes, end.assumed, end.splits = {}, _outer(state), {}, ()
            end.replaced = {}
        return end

    def run_method(
        self, holder: ProjectClass, node: FunctionNode, receiver: Address, state: State,
        cls: ProjectClass,
    ) -> State | None:  # fmt: skip
        """Run a method to know what it changes; told to nobody."""
        self._silent += 1
        left = self._effort.left
        try:
            self._effort.allow(node, share=_LOOK)
            return self._run_method(holder, node, receiver, state, cls)
        finally:
            self._effort.left = left
            self._silent -= 1

    def _run_method(
        self, holder: ProjectClass, node: FunctionNode, receiver: Address, state: State,
        cls: ProjectClass,
    ) -> State | None:  # fmt: skip
        names = {decorator_name(d) for d in node.decorator_list}
        plain = [
            d for d in node.decorator_list
            if decorator_name(d) not in ("staticmethod", "classmethod", "property", "setter",
                                         "getter", "deleter", "cached_property")
        ]  # fmt: skip
        decorated = self.function_of(holder.module, node, holder, plain)
        function = Function(node, holder.module, holder, holder.scope or holder.module.scope)
        bound: Value | None = receiver
        if "staticmethod" in names:
            bound = None
        elif "classmethod" in names or node.name in ("__new__", "__init_subclass__"):
            bound = ClassRef(cls)
        role = Role.STEP if node.name in STEPS else Role.METHOD
        return self._run_function(function, decorated, state, role, bound)

    def _run_class(self, cls: ProjectClass, outer: State | None) -> None:
        """Run the methods of a class, each for any object that the class may have made."""
        receiver = self.addresses.of((cls, "self"), symbolic=False)
        begun = outer.copy() if outer is not None else State()
        begun.names = {}
        own = [f for f in cls.functions if f.name == "__init__"]
        if own and cls.find("__init__") == (cls, own[-1]) and self._is_relevant(own[-1]):
            end = self._constructed(cls, receiver, begun)
            if outer is None:
                self._classes.begins(cls, receiver, end)
        functions = [f for f in cls.functions if f.name != "__init__" and self._is_relevant(f)]
        only = self.constructor_only(cls) if functions else frozenset()
        functions = [f for f in functions if f.name not in only]
        if functions:
            self._run_methods(cls, functions, receiver, outer)
        for statement in cls.node.body:
            if isinstance(statement, ast.ClassDef) and self._is_relevant(statement):
                self._run_class(cls.module.class_of(statement), outer)

    def _run_methods(
        self, cls: ProjectClass, functions: Sequence[FunctionNode], receiver: Address,
        outer: State | None,
    ) -> None:  # fmt: skip
        summary = self._classes.summary(cls)
        if summary is None:
            summary = Summary(receiver, State())
            summary.state.write(receiver, Thing(cls, cls.is_module))
        for function in functions:
            names = {decorator_name(d) for d in function.decorator_list}
            if names & {"abstractmethod", "overload"}:
                continue
            self._effort.allow(function)
            state = summary.state.copy()
            if outer is not None:
                state.scopes = {**state.scopes, **outer.scopes}
                for address, obj in outer.heap.items():
                    if address not in state.heap:
                        state.write(address, obj)
            self._run_method(cls, function, summary.receiver, state, cls)

    def constructor_only(self, cls: ProjectClass) -> frozenset[str]:
        """Methods that only ``__init__`` calls, as far as the file tells."""
        if cls not in self._only:
            self._only[cls] = self._called_by_init_only(cls)
        return self._only[cls]

    def _called_by_init_only(self, cls: ProjectClass) -> frozenset[str]:
        methods = {f.name: f for _, f in methods_of(cls)}
        init = methods.get("__init__")
        if init is None:
            return frozenset()
        called = {n for n in self.index.of(init).attributes if n in methods and n != "__init__"}
        while True:
            more = (
                {
                    n
                    for name in called
                    for n in self.index.of(methods[name]).attributes
                    if n in methods
                }
                - called
                - {"__init__"}
            )
            if not more:
                break
            called |= more
        if not called:
            return frozenset()
        everywhere = self.index.of(cls.module.tree).attributes
        inside: Counter[str] = Counter()
        for name in ("__init__", *called):
            inside += self.index.of(methods[name]).attributes
        only = {name for name in called if inside[name] >= everywhere[name]}
        while True:
            lost = {
                name for name in only
                if any(name in self.index.of(f).attributes for n, f in methods.items()
                       if n != "__init__" and n not in only)
            }  # fmt: skip
            if not lost:
                return frozenset(n for n in only if n not in STEPS)
            only -= lost


def _own_storage(obj: Tensor, new: dict[Address, Address]) -> Tensor:
    """A copied tensor, which shares storage only with other copies."""
    from dataclasses import replace

    if obj.base is not None and obj.base not in new.values():
        return replace(obj, base=None)
    return obj


def _outer(state: State) -> dict[Scope, dict[str, Values]]:
    return dict(state.scopes)


def _declared(node: FunctionNode) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a function declares global, and nonlocal."""
    found: tuple[set[str], set[str]] = (set(), set())
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Global):
            found[0].update(inner.names)
        elif isinstance(inner, ast.Nonlocal):
            found[1].update(inner.names)
        elif isinstance(inner, ast.stmt) and not isinstance(inner, FunctionNode | ast.ClassDef):
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                waiting.extend(getattr(inner, name, ()))
        elif isinstance(inner, ast.ExceptHandler | ast.match_case):
            waiting.extend(inner.body)
    return frozenset(found[0]), frozenset(found[1])
