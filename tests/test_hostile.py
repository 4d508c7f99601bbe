"""A tree that was made to stop us: no pipe is waited for, nothing takes long, the rest goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from conftest import Command

from flake8_paramassign import files
from flake8_paramassign.configuration import Configuration, ConfigurationError, nearest
from flake8_paramassign.discovery import SourceFile
from flake8_paramassign.files import read_regular
from flake8_paramassign.fixes import cli as fix

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and limits")

GOOD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(3)).to(d)
"""
FOUND = "good.py:8:9: PRM102 "


@pytest.fixture(autouse=True)
def impatience() -> Iterator[None]:
    """What waits for ever is ended."""

    def end(number: int, frame: FrameType | None) -> None:
        raise TimeoutError("this takes too long")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def good(folder: Path) -> Iterator[Path]:
    (folder / "good.py").write_text(GOOD)
    yield folder / "good.py"
    subprocess.run(["rm", "-rf", folder / "d"], check=True)  # too deep for Python


def pipes(folder: Path) -> None:
    (folder / "sub").mkdir()
    for name in ("x.py", "y.ipynb", "helper.py", "sub/z.py", "setup.cfg", ".x.py.paramassign~"):
        os.mkfifo(folder / name)
    (folder / "good.py").write_text(f"{GOOD}        self.x = helper.X()\n\nimport helper\n")


def links(folder: Path) -> None:
    for name, target in {
        "zero.py": "/dev/zero",
        "zero.ipynb": "/dev/zero",
        "kernel.py": "/proc/kmsg",
        "memory.py": "/proc/self/mem",
        "users.py": "/etc/passwd",
        "loop.py": "loop.py",
        "nowhere.py": "missing",
        "up": "..",
        "here": ".",
    }.items():
        (folder / name).symlink_to(target)


def commands_as_names(folder: Path) -> None:
    for name in (b"a\n::error::x.py", b"::error::x.py", b"a\xff.py", b"\x1b[2J.py", b"##vso[x].py"):
        (folder / os.fsdecode(name)).write_text("")


def deep(folder: Path) -> None:
    for _ in range(1_000):
        os.mkdir("d")
        os.chdir("d")
    Path("x.py").touch()
    Path(".gitignore").write_text("y.py\n")
    os.chdir(folder)


def other_kinds(folder: Path) -> None:
    for name in ("x.py", ".z.paramassign~"):
        (folder / name).mkdir()
    os.mkfifo(folder / ".git")
    os.mkfifo(folder / "pyvenv.cfg")


@pytest.mark.parametrize("make", [pipes, links, commands_as_names, deep, other_kinds])
@pytest.mark.parametrize("pattern", [".", "**/*.py"])
def test_what_cannot_be_a_source_is_passed_over(
    folder: Path, paramassign: Command, make: Callable[[Path], None], pattern: str
) -> None:
    make(folder)
    outcome = paramassign(pattern)
    assert [line[: len(FOUND)] for line in outcome.lines] == [FOUND]
    assert (outcome.status, outcome.err) == (1, "")


@pytest.mark.parametrize("make", [pipes, links, commands_as_names, deep, other_kinds])
def test_fixing_passes_over_it_too(
    folder: Path, make: Callable[[Path], None], capfd: pytest.CaptureFixture[str]
) -> None:
    make(folder)
    assert fix.main(["."]) in (0, 1)
    _, err = capfd.readouterr()
    assert err.startswith("1 file changed, 1 finding fixed, ")


def test_what_a_project_says_of_itself_is_not_waited_for(
    folder: Path, paramassign: Command
) -> None:
    """Which libraries it requires, for one: here of a class whose rule depends on it."""
    for name in (
        *["setup.py", "setup.cfg", "requirements.txt", "requirements-dev.txt", "uv.lock"],
        *["poetry.lock", "Pipfile", "Pipfile.lock", "environment.yml", "tox.ini", "MANIFEST.in"],
    ):
        os.mkfifo(folder / name)
    (folder / "good.py").write_text(PRETRAINED)
    outcome = paramassign("--jobs=1", "good.py")
    assert outcome.err == ""
    assert "PRM306" in outcome.out


