"""A file is replaced whole or not at all, and stays what it was in all but its content."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import pytest

from flake8_paramassign import writing
from flake8_paramassign.writing import NotWritten, OpenedFile, clear_leftovers

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such thing")


@pytest.fixture(params=["exchanging", "replacing"])
def target(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "replacing":  # as on systems that cannot exchange two names
        monkeypatch.setattr(writing, "_renameat2", lambda: None)
    path = tmp_path / "ä b.py"
    path.write_bytes(b"old\r\n")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, content: bytes = b"new\r\n") -> None:
    OpenedFile.read(str(path)).write(content)


def test_the_content_is_replaced_and_nothing_else_remains(target: Path) -> None:
    write(target)

    assert target.read_bytes() == b"new\r\n"
    assert names(target.parent) == [target.name]


@posix
@pytest.mark.parametrize("mode", [0o755, 0o640, 0o600, 0o4755, 0o2750])
def test_the_mode_is_kept(target: Path, mode: int) -> None:
    target.chmod(mode)

    write(target)

    assert stat.S_IMODE(target.stat().st_mode) == mode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
def test_the_owner_is_kept(target: Path) -> None:
    os.chown(target, 1234, 2345)

    write(target)

    assert (target.stat().st_uid, target.stat().st_gid) == (1234, 2345)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="only Linux has them in Python")
def test_extended_attributes_are_kept(target: Path) -> None:
    try:
        os.setxattr(target, "user.note", b"mine")
    except OSError as error:
        pytest.skip(f"not on this file system: {error}")

    write(target)

    assert os.getxattr(target, "user.note") == b"mine"


def test_the_time_of_the_last_change_is_now_and_of_the_last_look_as_before(target: Path) -> None:
    os.utime(target, (1, 1))
    file = OpenedFile.read(str(target))
    before = target.stat().st_atime

    file.write(b"new")

    assert target.stat().st_mtime > 1
    assert target.stat().st_atime == before


@posix
def test_a_link_is_followed_and_stays_a_link(target: Path) -> None:
    folder = target.parent / "elsewhere"
    folder.mkdir()
    link = folder / "link.py"
    link.symlink_to(Path("..", target.name))

    write(link)

    assert (link.is_symlink(), target.read_bytes()) == (True, b"new\r\n")
    assert names(folder) == ["link.py"]


@posix
def test_a_hard_linked_file_is_left_alone(target: Path) -> None:
    """In place it could be left half written; replaced, its other names would keep the old."""
    other = target.parent / "other.py"
    os.link(target, other)

    with pytest.raises(NotWritten, match="not written: it has other names"):
        write(target)

    assert (other.read_bytes(), target.read_bytes()) == (b"old\r\n", b"old\r\n")
    assert names(target.parent) == ["other.py", target.name]


def test_a_file_that_was_changed_since_it_was_read_is_left_alone(target: Path) -> None:
    file = OpenedFile.read(str(target))
    target.write_bytes(b"theirs")

    with pytest.raises(NotWritten, match=f"^{target}: not written: it was changed by somebody"):
        file.write(b"ours")

    assert (target.read_bytes(), names(target.parent)) == (b"theirs", [target.name])


def saved_in_place(target: Path) -> None:
    target.write_bytes(b"theirs")


def saved_anew(target: Path) -> None:
    new = target.with_name("new")
    new.write_bytes(b"theirs")
    new.replace(target)


def removed(target: Path) -> None:
    target.unlink()


@pytest.mark.parametrize("edit", [saved_in_place, saved_anew, removed])
def test_what_is_saved_while_the_rename_waits_is_not_overwritten(
    target: Path, monkeypatch: pytest.MonkeyPatch, edit: Callable[[Path], None]
) -> None:
    exchange = writing._exchange
    edits = [edit]

    def edited_then_exchanged(one: Path, other: Path) -> bool:
        if edits:
            edits.pop()(target)
        return exchange(one, other)

    monkeypatch.setattr(writing, "_exchange", edited_then_exchanged)
    if writing._renameat2() is None:
        pytest.skip("cannot exchange two names")
    with pytest.raises(NotWritten, match=r"changed by somebody|No such file"):
        write(target)

    assert names(target.parent) == [target.name] * (edit is not removed)
    assert edit is removed or target.read_bytes() == b"theirs"


def test_a_file_that_was_removed_since_it_was_read_stays_removed(target: Path) -> None:
    file = OpenedFile.read(str(target))
    target.unlink()

    with pytest.raises(NotWritten, match=f"^{target}: No such file or directory$"):
        file.write(b"ours")

    assert names(target.parent) == []


def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match=r"^missing\.py: No such file or directory$"):
        OpenedFile.read("missing.py")


@posix
@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_is_read_only_is_left_alone_even_by_root(target: Path, which: str) -> None:
    locked = target if which == "file" else target.parent
    mode = locked.stat().st_mode
    locked.chmod(mode & ~0o222)
    try:
        with pytest.raises(NotWritten, match="not written: it is read-only"):
            write(target)
    finally:
        locked.chmod(mode)

    assert target.read_bytes() == b"old\r\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_leaves_the_file_as_it_was(target: Path) -> None:
    """The limit cuts the write short as a full disk does, and the next one fails."""
    before = names(target.parent)
    program = """
