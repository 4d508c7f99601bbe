"""The user's files around the one under analysis.

They are found on disk as Python's import system would find them and parsed, never imported.
Third-party packages are not opened: their names are ``Library``.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from flake8_paramassign import catalogue
from flake8_paramassign.domain.values import ClassRef, Library, Values
from flake8_paramassign.project.classes import Class, ExternalClass, TorchClass
from flake8_paramassign.project.imports import Imported, outline
from flake8_paramassign.project.module import Module
from flake8_paramassign.project.trees import Trees
from flake8_paramassign.surroundings import Surroundings

_MOST_OPENED = 60
"""How many other files are opened for one."""
_MOST_FOLLOWED = 500
"""How many imports are followed to know that none leads to a library that is known."""
_MOST_BYTES = 10_000_000
"""How much source is read for that."""
_MOST_SEARCHED = 3000
"""How many files and folders are searched for a word."""
_PART = re.compile(r"[^.]+")
_MOST_BETWEEN = 2
"""As many folders without ``__init__.py`` may lie between a file and the package it is in."""
_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


class Project:
    """The files around one file, resolved and parsed when they are asked for."""

    def __init__(
        self,
        trees: Trees,
        path: str,
        tree: ast.Module,
        module_bases: tuple[str, ...] = (),
        surroundings: Surroundings | None = None,
    ) -> None:
        """``path`` is the file under analysis; ``module_bases``: further classes of Modules."""
        self._trees = trees
        self.surroundings = surroundings or Surroundings()
        self.module_bases = frozenset(module_bases)
        file = Path(path)
        name, package_parent = _dotted_name(file, self.surroundings)
        self._roots = _search_roots(file, package_parent, self.surroundings)
        self.module = Module(name, path, tree, self, is_package=file.name == "__init__.py")
        """The file under analysis."""
        self._modules: dict[str, Module | None] = {os.path.abspath(path): self.module}
        self._located: dict[str, str | None] = {}
        self._sought: set[tuple[str, str]] = set()
        """The names that are looked for behind ``import *``, and where."""
        self._members: dict[str, Values] = {}

    def opened(self) -> list[str]:
        """The other files that were asked for."""
        return list(self._modules)

    def modules(self) -> list[Module]:
        """The files that are open."""
        return [module for module in self._modules.values() if module is not None]

    def names_what_is_known(self, text: str) -> bool:
        """Whether the file, whose ``text`` is given, or one that it imports, names a known library.

        True where so many are imported that not all are looked at.
        """
        bases = frozenset(name.rpartition(".")[2] for name in self.module_bases)
        of_package = self._roots[0], self.module.name.partition(".")[0]
        if of_package in self._trees.outlines.too_many:
            return True
        waiting = [(self.module.name, self.module.is_package, outline(text, bases))]
        seen, size = {self.module.name}, 0
        while waiting:
            name, is_package, imports = waiting.pop()
            if len(seen) > _MOST_FOLLOWED or size > _MOST_BYTES:
                self._trees.outlines.too_many.add(of_package)
                return True
            if imports is None:
                return True
            package = name.split(".") if is_package else name.split(".")[:-1]
            for other, path in self._imported(imports, package):
                if other not in seen:
                    seen.add(other)
                    found = self._trees.outlines.of(path, self.surroundings, bases)
                    size += found.size
                    waiting.append((other, _is_package(path), found.imports))
                    if size > _MOST_BYTES:
                        break
        return False

    def _imported(
        self, imports: Iterable[Imported], package: list[str]
    ) -> Iterator[tuple[str, str]]:
        """The files of the project that are imported from one of ``package``, by their names."""
        for statement in imports:
            source = statement.absolute(package)
            path: str | None = ""
            for end in (match.end() for match in _PART.finditer(source)):
                path = self._locate(source[:end])
                if path is None:
                    break
                if path:
                    yield source[:end], path
            if path == "" or (path and _is_package(path)):
                for name in statement.names:
                    inner = f"{source}.{name}" if source else name
                    if found := self._locate(inner):
                        yield inner, found

    def files_naming(self, word: str) -> Iterator[Module | None]:
        """Yield each file of the project whose text has ``word``; None for what is not to be read.

        Those are notebooks, files that do not parse, and all where there are too many. Virtual
        environments are passed over.
        """
        waiting: list[str | Path] = list(dict.fromkeys(map(os.path.abspath, self._roots)))
        seen = set(waiting)
        while waiting:
            folder = Path(waiting.pop())
            if self.surroundings.is_file(folder / "pyvenv.cfg"):
                continue
            for path in self.surroundings.matching(folder, "[!.]*"):
                name = os.path.abspath(path)
                if name in seen:
                    continue
                seen.add(name)
                if len(seen) > _MOST_SEARCHED:
                    yield None
                    return
                if path.suffix in (".py", ".ipynb"):
                    content, _ = self.surroundings.read(path)
                    if content is not None and word.encode() in content:
                        yield self._file(name)
                elif self.surroundings.is_folder(path):
                    waiting.append(path)

    def _file(self, path: str) -> Module | None:
        """The file at ``path``, not to be imported by a name."""
        if path not in self._modules:
            tree = self._trees.tree(path, self.surroundings) if path.endswith(".py") else None
            return Module("", path, tree, self) if tree is not None else None
        return self._modules[path]

    def owns(self, name: str) -> bool:
        """Whether the dotted ``name`` begins with a module or package of the project."""
        root = name.partition(".")[0]
        return root != "torch" and self._locate(root) is not None

    def meaning(self, name: str) -> Values:
        """What the absolute dotted ``name`` is: a project's class or function, else Library."""
        if not self.owns(name):
            return (Library(_canonical(name)),)
        if name not in self._members:
            self._members[name] = (Library(name),)  # what a cycle sees
            self._members[name] = self._meaning(name)
        return self._members[name]

    def _meaning(self, name: str) -> Values:
        if self._locate(name) is not None:
            return (Library(name),)
        parent, _, member = name.rpartition(".")
        module = self.module_named(parent) if parent else None
        if module is None:
            return (Library(name),)
        return self.resolved(module.lookup(member))

    def resolved(self, values: Values) -> Values:
        """Values with what names of other files mean in the place of these names."""
        if not any(isinstance(value, Library) for value in values):
            return values
        found: list[object] = []
        for value in values:
            found += self.meaning(value.name) if isinstance(value, Library) else [value]
        return tuple(dict.fromkeys(found))  # type: ignore[arg-type]

    def exported(self, source: str, name: str) -> Values | None:
        """What ``from source import *`` binds ``name`` to; None if it does not bind it."""
        if source.partition(".")[0] == "torch":
            full = f"{source}.{name}"
            known = (
                TorchClass.named(full),
                catalogue.tensor_class(full),
                catalogue.function(full),
                full in _TORCH_PACKAGES,
            )
            return self.meaning(full) if any(known) else None
        module = self.module_named(source)
        if module is None:
            return None
        if name in module.bindings:
            return self.resolved(module.lookup(name))
        if (source, name) in self._sought:
            return None  # files that import all of each other
        self._sought.add((source, name))
        found = module.starred(name)
        self._sought.discard((source, name))
        return self.resolved(found) if found is not None else None

    def knows_all_names(self, source: str) -> bool:
        """Whether all that ``from source import *`` may bind is known."""
        return source.partition(".")[0] == "torch" or self.module_named(source) is not None

    def module_named(self, name: str) -> Module | None:
        """The project's file with the dotted ``name``."""
        path = self._locate(name)
        if not path:
            return None
        key = os.path.abspath(path)
        if key not in self._modules:
            may_open = len(self._modules) < _MOST_OPENED
            tree = self._trees.tree(path, self.surroundings) if may_open else None
            module = Module(name, path, tree, self, is_package=_is_package(path)) if tree else None
            self._modules[key] = module
        return self._modules[key]

    def class_of_values(self, values: Values) -> Class | None:
        """The class that ``values`` are; None where it is not just one that is known."""
        resolved = self.resolved(values)
        if len(resolved) != 1:
            return None
        (value,) = resolved
        if isinstance(value, ClassRef):
            return value.cls
        return self.library_class(value.name) if isinstance(value, Library) else None

    def library_class(self, name: str) -> Class:
        """The class of another library called ``name``."""
        torch_class = TorchClass.named(name)
        if torch_class is not None:
            return torch_class
        return ExternalClass.named(name, declared_module=name in self.module_bases)

    def _locate(self, name: str) -> str | None:
        """The file of a dotted module name, or None where the project has none."""
        if name not in self._located:
            self._located[name] = None
            relative = name.replace(".", os.sep)
            for root in self._roots:
                for candidate in (f"{relative}.py", os.path.join(relative, "__init__.py")):
                    path = os.path.join(root, candidate)
                    if self.surroundings.is_file(path):
                        self._located[name] = path
                        return path
                if "." not in name and self.surroundings.is_folder(os.path.join(root, relative)):
                    self._located[name] = ""  # a namespace package: holds modules, has no names
        return self._located[name]


