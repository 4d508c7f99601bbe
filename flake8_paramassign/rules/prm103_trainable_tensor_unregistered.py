"""PRM103: a tensor that requires grad, but is no Parameter, is stored on a Module."""

from __future__ import annotations

from flake8_paramassign.inference.events import AttributeStored, Event, Role
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.state import PARAMETER_SLOT, State
from flake8_paramassign.inference.values import Instance, Tensor
from flake8_paramassign.rules.base import Finding, Rule


class TrainableTensorUnregistered(Rule):
    """
    ## What it does
    Reports `self.w = torch.randn(..., requires_grad=True)`, or `.requires_grad_()`, in the
    construction of an `nn.Module`.

    ## Why it is bad
    Only an `nn.Parameter` is registered. The tensor gets a gradient, but it is not in
    `parameters()`, so no optimizer built from them trains it, `state_dict()` does not save it
    and `.to()` does not move it.

    ## Example
    ```python
    class Attention(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.query = torch.randn(n, requires_grad=True)
    ```

    ## Use instead
    ```python
    class Attention(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.query = nn.Parameter(torch.randn(n))
    ```

    ## Fix safety
    Unsafe: the tensor then is trained and saved, so older checkpoints need `strict=False`.

    ## Known limits
    Silent where the attribute is given to an optimizer by name, in `forward`, and in a class body.

    ## References
    - [torch.nn.parameter.Parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html)
    """

    code = "PRM103"
    name = "trainable-tensor-unregistered"
    claim = "a tensor that requires grad is stored on a Module: not registered, never trained"
    fix = "unsafe"

    @classmethod
    def stands(cls, event: AttributeStored, state: State) -> bool:
        """Not where a Parameter takes the attribute's place before ``__init__`` ends."""
        return state.slots.get((event.receiver, event.name)) != PARAMETER_SLOT

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A trainable tensor made here is stored while a Module is constructed."""
        if not isinstance(event, AttributeStored) or event.how not in ("=", "setattr"):
            return None
        if not isinstance(event.receiver, Instance) or not ask.is_module(event.receiver):
            return None
        if event.frame.role is not Role.CONSTRUCTION or event.slot & {"parameter", "buffer"}:
            return None
        if not all(isinstance(v, Tensor) and _is_meant_to_train(v) for v in event.values):
            return None
        if ask.given_to_optimizer(event.frame, event.name):
            return None
        return Finding(
            f"'{event.name}' requires grad but is not a Parameter: it is not in parameters(), "
            f"so it is never trained, saved or moved; write nn.Parameter(...)"
        )


def _is_meant_to_train(value: Tensor) -> bool:
    """A leaf that requires grad, also one that is only moved; a computed result is a cache."""
    return bool(value.trainable) and value.origin is None and (value.leaf or value.maybe_self)
