"""What the attributes of objects hold, and how Modules hold them.

``nn.Module`` keeps its Parameters, buffers and submodules in three dicts; ``slot`` says in
which of them a name is (torch/nn/modules/module.py, ``Module.__setattr__``).
"""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.inference.class_names import ClassName
from flake8_paramassign.inference.classes import Class, ProjectClass, TorchClass
from flake8_paramassign.inference.events import Event, Frame, Listener
from flake8_paramassign.inference.module import decorator_name
from flake8_paramassign.inference.project import Project
from flake8_paramassign.inference.questions import Questions
from flake8_paramassign.inference.shapes import Shape, changed, shape_within, slot_shape
from flake8_paramassign.inference.state import (
    ABSENT,
    EVERY,
    INITIALISED,
    ITEMS,
    TRAINS,
    UNKNOWN_SLOT,
    Slot,
    State,
    merged,
)
from flake8_paramassign.inference.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    ClassValue,
    Constant,
    Container,
    External,
    Function,
    Instance,
    Method,
    Opaque,
    Parameter,
    Super,
    Tensor,
    Unknown,
    Value,
    Values,
    only,
    union,
)
from flake8_paramassign.nodes import FunctionNode

_PROPERTIES = frozenset(["property", "cached_property", "getter", "setter"])


