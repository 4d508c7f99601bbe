"""What linter and fixer do to one source."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

LINTER = (sys.executable, "-m", "flake8_paramassign", "--no-cache")
FIXER = (sys.executable, "-m", "codemods.fix", "--no-cache", "--unsafe-fixes")
_TOOLS = ("flake8_paramassign", "codemods")
_PYTHON = (".py", ".pyi", ".ipynb")
_LARGEST = 1_000_000
"""Bytes of a file that is no source: what is larger configures nothing."""


class Failure(Exception):
    """A tool did what it must not do; the message says what."""


class Place(NamedTuple):
    """Where a rule finds something; two findings of a rule on one line are one place."""

    path: str
    line: int
    code: str


@dataclass(frozen=True)
class Counts:
    """What was counted in one source.

    ``unanalysed`` counts files (or cells) that could not be analysed; ``changed`` ones are
    rewritten with unsafe fixes, and ``left`` findings remain after that. ``by`` is the version of
    the tools that did it.
    """

    files: int = 0
    lines: int = 0
    unanalysed: int = 0
    changed: int = 0
    left: int = 0
    by: str = field(default="", kw_only=True)


def version(repository: Path) -> str:
    """Return the commit that changed the tools in ``repository`` last.

    A ``+`` at its end says that their files have been edited since.
    """
    git = ("git", "-C", str(repository))
    done = [
        subprocess.run([*git, *command, "--", *_TOOLS], check=True, capture_output=True, text=True)
        for command in (["log", "-1", "--format=%H"], ["status", "--porcelain"])
    ]
    commit, edited = (process.stdout.strip() for process in done)
    return commit[:12] + "+" * bool(edited)


def measure(tree: Path, jobs: int, by: str) -> tuple[Counts, frozenset[Place]]:
    """Lint a copy of ``tree``, fix the files with findings, and fix them again, as version ``by``.

    Raises Failure: a tool crashed, or a rewritten file does not parse, or fixing it again
    changes something.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "copy")
        shutil.copytree(tree, copy, symlinks=True, ignore=_left_out)
        sources = _sources(copy)
        places, unanalysed = _lint(copy, jobs, ["."])
        # Cells are parts of their file.
        files = sorted({place.path.partition(":cell ")[0] for place in places})
        changed, left = _fix(copy, files, jobs) if files else (0, places)
    lines = sum(text.count(b"\n") for path, text in sources.items() if path.suffix != ".ipynb")
    return Counts(len(sources), lines, unanalysed, changed, len(left), by=by), places


def _fix(copy: Path, files: list[str], jobs: int) -> tuple[int, frozenset[Place]]:
    """Fix those files, and again; return how many the first time changes, and what is left."""
    command = [*FIXER, f"--jobs={jobs}", *files]
    before = _sources(copy)
    _run(command, copy)
    fixed = _sources(copy)
    changed = [path for path, text in fixed.items() if text != before[path]]
    for path in changed:
        _check_that_it_parses(path, fixed[path])
    left, _ = _lint(copy, jobs, files)
    _run(command, copy)
    if _sources(copy) != fixed:
        raise Failure("fixing a second time changes something")
    return len(changed), left


def _left_out(folder: str, names: list[str]) -> set[str]:
    def is_left_out(path: Path) -> bool:
        if path.is_dir() or path.suffix in _PYTHON:
            return path.name == ".git"
        return not path.is_file() or path.stat().st_size > _LARGEST

    return {name for name in names if is_left_out(Path(folder, name))}


def _sources(folder: Path) -> dict[Path, bytes]:
    files = (path for path in folder.rglob("*") if path.suffix in _PYTHON and path.is_file())
    return {path: path.read_bytes() for path in files}


def _lint(folder: Path, jobs: int, paths: list[str]) -> tuple[frozenset[Place], int]:
    """Return the places of the findings, and how much could not be analysed."""
    out = _run([*LINTER, f"--jobs={jobs}", "--output-format=json", *paths], folder)
    places, unanalysed = set(), 0
    for found in json.loads(out):
        path = found["filename"] + (f":cell {found['cell']}" if "cell" in found else "")
        if found["code"] != "PRM001":
            places.add(Place(path, found["location"]["row"], found["code"]))
        elif "internal error" in found["message"]:
            raise Failure(f"{path}: {found['message']}")
        else:
            unanalysed += 1
    return frozenset(places), unanalysed


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8")
    # A file that does not parse makes status 2, which is none of the tool's faults.
    if done.returncode not in (0, 1, 2) or "Traceback" in done.stderr:
        raise Failure(f"{command[2]} ends with status {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def _check_that_it_parses(path: Path, text: bytes) -> None:
    try:
        json.loads(text) if path.suffix == ".ipynb" else ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise Failure(f"{path.name} does not parse once it is fixed: {error}") from error
