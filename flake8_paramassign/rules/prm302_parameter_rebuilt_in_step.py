"""PRM302: a Parameter is made anew in every step."""

from __future__ import annotations

import ast
import re

from flake8_paramassign import catalogue
from flake8_paramassign.inference.events import AttributeStored, Event, Role
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.reads import put_back, tests_around
from flake8_paramassign.inference.values import NONE, Opaque, Parameter, in_order
from flake8_paramassign.rules.base import Finding, Rule

_STORES = frozenset(["=", "setattr", "register_parameter"])
_ONCE = re.compile(r"init|built|build|first|lazy|none|ready|materiali|setup|exist|hasattr", re.I)
"""What a condition is about that holds only the first time."""


class ParameterRebuiltInStep(Rule):
    """
    ## What it does
    Reports `x.weight = nn.Parameter(...)` in `forward`, `training_step`, `update`, `step`, or in a
    method that one of them always calls.

    ## Why it is bad
    `nn.Parameter(t)` is a new leaf: the gradient does not flow through it to what `t` was computed
    from. And it is a new one on each call, so the optimizer, which was built before, never steps
    it. Nothing raises.

    ## Example
    ```python
    def forward(self, x):
        self.weight = nn.Parameter(F.normalize(self.weight))
        return x @ self.weight
    ```

    ## Use instead
    ```python
    def forward(self, x):
        weight = F.normalize(self.weight)
        return x @ weight
    ```

    ## Fix safety
    There is no fix: use a local variable, `torch.func.functional_call` where another Module is to
    use the value, or a parametrization.

    ## Known limits
    Lazy creation, under a condition such as `if self.weight is None:`, is silent; so is a Parameter
    that does not require grad, and one that is put back afterwards.

    ## References
    - [torch.func.functional_call](https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html)
    - [torch.nn.utils.parametrize](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html)
    """

    code = "PRM302"
    name = "parameter-rebuilt-in-step"
    claim = "a Parameter made anew in each step cuts the gradient and is never trained"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A new Parameter is stored where a step runs, whatever was there before."""
        if not isinstance(event, AttributeStored) or event.frame.role is not Role.STEP:
            return None
        if event.how not in _STORES or event.state.grad is False or not _holds(event, ask):
            return None
        made = next((v for v in in_order(event.values) if _is_new(v)), None)
        if made is None or _is_lazy(event, ask):
            return None
        statement, target = event.frame.statement, event.node
        if statement is None or (
            isinstance(target, ast.expr) and put_back(target, statement, event.frame.node)
        ):
            return None
        step = getattr(event.frame.node, "name", "this method")
        assert isinstance(made, Parameter)
        return Finding(
            f"'{event.name}' becomes a new Parameter in each call of {step}(): no gradient reaches "
            f"what it is made of and the optimizer never steps it; {_instead(event)}",
            why_not_fixed="a local variable, functional_call or a parametrization has to be chosen",
            value=made,
        )


def _holds(event: AttributeStored, ask: Objects) -> bool:
    """Whether the receiver is a Module, or looks like a layer deep in one."""
    if isinstance(event.receiver, Opaque) and event.receiver.module is None:
        return catalogue.is_stock_slot(event.name)
    return ask.is_module(event.receiver) is True


def _is_new(value: object) -> bool:
    """Whether ``nn.Parameter(...)`` made it here, to be trained."""
    return (
        isinstance(value, Parameter)
        and value.plain
        and value.trainable is not False
        and isinstance(value.site, ast.Call)
    )


def _is_lazy(event: AttributeStored, ask: Objects) -> bool:
    """Whether the store may happen the first time only."""
    old = ask.attribute(event.receiver, event.name, event.state, event.node)
    if old == NONE or event.frame.statement is None:
        return True
    for test, branch in tests_around(event.frame.statement, event.frame.node):
        text = ast.unparse(test)
        if event.name in text or _ONCE.search(text):
            return True
        stored = {
            node.attr
            for statement in branch.body
            for node in ast.walk(statement)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        }
        if any(isinstance(n, ast.Attribute) and n.attr in stored for n in ast.walk(test)):
            return True
    return False


def _instead(event: AttributeStored) -> str:
    if isinstance(event.receiver, Opaque) or event.receiver != event.frame.receiver:
        return "pass the value by torch.func.functional_call, or use a parametrization"
    return "use a local variable, or a parametrization"
