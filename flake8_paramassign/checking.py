"""From files to what is reported about them."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_paramassign import analysis, notebooks
from flake8_paramassign.cache import Cache
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.discovery import PYTHON, STDIN, SourceFile, discover, is_left_out
from flake8_paramassign.ending import read_in
from flake8_paramassign.failures import guarded, internal_error, not_analysed
from flake8_paramassign.files import read_regular
from flake8_paramassign.findings import Finding, findings_in, where
from flake8_paramassign.nearest import Configurations
from flake8_paramassign.output import SHOW_FIXES, wanted_format
from flake8_paramassign.patterns import absolute
from flake8_paramassign.progress import Progress
from flake8_paramassign.rules.prm001_not_analysed import NotAnalysed
from flake8_paramassign.settings import Settings
from flake8_paramassign.source import Source, decode
from flake8_paramassign.suppression import unsuppressed, unused
from flake8_paramassign.surroundings import Surroundings, digest
from flake8_paramassign.workers import in_workers, processes

if TYPE_CHECKING:
    from flake8_paramassign.report import Rewriter

_LARGEST = 10_000_000
"""Bytes beyond which a file is not analysed: nobody wrote it, and it would take minutes."""
_LARGEST_NOTEBOOK = 50_000_000
"""Most of one is pictures."""


def largest(filename: str) -> int:
    """Return how many bytes of the file ``filename`` are read at most."""
    return _LARGEST_NOTEBOOK if filename.endswith(notebooks.SUFFIX) else _LARGEST


@dataclass(frozen=True)
class Checker:
    """Checks files as configured; picklable, so that worker processes take it as it is."""

    configuration: Configuration
    rewrite: Rewriter | None = None
    """What gives findings their fixes, where somebody wants to see them."""
    surroundings: Surroundings | None = None
    """What is asked for other files: by default the disk, anew for each file."""

    @cached_property
    def settings(self) -> Settings:
        """What the analysis is told."""
        codes = self.configuration.codes
        # Who asks for PRM902 does not want `.data` written.
        style = self.configuration.style or ("no-grad" if "PRM902" in codes else "data")
        return Settings(codes, self.configuration.module_bases, style)

    def check_file(self, path: str) -> list[Finding]:
        """Return the findings of the file at ``path``; PRM001 if it cannot be read.

        Never raises.
        """
        try:
            data = read_regular(path, largest(path))
        except OSError as error:
            return self._reported(path, [not_analysed(f"cannot be read: {error.strerror}")])
        try:
            if self.surroundings is not None:
                self.surroundings.note(path, digest(data))
            return self.check_named(data, path)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # beside the analysis, such as for want of memory
            return self._reported(path, [not_analysed(internal_error(error))])

    def check_named(self, data: bytes, filename: str) -> list[Finding]:
        """Return the findings of a notebook or a Python file, whichever its name says."""
        is_notebook = filename.endswith(notebooks.SUFFIX)
        return (self.check_notebook if is_notebook else self.check)(data, filename)

    def check(self, data: bytes, filename: str) -> list[Finding]:
        """Return the findings of a Python file with these bytes. Never raises."""
        return self._reported(filename, self._analysed(data, filename), data)

    def check_notebook(self, data: bytes, filename: str) -> list[Finding]:
        """Return the findings of a notebook with these bytes. Never raises."""
        try:
            if len(data) > _LARGEST_NOTEBOOK:
                raise notebooks.NotANotebook(f"larger than {_LARGEST_NOTEBOOK // 1_000_000} MB")
            notebook = notebooks.Notebook.read(data)
        except notebooks.NotANotebook as error:
            return self._reported(filename, [not_analysed(str(error))])
        return self.check_cells(notebook, filename)

    def check_cells(self, notebook: notebooks.Notebook, filename: str) -> list[Finding]:
        """Return the findings of a notebook that was read. Never raises."""
        text = notebook.text
        diagnostics = [*notebook.broken, *self._analysed(text, filename)] if text else []
        diagnostics.sort(key=lambda diagnostic: diagnostic.start)
        return [notebook.in_cell(f) for f in self._reported(filename, diagnostics, text)]

    def lost(self, path: str, reason: str) -> list[Finding]:
        """Return the PRM001 of the file at ``path``, which ended its worker process."""
        reason = f"ended the process that analysed it: {reason}"
        return self._reported(path, [not_analysed(reason)])

    def _analysed(self, source: bytes | str, filename: str) -> list[Diagnostic]:
        if len(source) > _LARGEST:
            return [not_analysed(f"larger than {_LARGEST // 1_000_000} MB")]
        return guarded(lambda: self._with_fixes(source, filename))

    def _with_fixes(self, source: bytes | str, filename: str) -> list[Diagnostic]:
        found = analysis.analyze(
            source,
            filename,
            settings=self.settings,
            rewrite=self.rewrite,
            surroundings=self.surroundings,
        )
        if all(diagnostic.fix is None for diagnostic in found):
            return found
        from flake8_paramassign.fixes.validation import validated

        try:
            return validated(found, source, filename, self.settings, self.surroundings)
        except Exception as error:  # of ours, which costs the fixes and not the findings
            bare = (replace(d, fix=None, why_not_fixed="its fix failed") for d in found if d.fix)
            failed = not_analysed(internal_error(error, "the fixes"))
            return sorted([*bare, *(d for d in found if not d.fix), failed], key=lambda d: d.start)

    def _reported(
        self, filename: str, diagnostics: Sequence[Diagnostic], source: bytes | str = ""
    ) -> list[Finding]:
        """Return the diagnostics that neither the configuration nor a comment silences."""
        codes = self._codes_in(filename) if diagnostics else frozenset()
        wanted = [diagnostic for diagnostic in diagnostics if diagnostic.code in codes]
        if not wanted:
            return []
        try:
            text = decode(source) if isinstance(source, bytes) else source
        except (SyntaxError, LookupError, ValueError):  # which the diagnostics say
            text = ""
        return findings_in(filename, unsuppressed(wanted, Source(text)), Source(text))

    def _codes_in(self, filename: str) -> frozenset[str]:
        """Return the codes that are reported in a file."""
        configuration = self.configuration
        codes = configuration.codes
        ignores = (*configuration.per_file_ignores, *configuration.extend_per_file_ignores)
        if not ignores:
            return codes
        path = absolute(filename)
        ignored = tuple(
            code for pattern, codes in ignores if pattern.verdict(path) for code in codes
        )
        return frozenset(code for code in codes if not code.startswith(ignored))

    def identity(self, path: str) -> str:
        """Return all that the findings of a file depend on, but us and what is on the disk."""
        return f"{os.path.abspath(path)}\0{sorted(self._codes_in(path))}\0{self._told}"

    @cached_property
    def _told(self) -> str:
        return repr((sorted(self.configuration.codes), replace(self.settings, select=None)))

    def unused_comments(self, path: str) -> list[str]:
        """Return a line for each code in a ``# noqa`` of the file at ``path`` that is not needed.

        None where that cannot be told. Never raises.
        """
        try:
            data = read_regular(path, largest(path))
            is_notebook = path.endswith(notebooks.SUFFIX)
            text = decode(data) if b"noqa" in data.lower() and not is_notebook else ""
        except (OSError, SyntaxError, LookupError, ValueError):
            return []
        diagnostics = self._analysed(data, path) if text else []
        if any(diagnostic.code == NotAnalysed.code for diagnostic in diagnostics):
            return []
        found = unused(diagnostics, Source(text), self._codes_in(path))
        return [f"{where(path, None, place)}: noqa: {code} is not needed" for place, code in found]


@dataclass(frozen=True)
class Examined:
    """The findings of a file; picklable, as it comes from a worker process."""

    findings: list[Finding]
    rests_on: Collection[str]
    """What the disk was asked for them, and what it answered."""


@dataclass(frozen=True)
class Checkers:
    """Checks each file as it is configured; picklable, so that worker processes take it."""

    configurations: Configurations
    rewrite: Rewriter | None = None
    _known: dict[int, Checker] = field(default_factory=dict)

    def of(self, filename: str) -> Checker:
        """Return what checks this file."""
        configuration = self.configurations.of(filename)
        if id(configuration) not in self._known:
            self._known[id(configuration)] = Checker(configuration, self.rewrite)
        return self._known[id(configuration)]

    def examine(self, path: str) -> Examined:
        """Return the findings of the file at ``path``. Never raises."""
        surroundings = Surroundings()
        findings = replace(self.of(path), surroundings=surroundings).check_file(path)
        return Examined(findings, list(surroundings.told()))

    def unused_comments(self, path: str) -> list[str]:
        """Return a line for each comment that is not needed in the file at ``path``."""
        return self.of(path).unused_comments(path)

    def lost(self, path: str, reason: str) -> Examined:
        """Return the PRM001 of the file at ``path``, which ended its worker process."""
        return Examined(self.of(path).lost(path, reason), ())


@dataclass(frozen=True)
class Checked:
    """What became of a run."""

    findings: list[Finding]
    problems: list[str]
    """What could not be done; a file that could not be analysed is among the findings, too."""
    files: int
    """How many were looked at."""
    unused_comments: list[str]
    """A line for each, if they were looked for."""


def check_paths(
    paths: Sequence[str],
    configurations: Configurations,
    start: Path,
    stdin_filename: str | None,
    *,
    unused_comments: bool = False,
) -> Checked:
    """Check all files that ``paths`` stand for; raises ConfigurationError.

    ``-`` is standard input, called ``stdin_filename``. What is left out, and how many processes
    there are, is as configured in the folder ``start``.
    """
    _, configuration = configurations.in_folder(start)
    checkers = Checkers(configurations, _rewriter(configuration))
    findings: list[Finding] = []
    if STDIN in paths:
        name = stdin_filename or "stdin"
        exclusion = configurations.of(name).exclusion
        if not (exclusion.force and is_left_out(name, exclusion)):
            findings += checkers.of(name).check_named(read_in(largest(name) + 1), name)
    named = [path for path in paths if path != STDIN]
    found = discover(named, configuration.exclusion, (*PYTHON, notebooks.SUFFIX))
    files = configurations.wanted(found.files, start, named)
    for of_one_file in _checked(files, checkers, start):
        findings += of_one_file
    failures = (f for f in findings if f.diagnostic.code == NotAnalysed.code)
    problems = found.problems + [f"{f.where}: {f.diagnostic.message}" for f in failures]
    comments = (
        in_workers(checkers.unused_comments, files, processes(configuration.jobs), lambda *_: [])
        if unused_comments
        else []
    )
    lines = [line for of_one_file in comments for line in of_one_file]
    return Checked(findings, problems, len(files) + (STDIN in paths), lines)


def _checked(files: Sequence[SourceFile], checkers: Checkers, start: Path) -> list[list[Finding]]:
    """Return the findings of each of ``files``: those that are known, and the others."""
    folder = checkers.configurations.cache_folder(start)
    with Cache(folder, has_fixes=checkers.rewrite is not None) as cache:
        known = cache.known((f.path, checkers.of(f.path).identity(f.path)) for f in files)
        rest = [file for file in files if file.path not in known]
        work = Progress(checkers.examine, len(rest))
        jobs = processes(checkers.configurations.in_folder(start)[1].jobs)

        def keep(path: str, examined: Examined) -> None:
            known[path] = examined.findings
            cache.keep(path, examined.findings, examined.rests_on)

        if len(rest) == 1:
            keep(rest[0].path, work(rest[0].path))
        else:
            in_workers(work, rest, jobs, checkers.lost, keep)
    return [known[file.path] for file in files]


def _rewriter(configuration: Configuration) -> Rewriter | None:
    """Return what writes fixes, which is imported only for a report that shows them."""
    if wanted_format(configuration.output_format) not in SHOW_FIXES:
        return None
    from flake8_paramassign.fixes.rewrites import rewrite

    return rewrite
