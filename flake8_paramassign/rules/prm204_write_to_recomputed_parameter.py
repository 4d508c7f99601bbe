"""PRM204: a name is written that weight_norm, pruning or a parametrization computes anew."""

from __future__ import annotations

import ast

from flake8_paramassign.inference.events import (
    AttributeStored,
    DataStored,
    Event,
    WrittenInPlace,
)
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.state import State
from flake8_paramassign.inference.values import Recomputed, Tensor, Values
from flake8_paramassign.rules.base import Finding, Rule

_SHARES = "torch.nn.utils.spectral_norm"
"""Until the first forward, its ``weight`` shares the storage of the Parameter it comes from."""


class WriteToRecomputedParameter(Rule):
    """
    ## What it does
    Reports a write to `weight` after `weight_norm`, `spectral_norm`, pruning or
    `register_parametrization` made it a value that is computed from other Parameters: `.data`,
    in-place methods, `nn.init.*`, also in a function given to `.apply()`.

    ## Why it is bad
    The next forward, or the next access, computes `weight` anew: what was written is lost, and
    nothing raises. An initialisation after `weight_norm` initialises nothing.

    ## Example
    ```python
    conv = weight_norm(nn.Conv1d(8, 8, 3))
    conv.weight.data.normal_(0, 0.01)
    ```

    ## Use instead
    ```python
    conv = nn.Conv1d(8, 8, 3)
    nn.init.normal_(conv.weight, 0, 0.01)
    conv = weight_norm(conv)
    ```

    ## Fix safety
    There is no fix: what `weight` is computed from has to be written, or the order changed.

    ## Known limits
    The `weight` of the older `torch.nn.utils.spectral_norm` shares the storage of `weight_orig`
    until the first forward: writes in place before it are not lost, and not reported.

    ## References
    - [torch.nn.utils.parametrizations.weight_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html)
    - [Parametrizations tutorial](https://docs.pytorch.org/tutorials/intermediate/parametrizations.html)
    """

    code = "PRM204"
    name = "write-to-recomputed-parameter"
    claim = "a write to a name that weight_norm, pruning or a parametrization computes is lost"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """What is written is computed anew before it is used."""
        if isinstance(event, WrittenInPlace):
            by = _recomputed_by(event.subject, event.tensors, event.state, ask)
            if by is None or by.by.startswith(_SHARES):
                return None
            helper = isinstance(event.node, ast.stmt) and not isinstance(event.node, ast.AugAssign)
            return _finding(event.subject, by, ask, in_helper=helper)
        if isinstance(event, DataStored) and isinstance(event.node, ast.Attribute):
            by = _recomputed_by(event.node, event.receivers, event.state, ask)
            return _finding(event.node, by, ask) if by else None
        if isinstance(event, AttributeStored) and isinstance(event.node, ast.Attribute):
            by = _recomputed_by(event.node, event.before, event.state, ask)
            if by and "parametriz" not in by.by and _only_tensors(event.values):
                return _finding(event.node, by, ask)
        return None


def _recomputed_by(
    written: ast.expr, values: Values, state: State, ask: Objects
) -> Recomputed | None:
    """What computes the tensor that is written, if it is sure that one is which is computed."""
    found = [v.recomputed if isinstance(v, Tensor) else None for v in values]
    known = sorted(filter(None, found), key=_place)
    if not known or (None in found and not _is_one_object(written, state, ask)):
        return None
    return known[0]


def _place(by: Recomputed) -> tuple[int, int]:
    return by.site.lineno, by.site.col_offset


def _is_one_object(written: ast.expr, state: State, ask: Objects) -> bool:
    """Whether ``written`` is an attribute of one object: of several, it may be another's."""
    while isinstance(written, ast.Subscript | ast.Attribute):
        is_slot = isinstance(written, ast.Attribute) and written.attr != "data"
        written = written.value
        if is_slot:
            return len(ask.evaluate(written, state.copy())) == 1
    return False


def _only_tensors(values: Values) -> bool:
    """A Parameter in such a place raises in the next forward, which nobody overlooks."""
    return all(isinstance(v, Tensor) and v.recomputed is None for v in values)


def _finding(
    written: ast.expr, by: Recomputed, ask: Objects, *, in_helper: bool = False
) -> Finding:
    what, maker = ast.unparse(written), by.by.rpartition(".")[2]
    place = ask.where(by.site)
    at = f" ({place})" if place else ""
    if "parametriz" in by.by and not in_helper:
        instead = f"assign '{what.removesuffix('.data')} = ...', or write before {maker}"
    else:
        instead = f"do it before {maker}"
    what = f"'{what}', which is written in this call," if in_helper else f"'{what}'"
    return Finding(
        f"{what} is computed anew since {maker}{at}: what is written to it is lost; {instead}",
        why_not_fixed="what it is computed from has to be written, or the order changed",
    )
