"""PRM106: an optimizer is given a tensor that is no leaf."""

from __future__ import annotations

from flake8_paramassign.facts import Facts
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import OptimizerMade


class OptimisedNonLeaf(Rule):
    """
    ## What it does
    Reports a tensor that is the result of an operation on a trainable leaf and is then given to
    an optimizer.

    ## Why it is bad
    `ValueError: can't optimize a non-leaf Tensor`. With `.to(device)` it is raised only where the
    device changes, so the program runs on the CPU.

    ## Example
    ```python
    noise = torch.randn(3, requires_grad=True).to("cuda")
    optimizer = torch.optim.Adam([noise])
    ```

    ## Use instead
    ```python
    noise = torch.randn(3).to("cuda").requires_grad_()
    optimizer = torch.optim.Adam([noise])
    ```

    ## Fix safety
    Safe where the leaf is made in the same expression, and nothing is done with the result before
    an optimizer surely takes it. Else unsafe: moving the operation before `requires_grad_()`
    changes which tensor is the leaf.

    ## Known limits
    Only optimizers of `torch.optim` are known.

    ## References
    - [torch.Tensor.is_leaf](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_leaf.html)
    - torch/optim/optimizer.py, `Optimizer.add_param_group`
    """

    code = "PRM106"
    name = "optimised-non-leaf"
    claim = "an optimizer that is given the result of an operation raises ValueError"
    fix = "safe"

    def judge(self, event: OptimizerMade, facts: Facts) -> Verdict | None:
        """One of the optimizer's tensors was computed from another that requires grad."""
        if event.expects("ValueError"):
            return None
        for address, tensor in facts.tensors(event.tensors, event.state):
            if tensor.trainable is True and tensor.is_leaf is False and tensor.via:
                when = " where the device or dtype changes" if tensor.is_conversion else ""
                made = tensor.made
                is_here = made is not None and made.module is event.frame.module
                return Verdict(
                    f"this tensor is given to an optimizer but is no leaf{when}: {tensor.via} "
                    f"comes after requires_grad, so the optimizer raises ValueError; "
                    f"apply it first and call requires_grad_() last",
                    made.node if made is not None and is_here else None,
                    evidence=address,
                    trace=(("the optimizer takes it", event.frame.place(event.node)),),
                )
        return None
