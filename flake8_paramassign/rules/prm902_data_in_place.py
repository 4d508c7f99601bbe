"""PRM902: a Parameter is written in place through its ``.data``."""

from __future__ import annotations

import ast
import re

from flake8_paramassign import catalogue
from flake8_paramassign.inference.events import Event, WrittenInPlace
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Opaque, Parameter, Tensor, Value, in_order
from flake8_paramassign.rules.base import Finding, Rule

_OF_UNKNOWN = re.compile(r"\.(\w+)\.data(\[[^\[\]]*\])*$")
"""How the data of an object of unknown class is spelled: ``module.weight.data[0]``."""


class DataInPlace(Rule):
    """
    ## What it does
    Reports `weight.data.fill_(0)`, `weight.data[0] = 1` and `weight.data *= 2`, where `weight` is
    an `nn.Parameter`.

    ## Why it is bad
    Autograd does not see the write. Between a forward and its backward pass it makes the gradients
    wrong, where the same write without `.data` raises an error. Sound programs do it too, most of
    them while they initialise, so this rule is opt-in.

    ## Example
    ```python
    layer.weight.data.fill_(0.1)
    ```

    ## Use instead
    ```python
    with torch.no_grad():
        layer.weight.fill_(0.1)
    ```

    ## Fix safety
    Unsafe: a write between a forward and its backward pass then raises. There is no fix where the
    `.data` is kept in a local or what the write returns is used. In a transformers
    `_init_weights` use `nn.init.constant_(layer.weight, 0.1)` (PRM306).

    ## Known limits
    Where the class of an object is unknown, only names of torch's own layers are reported.

    ## References
    - [Autograd mechanics: in-place correctness checks](https://docs.pytorch.org/docs/stable/notes/autograd.html)
    - [pytorch/pytorch#30987](https://github.com/pytorch/pytorch/issues/30987)
    """

    code = "PRM902"
    name = "data-in-place"
    claim = "a write in place through .data is unseen by autograd: gradients may be wrong"
    signs = (r"\.data\b",)
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """What is written is the data of what surely is a Parameter, or a view of that."""
        if not isinstance(event, WrittenInPlace):
            return None
        if not any(_is_data_of_parameter(value) for value in event.tensors):
            return None
        return Finding(
            f"'{ast.unparse(event.subject)}' is written by {event.how}, which autograd does not "
            f"see: gradients may be wrong, and nothing raises; write {_instead(event)}"
        )


def _is_data_of_parameter(value: Value) -> bool:
    if isinstance(value, Opaque):
        spelled = _OF_UNKNOWN.search(value.path)
        return spelled is not None and catalogue.is_stock_slot(spelled.group(1))
    if isinstance(value, Tensor) and isinstance(value.origin, Parameter):
        return value.via == ".data" and _data_in(value.site) is not None
    return False


def _data_in(node: ast.AST) -> ast.Attribute | None:
    """The ``w.data`` that ``w.data.view(-1)[0]`` is a view of."""
    while True:
        if isinstance(node, ast.Attribute):
            if node.attr == "data":
                return node
            if catalogue.attribute(node.attr) is not catalogue.Result.VIEW:
                return None
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if catalogue.method(node.func.attr) is not catalogue.Result.VIEW:
                return None
            node = node.func.value
        else:
            return None


def data_written(event: WrittenInPlace) -> ast.Attribute | None:
    """Return the ``w.data`` that is written through; None where its text is not known."""
    places = [event.subject, *(v.site for v in in_order(event.tensors) if isinstance(v, Tensor))]
    return next(filter(None, map(_data_in, places)), None)


def _instead(event: WrittenInPlace) -> str:
    """The same write without ``.data``."""
    data = data_written(event)
    subject = ast.unparse(data.value) if data is not None else ast.unparse(event.subject)
    if event.how.startswith("nn.init."):
        return f"{event.how.removesuffix('()')}({subject}, ...)"
    has_arguments = isinstance(event.node, ast.Call) and bool(event.node.args)
    write = event.how.replace("()", "(...)") if has_arguments else event.how
    write = f"{subject}{write}" if write[0] in ".[" else f"{subject} {write}"
    write += " ..." if write.endswith("=") else ""
    return write if event.grad is False else f"{write} under torch.no_grad()"
