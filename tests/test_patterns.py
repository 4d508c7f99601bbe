"""Patterns mean what git says, and take time in proportion to what is written and named."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from flake8_paramassign.discovery import Exclusion, discover
from flake8_paramassign.globs import Glob, expanded, split
from flake8_paramassign.patterns import Patterns, is_valid

NAMES = ["a", "b", "ab", "a.b", "-", "A", "a b", "[a]", "0"]
TOKENS = [
    *["*", "**", "?", "/", "a", "b", "A", ".", "[a]", "[!a]", "[^b]", "[]a]", "[a-c]", "[-a]"],
    *["[a-]", "[[:alpha:]]", "\\*", "!", "#", " ", "-", "**/", "/**", "/**/"],
]


def is_plain(line: str) -> bool:
    """Whether git is consistent: stars in a row mean folders only where they stand alone."""
    parts = line.lstrip("!").split("/")
    return all(part == "**" or "**" not in part for part in parts) and "[/" not in line


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_they_are_those_of_git(folder: Path, long_run: bool) -> None:
    chance = random.Random(0)
    folders, paths = [folder], []
    for _ in range(50):
        path = chance.choice(folders) / chance.choice(NAMES)
        if not path.exists() and len(path.parts) < len(folder.parts) + 5:
            paths.append(path)
            if chance.random() < 0.5:
                path.mkdir()
                folders.append(path)
            else:
                path.touch()
    subprocess.run(["git", "init", "-q", folder], check=True)
    asked = "\0".join(str(path.relative_to(folder)) for path in paths)
    for _ in range(1_000 if long_run else 60):
        lines = ["".join(chance.choices(TOKENS, k=chance.randint(1, 5))) for _ in range(3)]
        if not all(map(is_plain, lines)):
            continue
        (folder / ".gitignore").write_text("\n".join(lines) + "\n")
        command = ["git", "-C", str(folder), "check-ignore", "--no-index", "-z", "--stdin"]
        said = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
        patterns = Patterns(folder, tuple(lines))
        taken = {
            str(path.relative_to(folder))
            for path in paths
            if patterns.verdict(path, is_folder=path.is_dir())
        }
        assert taken == set(said.stdout.split("\0")) - {""}, lines


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*.py", "a.py", True),
        ("*.py", ".py", True),
        ("a*b*c", "abc", True),
        ("a*bc*c", "abc", False),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "ab", False),
        ("??*?", "abc", True),
        ("??*?", "ab", False),
        (r"\*\?", "*?", True),
        ("[!a-c]x", "dx", True),
        ("[]x]", "]", True),
        ("[[:digit:][:upper:]]", "7", True),
        (r"[\]a]", "]", True),
        ("a", "a\n", False),
        ("?", "\n", True),
    ],
)
def test_a_pattern_for_a_name(pattern: str, name: str, matches: bool) -> None:
    assert Glob(pattern).matches(name) is matches


@pytest.mark.parametrize("line", ["[", "[a", "\\", "a\\", "!", "[[:no:]]", "[z-a]"])
def test_what_is_no_pattern(line: str) -> None:
    assert not is_valid(line)


@pytest.mark.parametrize(
    "line",
    [
        "*a" * 5_000 + "z",
        "*?a" * 5_000 + "z",
        "*[a]" * 5_000 + "z",
        "**/a/" * 5_000 + "z",
        "**/a/" * 3 + "z",
        "?" * 60_000,
        "[" * 60_000,
        "[[:a" * 20_000,
        "a" + " " * 60_000 + "b ",
        "\\" * 60_001,
        "/" * 60_000,
    ],
    ids=lambda line: line[:8],
)
def test_no_line_takes_long(line: str) -> None:
    started = time.process_time()
    patterns = Patterns(Path("/x"), (line,))
    for depth in (1, 60):
        patterns.verdict(Path("/x", *["a" * 200] * depth))
        patterns.verdict(Path("/x", *"a" * 200 * depth))
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "form",
    [
        *["name{}", "*.x{}", "a{}*b", "*a{}*", "a{}/**", "**/a{}/*c"],
        *["*{}.*.py", "pkg-{}/module.py", "**/a{}/*.py", "!*a{}*module*"],
    ],
)
def test_many_lines_are_cheap(form: str) -> None:
    lines = tuple(form.format(number) for number in range(15_000))
    started = time.process_time()
    patterns = Patterns(Path("/x"), lines)
    assert not patterns.are_too_many
    for number in range(200):
        assert patterns.verdict_here(Path(f"/x/pkg{number}/module.py")) is None
    assert time.process_time() - started < 3


@pytest.mark.parametrize("form", ["*a{}*", "*?{}*.py", "*.[{}x]y"])
def test_so_many_that_each_has_to_be_tried_are_refused(folder: Path, form: str) -> None:
    (folder / "a.py").touch()
    (folder / ".gitignore").write_text("".join(f"{form.format(n)}\n" for n in range(21_000)))
    found = discover(["."], Exclusion())
    assert [file.path for file in found.files] == ["a.py"]
    file = folder / ".gitignore"
    assert found.problems == [f"{file}: too many patterns with wildcards, or that are alike"]


class TestExpansion:
    """Of what a shell has left to us."""

    def of(self, pattern: str) -> list[str]:
        return sorted(map(str, expanded(*split(pattern))))

    @pytest.fixture(autouse=True)
    def tree(self, folder: Path) -> None:
        for name in ("a.py", "b/a.py", "b/c/a.py", "b/c/d.txt", ".h/a.py"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()

    @pytest.mark.parametrize(
        ("pattern", "paths"),
        [
            ("*.py", ["a.py"]),
            ("*/*.py", ["b/a.py"]),
            ("**/a.py", ["a.py", "b/a.py", "b/c/a.py"]),
            ("b/**", ["b"]),
            ("b/*/d.*", ["b/c/d.txt"]),
            (".*/*.py", [".h/a.py"]),
            ("b/../*.py", ["b/../a.py"]),
            ("[", []),
            ("missing/*", []),
        ],
    )
    def test_is_that_of_a_shell(self, pattern: str, paths: list[str]) -> None:
        assert self.of(pattern) == paths

    def test_does_not_go_round_in_links(self, folder: Path) -> None:
        for name in ("one", "two"):
            (folder / name).symlink_to(".", target_is_directory=True)
        assert self.of("**/**/**/*.py") == ["a.py", "b/a.py", "b/c/a.py"]
        assert self.of("*/a.py") == ["b/a.py"]
