"""What a method may do to its object, by what its syntax has: nothing is run.

An answer holds for any object of the class, and errs on one side: what cannot be told, may be.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Mapping

from flake8_paramassign import catalogue
from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.values import Function, Library
from flake8_paramassign.nodes import FunctionNode, decorator_name
from flake8_paramassign.project.classes import Class, ProjectClass
from flake8_paramassign.project.index import Content, Index
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.frames import STEPS
from flake8_paramassign.semantics.models import harmless

_REFLECTS = frozenset(
    """setattr delattr vars exec eval __setattr__ __delattr__ __dict__ _parameters _modules _buffers
    register_parameter register_buffer register_module add_module load_state_dict
    """.split()
)
"""By which an attribute is stored whose name the syntax does not tell."""


class SideEffects:
    """Looks through the methods of classes."""

    def __init__(self, index: Index) -> None:
        """``index`` tells what functions have."""
        self._index = index
        self._known: dict[tuple[ast.AST, ProjectClass], list[Content]] = {}
        self._only: dict[ProjectClass, frozenset[str]] = {}

    def may_change(
        self, cls: ProjectClass, holder: ProjectClass, function: FunctionNode,
        seen: frozenset[str] = frozenset(),
    ) -> bool:  # fmt: skip
        """Whether a method may change what its object holds: by its statements and calls.

        That the parts of an object may change themselves when they are called, is not meant.
        """
        content = self._index.of(function)
        if content.stores or content.escapes or content.changing:
            return True
        if not all(_is_harmless(name, holder.module) for name in content.unknown):
            return True
        for name in content.attributes.keys() - seen:
            found = cls.find(name)
            if found is not None and isinstance(found[1], FunctionNode):
                if self.may_change(cls, found[0], found[1], seen | content.attributes.keys()):
                    return True
        return False

    def stored_by(self, function: Function, cls: Class | None) -> frozenset[str] | None:
        """Which attributes a method may store, in itself or by methods it calls; None is any."""
        if not isinstance(cls, ProjectClass) or cls.is_open:
            return None
        reached = self._reached(function.node, cls)
        if any(map(_is_open_ended, reached)):
            return None
        return frozenset[str]().union(*(content.stored for content in reached))

    def uses(
        self, node: FunctionNode, cls: ProjectClass, thing: Thing, names: frozenset[str]
    ) -> bool:
        """Whether a method, or one that it calls, may use one of some attributes of its object."""
        for content in self._reached(node, cls):
            named = content.own | content.stored
            if _is_open_ended(content) or not names.isdisjoint(named):
                return True
            if any(name not in thing.fields and cls.find(name) is None for name in content.own):
                return True  # a method, perhaps, that nobody has seen
        return False

    def _reached(self, node: ast.AST, cls: ProjectClass) -> list[Content]:
        """What a method has, and what all those have that it, or they, may call on the object."""
        if (node, cls) not in self._known:
            methods = {f.name: f for _, f in methods_of(cls)}
            waiting, reached = [node], {getattr(node, "name", "")}
            found = []
            while waiting:
                content = self._index.of(waiting.pop())
                found.append(content)
                more = content.attributes.keys() & methods.keys() - reached
                reached |= more
                waiting += [methods[name] for name in sorted(more)]
            self._known[node, cls] = found
        return self._known[node, cls]

    def changes_itself(self, cls: ProjectClass) -> bool:
        """Whether calling an object of the class may change what it holds."""
        found = cls.find("forward")
        return found is not None and any(content.stores for content in self._reached(found[1], cls))

    def constructor_only(self, cls: ProjectClass) -> frozenset[str]:
        """Methods that only ``__init__`` calls, as far as the file tells."""
        if cls not in self._only:
            self._only[cls] = self._called_by_init_only(cls)
        return self._only[cls]

    def _called_by_init_only(self, cls: ProjectClass) -> frozenset[str]:
        contents = {f.name: self._index.of(f) for _, f in methods_of(cls)}
        if "__init__" not in contents:
            return frozenset()
        called = _led_to("__init__", contents) - {"__init__"}
        if not called:
            return frozenset()
        # The file names them nowhere else, ...
        everywhere = self._index.of(cls.module.tree).attributes
        inside: Counter[str] = Counter()
        for name in ("__init__", *called):
            inside += contents[name].attributes
        only = {name for name in called if inside[name] >= everywhere[name]}
        # ... and no method does that others call, too.
        while True:
            others = [c for n, c in contents.items() if n != "__init__" and n not in only]
            lost = {name for name in only if any(name in c.attributes for c in others)}
            if not lost:
                return frozenset(only - STEPS)
            only -= lost


def methods_of(cls: ProjectClass) -> list[tuple[ProjectClass, FunctionNode]]:
    """All methods of a class and its bases in the project, each once: those that a call finds."""
    found: dict[str, tuple[ProjectClass, FunctionNode]] = {}
    several: list[tuple[ProjectClass, FunctionNode]] = []
    for ancestor in cls.projects:
        for function in ancestor.functions:
            names = {decorator_name(d) for d in function.decorator_list}
            if names & {"staticmethod", "classmethod", "abstractmethod", "overload"}:
                continue
            if "setter" in names:
                several.append((ancestor, function))
            elif function.name not in found:
                found[function.name] = (ancestor, function)
    return [*found.values(), *several]


def _is_open_ended(content: Content) -> bool:
    """Whether a method hands its object on, or names attributes by strings."""
    return (
        content.escapes
        or not content.unknown.isdisjoint(_REFLECTS)
        or not _REFLECTS.isdisjoint(content.attributes)
    )


def _is_harmless(name: str, module: Module) -> bool:
    """Whether calling ``name``, as a function of a file writes it, changes nothing it is given."""
    root, _, method = name.partition(".")
    if module.binds(root):
        held = module.lookup(root)
        full = [f"{v.name}.{method}".rstrip(".") for v in held if isinstance(v, Library)]
        return len(full) == len(held) and all(
            harmless.is_harmless(n) or (n.startswith("torch.") and not n.endswith("_"))
            for n in full
        )
    if method:
        return catalogue.method(method) is not None or method in harmless.METHODS
    return hasattr(builtins, root)


def _led_to(name: str, contents: Mapping[str, Content]) -> set[str]:
    """The methods that one names, and those that these name, and so on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        more = contents[waiting.pop()].attributes.keys() & contents.keys() - found
        found |= more
        waiting += more
    return found
