"""PRM202: something is stored where no Module will see it."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Optimizer
from flake8_paramassign.domain.values import Constant
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.wording import shown
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import DataStored, ItemStored


class WriteToACopy(Rule):
    """
    ## What it does
    Reports an item stored in what `state_dict()`, `list(parameters())` or
    `dict(named_parameters())` has just made, `state_dict().update(...)`, and `.data` assigned to
    the result of a call, such as `embedding(i).data = t`.

    ## Why it is bad
    Each call makes a new container or tensor. The store changes that one, which nobody keeps; the
    Module's Parameters stay as they were, and nothing raises.

    ## Example
    ```python
    model.state_dict()["fc.weight"] = weight
    ```

    ## Use instead
    ```python
    model.state_dict()["fc.weight"].copy_(weight)
    ```

    ## Fix safety
    Unsafe: `.copy_()` writes through to the Parameter, whose shape it broadcasts to, and a name
    that the Module does not have raises KeyError. There is no fix where something else than rows of
    a Parameter was called or computed: what that comes from has to be written.

    ## Known limits
    A dict or list kept in a local is reported only where nothing else is done with it: one that is
    loaded, saved, returned, passed on or read afterwards is being prepared for that. Silent where
    an argument is annotated with several classes: `state_dict()` of another than Module may give
    its own dict.

    ## References
    - [torch.nn.Module.state_dict](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    - [torch.Tensor.copy_](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.copy_.html)
    """

    code = "PRM202"
    name = "write-to-a-copy"
    claim = "what is stored in a fresh state_dict(), list or dict of Parameters is lost"
    fix = "unsafe"

    def judge(self, event: ItemStored | DataStored, facts: Facts) -> Verdict | None:
        """What is written belongs to nobody."""
        if isinstance(event, ItemStored):
            container = facts.container(event.container, event.state)
            holders = container.of if container is not None else ()
            held = container.items() if container is not None else ()
            if any(facts.is_module(value, event.state) for value in (*held, *event.values)):
                return None  # named_modules(), kept in step with what is set in the Module
            if any(isinstance(facts.object(v, event.state), Optimizer) for v in holders):
                return None
            if isinstance(event.holder, ast.Name) and all(
                isinstance(value, Constant) for value in event.values
            ):
                return None  # no tensors: sums that begin, and nothing to load
            if any(event.container in v for _, o in event.state.objects() for v in o.contents()):
                return None  # it is kept for something
            return _into_container(event)
        if not isinstance(event.node, ast.Attribute) or not event.receivers:
            return None
        owner = event.node.value
        for receiver in event.receivers:
            tensor = facts.tensor(receiver, event.state)
            if tensor is None or tensor.is_parameter or tensor.is_conversion:
                return None
            if tensor.made is None or tensor.made.node is not owner:
                return None
        what = shown(owner)
        return Verdict(
            f"'{what}' is a new tensor: giving it other data changes no Parameter; "
            f"write {what}.copy_(...), or into the weight, under torch.no_grad()",
            evidence=event.receivers[0],
        )

    def holds(self, event: ItemStored | DataStored, facts: Facts) -> bool:
        """Not where something else is done with the container: it is being prepared for that."""
        return isinstance(event, DataStored) or event.container not in facts.used


def _into_container(event: ItemStored) -> Verdict:
    what = shown(event.holder)
    if isinstance(event.node, ast.Call):
        instead, why = "give it to load_state_dict() afterwards", "what updates it has to be loaded"
    else:
        instead, why = f"write {shown(event.node)}.copy_(...) under torch.no_grad()", None
    return Verdict(
        f"'{what}' is a new {event.kind}: what is stored in it does not reach the Module; "
        f"{instead}",
        why_not_fixed=why,
        evidence=event.container,
    )
