"""What is known where ``isinstance``, ``hasattr`` or ``type`` came out one way."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.domain.objects import (
    ANY,
    PARAMETER,
    UNSEEN_THING,
    Obj,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    Address,
    Value,
    Values,
)
from flake8_paramassign.project.classes import Class, ProjectClass, TorchClass
from flake8_paramassign.semantics.conditions.instances import (
    CONTAINER_KINDS,
    Instances,
    is_base_module,
)
from flake8_paramassign.semantics.conditions.recall import peeked
from flake8_paramassign.semantics.conditions.refinement import (
    as_instance,
    as_no_instance,
    keep,
    refine,
)
from flake8_paramassign.semantics.machine import Machine


class TypeTests:
    """Assumes tests of types for a machine."""

    def __init__(self, machine: Machine, instances: Instances) -> None:
        """``instances`` answers for one value at a time."""
        self._machine = machine
        self._instances = instances

    def assume_instance(
        self, subject: ast.expr, classes: ast.expr, state: State, *, holds: bool
    ) -> State | None:
        """``subject`` is, or is not, of one of ``classes``; None where it cannot be so."""
        held = peeked(self._machine, subject, state)
        wanted = self._instances.classes(peeked(self._machine, classes, state), state)
        kept = tuple(
            v for v in held if self._instances.is_instance(v, wanted, state) is not (not holds)
        )
        if held and not kept:
            return None
        keep(self._machine, subject, held, kept, state)
        decides = not isinstance(self._machine.frame.statement, ast.Assert)
        if decides and any(w in CONTAINER_KINDS for w in wanted if isinstance(w, str)):
            for value in held:
                if isinstance(value, Address):
                    self._machine.discriminated.add(value.site)
        if holds and wanted:
            refine(kept, state, lambda obj: as_instance(obj, wanted))
            if wanted == ("torch.nn.Parameter",):
                self._narrow_slot(subject, state)
            known = self._as_made(kept, wanted, state)
            if known is not None:
                keep(self._machine, subject, kept, known, state)
        elif not holds and wanted:
            refine(kept, state, lambda obj: as_no_instance(obj, wanted))
        return state

    def _narrow_slot(self, subject: ast.expr, state: State) -> None:
        """An attribute that holds a Parameter is registered, if a Module holds it."""
        if not isinstance(subject, ast.Attribute):
            return
        for owner in peeked(self._machine, subject.value, state):
            obj = state.read(owner) if isinstance(owner, Address) else None
            if isinstance(obj, Thing) and isinstance(owner, Address) and obj.is_module:
                held = obj.member(subject.attr)
                values = peeked(self._machine, subject, state)
                narrowed = replace(held, slot=PARAMETER, values=values)
                state.write(owner, obj.with_field(subject.attr, narrowed))

    def _as_made(
        self, values: Values, classes: tuple[Class | str, ...], state: State
    ) -> Values | None:
        """An object that is found to be of a class has what the class gives its objects.

        One of many is from here on a certain one of them.
        """
        modules = [c for c in classes if isinstance(c, TorchClass | ProjectClass) and c.is_module]
        if not modules or len(modules) < len(classes) or any(map(is_base_module, modules)):
            return None
        return tuple(dict.fromkeys(self._one_made(value, modules, state) for value in values))

    def _one_made(
        self, value: Value, classes: list[TorchClass | ProjectClass], state: State
    ) -> Value:
        obj = state.read(value) if isinstance(value, Address) else None
        if not isinstance(value, Address) or not isinstance(obj, Thing):
            return value
        known = {name: held for name, held in obj.fields.items() if held.slot != ANY}
        if known:
            return value  # as the program has left it
        target = value
        if value.many:
            target = self._machine.addresses.of(
                (value, "as", tuple(classes)), many=True, symbolic=False
            )
        found: Obj | None = None
        for cls in classes:
            at = state.copy()
            at.replace(target, UNSEEN_THING)
            self._machine.instance(cls, target, at)
            made = at.read(target)
            found = made if found is None else found.join(made)
            at.replace(target, state.read(target))
            state.become(at)
        if isinstance(found, Thing):
            state.replace(target, replace(found, is_module=True, truth=True))
        return target
