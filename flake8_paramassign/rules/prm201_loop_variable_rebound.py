"""PRM201: the variable of a loop over Parameters is given another value, and that is all."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.inference.events import Event, LoopVariableRebound
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.reads import read_after
from flake8_paramassign.inference.values import Constant, Other, Parameter, Tensor
from flake8_paramassign.rules.base import Finding, Rule


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

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """The new value is no Parameter of the loop's, and nobody reads it."""
        if not isinstance(event, LoopVariableRebound) or event.frame.statement is None:
            return None
        name = event.node.id
        if not all(isinstance(v, Tensor | Constant | Other | Parameter) for v in event.values):
            return None
        if event.values <= event.before or _writes(event.expression):
            return None
        if read_after(name, event.frame.statement, event.loop, event.frame.node):
            return None
        return Finding(
            f"'{name} = ...' gives the loop variable another value and leaves the Parameter as it "
            f"was, as the value is never read; write {name}.copy_(...) under torch.no_grad()"
        )


def _writes(node: ast.expr) -> bool:
    """Whether the expression may change the Parameter itself: ``p.data.mul_(2)``."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            called = getattr(inner.func, "attr", getattr(inner.func, "id", ""))
            if called.endswith("_") or catalogue.method(called) is catalogue.Result.IN_PLACE:
                return True
    return False
