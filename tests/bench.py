"""Time and memory against the budgets: ``python tests/bench.py PATH...``.

Other tools are in ``compare.py``.

Times are ratios to ``ast.parse`` of the same files, taken in turns in one process, so that
they mean the same on any machine; what counts is the time on the processor, so that a busy one
disturbs little. Each pass runs in a fresh process and sees each file once, as
in a real run: what one file leaves in caches for another counts, what it leaves for itself
does not. Imports are paid before the clock starts; the garbage collector stays on, as it is
for users. Exit status 1: a budget is exceeded. Linux only, for the unit of ``ru_maxrss``.
"""

from __future__ import annotations

import argparse
import ast
import gc
import io
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from readme import README, replaced

from flake8_paramassign.discovery import Exclusion, discover
from flake8_paramassign.selection import selected_codes
from flake8_paramassign.settings import DEFAULT, Settings
from flake8_paramassign.source import decode

PASSES = 3
"""How often each file is measured: the best pass counts, and of one file its best time."""
STARTS = 15
"""How many interpreters are started to measure an import; the best counts."""


@dataclass(frozen=True)
class Budget:
    """A promise, and whether a measurement keeps it."""

    what: str
    limit: float
    unit: str
    at_least: bool = False

    def keeps(self, measured: float) -> bool:
        """Return whether ``measured`` is within the budget."""
        return measured >= self.limit if self.at_least else measured <= self.limit

    def row(self, measured: float) -> list[str]:
        """Return the line of the final table."""
        sign = "≥" if self.at_least else "≤"
        return [
            self.what,
            f"{measured:.2f} {self.unit}",
            f"{sign} {self.limit:g} {self.unit}",
            "ok" if self.keeps(measured) else "EXCEEDED",
        ]


PLUGIN = Budget("plugin given flake8's tree, summed", 3, "x ast.parse")
ANALYZE = Budget("analyze(bytes), summed", 4, "x ast.parse")
EXHAUSTIVE = Budget("exhaustive, summed", 8, "x ast.parse")
SLOWEST = Budget("any one file, of 60 x ast.parse or 0.5 s", 1, "of that")
SECOND = Budget("a second run, nothing changed", 0.2, "x ast.parse")
EDIT = Budget("an edit in an open file of 1,000 lines, to its findings", 100, "ms")
GROWN = Budget("memory after all files against after half of them", 1.1, "times")
CROWDED = Budget("analyze(bytes), 5,000 lines", 30, "x ast.parse")
CROWD = Budget("findings in these 5,000 lines", 100, "findings", at_least=True)
GROWTH = Budget("that ratio against the one for 1,250 lines", 1.5, "times")
IMPORT = Budget("importing the plugin", 30, "ms")
HEAVY = Budget("of libcst and torch, imported by that", 0, "modules")
JOBS = Budget("two jobs against one", 1.8, "times as fast", at_least=True)
MEMORY = Budget("peak memory of a process", 200, "MB")


@dataclass(frozen=True)
class Timing:
    """What one file took, in seconds."""

    path: Path
    parse: float
    subject: float
    findings: int

    @property
    def share(self) -> float:
        """The subject's time in units of what it may be."""
        return self.subject / max(60 * self.parse, 0.5)

    @property
    def ratio(self) -> float:
        """The subject's time in units of ``ast.parse``."""
        return self.subject / self.parse


def ratio(timings: Iterable[Timing]) -> float:
    """Return the ratio of the sums."""
    timings = list(timings)
    return sum(t.subject for t in timings) / sum(t.parse for t in timings)


Result = TypeVar("Result")

Run = Callable[[], int]
"""Runs a subject on one file; returns the number of findings."""


def plugin_run(path: Path, source: bytes, tree: ast.Module) -> Run:
    """Return the run of the flake8 plugin on what flake8 has ready."""
    from flake8_paramassign.plugin import Plugin

    lines = io.StringIO(decode(source), newline=None).readlines()
    return lambda: sum(1 for _ in Plugin(tree, lines, str(path)).run())