import resource, signal, sys
from flake8_paramassign.writing import NotWritten, OpenedFile
file = OpenedFile.read(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    file.write(b"x" * 5000)
except NotWritten as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", program, target], capture_output=True, check=True, encoding="utf-8"
    )

    assert run.stdout == f"{target}: {os.strerror(errno.EFBIG)}\n"
    assert (target.read_bytes(), names(target.parent)) == (b"old\r\n", before)


@posix
def test_what_a_killed_process_left_is_cleared_and_nothing_else(target: Path) -> None:
    """A process that is killed just before the file is replaced leaves its temporary file."""
    program = """
import os, signal, sys
from flake8_paramassign import writing
writing._exchange = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
writing.OpenedFile.read(sys.argv[1]).write(b"new")
"""
    subprocess.run([sys.executable, "-c", program, target], check=False)
    theirs = target.parent / ".theirs.py~"
    theirs.touch()
    assert len(names(target.parent)) == 3

    clear_leftovers(target.parent)

    assert names(target.parent) == [theirs.name, target.name]


@posix
def test_what_is_no_file_is_neither_opened_nor_cleared(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".a.py.x.paramassign~")
    (tmp_path / ".b.py.x.paramassign~").symlink_to("/dev/zero")
    (tmp_path / ".c.py.x.paramassign~").mkdir()
    before = names(tmp_path)

    clear_leftovers(tmp_path)

    assert names(tmp_path) == before


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits_until_there_is_no_temporary_file(
    target: Path, number: signal.Signals
) -> None:
    program = """
import os, sys
from flake8_paramassign import writing
write_all = writing._write_all
def written_then_signalled(*arguments):
    write_all(*arguments)
    os.kill(os.getpid(), int(sys.argv[2]))
    os.utime(sys.argv[1], (2, 2))
writing._write_all = written_then_signalled
writing.OpenedFile.read(sys.argv[1]).write(b"new")
"""
    command = [sys.executable, "-c", program, str(target), str(int(number))]
    run = subprocess.run(command, check=False, capture_output=True)

    assert run.returncode == -number
    assert (target.read_bytes(), names(target.parent)) == (b"new", [target.name])


@posix
def test_what_a_living_process_is_writing_is_not_cleared(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else clears the folder just before the file is replaced."""
    exchange = writing._exchange
    clear = "import sys, flake8_paramassign.writing as w; w.clear_leftovers(sys.argv[1])"

    def cleared_then_exchanged(one: Path, other: Path) -> bool:
        subprocess.run([sys.executable, "-c", clear, target.parent], check=True)
        return exchange(one, other)

    monkeypatch.setattr(writing, "_exchange", cleared_then_exchanged)
    write(target)

    assert target.read_bytes() == b"new\r\n"


@posix
def test_a_temporary_file_that_was_cleared_too_early_is_made_anew(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else clears the folder between making the file and locking it."""
    lock = writing._lock
    cleared: list[Path] = []

    def cleared_then_locked(file: FileIO) -> None:
        if not cleared:
            cleared.extend(target.parent.glob(".*"))
            cleared[0].unlink()
        lock(file)

    monkeypatch.setattr(writing, "_lock", cleared_then_locked)
    write(target)

    assert cleared
    assert (target.read_bytes(), names(target.parent)) == (b"new\r\n", [target.name])


def test_a_folder_that_cannot_be_listed_has_nothing_to_clear(tmp_path: Path) -> None:
    clear_leftovers(tmp_path / "missing")

    assert names(tmp_path) == []
