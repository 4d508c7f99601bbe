"""``paramassign scan``: what the plain command finds in clones, from Parquet, on Dask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from test_cache import BASE, CHILD, LOST
from test_notebooks import notebook

pa = pytest.importorskip("pyarrow", reason="the extra 'scan' is not installed")
distributed = pytest.importorskip("distributed", reason="the extra 'scan' is not installed")
pq = pytest.importorskip("pyarrow.parquet")

from flake8_paramassign.scan.job import SCHEMA  # noqa: E402

INIT = "transformers<5\n"
WEIGHTS = """\
from transformers import PreTrainedModel

class Net(PreTrainedModel):
    def _init_weights(self, module):
        module.weight.data.normal_()
"""
REPOSITORIES: dict[str, dict[str, str]] = {
    "a/split": {"lib/base.py": BASE, "lib/child.py": CHILD},
    "b/src": {"src/base.py": BASE, "tests/unit/child.py": CHILD},
    "c/alone": {"child.py": CHILD, "x.py": "import torch\nthis is no Python\n"},
    "d/lost": {"build/left_out.py": LOST, "n.py": LOST, "n.ipynb": notebook("1", LOST).decode()},
    "e/old": {"requirements.txt": INIT, "m.py": WEIGHTS},
    "f/new": {
        "m.py": WEIGHTS,
        "é.py": LOST,
        "noqa.py": LOST.replace("(device)", "(device)  # noqa"),
    },
}


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a cluster of one thread."""
    options = {"processes": False, "dashboard_address": None, "threads_per_worker": 1}
    with distributed.LocalCluster(n_workers=1, **options) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def scan(paramassign: Command, scheduler: str) -> Callable[..., Any]:
    """Scans ``data.parquet`` into ``out``."""
    return lambda *options: paramassign(
        "scan", "data.parquet", "out", "--scheduler", scheduler, *options
    )


def write(
    repositories: dict[str, dict[str, str]],
    names: tuple[str, str, str] = ("repository", "path", "content"),
    as_bytes: bool = False,
) -> None:
    """Write the data set, a file a row, what belongs together far apart."""
    rows = [
        (repo, path, text) for repo, files in repositories.items() for path, text in files.items()
    ]
    columns = list(zip(*(rows[::2] + rows[1::2]), strict=True))
    table = dict(zip(names, map(list, columns), strict=True))
    if as_bytes:
        table[names[2]] = [text.encode() for text in table[names[2]]]
    pq.write_table(pa.table(table), "data.parquet", row_group_size=3)


def found(out: str = "out") -> list[dict[str, Any]]:
    rows = pq.read_table(out).to_pylist()
    return sorted(rows, key=lambda row: (row["repository"], row["path"], row["row"]))


def test_it_finds_what_is_found_in_clones(
    folder: Path, paramassign: Command, scan: Callable[..., Any]
) -> None:
    """In files of one repository, with what they import from each other, and in notebooks."""
    expected = []
    for repository, files in REPOSITORIES.items():
        clone = folder / "clones" / repository
        (clone / ".git").mkdir(parents=True)
        for path, text in files.items():
            (clone / path).parent.mkdir(parents=True, exist_ok=True)
            (clone / path).write_text(text)
        report = paramassign("--no-cache", "--output-format=json", str(clone)).out
        for d in json.loads(report):
            cell = f":cell {d['cell']}" if d.get("cell") else ""
            path = os.path.relpath(d["filename"], clone)
            place = d["location"]["row"], d["location"]["column"]
            end = d["end_location"]["row"], d["end_location"]["column"]
            fix = d["fix"]["applicability"] if d["fix"] else None
            row = repository, f"{path}{cell}", *place, *end, d["code"], d["name"], d["message"], fix
            expected.append(dict(zip(SCHEMA.names, row, strict=True)))
    write(REPOSITORIES)
    outcome = scan("--parts=3")
    assert outcome.err == "3 of 3 parts are done: 12 files were looked at\n"
    key = ["repository", "path", "row"]
    assert found() == sorted(expected, key=lambda row: tuple(row[name] for name in key))
    assert len(expected) == 7
    assert pq.read_table("out").schema.names == SCHEMA.names
    assert sorted(os.listdir("out")) == [
        "_scan.json",
        *(f"part-00000{n}.parquet" for n in range(3)),
    ]
    assert outcome.status == 1
    assert outcome.lines[1].split() == ["3", "3", "2", "PRM102", "parameter-lost-in-expression"]


