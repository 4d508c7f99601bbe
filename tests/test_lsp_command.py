"""The command ``paramassign-lsp``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flake8_paramassign import __version__
from flake8_paramassign.lsp.__main__ import main


def test_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"paramassign-lsp {__version__}\n"


@pytest.mark.parametrize("missing", ["pygls", "lsprotocol"])
def test_says_what_it_needs(missing: str, tmp_path: Path) -> None:
    code = f"import sys; sys.modules['{missing}'] = None\n"
    code += "from flake8_paramassign.lsp.__main__ import main; sys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    needed = "paramassign-lsp: error: needs pygls: pip install 'pygls>=2,<3'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", needed)


def test_is_not_loaded_by_the_linter(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from torch import nn\nnn.Linear(1, 1).weight = nn\n")
    code = "import sys; from flake8_paramassign import cli; cli.main(['a.py'])\n"
    code += "print([m for m in sys.modules if m.partition('.')[0] in "
    code += "('pygls', 'lsprotocol', 'IPython', 'fixit', 'torch')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
