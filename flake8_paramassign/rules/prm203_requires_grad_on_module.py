"""PRM203: ``requires_grad`` is set on a Module, where it means nothing."""

from __future__ import annotations

import re

from flake8_paramassign.inference.events import AttributeStored, Event
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Instance, Opaque, constant
from flake8_paramassign.rules.base import Finding, Rule

_READ = re.compile(r"\bself\.requires_grad\b(?!\s*=(?!=))")
"""A class that reads the attribute means its own by it."""


class RequiresGradOnModule(Rule):
    """
    ## What it does
    Reports `module.requires_grad = False` (or True) where the object is an `nn.Module`.

    ## Why it is bad
    A Module has no such flag: the statement stores an attribute that nothing reads. The Module's
    Parameters are trained as before, or stay frozen.

    ## Example
    ```python
    backbone = nn.Linear(8, 8)
    backbone.requires_grad = False
    ```

    ## Use instead
    ```python
    backbone = nn.Linear(8, 8)
    backbone.requires_grad_(False)
    ```

    ## Fix safety
    Unsafe: the Parameters then are frozen, which is what was meant, and training changes.

    ## Known limits
    Silent where the class has a property of that name or reads the attribute, and for objects that
    are not known to be Modules.

    ## References
    - [torch.nn.Module.requires_grad_](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    """

    code = "PRM203"
    name = "requires-grad-on-module"
    claim = "module.requires_grad = False freezes nothing: a Module has no such flag"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A flag is stored on something that surely is a Module without such an attribute."""
        if not isinstance(event, AttributeStored) or event.name != "requires_grad":
            return None
        if event.how not in ("=", "setattr") or not isinstance(constant(event.values), bool):
            return None
        receiver = event.receiver
        if not ask.is_module(receiver) or _has_its_own(receiver):
            return None
        if _READ.search(ask.text_around(event.frame)):
            return None
        flag = constant(event.values)
        done = "trains" if flag else "freezes"
        return Finding(
            f"'requires_grad' is set on a Module, which {done} nothing: its Parameters keep their "
            f"own flags; write .requires_grad_({flag})"
        )


def _has_its_own(receiver: Instance | Opaque) -> bool:
    """Whether the class itself gives the name a meaning."""
    find = getattr(receiver.cls, "find", None) if isinstance(receiver, Instance) else None
    return find is not None and find("requires_grad") is not None