PRETRAINED = """\
from torch import nn
from transformers import PreTrainedModel

class Model(PreTrainedModel):
    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            module.weight.data.normal_()
"""
IGNORE = ".gitignore"
SETTINGS = "pyproject.toml"


def pipe(file: Path) -> None:
    os.mkfifo(file)


def endless(file: Path) -> None:
    file.symlink_to("/dev/zero")


def holes(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(3 << 30)


@pytest.mark.parametrize("make", [pipe, endless, holes, Path.mkdir])
@pytest.mark.parametrize("name", [IGNORE, SETTINGS, "sub/.gitignore", "known.json"])
def test_a_file_of_ours_that_is_none_is_one_line(
    folder: Path, paramassign: Command, make: Callable[[Path], None], name: str
) -> None:
    (folder / "sub").mkdir()
    if name == "known.json":
        (folder / SETTINGS).write_text('[tool.paramassign]\nbaseline = "known.json"\n')
    make(folder / name)
    outcome = paramassign(".")
    assert outcome.status == 2
    assert outcome.err.startswith(f"paramassign: error: {folder / name}: ")
    assert outcome.err.count("\n") == 1
    if name.endswith(IGNORE):
        [line] = outcome.lines
        assert line.startswith(FOUND)


@pytest.mark.parametrize("name", ["big.py", "big.ipynb"])
def test_a_source_of_holes_costs_no_memory(folder: Path, name: str) -> None:
    (folder / name).touch()
    os.truncate(folder / name, 3 << 30)
    (folder / "user.py").write_text("from big import Base\n" + GOOD.replace("nn.Module", "Base"))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (500 << 20, 500 << 20))

    for module in ("flake8_paramassign", "codemods.fix"):
        command = [sys.executable, "-m", module, "."]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, preexec_fn=limited
        )
        assert done.returncode == 2
        assert f"{name}" in done.stderr
        assert "larger than" in done.stderr
        assert "Traceback" not in done.stderr


