"""Rewrites of a program that keep its meaning, for tests that its findings stay.

Each is a function from text to text. Where lines move, a finding is known by its statement:
programs are compared by the statements that both have, in the order of the text.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

WORDS = (
    "Parameter Sequential named_parameters weight_norm state_dict optimizer no_grad nn.Module"
    " self.add_module register_buffer requires_grad_ _is_hf_initialized setattr deepcopy del"
)
"""What somebody who searches text might take for a reason to be silent, or to speak."""
MARK = "_statement_"
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


@dataclass(frozen=True)
class Rewrite:
    """A way to write the same program otherwise."""

    name: str
    write: Callable[[str], str]
    is_layout: bool = False
    """Whether the tree stays as it is."""


# Layout.


def tokens(text: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(text).readline))


def inserted(text: str, insertions: list[tuple[tuple[int, int], str]]) -> str:
    """``text`` with strings inserted at (line, column in characters)."""
    lines = text.splitlines(keepends=True)
    for (line, column), what in sorted(insertions, key=lambda i: i[0], reverse=True):
        lines[line - 1] = lines[line - 1][:column] + what + lines[line - 1][column:]
    return "".join(lines)


def outside_strings(text: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens that are in no f-string, whose parts newer versions of Python tell."""
    depth = 0
    for token in tokens(text):
        kind = tokenize.tok_name[token.type]
        depth += (kind == "FSTRING_START") - (kind == "FSTRING_END")
        if not depth:
            yield token


def with_comments(text: str) -> str:
    """A comment full of words at the end of each line that has none."""
    found, commented = [], set()
    for token in tokens(text):
        if token.type == tokenize.COMMENT:
            commented.add(token.start[0])
        elif token.type == tokenize.NEWLINE and token.start[0] not in commented:
            found.append((token.start, f"  # {WORDS}"))
    return inserted(text, found)


def without_layout(text: str) -> str:
    """As ``ast.unparse`` writes it: no comments, no line breaks, no brackets that say nothing."""
    return ast.unparse(ast.parse(text))


def spaced(text: str) -> str:
    """Blanks around each dot, comma, bracket and sign, where the line may have them."""
    found = []
    for token in outside_strings(text):
        if token.type == tokenize.OP and token.string in (".", ",", "(", ")", "=", "[", ":"):
            found += [(token.start, " "), (token.end, " ")]
    return inserted(text, [i for i in found if text.splitlines()[i[0][0] - 1][: i[0][1]].strip()])


def broken(text: str) -> str:
    """A line break after each bracket and comma inside brackets."""
    found, depth = [], 0
    for token in outside_strings(text):
        depth += _BRACKETS.get(token.string, 0) if token.type == tokenize.OP else 0
        if token.type == tokenize.OP and depth and token.string in "([{,":
            found.append((token.end, "\n"))
    return inserted(text, found)


def bracketed(text: str) -> str:
    """Round brackets around each value, argument, and object of an attribute."""
    if not text.isascii():
        return text  # Columns of the tree count bytes.
    found: list[tuple[tuple[int, int], str]] = []
    waiting: list[ast.AST] = [ast.parse(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr | ast.GeneratorExp):
            continue
        if isinstance(node, ast.AnnAssign):
            waiting.extend([node.value] if node.value else [])
        else:
            waiting.extend(ast.iter_child_nodes(node))
        wanted: list[ast.expr | None] = []
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.keyword):
            wanted.append(node.value)
        elif isinstance(node, ast.Call):
            wanted += node.args
        elif isinstance(node, ast.Attribute):
            wanted.append(node.value)
        for expression in wanted:
            if isinstance(expression, ast.Name | ast.Attribute | ast.Call | ast.BinOp):
                end = expression.end_lineno, expression.end_col_offset
                assert end[0] is not None
                assert end[1] is not None
                found.append(((expression.lineno, expression.col_offset), "("))
                found.append(((end[0], end[1]), ")"))
    return inserted(text, found)


# Names and structure.


def renamed(text: str, names: dict[str, str]) -> str:
    """Variables under other names, also in the arguments of functions."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = names.get(node.arg, node.arg)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [names.get(name, name) for name in node.names]
    return ast.unparse(tree)


def self_renamed(text: str) -> str:
    """``this`` for ``self``."""
    return renamed(text, {"self": "this"})


def imports_renamed(text: str) -> str:
    """Each module and each member that is imported has another name in the file."""
    tree = ast.parse(text)
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not is_read(n)}
    bound |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    bound |= {getattr(n, "name", "") for n in ast.walk(tree)}
    quoted = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        for alias in node.names:
            name = alias.asname or alias.name
            if alias.name == "*" or "." in name or any(name in str(text) for text in quoted):
                continue
            if sum(name == other for other in imported(tree)) == 1 and name not in bound:
                names[name] = f"{name}_as_it_is_called_here"
                alias.asname = names[name]
    return renamed(ast.unparse(tree), names)


def imported(tree: ast.AST) -> Iterator[str]:
    """The names, up to the first dot, that imports bind."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield (alias.asname or alias.name).partition(".")[0]


