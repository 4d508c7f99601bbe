"""PRM108: a trainable Parameter is given integers."""

from __future__ import annotations

from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Values, constant
from flake8_paramassign.facts import Facts
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import DataStored, ParameterMade


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

    def judge(self, event: ParameterMade | DataStored, facts: Facts) -> Verdict | None:
        """Integers meet a Parameter that requires grad."""
        if event.expects("RuntimeError"):
            return None
        if isinstance(event, ParameterMade):
            if event.flag and constant(event.flag) is not True:
                return None
            if _are_integers(event.data, event.state, facts):
                return Verdict(
                    "nn.Parameter of an integer or bool tensor raises RuntimeError, as only "
                    "floating point can require gradients; pass requires_grad=False, or convert it"
                )
        elif _are_integers(event.values, event.state, facts):
            receivers = [facts.parameter(value, event.state) for value in event.receivers]
            if any(receiver and receiver.trainable is True for receiver in receivers):
                return Verdict(
                    "an integer or bool tensor assigned to a trainable Parameter's .data raises "
                    "RuntimeError; convert it to floating point"
                )
        return None


def _are_integers(values: Values, state: State, facts: Facts) -> bool:
    """Whether every value surely is a tensor of integers, and there is one."""
    tensors = [facts.tensor(value, state) for value in values]
    return bool(tensors) and all(t is not None and t.integer is True for t in tensors)
