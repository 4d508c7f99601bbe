"""What each finding is rewritten to, which rewrites are safe, and why some are not made."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import libcst
import pytest
from conftest import Command
from rewritten import (
    FIXTURES,
    IN_INIT,
    LAYER,
    fixed,
    fixes,
    rewritten,
    rules_for,
)

from flake8_paramassign import analyze
from flake8_paramassign.diagnostics import Applicability
from flake8_paramassign.fixes.engine import analyze_with_fixes, fix_source
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.rules import Rule, all_rules
from flake8_paramassign.settings import Settings

FAILING = sorted(FIXTURES.rglob("*.fails.py"))


def kept_form(failing: Path) -> Path:
    """The file that holds what the codemod makes of a failing program."""
    return failing.with_name(failing.name.replace(".fails.", ".fixed."))


def parameters(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(FIXTURES))) for path in paths]


class TestFixtures:
    @pytest.mark.parametrize("path", parameters([p for p in FAILING if kept_form(p).exists()]))
    def test_become_the_kept_form_byte_for_byte(self, path: Path) -> None:
        before, kept = path.read_bytes(), kept_form(path).read_bytes()
        after = fixed(before, str(path))

        assert after.decode() == kept.decode()
        assert fixed(before.replace(b"\n", b"\r\n"), str(path)) == kept.replace(b"\n", b"\r\n")
        assert fixed(after, str(path)) == after
        assert analyze(after, str(path), settings=Settings(rules_for(path))) == []

    @pytest.mark.parametrize("path", parameters([p for p in FAILING if not kept_form(p).exists()]))
    def test_without_a_kept_form_stay_as_they_are_for_a_reason(self, path: Path) -> None:
        source = path.read_bytes()
        result = fix_source(source, str(path), Settings(rules_for(path)), unsafe_fixes=True)

        assert result.source == source
        assert result.left
        for diagnostic, reason in result.left:
            shown = diagnostic.fix and diagnostic.fix.applicability is Applicability.DISPLAY
            assert shown or diagnostic.why_not_fixed == reason

    def test_are_of_both_kinds(self) -> None:
        assert {kept_form(path).exists() for path in FAILING} == {True, False}


@dataclass(frozen=True)
class OneLine:
    """A fixture in which the fix changes one line, and the program by its parts."""

    path: Path
    above: str
    line: str
    fixed_line: str
    below: str

    @classmethod
    def read(cls, name: str) -> OneLine:
        path = FIXTURES / f"{name}.fails.py"
        lines = path.read_text("utf-8").splitlines(keepends=True)
        others = kept_form(path).read_text("utf-8").splitlines(keepends=True)
        [number] = [i for i, (a, b) in enumerate(zip(lines, others, strict=True)) if a != b]
        above, below = "".join(lines[:number]), "".join(lines[number + 1 :])
        return cls(path, above, lines[number], others[number], below)

    def program(self, line: str) -> str:
        return self.above + line + self.below


def _behind(line: str, text: str) -> str:
    return line.rstrip("\n") + text + "\n"


def _before(line: str, text: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return indent + text + line.lstrip()


WAYS_TO_WRITE: dict[str, Callable[[Callable[[str], str], str], str]] = {
    "CRLF": lambda program, line: program(line).replace("\n", "\r\n"),
    "CR": lambda program, line: program(line).replace("\n", "\r"),
    "tabs": lambda program, line: program(line).replace("    ", "\t"),
    "no newline at the end": lambda program, line: program(line).rstrip("\n"),
    "byte order mark": lambda program, line: "\ufeff" + program(line),
    "comment behind": lambda program, line: program(_behind(line, "  # é: kept")),
    "statement before": lambda program, line: program(_before(line, "é = '🎉'; ")),
    "statement behind": lambda program, line: program(_behind(line, "; é = '🎉'")),
    "if on one line": lambda program, line: program(_before(line, "if True: ")),
    "form feed": lambda program, line: program(line).replace("\n\n\n", "\n\f\n\n"),
    "spaces": lambda program, line: program(_behind(line, " \t ")),
}


@pytest.mark.parametrize("way", WAYS_TO_WRITE)
@pytest.mark.parametrize(
    "name",
    [
        "prm101/tensor_onto_linear_weight",
        "prm101/dunder_setattr",
        "prm102/frozen_and_moved",
        "prm102/concatenated",
        "prm103/autograd_variable",
        "prm104/appended",
        "prm105/tuple_display",
        "prm106/scaled_then_optimised",
        "prm108/arange",
        "prm201/clipped_without_grad",
        "prm202/item_of_state_dict",
        "prm202/data_of_a_looked_up_row",
        "prm203/submodule_frozen",
        "prm301/new_parameter_filled",
        "prm303/replaced_after_optimizer",
        "prm303/loaded_by_assignment",
        "prm304/frozen_by_a_loop",
        "prm304/requires_grad_of_data",
        "prm306/init_given_data",
        "prm903/mask_read_in_forward",
        "prm903/stored_by_setattr",
    ],
)
def test_all_but_the_edit_stays_as_it_was_written(name: str, way: str) -> None:
    fixture = OneLine.read(name)
    write = WAYS_TO_WRITE[way]
    before, after = (write(fixture.program, line) for line in (fixture.line, fixture.fixed_line))

    assert fixed(before.encode(), str(fixture.path)).decode() == after


def test_names_that_the_file_lacks_are_imported() -> None:
    source = (
        b"from torch import zeros\nfrom torch.nn import Linear, Module\n\n\nclass Model(Module):\n"
        b"    def __init__(self):\n        super().__init__()\n"
        b"        self.a = [Linear(2, 2), Linear(2, 3)]\n"
        b"        self.w = zeros(3, requires_grad=True)\n"
    )

    after = fixed(source).decode()

    assert "from torch.nn import Linear, Module, ModuleList, Parameter\n" in after
    assert "self.a = ModuleList([Linear(2, 2), Linear(2, 3)])\n" in after
    assert "self.w = Parameter(zeros(3))\n" in after


def test_a_name_that_cannot_be_imported_is_the_reason() -> None:
    source = (
        b"from torch.nn import Linear\nlayer = Linear(3, 4, bias=False)\n"
        b"def f(Parameter, nn, torch, torch_nn):\n"
        b"    from torch import ones\n"
        b"    layer = Linear(3, 4, bias=False)\n    layer.bias = ones(4)\n"
    )

    [finding] = analyze_with_fixes(source, "x.py", settings=Settings())

    assert "cannot be imported" in str(finding.why_not_fixed)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (libcst.ParserSyntaxError("no", lines=["x"], raw_line=1, raw_column=0), "does not read"),
        (RecursionError(), "too deeply"),
    ],
)
def test_what_libcst_cannot_read_is_a_reason(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(text: str) -> None:
        raise error

    monkeypatch.setattr(libcst, "parse_module", fail)
    [finding] = fixes(LAYER + "layer.bias = torch.ones(4)")

    assert finding.code == "PRM101"
    assert reason in str(finding.why_not_fixed)


def test_what_libcst_gives_back_otherwise_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = libcst.parse_module
    monkeypatch.setattr(libcst, "parse_module", lambda text: parse(f"{text}\n"))
    [finding] = fixes(LAYER + "layer.bias = torch.ones(4)")

    assert "as it is" in str(finding.why_not_fixed)


def test_an_operation_in_the_head_of_a_block_is_left_alone() -> None:
    body = "class Model(nn.Module):\n    def __init__(self, x):\n        super().__init__()\n"
    body += "        if (w := nn.Parameter(x).half()) is not None:\n            self.w = w\n"
    [finding] = fixes(body)

    assert "compound statement" in str(finding.why_not_fixed)


def test_every_finding_has_a_fix_or_a_reason() -> None:
    for path in FAILING:
        settings = Settings(rules_for(path))
        for finding in analyze(path.read_bytes(), str(path), settings=settings, rewrite=rewrite):
            assert (finding.fix is None) != (finding.why_not_fixed is None)
            edits = finding.fix.edits if finding.fix else ()
            assert all(a.end < b.start for a, b in pairwise(edits)), "edits that touch are one"


@pytest.mark.parametrize("rule", all_rules().values(), ids=all_rules())
def test_a_rule_says_which_fixes_it_has(rule: type[Rule]) -> None:
    found = {
        finding.fix.applicability.value
        for path in (FIXTURES / rule.code.lower()).glob("*.fails.py")
        for finding in analyze(
            path.read_bytes(), str(path), settings=Settings(rules_for(path)), rewrite=rewrite
        )
        if finding.fix and finding.code == rule.code
    }

    assert rule.fix == next(
        (kind for kind in ("safe", "unsafe", "display") if kind in found), "none"
    )


def test_edits_are_as_small_as_can_be() -> None:
    [finding] = fixes("self.w = nn.Parameter(torch.ones(n)).to(d)")
    assert finding.fix

    assert [(e.end.column - e.start.column, e.content) for e in finding.fix.edits] == [
        (1, ""),
        (0, ")"),
    ]


def test_words_do_not_run_into_each_other() -> None:
    body = "def make(x):\n    return-nn.Parameter(x)\n\n\n" + IN_INIT + "        self.w = make(x)"

    assert "    return nn.Parameter(-x)\n" in rewritten(body)


def test_libcst_is_imported_for_the_first_fix_only() -> None:
    code = (
        "import sys; from flake8_paramassign import analyze;"
        "from flake8_paramassign.fixes.rewrites import rewrite;"
        "analyze(b'import torch', 'x.py', rewrite=rewrite); assert 'libcst' not in sys.modules;"
        "source = b'import torch.nn as nn\\nlayer = nn.Linear(3, 4)\\nlayer.bias = 0.0\\n';"
        "assert analyze(source, 'x.py', rewrite=rewrite)[0].fix; assert 'libcst' in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


class TestCommandLine:
    SOURCE = b"import torch\nlayer = torch.nn.Linear(3, 4)\nlayer.bias = torch.ones(4)\n"

    def test_json_shows_the_fix(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_bytes(self.SOURCE + b"layer.weight = torch.nn.Linear(3, 4)\n")

        fix, reason = json.loads(paramassign("--output-format=json", "a.py").out)

        assert fix["fix"]["applicability"] == "safe"
        assert fix["why_not_fixed"] is None
        assert reason["fix"] is None
        assert "give the attribute another name" in reason["why_not_fixed"]

    def test_the_style_is_configured(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_bytes(self.SOURCE)
        (folder / "pyproject.toml").write_text('[tool.paramassign]\nstyle = "no-grad"\n')

        assert "layer.bias.copy_(torch.ones(4))" in paramassign("--output-format=full").out
