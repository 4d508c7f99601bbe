"""PRM301: the write is done under ``torch.no_grad()``, or before the tensor is a Parameter."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.values import Address
from flake8_paramassign.fixes.rewrites.catching import told_if_expected
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.in_place import write_at
from flake8_paramassign.fixes.rewrites.no_grad import without_grad
from flake8_paramassign.fixes.rewrites.parameters import move_inside
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.purity import is_new_tensor
from flake8_paramassign.fixes.rewrites.terms.writes import DONE_WITHOUT_GRAD
from flake8_paramassign.fixes.rewrites.writes import Write
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import WrittenInPlace


def rewrite(case: Case) -> Fix:
    """Return the fix of the statement; raises NoRewrite."""
    event = case.event
    assert isinstance(event, WrittenInPlace)
    draft = Draft(case, event.node)
    made = _made_here(draft, event)
    if made is not None:
        move_inside(draft, made)
        return draft.fix("do it inside nn.Parameter(...)")
    DONE_WITHOUT_GRAD.check([_write(each) for each in case.each()])
    write = write_at(draft, event.subject)
    without_grad(draft, [write.subject], write.operands)
    return draft.fix(
        "do it under torch.no_grad()", *told_if_expected(event), DONE_WITHOUT_GRAD.unsafe
    )


def _write(case: Case) -> Write:
    assert isinstance(case.event, WrittenInPlace)
    return Write(Draft(case, case.event.node), case.event)


def _made_here(draft: Draft, event: WrittenInPlace) -> Address | None:
    """The Parameter of ``nn.Parameter(torch.empty(3)).normal_()``."""
    for value in event.tensors:
        tensor = draft.tensor(value)
        call = tensor.made.node if tensor is not None and tensor.made is not None else None
        if not isinstance(value, Address) or tensor is None or not tensor.is_parameter:
            continue
        if isinstance(call, ast.Call) and path_to(event.subject, call):
            is_new = call.args and is_new_tensor(call.args[0], draft.module)
            return value if is_new else None
    return None
