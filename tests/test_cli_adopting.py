"""What a file holds already can be kept silent: by comments, or by a baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Command

pytestmark = pytest.mark.usefixtures("fake_analysis")


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
        assert outcome.err.splitlines() == [
            "1 finding silenced by comments",
            "paramassign: error: a.py: not written: it is read-only",
        ]
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
