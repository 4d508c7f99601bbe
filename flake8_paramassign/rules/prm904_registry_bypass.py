"""PRM904: a Module's Parameters are changed behind the back of ``nn.Module.__setattr__``."""

from __future__ import annotations

from flake8_paramassign.inference.events import Event, RegistryBypassed
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.state import PARAMETER_SLOT
from flake8_paramassign.inference.values import NONE, Opaque, Parameter, Tensor
from flake8_paramassign.rules.base import Finding, Rule


class RegistryBypass(Rule):
    """
    ## What it does
    Reports stores in `module._parameters[...]`; a Parameter stored in `module.__dict__[...]` or by
    `object.__setattr__`; and a tensor assigned to the name of a Parameter that was deleted.

    ## Why it is bad
    `nn.Module.__setattr__` checks what it is given and registers Parameters. Past it, a plain
    tensor stands among the Parameters and gets no gradient, or a Parameter is registered nowhere:
    it is not in `parameters()`, no optimizer trains it, `state_dict()` does not save it and `.to()`
    does not move it. Libraries that rewire Modules do so on purpose, so this rule is opt-in.

    ## Example
    ```python
    object.__setattr__(self, "scale", nn.Parameter(torch.ones(3)))
    ```

    ## Use instead
    ```python
    self.scale = nn.Parameter(torch.ones(3))
    ```

    ## Fix safety
    There is no fix: only the author knows what should be trained and saved. For weights that are
    computed, use `torch.func.functional_call` or `torch.nn.utils.parametrize`.

    ## Known limits
    Silent for objects that may be no Module, and where the Parameter is deleted in one method and
    the tensor is assigned in another.

    ## References
    - [torch.nn.Module.register_parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    - [torch.func.functional_call](https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html)
    """

    code = "PRM904"
    name = "registry-bypass"
    claim = "a Parameter stored or deleted past nn.Module.__setattr__: unregistered, or unchecked"
    signs = (r"__dict__\[", r"\bdel ", r"delattr")

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A Parameter is concerned, and what holds it surely is a Module."""
        if not isinstance(event, RegistryBypassed) or event.how == "_modules":
            return None
        what = _what_happens(event, sure=ask.is_module(event.receiver) is True)
        return Finding(what, why_not_fixed="what is to be trained is not known") if what else None


def _what_happens(event: RegistryBypassed, *, sure: bool) -> str | None:
    name = f"'{event.name}'" if event.name is not None else "what is stored"
    tensor = any(isinstance(v, Tensor) and not v.maybe_self for v in event.values)
    parameter = any(isinstance(v, Parameter) for v in event.values)
    unknown_module = isinstance(event.receiver, Opaque) and event.receiver.module is not False
    if event.how == "del":
        if not tensor or not (sure or unknown_module):
            return None
        return (
            f"{name} is a deleted Parameter: a plain tensor in its place is never trained, saved "
            f"or moved; assign an nn.Parameter, or register_buffer() to keep it constant"
        )
    if event.how == "_parameters":
        if tensor and (sure or unknown_module):
            return (
                f"{name} is put into _parameters as a plain tensor: it gets no gradient and never "
                f"trains; write setattr(..., nn.Parameter(...))"
            )
        if event.values == NONE or not (sure or (parameter and unknown_module)):
            return None
        return f"{name} is put into _parameters unchecked; write register_parameter(...)"
    if not sure:
        return None
    if parameter:
        return (
            f"{name} is a Parameter that {event.how} does not register: it is never trained, saved "
            f"or moved; assign it as an attribute of the Module"
        )
    if tensor and event.slot == PARAMETER_SLOT:
        return (
            f"{name} is a registered Parameter that a plain tensor hides ({event.how}): training "
            f"it has no effect; write .data.copy_(...)"
        )
    return None
