"""All that is known of one version of a program, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.diagnostics import Applicability, Edit, Position
from flake8_paramassign.findings import Finding
from flake8_paramassign.lsp.programs import Program
from flake8_paramassign.rules import all_rules
from flake8_paramassign.rules.prm001_not_analysed import NotAnalysed
from flake8_paramassign.surroundings import Surroundings

if TYPE_CHECKING:
    from flake8_paramassign.report import Rewriter

QUICK_FIX = "quickfix"
FIX_ALL = "source.fixAll.paramassign"


@dataclass(frozen=True)
class Action:
    """Something that a person may choose."""

    title: str
    kind: str
    edits: Mapping[str, Sequence[Edit]]
    """By the URI of the text; by its path where it is none of the program."""
    finding: Finding | None = None
    """The one that it is about."""
    is_preferred: bool = False
    """Whether it may be chosen without a look."""


@dataclass(frozen=True)
class Analysis:
    """What is found in ``program``. Everything is worked out when it is first asked for."""

    program: Program
    configuration: Configuration = field(default_factory=Configuration)
    unsaved: Mapping[str, bytes] = field(default_factory=dict)
    """What stands for the content of files on the disk, by their paths."""

    def rests_on(self, path: str) -> bool:
        """Whether what is found may be another where the file at ``path`` changes."""
        return "findings" not in vars(self) or self._surroundings.has_asked(path)

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self.unsaved)

    def _checker(self, rewrite: Rewriter | None = None) -> Checker:
        return Checker(self.configuration, rewrite, self._surroundings)

    @cached_property
    def findings(self) -> list[Finding]:
        """The findings, without their fixes: these take longer, and are rarely asked for."""
        return self._checked(self._checker())

    @cached_property
    def with_fixes(self) -> list[Finding]:
        """The findings with their fixes."""
        from flake8_paramassign.fixes.rewrites import rewrite

        return self._checked(self._checker(rewrite)) if self.findings else []

    def _checked(self, checker: Checker) -> list[Finding]:
        return checker.check_named(self.program.data, self.program.filename)

    @property
    def parses(self) -> bool:
        """Whether anything could be said of the program."""
        return all(finding.diagnostic.code != NotAnalysed.code for finding in self.findings)

    def touching(self, uri: str, start: Position, end: Position) -> list[Finding]:
        """Return the findings, with their fixes, on what lies between two places of a text."""
        return [
            finding
            for finding in self.with_fixes
            if self.program.uri(finding.cell) == uri
            and finding.diagnostic.start <= end
            and start <= finding.diagnostic.end
        ]

    def actions(self, uri: str, start: Position, end: Position) -> list[Action]:
        """Return what can be done about the findings between two places of a text."""
        findings = self.touching(uri, start, end)
        fixes = [action for finding in findings for action in self._fix(finding)]
        ignored = [action for finding in findings for action in self._ignored(finding)]
        return [*sorted(fixes, key=lambda fix: not fix.is_preferred), *ignored]

    def _fix(self, finding: Finding) -> Iterator[Action]:
        fix = finding.diagnostic.fix
        if fix is not None and fix.applicability is not Applicability.DISPLAY:
            is_safe = fix.applicability is Applicability.SAFE
            yield Action(
                f"{finding.diagnostic.code}: {fix.message}" + ("" if is_safe else " (unsafe)"),
                QUICK_FIX,
                {fix.filename or self.program.uri(finding.cell): fix.edits},
                finding,
                is_safe,
            )

    def _ignored(self, finding: Finding) -> Iterator[Action]:
        if finding.diagnostic.code == NotAnalysed.code:
            return
        from flake8_paramassign.noqa import comments

        uri = self.program.uri(finding.cell)
        yield Action(
            f"Ignore {finding.diagnostic.code} on this line",
            QUICK_FIX,
            {uri: tuple(comments(self.program.texts[uri].text, [finding]))},
            finding,
        )

    @cached_property
    def fix_all(self) -> Action | None:
        """All safe fixes, and those that these make possible; None where there is none."""
        if not any(_is_safe(finding) for finding in self.with_fixes):
            return None
        from flake8_paramassign.fixes.fixing import Fixer
        from flake8_paramassign.fixes.rewrites import rewrite

        fixer = Fixer(self._checker(rewrite), writes=False)
        fixed, outcome = fixer.fix(self.program.data, self.program.filename)
        texts = self.program.texts_in(fixed) if outcome.changed else None
        if not texts:
            return None
        edits = {
            uri: made
            for uri, text in self.program.texts.items()
            if (made := text.edits_to(texts[uri]))
        }
        count = len(outcome.fixed)
        return Action(f"Fix all: {count} safe fix{'es' * (count != 1)}", FIX_ALL, edits)

    def explanation(self, uri: str, position: Position) -> str:
        """Return in Markdown what there is to know of the findings at ``position``."""
        findings = self.touching(uri, position, position)
        return "\n\n---\n\n".join(map(_explained, findings))


def _is_safe(finding: Finding) -> bool:
    fix = finding.diagnostic.fix
    return fix is not None and fix.applicability is Applicability.SAFE


def _explained(finding: Finding) -> str:
    diagnostic = finding.diagnostic
    if diagnostic.fix:
        outlook = f"Fix ({diagnostic.fix.applicability.value}): {diagnostic.fix.message}."
    else:
        outlook = f"No fix: {diagnostic.why_not_fixed}."
    title = f"**[{diagnostic.code}]({diagnostic.url}) `{diagnostic.name}`** {diagnostic.message}"
    return "\n\n".join((title, outlook, all_rules()[diagnostic.code].documentation()))
