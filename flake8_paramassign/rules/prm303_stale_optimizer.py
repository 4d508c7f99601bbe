"""PRM303: a Parameter is replaced after an optimizer or a wrapper took it."""

from __future__ import annotations

import ast
import re

from flake8_paramassign.inference.events import Event, ParameterReplaced, Role
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Instance, Value
from flake8_paramassign.rules.base import Finding, Rule

_MENDED_BY_HAND = re.compile(
    r"add_param_group|\.param_groups\s*=|\[\s*['\"]params['\"]\s*\]|\bparam_groups\b.*=\s*\["
    r"|\bopt\w*\.__init__\("
)
"""Code that gives an optimizer other Parameters than it was built with."""


class StaleOptimizer(Rule):
    """
    ## What it does
    Reports a Parameter, a layer, or with `load_state_dict(..., assign=True)` a whole Module, that
    is replaced after an optimizer was built from it or `DistributedDataParallel` wrapped it.

    ## Why it is bad
    An optimizer keeps the Parameters it was given. It goes on stepping the old one, which no
    output depends on any more, and the new one never trains: nothing raises, and the loss may
    still go down by the other layers. `DistributedDataParallel` synchronises the gradients of the
    old ones only. A compiled module and `DataParallel` do see the new Parameter.

    ## Example
    ```python
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.head.weight = nn.Parameter(weight)
    optimizer.step()
    ```

    ## Use instead
    ```python
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.head.weight.data.copy_(weight)
    optimizer.step()
    ```

    ## Fix safety
    Unsafe: `.data.copy_()` keeps the Parameter and so needs its shape, which it broadcasts to
    silently. Where the shape changes, replace the Parameter before the optimizer is built, or build
    the optimizer again; there is no fix. `assign=True` is left out: the Parameters then keep their
    dtype, and need storage, which those on the meta device do not have.

    ## Known limits
    Silent where an optimizer is built afterwards, or by another method of the class, which may be
    called then; where `param_groups` are changed by hand; and where the optimizer is not used after
    the replacement. In `forward` and the like it is PRM302.

    ## References
    - [torch.optim, constructing it](https://docs.pytorch.org/docs/stable/optim.html)
    - [torch.nn.Module.load_state_dict](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    - [pytorch/pytorch#14467](https://github.com/pytorch/pytorch/issues/14467)
    """

    code = "PRM303"
    name = "stale-optimizer"
    claim = "a Parameter replaced after an optimizer or DDP took it never trains"
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """Something new is held where an optimizer that is still used keeps the old one."""
        if not isinstance(event, ParameterReplaced) or event.mended:
            return None
        if event.frame.role is Role.STEP or _MENDED_BY_HAND.search(ask.text_around(event.frame)):
            return None
        taker = min(event.takers, key=lambda taker: _place(taker, ask))
        return Finding(_message(event, taker, ask))


def _message(event: ParameterReplaced, taker: Value, ask: Objects) -> str:
    place = _place(taker, ask)
    at = f" ({place})" if place else ""
    what = f"'{event.name}' is replaced" if event.name else "all Parameters are replaced"
    instead = _instead(event)
    if isinstance(taker, Instance):
        wrapper = taker.cls.name.rpartition(".")[2]
        return (
            f"{what} after {wrapper}{at} took what it holds: gradients of the new ones are not "
            f"synchronised; {instead} before wrapping"
        )
    return (
        f"{what} after the optimizer{at} was built: it keeps the old Parameter and the new one "
        f"never trains; {instead} before the optimizer is built"
    )


def _place(taker: Value, ask: Objects) -> str:
    return ask.where(getattr(taker, "site", None))


def _instead(event: ParameterReplaced) -> str:
    if event.name is None:
        return "leave out assign=True, or load"
    if event.how == "=" and isinstance(event.node, ast.Attribute):
        return f"write {ast.unparse(event.node)}.data.copy_(...), or replace it"
    return "copy into it, or replace it"
