"""The ecosystem run: what came and went is told, verdicts are asked for, and kept."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from ecosystem import __main__ as command
from ecosystem import kept, measure, page, sources
from ecosystem.kept import Judged, Kept
from ecosystem.measure import Counts, Failure, Place
from ecosystem.sources import Source, Unobtainable

DEFECT = """\
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3)).to(device)
"""
PLACE = Place("model.py", 8, "PRM102")
REPOSITORY = Source("somebody/project", "a" * 40)
FIXED_ONCE = Counts(files=1, lines=8, changed=1, by="abc")


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools are at a commit."""
    monkeypatch.setattr(command, "version", lambda _: "abc")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout of one repository, with one defect."""
    folder = tmp_path / "checkouts" / "somebody+project"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(DEFECT, encoding="utf-8")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Tables that name the repository, and of which nothing was measured."""
    folder = tmp_path / "data"
    folder.mkdir()
    kept.write(folder, Kept({REPOSITORY: Counts()}, {}))
    return folder


def judge(data: Path, judged: Judged, by: str = FIXED_ONCE.by) -> None:
    """Keep that verdict on the defect, and the counts that are right, of tools at ``by``."""
    kept.write(
        data, Kept({REPOSITORY: replace(FIXED_ONCE, by=by)}, {(REPOSITORY.name, PLACE): judged})
    )


def run(data: Path, tree: Path, *options: str) -> int:
    arguments = [f"--checkouts={tree.parent}", "--jobs=1", *options]
    return command.main(arguments, data, data / "page.md")


def test_what_came_is_told_and_is_owed_a_verdict(
    data: Path, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file: file.read_bytes() for file in data.iterdir()}
    assert run(data, tree) == 1
    assert capsys.readouterr().out.splitlines() == [
        "came: somebody/project model.py:8 PRM102 (verdict: ?)",
        "counts: somebody/project: files 0 -> 1",
        "counts: somebody/project: lines 0 -> 8",
        "counts: somebody/project: changed 0 -> 1",
        "no verdict: somebody/project model.py:8 PRM102",
    ]
    assert {file: file.read_bytes() for file in data.iterdir()} == before
    assert (tree / "model.py").read_text(encoding="utf-8") == DEFECT


def test_what_is_kept_without_a_verdict_still_fails(
    data: Path, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(data, tree, "--keep") == 1
    assert kept.read(data).places == {(REPOSITORY.name, PLACE): Judged(found=True)}
    capsys.readouterr()
    assert run(data, tree) == 1
    assert capsys.readouterr().out == "no verdict: somebody/project model.py:8 PRM102\n"


def test_what_is_as_it_was_and_is_judged_passes(
    data: Path, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(data, Judged(True, "true", "on CUDA", "a tensor"))
    assert run(data, tree) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("by", "tools", "again"),
    [("abc", "abc", False), ("abc", "def", True), ("abc+", "abc+", True), ("", "abc", True)],
)
def test_a_run_goes_on_with_what_these_tools_have_not_looked_at(
    data: Path, tree: Path, monkeypatch: pytest.MonkeyPatch, by: str, tools: str, again: bool
) -> None:
    looked: list[str] = []

    def look(folder: Path, jobs: int, by: str) -> tuple[Counts, frozenset[Place]]:
        looked.append(by)
        return replace(FIXED_ONCE, by=by), frozenset({PLACE})

    judge(data, Judged(True, "true", "", "a tensor"), by)
    monkeypatch.setattr(command, "measure", look)
    monkeypatch.setattr(command, "version", lambda _: tools)
    assert run(data, tree, "--keep") == 0
    assert looked == [tools] * again
    assert run(data, tree) == 0  # to compare, all are looked at
    assert looked == [tools] * (again + 1)


def test_the_version_is_the_commit_of_what_works_and_whether_it_was_edited(tmp_path: Path) -> None:
    git = ("git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@y")

    def commit(file: str) -> str:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("", encoding="utf-8")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", file], check=True)
        done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True)
        return done.stdout.decode()[:12]

    subprocess.run([*git, "init", "--quiet"], check=True)
    commit("flake8_paramassign/a.py")
    last = commit("codemods/a.py")
    commit("docs/page.md")
    assert measure.version(tmp_path) == last
    (tmp_path / "flake8_paramassign" / "b.py").write_text("", encoding="utf-8")
    assert measure.version(tmp_path) == last + "+"


