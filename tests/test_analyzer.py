"""An ``Analyzer`` gives the same answers from anywhere, and sees the files as they are now."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
from pathlib import Path

import pytest

from flake8_paramassign import Analyzer, Diagnostic
from flake8_paramassign.project.trees import Trees
from flake8_paramassign.surroundings import Surroundings
from flake8_paramassign.undisturbed import undisturbed

CHILD = """\
import torch
from base import Base


class Child(Base):
    def forward(self, x):
        self.scale = self.scale * 2
"""
BASE = """\
import torch
from torch import nn


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
"""
UNREGISTERED = BASE.replace("nn.Parameter(torch.ones(3))", "torch.ones(3)")


def codes(found: list[Diagnostic]) -> list[tuple[str, int]]:
    return [(diagnostic.code, diagnostic.start.line) for diagnostic in found]


def write(file: Path, text: str, at: int) -> None:
    """Write a file that looks changed at a time of its own."""
    file.write_text(text)
    os.utime(file, ns=(at, at))


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    analyzer = Analyzer()
    child, base = tmp_path / "child.py", tmp_path / "base.py"

    def found() -> list[tuple[str, int]]:
        return codes(analyzer.analyze(CHILD, str(child)))

    assert found() == []  # no file yet
    write(base, BASE, 1_000)
    assert found() == [("PRM101", 7)]
    write(base, UNREGISTERED, 2_000)
    assert found() == []
    write(base, "class Base(", 3_000)
    assert found() == []
    write(base, BASE, 4_000)
    assert found() == [("PRM101", 7)]


def test_threads_share_one(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("right", "wrong")]
    for folder, text in zip(folders, (UNREGISTERED, BASE), strict=True):
        folder.mkdir()
        (folder / "base.py").write_text(text)
    expected = [[], [("PRM101", 7)]]
    analyzer = Analyzer()
    wrong: list[object] = []

    def work(number: int) -> None:
        for _ in range(15):
            found = codes(analyzer.analyze(CHILD, str(folders[number] / "child.py")))
            if found != expected[number]:
                wrong.append(found)

    switched = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(number % 2,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switched)
    assert wrong == []


def test_it_goes_to_other_processes_without_what_it_has_read(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text(BASE)
    analyzer = Analyzer()
    expected = analyzer.analyze(CHILD, str(tmp_path / "child.py"))
    sent = pickle.dumps(analyzer)
    assert len(sent) < 500
    assert pickle.loads(sent).analyze(CHILD, str(tmp_path / "child.py")) == expected != []


def test_what_it_keeps_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flake8_paramassign.project.trees._MOST_BYTES", 1_000)
    trees, around = Trees(), Surroundings()
    paths = [tmp_path / f"m{number}.py" for number in range(9)]
    for path in paths:
        path.write_text("x = 1\n" + "#" * 394)
        assert trees.tree(str(path), around) is not None
    assert list(trees._known) == [str(path) for path in paths[-2:]]
    first = trees.tree(str(paths[-2]), around)
    assert trees.tree(str(paths[-2]), around) is first
    trees.tree(str(paths[0]), around)
    assert list(trees._known) == [str(paths[-2]), str(paths[0])], "the longest unused is dropped"


def test_the_process_is_restored_when_the_last_analysis_ends() -> None:
    """Whichever began first."""
    limit, seen = sys.getrecursionlimit(), []
    inside, leave = threading.Event(), threading.Event()

    def longer() -> None:
        with undisturbed():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=longer)
    with undisturbed():
        thread.start()
        inside.wait(10)
    seen.append((sys.getrecursionlimit() > limit, gc.isenabled()))
    leave.set()
    thread.join()
    seen.append((sys.getrecursionlimit() > limit, gc.isenabled()))
    assert seen == [(True, False), (False, True)]
