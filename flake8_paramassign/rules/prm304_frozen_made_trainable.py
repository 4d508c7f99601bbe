"""PRM304: a frozen Parameter gives way to one that trains, or the reverse, by oversight."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Value
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.wording import quoted, shown
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import AttributeStored, ParameterMade


class FrozenMadeTrainable(Rule):
    """
    ## What it does
    Reports `m.weight = nn.Parameter(t)`, without `requires_grad=`, over a Parameter that is frozen,
    and `nn.Parameter(t, requires_grad=w.data.requires_grad)`.

    ## Why it is bad
    `nn.Parameter` requires grad unless it is told otherwise: what was frozen trains again. And
    `.data` never requires grad, so the flag of a Parameter's `.data` is always False: what was
    trained is frozen. Nothing raises.

    ## Example
    ```python
    conv.weight.requires_grad = False
    conv.weight = nn.Parameter(filters)
    ```

    ## Use instead
    ```python
    conv.weight.requires_grad = False
    conv.weight = nn.Parameter(filters, requires_grad=False)
    ```

    ## Fix safety
    Unsafe: where the new Parameter is meant to train, say so by `requires_grad=True`.

    ## Known limits
    Silent where `requires_grad` is set afterwards, and where the class unfreezes.

    ## References
    - [torch.nn.parameter.Parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html)
    """

    code = "PRM304"
    name = "frozen-made-trainable"
    claim = "nn.Parameter(t) over a frozen Parameter trains, as it requires grad by default"
    fix = "unsafe"

    def judge(self, event: AttributeStored | ParameterMade, facts: Facts) -> Verdict | None:
        """A Parameter whose flag nobody thought of takes a frozen one's place."""
        if isinstance(event, ParameterMade):
            return _flag_of_data(event, facts)
        made = next((v for v in event.values if _is_made_to_train(event, v, facts)), None)
        old = [facts.tensor(value, event.state) for value in event.before.values]
        if made is None or made in event.before.values or not old:
            return None
        if not all(t is not None and t.is_parameter and t.trainable is False for t in old):
            return None
        if any(t is not None and t.shape is not None and 0 in t.shape for t in old):
            return None  # It stands for what is not there yet.
        return Verdict(
            f"{quoted(event.name)} was frozen, and nn.Parameter(...) requires grad unless told "
            f"otherwise, so it trains again; pass requires_grad=False, or True if that is meant",
            evidence=made,
        )

    def stands(
        self, event: AttributeStored | ParameterMade, verdict: Verdict, final: State, facts: Facts
    ) -> bool:
        """Not where the program sets the flag afterwards."""
        made = facts.tensor(verdict.evidence, final)
        return isinstance(event, ParameterMade) or made is None or not made.explicit


def _is_made_to_train(event: AttributeStored, value: Value, facts: Facts) -> bool:
    """Whether it trains for want of another word."""
    made = facts.parameter(value, event.state)
    return (
        made is not None and made.made is not None and made.trainable is True and not made.explicit
    )


def _flag_of_data(event: ParameterMade, facts: Facts) -> Verdict | None:
    """``requires_grad=w.data.requires_grad``, or ``.detach()``'s."""
    given = event.flag_node
    if not event.flag_of or not isinstance(given, ast.Attribute):
        return None
    for value in event.flag_of:
        tensor = facts.tensor(value, event.state)
        if tensor is None or not tensor.through_data or tensor.base is None:
            return None
        base = facts.tensor(tensor.base, event.state)
        if base is not None and base.trainable is False:
            return None
    owner = given.value.func if isinstance(given.value, ast.Call) else given.value
    instead = shown(owner.value) if isinstance(owner, ast.Attribute) else "..."
    return Verdict(
        f"'{shown(given)}' is always False, so the new Parameter never trains; write "
        f"requires_grad={instead}.requires_grad"
    )
