"""PRM301: a trainable leaf is written in place where gradients are recorded."""

from __future__ import annotations

import ast
import re

from flake8_paramassign.inference.events import Event, Frame, WrittenInPlace
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Parameter, Tensor, Value
from flake8_paramassign.rules.base import Finding, Rule

_FREEZES = re.compile(r"requires_grad\s*=\s*False|requires_grad_\(\s*False|\.detach_\(|\bfreeze")


class InPlaceOnLeaf(Rule):
    """
    ## What it does
    Reports an in-place operation on an `nn.Parameter`, or on a tensor made with
    `requires_grad=True`, outside `torch.no_grad()`: `w.fill_(0)`, `w[0] = 1`, `w += t`,
    `w.t().copy_(t)`, `nn.Parameter(t).normal_()`.

    ## Why it is bad
    `RuntimeError: a leaf Variable that requires grad is being used in an in-place operation.`
    Autograd cannot record a change of a tensor that it computes gradients for.

    ## Example
    ```python
    layer = nn.Linear(10, 5)
    layer.weight[0] = 1.0
    ```

    ## Use instead
    ```python
    layer = nn.Linear(10, 5)
    with torch.no_grad():
        layer.weight[0] = 1.0
    ```

    ## Fix safety
    Unsafe: under `no_grad` no gradient flows through the value that is written. Where one has to,
    compute the weight in `forward`, or use `torch.func.functional_call`. What may need gradients to
    compute that value is kept outside, in a local. `nn.Parameter(torch.empty(3)).normal_()` becomes
    `nn.Parameter(torch.empty(3).normal_())`.

    ## Known limits
    A frozen Parameter may be written. Where a class or function freezes, only Parameters that are
    seen to train are reported; a function that this file calls only under `no_grad` is silent.

    ## References
    - [Locally disabling gradient computation](https://docs.pytorch.org/docs/stable/notes/autograd.html)
    - [torch.no_grad](https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html)
    """

    code = "PRM301"
    name = "in-place-on-leaf"
    claim = "an in-place operation on a trainable leaf in grad mode raises RuntimeError"
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """What is written is a leaf that trains, and gradients are on."""
        if not isinstance(event, WrittenInPlace) or event.how.startswith("nn.init."):
            return None
        if event.state.grad is not True:
            return None
        leaves = [v for v in event.tensors if _is_trainable_leaf(v)]
        if not leaves or not all(_may_be_leaf(v, event) for v in event.tensors):
            return None
        if ask.may_lack_grad(event.frame) or _may_be_frozen(event.frame, leaves, ask):
            return None
        what = ast.unparse(event.subject)
        is_view = any(isinstance(leaf, Tensor) and leaf.view for leaf in leaves)
        kind = "a view of a leaf" if is_view else "a leaf"
        return Finding(
            f"'{what}' is {kind} that requires grad: {event.how} raises RuntimeError where "
            f"gradients are recorded; do it under torch.no_grad()"
        )


def _is_trainable_leaf(value: Value) -> bool:
    if isinstance(value, Parameter):
        return value.trainable is True and value.plain
    if isinstance(value, Tensor):
        return value.trainable is True and (value.leaf or value.view)
    return False


def _may_be_leaf(value: Value, event: WrittenInPlace) -> bool:
    """Whether no path is known on which the write is legal: paths are often exclusive.

    An item of a container may be another item.
    """
    if isinstance(value, Parameter | Tensor):
        return _is_trainable_leaf(value)
    return not any(isinstance(node, ast.Subscript) for node in ast.walk(event.subject))


def _may_be_frozen(frame: Frame, leaves: list[Value], ask: Objects) -> bool:
    """Whether other code of the class freezes what is not made here."""
    made_here = any(isinstance(getattr(leaf, "site", None), ast.AST) for leaf in leaves)
    return not made_here and _FREEZES.search(ask.text_around(frame)) is not None
