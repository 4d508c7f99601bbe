"""`paramassign-fix` rewrites files, previews, asks, and says in its exit status how it went."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Fix
from fix_files import content, tree

SUMMARY = "1 file changed, 1 finding fixed, 0 left\n"


def test_files_are_rewritten_in_place_and_counted(fix_: Fix) -> None:
    tree(a=b"old\r\n", b=b"f(f(1))\n", c=b"x\n", d=b"stays\n")

    outcome = fix_(".")

    assert [content(name) for name in "abcd"] == [b"new\r\n", b"g(g(1))\n", b"x\n", b"stays\n"]
    assert outcome.err == "2 files changed, 3 findings fixed, 1 left\n"
    assert outcome.out == b"d.py:1:1: PRM108 'stays' is found\n"
    assert outcome.status == 1


def test_notebooks_are_fixed_too(fix_: Fix) -> None:
    cell = '{"cell_type": "code", "source": ["old\\n", "stays"]}'
    notebook = f'{{"cells": [{cell}], "metadata": {{}}}}'.encode()
    Path("a.ipynb").write_bytes(notebook)

    diff = fix_("--diff").out
    outcome = fix_()

    assert b'+{"cells": [{"cell_type": "code", "source": ["new\\n", "stays"]}]' in diff
    assert Path("a.ipynb").read_bytes() == notebook.replace(b"old", b"new")
    assert outcome.out == b"a.ipynb:cell 1:2:1: PRM108 'stays' is found\n"


def test_a_file_without_changes_is_not_touched(fix_: Fix) -> None:
    tree(a=b"stays\n")
    os.utime("a.py", (1, 1))

    fix_()

    assert Path("a.py").stat().st_mtime == 1


@pytest.mark.parametrize(
    ("source", "arguments", "status"),
    [
        (b"x\n", [], 0),
        (b"old\n", [], 0),
        (b"old; stays\n", [], 1),
        (b"danger\n", [], 1),
        (b"danger\n", ["--unsafe-fixes"], 0),
        (b"stays\n", ["--exit-zero"], 0),
        (b"old\n", ["--exit-non-zero-on-fix"], 1),
        (b"x\n", ["--exit-non-zero-on-fix"], 0),
        (b"old\n", ["--check"], 1),
        (b"old\n", ["--diff"], 1),
        (b"old\n", ["--diff", "--exit-zero"], 0),
        (b"stays\n", ["--check"], 0),
        (b"stays\n", ["--diff"], 0),
        (b"broken\n", [], 2),
        (b"broken\n", ["--exit-zero"], 2),
        (b"old\n", ["--nonsense"], 2),
        (b"old\n", ["missing.py"], 2),
        (b"old\n", ["--select", "PRM9999"], 2),
        (b"old\n", ["-", "a.py"], 2),
        (b"old\n", ["--interactive", "--diff"], 2),
        (b"old\n", ["--interactive", "--check"], 2),
        (b"old\n", ["--interactive", "-"], 2),
    ],
)
def test_the_exit_status(fix_: Fix, source: bytes, arguments: list[str], status: int) -> None:
    tree(a=source)

    assert fix_("a.py", *arguments).status == status


@pytest.mark.parametrize("arguments", [["--diff"], ["--check"], ["--diff", "--check"]])
def test_a_preview_writes_nothing(fix_: Fix, arguments: list[str]) -> None:
    tree(a=b"old\n")

    outcome = fix_(*arguments)

    assert content("a") == b"old\n"
    assert outcome.err.endswith("1 file would change, 1 finding would be fixed, 0 left\n")


def test_check_names_the_files_that_would_change(fix_: Fix) -> None:
    tree(a=b"old\n", b=b"x\n", c=b"old; stays\n")

    outcome = fix_("--check")

    assert outcome.err.splitlines()[:-1] == ["would change a.py", "would change c.py"]
    assert outcome.out == b"c.py:1:6: PRM108 'stays' is found\n"


def test_verbose_says_what_was_fixed_and_why_the_rest_was_not(fix_: Fix) -> None:
    tree(a=b"old; stays\nshown; danger\n")

    preview = fix_("--verbose", "--check")
    outcome = fix_("--verbose")

    assert "a.py:1:1: PRM101 would be fixed: say new" in preview.err.splitlines()

    assert outcome.err.splitlines() == [
        "a.py:1:1: PRM101 fixed: say new",
        "a.py:1:6: PRM108 left: it likes it here",
        "a.py:2:1: PRM108 left: only shown: say hidden",
        "a.py:2:8: PRM101 left: its fix needs --unsafe-fixes",
        "1 file changed, 1 finding fixed, 3 left (1 of them for --unsafe-fixes)",
    ]


def test_a_fix_that_would_damage_a_file_is_named_and_the_others_are_made(fix_: Fix) -> None:
    tree(a=b"old\nchatty  # why\n")

    outcome = fix_()

    assert content("a") == b"new\nchatty  # why\n"
    assert outcome.err.splitlines()[0] == (
        "paramassign-fix: error: a.py: PRM105 at line 2 not fixed: "
        "the result loses a comment: # why"
    )


def test_the_rules_that_are_asked_for_are_fixed(fix_: Fix) -> None:
    tree(a=b"old; f(1); torchy\n")

    fix_("--select", "PRM10", "--ignore", "PRM101,PRM103")

    assert content("a") == b"old; g(1); torchy\n"


def test_comments_and_the_configuration_keep_findings_from_being_fixed(fix_: Fix) -> None:
    tree(a=b"old  # noqa: PRM101\nold\n", b=b"# flake8: noqa\nold\n", c=b"old\n", d=b"old\n")
    Path("pyproject.toml").write_text(
        '[tool.paramassign]\nexclude = ["d.py"]\nper-file-ignores = {"c.py" = ["PRM101"]}\n'
    )

    outcome = fix_()

    assert content("a") == b"old  # noqa: PRM101\nnew\n"
    assert [content(name) for name in "bcd"] == [b"# flake8: noqa\nold\n", b"old\n", b"old\n"]
    assert (outcome.status, outcome.err) == (0, SUMMARY)


def test_a_file_that_is_named_is_fixed_unless_exclusion_is_forced(fix_: Fix) -> None:
    tree(a=b"old\n")

    assert fix_("a.py", "--exclude", "a.py", "--force-exclude").err.startswith("0 files")
    assert fix_("a.py", "--exclude", "a.py").err == SUMMARY


def test_what_the_baseline_lists_is_not_left(fix_: Fix) -> None:
    tree(a=b"stays\nold\n", b=b"stays\n")
    known = {"filename": "a.py", "code": "PRM108", "line": "stays", "count": 1}
    Path("known.json").write_text(json.dumps([known]))
    Path("pyproject.toml").write_text('[tool.paramassign]\nbaseline = "known.json"\n')

    outcome = fix_()

    assert outcome.out == b"b.py:1:1: PRM108 'stays' is found\n"
    assert outcome.err == "1 file changed, 1 finding fixed, 1 left\n"


def test_what_is_left_can_be_had_as_json(fix_: Fix) -> None:
    tree(a=b"torchy\nstays; danger\n")

    [stays, danger] = json.loads(fix_("--output-format", "json").out)

    assert (stays["code"], stays["location"]) == ("PRM108", {"row": 3, "column": 1})
    assert stays["why_not_fixed"] == "it likes it here"
    assert danger["fix"]["edits"][0]["content"] == "safe"


# -- standard input ------------------------------------------------------------------------


def test_standard_input_is_fixed_to_standard_output(fix_: Fix) -> None:
    outcome = fix_("-", stdin=b"\xef\xbb\xbfold\r\nstays")

    assert outcome.out == b"\xef\xbb\xbfnew\r\nstays"
    assert outcome.err == "1 file changed, 1 finding fixed, 1 left\n"
    assert outcome.status == 1


def test_standard_input_has_the_name_that_it_is_given(fix_: Fix) -> None:
    outcome = fix_("--stdin-filename", "pkg/a.py", "--verbose", stdin=b"stays\n")

    assert outcome.err.startswith("pkg/a.py:1:1: PRM108 left")


@pytest.mark.parametrize("source", [b"old; broken\n", b"old\nchatty  # why\n"])
def test_standard_input_comes_back_unchanged_if_anything_went_wrong(
    fix_: Fix, source: bytes
) -> None:
    outcome = fix_("-", stdin=source)

    assert (outcome.out, outcome.status) == (source, 2)
    assert outcome.err.endswith("0 files changed, 0 findings fixed, 0 left\n")


def test_standard_input_that_is_left_out_comes_back_unchanged(fix_: Fix) -> None:
    name = ["--stdin-filename", "a.py", "--exclude", "a.py", "--force-exclude"]

    outcome = fix_("-", *name, stdin=b"old\n")

    assert (outcome.out, outcome.status) == (b"old\n", 0)


def test_previews_of_standard_input(fix_: Fix) -> None:
    assert fix_("-", "--check", stdin=b"old\n").out == b""
    diff = fix_("-", "--diff", "--stdin-filename", "x.py", stdin=b"old\n").out
    assert diff == b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-old\n+new\n"


# -- diffs ---------------------------------------------------------------------------------

NAMES = ["a.py", "with space.py", "ä🎉.py", "pkg/deep.py", 'quo"te\\tab\t.py']
SOURCES = [
    b"x\nold\ny\n",
    b"x\r\nold\r\n",
    b"old",
    b"x\nold",
    b"old\ry\r",
    b"x\n\x0cold\n",
    b"# coding: latin-1\n'\xe9'; old\n",
]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_can_apply_the_diffs(fix_: Fix) -> None:
    Path("pkg").mkdir()
    for name in NAMES:
        for number, source in enumerate(SOURCES):
            Path(f"{Path(name).with_suffix('')}{number}.py").write_bytes(source)
    files = sorted(Path().rglob("*.py"))
    assert len(files) == len(NAMES) * len(SOURCES)

    diff = fix_("--diff").out
    subprocess.run(["git", "apply", "-"], input=diff, check=True)

    expected = [source.replace(b"old", b"new") for _ in NAMES for source in SOURCES]
    assert sorted(file.read_bytes() for file in files) == sorted(expected)
    assert b"+++ b/with space0.py\t\n" in diff  # so that `patch` takes it, too


def test_the_number_of_fixes_is_that_of_the_changes_in_the_diff(fix_: Fix) -> None:
    tree(a=b"old\nx\nf(1)\nx\nstays\nold\n", b=b"danger\nx\nold\n")

    outcome = fix_("--diff")

    assert sum(line.startswith(b"-") for line in outcome.out.splitlines()) - 2 == 4
    assert "4 findings would be fixed" in outcome.err


def test_diffs_have_colours_where_they_are_wanted(
    fix_: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(a=b"old\n")
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert b"\x1b[32m+new\x1b[0m\n" in fix_("--diff").out
    assert b"\x1b" not in fix_("--diff", "--no-color").out


# -- questions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "results"),
    [
        (b"y\ny\ny\n", [b"new\nnew\n", b"new\n"]),
        (b"n\nyes\nN\n", [b"old\nnew\n", b"old\n"]),
        (b"what?\n\ny\nn\ny\n", [b"new\nold\n", b"new\n"]),
        (b"n\na\n", [b"old\nnew\n", b"new\n"]),
        (b"y\nq\n", [b"new\nold\n", b"old\n"]),
        (b"y\n", [b"new\nold\n", b"old\n"]),
        (b"", [b"old\nold\n", b"old\n"]),
    ],
    ids=["yes", "yes and no", "not understood", "all", "quit", "end of input", "no input"],
)
def test_each_change_is_asked_about(fix_: Fix, answers: bytes, results: list[bytes]) -> None:
    tree(a=b"old\nold\n", b=b"old\n")

    fix_("--interactive", stdin=answers)

    assert [content("a"), content("b")] == results


def test_who_quits_hears_nothing_of_the_files_that_follow(fix_: Fix) -> None:
    tree(a=b"old\n", b=b"old\n")

    outcome = fix_("--interactive", stdin=b"q\n")

    assert b"b.py" not in outcome.out
    assert outcome.err == "1 file not looked at\n0 files changed, 0 findings fixed, 1 left\n"


def test_unsafe_fixes_are_offered_as_such(fix_: Fix) -> None:
    """All that follow are of the kind that it is said of, or safe."""
    tree(a=b"old\ndanger\nold\ndanger\nold\n")

    outcome = fix_("--interactive", stdin=b"a\nn\na\n")

    assert b"a.py:2:1: PRM101 'danger' is found\nunsafe fix: say safe\n" in outcome.out
    assert content("a") == b"new\ndanger\nnew\nsafe\nnew\n"
    assert "1 left" in outcome.err
    tree(a=b"danger\nold\n")
    fix_("--interactive", "--unsafe-fixes", stdin=b"a\n")
    assert content("a") == b"safe\nnew\n"


def test_a_question_shows_the_change_and_what_it_is_for(fix_: Fix) -> None:
    tree(a=b"'\xc3\xa9'; old\nx\n")

    outcome = fix_("--interactive", stdin=b"n\n")

    assert outcome.out.decode().splitlines()[:8] == [
        "--- a/a.py",
        "+++ b/a.py",
        "@@ -1,2 +1,2 @@",
        "-'é'; old",
        "+'é'; new",
        " x",
        "a.py:1:6: PRM101 'old' is found",
        "safe fix: say new",
    ]
    assert "y(es), n(o), a(ll that follow), q(uit)" in outcome.out.decode()
    assert outcome.err == "0 files changed, 0 findings fixed, 1 left\n"


def test_questions_have_colours_where_they_are_wanted(
    fix_: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(a=b"old\n")
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert b"\x1b[1;31m-old\x1b[0m" in fix_("--interactive", stdin=b"n\n").out
    assert b"\x1b" not in fix_("--interactive", "--no-color", stdin=b"n\n").out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_an_interrupt_keeps_what_was_accepted(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("old\nold\n")
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("fix_driver.py")), "--interactive", "."],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(b"y\n")
    process.stdin.flush()
    asked = b""
    while asked.count(b"Make this change?") < 2:
        asked += os.read(process.stdout.fileno(), 10_000)

    for _ in range(20):  # Python misses one that comes just before it begins to read
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
            break

    assert process.returncode == 130
    assert (tmp_path / "a.py").read_text() == "new\nold\n"
    assert process.stderr.read() == (
        b"1 file not looked at\n1 file changed, 1 finding fixed, 1 left\n"
    )
    process.stdin.close()


def test_a_diff_for_programs_tells_of_the_fixes(fix_: Fix) -> None:
    tree(a=b"old\nstays\n")

    found = json.loads(fix_("--diff", "--output-format", "json").out)

    assert [(f["location"]["row"], f["fix"] and f["fix"]["message"]) for f in found] == [
        (1, "say new"),
        (2, None),
    ]
    assert content("a") == b"old\nstays\n"
