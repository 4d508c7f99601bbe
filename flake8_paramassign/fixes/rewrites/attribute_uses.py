"""Where a program mentions an attribute of a Module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.values import Library, Text
from flake8_paramassign.facts.uses import stores_of
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.models import recompute

_RECOMPUTING = frozenset(map(Library, recompute.NAMES))
_WITHOUT_GRAD = frozenset([Library("torch.no_grad"), Library("torch.inference_mode")])


def is_written(use: ast.AST, user: ast.AST) -> bool:
    """Whether ``user``, the node around ``use``, writes in place into what that holds."""
    if isinstance(user, ast.Attribute):
        return catalogue.method(user.attr) is Result.IN_PLACE
    if isinstance(user, ast.Subscript):
        return user.value is use and isinstance(user.ctx, ast.Store)
    return isinstance(user, ast.AugAssign) and user.target is use


def is_without_grad(module: Module, node: ast.AST) -> bool:
    """Whether ``node`` stands in a block, or a function, in which no gradients are recorded."""
    for outer in path_to(module.tree, node):
        items = outer.items if isinstance(outer, ast.With) else []
        marks = [item.context_expr for item in items] + getattr(outer, "decorator_list", [])
        for mark in marks:
            called = mark.func if isinstance(mark, ast.Call) else mark
            if _WITHOUT_GRAD & set(module.static(called)):
                return True
    return False


def uses(module: Module, name: str | Text, owner: ProjectClass | None) -> Iterator[list[ast.AST]]:
    """Yield each mention of ``name`` as an attribute, behind the two nodes around it.

    What other classes than ``owner``, and those that derive from it, say of ``self`` is left out.
    """
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute) or not _may_be(name, node.attr):
            continue
        path = path_to(module.tree, node)
        if isinstance(node.value, ast.Name) and node.value.id == "self" and owner is not None:
            classes = [each for each in path if isinstance(each, ast.ClassDef)][-1:]
            if not any(owner in module.class_of(c).ancestry for c in classes):
                continue
        yield path[-3:]


def _may_be(name: str | Text, attribute: str) -> bool:
    return name.may_be(attribute) if isinstance(name, Text) else name == attribute


@dataclass(frozen=True)
class Attribute:
    """An attribute that something is stored in, as the whole file uses it."""

    draft: Draft
    event: AttributeStored

    @property
    def home(self) -> Module:
        """The file that stores it."""
        return self.event.frame.module

    @property
    def is_of_the_class(self) -> bool:
        """Whether the class has an attribute of that name, which keeps one from registering."""
        thing = self.draft.object(self.event.receiver)
        cls = thing.cls if isinstance(thing, Thing) else None
        name = self.event.name
        return isinstance(cls, ProjectClass) and isinstance(name, str) and bool(cls.find(name))

    @property
    def is_before_init(self) -> bool:
        """Whether ``Module.__init__()`` surely has not run, without which nothing registers."""
        thing = self.draft.object(self.event.receiver)
        return isinstance(thing, Thing) and thing.initialised is False

    @property
    def is_stored_elsewhere(self) -> bool:
        """Whether another function, or what computes it, may store what is no Parameter."""
        if self._is_recomputed():
            return True
        here = set(ast.walk(self.draft.function))
        facts = self.draft.case.facts
        cls = facts.class_of(self.event)
        name = self.event.name
        if isinstance(cls, ProjectClass) and isinstance(name, str):
            stores = stores_of(cls, name, facts)
            if any(s.node not in here and not (s.is_sound or s.is_none) for s in stores):
                return True
        return any(
            isinstance(use, ast.Attribute)
            and isinstance(use.ctx, ast.Store)
            and use not in here
            and not _is_none_or_parameter(getattr(user, "value", None))
            for _, user, use in self._uses()
        )

    @property
    def is_stored_in_a_try(self) -> bool:
        """Whether another statement stores in it where an exception may be caught."""
        tries = (node for node in ast.walk(self.home.tree) if isinstance(node, ast.Try))
        tried = {node for each in tries for stmt in each.body for node in ast.walk(stmt)}
        return any(
            use in tried
            and use is not self.event.node
            and isinstance(use, ast.Attribute)
            and isinstance(use.ctx, ast.Store)
            and not _is_none_or_parameter(getattr(user, "value", None))
            for _, user, use in self._uses()
        )

    @property
    def is_written_in_place(self) -> bool:
        """Whether its tensor is written to, which a trained Parameter refuses."""
        return any(is_written(use, user) for _, user, use in self._uses())

    @property
    def is_written_in_grad_mode(self) -> bool:
        """Whether that is done outside of ``torch.no_grad()``."""
        return any(
            is_written(use, user) and not is_without_grad(self.home, use)
            for _, user, use in self._uses()
        )

    @property
    def is_read(self) -> bool:
        """Whether the attribute of what is called alike is read in the file."""
        node, name = self.event.node, self.event.name
        owner = _called(node.value) if isinstance(node, ast.Attribute) else ""
        for read in ast.walk(self.home.tree):
            match read:
                case ast.Attribute(value=holder, attr=attribute, ctx=ast.Load()):
                    pass
                case ast.Call(
                    func=ast.Name(id="getattr" | "hasattr"),
                    args=[holder, ast.Constant(value=attribute), *_],
                ):
                    pass
                case _:
                    continue
            if attribute == name and _called(holder) == owner:
                return True
        return False

    def _is_recomputed(self) -> bool:
        """Whether the file lets a hook compute weights, as ``spectral_norm`` does."""
        static = self.home.static
        calls = (node for node in ast.walk(self.home.tree) if isinstance(node, ast.Call))
        return any(not _RECOMPUTING.isdisjoint(static(call.func)) for call in calls)

    def _uses(self) -> Iterator[list[ast.AST]]:
        return uses(self.home, self.event.name, self.event.frame.owner)


def _called(node: ast.expr) -> str:
    """The last name of ``self.body``, which others know as ``model.body``."""
    return node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)


def _is_none_or_parameter(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).endswith("Parameter")
    return isinstance(value, ast.Constant) and value.value is None
