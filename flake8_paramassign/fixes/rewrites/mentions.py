"""What a function does with an object before a statement: whether a forward pass may have run.

That is asked of each mention of the variables that have the object.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Container, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import NOTHING, Address, Library, Value, Values, join_all
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.purity import calls_torch
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.events import Happening
from flake8_paramassign.semantics.frames import Role

_LOOKS = frozenset(["isinstance", "len", "print", "setattr", "getattr", "hasattr", "type"])
_TAKES = ("torch.optim.", "torch.nn.init.", "torch.nn.utils.", "torch.nn.Parameter")
"""What of torch's is given a Parameter, and records nothing."""
_LISTS = frozenset(["parameters", "named_parameters"])
_OF_MODULES = frozenset(
    """add_module apply buffers children eval modules named_buffers named_children named_modules
    register_buffer register_parameter state_dict train zero_grad __init__
    """.split()
)
"""Methods of Modules that run no forward pass."""
_DISPLAYS = ast.List | ast.Tuple | ast.Dict | ast.Set
_LOOKED_AT = frozenset(["data", "detach", "grad", "requires_grad", "requires_grad_"])
"""Attributes of a tensor by which nothing is recorded."""


def is_before_any_pass(
    draft: Draft, event: Happening, node: ast.AST, held: Collection[Value]
) -> bool:
    """Whether no forward pass can have kept what ``node``, a part of a Module, names.

    The Module is made in this function, or under construction, and nothing that has any of
    ``held`` has been called, computed with, or handed on.
    """
    state, function, statement = event.state, draft.function, draft.statement
    own = _root(node)
    roots = {own} | {
        name for name, values in state.names.items() if set(held) & {*state.reachable(values)}
    }
    for root in roots:
        values = state.names.get(root, NOTHING)
        if not _Mentions(root, values, function, statement, draft.module, state).only_look:
            return False
    made = [value for value in state.names.get(own, ()) if isinstance(value, Address)]
    is_itself = not any(isinstance(state.read(value), Container) for value in made)
    if made and is_itself and all(_is_made_in(value, function) for value in made):
        return True  # and not only a list or dict of what others have made
    for frame, statement in event.running:
        function, receiver = frame.node, frame.receiver
        if not isinstance(function, FunctionNode) or frame.owner is None or receiver is None:
            return False
        arguments = [*function.args.posonlyargs, *function.args.args]
        root = arguments[0].arg if arguments else ""
        if not _Mentions(root, (receiver,), function, statement, frame.module, state).only_look:
            return False
        if function.name == "__init__" and frame.role is Role.CONSTRUCTION:
            return True
    return False


def _is_made_in(address: Address, function: ast.AST) -> bool:
    site = address.site
    return not address.symbolic and isinstance(site, ast.AST) and bool(path_to(function, site))


@dataclass(frozen=True)
class _Mentions:
    """What ``function`` does with the variable ``root``, which has ``values``."""

    root: str
    values: Values
    function: ast.AST
    statement: ast.stmt
    module: Module
    state: State

    @property
    def only_look(self) -> bool:
        """Whether they run no forward pass, nor compute with what is trained."""
        path = path_to(self.function, self.statement)
        is_repeated = any(isinstance(outer, ast.For | ast.While) for outer in path)
        for mention in ast.walk(self.function):
            if not isinstance(mention, ast.Name) or mention.id != self.root:
                continue
            if isinstance(mention.ctx, ast.Load) and (
                is_repeated or mention.lineno < self.statement.lineno
            ):
                if not self._only_looks(path_to(self.function, mention)):
                    return False
        return bool(self.root)

    def _only_looks(self, path: list[ast.AST]) -> bool:
        """Whether the name at the end of ``path`` is used for what records nothing."""
        for at in range(len(path) - 2, -1, -1):
            outer, inner = path[at], path[at + 1]
            if isinstance(outer, ast.Attribute | ast.Subscript):
                if isinstance(outer.ctx, ast.Store):
                    return True
                if self._is_trained(inner):
                    return isinstance(outer, ast.Attribute) and _records_nothing(outer.attr)
            elif isinstance(outer, ast.Call):
                return self._is_harmless(outer, inner, path[:at])
            elif isinstance(outer, ast.stmt):
                value = getattr(outer, "value", None)
                return value is not inner or isinstance(outer, ast.Expr) or inner is not path[-1]
            elif isinstance(outer, _DISPLAYS) or (
                isinstance(outer, ast.expr) and self._is_trained(inner)
            ):
                return False
        return True

    def _is_trained(self, node: ast.AST) -> bool:
        """Whether ``node``, the variable or a part of it, may be a tensor that requires grad."""
        held = map(self.state.read, (v for v in self._held(node) if isinstance(v, Address)))
        return any(isinstance(obj, Tensor) and obj.trainable is not False for obj in held)

    def _held(self, node: ast.AST) -> Values:
        if isinstance(node, ast.Name):
            return self.values
        if isinstance(node, ast.Attribute):
            owners = [self.state.read(v) for v in self._held(node.value) if isinstance(v, Address)]
            return join_all(o.member(node.attr).values for o in owners if isinstance(o, Thing))
        return NOTHING

    def _is_harmless(self, call: ast.Call, inner: ast.AST, around: list[ast.AST]) -> bool:
        """Whether ``call``, in which ``inner`` is called or given, records nothing of it."""
        if isinstance(call.func, ast.Name) and call.func.id in _LOOKS:
            return True
        for meaning in self.module.static(call.func):
            if isinstance(meaning, Library):
                if meaning.name.startswith(_TAKES):
                    return True
                if meaning.name.rpartition(".")[2][:1].isupper() or self._is_trained(inner):
                    return False
        name = getattr(call.func, "attr", "")
        if name in _LISTS:
            return self._lists_for_nothing(around)
        return name in _OF_MODULES or calls_torch(call, self.module)

    def _lists_for_nothing(self, around: list[ast.AST]) -> bool:
        """Whether Parameters are listed for an optimizer, or for the statement itself."""
        for outer in reversed(around):
            if isinstance(outer, ast.Call):
                meanings = self.module.static(outer.func)
                return any(isinstance(m, Library) and m.name.startswith(_TAKES) for m in meanings)
            if isinstance(outer, ast.For):
                return any(node is self.statement for node in ast.walk(outer))
        return False


def _records_nothing(attribute: str) -> bool:
    looks = (Result.OTHER, Result.NONE)
    return (
        attribute in _LOOKED_AT
        or catalogue.attribute(attribute) in looks
        or catalogue.method(attribute) in (*looks, Result.IN_PLACE)
    )


def _root(node: ast.AST) -> str:
    """The variable at the beginning of ``m.body[0].weight``."""
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            node = node.value
        elif isinstance(node, ast.AugAssign):
            node = node.target
        elif isinstance(node, ast.Call):
            is_method = isinstance(node.func, ast.Attribute)
            node = node.func.value if is_method else (node.args or [node.func])[0]  # type: ignore[attr-defined]
        else:
            return node.id if isinstance(node, ast.Name) else ""
