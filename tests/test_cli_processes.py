"""The command line as a process: its jobs, its hooks, and how it is stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Command

from flake8_paramassign import __version__

REAL = """\
import torch
from torch import nn

layer = nn.Linear(10, 5)
layer.weight = torch.zeros(5, 10)
"""

pytestmark = pytest.mark.usefixtures("fake_analysis")


def process(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flake8_paramassign", *arguments]


class TestJobs:
    def test_order_does_not_depend_on_them(self, folder: Path, paramassign: Command) -> None:
        for number in range(20):
            (folder / f"{number:02}.py").write_text("bad\n" + "#" * 20_000 * (number % 7))
        one, four = paramassign("--jobs=1").lines, paramassign("--jobs=4").lines
        assert one == [f"{number:02}.py:1:1: PRM101 'bad' is found" for number in range(20)]
        assert four == one

    @pytest.mark.parametrize("jobs", [1, 3])
    def test_a_file_that_ends_its_process_costs_no_other(
        self, folder: Path, paramassign: Command, jobs: int
    ) -> None:
        for number in range(10):
            name = "die" if number in (4, 5, 9) else "bad"
            (folder / f"{number}.py").write_text(f"{name}\n")
        outcome = paramassign(f"--jobs={jobs}")
        assert outcome.status == 2
        codes = [line.split(" ")[1] for line in outcome.lines]
        assert codes == ["PRM101"] * 4 + ["PRM001"] * 2 + ["PRM101"] * 3 + ["PRM001"]
        assert "4.py:1:1: PRM001 ended the process that analysed it: SIGKILL" in outcome.lines


class TestHooks:
    """What .pre-commit-hooks.yaml enters, with the files that pre-commit adds."""

    HOOKS = (Path(__file__).parent.parent / ".pre-commit-hooks.yaml").read_text("utf-8")

    @pytest.mark.parametrize("hook", ["paramassign", "paramassign-flake8"])
    def test_find_what_is_on_by_default(
        self, folder: Path, paramassign: Command, flake8: Command, hook: str
    ) -> None:
        (folder / "a.py").write_text("rebound; import os; bad\n")
        entry = re.search(rf"id: {hook}\n(?:  .*\n)*?  entry: (\S+) (\S+)\n", self.HOOKS)
        assert entry
        command = {"paramassign": paramassign, "flake8": flake8}[entry[1]]
        assert command(entry[2], "a.py").lines == ["a.py:1:21: PRM101 'bad' is found"]

    def test_are_for_all_that_is_checked(self) -> None:
        assert "types_or: [python, pyi, jupyter]" in self.HOOKS


class TestProcess:
    def test_is_a_module_and_a_script(self, folder: Path) -> None:
        (folder / "a.py").write_text(REAL)
        script = Path(sys.executable).parent / "paramassign"
        for command in (process("a.py"), [str(script), "a.py"]):
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            assert result.stdout.startswith("a.py:5:1: PRM101 ")
            assert (result.returncode, result.stderr) == (1, "")

    def test_says_its_version(self) -> None:
        result = subprocess.run(process("--version"), capture_output=True, text=True, check=True)
        assert result.stdout == f"paramassign {__version__}\n"

    def test_is_quiet_when_nobody_reads_on(self, folder: Path) -> None:
        (folder / "a.py").write_text(REAL)
        with subprocess.Popen(
            process("a.py"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            assert running.stdout and running.stderr
            running.stdout.close()
            assert running.stderr.read() == b""
        assert running.returncode == 1

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
    def test_is_quiet_when_interrupted_and_leaves_no_process(self, folder: Path) -> None:
        with busy_run(folder) as running:
            os.killpg(running.pid, signal.SIGINT)
            out, err = running.communicate(timeout=60)
        assert (running.returncode, out, err) == (130, b"", b"")
        with pytest.raises(ProcessLookupError):
            os.killpg(running.pid, 0)

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
    def test_leaves_it_to_one_process_to_be_interrupted(self, folder: Path) -> None:
        with busy_run(folder) as running:
            for worker in folder.glob("*.pid"):
                os.kill(int(worker.stem), signal.SIGINT)
            (folder / "go").touch()
            out, err = running.communicate(timeout=60)
        assert (running.returncode, out, err) == (0, b"", b"")

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows does not kill by signals")
    def test_leaves_no_process_when_it_is_killed(self, folder: Path) -> None:
        with busy_run(folder) as running:
            running.kill()
            (folder / "go").touch()
            _, err = running.communicate(
                timeout=60
            )  # Returns when nobody holds the pipes any more.
        assert (running.returncode, err) == (-signal.SIGKILL, b"")

    def test_shows_what_standard_output_cannot_encode(self, folder: Path) -> None:
        (folder / "é.py").write_text(REAL)
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        result = subprocess.run(process("é.py"), capture_output=True, env=environment, check=False)
        assert result.stdout.startswith(b"\\xe9.py:5:1: PRM101 ")
        assert result.stderr == b""


def busy_run(folder: Path) -> subprocess.Popen[bytes]:
    """Start a run whose two workers wait for a file ``go``; return when both do."""
    for name in "ab":
        (folder / f"{name}.py").write_text("#" * 150_000)
    program = """if True:
        import os, pathlib, sys, time
        from flake8_paramassign import analysis, cli

        def analyze(*args, **kwargs):
            pathlib.Path(f"{os.getpid()}.pid").touch()
            while not pathlib.Path("go").exists():
                time.sleep(0.01)
            return []

        analysis.analyze = analyze
        sys.exit(cli.main(["--jobs=2", "."]))
    """
    running = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while len(list(folder.glob("*.pid"))) < 2:
        time.sleep(0.01)
    return running
