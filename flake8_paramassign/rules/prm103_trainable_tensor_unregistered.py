"""PRM103: a tensor that requires grad, but is no Parameter, is stored on a Module."""

from __future__ import annotations

from flake8_paramassign.domain.objects import BUFFER, PARAMETER
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Value
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.registration import looks_after_parts
from flake8_paramassign.facts.training import is_trainable_leaf_object
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Role


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

    def judge(self, event: AttributeStored, facts: Facts) -> Verdict | None:
        """A trainable tensor made here is stored while a Module is constructed."""
        thing = facts.thing(event.receiver, event.state)
        if event.how not in ("=", "setattr") or thing is None or thing.is_module is not True:
            return None
        if event.frame.role is not Role.CONSTRUCTION or event.before.slot & (PARAMETER | BUFFER):
            return None
        if looks_after_parts(thing.cls) or not event.values:
            return None
        if not all(_is_meant_to_train(value, event, facts) for value in event.values):
            return None
        tensor = facts.tensor(event.values[0], event.state)
        made = tensor.made if tensor is not None else None
        return Verdict(
            f"{quoted(event.name)} requires grad but is not a Parameter: it is not in "
            f"parameters(), so it is never trained, saved or moved; write nn.Parameter(...)",
            evidence=event.values[0],
            trace=(("the tensor is made", made),)
            if made is not None and made.node is not event.expression
            else (),
        )

    def stands(self, event: AttributeStored, verdict: Verdict, final: State, facts: Facts) -> bool:
        """Not where a Parameter takes the attribute's place before ``__init__`` ends."""
        held = facts.member(event.receiver, event.name, final)
        return held is None or held.slot != PARAMETER

    def holds(self, event: AttributeStored, facts: Facts) -> bool:
        """Not where an optimizer is given the tensor itself."""
        return facts.optimised.isdisjoint(v.site for v in event.values if isinstance(v, Address))


def _is_meant_to_train(value: Value, event: AttributeStored, facts: Facts) -> bool:
    """A leaf that requires grad, also one that is only moved; a computed result is a cache."""
    tensor = facts.tensor(value, event.state)
    if tensor is None or tensor.is_parameter or tensor.is_subclass:
        return False
    if tensor.is_conversion and tensor.trainable is True:
        origin = facts.tensor(tensor.origin, event.state)
        return origin is None or not origin.is_parameter
    return is_trainable_leaf_object(tensor)
