"""All Python files there are, linted and fixed: ``python -m tests.everything [PATH...]``.

Without a path these are the standard library with its tests and all installed packages. They
are copied, and every rule and every fix, unsafe ones too, is tried on the copy, and once more
on each file that this has changed. Prints a table. Exit status 1: an internal error, a file that
took too long, a byte that changed outside the edits, a result that does not parse, or a change
in the second run.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path
from types import FrameType

from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.diagnostics import Edit, Position
from flake8_paramassign.discovery import Exclusion, SourceFile, discover
from flake8_paramassign.findings import Finding
from flake8_paramassign.fixes.edits import Text
from flake8_paramassign.fixes.fixing import Fixer
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.patterns import Patterns
from flake8_paramassign.workers import in_workers, processes

SECONDS_PER_FILE = 120
ALL_RULES = Configuration(select=("PRM",))


@dataclass
class Report:
    """What became of one file, or of many."""

    files: int = 0
    lines: int = 0
    seconds: float = 0.0
    changed: list[str] = field(default_factory=list)
    findings: Counter[str] = field(default_factory=Counter)
    fixed: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    """Fixes that were not made, as they would have done damage."""
    faults: list[str] = field(default_factory=list)
    """What must not be, each on one line that names the file."""

    def add(self, other: Report) -> None:
        """Add what became of others."""
        for name in ("files", "lines", "seconds", "refused"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.changed += other.changed
        self.findings += other.findings
        self.fixed += other.fixed
        self.faults += other.faults


def examine(path: str, *, again: bool = False) -> Report:
    """Fix the file at ``path`` on disk, and lint what it was; ``again``: only fix.

    Where the fixer, which lints first, has nothing to say, neither has the linter.
    """
    before = Path(path).read_bytes()
    report = Report(files=1, lines=before.count(b"\n"))
    started = time.perf_counter()
    try:
        with time_limit(SECONDS_PER_FILE), watched_edits(report.faults, path):
            fixed = Fixer(Checker(ALL_RULES, rewrite), unsafe_fixes=True).fix_file(path)
            silent = not (fixed.fixed or fixed.left or fixed.problems)
            found = [] if again or silent else Checker(ALL_RULES).check(before, path)
    except TimeoutError as error:
        report.faults.append(f"{path}: {error}")
        return report
    report.seconds = time.perf_counter() - started
    after = Path(path).read_bytes()
    report.changed = [path] if after != before else []
    left = [finding for finding, _ in fixed.left]
    report.findings.update(finding.diagnostic.code for finding in (left if again else found))
    report.fixed.update(finding.diagnostic.code for finding in fixed.fixed)
    report.refused = sum("not fixed" in problem for problem in fixed.problems)
    report.faults += faults(path, before, after, found, fixed.problems)
    return report


def faults(
    name: str, before: bytes, after: bytes, found: Iterable[Finding], problems: Iterable[str]
) -> Iterator[str]:
    """Yield what must not be of what linter and fixer made of ``before``."""
    messages = [f"{name}: {f.diagnostic.message}" for f in found if f.diagnostic.code == "PRM001"]
    for message in dict.fromkeys([*messages, *problems]):
        if any(sign in message for sign in ("internal error", "ended the process", ": more than")):
            yield message
    if after != before and not Text.decode(after).parses:
        yield f"{name}: the result does not parse"


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the body when it takes more of a processor's time than that."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)  # again, where nobody can raise
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def watched_edits(damages: list[str], name: str) -> Iterator[None]:
    """Look at all edits that are made meanwhile, byte by byte; add to ``damages`` what is wrong."""
    apply = Text.apply

    def watched(self: Text, edits: Iterable[Edit]) -> Text:
        made = list(edits)
        result = apply(self, made)
        if result.encode() != spliced(self, made):
            damages.append(f"{name}: bytes outside the edits changed")
        return result

    Text.apply = watched  # type: ignore[method-assign]
    try:
        yield
    finally:
        Text.apply = apply  # type: ignore[method-assign]


def spliced(text: Text, edits: Sequence[Edit]) -> bytes:
    """Return what the bytes of ``text`` are to be after ``edits``, of which the last goes first."""
    content = text.encode()
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text.text)  # as Python's parser counts them
    encoded = [len(line.encode(text.encoding)) for line in lines]
    starts = list(accumulate(encoded, initial=len(text.bom)))

    def offset(place: Position) -> int:
        before = lines[place.line - 1][: place.column]
        return starts[place.line - 1] + len(before.encode(text.encoding))

    numbered = sorted(enumerate(edits), key=lambda pair: (pair[1].start, pair[1].end, pair[0]))
    for _, edit in reversed(numbered):
        new = edit.content.replace("\n", text.newline_at(edit.start.line)).encode(text.encoding)
        content = content[: offset(edit.start)] + new + content[offset(edit.end) :]
    return content


def copied(paths: Sequence[str], folder: Path) -> list[str]:
    """Copy all Python files in ``paths`` to ``folder``; return where they are."""
    everything = Exclusion(exclude=Patterns(folder, ()))
    names = []
    for number, path in enumerate(paths):
        root = Path(path).resolve()
        for file in discover([str(root)], everything).files:
            target = folder / str(number) / Path(file.path).relative_to(root.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.path, target)
            names.append(str(target))
    return names


def examine_all(files: Sequence[str], jobs: int, *, again: bool = False) -> Report:
    """Examine each file, in ``jobs`` processes."""
    sized = [SourceFile(path, os.stat(path).st_size) for path in files]
    total = Report()

    def lost(path: str, reason: str) -> Report:
        return Report(files=1, faults=[f"{path}: ended its process: {reason}"])

    for report in in_workers(partial(examine, again=again), sized, jobs, lost):
        total.add(report)
    return total


def second_run(files: Sequence[str], jobs: int) -> Report:
    """Fix each file once more: whatever changes now is a fault."""
    report = examine_all(files, jobs, again=True)
    report.faults += (f"{path}: changed in the second run" for path in report.changed)
    return report


def table(first: Report, second: Report) -> str:
    """Return what was seen, for people."""
    rows = [
        ("", "first run", "second run"),
        ("---", "---:", "---:"),
        *(
            (name, f"{getattr(first, name):,.0f}", f"{getattr(second, name):,.0f}")
            for name in ("files", "lines", "seconds", "refused")
        ),
        ("changed", f"{len(first.changed):,}", f"{len(second.changed):,}"),
        ("faults", str(len(first.faults)), str(len(second.faults))),
        *(
            (
                code,
                f"{first.findings[code]:,} ({first.fixed[code]:,} fixed)",
                f"{second.findings[code]:,} ({second.fixed[code]:,} fixed)",
            )
            for code in sorted({*first.findings, *second.findings, *first.fixed})
        ),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.everything", description=__doc__)
    places = [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")]
    parser.add_argument("paths", nargs="*", metavar="PATH", default=places)
    parser.add_argument("--jobs", type=int, metavar="N", help="by default one for each processor")
    options = parser.parse_args(arguments)
    jobs = processes(options.jobs)
    with tempfile.TemporaryDirectory(prefix="everything") as folder:
        files = copied(options.paths, Path(folder))
        first = examine_all(files, jobs)
        second = second_run(first.changed, jobs)
    print(*first.faults, *second.faults, sep="\n", end="\n" * bool(first.faults + second.faults))
    print(table(first, second), end="")
    return 1 if first.faults or second.faults else 0


if __name__ == "__main__":
    sys.exit(main())
