"""What ``torch`` and ``torch.nn`` are called at a place in a file, or how to import them for it."""

from __future__ import annotations

import ast
import sys
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeGuard, TypeVar

from flake8_paramassign.diagnostics import Edit, Position
from flake8_paramassign.fixes.scopes import Import, Place, Scopes, end, start
from flake8_paramassign.source import Source

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class NoFreeName(LookupError):
    """Every name that an import could give has another meaning at the place."""


def name_for(
    text: str, tree: ast.Module, dotted: str, at: Position
) -> tuple[str, tuple[Edit, ...]]:
    """Return the expression for ``dotted``, such as ``torch.nn.Parameter``, at a place.

    With it come the edits that import what it needs; none where the file has a name for it.
    ``tree`` is what ``text`` parses to. Raises NoFreeName.
    """
    return _file(text, tree).name_for(dotted, at)


@lru_cache(maxsize=1)
def _file(text: str, tree: ast.Module) -> _File:
    return _File(text, tree)


class _File:
    def __init__(self, text: str, tree: ast.Module) -> None:
        self.source = Source(text)
        self.body = tree.body
        self.scopes = Scopes(tree)

    def name_for(self, dotted: str, at: Position) -> tuple[str, tuple[Edit, ...]]:
        place = at.line, len(_utf8(self._line(at.line)[: at.column]))
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            for name in self.scopes.names(".".join(parts[:length]), place):
                return ".".join([name, *parts[length:]]), ()
        for name, length, edit in self._imports(parts, place):
            if self.scopes.is_free(name, ".".join(parts[:length]), place):
                return ".".join([name, *parts[length:]]), (edit,)
        raise NoFreeName(f"'{parts[0]}' is the name of something else here")

    def _imports(self, parts: list[str], place: Place) -> Iterator[tuple[str, int, Edit]]:
        """Yield the ways to import, the best first: the name it gives, for how many of ``parts``.

        Classes are imported by name where the file does so with others of ``torch.nn``.
        """
        present = [s for s in self.scopes.imports(place) if _is_of(parts[0], s)]
        for length in range(len(parts) - 1, 0, -1):
            member = parts[length]
            for statement in present:
                if (length == 2 or member == "nn") and _takes_from(statement, parts[:length]):
                    yield member, length + 1, self._extended(statement, member)

        def added(line: str) -> Edit:
            return self._beside(present[0], line) if present else self._at_the_top(line, place)

        if parts[1:2] == ["nn"]:
            as_name = any(isinstance(s, ast.Import) and s.names[0].asname for s in present)
            yield "nn", 2, added("import torch.nn as nn" if as_name else "from torch import nn")
            yield "torch", 1, added("import torch")
            yield "torch_nn", 2, added("from torch import nn as torch_nn")
        else:
            yield "torch", 1, added("import torch")
            yield "pytorch", 1, added("import torch as pytorch")

    def _extended(self, statement: ast.ImportFrom, name: str) -> Edit:
        """Return the edit that adds ``name`` to those that ``statement`` imports."""
        aliases = statement.names
        index = _index(name, [alias.name for alias in aliases], (_by_kind, str.lower))
        if index is None or index == len(aliases):
            last = aliases[-1]
            if "#" not in self._rest(last):
                indent = self._indent(last)
                content = f", {name}" if indent is None else f",\n{indent}{name}"
                return self._insertion(end(last), content)
            index = len(aliases) - 1  # Behind it, the new name would take its comment.
        beside = aliases[index]
        alone = all(start(beside)[0] != start(other)[0] for other in aliases if other != beside)
        indent = self._indent(beside) if alone else None
        content = f"{name}, " if indent is None else f"{name},\n{indent}"
        return self._insertion(start(beside), content)

    def _beside(self, present: Import, line: str) -> Edit:
        """Return the edit that adds an import to the group of one that is there."""
        group = next((group for group in self._groups() if present in group), [present])
        added = ast.parse(line).body[0]
        index = _index(added, group, (_by_form, _by_module))
        if index is None:
            group = [present]
            index = int(_by_form(present) < _by_form(added))
        return self._below(group[index - 1], line) if index else self._above(group[0], line)

    def _at_the_top(self, line: str, place: Place) -> Edit:
        """Return the edit that adds the file's first import of its package."""
        groups = [group for group in self._groups() if end(group[-1]) < place]
        for group in groups:
            others = [statement for statement in group if _section(statement) == _OTHERS]
            if others:
                return self._beside(others[-1], line)
        standard = [group for group in groups if _section(group[-1]) < _OTHERS]
        if standard:
            return self._below(standard[-1][-1], line, apart=True)
        if groups:
            return self._above(groups[0][0], line, apart=True)
        first = self.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            return self._below(first, line, apart=True)
        return self._above(first, line, apart=True)

    def _groups(self) -> list[list[Import]]:
        """Return the imports at the top level, parted where a person left a line blank."""
        groups: list[list[Import]] = []
        for previous, statement in pairwise([None, *self.body]):
            if isinstance(statement, Import):
                first, last = (end(previous)[0] if previous else 0), start(statement)[0]
                between = [self._line(number) for number in range(first + 1, last)]
                if isinstance(previous, Import) and all(map(str.strip, between)):
                    groups[-1].append(statement)
                else:
                    groups.append([statement])
        return groups

    def _above(self, statement: ast.stmt, line: str, *, apart: bool = False) -> Edit:
        """Return the edit that adds a line above ``statement``; a blank one between if asked."""
        indent = self._indent(statement)
        if indent is None:
            return self._insertion(start(statement), f"{line}; ")
        content = f"{indent}{line}\n"
        number = top = _first_line(statement)
        if apart:
            content += "\n" * _blank_lines_above(statement)
            while top > 1 and self._line(top - 1).startswith("#"):
                top -= 1
            if top > 1:
                number = top
            elif number > 1:  # A comment that begins the file is about the file.
                content = f"\n{content}"
        return self._insertion((number, 0), content)

    def _below(self, statement: ast.stmt, line: str, *, apart: bool = False) -> Edit:
        """Return the edit that adds a line below ``statement``; a blank one between if asked."""
        number = end(statement)[0] + 1
        rest = self._rest(statement).lstrip()
        if rest.startswith(";"):
            column = end(statement)[1] + self._rest(statement).index(";") + 1
            return self._insertion((end(statement)[0], column), f" {line};")
        indent = self._indent(statement)
        if indent is None or number > len(self.source.starts):
            return self._above(statement, line)
        content = f"{indent}{line}\n"
        if apart:
            following = self.body[self.body.index(statement) + 1]
            blank = number
            while not self._line(blank).strip():
                blank += 1
            missing = _blank_lines_above(following) - (blank - number)
            content = f"\n{content}" + "\n" * missing
        return self._insertion((number, 0), content)

    def _insertion(self, place: Place, content: str) -> Edit:
        position = self.source.position(*place)
        return Edit(position, position, content)

    def _line(self, number: int) -> str:
        return self.source.between(number, number)

    def _indent(self, node: ast.AST) -> str | None:
        """Return what stands before ``node`` on its line; None if that is code."""
        line, column = start(node)
        before = _utf8(self._line(line))[:column].decode("utf-8", "surrogatepass")
        return None if before.strip() else before.replace("\f", "")

    def _rest(self, node: ast.AST) -> str:
        """Return what stands behind ``node`` on its line."""
        line, column = end(node)
        return _utf8(self._line(line))[column:].decode("utf-8", "surrogatepass")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_OTHERS = 2


