"""Code that would fill the memory, take for ever, or meet a defect of ours, costs only itself."""

from __future__ import annotations

import pytest
from everything import time_limit

from flake8_paramassign.analysis import analyze
from flake8_paramassign.doubts import Doubts
from flake8_paramassign.semantics.expressions.evaluation import Expressions
from flake8_paramassign.semantics.running import effort

LOST = """\
import copy
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(3)).to(d)
"""
IN_INIT = "        "
STORED = "setattr(self, c, nn.Parameter(torch.zeros(2)).to(d))"
SHAPED = "self.p = nn.Parameter(torch.zeros(c)).to(d)"
LAYERS = "[nn.Linear(2, 2)]"

DOUBLED = {
    "a list added to itself": (LAYERS, "c = c + c", "self.c = c"),
    "arguments with a star": ("nn.Sequential(nn.Linear(2, 2))", "c = nn.Sequential(*c, *c)", ""),
    "copies of copies": (LAYERS, "c = [copy.deepcopy(c), copy.deepcopy(c)]", ""),
    "a tuple of itself": ("(1,)", "c = (c, c)", f"{SHAPED} if c == c else None"),
    "a tuple added to itself": ("(1,)", "c = c + c", SHAPED),
    "an f-string": ("'w'", "c = f'{c}{c}'", STORED),
    "an f-string known in part": ("f'a{d}b'", "c = f'{c}{c}'", STORED),
    "a string added to": ("f'a{d}b'", "c = c + c", STORED),
    "str.format": ("'w'", "c = '{}{}'.format(c, c)", STORED),
    "str.join": ("'w'", "c = c.join((c, c, c))", STORED),
    "str.replace": ("'w'", "c = c.replace('w', 'ww')", STORED),
    "a width": ("1", "c = '{:>10000000000}'.format(c)", STORED),
    "a width that is given": ("1", "c = '{:{}}'.format(c, 10000000000)", STORED),
    "a long number": (f"0x{'f' * 5_000}", "c = f'{c}'", STORED),
    "a long number as text": (f"0x{'f' * 5_000}", "c = str(c)", STORED),
}


@pytest.mark.parametrize("kind", DOUBLED)
def test_what_grows_with_each_statement_is_not_kept(kind: str) -> None:
    start, step, end = DOUBLED[kind]
    lines = [f"c = {start}", *[step] * 60, end]
    with time_limit(20):
        found = analyze(LOST + "".join(f"{IN_INIT}{line}\n" for line in lines))
    assert {f.code for f in found} <= {"PRM102", "PRM105"}
    assert (found[0].start.line, found[0].code) == (9, "PRM102")


ENDLESS_BEGINS = "\n\ndef endless(m: nn.Linear, d):\n    m.weight = torch.zeros(2, 2)\n"
ENDLESS = {
    "a comprehension": f"[nn.Linear(2, 2) {' '.join(f'for a{i} in range(8)' for i in range(12))}]",
    "comprehensions": f"{'[' * 12}0{''.join(f' for a{i} in range(8)]' for i in range(12))}",
    "tests": f"{'(d.a if ' * 40}d{' else d.b)' * 40}",
    "comparisons": f"{'(d == ' * 60}d{')' * 60}",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_would_take_for_ever_is_given_up(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "_STEPS", 4_000)
    endless = f"{ENDLESS_BEGINS}    m.c = {ENDLESS[kind]}\n"
    with time_limit(20):
        found = analyze(LOST + endless)
    assert [(f.start.line, f.code) for f in found] == [(9, "PRM102"), (14, "PRM001")]
    assert found[1].message == "the code would take too long to be analysed"


def test_loops_in_loops_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "_STEPS", 4_000)
    loops = "".join(f"{'    ' * (i + 1)}for a{i} in range(8):\n" for i in range(15))
    with time_limit(20):
        found = analyze(f"{LOST}{ENDLESS_BEGINS}{loops}{'    ' * 16}c = nn.Linear(2, 2)\n")
    assert (found[0].start.line, found[0].code) == (9, "PRM102")
    assert found[-1].message == "the code would take too long to be analysed"


def test_loops_that_take_many_steps_are_widened_sooner_and_the_rest_is_analysed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As scripts that score detections have them: five loops in each other, and tests in each."""
    monkeypatch.setattr(effort, "_STEPS", 5_000)
    score = """