class TestLinks:
    """That lead out of what was named."""

    @pytest.fixture
    def outside(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        file = tmp_path_factory.mktemp("outside") / "theirs.py"
        file.write_text(GOOD)
        return file

    def test_are_not_followed_in_a_walk(
        self, folder: Path, outside: Path, paramassign: Command, good: Path
    ) -> None:
        (folder / "link.py").symlink_to(outside)
        (folder / "folder").symlink_to(outside.parent, target_is_directory=True)
        for argument in (".", "*.py", "**/*.py", "[l]*.py", str(folder)):
            assert "theirs" not in paramassign(argument, str(good)).out
            assert "link.py" not in paramassign(argument, str(good)).out
        assert fix.main([".", "*.py"]) == 0
        assert outside.read_text() == GOOD
        assert good.read_text() != GOOD

    def test_are_followed_where_they_are_named_or_lead_to_what_is(
        self, folder: Path, outside: Path, paramassign: Command
    ) -> None:
        (folder / "link.py").symlink_to(outside)
        assert paramassign("link.py").lines[0].startswith("link.py:8:9: PRM102")
        lines = paramassign(".", str(outside.parent)).lines
        assert [line.partition(":")[0] for line in lines] == ["good.py", "link.py"]
        assert fix.main(["link.py"]) == 0
        assert (outside.read_text() != GOOD, (folder / "link.py").is_symlink()) == (True, True)


class TestSettings:
    WRONG: tuple[str, ...] = (
        *["1", "-1", "0", "1.5", "true", '""', '"x"', "[]", "[1]", '["x"]', "[[]]", "{}"],
        *["{ a = 1 }", '{ a = ["PRM101"] }', "{ a = {} }", "1979-05-27", '["PRM101"]', '"\\u0000"'],
        *['["\\u0000"]', "9" * 4_000, "nan", '"' + "x" * 9_000 + '"', '["' + "x" * 9_000 + '"]'],
    )
    """Values, of which each key takes a few."""

    @pytest.mark.parametrize("value", WRONG, ids=lambda value: value[:20])
    def test_of_the_wrong_type_are_one_line(
        self, folder: Path, paramassign: Command, value: str
    ) -> None:
        (folder / "known.json").write_text("[]")
        for field in Configuration.__dataclass_fields__:
            key = field.replace("_", "-")
            (folder / SETTINGS).write_text(f"[tool.paramassign]\n{key} = {value}\n")
            outcome = paramassign("good.py")
            assert outcome.status in (0, 1, 2)
            assert outcome.err.count("\n") == (outcome.status == 2), (key, outcome.err)
            assert "internal error" not in outcome.err
            assert len(outcome.err) < 6_000

    @pytest.mark.parametrize(
        "text",
        [
            "x = " + "[" * 500 + "]" * 500,
            "x = " + "{a=" * 9_000,
            "a." * 50_000 + "a = 1",
            '"a".' * 50_000 + "a = 1",
            "[" + "a . " * 50_000 + "a]",
            "x = " + "9" * 5_000,
            "x = \ud800",
            "tool = 1\n[tool.paramassign]",
        ],
        ids=lambda text: text[:12],
    )
    def test_that_are_hard_to_read_are_refused(self, folder: Path, text: str) -> None:
        (folder / SETTINGS).write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(ConfigurationError):
            nearest(folder)

    def test_may_begin_with_a_bom(self, folder: Path) -> None:
        (folder / SETTINGS).write_bytes(b"\xef\xbb\xbf[tool.paramassign]\njobs = 1\n")
        assert nearest(folder)[1].jobs == 1

    def test_of_other_tools_may_be_long(self, folder: Path) -> None:
        words = ", ".join(f'"a.b{number}.c"' for number in range(2_000))
        (folder / SETTINGS).write_text(f"[tool.x]\ny = [{words}]\n[tool.paramassign]\njobs = 1\n")
        assert nearest(folder)[1].jobs == 1


class TestBaseline:
    @pytest.mark.parametrize(
        "text",
        ["x = 1\n", "{}", '{"a": 1}', "[1]", '[{"filename": "a"}]', "[" * 100_000, "\xff", "1"],
        ids=lambda text: text[:9],
    )
    def test_nothing_else_is_overwritten(
        self, folder: Path, paramassign: Command, text: str
    ) -> None:
        (folder / "precious").write_text(text)
        outcome = paramassign("--baseline=precious", "--write-baseline", "good.py")
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)
        assert (folder / "precious").read_text() == text

    @pytest.mark.parametrize("text", ["", "[]"])
    def test_an_empty_one_is(self, folder: Path, paramassign: Command, text: str) -> None:
        (folder / "known").write_text(text)
        assert paramassign("--baseline=known", "--write-baseline", "good.py").status == 0
        assert len(json.loads((folder / "known").read_text())) == 1

    @pytest.mark.parametrize("count", ["1e400", "9" * 5_000, "[]", "null"])
    def test_no_count_breaks_it(self, folder: Path, paramassign: Command, count: str) -> None:
        entry = f'[{{"filename": "a", "code": "b", "line": "c", "count": {count}}}]'
        (folder / "known").write_text(entry)
        outcome = paramassign("--baseline=known", "good.py")
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)


