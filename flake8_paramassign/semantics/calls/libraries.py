"""Calls of functions and classes of libraries, by their full names.

A model knows best; then the catalogue, which knows torch; of the rest, only the name is known.
"""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Builtin,
    Plain,
    Values,
    join_all,
)
from flake8_paramassign.project.classes import ExternalClass, TorchClass
from flake8_paramassign.project.libraries import is_module_class, makes_module
from flake8_paramassign.semantics import contexts
from flake8_paramassign.semantics.calls.modelled import Modelled
from flake8_paramassign.semantics.calls.objects import ObjectCalls
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import harmless, optimizers
from flake8_paramassign.semantics.models.base import FUNCTIONS
from flake8_paramassign.semantics.models.modules import constructors
from flake8_paramassign.semantics.models.tensors import functions, writing
from flake8_paramassign.semantics.models.tensors.functions import short_name
from flake8_paramassign.semantics.models.tensors.writing import writes_in_place

_ARRAYS = frozenset(
    """array zeros ones empty full arange linspace eye random.randn random.rand asarray ones_like
    zeros_like concatenate stack load random.normal random.uniform
    """.split()
)


class LibraryCalls:
    """Calls library code for a machine."""

    def __init__(self, machine: Machine, objects: ObjectCalls, modelled: Modelled) -> None:
        """``objects`` calls methods, for those that are called through their class."""
        self._machine = machine
        self._objects = objects
        self._modelled = modelled

    def call(self, name: str, arguments: Arguments, state: State, node: ast.expr) -> Values:
        """What calling the function or class called ``name`` gives."""
        model = FUNCTIONS.get(name)
        if model is not None:
            return self._modelled(model, name, None, arguments, state, node)
        torch_class = TorchClass.named(name)
        if torch_class is not None:
            return constructors.make(self._machine, torch_class, arguments, state, node)
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
            return functions.function(self._machine, name, arguments, state, node)
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
            of = name.removesuffix(".from_pretrained").removesuffix(".from_config")
            declared = name in self._machine.project.module_bases or (
                makes_module(name) and is_module_class(of) is None  # a function, not a class
            )
            cls = ExternalClass.named(of, declared_module=declared)
            made = Thing(cls, cls.is_module, initialised=True)
            return (self._machine.new(made, state, node),)
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
            writing.write(self._machine, given, arguments.nodes[0], how, operands, state, node)

    def _unbound(
        self, name: str, arguments: Arguments, state: State, node: ast.expr
    ) -> Values | None:
        """A method that is called through its class: ``torch.Tensor.mul_(w, 2)``."""
        owner, _, method = name.rpartition(".")
        if not arguments.positional:
            return None
        if owner == "torch.Tensor" or TorchClass.named(owner) is not None:
            first, rest = arguments.positional[0], arguments.after(1)
            if owner == "torch.Tensor" and writes_in_place(method) and arguments.nodes:
                writing.write(
                    self._machine,
                    first,
                    arguments.nodes[0],
                    f".{method}()",
                    rest.everything(),
                    state,
                    node,
                )
            return join_all(
                self._objects.method(Builtin(value, method), rest, state, node) for value in first
            )
        return None

    def _start(self, owner: str, arguments: Arguments, state: State, node: ast.expr) -> bool:
        """``nn.Module.__init__(self)``."""
        cls = TorchClass.named(owner)
        if cls is None or not arguments.positional:
            return False
        for value in arguments.positional[0]:
            if isinstance(value, Address) and isinstance(state.read(value), Thing):
                constructors.initialise(self._machine, value, cls, arguments.after(1), state, node)
        return True
