"""PRM903: ``self.mask = t`` becomes ``self.register_buffer("mask", t, persistent=False)``."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.objects import ABSENT, Thing
from flake8_paramassign.domain.values import Library
from flake8_paramassign.fixes.rewrites.attribute_uses import uses
from flake8_paramassign.fixes.rewrites.container_uses import TAKEN
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.stores import store_at
from flake8_paramassign.fixes.rewrites.terms import REGISTERED_AS_BUFFER
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.project.module import Module
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored

_OF_MODULES = TAKEN - frozenset(dir(dict))
"""The attributes that every Module has."""
_NO_TENSOR = frozenset([None, Result.NONE, Result.OTHER, Result.TUPLE])


def rewrite(case: Case) -> Fix:
    """Return the fix, where the tensor is stored; raises NoRewrite."""
    event = case.event
    assert isinstance(event, AttributeStored)
    draft = Draft(case, event.node)
    name = event.name
    assert isinstance(name, str)
    _check_name(event, name, draft)
    _check_other_stores(draft, event, name)
    _register(draft, name)
    return draft.fix(
        "register it as a buffer",
        f"'{name}' is then moved with its Module, and cast by .half() and the like if it is "
        "floating point",
        REGISTERED_AS_BUFFER.unsafe,
    )


def _check_name(event: AttributeStored, name: str, draft: Draft) -> None:
    """Raise NoRewrite for a name that ``register_buffer`` refuses."""
    if not name.isidentifier():
        raise NoRewrite(f"{name!r} cannot be the name of a buffer")
    if event.before.slot != ABSENT:
        raise NoRewrite(
            f"'{name}' may have been assigned before, and register_buffer raises KeyError for an "
            "attribute that exists"
        )
    thing = draft.object(event.receiver)
    assert isinstance(thing, Thing)
    assert isinstance(thing.cls, ProjectClass)
    if thing.cls.find(name) or name in _OF_MODULES:
        raise NoRewrite(
            f"the class has an attribute '{name}', for which register_buffer raises KeyError"
        )


def _check_other_stores(draft: Draft, event: AttributeStored, name: str) -> None:
    """Raise NoRewrite where the attribute is also given what no buffer takes."""
    own = set(ast.walk(draft.statement))
    for _, user, use in uses(draft, name, event.frame.owner):
        if isinstance(use, ast.Attribute) and isinstance(use.ctx, ast.Store) and use not in own:
            if not _fits_buffer(getattr(user, "value", None), name, draft.module):
                raise NoRewrite(
                    f"'{name}' is assigned in another place as well, and a buffer takes "
                    "nothing but a tensor or None"
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


def _register(draft: Draft, name: str) -> None:
    """Make of the statement, or of the call of ``setattr``, the call of ``register_buffer``."""
    store = store_at(draft)
    if isinstance(draft.statement, ast.AnnAssign):
        raise NoRewrite("the statement annotates the attribute, which a call cannot do")
    node = draft.path[-1]
    if isinstance(node, ast.Attribute) and store.local:
        receiver = _operand(draft, node.value)
        call = f'{receiver}.register_buffer("{name}", {store.local}, persistent=False)'
        store.instead(draft, call)
        return
    if isinstance(node, ast.Attribute):
        start, receiver, name = draft.outer(node.value).end, "", f'"{name}"'
    else:
        owner, given = store.subject
        start, receiver, name = store.start, _operand(draft, owner), draft.written(given)
    value = draft.outer(store.value)
    draft.replace(start, value.start, f"{receiver}.register_buffer({name}, ")
    draft.insert(value.end, ", persistent=False" if store.is_closed else ", persistent=False)")


def _operand(draft: Draft, node: ast.expr) -> str:
    """``node`` as it has to be written before a dot."""
    start, end = draft.outer(node)
    return draft.text[start:end] if draft.is_atom(node) else f"({draft.text[start:end]})"
