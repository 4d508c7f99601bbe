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
    Rewrite("tabs", lambda text: with_tabs(text), is_layout=True),
    Rewrite("comment lines", lambda text: commented_above(text), is_layout=True),
    Rewrite("line ends", lambda text: text.replace("\n", "\r\n"), is_layout=True),
    Rewrite("pages", lambda text: re.sub(r"\n\n\n", "\n\f\n\n", text), is_layout=True),
)


# Statement by statement, and expression by expression.

Place: TypeAlias = Callable[[ast.AST], ast.AST | list[ast.stmt] | None]


class Replacing(ast.NodeTransformer):
    """Puts what a function gives for a node in its place, from the inside out; None keeps it."""

    def __init__(self, place: Place) -> None:
        """``place`` is asked for each node, but docstrings and annotations."""
        self.place = place

    def visit(self, node: ast.AST) -> ast.AST | list[ast.stmt]:
        """Return what stands for the node."""
        if isinstance(node, ast.JoinedStr | ast.pattern) or is_text(node):
            return node
        if isinstance(node, ast.arg):
            return node
        if isinstance(node, ast.If) and isinstance(node.test, ast.Constant):
            test = node.test  # by which statements are told
            self.generic_visit(node)
            node.test = test
            return node
        if isinstance(node, ast.AnnAssign):
            if node.value is not None:
                node.value = self.visit(node.value)  # type: ignore[assignment]
            return self.place(node) or node
        if isinstance(node, Function):
            returns, node.returns = node.returns, None
            self.generic_visit(node)
            node.returns = returns
        else:
            self.generic_visit(node)
        return self.place(node) or node


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def replacing(place: Place) -> Callable[[str], str]:
    """A rewrite that asks ``place`` for each node."""

    def write(text: str) -> str:
        return ast.unparse(ast.fix_missing_locations(Replacing(place).visit(ast.parse(text))))  # type: ignore[arg-type, type-var]

    return write


