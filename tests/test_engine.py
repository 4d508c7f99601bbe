"""What the engine knows after a few lines: its specification by example.

Each program is the body of a function whose arguments nobody knows, and stores something in
``m.shown``: the table says what that may be, and in which grad mode.
"""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from events import as_known, shown

from flake8_paramassign.analyzer import Analyzer
from flake8_paramassign.domain.objects import Container, Obj, Tensor, Thing
from flake8_paramassign.domain.state import INHERITED
from flake8_paramassign.domain.values import Constant, Plain, Unknown, Value
from flake8_paramassign.semantics.events import AttributeStored

BEFORE = """\
import contextlib, copy, functools, logging
from contextlib import contextmanager

@contextmanager
def frozen():
    with torch.no_grad():
        yield

def helper(module):
    return module.weight

def changes(module):
    module.weight = None

"""


def stored(program: str) -> AttributeStored:
    """The last store of ``m.shown``."""
    body = indent(dedent(program), "    ")
    return shown(f"{BEFORE}def f(m: nn.Module, c, d, x):\n{body}\n")


def known(program: str) -> set[str]:
    """What ``m.shown`` may be."""
    return {say(held) for held in as_known(stored(program))}


def say(held: Obj | Value) -> str:
    """A word or two for what is known of something; ``?`` is nothing."""
    if isinstance(held, Constant):
        return repr(held.value)
    if isinstance(held, Plain):
        return held.kind
    if isinstance(held, Tensor):
        kind = "Parameter" if held.is_parameter else "tensor"
        return {True: f"{kind} that trains", False: kind, None: f"{kind}?"}[held.trainable]
    if isinstance(held, Container):
        return held.kind
    if isinstance(held, Thing):
        return held.cls.name.rpartition(".")[2] if held.cls is not None else "?"
    return "?" if isinstance(held, Unknown) else type(held).__name__


# How blocks are left.


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("y = 1\nif c: y = 2", {"1", "2"}),
        ("if c: y = 1\nelse: y = 2", {"1", "2"}),
        ("y = 1\nif True: y = 2", {"2"}),
        ("y = 1\nif False: y = 2", {"1"}),
        ("y = 1\nif c:\n    return\n    y = 2", {"1"}),
        ("y = 1\nif c:\n    y = 2\n    raise ValueError", {"1"}),
        ("y = None if c else 1\nif y is None: y = 2", {"1", "2"}),
        ("y = None if c else 1\nassert y is not None", {"1"}),
        ("y = None if c else 1\nif not y: return", {"1"}),
        ("y = 1 if c else 2\nif y == 1: y = 3", {"2", "3"}),
        ("y, z = (1, 2) if c else (3, 4)\nif y == 1: y = z\nelse: y = 5", {"2", "4", "5"}),
        ("y = 1\nfor _ in c: y = 2", {"1", "2"}),
        ("y = 1\nfor _ in (): y = 2", {"1"}),
        ("for y in (1, 2): pass", {"2"}),
        ("for y in (1, 2):\n    if y == 1: break", {"1"}),
        ("y = 1\nfor z in (1, 2):\n    if z == 1: continue\n    y = z", {"2"}),
        ("y = 1\nfor z in (1, 2): y = z\nelse: y = 3", {"3"}),
        ("for y in (1, 2):\n    if c: break\nelse: y = 3", {"1", "3"}),
        ("for y in (1, 2):\n    if c(): break\nelse: y = 3", {"1", "2", "3"}),
        ("while True:\n    y = 1\n    if c: break", {"1"}),
        ("y = 1\nwhile c: y = 2", {"1", "2"}),
        ("y = 1\nwhile c:\n    y = 2\n    return", {"1"}),
        ("y = z = 1\nwhile c: y, z = z, 2", {"1", "2"}),
        ("try: y = 1\nfinally: y = 2", {"2"}),
        ("y = 1\ntry:\n    y = 2\n    c()\nexcept ValueError: y = 3", {"2", "3"}),
        ("y = 1\ntry:\n    c()\n    y = 2\nexcept ValueError: pass", {"1", "2"}),
        ("y = 1\ntry: c()\nexcept ValueError: return\nelse: y = 2", {"2"}),
        (
            "y = 1\ntry:\n    if c: raise ValueError\n    y = 2\nexcept ValueError: y = 3",
            {"2", "3"},
        ),
        ("y = 1\nwith contextlib.suppress(KeyError):\n    c()\n    y = 2", {"1", "2"}),
        ("match c:\n    case 1: y = 1\n    case _: y = 2", {"1", "2"}),
        ("y = 0\nmatch 1:\n    case 1: y = 1\n    case _: y = 2", {"1"}),
        ("y = 0\nmatch c:\n    case 1: y = 1", {"0", "1"}),
        ("y = 0\nmatch c:\n    case z if False: y = 1", {"0"}),
    ],
)
def test_statements(program: str, expected: set[str]) -> None:
    assert known(f"{program}\nm.shown = y") == expected


