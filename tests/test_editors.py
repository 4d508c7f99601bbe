"""The files under ``editors``, and what happens in the editors that can be had here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.diagnostics import Applicability, Diagnostic
from flake8_paramassign.fixes.edits import Text
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.lsp.__main__ import main
from flake8_paramassign.lsp.options import Options
from flake8_paramassign.rules import all_rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
EDITORS = ROOT / "editors"
EVERYTHING = Configuration(select=("PRM",))
"""What the driver of Neovim asks for."""
DRIVER = ROOT / "tests" / "drive_neovim.lua"
NEEDS_PYGLS = pytest.mark.skipif(find_spec("pygls") is None, reason="pygls is not installed")


def failing() -> list[Path]:
    """Return a program for each rule that fails as the rule says."""
    return [
        min((ROOT / "fixtures" / code.lower()).glob("*.fails.py"))
        for code in all_rules()
        if (ROOT / "fixtures" / code.lower()).is_dir()
    ]


def findings(file: Path, configuration: Configuration) -> list[Diagnostic]:
    return [f.diagnostic for f in Checker(configuration, rewrite).check_file(str(file))]


def mended(file: Path, configuration: Configuration) -> str:
    """Return the text after the first choice at its first finding."""
    text, found = file.read_text("utf-8"), findings(file, configuration)
    place = found[0].start
    touched = [d.fix for d in found if d.start <= place <= d.end]
    fixes = [fix for fix in touched if fix and fix.applicability is not Applicability.DISPLAY]
    fixes.sort(key=lambda fix: fix.applicability is not Applicability.SAFE)
    return Text(text).apply(fixes[0].edits).text if fixes else text


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Where ``paramassign-lsp`` is a command."""
    command = tmp_path / "bin" / "paramassign-lsp"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flake8_paramassign.lsp "$@"\n')
    command.chmod(0o755)
    return {**os.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}


@NEEDS_PYGLS
@pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")
def test_neovim_shows_each_defect_and_writes_what_the_fixer_writes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    files = failing()
    assert len(files) == len(all_rules()) - 1  # PRM001 has no program
    result = tmp_path / "result.json"
    done = subprocess.run(
        ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {DRIVER}"],
        env=environment
        | {
            "SETTINGS": str(EDITORS / "neovim.lua"),
            "FILES": json.dumps([str(file) for file in files]),
            "RESULT": str(result),
            "XDG_STATE_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
    )
    assert result.exists(), done.stderr
    seen = dict(zip(files, json.loads(result.read_text()), strict=True))
    for file, of_editor in seen.items():
        expected = findings(file, EVERYTHING)
        assert [shown[0] for shown in of_editor["shown"]] == [d.code for d in expected], file
        assert [shown[1] + 1 for shown in of_editor["shown"]] == [d.start.line for d in expected]
        if of_editor["title"].startswith("Ignore "):  # There is no fix, and this comes first.
            assert f"  # noqa: {expected[0].code}\n" in of_editor["text"], file
            assert mended(file, EVERYTHING) == file.read_text("utf-8"), file
        else:
            assert of_editor["text"] == mended(file, EVERYTHING), file


def has_eglot() -> bool:
    """Return whether there is an Emacs with a client for language servers."""
    if shutil.which("emacs") is None:
        return False
    code = "(progn (package-initialize) (require 'eglot))"
    return subprocess.run(["emacs", "--batch", "--eval", code], capture_output=True).returncode == 0


@NEEDS_PYGLS
def test_emacs_shows_a_defect_and_writes_what_the_fixer_writes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    if not has_eglot():
        pytest.skip("no Emacs with eglot is installed")
    file = tmp_path / "a.py"
    file.write_text(
        "import torch\nfrom torch import nn\n\nlayer = nn.Linear(2, 2)\n"
        "'🎉'; layer.weight = torch.zeros(2, 2)\n",
        "utf-8",
    )
    done = subprocess.run(
        ["emacs", "--batch", "-l", str(ROOT / "tests" / "drive_emacs.el")],
        env=environment | {"SETTINGS": str(EDITORS / "emacs.el"), "FILE": str(file)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    shown, _, text = done.stdout.partition("--\n")
    [expected] = findings(file, Configuration())
    assert shown == f"5 paramassign [{expected.code}]: {expected.message}\n", done.stderr
    assert text == mended(file, Configuration()) != file.read_text("utf-8")


def options() -> dict[str, Any]:
    """Return what each file has the editor send."""
    vscode = json.loads((EDITORS / "vscode.json").read_text())
    helix = tomllib.loads((EDITORS / "helix.toml").read_text())
    return {
        "vscode.json": vscode["glspc.server.initializationOptions"],
        "helix.toml": helix["language-server"]["paramassign"].get("config"),
    }


@pytest.mark.parametrize(("file", "sent"), options().items())
def test_what_a_file_sends_is_understood(file: str, sent: object) -> None:
    assert Options.read(sent)


@pytest.mark.parametrize("file", sorted(p.name for p in EDITORS.iterdir() if p.suffix != ".md"))
def test_a_file_starts_a_server_that_there_is(file: str) -> None:
    command = r"pylsp" if file == "zed.json" else r"paramassign-lsp"
    assert re.search(rf'"{command}"', (EDITORS / file).read_text())
    assert "paramassign" in (EDITORS / file).read_text()


def test_arguments_that_files_pass_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    vscode = json.loads((EDITORS / "vscode.json").read_text())
    with pytest.raises(SystemExit) as exit_:
        main([*vscode["glspc.server.commandArguments"], "--version"])
    assert exit_.value.code == 0


def test_each_file_and_each_setting_is_explained() -> None:
    text = (EDITORS / "README.md").read_text()
    for file in EDITORS.iterdir():
        assert f"({file.name})" in text or file.name == "README.md"
    for setting, default in vars(Options()).items():
        shown = json.dumps(default)
        assert f"| `{setting}` | `{shown}` |" in text
