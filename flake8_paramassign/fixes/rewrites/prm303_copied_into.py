"""PRM303: ``m.w = nn.Parameter(t)`` becomes ``m.w.data.copy_(t)``, which keeps the Parameter."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.evidence import Evidence
from flake8_paramassign.fixes.rewrites.parameters import bare
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.stores import store_at
from flake8_paramassign.fixes.rewrites.terms.writes import COPIED_INTO, LOADED_IN_PLACE
from flake8_paramassign.fixes.rewrites.trainable import drop_argument
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import ParameterReplaced


def rewrite(case: Case) -> Fix:
    """Return the fix, where the Parameter is replaced; raises NoRewrite."""
    event = case.event
    assert isinstance(event, ParameterReplaced)
    draft = Draft(case, event.node)
    if event.name is None:
        return _loaded_in_place(draft)
    if event.how not in ("=", "setattr"):
        raise NoRewrite("build the optimizer, or wrap the Module, afterwards")
    made = [draft.tensor(value) for value in event.values]
    if not made or not all(tensor is not None and tensor.is_parameter for tensor in made):
        raise NoRewrite("a layer is replaced: build the optimizer, or wrap the Module, afterwards")
    COPIED_INTO.check([Evidence(draft, event, event.values[0])])
    written = store_at(draft)
    bare(draft, written.value)
    method = written.filled(draft, event.values, event)
    return draft.fix(f"write into the Parameter: {method}(...)", COPIED_INTO.unsafe)


def _loaded_in_place(draft: Draft) -> Fix:
    """``m.load_state_dict(state, assign=True)``."""
    call = draft.path[-1]
    if not isinstance(call, ast.Call) or all(k.arg != "assign" for k in call.keywords):
        raise NoRewrite("load before the optimizer is built, or the Module wrapped")
    drop_argument(draft, call, "assign")
    return draft.fix(
        "copy into the Parameters that are there",
        LOADED_IN_PLACE.unsafe,
    )
