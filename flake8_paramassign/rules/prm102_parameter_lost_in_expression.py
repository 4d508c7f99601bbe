"""PRM102: what is stored is computed from a Parameter and is none itself."""

from __future__ import annotations

import ast

from flake8_paramassign.inference.events import AttributeStored, Event, Role
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.state import PARAMETER_SLOT, State
from flake8_paramassign.inference.values import Instance, Parameter, Tensor, in_order
from flake8_paramassign.rules.base import Finding, Rule

_STORES = frozenset(["=", "setattr", "@="])
_BELONGS_IN_FORWARD = "what is computed from a Parameter belongs in forward, or in a property"
_LONGEST = 40
"""Characters of the user's own expression that a message repeats."""
_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)
"""Expressions that a method call may follow without parentheses."""


class ParameterLostInExpression(Rule):
    """
    ## What it does
    Reports a Module's attribute that holds the result of an operation on an `nn.Parameter`:
    `nn.Parameter(x).to(device)`, `.cuda()`, `.half()`, `* 0.1`, `.t()`, `.view()`.

    ## Why it is bad
    The operation returns a plain tensor, so nothing is registered: the attribute is not in
    `parameters()`, no optimizer trains it, `state_dict()` does not save it and `.to()` does not
    move it. Nothing raises. Conversions return the Parameter itself when nothing has to change,
    so `nn.Parameter(x).to(device)` works on the CPU and is broken on CUDA.

    ## Example
    ```python
    class Scale(nn.Module):
        def __init__(self, n, device):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(n)).to(device)
    ```

    ## Use instead
    ```python
    class Scale(nn.Module):
        def __init__(self, n, device):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(n).to(device))
    ```

    ## Fix safety
    Moving the operation inside `nn.Parameter(...)` keeps the first forward pass bit for bit; the
    attribute then is trained and saved, so older checkpoints need `strict=False`. The fix is
    unsafe where the Parameter has another name or the operation takes a second Parameter.
    A chain that ends in `.detach()` or `.data` has two readings and gets no fix.

    ## Known limits
    A value derived from a registered Parameter is reported only where it is stored while the
    Module is constructed; in `forward` it is a cache.

    ## References
    - [torch.nn.parameter.Parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html)
    - [torch.Tensor.to](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html)
    """

    code = "PRM102"
    name = "parameter-lost-in-expression"
    claim = "what an operation on a Parameter gives is stored: not registered, never trained"
    fix = "safe"

    @classmethod
    def stands(cls, event: AttributeStored, state: State) -> bool:
        """Not where a Parameter takes the attribute's place before ``__init__`` ends."""
        return state.slots.get((event.receiver, event.name)) != PARAMETER_SLOT

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A tensor computed from a Parameter is stored on a Module."""
        if not isinstance(event, AttributeStored) or event.how not in _STORES:
            return None
        if not isinstance(event.receiver, Instance) or not ask.is_module(event.receiver):
            return None
        if event.slot == PARAMETER_SLOT or event.slot == frozenset(["buffer"]):
            return None
        for value in in_order(event.values):
            if isinstance(value, Tensor) and value.origin is not None:
                finding = self._judge_value(event, value, value.origin, ask)
                if finding is not None:
                    return finding
        return None

    def _judge_value(
        self, event: AttributeStored, value: Tensor, origin: Parameter, ask: Objects
    ) -> Finding | None:
        role = event.frame.role
        if role is Role.STEP or value.integer or not origin.plain:
            return None
        if ask.registers(event.state, origin):
            if role is not Role.CONSTRUCTION or value.detached or value.trainable is False:
                return None
            return Finding(_derived(event, value), why_not_fixed=_BELONGS_IN_FORWARD)
        if not isinstance(origin.site, ast.Call):
            return None
        return Finding(_lost(event, value, origin.site, ask), value=value)


def _lost(event: AttributeStored, value: Tensor, parameter: ast.Call, ask: Objects) -> str:
    made = ask.where(value.site)
    here = f"line {getattr(event.node, 'lineno', 0)}"
    from_there = f" (made in {made})" if made and made != here else ""
    subject = f"'{event.name}'{from_there} is not a Parameter"
    maker = ast.unparse(parameter.func)
    if value.via in (".detach()", ".data"):
        return (
            f"{subject}: {maker}(...){value.via} is a plain tensor without gradient; "
            f"drop {value.via} to train it, or use register_buffer to keep it constant"
        )
    operation = f"{maker}(...){value.via}" if value.via[:1] in ".[" else f"'{value.via}'"
    when = " where the device or dtype changes" if value.maybe_self else ""
    return (
        f"{subject}: {operation} gives a plain tensor{when}, "
        f"so it is never trained or saved; {_instead(value, parameter, maker)}"
    )


def _instead(value: Tensor, parameter: ast.Call, maker: str) -> str:
    """What to write, in the user's own words where the operation directly follows the call."""
    whole, inner = ast.unparse(value.site), ast.unparse(parameter)
    operation = whole.removeprefix(inner)
    if not parameter.args or operation == whole or operation[:1] not in (".", "["):
        return f"do that inside {maker}(...)"
    data = ast.unparse(parameter.args[0])
    data = data if len(data) <= _LONGEST and isinstance(parameter.args[0], _ATOMS) else "x"
    rest = "".join(f", {ast.unparse(k)}" for k in parameter.keywords)
    return f"write {maker}({data}{operation}{rest})"


def _derived(event: AttributeStored, value: Tensor) -> str:
    when = " where the device or dtype changes" if value.maybe_self else ""
    return (
        f"'{event.name}' is computed once from a Parameter ({value.via}){when}: it does not follow "
        f"training, .to() or load_state_dict(); compute it in forward"
    )
