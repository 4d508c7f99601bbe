"""Classes whose methods are parsed when they are looked at.

Of most imported classes the bases are wanted, ``__init__``, and a method or two; some classes
have a hundred methods.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from flake8_paramassign.inference.beginnings import Spans, beginnings
from flake8_paramassign.nodes import FunctionNode

NOT_PARSED = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What parsing may raise."""
_METHOD = re.compile(
    r"(?:[ \t]*@.*\n(?:(?![ \t]*(?:async|class|def)\b).*\n)*)?[ \t]*(async[ \t]+)?def[ \t]+(\w+)"
)
"""The beginning of a method, with its decorators."""
_INDENTED = re.compile(r"^([ \t]+)(?:@|def\b)", re.MULTILINE)


class Unparsed(ast.stmt):
    """A method of which only the name is known, until it is asked for anything else."""

    stands_for: type[FunctionNode]

    def __init__(self, name: str, text: str, line: int) -> None:
        """``text`` is its lines, as they stand in the class; ``line`` the number of the first."""
        self.name = name
        self.text = text
        self._line = line

    @cached_property
    def parsed(self) -> FunctionNode:
        """The method, with the positions it has in its file.

        One that does not parse raises when it is called: its file cannot be imported.
        """
        # A class is always above it: there is a line to put another one on.
        text = "\n" * (self._line - 2) + "class _:\n" + self.text
        try:
            return _only_method(ast.parse(text))
        except NOT_PARSED:
            return _only_method(ast.parse(f"class _:\n def {self.name}(*_, **__): raise"))


class _Parsed:
    """A field of an ``Unparsed``, which parses it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, method: Unparsed | None, owner: type[Unparsed]) -> object:
        return getattr(owner.stands_for if method is None else method.parsed, self._name)


class UnparsedMethod(Unparsed, ast.FunctionDef):
    """The method is a ``def``."""

    stands_for = ast.FunctionDef


class UnparsedCoroutine(Unparsed, ast.AsyncFunctionDef):
    """The method is an ``async def``."""

    stands_for = ast.AsyncFunctionDef


for _kind in (UnparsedMethod, UnparsedCoroutine):
    for _field in (*_kind.stands_for._fields, *_kind.stands_for._attributes):
        if _field != "name":
            setattr(_kind, _field, _Parsed(_field))

_Methods = dict[int, UnparsedMethod | UnparsedCoroutine]
"""Methods by their first lines."""


def may_mention(method: FunctionNode, name: str) -> bool:
    """Whether an attribute ``name`` may be in ``method``, which is not parsed for that."""
    return not isinstance(method, Unparsed) or f".{name}" in method.text


def parsed_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes of ``tree`` but for those of methods that nobody has looked at."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Unparsed) or "parsed" in vars(node):
            waiting += ast.iter_child_nodes(node)


def parsed_but_for_methods(text: str, line: int, strings: Spans) -> list[ast.stmt]:
    """The statements of ``text``, a class that begins at ``line``; its methods are ``Unparsed``.

    ``strings`` are those of ``text`` that go over several lines.
    Raises what is in ``NOT_PARSED``.
    """
    methods: _Methods = {}
    try:
        body = ast.parse("\n" * (line - 1) + _outer(text, line, strings, methods)).body
    except SyntaxError:  # The beginnings of lines did not tell.
        return ast.parse("\n" * (line - 1) + text).body
    _put(methods, body)
    return body


def _put(methods: _Methods, block: list[ast.stmt]) -> None:
    """Put ``methods`` in the places of the words that stand for them, in ``block`` and below."""
    for index, statement in enumerate(block):
        if statement.lineno in methods and isinstance(statement, ast.FunctionDef):
            block[index] = methods[statement.lineno]
        else:
            for name in ("body", "orelse", "finalbody"):
                _put(methods, getattr(statement, name, []))


def _outer(text: str, line: int, strings: Spans, methods: _Methods) -> str:
    """``text`` with a word in place of each method, which is put into ``methods``."""
    indentation = min(_INDENTED.findall(text), key=len, default="")
    if not indentation:
        return text
    starts = [*beginnings(text, strings, len(indentation)), len(text)]
    pieces: list[str] = []
    for start, end in pairwise(starts):
        piece = text[start:end]
        method = _METHOD.match(piece) if piece.startswith(indentation) else None
        if method is not None:
            kind = UnparsedCoroutine if method.group(1) else UnparsedMethod
            methods[line] = kind(method.group(2), piece, line)
            pieces.append(f"{indentation}def _(): ..." + "\n" * piece.count("\n"))
        else:
            pieces.append(piece)
        line += piece.count("\n")
    return "".join(pieces)


def _only_method(tree: ast.Module) -> FunctionNode:
    (holder,) = tree.body
    assert isinstance(holder, ast.ClassDef)
    (method,) = holder.body
    assert isinstance(method, FunctionNode)
    return method
