"""What ``def`` and ``class`` bind: where the flow comes by them, and where it does not.

Inside a function, a decorator is what it evaluates to there; for code that is looked up from
elsewhere, a method of a class, it is what the names of its file mean whatever the flow.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Constant,
    Function,
    Library,
    Values,
)
from flake8_paramassign.nodes import FunctionNode, defaults_of
from flake8_paramassign.project.classes import Class, ProjectClass
from flake8_paramassign.project.decorators import applied
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.expressions.arguments import passed
from flake8_paramassign.semantics.machine import Arguments, Machine


class Definitions:
    """Makes functions and classes for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` evaluates bases and decorators."""
        self._machine = machine
        module = machine.project.module
        self._module_scopes: dict[Scope, Module] = {module.scope: module}

    def define(self, node: FunctionNode, state: State) -> Values:
        """What a ``def`` statement binds."""
        frame = self._machine.frame
        frame.scope.is_closed_over = True
        for default in defaults_of(node.args):
            self._machine.evaluate(default, state)
        function = Function(node, frame.module, None, frame.scope)
        if not node.decorator_list:
            return (function,)
        found = []
        for decorator in node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            callee = self._machine.evaluate(target, state)
            if isinstance(decorator, ast.Call):
                with self._machine.quietly():
                    passed(self._machine, decorator, state)
            found.append((decorator, callee))
        held = applied(function, found)
        if held == UNKNOWN and len(found) == 1 and not isinstance(node.decorator_list[0], ast.Call):
            return self._machine.call_any(
                found[0][1], Arguments([(function,)]), state, node.decorator_list[0]
            )
        return held

    def define_class(self, node: ast.ClassDef, state: State) -> ProjectClass:
        """What a ``class`` statement binds."""
        frame = self._machine.frame
        bases: list[Class | None] = []
        for base in node.bases:
            target = base.value if isinstance(base, ast.Subscript) else base
            bases.append(
                self._machine.project.class_of_values(self._machine.evaluate(target, state))
            )
        scope = None if frame.scope.is_module else frame.scope
        frame.scope.is_closed_over = True
        cls = frame.module.class_of(node, tuple(bases), scope)
        self._module_scopes.setdefault(frame.module.scope, frame.module)
        return cls

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

    def defined(self, module: Module, name: str) -> Values | None:
        """What a decorated function of a file's top level is; None for anything else."""
        binders = module.bindings.get(name, ())
        if len(binders) == 1 and isinstance(binders[0], FunctionNode):
            if binders[0].decorator_list:
                return self.function_of(module, binders[0], None)
        return None

    def _static(self, module: Module, node: ast.expr) -> Values:
        if isinstance(node, ast.Name) and not module.binds(node.id):
            held = module.lookup(node.id)
            return (Library(f"builtins.{node.id}"),) if held == UNKNOWN else held
        return self._machine.project.resolved(module.static(node))

    def defaults(self, function: Function) -> dict[str, Values]:
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
                found[parameter.arg] = self._static(function.module, default)
        return found

    def module_of(self, scope: Scope) -> Module | None:
        """The file whose top level ``scope`` is."""
        known = self._module_scopes.get(scope)
        if known is None:
            for module in self._machine.project.modules():
                self._module_scopes[module.scope] = module
            known = self._module_scopes.get(scope)
        return known
