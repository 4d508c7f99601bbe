"""PRM101: something that is no Parameter is assigned to a registered Parameter's name."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.inference.events import AttributeStored, Event, Frame, Role
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.state import EVERY, PARAMETER_SLOT
from flake8_paramassign.inference.values import (
    NONE,
    Constant,
    Container,
    Instance,
    Opaque,
    Optimizer,
    Other,
    Tensor,
    Value,
    in_order,
)
from flake8_paramassign.rules.base import Finding, Rule

_STORES = frozenset(["=", "setattr", "register_parameter", "@="])
_CONVERSIONS = frozenset([".to()", ".cuda()", ".half()", ".float()", ".double()", ".bfloat16()"])
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
    Where the Module's class is unknown, only names of torch's own layers and values that are
    surely tensors are reported; of an object that is made here, by a class that cannot be looked
    into, none are.

    ## References
    - [torch.nn.Module.register_parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    - torch/nn/modules/module.py, `Module.__setattr__`
    """

    code = "PRM101"
    name = "tensor-over-parameter"
    claim = "a tensor assigned to a registered Parameter's name raises TypeError"
    fix = "safe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A value that is surely no Parameter meets a slot that surely is one."""
        if not isinstance(event, AttributeStored) or event.how not in _STORES:
            return None
        if isinstance(event.receiver, Opaque):
            culprit = _over_unknown_module(event, ask)
        else:
            culprit = _over_known_slot(event, ask)
        if culprit is None or _handled(event):
            return None
        return Finding(_message(event, culprit), value=culprit)


def _over_known_slot(event: AttributeStored, ask: Objects) -> Value | None:
    if not ask.is_module(event.receiver):
        return None
    if event.slot != PARAMETER_SLOT and event.how != "register_parameter":
        return None
    return _no_parameter(event)


def _over_unknown_module(event: AttributeStored, ask: Objects) -> Value | None:
    """``model.fc.weight = torch.randn(...)`` where nothing says that ``fc`` is no Module."""
    receiver = event.receiver
    assert isinstance(receiver, Opaque)
    if receiver.module is False or not catalogue.is_stock_slot(event.name):
        return None
    if (receiver, EVERY) in event.state.slots or "absent" in event.slot:
        return None
    if ask.unregisters(event.name) or _is_context(event.frame):
        return None
    if _may_be_loss(receiver, event.name) or _is_of_unseen_class(receiver):
        return None
    culprit = _no_parameter(event)
    return culprit if isinstance(culprit, Tensor) and not culprit.maybe_self else None


def _no_parameter(event: AttributeStored) -> Value | None:
    """The evidence: a value that is surely neither a Parameter nor None."""
    certain = [v for v in in_order(event.values) if _surely_no_parameter(v)]
    certain.sort(key=lambda v: not isinstance(v, Tensor))
    return certain[0] if certain else None


def _surely_no_parameter(value: Value) -> bool:
    if isinstance(value, Constant):
        return value.value is not None
    if isinstance(value, Instance):
        return bool(value.cls.is_module)
    return isinstance(value, Tensor | Other | Container | Optimizer)


def _is_context(frame: Frame) -> bool:
    """Whether the code belongs to a ``torch.autograd.Function``, whose ``ctx`` takes anything."""
    owner = frame.owner
    return owner is not None and any("Function" in a.name for a in owner.ancestry)


def _may_be_loss(receiver: Opaque, name: str) -> bool:
    """A loss keeps its class weights in a buffer of the same name."""
    last = receiver.path.rpartition(".")[2].lower()
    return name in catalogue.buffer_slot_names() and any(
        word in last for word in ("loss", "crit", "objective")
    )


def _is_of_unseen_class(receiver: Opaque) -> bool:
    """Whether a class that cannot be looked into made it: a quantised layer keeps buffers."""
    made = receiver.site
    if not isinstance(made, ast.Call):
        return False
    called = made.func.attr if isinstance(made.func, ast.Attribute) else ast.unparse(made.func)
    return called[:1].isupper()


