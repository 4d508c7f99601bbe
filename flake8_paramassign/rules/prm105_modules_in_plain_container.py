"""PRM105: Modules in a list, tuple or dict are invisible to their parent."""

from __future__ import annotations

from flake8_paramassign.domain.values import Address, Value
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.registration import (
    COMMA_TOO_MANY,
    Kept,
    are_registered_later,
    has_comma_too_many,
    has_parts_registered,
    instead_of,
    is_given,
    is_hidden_on_purpose,
    is_registered,
    kept_by,
    looks_after_parts,
)
from flake8_paramassign.facts.training import are_frozen, are_listed, is_optimised
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import ContainerHeld


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
    Silent where each Module is registered elsewhere (`add_module`, `nn.Sequential(*blocks)`) or its
    Parameters are (`nn.ParameterList`), where nothing is lost (`nn.ReLU()`), where code of the
    file asks one of them for its `parameters()`, for deep copies of a Module that is registered,
    for a list of one element, which hides a Module on purpose, and in a class with an
    `if isinstance(self.blocks, list)`, which is made for both.

    ## References
    - [torch.nn.ModuleList](https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html)
    - [pytorch/pytorch#72580](https://github.com/pytorch/pytorch/issues/72580)
    """

    code = "PRM105"
    name = "modules-in-plain-container"
    claim = (
        "Modules in a list, tuple or dict of a Module are not registered: parameters() lacks theirs"
    )
    fix = "unsafe"

    def judge(self, event: ContainerHeld, facts: Facts) -> Verdict | None:
        """A plain container holds Modules that nothing registers."""
        container = facts.container(event.container, event.state)
        thing = facts.thing(event.receiver, event.state)
        if container is None or thing is None or looks_after_parts(thing.cls):
            return None
        if is_hidden_on_purpose(container):
            return None
        if any(facts.tensor(item, event.state) for item in event.items):
            return None  # PRM104
        # modules() gives self, too; what was given may be registered by whoever made it.
        items = tuple(v for v in event.items if v != event.receiver and not is_given(v))
        kept = kept_by(items, event.state)
        if kept is Kept.NOTHING:
            return None
        if has_parts_registered(items, event.state):
            return None
        if all(_is_snapshot(item, event, facts) for item in items):
            return None
        return Verdict(
            f"Modules in the plain {container.kind} {quoted(event.name)} are not registered: "
            f"{_lost(kept)}; {instead_of(container, 'nn.Module')}",
            why_not_fixed=COMMA_TOO_MANY if has_comma_too_many(container) else None,
            evidence=items[0],
            trace=tuple(("the container is filled", fill) for fill in container.fills),
        )

    def holds(self, event: ContainerHeld, facts: Facts) -> bool:
        """Not where code asks whether it has a container, or looks after what is in it.

        What is frozen besides is kept out of what is trained and saved on purpose.
        """
        if is_optimised(event.items, event.state, facts):
            return False
        if are_frozen(event.items, event.state, facts):
            return False
        if are_listed(event.items, event.name, facts):
            return False
        if are_registered_later(event.name, facts.class_of(event)):
            return False
        return event.container.site not in facts.discriminated


def _is_snapshot(item: Value, event: ContainerHeld, facts: Facts) -> bool:
    """Whether it is a deep copy of a Module that is registered: of what is trained, as it was."""
    source = facts.copied.get(item) if isinstance(item, Address) else None
    return source is not None and is_registered(source, event.state)


def _lost(kept: Kept) -> str:
    """What is lost of Modules that nobody registers."""
    if Kept.PARAMETERS in kept:
        return "parameters(), state_dict() and to() leave them out"
    if Kept.BUFFERS in kept:
        return "their buffers are never saved or moved"
    return "train() and eval() do not reach them"
