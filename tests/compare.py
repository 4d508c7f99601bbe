"""What it costs beside other tools: ``python tests/compare.py PATH... [--sample N]``.

Linter (first and second run), fixer, flake8, ruff and TorchFix look at the same files, one after
the other, each in one process. What counts is the time on the processor, start included, as a
ratio to ``ast.parse`` of the same files. ``--plot FILE`` draws what each file costs against its
length. ``--torchfix PYTHON`` names an interpreter that has TorchFix. ``--readme`` writes table
and picture there.
"""

from __future__ import annotations

import argparse
import ast
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import markdown, one_pass, parsable_files, print_table, put, sample
from readme import README

_OURS = [sys.executable, "-m", "flake8_paramassign", "--jobs", "1"]
_RUFF = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")

PICTURE = README.parent / "docs" / "images" / "cost.svg"


class Cost(NamedTuple):
    """What a tool took."""

    tool: str
    seconds: float


class Point(NamedTuple):
    """One file: its lines, and the milliseconds of ``ast.parse`` and of the analysis."""

    lines: int
    parse: float
    analysis: float


def tools(folder: Path, torchfix: str | None) -> Iterator[tuple[str, list[str]]]:
    """Each tool and its command, which is given the files of ``folder``."""
    cache = str(folder / "cache")
    tree = str(folder / "tree")
    yield "paramassign", [*_OURS, "--cache-dir", cache, tree]
    yield "paramassign, second run", [*_OURS, "--cache-dir", cache, tree]
    fixer = [sys.executable, "-m", "codemods.fix", "--no-cache", "--jobs", "1", "--diff"]
    yield "paramassign-fix", [*fixer, "--unsafe-fixes", tree]
    flake8 = [sys.executable, "-m", "flake8", "--isolated", "--jobs", "1"]
    yield "flake8 without us", [*flake8, "--select", "E,F,W,C90", tree]
    yield "flake8 with us", [*flake8, "--select", "E,F,W,C90,PRM0,PRM1,PRM2,PRM3", tree]
    if _RUFF:
        yield "ruff check", [_RUFF, "check", "--isolated", "--no-cache", "--quiet", tree]
    if torchfix:
        yield "TorchFix", [torchfix, "-m", "torchfix", "--select", "ALL", tree]


def cost(tool: str, command: Sequence[str]) -> Cost:
    """Run a command; its status may say that it has findings. Raises SystemExit else."""
    environment = {**os.environ, "RAYON_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1, 2):
            output.seek(0)
            raise SystemExit(f"{tool} ended with {process.returncode}: {output.read()[-500:]!r}")
    return Cost(tool, usage.ru_utime + usage.ru_stime)


def parsing(files: Sequence[Path]) -> float:
    """Seconds of ``ast.parse`` for the files."""
    sources = [file.read_bytes() for file in files]
    start = time.process_time()
    for source in sources:
        ast.parse(source)
    return time.process_time() - start


def points(files: Sequence[Path]) -> list[Point]:
    """What each file costs, the better of two passes."""
    from bench import analyze_run

    passes = [one_pass(analyze_run, files, number=number) for number in range(2)]
    return [
        Point(
            one.path.read_bytes().count(b"\n") + 1,
            1000 * min(one.parse, other.parse),
            1000 * min(one.subject, other.subject),
        )
        for one, other in zip(*passes, strict=True)
    ]


_WIDTH, _HEIGHT, _MARGIN = 720, 420, 60
_STYLE = (
    "text { font: 12px sans-serif; fill: #777 } line { stroke: #8884 } "
    ".parse { fill: #8a8f98; opacity: .55 } .analysis { fill: #7e56c2; opacity: .7 }"
)


def drawn(found: Sequence[Point]) -> str:
    """The picture, as SVG: both axes are logarithmic, so that what is in proportion is a slope."""
    lines = [point.lines for point in found]
    costs = [cost for point in found for cost in (point.parse, point.analysis)]
    low_x, high_x = _decades(lines)
    low_y, high_y = _decades(costs)

    def x(value: float) -> float:
        share = (math.log10(value) - low_x) / (high_x - low_x)
        return _MARGIN + share * (_WIDTH - 2 * _MARGIN)

    def y(value: float) -> float:
        share = (math.log10(value) - low_y) / (high_y - low_y)
        return _HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>Milliseconds against lines, of {len(found)} files</title>",
        f"<style>{_STYLE}</style>",
    ]
    for power in range(low_x, high_x + 1):
        at = x(10.0**power)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{_MARGIN}" y2="{_HEIGHT - _MARGIN}"/>')
        parts.append(_text(at, _HEIGHT - _MARGIN + 18, f"{10**power:,}"))
    for power in range(low_y, high_y + 1):
        at = y(10.0**power)
        parts.append(f'<line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(_text(_MARGIN - 8, at + 4, f"{10.0**power:g} ms", "end"))
    for point in found:
        for kind, value in (("parse", point.parse), ("analysis", point.analysis)):
            place = f'cx="{x(point.lines):.1f}" cy="{y(value):.1f}"'
            parts.append(f'<circle class="{kind}" {place} r="2.2"/>')
    parts.append(_text(_WIDTH / 2, _HEIGHT - 14, "lines of the file"))
    for index, (kind, name) in enumerate((("analysis", "analysis"), ("parse", "ast.parse alone"))):
        parts.append(f'<circle class="{kind}" cx="{_MARGIN + 14}" cy="{24 + 18 * index}" r="4"/>')
        parts.append(_text(_MARGIN + 26, 28 + 18 * index, name, "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around some values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def copied(files: Sequence[Path], folder: Path) -> list[Path]:
    """The files again, in the folder ``tree`` of ``folder``: what each tool is given."""
    copies = []
    for number, file in enumerate(files):
        copy = folder / "tree" / f"p{number}" / file.name
        copy.parent.mkdir(parents=True)
        shutil.copyfile(file, copy)
        copies.append(copy)
    return copies


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="tests/compare.py", description=__doc__)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--sample", type=int, default=300, metavar="N", help="only N files")
    parser.add_argument("--torchfix", metavar="PYTHON")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    found = sample(
        [file for path in options.paths for file in parsable_files(path)], options.sample
    )
    plot = PICTURE if options.readme else options.plot
    if plot:
        plot.write_text(drawn(points(found)), "utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = copied(found, folder)
        parse = parsing(files)
        rows = []
        for tool, command in tools(folder, options.torchfix):
            seconds = cost(tool, command).seconds
            rows.append([tool, f"{seconds:.2f} s", f"{seconds / parse:.2f}"])
    lines = sum(file.read_bytes().count(b"\n") for file in found)
    print(f"{len(found)} files, {lines:,} lines; ast.parse takes {parse:.2f} s")
    header = ["tool", "processor", "x ast.parse"]
    print_table(header, rows)
    if options.readme:
        picture = f"![What each file costs]({PICTURE.relative_to(README.parent)})\n\n"
        put("costs", picture + markdown(header, rows), len(found), lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
