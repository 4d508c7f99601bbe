"""Which names count in a file: those of ``_WORDS``, and what the file calls the same.

They are closed under imports, assignments, calls and inheritance, whatever the flow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
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

_OF_TORCH = frozenset(
    """Parameter Variable ParameterList ParameterDict UninitializedParameter get_parameter
    fuse_conv_bn_weights fuse_linear_bn_weights
    """.split()
)
"""What makes Parameters, and is known where it comes from a library that is."""
_MAKERS = _OF_TORCH | frozenset(["requires_grad", "requires_grad_", "register_parameter"])
"""What makes Parameters and trainable leaves."""
_OF_PYTHON = frozenset("setattr delattr __setattr__ __delattr__ __getattr__ __dict__ vars".split())
"""What writes attributes of any object."""
_OF_OBJECTS = (_MAKERS - _OF_TORCH) | frozenset(
    """parameters named_parameters state_dict load_state_dict register_buffer _parameters
    _buffers _modules _init_weights weight_norm spectral_norm orthogonal prune parametrize
    parametrizations
    register_parametrization remove_parametrizations vector_to_parameters optim param_groups
    add_param_group DataParallel DistributedDataParallel FullyShardedDataParallel
    ParameterModule
    retain_grad detach_ set_ grad
    """.split()
)
"""What makes something of a Module or an optimizer of an object of which nothing else is known."""
_WORDS = _MAKERS | _OF_PYTHON | _OF_OBJECTS | {".data"}
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
        self.hard = set(_WORDS) | catalogue.optimizer_names()
        """Names without which most findings cannot be."""
        self.makers = set(_MAKERS)
        """What makes Parameters and trainable leaves."""
        self.modules = set(_MODULE_WORDS)
        """What makes Modules, and holds them."""
        self.foreign: set[str] = set()
        """Names of what other files of the project have."""
        self.slots: set[str] = set()
        """Attributes that may hold Parameters."""
        self.lists: set[str] = set()
        """Those that may hold several."""
        self._stars = False
        """Whether all names of another file of the project are imported."""
        self._name_all()
        self._find_slots()
        kinds = self.modules | catalogue.module_names()
        self.builders = frozenset(
            unit.name
            for unit in units.all.values()
            if unit.words & kinds and unit.name not in STEPS and not unit.name.startswith("__")
        )
        """Functions and classes that may make Modules."""

    def _name_all(self) -> None:
        """Find other names of what counts, and names of what other files of the project have."""
        bodies = [u.parts for u in self._units.all.values() if not isinstance(u.node, FunctionNode)]
        statements = [statement for body in bodies for statement in flat(body)]
        for statement in statements:
            if isinstance(statement, ast.ImportFrom):
                self._import_from(statement)
            elif isinstance(statement, ast.Import):
                self._import(statement)
        self._follow(s for s in statements if isinstance(s, ast.Assign | ast.AnnAssign) and s.value)
        self.modules |= {u.name for u in self._units.all.values() if u.node is u.owner}
        self.modules |= self.foreign
        self._mark_heirs()
        self.foreign.add(_HEIR)

    def _import_from(self, statement: ast.ImportFrom) -> None:
        source = self._module.absolute(statement)
        is_ours = bool(statement.level) or self._module.project.owns(source)
        for alias in statement.names:
            name = alias.asname or alias.name
            if is_ours:
                self.foreign.add(name)
                self._stars = self._stars or name == "*"
            if alias.name in self.makers:
                self.makers.add(name)
            if alias.name in self.hard:
                self.hard.add(name)
            if is_module_class(f"{source}.{alias.name}") is not False:
                self.modules.add(name)

    def _import(self, statement: ast.Import) -> None:
        for alias in statement.names:
            if self._module.project.owns(alias.name):
                self.foreign.add(alias.asname or alias.name.split(".")[0])
            if alias.name.rpartition(".")[2] in self.hard and alias.asname:
                self.hard.add(alias.asname)

    def _follow(self, assignments: Iterable[ast.Assign | ast.AnnAssign]) -> None:
        """What is assigned something that counts, counts, too."""
        pairs = [
            (self._units.words(self._units.lines(statement)), set(stored_names(statement)))
            for statement in assignments
        ]
        for known in _growing(self.makers, self.hard, self.foreign):
            for words, names in pairs:
                for counting in known:
                    if words & counting:
                        counting |= names

    def _mark_heirs(self) -> None:
        """Let the methods of classes that inherit from other files be known by a word."""
        heirs = set(self.foreign)
        classes = [
            (unit.name, {w for b in unit.node.bases for w in WORD.findall(self._units.lines(b))})
            for unit in self._units.all.values()
            if isinstance(unit.node, ast.ClassDef)
        ]
        for _ in _growing(heirs):
            heirs |= {name for name, bases in classes if bases & heirs}
        for unit in self._units.all.values():
            if unit.owner is not None and unit.owner.name in heirs:
                unit.words = unit.words | {_HEIR}

    def _find_slots(self) -> None:
        """The names under which this file may store Parameters."""
        makers = self.makers | {name for name in self.foreign if not name[:1].isupper()}
        functions = [u for u in self._units.all.values() if isinstance(u.node, FunctionNode)]
        for _ in _growing(makers):
            makers |= {u.name for u in functions if u.words & makers} - {"__init__", "forward"}
        words = {word for unit in self._units.all.values() for word in unit.words}
        makers |= {word for word in words if catalogue.is_stock_slot(word)}
        for _ in _growing(self.slots):
            for unit in self._units.all.values():
                if unit.words & (makers | self.slots) or self._stars:
                    self._slots_of(unit, makers | self.slots)
        begins = tuple(name[:-1] for name in self.slots if name.endswith(ANY))
        if begins:
            self.slots |= {word for word in words if word.startswith(begins)}

    def _slots_of(self, unit: Unit, makers: set[str]) -> None:
        """Follow what is made in a unit to the attributes that may hold it."""
        tainted = set(makers)
        lines = [(s, self._units.lines(s)) for s in flat(unit.parts) if not hasattr(s, "body")]
        statements = [(s, text, set(WORD.findall(text))) for s, text in lines]
        for _ in _growing(tainted, self.slots):
            for statement, text, words in statements:
                if not self._stars and tainted.isdisjoint(words):
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
                self.slots |= held
                if held and (_HOLDS.search(text) or "List" in text or "Dict" in text):
                    self.lists |= held


def _growing(*sets: set[str]) -> Iterator[tuple[set[str], ...]]:
    """Once, and again as long as one of ``sets`` has grown: the closure of what is done."""
    size = -1
    while size < (now := sum(map(len, sets))):
        size = now
        yield sets


def has_in_place(words: Iterable[str]) -> bool:
    """Whether a method of tensors that writes in place is among ``words``."""
    return any(word[-1] == "_" and catalogue.method(word) is Result.IN_PLACE for word in words)


def tells_of_torch(names: frozenset[str]) -> bool:
    """Whether the names in a source can lead to a finding, where none of a known library is."""
    if names & _OF_OBJECTS:
        return True
    return "data" in names and any(map(catalogue.is_stock_slot, names))


@cache
def signs() -> frozenset[str]:
    """Words of which a file has one if any part of it is relevant."""
    plain = frozenset(["data", "class", "torch"])
    return _WORDS | _MODULE_WORDS | plain | catalogue.optimizer_names()
