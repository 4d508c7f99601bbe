"""PRM103: a tensor that requires grad, but is no Parameter, is stored on a Module."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_paramassign.domain.objects import BUFFER, PARAMETER, Obj, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Text, Value, Values
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.registration import looks_after_parts
from flake8_paramassign.facts.training import is_trainable_leaf_object
from flake8_paramassign.facts.uses import is_only_given_to, made_at, stores_of
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Role

_CHECKPOINT = "torch.utils.checkpoint.checkpoint"
"""It needs some argument that requires grad, to record what it calls: a dummy will do."""


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
    Silent where the attribute is given to an optimizer by name, where a list or another attribute
    holds the tensor, too, and where a method stores the attribute anew, writes a tensor into it, or
    asks for its gradient: these are trained by hand, or nothing is to be trained.
    Silent where no constructor, and nothing that one calls, stores it: in `forward`, in a class
    body, in a function that is given a Module; and for a tensor that only
    `torch.utils.checkpoint.checkpoint` is given, which needs some argument that requires grad.

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
            f"{quoted(event.name)} requires grad but is not a Parameter: an optimizer of "
            f"parameters() does not train it, and it is not saved or moved; "
            f"write nn.Parameter(...)",
            evidence=event.values[0],
            trace=(("the tensor is made", made),)
            if made is not None and made.node is not event.expression
            else (),
        )

    def stands(self, event: AttributeStored, verdict: Verdict, final: State, facts: Facts) -> bool:
        """Not where a Parameter takes its place, or something else keeps the tensor, too."""
        held = facts.member(event.receiver, event.name, final)
        if held is not None and held.slot == PARAMETER:
            return False
        return not any(
            value in kept
            for holder, obj in final.objects()
            for name, kept in _contents(obj)
            for value in event.values
            if (holder, name) != (event.receiver, event.name)
        )

    def holds(self, event: AttributeStored, facts: Facts) -> bool:
        """Not where it is optimised, frozen, written by hand, a dummy, or stored by a step."""
        sites = {value.site for value in event.values if isinstance(value, Address)}
        if not sites.isdisjoint(facts.optimised | facts.frozen):
            return False
        made = {made_at(value, event.state, facts) for value in event.values}
        if not made.isdisjoint(facts.updated | facts.differentiated):
            return False
        cls = facts.class_of(event)
        if not isinstance(cls, ProjectClass) or not isinstance(event.name, str):
            return True
        stores = stores_of(cls, event.name, facts)
        is_kept = all(store.role is Role.CONSTRUCTION for store in stores)
        return is_kept and not is_only_given_to(_CHECKPOINT, event.name, cls)


def _contents(obj: Obj) -> Iterator[tuple[str | Text, Values]]:
    """What an object holds, by the name of the attribute where it has one."""
    if isinstance(obj, Thing):
        yield from ((name, held.values) for name, held in obj.held())
    else:
        yield from (("", values) for values in obj.contents())


def _is_meant_to_train(value: Value, event: AttributeStored, facts: Facts) -> bool:
    """A leaf that requires grad, also one that is only moved; a computed result is a cache."""
    tensor = facts.tensor(value, event.state)
    if tensor is None or tensor.is_parameter or tensor.is_subclass:
        return False
    if tensor.is_conversion and tensor.trainable is True:
        origin = facts.tensor(tensor.origin, event.state)
        return origin is None or not origin.is_parameter
    return is_trainable_leaf_object(tensor)
