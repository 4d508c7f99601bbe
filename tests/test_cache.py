"""The cache: the same findings as without it, whatever becomes of files, and of the cache."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Command, Outcome

from flake8_paramassign import cache, cli
from flake8_paramassign.analyzer import Analyzer
from flake8_paramassign.cache.entries import Entry
from flake8_paramassign.cache.store import Store
from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.discovery import SourceFile
from flake8_paramassign.fixes import cli as fix
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.nearest import Configurations

BASE = """\
import torch
from torch import nn

class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
"""
CHILD = """\
import torch
from base import Base

class Child(Base):
    def forward(self, x):
        self.scale = torch.zeros(3)
        return x
"""
LOST = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.w = nn.Parameter(torch.ones(3)).to(device)
"""
FOLDER = Path(cache.NAME)


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were analysed since it was cleared."""
    names: list[str] = []
    real = Analyzer.analyze

    def analyze(self: Analyzer, source: bytes, filename: str, **options: object) -> object:
        names.append(os.path.basename(filename))
        return real(self, source, filename, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Analyzer, "analyze", analyze)
    return names


@pytest.fixture
def run(paramassign: Command, analysed: list[str]) -> Callable[..., Outcome]:
    """The command line in this process; ``analysed`` are the files that this run analysed."""

    def run(*arguments: str) -> Outcome:
        analysed.clear()
        monkey = pytest.MonkeyPatch()
        monkey.setattr("flake8_paramassign.checking.in_workers", in_this_process)
        monkey.setattr("flake8_paramassign.fixes.cli.in_workers", in_this_process)
        outcome = paramassign(*arguments)
        monkey.undo()
        return outcome

    return run


def in_this_process(
    check: Callable[[str], object],
    files: list[SourceFile],
    jobs: int,
    lost: object,
    arrived: Callable[[str, object], None],
) -> None:
    for file in files:
        arrived(file.path, check(file.path))


def same(run: Callable[..., Outcome], *arguments: str) -> Outcome:
    """Run with and without the cache; the outcomes are one."""
    outcome = run(*arguments)
    assert run("--no-cache", *arguments) == outcome
    return outcome


class TestWhatItRestsOn:
    """A change that could change the findings has the file analysed again."""

    def test_nothing_has_changed(
        self, folder: Path, run: Callable[..., Outcome], analysed: list[str]
    ) -> None:
        (folder / "base.py").write_text(BASE)
        (folder / "child.py").write_text(CHILD)
        first = run()
        assert first.lines[0].startswith("child.py:6:9: PRM101")
        assert analysed == ["base.py", "child.py"]
        assert run() == first
        assert analysed == []
        (folder / "base.py").touch()
        assert run(str(folder / "base.py"), str(folder / "child.py")).status == 1
        assert analysed == [], "another name of the same, and another time"

    def test_the_file(self, folder: Path, run: Callable[..., Outcome], analysed: list[str]) -> None:
        (folder / "a.py").write_text(LOST)
        (folder / "b.py").write_text("import torch\n")
        assert run().status == 1
        (folder / "a.py").write_text("\n" + LOST)
        assert same(run).lines[0].startswith("a.py:8:9: PRM102")
        run()
        (folder / "a.py").write_text("import torch\n")
        assert run().status == 0
        assert analysed == ["a.py"]

    def test_another_file(
        self, folder: Path, run: Callable[..., Outcome], analysed: list[str]
    ) -> None:
        """It appears, changes, is a package instead, and goes."""
        (folder / "child.py").write_text(CHILD)
        (folder / "other.py").write_text("import torch\n")
        assert same(run).status == 0
        (folder / "base.py").write_text(BASE)
        assert run("child.py").status == 1
        assert same(run).status == 1
        (folder / "base.py").write_text(BASE.replace("nn.Parameter(torch.ones(3))", "None"))
        assert run("child.py").status == 0
        (folder / "base.py").write_text("no python")
        assert run("child.py").status == 0
        os.unlink(folder / "base.py")
        assert run("child.py").status == 0
        assert analysed == ["child.py"]
        (folder / "base").mkdir()
        (folder / "base" / "__init__.py").write_text(BASE)
        assert run("child.py").status == 1
        shutil.rmtree(folder / "base")
        assert run("child.py").status == 0
        run()
        assert analysed == ["base.py"] or analysed == []

    def test_what_another_file_imports(self, folder: Path, run: Callable[..., Outcome]) -> None:
        (folder / "child.py").write_text(CHILD)
        (folder / "base.py").write_text("from deep import *\n")
        assert run("child.py").status == 0
        (folder / "deep.py").write_text(BASE)
        assert run("child.py").status == 1

    def test_a_file_that_was_read_for_another(
        self, folder: Path, run: Callable[..., Outcome]
    ) -> None:
        for name in ("child.py", "sibling.py"):
            (folder / name).write_text(CHILD)
        (folder / "base.py").write_text("Base = object\n")
        assert run().lines == []
        (folder / "base.py").write_text(BASE)
        assert len(run().lines) == 2

    def test_the_root_of_the_project(self, folder: Path, run: Callable[..., Outcome]) -> None:
        (folder / "src").mkdir()
        (folder / "src" / "base.py").write_text(BASE)
        (folder / "tests" / "unit").mkdir(parents=True)
        child = folder / "tests" / "unit" / "child.py"
        child.write_text(CHILD)
        assert run(str(child)).status == 0
        (folder / "setup.py").touch()
        assert run(str(child)).status == 1

    def test_where_a_link_leads(self, folder: Path, run: Callable[..., Outcome]) -> None:
        for name in ("one", "two"):
            (folder / name / "lib").mkdir(parents=True)
            (folder / name / "lib" / "child.py").write_text(CHILD)
        (folder / "one" / "base.py").write_text(BASE)
        (folder / "one" / "setup.py").touch()
        (folder / "lib").symlink_to(folder / "one" / "lib")
        assert run("lib/child.py").status == 1
        (folder / "lib").unlink()
        (folder / "lib").symlink_to(folder / "two" / "lib")
        assert run("lib/child.py").status == 0

    def test_what_the_project_requires(self, folder: Path, run: Callable[..., Outcome]) -> None:
        (folder / "m.py").write_text(
            "from transformers import PreTrainedModel\n\n"
            "class Net(PreTrainedModel):\n"
            "    def _init_weights(self, module):\n"
            "        module.weight.data.normal_()\n"
        )
        (folder / "requirements.txt").write_text("transformers<5\n")
        assert same(run, "m.py").status == 0
        (folder / "requirements.txt").write_text("transformers\n")
        assert same(run, "m.py").status == 1
        (folder / "requirements.txt").write_text("torch\n")
        assert same(run, "m.py").status == 1
        (folder / "requirements-dev.txt").write_text("transformers<5\n")
        assert same(run, "m.py").status == 0

    def test_settings(self, folder: Path, run: Callable[..., Outcome]) -> None:
        (folder / "a.py").write_text(LOST)
        assert run("a.py").status == 1
        assert run("a.py", "--ignore", "PRM102").status == 0
        assert run("a.py", "--per-file-ignores", "a.py:PRM102").status == 0
        assert run("a.py").status == 1
        (folder / "a.py").write_text("import lib\n" + LOST.replace("nn.Module", "lib.Model"))
        assert run("a.py").status == 0
        assert run("a.py", "--module-bases", "lib.Model").status == 1

    def test_fixes_are_shown_where_they_are_wanted(
        self, folder: Path, run: Callable[..., Outcome], analysed: list[str]
    ) -> None:
        (folder / "a.py").write_text(LOST)
        assert "fix" not in run("a.py").out
        full = run("a.py", "--output-format", "full")
        assert "= safe fix" in full.out
        assert run("a.py", "--output-format", "full") == full
        assert analysed == []

    def test_another_version_of_us(
        self,
        folder: Path,
        run: Callable[..., Outcome],
        analysed: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        (folder / "a.py").write_text(LOST)
        run("a.py")
        monkeypatch.setattr(cache, "fingerprint", lambda: "another")
        run("a.py")
        assert analysed == ["a.py"]

    def test_what_was_not_analysed(
        self, folder: Path, run: Callable[..., Outcome], analysed: list[str]
    ) -> None:
        """It may be, next time."""
        (folder / "a.py").write_text("no python\n")
        first = run("a.py")
        assert first.status == 2
        assert run("a.py") == first
        assert analysed == ["a.py"]


def test_notebooks_too(folder: Path, run: Callable[..., Outcome], analysed: list[str]) -> None:
    from test_notebooks import notebook

    (folder / "n.ipynb").write_bytes(notebook("import os", LOST))
    first = run("n.ipynb")
    assert first.lines[0].startswith("n.ipynb:cell 2:7:9: PRM102")
    assert run("n.ipynb") == first
    assert analysed == []


def test_the_fixer_passes_over_what_is_clean(
    folder: Path, run: Callable[..., Outcome], analysed: list[str]
) -> None:
    (folder / "a.py").write_text(LOST)
    (folder / "b.py").write_text("import torch\n")
    assert run("--diff").status == 1
    assert run("--fix").status == 0
    assert set(analysed) == {"a.py"}
    assert run("--fix").status == 0
    assert analysed == ["a.py"]
    assert run("--fix").status == 0
    assert analysed == []


def test_a_second_run_loads_no_rule(folder: Path) -> None:
    (folder / "a.py").write_text(LOST)
    code = (
        "import sys; from flake8_paramassign.cli import main; status = main(['a.py', '--jobs=1'])"
    )
    code += "; print(status, 'flake8_paramassign.facts' in sys.modules, file=sys.stderr)"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout
    assert runs[1].stderr == "1 False\n"


def test_an_entry_is_what_was_found() -> None:
    """With its fix, its trace, and characters of every kind."""
    source = LOST.replace("torch.ones(3)", "torch.ones(len('\N{SNOWMAN}\x0c'))")
    findings = Checker(Configuration(), rewrite).check(source.encode(), "ä\udcff.py")
    assert findings[0].diagnostic.fix and findings[0].diagnostic.trace
    entry = Entry(findings, ["file\tno\t/\udcff"], has_fixes=True)
    assert Entry.unpacked(entry.packed(), "ä\udcff.py") == entry


class TestDisk:
    """What may go wrong with files."""

    @pytest.fixture
    def lost(self, folder: Path, run: Callable[..., Outcome]) -> Outcome:
        """What a first run finds."""
        (folder / "a.py").write_text(LOST)
        return run("a.py")

    def test_where_it_is(self, folder: Path, run: Callable[..., Outcome], lost: Outcome) -> None:
        assert sorted(os.listdir(FOLDER)) == [".gitignore", "CACHEDIR.TAG", "findings.db"]
        assert (FOLDER / ".gitignore").read_text() == "*\n"
        shutil.rmtree(FOLDER)
        assert run("a.py", "--no-cache") == lost
        (folder / "pyproject.toml").write_text("[tool.paramassign]\nno-cache = true\n")
        assert run("a.py") == lost
        assert not FOLDER.exists()
        (folder / "pyproject.toml").write_text('[tool.paramassign]\ncache-dir = "x/y"\n')
        assert run("a.py") == lost
        assert (folder / "x" / "y" / "findings.db").exists()
        assert run("a.py", "--cache-dir", "z") == lost
        assert (folder / "z" / "findings.db").exists() and not FOLDER.exists()

    def test_beside_the_configuration(self, folder: Path) -> None:
        (folder / "pyproject.toml").write_text("[tool.paramassign]\n")
        (folder / "inner").mkdir()
        assert Configurations({}).cache_folder(folder / "inner") == folder / cache.NAME

    @pytest.mark.parametrize("damage", ["cut", "other", "entries", "table"])
    def test_damage(
        self, run: Callable[..., Outcome], analysed: list[str], lost: Outcome, damage: str
    ) -> None:
        file = FOLDER / "findings.db"
        if damage == "cut":
            file.write_bytes(file.read_bytes()[:5000])
        elif damage == "other":
            file.write_text("no database" * 1000)
        else:
            with sqlite3.connect(file) as database:
                if damage == "entries":
                    database.execute("UPDATE entries SET entry = substr(entry, 1, 99)")
                else:
                    database.executescript(
                        "ALTER TABLE entries RENAME TO t; CREATE VIEW entries AS SELECT * FROM t"
                    )
            database.close()
        assert run("a.py") == lost
        assert analysed == ["a.py"]
        run("a.py")
        assert run("a.py") == lost
        assert analysed == []

    def test_nothing_is_written_through_links(self, folder: Path, lost: Outcome) -> None:
        (folder / "elsewhere").mkdir()
        for link, is_folder in ((FOLDER, True), (FOLDER / "findings.db", False)):
            shutil.rmtree(FOLDER, ignore_errors=True)
            if not is_folder:
                FOLDER.mkdir()
            link.symlink_to(folder / "elsewhere", target_is_directory=is_folder)
            assert cli.main(["a.py"]) == 1
            assert os.listdir(folder / "elsewhere") == []
            link.unlink()
        os.mkfifo(FOLDER / "findings.db")
        assert cli.main(["a.py"]) == 1, "and nobody waits for a pipe"

    @pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
    def test_a_folder_that_may_not_be_written(
        self, folder: Path, run: Callable[..., Outcome], lost: Outcome
    ) -> None:
        for path, mode in ((FOLDER, 0o500), (folder, 0o500)):
            path.chmod(mode)
        assert run("a.py") == lost
        folder.chmod(0o700)
        FOLDER.chmod(0o700)
        shutil.rmtree(FOLDER)
        folder.chmod(0o500)
        assert run("a.py") == lost
        folder.chmod(0o700)

    def test_a_full_disk_and_one_that_may_not_be_written(
        self, run: Callable[..., Outcome], lost: Outcome, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As SQLite tells them."""
        real = sqlite3.connect

        def connect(file: Path, patience: float) -> sqlite3.Connection:
            database = real(file, patience)
            database.execute("PRAGMA query_only = ON")
            return database

        shutil.rmtree(FOLDER)
        monkeypatch.setattr(sqlite3, "connect", connect)
        assert run("a.py") == lost
        assert run("a.py") == lost

    def test_it_is_bounded(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("flake8_paramassign.cache.store.MOST_BYTES", 100_000)
        store, found = Store(folder / "c"), []
        for number in range(300):
            monkeypatch.setattr(time, "time", lambda n=number: 86_400.0 * n)
            store.put({bytes([number % 256, number // 256]): os.urandom(2_000)})
            store.get([bytes([0, 0])], lambda key, entry: None)  # is used each day
        assert (folder / "c" / "findings.db").stat().st_size <= 100_000
        keys = [bytes([number % 256, number // 256]) for number in range(300)]
        store.get(keys, lambda key, entry: found.append(key))
        assert {keys[0], keys[299]} <= set(found), "what is used, and what is new"
        assert 10 < len(found) < 60


def test_two_runs_at_once_and_a_kill(folder: Path) -> None:
    """Neither is disturbed, and what was found before a kill is known afterwards."""
    for number in range(12):
        (folder / f"{number:02}.py").write_text(LOST * 15)
    command = [sys.executable, "-m", "flake8_paramassign", "--jobs=1", "--exit-zero"]

    def start(*options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*command, *options], stdout=subprocess.PIPE)

    runs = [start() for _ in range(3)]
    killed = start("--cache-dir=k")
    time.sleep(0.5)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    expected = start("--no-cache").communicate()[0]
    assert expected.count(b"PRM102") == 12 * 15
    outs = [run.communicate()[0] for run in (*runs, start(), start("--cache-dir=k"))]
    assert [out == expected for out in outs] == [True] * 5
    assert fix.main(["--diff", "--no-cache"]) == 1
