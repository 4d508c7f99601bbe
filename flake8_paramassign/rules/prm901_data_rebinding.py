"""PRM901: the ``.data`` of a Parameter is assigned another tensor."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.inference.events import DataStored, Event
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Opaque, Parameter
from flake8_paramassign.rules.base import Finding, Rule
from flake8_paramassign.rules.prm305_aliased_storage import AliasedStorage

_LONGEST = 30
"""Characters of the user's own expression that a message repeats."""


class DataRebinding(Rule):
    """
    ## What it does
    Reports `weight.data = t`, where `weight` is an `nn.Parameter`.

    ## Why it is bad
    Nothing is checked: the Parameter takes on the shape, dtype and device of `t`, keeps a gradient
    that may no longer fit, and shares the storage of `t`, so that a later write to the one changes
    the other. Autograd does not see it. Sound programs do it too, so this rule is opt-in.

    ## Example
    ```python
    layer.weight.data = pretrained
    ```

    ## Use instead
    ```python
    with torch.no_grad():
        layer.weight.copy_(pretrained)
    ```

    ## Fix safety
    Unsafe: `.data.copy_(t)` keeps the shape, dtype and device, to which it broadcasts and casts
    silently. Where they have to change, assign a new `nn.Parameter` before an optimizer is built:
    there is no fix for a value of another shape, for the Parameter's own values in another form
    (`w.data.half()`, `w.data[rows]`), where the storage is kept under another name or may be meant
    to be shared, and in `forward`.

    ## Known limits
    Where the class of an object is unknown, only names of torch's own layers are reported.

    ## References
    - [torch.nn.parameter.Parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html)
    - [pytorch/pytorch#30987](https://github.com/pytorch/pytorch/issues/30987)
    """

    code = "PRM901"
    name = "data-rebinding"
    claim = "a tensor assigned to .data: shape, dtype and device unchecked, storage shared"
    signs = (r"\.data\b",)
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """The ``.data`` of what surely is a Parameter is assigned."""
        if not isinstance(event, DataStored) or not isinstance(event.node, ast.Attribute):
            return None
        if not any(isinstance(v, Parameter) for v in event.receivers):
            owner = event.node.value
            if not isinstance(owner, ast.Attribute) or not catalogue.is_stock_slot(owner.attr):
                return None
            if not any(isinstance(v, Opaque) for v in event.receivers):
                return None
        target, value = ast.unparse(event.node), "t"
        if event.expression is not None and len(ast.unparse(event.expression)) <= _LONGEST:
            value = ast.unparse(event.expression)
        shares = AliasedStorage().judge(event, ask) is not None
        return Finding(
            f"'{target}' takes on any shape, dtype and device, and shares the storage of what is "
            f"assigned; write {target}.copy_({value})",
            why_not_fixed="it may be meant to tie the two, or to copy" if shares else None,
        )
