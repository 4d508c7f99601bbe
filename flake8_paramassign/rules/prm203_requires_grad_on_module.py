"""PRM203: a Module is given an attribute called requires_grad."""

from __future__ import annotations

import ast
import re

from flake8_paramassign.inference.events import AttributeStored, Event
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import constant
from flake8_paramassign.rules.base import Finding, Rule


class RequiresGradOnModule(Rule):
    """
    ## What it does
    Reports `module.requires_grad = False`, or `True`, where `module` is an `nn.Module`.

    ## Why it is bad
    Modules have no such attribute: the assignment makes one, which nobody reads. No Parameter is
    frozen or unfrozen, and nothing raises.

    ## Example
    ```python
    backbone = nn.Linear(3, 3)
    backbone.requires_grad = False
    ```

    ## Use instead
    ```python
    backbone = nn.Linear(3, 3)
    backbone.requires_grad_(False)
    ```

    ## Fix safety
    Unsafe: the Parameters then are frozen, which changes what is trained.

    ## Known limits
    A class that reads its own `requires_grad` keeps a flag there, and is silent.

    ## References
    - [torch.nn.Module.requires_grad_](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    """

    code = "PRM203"
    name = "requires-grad-on-module"
    claim = "module.requires_grad = False sets an attribute and freezes nothing"
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """The receiver surely is a Module, and the attribute is no flag of its own."""
        if not isinstance(event, AttributeStored) or event.name != "requires_grad":
            return None
        if event.how not in ("=", "setattr") or not ask.is_module(event.receiver):
            return None
        flag = constant(event.values)
        if not isinstance(flag, bool) or _is_own_flag(event, ask):
            return None
        what = ast.unparse(event.node.value) if isinstance(event.node, ast.Attribute) else "it"
        return Finding(
            f"'{what}' is a Module, which has no requires_grad: the assignment "
            f"{'unfreezes' if flag else 'freezes'} nothing; write {what}.requires_grad_({flag})"
        )


def _is_own_flag(event: AttributeStored, ask: Objects) -> bool:
    """Whether the class reads ``self.requires_grad``, or defines it."""
    if event.receiver != event.frame.receiver:
        return False
    find = getattr(getattr(event.receiver, "cls", None), "find", None)
    read = re.search(r"self\.requires_grad\b(?!\s*=[^=])", ask.text_around(event.frame))
    return read is not None or (find is not None and find("requires_grad") is not None)