def parsed(pattern: str, *parts: ast.expr) -> ast.expr:
    """An expression in which ``P0``, ``P1`` stand for ``parts``."""

    class Filling(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            number = node.id[1:] if node.id.startswith("P") else ""
            return parts[int(number)] if number.isdigit() else node

    return Filling().visit(ast.parse(pattern, mode="eval").body)  # type: ignore[no-any-return]


def stored(pattern: str) -> Place:
    """The value that an attribute is given is written as ``pattern``."""

    def place(node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.Assign) and all(isinstance(t, ast.Attribute) for t in node.targets):
            node.value = parsed(pattern, node.value)
        return None

    return place


def tested(pattern: str) -> Place:
    """What an ``if`` or a loop asks is written as ``pattern``."""

    def place(node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            if isinstance(node.test, ast.Constant):
                return None
            node.test = parsed(pattern, node.test)
        return None

    return place


def constant(kind: type, pattern: str) -> Place:
    """Constants of a kind are written as ``pattern``."""

    def place(node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.Constant) and type(node.value) is kind:
            return parsed(pattern, ast.Constant(node.value))
        return None

    return place


def displayed(kind: type[ast.expr], pattern: str) -> Place:
    """Lists, tuples or dicts that are made are written as ``pattern``."""

    def place(node: ast.AST) -> ast.AST | None:
        if isinstance(node, kind) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            if any(isinstance(part, ast.Slice) for part in ast.walk(node)):
                return None
            return parsed(pattern, node)
        return None

    return place


def before(text: str) -> Place:
    """Each statement of a function has this one before it."""

    def place(node: ast.AST) -> ast.AST | None:
        if isinstance(node, Function):
            node.body = [s for old in node.body for s in (*ast.parse(text).body, old)]
        return None

    return place


def around(text: str) -> Place:
    """The body of a function stands in this, where it says ``pass``."""

    def place(node: ast.AST) -> ast.AST | None:
        if isinstance(node, Function):
            outer = ast.parse(text).body
            for inner in ast.walk(outer[0]):
                for name in ("body", "orelse"):
                    if isinstance(body := getattr(inner, name, None), list) and body:
                        if isinstance(body[0], ast.Pass) and node.body:
                            setattr(inner, name, node.body)
                            node.body = outer
                            return None
        return None

    return place


def through_setattr(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Attribute) and not target.attr.startswith("__"):
            name = ast.Constant(target.attr)
            return ast.Expr(parsed("setattr(P0, P1, P2)", target.value, name, node.value))
    return None


def through_getattr(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        if not node.attr.startswith("__"):
            return parsed("getattr(P0, P1)", node.value, ast.Constant(node.attr))
    return None


def chained(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
        node.targets.append(ast.Name("held_besides", ast.Store()))
    return None


def in_tuples(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        if isinstance(node.targets[0], ast.Attribute):
            held = ast.Name("held_besides", ast.Store())
            node.targets = [ast.Tuple([node.targets[0], held], ast.Store())]
            node.value = parsed("(P0, None)", node.value)
    return None


def keywords_reversed(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Call) and all(
        isinstance(k.value, ast.Constant | ast.Name) for k in node.keywords
    ):
        node.keywords.reverse()
    return None


def heirs_of_object(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.ClassDef) and not node.bases:
        node.bases = [ast.Name("object", ast.Load())]
    return None


def annotations_quoted(text: str) -> str:
    """Annotations as strings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            if not isinstance(node.annotation, ast.Constant):
                node.annotation = ast.Constant(ast.unparse(node.annotation))
    return ast.unparse(tree)


def with_tabs(text: str) -> str:
    """Indented with tabs."""
    return "\n".join(
        "\t" * ((len(line) - len(line.lstrip(" "))) // 4) + line.lstrip(" ")
        for line in ast.unparse(ast.parse(text)).split("\n")
    )


def commented_above(text: str) -> str:
    """A line of words above each statement."""
    found = [
        ((node.lineno, 0), " " * node.col_offset + f"# {WORDS}\n")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr | ast.Assign | ast.Return | ast.If | ast.For)
        and not text.splitlines()[node.lineno - 1][: node.col_offset].strip()
        and not text.splitlines()[node.lineno - 1].lstrip().startswith("elif")
    ]
    return inserted(text, found)


ALIASES = (
    Rewrite("values named in passing", replacing(stored("(held_besides := P0)"))),
    Rewrite("chained", replacing(chained)),
    Rewrite("keywords reversed", replacing(keywords_reversed)),
    Rewrite("heirs of object", replacing(heirs_of_object)),
    Rewrite("annotations quoted", annotations_quoted),
)
"""Which change names and order, and no finding."""
OTHERWISE = (
    Rewrite("in tuples", replacing(in_tuples)),
    Rewrite("through setattr", replacing(through_setattr)),
    Rewrite("through getattr", replacing(through_getattr)),
    *(
        Rewrite(f"stored as {pattern}", replacing(stored(pattern)))
        for pattern in (
            "P0 if True else None", "[P0][0]", "(None, P0)[-1]", "(lambda: P0)()",
            "{'held': P0}['held']", "True and P0", "next(iter([P0]))",
            "[held for held in [P0]][0]", "(lambda held: held)(P0)",
        )
    ),
    *(
        Rewrite(f"tested as {pattern}", replacing(tested(pattern)))
        for pattern in (
            "not not P0", "P0 and True", "True and P0", "P0 or False", "bool(P0)",
            "(asked := P0)", "True if P0 else False", "not (not P0)",
        )
    ),
    Rewrite("integers as sums", replacing(constant(int, "P0 + 0"))),
    Rewrite("integers from a list", replacing(constant(int, "[P0][0]"))),
    Rewrite("flags asked", replacing(constant(bool, "not not P0"))),
    Rewrite("texts as sums", replacing(constant(str, "P0 + ''"))),
    Rewrite("texts converted", replacing(constant(str, "str(P0)"))),
    Rewrite("lists unpacked", replacing(displayed(ast.List, "[*P0]"))),
    Rewrite("lists copied", replacing(displayed(ast.List, "list(P0)"))),
    Rewrite("tuples unpacked", replacing(displayed(ast.Tuple, "P0 + ()"))),
    Rewrite("dicts unpacked", replacing(displayed(ast.Dict, "{**P0}"))),
    Rewrite("pass between", replacing(before("pass"))),
    Rewrite("assertions between", replacing(before("assert True"))),
    Rewrite("texts between", replacing(before(f"held_for_a_moment = {WORDS!r}"))),
    Rewrite("in try", replacing(around("try:\n    pass\nfinally:\n    held_for_a_moment = 0"))),
    Rewrite("in else", replacing(around("if False:\n    held_for_a_moment = 0\nelse:\n    pass"))),
)  # fmt: skip
"""Which need the engine to know what the other words for it mean: nothing may be gained."""


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
                    collect(statement.body if is_true(statement.test) else statement.orelse)
                elif isinstance(statement, ast.Try):
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


def is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and test.value is True


def is_added(statement: ast.stmt) -> bool:
    """Whether a statement may have been added by one of the rewrites."""
    if isinstance(statement, ast.If):
        return isinstance(statement.test, ast.Constant) and type(statement.test.value) is bool
    if isinstance(statement, ast.Try):
        return any(map(is_added, statement.finalbody))
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        return isinstance(target, ast.Name) and target.id == "held_for_a_moment"
    if isinstance(statement, ast.Assert):
        return is_true(statement.test)
    return isinstance(statement, ast.Pass) or is_text(statement)


def numbered(text: str, line: int) -> int:
    """Which statement of ``statements(text)`` stands around ``line``, the innermost; else -1."""
    best, size = -1, 10**9
    for number, statement in enumerate(statements(text)):
        last = statement.end_lineno or statement.lineno
        if statement.lineno <= line <= last and last - statement.lineno <= size:
            best, size = number, last - statement.lineno
    return best
