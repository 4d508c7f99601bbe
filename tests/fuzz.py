"""Sources that nobody would write, through linter and fixer: ``python tests/fuzz.py``.

Fixtures are mutated, in their bytes or in their syntax trees, always alike for one seed. Exit
status 1: an internal error, a source that took too long, a byte that changed outside the edits,
or a result that does not parse although the source did.
"""

from __future__ import annotations

import argparse
import ast
import copy
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from everything import ALL_RULES, faults, time_limit, watched_edits

from flake8_paramassign.checking import Checker
from flake8_paramassign.fixes.edits import NotText, Text
from flake8_paramassign.fixes.fixing import Fixer
from flake8_paramassign.fixes.rewrites import rewrite

FIXTURES = Path(__file__).parent.parent / "fixtures"
SECONDS_PER_SOURCE = 30
MOST_MUTATIONS = 6

_CONTROL = [b"\0", b"\x0c", b"\r", b"\r\n", b"\n", b"\t", b"    ", b"\\\n", b"\\"]
_ENCODED = [
    *[b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", "ä\u2028\u202e".encode()],
    *[b"# coding: latin-1\n", b"# coding: hex\n", b"# coding: utf-7\n", b"\xf0\x9f\x98\x80"],
]
_WORDS = b"# noqa ''' ( ) [ { } ; : = . , * ** @ 0x self. .data .weight torch. f'{".split(b" ")
_BEGINNINGS = b"nn.Parameter( lambda: async await yield del not *_, print( match".split(b" ")
_BYTES = [*_CONTROL, *_ENCODED, *_WORDS, *_BEGINNINGS, b"9" * 5_000, b" = ", b"if 1: "]


def mutants(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield ``count`` sources, each with the name of the fixture that it was made of."""
    chance = random.Random(seed)
    files = sorted(FIXTURES.rglob("*.py"))
    sources = [file.read_bytes() for file in files]
    for number in range(count):
        file = chance.choice(files)
        mutate = chance.choice([_bytes_mutated, _tree_mutated])
        yield f"{file.stem}_{number}.py", mutate(file.read_bytes(), sources, chance)


def _bytes_mutated(source: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, MOST_MUTATIONS)):
        start = chance.randrange(len(source) + 1)
        end = min(len(source), start + chance.choice([0, 1, 1, 2, 5, 20, 100]))
        lines = source.splitlines(keepends=True) or [b""]
        line = chance.choice(lines)
        other = chance.choice(chance.choice(others).splitlines(keepends=True) or [b""])
        new = chance.choice([b"", chance.choice(_BYTES), source[start:end] * 2, line, other])
        if chance.random() < 0.3:  # on a line of its own
            start = end = source.rfind(b"\n", 0, start) + 1
        source = source[:start] + new + source[end:]
    return source


def _tree_mutated(source: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    tree = ast.parse(source)
    donor = ast.parse(chance.choice(others))
    for _ in range(chance.randint(1, MOST_MUTATIONS)):
        chance.choice([_expression_replaced, _statements_moved, _name_changed])(tree, donor, chance)
    try:
        return ast.unparse(ast.fix_missing_locations(tree)).encode()
    except (ValueError, RecursionError, AttributeError, TypeError):  # such as a broken f-string
        return source


def _expression_replaced(tree: ast.Module, donor: ast.Module, chance: random.Random) -> None:
    places = [
        (node, name, index)
        for node in ast.walk(tree)
        for name, value in ast.iter_fields(node)
        for index, item in enumerate(value if isinstance(value, list) else [value])
        if isinstance(item, ast.expr) and isinstance(getattr(item, "ctx", ast.Load()), ast.Load)
    ]
    givers = [n for n in ast.walk(chance.choice([tree, donor])) if isinstance(n, ast.expr)]
    if not places or not givers:
        return
    node, name, index = chance.choice(places)
    new = copy.deepcopy(chance.choice(givers))
    for inner in ast.walk(new):
        if hasattr(inner, "ctx"):
            inner.ctx = ast.Load()
    if isinstance(getattr(node, name), list):
        getattr(node, name)[index] = new
    else:
        setattr(node, name, new)


def _statements_moved(tree: ast.Module, donor: ast.Module, chance: random.Random) -> None:
    bodies = [getattr(node, "body", None) for node in ast.walk(tree)]
    givers = [n for n in ast.walk(chance.choice([tree, donor])) if isinstance(n, ast.stmt)]
    body = chance.choice([body for body in bodies if isinstance(body, list)])
    if not body or not givers:
        return
    index = chance.randrange(len(body))
    new = copy.deepcopy(chance.choice(givers))
    old = body[index]
    wrapped: Callable[[], ast.stmt] = chance.choice(
        [
            lambda: new,
            lambda: ast.If(ast.Name("flag", ast.Load()), [old], [new]),
            lambda: ast.While(ast.Constant(1), [old, new], []),
            lambda: ast.Try([old], [ast.ExceptHandler(None, None, [new])], [], []),
            lambda: ast.For(ast.Name("i", ast.Store()), ast.Name("x", ast.Load()), [old], [new]),
        ]
    )
    body[index] = wrapped()
    if chance.random() < 0.3:
        chance.shuffle(body)


def _name_changed(tree: ast.Module, donor: ast.Module, chance: random.Random) -> None:
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name | ast.Attribute | ast.arg)]
    if len(names) > 1:
        one, other = chance.sample(names, 2)
        _set_name(one, _name(other))


def _name(node: ast.AST) -> str:
    return str(
        getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "arg", "x")
    )


def _set_name(node: ast.AST, name: str) -> None:
    for field in ("id", "attr", "arg"):
        if hasattr(node, field):
            setattr(node, field, name)


def examine(name: str, source: bytes) -> list[str]:
    """Return what must not be of what linter and fixer make of ``source``."""
    found: list[str] = []
    try:
        with time_limit(SECONDS_PER_SOURCE), watched_edits(found, name):
            findings = Checker(ALL_RULES).check(source, name)
            fixed, outcome = Fixer(Checker(ALL_RULES, rewrite), unsafe_fixes=True).fix(source, name)
    except TimeoutError as error:
        return [f"{name}: {error}"]
    try:
        was_sound = Text.decode(source).parses
    except NotText:
        was_sound = False
    if not was_sound and fixed != source:
        found.append(f"{name}: changed although it does not parse")
    return [*found, *faults(name, source, fixed, findings, outcome.problems)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz.py", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="by default %(default)d")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write what fails there")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    failed = 0
    for name, source in mutants(options.count, options.seed):
        for fault in examine(name, source):
            failed += 1
            print(fault, flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / name).write_bytes(source)
    print(f"{options.count} sources, {failed} faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
