"""Which functions and classes of a file have to be run for their own sake.

A function is skipped where nothing in it can lead to a finding. That is told from identifiers:
those of a function are the words on its lines, of which the words of comments and strings only
make more relevant, never less. A finding needs one of the following.

- A word that makes, lists or flags Parameters, or goes past ``__setattr__``: ``_WORDS``.
- The name of a slot (one of torch's layers, or one that this file fills) beside something that
  writes: an in-place method, an augmented assignment, a store.
- The store of a Module, which may stand too early or in a plain container.
- The name of a function or class of this file that is itself relevant, which it may call.

What comes from other files of the project may be any of these.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import flat
from flake8_paramassign.project.libraries import is_module_class
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.frames import STEPS
from flake8_paramassign.settings import Settings
from flake8_paramassign.source import Source

_WORD = re.compile(r"[^\W\d]\w*")
_MEMBER = re.compile(r"\.[\s\\]*([^\W\d]\w*)")
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
_READING = frozenset(["PRM903"])
"""Rules that ask how attributes are read, in whatever function."""
_HEIR = "<heir>"
_ANY = "*"
"""How a name ends of which only the beginning is known."""
_KINDS = frozenset(["list", "tuple", "dict", "set"])
_HOLDS = re.compile(r"[\[{]|\blist\b|\bdict\b|\bset\b|\btuple\b")


@dataclass(slots=True)
class Unit:
    """A function, a class body or the top level, and the words in it."""

    node: ast.AST
    name: str
    words: frozenset[str]
    text: str
    owner: ast.ClassDef | None = None
    parts: list[ast.stmt] = field(default_factory=list)
    """Its statements."""
    relevant: bool = False
    soft: bool = False
    """Whether it is relevant for no more than the Modules that it stores."""


@dataclass(slots=True)
class _Stores:
    """What a function stores, functions inside it included."""

    attributes: set[str] = field(default_factory=set)
    items: bool = False
    augmented: bool = False
    parts: bool = False
    """Whether what is written so is an attribute, or an item of one."""
    deletes: bool = False


class Relevance:
    """Tells it of the functions of one file."""

    def __init__(self, source: Source, module: Module, settings: Settings) -> None:
        """``settings`` may say that everything is run, whatever is in it."""
        self._source = source
        self._module = module
        selected = settings.select or frozenset()
        self._all = settings.exhaustive or not _READING.isdisjoint(selected)
        self._units: dict[ast.AST, Unit] = {}
        self._parts: dict[ast.ClassDef, list[Unit]] = defaultdict(list)
        """The units of a class."""
        self._foreign: frozenset[str] = frozenset()
        self._builders: frozenset[str] = frozenset()
        """Functions and classes that may make Modules."""
        self._calls: frozenset[str] = frozenset()
        self._settled = False
        self._has_torch = True
        self._definitions: list[ast.stmt] | None = None

    def holds_nothing(self) -> bool:
        """Whether no part of the file has to be run."""
        if self._all:
            return False
        words = frozenset(_WORD.findall(self._source.text))
        has_slots = any(map(catalogue.is_stock_slot, words))
        if not (words & _signs() or has_slots or _has_in_place(words)):
            return True
        self._has_torch = "torch" in words
        self._settle()
        return not any(unit.relevant for unit in self._units.values())

    def of(self, node: ast.AST) -> bool:
        """Whether a function, a class's method or the top level has to be run for its own sake."""
        if self._all:
            return True
        self._settle()
        unit = self._units.get(node)
        if unit is None:  # a function or class inside a function
            return self._of_inner(node)
        if unit.node is unit.owner:
            inner = [s for s in unit.owner.body if isinstance(s, ast.ClassDef)]
            return any(u.relevant for u in self._parts[unit.owner]) or any(map(self.of, inner))
        return unit.relevant

    def stored_in_skipped(self, name: str) -> bool:
        """Whether what is skipped stores an attribute called ``name``."""
        return any(
            not unit.relevant and name in unit.words and name in _stores(unit.parts).attributes
            for unit in self._units.values()
        )

    def definitions(self) -> list[ast.stmt] | None:
        """The functions and classes of the top level; None where it takes a run to tell."""
        return self._definitions

    # Units.

    def _of_inner(self, node: ast.AST) -> bool:
        if isinstance(node, ast.ClassDef):
            return True
        words = self._words(self._lines(node))
        return bool(words & (self._hard | self._calls)) or self._writes(node, words)

    def _settle(self) -> None:
        if self._settled:
            return
        self._settled = True
        tree = self._module.tree
        rest: list[ast.stmt] = []
        self._collect(tree.body, None, rest)
        top: list[ast.stmt] = [s for s in tree.body if isinstance(s, FunctionNode | ast.ClassDef)]
        known = sum(u.owner in (None, u.node) for u in self._units.values())
        self._definitions = top if known == len(top) else None
        text = "\n".join(self._lines(statement) for statement in rest)
        script = Unit(tree, "", self._words(text), text, parts=rest)
        self._units[tree] = script
        self._imported(rest)
        self._find_slots()
        kinds = self._modules | catalogue.module_names()
        self._builders = frozenset(
            unit.name
            for unit in self._units.values()
            if unit.words & kinds and unit.name not in STEPS and not unit.name.startswith("__")
        )
        for unit in self._units.values():
            unit.relevant = self._by_itself(unit)
            if unit.owner is not None:
                self._parts[unit.owner].append(unit)
        self._ask_for_kinds()
        self._close()

    def _collect(
        self, body: list[ast.stmt], owner: ast.ClassDef | None, rest: list[ast.stmt]
    ) -> None:
        """Make units of the functions and classes of a body; leave the ``rest``."""
        for statement in body:
            if isinstance(statement, FunctionNode):
                self._add(statement, statement.name, owner)
            elif isinstance(statement, ast.ClassDef):
                inner: list[ast.stmt] = []
                self._collect(statement.body, statement, inner)
                header = [*statement.decorator_list, *statement.bases]
                text = "\n".join(map(self._lines, [*inner, *header]))
                self._units[statement] = Unit(
                    statement, statement.name, self._words(text), text, statement, inner
                )
            elif isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
                if any(isinstance(s, FunctionNode | ast.ClassDef) for s in flat([statement])):
                    self._collect(
                        [s for s in flat([statement])
                         if isinstance(s, FunctionNode | ast.ClassDef)],
                        owner, [],
                    )  # fmt: skip
                rest.append(statement)
            else:
                rest.append(statement)

    def _add(self, node: FunctionNode, name: str, owner: ast.ClassDef | None) -> None:
        text = self._lines(node)
        self._units[node] = Unit(node, name, self._words(text), text, owner, node.body)

    def _lines(self, node: ast.AST) -> str:
        """The lines of a node, but those of a function's docstring."""
        first = getattr(node, "lineno", 1)
        for decorator in getattr(node, "decorator_list", ()):
            first = min(first, decorator.lineno)
        last = getattr(node, "end_lineno", None) or first
        told = node.body[0] if isinstance(node, FunctionNode) and len(node.body) > 1 else None
        if told is None or not _is_text(told) or told.lineno == first:
            return self._source.between(first, last)
        assert isinstance(node, FunctionNode)
        before = self._source.between(first, told.lineno - 1)
        rest = min(node.body[1].lineno, (told.end_lineno or told.lineno) + 1)
        return before + "\n" + self._source.between(rest, last)

    @staticmethod
    def _words(text: str) -> frozenset[str]:
        """The words of a text; with a dot where they count as attributes only."""
        words = set(_WORD.findall(text))
        if "data" in words and ("getattr" in words or "data" in _MEMBER.findall(text)):
            words.add(".data")
        return frozenset(words)

    # Names.

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
                words = self._words(self._lines(statement))
                targets = set(_stored_names(statement))
                if words & makers:
                    makers |= targets
                if words & hard:
                    hard |= targets
                if words & foreign:
                    foreign |= targets
        modules |= {u.name for u in self._units.values() if u.node is u.owner}
        modules |= foreign
        self._mark_heirs(foreign)
        foreign.add(_HEIR)
        self._hard, self._makers, self._modules = hard, makers, modules
        self._foreign = frozenset(foreign)

    def _mark_heirs(self, foreign: set[str]) -> None:
        """Let the methods of classes that inherit from other files be known by a word."""
        heirs = set(foreign)
        classes = [u.node for u in self._units.values() if isinstance(u.node, ast.ClassDef)]
        for _ in range(2):
            for node in classes:
                named = {w for base in node.bases for w in _WORD.findall(self._lines(base))}
                if named & heirs:
                    heirs.add(node.name)
        for unit in self._units.values():
            if unit.owner is not None and unit.owner.name in heirs:
                unit.words = unit.words | {_HEIR}

    def _find_slots(self) -> None:
        """The names under which this file may store Parameters."""
        slots: set[str] = set()
        lists: set[str] = set()
        makers = self._makers | {name for name in self._foreign if not name[:1].isupper()}
        for _ in range(2):
            before = len(slots)
            for unit in self._units.values():
                if unit.words & makers or self._stars:
                    self._slots_of(unit, makers, slots, lists)
            makers = makers | {
                u.name for u in self._units.values()
                if u.words & self._makers and isinstance(u.node, FunctionNode)
            } - {"__init__", "forward"}  # fmt: skip
            if len(slots) == before:
                break
        begins = tuple(name[:-1] for name in slots if name.endswith(_ANY))
        if begins:
            words = {word for unit in self._units.values() for word in unit.words}
            slots |= {word for word in words if word.startswith(begins)}
        self._slots, self._lists = slots, lists

    def _slots_of(
        self, unit: Unit, makers: Iterable[str], slots: set[str], lists: set[str]
    ) -> None:
        tainted = set(makers)
        statements = [s for s in flat(unit.parts) if not hasattr(s, "body")]
        for _ in range(2):
            for statement in statements:
                text = self._lines(statement)
                if not self._stars and tainted.isdisjoint(_WORD.findall(text)):
                    continue
                held: set[str] = set()
                for target in _targets(statement):
                    if isinstance(target, ast.Name):
                        tainted.add(target.id)
                    elif isinstance(target, ast.Attribute):
                        held.add(target.attr)
                        tainted.add(target.attr)
                    elif isinstance(target, ast.Subscript):
                        held.update(_chain(target))
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                    held.update(_filled_by(statement.value))
                slots |= held
                if held and (_HOLDS.search(text) or "List" in text or "Dict" in text):
                    lists |= held

    # What counts.

    def _by_itself(self, unit: Unit) -> bool:
        if unit.words & self._hard:
            return True
        if not self._has_torch:
            return bool(unit.words & self._foreign) and _has_in_place(unit.words)
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
        named = bool(words & self._slots) or any(map(catalogue.is_stock_slot, words))
        foreign = bool(words & self._foreign)
        if "for" in words and words & self._lists:
            return True
        if not named and not foreign:
            return False
        if _has_in_place(words):
            return True
        stores = _stores(parts if parts is not None else getattr(node, "body", []))
        if foreign and (stores.attributes or stores.parts):
            return True
        if not named:
            return False
        if stores.items or stores.augmented or (stores.deletes and stores.attributes):
            return True
        return any(n in self._slots or catalogue.is_stock_slot(n) for n in stores.attributes)

    def _stores_modules(self, unit: Unit) -> bool:
        """Whether Modules may be stored: too early, or in a plain container."""
        if unit.name in STEPS and not unit.words & self._modules:
            return False
        kinds = (self._modules, catalogue.module_names(), self._builders)
        if all(map(unit.words.isdisjoint, kinds)):
            return False
        return bool(_stores(unit.parts).attributes) or "append" in unit.words

    def _ask_for_kinds(self) -> None:
        """Let methods be relevant that ask whether what holds Modules is a plain container."""
        held: set[str] = set()
        for unit in self._units.values():
            if unit.relevant and self._stores_modules(unit):
                held |= _stores(unit.parts).attributes
        for unit in self._units.values():
            if unit.owner is not None and "isinstance" in unit.words and unit.words & _KINDS:
                unit.relevant = unit.relevant or not held.isdisjoint(unit.words)

    def _close(self) -> None:
        """Let what names a relevant function or class be relevant, and what begins its object."""
        units = [unit for unit in self._units.values() if unit.node is not unit.owner]
        more = units
        while more:
            self._calls = frozenset(
                _called(unit) for unit in units if unit.relevant and not unit.soft
            ) - {"", "forward"}
            more = [
                unit
                for unit in units
                if (unit.soft or not unit.relevant) and unit.words & self._calls
            ]
            for unit in more:
                unit.relevant, unit.soft = True, False
        owners = {unit.owner for unit in units if unit.relevant} - {None}
        for unit in units:
            if unit.name == "__init__" and unit.owner in owners:
                unit.relevant = True


