"""The same file has the same findings: whoever asks, from where, in whatever order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pytest
from conftest import Command

from flake8_paramassign import Analyzer, Settings
from flake8_paramassign.rules import all_rules
from flake8_paramassign.undisturbed import undisturbed

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"
FILES = sorted(FIXTURES.rglob("*.py"))
SETTINGS = Settings(select=frozenset(all_rules()))
Told: TypeAlias = dict[str, list[str]]


def told(files: list[Path], analyzer: Analyzer | None = None) -> Told:
    """All that is said of each file, by its path from the fixtures."""
    shared = analyzer or Analyzer(SETTINGS)
    return {
        Path(os.path.abspath(file)).relative_to(FIXTURES).as_posix(): [
            repr(diagnostic) for diagnostic in shared.analyze(file.read_bytes(), str(file))
        ]
        for file in files
    }


@pytest.fixture(scope="module")
def usual() -> Told:
    return told(FILES)


def test_in_any_order(usual: Told) -> None:
    with undisturbed():  # One search for garbage is enough.
        assert told(FILES[::-1]) == usual


def test_alone(usual: Told) -> None:
    for file in FILES[::5]:
        [(name, found)] = told([file]).items()
        assert found == usual[name]


def test_after_other_selections(usual: Told) -> None:
    """What one rule finds does not depend on which others are asked."""
    for code in all_rules():
        only = Analyzer(Settings(select=frozenset([code])))
        folder = FIXTURES / code.lower()
        for file in sorted(folder.rglob("*.py")) if folder.exists() else ():
            [(name, found)] = told([file], only).items()
            assert found == [f for f in usual[name] if f"code='{code}'" in f], name


HASHED = """
import json, sys
sys.path.insert(0, "tests")
from test_same_answer import FILES, told
print(json.dumps(told(FILES[::3])))
"""


@pytest.mark.parametrize("seed", ["1", "4000000000"])
def test_with_any_seed_of_hashes(usual: Told, seed: str) -> None:
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
    out = subprocess.run(
        [sys.executable, "-c", HASHED], capture_output=True, text=True, check=True,
        env=environment, cwd=ROOT,
    ).stdout  # fmt: skip
    found = json.loads(out)
    assert len(found) == len(FILES[::3])
    assert found == {name: usual[name] for name in found}


@pytest.mark.parametrize("folder", [FIXTURES, FIXTURES / "prm101", ROOT.parent])
def test_from_any_folder_and_by_a_relative_path(
    usual: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    files = [Path(os.path.relpath(file)) for file in FILES[::5]]
    found = {name: [without_paths(f) for f in all_] for name, all_ in told(files).items()}
    assert found == {name: [without_paths(f) for f in usual[name]] for name in found}


def without_paths(told: str) -> str:
    """A finding whose related places in other files have these files' names only."""
    return told.replace(f"{FIXTURES}{os.sep}", "").replace(f"..{os.sep}", "")


def test_with_any_number_of_jobs(folder: Path, paramassign: Command) -> None:
    for name in ("prm101", "prm104"):
        shutil.copytree(FIXTURES / name, folder / name)
    outcomes = [paramassign("--select=PRM", f"--jobs={jobs}", ".") for jobs in (1, 3)]
    assert len(outcomes[0].lines) > 50
    assert outcomes[0] == outcomes[1]


def test_under_flake8(folder: Path, paramassign: Command, flake8: Command) -> None:
    for name in ("prm101", "prm306"):
        shutil.copytree(FIXTURES / name, folder / name)
    ours = paramassign("--select=PRM", ".").lines
    theirs = [line.removeprefix("./") for line in flake8("--select=PRM", ".").lines]
    assert len(ours) > 50
    assert sorted(theirs) == sorted(ours)
