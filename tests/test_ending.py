"""However a command ends: a status that means something, a line at most, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Command
from lint_fakes import Panic

from flake8_paramassign import cli
from flake8_paramassign.diagnostics import ISSUES

GOOD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(3)).to(d)
"""
LINT = f"{sys.executable} -m flake8_paramassign"
FIX = f"{sys.executable} -m codemods.fix"

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)


@posix
class TestStreams:
    """Of a program that was started oddly."""

    @pytest.fixture(autouse=True)
    def good(self, folder: Path) -> None:
        (folder / "a.py").write_text(GOOD)

    @pytest.mark.parametrize("command", [LINT, f"{FIX} --diff"])
    @pytest.mark.parametrize(
        ("redirection", "said"),
        [(">&-", "standard output is closed"), (">/dev/full", "No space left on device")],
    )
    def test_output_that_cannot_be_written(self, command: str, redirection: str, said: str) -> None:
        if "full" in redirection and not os.path.exists("/dev/full"):
            pytest.skip("no device that is always full")
        done = shell(f"{command} a.py {redirection}")
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.splitlines()[0].startswith("paramassign")
        assert len(done.stderr.splitlines()) == 1 + done.stderr.count("would")

    def test_a_file_that_is_written_does_not_get_the_number_of_closed_output(
        self, folder: Path
    ) -> None:
        done = shell(f"{FIX} a.py <&- >&- 2>&-")
        assert done.returncode in (1, 2)
        fixed = (folder / "a.py").read_text()
        assert fixed == GOOD.replace("zeros(3)).to(d)", "zeros(3).to(d))")

    @pytest.mark.parametrize("command", [LINT, FIX])
    def test_closed_input(self, command: str) -> None:
        assert shell(f"{command} a.py <&-").returncode in (0, 1)
        done = shell(f"{command} - <&-")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith("standard input is closed\n")

    def test_closed_error_output(self) -> None:
        done = shell(f"{LINT} missing.py a.py 2>&-")
        assert done.returncode == 2
        assert done.stdout.startswith("a.py:8:9: PRM102 ")

    def test_a_reader_that_goes_away(self, folder: Path) -> None:
        (folder / "a.py").write_text(GOOD + "        self.w = nn.Parameter(self.w).to(d)\n" * 9_000)
        done = shell(f"{{ {LINT} a.py; echo $? >&2; }} | head -n 1")
        assert done.stdout.count("\n") == 1
        assert done.stderr == "1\n"

    def test_input_without_end_is_passed_on_as_it_is(self) -> None:
        done = shell(
            f"head -c 30000000 /dev/zero | {FIX} - | cksum; head -c 30000000 /dev/zero | cksum"
        )
        fixed, given = done.stdout.splitlines()
        assert fixed == given
        assert "larger than 10 MB" in done.stderr


class TestDefects:
    """Of ours, beside the analysis of a file."""

    @pytest.mark.parametrize(
        "error", [ValueError("a\nb"), MemoryError(), RecursionError(), Panic()]
    )
    def test_are_one_line_with_an_address(
        self, paramassign: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException
    ) -> None:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(cli, "_run", fail)
        outcome = paramassign()
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        assert outcome.err.startswith(f"paramassign: error: internal error: {type(error).__name__}")
        assert ISSUES in outcome.err

        outcome = paramassign("--debug")
        assert outcome.status == 2
        assert outcome.err.startswith("Traceback")
        assert outcome.err.splitlines()[-1].startswith("paramassign: error: internal error: ")

    def test_show_their_traceback_from_worker_processes_too(
        self, folder: Path, capfd: pytest.CaptureFixture[str], fake_analysis: None
    ) -> None:
        for name in ("a.py", "b.py"):
            (folder / name).write_text("crash\n")
        assert cli.main([]) == 2
        assert "Traceback" not in capfd.readouterr().err
        assert cli.main(["--debug"]) == 2
        assert capfd.readouterr().err.count("Traceback") == 2

    def test_want_of_memory_in_a_worker(
        self, paramassign: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise MemoryError

        (folder / "a.py").write_text(GOOD)
        (folder / "b.py").write_text("")
        monkeypatch.setattr("flake8_paramassign.checking.Checker.check_named", fail)
        outcome = paramassign(".")
        assert (outcome.status, outcome.err.count("\n")) == (2, 2)
        assert [line.split(" ")[1] for line in outcome.lines] == ["PRM001"] * 2


@posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_signal_ends_all_processes_and_leaves_nothing(
    folder: Path, number: signal.Signals, status: int, whole_group: bool
) -> None:
    files = [folder / f"m{i}.py" for i in range(300)]
    for file in files:
        file.write_text(GOOD * 20)
        os.utime(file, (1, 1))
    command = [sys.executable, "-m", "codemods.fix", "--jobs=2", "."]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)
    while not any(file.stat().st_mtime > 1 for file in files) and process.poll() is None:
        time.sleep(0.005)
    if whole_group:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (status, b"")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert sorted(folder.iterdir()) == sorted(files)
    assert any(file.stat().st_mtime == 1 for file in files)
