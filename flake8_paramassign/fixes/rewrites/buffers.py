"""What is known of a tensor that is to become a buffer."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import ABSENT, Thing
from flake8_paramassign.domain.values import Library
from flake8_paramassign.fixes.rewrites.attribute_uses import uses
from flake8_paramassign.fixes.rewrites.container_uses import TAKEN
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.events import AttributeStored

_OF_MODULES = TAKEN - frozenset(dir(dict))
"""The attributes that every Module has."""
_NO_TENSOR = frozenset([None, Result.NONE, Result.OTHER, Result.TUPLE])


@dataclass(frozen=True)
class Constant:
    """A plain tensor that a Module keeps under a name."""

    draft: Draft
    event: AttributeStored
    name: str

    @property
    def has_no_name_for_it(self) -> bool:
        """Whether the name cannot be that of an attribute."""
        return not self.name.isidentifier()

    @property
    def is_there_already(self) -> bool:
        """Whether something may have been assigned to it before."""
        return self.event.before.slot != ABSENT

    @property
    def is_of_the_class(self) -> bool:
        """Whether the class, or each Module, has an attribute of that name."""
        thing = self.draft.object(self.event.receiver)
        assert isinstance(thing, Thing)
        assert isinstance(thing.cls, ProjectClass)
        return bool(thing.cls.find(self.name)) or self.name in _OF_MODULES

    @property
    def is_no_tensor_elsewhere(self) -> bool:
        """Whether another place stores what no buffer takes."""
        own = set(ast.walk(self.draft.statement))
        return any(
            isinstance(use, ast.Attribute)
            and isinstance(use.ctx, ast.Store)
            and use not in own
            and not _fits_buffer(getattr(user, "value", None), self.name, self.draft.module)
            for _, user, use in uses(self.draft.module, self.name, self.event.frame.owner)
        )


def _fits_buffer(value: ast.expr | None, name: str, module: Module) -> bool:
    """Whether ``value`` is None, or a tensor by what is called, or computed of ``name`` itself."""
    if isinstance(value, ast.Constant):
        return value.value is None
    if isinstance(value, ast.BinOp):
        operands = value.left, value.right
        return any(isinstance(node, ast.Attribute) and node.attr == name for node in operands)
    if not isinstance(value, ast.Call):
        return False
    for meaning in module.static(value.func):
        if isinstance(meaning, Library):
            return catalogue.function(meaning.name) not in _NO_TENSOR
    name = value.func.attr if isinstance(value.func, ast.Attribute) else ""
    return catalogue.method(name) not in _NO_TENSOR
