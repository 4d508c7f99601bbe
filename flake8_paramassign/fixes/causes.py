"""Findings whose cause is in another file: their fixes are changes of that one.

They are made when each file has its own, one after the other, and only in files that are to be
fixed anyway.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from flake8_paramassign.diagnostics import Applicability, Position
from flake8_paramassign.findings import Finding, path_from
from flake8_paramassign.fixes.diffs import unified
from flake8_paramassign.fixes.edits import Damage, NotText, Text, checked
from flake8_paramassign.fixes.fixing import Fixer, Outcome
from flake8_paramassign.surroundings import Surroundings
from flake8_paramassign.wording import visible
from flake8_paramassign.writing import NotWritten, OpenedFile

_Key = tuple[str, Position]


class _Refused(Exception):
    """Why a fix is not made."""


def fix_causes(outcomes: Sequence[Outcome], fixer_of: Callable[[str], Fixer]) -> list[Outcome]:
    """Return ``outcomes``, once what they left is mended where it is caused in one of the files."""
    files = _Files({os.path.abspath(outcome.name): outcome for outcome in outcomes})
    for path, outcome in list(files.outcomes.items()):
        fixer = fixer_of(outcome.name)
        if any(_may_mend(fixer, finding) for finding, _ in outcome.left):
            files.mend(path, fixer)
    for path in files.changed:
        files.look_again(path, fixer_of(files.outcomes[path].name))
    return list(files.outcomes.values())


def _may_mend(fixer: Fixer, finding: Finding) -> bool:
    fix = finding.diagnostic.fix
    if fix is None or fix.filename is None:
        return False
    return fix.applicability is Applicability.SAFE or (
        fix.applicability is Applicability.UNSAFE and fixer.unsafe_fixes
    )


def _key(finding: Finding) -> _Key:
    return finding.diagnostic.code, finding.diagnostic.start


@dataclass
class _Files:
    """All that are fixed, by their absolute paths."""

    outcomes: dict[str, Outcome]
    changed: set[str] = field(default_factory=set)
    """Those in which causes were mended."""

    def _contents(self) -> dict[str, bytes]:
        """What files would hold, where that is only shown."""
        known = ((path, outcome.content) for path, outcome in self.outcomes.items())
        return {path: content for path, content in known if content is not None}

    def _found(self, path: str, fixer: Fixer) -> list[Finding]:
        """What is found in a file now."""
        contents, name = self._contents(), self.outcomes[path].name
        checker = replace(fixer.checker, surroundings=Surroundings(contents))
        if path in contents:
            return checker.check_named(contents[path], name)
        return checker.check_file(name)

    def mend(self, path: str, fixer: Fixer) -> None:
        """Mend the causes of what is found in a file."""
        reasons = {_key(finding): reason for finding, reason in self.outcomes[path].left}
        refused: dict[_Key, str] = {}
        fixed: list[Finding] = []
        while True:
            found = self._found(path, fixer)
            waiting = (f for f in found if _may_mend(fixer, f) and _key(f) not in refused)
            finding = next(waiting, None)
            if finding is None:
                break
            try:
                self._mend_cause(finding, fixer)
                fixed.append(finding)
            except _Refused as reason:
                refused[_key(finding)] = str(reason)
        reasons |= refused
        done = {*map(_key, fixed), *map(_key, found)}
        # What shares its cause with another file's finding is mended with that.
        fixed += [f for f, _ in self.outcomes[path].left if _key(f) not in done]
        left = [
            (f, reasons.get(_key(f), "it is found since another file was mended")) for f in found
        ]
        outcome = self.outcomes[path]
        self.outcomes[path] = replace(outcome, fixed=[*outcome.fixed, *fixed], left=left)

    def _mend_cause(self, finding: Finding, fixer: Fixer) -> None:
        """Make a fix of another file; raises _Refused."""
        fix = finding.diagnostic.fix
        assert fix is not None
        assert fix.filename is not None
        path = os.path.abspath(fix.filename)
        outcome = self.outcomes.get(path)
        if outcome is None:
            name = visible(path_from(Path.cwd(), path))
            raise _Refused(f"its fix is of {name}, which is not to be fixed")
        try:
            file = OpenedFile.read(outcome.name)
            before = Text.decode(outcome.content or file.content)
            after = checked(before, before.apply(fix.edits)).encode()
            if fixer.ask is not None and not fixer.ask(finding, before.encode(), after):
                raise _Refused("declined")
            if fixer.writes:
                file.write(after)
        except NotWritten as error:
            problems = [*outcome.problems, str(error)]
            self.outcomes[path] = replace(outcome, problems=problems)
            raise _Refused("its file was not written") from error
        except (NotText, Damage, ValueError) as error:
            raise _Refused(str(error)) from error
        self.changed.add(path)
        self.outcomes[path] = replace(outcome, changed=True)
        if not fixer.writes:
            diff = unified(outcome.name, file.content, after)
            self.outcomes[path] = replace(outcome, changed=True, diff=diff, content=after)

    def look_again(self, path: str, fixer: Fixer) -> None:
        """Say where what is left of a file stands now."""
        outcome = self.outcomes[path]
        if outcome.left:
            found = self._found(path, fixer)
            reasons = [reason for _, reason in outcome.left]
            if len(found) == len(reasons):
                left = list(zip(found, reasons, strict=True))
                self.outcomes[path] = replace(outcome, left=left)
