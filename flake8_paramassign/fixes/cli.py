"""The command line ``paramassign-fix``, and ``python -m codemods.fix``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flake8_paramassign import __version__
from flake8_paramassign.arguments import Parser, add_files_and_rules
from flake8_paramassign.cache import Cache
from flake8_paramassign.checking import Checker, largest
from flake8_paramassign.cli import common_folder, configurations_of
from flake8_paramassign.configuration import Configuration, ConfigurationError
from flake8_paramassign.discovery import PYTHON, STDIN, SourceFile, discover, is_left_out
from flake8_paramassign.ending import INTERRUPTED, ended, read_in, say, write_out
from flake8_paramassign.findings import Finding
from flake8_paramassign.fixes.asking import Asking
from flake8_paramassign.fixes.causes import fix_causes
from flake8_paramassign.fixes.fixing import Fixer, Outcome
from flake8_paramassign.fixes.reporting import NAME, count, in_colour, is_preview, report
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.nearest import Configurations
from flake8_paramassign.notebooks import SUFFIX
from flake8_paramassign.output import FORMATS
from flake8_paramassign.progress import Progress
from flake8_paramassign.settings import STYLES
from flake8_paramassign.workers import in_workers, processes
from flake8_paramassign.writing import clear_leftovers


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; ``arguments`` default to the process's."""
    given = sys.argv[1:] if arguments is None else arguments
    return ended(NAME, lambda: _run(_parser().parse_args(given)), debug="--debug" in given)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=NAME,
        description="Mend wrong assignments to PyTorch parameters, in place.",
        epilog="Exit status: 0 nothing left to fix, 1 findings remain (with --check and --diff: "
        "something would change), 2 something could not be done.",
    )
    add_files_and_rules(parser)
    fixes = parser.add_argument_group("fixes")
    fixes.add_argument(
        "--unsafe-fixes", action="store_true", help="make those too that a person should look at"
    )
    fixes.add_argument(
        "--style",
        choices=STYLES,
        default=argparse.SUPPRESS,
        help="how to write into a parameter: m.weight.data.copy_(t), or under torch.no_grad()",
    )
    fixes.add_argument("--diff", action="store_true", help="print what would change, only")
    fixes.add_argument("--check", action="store_true", help="say which files would change, only")
    fixes.add_argument("--interactive", "-i", action="store_true", help="ask about each change")
    output = parser.add_argument_group("output")
    output.add_argument("--output-format", choices=FORMATS, default=argparse.SUPPRESS)
    output.add_argument(
        "--verbose", "-v", action="store_true", help="what was fixed, what not, why"
    )
    output.add_argument("--no-color", action="store_true", help="as if NO_COLOR were set")
    output.add_argument("--exit-zero", action="store_true", help="exit 0 even if findings remain")
    output.add_argument(
        "--exit-non-zero-on-fix", action="store_true", help="exit 1 if something was fixed"
    )
    parser.add_argument("--version", action="version", version=f"paramassign {__version__}")
    return parser


def _check_options(options: argparse.Namespace) -> None:
    if STDIN in options.paths and len(options.paths) > 1:
        raise ConfigurationError(f"{STDIN} cannot stand beside other paths")
    if options.interactive and (STDIN in options.paths or options.diff or options.check):
        raise ConfigurationError("--interactive goes with neither -, --diff nor --check")


def fix(options: argparse.Namespace) -> int:
    """Do what ``paramassign --fix`` says, whose options are fewer; return the exit status."""
    mine = vars(_parser().parse_args([]))
    return _run(argparse.Namespace(**mine | vars(options)))