def analyze_run(path: Path, source: bytes, _tree: ast.Module, settings: Settings = DEFAULT) -> Run:
    """Return the run of the analysis on the bytes."""
    from flake8_paramassign import analyze

    return lambda: len(analyze(source, str(path), settings=settings))


Subject = Callable[[Path, bytes, ast.Module], Run]


def timed(subject: Subject, path: Path, source: bytes) -> Timing:
    """Measure ``ast.parse`` and then ``subject`` on one file."""
    start = time.process_time()
    tree = ast.parse(source)
    parse = time.process_time() - start
    run = subject(path, source, tree)
    start = time.process_time()
    findings = run()
    return Timing(path, parse, time.process_time() - start, findings)


def one_pass(
    subject: Subject, files: Sequence[Path], options: Sequence[str] = (), number: int = 0
) -> list[Timing]:
    """Measure each file once, after a first finding that pays for the imports.

    ``options`` are those of flake8's command line, for the plugin. Each ``number`` begins at
    another point of the cycle in which all of memory is searched for garbage, which takes longer
    than most files: else that would be counted for the same file in every pass.
    """
    for _ in range(3 * number):
        gc.collect(1)
    configure_plugin(options)
    timed(subject, Path("warm_up.py"), crowded(1))
    return [timed(subject, file, file.read_bytes()) for file in files]


def all_passes(
    subject: Subject, files: Sequence[Path], options: Sequence[str] = ()
) -> list[list[Timing]]:
    """Return what each file took in ``PASSES`` fresh processes, the best whole pass first."""
    passes: list[list[Timing]] = []
    for number in range(PASSES):
        passes.append(fresh(one_pass, subject, files, options, number))
    return sorted(passes, key=ratio)


