"""PRM105: Modules in a list, tuple or dict are invisible to their parent."""

from __future__ import annotations

from flake8_paramassign.inference.events import ContainerHeld, Event
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Parameter
from flake8_paramassign.rules.base import Finding, Rule


class ModulesInPlainContainer(Rule):
    """
    ## What it does
    Reports a list, tuple, set or dict of Modules that a Module keeps as an attribute.

    ## Why it is bad
    `nn.Module` registers Modules among its attributes, not inside Python containers. The
    Parameters of those in a list are not in `parameters()`: never trained, not saved, not moved;
    `train()` and `eval()` do not reach them.

    ## Example
    ```python
    class Stack(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.blocks = [nn.Linear(8, 8) for _ in range(n)]
    ```

    ## Use instead
    ```python
    class Stack(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.blocks = nn.ModuleList([nn.Linear(8, 8) for _ in range(n)])
    ```

    ## Fix safety
    Unsafe: the Modules then are trained and saved, so older checkpoints need `strict=False`.

    ## Known limits
    Silent where each Module is registered elsewhere (`add_module`, `nn.Sequential(*blocks)`),
    where nothing is lost (`nn.ReLU()`), for a list of one element, which hides a Module on
    purpose, and in a class with an `if isinstance(self.blocks, list)`, which is made for both.

    ## References
    - [torch.nn.ModuleList](https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html)
    - [pytorch/pytorch#72580](https://github.com/pytorch/pytorch/issues/72580)
    """

    code = "PRM105"
    name = "modules-in-plain-container"
    claim = "Modules in a list, tuple or dict are not registered: never trained, saved or moved"
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A plain container holds Modules that nothing registers."""
        if not isinstance(event, ContainerHeld):
            return None
        if any(isinstance(v, Parameter) for v in event.items):
            return None
        better = "nn.ModuleDict" if event.container.kind == "dict" else "nn.ModuleList"
        return Finding(
            f"Modules in the plain {event.container.kind} '{event.name}' are not registered: "
            f"they are never trained, saved or moved; keep them in an {better}"
        )
