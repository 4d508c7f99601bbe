"""The outline of a file has the statements that its tree has, at the same places."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from flake8_paramassign.inference.outline import outline

ROOT = Path(__file__).parent.parent
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def outlined(text: str) -> list[str]:
    """The statements of all parts, with their positions."""
    return [
        ast.dump(statement, include_attributes=True)
        for part in outline(text)
        for statement in part.parse()
    ]


def binding(text: str) -> list[str]:
    """The statements of the whole tree that bind names."""
    kinds = (*DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.If, ast.Try)
    return [
        ast.dump(statement, include_attributes=True)
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