def test_columns_and_options_are_as_they_are_called(folder: Path, scan: Callable[..., Any]) -> None:
    write({"d": REPOSITORIES["d/lost"]}, ("repo_name", "file", "text"), as_bytes=True)
    names = ("--content=text", "--path=file", "--repository=repo_name")
    assert [row["path"] for row in (scan(*names), found())[1]] == ["n.ipynb:cell 2", "n.py"]
    again = scan(*names, "--ignore=PRM102")
    assert again.status == 2 and again.err == "paramassign: error: out: holds another scan\n"
    for options, status, paths in (
        (["--ignore", "PRM102"], 0, []),
        (["--per-file-ignores", "*.ipynb:PRM102"], 1, ["n.py"]),
        (["--exclude", "n.*"], 1, ["build/left_out.py"]),
    ):
        for file in Path("out").iterdir():
            file.unlink()
        assert scan(*names, *options).status == status
        assert [row["path"] for row in found()] == paths
    missing = scan()
    assert (missing.status, missing.err) == (
        2,
        "paramassign: error: data.parquet: no column content, path, repository: "
        "say with --content, --path and --repository what they are called; "
        "there are repo_name, file, text\n",
    )
    Path("out", "mine.txt").touch()
    Path("out", "_scan.json").unlink()
    assert scan(*names).err == "paramassign: error: out: is not empty\n"


def test_rows_may_hold_anything(folder: Path, scan: Callable[..., Any]) -> None:
    """Nothing is opened, and each row counts for its own repository."""
    (folder / "base.py").write_text(BASE)
    outside = f"../{'../' * 20}{folder}/base.py"
    long = "x" * 5_000 + ".py"
    rows: list[tuple[str | None, str | None, str | None]] = [
        ("a", "child.py", CHILD),
        ("a", outside, LOST),
        ("a", "/etc/child.py", CHILD),
        ("b", "base.py", BASE),
        ("b", "twice.py", LOST),
        ("b", "twice.py", "import torch\n"),
        ("c", "none.py", None),
        ("c", None, LOST),
        ("c", "deep.py", "x = " + "(" * 5_000),
        ("c", "nul\0\n.py", LOST),
        ("c", long, LOST),
        (None, "n.py", LOST),
        ("d", "latin.py", "# coding: latin-1\n" + LOST.replace("torch.ones(3)", "f('ü')")),
    ]
    names = ("repository", "path", "content")
    pq.write_table(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))), "data.parquet")
    assert scan().err == "1 of 1 parts are done: 11 files were looked at\n"
    assert [(row["repository"], row["path"][-20:], row["code"]) for row in found()] == [
        ("", "n.py", "PRM102"),
        ("a", outside[-20:], "PRM102"),
        ("b", "twice.py", "PRM102"),
        ("c", "deep.py", "PRM001"),
        ("c", "none.py", "PRM001"),
        ("c", "nul\0\n.py", "PRM102"),
        ("c", long[-20:], "PRM102"),
        ("d", "latin.py", "PRM102"),
    ]


def test_it_goes_on_where_it_was_killed(folder: Path, scan: Callable[..., Any]) -> None:
    """With the same result; what was done is not done again."""
    write({f"r{number}": {"a.py": LOST * 3, "b.py": CHILD} for number in range(12)})
    arguments = ["scan", "data.parquet", "killed", "--jobs=1", "--parts=8"]
    command = [sys.executable, "-m", "flake8_paramassign", *arguments]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(folder.glob("killed/part-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = {file.name: file.stat().st_mtime_ns for file in folder.glob("killed/part-*.parquet")}
    assert 1 <= len(done) < 8
    assert scan("--parts=8").err.startswith("8 of 8 parts are done: 24 files")
    Path("out").rename("whole")
    Path("killed").rename("out")
    Path("out", ".part-left").touch()
    assert scan("--parts=8").status == 1
    assert found("out") == found("whole") and len(found("out")) == 36
    assert {name: Path("out", name).stat().st_mtime_ns for name in done} == done
    assert not Path("out", ".part-left").exists()


def test_without_the_extra_it_says_what_it_needs(
    folder: Path, paramassign: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    outcome = paramassign("scan", "data.parquet", "out")
    assert outcome.status == 2
    assert outcome.err.startswith("paramassign: error: scan needs the extra 'scan': ")
