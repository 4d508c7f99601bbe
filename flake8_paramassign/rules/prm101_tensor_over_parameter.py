"""PRM101: something that is no Parameter is assigned to a registered Parameter's name."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import (
    PARAMETER,
    Container,
    Optimizer,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.values import NONE, Address, Constant, Plain, Text, Value
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.choices import proven
from flake8_paramassign.facts.wording import attribute_of, quoted, shown
from flake8_paramassign.nodes import caught_by
from flake8_paramassign.rules.base import Rule, Step, Verdict
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Role

_STORES = frozenset(["=", "setattr", "register_parameter", "@="])
_CATCHES_TYPE_ERROR = frozenset(["TypeError", "Exception", "BaseException"])


class TensorOverParameter(Rule):
    """
    ## What it does
    Reports an assignment of a tensor, an array, a number, a list or a Module to a name under
    which a Module has registered an `nn.Parameter`, or a slot that holds None (`bias=False`).

    ## Why it is bad
    `nn.Module.__setattr__` accepts only an `nn.Parameter` or None there and raises
    `TypeError: cannot assign 'torch.FloatTensor' as parameter 'weight'`. `no_grad` changes
    nothing about it, and `w @= t` is an assignment, as tensors have no in-place matmul. Where
    the value comes from `.to(device)`, the error is raised only on another device.

    ## Example
    ```python
    layer = nn.Linear(10, 5)
    layer.weight = torch.randn(5, 10)
    ```

    ## Use instead
    ```python
    layer = nn.Linear(10, 5)
    layer.weight.data.copy_(torch.randn(5, 10))
    ```

    ## Fix safety
    `.data.copy_(t)` keeps the Parameter's identity, so an optimizer, ties and hooks go on
    working; it broadcasts and casts silently. `nn.Parameter(t)` is written where the slot holds
    None or the shape is proved to differ. In `forward` there is no fix: use a local variable.

    ## Known limits
    Nothing is said of an object whose class is unknown, whatever the name: many classes that are no
    Modules have a `weight`.

    ## References
    - [torch.nn.Module.register_parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    - torch/nn/modules/module.py, `Module.__setattr__`
    """

    code = "PRM101"
    name = "tensor-over-parameter"
    claim = "a tensor assigned to a registered Parameter's name raises TypeError"
    fix = "safe"

    def judge(self, event: AttributeStored, facts: Facts) -> Verdict | None:
        """A value that is surely no Parameter meets a slot that surely is one."""
        if event.how not in _STORES or event.expects_error or not _is_slot(event, facts):
            return None
        culprit = _no_parameter(event, facts)
        if culprit is None:
            return None
        return Verdict(
            _message(event, culprit, facts),
            evidence=culprit,
            trace=_trace(event, culprit, facts),
        )

    def holds(self, event: AttributeStored, facts: Facts) -> bool:
        """Not where the error is expected and dealt with, or some code takes the slot away."""
        handlers = [part for attempt in event.attempts for part in _dealing_with_error(attempt)]
        handling = {node for part in handlers for node in ast.walk(part)}
        for store in facts.stored(event.name):
            if store.receiver is event.receiver and store.node in handling:
                return False
        if event.how == "register_parameter":
            return True  # it takes no tensor, whatever is there
        is_one = not (event.receiver.symbolic or event.receiver.many)
        is_seen = event.before.slot == PARAMETER and is_one
        return is_seen or event.name not in facts.unregistered


def _is_slot(event: AttributeStored, facts: Facts) -> bool:
    """Whether a Parameter is registered there on every path."""
    if facts.is_module(event.receiver, event.state) is not True:
        return False
    if any(facts.tensor(value, event.state) for value in event.receivers):
        return False  # a tensor takes any attribute
    return event.before.slot == PARAMETER or event.how == "register_parameter"


def _no_parameter(event: AttributeStored, facts: Facts) -> Value | None:
    """The evidence: a value that is surely neither a Parameter nor None; best a tensor.

    Of several receivers each may get but one of several values.
    """
    certain = [value for value in event.values if _is_no_parameter(value, event, facts)]
    if len(certain) < len(event.values):
        if len(event.receivers) > 1:
            return None
        certain = proven(certain, event, facts)
    certain.sort(key=lambda value: facts.tensor(value, event.state) is None)
    return certain[0] if certain else None


def _is_no_parameter(value: Value, event: AttributeStored, facts: Facts) -> bool:
    if isinstance(value, Constant):
        return value.value is not None
    obj = facts.object(value, event.state)
    if isinstance(obj, Tensor):
        if isinstance(value, Address) and value.symbolic and obj.made is None:
            return False  # a Parameter, too, is what is annotated as a Tensor
        return not obj.is_parameter and not obj.is_subclass
    if isinstance(obj, Thing):
        return obj.is_module is True
    return isinstance(value, Plain | Text) or isinstance(obj, Container | Optimizer)


def _dealing_with_error(attempt: ast.Try) -> list[ast.stmt]:
    """What runs where a TypeError is caught, and where none was raised."""
    for handler in attempt.handlers:
        if caught_by(handler) & _CATCHES_TYPE_ERROR:
            return [*handler.body, *attempt.orelse]
    return []


def _trace(event: AttributeStored, culprit: Value, facts: Facts) -> tuple[Step, ...]:
    """Where the slot was registered, and where the value was made."""
    steps = [(f"{quoted(event.name)} is registered", place) for place in event.before.stores]
    tensor = facts.tensor(culprit, event.state)
    if tensor is not None and tensor.made is not None and tensor.made.node is not event.expression:
        steps.append(("the tensor is made", tensor.made))
    return tuple(steps)


def _message(event: AttributeStored, culprit: Value, facts: Facts) -> str:
    subject, is_given = f"{quoted(event.name)} is a registered Parameter", "assigning"
    if event.how == "register_parameter":
        subject, is_given = f"{quoted(event.name)} is registered as a Parameter", "giving"
    tensor = facts.tensor(culprit, event.state)
    if tensor is not None and tensor.is_conversion:
        what = f"{tensor.via} gives a plain tensor where the device or dtype changes, which then"
    else:
        what = f"{is_given} {_described(culprit, event, facts)}"
    return f"{subject}: {what} raises TypeError; {_advice(event, culprit, facts)}"


def _advice(event: AttributeStored, culprit: Value, facts: Facts) -> str:
    """What to write instead, as far as the value and the place tell."""
    if event.frame.role is Role.STEP:
        return "keep what is computed in a local variable"
    target, value = attribute_of(event.node, event.name), shown(event.expression, "t")
    value = "t" if value == "..." else value
    obj = facts.object(culprit, event.state)
    if isinstance(obj, Thing | Optimizer):
        return "give it another name"
    if isinstance(culprit, Text) or (
        isinstance(culprit, Constant) and isinstance(culprit.value, str)
    ):
        return "give it another name"
    if isinstance(culprit, Plain) and culprit.kind == "numpy.ndarray":
        value = f"torch.from_numpy({value})"
    elif isinstance(obj, Container):
        value = f"torch.tensor({value})"
    replaced = f"assign nn.Parameter({value}) to replace it"
    is_number = isinstance(culprit, Constant | Plain) and not value.startswith("torch.")
    if event.how == "register_parameter" and event.before.slot != PARAMETER:
        return f"give nn.Parameter({value if not is_number else f'torch.tensor({value})'})"
    if event.before.values == NONE or not _fits(event, obj, facts):
        return replaced if not is_number else f"assign nn.Parameter(torch.tensor({value}))"
    if is_number:
        return f"write {target}.data.fill_({value}) to fill it"
    return f"write {target}.data.copy_({value}) to fill it, or {replaced}"


def _fits(event: AttributeStored, value: object, facts: Facts) -> bool:
    """Whether ``copy_`` may do: not for another shape, nor where it would undo a conversion."""
    if not isinstance(value, Tensor):
        return True
    if value.is_conversion:
        return False
    shapes = {held.shape for _, held in facts.tensors(event.before.values, event.state)}
    held = shapes.pop() if len(shapes) == 1 else None
    if held is None or value.shape is None:
        return True
    return len(held) == len(value.shape) and all(
        a == b or not (isinstance(a, int) and isinstance(b, int))
        for a, b in zip(held, value.shape, strict=True)
    )


def _described(value: Value, event: AttributeStored, facts: Facts) -> str:
    obj = facts.object(value, event.state)
    if isinstance(obj, Tensor):
        return "a tensor"
    if isinstance(obj, Thing):
        return f"a Module ({obj.cls.short_name})" if obj.cls is not None else "a Module"
    if isinstance(obj, Container):
        return f"a {obj.kind}"
    if isinstance(value, Plain):
        return f"a value of type {value.kind}"
    return f"{value.value!r}" if isinstance(value, Constant) else "a string"
