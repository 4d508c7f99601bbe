"""From the bytes of a file to its diagnostics, for any number of files and threads."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.failures import TOO_DEEP, internal_error, line_of, not_analysed
from flake8_paramassign.settings import DEFAULT, Settings
from flake8_paramassign.source import Source, decode, name_long_numbers
from flake8_paramassign.undisturbed import undisturbed

if TYPE_CHECKING:
    from flake8_paramassign.project.trees import Trees
    from flake8_paramassign.report import Rewriter
    from flake8_paramassign.semantics.events import Event
    from flake8_paramassign.surroundings import Surroundings

_TOO_LARGE = "the code is nested too deeply, or too long, to be analysed with the memory there is"


class Analyzer:
    """Analyses files, and keeps what it has read of the files that they import.

    What it keeps is bounded, and read again where a file has changed. Threads may share one; its
    answers do not depend on what was asked before. A copy in another process begins with nothing.
    """

    def __init__(self, settings: Settings = DEFAULT, rewrite: Rewriter | None = None) -> None:
        """``rewrite`` gives findings their fixes; without it they have none."""
        self.settings = settings
        self.rewrite = rewrite
        self._trees: Trees | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Take what it is told, not what it has read, to other processes."""
        return Analyzer, (self.settings, self.rewrite)

    def analyze(
        self,
        source: bytes | str,
        filename: str = "<unknown>",
        *,
        tree: ast.Module | None = None,
        surroundings: Surroundings | None = None,
        watch: Callable[[Event], None] | None = None,
    ) -> list[Diagnostic]:
        """Return the findings of one file, sorted by position; ``analysis.analyze`` says more.

        Never raises.
        """
        with undisturbed():
            return self._diagnostics(source, filename, tree, surroundings, watch)

    def _diagnostics(
        self,
        source: bytes | str,
        filename: str,
        tree: ast.Module | None,
        surroundings: Surroundings | None,
        watch: Callable[[Event], None] | None,
    ) -> list[Diagnostic]:
        try:
            text = decode(source) if isinstance(source, bytes) else source
        except (SyntaxError, ValueError) as error:
            return [not_analysed(f"the file cannot be decoded: {_reason(error)}")]
        try:
            # A file that holds nothing of ours is still reported where it is no Python.
            tree = tree or ast.parse(source)
        except (SyntaxError, ValueError) as error:
            return [not_analysed(f"the file does not parse: {_reason(error)}", *_place(error))]
        except RecursionError:
            return [not_analysed(TOO_DEEP)]
        except MemoryError:  # of Python's parser, where it is nested too deeply, too
            return [not_analysed(_TOO_LARGE)]
        name_long_numbers(tree, text)
        try:
            return self._findings(text, tree, filename, surroundings, watch)
        except RecursionError:
            return [not_analysed(TOO_DEEP)]
        except MemoryError:
            return [not_analysed(_TOO_LARGE)]
        except Exception as error:
            return [not_analysed(internal_error(error), line_of(error, tree))]

    def _findings(
        self,
        text: str,
        tree: ast.Module,
        filename: str,
        surroundings: Surroundings | None,
        watch: Callable[[Event], None] | None,
    ) -> list[Diagnostic]:
        if "import" not in text and "." not in text and not self.settings.exhaustive:
            return []  # what a finding is about is imported, or an attribute of what is given
        from flake8_paramassign.project.project import Project
        from flake8_paramassign.project.trees import Trees
        from flake8_paramassign.semantics.relevance.gate import Relevance

        trees = self._trees = self._trees or Trees()
        project = Project(trees, filename, tree, self.settings.module_bases, surroundings)
        relevance = Relevance(Source(text), project, self.settings)
        if relevance.holds_nothing():
            return []
        from flake8_paramassign.facts import Facts
        from flake8_paramassign.report import Report
        from flake8_paramassign.semantics.engine import Engine

        facts = Facts(project, project.module, self.settings)
        report = Report(self.settings, facts)

        def tell(event: Event) -> None:
            report.tell(event)
            if watch is not None:
                watch(event)

        engine = Engine(
            project, tell, effort=self.settings.effort, relevance=relevance, fail=report.fail
        )
        facts.mode_of = engine.mode_of
        facts.is_called = engine.is_called
        facts.stored_in_skipped = relevance.stored_in_skipped
        facts.discriminated = engine.discriminated
        facts.unregistered = engine.unregistered
        facts.frozen = engine.frozen
        facts.listed = engine.listed
        facts.differentiated = engine.differentiated
        facts.copied = engine.copied
        facts.read = engine.read
        facts.used = engine.used_containers
        engine.run()
        return report.diagnostics(Source(text), self.rewrite)


def _place(error: SyntaxError | ValueError) -> tuple[int, int]:
    """The line, and the column from 0, where a file does not parse, if that is said."""
    line, column = getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1
    return max(line, 1), max(column - 1, 0)


def _reason(error: Exception) -> str:
    """One line that says what went wrong."""
    text = error.msg if isinstance(error, SyntaxError) and error.msg else str(error)
    first = text.strip().splitlines()[0] if text.strip() else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
