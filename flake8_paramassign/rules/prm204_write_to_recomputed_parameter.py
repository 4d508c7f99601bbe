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
from flake8_paramassign.inference.values import Tensor, Values
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
            by = _recomputed_by(event.tensors)
            sure = by is not None and _is_sure(event.subject, event.tensors, event.state, ask)
            return _finding(event.subject, by, ask) if by and sure and not _shares(by) else None
        if isinstance(event, DataStored) and isinstance(event.node, ast.Attribute):
            by = _recomputed_by(event.receivers)
            sure = by is not None and _is_sure(event.node, event.receivers, event.state, ask)
            return _finding(event.node, by, ask) if by and sure else None
        if isinstance(event, AttributeStored) and isinstance(event.node, ast.Attribute):
            by = _recomputed_by(event.before)
            if by and "parametriz" not in by.recomputed and _only_tensors(event.values):
                return _finding(event.node, by, ask)
        return None


def _recomputed_by(values: Values) -> Tensor | None:
    return next((v for v in values if isinstance(v, Tensor) and v.recomputed), None)


def _is_sure(written: ast.expr, values: Values, state: State, ask: Objects) -> bool:
    """Whether one object is meant: of several, it may be another one that is recomputed."""
    if all(isinstance(v, Tensor) and v.recomputed for v in values):
        return True
    while isinstance(written, ast.Subscript | ast.Attribute):
        is_slot = isinstance(written, ast.Attribute) and written.attr != "data"
        written = written.value
        if is_slot:
            return len(ask.evaluate(written, state.copy())) == 1
    return False


def _shares(written: Tensor) -> bool:
    return written.recomputed.startswith(_SHARES)


def _only_tensors(values: Values) -> bool:
    """A Parameter in such a place raises in the next forward, which nobody overlooks."""
    return all(isinstance(v, Tensor) and not v.recomputed for v in values)


def _finding(written: ast.expr, value: Tensor, ask: Objects) -> Finding:
    what, maker = ast.unparse(written), value.recomputed.rpartition(".")[2]
    place = ask.where(value.site)
    at = f" ({place})" if place else ""
    if "parametriz" in value.recomputed:
        name = what.removesuffix(".data")
        instead = f"assign '{name} = ...', or write before {maker}"
    else:
        instead = f"write before {maker}"
    return Finding(
        f"'{what}' is computed anew since {maker}{at}: what is written to it is lost; {instead}",
        why_not_fixed="what it is computed from has to be written, or the order changed",
    )
