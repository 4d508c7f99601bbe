"""PRM304: a frozen Parameter gives way to one that trains, or the reverse, by oversight."""

from __future__ import annotations

import ast
import re

from flake8_paramassign.inference.events import AttributeStored, Event, ParameterMade, Role
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Parameter, in_order
from flake8_paramassign.rules.base import Finding, Rule

_FREEZES = re.compile(r"requires_grad|freez", re.IGNORECASE)
_UNFREEZES = re.compile(r"requires_grad\s*=\s*True|requires_grad_\((True)?\)|unfreez|thaw", re.I)


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

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A Parameter whose flag nobody thought of takes a frozen one's place."""
        if isinstance(event, ParameterMade):
            return _flag_of_data(event)
        if not isinstance(event, AttributeStored) or event.how == "register_parameter":
            return None
        made = next(
            (v for v in in_order(event.values) if isinstance(v, Parameter) and v.trainable), None
        )
        if made is None or not _says_nothing(made.site):
            return None
        old = ask.attribute(event.receiver, event.name, event.state, event.node)
        frozen = [v for v in old if isinstance(v, Parameter) and v.trainable is False]
        if not frozen or len(frozen) < len(old) or made in old:
            return None
        if _FREEZES.search(ask.text_after(event.frame, event.node)):
            return None
        constructed = event.frame.role is Role.CONSTRUCTION
        if not constructed and _UNFREEZES.search(ask.text_around(event.frame)):
            return None
        return Finding(
            f"'{event.name}' was frozen, and nn.Parameter(...) requires grad unless told "
            f"otherwise, so it trains again; pass requires_grad=False, or True if that is meant",
            value=made,
        )


def _says_nothing(site: object) -> bool:
    """Whether ``nn.Parameter(...)`` was called without the flag."""
    if not isinstance(site, ast.Call) or len(site.args) > 1:
        return False
    return all(k.arg == "data" for k in site.keywords)


def _flag_of_data(event: ParameterMade) -> Finding | None:
    """``requires_grad=w.data.requires_grad``, or ``.detach()``'s."""
    given = next((k.value for k in event.node.keywords if k.arg == "requires_grad"), None)
    if not isinstance(given, ast.Attribute) or given.attr != "requires_grad":
        return None
    holder = given.value
    if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Attribute):
        holder = holder.func
        detached = holder.attr == "detach"
    else:
        detached = isinstance(holder, ast.Attribute) and holder.attr == "data"
    if not detached or not isinstance(holder, ast.Attribute):
        return None
    return Finding(
        f"'{ast.unparse(given)}' is always False, so the new Parameter never trains; write "
        f"requires_grad={ast.unparse(holder.value)}.requires_grad"
    )