def _handled(event: AttributeStored) -> bool:
    """Whether a ``try`` expects the TypeError, and deals with the attribute or its Module."""
    whole = event.node.value if isinstance(event.node, ast.Attribute) else None
    subject = ast.unparse(whole) if whole is not None else event.name
    for attempt in event.frame.tries:
        for handler in attempt.handlers:
            caught = ast.unparse(handler.type) if handler.type else "BaseException"
            if any(word in caught for word in _CATCHES_TYPE_ERROR):
                later = [*handler.body, *attempt.orelse]
                return any(_deals_with(statement, event.name, subject) for statement in later)
    return False


def _deals_with(statement: ast.stmt, name: str, subject: str) -> bool:
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and (
            node.attr == name or ast.unparse(node.value) == subject != "self"
        ):
            return True
        if isinstance(node, ast.Constant) and node.value == name:
            return True
    return False


def _message(event: AttributeStored, culprit: Value) -> str:
    known = isinstance(event.receiver, Instance)
    subject = f"'{event.name}' {'is' if known else 'of a Module is'} a registered Parameter"
    if isinstance(culprit, Tensor) and culprit.maybe_self:
        what = f"{culprit.via} gives a plain tensor where the device or dtype changes, which then"
    else:
        what = f"assigning {_described(culprit)}"
    return f"{subject}: {what} raises TypeError; {_advice(event, culprit)}"


def _advice(event: AttributeStored, culprit: Value) -> str:
    """What to write instead, as far as the value and the place tell."""
    if event.frame.role is Role.STEP:
        return "keep what is computed in a local variable"
    target, value = _target(event), _shown(event.expression)
    if isinstance(culprit, Instance | Optimizer):
        return "give it another name"
    if isinstance(culprit, Other) and culprit.kind == "numpy.ndarray":
        value = f"torch.from_numpy({value})"
    elif isinstance(culprit, Container):
        value = f"torch.tensor({value})"
    replaced = f"assign nn.Parameter({value}) to replace it"
    if event.before == NONE or _is_converted(culprit):
        return replaced
    if isinstance(culprit, Constant):
        return f"write {target}.data.fill_({value}) to fill it"
    return f"write {target}.data.copy_({value}) to fill it, or {replaced}"


def _described(value: Value) -> str:
    if isinstance(value, Tensor):
        return "a tensor"
    if isinstance(value, Instance):
        return f"a Module ({value.cls.name.rpartition('.')[2]})"
    if isinstance(value, Container):
        return f"a {value.kind}"
    if isinstance(value, Other):
        return f"a value of type {value.kind}"
    return f"{value.value!r}" if isinstance(value, Constant) else "an optimizer"


def _is_converted(value: Value) -> bool:
    """Whether it is of another device or dtype, which ``copy_`` would undo."""
    return isinstance(value, Tensor) and value.via in _CONVERSIONS


def _target(event: AttributeStored) -> str:
    """The attribute as an expression, however it is stored."""
    node = event.node
    if isinstance(node, ast.Attribute):
        return ast.unparse(node)
    if isinstance(node, ast.AugAssign):
        return ast.unparse(node.target)
    owner: ast.expr | None = None
    if isinstance(node, ast.Call):
        is_method = isinstance(node.func, ast.Attribute)
        owner = node.func.value if isinstance(node.func, ast.Attribute) else node.args[0]
        if is_method and ast.unparse(owner).startswith("super("):
            return f"self.{event.name}"
    return f"{ast.unparse(owner) if owner is not None else 'm'}.{event.name}"


def _shown(expression: ast.expr | None) -> str:
    """The value as the user wrote it, where that is short."""
    text = ast.unparse(expression) if expression is not None else "t"
    return text if len(text) <= 30 and "\n" not in text else "t"
