"""Runs the functions, classes and top level of one file."""

from __future__ import annotations

import ast

from flake8_paramassign.inference.classes import (
    Class,
    Deferred,
    ExternalClass,
    ProjectClass,
    TorchClass,
)
from flake8_paramassign.inference.events import Frame, Listener, Role
from flake8_paramassign.inference.lexical import Lexical
from flake8_paramassign.inference.module import Module, decorator_name
from flake8_paramassign.inference.objects import the_instance
from flake8_paramassign.inference.state import (
    EVERY,
    INITIALISED,
    ITEMS,
    UNKNOWN_SLOT,
    State,
)
from flake8_paramassign.inference.statements import GRAD
from flake8_paramassign.inference.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Arguments,
    ClassValue,
    Constant,
    Container,
    External,
    Function,
    Instance,
    Opaque,
    Optimizer,
    Parameter,
    Tensor,
    Values,
    all_of,
    only,
    union,
)
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.source import Source

_DEEPEST = 8
"""How many calls deep the project's functions are entered."""
_MATTERS = (Parameter, Tensor, Instance, Optimizer, Function, ClassValue)


class Interpreter(Lexical):
    """The whole interpreter, for one file."""

    def __init__(self, module: Module, source: Source, listener: Listener) -> None:
        """``source`` is the text of ``module``."""
        super().__init__(module.project, listener)
        self.module = module
        self.source = source
        self.fillings = {}
        self.holdings = {}
        self.replacements = {}
        self.mended = set()
        self.closures = {}
        self.made_before = set()
        self._summaries: dict[ast.AST, Values] = {}
        self._told: set[ast.AST] = set()
        """Methods that were run as a part of ``__init__``: nowhere else is told what they do."""

    # Entering functions.

    def enter(self, function: Function, arguments: Arguments, state: State, node: ast.Call,
              receiver: Instance | None = None) -> Values:  # fmt: skip
        """Run a function of the project; ``state`` becomes the state after it."""
        unknown = only(Opaque(node, f"{getattr(function.node, 'name', 'lambda')}(...)"))
        if any(frame.node is function.node for frame in self.frames):
            return unknown
        caller = self.frame
        constructing = caller.role is Role.CONSTRUCTION and receiver == caller.receiver
        told = constructing and receiver is not None and function.owner is receiver.cls
        if len(self.frames) > _DEEPEST or not (
            self.effort.suffices(function.node) or (told and function.node not in self._told)
        ):
            self._leave_out(receiver, arguments, state)
            return unknown
        if isinstance(function.node, ast.Lambda):
            return UNKNOWN
        if isinstance(function.node, ast.AsyncFunctionDef):
            return unknown
        if receiver is None and not self._matters(arguments, state):
            return unknown if self._is_discarded(node) else self._summary(function) or unknown
        if told:
            self._told.add(function.node)
        frame = Frame(
            function.module,
            function.node,
            Role.CONSTRUCTION if constructing else Role.FUNCTION,
            function.owner,
            receiver,
            self._closure(function.node),
            silent=caller.silent or not told,
        )
        inner = State(
            self._bound_arguments(function.node, arguments, receiver),
            state.cells,
            state.slots,
            self._entry_grad(function.node, state),
        )
        values, after = self._run(frame, function.node.body, inner)
        if after is not None:
            state.cells, state.slots = after.cells, after.slots
        if _says_parameter(function.node.returns):
            values = frozenset(v for v in values if not isinstance(v, Tensor))
        return values or unknown

    def _leave_out(self, receiver: Instance | None, arguments: Arguments, state: State) -> None:
        """A function is not entered that could change any Module, or register any Parameter."""
        for value in {receiver, *all_of(arguments)}:
            if isinstance(value, Parameter):
                held = value, "anywhere"
                state.cells[held], state.slots[held] = only(value), UNKNOWN_SLOT
            elif value is not None and self.is_module(value):
                self.forget(value, state)

    def _is_discarded(self, call: ast.Call) -> bool:
        """Whether nothing is done with what a call returns."""
        statement = self.frame.statement
        return isinstance(statement, ast.Expr) and statement.value is call

    def _matters(self, arguments: Arguments, state: State) -> bool:
        """Whether a function may do something with what it is given: a Module, a Parameter."""
        for values in (*arguments[0], *arguments[1].values()):
            for value in values:
                if isinstance(value, Container):
                    inner = state.cells.get((value, ITEMS), NOTHING)
                    if any(isinstance(v, _MATTERS) for v in inner):
                        return True
                elif isinstance(value, _MATTERS):
                    return True
        return False

    def _summary(self, function: Function) -> Values:
        """What a function returns for arguments that are not known, found out once."""
        node = function.node
        assert isinstance(node, ast.FunctionDef)
        known = self._summaries.get(node)
        if known is None:
            self._summaries[node] = UNKNOWN
            frame = Frame(function.module, node, Role.FUNCTION, silent=True)
            state = State(self._any_arguments(node, None))
            state.grad = None
            values, after = self._run(frame, node.body, state)
            known = frozenset(v for v in values if not isinstance(v, Opaque)) or UNKNOWN
            if len(known) < len(values):
                known = union(known, UNKNOWN)
            self._summaries[node] = known
            self._carry(known, after)
        return known

    def _carry(self, values: Values, after: State | None) -> None:
        """Remember the items of containers that a summary returns."""
        for value in values:
            if isinstance(value, Container | Instance) and after is not None:
                items = after.cells.get((value, ITEMS))
                if items is not None:
                    self.made_elsewhere[value, ITEMS] = items

    def _run(self, frame: Frame, body: list[ast.stmt], state: State) -> tuple[Values, State | None]:
        """What a function returns, and the state after it."""
        self.frames.append(frame)
        end = self.execute(body, state)
        self.frames.pop()
        if frame.yields:
            # A generator runs when it is iterated; `with` binds what a context manager yields.
            return (frame.yields if _is_context_manager(frame.node) else UNKNOWN), end
        values = NONE if end is not None else NOTHING
        for returned, at_return in frame.returns:
            values = union(values, returned)
            end = self.join(end, at_return)
        return values, end

    def _closure(self, node: ast.AST) -> dict[str, Values]:
        return self.closures.get(node, {})

    def _entry_grad(self, node: ast.AST, state: State) -> bool | None:
        for decorator in getattr(node, "decorator_list", ()):
            mode = self.grad_mode(decorator, state)
            if mode is not None:
                return GRAD[mode]
        return state.grad

    def _bound_arguments(
        self, node: FunctionNode, arguments: Arguments, receiver: Instance | None
    ) -> dict[str, Values]:
        positional, named = arguments
        names = [*node.args.posonlyargs, *node.args.args]
        bound = self._defaults(node)
        given = list(positional)
        if receiver is not None and names:
            bound[names.pop(0).arg] = only(receiver)
        for parameter, values in zip(names, given, strict=False):
            bound[parameter.arg] = values
        for name, values in named.items():
            bound[name] = values
        for parameter in (*names, *node.args.kwonlyargs):
            if parameter.arg not in bound:
                bound[parameter.arg] = only(Opaque(parameter, parameter.arg))
        for rest in (node.args.vararg, node.args.kwarg):
            if rest is not None:
                bound[rest.arg] = only(Opaque(rest, rest.arg))
        return bound

    @staticmethod
    def _defaults(node: FunctionNode) -> dict[str, Values]:
        """The constant defaults of parameters."""
        names = [*node.args.posonlyargs, *node.args.args]
        pairs = [
            *zip(names[len(names) - len(node.args.defaults) :], node.args.defaults, strict=True),
            *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
        ]
        return {
            parameter.arg: only(Constant(default.value))
            for parameter, default in pairs
            if isinstance(default, ast.Constant)
        }

    # Entry points.

    def run_function(
        self,
        node: FunctionNode,
        owner: ProjectClass | None = None,
        closure: dict[str, Values] | None = None,
    ) -> None:
        """Analyse a function for any arguments: each is what its annotation says."""
        self._begin()
        receiver = None
        role = Role.FUNCTION
        decorators = {decorator_name(d) for d in node.decorator_list}
        if owner is not None and "staticmethod" not in decorators:
            role = self.role(node, owner)
            receiver = the_instance(owner) if "classmethod" not in decorators else None
        frame = Frame(self.module, node, role, owner, receiver, closure or {})
        self.frames.append(frame)
        state = State(self._any_arguments(node, receiver))
        if owner is not None and "classmethod" in decorators and node.args.args:
            state.locals[node.args.args[0].arg] = only(ClassValue(owner))
        state.grad = self._entry_grad(node, state)
        self.frames.pop()
        _, after = self._run(frame, node.body, state)
        self.tell_held(frame, after)
        self.tell_replaced(receiver, after)
        self._run_inner(frame, after)

    def _run_inner(self, frame: Frame, after: State | None) -> None:
        """Analyse functions and classes defined in the one that has just been run."""
        for inner in dict.fromkeys(frame.inner):
            if isinstance(inner, ast.ClassDef):
                cls = self.module.class_of(inner)
                self.run_class(cls, set(cls.functions))
            else:
                names = {**self.closures.get(inner, {}), **(after.locals if after else {})}
                self.run_function(inner, None, names)

    def _any_arguments(self, node: FunctionNode, receiver: Instance | None) -> dict[str, Values]:
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bound: dict[str, Values] = {}
        for rest in (node.args.vararg, node.args.kwarg):
            if rest is not None:
                bound[rest.arg] = only(Opaque(rest, rest.arg))
        for index, parameter in enumerate(parameters):
            if index == 0 and receiver is not None:
                bound[parameter.arg] = only(receiver)
            else:
                bound[parameter.arg] = self._annotated_as(parameter)
        return bound

    def _annotated_as(self, parameter: ast.arg) -> Values:
        anything = Opaque(parameter, parameter.arg)
        annotation = parameter.annotation
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value, mode="eval").body
            except SyntaxError:
                annotation = None
        if not isinstance(annotation, ast.Name | ast.Attribute):
            return only(anything)
        meaning = self.module.static(annotation)
        if len(meaning) != 1:
            return only(anything)
        (value,) = meaning
        cls: Class | None = None
        if isinstance(value, External):
            if value.name in ("torch.nn.Parameter", "torch.nn.parameter.Parameter"):
                return only(Parameter((parameter, "annotated"), None))
            if self.project.owns(value.name):
                return only(Instance(Deferred(value.name, self.project), parameter))
            cls = self.project.class_named(value.name)
        elif isinstance(value, ClassValue):
            cls = value.cls
        if isinstance(cls, TorchClass) and cls.name == "torch.nn.Module":
            return only(Opaque(parameter, parameter.arg, True))
        if isinstance(cls, TorchClass | ProjectClass):
            return only(Instance(cls, parameter))
        if isinstance(cls, ExternalClass):
            return only(Opaque(parameter, parameter.arg, cls.is_module))
        return only(anything)

    def run_top_level(self) -> None:
        """Analyse the statements of the file itself."""
        self._begin()
        frame = Frame(self.module, self.module.tree, Role.SCRIPT)
        self._run(frame, self.module.tree.body, State())

    def _begin(self) -> None:
        self.fillings = {}
        self.holdings = {}
        self.replacements = {}
        self.mended = set()

    # Classes.

    def constructed(self, cls: ProjectClass) -> State | None:
        """The state after ``__init__`` of the object that stands for ``self``."""
        if cls in self.summaries:
            return self.summaries[cls]
        self.summaries[cls] = None
        outer = self.fillings, self.holdings, self.replacements, self.mended
        asking, self.frames = self.frames, []  # What is wrong there is not wrong where it is asked.
        self._begin()
        self.summaries[cls] = self._constructed(cls)
        self.fillings, self.holdings, self.replacements, self.mended = outer
        self.frames = asking
        return self.summaries[cls]

    def _constructed(self, cls: ProjectClass) -> State | None:
        receiver = the_instance(cls)
        found = cls.find("__init__")
        state = State(cells={(receiver, INITIALISED): only(Constant(False))})
        foreign = found is not None and found[0].module is not self.module
        if found and foreign and not self.effort.suffices_to_construct(found[1]):
            state.slots[receiver, EVERY] = UNKNOWN_SLOT
            return state
        if found is None or not isinstance(found[1], ast.FunctionDef):
            for ancestor in cls.ancestry:
                if isinstance(ancestor, TorchClass):
                    self.initialise_torch_base(receiver, ancestor, state)
                    return state
            state.slots[receiver, EVERY] = UNKNOWN_SLOT
            return state
        holder, node = found
        assert isinstance(node, ast.FunctionDef)
        foreign = holder is not cls or cls.module is not self.module
        frame = Frame(holder.module, node, Role.CONSTRUCTION, holder, receiver, silent=foreign)
        self.under_construction.add(receiver)
        self.frames.append(frame)
        state.locals = self._any_arguments(node, receiver)
        self.frames.pop()
        _, after = self._run(frame, node.body, state)
        self.tell_held(frame, after)
        self.tell_replaced(receiver, after)
        if after is not None and not foreign:
            self.listener.finished(receiver, after)
        self.under_construction.discard(receiver)
        return after

    def run_class(self, cls: ProjectClass, wanted: set[FunctionNode]) -> None:
        """Analyse the ``wanted`` methods of a class; ``__init__`` and what it calls come first."""
        self.constructed(cls)
        once = self.constructor_only(cls)
        for function in cls.functions:
            if function.name not in once and function in wanted and not _is_abstract(function):
                self.run_function(function, cls)


def _says_parameter(annotation: ast.expr | None) -> bool:
    """Whether a function says that it returns a Parameter, whatever is seen of how."""
    return annotation is not None and "Parameter" in ast.unparse(annotation)


def _is_context_manager(node: ast.AST) -> bool:
    """Whether ``with f() as x`` binds what the generator ``f`` yields."""
    decorators = getattr(node, "decorator_list", ())
    return any(decorator_name(d) == "contextmanager" for d in decorators)


def _is_abstract(node: FunctionNode) -> bool:
    return any(decorator_name(d) in ("abstractmethod", "overload") for d in node.decorator_list)
