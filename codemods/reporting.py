"""What ``paramassign-fix`` says when it is done."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from codemods.diffs import coloured
from codemods.fixing import Outcome
from flake8_paramassign import baseline
from flake8_paramassign.cli import CLEAN, FAILURE, FINDINGS
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.diagnostics import Applicability
from flake8_paramassign.discovery import STDIN
from flake8_paramassign.findings import Finding
from flake8_paramassign.output import colour, render

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
    if options.diff:
        for outcome in outcomes:
            _write_diff(outcome.diff, options)
    elif options.paths != [STDIN]:
        text = render(configuration.output_format, [finding for finding, _ in left])
        text = text if in_colour(options) else colour.plain(text)
        write_out(text.encode(sys.stdout.encoding, "backslashreplace"))
    if options.check:
        _say(f"would change {outcome.name}" for outcome in outcomes if outcome.changed)
    if options.verbose:
        _say(_details(outcomes, left))
    problems = [*problems, *(problem for outcome in outcomes for problem in outcome.problems)]
    complain(problems)
    _say([_summary(outcomes, left, options)])
    return FAILURE if problems else _status(outcomes, left, options)


def complain(problems: Iterable[str]) -> None:
    """Say each of ``problems`` on one line of standard error."""
    _say(f"paramassign-fix: error: {' '.join(problem.split())}" for problem in problems)


def write_out(content: bytes) -> None:
    """Write to standard output, quietly if nobody reads it."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python flushes once more when it ends, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def in_colour(options: argparse.Namespace) -> bool:
    """Whether what goes to standard output has colours."""
    return colour.is_wanted(sys.stdout) and not options.no_color


def is_preview(options: argparse.Namespace) -> bool:
    """Whether nothing is to be written."""
    return bool(options.diff or options.check)


def _write_diff(diff: bytes, options: argparse.Namespace) -> None:
    if in_colour(options):
        diff = coloured(diff.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    write_out(diff)


def _unknown(left: Left, configuration: Configuration) -> Left:
    """Return the findings that the baseline does not list."""
    if configuration.baseline is None:
        return left
    new = baseline.unknown(Path(configuration.baseline), (finding for finding, _ in left))
    identities = set(map(id, new))
    return [pair for pair in left if id(pair[0]) in identities]


def _details(outcomes: Iterable[Outcome], left: Left) -> Iterator[str]:
    for outcome in outcomes:
        for finding in outcome.fixed:
            fix = finding.diagnostic.fix
            yield f"{finding.where}: {finding.diagnostic.code} fixed: {fix.message if fix else ''}"
    for finding, reason in left:
        yield f"{finding.where}: {finding.diagnostic.code} left: {reason}"


def _summary(outcomes: Sequence[Outcome], left: Left, options: argparse.Namespace) -> str:
    changed = _count(sum(outcome.changed for outcome in outcomes), "file")
    fixed = _count(sum(len(outcome.fixed) for outcome in outcomes), "finding")
    done = ("would change", "would be fixed") if is_preview(options) else ("changed", "fixed")
    summary = f"{changed} {done[0]}, {fixed} {done[1]}, {len(left)} left"
    unsafe = sum(
        finding.diagnostic.fix is not None
        and finding.diagnostic.fix.applicability is Applicability.UNSAFE
        for finding, _ in left
    )
    if unsafe and not options.unsafe_fixes:
        summary += f" ({unsafe} of them for --unsafe-fixes)"
    return summary


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _status(outcomes: Sequence[Outcome], left: Left, options: argparse.Namespace) -> int:
    if options.exit_zero:
        return CLEAN
    if is_preview(options):
        return FINDINGS if any(outcome.changed for outcome in outcomes) else CLEAN
    fixed = any(outcome.fixed for outcome in outcomes)
    return FINDINGS if left or (fixed and options.exit_non_zero_on_fix) else CLEAN


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)
