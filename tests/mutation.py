"""Small faults made at random in the engine and the rules, and whether a test notices each.

``python -m tests.mutation [--count N] [--seed S] [--only PART]``. A fault is one edit of one file
of a copy of this project: a comparison turned round, a condition negated, a statement left out,
a word struck off a list. The tests near it are run until one fails. What no test notices is
shown: either a test is missing, or the program means the same. Exit status 1: more than one in ten
faults went unnoticed.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "flake8_paramassign"
PARTS = ("domain", "project", "semantics", "facts", "rules")
"""The folders of the package in which faults are made."""
NEAR = (
    "test_fixtures.py",
    "test_rules_values.py",
    "test_disagreements.py",
    "test_flow.py",
    "test_look_alikes.py",
    "test_look_alikes_values.py",
    "test_training.py",
    "test_libraries.py",
    "test_requirements.py",
    "test_domain.py",
    "test_engine.py",
    "test_shapes.py",
    "test_known_words.py",
    "test_project.py",
    "test_effort.py",
    "test_gate.py",
    "test_relevance.py",
    "test_analyzer.py",
)
"""The tests that are run, in turn; those that know most first."""
PATIENCE = 600
"""Seconds after which a fault counts as noticed: the tests do not end."""
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

    def made_in(self, source: bytes) -> bytes:
        """Return the file with the fault."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def told(self, source: bytes) -> str:
        """Return it in a line."""
        was = " ".join(source[self.start : self.end].decode().split())
        return f"{self.path}:{self.line}: {was[:60]!r} -> {' '.join(self.text.split())[:60]!r}"


def faults_in(path: Path, source: bytes) -> list[Fault]:
    """Return all faults that can be made in a file, each of which still parses."""
    tree = ast.parse(source)
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in ast.walk(tree):
        for place, text in _edits(node, source.decode()):
            assert place.end_lineno is not None and place.end_col_offset is not None
            start = starts[place.lineno - 1] + place.col_offset
            end = starts[place.end_lineno - 1] + place.end_col_offset
            fault = Fault(path, place.lineno, start, end, text)
            if start < end and _parses(fault.made_in(source)):  # f-strings do not tell their parts
                found.append(fault)
    return found


def _edits(node: ast.AST, text: str) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """What can be put in the place of a node, or of a part of it."""

    def written(part: ast.AST) -> str:
        return ast.get_source_segment(text, part) or ""

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
    elif isinstance(node, ast.Call) and _is_word_list(node):
        assert isinstance(node.func, ast.Attribute)
        words = written(node.func.value).strip('"').split()
        for word in words:
            rest = " ".join(other for other in words if other != word)
            yield node.func.value, f'"{rest}"'


def _is_word_list(node: ast.Call) -> bool:
    func = node.func
    return (
        isinstance(func, ast.Attribute)
        and func.attr == "split"
        and isinstance(func.value, ast.Constant)
        and isinstance(func.value.value, str)
    )


def _parses(source: bytes) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def drawn(count: int, seed: int, only: str = "") -> list[Fault]:
    """Return ``count`` faults, drawn from all that can be made in paths that contain ``only``."""
    everything: list[Fault] = []
    for part in PARTS:
        for path in sorted((ROOT / PACKAGE / part).rglob("*.py")):
            if only in str(path.relative_to(ROOT)):
                everything += faults_in(path.relative_to(ROOT), path.read_bytes())
    return random.Random(seed).sample(everything, min(count, len(everything)))


def tests_near(fault: Fault) -> list[list[str]]:
    """Return the arguments of pytest for each run, until one fails."""
    name = fault.path.stem
    own = [[f"tests/{NEAR[0]}", "-k", name.split("_")[0]]] if "rules" in fault.path.parts else []
    return [*own, [f"tests/{test}" for test in NEAR]]


def noticed(fault: Fault, copy: Path) -> str:
    """Return which test notices a fault that is made in ``copy`` meanwhile; "" for none."""
    target = copy / fault.path
    source = target.read_bytes()
    target.write_bytes(fault.made_in(source))
    try:
        for arguments in tests_near(fault):
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
            try:
                done = subprocess.run(
                    [*command, *arguments], cwd=copy, capture_output=True, text=True,
                    timeout=PATIENCE,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return "the tests do not end"
            if done.returncode not in (0, 5):
                last = [
                    line for line in done.stdout.splitlines() if line.startswith(("FAILED", "E"))
                ]
                return last[-1][:100] if last else f"exit status {done.returncode}"
        return ""
    finally:
        target.write_bytes(source)


def main(arguments: list[str]) -> int:
    """Make faults, and say what came of each."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", metavar="PART", help="paths that contain this")
    options = parser.parse_args(arguments)
    faults = drawn(options.count, options.seed, options.only)
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="paramassign-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".*_cache", "site"))
        for number, fault in enumerate(faults, 1):
            by = noticed(fault, copy)
            unnoticed += not by
            told = fault.told((ROOT / fault.path).read_bytes())
            print(f"{number} {'noticed ' if by else 'UNNOTICED'} {told} {by}", flush=True)
    print(f"{len(faults) - unnoticed} of {len(faults)} faults noticed")
    return int(unnoticed * 10 > len(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
