"""What cannot be fixed is said on one line, and the other files are fixed."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import fix_fakes
import pytest
from conftest import Fix
from fix_files import content, tree

from flake8_paramassign import analysis, writing
from flake8_paramassign.diagnostics import ISSUES, Diagnostic

SUMMARY = "1 file changed, 1 finding fixed, 0 left\n"


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean something else there")
def test_what_cannot_be_written_is_said_and_the_rest_goes_on(fix_: Fix) -> None:
    tree(a=b"old\n", b=b"old\n")
    Path("locked").mkdir()
    Path("locked/c.py").write_bytes(b"old\n")
    Path("a.py").chmod(0o444)
    Path("locked").chmod(0o555)
    try:
        outcome = fix_()
    finally:
        Path("locked").chmod(0o755)

    assert (content("a"), content("b")) == (b"old\n", b"new\n")
    assert Path("locked/c.py").read_bytes() == b"old\n"
    assert outcome.err.splitlines() == [
        "paramassign-fix: error: a.py: not written: it is read-only",
        "paramassign-fix: error: locked/c.py: not written: it is read-only",
        SUMMARY.strip(),
    ]
    assert outcome.status == 2


def test_a_full_disk_is_said_and_the_rest_goes_on(
    fix_: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(a=b"old\n", b=b"old  # much\n", c=b"old\n")
    write = writing._write_all

    def full(file: io.FileIO, content: bytes) -> None:
        if b"much" in content:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(file, content)

    monkeypatch.setattr(writing, "_write_all", full)
    outcome = fix_()

    assert [content(name) for name in "abc"] == [b"new\n", b"old  # much\n", b"new\n"]
    assert sorted(path.name for path in Path().iterdir()) == ["a.py", "b.py", "c.py"]
    assert outcome.err.splitlines()[0] == ("paramassign-fix: error: b.py: No space left on device")
    assert outcome.status == 2


def test_a_file_that_somebody_changes_meanwhile_is_left_to_them(
    fix_: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody(source: bytes, filename: str, **options: object) -> list[Diagnostic]:
        if filename == "a.py":
            Path(filename).write_bytes(b"theirs\n")
        return fix_fakes.analyze(source)

    monkeypatch.setattr(analysis, "analyze", somebody)
    tree(a=b"old\n", b=b"old\n")

    outcome = fix_()

    assert (content("a"), content("b")) == (b"theirs\n", b"new\n")
    assert outcome.err.startswith(
        "paramassign-fix: error: a.py: not written: it was changed by somebody else\n"
    )


def test_a_file_that_ends_its_process_is_said_and_the_rest_goes_on(
    fix_: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(source: bytes, filename: str, **options: object) -> list[Diagnostic]:
        if filename == "b.py":
            os.kill(os.getpid(), 9)
        return fix_fakes.analyze(source)

    monkeypatch.setattr(analysis, "analyze", deadly)
    tree(a=b"old\n", b=b"old\n", c=b"old\n")

    outcome = fix_()

    assert [content(name) for name in "abc"] == [b"new\n", b"old\n", b"new\n"]
    assert outcome.err.startswith(
        "paramassign-fix: error: b.py: ended the process that fixed it: SIGKILL\n"
    )
    assert outcome.status == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_error_of_ours_is_said_on_one_line_and_the_rest_goes_on(
    fix_: Fix, monkeypatch: pytest.MonkeyPatch, jobs: str
) -> None:
    def crash(*given: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("flake8_paramassign.fixes.engine.checked", crash)
    tree(a=b"old\n", b=b"stays\n")

    outcome = fix_("--jobs", jobs)

    first, last = outcome.err.splitlines()
    assert first.startswith("paramassign-fix: error: a.py: internal error: RuntimeError: two lines")
    assert first.endswith(f"please report it: {ISSUES}")
    assert last == "0 files changed, 0 findings fixed, 1 left"


def test_a_file_that_is_no_python_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"import torch\nm.weight = (\n")

    run = subprocess.run(
        [sys.executable, "-m", "codemods.fix", "a.py"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )

    assert run.returncode == 2
    assert run.stderr.splitlines()[0].startswith("paramassign-fix: error: a.py:2:")
    assert run.stderr.splitlines()[-1] == "0 files changed, 0 findings fixed, 1 left"


def test_leftovers_of_a_killed_run_are_cleared(fix_: Fix) -> None:
    tree(a=b"x\n")
    Path(".a.py.12345.paramassign~").touch()

    fix_("--check")
    assert len(list(Path().glob("*a.py*"))) == 2
    fix_()
    assert [path.name for path in Path().glob("*a.py*")] == ["a.py"]


def test_nobody_reading_standard_output_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"import torch\nm.weight = (\n")
    with subprocess.Popen(
        [sys.executable, "-m", "codemods.fix", "a.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        error = process.stderr.read()
    assert process.returncode == 2
    assert not any(word in error for word in (b"Traceback", b"Broken pipe", b"Exception"))
