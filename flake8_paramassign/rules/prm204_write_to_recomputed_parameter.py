"""PRM204: a name is written that weight_norm, pruning or a parametrization computes anew."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.domain.objects import Recomputed
from flake8_paramassign.domain.values import Address, Values
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.aliasing import bases
from flake8_paramassign.facts.wording import attribute_of, in_brackets, shown
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import (
    AttributeStored,
    DataStored,
    Happening,
    WrittenInPlace,
)

_SHARES = "torch.nn.utils.spectral_norm"
"""Until the first forward, its ``weight`` shares the storage of the Parameter it comes from."""
_LOST = "what is written to it"


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
    judges_calls = True

    def judge(
        self, event: WrittenInPlace | DataStored | AttributeStored, facts: Facts
    ) -> Verdict | None:
        """What is written is computed anew before it is used; by this file, or it is told there."""
        verdict = self._judged(event, facts)
        if verdict is None or event.called_at is None:
            return verdict
        if verdict.trace[0][1].module is not facts.module:
            return None
        written = event.frame.place(event.node)
        message = verdict.message.replace(_LOST, f"{_LOST}{in_brackets(facts.where(written))}", 1)
        trace = (*verdict.trace, ("it is written", written))
        return replace(verdict, message=message, trace=trace)

    def _judged(
        self, event: WrittenInPlace | DataStored | AttributeStored, facts: Facts
    ) -> Verdict | None:
        if isinstance(event, WrittenInPlace):
            by, always = _recomputed_by(event.tensors, event, facts)
            if by and "parametriz" in by.by and _is_assigned(event.node):
                return None
            return _verdict(shown(event.subject), by, facts, always=always, in_place=True)
        if isinstance(event, DataStored):
            by, always = _recomputed_by(event.receivers, event, facts)
            return _verdict(shown(event.node), by, facts, always=always)
        by, always = _recomputed_by(event.before.values, event, facts)
        if by is None or "parametriz" in by.by:
            return None  # what is assigned there goes to the original
        for value in event.values:  # a Parameter raises in the next forward, which is noticed
            tensor = facts.tensor(value, event.state)
            if tensor is None or tensor.is_parameter or tensor.recomputed is not None:
                return None
        return _verdict(attribute_of(event.node, event.name), by, facts, always=always)


def _is_assigned(node: ast.AST) -> bool:
    """Whether what is written in place is then assigned, too: ``m.weight *= 2``."""
    return isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute)


def _recomputed_by(
    values: Values, event: Happening, facts: Facts
) -> tuple[Recomputed | None, bool]:
    """What computes the tensor that is written, and whether it does on all ways that led here."""
    found, state = [], event.state
    is_tested = any(not isinstance(passed, ast.For | ast.AsyncFor) for passed in event.passed)
    for value in values:
        chain = [value, *(base for base, _ in bases(value, state, facts))]
        tensors = [facts.tensor(link, state) for link in chain]
        by = next((tensor.recomputed for tensor in tensors if tensor and tensor.recomputed), None)
        if by is not None:
            found.append(by)
        elif not isinstance(chain[-1], Address) or chain[-1].many:
            return None, False  # of several objects one is computed, and another written
        elif is_tested:
            return None, False  # the test may tell the ways apart
    return (found[0] if found else None), len(found) == len(values)


def _verdict(
    what: str, by: Recomputed | None, facts: Facts, *, always: bool, in_place: bool = False
) -> Verdict | None:
    if by is None or (in_place and by.by.startswith(_SHARES)):
        return None
    maker = by.by.rpartition(".")[2]
    instead = f"do it before {maker}"
    if "parametriz" in by.by:
        instead = f"assign '{what.removesuffix('.data')} = ...', or write before {maker}"
    since = f"{maker}{in_brackets(facts.where(by.place))}"
    when = f"since {since}" if always else f"where {since} came before"
    return Verdict(
        f"'{what}' is computed anew {when}: {_LOST} is lost; {instead}",
        why_not_fixed="what it is computed from has to be written, or the order changed",
        trace=((f"{maker} computes it from here on", by.place),),
    )
