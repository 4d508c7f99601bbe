"""What ``with`` enters and leaves, above all the grad mode."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flake8_paramassign.domain.objects import Generator, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Builtin,
    GradMode,
    Library,
    Value,
    Values,
    join_all,
)
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.machine import Arguments, Machine

HARMLESS = frozenset(
    """contextlib.closing contextlib.nullcontext contextlib.redirect_stdout builtins.open
    torch.autocast torch.cuda.amp.autocast torch.amp.autocast torch.cpu.amp.autocast
    torch.cuda.device torch.cuda.stream torch.autograd.profiler.profile
    torch.autograd.profiler.record_function torch.profiler.profile
    torch.profiler.record_function torch.random.fork_rng torch.device
    torch.autograd.set_detect_anomaly torch.autograd.detect_anomaly warnings.catch_warnings
    tempfile.TemporaryDirectory threading.Lock tqdm.tqdm""".split()
)
"""Contexts that leave grad mode and objects alone, by their documentation."""
SWALLOWING = frozenset(["contextlib.suppress", "pytest.raises", "unittest.TestCase.assertRaises"])


@dataclass(slots=True)
class Entered:
    """A context that was entered."""

    gives: Values
    """What ``as`` binds."""
    before: bool | str | None
    """The grad mode outside."""
    inside: bool | str | None
    switches: bool
    """Whether it surely restores the mode that was outside."""
    swallows: bool
    """Whether it may keep an exception to itself."""
    changes: Values
    """What its end, which is not run, may change: an object with ``__exit__``, or arguments."""


class Contexts:
    """Enters and leaves contexts for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` runs those that the project writes."""
        self._machine = machine

    def enter(self, values: Values, state: State, node: ast.expr) -> Entered:
        """Enter whichever of ``values`` it is; ``state`` becomes the state in the block."""
        before = state.grad
        entered = [self._entered(value, state, node) for value in values]
        modes = {mode for mode, _, _ in entered}
        state.grad = modes.pop() if len(modes) == 1 else None
        switches = all(isinstance(value, GradMode) for value in values)
        gives = join_all(given for _, given, _ in entered)
        swallows = any(swallowed for _, _, swallowed in entered)
        changes = join_all(self._changed_at_end(value, state) for value in values)
        return Entered(gives, before, state.grad, switches, swallows, changes)

    @staticmethod
    def leave(context: Entered, state: State) -> None:
        """Leave a context: the mode is as before, unless the block switched it for good."""
        if context.switches or state.grad == context.inside:
            state.grad = context.before
        if context.changes:
            reached = set(state.reachable(context.changes))
            state.replaced = {  # and it may put back what was replaced
                place: known
                for place, known in state.replaced.items()
                if getattr(known.event, "receiver", None) not in reached
            }
            state.havoc(context.changes)

    @staticmethod
    def _changed_at_end(value: Value, state: State) -> Values:
        obj = state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Generator):
            return join_all([*obj.positional, *(values for _, values in obj.named)])
        cls = obj.cls if isinstance(obj, Thing) else None
        has_end = isinstance(cls, ProjectClass) and cls.find("__exit__") is not None
        return (value,) if has_end else NOTHING

    def _entered(
        self, value: Value, state: State, node: ast.expr
    ) -> tuple[bool | str | None, Values, bool]:
        """The grad mode inside, what ``as`` binds, and whether exceptions may end there."""
        if isinstance(value, GradMode):
            return value.enabled, NONE, False
        if isinstance(value, Builtin):
            return state.grad, UNKNOWN, False
        obj = state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Generator):
            return self._entered_generator(obj, state, node)
        if isinstance(obj, Thing) and obj.cls is not None:
            name = obj.cls.name
            if isinstance(obj.cls, ProjectClass):
                return self._entered_object(value, obj.cls, state, node)
            if name in HARMLESS:
                return state.grad, (value,), False
            if name in SWALLOWING:
                return state.grad, UNKNOWN, True
        if isinstance(value, Library) and value.name in HARMLESS:
            return state.grad, UNKNOWN, False
        if isinstance(obj, Thing) and obj.is_module:
            return state.grad, (value,), False
        if value not in UNKNOWN:
            state.havoc([value])
        return None, UNKNOWN, True

    def _entered_object(
        self, value: Value, cls: ProjectClass, state: State, node: ast.expr
    ) -> tuple[bool | str | None, Values, bool]:
        """An object of the project: its ``__enter__`` runs."""
        if cls.find("__enter__") is None:
            state.havoc([value])
            return None, UNKNOWN, True
        methods = self._machine.attribute(value, "__enter__", state, node)
        gives = self._machine.call_any(methods, Arguments(), state, node)
        return state.grad, gives, cls.find("__exit__") is None

    def _entered_generator(
        self, obj: Generator, state: State, node: ast.expr
    ) -> tuple[bool | str | None, Values, bool]:
        """A generator of the project that ``@contextmanager`` made a context: run to its yield."""
        yielded = self._machine.run_generator(obj, state, node)
        if not yielded:
            return None, UNKNOWN, True
        modes = {at.grad for _, at in yielded}
        mode = modes.pop() if len(modes) == 1 else None
        return mode, join_all(values for values, _ in yielded), False
