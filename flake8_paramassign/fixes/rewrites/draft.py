"""A fix while it is written: one statement, and the edits of its text so far."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.diagnostics import Applicability, Edit, Fix, Position
from flake8_paramassign.domain.objects import Obj, Shape, Tensor, Thing
from flake8_paramassign.domain.values import NOTHING, Value, Values, join_all
from flake8_paramassign.fixes.imports import NoFreeName, name_for
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.project.module import Module
from flake8_paramassign.report import Case
from flake8_paramassign.source import Source, decode

if TYPE_CHECKING:
    from flake8_paramassign.fixes.rewrites.syntax import Argument, Span, Syntax

_ATOMS = (
    ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant,
    ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp,
)  # fmt: skip
"""Expressions that any operation may follow without parentheses."""

OUTSIDE = "that nobody outside of the project uses what is in that file"

_ARRAYS = frozenset(["numpy", "__array__", "tolist"])
"""What gives the values of a tensor, if not as a tensor."""


class Draft:
    """The fix of the statement that holds ``node``.

    Edits are made at offsets of the file's text. They cut and insert between tokens; what they
    do not name stays as it is.
    """

    def __init__(self, case: Case, node: ast.AST, module: Module | None = None) -> None:
        """Find ``node`` in the file of the event, or in another ``module``; raises NoRewrite."""
        self.case = case
        self.module = module or case.event.frame.module
        self.is_elsewhere = self.module is not case.event.frame.module
        self.source = _source_of(self.module, case) if self.is_elsewhere else case.source
        self.text = self.source.text
        self.tree = self.module.tree
        self.path = path_to(self.tree, node)
        if not self.path:
            raise NoRewrite("the cause is in another file: mend it there")
        self._changes: list[tuple[int, int, str]] = []
        self._imports: list[Edit] = []

    def tensor(self, value: Value | None) -> Tensor | None:
        """``value`` as the tensor that it was when what was found happened."""
        known = self.object(value)
        return known if isinstance(known, Tensor) else None

    def object(self, value: Value | None) -> Obj | None:
        """``value`` as it was then."""
        return self.case.facts.object(value, self.case.event.state)

    def held(self, node: ast.AST) -> Values:
        """What a variable, or an attribute of one, held then; nothing for other expressions."""
        if isinstance(node, ast.Name):
            return self.case.event.state.names.get(node.id, NOTHING)
        if isinstance(node, ast.Attribute):
            owners = map(self.object, self.held(node.value))
            return join_all(o.member(node.attr).values for o in owners if isinstance(o, Thing))
        return NOTHING

    def read_in(self, node: ast.AST) -> list[tuple[Value, Tensor]]:
        """The tensors that variables and attributes in an expression held then.

        Those that are only looked at are left out: ``w`` of ``w.shape`` and ``w.size(0)``.
        """
        looked_at = {
            inner.value
            for inner in ast.walk(node)
            if isinstance(inner, ast.Attribute)
            and Result.OTHER in (catalogue.attribute(inner.attr), catalogue.method(inner.attr))
            and inner.attr not in _ARRAYS
        }
        read = (inner for inner in ast.walk(node) if inner not in looked_at)
        found = [value for inner in read for value in self.held(inner)]
        return [(value, known) for value in found if (known := self.tensor(value)) is not None]

    def shape(self, value: Value) -> Shape | None:
        """The shape of a tensor, where it is known."""
        tensor = self.tensor(value)
        return tensor.shape if tensor is not None else None

    def maker(self, value: Value | None) -> Draft:
        """The draft of the expression that made a tensor; raises NoRewrite where none is known."""
        tensor = self.tensor(value)
        if tensor is None or tensor.made is None:
            raise NoRewrite("what makes the tensor is not known")
        return Draft(self.case, tensor.made.node, tensor.made.module)

    @property
    def parent(self) -> ast.AST:
        """What holds the node."""
        return self.path[-2]

    @cached_property
    def statement(self) -> ast.stmt:
        """The statement that the node is in, or is."""
        return next(node for node in reversed(self.path) if isinstance(node, ast.stmt))

    @property
    def function(self) -> ast.AST:
        """The function that the node is in, or the file."""
        return next(
            (
                n
                for n in reversed(self.path)
                if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
            ),
            self.tree,
        )

    @cached_property
    def syntax(self) -> Syntax:
        """The concrete syntax of the statement; raises NoRewrite where it is not a simple one."""
        if hasattr(self.statement, "body"):
            raise NoRewrite("it stands in the first line of a compound statement")
        from flake8_paramassign.fixes.rewrites.syntax import Syntax

        return Syntax(self.source, self.inner(self.statement))

    # Where things are.

    def inner(self, node: ast.stmt | ast.expr) -> Span:
        """Where ``ast`` says that ``node`` is."""
        from flake8_paramassign.fixes.rewrites.syntax import Span

        return Span(*(self._offset(position) for position in self.source.span(node)))

    def outer(self, node: ast.expr) -> Span:
        """``node`` with the parentheses around it."""
        return self.syntax.outer(self.inner(node))

    def arguments(self, call: ast.Call) -> list[Argument]:
        """The arguments of ``call``."""
        return self.syntax.arguments(self.inner(call))

    def written(self, node: ast.stmt | ast.expr) -> str:
        """``node`` as the user wrote it."""
        start, end = self.inner(node)
        return self.text[start:end]

    def is_atom(self, node: ast.expr) -> bool:
        """Whether ``.to(device)`` may be written behind ``node`` as it stands."""
        return isinstance(node, _ATOMS) or self.outer(node) != self.inner(node)

    def _offset(self, position: Position) -> int:
        return self.source.starts[position.line - 1] + position.column

    def position(self, offset: int) -> Position:
        """The line and column of ``offset``."""
        line = self.source.line_at(offset)
        return Position(line, offset - self.source.starts[line - 1])

    # Edits.

    def replace(self, start: int, end: int, content: str) -> None:
        """Write ``content`` in the place of what stands from ``start`` up to ``end``."""
        if start < end or content:
            self._changes.append((start, end, content))

    def insert(self, at: int, content: str) -> None:
        """Write ``content`` before what stands at ``at``, behind what was inserted there before."""
        self.replace(at, at, content)

    def cut(self, start: int, end: int) -> None:
        """Take out what stands from ``start`` up to ``end``."""
        self.replace(start, end, "")

    def take(self, start: int, end: int) -> str:
        """Return the text from ``start`` up to ``end`` as edited so far; those edits are undone."""
        taken = sorted(c for c in self._changes if start <= c[0] and c[1] <= end)
        self._changes = [change for change in self._changes if change not in taken]
        pieces, done = [], start
        for first, last, content in taken:
            pieces += [self.text[done:first], content]
            done = last
        return "".join([*pieces, self.text[done:end]])

    def claim(self, at: int) -> None:
        """Change nothing at ``at``, but let a fix that does so be made first, without this one."""
        self._changes.append((at, at, ""))

    def exchange(self, start: int, middle: int, end: int) -> None:
        """Exchange the text before ``middle`` with that behind it, by moving the shorter one."""
        if middle - start <= end - middle:
            self.insert(end, self.text[start:middle])
            self.cut(start, middle)
        else:
            self.insert(start, self.text[middle:end])
            self.cut(middle, end)

    def enclose(self, node: ast.expr, opening: str, closing: str) -> None:
        """Write ``opening``, which ends in a parenthesis, and ``closing`` around ``node``.

        Parentheses that stand there already serve.
        """
        inner, outer = self.inner(node), self.outer(node)
        bare = inner == outer
        if self.syntax.is_bare_tuple(inner):
            opening, closing = f"{opening}(", f"){closing}"
        self.insert(outer.start, opening if bare else opening[:-1])
        self.insert(outer.end, closing if bare else closing[1:])

    def named(self, dotted: str, at: int) -> str:
        """What the file calls ``dotted`` at an offset; imported by the fix if need be."""
        try:
            name, edits = name_for(self.text, self.tree, dotted, self.position(at))
        except NoFreeName as error:
            raise NoRewrite(f"{dotted} cannot be imported: {error}") from error
        self._imports += edits
        return name

    def include(self, other: Draft) -> None:
        """Make the edits of ``other`` with these: of another statement, or another part of it.

        Raises NoRewrite where that is in another file.
        """
        if other.module is not self.module:
            raise NoRewrite("the causes are in several files: mend them there")
        if other is not self:
            self._changes += other._changes
            self._imports += other._imports

    # The end.

    def fix(self, message: str, *notes: str, unproved: Sequence[str] | None = None) -> Fix:
        """Return the fix; ``notes`` say what else may change. Raises NoRewrite.

        It is safe where nothing is ``unproved``; None is where nobody asked. That of another
        file never is.
        """
        edits = [self._edit(*change) for change in self._merged()]
        edits = sorted(dict.fromkeys([*edits, *self._imports]), key=lambda e: (e.start, e.end))
        if self.is_elsewhere:
            unproved = [*(unproved or ()), OUTSIDE]
            message = f"{message} in {Path(self.module.path).name}, line {self.path[-1].lineno}"  # type: ignore[attr-defined]
        missing = [f"not proved: {', '.join(unproved)}"] if unproved else []
        is_safe = unproved is not None and not missing
        return Fix(
            "; ".join([message, *notes, *missing]),
            Applicability.SAFE if is_safe else Applicability.UNSAFE,
            tuple(edits),
            self.module.path if self.is_elsewhere else None,
        )

    def _edit(self, start: int, end: int, content: str) -> Edit:
        before, after = self.text[start - 1 : start], content or self.text[end : end + 1]
        if _is_word(before) and _is_word(after[:1]):  # `return-x` becomes `return f(-x)`
            content = f" {content}"
        return Edit(self.position(start), self.position(end), _with_lf(content))

    def _merged(self) -> list[tuple[int, int, str]]:
        """The edits in order, those that touch made one; raises NoRewrite for a lost comment."""
        merged: list[tuple[int, int, str]] = []
        for start, end, content in sorted(self._changes, key=lambda change: change[:2]):
            if merged and end < merged[-1][1] and not content.strip():
                continue  # The indentation of a line that goes.
            if merged and merged[-1][1] == start:
                first, _, before = merged.pop()
                start, content = first, before + content
            merged.append((start, end, content))
        cut = "".join(self.text[start:end] for start, end, _ in merged)
        if cut.count("#") > sum(content.count("#") for _, _, content in merged):
            raise NoRewrite("a comment stands where the rewrite would have to cut")
        return merged


def _source_of(module: Module, case: Case) -> Source:
    """The text of another file; raises NoRewrite where it cannot be read any more."""
    content, _ = case.facts.project.surroundings.read(module.path)
    try:
        return Source(decode(content or b""))
    except (SyntaxError, LookupError, ValueError) as error:
        raise NoRewrite(f"{Path(module.path).name} cannot be read") from error


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_" if character else False


def _with_lf(content: str) -> str:
    return content.replace("\r\n", "\n").replace("\r", "\n")
