"""What the engine tells of small programs, for tests of it."""

from __future__ import annotations

import ast
from collections.abc import Callable

from flake8_paramassign.domain.objects import Obj
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Value
from flake8_paramassign.project.project import Project
from flake8_paramassign.project.trees import Trees
from flake8_paramassign.semantics.engine import Engine
from flake8_paramassign.semantics.events import AttributeStored, Event

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


def told(source: str, *, effort: float = 1.0) -> list[Event]:
    """Every event, in order; the state of each is that in which it happened."""
    events: list[Event] = []

    def tell(event: Event) -> None:
        event.state = event.state.copy()
        events.append(event)

    Engine(Project(Trees(), "x.py", ast.parse(source)), tell, effort=effort).run()
    return events


def shown(program: str, *, effort: float = 1.0) -> AttributeStored:
    """The last store of an attribute called ``shown``, below ``HEAD``."""
    stores = [e for e in told(HEAD + program, effort=effort) if isinstance(e, AttributeStored)]
    return [store for store in stores if store.name == "shown"][-1]


def objects(program: str) -> list[Obj | Value]:
    """What the attribute ``shown`` may hold at last: objects as they are known then."""
    return as_known(shown(program))


def as_known(store: AttributeStored) -> list[Obj | Value]:
    """The values of a store: objects as they are known when it happens."""
    return [read(value, store.state) for value in store.values]


def read(value: Value, state: State) -> Obj | Value:
    """An object as it is known; any other value is itself."""
    return state.read(value) if isinstance(value, Address) else value


def describe(program: str, say: Callable[[Obj | Value], object]) -> list[object]:
    """What ``say`` says of each thing that ``shown`` may hold."""
    return [say(held) for held in objects(program)]
