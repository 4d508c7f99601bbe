"""How a command ends: with a status that means something, and never with a traceback.

Whatever goes wrong is one line on standard error and status 2, also where standard output is
closed or full. SIGTERM ends a command as an interrupt does, so that what it began is cleaned up.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from types import FrameType

from flake8_paramassign.configuration import ConfigurationError
from flake8_paramassign.failures import DEBUG, internal_error
from flake8_paramassign.wording import visible
from flake8_paramassign.writing import NotWritten

CLEAN, FINDINGS, FAILURE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143

_LONGEST = 5_000
"""Characters of a line on standard error; names of files are long."""


class Terminated(KeyboardInterrupt):
    """SIGTERM has come."""


def ended(program: str, work: Callable[[], int], *, debug: bool = False) -> int:
    """Return the exit status of the command ``program``, which is to do ``work``.

    That returns its status, or raises; ``debug`` shows where.
    """
    with _streams_taken(), _terminable(), _debugging(debug):
        try:
            status = _status(work)
            _flush()
        except Terminated:
            status = TERMINATED
        except KeyboardInterrupt:
            status = INTERRUPTED
        except (ConfigurationError, NotWritten, OSError) as error:
            if debug:
                traceback.print_exception(error)
            status = complain(program, [str(error)])
        except BaseException as error:
            hint = "" if debug else " (--debug shows more)"
            status = complain(program, [f"{internal_error(error)}{hint}"])
        _give_up_output()
    return status


def _status(work: Callable[[], int]) -> int:
    try:
        return work()
    except SystemExit as done:  # argparse has shown its help
        return done.code if isinstance(done.code, int) else CLEAN


def complain(program: str, problems: Iterable[str]) -> int:
    """Say each of ``problems`` on one line of standard error; return the exit status."""
    status = CLEAN
    for problem in problems:
        say(f"{program}: error: {visible(problem)[:_LONGEST]}")
        status = FAILURE
    return status


def say(line: str) -> None:
    """Write ``line`` to standard error, if anybody hears it."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr)


def print_out(text: str) -> None:
    """Write ``text`` to standard output, quietly if its reader is gone; raises OSError."""
    with _quietly() as output:
        if isinstance(output, io.TextIOWrapper):
            output.reconfigure(errors="backslashreplace")
        output.write(text)
        output.flush()


def write_out(content: bytes) -> None:
    """Write ``content`` to standard output, quietly if its reader is gone; raises OSError."""
    with _quietly() as output:
        output.flush()
        output.buffer.write(content)
        output.buffer.flush()


def read_in(most: int) -> bytes:
    """Return at most so many bytes of standard input; raises OSError."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    return sys.stdin.buffer.read(most)


@contextlib.contextmanager
def _quietly() -> Iterator[io.TextIOWrapper]:
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    try:
        yield sys.stdout  # type: ignore[misc]  # or what a test has put in its place
    except BrokenPipeError:
        _give_up_output()


def _flush() -> None:
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _give_up_output()


def _give_up_output() -> None:
    """Have what cannot be written go nowhere: Python would try again at its end, and complain."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _streams_taken() -> Iterator[None]:
    """Let no file that is opened take the number of a standard stream that is closed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # until the process ends
    yield


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _debugging(debug: bool) -> Iterator[None]:
    if debug:
        os.environ[DEBUG] = "1"
    try:
        yield
    finally:
        if debug:
            del os.environ[DEBUG]