def _chain(node: ast.expr) -> Iterator[str]:
    """The names that an expression such as ``self.heads[0].scale`` is put together from."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Attribute):
            yield node.attr
        node = node.func if isinstance(node, ast.Call) else node.value


def _filled_by(call: ast.Call) -> Iterator[str]:
    """The names of what a call may put something into: ``self.heads.append``, ``setattr``.

    Of a name that is computed, such as ``f"head{n}"``, it is how it begins: ``head*``.
    """
    if isinstance(call.func, ast.Attribute):
        yield from _chain(call.func.value)
    for argument in call.args:
        first: ast.expr = argument
        while isinstance(first, ast.BinOp | ast.JoinedStr):
            first = first.left if isinstance(first, ast.BinOp) else first.values[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            begin = first.value.partition("%")[0]
            if argument is first:
                yield first.value
            elif begin:
                yield begin + _ANY


def _has_in_place(words: Iterable[str]) -> bool:
    """Whether a method of tensors that writes in place is among ``words``."""
    return any(word[-1] == "_" and catalogue.method(word) is Result.IN_PLACE for word in words)


def _called(unit: Unit) -> str:
    """By which name others call it."""
    if unit.name == "__init__" and unit.owner is not None:
        return unit.owner.name
    return unit.name


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is nothing but a string."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _stored_names(statement: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    for target in _targets(statement):
        if isinstance(target, ast.Name):
            yield target.id


def _targets(statement: ast.stmt) -> Iterator[ast.expr]:
    """What a statement stores into, one by one."""
    waiting: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        waiting = list(statement.targets)
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        waiting = [statement.target]
    while waiting:
        target = waiting.pop()
        if isinstance(target, ast.Tuple | ast.List):
            waiting += target.elts
        elif isinstance(target, ast.Starred):
            waiting.append(target.value)
        else:
            yield target


def _stores(body: list[ast.stmt]) -> _Stores:
    """What statements store, those of functions inside them included."""
    found = _Stores()
    waiting: list[object] = list(body)
    while waiting:
        node = waiting.pop()
        kind = node.__class__
        if kind is ast.Attribute:
            if not isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
                found.attributes.add(node.attr)  # type: ignore[attr-defined]
                found.deletes = found.deletes or isinstance(node.ctx, ast.Del)  # type: ignore[attr-defined]
            continue
        if kind is ast.Subscript and not isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
            found.items = True
            found.parts = found.parts or any(_chain(node))  # type: ignore[arg-type]
            continue
        if kind is ast.AugAssign:
            found.augmented = True
            found.parts = found.parts or any(_chain(node.target))  # type: ignore[attr-defined]
        elif kind in _LEAVES:
            continue
        for name in node._fields:  # type: ignore[attr-defined]
            value = getattr(node, name, None)
            if value.__class__ is list:
                waiting += [v for v in value if isinstance(v, ast.AST)]
            elif isinstance(value, ast.AST):
                waiting.append(value)
    return found


_LEAVES = frozenset(
    [ast.Name, ast.Constant, ast.Call, ast.BinOp, ast.Compare, ast.BoolOp, ast.JoinedStr,
     ast.Load, ast.Store, ast.UnaryOp, ast.Pass, ast.Return, ast.arguments]
)  # fmt: skip
"""What nothing is stored in."""


@cache
def _signs() -> frozenset[str]:
    """Words of which a file has one if any part of it is relevant."""
    plain = frozenset(["data", "class"])
    return _WORDS | _MODULE_WORDS | plain | catalogue.optimizer_names()