class Objects(Questions):
    """Looks up attributes and slots; the first layer of the interpreter."""

    def __init__(self, project: Project, listener: Listener) -> None:
        """``listener`` is told what happens."""
        self.project = project
        self.effort = project.effort
        self.listener = listener
        self.frames: list[Frame] = []
        self.summaries: dict[ProjectClass, State | None] = {}
        self.under_construction: set[Instance] = set()
        self.made_elsewhere: dict[tuple[Value, str], Values] = {}

    @property
    def frame(self) -> Frame:
        """The activation that is being run."""
        return self.frames[-1]

    def tell(self, event: Event) -> None:
        """Let the rules know, unless this code is only run for what it returns."""
        if not self.frame.silent:
            self.listener.happened(event)

    # What the layers above provide.

    @abstractmethod
    def evaluate(self, node: ast.expr, state: State) -> Values:
        """What ``node`` may hold, and what evaluating it changes in ``state``."""

    @abstractmethod
    def constructed(self, cls: ProjectClass) -> State | None:
        """The state after ``__init__`` of the object ``the_instance(cls)``."""

    @abstractmethod
    def wholes(self, value: Value, state: State) -> Iterator[Value]:
        """``value`` and all it is a part of, from the inside out, each as facts on it are kept."""

    # Where paths meet.

    def join(self, first: State | None, second: State | None) -> State | None:
        """What is known where two paths meet; None is a path that does not get here."""
        if first is None or second is None or first is second:
            return first or second
        if first.cells is second.cells and first.slots is second.slots:
            cells, slots = first.cells, first.slots
        else:
            cells = merged(
                first.cells,
                second.cells,
                lambda key: self._unwritten(key, first),
                lambda key: self._unwritten(key, second),
                union,
            )
            slots = merged(
                first.slots,
                second.slots,
                lambda key: self.slot(*key, first),
                lambda key: self.slot(*key, second),
                frozenset.union,
            )
        names = merged(first.locals, second.locals, _unbound, _unbound, union)
        return State(names, cells, slots, first.grad if first.grad == second.grad else None)

    def _unwritten(self, key: tuple[Value, str], state: State) -> Values:
        """What a path that did not write the cell ``key`` holds there."""
        owner, name = key
        if name.startswith("{"):
            return UNKNOWN if name == TRAINS else NOTHING
        if name.startswith("["):
            return NOTHING if isinstance(owner, Container) and name == ITEMS else UNKNOWN
        if isinstance(owner, Instance) and owner not in self.under_construction:
            return self._instance_attribute(owner, name, state)
        return UNKNOWN

    # Attributes.

    def attribute(self, value: Value, name: str, state: State, node: ast.AST) -> Values:
        """What ``value.name`` may hold."""
        stored = state.cells.get((value, name))
        if stored is not None:
            return stored
        if isinstance(value, Instance):
            if name == "__class__" and isinstance(value.made_by, TorchClass):
                return only(ClassValue(value.made_by))
            return self._instance_attribute(value, name, state)
        if isinstance(value, External):
            return only(External(f"{value.name}.{name}"))
        if isinstance(value, Opaque):
            return only(Opaque((value.site, name), f"{value.path}.{name}"))
        if isinstance(value, Parameter | Tensor):
            return self._tensor_attribute(value, name, node)
        if isinstance(value, ClassValue):
            return self._class_attribute(value.cls, name)
        if isinstance(value, Super):
            return self._inherited(value, name)
        return only(Opaque(node, f"(...).{name}")) if isinstance(value, Unknown) else UNKNOWN

    def _instance_attribute(self, owner: Instance, name: str, state: State) -> Values:
        cls = owner.cls
        made_in = self._made_in(owner)
        if made_in is not None:
            after_init, original, _ = made_in
            left = after_init.cells.get((original, name))
            if left is not None:
                return frozenset(_within(value, owner) for value in left)
        if isinstance(cls, TorchClass):
            return self._torch_attribute(owner, cls, name)
        unknown = only(Opaque((owner, name), f"self.{name}"))
        if not isinstance(cls, ProjectClass):
            return unknown
        if owner not in self.under_construction:
            summary = self.constructed(cls)
            made = summary.cells.get((the_instance(cls), name)) if summary else None
            if made is not None:
                made = frozenset(_within(value, owner) for value in made)
                return union(made, UNKNOWN) if cls.stores_later(name) else made
        found = cls.find(name)
        if found is None:
            return unknown
        holder, statement = found
        if isinstance(statement, FunctionNode):
            return self._bound(holder, statement, owner) or unknown
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            static = holder.module.static(statement.value)
            if isinstance(statement.value, ast.Constant):
                return only(Constant(statement.value.value))
            return static if static != UNKNOWN else unknown
        return unknown

    def _made_in(self, part: Instance) -> tuple[State, Instance, Instance] | None:
        """For a part of another object: the state its ``__init__`` left, the part in it, and it."""
        if not isinstance(part.site, tuple) or not isinstance(part.site[0], Instance):
            return None
        whole, site = part.site
        if whole in self.under_construction or not isinstance(whole.cls, ProjectClass):
            return None
        summary = self.constructed(whole.cls)
        return (summary, Instance(part.made_by, site, part.arguments), whole) if summary else None

    def _bound(self, holder: ProjectClass, node: FunctionNode, owner: Instance) -> Values:
        """A method, or nothing for a property or another descriptor."""
        function = Function(node, holder.module, holder)
        if not node.decorator_list:
            return only(Method(function, owner))
        names = {decorator_name(d) for d in node.decorator_list}
        if names == {"staticmethod"}:
            return only(function)
        if names & _PROPERTIES or "classmethod" in names:
            return NOTHING
        return only(Method(function, owner))

    def _torch_attribute(self, owner: Instance, cls: TorchClass, name: str) -> Values:
        slot = self.torch_slots(owner, cls).get(name)
        unknown = only(Opaque((owner, name), f"(...).{name}"))
        if slot is None:
            return unknown
        if slot.kind in ("none", "none-buffer"):
            return NONE
        if slot.kind in ("buffer", "buffer?"):
            buffer = only(Tensor(_CATALOGUE_SITE))
            return buffer if slot.kind == "buffer" else union(buffer, NONE)
        if slot.kind == "module":
            part = TorchClass.named(slot.module or "")
            return only(Instance(part, (owner, name))) if part else unknown
        shape = slot_shape(owner, slot)
        parameter: Values = only(Parameter((owner, name), slot.trainable or None, shape=shape))
        return parameter if slot.kind == "parameter" else union(parameter, NONE)

    def _tensor_attribute(self, value: Parameter | Tensor, name: str, node: ast.AST) -> Values:
        stored_result = catalogue.attribute(name)
        if stored_result in (catalogue.Result.VIEW, catalogue.Result.NEW):
            integer = value.integer if isinstance(value, Tensor) else None
            free = catalogue.grad_free(name)
            shape = changed(name, value.shape)
            return only(
                derived(
                    value,
                    node,
                    f".{name}",
                    detached=free,
                    integer=integer,
                    shape=shape,
                    view=stored_result is catalogue.Result.VIEW,
                )
            )
        if stored_result in (catalogue.Result.SELF, catalogue.Result.MAYBE_SELF):
            return only(value)
        return only(Constant(value.shape)) if name == "shape" and value.shape else UNKNOWN

    def _class_attribute(self, cls: Class, name: str) -> Values:
        if name == "__name__" and isinstance(cls, TorchClass):
            return only(Constant(ClassName(cls.name.rpartition(".")[2])))
        if isinstance(cls, ProjectClass):
            found = cls.find(name)
            if found and isinstance(found[1], ast.FunctionDef):
                return only(Function(found[1], found[0].module, found[0]))
            for ancestor in cls.ancestry:
                if isinstance(ancestor, TorchClass):
                    return only(External(f"{ancestor.name}.{name}"))
        return UNKNOWN

    def _inherited(self, above: Super, name: str) -> Values:
        """What ``super().name`` is: the next class in the order that has it."""
        ancestry = above.receiver.cls.ancestry
        rest = ancestry[ancestry.index(above.cls) + 1 :] if above.cls in ancestry else ()
        for ancestor in rest:
            if isinstance(ancestor, ProjectClass):
                member = ancestor.members.get(name)
                if isinstance(member, ast.FunctionDef):
                    return only(Method(Function(member, ancestor.module, ancestor), above.receiver))
            elif name in ("__init__", "__setattr__") or isinstance(ancestor, TorchClass):
                return only(External(f"{ancestor.name}.{name}"))
        return UNKNOWN

    # Slots.

    def slot(self, owner: Value, name: str, state: State) -> Slot:
        """How ``owner`` holds ``name``."""
        stored = state.slots.get((owner, name))
        if stored is not None:
            return stored
        if (owner, EVERY) in state.slots or not isinstance(owner, Instance):
            return UNKNOWN_SLOT
        cls = owner.cls
        made_in = self._made_in(owner)
        if made_in is not None:
            after_init, original, _ = made_in
            if (original, EVERY) in after_init.slots:
                return UNKNOWN_SLOT
            if (original, name) in after_init.slots:
                return after_init.slots[original, name]
        if isinstance(cls, TorchClass):
            slot = self.torch_slots(owner, cls).get(name)
            return frozenset([_SLOT_OF_KIND[slot.kind]]) if slot else ABSENT
        if not isinstance(cls, ProjectClass):
            return UNKNOWN_SLOT
        if owner in self.under_construction:
            return ABSENT
        summary = self.constructed(cls)
        if summary is None or cls.deletes_later(name):
            return UNKNOWN_SLOT
        instance = the_instance(cls)
        if (instance, EVERY) in summary.slots:
            return UNKNOWN_SLOT
        made = summary.slots.get((instance, name))
        return made or (UNKNOWN_SLOT if cls.is_open else ABSENT)

    def torch_slots(self, owner: Instance, cls: TorchClass) -> dict[str, catalogue.Slot]:
        """What an object of torch's own class registers, by its constructor's arguments."""
        names = cls.entry.parameters
        given: dict[str, object] = dict.fromkeys(names, catalogue.UNKNOWN)
        if owner.arguments is not None:
            given = {
                key: catalogue.UNKNOWN if isinstance(value, Opaque) else value
                for key, value in owner.arguments
            }
        return cls.entry.slots(given) or {}

    def initialise_torch_base(
        self,
        owner: Instance,
        cls: TorchClass,
        state: State,
        arguments: tuple[tuple[str, object], ...] | None = None,
    ) -> None:
        """``super().__init__(...)`` of a class that derives from one of torch's own."""
        base = Instance(cls, owner.site, arguments)
        for name, slot in self.torch_slots(base, cls).items():
            state.slots[owner, name] = frozenset([_SLOT_OF_KIND[slot.kind]])
            state.cells[owner, name] = frozenset(
                _within(value, owner) for value in self._torch_attribute(base, cls, name)
            )
        state.cells[owner, INITIALISED] = only(Constant(True))

    def registers(self, state: State, parameter: Parameter) -> bool:
        """Whether a Module may already hold ``parameter`` under some name."""
        if not isinstance(parameter.site, ast.AST):
            return True
        return any(
            isinstance(value, Parameter) and value.site is parameter.site
            for known in (state, *filter(None, self.summaries.values()))
            for key, slot in known.slots.items()
            if slot & {"parameter", "unknown"}
            for value in known.cells.get(key, NOTHING)
        )

    def is_module(self, value: Value) -> bool | None:
        """Whether ``value`` is an ``nn.Module``."""
        if isinstance(value, Instance):
            return value.cls.is_module
        if isinstance(value, Opaque):
            return value.module
        return None if isinstance(value, Unknown) else False

    def items(self, container: Value, state: State) -> Values:
        """All that a container may hold."""
        found = self.item_cell(container, ITEMS, state)
        return UNKNOWN if found is None else found

    def item_cell(self, container: Value, key: str, state: State) -> Values | None:
        """Items as they are kept: here, by a function's summary, or by ``__init__``."""
        for known in (state.cells, self.made_elsewhere):
            if (container, key) in known:
                return known[container, key]
        made_in = self._made_in(container) if isinstance(container, Instance) else None
        if made_in is None:
            return None
        after_init, original, whole = made_in
        left = after_init.cells.get((original, key))
        return left and frozenset(_within(value, whole) for value in left)


