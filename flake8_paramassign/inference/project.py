"""The files of the user's project.

They are found on disk as Python's import system would find them and parsed, never imported.
Third-party packages are not opened: their names are ``External``.
"""

from __future__ import annotations

import ast
import os
from collections import OrderedDict
from pathlib import Path

from flake8_paramassign.files import read_regular
from flake8_paramassign.inference.classes import Class, ExternalClass, TorchClass
from flake8_paramassign.inference.effort import Effort
from flake8_paramassign.inference.module import Module
from flake8_paramassign.inference.unparsed import NOT_PARSED
from flake8_paramassign.inference.values import ClassValue, External, Values, only
from flake8_paramassign.source import decode

_LARGEST_FILE = 2_000_000
"""Bytes above which an imported file is taken as unknown."""
_MOST_BYTES = 2_000_000
"""How much source is kept, and what is parsed of it."""
_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")

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
        self._forgotten: list[Module] = []
        self._analysed = ""
        self.effort = Effort()
        """What may still be done for the file under analysis."""
        self._counted: set[str] = set()
        self._located: dict[str, str | None] = {}
        self._members: dict[str, Values] = {}

    def open(self, path: str, tree: ast.Module, text: str) -> Module:
        """The file under analysis, whose imports are looked up around it."""
        file = Path(path)
        name, package_parent = _dotted_name(file)
        self._roots = _search_roots(file, package_parent)
        self._analysed = path
        self.effort = Effort(text)
        module = Module(name, path, tree, self, file.name == "__init__.py", text)
        self._keep(path, _stamp(path), module)
        return module

    def close(self) -> None:
        """The analysis is done: let go of all that was worked out for it."""
        self._forget(self._analysed)  # It is parsed whole; for others an outline will do.
        for known in (*self._forgotten, *self.opened()):
            known.forget_meanings()
        self._forgotten, self._counted = [], set()
        self._located, self._members = {}, {}

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
        module = self._load(parent, path) if path and self._may_open(path) else None
        if module is None:
            return only(External(name))
        found = module.lookup(member)
        (value,) = found if len(found) == 1 else (None,)
        return self.meaning(value.name) if isinstance(value, External) else found

    def _may_open(self, path: str) -> bool:
        """Whether there is effort left for a file, which takes it once."""
        if path not in self._counted:
            if not self.effort.opens(_stamp(path)[1]):
                return False
            self._counted.add(path)
        return True

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
        module = self._read(name, path)
        self._keep(path, stamp, module)
        return module

    def _keep(self, path: str, stamp: _Stamp, module: Module | None) -> None:
        """Remember a file, and forget those that were not asked for in a long time."""
        self._forget(path)
        self._files[path] = stamp, module
        kept = sum(len(known.text) for known in self.opened())
        while kept > _MOST_BYTES and len(self._files) > 1:
            kept -= self._forget(next(iter(self._files)))

    def _forget(self, path: str) -> int:
        """Forget a file, which may be in use until the analysis is done; the size of its source."""
        _, module = self._files.pop(path, (None, None))
        if module is None:
            return 0
        self._forgotten.append(module)
        return len(module.text)

    def _read(self, name: str, path: str) -> Module | None:
        try:
            text = decode(read_regular(path, _LARGEST_FILE))
        except (OSError, *NOT_PARSED):
            return None  # the file's own analysis says why; here it is only unknown
        is_package = os.path.basename(path) == "__init__.py"
        return Module(name, path, ast.Module([], []), self, is_package, text, is_imported=True)


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