def is_read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def with_docstrings(text: str) -> str:
    """Docstrings full of words, where there are none."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function) and not ast.get_docstring(node):
            node.body.insert(0, ast.Expr(ast.Constant(WORDS)))
    return ast.unparse(tree) if not future(tree) else text


def future(tree: ast.Module) -> bool:
    return any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body)


def in_if_true(text: str) -> str:
    """The bodies of functions under ``if True:``."""
    tree = ast.parse(text)
    for node in list(ast.walk(tree)):
        if isinstance(node, Function):
            node.body = [ast.If(ast.Constant(True), node.body, [])]
    return ast.unparse(ast.fix_missing_locations(tree))


def methods_reversed(text: str) -> str:
    """The methods of each class from the last to the first."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            places = [i for i, member in enumerate(node.body) if isinstance(member, Function)]
            methods = [node.body[i] for i in places]
            names = {getattr(method, "name", "") for method in methods}
            used = {n.id for m in node.body for n in ast.walk(m) if isinstance(n, ast.Name)}
            if len(names) == len(methods) and not names & used:
                for place, method in zip(places, reversed(methods), strict=True):
                    node.body[place] = method
    return ast.unparse(tree)


def through_temporaries(text: str) -> str:
    """``held = value; self.name = held`` for ``self.name = value``."""

    class Temporaries(ast.NodeTransformer):
        def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
            if len(node.targets) == 1 and isinstance(node.targets[0], ast.Attribute):
                held = ast.Name("held_for_a_moment", ast.Store())
                read = ast.Name("held_for_a_moment", ast.Load())
                return [
                    ast.Assign([held], node.value),
                    ast.copy_location(ast.Assign(node.targets, read), node),
                ]
            return node

    tree = Temporaries().visit(ast.parse(text))
    written = ast.unparse(ast.fix_missing_locations(tree))
    # On one line, so that a finding on the value stands on the same statement.
    return re.sub(r"(\n *held_for_a_moment = .*)\n *", r"\1; ", written)


def annotated(text: str) -> str:
    """``self.name: object = value`` for ``self.name = value``."""

    class Annotations(ast.NodeTransformer):
        def visit_Assign(self, node: ast.Assign) -> ast.AST:
            if len(node.targets) == 1 and isinstance(node.targets[0], ast.Attribute):
                kind = ast.Name("object", ast.Load())
                return ast.AnnAssign(node.targets[0], kind, node.value, simple=0)
            return node

    tree = Annotations().visit(ast.parse(text))
    return ast.unparse(ast.fix_missing_locations(tree))


REWRITES = (
    Rewrite("comments", with_comments, is_layout=True),
    Rewrite("unparsed", without_layout, is_layout=True),
    Rewrite("spaced", spaced, is_layout=True),
    Rewrite("line breaks", broken, is_layout=True),
    Rewrite("brackets", bracketed, is_layout=True),
    Rewrite("self renamed", self_renamed),
    Rewrite("imports renamed", imports_renamed),
    Rewrite("docstrings", with_docstrings),
    Rewrite("if True", in_if_true),
    Rewrite("methods reversed", methods_reversed),
    Rewrite("temporaries", through_temporaries),
    Rewrite("annotated", annotated),
)


# Comparing.


def statements(text: str) -> list[ast.stmt]:
    """The statements of a program that a rewrite keeps, in an order that it keeps."""
    found: list[ast.stmt] = []

    def collect(body: list[ast.stmt]) -> None:
        methods = [s for s in body if isinstance(s, Function)]
        others = [s for s in body if not isinstance(s, Function)]
        for statement in (*others, *sorted(methods, key=lambda m: m.name)):
            if is_added(statement):
                if isinstance(statement, ast.If):
                    collect(statement.body)
                continue
            found.append(statement)
            for name in ("body", "orelse", "handlers", "finalbody", "cases"):
                inner = getattr(statement, name, [])
                if name in ("handlers", "cases"):
                    for part in inner:
                        collect(part.body)
                elif isinstance(inner, list):
                    collect(inner)

    collect(ast.parse(text).body)
    return found


def is_added(statement: ast.stmt) -> bool:
    """Whether a statement may have been added by one of the rewrites."""
    if isinstance(statement, ast.If):
        return isinstance(statement.test, ast.Constant) and statement.test.value is True
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        return isinstance(target, ast.Name) and target.id == "held_for_a_moment"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def numbered(text: str, line: int) -> int:
    """Which statement of ``statements(text)`` stands around ``line``, the innermost; else -1."""
    best, size = -1, 10**9
    for number, statement in enumerate(statements(text)):
        last = statement.end_lineno or statement.lineno
        if statement.lineno <= line <= last and last - statement.lineno <= size:
            best, size = number, last - statement.lineno
    return best
