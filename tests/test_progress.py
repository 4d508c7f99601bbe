"""A bar on the terminal shows how far a long run is, and is gone when it is done."""

from __future__ import annotations

import io
import sys

import pytest

from flake8_paramassign import progress
from flake8_paramassign.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, patience: float) -> str:
    """Return what three files of work leave on standard error."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_PATIENCE", patience)
    work = Progress(str.upper, 3)
    assert [work(path) for path in "abc"] == ["A", "B", "C"]
    return stream.getvalue()


def test_there_is_a_bar_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, Terminal(), -1.0) == (
        "\r[##########....................] 1/3 files"
        "\r[####################..........] 2/3 files"
        "\r[##############################] 3/3 files"
        "\r\x1b[K"
    )


def test_there_is_none_for_short_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, Terminal(), 1000.0) == ""


def test_there_is_none_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, io.StringIO(), -1.0) == ""
