"""PRM903: ``forward`` reads a plain tensor that its Module does not register."""

from __future__ import annotations

from flake8_paramassign.domain.objects import PLAIN
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import NONE, Value
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.forward_reads import used_by_forward
from flake8_paramassign.facts.registration import REGISTERED, is_moved_by_hand
from flake8_paramassign.facts.uses import made_at, stores_of
from flake8_paramassign.facts.wording import owner_of, quoted
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Role


class UnregisteredConstant(Rule):
    """
    ## What it does
    Reports a plain tensor that is stored on a Module in its construction, and that `forward`, or
    a method that `forward` calls, reads.

    ## Why it is bad
    `nn.Module` moves and saves what it registers. A plain tensor stays where it was made: after
    `.to("cuda")`, `.cuda()` or `.half()` it has another device or dtype than its Module, and it is
    not in `state_dict()`. Programs that place every tensor by hand are sound, so this rule is
    opt-in.

    ## Example
    ```python
    class Attention(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.mask = torch.tril(torch.ones(n, n))

        def forward(self, x):
            return x * self.mask
    ```

    ## Use instead
    ```python
    class Attention(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.register_buffer("mask", torch.tril(torch.ones(n, n)), persistent=False)

        def forward(self, x):
            return x * self.mask
    ```

    ## Fix safety
    Unsafe: the tensor then follows its Module to another device and, if it is floating point, to
    another dtype. With `persistent=False` no checkpoint changes.

    ## Known limits
    Silent where the attribute is changed after construction (a cache, or the state of a step),
    where every read moves it (`self.mask.to(x.device)`), and in classes that override `_apply`,
    `to`, `cuda` or `cpu`; where the value may be something else, or a tensor that is trained; and
    for tensors without dimensions, which mix with those on any device, or without elements.
    Changes in other files are not seen.

    ## References
    - [torch.nn.Module.register_buffer](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_buffer)
    - [Modules: module state](https://docs.pytorch.org/docs/stable/notes/modules.html#module-state)
    """

    code = "PRM903"
    name = "unregistered-constant"
    claim = "a plain tensor that forward reads is no buffer: it is not moved, and not saved"
    fix = "unsafe"

    def judge(self, event: AttributeStored, facts: Facts) -> Verdict | None:
        """The first tensor that an attribute holds is constant."""
        thing = facts.thing(event.receiver, event.state)
        if not isinstance(event.name, str) or event.how not in ("=", "setattr"):
            return None
        if event.frame.role is not Role.CONSTRUCTION:
            return None
        if thing is None or thing.is_module is not True or not isinstance(thing.cls, ProjectClass):
            return None
        if is_moved_by_hand(thing.cls, facts):
            return None
        if event.frame.receiver is event.receiver is not event.frame.root.receiver:
            return None  # what this caller gives to it, another may not
        if event.before.slot & REGISTERED:
            return None
        if not event.values:  # never comes to be
            return None
        if not all(_is_constant(value, event.state, facts) for value in event.values):
            return None
        if any(_is_constant(value, event.state, facts) for value in event.before.values):
            return None
        return Verdict(
            f"{quoted(event.name)} is a plain tensor that forward reads: .to() and .cuda() do not "
            f"move it and it is not saved; write {owner_of(event.node)}.register_buffer("
            f'"{event.name}", ..., persistent=False)',
            why_not_fixed="register_buffer raises AttributeError before super().__init__()"
            if thing.initialised is False
            else None,
            evidence=event.values[0],
        )

    def stands(self, event: AttributeStored, verdict: Verdict, final: State, facts: Facts) -> bool:
        """Not where something else, such as a Parameter, may hold its place after ``__init__``.

        ``forward`` then may read it under the condition that stores the Parameter only.
        """
        held = facts.member(event.receiver, event.name, final)
        if held is None or not held.slot & PLAIN or held.slot & REGISTERED:
            return False
        rest = [value for value in held.values if value not in NONE]
        return bool(rest) and all(_is_constant(value, final, facts) for value in rest)

    def holds(self, event: AttributeStored, facts: Facts) -> bool:
        """A step reads it, and nobody changes it after construction."""
        cls, name = facts.class_of(event), str(event.name)
        if any(made_at(value, event.state, facts) in facts.written for value in event.values):
            return False
        return (
            isinstance(cls, ProjectClass)
            and any(used_by_forward(other, name) for other in facts.family(cls))
            and name not in facts.unregistered
            and all(store.role is Role.CONSTRUCTION for store in stores_of(cls, name, facts))
        )


def _is_constant(value: Value, state: State, facts: Facts) -> bool:
    """A tensor that no Parameter went into, and that surely is not trained.

    One without dimensions is a number, which torch takes from the CPU wherever the others are;
    one without elements keeps the place of another.
    """
    tensor = facts.tensor(value, state)
    if tensor is None or tensor.is_parameter or tensor.is_subclass:
        return False
    if tensor.shape is not None and (not tensor.shape or 0 in tensor.shape):
        return False
    return tensor.origin is None and tensor.trainable is False
