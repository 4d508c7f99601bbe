"""The least program that still shows what a larger one showed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from codemods.verification.generated.statements_of import bodies

MOST_TRIES = 250


def minimal(source: str, shows: Callable[[str], bool]) -> str:
    """Return a smaller program that ``shows`` the same, with statements left out one by one.

    A program that cannot be run shows nothing: ``shows`` may raise what it likes.
    """
    best, tries = ast.unparse(ast.parse(source)), 0
    if not _shows(best, shows):
        return source
    shrinks = True
    while shrinks and tries < MOST_TRIES:
        shrinks = False
        for smaller in _smaller(best):
            tries += 1
            if _shows(smaller, shows):
                best, shrinks = smaller, True
                break
            if tries >= MOST_TRIES:
                break
    return best + "\n"


def _shows(source: str, shows: Callable[[str], bool]) -> bool:
    try:
        return shows(source + "\n")
    except Exception:
        return False


def _smaller(source: str) -> Iterator[str]:
    """Yield programs with one statement less, the largest cuts first."""
    count = sum(len(body) for body in bodies(ast.parse(source)))
    for number in range(count):
        for whole in (True, False):
            tree = ast.parse(source)
            if _cut(tree, number, whole=whole):
                written = ast.unparse(ast.fix_missing_locations(tree))
                if written != source:
                    yield written


def _cut(tree: ast.Module, number: int, *, whole: bool) -> bool:
    """Take out a statement, or put its body in its place; return whether that can be done."""
    for body in bodies(tree):
        if number < len(body):
            inner = [] if whole else getattr(body[number], "body", None)
            if inner is None:
                return False
            body[number : number + 1] = inner
            if not body and body is not tree.body:
                body.append(ast.Pass())
            return True
        number -= len(body)
    return False
