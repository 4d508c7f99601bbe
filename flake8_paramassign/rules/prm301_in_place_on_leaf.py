"""PRM301: a trainable leaf is written in place where gradients are recorded."""

from __future__ import annotations

from flake8_paramassign.domain.state import INHERITED
from flake8_paramassign.domain.values import Address
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.aliasing import is_made_in
from flake8_paramassign.facts.training import is_trainable_leaf
from flake8_paramassign.facts.wording import shown
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import WrittenInPlace


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
    A frozen Parameter may be written, and one of which it is not known whether it trains is
    silent; so is a function that is only called under `no_grad`, or that writes a leaf which it
    was given and is not called in its file: others may call it under `no_grad`.

    ## References
    - [Locally disabling gradient computation](https://docs.pytorch.org/docs/stable/notes/autograd.html)
    - [torch.no_grad](https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html)
    """

    code = "PRM301"
    name = "in-place-on-leaf"
    claim = "an in-place operation on a trainable leaf in grad mode raises RuntimeError"
    fix = "unsafe"

    def judge(self, event: WrittenInPlace, facts: Facts) -> Verdict | None:
        """What is written is a leaf that trains, and gradients are on."""
        if event.how.startswith("nn.init.") or event.grad not in (True, INHERITED):
            return None
        if event.expects("RuntimeError") or not event.tensors:
            return None
        if not all(is_trainable_leaf(value, event.state, facts) for value in event.tensors):
            return None
        tensors = facts.tensors(event.tensors, event.state)
        kind = "a view of a leaf" if any(t.is_view for _, t in tensors) else "a leaf"
        return Verdict(
            f"'{shown(event.subject)}' is {kind} that requires grad: {event.how} raises "
            f"RuntimeError where gradients are recorded; do it under torch.no_grad()",
            evidence=event.tensors[0],
            trace=tuple(
                ("the leaf is made", t.made) for _, t in tensors if t.made and not t.is_view
            ),
        )

    def holds(self, event: WrittenInPlace, facts: Facts) -> bool:
        """Where callers decide, they record gradients.

        Code that nobody calls in sight, and that writes what it was given, may be called under
        ``no_grad`` from elsewhere.
        """
        if event.grad != INHERITED:
            return True
        root = event.frame.root
        is_sure = facts.is_called(root) or all(
            is_made_in(v, root) for v in event.tensors if isinstance(v, Address)
        )
        return is_sure and facts.grad(event) is True
