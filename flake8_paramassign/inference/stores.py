"""What storing changes: names, attributes, items, and how Modules hold them."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.inference.classes import Deferred
from flake8_paramassign.inference.conditions import Narrower
from flake8_paramassign.inference.events import (
    AttributeStored,
    DataStored,
    ItemStored,
    LoopVariableRebound,
    RegistryBypassed,
)
from flake8_paramassign.inference.lifetimes import stands_for_each
from flake8_paramassign.inference.module_calls import STATE_DICT
from flake8_paramassign.inference.state import (
    ABSENT,
    DELETED,
    EVERY,
    ITEMS,
    PARAMETER_SLOT,
    UNKNOWN_SLOT,
    State,
)
from flake8_paramassign.inference.values import (
    NOTHING,
    UNKNOWN,
    Constant,
    Container,
    Instance,
    Opaque,
    Parameter,
    Tensor,
    Unknown,
    Value,
    Values,
    constant,
    in_order,
    is_unknown,
    only,
    union,
)


class Storer(Narrower):
    """Binds targets and stores attributes as ``nn.Module.__setattr__`` does."""

    fillings: dict[Value, ast.stmt]
    """Which statement first put something into a container."""
    holdings: dict[tuple[Value, str], dict[Container, ast.AST | None]]
    """Which containers were stored where, and by which node; None is one in another's code."""

    def bind(self, target: ast.expr, values: Values, state: State, source: ast.expr | None) -> None:
        """Assign ``values``, which ``source`` gave, to a target."""
        if isinstance(target, ast.Name):
            if source is not None and self.frame.loops:
                self._rebound(target, values, state, source)
            state.locals[target.id] = values
        elif isinstance(target, ast.Attribute):
            receivers = self.evaluate(target.value, state)
            if target.attr == "data":
                self.tell(DataStored(self.frame, state, target, receivers, values, source))
            for receiver in in_order(receivers):
                self.store(receiver, target.attr, values, state, target, source, "=")
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, values, state, source)
        elif isinstance(target, ast.Starred):
            rest = Container("list", target)
            state.cells[rest, ITEMS] = self._all_items(values, state)
            self.bind(target.value, only(rest), state, None)
        elif isinstance(target, ast.Subscript):
            self._store_item(target, values, state)

    def _rebound(self, target: ast.Name, values: Values, state: State, source: ast.expr) -> None:
        """The variable of a loop over Parameters is assigned."""
        before = state.locals.get(target.id, NOTHING)
        for loop in self.frame.loops:
            if isinstance(loop.node, ast.While) or not any(map(stands_for_each, before)):
                continue
            names = (n.id for n in ast.walk(loop.node.target) if isinstance(n, ast.Name))
            if target.id in names:
                event = LoopVariableRebound(
                    self.frame, state, target, loop.node, before, values, source
                )
                self.tell(event)

    def _unpack(
        self, targets: list[ast.expr], values: Values, state: State, source: ast.expr | None
    ) -> None:
        literal = source.elts if isinstance(source, ast.Tuple | ast.List) else []
        starred = any(isinstance(t, ast.Starred) for t in targets)
        for index, target in enumerate(targets):
            part = NOTHING
            for value in values:
                if isinstance(value, Container | Instance) and not starred:
                    part = union(part, self.item(value, index, state))
                elif isinstance(value, Tensor | Parameter):
                    part = union(part, only(Tensor(target, None, False)))
                else:
                    part = union(part, UNKNOWN)
            if is_unknown(part) and isinstance(target, ast.Name):
                part = only(Opaque(target, target.id))
            expression = literal[index] if len(literal) == len(targets) else None
            self.bind(target, part or UNKNOWN, state, expression)

    def _store_item(self, target: ast.Subscript, values: Values, state: State) -> None:
        index = constant(self.evaluate(target.slice, state))
        registry = target.value
        if isinstance(registry, ast.Attribute) and registry.attr in _DICTS:
            name = index if isinstance(index, str) else None
            for owner in in_order(self.evaluate(registry.value, state)):
                self.bypass(owner, name, values, state, target, registry.attr)
            return
        containers = self.evaluate(registry, state)
        self.assigned_in_place(target, containers, registry, "[...] =", values, state)
        for container in in_order(containers):
            if isinstance(container, Container):
                made_of = self.items(container, state)
                is_fresh = container.kind == STATE_DICT or any(map(stands_for_each, made_of))
                if is_fresh and not isinstance(self.frame.statement, ast.AugAssign):
                    self.tell(ItemStored(self.frame, state, target, container, values))
                self.filled(container, values, "[...] =", state)
                if isinstance(index, int | str):
                    state.cells[container, f"[{index!r}]"] = values
            elif isinstance(container, Opaque | Instance):
                key = f"[{index!r}]" if isinstance(index, int | str) else ast.dump(target.slice)
                state.cells[container, key] = values

    def bypass(self, receiver: Value, name: str | None, values: Values, state: State,
               node: ast.AST, how: str) -> None:  # fmt: skip
        """Set an attribute, of unknown name if that is None, but not as ``setattr`` does."""
        if isinstance(receiver, Instance | Opaque):
            slot = UNKNOWN_SLOT if name is None else self.slot(receiver, name, state)
            self.tell(RegistryBypassed(self.frame, state, node, receiver, name, values, slot, how))
        state.slots[receiver, name or EVERY] = UNKNOWN_SLOT

    def assigned_in_place(self, node: ast.AST, subjects: Values, subject: ast.expr, how: str,
                          operands: Values, state: State) -> None:  # fmt: skip
        """``w[...] = t`` or ``w += t``, which writes a tensor if ``w`` is one."""
        if _names_tensor(subject) or not any(isinstance(v, Opaque) for v in subjects):
            self.written(node, subjects, subject, how, operands, state)

    def filled(self, container: Value, values: Values, how: str, state: State) -> None:
        """Items were put into a container."""
        state.cells[container, ITEMS] = union(state.cells.get((container, ITEMS), NOTHING), values)
        for owner, key in list(state.cells):
            if owner == container and key.startswith("[") and key != ITEMS and how != "append":
                del state.cells[owner, key]
        if self.frame.statement is not None and not self.frame.silent:
            self.fillings.setdefault(container, self.frame.statement)

    def store(self, receiver: Value, name: str, values: Values, state: State, node: ast.AST,
              expression: ast.expr | None, how: str) -> None:  # fmt: skip
        """Set an attribute as ``setattr`` does: ``nn.Module.__setattr__`` decides the slot."""
        if name == "requires_grad" and isinstance(receiver, Parameter | Tensor):
            flag = constant(values)
            self.freeze_each(receiver, flag if isinstance(flag, bool) else None, state)
            changed = replace(receiver, trainable=flag if isinstance(flag, bool) else None)
            if isinstance(node, ast.Attribute):
                self.rebind(node.value, only(changed), state)
            return
        if not isinstance(receiver, Instance | Opaque):
            return
        cls = receiver.cls if isinstance(receiver, Instance) else None
        if cls is not None and getattr(cls, "custom_setattr", False):
            state.slots[receiver, name] = UNKNOWN_SLOT
            state.cells[receiver, name] = UNKNOWN
            return
        if how == "=" and isinstance(node, ast.Attribute) and self._setter(receiver, name):
            return
        slot = self.slot(receiver, name, state)
        before = state.cells.get((receiver, name), NOTHING)
        event = AttributeStored(
            self.frame, state, node, receiver, name, values, expression, slot, before, how
        )
        self.tell(event)
        if slot == ABSENT and Constant(name) in state.cells.get((receiver, DELETED), NOTHING):
            self.tell(
                RegistryBypassed(self.frame, state, node, receiver, name, values, slot, "del")
            )
        self.stored_new(event)
        if isinstance(receiver, Instance) and receiver.cls.is_module is not False:
            state.slots[receiver, name] = _slot_after(slot, values, how)
            if "buffer" in slot and slot == frozenset(["buffer"]):
                values = union(values, UNKNOWN)
        elif isinstance(receiver, Opaque):
            parameters = all(isinstance(v, Parameter) for v in values)
            state.slots[receiver, name] = PARAMETER_SLOT if parameters else UNKNOWN_SLOT
        state.cells[receiver, name] = values
        for value in in_order(values):
            if isinstance(value, Container):
                seen = None if self.frame.silent else node
                places = self.holdings.setdefault((receiver, name), {})
                places[value] = places.get(value) or seen  # `+=` stores the same list again

    @staticmethod
    def _setter(receiver: Instance | Opaque, name: str) -> bool:
        """Whether ``name`` is a property, whose setter decides what a store does."""
        find = getattr(getattr(receiver, "cls", None), "find", None)
        found = find(name) if find else None
        return found is not None and isinstance(found[1], ast.FunctionDef)

    def delete(self, receiver: Value, name: str | None, state: State) -> None:
        """Delete an attribute; None is one of unknown name."""
        if name is None:
            self.forget(receiver, state)
            return
        is_slot = isinstance(receiver, Opaque) and catalogue.is_stock_slot(name)
        if is_slot or self.slot(receiver, name, state) == PARAMETER_SLOT:
            known = state.cells.get((receiver, DELETED), NOTHING)
            state.cells[receiver, DELETED] = union(known, only(Constant(name)))
        state.slots[receiver, name] = ABSENT
        state.cells.pop((receiver, name), None)


