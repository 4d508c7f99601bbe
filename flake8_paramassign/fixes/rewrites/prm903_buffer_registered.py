"""PRM903: ``self.mask = t`` becomes ``self.register_buffer("mask", t, persistent=False)``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.buffers import Constant
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.stores import store_at
from flake8_paramassign.fixes.rewrites.terms.writes import REGISTERED_AS_BUFFER
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored


def rewrite(case: Case) -> Fix:
    """Return the fix, where the tensor is stored; raises NoRewrite."""
    event = case.event
    assert isinstance(event, AttributeStored)
    draft = Draft(case, event.node)
    name = event.name
    assert isinstance(name, str)
    REGISTERED_AS_BUFFER.check([Constant(draft, event, name)])
    _register(draft, name)
    return draft.fix(
        "register it as a buffer",
        f"'{name}' is then moved with its Module, and cast by .half() and the like if it is "
        "floating point",
        REGISTERED_AS_BUFFER.unsafe,
    )


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
