"""The outline of a file has the statements that its tree has, at the same places."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from flake8_paramassign.inference.outline import outline
from flake8_paramassign.inference.unparsed import UnparsedCoroutine, UnparsedMethod, parsed_nodes

ROOT = Path(__file__).parent.parent
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def outlined(text: str) -> list[str]:
    """The statements of all parts, with their positions."""
    return [shown(statement) for part in outline(text) for statement in part.parse()]


def shown(statement: ast.stmt) -> str:
    """A statement with its positions; but not where a class, or an ``if`` in it, ends.

    To know that takes parsing the last method.
    """
    for node in ast.walk(statement):
        if isinstance(node, ast.ClassDef | ast.If):
            node.end_lineno = node.end_col_offset = 0
    return (
        ast.dump(statement, include_attributes=True)
        .replace("UnparsedMethod(", "FunctionDef(")
        .replace("UnparsedCoroutine(", "AsyncFunctionDef(")
    )


def binding(text: str) -> list[str]:
    """The statements of the whole tree that bind names."""
    kinds = (*DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.If, ast.Try)
    return [
        shown(statement)
        for statement in ast.parse(text).body
        if isinstance(statement, kinds) and not _stores_attribute(statement)
    ]


def _stores_attribute(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(
        statement.targets[0], ast.Attribute | ast.Subscript
    )


@pytest.mark.parametrize("path", sorted((ROOT / "flake8_paramassign").rglob("*.py")), ids=str)
def test_of_our_own_files(path: Path) -> None:
    text = path.read_text()
    assert set(binding(text)) <= set(outlined(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        '"""\nclass InAString:\n    pass\n"""\nclass Real: pass\n',
        "x = '''\ndef f(): pass\n'''\n",
        "@decorator\n@other(\n    1,\n)\ndef f(\n    a,\n):\n    return a\n",
        "if a:\n    import b\nelif c:\n    import d\nelse:\n    import e\nx = 1\n",
        "try:\n    import a\nexcept ImportError:\n    a = None\nfinally:\n    pass\n",
        "def f(a) -> \\\nint:\n    return a\n",
        "class A:\r\n    x = '#'\r\nb = A\r\n",
        "call(\n1,\n)\nx = [\n    1,\n]\n",
        "async def f(): pass\nx: int = 3\na, b = 1, 2\n",
    ],
)
def test_of_what_lines_may_begin_with(text: str) -> None:
    assert outlined(text) == binding(text)


def test_names_are_known_without_parsing() -> None:
    text = dedent("""\
        import os
        @cached
        def f(): ...
        class C(Base): ...
        TABLE = {"a": 1}
        """)
    assert [part.name for part in outline(text)] == [None, "f", "C", "TABLE"]


CLASS = dedent("""\
    class Layer(Base):
        size: int = 3

        def __init__(self): ...

        @property
        @cached(
            1,
        )
        def broken(self):
            return return

        if size:
            def nested(self): ...

        async def awaited(self): ...
    """)


def members(text: str) -> dict[str, ast.stmt]:
    (part,) = outline(text)
    (cls,) = part.parse()
    assert isinstance(cls, ast.ClassDef)
    return {getattr(member, "name", ""): member for member in cls.body}


@pytest.mark.parametrize(("name", "line"), [("__init__", 4), ("awaited", 16)])
def test_methods_are_parsed_when_they_are_looked_at(name: str, line: int) -> None:
    method = members(CLASS)[name]
    assert isinstance(method, UnparsedMethod | UnparsedCoroutine)
    assert len(list(parsed_nodes(method))) == 1
    assert (method.lineno, method.args.args[0].arg) == (line, "self")
    assert len(list(parsed_nodes(method))) > 1


def test_functions_are_parsed_whole() -> None:
    (part,) = outline("@decorator\ndef f():\n    def inner():\n        pass\n")
    (function,) = part.parse()
    assert [type(node) for node in ast.walk(function)].count(ast.FunctionDef) == 2


def test_a_method_that_does_not_parse_is_one_that_raises() -> None:
    method = members(CLASS)["broken"]
    assert isinstance(method, ast.FunctionDef)
    assert [type(statement) for statement in method.body] == [ast.Raise]


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    def f(self): ...\n    # no end\n",
        "class A:\n\tdef f(self):\n\t\treturn 1\n\n\tasync def g(self): ...\n\tx = 1\n",
        "class A:\n    def f(self):\n        return '''\n    def g(self): ...\n'''\n",
        "class A:\n    def f(self, a=[\n    1,\n    ]):\n        pass\n    x = 1\n",
        "class A:\n    def f(self):\n        return a + \\\n    b\n    x = 1\n",
        "class A:\n    if x:\n        def f(self): ...\n    else:\n        def f(self): ...\n",
        "class A:\n    class B:\n        def f(self): ...\n    def g(self): ...\n",
        "@d\nclass A(B, metaclass=C): x = 1\n",
        "class A:\n    def f(self): ...; x = 1\n    y = 2\n",
        "class A(\n    B,\n):\n    @d\n    # why\n    def f(self): ...\n    @d\n    class C: ...\n",
    ],
)
def test_of_the_methods_of_classes(text: str) -> None:
    assert outlined(text) == binding(text)
