"""PRM901: the ``.data`` of a Parameter is assigned another tensor."""

from __future__ import annotations

import ast

from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.aliasing import is_parameter
from flake8_paramassign.facts.wording import shown
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import DataStored


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
    fix = "unsafe"

    def judge(self, event: DataStored, facts: Facts) -> Verdict | None:
        """The ``.data`` of what surely is a Parameter is assigned.

        ``w.data *= 2`` writes in place, and assigns what was there.
        """
        if isinstance(event.node, ast.AugAssign):
            return None
        if not any(is_parameter(value, event.state, facts) for value in event.receivers):
            return None
        target, value = shown(event.node, "m.w.data"), shown(event.expression, "t")
        return Verdict(
            f"'{target}' takes on any shape, dtype and device, and shares the storage of what is "
            f"assigned; write {target}.copy_({'t' if value == '...' else value})",
        )
