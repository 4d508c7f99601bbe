"""PRM104 and PRM105: a list or dict becomes the container of ``torch.nn`` that registers."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.objects import Container
from flake8_paramassign.fixes.rewrites.container_uses import Held, Kind, changes_later
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.questions import ALL_NEED_STRICT, KEYS
from flake8_paramassign.fixes.rewrites.terms.values import HELD_IN_A_MODULE
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import ContainerHeld

PARAMETER_LIST = Kind("ParameterList", frozenset(["append", "extend"]), deletes=False)
MODULE_LIST = Kind("ModuleList", frozenset(["append", "extend", "insert", "pop"]), adds=True)
MODULE_DICT = Kind("ModuleDict", frozenset(["clear", "items", "keys", "pop", "update", "values"]))
PARAMETER_DICT = Kind(
    "ParameterDict", MODULE_DICT.methods | {"copy", "get", "popitem", "setdefault"}
)


_PLAIN = frozenset(
    "dict iterable list mapping mutablemapping mutablesequence sequence tuple".split()
)
"""Types, in small letters, that an attribute no longer has when it holds another container."""


def hold_parameters(case: Case) -> Fix:
    """Return the fix of PRM104; raises NoRewrite."""
    return _registered(case, "Parameters", PARAMETER_LIST, PARAMETER_DICT)


def hold_modules(case: Case) -> Fix:
    """Return the fix of PRM105; raises NoRewrite."""
    return _registered(case, "Modules", MODULE_LIST, MODULE_DICT)


def _registered(case: Case, what: str, as_list: Kind, as_dict: Kind) -> Fix:
    event = case.event
    assert isinstance(event, ContainerHeld)
    here = Draft(case, event.node)
    container = here.object(event.container)
    assert isinstance(container, Container)
    kind = as_dict if container.kind == "dict" else as_list
    draft = _draft_of_store(here, event)
    owner = _class_around(draft) if draft.is_elsewhere else event.frame.owner
    held = [Held(each, event, what, kind, owner) for each in dict.fromkeys((here, draft))]
    HELD_IN_A_MODULE.check(held)
    value = _stored(draft, container)
    if changes_later(draft, value):
        raise NoRewrite(f"'{draft.written(value)}' is changed after it is stored")
    span = draft.outer(value)
    name = draft.named(f"torch.nn.{kind.name}", span.start)
    if _is_empty(value) and "#" not in draft.written(value):
        draft.replace(*span, f"{name}()")
    else:
        draft.enclose(value, f"{name}(", ")")
    _annotate(draft, event, kind)
    return draft.fix(
        f"keep them in an nn.{kind.name}",
        f"the {what} {ALL_NEED_STRICT}",
        *([KEYS] if kind is as_dict else []),
        HELD_IN_A_MODULE.unsafe,
    )


def _draft_of_store(here: Draft, event: ContainerHeld) -> Draft:
    """The draft of the store, which may be that of a base class in another file."""
    if any(place.module is here.module for place in event.stores):
        return here
    if len(event.stores) != 1:
        raise NoRewrite("where the attribute gets it is not one assignment")
    [place] = event.stores
    return Draft(here.case, place.node, place.module)


def _class_around(draft: Draft) -> ProjectClass | None:
    classes = [node for node in draft.path if isinstance(node, ast.ClassDef)]
    return draft.module.class_of(classes[-1]) if classes else None


def _annotate(draft: Draft, event: ContainerHeld, kind: Kind) -> None:
    """Let the annotation of the attribute follow, here and in the body of the class."""
    holders = [draft.parent]
    classes = [node for node in draft.path if isinstance(node, ast.ClassDef)]
    if classes:
        holders += classes[-1].body
    for holder in holders:
        if not isinstance(holder, ast.AnnAssign) or not _is_plain(holder.annotation):
            continue
        target = holder.target
        if event.name in (getattr(target, "attr", None), getattr(target, "id", None)):
            there = Draft(draft.case, holder.annotation, draft.module)
            span = there.inner(holder.annotation)
            there.replace(*span, draft.named(f"torch.nn.{kind.name}", span.start))
            draft.include(there)


def _is_plain(annotation: ast.expr) -> bool:
    """``List[nn.Linear]``, ``dict``."""
    whole = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return getattr(whole, "attr", getattr(whole, "id", "")).lower() in _PLAIN


def _stored(draft: Draft, container: Container) -> ast.expr:
    """The expression that gives the container to the attribute."""
    node, holder = draft.path[-1], draft.parent
    value: ast.expr | None = None
    if isinstance(node, ast.Call):
        value = node.args[-1] if len(node.args) > 1 else None
    elif isinstance(holder, ast.Assign | ast.AnnAssign):
        value = holder.value
    elif isinstance(holder, ast.Tuple) and isinstance(draft.statement, ast.Assign):
        whole = draft.statement.value
        if isinstance(whole, ast.Tuple) and len(whole.elts) == len(holder.elts):
            value = whole.elts[holder.elts.index(node)]  # type: ignore[arg-type]
    if isinstance(value, ast.Attribute):
        raise NoRewrite("it is what another attribute holds, which has to hold another kind")
    if value is None:
        raise NoRewrite("where the attribute gets it is no assignment that can be changed")
    while isinstance(value, ast.IfExp):
        arms = [arm for arm in (value.body, value.orelse) if not isinstance(arm, ast.Constant)]
        held = [arm for arm in arms if path_to(arm, _site(container))] or arms
        if len(held) > 1:
            raise NoRewrite("which of two values is the container is not known")
        value = held[0]
    return value


def _site(container: Container) -> ast.AST:
    return container.made.node if container.made is not None else ast.Pass()


def _is_empty(value: ast.expr) -> bool:
    match value:
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(values=[]):
            return True
        case ast.Call(func=ast.Name(id="list" | "tuple" | "dict"), args=[], keywords=[]):
            return True
    return False
