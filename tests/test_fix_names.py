"""`torch` and `nn` go by the name the file has for them, where that is what the name means.

In each source, HERE stands where the name is needed.
"""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from fix_fakes import place

from flake8_paramassign.diagnostics import Position
from flake8_paramassign.fixes import imports
from flake8_paramassign.fixes.imports import name_for
from flake8_paramassign.fixes.scopes import Scopes


def reused(source: str, dotted: str) -> str:
    """Return what stands for `dotted` where nothing needs to be imported."""
    text = dedent(source)
    name, edits = name_for(text, ast.parse(text), dotted, place(text, text.index("HERE")))
    assert edits == ()
    return name


@pytest.mark.parametrize(
    ("present", "name"),
    [
        ("import torch", "torch.nn.Parameter"),
        ("import torch.nn", "torch.nn.Parameter"),
        ("import torch.optim", "torch.nn.Parameter"),
        ("import torch as T", "T.nn.Parameter"),
        ("import torch.nn as nn", "nn.Parameter"),
        ("from torch import nn", "nn.Parameter"),
        ("from torch import nn as tnn", "tnn.Parameter"),
        ("import torch\nfrom torch import nn", "nn.Parameter"),
        ("from torch.nn import Parameter", "Parameter"),
        ("from torch.nn import Parameter as P, Module", "P"),
        ("from torch.nn.parameter import Parameter", "Parameter"),
        ("from torch import nn\nfrom torch.nn import Parameter", "Parameter"),
        ("import os, torch as T, sys", "T.nn.Parameter"),
        ("try:\n    import torch.nn as nn\nexcept ImportError:\n    nn = None", "nn.Parameter"),
        ("try:\n    import torch\nexcept ImportError:\n    torch = None", "torch.nn.Parameter"),
        ("if x:\n    import torch\nelse:\n    torch = None", "torch.nn.Parameter"),
        ("if x:\n    torch = None\nelse:\n    import torch", "torch.nn.Parameter"),
        ("if x:\n    import torch\nif y:\n    import torch.nn", "torch.nn.Parameter"),
    ],
)
@pytest.mark.parametrize("use", ["HERE", "class C:\n    def f(self):\n        return HERE"])
def test_the_name_that_the_file_has_is_used(present: str, name: str, use: str) -> None:
    assert reused(f"{present}\n{use}\n", "torch.nn.Parameter") == name


@pytest.mark.parametrize(
    ("dotted", "name"),
    [
        ("torch", "T"),
        ("torch.no_grad", "T.no_grad"),
        ("torch.nn", "nn"),
        ("torch.nn.init.normal_", "init.normal_"),
        ("torch.nn.functional.relu", "nn.functional.relu"),
    ],
)
def test_anything_of_torch_can_be_asked_for(dotted: str, name: str) -> None:
    source = "import torch as T\nfrom torch import nn\nfrom torch.nn import init\nHERE\n"

    assert reused(source, dotted) == name


def test_a_function_sees_its_own_imports_and_those_around_it() -> None:
    source = """
        def f():
            import torch.nn as tnn
            def g():
                return lambda: [HERE for _ in x]
        """

    assert reused(source, "torch.nn.Parameter") == "tnn.Parameter"


def test_a_function_sees_an_import_that_stands_below_it() -> None:
    source = "def f():\n    HERE\n\nimport torch\n"

    assert reused(source, "torch.no_grad") == "torch.no_grad"


def test_a_class_body_sees_its_own_names() -> None:
    assert reused("class C:\n    import torch\n    x = HERE\n", "torch") == "torch"


SHADOWS = {
    "argument": "def f(nn):\n    HERE",
    "lambda argument": "f = lambda nn: HERE",
    "positional argument": "def f(nn, /):\n    HERE",
    "keyword argument": "def f(*, nn):\n    HERE",
    "keywords": "def f(**nn):\n    HERE",
    "starred argument": "def f(*nn):\n    HERE",
    "assigned below": "def f():\n    HERE\n    nn = 1",
    "loop": "def f():\n    for nn in x:\n        HERE",
    "with": "def f():\n    with x as nn:\n        HERE",
    "except": "def f():\n    try:\n        x\n    except E as nn:\n        HERE",
    "walrus": "def f():\n    if nn := x:\n        HERE",
    "comprehension": "y = [HERE for nn in x]",
    "unpacking": "def f():\n    a, (*nn, b) = x\n    HERE",
    "inner function": "def f():\n    def nn(): ...\n    HERE",
    "inner class": "def f():\n    class nn: ...\n    HERE",
    "match": "def f():\n    match x:\n        case [nn]:\n            HERE",
    "match rest": "def f():\n    match x:\n        case {**nn}:\n            HERE",
    "module": "nn = 3\ndef f():\n    HERE",
    "deleted": "del nn\nHERE",
    "global": "def g():\n    global nn\n    nn = 3\ndef f():\n    HERE",
    "another import": "from mxnet import nn\nHERE",
    "class body": "class C:\n    nn = 1\n    x = HERE",
}


@pytest.mark.parametrize("shadow", SHADOWS.values(), ids=SHADOWS)
def test_a_name_that_means_something_else_is_not_used(shadow: str) -> None:
    source = f"import torch\nfrom torch import nn\n{shadow}\n"

    assert reused(source, "torch.nn.Parameter") == "torch.nn.Parameter"


NO_SHADOWS = {
    "elsewhere": "def g(nn): ...\ndef f():\n    HERE",
    "class, seen from its method": "class C:\n    nn = 1\n    def f(self):\n        HERE",
    "attribute": "x.nn = 1\nHERE",
    "keyword": "g(nn=1)\nHERE",
    "its own default": "def f(nn=HERE): ...",
    "comprehension elsewhere": "y = [nn for nn in x]\nHERE",
    "imported again": "def f():\n    from torch import nn\n    HERE",
}


@pytest.mark.parametrize("source", NO_SHADOWS.values(), ids=NO_SHADOWS)
def test_a_name_is_used_where_nothing_hides_it(source: str) -> None:
    assert reused(f"from torch import nn\n{source}\n", "torch.nn.Parameter") == "nn.Parameter"


def test_a_file_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def look(tree: ast.Module) -> Scopes:
        looks.append(tree)
        return Scopes(tree)

    monkeypatch.setattr(imports, "Scopes", look)
    text = "import torch\nHERE\n"
    tree = ast.parse(text)

    for _ in range(3):
        name_for(text, tree, "torch", Position(2, 0))

    assert looks == [tree]


def test_a_long_chain_of_elif_is_no_obstacle() -> None:
    chain = "if x == 0:\n    pass\n" + "".join(f"elif x == {i}:\n    pass\n" for i in range(900))

    assert reused(f"import torch\n{chain}HERE\n", "torch") == "torch"
