"""Whether a function or class has to be run for its own sake."""

from __future__ import annotations

import ast
from functools import cached_property

from flake8_paramassign import catalogue
from flake8_paramassign.project.project import Project
from flake8_paramassign.semantics.frames import STEPS
from flake8_paramassign.semantics.relevance.heirs import has_heirs
from flake8_paramassign.semantics.relevance.stores import stores_in
from flake8_paramassign.semantics.relevance.units import WORD, Unit, Units
from flake8_paramassign.semantics.relevance.vocabulary import (
    Vocabulary,
    has_in_place,
    signs,
    tells_of_torch,
)
from flake8_paramassign.settings import Settings
from flake8_paramassign.source import Source

_READING = frozenset(["PRM903"])
"""Rules that ask how the attributes of a Module are read, in whatever function."""
_KINDS = frozenset(["list", "tuple", "dict", "set"])
_PUTTING = frozenset(["append", "add_module", "register_module"])
"""By which Modules are stored without an assignment."""


class Relevance:
    """Tells it of the functions of one file."""

    _names: Vocabulary

    def __init__(self, source: Source, project: Project, settings: Settings) -> None:
        """``settings`` may say that everything is run, whatever is in it."""
        self._source = source
        self._project = project
        self._module = project.module
        selected = settings.select or frozenset()
        self._exhaustive = settings.exhaustive
        reads = not _READING.isdisjoint(selected)
        self._all = settings.exhaustive or (reads and has_heirs(project.module))
        self._has_torch = True
        self._calls: frozenset[str] = frozenset()
        """What is called if a relevant function is."""

    @cached_property
    def _units(self) -> Units:
        """Those of the file, each relevant or not."""
        units = Units(self._source, self._module.tree)
        self._names = Vocabulary(units, self._module)
        for unit in units.all.values():
            unit.relevant = self._by_itself(unit)
        self._ask_for_kinds(units)
        self._close(units)
        return units

    def holds_nothing(self) -> bool:
        """Whether no part of the file has to be run."""
        if self._exhaustive:
            return False
        if self._all:
            return self._is_without_torch()
        words = frozenset(WORD.findall(self._source.text))
        has_slots = any(map(catalogue.is_stock_slot, words))
        if not (words & signs() or has_slots or has_in_place(words)):
            return True
        self._has_torch = "torch" in words
        if not any(unit.relevant for unit in self._units.all.values()):
            return True
        return not self._has_torch and self._is_without_torch()

    def _is_without_torch(self) -> bool:
        """Whether no object of the file can be known to be one of torch's."""
        if tells_of_torch(self._module.words):
            return False
        return not self._project.names_what_is_known(self._source.text)

    def of(self, node: ast.AST) -> bool:
        """Whether a function, a class's method or the top level has to be run for its own sake."""
        if self._all:
            return True
        unit = self._units.all.get(node)
        if unit is None:  # a function or class inside a function
            return self._of_inner(node)
        if unit.node is unit.owner:
            inner = [s for s in unit.owner.body if isinstance(s, ast.ClassDef)]
            return any(u.relevant for u in self._units.of_class[unit.owner]) or any(
                map(self.of, inner)
            )
        return unit.relevant

    def stored_in_skipped(self, name: str) -> bool:
        """Whether what is skipped stores an attribute called ``name``."""
        return not self._all and any(
            not unit.relevant and name in unit.words and name in stores_in(unit.parts).attributes
            for unit in self._units.all.values()
        )

    def definitions(self) -> list[ast.stmt] | None:
        """The functions and classes of the top level; None where it takes a run to tell."""
        return self._units.definitions

    def _of_inner(self, node: ast.AST) -> bool:
        if isinstance(node, ast.ClassDef):
            return True
        words = self._units.words(self._units.lines(node))
        return bool(words & (self._names.hard | self._calls)) or self._writes(node, words)

    def _by_itself(self, unit: Unit) -> bool:
        if unit.words & self._names.hard:
            return True
        if not self._has_torch:
            return bool(unit.words & self._names.foreign) and has_in_place(unit.words)
        if self._writes(unit.node, unit.words, unit.parts):
            return True
        if self._stores_modules(unit):
            unit.soft = True
            return True
        return False

    def _writes(
        self, node: ast.AST, words: frozenset[str], parts: list[ast.stmt] | None = None
    ) -> bool:
        """Whether something is written that may be a Parameter."""
        named = bool(words & self._names.slots) or any(map(catalogue.is_stock_slot, words))
        foreign = bool(words & self._names.foreign)
        if "for" in words and words & self._names.lists:
            return True
        if not named and not foreign:
            return False
        if has_in_place(words):
            return True
        stores = stores_in(parts if parts is not None else getattr(node, "body", []))
        if foreign and (stores.attributes or stores.parts):
            return True
        if not named:
            return False
        if stores.items or stores.augmented or (stores.deletes and stores.attributes):
            return True
        return any(n in self._names.slots or catalogue.is_stock_slot(n) for n in stores.attributes)

    def _stores_modules(self, unit: Unit) -> bool:
        """Whether Modules may be stored: too early, or in a plain container."""
        if unit.name in STEPS and not unit.words & self._names.modules:
            return False
        kinds = (self._names.modules, catalogue.module_names(), self._names.builders)
        if all(map(unit.words.isdisjoint, kinds)):
            return False
        return bool(stores_in(unit.parts).attributes or _PUTTING & unit.words)

    def _ask_for_kinds(self, units: Units) -> None:
        """Let methods be relevant that ask whether what holds Modules is a plain container."""
        held: set[str] = set()
        for unit in units.all.values():
            if unit.relevant and self._stores_modules(unit):
                held |= stores_in(unit.parts).attributes
        for unit in units.all.values():
            if unit.owner is not None and "isinstance" in unit.words and unit.words & _KINDS:
                unit.relevant = unit.relevant or not held.isdisjoint(unit.words)

    def _close(self, units: Units) -> None:
        """Let what names a relevant function or class be relevant, and what begins its object."""
        code = [unit for unit in units.all.values() if unit.node is not unit.owner]
        more = code
        while more:
            self._calls = frozenset(
                _called(unit) for unit in code if unit.relevant and not unit.soft
            ) - {"", "forward"}
            more = [
                unit
                for unit in code
                if (unit.soft or not unit.relevant) and unit.words & self._calls
            ]
            for unit in more:
                unit.relevant, unit.soft = True, False
        owners = {unit.owner for unit in code if unit.relevant} - {None}
        for unit in code:
            if unit.name == "__init__" and unit.owner in owners:
                unit.relevant = True


def _called(unit: Unit) -> str:
    """By which name others call it."""
    if unit.name == "__init__" and unit.owner is not None:
        return unit.owner.name
    return unit.name
