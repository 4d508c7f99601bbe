"""What ``paramassign-fix`` says when it is done."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from flake8_paramassign import baseline
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.diagnostics import Applicability, Position
from flake8_paramassign.discovery import STDIN
from flake8_paramassign.ending import CLEAN, FINDINGS, complain, print_out, say, write_out
from flake8_paramassign.findings import Finding
from flake8_paramassign.fixes.diffs import coloured
from flake8_paramassign.fixes.fixing import Outcome
from flake8_paramassign.output import FORMATS, colour, render, wanted_format
from flake8_paramassign.wording import visible

NAME = "paramassign-fix"

_FOR_PROGRAMS = frozenset(FORMATS) - {"text", "full"}
"""Formats that a program reads: asked for with ``--diff``, they tell of the fixes instead."""

Left = Sequence[tuple[Finding, str]]


def report(
    outcomes: Sequence[Outcome],
    problems: Sequence[str],
    configuration: Configuration,
    options: argparse.Namespace,
) -> int:
    """Tell the outcomes as the options want them told; return the exit status.

    ``problems`` are those that are no file's.
    """
    left = _unknown([pair for outcome in outcomes for pair in outcome.left], configuration)
    asked = getattr(options, "output_format", None)
    if options.diff and asked in _FOR_PROGRAMS:
        fixed = [finding for outcome in outcomes for finding in outcome.fixed]
        found = sorted([*fixed, *(finding for finding, _ in left)], key=_place)
        print_out(render(asked, found))
    elif options.diff:
        for outcome in outcomes:
            _write_diff(outcome.diff, options)
    elif options.paths != [STDIN]:
        output_format = wanted_format(configuration.output_format)
        text = render(output_format, [finding for finding, _ in left])
        print_out(text if in_colour(options) else colour.plain(text))
    if options.check:
        for name in (outcome.name for outcome in outcomes if outcome.changed):
            say(f"would change {visible(name)}")
    if options.verbose:
        for line in _details(outcomes, left, _done(options)):
            say(line)
    problems = [*problems, *(problem for outcome in outcomes for problem in outcome.problems)]
    failed = complain(NAME, problems)
    say(_summary(outcomes, left, options))
    return failed or _status(outcomes, left, options)


def _place(finding: Finding) -> tuple[str, int, Position]:
    return finding.filename, finding.cell or 0, finding.diagnostic.start


def in_colour(options: argparse.Namespace) -> bool:
    """Whether what goes to standard output has colours."""
    return colour.is_wanted(sys.stdout) and not options.no_color


def is_preview(options: argparse.Namespace) -> bool:
    """Whether nothing is to be written."""
    return bool(options.diff or options.check)


def _write_diff(diff: bytes, options: argparse.Namespace) -> None:
    if in_colour(options) or (sys.stdout is not None and sys.stdout.isatty()):
        shown = coloured(diff.decode("utf-8", "surrogateescape"))
        shown = shown if in_colour(options) else colour.plain(shown)
        diff = shown.encode("utf-8", "surrogateescape")
    write_out(diff)


def _unknown(left: Left, configuration: Configuration) -> Left:
    """Return the findings that the baseline does not list."""
    if configuration.baseline is None:
        return left
    new = baseline.unknown(Path(configuration.baseline), (finding for finding, _ in left))
    identities = set(map(id, new))
    return [pair for pair in left if id(pair[0]) in identities]


def _details(outcomes: Iterable[Outcome], left: Left, done: str) -> Iterator[str]:
    for outcome in outcomes:
        for finding in outcome.fixed:
            fix = finding.diagnostic.fix
            yield f"{finding.where}: {finding.diagnostic.code} {done}: {fix.message if fix else ''}"
    for finding, reason in left:
        yield f"{finding.where}: {finding.diagnostic.code} left: {reason}"


def _done(options: argparse.Namespace) -> str:
    return "would be fixed" if is_preview(options) else "fixed"


def _summary(outcomes: Sequence[Outcome], left: Left, options: argparse.Namespace) -> str:
    changed = count(sum(outcome.changed for outcome in outcomes), "file")
    fixed = count(sum(len(outcome.fixed) for outcome in outcomes), "finding")
    written = "would change" if is_preview(options) else "changed"
    summary = f"{changed} {written}, {fixed} {_done(options)}, {len(left)} left"
    unsafe = sum(
        finding.diagnostic.fix is not None
        and finding.diagnostic.fix.applicability is Applicability.UNSAFE
        for finding, _ in left
    )
    if unsafe and not options.unsafe_fixes:
        summary += f" ({unsafe} of them for --unsafe-fixes)"
    return summary


def count(number: int, noun: str) -> str:
    """Return ``3 files``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def _status(outcomes: Sequence[Outcome], left: Left, options: argparse.Namespace) -> int:
    if options.exit_zero:
        return CLEAN
    if is_preview(options):
        return FINDINGS if any(outcome.changed for outcome in outcomes) else CLEAN
    fixed = any(outcome.fixed for outcome in outcomes)
    return FINDINGS if left or (fixed and options.exit_non_zero_on_fix) else CLEAN
