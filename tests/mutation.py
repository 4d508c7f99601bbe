"""Small faults made at random in the engine and the rules, and whether a test notices each.

``python -m tests.mutation [--count N] [--seed S] [--only PART] [--results FILE [--again]]``. A
fault is one edit of one file of a copy of this project: a comparison turned round, a condition
negated, a statement left out, a word struck off a list. The tests near it are run until one fails.
What no test notices is shown: either a test is missing, or the program means the same. Exit status
1: more than one in ten faults went unnoticed.

Left out is what no test can see, since the program does the same: annotations and what is written
for type checkers alone, ``__slots__`` and the options of dataclasses that forbid what no code does,
and the exact number of a bound on work or length (``BOUND``): tests go far beyond it, none to it.
So are the parts of f-strings, as Python 3.11 does not tell where they stand.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import flake8.main.cli  # noqa: F401 - what the tests import is imported before they are run
import hypothesis  # noqa: F401
import libcst  # noqa: F401
import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "flake8_paramassign"
PARTS = ("domain", "project", "semantics", "facts", "rules")
"""The folders of the package in which faults are made."""
NEAR = """
    flow training look_alikes look_alikes_values known_words disagreements rules_values engine
    requirements libraries fixtures wording limits domain project gate relevance rewrites_written
    rewrites_replaced rewrites_filled rewrites_around fix_terms rules_documented analyzer effort
    rewrites_moved rewrites_registered shapes
""".split()
"""The tests that are run, in turn; those that know most in least time first."""
COLLECT = [["--collect-only", *(f"tests/test_{name}.py" for name in NEAR)]]
SECONDS = 60
"""Of work for one test, after which the fault counts as noticed: the test does not end."""
MEMORY = 3 << 30
"""Bytes that the tests may take; with more the fault counts as noticed."""
BOUND = re.compile(r"_?(\w*(MOST|LONGEST|LARGEST|DEEPEST|ROUNDS|STEPS)\w*|DEEP|FEW|SHORT|SPARE)")
"""Names of constants that bound how much is done, or how long something may be."""
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
}


@dataclass(frozen=True)
class Fault:
    """One edit of one file."""

    path: Path
    """Relative to the project."""
    line: int
    start: int
    """Where the text begins that is replaced: an offset in the encoded file."""
    end: int
    text: str
    """What stands there instead."""
    name: str
    """What it is called in every version of the file that has it."""

    def made_in(self, source: bytes) -> bytes:
        """Return the file with the fault."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def told(self, source: bytes) -> str:
        """Return it in a line."""
        was = " ".join(source[self.start : self.end].decode().split())
        return f"{self.path}:{self.line}: {was[:60]!r} -> {' '.join(self.text.split())[:60]!r}"