# Values.


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("(1, 2)[1]", {"2"}),
        ("(1, 2)[-1]", {"2"}),
        ("[1, 2, 3][1:][0]", {"2"}),
        ("{'a': 1}['a']", {"1"}),
        ("{'a': 1}.get('b', 2)", {"2"}),
        ("{**{'a': 1}, 'a': 2}['a']", {"2"}),
        ("[*(1, 2), 3][2]", {"3"}),
        ("[y for y in (1, 2)][1]", {"2"}),
        ("[1, 2].pop()", {"2"}),
        ("dict(a=1)['a']", {"1"}),
        ("list(zip((1, 2), (3, 4)))[1][0]", {"2"}),
        ("list(enumerate('ab'))[1][0]", {"1"}),
        ("(lambda y: y)(1)", {"1"}),
        ("(lambda y=1: y)()", {"1"}),
        ("functools.partial(lambda y, z: z, 1)(2)", {"2"}),
        ("(y := 1)", {"1"}),
        ("1 if c else None", {"1", "None"}),
        ("c or 1", {"?", "1"}),
        ("None or 1", {"1"}),
        ("c", {"?"}),
        ("f'{c}'", {"Text"}),
        ("nn.Parameter(x)", {"Parameter that trains"}),
        ("nn.Parameter(x, requires_grad=False)", {"Parameter"}),
        ("nn.Parameter(x).data", {"tensor"}),
        ("nn.Parameter(x) * 2", {"tensor that trains"}),
        ("nn.Parameter(x).requires_grad_(False)", {"Parameter"}),
        ("nn.Linear(2, 3)", {"Linear"}),
        ("nn.Linear(2, 3).weight", {"Parameter that trains"}),
        ("nn.Linear(2, 3, bias=False).bias", {"None"}),
        ("nn.Sequential(nn.Linear(2, 3), nn.ReLU())[1]", {"ReLU"}),
        ("nn.ModuleList([nn.ReLU(), nn.GELU()])[-1]", {"GELU"}),
        ("nn.ModuleDict({'a': nn.ReLU()})['a']", {"ReLU"}),
        ("helper(nn.Linear(2, 3))", {"Parameter that trains"}),
        ("getattr(nn.Linear(2, 3), 'weight')", {"Parameter that trains"}),
        ("copy.deepcopy(nn.Linear(2, 3)).weight", {"Parameter that trains"}),
    ],
)
def test_expressions(expression: str, expected: set[str]) -> None:
    assert known(f"m.shown = {expression}") == expected


# Grad mode.


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("torch.no_grad()", False),
        ("torch.enable_grad()", True),
        ("torch.inference_mode()", False),
        ("torch.inference_mode(False)", True),
        ("torch.set_grad_enabled(False)", False),
        ("torch.set_grad_enabled(True)", True),
        ("torch.set_grad_enabled(c)", None),
        ("torch.no_grad() if c else contextlib.nullcontext()", None),
        ("torch.no_grad() if c else torch.inference_mode()", False),
        ("frozen()", False),
        ("c", None),
        ("c.no_grad()", None),
        ("contextlib.ExitStack()", None),
        ("contextlib.nullcontext()", INHERITED),
        ("torch.autocast('cuda')", INHERITED),
        ("open(c)", INHERITED),
        ("torch.no_grad(), torch.enable_grad()", True),
        ("torch.no_grad(), open(c) as y", False),
    ],
)
def test_grad_mode_in_a_context(context: str, expected: bool | str | None) -> None:
    assert stored(f"with {context}:\n    m.shown = 1").state.grad == expected
    if expected is not None:
        assert stored(f"with {context}:\n    pass\nm.shown = 1").state.grad == INHERITED


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("torch.set_grad_enabled(False)", False),
        ("if c: torch.set_grad_enabled(False)", None),
        ("with torch.no_grad():\n    torch.set_grad_enabled(True)", INHERITED),
        ("with torch.no_grad():\n    with torch.enable_grad():\n        pass", INHERITED),
    ],
)
def test_grad_mode_after(program: str, expected: bool | str | None) -> None:
    assert stored(f"{program}\nm.shown = 1").state.grad == expected


# What code does to what it is given.

