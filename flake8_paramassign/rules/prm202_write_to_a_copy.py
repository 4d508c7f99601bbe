"""PRM202: something is stored where no Module will see it."""

from __future__ import annotations

import ast

from flake8_paramassign.inference.events import DataStored, Event, ItemStored
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.reads import only_stored_into
from flake8_paramassign.inference.values import Tensor, Value
from flake8_paramassign.rules.base import Finding, Rule


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
    A dict kept in a local is reported only where nothing else is done with it: one that is loaded,
    saved, returned or passed on is being prepared for that. Silent where an argument is
    annotated with several classes: `state_dict()` of another than Module may give its own dict.

    ## References
    - [torch.nn.Module.state_dict](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    - [torch.Tensor.copy_](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.copy_.html)
    """

    code = "PRM202"
    name = "write-to-a-copy"
    claim = "what is stored in a fresh state_dict(), list or dict of Parameters is lost"
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """What is written belongs to nobody."""
        if isinstance(event, ItemStored):
            holder = _holder(event.node)
            if isinstance(holder, ast.Name) and not only_stored_into(holder.id, event.frame.node):
                return None
            if not isinstance(holder, ast.Name | ast.Call):
                return None
            what, kind = ast.unparse(holder), event.container.kind
            updated = isinstance(event.node, ast.Call)
            instead = (
                "give it to load_state_dict() afterwards"
                if updated
                else f"write {ast.unparse(event.node)}.copy_(...) under torch.no_grad()"
            )
            return Finding(
                f"'{what}' is a new {kind}: what is stored in it does not reach the Module; "
                f"{instead}",
                why_not_fixed="what updates it has to be loaded" if updated else None,
            )
        if isinstance(event, DataStored) and isinstance(event.node, ast.Attribute):
            owner = event.node.value
            if isinstance(owner, ast.Call | ast.Subscript) and event.receivers:
                if all(isinstance(v, Tensor) and _is_new(v, owner) for v in event.receivers):
                    what = ast.unparse(owner)
                    return Finding(
                        f"'{what}' is a new tensor: giving it other data changes no Parameter; "
                        f"write {what}.copy_(...), or into the weight, under torch.no_grad()",
                        value=_called(owner, event, ask),
                    )
        return None


def _holder(stored: ast.Subscript | ast.Call) -> ast.expr:
    """What ``d[k] = t`` or ``d.update(...)`` stores into."""
    if isinstance(stored, ast.Subscript):
        return stored.value
    assert isinstance(stored.func, ast.Attribute)
    return stored.func.value


def _called(owner: ast.expr, event: DataStored, ask: Objects) -> Value | None:
    """What the call ``owner`` calls, if that is one thing."""
    if not isinstance(owner, ast.Call):
        return None
    called = ask.evaluate(owner.func, event.state.copy())
    return next(iter(called)) if len(called) == 1 else None


def _is_new(value: Tensor, owner: ast.expr) -> bool:
    """Whether the expression itself made the tensor, so that nothing else holds it."""
    return value.site is owner and not value.maybe_self
