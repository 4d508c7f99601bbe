"""Calls: what is entered, what is modelled, and what is unknown code."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Container, Generator, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Builtin,
    ClassRef,
    Function,
    GradMode,
    Library,
    Method,
    Partial,
    Plain,
    Scope,
    Super,
    Value,
    Values,
    constant,
    join,
    join_all,
)
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import Class, ExternalClass, ProjectClass, TorchClass
from flake8_paramassign.project.libraries import is_module_class, makes_module
from flake8_paramassign.semantics import contexts
from flake8_paramassign.semantics.effort import Effort
from flake8_paramassign.semantics.frames import Frame, Role
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import builtins, harmless, modules, optimizers
from flake8_paramassign.semantics.models.base import FUNCTIONS, METHODS, Call
from flake8_paramassign.semantics.models.tensors import Tensors, is_tensor_only, short_name
from flake8_paramassign.semantics.registry import owners

_DEEPEST = 8
"""How many calls deep the project's functions are entered."""
_MOST_ALTERNATIVES = 3
"""Of as many objects, whichever it is, each call is run; of more, it is unknown code."""
_ARRAYS = frozenset(
    """array zeros ones empty full arange linspace eye random.randn random.rand asarray ones_like
    zeros_like concatenate stack load random.normal random.uniform
    """.split()
)


