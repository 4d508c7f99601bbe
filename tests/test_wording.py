"""Whatever a source calls things, what is printed of it is a line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import Command
from hypothesis import example, given
from hypothesis import strategies as st

from flake8_paramassign import analyze
from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit, Fix, Position
from flake8_paramassign.findings import Finding
from flake8_paramassign.output import FORMATS, render
from flake8_paramassign.wording import (
    LONGEST_LINE,
    advised,
    is_python,
    masked,
    one_line,
    visible,
)

START = Position(1, 0)
ANY_TEXT = st.text(st.characters(codec=None))  # lone surrogates too


@given(ANY_TEXT)
def test_what_is_visible_is_one_line_in_any_encoding(text: str) -> None:
    shown = visible(text)

    assert shown.isprintable()
    assert visible(shown) == shown
    assert masked(text).replace("\t", "").isprintable()
    assert len(masked(text)) == len(text)


@given(ANY_TEXT, st.integers(1, 5_000))
@example("a" * 109 + " ", 20)
def test_a_line_is_of_ordinary_length(text: str, times: int) -> None:
    shown = one_line(text * times)

    assert len(shown) <= LONGEST_LINE
    assert one_line(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("w\n::warning::x", r"w\n::warning::x"),
        ("a\x1b[31m\rb", r"a\x1b[31m\rb"),
        ("access\u202e\u2066", r"access\u202e\u2066"),
        ("\ud800", r"\ud800"),
        ("##vso[task.setvariable]x ##[error]", r"#\x23vso[task.setvariable]x #\x23[error]"),
        ("Größe, 重み, # and ## stay", "Größe, 重み, # and ## stay"),
    ],
)
def test_what_is_escaped(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_both_ends_of_what_is_too_long_are_kept() -> None:
    assert one_line(f"'{'w' * 200_000}' is lost") == f"'{'w' * 76}...{'w' * 39}' is lost"
    assert one_line("first " + "again " * 1_000 + "last").startswith("first again ")
    assert one_line("first " + "again " * 1_000 + "last").endswith(" again last")


@pytest.mark.parametrize("code", ["m.weight.data.copy_(t)", "m.a = b", "m['ä'] += 1"])
def test_what_can_be_advised(code: str) -> None:
    assert is_python(code)


@pytest.mark.parametrize(
    "code", ["self.a b.data", "self.", "(" * 500, "m.\ud800", "m.x\n", f"f({'x' * 500})", "a\0b"]
)
def test_what_cannot(code: str) -> None:
    assert not is_python(code)


EVIL = "w\n::error::x\x1b[2J\u202e\ud800##vso[y]]]>\x00\x0b"


@pytest.fixture
def evil() -> Finding:
    fix = Fix(f"write {EVIL}", Applicability.UNSAFE, (Edit(START, START, EVIL),))
    diagnostic = Diagnostic("PRM101", "name", f"'{EVIL}' is {EVIL * 9_999}", START, START, fix)
    line = f"self.{EVIL}".replace("\n", " ") * 9_999
    return Finding(f"::{EVIL}.py".replace("\ud800", "\udcfd"), diagnostic, {1: line})


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_format_is_broken(evil: Finding, output_format: str) -> None:
    unfixed = replace(evil.diagnostic, fix=None, why_not_fixed=EVIL)
    one = render(output_format, [evil])
    report = render(output_format, [evil, replace(evil, diagnostic=unfixed)])

    assert len(report) < 10_000 or output_format == "sarif"  # which describes all rules
    report.encode()
    assert "\n::error::x" not in report
    assert "\u202e" not in report
    assert "##vso[" not in report or output_format in ("json", "gitlab", "sarif")
    if output_format in ("json", "sarif", "gitlab"):
        json.loads(report)
    elif output_format == "junit":
        ElementTree.fromstring(report)
    elif output_format in ("text", "github"):
        assert (one.count("\n"), report.count("\n")) == (1, 2)
    if output_format == "text":
        assert not one.lstrip("\x1b[0123456789;m").startswith("::")


HOSTILE = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, d):
        super().__init__()
        setattr(self, {name!a}, nn.Parameter(torch.zeros(2)).to(d))
"""


def test_flake8_takes_whatever_a_source_names(folder: Path, flake8: Command) -> None:
    (folder / "a.py").write_text(HOSTILE.format(name=EVIL))
    [line] = flake8("--select=PRM,E9", "a.py").lines
    assert line.startswith(r"a.py:8:9: PRM102 'w\n::error::x\x1b[2J\u202e\ud800#\x23vso[y]]]>\x00")


def test_a_source_is_shown_for_findings_only(folder: Path, paramassign: Command) -> None:
    (folder / "secret.py").write_text("password = swordfish(\n")
    outcome = paramassign("--output-format=full", "secret.py")
    assert "does not parse" in outcome.out
    assert "swordfish" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("name", "code"),
    [("w x", "m.w x.copy_(t)"), ("class", "m.class.copy_(t)"), ("w{...}", "m.w{...}.copy_(t)")],
)
def test_what_is_no_name_is_not_advised(name: str, code: str) -> None:
    assert advised(f"'{name}' is lost; write {code}", name) == f"'{name}' is lost"


@pytest.mark.parametrize("name", ["w", "größe", None])
def test_what_is_one_is(name: str | None) -> None:
    message = "'w' is lost; write m.w.copy_(t)"
    assert advised(message, name) == message


def test_advice_that_does_not_use_the_name_stays() -> None:
    message = "'w x' is lost; write nn.Parameter(t.to(d))"
    assert advised(message, "w x") == message


def test_advice_is_python_whatever_an_attribute_is_called() -> None:
    source = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_parameter("w x", nn.Parameter(torch.zeros(2)))
        setattr(self, "w x", torch.zeros(2))
"""
    [found] = analyze(source)
    assert (found.code, "write" in found.message) == ("PRM101", False)
