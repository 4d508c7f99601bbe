"""Which files are checked."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from flake8_paramassign.discovery import Exclusion, discover, is_left_out
from flake8_paramassign.patterns import Patterns


def write(folder: Path, *names: str, text: str = "x = 1\n") -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def paths(*arguments: str, exclusion: Exclusion | None = None) -> list[str]:
    found = discover(arguments, exclusion or Exclusion())
    assert found.problems == []
    return [file.path for file in found.files]


class TestFolders:
    def test_python_files_in_all_subfolders_in_order(self, folder: Path) -> None:
        write(folder, "b.py", "a.py", "d/y.py", "d/x.pyi", "c/z.py", "README.md", "d/x.pyc")
        assert paths(".") == ["a.py", "b.py", "c/z.py", "d/x.pyi", "d/y.py"]

    def test_names_begin_as_the_argument_does(self, folder: Path) -> None:
        write(folder, "src/a.py")
        assert paths("src") == ["src/a.py"]
        assert paths("./src/") == ["src/a.py"]
        assert paths(str(folder)) == [str(folder / "src/a.py")]

    def test_arguments_keep_their_order(self, folder: Path) -> None:
        write(folder, "a/x.py", "b/y.py")
        assert paths("b", "a") == ["b/y.py", "a/x.py"]

    @pytest.mark.parametrize(
        "name", [".git", ".venv", "venv", "node_modules", "__pycache__", "build", "dist", ".tox"]
    )
    def test_the_usual_folders_are_left_out(self, folder: Path, name: str) -> None:
        write(folder, "a.py", f"{name}/b.py", f"src/{name}/c.py", f"{name}.py")
        assert paths(".") == sorted(["a.py", f"{name}.py"])

    def test_a_virtual_environment_is_left_out_by_any_name(self, folder: Path) -> None:
        write(folder, "a.py", "env311/pyvenv.cfg", "env311/lib/b.py")
        assert paths(".") == ["a.py"]

    def test_a_folder_that_is_named_is_walked_all_the_same(self, folder: Path) -> None:
        write(folder, "build/a.py", "build/node_modules/b.py", "build/build/c.py")
        assert paths("build") == ["build/a.py"]

    def test_a_project_below_a_folder_of_a_usual_name(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(folder, "build/project/a.py", "build/project/build/b.py")
        monkeypatch.chdir(folder / "build" / "project")
        assert paths(".") == ["a.py"]


def test_suffixes_can_be_added(folder: Path) -> None:
    write(folder, "a.py", "b.ipynb")
    assert paths(".") == ["a.py"]
    found = discover(["."], Exclusion(), (".py", ".ipynb"))
    assert [file.path for file in found.files] == ["a.py", "b.ipynb"]


class TestExplicitFiles:
    def test_are_taken_whatever_they_are_called(self, folder: Path) -> None:
        write(folder, "script", ".venv/a.py")
        assert paths("script", ".venv/a.py") == ["script", ".venv/a.py"]

    def test_are_left_out_on_demand(self, folder: Path) -> None:
        write(folder, "a.py", ".venv/a.py", "gen/b.py", "ignored.py")
        write(folder, ".gitignore", text="ignored.py\n")
        exclusion = Exclusion(extend_exclude=(Patterns(folder, ("gen",)),), force=True)
        named = ("a.py", ".venv/a.py", "gen/b.py", "ignored.py", str(folder / "gen" / "b.py"))
        assert paths(*named, exclusion=exclusion) == ["a.py"]
        assert paths("gen", exclusion=exclusion) == []
        assert is_left_out("gen/standard_input.py", exclusion)
        assert not is_left_out("standard_input.py", exclusion)


class TestExclude:
    def test_replaces_the_usual_folders(self, folder: Path) -> None:
        write(folder, "a.py", "build/b.py", "gen/c.py")
        assert paths(".", exclusion=Exclusion(Patterns(folder, ("gen",)))) == ["a.py", "build/b.py"]

    def test_extends_them(self, folder: Path) -> None:
        write(folder, "a.py", "build/b.py", "gen/c.py")
        exclusion = Exclusion(extend_exclude=(Patterns(folder, ("gen",)),))
        assert paths(".", exclusion=exclusion) == ["a.py"]

    @pytest.mark.parametrize(
        ("pattern", "left"),
        [
            ("x.py", ["a/b/y.py", "a/y.py", "b/y.py"]),
            ("b", ["x.py", "a/x.py", "a/y.py"]),
            ("b/", ["x.py", "a/x.py", "a/y.py"]),
            ("/b", ["x.py", "a/x.py", "a/y.py", "a/b/x.py", "a/b/y.py"]),
            ("a/b", ["x.py", "a/x.py", "a/y.py", "b/x.py", "b/y.py"]),
            ("a/*.py", ["x.py", "a/b/x.py", "a/b/y.py", "b/x.py", "b/y.py"]),
            ("a/**/y.py", ["x.py", "a/x.py", "a/b/x.py", "b/x.py", "b/y.py"]),
            ("[xy].py", []),
        ],
    )
    def test_patterns_are_those_of_a_gitignore(
        self, folder: Path, pattern: str, left: list[str]
    ) -> None:
        write(folder, "x.py", "a/x.py", "a/y.py", "a/b/x.py", "a/b/y.py", "b/x.py", "b/y.py")
        exclusion = Exclusion(Patterns(folder, (pattern,)))
        assert sorted(paths(".", exclusion=exclusion)) == sorted(left)

    def test_folders_above_what_is_named_do_not_count(self, folder: Path) -> None:
        write(folder, "gen/project/a.py", "gen/project/gen/b.py")
        exclusion = Exclusion(extend_exclude=(Patterns(folder / "elsewhere", ("gen",)),))
        assert paths("gen/project", exclusion=exclusion) == ["gen/project/a.py"]

    def test_what_is_excluded_and_named_is_walked(self, folder: Path) -> None:
        write(folder, "src/gen/a.py")
        exclusion = Exclusion(extend_exclude=(Patterns(folder, ("src/gen",)),))
        assert paths("src", exclusion=exclusion) == []
        assert paths("src/gen", exclusion=exclusion) == ["src/gen/a.py"]


class TestGitignore:
    def test_holds_below_its_folder(self, folder: Path) -> None:
        write(folder, "a.py", "x.py", "sub/x.py", "sub/y.py", "other/y.py", "gen/z.py")
        write(folder, ".gitignore", text="x.py\n/gen/\n# y.py\n")
        write(folder, "sub/.gitignore", text="y.py\n")
        assert paths(".") == ["a.py", "other/y.py"]

    def test_the_innermost_one_wins(self, folder: Path) -> None:
        write(folder, "x.py", "sub/x.py")
        write(folder, ".gitignore", text="x.py\n")
        write(folder, "sub/.gitignore", text="!x.py\n")
        assert paths(".") == ["sub/x.py"]

    def test_counts_up_to_the_repository(self, folder: Path) -> None:
        write(folder, ".gitignore", text="x.py\n")
        write(folder, "repo/.gitignore", text="y.py\n")
        write(folder, "repo/.git/config", "repo/src/x.py", "repo/src/y.py", "repo/src/z.py")
        assert paths("repo/src") == ["repo/src/x.py", "repo/src/z.py"]

    def test_does_not_hide_what_is_named(self, folder: Path) -> None:
        write(folder, "gen/a.py", "gen/b.py")
        write(folder, ".gitignore", text="gen\n")
        write(folder, "gen/.gitignore", text="b.py\n")
        assert paths(".") == []
        assert paths("gen") == ["gen/a.py"]
        assert paths("gen/b.py") == ["gen/b.py"]

    def test_a_line_that_is_no_pattern_counts_for_nothing(self, folder: Path) -> None:
        write(folder, "a.py", "x.py")
        (folder / ".gitignore").write_bytes(b"!\n[z-a]\n\xff\nx.py\n")
        assert paths(".") == ["a.py"]


class TestGlobPatterns:
    def test_stand_for_files_that_are_not_left_out(self, folder: Path) -> None:
        write(folder, "a.py", "src/b.py", "src/c.txt", "build/d.py")
        assert paths("**/*.py") == ["a.py", "src/b.py"]
        assert paths("src/*") == ["src/b.py"]

    def test_match_folders(self, folder: Path) -> None:
        write(folder, "src1/a.py", "src2/b.py", "test/c.py")
        assert paths("src*") == ["src1/a.py", "src2/b.py"]

    def test_a_file_of_that_very_name_goes_first(self, folder: Path) -> None:
        write(folder, "[ab].py", "a.py")
        assert paths("[ab].py") == ["[ab].py"]


class TestEachFileOnce:
    def test_named_twice(self, folder: Path) -> None:
        write(folder, "src/a.py")
        assert paths("src/a.py", "src", ".", str(folder)) == ["src/a.py"]

    def test_links_to_files(self, folder: Path) -> None:
        write(folder, "z.py")
        (folder / "a.py").symlink_to("z.py")
        assert paths(".") == ["a.py"]

    def test_links_to_folders_are_not_followed(self, folder: Path) -> None:
        write(folder, "src/a.py")
        (folder / "src" / "again").symlink_to(folder / "src", target_is_directory=True)
        (folder / "link").symlink_to("src", target_is_directory=True)
        assert paths(".") == ["src/a.py"]

    def test_but_a_link_that_is_named(self, folder: Path) -> None:
        write(folder, "src/a.py")
        (folder / "link").symlink_to("src", target_is_directory=True)
        assert paths("link") == ["link/a.py"]


class TestProblems:
    """Each is a line; the rest goes on."""

    def problems(self, *arguments: str) -> list[str]:
        found = discover([*arguments, "good.py"], Exclusion())
        assert [file.path for file in found.files] == ["good.py"]
        return found.problems

    @pytest.fixture(autouse=True)
    def good(self, folder: Path) -> None:
        write(folder, "good.py")

    def test_missing(self) -> None:
        assert self.problems("none.py") == ["none.py: No such file or directory"]

    def test_pattern_without_a_match(self) -> None:
        assert self.problems("none*.py") == ["none*.py: no such file"]

    def test_link_to_itself(self, folder: Path) -> None:
        (folder / "loop.py").symlink_to("loop.py")
        assert len(self.problems("loop.py")) == 1

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
    def test_pipe_that_nobody_writes_to(self, folder: Path) -> None:
        os.mkfifo(folder / "pipe.py")
        assert self.problems("pipe.py") == ["pipe.py: not a regular file"]

    def test_folder_that_may_not_be_read(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: str) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", path)

        (folder / "secret").mkdir()
        monkeypatch.setattr(os, "scandir", refuse)  # Root would not be refused.
        assert self.problems("secret") == ["secret: Permission denied"]

    def test_what_is_no_file_is_passed_over_in_a_folder(self, folder: Path) -> None:
        (folder / "folder.py").mkdir()
        (folder / ".#lock.py").symlink_to("somebody@somewhere")
        if sys.platform != "win32":
            os.mkfifo(folder / "pipe.py")
        assert paths(".") == ["good.py"]


def test_sizes_are_told(folder: Path) -> None:
    write(folder, "a.py", text="x = 12345\n")
    assert discover(["a.py"], Exclusion()).files[0].size == 10


class TestLeftOut:
    def test_is_what_lies_in_an_ignored_folder_however_deep(self, folder: Path) -> None:
        write(folder, ".gitignore", text="generated/\n")
        write(folder, "generated/deep/a.py", "a.py")
        assert is_left_out("generated/deep/a.py", Exclusion())
        assert not is_left_out("a.py", Exclusion())

    def test_patterns_count_from_the_root_that_is_given(self, folder: Path) -> None:
        write(folder, "build/project/a.py", "build/project/dist/a.py")
        root = folder / "build" / "project"
        assert is_left_out("build/project/a.py", Exclusion())
        assert not is_left_out("build/project/a.py", Exclusion(), root)
        assert is_left_out("build/project/dist/a.py", Exclusion(), root)