def _run(options: argparse.Namespace) -> int:
    _check_options(options)
    options.paths = options.paths or [STDIN if options.stdin_filename else "."]
    configurations = configurations_of(options)
    start = common_folder(options.paths, options.stdin_filename)
    _, configuration = configurations.in_folder(start)
    fixers = _Fixers(configurations, options.unsafe_fixes, not is_preview(options))
    if options.paths == [STDIN]:
        return report([_fix_stdin(fixers, options)], [], configuration, options)
    found = discover(options.paths, configuration.exclusion, (*PYTHON, SUFFIX))
    files = configurations.wanted(found.files, start, options.paths)
    if not is_preview(options):
        for folder in {Path(file.path).resolve().parent for file in files}:
            clear_leftovers(folder)
    asking = Asking(in_colour=in_colour(options), unsafe_fixes=options.unsafe_fixes)
    if options.interactive:
        outcomes = _fix_as_asked(files, fixers, asking)
    else:
        kept_in = configurations.cache_folder(start)
        outcomes = fix_causes(_fix_files(files, fixers, configuration, kept_in), fixers.of)
    status = report(outcomes, found.problems, configuration, options)
    return INTERRUPTED if asking.is_interrupted else status


@dataclass(frozen=True)
class _Fixers:
    """Fixes each file as it is configured; picklable, so that worker processes take it."""

    configurations: Configurations
    unsafe_fixes: bool
    writes: bool
    ask: Callable[[Finding, bytes, bytes], bool] | None = None

    def of(self, filename: str) -> Fixer:
        checker = Checker(self.configurations.of(filename), rewrite)
        return Fixer(checker, self.unsafe_fixes, self.writes, self.ask)

    def fix_file(self, path: str) -> Outcome:
        return self.of(path).fix_file(path)

    def lost(self, path: str, reason: str) -> Outcome:
        return self.of(path).lost(path, reason)


def _fix_stdin(fixers: _Fixers, options: argparse.Namespace) -> Outcome:
    """Write the fixed standard input to standard output, unchanged if there was any problem."""
    name = options.stdin_filename or "stdin"
    source = read_in(largest(name) + 1)
    exclusion = fixers.configurations.of(name).exclusion
    if exclusion.force and is_left_out(name, exclusion):
        fixed, outcome = source, Outcome(name)
    else:
        fixed, outcome = fixers.of(name).fix(source, name)
    if outcome.problems:
        fixed, outcome = source, Outcome(name, problems=outcome.problems)
    if not is_preview(options):
        write_out(fixed)
        while rest := read_in(1_000_000):  # of what is too long to be fixed
            write_out(rest)
    return outcome


def _fix_as_asked(files: Sequence[SourceFile], fixers: _Fixers, asking: Asking) -> list[Outcome]:
    """Fix files one by one, as a person says of each fix, until that quits."""
    asked = replace(fixers, unsafe_fixes=True, ask=asking.accepts)
    outcomes: list[Outcome] = []
    with asking.quit_by_interrupt():
        for file in files:
            if not asking.is_over:
                outcomes.append(asked.fix_file(file.path))
        outcomes = fix_causes(outcomes, asked.of)
    passed_over = len(files) - len(outcomes)
    if passed_over:
        say(f"{count(passed_over, 'file')} not looked at")
    return outcomes


def _fix_files(
    files: Sequence[SourceFile],
    fixers: _Fixers,
    configuration: Configuration,
    kept_in: Path | None,
) -> list[Outcome]:
    """Fix each of the files; of which there is nothing to fix, is kept in a folder."""
    with Cache(kept_in, has_fixes=True) as cache:
        identities = ((f.path, fixers.of(f.path).checker.identity(f.path)) for f in files)
        known = cache.known(identities)
        outcomes = {path: Outcome(path) for path, findings in known.items() if not findings}
        rest = [file for file in files if file.path not in outcomes]
        work = Progress(fixers.fix_file, len(rest))

        def keep(path: str, outcome: Outcome) -> None:
            outcomes[path] = outcome
            if outcome.rests_on is not None:
                cache.keep(path, [], outcome.rests_on)

        if len(rest) == 1:
            keep(rest[0].path, work(rest[0].path))
        else:
            in_workers(work, rest, processes(configuration.jobs), fixers.lost, keep)
    return [outcomes[file.path] for file in files]
