"""PRM106: an optimizer is given a tensor that is no leaf."""

from __future__ import annotations

import ast

from flake8_paramassign.inference.events import Event, OptimizerMade
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Tensor, in_order
from flake8_paramassign.rules.base import Finding, Rule


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
    Unsafe: moving the operation before `requires_grad_()` changes which tensor is the leaf.

    ## Known limits
    Only optimizers of `torch.optim` are known.

    ## References
    - [torch.Tensor.is_leaf](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_leaf.html)
    - torch/optim/optimizer.py, `Optimizer.add_param_group`
    """

    code = "PRM106"
    name = "optimised-non-leaf"
    claim = "an optimizer that is given the result of an operation raises ValueError"
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """One of the optimizer's tensors was computed from another that requires grad."""
        if not isinstance(event, OptimizerMade):
            return None
        for value in in_order(event.tensors):
            if isinstance(value, Tensor) and value.trainable and not value.leaf and value.via:
                if value.origin is not None and not isinstance(value.origin.site, ast.Call):
                    continue
                when = " where the device or dtype changes" if value.maybe_self else ""
                return Finding(
                    f"this tensor is given to an optimizer but is no leaf{when}: {value.via} comes "
                    f"after requires_grad, so the optimizer raises ValueError; "
                    f"apply it first and call requires_grad_() last",
                    value.site,
                    value=value,
                )
        return None
