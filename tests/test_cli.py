"""The command line: what it prints, where, and how it exits."""

from __future__ import annotations

import json
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
from flake8_paramassign.configuration import nearest
from flake8_paramassign.rules import all_rules

REAL = """\
import torch
from torch import nn

layer = nn.Linear(10, 5)
layer.weight = torch.zeros(5, 10)
"""

pytestmark = pytest.mark.usefixtures("fake_analysis")


def process(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flake8_paramassign", *arguments]


class TestStatus:
    """0 clean, 1 findings, 2 something could not be done."""

    @pytest.fixture(autouse=True)
    def files(self, folder: Path) -> None:
        (folder / "clean.py").write_text("x = 1\n")
        (folder / "found.py").write_text("bad\n")
        (folder / "broken.py").write_text("doubtful\n")

    @pytest.mark.parametrize(
        ("arguments", "status"),
        [
            (["clean.py"], 0),
            (["found.py"], 1),
            (["clean.py", "found.py"], 1),
            (["broken.py"], 2),
            (["broken.py", "found.py"], 2),
            (["missing.py", "found.py"], 2),
            (["--exit-zero", "found.py"], 0),
            (["--exit-zero", "found.py", "missing.py"], 2),
            (["--ignore=PRM101", "found.py"], 0),
            (["--ignore=PRM001", "broken.py"], 0),
            (["--select=PRM101", "broken.py"], 2),
            (["--rules"], 0),
            (["--statistics", "found.py"], 1),
            (["--no-such-option"], 2),
            (["--output-format=xml", "found.py"], 2),
            (["--jobs=0", "found.py"], 2),
            (["--jobs=many", "found.py"], 2),
            (["--select=XYZ", "found.py"], 2),
            (["--per-file-ignores=PRM101", "found.py"], 2),
            (["--output-file=no/such/folder", "found.py"], 2),
            (["--explain=PRM999"], 2),
        ],
    )
    def test_of(self, paramassign: Command, arguments: list[str], status: int) -> None:
        outcome = paramassign(*arguments)
        assert outcome.status == status
        assert outcome.err.count("\n") == (status == 2)

    def test_what_could_not_be_done_does_not_stop_the_rest(self, paramassign: Command) -> None:
        outcome = paramassign("missing.py", "found.py", "none*", "broken.py")
        assert outcome.lines == [
            "found.py:1:1: PRM101 'bad' is found",
            "broken.py:1:1: PRM001 'doubtful' is found",
        ]
        assert outcome.err.splitlines() == [
            "paramassign: error: missing.py: No such file or directory",
            "paramassign: error: none*: no such file",
            "paramassign: error: broken.py:1:1: 'doubtful' is found",
        ]

    def test_a_folder_without_python_files_is_clean(
        self, folder: Path, paramassign: Command
    ) -> None:
        (folder / "empty").mkdir()
        outcome = paramassign("empty")
        assert (outcome.status, outcome.out) == (0, "")


class TestPaths:
    def test_the_current_folder_by_default(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text("bad\n")
        assert paramassign().lines == ["a.py:1:1: PRM101 'bad' is found"]

    def test_exclude_is_relative_to_the_current_folder(
        self, folder: Path, paramassign: Command
    ) -> None:
        for name in ("a.py", "src/b.py", "src/c/d.py"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("bad\n")
        assert len(paramassign("--exclude=src/c,a.py", ".").lines) == 1
        assert len(paramassign("--extend-exclude=src/b.py", "src").lines) == 1

    def test_force_exclude(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text("bad\n")
        assert paramassign("--exclude=a.py", "a.py").status == 1
        assert paramassign("--exclude=a.py", "--force-exclude", "a.py").status == 0


class TestStandardInput:
    def test_has_a_name(self, paramassign: Command) -> None:
        assert paramassign("-", stdin=b"bad\n").lines == ["stdin:1:1: PRM101 'bad' is found"]
        named = paramassign("--stdin-filename=src/a.py", "-", stdin=b"bad\n")
        assert named.lines == ["src/a.py:1:1: PRM101 'bad' is found"]

    def test_needs_no_dash_when_it_has_a_name(self, folder: Path, paramassign: Command) -> None:
        (folder / "other.py").write_text("bad\n")
        outcome = paramassign("--stdin-filename=a.py", stdin=b"lost\n")
        assert outcome.lines == ["a.py:1:1: PRM102 'lost' is found"]

    def test_is_configured_by_its_name(self, folder: Path, paramassign: Command) -> None:
        (folder / "sub").mkdir()
        (folder / "sub" / "pyproject.toml").write_text(
            '[tool.paramassign]\nper-file-ignores = {"a.py" = ["PRM101"]}\nexclude = ["gen.py"]\n'
        )
        source = b"bad; lost\n"
        assert len(paramassign("--stdin-filename=sub/a.py", stdin=source).lines) == 1
        assert len(paramassign("--stdin-filename=sub/b.py", stdin=source).lines) == 2
        assert len(paramassign("--stdin-filename=sub/gen.py", stdin=source).lines) == 2
        forced = paramassign("--stdin-filename=sub/gen.py", "--force-exclude", stdin=source)
        assert forced.lines == []

    def test_is_decoded_as_a_file_is(self, paramassign: Command) -> None:
        outcome = paramassign("-", stdin=b"# coding: latin-1\n'\xe9'; bad\r\n")
        assert outcome.lines == ["stdin:2:6: PRM101 'bad' is found"]


class TestRules:
    @pytest.fixture(autouse=True)
    def file(self, folder: Path) -> None:
        (folder / "a.py").write_text("bad\nlost\nrebound\ndoubtful\n")

    @pytest.mark.parametrize(
        ("arguments", "codes"),
        [
            ([], ["PRM101", "PRM102", "PRM001"]),
            (["--select=PRM101"], ["PRM101", "PRM001"]),
            (["--select=prm101,PRM102"], ["PRM101", "PRM102", "PRM001"]),
            (["--select=PRM101", "--select=PRM9"], ["PRM101", "PRM901", "PRM001"]),
            (["--extend-select=PRM901"], ["PRM101", "PRM102", "PRM901", "PRM001"]),
            (["--ignore=PRM1"], ["PRM001"]),
            (["--extend-ignore=PRM101,PRM0"], ["PRM102"]),
            (["--select=PRM1,PRM9", "--ignore=PRM90,PRM001"], ["PRM101", "PRM102"]),
            (["--ignore=PRM1", "--extend-select=PRM102"], ["PRM102", "PRM001"]),
        ],
    )
    def test_are_chosen_by_the_beginning_of_their_codes(
        self, paramassign: Command, arguments: list[str], codes: list[str]
    ) -> None:
        lines = paramassign(*arguments, "a.py").lines
        assert [line.split(" ")[1] for line in lines] == codes

    def test_explained(self, paramassign: Command) -> None:
        rule = all_rules()["PRM101"]
        outcome = paramassign("--explain=prm101")
        assert outcome.out.startswith(f"# PRM101 {rule.name}\n\n{rule.claim}\n\n## What it does\n")
        assert "## References" in outcome.out

    def test_listed(self, paramassign: Command) -> None:
        lines = paramassign("--rules").lines
        assert [line.split()[0] for line in lines] == list(all_rules())
        [first] = [line for line in lines if line.startswith("PRM101")]
        assert first.split()[1:4] == ["tensor-over-parameter", "on", "fix"]
        [without_fix] = [line for line in lines if line.startswith("PRM107")]
        assert without_fix.split()[3] == "-"
        [opt_in] = [line for line in lines if line.startswith("PRM901")]
        assert opt_in.split()[2] == "off"


class TestReport:
    @pytest.fixture(autouse=True)
    def file(self, folder: Path) -> None:
        (folder / "a.py").write_text("bad\nlost\nbad\n")

    def test_goes_to_a_file(self, folder: Path, paramassign: Command) -> None:
        outcome = paramassign("--output-format=json", "--output-file=r.json", "a.py")
        assert (outcome.status, outcome.out) == (1, "")
        assert len(json.loads((folder / "r.json").read_text("utf-8"))) == 3

    def test_in_a_file_has_no_colours(
        self, folder: Path, paramassign: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        paramassign("--output-file=report", "a.py")
        assert "\x1b" not in (folder / "report").read_text()

    def test_has_colours_on_demand(
        self, paramassign: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b[" in paramassign("a.py").out
        assert "\x1b[" not in paramassign("--no-color", "a.py").out

    def test_counts_instead_on_demand(self, paramassign: Command) -> None:
        assert paramassign("--statistics", "a.py").lines == [
            "     2  PRM101  tensor-over-parameter",
            "     1  PRM102  parameter-lost-in-expression",
        ]

    def test_shows_what_standard_output_cannot_encode(self, folder: Path) -> None:
        (folder / "é.py").write_text(REAL)
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        result = subprocess.run(process("é.py"), capture_output=True, env=environment, check=False)
        assert result.stdout.startswith(b"\\xe9.py:5:1: PRM101 ")
        assert result.stderr == b""


class TestSettings:
    def test_are_shown_as_they_can_be_configured(self, folder: Path, paramassign: Command) -> None:
        table = """
            select = ["PRM1"]
            extend-select = ["PRM001"]
            ignore = ["PRM101"]
            extend-ignore = ["PRM102"]
            per-file-ignores = { "tests/*" = ["PRM1"], 'a"b' = [] }
            exclude = ["generated"]
            extend-exclude = ["src/vendored", "é"]
            force-exclude = true
            module-bases = ["lib.Base"]
            output-format = "json"
            jobs = 2
        """
        (folder / "pyproject.toml").write_text(f"[tool.paramassign]\n{table}", "utf-8")
        _, configured = nearest(folder)
        (folder / "pyproject.toml").write_text(paramassign("--show-settings").out, "utf-8")
        assert nearest(folder)[1] == configured

    def test_say_where_they_come_from_and_what_they_come_to(
        self, folder: Path, paramassign: Command
    ) -> None:
        assert paramassign("--show-settings").lines[0] == "# no configuration file"
        (folder / "pyproject.toml").write_text("[tool.paramassign]\n")
        first, *lines, last = paramassign("--show-settings", "--ignore=PRM1", "--jobs=3").lines
        assert first == f"# {folder / 'pyproject.toml'}"
        assert "jobs = 3" in lines
        assert last.startswith("# rules: PRM001")
        assert "PRM101" not in last


class TestAddNoqa:
    def after(self, folder: Path, paramassign: Command, source: bytes) -> bytes:
        file = folder / "a.py"
        file.write_bytes(source)
        assert paramassign("--add-noqa", "a.py").status == 0
        assert paramassign("a.py").lines == []
        return file.read_bytes()

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b"bad\n", b"bad  # noqa: PRM101\n"),
            (b"bad; lost; bad\n", b"bad; lost; bad  # noqa: PRM101, PRM102\n"),
            (b"bad", b"bad  # noqa: PRM101"),
            (b"bad\r\nx\r\n", b"bad  # noqa: PRM101\r\nx\r\n"),
            (b"\xef\xbb\xbfbad\n", b"\xef\xbb\xbfbad  # noqa: PRM101\n"),
            (
                b"# coding: latin-1\n'\xe9'; bad\n",
                b"# coding: latin-1\n'\xe9'; bad  # noqa: PRM101\n",
            ),
            (b"bad  # why\n", b"bad  # why  # noqa: PRM101\n"),
            (b"bad  # noqa: E501\n", b"bad  # noqa: E501, PRM101\n"),
            (b"bad  # noqa: E501 why\n", b"bad  # noqa: E501, PRM101 why\n"),
            (b"bad  # noqa:prm101\n", b"bad  # noqa:prm101, PRM101\n"),
            (b"bad + \\\n  x\n", b"bad + \\\n  x  # noqa: PRM101\n"),
            (b'f(bad, """\nx\n""")\n', b'f(bad, """\nx\n""")  # noqa: PRM101\n'),
            (b"f(\n  bad,\n  x)\n", b"f(\n  bad,  # noqa: PRM101\n  x)\n"),
            (b"f'{bad}'\n", b"f'{bad}'  # noqa: PRM101\n"),
        ],
    )
    def test_is_where_flake8_looks_for_it(
        self, folder: Path, paramassign: Command, before: bytes, after: bytes
    ) -> None:
        assert self.after(folder, paramassign, before) == after

    def test_leaves_alone_what_has_one(self, folder: Path, paramassign: Command) -> None:
        assert self.after(folder, paramassign, b"bad  # noqa\n") == b"bad  # noqa\n"

    def test_silences_no_file_that_could_not_be_analysed(
        self, folder: Path, paramassign: Command
    ) -> None:
        (folder / "a.py").write_text("doubtful\n")
        assert paramassign("--add-noqa", "a.py").status == 2
        assert (folder / "a.py").read_text() == "doubtful\n"

    def test_says_what_was_not_written(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text("bad\n")
        (folder / "b.py").write_text("bad\n")
        (folder / "a.py").chmod(0o444)
        outcome = paramassign("--add-noqa", "a.py", "b.py")
        assert outcome.status == 2
        assert outcome.err == "paramassign: error: a.py: not written: it is read-only\n"
        assert (folder / "b.py").read_text() == "bad  # noqa: PRM101\n"

    def test_cannot_be_written_to_standard_input(self, paramassign: Command) -> None:
        outcome = paramassign("--add-noqa", "-", stdin=b"bad\n")
        assert outcome.status == 2
        assert outcome.err.count("\n") == 1


class TestBaseline:
    @pytest.fixture(autouse=True)
    def known(self, folder: Path, fake_analysis: None, paramassign: Command) -> None:
        (folder / "a.py").write_text("bad\nbad\nlost\n")
        assert paramassign("--baseline=known.json", "--write-baseline", "a.py").status == 0

    def test_hides_what_it_lists(self, paramassign: Command) -> None:
        assert paramassign("a.py").status == 1
        assert paramassign("--baseline=known.json", "a.py").status == 0

    def test_reports_what_is_new(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text("x\nbad\nlost\nbad\nbad\nx; lost\n")
        lines = paramassign("--baseline=known.json", "a.py").lines
        assert [line.split(" ")[0] for line in lines] == ["a.py:5:1:", "a.py:6:4:"]

    def test_is_found_by_its_own_folder(
        self, folder: Path, paramassign: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "sub").mkdir()
        monkeypatch.chdir(folder / "sub")
        assert paramassign("--baseline=../known.json", "../a.py").status == 0

    def test_can_be_configured(self, folder: Path, paramassign: Command) -> None:
        (folder / "pyproject.toml").write_text('[tool.paramassign]\nbaseline = "known.json"\n')
        assert paramassign("a.py").status == 0

    def test_is_readable(self, folder: Path) -> None:
        assert json.loads((folder / "known.json").read_text("utf-8")) == [
            {"filename": "a.py", "code": "PRM101", "line": "bad", "count": 2},
            {"filename": "a.py", "code": "PRM102", "line": "lost", "count": 1},
        ]

    def test_hides_no_file_that_could_not_be_analysed(
        self, folder: Path, paramassign: Command
    ) -> None:
        (folder / "a.py").write_text("doubtful\n")
        assert paramassign("--baseline=known.json", "--write-baseline", "a.py").status == 2
        assert json.loads((folder / "known.json").read_text("utf-8")) == []

    @pytest.mark.parametrize(
        "text", [None, "", "1", '{"a": 1}', "[1]", '[{"filename": 1}]', "\xff"]
    )
    def test_that_cannot_be_read_is_an_error(
        self, folder: Path, paramassign: Command, text: str | None
    ) -> None:
        if text is not None:
            (folder / "other.json").write_bytes(text.encode("latin-1"))
        outcome = paramassign("--baseline=other.json", "a.py")
        assert outcome.status == 2
        assert outcome.err.count("\n") == 1

    def test_needs_a_name_to_be_written(self, paramassign: Command) -> None:
        outcome = paramassign("--write-baseline", "a.py")
        assert outcome.status == 2
        assert outcome.err == "paramassign: error: --write-baseline needs --baseline FILE\n"


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