class TestNotebooks:
    @pytest.mark.parametrize(
        "text",
        [
            "[" * 100_000,
            "[" + "[]," * 2_000_000 + "[]]",
            *["null", "1", "[]", "{}", '{"metadata": null, "cells": []}'],
            '{"metadata": {"language_info": null}, "cells": []}',
            '{"metadata": {}, "cells": [1]}',
            '{"metadata": {}, "cells": [{"cell_type": "code", "source": 1}]}',
            '{"metadata": {}, "cells": [{"cell_type": "code", "source": "\\ud800"}]}',
        ],
        ids=lambda text: text[:50],
    )
    def test_that_are_none_are_one_line(
        self, folder: Path, paramassign: Command, text: str
    ) -> None:
        (folder / "n.ipynb").write_text(text)
        outcome = paramassign("n.ipynb")
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)

    @pytest.mark.parametrize(
        "source",
        [
            *[" " * 300_000 + "x\n(", "a " * 150_000 + "(", "a." * 150_000 + "!", "?" * 300_000],
            *["%%time\n" * 50_000 + "(", "x =\n" * 50_000 + "(", "%\\\n" * 50_000 + "("],
        ],
        ids=lambda source: source[:6],
    )
    def test_no_cell_takes_long(self, folder: Path, paramassign: Command, source: str) -> None:
        document = {"metadata": {}, "cells": [{"cell_type": "code", "source": source}]}
        (folder / "n.ipynb").write_text(json.dumps(document))
        signal.alarm(10)
        assert paramassign("n.ipynb").status in (0, 2)


class TestReading:
    def test_a_file_without_size_is_not_opened(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a").touch()
        monkeypatch.setattr(files, "open", None, raising=False)
        monkeypatch.setattr(os, "open", None)
        assert read_regular(tmp_path / "a", 1) == b""

    def test_a_file_of_just_the_size_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"abc")
        assert read_regular(tmp_path / "a", 3) == b"abc"
        with pytest.raises(OSError, match="larger than"):
            read_regular(tmp_path / "a", 2)

    def test_what_becomes_a_pipe_or_grows_meanwhile(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("a", "b"):
            (tmp_path / name).write_bytes(b"abc")
        status = os.stat(tmp_path / "a")
        (tmp_path / "a").unlink()
        os.mkfifo(tmp_path / "a")
        (tmp_path / "b").write_bytes(b"abcdef")
        monkeypatch.setattr(os, "stat", lambda path: status)
        with pytest.raises(OSError, match="not a regular file"):
            read_regular(tmp_path / "a", 3)
        with pytest.raises(OSError, match="larger than"):
            read_regular(tmp_path / "b", 3)

    def test_a_name_with_a_nul(self) -> None:
        with pytest.raises(OSError, match="null byte"):
            read_regular("a\0b", 3)


def test_no_more_processes_than_processors(
    folder: Path, paramassign: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def in_workers(
        check: Callable[[str], object],
        files: list[SourceFile],
        jobs: int,
        lost: object,
        arrived: Callable[[str, object], None],
    ) -> None:
        asked.append(jobs)
        for file in files:
            arrived(file.path, check(file.path))

    monkeypatch.setattr("flake8_paramassign.checking.in_workers", in_workers)
    (folder / "b.py").touch()
    paramassign("--jobs=1000000", ".")
    paramassign("--jobs=1", ".")
    assert asked[1] == 1 <= asked[0] <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can change")
def test_a_folder_that_may_not_be_looked_into_is_one_line(
    folder: Path, paramassign: Command
) -> None:
    for name, mode in (("closed", 0), ("names_only", 0o444), ("blind", 0o111)):
        (folder / name).mkdir()
        (folder / name / "a.py").write_text(GOOD)
        (folder / name).chmod(mode)
    for above in (folder, *folder.parents[:2]):
        above.chmod(0o755)
    paramassign("good.py")  # What is imported late may not be there for others.
    os.seteuid(65534)
    try:
        outcome = paramassign(".", "closed", ".")
    finally:
        os.seteuid(0)
    assert outcome.status == 2
    assert outcome.lines[0].startswith(FOUND)
    assert sorted(outcome.err.splitlines()) == [
        "paramassign: error: blind: Permission denied",
        "paramassign: error: closed: Permission denied",
        "paramassign: error: names_only/a.py: Permission denied",
    ]
