"""What the analysis says about folders of other people's code.

``python -m tests.corpus PATH... [--no-gate | --compare-gate] [--json FILE]`` prints every
finding, then the counts to judge them by. Exit status 1: something crashed, or the findings
with and without the gate differ.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from flake8_paramassign import Diagnostic, Settings, analyze
from flake8_paramassign.discovery import Exclusion, discover
from flake8_paramassign.settings import DEFAULT

SECONDS_PER_FILE = 60
EXHAUSTIVE = Settings(exhaustive=True)


@dataclasses.dataclass(frozen=True)
class Report:
    """What one file gave; ``crash`` says how the analysis failed, where it did."""

    path: str
    lines: int
    seconds: float
    findings: list[str]
    """As people read them: ``path:line:column CODE message``, columns counted from 1."""
    codes: list[str]
    """The code of each finding."""
    crash: str | None


def examine(path: Path, settings: Settings = DEFAULT) -> Report:
    """Analyse one file, for at most ``SECONDS_PER_FILE``."""
    source = path.read_bytes()
    diagnostics: list[Diagnostic] = []
    crash = None
    start = time.perf_counter()
    try:
        with time_limit(SECONDS_PER_FILE):
            diagnostics = analyze(source, str(path), settings=settings)
    except Exception as error:
        crash = repr(error)
    seconds = time.perf_counter() - start
    for found in diagnostics:
        if found.code == "PRM001" and found.message.startswith("internal error"):
            crash = found.message
    return Report(
        str(path),
        source.count(b"\n"),
        seconds,
        [
            f"{path}:{found.start.line}:{found.start.column + 1} {found.code} {found.message}"
            for found in diagnostics
        ],
        [found.code for found in diagnostics],
        crash,
    )


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the body when it takes longer than that."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def examine_all(files: list[Path], jobs: int, settings: Settings = DEFAULT) -> list[Report]:
    """Analyse ``files`` in ``jobs`` fresh processes; the reports are in the order of ``files``."""
    reports = []
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for report in pool.imap(partial(examine, settings=settings), files, chunksize=8):
            reports.append(report)
            if sys.stderr.isatty():
                print(f"\r{len(reports)}/{len(files)} ", end="", file=sys.stderr, flush=True)
    return reports


def differences(gated: list[Report], ungated: list[Report]) -> list[str]:
    """Return one line for each finding of one side only."""
    lines = []
    for with_gate, without in zip(gated, ungated, strict=True):
        hidden = Counter(without.findings) - Counter(with_gate.findings)
        extra = Counter(with_gate.findings) - Counter(without.findings)
        lines += [f"hidden by the gate: {finding}" for finding in hidden.elements()]
        lines += [f"only with the gate: {finding}" for finding in extra.elements()]
    return lines


def summary(reports: list[Report]) -> dict[str, object]:
    """Return the counts of ``reports``, ready for JSON."""
    counts = dict(sorted(Counter(code for report in reports for code in report.codes).items()))
    million_lines = sum(report.lines for report in reports) / 1e6
    slowest = sorted(reports, key=lambda report: report.seconds, reverse=True)[:5]
    return {
        "files": len(reports),
        "lines": sum(report.lines for report in reports),
        "seconds": round(sum(report.seconds for report in reports), 1),
        "slowest": [f"{report.seconds:.2f} s {report.path}" for report in slowest],
        "findings": counts,
        "per million lines": {
            code: round(count / million_lines, 1) for code, count in counts.items()
        },
        "crashes": [f"{report.path}: {report.crash}" for report in reports if report.crash],
    }


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="tests.corpus", description=__doc__)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there as well")
    gates = parser.add_mutually_exclusive_group()
    gates.add_argument(
        "--no-gate", action="store_true", help="analyse every function of every file"
    )
    gates.add_argument("--compare-gate", action="store_true", help="run with it and without it")
    args = parser.parse_args()

    found = discover(args.paths, Exclusion())
    if found.problems:
        parser.error("; ".join(found.problems))
    files = [Path(file.path) for file in found.files]
    reports = examine_all(files, args.jobs, EXHAUSTIVE if args.no_gate else DEFAULT)
    counts = summary(reports)
    for report in reports:
        print(*report.findings, sep="\n", end="\n" if report.findings else "")
    if args.compare_gate:
        counts["gate"] = differences(reports, examine_all(files, args.jobs, EXHAUSTIVE))
    print(json.dumps(counts, indent=2, ensure_ascii=False))
    if args.json:
        everything = {"summary": counts, "reports": [dataclasses.asdict(r) for r in reports]}
        args.json.write_text(json.dumps(everything, ensure_ascii=False), encoding="utf-8")
    return 1 if counts["crashes"] or counts.get("gate") else 0


if __name__ == "__main__":
    sys.exit(main())
