"""PRM107: a Parameter or Module is assigned before ``super().__init__()``."""

from __future__ import annotations

from pathlib import Path

from flake8_paramassign.inference.events import AttributeStored, Event, Role
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.state import INITIALISED
from flake8_paramassign.inference.values import Instance, Parameter, constant
from flake8_paramassign.rules.base import Finding, Rule


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
    The `__init__` of a base class that cannot be read is taken to initialise the Module. Silent in
    the `modular_*.py` files of transformers: they are templates whose `super().__init__()` is
    replaced by the parent's body, and never run as they are.

    ## References
    - torch/nn/modules/module.py, `Module.__setattr__`
    """

    code = "PRM107"
    name = "assigned-before-module-init"
    claim = "a Parameter or Module assigned before super().__init__() raises AttributeError"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """Registration on an object whose Module part surely is not initialised."""
        if not isinstance(event, AttributeStored) or event.frame.role is not Role.CONSTRUCTION:
            return None
        if Path(event.frame.module.path).name.startswith("modular_"):
            return None
        receiver = event.receiver
        if receiver != event.frame.receiver or not ask.is_module(receiver):
            return None
        initialised = event.state.cells.get((receiver, INITIALISED))
        if initialised is None or constant(initialised) is not False:
            return None
        registering = event.how in ("register_buffer", "add_module", "register_parameter")
        if not registering and not any(
            isinstance(v, Parameter) or (isinstance(v, Instance) and v.cls.is_module)
            for v in event.values
        ):
            return None
        return Finding(
            f"'{event.name}' is assigned before Module.__init__() has run, which raises "
            f"AttributeError; call super().__init__() first",
            why_not_fixed="the base class may read what is assigned before it",
        )