def score(ids, truths, found):
    for kind in ("bus", "car", "man"):
        for level in (0, 1, 2):
            best, marks, kept = 0, [], []
            for i, each in enumerate(ids):
                truth, taken = truths[each], []
                for j, name in enumerate(truth["names"]):
                    if name == kind and truth["sizes"][j] > level:
                        taken.append(0)
                    elif name != kind:
                        taken.append(-1)
                    else:
                        taken.append(1)
                kept.append(taken)
                marks.append(truth["marks"])
            for i, each in enumerate(ids):
                taken, mark = kept[i], marks[i]
                for j in range(len(taken)):
                    at, best = -1, -1
                    for k in range(len(mark)):
                        if not taken[k] and mark[k] > level and found[i][j, k] > best:
                            at, best = k, mark[k]
                    if at != -1:
                        taken[at] = True
                        if taken[j] == 0 and mark[at] > level:
                            kept.append(best)
    n = nn.Linear(2, 2)
    n.weight = torch.zeros(2, 2)
"""
    with time_limit(20):
        assert [f.code for f in analyze(LOST + score)] == ["PRM102", "PRM101"]


def test_what_holds_itself_is_analysed() -> None:
    found = analyze(f"""{LOST}

def holds_itself(w: nn.Parameter, d):
    ring, pair = [], (int,)
    ring.append(ring)
    for _ in d:
        pair = (pair, pair)
    for held in (ring, pair):
        torch.tensor(held), w[held], isinstance(w, held), nn.Sequential(*held), d == held
""")
    assert [f.code for f in found] == ["PRM102"]


def test_an_object_that_may_be_its_own_method_is_called() -> None:
    found = analyze(f"""{LOST}

class Wrapper(nn.Module):
    def forward(self, x):
        self.w = x
        return x


def wrap(names, x):
    wrapper = Wrapper()
    for name in names:
        setattr(wrapper, name, wrapper)
        wrapper(x)
""")
    assert [f.code for f in found] == ["PRM102"]


SEVERAL = f"""{LOST}

def loads(m: nn.Linear):
    m.weight = torch.zeros(2, 2)


class Base(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.v = nn.Parameter(torch.zeros(3)).to(d)

    def other(self):
        %s


class Heir(Base):
    def __init__(self, d):
        super().__init__(d)
        self.u = nn.Parameter(torch.zeros(3)).to(d)


%s
"""
FAILS = "self.layer = nn.Linear(2, 'defect')"


@pytest.fixture
def defect(monkeypatch: pytest.MonkeyPatch) -> None:
    """The analysis of one constant fails."""
    evaluate = Expressions.evaluate

    def fails(self: Expressions, node, state):  # type: ignore[no-untyped-def]
        if getattr(node, "value", None) == "defect":
            raise KeyError("defect")
        if getattr(node, "value", None) == "deep":
            return fails(self, node, state)
        return evaluate(self, node, state)

    monkeypatch.setattr(Expressions, "evaluate", fails)


@pytest.mark.parametrize(
    ("inside", "beside", "found"),
    [
        ("pass", "", {9: "PRM102", 13: "PRM101", 19: "PRM102", 28: "PRM102"}),
        (FAILS, "", {9: "PRM102", 13: "PRM101", 22: "PRM001"}),  # and nothing of its heir
        ("pass", "def uses(m):\n    loads(m)\n    layer = nn.Linear(2, 'defect')",
         {9: "PRM102", 19: "PRM102", 28: "PRM102", 33: "PRM001"}),
        ("pass", "def stores(m):\n    m.w = m\n    layer = nn.Linear(2, 'defect')",
         {13: "PRM101", 19: "PRM102", 28: "PRM102", 33: "PRM001"}),
        ("pass", "def deep(m: nn.Linear):\n    m.bias = 'deep'",
         {9: "PRM102", 13: "PRM101", 19: "PRM102", 28: "PRM102", 32: "PRM001"}),
        ("pass", "for oops in range(2):\n    layer = nn.Linear(2, 'defect')\n    net = Net('cuda')",
         {13: "PRM101", 19: "PRM102", 28: "PRM102", 32: "PRM001"}),
    ],
)  # fmt: skip
def test_a_defect_costs_what_it_may_concern(
    inside: str, beside: str, found: dict[int, str], defect: None
) -> None:
    """It is said of what is in the failing piece, or may be changed there; the rest stands."""
    told = analyze(SEVERAL % (inside, beside))
    assert {f.start.line: f.code for f in told} == found
    for finding in told:
        if finding.code == "PRM001":
            assert "KeyError" in finding.message or "too deeply" in finding.message


def test_without_doubt_a_defect_would_claim_too_much(
    defect: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Doubts, "concern", lambda *_: False)
    assert 28 in {f.start.line for f in analyze(SEVERAL % (FAILS, ""))}
