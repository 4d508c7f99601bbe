"""PRM104: Parameters in a list, tuple or dict are invisible to their Module."""

from __future__ import annotations

from flake8_paramassign.inference.events import ContainerHeld, Event
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Parameter
from flake8_paramassign.rules.base import Finding, Rule


class ParametersInPlainContainer(Rule):
    """
    ## What it does
    Reports a list, tuple, set or dict of `nn.Parameter` that a Module keeps as an attribute.

    ## Why it is bad
    `nn.Module` looks for Parameters among its attributes, not inside Python containers. Those in
    a list are not in `parameters()`: never trained, not saved, not moved.

    ## Example
    ```python
    class Mixture(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.means = [nn.Parameter(torch.randn(2)) for _ in range(n)]
    ```

    ## Use instead
    ```python
    class Mixture(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.means = nn.ParameterList([nn.Parameter(torch.randn(2)) for _ in range(n)])
    ```

    ## Fix safety
    Unsafe: the Parameters then are trained and saved, so older checkpoints need `strict=False`;
    `nn.ParameterList` has no `insert`, `pop` or `remove`.

    ## Known limits
    Silent where the Parameters are registered under another name as well.

    ## References
    - [torch.nn.ParameterList](https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html)
    - [pytorch/pytorch#59925](https://github.com/pytorch/pytorch/issues/59925)
    """

    code = "PRM104"
    name = "parameters-in-plain-container"
    claim = "Parameters in a list, tuple or dict are not registered: never trained, saved or moved"
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A plain container holds Parameters that nothing registers."""
        if not isinstance(event, ContainerHeld):
            return None
        if not any(isinstance(v, Parameter) for v in event.items):
            return None
        better = "nn.ParameterDict" if event.container.kind == "dict" else "nn.ParameterList"
        return Finding(
            f"Parameters in the plain {event.container.kind} '{event.name}' are not registered: "
            f"they are never trained, saved or moved; keep them in an {better}"
        )
