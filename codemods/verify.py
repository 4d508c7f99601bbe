"""``python -m codemods.verify``: runs the fixtures, and proves what they claim.

Exit status: 0 all is as claimed, 1 something is not, 2 something could not be done.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from codemods.verification import comparison, report
from codemods.verification.fixtures import Fixture, FixtureError, discover
from codemods.verification.generated.tally import Tally, examined
from codemods.verification.jobs import Job
from codemods.verification.protocol import Verdict, can_rewrite, verify
from codemods.verification.runner import PACKAGE_ROOT, Machine, NotRunnable, Runner, invariants
from flake8_paramassign.arguments import Parser
from flake8_paramassign.configuration import ConfigurationError
from flake8_paramassign.ending import ended, print_out, say

VERIFIED, REFUTED, FAILURE = 0, 1, 2
DEVICES = ("auto", "cpu", "simulated", "cuda", "mps", "meta")
T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; ``arguments`` default to the process's."""
    given = sys.argv[1:] if arguments is None else arguments
    return ended("codemods.verify", lambda: _told(given), debug="--debug" in given)


def _told(arguments: Sequence[str]) -> int:
    try:
        return _run(_parser().parse_args(arguments))
    except (FixtureError, NotRunnable) as error:
        raise ConfigurationError(str(error)) from error


def _parser() -> Parser:
    parser = Parser(
        prog="python -m codemods.verify",
        description="Run fixtures, and prove what they claim: that a program fails as its rule "
        "says, and that its rewritten form keeps every invariant.",
    )
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="fixtures and folders of them (default: fixtures)")
    add("--device", choices=DEVICES, default="auto", help="auto: CUDA, else MPS, else the CPU")
    add("--rule", action="append", default=[], metavar="CODE", help="only this rule's; repeatable")
    add("--json", metavar="FILE", help="write all that was seen; - is standard output")
    add("--junit", metavar="FILE", help="write a JUnit report")
    add("--invariants", action="store_true", help="say what is checked, and exit")
    add("--jobs", type=_positive(int), default=_processors(), metavar="N", help="programs at once")
    add(
        "--time-limit",
        type=_positive(float),
        default=120.0,
        metavar="SECONDS",
        help="for each program (default: %(default)g)",
    )
    generated = parser.add_argument_group(
        "random programs",
        "Each is linted and run, line by line: what is said of it has to be so. Then it is fixed: "
        "a safe fix may change nothing but the defect. What is not so is made small and shown. "
        "Exit status: 0 all is so, 1 something is not.",
    )
    generated.add_argument("--generated", type=_positive(int), metavar="N", help="how many")
    generated.add_argument("--seed", default="0", help="which: the same for the same seed")
    versions = parser.add_argument_group(
        "two versions of a module of your own",
        "Both are built, trained for three steps from the same seed, in their own dtype and in "
        "float64, and compared in all that can be observed: outputs, losses, gradients (of the "
        "inputs too, and second ones), parameters, buffers, ties, hooks, optimizer, random "
        "numbers, exceptions. Needed are a callable that returns the module, --entry, and what "
        "the module is called with, --inputs. Exit status: 0 nothing differs, 1 something does, "
        "2 no gradient could be compared.",
    )
    pair = versions.add_argument
    pair("--before", metavar="OLD", help="the version as it was: a file, or a folder of packages")
    pair("--after", metavar="NEW", help="the version that replaces it")
    pair(
        "--entry",
        default="build",
        metavar="NAME",
        help="a class or function in the file, which gives the module or (module, optimizer); "
        "package.module:NAME in a folder (default: build)",
    )
    pair("--arguments", default="", metavar="CODE", help='what it takes, as "64, heads=4"')
    pair(
        "--inputs",
        default="",
        metavar="CODE",
        help='what the module is called with, as "torch.randn(8, 16)"; device is known '
        "(default: what the file's inputs(device) returns)",
    )
    return parser