def faults_in(path: Path, source: bytes) -> list[Fault]:
    """Return all faults that can be made in a file."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def where(node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None and node.end_col_offset is not None
        start = starts[node.lineno - 1] + node.col_offset
        return start, starts[node.end_lineno - 1] + node.end_col_offset

    def written(node: ast.AST) -> str:
        start, end = where(node)
        return source[start:end].decode()

    found = []
    times = Counter[str]()
    for node in _seen_by_tests(ast.parse(source)):
        for place, text in _edits(node, written):
            start, end = where(place)
            was = f"{path}: {lines[place.lineno - 1].decode().strip()}: {place.col_offset}: {text}"
            times[was] += 1
            found.append(Fault(path, place.lineno, start, end, text, f"{was}: {times[was]}"))
    return found


def _seen_by_tests(node: ast.AST) -> Iterator[ast.AST]:
    """A node and its parts, without those that a test cannot see."""
    yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST) and not _unseen(part):
                yield from _seen_by_tests(part)


def _unseen(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.Assign):
        target = ast.unparse(node.targets[0])
        return (
            target == "__slots__"
            or ast.unparse(node.value).startswith("TypeVar(")
            or (BOUND.fullmatch(target) is not None and isinstance(node.value, ast.Constant))
        )
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.keyword) and node.arg in ("slots", "frozen")
    )


def _edits(
    node: ast.AST, written: Callable[[ast.AST], str]
) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """What can be put in the place of a node, or of a part of it; ``written``: as it stands."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        turned = COMPARISONS[type(node.ops[0])]
        yield node, f"({written(node.left)} {turned} {written(node.comparators[0])})"
    elif isinstance(node, ast.BoolOp):
        word = " or " if isinstance(node.op, ast.And) else " and "
        yield node, f"({word.join(f'({written(value)})' for value in node.values)})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, f"bool({written(node.operand)})"
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield node, str(not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield node, str(node.value + 1)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield node.test, f"(not ({written(node.test)}))"
    elif isinstance(node, ast.Assign | ast.AugAssign | ast.Expr):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield node, "pass"
    elif isinstance(node, ast.Call | ast.Tuple | ast.List | ast.Set):
        words = _words(node)
        for word in words if len(words) > 1 else []:
            rest = [other for other in words if other != word]
            if isinstance(node, ast.Call):
                yield node, f'"{" ".join(rest)}".split()'
            else:
                yield node, str(type(ast.literal_eval(node))(rest))


def _words(node: ast.expr) -> list[str]:
    """The words of a list of them, in one text or in many."""
    match node:
        case ast.Call(ast.Attribute(ast.Constant(str(text)), "split"), []):
            return text.split()
        case ast.Tuple(parts) | ast.List(parts) | ast.Set(parts):
            words = [
                part.value
                for part in parts
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            return words if len(words) == len(parts) else []
    return []


def drawn(count: int, seed: int, only: str = "") -> list[Fault]:
    """Return ``count`` faults, drawn from all that can be made in paths that contain ``only``.

    Of another version of the project they are the same, but for those that only one of both has.
    """
    everything: list[Fault] = []
    for part in PARTS:
        for path in sorted((ROOT / PACKAGE / part).rglob("*.py")):
            if only in str(path.relative_to(ROOT)):
                everything += faults_in(path.relative_to(ROOT), path.read_bytes())
    everything.sort(key=lambda fault: _lot(fault, seed))
    return everything[:count]


def _lot(fault: Fault, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {fault.name}".encode()).digest()


def tests_near(fault: Fault) -> list[list[str]]:
    """Return the arguments of pytest for each run, until one fails."""
    own = [["tests/test_fixtures.py", "-k", fault.path.stem[:6]]] if "rules" in str(fault) else []
    words = set(re.split(r"\W|_", str(fault.path)))
    near = sorted(NEAR, key=lambda name: words.isdisjoint(name.split("_")))
    return [*own, *([f"tests/test_{name}.py"] for name in near)]


class _Watch:
    """What pytest tells: which test failed. A test that works for too long ends the process."""

    failed = ""

    def pytest_runtest_logstart(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or (report.nodeid if report.failed else "")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.failed = self.failed or (report.nodeid if report.failed else "")


def _run(copy: Path, runs: list[list[str]], answer: Connection) -> None:
    """In a process of its own: run tests of ``copy`` until one fails, and tell which; "" for none.

    Only where tests are just collected bytecode is written: a fault and what it replaces may be
    of one second and of one length.
    """
    import resource

    with open(os.devnull, "w") as nowhere:
        for stream in (sys.__stdout__, sys.__stderr__):
            assert stream is not None
            os.dup2(nowhere.fileno(), stream.fileno())
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    os.chdir(copy)
    sys.path[:] = [str(copy), *(path for path in sys.path if Path(path or ".") != ROOT)]
    sys.dont_write_bytecode = runs is not COLLECT
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    watch = _Watch()
    status: int = pytest.ExitCode.OK
    for arguments in runs:
        status = pytest.main(["-x", "-p", "no:cacheprovider", *arguments], plugins=[watch])
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            break
        status = pytest.ExitCode.OK
    answer.send(watch.failed or (f"exit status {status}" if status else ""))


def noticed(fault: Fault, copy: Path) -> str:
    """Return which test notices a fault that is made in ``copy`` meanwhile; "" for none."""
    target = copy / fault.path
    source, before = target.read_bytes(), target.stat()
    target.write_bytes(fault.made_in(source))
    try:
        return failing(copy, tests_near(fault))
    finally:
        target.write_bytes(source)
        os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


def failing(copy: Path, runs: list[list[str]]) -> str:
    """Return which test of ``copy`` fails, run with these arguments in turn; "" for none."""
    forks = multiprocessing.get_context("fork")
    here, there = forks.Pipe(duplex=False)
    process = forks.Process(target=_run, args=(copy, runs, there))
    process.start()
    there.close()
    try:
        return str(here.recv())
    except EOFError:
        return "the tests do not end"
    finally:
        process.kill()
        process.join()


def main(arguments: list[str]) -> int:
    """Make faults, and say what came of each."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", metavar="PART", help="paths that contain this")
    parser.add_argument("--results", type=Path, help="where to go on from, and what to keep")
    parser.add_argument("--again", action="store_true", help="try again what went unnoticed")
    options = parser.parse_args(arguments)
    faults = drawn(options.count, options.seed, options.only)
    known: dict[str, str] = {}
    if options.results and options.results.exists():
        known = dict(json.loads(line) for line in options.results.read_text().splitlines())
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="paramassign-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "site"))
        failed = failing(copy, COLLECT) or failing(copy, [[f"tests/test_{n}.py"] for n in NEAR])
        if failed:
            sys.exit(f"{failed} fails without any fault")
        for number, fault in enumerate(faults, 1):
            by = known.get(fault.name)
            if by is None or (options.again and not by):
                by = noticed(fault, copy)
                if options.results:
                    with options.results.open("a") as results:
                        print(json.dumps([fault.name, by]), file=results)
            unnoticed += not by
            told = fault.told((ROOT / fault.path).read_bytes())
            print(f"{number} {'noticed ' if by else 'UNNOTICED'} {told} {by}", flush=True)
    print(f"{len(faults) - unnoticed} of {len(faults)} faults noticed")
    return int(unnoticed * 10 > len(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
