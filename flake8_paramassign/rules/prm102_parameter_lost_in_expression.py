"""PRM102: what is stored is computed from a Parameter and is none itself."""

from __future__ import annotations

import ast
from collections.abc import Hashable

from flake8_paramassign.domain.objects import ABSENT, BUFFER, PARAMETER, PLAIN, Place, Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.choices import proven
from flake8_paramassign.facts.registration import is_registered, looks_after_parts
from flake8_paramassign.facts.training import is_taken
from flake8_paramassign.facts.uses import made_at
from flake8_paramassign.facts.wording import in_brackets, quoted, shown
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Role

_STORES = frozenset(["=", "setattr", "@="])
_BELONGS_IN_FORWARD = "what is computed from a Parameter belongs in forward, or in a property"


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
    Module is constructed; in `forward` it is a cache. Silent where other code stores it anew, where
    the Parameter was deleted first, and where an optimizer is given what it is computed from.

    ## References
    - [torch.nn.parameter.Parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html)
    - [torch.Tensor.to](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html)
    """

    code = "PRM102"
    name = "parameter-lost-in-expression"
    claim = "what an operation on a Parameter gives is stored: not registered, never trained"
    fix = "safe"

    def judge(self, event: AttributeStored, facts: Facts) -> Verdict | None:
        """A tensor computed from a Parameter is stored on a Module."""
        thing = facts.thing(event.receiver, event.state)
        if event.how not in _STORES or thing is None or thing.is_module is not True:
            return None
        slot = event.before.slot
        if slot & (PARAMETER | BUFFER) and not slot & PLAIN:
            return None  # it stays a buffer, or raises: PRM101
        if looks_after_parts(thing.cls) or event.frame.role is Role.STEP:
            return None
        if event.name in thing.deleted:
            return None  # it was a Parameter, and is to be none: PRM904
        if any(tensor.recomputed for _, tensor in facts.tensors(event.before.values, event.state)):
            return None  # it goes into what the name is computed from, or is lost: PRM204
        found = {
            address: verdict
            for address, tensor in facts.tensors(event.values, event.state)
            if (verdict := _of_value(event, address, tensor, facts)) is not None
        }
        return next((found[address] for address in proven([*found], event, facts)), None)

    def stands(self, event: AttributeStored, verdict: Verdict, final: State, facts: Facts) -> bool:
        """Not where a Parameter takes the attribute's place, or is registered, before the end."""
        held = facts.member(event.receiver, event.name, final)
        if held is not None and held.slot & ~ABSENT == PARAMETER:
            return False
        if verdict.why_not_fixed == _BELONGS_IN_FORWARD:
            return True
        tensor = facts.tensor(verdict.evidence, final)
        own = event.receiver, event.name
        origin = tensor.origin if tensor is not None else None
        return origin is None or not is_registered(origin, final, but=own)

    def holds(self, event: AttributeStored, facts: Facts) -> bool:
        """Not where an optimizer is given the tensor, or it is computed anew now and then."""
        tensors = [tensor for _, tensor in facts.tensors(event.values, event.state)]
        origins = [tensor.origin for tensor in tensors if tensor.origin is not None]
        derived = any(is_registered(origin, event.state) for origin in origins)
        if derived and _is_computed_anew(event, facts):
            return False
        sites: set[Hashable] = {v.site for v in event.values if isinstance(v, Address)}
        if not derived:
            sites |= {v.site for v in origins} | {made_at(v, event.state, facts) for v in origins}
        return sites.isdisjoint(facts.optimised)


def _is_computed_anew(event: AttributeStored, facts: Facts) -> bool:
    """Whether a step stores the attribute as well, or other code that is no constructor does.

    That may be the loop that trains.

    A hook that runs before each forward pass may do it, too.
    """
    cls = facts.class_of(event)
    if isinstance(cls, ProjectClass) and any(
        isinstance(node, ast.Attribute) and node.attr == "register_forward_pre_hook"
        for node in ast.walk(cls.node)
    ):
        return True
    return any(
        store.role is Role.STEP
        or (
            store.role is not Role.CONSTRUCTION
            and (store.node is not event.node or (store.is_called and store.role is Role.METHOD))
        )
        for store in facts.stored(event.name)
        if store.is_named and store.cls in (cls, None)
    )


