"""PRM302: a Parameter is made anew in every step."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import NONE, Address, Value
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.statistics import is_statistic
from flake8_paramassign.facts.uses import is_repeated, tested
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Frame, Role

_STORES = frozenset(["=", "setattr", "register_parameter"])


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
    Silent under a condition, unless it asks for nothing but what the constructor has set: else it
    may be made at the first call only. Silent for a Parameter that does not require grad, for one
    that is put back afterwards, and for a moving average (`self.w * d + (1 - d) * new`), which is
    not meant to be trained.

    ## References
    - [torch.func.functional_call](https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html)
    - [torch.nn.utils.parametrize](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html)
    """

    code = "PRM302"
    name = "parameter-rebuilt-in-step"
    claim = "a Parameter made anew in each step cuts the gradient and is never trained"

    def judge(self, event: AttributeStored, facts: Facts) -> Verdict | None:
        """A new Parameter is stored wherever a step runs, whatever was there before."""
        if event.frame.role is not Role.STEP or event.how not in _STORES or event.grad is False:
            return None
        if facts.is_module(event.receiver, event.state) is not True or event.before.values == NONE:
            return None
        made = next((v for v in event.values if _is_new(event, v, facts)), None)
        if made is None or is_statistic(event) or _is_in_eval_mode(event):
            return None
        tensor = facts.tensor(made, event.state)
        step = getattr(event.frame.node, "name", "this method")
        when = " in training mode" if "training" in tested(event) else ""
        return Verdict(
            f"{quoted(event.name)} becomes a new Parameter in each call of {step}(){when}: no "
            f"gradient reaches what it is made of and the optimizer never steps it; "
            f"{_instead(event)}",
            why_not_fixed="a local variable, functional_call or a parametrization has to be chosen",
            evidence=made,
            trace=(("the new Parameter is made", tensor.made),)
            if tensor is not None and tensor.made and tensor.made.node is not event.expression
            else (),
        )

    def stands(self, event: AttributeStored, verdict: Verdict, final: State, facts: Facts) -> bool:
        """Not where what was there is put back before the step ends, or the new one is frozen."""
        made = facts.tensor(verdict.evidence, final)
        if made is not None and made.trainable is False:
            return False
        held = facts.member(event.receiver, event.name, final)
        return held is None or verdict.evidence in held.values

    def holds(self, event: AttributeStored, facts: Facts) -> bool:
        """Not where the step has no gradients, trains it by itself, or may do this only once."""
        sites = {value.site for value in event.values if isinstance(value, Address)}
        if not sites.isdisjoint(facts.optimised_in_step):
            return False
        return facts.grad(event) is not False and is_repeated(event, facts)


def _is_in_eval_mode(event: AttributeStored) -> bool:
    """Whether a test of ``training`` on the way came out so that the step trains nothing."""
    led_here: list[ast.AST | None] = [event.node]
    frame: Frame | None = event.frame
    while frame is not None:
        for node in ast.walk(frame.node):
            if not isinstance(node, ast.If) or node.test not in event.passed:
                continue
            asked = (n.attr for n in ast.walk(node.test) if isinstance(n, ast.Attribute))
            inside = (inner for statement in node.body for inner in ast.walk(statement))
            if "training" in asked:
                if any(inner in led_here for inner in inside) == _is_negative(node.test):
                    return True
        led_here.append(frame.call)
        frame = frame.caller
    return False


def _is_negative(test: ast.expr) -> bool:
    """Whether a test holds where what it asks about does not: ``not x``, ``x is False``."""
    if isinstance(test, ast.Compare) and isinstance(test.comparators[0], ast.Constant):
        return test.comparators[0].value is isinstance(test.ops[0], ast.IsNot | ast.NotEq)
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _is_new(event: AttributeStored, value: Value, facts: Facts) -> bool:
    """Whether ``nn.Parameter(...)`` made it, to be trained, and in this step."""
    parameter = facts.parameter(value, event.state)
    if parameter is None or parameter.trainable is False or parameter.made is None:
        return False
    return value not in event.before.values


def _instead(event: AttributeStored) -> str:
    if event.receiver is not event.frame.receiver:
        return "pass the value by torch.func.functional_call, or use a parametrization"
    return "use a local variable, or a parametrization"
