"""What happens to a Module's Parameters in the course of a program.

They are frozen, taken by optimizers and wrappers, and replaced. Such facts are kept as cells of
the Module, under names that no attribute has: so they join where paths meet, are left behind by
``__init__`` and come back from helpers, as attributes do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from flake8_paramassign.inference.classes import ProjectClass, TorchClass
from flake8_paramassign.inference.events import AttributeStored, Frame, ParameterReplaced
from flake8_paramassign.inference.objects import Objects, the_instance
from flake8_paramassign.inference.state import ITEMS, TAKEN, TRAINS, State
from flake8_paramassign.inference.takers import builds_optimizer, keeps
from flake8_paramassign.inference.values import (
    NOTHING,
    Constant,
    Container,
    Instance,
    Opaque,
    Other,
    Parameter,
    Tensor,
    Unknown,
    Value,
    Values,
    constant,
    only,
    union,
)

EACH = "parameters()"
"""The last part of the site of what stands for every Parameter of a Module."""
_OBJECTS = (Instance, Opaque, Container)
_ITERATORS = frozenset(
    f"{prefix}{kind}"
    for prefix in ("", "named_")
    for kind in ("parameters", "buffers", "modules", "children")
)


class Lifetimes(Objects):
    """Keeps the facts; the second layer of the interpreter."""

    replacements: dict[ast.AST, ParameterReplaced]
    """What was replaced where, in the code that is being run."""
    mended: set[ast.AST]
    """Where something was replaced before an optimizer was built anew."""
    any_taken = False
    """Whether the file builds an optimizer or wrapper."""
    any_frozen = False
    """Whether the file freezes anything: most do not, and need not be asked about it."""

    # Facts.

    def fact(self, owner: Value, name: str, state: State) -> Values:
        """What is kept of ``owner`` under ``name``: here, or by the ``__init__`` that made it."""
        known = state.cells.get((owner, name))
        if known is not None:
            return known
        made_in = self._made_in(owner) if isinstance(owner, Instance) else None
        if made_in is not None:
            after_init, original, _ = made_in
            return after_init.cells.get((original, name), NOTHING)
        # A rewrite asks when all code has been run.
        receiver = self.frame.receiver if self.frames else None
        summary = self._summary_of(receiver) if receiver is not None else None
        return summary.cells.get((owner, name), NOTHING) if summary else NOTHING

    def _summary_of(self, module: Instance) -> State | None:
        """The state that ``__init__`` left, for a finished object of a class of the project."""
        cls = module.made_by
        if module in self.under_construction or not isinstance(cls, ProjectClass):
            return None
        return self.constructed(cls)

    def wholes(self, value: Value, state: State) -> Iterator[Value]:
        """``value`` and all it is a part of, from the inside out, each as facts on it are kept."""
        seen: set[Value] = set()
        waiting = [anchor(value)]
        while waiting:
            part = waiting.pop(0)
            if part in seen:
                continue
            seen.add(part)
            yield part
            waiting += list(_chain(part))[1:2]
            for (owner, name), held in state.cells.items():
                if not name.startswith("{") and any(anchor(v) == part for v in held):
                    waiting.append(anchor(owner))

    def parts(self, module: Value, state: State) -> set[Value]:
        """``module`` and all that is known to be a part of it, as facts are kept."""
        held_by: dict[Value, list[Values]] = {}
        for (owner, name), held in state.cells.items():
            known = held_by.setdefault(anchor(owner), [])
            if not name.startswith("{"):
                known.append(held)
        found = {anchor(module)}
        grown = True
        while grown:
            grown = False
            for owner in list(held_by):
                if not found.isdisjoint(_chain(owner)):
                    held = NOTHING.union(*held_by.pop(owner))
                    found |= {owner, *(anchor(v) for v in held if isinstance(v, _OBJECTS))}
                    grown = True
        return found

    # Every part of a Module.

    def module_iterator(self, node: ast.Call, func: ast.Attribute, state: State) -> Values | None:
        """What a loop over ``model.modules()``, ``named_parameters()`` and their like gives."""
        kind = func.attr
        if kind not in _ITERATORS:
            return None
        receivers = self.evaluate(func.value, state)
        if any(self.is_module(r) is False for r in receivers):
            return None
        return self.each_part(receivers, kind, node, state)

    def each_part(self, receivers: Values, kind: str, node: ast.Call, state: State) -> Values:
        """What the iterator ``kind`` of ``receivers`` gives."""
        whole = next(iter(receivers)) if len(receivers) == 1 else None
        if not isinstance(whole, Instance | Opaque):
            whole = None
        item: Value
        if kind.endswith("parameters"):
            site = ("several", node) if whole is None else anchor(whole)
            item = Parameter((site, EACH), self._each_trains(whole, state))
        elif kind.endswith("buffers"):
            item = Tensor(node)
        else:
            owner = whole.site if isinstance(whole, Opaque) else whole or "modules"
            item = Opaque((owner, (kind, node)), "module", True)
        if not kind.startswith("named_"):
            return only(item)
        pair = Container("tuple", (node, kind))
        state.cells[pair, "[0]"] = only(Other("str"))
        state.cells[pair, "[1]"] = only(item)
        state.cells[pair, ITEMS] = only(item)
        return only(pair)

    def _each_trains(self, module: Instance | Opaque | None, state: State) -> bool | None:
        """Whether the Parameters of a Module surely train: it has some, and none is frozen."""
        if not isinstance(module, Instance) or self._trains(module, state) is not True:
            return None
        known = list(self._trainable(module, state, frozenset()))
        return True if known and all(known) else None

    def _trainable(
        self, module: Instance, state: State, around: frozenset[object]
    ) -> Iterator[bool | None]:
        """For each Parameter that ``module``, or a part of it, is known to hold: does it train?

        ``around`` is what it is a part of; other files are not opened to know its parts.
        """
        owners = {module}
        if isinstance(module.made_by, TorchClass):
            slots = self.torch_slots(module, module.made_by).values()
            yield from (slot.trainable for slot in slots if slot.kind == "parameter")
        elif isinstance(module.made_by, ProjectClass):
            owners.add(the_instance(module.made_by))
            around |= {module.made_by}
        around |= {module}
        for known in filter(None, (state, self._summary_of(module))):
            for (owner, name), values in list(known.cells.items()):
                if owner not in owners or name.startswith("{"):
                    continue
                for value in values:
                    if isinstance(value, Parameter):
                        yield value.trainable
                    elif isinstance(value, Instance) and around.isdisjoint([value, value.made_by]):
                        if self._trains(value, known) is not True:
                            yield None
                        yield from self._trainable(value, known, around)

    # Freezing.

    def set_trains(self, module: Value, flag: bool | None, state: State) -> None:
        """All Parameters of ``module`` are frozen or unfrozen; None: it cannot be told."""
        self.any_frozen = True
        parts = self.parts(module, state)
        for key, values in list(state.cells.items()):
            if anchor(key[0]) in parts:
                if key[1] == TRAINS:
                    del state.cells[key]
                elif any(isinstance(v, Parameter) for v in values):
                    state.cells[key] = _trained(values, flag)
        for local, values in state.locals.items():
            if any(isinstance(v, Parameter) and not parts.isdisjoint(_chain(v)) for v in values):
                state.locals[local] = _trained(values, flag)
        state.cells[anchor(module), TRAINS] = only(Constant(flag))

    def freeze_each(self, parameter: Parameter | Tensor, flag: bool | None, state: State) -> None:
        """The variable of a loop over the Parameters of a Module is frozen or unfrozen."""
        if stands_for_each(parameter):
            module = _owner(parameter)
            loop = self.frame.loops[-1].node if self.frame.loops else None
            plain = (ast.Assign, ast.Expr)
            always = loop is not None and all(isinstance(s, plain) for s in loop.body)
            if isinstance(module, Instance | Opaque):
                self.set_trains(module, flag if always else None, state)

    def _trains(self, module: Value, state: State) -> bool | None:
        """What ``set_trains`` last said of ``module`` or of what it is a part of; else True."""
        if self.any_frozen:
            for whole in self.wholes(module, state):
                said = self.fact(whole, TRAINS, state)
                if said:
                    flag = constant(said)
                    return flag if isinstance(flag, bool) else None
        return True

    def attribute(self, value: Value, name: str, state: State, node: ast.AST) -> Values:
        """What ``value.name`` may hold, frozen with the Module it is a part of."""
        found = super().attribute(value, name, state, node)
        if self.any_frozen and (value, name) not in state.cells:
            if any(isinstance(v, Parameter) for v in found):
                flag = self._trains(value, state)
                return found if flag is True else _trained(found, flag)
        return found

    # Taking and replacing.

    def wrap(self, wrapper: Value, wrapped: Values, state: State) -> None:
        """``wrapper`` holds a Module as its ``module``, and may keep its Parameters."""
        state.cells[wrapper, "module"] = wrapped
        if keeps(wrapper):
            self._take(frozenset(anchor(v) for v in wrapped), wrapper, state)

    def may_take(self, name: str, arguments: list[Values], result: Values, state: State) -> None:
        """What the function or class ``name`` returned may be an optimizer of its arguments."""
        builds, is_class = builds_optimizer(name)
        if not (builds or is_class):
            return
        owners: set[Value | None] = set()
        for value in (v for values in arguments for v in values):
            if isinstance(value, Container):
                owners |= {_owner(v) for v in self.items(value, state) if stands_for_each(v)}
            elif builds and isinstance(value, Instance | Opaque):
                owners.add(anchor(value))
        for taker in result if owners else NOTHING:
            if not isinstance(taker, Unknown):
                self._take(frozenset(owners), taker, state)

    def take(self, tensors: Values, taker: Value, state: State) -> None:
        """From here on ``taker`` keeps the Parameters that ``tensors`` stands for."""
        self._take(frozenset(_owner(v) for v in tensors), taker, state)

    def _take(self, owners: frozenset[Value | None], taker: Value, state: State) -> None:
        self.any_taken = True
        for owner in owners:
            if owner is not None:
                known = self.fact(owner, TAKEN, state)
                state.cells[owner, TAKEN] = union(known, only(taker))
        for node, event in self.replacements.items():
            mends = None in owners or owners.intersection(self.wholes(event.receiver, state))
            if mends and node not in self.mended:
                self.mended.add(node)
                self.listener.happened(replace(event, mended=True))

    def _takers(self, receiver: Value, name: str | None, state: State) -> Values:
        """Who keeps the Parameter that ``receiver`` holds under ``name``; None is any of its."""
        owners = set(self.wholes(receiver, state))
        if name is None:
            owners |= self.parts(receiver, state)
        else:
            before = self.attribute(receiver, name, state, ast.Pass())
            owners |= {_owner(v) or v for v in before if isinstance(v, Parameter)}
        found = NOTHING
        for owner in owners:
            found = union(found, self.fact(owner, TAKEN, state))
        return found

    def stored_new(self, store: AttributeStored) -> None:
        """Something is about to be stored: is it new, and the old one taken?"""
        if self.any_taken and any(self._is_new(v, store.state) for v in store.values):
            self.replaced(store.receiver, store.name, store.state, store.node, store.how, store)

    def _is_new(self, value: Value, state: State) -> bool:
        """Whether ``value`` is, or has, a trainable Parameter that no Module holds so far."""
        if not isinstance(getattr(value, "site", None), ast.Call):
            return False
        if isinstance(value, Parameter):
            taken = self.fact(Parameter(value.site), TAKEN, state)
            return value.trainable is True and not taken and not self.registers(state, value)
        if not isinstance(value, Instance) or not isinstance(value.made_by, TorchClass):
            return False
        held = any(value in values for values in state.cells.values())
        slots = self.torch_slots(value, value.made_by).values()
        return not held and any(slot.kind == "parameter" for slot in slots)

    def replaced(
        self,
        receiver: Instance | Opaque,
        name: str | None,
        state: State,
        node: ast.AST,
        how: str,
        store: AttributeStored | None = None,
    ) -> None:
        """``receiver`` holds new Parameters: remember it where somebody keeps the old ones."""
        takers = self._takers(receiver, name, state)
        frame = next((frame for frame in reversed(self.frames) if not frame.silent), None)
        if not takers or frame is None or node in self.mended:
            return
        if self.frame.module is not frame.module:
            return  # The statement stands in another file.
        event = ParameterReplaced(frame, state, node, receiver, name, takers, how, store)
        self.replacements[node] = event
        if not takers & self._made_here(takers, state) and not self._built_anew(takers, frame):
            self.listener.happened(event)  # Made by ``__init__``, for other methods to use.

    def _made_here(self, takers: Values, state: State) -> Values:
        return frozenset(
            taker
            for (_, name), held in state.cells.items()
            if name == TAKEN
            for taker in takers & held
        )

    def _built_anew(self, takers: Values, frame: Frame) -> bool:
        """Whether a method, which may be called next, stores other ``takers`` than ``__init__``."""
        receiver = frame.receiver
        made = self._summary_of(receiver) if receiver is not None else None
        if made is None:
            return False
        text = self.text_around(frame)
        for (owner, name), held in made.cells.items():
            if owner == receiver and not name.startswith(("{", "[")):
                inside = (self.items(v, made) for v in held if isinstance(v, Container))
                if not takers.isdisjoint(held.union(*inside)):
                    if re.search(rf"\bself\.{re.escape(name)}\b[^=\n]*=(?!=)", text):
                        return True
        return False

    def used(self, values: Values) -> None:
        """``values`` are evaluated: an optimizer among them is used after what was replaced."""
        for node, event in self.replacements.items():
            if event.takers & values and node not in self.mended:
                self.listener.happened(event)

    def tell_replaced(self, receiver: Value | None, state: State | None) -> None:
        """At the end of a method: what its object keeps is used by others."""
        if self.replacements and receiver is not None and state is not None:
            for (owner, name), values in state.cells.items():
                if owner == receiver and not name.startswith("{"):
                    self.used(values)


def anchor(value: Value) -> Value:
    """The one value under which facts on an object are kept, whatever else is known of it."""
    return Opaque(value.site, "") if isinstance(value, Opaque) else value


def stands_for_each(value: Value) -> bool:
    """Whether ``value`` came from ``parameters()``."""
    site = value.site if isinstance(value, Parameter) else None
    return isinstance(site, tuple) and site[-1] == EACH


def _owner(value: Value) -> Value | None:
    """What is taken with ``value``: a Module with all its Parameters, or one Parameter."""
    if not isinstance(value, Parameter):
        return None
    site = value.site
    if isinstance(site, tuple) and site[-1] == EACH and isinstance(site[0], Instance | Opaque):
        return site[0]
    return Parameter(site)


def _chain(part: Value) -> Iterator[Value]:
    """``model.head.fc``, ``model.head``, ``model``: by the names alone."""
    while True:
        yield part
        site = getattr(part, "site", None)
        if not isinstance(site, tuple) or isinstance(site[0], str):
            return
        part = site[0] if isinstance(site[0], _OBJECTS) else Opaque(site[0], "")


def _trained(values: Values, flag: bool | None) -> Values:
    return frozenset(
        replace(v, trainable=flag) if isinstance(v, Parameter) and v.plain else v for v in values
    )
