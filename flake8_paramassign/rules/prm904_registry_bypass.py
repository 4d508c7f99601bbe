"""PRM904: a Module's Parameters are changed behind the back of ``nn.Module.__setattr__``."""

from __future__ import annotations

from flake8_paramassign.domain.objects import BUFFER, PARAMETER
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import NONE
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import RegistryBypassed


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

    def judge(self, event: RegistryBypassed, facts: Facts) -> Verdict | None:
        """A Parameter is concerned, and what holds it surely is a Module."""
        if event.how not in ("_parameters", "__dict__", "object.__setattr__", "del"):
            return None
        what = _what_happens(event, facts)
        return Verdict(what, why_not_fixed="what is to be trained is not known") if what else None

    def stands(self, event: RegistryBypassed, verdict: Verdict, final: State, facts: Facts) -> bool:
        """Not where the tensor is made a buffer."""
        held = facts.member(event.receiver, event.name or "", final)
        return event.how != "del" or held is None or not held.slot & BUFFER


def _what_happens(event: RegistryBypassed, facts: Facts) -> str | None:
    name, is_module = quoted(event.name), facts.is_module(event.receiver, event.state)
    tensors = [t for _, t in facts.tensors(event.values, event.state) if not t.is_conversion]
    tensor = any(not t.is_parameter and not t.is_subclass for t in tensors)
    parameter = any(t.is_parameter for t in tensors)
    if is_module is False:
        return None
    if event.how == "del":
        return (
            f"{name} is a deleted Parameter: a plain tensor in its place is never trained, saved "
            f"or moved; assign an nn.Parameter, or register_buffer() to keep it constant"
            if tensor
            else None
        )
    if event.how == "_parameters":
        if tensor:
            return (
                f"{name} is put into _parameters as a plain tensor: it gets no gradient and never "
                f"trains; write setattr(..., nn.Parameter(...))"
            )
        if event.values == NONE or not (is_module or parameter):
            return None
        return f"{name} is put into _parameters unchecked; write register_parameter(...)"
    if is_module and parameter:
        return (
            f"{name} is a Parameter that {event.how} does not register: it is never trained, saved "
            f"or moved; assign it as an attribute of the Module"
        )
    if is_module and tensor and event.before.slot == PARAMETER:
        return (
            f"{name} is a registered Parameter that a plain tensor hides ({event.how}): training "
            f"it has no effect; write .data.copy_(...)"
        )
    return None