def fresh(work: Callable[..., Result], *arguments: object) -> Result:
    """Return what ``work`` returns in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as child:
        return child.apply(work, arguments)


def best(passes: Sequence[Sequence[Timing]]) -> list[Timing]:
    """Return for each file its best times, which garbage collection has no part in."""
    return [
        Timing(
            timings[0].path,
            min(t.parse for t in timings),
            min(t.subject for t in timings),
            timings[0].findings,
        )
        for timings in zip(*passes, strict=True)
    ]


def configure_plugin(options: Sequence[str]) -> None:
    """Give the plugin the options of a flake8 run with ``options``."""
    from flake8.main.options import register_default_options
    from flake8.options.manager import OptionManager

    from flake8_paramassign.plugin import Plugin

    manager = OptionManager(version="", plugin_versions="", parents=[], formatter_names=[])
    register_default_options(manager)
    Plugin.add_options(manager)
    Plugin.parse_options(manager.parse_args(list(options)))


def crowded(findings: int) -> bytes:
    """Return a program of 50 lines for each of its findings."""
    header = "import torch\nfrom torch import nn\n"
    layers = "".join(f"        self.layer{n} = nn.Linear({n + 1}, {n + 2})\n" for n in range(20))
    calls = "".join(f"        x = torch.relu(self.layer{n}(x)) + {n}\n" for n in range(20))
    blocks = (
        f"\n\nclass Block{n}(nn.Module):\n"
        "    def __init__(self, device):\n"
        "        super().__init__()\n"
        f"{layers}"
        "        self.scale = nn.Parameter(torch.ones(3)).to(device)\n"
        "\n"
        "    def forward(self, x):\n"
        f"{calls}"
        "        return x * self.scale\n"
        for n in range(findings)
    )
    return (header + "".join(blocks)).encode()


def measure_crowded() -> list[list[str]]:
    """Return the rows about one long file full of findings."""
    with tempfile.TemporaryDirectory() as folder:
        quarter, whole = Path(folder, "quarter.py"), Path(folder, "whole.py")
        quarter.write_bytes(crowded(25))
        whole.write_bytes(crowded(100))
        short, long = best(all_passes(analyze_run, [quarter, whole]))
    return [
        CROWDED.row(long.ratio),
        CROWD.row(long.findings),
        GROWTH.row(long.ratio / short.ratio),
    ]


def measure_import() -> list[list[str]]:
    """Return the rows about importing the plugin into a fresh interpreter."""
    probe = (
        "import flake8_paramassign.plugin, sys; print(len({'libcst', 'torch'} & set(sys.modules)))"
    )

    def started(code: str) -> tuple[float, str]:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        )
        return time.perf_counter() - start, done.stdout

    pairs = [(started("import sys; print()"), started(probe)) for _ in range(STARTS)]
    bare = min(bare for (bare, _), _ in pairs)
    loaded, heavy = min(with_plugin for _, with_plugin in pairs)
    return [IMPORT.row((loaded - bare) * 1000), HEAVY.row(int(heavy))]


def measure_command(arguments: Sequence[str]) -> list[list[str]]:
    """Return the rows about whole runs of the command line.

    How much faster two jobs are is told on an idle machine only.
    """
    busy = os.getloadavg()[0] > 1
    one, two = ([command(arguments, jobs) for _ in range(2)] for jobs in (1, 2))
    if len({findings for _, _, findings in [*one, *two]}) > 1:
        raise SystemExit("the number of jobs changes the findings")
    fastest = [min(seconds for seconds, _, _ in runs) for runs in (one, two)]
    peak = max(peak for _, peak, _ in [*one, *two])
    what, measured, limit, verdict = JOBS.row(fastest[0] / fastest[1])
    if busy:
        measured, verdict = "other programs ran", "not measured"
    return [[what, measured, limit, verdict], MEMORY.row(peak)]


def command(arguments: Iterable[str], jobs: int) -> tuple[float, float, int]:
    """Return the seconds, the peak megabytes and the findings of one run with ``jobs``.

    The peak is that of the largest of its processes. A run that could not do all is no run.
    """
    arguments = ["--no-cache", "--jobs", str(jobs), "--output-format", "json", *arguments]
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "flake8_paramassign", *arguments],
            stdout=output,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            raise SystemExit(f"the command line ended with {process.returncode}")
        output.seek(0)
        return seconds, usage.ru_maxrss / 1024, len(json.load(output))


def measure_cache(paths: Sequence[str], parse: float) -> list[list[str]]:
    """Return the row about a second run over ``paths``, of which ``ast.parse`` takes ``parse``."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--cache-dir", folder, "--jobs", "1", "--exit-zero", "--ignore", "PRM001"]
        process = [sys.executable, "-m", "flake8_paramassign", *options, *paths]
        for _ in range(2):
            before = os.times()
            subprocess.run(process, check=True, stdout=subprocess.DEVNULL)
            after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return [SECOND.row(used / parse)]


def measure_edit() -> list[list[str]]:
    """Return the row about what a language server does for a keystroke, its patience included."""
    from flake8_paramassign.lsp.analysis import Analysis
    from flake8_paramassign.lsp.options import Options
    from flake8_paramassign.lsp.programs import File
    from flake8_paramassign.lsp.texts import Text

    text = crowded(20).decode()
    times = []
    for number in range(5):
        start = time.process_time()
        edited = Text(text.replace("+ 7\n", f"+ {number}\n", 1), "utf-16")
        assert len(Analysis(File("a.py", "file:///a.py", edited)).findings) == 20
        times.append(time.process_time() - start)
    return [EDIT.row(1000 * min(times) + Options().debounce)]


