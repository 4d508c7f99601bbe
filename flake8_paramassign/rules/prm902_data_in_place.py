"""PRM902: a Parameter is written in place through its ``.data``."""

from __future__ import annotations

import ast

from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.aliasing import data_of
from flake8_paramassign.facts.wording import shown
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import WrittenInPlace


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
    Safe where the object is under construction, or made in the same function, and not called
    before. Else unsafe: a write between a forward and its backward pass then raises. There is no
    fix where the `.data` is kept in a local or what the write returns is used. In a transformers
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
    fix = "safe"

    def judge(self, event: WrittenInPlace, facts: Facts) -> Verdict | None:
        """What is written is the data of what surely is a Parameter, or a view of that."""
        evidence = next((v for v in event.tensors if data_of(v, event.state, facts)), None)
        if evidence is None:
            return None
        return Verdict(
            f"'{shown(event.subject)}' is written by {event.how}, which autograd does not "
            f"see: gradients may be wrong, and nothing raises; write {_instead(event)}",
            evidence=evidence,
        )


def _instead(event: WrittenInPlace) -> str:
    """The same write without ``.data``."""
    subject: ast.expr = event.subject
    if isinstance(subject, ast.Attribute) and subject.attr == "data":
        subject = subject.value
    what = shown(subject)
    if event.how.startswith("nn.init."):
        return f"{event.how.removesuffix('()')}({what}, ...)"
    has_arguments = isinstance(event.node, ast.Call) and bool(event.node.args)
    write = event.how.replace("()", "(...)") if has_arguments else event.how
    write = f"{what}{write}" if write[0] in (".", "[") else f"{what} {write}"
    write += " ..." if write.endswith("=") else ""
    return write if event.grad is False else f"{write} under torch.no_grad()"
