"""PRM108: a trainable Parameter is given integers."""

from __future__ import annotations

from flake8_paramassign.inference.events import DataStored, Event, ParameterMade
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Parameter, Tensor
from flake8_paramassign.rules.base import Finding, Rule


class IntegerParameter(Rule):
    """
    ## What it does
    Reports `nn.Parameter(<integer or bool tensor>)` without `requires_grad=False`, and an
    integer tensor assigned to a trainable Parameter's `.data`.

    ## Why it is bad
    `RuntimeError: Only Tensors of floating point and complex dtype can require gradients`.
    `torch.tensor([1, 2])` and `torch.arange(3)` are integer tensors.

    ## Example
    ```python
    order = nn.Parameter(torch.arange(3))
    ```

    ## Use instead
    ```python
    order = nn.Parameter(torch.arange(3), requires_grad=False)
    ```

    ## Fix safety
    Unsafe: `requires_grad=False` keeps the integers; where the values are to be trained, make
    them floating point instead.

    ## Known limits
    A dtype held in a variable is not known.

    ## References
    - [torch.nn.parameter.Parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html)
    """

    code = "PRM108"
    name = "integer-parameter"
    claim = "a trainable Parameter of integers raises RuntimeError"
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """Integers meet a Parameter that requires grad."""
        if isinstance(event, ParameterMade):
            if event.parameter.trainable is True and _integers(event.data):
                return Finding(
                    "nn.Parameter of an integer or bool tensor raises RuntimeError, as only "
                    "floating point can require gradients; pass requires_grad=False, or convert it"
                )
        elif isinstance(event, DataStored) and _integers(event.values):
            if any(isinstance(v, Parameter) and v.trainable for v in event.receivers):
                return Finding(
                    "an integer or bool tensor assigned to a trainable Parameter's .data raises "
                    "RuntimeError; convert it to floating point"
                )
        return None


def _integers(values: frozenset[object]) -> bool:
    """Whether every tensor that is known here holds integers, and there is one."""
    tensors = [v for v in values if isinstance(v, Tensor)]
    return bool(tensors) and all(t.integer is True for t in tensors) and len(tensors) == len(values)
