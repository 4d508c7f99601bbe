"""PRM201: the variable of a loop over Parameters is given another value, and that is all."""

from __future__ import annotations

from flake8_paramassign.domain.values import Constant, Plain, Value
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.uses import writes_in
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import VariableRebound

_NUMBERS = frozenset(["int", "float", "bool", "numpy.ndarray"])


class LoopVariableIsRebound(Rule):
    """
    ## What it does
    Reports an assignment to the variable of `for p in model.parameters():`, where the new value is
    never read.

    ## Why it is bad
    A name is bound to another tensor; the Parameter stays as it was. Nothing raises, and gradient
    descent, clipping or a moving average written like this does nothing at all.

    ## Example
    ```python
    for p in model.parameters():
        p = p - lr * p.grad
    ```

    ## Use instead
    ```python
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p - lr * p.grad)
    ```

    ## Fix safety
    Unsafe: the program then does what it says, under `torch.no_grad()`. What is written is cast to
    the Parameter's dtype and broadcast to its shape.

    ## Known limits
    Silent where the value is read afterwards, where its expression also writes in place, and where
    an unknown function makes it, as that may do the work itself.

    ## References
    - [torch.no_grad](https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html)
    - [torch.nn.Module.parameters](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    """

    code = "PRM201"
    name = "loop-variable-rebound"
    claim = "another value for the variable of a loop over parameters() changes no Parameter"
    fix = "unsafe"

    def judge(self, event: VariableRebound, facts: Facts) -> Verdict | None:
        """The new value is a tensor of its own, or a number, and nothing else was done."""
        if event.loop is None or set(event.values) <= set(event.before):
            return None
        if not all(_is_meant_for_it(value, event, facts) for value in event.values):
            return None
        if writes_in(event.expression, facts):
            return None
        name = event.name
        return Verdict(
            f"'{name} = ...' gives the loop variable another value and leaves the Parameter as it "
            f"was, as the value is never read; write {name}.copy_(...) under torch.no_grad()",
            trace=(("the loop over Parameters", event.frame.place(event.loop)),),
        )


def _is_meant_for_it(value: Value, event: VariableRebound, facts: Facts) -> bool:
    """Whether a value may be meant to be the Parameter's: a tensor, or a number."""
    if isinstance(value, Constant):
        return value.value is not None
    if isinstance(value, Plain):
        return value.kind in _NUMBERS
    return facts.tensor(value, event.state) is not None