def test_what_went_is_told_and_stays_judged(
    data: Path, tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(data, Judged(True, "true", "on CUDA", "a tensor"))
    (tree / "model.py").write_text("import torch\n", encoding="utf-8")
    monkeypatch.setattr(command, "version", lambda _: "def")
    assert run(data, tree) == 1
    went = "went: somebody/project model.py:8 PRM102 (verdict: true)\n"
    assert capsys.readouterr().out.startswith(went)
    assert run(data, tree, "--keep") == 0
    judged = Judged(False, "true", "on CUDA", "a tensor")
    assert kept.read(data).places == {(REPOSITORY.name, PLACE): judged}
    assert run(data, tree) == 0


def test_what_went_and_was_never_judged_is_forgotten(data: Path, tree: Path) -> None:
    judge(data, Judged(True), by="")
    (tree / "model.py").write_text("import torch\n", encoding="utf-8")
    assert run(data, tree, "--keep") == 0
    assert kept.read(data).places == {}


def test_a_known_miss_that_is_found_has_its_verdict_already(
    data: Path, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(data, Judged(False, "true"))
    assert run(data, tree) == 1
    came = "came: somebody/project model.py:8 PRM102 (verdict: true)\n"
    assert capsys.readouterr().out == came


def test_the_page_can_be_written_without_a_run(data: Path, tree: Path) -> None:
    judge(data, Judged(True))
    (tree / "model.py").unlink()
    assert run(data, tree, "--page") == 1
    judge(data, Judged(True, "true", "on CUDA", "a tensor"))
    assert run(data, tree, "--page") == 0
    assert "on CUDA; a tensor" in (data / "page.md").read_text(encoding="utf-8")
    assert kept.read(data).sources == {REPOSITORY: FIXED_ONCE}


def test_other_sources_are_left_as_they_are(data: Path, tree: Path) -> None:
    other, place = Source("other/project", "b" * 40), Place("a.py", 1, "PRM101")
    known = Kept(
        {REPOSITORY: Counts(), other: Counts(files=7)}, {(other.name, place): Judged(True)}
    )
    kept.write(data, known)
    assert run(data, tree, "--keep", REPOSITORY.name) == 1
    new = kept.read(data)
    assert new.sources == {other: Counts(files=7), REPOSITORY: FIXED_ONCE}
    assert new.places[other.name, place] == Judged(True)


def test_a_name_that_is_not_in_the_list_is_an_error(
    data: Path, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run(data, tree, "nobody/project")
    assert end.value.code == 2
    assert "not in sources.tsv: nobody/project" in capsys.readouterr().err


def test_what_could_not_be_had_is_told(
    data: Path, tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "GITHUB", str(tree / "nowhere"))
    tree.rename(tree.with_name("elsewhere"))
    assert run(data, tree) == 2
    assert capsys.readouterr().out.startswith("somebody/project: ")


def fixer(tmp_path: Path, body: str) -> tuple[str, ...]:
    """Return the command of a fixer that does ``body`` to each ``file``."""
    script = tmp_path / "fixer.py"
    each = "from pathlib import Path\nfor file in Path().glob('*.py'):\n    "
    script.write_text(each + body, encoding="utf-8")
    return (sys.executable, str(script), "fixer")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("file.write_bytes(file.read_bytes() + b'#\\n')", "a second time changes something"),
        ("file.write_bytes(b'class')", "model.py does not parse once it is fixed"),
        ("raise ZeroDivisionError", "ends with status 1"),
        ("raise SystemExit(3)", "ends with status 3"),
    ],
)
def test_a_fixer_that_fails_is_noticed(
    data: Path,
    tree: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    message: str,
) -> None:
    monkeypatch.setattr(measure, "FIXER", fixer(data, body))
    assert run(data, tree) == 2
    out = capsys.readouterr().out
    assert out.startswith("somebody/project: ")
    assert message in out


def test_an_internal_error_is_no_finding(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = (
        '[{"code": "PRM001", "message": "internal error: oops", "filename": "model.py",'
        ' "location": {"row": 1, "column": 1}}]'
    )
    monkeypatch.setattr(measure, "LINTER", (sys.executable, "-c", f"print({report!r})"))
    with pytest.raises(Failure, match=r"model\.py: internal error: oops"):
        measure.measure(tree, 1, "abc")


def test_what_does_not_parse_is_counted(tree: Path) -> None:
    (tree / "old.py").write_text("print 1\n", encoding="utf-8")
    counts, places = measure.measure(tree, 1, "abc")
    assert counts == Counts(files=2, lines=9, unanalysed=1, changed=1, by="abc")
    assert places == {PLACE}


def test_a_repository_is_fetched_at_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = tmp_path / "origin" / "somebody" / "project"
    origin.mkdir(parents=True)
    git = ("git", "-C", str(origin), "-c", "user.name=x", "-c", "user.email=x@y")

    def commit(text: str) -> str:
        (origin / "a.py").write_text(text, encoding="utf-8")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", "x"], check=True)
        done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True)
        return done.stdout.decode().strip()

    subprocess.run([*git, "init", "--quiet"], check=True)
    first, _second = commit("1\n"), commit("2\n")
    monkeypatch.setattr(sources, "GITHUB", str(tmp_path / "origin"))
    (tmp_path / "checkouts").mkdir()
    folder = sources.obtain(Source("somebody/project", first), tmp_path / "checkouts")
    assert (folder / "a.py").read_text(encoding="utf-8") == "1\n"
    assert folder.name == "somebody+project"
    with pytest.raises(Unobtainable, match=f"is at {first}, not {'c' * 40}"):
        sources.obtain(Source("somebody/project", "c" * 40), tmp_path / "checkouts")


def test_a_package_is_downloaded_at_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for version in ("1.0", "2.0"):
        info = f"tiny-{version}.dist-info"
        with zipfile.ZipFile(wheels / f"tiny-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr("tiny/a.py", f"{version}\n")
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n"
            )
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    (tmp_path / "checkouts").mkdir()
    folder = sources.obtain(Source("tiny", "1.0"), tmp_path / "checkouts")
    assert (folder / "tiny" / "a.py").read_text(encoding="utf-8") == "1.0\n"
    with pytest.raises(Unobtainable, match="absent"):
        sources.obtain(Source("absent", "1.0"), tmp_path / "checkouts")
    assert [left.name for left in (tmp_path / "checkouts").iterdir()] == ["tiny"]


def test_a_row_that_is_not_as_it_must_be_is_named(data: Path) -> None:
    file = data / "places.tsv"
    header = file.read_text(encoding="utf-8")
    file.write_text(header + "x\ta.py\t1\tPRM101\tyes\tperhaps\t\t\n", encoding="utf-8")
    with pytest.raises(ValueError, match="'perhaps' is no verdict"):
        kept.read(data)
    file.write_text(header + "x\ta.py\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"places\.tsv:2: the columns must be source, path"):
        kept.read(data)


def test_places_have_addresses() -> None:
    commit = "a" * 40
    assert (
        REPOSITORY.url("a/b.py", 3)
        == f"https://github.com/somebody/project/blob/{commit}/a/b.py#L3"
    )
    cell = REPOSITORY.url("n.ipynb:cell 2", 3)
    assert cell == f"https://github.com/somebody/project/blob/{commit}/n.ipynb"
    assert Source("timm", "1.0").url("timm/a.py", 3) == "https://pypi.org/project/timm/1.0/"


def test_the_page_counts_each_verdict_and_what_is_missed() -> None:
    places = {
        (REPOSITORY.name, PLACE): Judged(True, "false", "", "a | b"),
        (REPOSITORY.name, PLACE._replace(line=9)): Judged(False, "true"),
        (REPOSITORY.name, PLACE._replace(line=10)): Judged(False, "false"),
    }
    text = page.page(Kept({REPOSITORY: Counts(2, 3_000, 1, 1, 4, by="abc")}, places))
    assert "1 sources, 2 files, 3,000 lines." in text
    assert "| PRM102 | 0 | 0 | 1 | 0 | 1 |\n" in text
    assert "| PRM102 | false | a \\| b |\n" in text
    assert "| somebody/project | `aaaaaaaaaaaa` | 2 | 3,000 | 1 | 1 | 4 | `abc` |\n" in text
    assert text.count("](https://github.com/") == 1


def test_the_page_says_which_version_looked_at_how_much() -> None:
    sizes = {"a": Counts(2, 3_000, by="abc"), "b": Counts(3, 4_000), "c": Counts(4, 2, by="abc")}
    text = page.page(Kept({Source(name, "1.0"): size for name, size in sizes.items()}, {}))
    assert "3 sources, 9 files, 7,002 lines.\n" in text
    said = [line for line in text.splitlines() if line.startswith("- ")]
    assert said == [
        "- By the tools at `abc`: 2 sources, 6 files, 3,002 lines.",
        "- By earlier tools: 1 sources, 3 files, 4,000 lines.",
    ]
    assert "| b | `1.0` | 3 | 4,000 | 0 | 0 | 0 | earlier |\n" in text


def test_the_kept_result_is_whole() -> None:
    known = kept.read(command.HERE)
    assert command.PAGE.read_text(encoding="utf-8") == page.page(known)
    assert not list(kept.unjudged(known))
    assert len(known.sources) >= 100
    assert sum(counts.lines for counts in known.sources.values()) >= 5_000_000
    names = {source.name for source in known.sources}
    assert {name for name, _ in known.places} <= names
    for source in known.sources:
        assert not source.is_repository or len(source.version) == 40
    assert all(judged.reason for judged in known.places.values())


def test_the_readme_has_the_figures_of_the_kept_result() -> None:
    known = kept.read(command.HERE)
    found = Counter(judged.verdict for judged in known.places.values() if judged.found)
    missed = sum(j.verdict == "true" and not j.found for j in known.places.values())
    text = " ".join((command.HERE.parents[1] / "README.md").read_text(encoding="utf-8").split())
    assert f"Of {found.total()} findings in {len(known.sources)} public projects" in text
    assert (
        f"{found['true']} are right, {found['arguable']} arguable and {found['false']} wrong"
        in text
    )
    assert f"{missed} known defects are missed" in text
