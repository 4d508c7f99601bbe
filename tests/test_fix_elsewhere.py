"""A finding whose cause is in another file is mended there, where nobody else relies on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.findings import findings_in
from flake8_paramassign.fixes import cli
from flake8_paramassign.fixes.engine import analyze_with_fixes, fix_source
from flake8_paramassign.output import full, sarif
from flake8_paramassign.output.colour import plain
from flake8_paramassign.settings import Settings
from flake8_paramassign.source import Source

HELPER = """\
import torch
from torch import nn


def make(n, d):
    return nn.Parameter(torch.zeros(n)).to(d)


def leaf(n, d):
    return torch.zeros(n, requires_grad=True).to(d)


def listed(model):
    return model.parameters()


class Base(nn.Module):
    layers: list

    def __init__(self):
        super().__init__()
        self.layers = []
"""
MODEL = """\
import torch
from torch import nn
from helper import Base, leaf, listed, make


class Model(Base):
    def __init__(self, d):
        super().__init__()
        self.w = make(3, d)
        self.layers.append(nn.Linear(3, 3))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x * self.w


def train(model, d):
    torch.optim.SGD([leaf(3, d)], lr=0.1)
    ps = listed(Model(d))
    for p in ps:
        print(p)
    torch.optim.SGD(ps, lr=0.1)
