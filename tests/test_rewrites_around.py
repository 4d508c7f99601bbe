"""A fix leaves the code around it as it was written, whatever Python's grammar has to offer."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest
from rewritten import fixed

HEAD = "import torch\nimport torch.nn as nn\n\nlayer = nn.Linear(3, 4)\n"
BEFORE = "layer.bias = torch.ones(4)"
AFTER = "layer.bias.data.copy_(torch.ones(4))"

SURROUNDINGS = {
    "async": """
        async def f(xs):
            HERE
            async for x in xs:
                await x
        """,
    "match": """
        def f(x):
            match x:
                case {'w': [_, *_]} if x:
                    HERE
        """,
    "decorators": """
        @(lambda f: f)
        @wraps(print, updated=())
        def f():
            HERE
        """,
    "nested classes": """
        class A:
            class B(nn.Module):
                def f(self): pass

                @staticmethod
                def g():
                    HERE
        """,
    "else and finally": """
        def f():
            try: pass
            except (A, B) as e: raise
            else:
                HERE
            finally: pass
        """,
    "backslash": """
        def f(a, b):
            if a and \\
                    not b:
                HERE
        """,
    "walrus and lambda": """
        def f(a):
            if (b := (lambda *, c=1: c)()) > a: return
            HERE
        """,
}
NEWER = {
    (3, 11): """
        def f(a, *b):
            a[*b] = 1
            try: pass
            except* ValueError: pass
            HERE
        """,
    (3, 12): """
        type Pair[T] = tuple[T, T]

        class A[T: int, *Ts](nn.Module):
            def f[U](self, x: U) -> T:
                print(f'é{f'{x['b']!r:>{len('c')}}'}')
                HERE
        """,
    (3, 14): """
        def f(a):
            print(t'é{a}')
            HERE
        """,
}
"""What older versions of Python do not parse."""


def mended(program: str) -> tuple[str, str]:
    """What becomes of the program, and what has to."""
    source = HEAD + dedent(program)
    return (
        fixed(source.replace("HERE", BEFORE).encode()).decode(),
        source.replace("HERE", AFTER),
    )


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_the_code_around_stays_as_it_was_written(name: str) -> None:
    found, wanted = mended(SURROUNDINGS[name])

    assert found == wanted


@pytest.mark.parametrize("version", NEWER, ids=lambda version: "{}.{}".format(*version))
def test_so_does_what_newer_versions_brought(version: tuple[int, int]) -> None:
    if sys.version_info < version:
        pytest.skip(f"Python {sys.version_info[0]}.{sys.version_info[1]} does not parse it")
    found, wanted = mended(NEWER[version])

    assert found == wanted
