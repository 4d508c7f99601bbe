"""PRM104: Parameters in a list, tuple or dict are invisible to their Module."""

from __future__ import annotations

from flake8_paramassign.domain.objects import OTHER_MODULES
from flake8_paramassign.domain.values import Address, Value
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.registration import (
    COMMA_TOO_MANY,
    are_registered_later,
    has_comma_too_many,
    instead_of,
    is_given,
    is_hidden_on_purpose,
    looks_after_parts,
)
from flake8_paramassign.facts.training import origins_of
from flake8_paramassign.facts.uses import made_at
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import ContainerHeld


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
    Silent where the Parameters are registered under another name as well, where they are frozen,
    and where they are trained all the same: given to an optimizer, or written by hand.

    ## References
    - [torch.nn.ParameterList](https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html)
    - [pytorch/pytorch#59925](https://github.com/pytorch/pytorch/issues/59925)
    """

    code = "PRM104"
    name = "parameters-in-plain-container"
    claim = "Parameters in a list, tuple or dict are not registered: parameters() lacks them"
    fix = "unsafe"

    def judge(self, event: ContainerHeld, facts: Facts) -> Verdict | None:
        """A plain container holds Parameters that nothing registers."""
        container = facts.container(event.container, event.state)
        thing = facts.thing(event.receiver, event.state)
        if container is None or thing is None or looks_after_parts(thing.cls):
            return None
        if is_hidden_on_purpose(container):
            return None
        # What was given may be registered by whoever made it.
        items = [item for item in event.items if not is_given(item)]
        if not any(_is_to_train(item, event, facts) for item in items):
            return None
        return Verdict(
            f"Parameters in the plain {container.kind} {quoted(event.name)} are not registered: "
            f"parameters(), state_dict() and to() leave them out; "
            f"{instead_of(container, 'nn.Parameter')}",
            why_not_fixed=COMMA_TOO_MANY if has_comma_too_many(container) else None,
            evidence=items[0],
            trace=tuple(("the container is filled", fill) for fill in container.fills),
        )

    def holds(self, event: ContainerHeld, facts: Facts) -> bool:
        """Not where code asks whether it has a container, or trains what is in it by itself."""
        made = {made_at(item, event.state, facts) for item in event.items}
        if not made.isdisjoint(facts.optimised | facts.updated):
            return False
        if are_registered_later(event.name, facts.class_of(event)):
            return False
        return event.container.site not in facts.discriminated


def _is_to_train(item: Value, event: ContainerHeld, facts: Facts) -> bool:
    """Whether it is a Parameter that a program may have lost.

    One that is frozen is kept for reference, perhaps; what ``parameters()`` gave, or is in what
    ``modules()`` gave, is registered.
    """
    parameter = facts.parameter(item, event.state)
    if parameter is None or parameter.trainable is False or parameter.owner is not None:
        return False
    return not isinstance(item, Address) or OTHER_MODULES not in origins_of(item)
