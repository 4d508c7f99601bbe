"""The files of the user's project, and what their top-level names mean.

Files are found on disk as Python's import system would find them and parsed, never imported.
Third-party packages are not opened: their names are ``External``.
"""

from __future__ import annotations

import ast
import gc
import os
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flake8_paramassign.inference.classes import Class, ExternalClass, ProjectClass, TorchClass
from flake8_paramassign.inference.outline import Part, outline
from flake8_paramassign.inference.values import (
    UNKNOWN,
    ClassValue,
    External,
    Function,
    Unknown,
    Values,
    only,
)
from flake8_paramassign.signs import PARAMETER
from flake8_paramassign.source import decode

_LARGEST_FILE = 2_000_000
"""Bytes above which an imported file is taken as unknown."""
_MOST_BYTES = 1_000_000
"""How much source is kept parsed: a tree takes about sixty times as much memory as its text."""
_MOST_STARS = 20
"""A package that star-imports more modules is no place to look for a name: each would be read."""
_REGISTERS = re.compile(rf"{PARAMETER}|Parameter(?:List|Dict)|register_parameter")
_SLOT_NAMES = re.compile(r"self\.(\w+)\b[^=\n]*=|['\"](\w+)['\"]")
_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


@dataclass(eq=False, slots=True)
class Module:
    """One file: its dotted name, the static meaning of its names, and what is parsed of it."""

    name: str
    path: str
    tree: ast.Module
    project: Project
    is_package: bool = False
    text: str = ""
    """The source."""
    unparsed: dict[str, list[Part]] = field(default_factory=dict)
    """Of an imported file: what binds a name and is parsed when the name is asked for."""
    bindings: dict[str, list[ast.AST]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    _slot_names: frozenset[str] | None = None
    _meanings: dict[str, Values] = field(default_factory=dict)
    _classes: dict[ast.ClassDef, ProjectClass] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Collect what each top-level name is bound by."""
        self._bind(self.tree.body)

    def _bind(self, body: list[ast.stmt]) -> None:
        fallbacks: list[tuple[str, ast.AST]] = []
        for name, node in _bound(body, fallbacks):
            if name == "*":
                assert isinstance(node, ast.ImportFrom)
                self.stars.append(self._absolute(node))
            else:
                self.bindings.setdefault(name, []).append(node)
        for name, node in fallbacks:
            # `try: import torch.nn as nn / except ImportError: nn = None`: the first is meant.
            self.bindings.setdefault(name, [node])

    @property
    def slot_names(self) -> frozenset[str]:
        """Names under which the file's classes may register Parameters: a guess upwards."""
        if self._slot_names is None:
            registers = _REGISTERS.search(self.text)
            found = _SLOT_NAMES.findall(self.text) if registers else ()
            self._slot_names = frozenset(part for pair in found for part in pair if part)
        return self._slot_names

    def lookup(self, name: str) -> Values:
        """What the top-level ``name`` may be; unknown where it is bound in several ways."""
        if name not in self._meanings:
            self._meanings[name] = UNKNOWN  # what a cycle of imports sees
            self._meanings[name] = self._meaning(name)
        return self._meanings[name]

    def _meaning(self, name: str) -> Values:
        for part in self.unparsed.pop(name, ()):
            try:
                body = part.parse()
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return UNKNOWN  # the file's own analysis says why
            self.tree.body += body
            self._bind(body)
        binders = self.bindings.get(name)
        if binders is None:
            return self._from_stars(name)
        if len(binders) == 1 or all(isinstance(b, ast.Import | ast.ImportFrom) for b in binders):
            return self._bound_value(name, binders[-1])
        return UNKNOWN

    def _from_stars(self, name: str) -> Values:
        for star in self.stars if len(self.stars) <= _MOST_STARS else ():
            meaning = self.project.meaning(f"{star}.{name}")
            (value,) = meaning if len(meaning) == 1 else (None,)
            if isinstance(value, External):
                if TorchClass.named(value.name) or value.name in _STARRED:
                    return meaning
            elif value is not None and meaning != UNKNOWN:
                return meaning
        return UNKNOWN

    def _bound_value(self, name: str, node: ast.AST) -> Values:
        if isinstance(node, ast.ClassDef):
            return only(ClassValue(self.class_of(node)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return only(Function(node, self)) if keeps_function(node) else UNKNOWN
        if isinstance(node, ast.Import | ast.ImportFrom):
            return self.imported(name, node)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            return self.static(node.value)
        return UNKNOWN

    def imported(self, name: str, node: ast.Import | ast.ImportFrom) -> Values:
        """What an import statement of this file binds ``name`` to."""
        if isinstance(node, ast.ImportFrom):
            source = self._absolute(node)
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return only(External(f"{source}.{alias.name}"))
            return UNKNOWN
        for alias in node.names:
            if alias.asname == name:
                return only(External(alias.name))
            if alias.asname is None and alias.name.split(".")[0] == name:
                return only(External(name))
        return UNKNOWN

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        package = package[: len(package) - node.level + self.is_package]
        return ".".join([*package, node.module] if node.module else package)

    def static(self, node: ast.expr) -> Values:
        """The meaning of a dotted name at module level, without following any flow."""
        if isinstance(node, ast.Name):
            return self.lookup(node.id)
        if isinstance(node, ast.Attribute):
            return frozenset(
                External(f"{value.name}.{node.attr}") if isinstance(value, External) else Unknown()
                for value in self.static(node.value)
            )
        if isinstance(node, ast.Subscript):  # Generic[T]
            return self.static(node.value)
        return UNKNOWN

    def class_of(self, node: ast.ClassDef) -> ProjectClass:
        """The one class object for a class statement of this file."""
        if node not in self._classes:
            self._classes[node] = ProjectClass(node, self)
        return self._classes[node]


_TRANSPARENT = frozenset(
    ["no_grad", "enable_grad", "inference_mode", "contextmanager", "cache", "lru_cache"]
)
"""Decorators that leave what a function returns as it is (a generator, for ``contextmanager``)."""


def keeps_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether calling the decorated function is calling the function."""
    return all(decorator_name(decorator) in _TRANSPARENT for decorator in node.decorator_list)


def decorator_name(node: ast.expr) -> str:
    """The last part of a decorator's name."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


_STARRED = frozenset(["torch.nn.Parameter", "torch.nn.functional", "torch.nn.init"])
"""Names that `from torch.nn import *` brings besides Module classes."""


def _bound(
    body: list[ast.stmt], fallbacks: list[tuple[str, ast.AST]]
) -> Iterator[tuple[str, ast.AST]]:
    """Every binding of a top-level name; those in ``except`` clauses go to ``fallbacks``."""
    for statement in body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement.name, statement
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                yield alias.asname or alias.name.split(".")[0], statement
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                yield alias.asname or alias.name, statement
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from ((name, statement) for name in _names(target))
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
            yield from ((name, statement) for name in _names(statement.target))
        else:
            if isinstance(statement, ast.For):
                yield from ((name, statement) for name in _names(statement.target))
            for inner in ("body", "orelse", "finalbody"):
                yield from _bound(getattr(statement, inner, []), fallbacks)
            for handler in getattr(statement, "handlers", ()):
                fallbacks += _bound(handler.body, fallbacks)


def _names(target: ast.expr) -> list[str]:
    return [
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


_Stamp = tuple[int, int]
"""When a file was changed, and its size: by which a change is noticed."""


def _stamp(path: str) -> _Stamp:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


class Project:
    """The files around one file, resolved and parsed when they are asked for."""

    def __init__(self, module_bases: tuple[str, ...] = ()) -> None:
        """``module_bases``: dotted names of further classes known to be Modules."""
        self.module_bases = frozenset(module_bases)
        self._files: OrderedDict[str, tuple[_Stamp, Module | None]] = OrderedDict()
        self._roots: list[Path] = []
        self._forgotten = 0  # Bytes, since garbage was last collected.
        self._located: dict[str, str | None] = {}
        self._members: dict[str, Values] = {}

    def open(self, path: str, tree: ast.Module, text: str) -> Module:
        """The file under analysis, whose imports are looked up around it."""
        file = Path(path)
        name, package_parent = _dotted_name(file)
        self._roots = _search_roots(file, package_parent)
        self._located, self._members = {}, {}
        module = Module(name, path, tree, self, file.name == "__init__.py", text)
        self._files[path] = _stamp(path), module
        self._forget_oldest()
        return module

    def opened(self) -> list[Module]:
        """The files that are parsed at present."""
        return [module for _, module in self._files.values() if module is not None]

    def owns(self, name: str) -> bool:
        """Whether the dotted ``name`` begins with a module or package of the project."""
        root = name.partition(".")[0]
        return root != "torch" and self._locate(root) is not None

    def meaning(self, name: str) -> Values:
        """What the absolute dotted ``name`` is: a project's class or function, else External.

        This opens the file that defines it. A name that is only passed on stays External.
        """
        if not self.owns(name):
            return only(External(name))
        if name not in self._members:
            self._members[name] = only(External(name))  # what a cycle sees
            self._members[name] = self._meaning(name)
        return self._members[name]

    def _meaning(self, name: str) -> Values:
        parent, _, member = name.rpartition(".")
        path = self._locate(parent) if parent and self._locate(name) is None else None
        module = self._load(parent, path) if path else None
        if module is None:
            return only(External(name))
        found = module.lookup(member)
        (value,) = found if len(found) == 1 else (None,)
        return self.meaning(value.name) if isinstance(value, External) else found

    def class_named(self, name: str) -> Class:
        """The class of an imported dotted name."""
        if TorchClass.named(name):
            return TorchClass.named(name) or ExternalClass(name)
        for value in self.meaning(name):
            if isinstance(value, ClassValue):
                return value.cls
            if isinstance(value, External):
                torch_class = TorchClass.named(value.name)
                return torch_class or ExternalClass(value.name, value.name in self.module_bases)
        return ExternalClass(name, name in self.module_bases)

    def _locate(self, name: str) -> str | None:
        """The file of a dotted module name, or None where the project has none."""
        if name not in self._located:
            self._located[name] = None
            relative = name.replace(".", os.sep)
            for root in self._roots:
                for candidate in (f"{relative}.py", os.path.join(relative, "__init__.py")):
                    path = os.path.join(root, candidate)
                    if os.path.isfile(path):
                        self._located[name] = path
                        return path
                if os.path.isdir(os.path.join(root, relative)) and "." not in name:
                    self._located[name] = ""  # a namespace package: holds modules, has no names
        return self._located[name]

    def _load(self, name: str, path: str) -> Module | None:
        stamp = _stamp(path)
        known = self._files.get(path)
        if known is not None and known[0] == stamp:
            self._files.move_to_end(path)
            return known[1]
        module = self._parse(name, path)
        self._files[path] = stamp, module
        self._forget_oldest()
        return module

    def _forget_oldest(self) -> None:
        kept = sum(len(module.text) for _, module in self._files.values() if module)
        while kept > _MOST_BYTES and len(self._files) > 1:
            _, (_, oldest) = self._files.popitem(last=False)
            size = len(oldest.text) if oldest else 0
            kept -= size
            self._forgotten += size
        if self._forgotten > _MOST_BYTES:
            self._forgotten = 0
            gc.collect()  # Files and their classes know each other: only this frees them.

    def _parse(self, name: str, path: str) -> Module | None:
        try:
            data = Path(path).read_bytes()
            text = decode(data)
            if len(data) > _LARGEST_FILE:
                return None
            tree = ast.Module([], [])
            unparsed: dict[str, list[Part]] = {}
            for part in outline(text):
                if part.name is None:
                    tree.body += part.parse()
                else:
                    unparsed.setdefault(part.name, []).append(part)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return None  # the file's own analysis says why; here it is only unknown
        is_package = os.path.basename(path) == "__init__.py"
        return Module(name, path, tree, self, is_package, text, unparsed)


def _dotted_name(file: Path) -> tuple[str, Path]:
    """The module's name as its package sees it, and the folder that holds the top package."""
    parts = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder.name:
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def _search_roots(file: Path, package_parent: Path) -> list[Path]:
    roots = [package_parent, file.parent]
    for folder in package_parent.resolve().parents:
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            roots += [folder, folder / "src"]
            break
    return list(dict.fromkeys(roots))