"""
MENDED = (
    HELPER.replace("(torch.zeros(n)).to(d)", "(torch.zeros(n).to(d))")
    .replace("torch.zeros(n, requires_grad=True).to(d)", "torch.zeros(n).to(d).requires_grad_()")
    .replace("model.parameters()", "list(model.parameters())")
    .replace("= []", "= nn.ModuleList()")
    .replace(": list", ": nn.ModuleList")
)
CODES = ["PRM102", "PRM105", "PRM106", "PRM109"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with both files, the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "helper.py").write_text(HELPER)
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


def found(folder: Path) -> list[Diagnostic]:
    """What is found of the model, with its fixes."""
    file = folder / "model.py"
    return analyze_with_fixes(file.read_bytes(), str(file), settings=Settings())


def test_each_is_mended_where_it_is_caused(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--no-cache", "--unsafe-fixes", "--verbose", "."]) == 0

    assert (project / "helper.py").read_text() == MENDED
    assert (project / "model.py").read_text() == MODEL
    said = capfd.readouterr().err
    assert said.endswith("1 file changed, 4 findings fixed, 0 left\n")
    assert "model.py:9:9: PRM102 fixed: do it inside nn.Parameter(...) in helper.py, line 6" in said


def test_who_shares_a_cause_is_mended_with_the_first(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = MODEL.replace(", leaf, listed", "").partition("\n\n\ndef train")[0]
    for name in ("model.py", "other.py"):
        (project / name).write_text(
            lines.replace("        self.layers.append(nn.Linear(3, 3))\n", "")
        )

    assert cli.main(["--no-cache", "--unsafe-fixes", "."]) == 0
    assert capfd.readouterr().err == "1 file changed, 2 findings fixed, 0 left\n"


def test_it_is_shown_as_a_change_of_that_file(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    helper = project / "helper.py"
    helper.write_text(f"{HELPER}\n\nnn.Linear(3, 3).bias = torch.zeros(3)\n")  # mended, too

    assert cli.main(["--no-cache", "--unsafe-fixes", "--diff", "."]) == 1
    diff, said = capfd.readouterr()
    cli.main(["--no-cache", "--unsafe-fixes", "--check", "."])
    checked = capfd.readouterr().err
    cli.main(["--no-cache", "--unsafe-fixes", "--diff", "--output-format=json", "."])
    objects = json.loads(capfd.readouterr().out)

    assert helper.read_text().startswith(HELPER)
    assert "+++ b/helper.py" in diff
    assert "b/model.py" not in diff
    for line in (*MENDED.splitlines(), "nn.Linear(3, 3).bias.data.copy_(torch.zeros(3))"):
        assert line in HELPER or f"\n+{line}\n" in diff
    assert said == "1 file would change, 5 findings would be fixed, 0 left\n"
    assert checked.startswith("would change helper.py\n1 file would change")
    assert [o["fix"].get("filename") for o in objects] == [None, *[str(helper)] * 4]


def test_a_file_that_was_not_named_is_left_alone(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--no-cache", "--unsafe-fixes", "--verbose", "model.py"]) == 1

    assert (project / "helper.py").read_text() == HELPER
    said = capfd.readouterr().err
    assert "PRM102 left: its fix is of helper.py, which is not to be fixed" in said
    assert said.endswith("0 files changed, 0 findings fixed, 4 left\n")


def test_it_is_never_safe(project: Path) -> None:
    assert cli.main(["--no-cache", "."]) == 1
    assert (project / "helper.py").read_text() == HELPER
    assert all("nobody outside" in d.fix.message for d in found(project) if d.fix)


def test_who_fixes_one_text_leaves_others_alone(project: Path) -> None:
    source = MODEL.encode()
    result = fix_source(source, str(project / "model.py"), unsafe_fixes=True)

    assert result.source == source
    assert {reason for _, reason in result.left} == {"its fix is of another file"}


def test_a_person_is_shown_that_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = iter("nynq")
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    cli.main(["--no-cache", "--interactive", "."])

    container = HELPER.replace("= []", "= nn.ModuleList()").replace(": list", ": nn.ModuleList")
    assert (project / "helper.py").read_text() == container
    assert capfd.readouterr().out.count("helper.py\n@@") == 4


def test_reports_show_its_lines_and_name_it(project: Path) -> None:
    findings = findings_in("model.py", found(project), Source(MODEL))

    shown = plain(full.render(findings))
    assert f"      = {project / 'helper.py'}:6:39:\n    6 -     return nn.Par" in shown
    command = "paramassign --fix --unsafe-fixes where the file of the cause is fixed, too"
    assert shown.endswith(f"\n4 findings: 4 to be mended by {command}\n")
    log = json.loads(sarif.render(findings))
    changes = [r["fixes"][0]["artifactChanges"][0] for r in log["runs"][0]["results"]]
    assert {c["artifactLocation"]["uri"] for c in changes} == {"helper.py"}


OTHERS = {
    "a caller of each": (
        "from helper import *\n\nprint(make, leaf, listed, Base().layers)\n",
        CODES,
    ),
    "who stores it alike": (
        "from helper import make\n\n\nclass B:\n    def f(self):\n        self.w = make(3)\n",
        [],
    ),
    "another name": ("from helper import make as m, leaf as l\n", ["PRM102", "PRM106"]),
    "what does not parse": ("make leaf listed layers\n", CODES),
    "the words alone": ("'make leaf listed layers'  # make\n", []),
}


@pytest.mark.parametrize(
    ("folder", "is_refused"), [("v1.0/deep", True), (".hidden", False), ("venv", False)]
)
def test_files_are_looked_for_in_all_folders_of_the_project(
    project: Path, folder: str, is_refused: bool
) -> None:
    there = project / folder
    there.mkdir(parents=True)
    (there / "other.py").write_text("print(make)\n")
    (project / "venv" / "pyvenv.cfg").parent.mkdir(exist_ok=True)
    (project / "venv" / "pyvenv.cfg").touch()

    assert (found(project)[0].fix is None) == is_refused


@pytest.mark.parametrize("name", OTHERS)
def test_what_other_files_use_is_refused(project: Path, name: str) -> None:
    text, refused = OTHERS[name]
    (project / "scripts").mkdir()
    (project / "scripts" / "other.py").write_text(text)

    reasons = {d.code: d.why_not_fixed or "" for d in found(project)}

    assert list(reasons) == ["PRM102", "PRM105", "PRM106", "PRM109"]
    assert [code for code, reason in reasons.items() if reason] == refused
    assert all("other" in reason for reason in reasons.values() if reason)
