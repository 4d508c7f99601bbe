"""The command line: ``paramassign``, and ``python -m flake8_paramassign``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from flake8_paramassign import baseline, documentation
from flake8_paramassign.arguments import configured, parse
from flake8_paramassign.checking import Checked, check_paths
from flake8_paramassign.configuration import Configuration, ConfigurationError
from flake8_paramassign.discovery import STDIN
from flake8_paramassign.ending import CLEAN, FINDINGS, complain, ended, print_out, say
from flake8_paramassign.findings import Finding
from flake8_paramassign.nearest import Configurations
from flake8_paramassign.output import colour, render, wanted_format
from flake8_paramassign.patterns import absolute
from flake8_paramassign.rules.prm001_not_analysed import NotAnalysed
from flake8_paramassign.wording import visible

_NAME = "paramassign"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; ``arguments`` default to the process's."""
    given = sys.argv[1:] if arguments is None else arguments
    return ended(_NAME, lambda: _chosen(given), debug="--debug" in given)


def _chosen(given: Sequence[str]) -> int:
    if list(given[:1]) == ["scan"]:
        from flake8_paramassign.scan.cli import scan

        return scan(given[1:])
    return _run(parse(given))


def _run(options: argparse.Namespace) -> int:
    if options.explain:
        return _print(documentation.explanation(options.explain))
    if options.rules:
        is_json = getattr(options, "output_format", None) == "json"
        return _print(_json(documentation.rules()) if is_json else documentation.table())
    if options.fix or options.diff:
        from flake8_paramassign.fixes.cli import fix

        return fix(options)
    paths = options.paths or [STDIN if options.stdin_filename else "."]
    start = common_folder(paths, options.stdin_filename)
    configurations = configurations_of(options)
    file, configuration = configurations.in_folder(start)
    if options.show_settings:
        return _print(_settings(file, configuration))
    checked = check_paths(
        paths,
        configurations,
        start,
        options.stdin_filename,
        unused_comments=options.warn_unused_noqa,
    )
    return _reported(checked, configuration, options)


def configurations_of(options: argparse.Namespace) -> Configurations:
    """Return what the options say about configuration."""
    return Configurations(configured(options), file=options.config, is_isolated=options.isolated)


def _reported(checked: Checked, configuration: Configuration, options: argparse.Namespace) -> int:
    """Do with the findings what was asked; return the exit status."""
    findings, problems = checked.findings, checked.problems
    if options.add_noqa:
        written, unwritten = _add_noqa(list(filter(_is_claim, findings)))
        if written or not findings:
            say(f"{_count(written, 'finding')} silenced by comments")
        return complain(_NAME, problems + unwritten)
    if options.write_baseline:
        claims = list(filter(_is_claim, findings))
        baseline.write(_baseline(configuration), claims)
        say(f"{_count(len(claims), 'finding')} listed in {visible(str(configuration.baseline))}")
        return complain(_NAME, problems)
    if configuration.baseline:
        findings = baseline.unknown(_baseline(configuration), findings)
    output_format = wanted_format(configuration.output_format)
    if options.statistics:
        report = _statistics(findings, output_format)
    else:
        report = render(output_format, findings)
        if output_format == "full" and not findings and not options.quiet:
            report = f"nothing found in {_count(checked.files, 'file')}\n"
    if options.output_file:
        Path(options.output_file).write_text(colour.plain(report), "utf-8")
    else:
        is_coloured = colour.is_wanted(sys.stdout) and not options.no_color
        print_out(report if is_coloured else colour.plain(report))
    for line in checked.unused_comments:
        say(f"{_NAME}: warning: {visible(line)}")
    return complain(_NAME, problems) or (FINDINGS if findings and not options.exit_zero else CLEAN)


def _add_noqa(findings: Sequence[Finding]) -> tuple[int, list[str]]:
    """Write the comments; return for how many findings, and what could not be done."""
    from flake8_paramassign.noqa import add_comments

    return add_comments(findings)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _is_claim(finding: Finding) -> bool:
    """Return whether the finding speaks of the program, not of what kept us from reading it."""
    return finding.diagnostic.code != NotAnalysed.code


def _baseline(configuration: Configuration) -> Path:
    if configuration.baseline is None:
        raise ConfigurationError("--write-baseline needs --baseline FILE")
    return Path(configuration.baseline)


def common_folder(paths: Sequence[str], stdin_filename: str | None) -> Path:
    """Return the innermost folder that holds everything named; the nearest settings count there."""
    named = [path for path in (*paths, stdin_filename) if path and path != STDIN]
    full = [absolute(path) for path in named] or [Path.cwd()]
    folders = [path if path.is_dir() else path.parent for path in full]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # several drives
        return Path.cwd()


def _statistics(findings: Sequence[Finding], output_format: str) -> str:
    """Return how many findings each rule has, the most first: for programs as JSON."""
    counts = Counter((f.diagnostic.code, f.diagnostic.name) for f in findings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if output_format == "json":
        return _json([{"code": c, "name": name, "count": count} for (c, name), count in ordered])
    return "".join(f"{count:>6}  {code}  {name}\n" for (code, name), count in ordered)


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def _settings(file: Path | None, configuration: Configuration) -> str:
    """Return every setting as it would stand in pyproject.toml, and the rules that are on."""
    lines = [f"# {visible(str(file or 'no configuration file'))}", "[tool.paramassign]"]
    for field in fields(configuration):
        key, value = field.name.replace("_", "-"), getattr(configuration, field.name)
        lines.append(f"# {key} is not set" if value is None else f"{key} = {_toml(key, value)}")
    lines.append(f"# rules: {', '.join(sorted(configuration.codes))}")
    return "\n".join(lines) + "\n"


def _toml(key: str, value: Any) -> str:
    """Return the value of ``key`` in TOML, which for strings, numbers and lists is JSON."""
    if key == "exclude":
        value = value.lines
    elif key == "extend-exclude":
        value = [line for patterns in value for line in patterns.lines]
    elif key.endswith("per-file-ignores"):
        items = (f"{json.dumps(p.lines[0])} = {json.dumps(codes)}" for p, codes in value)
        return f"{{ {', '.join(items)} }}" if value else "{}"
    return json.dumps(value)


def _print(text: str) -> int:
    print_out(text)
    return CLEAN