def _unbound(name: str) -> Values:
    """A local that one of two paths did not bind."""
    return NOTHING


_CATALOGUE_SITE = ast.Pass()
_SLOT_OF_KIND = {
    "parameter": "parameter",
    "parameter?": "parameter",
    "none": "parameter",
    "buffer": "buffer",
    "buffer?": "buffer",
    "none-buffer": "buffer",
    "module": "module",
}


def the_instance(cls: ProjectClass) -> Instance:
    """The object that stands for ``self`` in the methods of ``cls``."""
    return Instance(cls, "self")


def _within(value: Value, owner: Instance) -> Value:
    """``value`` as it is in another object of the class."""
    if isinstance(value, Instance):
        return value if value.site == "self" else value.within(owner)
    if isinstance(value, Parameter | Tensor) and value.shape:
        return replace(value, shape=shape_within(value.shape, owner))
    return value


def derived(
    source: Parameter | Tensor,
    node: ast.AST,
    via: str,
    *,
    detached: bool = False,
    grad: bool | None = True,
    maybe_self: bool = False,
    integer: bool | None = None,
    shape: Shape | None = None,
    view: bool = False,
) -> Tensor:
    """The tensor that an operation on ``source`` gives; ``view``: it shares the storage."""
    off = detached or grad is False
    trainable = False if off else source.trainable
    origin = source if isinstance(source, Parameter) else source.origin
    was_off = isinstance(source, Tensor) and source.detached
    steps = via
    if isinstance(source, Tensor) and source.via and origin is not None:
        steps = source.via  # the first step is the one that loses the Parameter
        maybe_self = maybe_self and source.maybe_self
    return Tensor(
        node,
        trainable=trainable,
        leaf=not trainable if trainable is not None else False,
        origin=origin,
        via=steps,
        maybe_self=maybe_self,
        detached=off or was_off,
        integer=integer,
        placed=source.placed if maybe_self else frozenset(),
        shape=shape,
        view=view and not off and (isinstance(source, Parameter) or source.view or source.leaf),
        recomputed=source.recomputed if view and isinstance(source, Tensor) else None,
    )