def grown(files: Sequence[Path]) -> float:
    """Return the memory after all files, as a multiple of that after half of them."""
    sizes = []
    for half in (files[: len(files) // 2], files[len(files) // 2 :]):
        one_pass(analyze_run, half)
        gc.collect()
        sizes.append(int(Path("/proc/self/statm").read_text().split()[1]))
    return sizes[1] / sizes[0]


def parsable_files(path: str) -> list[Path]:
    """Return the Python files in ``path`` that have an ``ast.parse`` to compare with."""
    found = discover([path], Exclusion())
    if found.problems:
        raise SystemExit("; ".join(found.problems))
    return [Path(file.path) for file in found.files if is_parsable(Path(file.path))]


def is_parsable(file: Path) -> bool:
    """Return whether ``ast.parse`` takes the file."""
    try:
        ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return False
    return True


def sample(files: Sequence[Path], size: int) -> list[Path]:
    """Return ``size`` of the files, the same on every run; all where there are fewer."""
    return sorted(random.Random(0).sample(files, min(size, len(files))))


def print_table(header: list[str], rows: Iterable[list[str]]) -> None:
    """Print aligned columns."""
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())
    print()


def markdown(header: list[str], rows: Iterable[list[str]]) -> str:
    """Return a table in Markdown."""
    table = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in table)


def put(name: str, content: str, files: int, lines: int) -> None:
    """Write a section of the README, and of how much it was measured."""
    python = ".".join(map(str, sys.version_info[:2]))
    measured = f"{files} files, {lines:,} lines, Python {python}:\n\n"
    README.write_text(replaced(README.read_text(), name, measured + content + "\n"))


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="tests/bench.py", description=__doc__)
    parser.add_argument("paths", nargs="+", help="one line of results for each")
    parser.add_argument("--sample", type=int, metavar="N", help="only N files of each path")
    parser.add_argument(
        "--select", metavar="CODES", help="with these rules instead of those that are on by default"
    )
    parser.add_argument("--readme", action="store_true", help="write the table there, too")
    args = parser.parse_args()

    folders = {path: parsable_files(path) for path in args.paths}
    if args.sample:
        folders = {path: sample(files, args.sample) for path, files in folders.items()}
    files = [file for folder in folders.values() for file in folder]
    options = ["--select", args.select] if args.select else []
    codes = selected_codes(args.select.split(","), (), ()) if args.select else None
    analyzed = partial(analyze_run, settings=Settings(codes))
    plugin = {t.path: t for t in all_passes(plugin_run, files, options)[0]}
    exhaustive = partial(analyze_run, settings=Settings(codes, exhaustive=True))
    passes = all_passes(analyzed, files)
    analysis = {t.path: t for t in passes[0]}

    def folder_row(name: str, files: Sequence[Path]) -> list[str]:
        return [
            name,
            str(len(files)),
            str(sum(file.read_bytes().count(b"\n") for file in files)),
            f"{sum(analysis[file].parse for file in files):.2f} s",
            f"{ratio(plugin[file] for file in files):.2f}",
            f"{ratio(analysis[file] for file in files):.2f}",
            str(sum(analysis[file].findings for file in files)),
        ]

    print_table(
        ["path", "files", "lines", "ast.parse", "plugin x", "analyze x", "findings"],
        [
            *(folder_row(path, folder) for path, folder in folders.items()),
            folder_row("sum", files),
        ],
    )
    worst = sorted(best(passes), key=lambda timing: timing.ratio, reverse=True)[:10]
    print_table(
        ["slowest files", "analyze x", "ms", "findings"],
        [
            [str(t.path), f"{t.ratio:.1f}", f"{t.subject * 1000:.1f}", str(t.findings)]
            for t in worst
        ],
    )
    results = [
        PLUGIN.row(ratio(plugin.values())),
        ANALYZE.row(ratio(analysis.values())),
        EXHAUSTIVE.row(ratio(all_passes(exhaustive, files)[0])),
        SLOWEST.row(max(timing.share for timing in best(passes))),
        *measure_crowded(),
        *measure_import(),
        *measure_command([*options, *map(str, files)]),
        *measure_cache([*map(str, files)], sum(t.parse for t in analysis.values())),
        *measure_edit(),
        GROWN.row(fresh(grown, files)),
    ]
    print_table(["what", "measured", "budget", ""], results)
    if args.readme:
        lines = sum(file.read_bytes().count(b"\n") for file in files)
        put("budgets", markdown(["what", "measured", "budget", ""], results), len(files), lines)
    return 1 if any(row[-1] == "EXCEEDED" for row in results) else 0


if __name__ == "__main__":
    sys.exit(main())
