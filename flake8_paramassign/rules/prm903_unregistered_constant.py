"""PRM903: ``forward`` reads a plain tensor that its Module does not register."""

from __future__ import annotations

import ast

from flake8_paramassign.inference.classes import ProjectClass
from flake8_paramassign.inference.events import AttributeStored, Event, Role
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.state import ABSENT, INITIALISED, State
from flake8_paramassign.inference.values import NONE, NOTHING, Instance, Tensor, Value, constant
from flake8_paramassign.rules.base import Finding, Rule


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
    computed = True
    fix = "unsafe"

    @classmethod
    def stands(cls, event: AttributeStored, state: State) -> bool:
        """Not where something else, such as a Parameter, may hold its place after ``__init__``.

        ``forward`` then may read it under the condition that stores the Parameter only.
        """
        key = event.receiver, event.name
        slot, held = state.slots.get(key, ABSENT), state.cells.get(key, NOTHING)
        if "plain" not in slot or slot & {"buffer", "module"}:
            return False
        return held != NONE and all(map(_is_constant, held - NONE))

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """The first tensor that an attribute holds is constant, and ``forward`` reads it."""
        if not isinstance(event, AttributeStored) or event.how not in ("=", "setattr"):
            return None
        receiver = event.receiver
        if event.frame.role is not Role.CONSTRUCTION or not isinstance(receiver, Instance):
            return None
        cls = receiver.cls
        if not isinstance(cls, ProjectClass) or not cls.is_module:
            return None
        if event.slot & {"parameter", "buffer", "module"}:
            return None
        if not all(map(_is_constant, event.values)) or any(map(_is_constant, event.before)):
            return None
        if ask.changed_later(cls, event.name, event.frame):
            return None
        if not ask.read_by_forward(cls, event.name):
            return None
        initialised = constant(event.state.cells.get((receiver, INITIALISED), NOTHING))
        return Finding(
            f"'{event.name}' is a plain tensor that forward reads: .to() and .cuda() do not move "
            f"it and it is not saved; write {_receiver(event.node)}.register_buffer("
            f'"{event.name}", ..., persistent=False)',
            why_not_fixed="register_buffer raises AttributeError before super().__init__()"
            if initialised is False
            else None,
        )


def _receiver(node: ast.AST) -> str:
    """The object whose attribute is stored, as the user wrote it."""
    if isinstance(node, ast.Call):
        node = node.args[0] if len(node.args) > 2 else node.func
        return ast.unparse(node).removesuffix(".__setattr__")
    assert isinstance(node, ast.Attribute)
    return ast.unparse(node.value)


def _is_constant(value: Value) -> bool:
    """A tensor that no Parameter went into, and that surely is not trained.

    One without dimensions is a number, which torch takes from the CPU wherever the others are;
    one without elements keeps the place of another.
    """
    if not isinstance(value, Tensor):
        return False
    if value.shape is not None and (not value.shape or 0 in value.shape):
        return False
    return value.origin is None and value.trainable is False
