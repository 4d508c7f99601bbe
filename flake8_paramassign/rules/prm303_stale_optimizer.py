"""PRM303: a Parameter is replaced after an optimizer or a wrapper took it."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Optimizer, Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import NONE, Address
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.training import are_frozen, is_taken
from flake8_paramassign.facts.wording import in_brackets, quoted, shown
from flake8_paramassign.rules.base import Rule, Step, Verdict
from flake8_paramassign.semantics.events import ParameterReplaced


class StaleOptimizer(Rule):
    """
    ## What it does
    Reports a Parameter, a layer, or with `load_state_dict(..., assign=True)` a whole Module, that
    is replaced after an optimizer was built from it or `DistributedDataParallel` wrapped it.

    ## Why it is bad
    An optimizer keeps the Parameters it was given. It goes on stepping the old one, which no
    output depends on any more, and the new one never trains: nothing raises, and the loss may
    still go down by the other layers. `DistributedDataParallel` synchronises the gradients of the
    old ones only. A compiled module and `DataParallel` do see the new Parameter.

    ## Example
    ```python
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.head.weight = nn.Parameter(weight)
    optimizer.step()
    ```

    ## Use instead
    ```python
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.head.weight.data.copy_(weight)
    optimizer.step()
    ```

    ## Fix safety
    Unsafe: `.data.copy_()` keeps the Parameter and so needs its shape, which it broadcasts to
    silently. Where the shape changes, replace the Parameter before the optimizer is built, or build
    the optimizer again; there is no fix. `assign=True` is left out: the Parameters then keep their
    dtype, and need storage, which those on the meta device do not have.

    ## Known limits
    Silent where an optimizer is built afterwards, or by another method of the class, which may be
    called then; where `param_groups` are changed by hand; where the optimizer does no step after
    the replacement; and for what `copy.deepcopy` gives, which is kept as it is more often than
    trained. In `forward` and the like it is PRM302.

    ## References
    - [torch.optim, constructing it](https://docs.pytorch.org/docs/stable/optim.html)
    - [torch.nn.Module.load_state_dict](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    - [pytorch/pytorch#14467](https://github.com/pytorch/pytorch/issues/14467)
    """

    code = "PRM303"
    name = "stale-optimizer"
    claim = "a Parameter replaced after an optimizer or DDP took it never trains"
    fix = "unsafe"

    def judge(self, event: ParameterReplaced, facts: Facts) -> Verdict | None:
        """Something new is held where an optimizer that is still used keeps the old one."""
        takers = [facts.object(taker, event.state) for taker in event.takers]
        known = [taker for taker in takers if isinstance(taker, Optimizer)]
        if event.frame.is_in_step or event.expects_error or not known:
            return None
        taker = known[0]
        steps: tuple[Step, ...] = ((f"{taker.name} takes the old one", taker.made),)
        return Verdict(_message(event, taker, facts), trace=steps)

    def stands(
        self, event: ParameterReplaced, verdict: Verdict, final: State, facts: Facts
    ) -> bool:
        """Not where another optimizer takes the new one afterwards, or it is not to be trained.

        It is frozen, or a copy of what is: a snapshot, or the target of another network.
        """
        if are_frozen(event.values, final, facts):
            return False
        sources = [facts.copied.get(v) for v in event.values if isinstance(v, Address)]
        if any(s is not None and s not in event.before.values for s in sources):
            return False
        return not any(is_taken(v, final) for v in event.values if isinstance(v, Address))


def _message(event: ParameterReplaced, taker: Optimizer, facts: Facts) -> str:
    at = in_brackets(facts.where(taker.made))
    is_new = all(value == NONE[0] for value in event.before.values) and event.name is not None
    what = f"{quoted(event.name)} is replaced" if event.name else "all Parameters are replaced"
    if is_new:
        what = f"{quoted(event.name)} is added"
    instead = "add it" if is_new else _instead(event, facts)
    if not taker.name.startswith("torch.optim."):
        wrapper = taker.name.rpartition(".")[2]
        return (
            f"{what} after {wrapper}{at} took what it holds: gradients of the new ones are not "
            f"synchronised; {instead} before wrapping"
        )
    kept = "lacks this one, which" if is_new else "keeps the old Parameter and the new one"
    return (
        f"{what} after the optimizer{at} was built: it {kept} never trains; {instead} before "
        f"the optimizer is built"
    )


def _instead(event: ParameterReplaced, facts: Facts) -> str:
    if event.name is None:
        return "leave out assign=True, or load"
    new = [facts.object(value, event.state) for value in event.values]
    if event.how == "=" and isinstance(event.node, ast.Attribute):
        if all(isinstance(value, Tensor) for value in new) and _may_have_same_shape(event, facts):
            return f"write {shown(event.node)}.data.copy_(...), or replace it"
        return "replace it"
    return "copy into it, or replace it"


def _may_have_same_shape(event: ParameterReplaced, facts: Facts) -> bool:
    old = {tensor.shape for _, tensor in facts.tensors(event.before.values, event.state)}
    new = {tensor.shape for _, tensor in facts.tensors(event.values, event.state)}
    return None in old or None in new or bool(old & new)
