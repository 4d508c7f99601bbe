"""PRM109: a generator of Parameters that has been used up is iterated again."""

from __future__ import annotations

from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.wording import in_brackets
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import IteratedAgain


class UsedUpParameters(Rule):
    """
    ## What it does
    Reports a generator of Parameters, such as `params = model.parameters()`, that has been
    iterated to its end and is then given to an optimizer, to `clip_grad_norm_`, or to a loop.

    ## Why it is bad
    A generator gives its items once. An optimizer that gets none raises
    `ValueError: optimizer got an empty parameter list`; clipping, freezing, or a loop over it does
    nothing at all, and nothing raises.

    ## Example
    ```python
    params = model.parameters()
    print(sum(p.numel() for p in params))
    optimizer = torch.optim.SGD(params, lr=0.1)
    ```

    ## Use instead
    ```python
    params = list(model.parameters())
    print(sum(p.numel() for p in params))
    optimizer = torch.optim.SGD(params, lr=0.1)
    ```

    ## Fix safety
    Unsafe: with a `list(...)` where the generator is made, what did nothing for want of Parameters
    is then done. The list holds the Parameters of that moment; call `parameters()` again where they
    may be others by then.

    ## Known limits
    Silent where the first loop may be left before its end, and where the generator was in the hands
    of code that is not known.

    ## References
    - [torch.nn.Module.parameters](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    - torch/optim/optimizer.py, `Optimizer.__init__`
    """

    code = "PRM109"
    name = "used-up-parameters"
    claim = "a generator of Parameters that was iterated before has nothing left for the second use"
    fix = "unsafe"

    def judge(self, event: IteratedAgain, facts: Facts) -> Verdict | None:
        """Nothing is left of what is iterated."""
        if event.expects("ValueError") or not _gives_parameters(event, facts):
            return None
        at, user = in_brackets(facts.where(event.first)), event.by.rpartition(".")[2]
        what = "this loop does nothing" if event.by == "for" else f"{user} gets none"
        if event.by.startswith("torch.optim."):
            what = f"{user} gets none and raises ValueError"
        return Verdict(
            f"a generator of Parameters is used up{at}, so {what}; "
            f"make a list(...) of it, or call parameters() again",
            evidence=event.container,
            trace=(("it is used up", event.first),),
        )


def _gives_parameters(event: IteratedAgain, facts: Facts) -> bool:
    """Whether all that the generator gives surely are Parameters, or their names with them."""
    generator = facts.container(event.container, event.state)
    if generator is None:
        return False
    if any(facts.is_module(holder, event.state) for holder in generator.of):
        return True
    items = generator.items()
    return bool(items) and all(facts.parameter(item, event.state) for item in items)