def _section(statement: ast.stmt) -> int:
    """Return in which part of the imports a person looks for it: PEP 8's, after ``__future__``."""
    module = _module(statement)
    if module.startswith("."):
        return 3
    if module == "__future__":
        return 0
    return 1 if module.partition(".")[0] in sys.stdlib_module_names else _OTHERS


def _module(statement: ast.stmt) -> str:
    if isinstance(statement, ast.ImportFrom):
        return "." * statement.level + (statement.module or "")
    return statement.names[0].name if isinstance(statement, ast.Import) else ""


def _by_form(statement: ast.stmt) -> tuple[int, bool, str]:
    is_from = isinstance(statement, ast.ImportFrom)
    return _section(statement), is_from, _module(statement).lower()


def _by_module(statement: ast.stmt) -> tuple[int, str, bool]:
    section, is_from, module = _by_form(statement)
    return section, module, is_from


def _by_kind(name: str) -> tuple[bool, bool, str]:
    """Constants, then classes, then the rest."""
    is_constant = name.isupper() and len(name) > 1
    return not is_constant, not name[:1].isupper(), name.lower()


_Item = TypeVar("_Item")


def _index(
    item: _Item, items: Sequence[_Item], keys: Sequence[Callable[[_Item], Any]]
) -> int | None:
    """Return where ``item`` belongs among ``items``, by the first of ``keys`` that sorts them."""
    for key in keys:
        if all(key(a) <= key(b) for a, b in pairwise(items)):
            return bisect(items, key(item), key=key)
    return None


def _is_of(package: str, statement: Import) -> bool:
    return f"{_module(statement)}.".startswith(f"{package}.")


def _takes_from(statement: Import, parts: Sequence[str]) -> TypeGuard[ast.ImportFrom]:
    return (
        isinstance(statement, ast.ImportFrom)
        and _module(statement) == ".".join(parts)
        and statement.names[0].name != "*"
    )


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    return min(start(node)[0] for node in [statement, *decorators])


def _blank_lines_above(statement: ast.stmt) -> int:
    return 2 if isinstance(statement, _DEFINITIONS) else 1