def _of_value(
    event: AttributeStored, address: Address, tensor: Tensor, facts: Facts
) -> Verdict | None:
    parameter = facts.parameter(tensor.origin, event.state)
    if tensor.is_parameter or tensor.origin is None or parameter is None or tensor.integer:
        return None
    steps = _trace(tensor, parameter, event)
    if is_registered(tensor.origin, event.state):
        if event.frame.role is not Role.CONSTRUCTION or tensor.trainable is False:
            return None
        if event.frame.root.role in (Role.METHOD, Role.STEP):
            return None  # the Module itself is made anew, perhaps
        if tensor.is_detached:
            return None
        return Verdict(_derived(event, tensor), None, _BELONGS_IN_FORWARD, address, steps)
    if parameter.made is None or parameter.escaped or is_taken(tensor.origin, event.state):
        return None
    return Verdict(
        _lost(event, tensor, parameter, parameter.made, facts), evidence=address, trace=steps
    )


def _trace(
    tensor: Tensor, parameter: Tensor, event: AttributeStored
) -> tuple[tuple[str, Place], ...]:
    made = [("the Parameter is made", parameter.made), ("the tensor is computed", tensor.made)]
    return tuple(
        (what, place) for what, place in made if place and place.node is not event.expression
    )


def _lost(
    event: AttributeStored, tensor: Tensor, parameter: Tensor, made_by: Place, facts: Facts
) -> str:
    made = facts.where(tensor.made)
    here = f"line {getattr(event.node, 'lineno', 0)}"
    subject = (
        f"{quoted(event.name)}{in_brackets(f'made in {made}') if made and made != here else ''}"
    )
    call = made_by.node
    maker = shown(call.func, "nn.Parameter") if isinstance(call, ast.Call) else "nn.Parameter"
    if tensor.via in (".detach()", ".data"):
        return (
            f"{subject} is not a Parameter: {maker}(...){tensor.via} is a plain tensor without "
            f"gradient; drop {tensor.via} to train it, or use register_buffer to keep it constant"
        )
    operation = f"{maker}(...){tensor.via}" if tensor.via[:1] in (".", "[") else f"'{tensor.via}'"
    when = " where the device or dtype changes" if tensor.is_conversion else ""
    lost = "not saved" if parameter.trainable is False else "never trained or saved"
    return (
        f"{subject} is not a Parameter: {operation} gives a plain tensor{when}, "
        f"so it is {lost}; {_instead(tensor, made_by, maker)}"
    )


def _instead(tensor: Tensor, parameter: Place, maker: str) -> str:
    """What to write, in the user's own words where the operation directly follows the call."""
    call, whole = parameter.node, tensor.made.node if tensor.made else None
    inside = f"do that inside {maker}(...)"
    if not isinstance(call, ast.Call) or not call.args or not isinstance(whole, ast.expr):
        return inside
    operation = ast.unparse(whole).removeprefix(ast.unparse(call))
    if operation == ast.unparse(whole) or operation[:1] not in (".", "[") or len(operation) > 40:
        return inside
    data = shown(call.args[0]) if not isinstance(call.args[0], ast.BinOp) else "..."
    data = "x" if data == "..." else data
    rest = "".join(f", {ast.unparse(keyword)}" for keyword in call.keywords)
    return f"write {maker}({data}{operation}{rest})" if len(rest) <= 40 else inside


def _derived(event: AttributeStored, tensor: Tensor) -> str:
    when = " where the device or dtype changes" if tensor.is_conversion else ""
    if tensor.is_view:
        return (
            f"{quoted(event.name)} is a view of a Parameter ({tensor.via}): it keeps the storage "
            f"of now, which .to() and load_state_dict(assign=True) replace; compute it in forward"
        )
    return (
        f"{quoted(event.name)} is computed once from a Parameter ({tensor.via}){when}: it does not "
        f"follow training, .to() or load_state_dict(); compute it in forward"
    )