def _positive(number: Callable[[str], T]) -> Callable[[str], T]:
    def parse(text: str) -> T:
        value = number(text)
        if not value > 0:  # type: ignore[operator]
            raise ValueError
        return value

    parse.__name__ = f"positive {getattr(number, '__name__', 'number')}"
    return parse


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _run(options: argparse.Namespace) -> int:
    if options.invariants:
        print_out(invariants())
        return VERIFIED
    if bool(options.before) != bool(options.after) or (options.before and options.paths):
        raise FixtureError("--before and --after go together, and without fixtures")
    if options.before:
        return _compare(options)
    if options.generated:
        return _generate(options)
    fixtures = _fixtures(options)
    machine = Machine.probe()
    device = machine.best if options.device == "auto" else options.device
    begun = time.monotonic()
    with Runner(options.jobs, options.time_limit) as runner:
        verdicts = list(
            _with_progress(
                _in_parallel(
                    lambda fixture: verify(fixture, device, machine, runner.run),
                    fixtures,
                    options.jobs,
                ),
                len(fixtures),
            )
        )
    _write(options, lambda: report.as_json(verdicts, machine))
    if options.junit:
        Path(options.junit).write_text(report.as_junit(verdicts), "utf-8")
    _show(options, report.table(verdicts), *report.skipped_by_name(verdicts))
    _show(options, report.summary(verdicts, machine, time.monotonic() - begun))
    if not can_rewrite():
        _show(options, "skipped: what the codemod writes: libcst is not installed")
    if all(verdict.skipped for verdict in verdicts):
        raise FixtureError(f"nothing was verified: {verdicts[0].skipped}")
    return REFUTED if any(verdict.problems for verdict in verdicts) else VERIFIED


def _fixtures(options: argparse.Namespace) -> list[Fixture]:
    """Return the fixtures that were asked for; raises FixtureError where there are none."""
    paths = [Path(path) for path in options.paths] or [_default_folder()]
    rules = {rule.upper() for rule in options.rule}
    fixtures = [f for f in discover(paths) if not rules or f.rule in rules]
    if not fixtures:
        of_rules = f" of {', '.join(sorted(rules))}" if rules else ""
        raise FixtureError(f"{', '.join(map(str, paths))}: no fixture{of_rules} is here")
    return fixtures


def _default_folder() -> Path:
    here = Path("fixtures")
    return here if here.is_dir() else PACKAGE_ROOT / "fixtures"


def _in_parallel(
    work: Callable[[Fixture], Verdict], fixtures: Iterable[Fixture], jobs: int
) -> Iterator[Verdict]:
    """Yield what ``work`` makes of each, in order."""
    with ThreadPoolExecutor(jobs) as executor:
        try:
            yield from executor.map(work, fixtures)
        finally:
            executor.shutdown(cancel_futures=True)


def _with_progress(verdicts: Iterable[Verdict], total: int) -> Iterator[Verdict]:
    """Pass the verdicts on, and draw on a terminal how many there are."""
    shown = sys.stderr.isatty()
    for done, verdict in enumerate(verdicts, start=1):
        if shown:
            bar = "#" * (30 * done // total)
            print(f"\r[{bar:30}] {done}/{total} {verdict.fixture}\033[K", end="", file=sys.stderr)
        yield verdict
    if shown:
        print("\r\033[K", end="", file=sys.stderr)


def _write(options: argparse.Namespace, as_json: Callable[[], str]) -> None:
    """Write what was seen where ``--json`` wants it."""
    if options.json == "-":
        print_out(as_json())
    elif options.json:
        Path(options.json).write_text(as_json(), "utf-8")


def _show(options: argparse.Namespace, *lines: str) -> None:
    """Tell a person, beside what goes to a program."""
    for line in lines:
        if options.json == "-":
            say(line)
        else:
            print_out(f"{line}\n")


def _generate(options: argparse.Namespace) -> int:
    """Hold what is said of random programs, and made of them, against their runs."""
    tally = Tally()
    for seen in examined(options.seed, options.generated, options.jobs):
        tally.add(seen)
        if sys.stderr.isatty():
            print(f"\r{tally.programs}/{options.generated}\033[K", end="", file=sys.stderr)
    _write(options, tally.as_json)
    _show(options, tally.table())
    return REFUTED if tally.faults else VERIFIED


def _compare(options: argparse.Namespace) -> int:
    """Compare two versions of a user's module."""
    machine = Machine.probe()
    device = machine.best if options.device == "auto" else options.device
    if not machine.has(device):
        raise NotRunnable(f"there is no {device} device here")
    before, after = (
        Job(
            Path(program),
            device,
            entry=options.entry,
            arguments=options.arguments,
            inputs=options.inputs,
            folder=Path.cwd(),
        )
        for program in (options.before, options.after)
    )
    with Runner(min(options.jobs, 2), options.time_limit) as runner:
        compared = comparison.compare(before, after, runner.run)
    _write(options, compared.as_json)
    _show(options, compared.table())
    if compared.problems:
        return REFUTED
    return FAILURE if compared.missing else VERIFIED


if __name__ == "__main__":
    sys.exit(main())