_TORCH_PACKAGES = frozenset(
    ["torch.nn", "torch.optim", "torch.nn.functional", "torch.nn.init", "torch.nn.utils"]
)


def _canonical(name: str) -> str:
    """The name under which the library itself has it."""
    known = catalogue.tensor_class(name)
    if known is not None:
        return known
    torch_class = TorchClass.named(name)
    return torch_class.name if torch_class is not None else name


def _is_package(path: str) -> bool:
    return os.path.basename(path) == "__init__.py"


def _dotted_name(file: Path, surroundings: Surroundings) -> tuple[str, Path]:
    """The module's name as its package sees it, and the folder that holds the top package."""
    file = Path(os.path.abspath(file))
    parts = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while inside := _inside_package(folder, surroundings):
        parts[:0] = inside
        folder = folder.parents[len(inside) - 1]
    return ".".join(parts), folder


def _inside_package(folder: Path, surroundings: Surroundings) -> list[str]:
    """The name of a package's folder, or of one without ``__init__.py`` and of those up to one.

    Empty where none of them is a package: Python takes the former for part of the latter.
    """
    names: list[str] = []
    while len(names) <= _MOST_BETWEEN and folder.name:
        is_package = surroundings.is_file(folder / "__init__.py")
        names.insert(0, folder.name)
        if is_package and len(names) == 1:
            return names
        if any(surroundings.exists(folder / mark) for mark in _ROOT_MARKS):
            break
        if is_package:
            return names
        folder = folder.parent
    return []


def _search_roots(file: Path, package_parent: Path, surroundings: Surroundings) -> list[Path]:
    roots = [package_parent, Path(os.path.abspath(file)).parent]
    for folder in surroundings.real(package_parent).parents:
        if any(surroundings.exists(folder / mark) for mark in _ROOT_MARKS):
            roots += [folder, folder / "src"]
            break
    return list(dict.fromkeys(roots))
