"""Where a program mentions an attribute of a Module."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.values import Text
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.events import AttributeStored


def uses(draft: Draft, name: str | Text, owner: ProjectClass | None) -> Iterator[list[ast.AST]]:
    """Yield each mention of ``name`` as an attribute, behind the two nodes around it.

    What other classes than ``owner``, and those that derive from it, say of ``self`` is left out.
    """
    for node in ast.walk(draft.tree):
        if not isinstance(node, ast.Attribute) or not _may_be(name, node.attr):
            continue
        path = path_to(draft.tree, node)
        if isinstance(node.value, ast.Name) and node.value.id == "self" and owner is not None:
            classes = [each for each in path if isinstance(each, ast.ClassDef)][-1:]
            if not any(owner in draft.module.class_of(c).ancestry for c in classes):
                continue
        yield path[-3:]


def _may_be(name: str | Text, attribute: str) -> bool:
    return name.may_be(attribute) if isinstance(name, Text) else name == attribute


def check_is_free(draft: Draft, event: AttributeStored) -> None:
    """Raise NoRewrite where the class has an attribute of that name."""
    thing = draft.object(event.receiver)
    cls = thing.cls if isinstance(thing, Thing) else None
    if isinstance(cls, ProjectClass) and isinstance(event.name, str) and cls.find(event.name):
        raise NoRewrite(f"the class has an attribute '{event.name}', beside which none registers")


def is_stored_elsewhere(draft: Draft, name: str | Text, owner: ProjectClass | None) -> bool:
    """Whether another function stores something in the attribute that may be no Parameter."""
    here = set(ast.walk(draft.function))
    return any(
        isinstance(use, ast.Attribute)
        and isinstance(use.ctx, ast.Store)
        and use not in here
        and not _is_none_or_parameter(getattr(user, "value", None))
        for _, user, use in uses(draft, name, owner)
    )


def is_written_in_place(draft: Draft, name: str | Text, owner: ProjectClass | None) -> bool:
    """Whether the attribute's tensor is written to, which a trained Parameter refuses."""
    for _, user, use in uses(draft, name, owner):
        if isinstance(user, ast.Attribute) and catalogue.method(user.attr) is Result.IN_PLACE:
            return True
        if isinstance(user, ast.Subscript) and isinstance(user.ctx, ast.Store):
            return True
        if isinstance(user, ast.AugAssign) and user.target is use:
            return True
    return False


def _is_none_or_parameter(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).endswith("Parameter")
    return isinstance(value, ast.Constant) and value.value is None
