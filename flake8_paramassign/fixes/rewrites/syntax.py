"""The concrete syntax of one statement, by libcst: what ``ast`` leaves out.

Of a file, libcst is given this one statement: to parse all of it takes ten times as long as
``ast`` does, and its positions far longer. Places are offsets in the text of the file.
"""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst
from libcst.metadata import CodePosition, MetadataWrapper, PositionProvider

from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.source import Source


class Span(NamedTuple):
    """The text from ``start`` up to ``end``."""

    start: int
    end: int


class Argument(NamedTuple):
    """One argument of a call."""

    span: Span
    """``data=x`` with the parentheses around it, without its comma."""
    value: Span
    """``x``."""
    end: int
    """Behind its comma, if it has one."""
    keyword: str
    star: str


class Syntax:
    """The expressions of a simple statement, each found by where ``ast`` says that it is."""

    def __init__(self, source: Source, statement: Span) -> None:
        """Parse what ``statement`` spans of ``source``; raises NoRewrite."""
        text = source.text[statement.start : statement.end]
        self._offset = statement.start
        self._lines = Source(text).starts
        try:
            module = cst.parse_module(text)
            if module.code != text:
                raise NoRewrite("libcst does not give the statement back as it is")
            wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
            self._positions = wrapper.resolve(PositionProvider)
        except (cst.ParserSyntaxError, UnicodeError) as error:
            raise NoRewrite("libcst does not read the statement") from error
        except RecursionError as error:
            raise NoRewrite("the statement is nested too deeply for libcst") from error
        self._expressions = {
            self._inner(node): node
            for node in self._positions
            if isinstance(node, cst.BaseExpression)
        }

    def outer(self, inner: Span) -> Span:
        """Return what the expression at ``inner`` spans with the parentheses around it."""
        return self._outer(self._expression(inner))

    def is_bare_tuple(self, inner: Span) -> bool:
        """Whether the expression is a tuple without parentheses."""
        node = self._expression(inner)
        return isinstance(node, cst.Tuple) and not node.lpar

    def arguments(self, inner: Span) -> list[Argument]:
        """Return the arguments of the call at ``inner``."""
        call = self._expression(inner)
        assert isinstance(call, cst.Call)
        return [self._argument(arg) for arg in call.args]

    def _argument(self, arg: cst.Arg) -> Argument:
        span = self._span(arg)
        return Argument(
            span,
            self._outer(arg.value),
            self._span(arg.comma).end if isinstance(arg.comma, cst.Comma) else span.end,
            arg.keyword.value if arg.keyword else "",
            arg.star,
        )

    def _expression(self, inner: Span) -> cst.BaseExpression:
        if inner not in self._expressions:
            raise NoRewrite("libcst does not find the expression")
        return self._expressions[inner]

    def _inner(self, node: cst.BaseExpression) -> Span:
        """Return where ``ast`` says that ``node`` is: a tuple's own parentheses belong to it."""
        if isinstance(node, cst.Tuple | cst.GeneratorExp) and node.lpar:
            return Span(self._span(node.lpar[-1]).start, self._span(node.rpar[0]).end)
        return self._span(node)

    def _outer(self, node: cst.BaseExpression) -> Span:
        if not node.lpar:
            return self._span(node)
        return Span(self._span(node.lpar[0]).start, self._span(node.rpar[-1]).end)

    def _span(self, node: cst.CSTNode) -> Span:
        at = self._positions[node]
        return Span(self._place(at.start), self._place(at.end))

    def _place(self, position: CodePosition) -> int:
        return self._offset + self._lines[position.line - 1] + position.column