class Calls:
    """Calls things for a machine."""

    def __init__(self, machine: Machine, tensors: Tensors, effort: Effort) -> None:
        """``effort`` bounds what is entered."""
        self._machine = machine
        self._tensors = tensors
        self._effort = effort
        self._yields: dict[ast.AST, bool] = {}
        self.alternatives = 0
        """In how many calls it is that may be of something else."""

    # Dispatch.

    def call_any(
        self, callees: Values, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """What calling one of ``callees`` gives, whichever it is."""
        self._tell_writes(callees, arguments, state, node)
        given = arguments.flat()
        self._machine.used_containers.update(v for v in given if isinstance(v, Address))
        if len(callees) == 1:
            return self.call(callees[0], arguments, state, node)
        if sum(self._changes_itself(value, state) for value in callees) > _MOST_ALTERNATIVES:
            state.havoc([*callees, *given])
            return (self._machine.symbol(node, state),)
        result = NOTHING
        ends: list[State] = []
        self.alternatives += 1
        for callee in callees:
            at = state.copy()
            result = join(result, self.call(callee, arguments, at, node))
            ends.append(at)
        self.alternatives -= 1
        if ends:
            end = ends[0]
            for other in ends[1:]:
                end = end.joined(other)
            state.become(end)
        return result

    def _changes_itself(self, value: Value, state: State) -> bool:
        """Whether calling ``value`` runs code of the project that may store in it."""
        obj = state.read(value) if isinstance(value, Address) else None
        cls = obj.cls if isinstance(obj, Thing) else None
        return isinstance(cls, ProjectClass) and self._machine.changes_itself(cls)

    def _tell_writes(
        self, callees: Values, arguments: Arguments, state: State, node: ast.expr
    ) -> None:
        """A method that writes in place is told once, for all tensors that it may be called on."""
        written = [v for v in callees if isinstance(v, Builtin) and _writes(v.name)]
        if not written or not isinstance(node, ast.Call):
            return
        receivers = tuple(v.receiver for v in written)
        things = [state.read(v) for v in receivers if isinstance(v, Address)]
        if not any(isinstance(obj, Tensor) for obj in things) and not any(
            isinstance(obj, Thing) and obj.cls is None and obj.is_module is not True
            for obj in things
        ):
            return
        if len(written) < len(callees):
            receivers = join(receivers, UNKNOWN)
        subject = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        name = written[0].name
        self._tensors.write(receivers, subject, f".{name}()", arguments.everything(), state, node)

    def call(self, callee: Value, arguments: Arguments, state: State, node: ast.expr) -> Values:
        """What calling ``callee`` gives; ``state`` becomes the state after it."""
        if isinstance(callee, Function):
            return self.enter(callee, arguments, state, node)
        if isinstance(callee, Method):
            return self.enter(callee.function, arguments, state, node, callee.receiver)
        if isinstance(callee, Library):
            return self._library(callee.name, arguments, state, node)
        if isinstance(callee, Builtin):
            return self._method(callee, arguments, state, node)
        if isinstance(callee, ClassRef):
            return self._class(callee.cls, arguments, state, node)
        if isinstance(callee, Partial):
            given = Arguments(
                [*callee.positional, *arguments.positional],
                {**dict(callee.named), **arguments.named},
                arguments.extra,
            )
            return self.call(callee.callee, given, state, node)
        if isinstance(callee, GradMode):
            return self._modelled(
                METHODS[str, "__call__"], "__call__", callee, arguments, state, node
            )
        if isinstance(callee, Address):
            return self._object(callee, arguments, state, node)
        return self.call_unknown(callee, arguments, state, node)

    def _modelled(
        self, model: object, name: str, receiver: Value | None, arguments: Arguments,
        state: State, node: ast.expr,
    ) -> Values:  # fmt: skip
        sure = not self.alternatives
        return model(Call(self._machine, name, receiver, arguments, state, node, sure))  # type: ignore[operator,no-any-return]

    def _class(self, cls: Class, arguments: Arguments, state: State, node: ast.expr) -> Values:
        if isinstance(cls, ProjectClass):
            return self._machine.construct(cls, arguments, state, node)
        return self._library(cls.name, arguments, state, node)

    # Library code.

    def _library(self, name: str, arguments: Arguments, state: State, node: ast.expr) -> Values:
        model = FUNCTIONS.get(name)
        if model is not None:
            return self._modelled(model, name, None, arguments, state, node)
        torch_class = TorchClass.named(name)
        if torch_class is not None:
            return modules.make(self._machine, torch_class, arguments, state, node)
        if catalogue.optimizer_class(name):
            return self._modelled(optimizers.make, name, None, arguments, state, node)
        if name.endswith(".__init__"):
            started = self._start(name.removesuffix(".__init__"), arguments, state, node)
            if started:
                return NONE
        unbound = self._unbound(name, arguments, state, node)
        if unbound is not None:
            return unbound
        result = catalogue.function(name)
        if result is not None and name.startswith("torch."):
            self._tell_function(name, result, arguments, state, node)
            return self._tensors.function(name, arguments, state, node)
        if name.startswith("numpy."):
            short = name.removeprefix("numpy.")
            return (Plain("numpy.ndarray"),) if short in _ARRAYS else UNKNOWN
        if name in ("sys.exit", "builtins.exit", "builtins.quit", "os._exit"):
            return NOTHING
        return self._foreign(name, arguments, state, node)

    def _foreign(self, name: str, arguments: Arguments, state: State, node: ast.expr) -> Values:
        """A function or class of which only the name is known."""
        short = name.rpartition(".")[2]
        is_module = makes_module(name) or is_module_class(name) is True
        is_class = (
            short[:1].isupper()
            or is_module_class(name) is not None
            or name in contexts.HARMLESS
            or name in contexts.SWALLOWING
        )
        if not harmless.is_harmless(name):
            state.havoc(arguments.flat())
        if is_module or is_class:
            cls = ExternalClass.named(name) if is_class else None
            declared = name in self._machine.project.module_bases
            if declared:
                cls = ExternalClass.named(name, declared_module=True)
            known = True if is_module or declared else (cls.is_module if cls else None)
            return (self._machine.new(Thing(cls, known, initialised=True), state, node),)
        return (self._machine.symbol(node, state),)

    def _tell_function(
        self, name: str, result: Result, arguments: Arguments, state: State, node: ast.expr
    ) -> None:
        """A function that writes its first argument: ``torch.nn.init.normal_``, ``torch.add_``."""
        if result is not Result.IN_PLACE and not name.startswith("torch.nn.init."):
            return
        given = arguments.get(0, "tensor", "input")
        if given and arguments.nodes:
            how = f"{short_name(name)}()"
            operands = arguments.after(1).everything()
            self._tensors.write(given, arguments.nodes[0], how, operands, state, node)

    def _unbound(
        self, name: str, arguments: Arguments, state: State, node: ast.expr
    ) -> Values | None:
        """A method that is called through its class: ``torch.Tensor.mul_(w, 2)``."""
        owner, _, method = name.rpartition(".")
        if not arguments.positional:
            return None
        if owner == "torch.Tensor" or TorchClass.named(owner) is not None:
            first, rest = arguments.positional[0], arguments.after(1)
            if owner == "torch.Tensor" and _writes(method) and arguments.nodes:
                self._tensors.write(
                    first, arguments.nodes[0], f".{method}()", rest.everything(), state, node
                )
            return join_all(
                self._method(Builtin(value, method), rest, state, node) for value in first
            )
        return None

    def _start(self, owner: str, arguments: Arguments, state: State, node: ast.expr) -> bool:
        """``nn.Module.__init__(self)``."""
        cls = TorchClass.named(owner)
        if cls is None or not arguments.positional:
            return False
        for value in arguments.positional[0]:
            if isinstance(value, Address) and isinstance(state.read(value), Thing):
                modules.initialise(self._machine, value, cls, arguments.after(1), state, node)
        return True

    # Methods and objects.

    def _method(
        self, callee: Builtin, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        receiver, name = callee.receiver, callee.name
        if isinstance(receiver, Super):
            return self._inherited(receiver, name, arguments, state, node)
        if isinstance(receiver, Builtin):
            return self._of_registry(receiver, name, arguments, state)
        if not isinstance(receiver, Address):
            model = METHODS.get((str, name))
            if model is not None:
                return self._modelled(model, name, receiver, arguments, state, node)
            return builtins.of_text(Call(self._machine, name, receiver, arguments, state, node))
        obj = state.read(receiver)
        if isinstance(obj, Thing) and obj.cls is None and obj.is_module is None:
            if is_tensor_only(name):
                if receiver.many:
                    return self._tensors.anything(node, state)
                # Only tensors have a method of that name.
                obj = Tensor(trainable=None, is_leaf=None)
                state.write(receiver, obj)
        if isinstance(obj, Tensor):
            return self._tensors.method(receiver, obj, name, arguments, state, node)
        model = METHODS.get((type(obj), name))
        if model is not None:
            return self._modelled(model, name, receiver, arguments, state, node)
        if name in harmless.METHODS:
            return (self._machine.symbol(node, state),)
        return self.call_unknown(callee, arguments, state, node)

    def _of_registry(
        self, registry: Builtin, name: str, arguments: Arguments, state: State
    ) -> Values:
        """``m._parameters.pop("weight")``, ``vars(m).update(...)``."""
        if name == "pop" and arguments.positional:
            key = constant(arguments.positional[0])
            self._machine.delete_attribute(
                (registry.receiver,), key if isinstance(key, str) else None, state
            )
        elif name not in ("keys", "items", "values", "get", "copy", "__contains__"):
            state.havoc([registry.receiver])
        return UNKNOWN

    def _inherited(
        self, above: Super, name: str, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """``super().name(...)`` where no class of the project has it."""
        receiver = above.receiver
        if isinstance(receiver, Address):
            obj = state.read(receiver)
            cls = obj.cls if isinstance(obj, Thing) else None
            ancestry = cls.ancestry if cls is not None else ()
            rest = ancestry[ancestry.index(above.cls) + 1 :] if above.cls in ancestry else ()
            base = next((a for a in rest if not isinstance(a, ProjectClass)), None)
            if name == "__init__" and isinstance(obj, Thing):
                if isinstance(base, TorchClass):
                    modules.initialise(self._machine, receiver, base, arguments, state, node)
                else:
                    state.havoc(arguments.flat())
                    opened = base is not None and not base.name.startswith("builtins.")
                    obj = state.read(receiver)
                    assert isinstance(obj, Thing)
                    opened = opened or (base is None and obj.cls is not None and _is_open(obj.cls))
                    state.write(
                        receiver,
                        replace(
                            obj,
                            initialised=True if opened else obj.initialised,
                            is_open=obj.is_open or opened,
                        )
                    )  # fmt: skip
                return NONE
            if name in harmless.SELF_METHODS:
                return (self._machine.symbol(node, state),)
            if (Thing, name) in METHODS and (isinstance(base, TorchClass) or base is None):
                return self._method(Builtin(receiver, name), arguments, state, node)
            if name in (
                "forward",
                "extra_repr",
                "__repr__",
                "reset_parameters",
                "__init_subclass__",
            ):
                return (self._machine.symbol(node, state),)
        return self.call_unknown(Builtin(receiver, name), arguments, state, node)

    def _object(
        self, callee: Address, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """An object is called: a Module runs its ``forward``."""
        obj = state.read(callee)
        if isinstance(obj, Thing):
            cls = obj.cls
            if isinstance(cls, ProjectClass):
                if cls.find("__call__") is not None:
                    methods = self._machine.attribute(callee, "__call__", state, node)
                    return self.call_any(methods, arguments, state, node)
                if obj.is_module and self._machine.changes_itself(cls):
                    methods = self._machine.attribute(callee, "forward", state, node)
                    return self.call_any(methods, arguments, state, node)
                if obj.is_module:
                    return (self._machine.symbol(node, state),)
            if isinstance(cls, TorchClass):
                if cls.is_a(*_GIVE_MORE):
                    return (self._machine.symbol(node, state),)
                weight = obj.fields.get("weight") if cls.is_a("torch.nn.Embedding") else None
                if weight is not None and len(weight.values) == 1:
                    table = (
                        state.read(weight.values[0])
                        if isinstance(weight.values[0], Address)
                        else None
                    )
                    if isinstance(table, Tensor) and isinstance(weight.values[0], Address):
                        return self._tensors.derived(
                            weight.values[0], table, node, state, "()", dtype=table.dtype,
                            integer=table.integer,
                        )  # fmt: skip
                return self._tensors.anything(node, state)
            if obj.is_module:
                return (self._machine.symbol(node, state),)
        return self.call_unknown(callee, arguments, state, node)

    def call_unknown(
        self, callee: Value | None, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """Code that is not known runs, with all that it is given in its hands."""
        reached = arguments.flat()
        for value in [*reached, *([callee] if callee is not None else [])]:
            reached += self._captured(value, state)
        name = ""
        if isinstance(callee, Builtin):
            reached.append(callee.receiver)
            name = callee.name
        elif isinstance(callee, Address):
            site = callee.site
            name = site[1] if isinstance(site, tuple) and isinstance(site[1], str) else ""
            owner = next(owners(callee), None)
            if owner is not None and not isinstance(state.heap.get(callee), Thing):
                reached.append(owner)
            reached.append(callee)
        elif callee is not None:
            reached.append(callee)
        if name in harmless.METHODS or name in harmless.SELF_METHODS:
            return (self._machine.symbol(node, state),)
        state.havoc(reached)
        return (self._machine.symbol(node, state),)

    def _captured(self, value: Value, state: State) -> list[Value]:
        """What a function gets at by the names of variables around it, now or whenever it runs."""
        function = value.function if isinstance(value, Method) else value
        if not isinstance(function, Function) or function.scope is None:
            return []
        self._machine.called(function, None)  # in whichever grad mode
        running = function.scope is self._machine.frame.scope
        variables = state.names if running else state.scopes.get(function.scope, {})
        return [
            held
            for name in self._machine.index.of(function.node).names
            for held in variables.get(name, NOTHING)
            if isinstance(held, Address)
        ]

    # Functions of the project.

    def enter(
        self, function: Function, arguments: Arguments, state: State, node: ast.expr,
        receiver: Value | None = None,
    ) -> Values:  # fmt: skip
        """Run a function of the project; a generator function gives a generator."""
        if self.yields(function.node) or isinstance(function.node, ast.AsyncFunctionDef):
            given = (
                [(receiver,), *arguments.positional]
                if receiver is not None
                else arguments.positional
            )
            if arguments.extra:
                return self.call_unknown(function, arguments, state, node)
            made = Generator(function, tuple(given), tuple(arguments.named.items()))
            return (self._machine.new(made, state, node),)
        return self.run(function, arguments, state, node, receiver)

    def run(
        self, function: Function, arguments: Arguments, state: State, node: ast.expr,
        receiver: Value | None = None, frame_out: list[Frame] | None = None,
    ) -> Values:  # fmt: skip
        """Run the body of a function."""
        caller = self._machine.frame
        depth, at = 0, caller
        while at is not None:
            if at.node is function.node:
                depth = _DEEPEST
                break
            depth += 1
            at = at.caller  # type: ignore[assignment]
        if depth >= _DEEPEST or self._machine.is_quiet or not self._effort.suffices(function.node):
            return self._not_entered(function, arguments, state, node, receiver)
        names = self.bound(function, arguments, receiver, state, node)
        scope = Scope(function.node, function.scope or function.module.scope)
        frame = Frame(
            function.module, function.node, scope, _role(function, caller), function.owner,
            receiver if receiver is not None else self._first(function, arguments),
            context=(node, caller.context), caller=caller, call=node, entry=caller.root,
        )  # fmt: skip
        if frame_out is not None:
            frame_out.append(frame)
        before = state.copy()
        state.enter(caller.scope, names)
        mode = state.grad
        if function.mode is not None:
            state.grad = function.mode.enabled
        self._machine.called(function, state.grad)
        values, end = self._machine.run_frame(frame, state)
        if end is None:
            state.leave(caller.scope, None)
            return NOTHING
        state.become(end)
        state.leave(caller.scope, scope if scope.is_closed_over else None)
        if not frame.yields:
            state.collect(before, values)
        if function.mode is not None:
            state.grad = mode
        return values

    def _not_entered(
        self, function: Function, arguments: Arguments, state: State, node: ast.expr,
        receiver: Value | None,
    ) -> Values:  # fmt: skip
        """A function runs that is not looked into: what it may change is unknown."""
        if receiver is None:
            return self.call_unknown(function, arguments, state, node)
        obj = state.read(receiver) if isinstance(receiver, Address) else None
        cls = obj.cls if isinstance(obj, Thing) else None
        stored = self._machine.stored_by(function, cls)
        if stored is None or self._machine.is_quiet:
            return self.call_unknown(function, arguments.behind((receiver,)), state, node)
        state.weaken((receiver,), stored)
        state.havoc(v for v in arguments.flat() if v is not receiver)
        return (self._machine.symbol(node, state),)

    @staticmethod
    def _first(function: Function, arguments: Arguments) -> Value | None:
        """What an unbound method is called with as its ``self``."""
        if function.owner is None or not arguments.positional:
            return None
        first = arguments.positional[0]
        return first[0] if len(first) == 1 else None

    def bound(
        self, function: Function, arguments: Arguments, receiver: Value | None, state: State,
        node: ast.AST,
    ) -> dict[str, Values]:  # fmt: skip
        """What the parameters of a function hold in a call."""
        spec = function.node.args
        names = [*spec.posonlyargs, *spec.args]
        defaults = self._machine.defaults(function)
        given = list(arguments.positional)
        if receiver is not None:
            given.insert(0, (receiver,))
        bound: dict[str, Values] = {}
        for parameter, values in zip(names, given, strict=False):
            bound[parameter.arg] = values
        spare = given[len(names) :]
        known = {p.arg for p in (*names, *spec.kwonlyargs)}
        others: dict[Hashable, Values] = {}
        for name, values in arguments.named.items():
            if name in known:
                bound[name] = values
            else:
                others[name] = values
        for parameter in (*names, *spec.kwonlyargs):
            if parameter.arg not in bound:
                held = arguments.extra
                if held and parameter in spec.kwonlyargs:
                    held = UNKNOWN  # ``*args`` give it nothing, and ``**kwargs`` are in there, too
                if not held or parameter.arg in defaults:
                    held = join(held, defaults.get(parameter.arg, NOTHING))
                bound[parameter.arg] = held or UNKNOWN
        if spec.vararg is not None:
            rest = Container("tuple", dict(enumerate(spare)), arguments.extra, not arguments.extra)
            bound[spec.vararg.arg] = (self._machine.new(rest, state, node, "args"),)
        if spec.kwarg is not None:
            keywords = Container("dict", others, arguments.extra, not arguments.extra)
            bound[spec.kwarg.arg] = (self._machine.new(keywords, state, node, "kwargs"),)
        return bound

    def yields(self, node: ast.AST) -> bool:
        """Whether a function is a generator function."""
        known = self._yields.get(node)
        if known is None:
            body = getattr(node, "body", [])
            known = any(
                isinstance(inner, ast.Yield | ast.YieldFrom)
                for inner in _own_nodes(body if isinstance(body, list) else [body])
            )
            self._yields[node] = known
        return known

    def run_generator(
        self, obj: Generator, state: State, node: ast.expr
    ) -> list[tuple[Values, State]]:
        """Run a generator to its end at once; what it yields, and in which states."""
        function = obj.function
        frames: list[Frame] = []
        if not isinstance(function, Function):
            return []
        given = Arguments(list(obj.positional), dict(obj.named))
        is_method = function.owner is not None and bool(obj.positional)
        receiver = obj.positional[0][0] if is_method and len(obj.positional[0]) == 1 else None
        if receiver is not None:
            given = given.after(1)
        self.run(function, given, state, node, receiver, frames)
        return frames[0].yields if frames else []

    def awaited(self, value: Value, state: State, node: ast.expr) -> Values:
        """What ``await value`` gives."""
        obj = state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Generator) and isinstance(obj.function, Function):
            if isinstance(obj.function.node, ast.AsyncFunctionDef):
                given = Arguments(list(obj.positional), dict(obj.named))
                receiver = None
                if obj.function.owner is not None and obj.positional:
                    (receiver, *_), given = obj.positional[0], given.after(1)
                return self.run(obj.function, given, state, node, receiver)
        return UNKNOWN if obj is None else self.call_unknown(value, Arguments(), state, node)


_GIVE_MORE = (
    "torch.nn.RNNBase", "torch.nn.MultiheadAttention", "torch.nn.LSTMCell", "torch.nn.Sequential",
    "torch.nn.ModuleList", "torch.nn.ModuleDict", "torch.nn.ParameterList", "torch.nn.Identity",
    "torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel",
)  # fmt: skip
"""Modules that give something else than one tensor, or what they are given."""


def _writes(name: str) -> bool:
    return catalogue.method(name) is Result.IN_PLACE and name != "requires_grad_"


def _is_open(cls: Class) -> bool:
    return isinstance(cls, ProjectClass) and cls.is_open


def _role(function: Function, caller: Frame) -> Role:
    """What a function that is called is for: what its caller is for, but in a constructor."""
    if getattr(function.node, "name", "") == "__init__":
        return Role.CONSTRUCTION
    return caller.role


def _own_nodes(body: list[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a function's body, but not those of functions inside it."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))
