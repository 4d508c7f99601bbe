"""Which names count in a file: those of ``_WORDS``, and what the file calls the same.

They follow imports, assignments and inheritance, whatever the flow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import flat
from flake8_paramassign.project.libraries import is_module_class
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.frames import STEPS
from flake8_paramassign.semantics.relevance.stores import (
    ANY,
    chain,
    filled_by,
    stored_names,
    targets,
)
from flake8_paramassign.semantics.relevance.units import WORD, Unit, Units

_MAKERS = frozenset(
    """Parameter Variable requires_grad requires_grad_ register_parameter ParameterList
    ParameterDict UninitializedParameter get_parameter fuse_conv_bn_weights fuse_linear_bn_weights
    """.split()
)
"""What makes Parameters and trainable leaves."""
_WORDS = _MAKERS | frozenset(
    """parameters named_parameters state_dict load_state_dict setattr delattr
    __setattr__ __delattr__ __getattr__ register_buffer __dict__ _parameters
    _buffers _modules _init_weights vars weight_norm spectral_norm orthogonal prune parametrize
    parametrizations
    register_parametrization remove_parametrizations vector_to_parameters optim param_groups
    .data add_param_group DataParallel DistributedDataParallel FullyShardedDataParallel
    ParameterModule
    retain_grad detach_ set_
    """.split()
)
"""Words without which most findings cannot be."""
_MODULE_WORDS = frozenset(["add_module", "register_module", "ModuleList", "ModuleDict"])
_HEIR = "<heir>"
_HOLDS = re.compile(r"[\[{]|\blist\b|\bdict\b|\bset\b|\btuple\b")


class Vocabulary:
    """The names that count in one file."""

    def __init__(self, units: Units, module: Module) -> None:
        """``module`` tells what is imported."""
        self._units = units
        self._module = module
        self.hard: set[str] = set()
        """Names without which most findings cannot be."""
        self.makers: set[str] = set()
        """What makes Parameters and trainable leaves."""
        self.modules: set[str] = set()
        """What makes Modules, and holds them."""
        self.foreign: frozenset[str] = frozenset()
        """Names of what other files of the project have."""
        self.slots: set[str] = set()
        """Attributes that may hold Parameters."""
        self.lists: set[str] = set()
        """Those that may hold several."""
        self._imported(units.script.parts)
        self._find_slots()
        kinds = self.modules | catalogue.module_names()
        self.builders = frozenset(
            unit.name
            for unit in units.all.values()
            if unit.words & kinds and unit.name not in STEPS and not unit.name.startswith("__")
        )
        """Functions and classes that may make Modules."""

    def _imported(self, rest: list[ast.stmt]) -> None:
        """Other names of what counts, and names of what other files of the project have."""
        hard = set(_WORDS) | catalogue.optimizer_names()
        makers = set(_MAKERS)
        modules = set(_MODULE_WORDS)
        foreign: set[str] = set()
        self._stars = False
        for statement in flat(rest):
            if isinstance(statement, ast.ImportFrom):
                source = self._module.absolute(statement)
                is_ours = bool(statement.level) or self._module.project.owns(source)
                for alias in statement.names:
                    name = alias.asname or alias.name
                    if is_ours:
                        foreign.add(name)
                        self._stars = self._stars or name == "*"
                    if alias.name in makers:
                        makers.add(name)
                    if alias.name in hard:
                        hard.add(name)
                    if is_module_class(f"{source}.{alias.name}") is not False:
                        modules.add(name)
            elif isinstance(statement, ast.Import):
                for alias in statement.names:
                    if self._module.project.owns(alias.name):
                        foreign.add(alias.asname or alias.name.split(".")[0])
                    if alias.name.rpartition(".")[2] in hard and alias.asname:
                        hard.add(alias.asname)
            elif isinstance(statement, ast.Assign | ast.AnnAssign):
                words = self._units.words(self._units.lines(statement))
                targets = set(stored_names(statement))
                if words & makers:
                    makers |= targets
                if words & hard:
                    hard |= targets
                if words & foreign:
                    foreign |= targets
        modules |= {u.name for u in self._units.all.values() if u.node is u.owner}
        modules |= foreign
        self._mark_heirs(foreign)
        foreign.add(_HEIR)
        self.hard, self.makers, self.modules = hard, makers, modules
        self.foreign = frozenset(foreign)

    def _mark_heirs(self, foreign: set[str]) -> None:
        """Let the methods of classes that inherit from other files be known by a word."""
        heirs = set(foreign)
        classes = [u.node for u in self._units.all.values() if isinstance(u.node, ast.ClassDef)]
        for _ in range(2):
            for node in classes:
                named = {w for base in node.bases for w in WORD.findall(self._units.lines(base))}
                if named & heirs:
                    heirs.add(node.name)
        for unit in self._units.all.values():
            if unit.owner is not None and unit.owner.name in heirs:
                unit.words = unit.words | {_HEIR}

    def _find_slots(self) -> None:
        """The names under which this file may store Parameters."""
        slots: set[str] = set()
        lists: set[str] = set()
        makers = self.makers | {name for name in self.foreign if not name[:1].isupper()}
        for _ in range(2):
            before = len(slots)
            for unit in self._units.all.values():
                if unit.words & makers or self._stars:
                    self._slots_of(unit, makers, slots, lists)
            makers = makers | {
                u.name for u in self._units.all.values()
                if u.words & self.makers and isinstance(u.node, FunctionNode)
            } - {"__init__", "forward"}  # fmt: skip
            if len(slots) == before:
                break
        begins = tuple(name[:-1] for name in slots if name.endswith(ANY))
        if begins:
            words = {word for unit in self._units.all.values() for word in unit.words}
            slots |= {word for word in words if word.startswith(begins)}
        self.slots, self.lists = slots, lists

    def _slots_of(
        self, unit: Unit, makers: Iterable[str], slots: set[str], lists: set[str]
    ) -> None:
        tainted = set(makers)
        statements = [s for s in flat(unit.parts) if not hasattr(s, "body")]
        for _ in range(2):
            for statement in statements:
                text = self._units.lines(statement)
                if not self._stars and tainted.isdisjoint(WORD.findall(text)):
                    continue
                held: set[str] = set()
                for target in targets(statement):
                    if isinstance(target, ast.Name):
                        tainted.add(target.id)
                    elif isinstance(target, ast.Attribute):
                        held.add(target.attr)
                        tainted.add(target.attr)
                    elif isinstance(target, ast.Subscript):
                        held.update(chain(target))
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                    held.update(filled_by(statement.value))
                slots |= held
                if held and (_HOLDS.search(text) or "List" in text or "Dict" in text):
                    lists |= held


def has_in_place(words: Iterable[str]) -> bool:
    """Whether a method of tensors that writes in place is among ``words``."""
    return any(word[-1] == "_" and catalogue.method(word) is Result.IN_PLACE for word in words)


@cache
def signs() -> frozenset[str]:
    """Words of which a file has one if any part of it is relevant."""
    plain = frozenset(["data", "class"])
    return _WORDS | _MODULE_WORDS | plain | catalogue.optimizer_names()
