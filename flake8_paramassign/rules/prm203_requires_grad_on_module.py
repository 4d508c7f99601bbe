"""PRM203: a Module is given an attribute called requires_grad."""

from __future__ import annotations

from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import constant
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.registration import has_no_parameters
from flake8_paramassign.facts.training import are_frozen
from flake8_paramassign.facts.uses import is_read_of_modules, reading_roles
from flake8_paramassign.facts.wording import owner_of, shown
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import AttributeStored

_FLAG = "requires_grad"


class RequiresGradOnModule(Rule):
    """
    ## What it does
    Reports `module.requires_grad = False`, or `True`, where `module` is an `nn.Module`.

    ## Why it is bad
    Modules have no such attribute: the assignment makes one, which nobody reads. No Parameter is
    frozen or unfrozen, and nothing raises.

    ## Example
    ```python
    backbone = nn.Linear(3, 3)
    backbone.requires_grad = False
    ```

    ## Use instead
    ```python
    backbone = nn.Linear(3, 3)
    backbone.requires_grad_(False)
    ```

    ## Fix safety
    Unsafe: the Parameters then are frozen, which changes what is trained.

    ## Known limits
    A class that reads its own `requires_grad` keeps a flag there, and is silent; so is a file that
    reads that of what `children()` or `modules()` list, and a layer that has no Parameters.

    ## References
    - [torch.nn.Module.requires_grad_](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
    """

    code = "PRM203"
    name = "requires-grad-on-module"
    claim = "module.requires_grad = False sets an attribute and freezes nothing"
    fix = "unsafe"

    def judge(self, event: AttributeStored, facts: Facts) -> Verdict | None:
        """The receiver is a Module, it may be no tensor, and the attribute no flag of its own."""
        thing = facts.thing(event.receiver, event.state)
        if event.name != _FLAG or event.how not in ("=", "setattr") or thing is None:
            return None
        flag = constant(event.values)
        if not isinstance(flag, bool) or thing.is_module is not True:
            return None
        if any(facts.tensor(value, event.state) for value in event.receivers):
            return None
        if isinstance(thing.cls, ProjectClass) and thing.cls.find(_FLAG) is not None:
            return None
        if has_no_parameters(thing):
            return None
        what = owner_of(event.node)
        written = shown(event.expression) if event.expression is not None else str(flag)
        changes = ("unfreezes" if flag else "freezes") if written == str(flag) else "changes"
        return Verdict(
            f"'{what}' is a Module, which has no requires_grad: the assignment "
            f"{changes} nothing; write {what}.requires_grad_({written})"
        )

    def stands(self, event: AttributeStored, verdict: Verdict, final: State, facts: Facts) -> bool:
        """Not where other code freezes the same Module: then the line is of no use, but right."""
        freezes = constant(event.values) is False
        return not (freezes and are_frozen((event.receiver,), final, facts))

    def holds(self, event: AttributeStored, facts: Facts) -> bool:
        """Not where code reads it: then it is a flag of the class's own."""
        if is_read_of_modules(_FLAG, facts):
            return False
        cls = facts.class_of(event)
        return not isinstance(cls, ProjectClass) or not reading_roles(cls, _FLAG, facts)
