"""The options of the command line, under the names that other linters gave them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NoReturn

from flake8_paramassign import __version__
from flake8_paramassign.configuration import Configuration, ConfigurationError
from flake8_paramassign.output import FORMATS
from flake8_paramassign.spelling import suggestion


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, raised as ConfigurationError; ``--debug`` is ours."""

    def __init__(self, **settings: Any) -> None:
        """Take what ArgumentParser takes."""
        super().__init__(allow_abbrev=False, **settings)
        self.add_argument("--debug", action="store_true", help="show where an error was raised")

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and exiting; say which option may be meant."""
        _, is_unknown, words = message.partition("unrecognized arguments: ")
        if is_unknown and words.startswith("--"):
            message += suggestion(words.split()[0].partition("=")[0], self._option_string_actions)
        raise ConfigurationError(message)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options in ``arguments``, or else in those of the process.

    Raises ConfigurationError for what is no option.
    """
    return parser().parse_args(arguments)


def parser() -> Parser:
    """Return what reads the options of ``paramassign``."""
    parser = Parser(
        prog="paramassign",
        description="Find wrong assignments to PyTorch parameters.",
        epilog="Exit status: 0 nothing found, 1 findings, 2 something could not be done.",
    )
    add_files_and_rules(parser)
    fixes = parser.add_argument_group("fixes (paramassign-fix has more options)")
    fixes.add_argument("--fix", action="store_true", help="make those that change nothing else")
    fixes.add_argument(
        "--unsafe-fixes", action="store_true", help="make those too that a person should look at"
    )
    fixes.add_argument("--diff", action="store_true", help="print what --fix would change, only")
    output = parser.add_argument_group("output")
    output.add_argument(
        "--output-format",
        choices=FORMATS,
        default=argparse.SUPPRESS,
        help="how to write findings; full on a terminal, else text",
    )
    output.add_argument("--quiet", "-q", action="store_true", help="print findings and errors only")
    output.add_argument("--output-file", metavar="FILE", help="write the report to FILE")
    output.add_argument("--statistics", action="store_true", help="count findings by rule instead")
    output.add_argument("--exit-zero", action="store_true", help="exit 0 even with findings")
    output.add_argument("--no-color", action="store_true", help="as if NO_COLOR were set")
    adoption = parser.add_argument_group("adoption in old code")
    adoption.add_argument("--add-noqa", action="store_true", help="add a comment at each finding")
    adoption.add_argument(
        "--warn-unused-noqa", action="store_true", help="tell of comments that silence nothing"
    )
    adoption.add_argument(
        "--baseline",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="do not report the findings listed in FILE",
    )
    adoption.add_argument(
        "--write-baseline", action="store_true", help="list all findings in the baseline"
    )
    information = parser.add_argument_group("information")
    information.add_argument(
        "--explain",
        metavar="RULE",
        help="what a rule finds, and why; or what PyTorch means by a message",
    )
    information.add_argument("--rules", action="store_true", help="list all rules")
    information.add_argument("--show-settings", action="store_true", help="what is configured")
    information.add_argument(
        "--version", "-V", action="version", version=f"paramassign {__version__}"
    )
    return parser


def add_files_and_rules(parser: argparse.ArgumentParser) -> None:
    """Add to ``parser`` what says which files are looked at, and for what."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files, folders, glob patterns, or - for standard input; by default this folder",
    )
    add_rules(parser)
    files = add_exclusion(parser)
    files.add_argument(
        "--force-exclude",
        action="store_true",
        default=argparse.SUPPRESS,
        help="leave out even files that are named",
    )
    files.add_argument("--config", metavar="FILE", help="use this pyproject.toml for all files")
    files.add_argument("--isolated", action="store_true", help="use no configuration file")
    files.add_argument("--stdin-filename", metavar="FILE", help="the name of standard input")
    add_jobs(files)
    files.add_argument(
        "--cache-dir",
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="keep findings there; by default in .paramassign_cache beside the configuration",
    )
    files.add_argument(
        "--no-cache",
        action="store_true",
        default=argparse.SUPPRESS,
        help="neither use nor keep earlier findings",
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add to ``parser`` what says which rules are looked for."""
    rules = parser.add_argument_group("rules (codes or their beginnings, separated by commas)")
    for name, about in (
        ("select", "look for these rules only"),
        ("extend-select", "look for these rules too"),
        ("ignore", "do not look for these rules"),
        ("extend-ignore", "do not look for these rules either"),
    ):
        _add_list(rules, name, "CODES", about)
    for name, about in (
        ("--per-file-ignores", "do not report a rule in some files"),
        ("--extend-per-file-ignores", "nor in these"),
    ):
        rules.add_argument(
            name,
            metavar="PATTERN:CODE,...",
            type=_pairs,
            action="extend",
            default=argparse.SUPPRESS,
            help=about,
        )
    _add_list(rules, "module-bases", "NAMES", "further classes that are torch.nn.Module")


def add_exclusion(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add to ``parser`` what says which files are left out; return the group of options."""
    files = parser.add_argument_group("files (patterns as in a .gitignore, separated by commas)")
    _add_list(files, "exclude", "PATTERNS", "leave these out instead of the usual folders")
    _add_list(files, "extend-exclude", "PATTERNS", "leave these out too")
    return files


def add_jobs(group: argparse._ArgumentGroup) -> None:
    """Add the number of processes."""
    group.add_argument(
        "--jobs",
        "-j",
        type=int,
        metavar="N",
        default=argparse.SUPPRESS,
        help="how many processes; by default one for each core",
    )


def configured(options: argparse.Namespace) -> dict[str, object]:
    """Return those options that could also be configured, as a table of pyproject.toml."""
    names = {field.name for field in fields(Configuration)}
    table = {name.replace("_", "-"): v for name, v in vars(options).items() if name in names}
    for key in table.keys() & {"per-file-ignores", "extend-per-file-ignores"}:
        ignores: dict[str, list[str]] = {}
        for pattern, code in table[key]:
            ignores.setdefault(pattern, []).append(code)
        table[key] = ignores
    return table


def _add_list(group: argparse._ArgumentGroup, name: str, metavar: str, about: str) -> None:
    group.add_argument(
        f"--{name}",
        metavar=metavar,
        type=_items,
        action="extend",
        default=argparse.SUPPRESS,
        help=about,
    )


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = [item.rpartition(":") for item in _items(text)]
    if not all(pattern and code for pattern, _, code in pairs):
        raise argparse.ArgumentTypeError("write PATTERN:CODE")
    if any(":" in pattern and " " in pattern for pattern, _, _ in pairs):
        raise argparse.ArgumentTypeError("write PATTERN:CODE,PATTERN:CODE")
    return [(pattern, code) for pattern, _, code in pairs]