KEPT, CHANGED = {"Parameter that trains"}, {"?"}
NONE = {"None"}


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("pass", KEPT),
        ("c()", KEPT),
        ("c(x)", KEPT),
        ("print(layer)", KEPT),
        ("logging.info('%s', layer)", KEPT),
        ("torch.save(layer, c)", KEPT),
        ("isinstance(layer, c)", KEPT),
        ("layer(x)", KEPT),
        ("layer.eval()", KEPT),
        ("y = functools.partial(c, layer)", KEPT),
        ("y = lambda: c(layer)", KEPT),
        ("torch.optim.SGD(layer.parameters(), lr=c)", KEPT),
        ("helper(layer)", KEPT),
        ("changes(layer)", NONE),
        ("c(layer)", CHANGED),
        ("c(y=layer)", CHANGED),
        ("c(*[layer])", CHANGED),
        ("c(**{'y': layer})", CHANGED),
        ("c([layer])", CHANGED),
        ("c({'y': (layer,)})", CHANGED),
        ("c(layer.forward)", CHANGED),
        ("c(layer.register_parameter)", CHANGED),
        ("c(lambda: layer)", CHANGED),
        ("c(functools.partial(changes, layer))", CHANGED),
        ("y = functools.partial(c, layer)\ny()", CHANGED),
        ("c.y(layer)", CHANGED),
        ("c.y = layer\nc.run()", CHANGED),
        ("with c(layer): pass", CHANGED),
        ("setattr(layer, c, None)", KEPT | {"?"}),
        ("delattr(layer, c)", CHANGED),
        ("layer._parameters.update(c)", CHANGED),
        ("vars(layer).update(c)", CHANGED),
        ("for _ in c: changes(layer)", KEPT | NONE),
        ("def g(): layer.weight = None\ng()", NONE),
        ("def g(): layer.weight = None\nc(g)", CHANGED),
        ("def g():\n    nonlocal layer\n    layer = None\ng()\nlayer = layer or c", CHANGED),
        ("other = layer\nother.weight = None", NONE),
        ("layers = [layer]\nlayers[0].weight = None", NONE),
        ("layer, other = nn.Linear(2, 3), layer\nother.weight = None", KEPT),
        ("two = [nn.Linear(2, 3) for _ in range(2)]\ntwo[0].weight = None\nlayer = two[1]", KEPT),
        (
            "two = [nn.Linear(2, 3) for _ in c]\ntwo[0].weight = None\nlayer = two[1]",
            {*KEPT, *NONE, "?"},
        ),
        ("(layer if c else nn.Linear(2, 3)).weight = None", KEPT | NONE),
    ],
)
def test_effects(program: str, expected: set[str]) -> None:
    found = known(f"layer = nn.Linear(2, 3)\n{program}\nm.shown = layer.weight")
    if expected <= CHANGED:
        assert found & CHANGED, found
    else:
        assert found == expected


def test_a_loop_that_leaves_nothing_behind_is_judged_by_what_it_had() -> None:
    """What the rounds of a loop made is let go of; that it was of no use is told at the end."""
    program = """
import torch


def shrink(model, by):
    for p in model.parameters():
        p = by * p


class Averaged:
    def __init__(self, model):
        self.model = model

    def merge(self, weights):
        prepare(self.model)
        for name, p in self.model.named_parameters():
            p = weights[name] * p
            p /= 2.0


def used(model, by):
    found = []
    for p in model.parameters():
        p = by * p
        p /= 2.0
        found.append(p)
    return found
"""
    found = Analyzer().analyze(program)
    assert [(d.code, d.start.line) for d in found] == [("PRM201", 7), ("PRM201", 17)]


def test_what_unknown_code_had_may_be_frozen() -> None:
    program = """
import torch


def fill(model):
    {}
    for p in model.parameters():
        p.fill_(0)


fill(torch.nn.Linear(2, 2))
"""
    found = Analyzer().analyze(program.format("print(model)"))
    assert [diagnostic.code for diagnostic in found] == ["PRM301"]
    assert Analyzer().analyze(program.format("freeze(model)")) == []


def test_an_operator_may_store_by_a_property() -> None:
    program = """
from torch import nn


class Search(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(make())

    @property
    def baseline(self):
        return self._baseline

    @baseline.setter
    def baseline(self, value):
        self.weight = 3.0

    def update(self, reward):
        self.baseline += reward
"""
    assert [(d.code, d.start.line) for d in Analyzer().analyze(program)] == [("PRM101", 16)]


def test_a_property_of_a_base_is_what_super_reads() -> None:
    program = """
import torch
from torch import nn


class Base(nn.Module):
    @property
    def start(self):
        return torch.zeros(2)


class Child(Base):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))

    def reset(self):
        self.weight = super().start
"""
    assert [(d.code, d.start.line) for d in Analyzer().analyze(program)] == [("PRM101", 18)]
