"""PRM107: a Parameter or Module is assigned before ``super().__init__()``."""

from __future__ import annotations

from pathlib import Path

from flake8_paramassign.domain.values import is_unknown
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.project.classes import Class, ProjectClass
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import is_constructing

_REGISTERING = frozenset(["register_buffer", "add_module", "register_parameter"])

_MAKING = frozenset(["__new__", "__init_subclass__"])
"""Methods that may begin an object, or change its ``__init__``."""


class AssignedBeforeModuleInit(Rule):
    """
    ## What it does
    Reports a Parameter, buffer or Module assigned on `self` before `nn.Module.__init__` has run.

    ## Why it is bad
    The dicts that registration writes to do not exist yet:
    `AttributeError: cannot assign parameters before Module.__init__() call`.

    ## Example
    ```python
    class Head(nn.Module):
        def __init__(self, n):
            self.weight = nn.Parameter(torch.zeros(n))
            super().__init__()
    ```

    ## Use instead
    ```python
    class Head(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(n))
    ```

    ## Fix safety
    There is no fix: the base class may read what is assigned before it.

    ## Known limits
    The `__init__` of a base class that cannot be read is taken to initialise the Module, and so are
    decorators of `__init__`, metaclasses, `__new__` and `__init_subclass__`. Silent in a class of
    which an heir has other bases besides, as their `__init__` may run first; and in the
    `modular_*.py` files of transformers: they are templates whose `super().__init__()` is replaced
    by the parent's body, and never run as they are.

    ## References
    - torch/nn/modules/module.py, `Module.__setattr__`
    """

    code = "PRM107"
    name = "assigned-before-module-init"
    claim = "a Parameter or Module assigned before super().__init__() raises AttributeError"

    def judge(self, event: AttributeStored, facts: Facts) -> Verdict | None:
        """Registration on an object whose Module part surely is not initialised."""
        thing = facts.thing(event.receiver, event.state)
        if thing is None or thing.is_module is not True or thing.initialised is not False:
            return None
        if not is_constructing(event.frame, event.receiver):
            return None
        if event.expects("AttributeError"):
            return None
        if Path(event.frame.module.path).name.startswith("modular_"):
            return None
        if _may_be_begun_before(thing.cls) or _is_mixed_in(thing.cls, facts):
            return None
        registered = any(
            facts.parameter(value, event.state) or facts.is_module(value, event.state)
            for value in event.values
        )
        if event.how not in _REGISTERING and (not registered or is_unknown(event.values)):
            return None
        return Verdict(
            f"{quoted(event.name)} is assigned before Module.__init__() has run, which raises "
            f"AttributeError; call super().__init__() first",
            why_not_fixed="the base class may read what is assigned before it",
        )


def _is_mixed_in(cls: Class | None, facts: Facts) -> bool:
    """Whether a class has heirs with other bases besides: these may be begun first, by name."""
    heirs = facts.family(cls) if isinstance(cls, ProjectClass) else ()
    return any(heir is not cls and len(heir.node.bases) > 1 for heir in heirs)


def _may_be_begun_before(cls: Class | None) -> bool:
    """Whether other code runs before ``__init__`` does: of a decorator, a metaclass, a hook."""
    ancestors = cls.projects if isinstance(cls, ProjectClass) else ()
    return any(
        ancestor.node.keywords
        or any(f.name in _MAKING for f in ancestor.functions)
        or any(f.decorator_list for f in ancestor.functions if f.name == "__init__")
        for ancestor in ancestors
    )
