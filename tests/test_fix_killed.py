"""A run that is killed at any moment leaves each file as it was or as it will be.

PARAMASSIGN_KILLS and PARAMASSIGN_KILL_FILES in the environment ask for more than the few kills
and files of an ordinary run.
"""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KILLS = int(os.environ.get("PARAMASSIGN_KILLS", "3"))
FILES = int(os.environ.get("PARAMASSIGN_KILL_FILES", "200"))

COMMAND = [sys.executable, str(Path(__file__).with_name("fix_driver.py")), "--jobs=2", "."]
BEFORE = (b"x = old\r\n" + b"y = 1\r\n" * 50) * 5
AFTER = BEFORE.replace(b"old", b"new")


def rewritten(files: list[Path]) -> int:
    return sum(file.stat().st_mtime > 1 for file in files)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("kill", range(KILLS))
def test_killed_at_any_moment(tmp_path: Path, kill: int) -> None:
    """By turns, all its processes are killed, or only the one that leads the others."""
    files = [tmp_path / f"package{i % 7}" / f"m{i}.py" for i in range(FILES)]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(BEFORE)
        os.utime(file, (1, 1))

    process = subprocess.Popen(
        COMMAND, cwd=tmp_path, start_new_session=True, stderr=subprocess.DEVNULL
    )
    while rewritten(files) < FILES * kill // KILLS and process.poll() is None:
        time.sleep(0.001)
    assert process.poll() is None, "it was done before it could be killed"
    if kill % 2:
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
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
