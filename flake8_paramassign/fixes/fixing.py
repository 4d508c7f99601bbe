"""One file, from its name to what became of it."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from flake8_paramassign.checking import Checker, largest
from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.failures import internal_error
from flake8_paramassign.findings import Finding, findings_in
from flake8_paramassign.fixes.diffs import unified
from flake8_paramassign.fixes.edits import Damage
from flake8_paramassign.fixes.engine import Accept, fix_source
from flake8_paramassign.fixes.notebooks import NotebookProgram
from flake8_paramassign.notebooks import SUFFIX, NotANotebook
from flake8_paramassign.rules.prm001_not_analysed import NotAnalysed
from flake8_paramassign.settings import Settings
from flake8_paramassign.source import Source, decode
from flake8_paramassign.surroundings import Surroundings, digest
from flake8_paramassign.writing import WRITING, NotWritten, OpenedFile, signals_wait


@dataclass(frozen=True)
class Outcome:
    """What became of a file; picklable, as it comes from a worker process."""

    name: str
    changed: bool = False
    diff: bytes = b""
    """Made only where nothing is written."""
    content: bytes | None = None
    """What the file would hold, where that is only shown."""
    fixed: Sequence[Finding] = ()
    left: Sequence[tuple[Finding, str]] = ()
    """Each with the reason why."""
    problems: Sequence[str] = ()
    """What could not be done, each on one line that names the file."""
    rests_on: Collection[str] | None = None
    """Where there is nothing to say: what the disk was asked for that, and what it answered."""


@dataclass(frozen=True)
class Fixer:
    """Fixes files as it was told; picklable, so that worker processes take it as it is."""

    checker: Checker
    unsafe_fixes: bool = False
    writes: bool = True
    """Whether files are changed on disk."""
    ask: Callable[[Finding, bytes, bytes], bool] | None = None
    """What is asked about each fix: the finding, and the program before and after."""

    def fix_file(self, path: str) -> Outcome:
        """Fix the file at ``path``, on disk if the fixer writes. Never raises."""
        _end_with_parent(os.getpid())
        try:
            file = OpenedFile.read(path, largest(path))
            surroundings = Surroundings()
            surroundings.note(path, digest(file.content))
            checker = replace(self.checker, surroundings=surroundings)
            fixed, outcome = replace(self, checker=checker).fix(file.content, path)
            if outcome == Outcome(path):
                return replace(outcome, rests_on=list(surroundings.told()))
            if self.writes and outcome.changed:
                file.write(fixed)
        except NotWritten as error:
            return Outcome(path, problems=[str(error)])
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return Outcome(path, problems=[f"{path}: {internal_error(error)}"])
        return outcome

    def fix(self, source: bytes, filename: str) -> tuple[bytes, Outcome]:
        """Return the fixed ``source`` of a file or notebook, and what was done. Never raises."""
        try:
            is_notebook = filename.endswith(SUFFIX)
            program = (NotebookProgram if is_notebook else Program).read(source, filename)
            return self._fix(source, filename, program)
        except (NotANotebook, Damage) as error:
            return source, Outcome(filename, problems=[f"{filename}: not fixed: {error}"])
        except Exception as error:
            return source, Outcome(filename, problems=[f"{filename}: {internal_error(error)}"])

    def _fix(
        self, source: bytes, filename: str, program: Program | NotebookProgram
    ) -> tuple[bytes, Outcome]:
        result = fix_source(
            program.source,
            filename,
            self.checker.settings,
            unsafe_fixes=self.unsafe_fixes,
            accept=self._accept(program),
            analyze=self._analyze,
        )
        if not (result.fixed or result.left or result.problems or program.broken):
            return source, Outcome(filename)
        fixed = program.put_back(result.source)
        left = program.findings((diagnostic for diagnostic, _ in result.left), result.source)
        unread = [f for f in (*program.broken, *left) if f.diagnostic.code == NotAnalysed.code]
        return fixed, Outcome(
            filename,
            changed=fixed != source,
            diff=b"" if self.writes or fixed == source else unified(filename, source, fixed),
            content=None if self.writes or fixed == source else fixed,
            fixed=program.findings(result.fixed, result.source),
            left=list(zip(left, (reason for _, reason in result.left), strict=True)),
            problems=[f"{filename}: {problem}" for problem in result.problems]
            + [f"{finding.where}: {finding.diagnostic.message}" for finding in unread],
        )

    def _accept(self, program: Program | NotebookProgram) -> Accept | None:
        ask = self.ask
        if ask is None:
            return None

        def accept(diagnostic: Diagnostic, before: bytes, after: bytes) -> bool:
            [finding] = program.findings([diagnostic], before)
            return ask(finding, before, after)

        return accept

    def lost(self, path: str, reason: str) -> Outcome:
        """Return the outcome for the file at ``path``, which ended its worker process."""
        return Outcome(path, problems=[f"{path}: ended the process that fixed it: {reason}"])

    def _analyze(self, source: bytes, filename: str, *, settings: Settings) -> list[Diagnostic]:
        return [finding.diagnostic for finding in self.checker.check(source, filename)]


@dataclass(frozen=True)
class Program:
    """A Python file as the engine takes it; ``NotebookProgram`` is the like of a notebook."""

    source: bytes
    filename: str
    broken: Sequence[Finding] = ()

    @classmethod
    def read(cls, data: bytes, filename: str) -> Program:
        """Take the bytes of the file as they are."""
        return cls(data, filename)

    def put_back(self, source: bytes) -> bytes:
        """Return the file with ``source`` in it."""
        return source

    def findings(self, diagnostics: Iterable[Diagnostic], source: bytes) -> list[Finding]:
        """Return what was found in ``source``, which this has become."""
        try:
            text = Source(decode(source))
        except (SyntaxError, LookupError, ValueError):  # which the diagnostics say
            text = Source("")
        return findings_in(self.filename, diagnostics, text)


@cache
def _end_with_parent(process: int) -> None:
    """Have the worker ``process``, which is this one, end at once if its parent is killed.

    Nobody expects it to go on writing then, and it would: it learns of its parent's end from
    their pipe only, which workers that were forked later keep open.
    """
    parent = multiprocessing.parent_process()
    if parent is None or sys.platform != "linux":
        return

    def watch() -> None:
        with signals_wait():  # They are for the thread that may be writing.
            while os.getppid() == parent.pid:
                time.sleep(0.1)
            with WRITING:
                os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
