"""A stand-in for the analysis: names in the source that are findings.

============  ====================================================================
``bad``       PRM101, with an unsafe fix that writes ``good``
``far``       the same, with an import on the first line besides
``lost``      PRM102, with a reason why it is not fixed
``rebound``   PRM901, of a rule that is off by default
``doubtful``  PRM001 about a part of the file
``crash``     an exception with a text over two lines
``panic``     what a native extension raises: no Exception
``die``       the end of the process, by a signal
============  ====================================================================
"""

from __future__ import annotations

import ast
import os
import re
import signal
from collections.abc import Callable

from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit, Fix, Position
from flake8_paramassign.report import Rewriter
from flake8_paramassign.semantics.events import Event
from flake8_paramassign.settings import DEFAULT, Settings
from flake8_paramassign.source import Source, decode
from flake8_paramassign.surroundings import Surroundings

RULES = {
    "bad": ("PRM101", "tensor-over-parameter"),
    "far": ("PRM101", "tensor-over-parameter"),
    "lost": ("PRM102", "parameter-lost-in-expression"),
    "rebound": ("PRM901", "data-rebinding"),
    "doubtful": ("PRM001", "not-analysed"),
}
NAMES = re.compile(rf"\b(?:{'|'.join(RULES)}|crash|panic|die)\b")


class Panic(BaseException):
    """Like that of an extension written in Rust."""


def analyze(
    source: bytes | str,
    filename: str = "<unknown>",
    *,
    tree: ast.Module | None = None,
    settings: Settings = DEFAULT,
    rewrite: Rewriter | None = None,
    surroundings: Surroundings | None = None,
    watch: Callable[[Event], None] | None = None,
) -> list[Diagnostic]:
    """Find the names above."""
    text = decode(source) if isinstance(source, bytes) else source
    lines = Source(text)
    found = []
    for match in NAMES.finditer(text):
        name = match.group()
        if name == "crash":
            raise RuntimeError("first line\nsecond line")
        if name == "panic":
            raise Panic
        if name == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        found.append(_diagnostic(name, _place(lines, match.start()), _place(lines, match.end())))
    return found


def _diagnostic(name: str, start: Position, end: Position) -> Diagnostic:
    code, title = RULES[name]
    message = f"'{name}' is found"
    if name in ("bad", "far"):
        top = Position(1, 0)
        imports = (Edit(top, top, "import torch\n"),) if name == "far" else ()
        edits = (*imports, Edit(start, end, "good"))
        fix = Fix("write good", Applicability.UNSAFE, edits)
        return Diagnostic(code, title, message, start, end, fix=fix)
    return Diagnostic(code, title, message, start, end, why_not_fixed="it has two readings")


def _place(source: Source, offset: int) -> Position:
    line = source.line_at(offset)
    return Position(line, offset - source.starts[line - 1])
