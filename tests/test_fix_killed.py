"""A run that is killed at any moment leaves each file as it was or as it will be.

So do two at once. With --long there are more kills than the few of an ordinary run.
"""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flake8_paramassign import cache

FILES = 80
"""Most of the time is that of a process to start and end; the files take a second of it."""
LAST = 0.9
"""Which part of the files is rewritten at the latest of the kills: some work has to be left."""
COMMAND = [sys.executable, str(Path(__file__).with_name("fix_driver.py")), "--jobs=2", "."]
BEFORE = (b"x = old\r\n" + b"y = 1\r\n" * 50) * 2
AFTER = BEFORE.replace(b"old", b"new")


def rewritten(files: list[Path]) -> int:
    return sum(file.stat().st_mtime > 1 for file in files)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "moment" not in metafunc.fixturenames:
        return
    kills = 52 if metafunc.config.getoption("--long") else 3
    moments = [LAST * kill / kills for kill in range(kills)]
    metafunc.parametrize("moment", moments, ids=range(kills))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("whole_group", [True, False])
def test_killed_at_any_moment(tmp_path: Path, moment: float, whole_group: bool) -> None:
    """All its processes are killed, or only the one that leads the others."""
    files = [tmp_path / f"package{i % 7}" / f"m{i}.py" for i in range(FILES)]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(BEFORE)
        os.utime(file, (1, 1))

    process = subprocess.Popen(
        COMMAND, cwd=tmp_path, start_new_session=True, stderr=subprocess.DEVNULL
    )
    while rewritten(files) < FILES * moment and process.poll() is None:
        time.sleep(0.001)
    assert process.poll() is None, "it was done before it could be killed"
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()

    for file in files:
        content = file.read_bytes()
        assert content in (BEFORE, AFTER)
        ast.parse(content)
    wait_for_the_end_of(process.pid)
    assert rewritten(files) < FILES

    second = subprocess.run(COMMAND, cwd=tmp_path, capture_output=True, check=False)

    assert second.returncode == 0, second.stderr
    assert all(file.read_bytes() == AFTER for file in files)
    shutil.rmtree(tmp_path / cache.NAME, ignore_errors=True)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(files)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_at_any_moment(tmp_path: Path, moment: float, number: int) -> None:
    """Who is asked to end leaves nothing behind."""
    files = [tmp_path / f"m{i}.py" for i in range(FILES)]
    for file in files:
        file.write_bytes(BEFORE)
        os.utime(file, (1, 1))
    process = subprocess.Popen(
        COMMAND, cwd=tmp_path, start_new_session=True, stderr=subprocess.DEVNULL
    )
    while rewritten(files) < FILES * moment and process.poll() is None:
        time.sleep(0.001)

    os.killpg(process.pid, number)
    process.wait()
    wait_for_the_end_of(process.pid)

    assert all(file.read_bytes() in (BEFORE, AFTER) for file in files)
    shutil.rmtree(tmp_path / cache.NAME, ignore_errors=True)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(files)


def test_two_at_once(tmp_path: Path) -> None:
    """Each file is fixed by one of them, and the other says so or finds nothing to do."""
    files = [tmp_path / f"m{i}.py" for i in range(FILES)]
    for file in files:
        file.write_bytes(BEFORE)

    runs = [
        subprocess.Popen(COMMAND, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [run.communicate()[1].decode() for run in runs]

    assert all(file.read_bytes() == AFTER for file in files)
    for run, text in zip(runs, said, strict=True):
        errors = [line for line in text.splitlines() if "error" in line]
        assert run.returncode == (2 if errors else 0), text
        assert all("changed" in line for line in errors), text
    shutil.rmtree(tmp_path / cache.NAME, ignore_errors=True)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(files)


def wait_for_the_end_of(group: int) -> None:
    """Wait for the workers of a killed parent; they end by themselves."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise AssertionError("workers outlive their parent")
