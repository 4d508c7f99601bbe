"""What several test modules use: the command lines and flake8, run in a folder of their own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fix_fakes
import hypothesis
import lint_fakes
import pytest
from flake8.main.cli import main as flake8_main

from flake8_paramassign import analysis, cli
from flake8_paramassign.fixes import cli as fix

hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")  # to be slow is no failure


@dataclass(frozen=True)
class Outcome:
    """What a command line did."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it printed."""
        return self.out.splitlines()


Command = Callable[..., Outcome]


@dataclass(frozen=True)
class Fixed:
    """What the fixer's command line did; its output may be a file."""

    status: int
    out: bytes
    err: str


Fix = Callable[..., Fixed]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="more kills, more mutants and more random programs"
    )


@pytest.fixture(scope="session")
def long_run(request: pytest.FixtureRequest) -> bool:
    """Whether the tests may take an hour."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fake_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings wherever a test writes one of the names of ``lint_fakes``."""
    monkeypatch.setattr(analysis, "analyze", lint_fakes.analyze)


@pytest.fixture
def paramassign(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The command line, in ``folder``; ``stdin`` is what it reads."""

    def run(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = cli.main(arguments)
        return Outcome(status, *capsys.readouterr())

    return run


@pytest.fixture
def flake8(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The real flake8, in ``folder``, its other plugins off."""

    def run(*arguments: str) -> Outcome:
        status = flake8_main(["--jobs=1", *arguments])
        return Outcome(status, *capsys.readouterr())

    return run


@pytest.fixture
def fix_(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Fix:
    """The fixer's command line, in ``folder``, on the findings of ``fix_fakes``."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr(analysis, "analyze", fix_fakes.analyze)

    def run(*arguments: str, stdin: bytes = b"") -> Fixed:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = fix.main(arguments)
        out, err = capfdbinary.readouterr()
        return Fixed(status, out, err.decode())

    return run
