"""How each finding is rewritten: the smallest edits of the text that mend it.

``rewrite`` is what ``analyze(..., rewrite=rewrite)`` asks for the fix of a finding. A module
here is one way of rewriting; libcst is imported when the first fix is written.
"""

from __future__ import annotations

from collections.abc import Callable

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites import (
    prm101_value_filled_in,
    prm102_operation_inside,
    prm103_parameter_made,
    prm106_leaf_made_last,
    prm108_not_trained,
    prm109_made_a_list,
    prm201_written_into_each,
    prm202_written_through,
    prm203_parameters_frozen,
    prm301_done_without_grad,
    prm303_copied_into,
    prm304_flag_passed,
    prm305_tied_or_copied,
    prm306_init_guarded,
    prm901_data_copied,
    prm902_written_without_data,
    prm903_buffer_registered,
)
from flake8_paramassign.fixes.rewrites.containers import hold_modules, hold_parameters
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.report import Case

__all__ = ["rewrite"]

REWRITES: dict[str, Callable[[Case], Fix]] = {
    "PRM101": prm101_value_filled_in.rewrite,
    "PRM102": prm102_operation_inside.rewrite,
    "PRM103": prm103_parameter_made.rewrite,
    "PRM104": hold_parameters,
    "PRM105": hold_modules,
    "PRM106": prm106_leaf_made_last.rewrite,
    "PRM108": prm108_not_trained.rewrite,
    "PRM109": prm109_made_a_list.rewrite,
    "PRM201": prm201_written_into_each.rewrite,
    "PRM202": prm202_written_through.rewrite,
    "PRM203": prm203_parameters_frozen.rewrite,
    "PRM301": prm301_done_without_grad.rewrite,
    "PRM303": prm303_copied_into.rewrite,
    "PRM304": prm304_flag_passed.rewrite,
    "PRM305": prm305_tied_or_copied.rewrite,
    "PRM306": prm306_init_guarded.rewrite,
    "PRM901": prm901_data_copied.rewrite,
    "PRM902": prm902_written_without_data.rewrite,
    "PRM903": prm903_buffer_registered.rewrite,
}


def rewrite(case: Case) -> Fix | str:
    """Return the fix of a finding, or the reason why there is none, on one line."""
    write = REWRITES.get(case.code)
    if write is None:
        return f"the codemod has no rewrite for {case.code}"
    try:
        return write(case)
    except NoRewrite as reason:
        return str(reason)
    except RecursionError:
        return "the code is nested too deeply to be rewritten"
