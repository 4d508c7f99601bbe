"""Plain containers in which a Module keeps Parameters or Modules that nothing registers."""

from __future__ import annotations

import ast
import re

from flake8_paramassign.inference.classes import ProjectClass, TorchClass
from flake8_paramassign.inference.events import ContainerHeld, Frame
from flake8_paramassign.inference.objects import the_instance
from flake8_paramassign.inference.state import EVERY, ITEMS, State
from flake8_paramassign.inference.statements import Executor
from flake8_paramassign.inference.values import (
    NOTHING,
    Container,
    Instance,
    Opaque,
    Parameter,
    Unknown,
    Value,
    Values,
)
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.source import Source

_REGISTERS = re.compile(
    r"\b(ModuleList|ModuleDict|Sequential|ParameterList|ParameterDict|add_module|register_module"
    r"|register_parameter|setattr)\b"
)
_OPTIMISES = re.compile(r"\boptim\w*\.|\b(Adam\w*|SGD|LBFGS|RMSprop)\(")
_TAKES_CARE = frozenset(
    """parameters named_parameters children named_children modules named_modules state_dict
    load_state_dict _load_from_state_dict _save_to_state_dict _apply to cuda train eval
    """.split()
)
"""Methods of ``nn.Module`` by whose override a class looks after unregistered parts itself."""


class HeldContainers(Executor):
    """Finds what ``self`` is left with when a method has run."""

    source: Source

    def tell_held(self, frame: Frame, state: State | None) -> None:
        """Plain containers that ``self`` is left with, holding what nobody registered."""
        receiver = frame.receiver
        if state is None or receiver is None or not receiver.cls.is_module or frame.silent:
            return
        for (owner, name), containers in self.holdings.items():
            held = state.cells.get((owner, name), NOTHING)
            if owner != receiver or "plain" not in self.slot(receiver, name, state):
                continue
            for container, node in containers.items():
                if container in held and container.kind in ("list", "tuple", "dict", "set"):
                    self._tell_container(frame, state, name, container, node)

    def _tell_container(
        self,
        frame: Frame,
        state: State,
        name: str,
        container: Container,
        node: ast.AST | None,
    ) -> None:
        assert frame.receiver is not None
        node = node or self.fillings.get(container)
        contents = self.items(container, state)
        lost = self._unregistered(contents, state)
        if (
            node is None
            or not lost
            or self._single_element(container)
            or self._cared_for(frame, name)
        ):
            return
        receiver = frame.receiver
        event = ContainerHeld(frame, state, node, receiver, name, container, lost, contents)
        self.listener.happened(event)

    def _unregistered(self, items: Values, state: State) -> Values:
        """Parameters and Modules made here that no Module registers.

        None is sure to be one where a Module's container was given more than is told apart.
        """
        registered: set[Value] = set()
        for key, values in state.cells.items():
            owner, attribute = key
            slot = state.slots.get(key)
            if (slot and slot & {"module", "parameter", "unknown"}) or (
                isinstance(owner, Instance) and attribute == ITEMS
            ):
                registered |= values
        if Unknown(many=True) in registered:
            return NOTHING
        found = [v for v in self._flattened(items, state, 0) if v not in registered]
        return frozenset(
            v
            for v in found
            if _made_here(v)
            and (
                isinstance(v, Parameter)
                or (isinstance(v, Instance) and bool(v.cls.is_module) and self._has_state(v))
            )
        )

    def _has_state(self, module: Instance) -> bool:
        """Whether it matters that a module is registered: nothing is lost of an ``nn.ReLU()``."""
        if isinstance(module.cls, ProjectClass):
            return self._leaves_state(module.cls)
        if not isinstance(module.cls, TorchClass):
            return True
        slots = self.torch_slots(module, module.cls).values()
        held = any(slot.kind not in ("none", "none-buffer") for slot in slots)
        return (
            held
            or "Dropout" in module.cls.name
            or module.cls.is_a("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict")
        )

    def _leaves_state(self, cls: ProjectClass) -> bool:
        """Whether an object of a project's class may hold Parameters, buffers, or parts that do."""
        made = self.constructed(cls)
        if made is None or cls.is_open or (the_instance(cls), EVERY) in made.slots:
            return True
        for key, slot in made.slots.items():
            if slot & {"parameter", "buffer"}:
                return True
            parts = self._flattened(made.cells.get(key, NOTHING), made, 0)
            if any(self._may_hold(part, cls) for part in parts):
                return True
        return False

    def _may_hold(self, part: Value, whole: ProjectClass) -> bool:
        """Whether a part of an object is a Module with something to lose."""
        if isinstance(part, Instance):
            return bool(part.cls.is_module) and part.cls is not whole and self._has_state(part)
        return isinstance(part, Opaque) and part.module is True

    @staticmethod
    def _single_element(container: Container) -> bool:
        """``self.teacher = [teacher]`` hides a module on purpose."""
        return isinstance(container.site, ast.List | ast.Tuple) and len(container.site.elts) == 1

    def _cared_for(self, frame: Frame, name: str) -> bool:
        """Whether another method registers the contents of ``self.name``, or handles them.

        A class that does one thing with a list and another without is made for both.
        """
        assert frame.owner is not None
        mention = re.compile(rf"\bself\.{re.escape(name)}\b")
        asks = re.compile(rf"\bif\b.*\bisinstance\(.*{mention.pattern}.*\b(list|tuple|dict)\b")
        for method, member in frame.owner.members.items():
            if not isinstance(member, FunctionNode):
                continue
            text = self.source.lines_of(member)
            if asks.search(text):
                return True
            if member is frame.node or not mention.search(text):
                continue
            if method in _TAKES_CARE or _REGISTERS.search(text) or _OPTIMISES.search(text):
                return True
        return False


def _made_here(value: Value) -> bool:
    """Whether an expression of the code that was run made the object."""
    site = getattr(value, "site", None)
    return isinstance(site[0] if isinstance(site, tuple) else site, ast.expr)