_DICTS = frozenset(["_parameters", "_modules", "__dict__"])
"""Where a Module keeps its attributes."""


def _names_tensor(node: ast.expr) -> bool:
    """Whether an expression of unknown class is a tensor by its name."""
    return isinstance(node, ast.Attribute) and (
        node.attr == "data" or catalogue.is_stock_slot(node.attr)
    )


def _deferred(value: Instance) -> bool:
    """Whether to ask for the class would open another file."""
    return isinstance(value.made_by, Deferred) and "resolved" not in vars(value.made_by)


def _slot_after(slot: frozenset[str], values: Values, how: str) -> frozenset[str]:
    """How ``nn.Module.__setattr__`` holds the name after ``values`` were stored."""
    after: set[str] = set()
    for value in values:
        if isinstance(value, Parameter):
            after.add("parameter")
        elif isinstance(value, Instance) and slot != PARAMETER_SLOT and _deferred(value):
            after.add("unknown")
        elif isinstance(value, Instance) and value.cls.is_module:
            after.add("module")
        elif isinstance(value, Constant) and value.value is None:
            if how == "register_parameter":
                after.add("parameter")
            else:
                after |= {"plain" if kind == "absent" else kind for kind in slot}
        elif isinstance(value, Unknown | Opaque | Instance):
            # It did not raise: over a Parameter it can only have been another, or None.
            after |= slot if slot == PARAMETER_SLOT else {"unknown"}
        elif isinstance(value, Tensor) and value.maybe_self:
            after |= {"parameter", "plain"}
        else:
            after |= {"plain" if kind in ("absent", "module") else kind for kind in slot}
    return frozenset(after)
